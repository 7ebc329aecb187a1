#!/usr/bin/env python3
"""
A tsv stream of a gigabyte, imported with at most 256 MiB resident.  Not part of the suite: it takes
a minute and writes the gigabyte.

    VARVE_BIN=build/release/bin/varve python3 tests/tools/long_import_memory.py [MEGABYTES]
"""

import pathlib
import sys
import tempfile
import time

from importing import peak_memory, write_large_tsv
from toolkit import VARVE

LIMIT = 256 << 20


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="varve-test-") as folder:
        path = pathlib.Path(folder) / "large"
        size, records = write_large_tsv(path, megabytes * 1_000_000)
        start = time.monotonic()
        peak = peak_memory(VARVE, "import", "tsv", folder + "/store", str(path))
        seconds = time.monotonic() - start
    print(f"{size} bytes, {records} records: {seconds:.1f} s, {size / seconds / 1e6:.0f} MB/s, "
          f"{records / seconds:.0f} records/s, at most {peak >> 20} MiB resident "
          f"(limit {LIMIT >> 20})")
    return 0 if peak <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
