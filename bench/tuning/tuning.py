#!/usr/bin/env python3
"""Measure what options and ways of calling cost and gain, and make tables of it.

    tuning.py PROGRAM [--shared PROGRAM] [--starts N] [--into PAGE] [--smoke] [--dir DIR]
              [--json FILE]
    tuning.py --from FILE [--into PAGE]

PROGRAM is varve-tuning of a release build; the one after --shared is linked with the shared
librocksdb, and told beside.  --into replaces the part of a page between the lines
`<!-- varve-tuning: begin -->` and `<!-- varve-tuning: end -->`; without it the tables are printed.
--json keeps what was measured, and --from makes tables of what was kept.

A figure is a ratio: the median of the ratios of all rounds, pair by pair, to what stands in the
first line, of --starts starts of the program.
"""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import page  # noqa: E402

COLUMNS = ("get", "absent", "scan", "put", "get_beyond")
GROUPS = {
    "get": "Reading one key. Held against the engine's own reader, to which nobody writes, all in "
           "the cache, one version a key, one level.",
    "scan": "Scans, for a row. Held against one of a hundred rows in the same store.",
    "hot": "Gets of a fifth of the keys, with a cache of a quarter of the data, and a walk over "
           "all of it.",
    "put": "Writing one key, not synced. Held against a batch of a hundred that is never read, by "
           "writes without a reader.",
    "sync": "Writing one key in batches that are synced, by the clock on the wall. Held against "
            "one key a batch.",
    "group": "Threads that commit single keys, synced, at the same time, by the clock on the wall: "
             "time from one commit to the next.",
}


def ratio(ours, theirs):
    """The median of the ratios of all rounds; of the starts, where each has one number."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def two(number):
    """Two digits behind the point, or of what is less two that tell something."""
    return f"{number:.2f}" if number == 0 or number >= 0.1 else f"{number:.2g}"


def joined(starts, part, index, key):
    """The rounds of all starts, one after the other."""
    found = []
    for start in starts:
        value = start[part][index][key]
        found += value if isinstance(value, list) else [value]
    return found


def ratios(starts, part, index, base, key):
    return ratio(joined(starts, part, index, key), joined(starts, part, base, key))


def settings_table(starts):
    rows = []
    for index, one in enumerate(starts[0]["settings"]):
        name = f"`{one['option']}` {one['value']}" if index else "the defaults"
        rows.append([name, *(two(ratios(starts, "settings", index, 0, key))
                             for key in (*COLUMNS, "load", "table_bytes", "table_readers"))])
    return page.table(["", "get", "of an absent key", "row of a scan", "put",
                       "get, cache too small", "loading", "disk", "indexes"], rows)


def calls_tables(starts):
    parts = []
    calls = starts[0]["calls"]
    for group, text in GROUPS.items():
        members = [index for index, one in enumerate(calls) if one["group"] == group]
        rows = [] if group == "hot" else [
            [calls[index]["name"],
             f"{statistics.median(joined(starts, 'calls', index, 'ns')):.0f}",
             two(ratios(starts, "calls", index, members[0], "ns"))] for index in members]
        titles = ["", f"ns a {calls[members[0]]['unit']}", "ratio"]
        if group == "hot":
            titles = ["", "misses a get"]
            rows = [[calls[index]["name"],
                     two(statistics.median(joined(starts, "calls", index, "ns")))]
                    for index in members]
        parts.append(f"{text}\n\n{page.table(titles, rows)}")
    return "\n".join(parts)


def loads_table(starts):
    rows = []
    for index, one in enumerate(starts[0]["loads"]):
        name = f"`{one['option']}` {one['value']}" if index else one["value"]
        rows.append([name, *(two(ratios(starts, "loads", index, 0, key)) for key in ("cpu", "own")),
                     f"{statistics.median(joined(starts, 'loads', index, 'amplification')):.1f}",
                     f"{statistics.median(joined(starts, 'loads', index, 'runs')):.0f}"])
    return page.table(["", "all threads", "who writes", "bytes written a byte",
                       "sorted runs then"], rows)


def shared_table(starts, shared):
    """The first call of each group, and those that are most of all RocksDB's."""
    wanted = (("get", "engine's reader"), ("get", "after a write elsewhere"),
              ("get", "level 0 and a memtable"), ("scan", "100 rows"),
              ("put", "write-only batch of 100, blind"), ("put", "engine's writer"))
    rows = []
    for index, one in enumerate(starts[0]["calls"]):
        if (one["group"], one["name"]) in wanted:
            rows.append([f"{one['group']}: {one['name']}",
                         two(ratio(joined(starts, "calls", index, "ns"),
                                   joined(shared, "calls", index, "ns")))])
    return page.table(["", "static / shared"], rows)


def text_of(found):
    starts, shared = found["starts"], found["shared"]
    parts = [f"{len(starts)} starts. Ratios: less is better.\n",
             "### Options\n",
             "A hundred thousand keys of 64 bytes, four overlapping files in level 0 and a "
             "memtable over them.\n",
             settings_table(starts),
             "### A store at work\n",
             "300,000 keys of 64 bytes, 29 MiB, written in no order, batches of a hundred, not "
             "synced, while the store flushes and compacts.\n",
             loads_table(starts),
             "### Ways of calling\n",
             calls_tables(starts)]
    if shared:
        parts += ["### Linking RocksDB statically\n", shared_table(starts, shared)]
    return "\n".join(parts)


def measure(arguments):
    starts, shared = [], []
    for _ in range(1 if arguments.smoke else arguments.starts):
        starts.append(page.run(arguments, arguments.program))
        if arguments.shared:
            shared.append(page.run(arguments, arguments.shared, "calls"))
    return {"starts": starts, "shared": shared}


def main():
    parser = page.parser(__doc__)
    parser.add_argument("--shared", help="the program with the shared library")
    parser.add_argument("--starts", type=int, default=3)
    arguments = page.parse(parser)
    page.finish(arguments, lambda: measure(arguments), text_of, "varve-tuning")


if __name__ == "__main__":
    main()
