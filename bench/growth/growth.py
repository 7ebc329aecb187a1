#!/usr/bin/env python3
"""Measure what grows with a store, and make tables of it.

    growth.py PROGRAM [--into PAGE] [--smoke] [--dir DIR] [--json FILE]
    growth.py --from FILE [--into PAGE]

PROGRAM is varve-growth of a release build.  --into replaces the part of a page between the lines
`<!-- varve-growth: begin -->` and `<!-- varve-growth: end -->`; without it the tables are printed.
--json keeps what was measured, and --from makes tables of what was kept.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import page  # noqa: E402

WAYS = {"default": "", "cache_indexes": ", `cache_indexes`"}


def milliseconds(found, what):
    """Of the processor, and by the clock on the wall."""
    return f"{found[what + '_cpu_us'] / 1e3:.1f} ({found[what + '_us'] / 1e3:.1f})"


def microseconds(found, what):
    return f"{found[what + '_cpu_us']:.0f}"


def mib(size):
    return f"{size / (1 << 20):.1f}"


def kib(size):
    return f"{size / 1024:.0f}"


def stores_table(stores):
    """Opening and the first reads, by the number of keys and the way of opening."""
    rows = []
    for one in stores:
        write, read, walk = one["write"], one["read"], one["walk"]
        rows.append([f"{one['keys']:,}{WAYS[one['way']]}", f"{write['tables']:.0f}",
                     milliseconds(write, "open"), milliseconds(read, "open"),
                     mib(write["open_bytes"]), mib(write["opened_table_readers"]),
                     mib(write["opened_process"]), microseconds(write, "get"),
                     kib(write["get_bytes"]), microseconds(write, "scan"),
                     kib(write["scan_bytes"]), mib(walk["walked_process"])])
    return page.table(["keys", "tables", "open, ms", "to read only, ms", "reads, MiB",
                       "indexes, MiB", "process, MiB", "first get, µs", "reads, KiB",
                       "first scan of 100, µs", "reads, KiB", "process after a walk, MiB"], rows)


def beyond_table(stores):
    """Reading for long with a cache of a quarter of the data."""
    rows = []
    for one in stores:
        found = one["beyond"]
        rows.append([f"{one['keys']:,}{WAYS[one['way']]}", mib(found["cache_bytes"]),
                     f"{found['get_ns'] / 1e3:.1f}", f"{found['misses_a_get']:.2f}",
                     f"{found['row_ns']:.0f}", mib(found["read_table_readers"]),
                     mib(found["read_process"])])
    return page.table(["keys", "cache, MiB", "get, µs", "misses a get", "row of a scan, ns",
                       "indexes beside the cache, MiB", "process, MiB"], rows)


def tables_table(tables):
    """What each table costs when opening, and after the tables have changed."""
    rows = []
    for one in tables:
        change = one["change"]
        rows.append([f"{one['tables']:,}", milliseconds(one["write"], "open"),
                     milliseconds(one["read"], "open"), milliseconds(one["limited"], "open"),
                     mib(one["write"]["opened_process"]), kib(change["first_get_memory"]),
                     microseconds(change, "get_after_write"),
                     microseconds(change, "get_after_flush"), kib(change["manifest_bytes"])])
    return page.table(["tables", "open, ms", "to read only, ms", "`max_open_files` set, ms",
                       "process, MiB", "memory of the first get, KiB", "get after a write, µs",
                       "get after a flush, µs", "manifest, KiB"], rows)


def old_table(old):
    """A store that has been open for so many flushes."""
    rows = [[f"{one['flushes']:,.0f}", kib(one["manifest_bytes"]),
             f"{(one['manifest_bytes'] - one['young_manifest_bytes']) / one['flushes']:.0f}",
             milliseconds(one, "young_open"), milliseconds(one, "open")] for one in old]
    return page.table(["flushes", "manifest, KiB", "a flush, bytes",
                       "to read only at first, ms", "and then, ms"], rows)


def logs_table(logs):
    """Opening a store that has not been flushed before."""
    rows = [[f"{one['mib']}", milliseconds(one["write"], "open"), milliseconds(one["read"], "open"),
             milliseconds(one["again"], "open")] for one in logs]
    return page.table(["unflushed, MiB", "open, ms", "to read only, ms", "open again, ms"], rows)


def tables_of(found):
    return (f"{stores_table(found['stores'])}\n"
            "With a block cache of a quarter of the data, warm:\n\n"
            f"{beyond_table(found['stores'])}\n"
            "Many small tables, of twenty keys each:\n\n"
            f"{tables_table(found['tables'])}\n"
            "A store that is not closed:\n\n"
            f"{old_table(found['old'])}\n"
            "A store with records in the log that no table has yet:\n\n"
            f"{logs_table(found['logs'])}")


def main():
    parser = page.parser(__doc__)
    arguments = page.parse(parser)
    page.finish(arguments, lambda: page.run(arguments, arguments.program), tables_of,
                "varve-growth")


if __name__ == "__main__":
    main()
