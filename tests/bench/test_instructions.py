#!/usr/bin/env python3
"""What instructions.py makes of a dump of callgrind."""

import os
import sys
import unittest
from pathlib import Path

ROOT = Path(os.environ["VARVE_SOURCE_DIR"])
sys.path.insert(0, str(ROOT / "bench" / "instructions"))

import instructions  # noqa: E402

# A function of ours with a part inlined from our header and one from the system's, which calls
# RocksDB twice and another of ours once; RocksDB calls back into ours.
DUMP = """\
# callgrind format
desc: Trigger: Client Request: get newest
positions: line
events: Ir
fl=/src/mvcc/get.c
fn=varve_mvcc_get
10 100
fi=/src/include/varve/base.h
20 7
fi=/usr/include/string.h
30 1000
fe=/src/mvcc/get.c
11 5
cfi=/src/engine/reader.c
cfn=varve_iter_open
calls=1 40
12 5000
cfi=/rocks/c.cc
cfn=rocksdb_iter_seek
calls=2 50
13 70000
14 1

fl=/rocks/c.cc
fn=rocksdb_iter_seek
60 900
cfi=/src/engine/rocksdb/options.c
cfn=extract_prefix
calls=2 70
61 20

fl=/src/engine/rocksdb/options.c
fn=extract_prefix
70 20

fl=/src/bench/instructions/instructions.c
fn=get
80 33
"""


class Instructions(unittest.TestCase):

    def test_own_code_counts_once_and_calls_into_rocksdb_are_counted(self):
        self.assertEqual(instructions.parse(DUMP, "/src"),
                         ("get newest", 100 + 7 + 5 + 1 + 20, 2))

    def test_a_source_of_rocksdb_is_not_ours(self):
        self.assertTrue(instructions.is_own("/src/engine/rocksdb/iter.c", "/src"))
        self.assertTrue(instructions.is_own("/src/include/varve/base.h", "/src"))
        self.assertFalse(instructions.is_own("/src/bench/main.c", "/src"))
        self.assertFalse(instructions.is_own("/srcs/engine/rocksdb/iter.c", "/src"))
        self.assertFalse(instructions.is_own("/rocks/engine/x.c", "/src"))

    def test_the_counts_that_are_kept_name_their_compiler_and_every_operation(self):
        kept = (ROOT / "bench" / "instructions" / "instructions.txt").read_text().splitlines()
        source = (ROOT / "bench" / "instructions" / "instructions.c").read_text()
        self.assertRegex(kept[2], r"^# (GCC|clang)")
        counts = [line for line in kept if line and not line.startswith("#")]
        self.assertGreater(len(counts), 10)
        for line in counts:
            self.assertRegex(line, r"^.{38} +\d+\.\d +\d+\.\d$")
            self.assertIn(f'{{"{line[:38].strip()}", ', source)


if __name__ == "__main__":
    unittest.main()
