#!/usr/bin/env python3
"""What profile.py makes of a report of perf."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["VARVE_SOURCE_DIR"])
SCRIPT = ROOT / "bench" / "profile" / "profile.py"
sys.path.insert(0, str(SCRIPT.parent))
sys.path.insert(0, str(ROOT / "bench" / "support"))

import groups  # noqa: E402
import profile as profiling  # noqa: E402

OWN = {"varve_mvcc_get", "seek_ge", "extract_prefix", "push_sparse_ts.isra.0"}

# As perf writes it: fields are filled up with blanks, and the names of threads are cut.
REPORT = """\
# Total Lost Samples: 0
#
# Samples: 20K of event 'cpu-clock:ppp'
#     Samples|Command     |Shared Object       |Symbol
 50         |1 get-newest|varve-bench         |[.] rocksdb::DataBlockIter::ParseNextDataKey
 30         |1 get-newest|varve-bench         |[.] varve_mvcc_get
 20         |1 get-newest|varve-bench         |[.] seek_ge
 7          |1 get-newest|varve-bench         |[.] our_get
 40         |0 get-newest|varve-bench         |[.] rocksdb::BlockBasedTable::Get
 10         |0 get-newest|[kernel.kallsyms]   |[k] do_syscall_64
 99         |checked     |varve-bench         |[.] varve_mvcc_get
 99         |rocksdb:low |varve-bench         |[.] rocksdb::MemTable::Add
 99         |2 put-100   |varve-bench         |[.] varve_mvcc_get
"""
RUN = {"cases": [{"name": "state/get-newest", "lanes": [
    {"name": "raw get", "cpu": {"median": 1000}, "ratio": {"median": 1}},
    {"name": "varve", "cpu": {"median": 2140}, "ratio": {"median": 2.14}}]}]}


def group(name, place="varve-bench"):
    return groups.group_of(name, place, OWN)


class Groups(unittest.TestCase):

    def test_types_in_names_do_not_count(self):
        self.assertEqual(groups.bare("a::B<c::D<int>, E>::f<&g::h>"), "a::B::f")
        self.assertEqual(groups.bare("a::f(c::Comparator const&) const"), "a::f const")
        self.assertEqual(groups.bare("a::(anonymous namespace)::f"), "a::::f")
        self.assertEqual(groups.bare("a::operator()"), "a::operator")

    def test_functions_of_rocksdb(self):
        for name, expected in (
                ("rocksdb::InlineSkipList<rocksdb::MemTableRep::KeyComparator const&>::"
                 "FindSpliceForLevel<true>", "memtables"),
                ("rocksdb::MemTable::KeyComparator::operator()", "memtables"),
                ("non-virtual thunk to rocksdb::(anonymous namespace)::BytewiseComparatorImpl::"
                 "Compare", "comparing keys"),
                ("rocksdb::BlockIter<rocksdb::Slice>::BinarySeek<rocksdb::DecodeKey>",
                 "blocks and their indexes"),
                ("rocksdb::(anonymous namespace)::FastLocalBloomBitsReader::MayMatch", "filters"),
                ("rocksdb::lru_cache::LRUHandleTable::FindPointer", "the cache of blocks"),
                ("rocksdb::crc32c::ExtendImpl<&rocksdb::crc32c::Slow_CRC32>",
                 "batches and the log"),
                ("rocksdb::(anonymous namespace)::MemTableInserter::PutCF", "batches and the log"),
                ("rocksdb::MergingIterator::SeekImpl", "iterators and merging"),
                ("rocksdb::BlockBasedTableIterator::status", "iterators and merging"),
                ("rocksdb_iter_seek", "iterators and merging"),
                ("rocksdb::Version::Get", "looking for the table"),
                ("rocksdb::StatisticsImpl::recordTick", groups.COUNTING),
                ("TLS init function for rocksdb::perf_context", groups.COUNTING),
                ("rocksdb::PointLockManager::TryLock", "locks and tracking of transactions"),
                ("rocksdb::Status::operator=", groups.REST)):
            self.assertEqual(group(name), expected, name)

    def test_functions_of_others(self):
        self.assertEqual(group("varve_mvcc_get"), groups.OWN)
        self.assertEqual(group("push_sparse_ts.isra.0"), groups.OWN)
        self.assertEqual(group("our_get"), groups.BENCH)
        self.assertEqual(group("extract_prefix"), "prefixes of keys, for filters")
        self.assertEqual(group("__memcmp_evex_movbe", "libc.so.6"), "comparing keys")
        self.assertEqual(group("memcmp@plt"), "comparing keys")
        self.assertEqual(group("memcpy@plt"), "copying")
        self.assertEqual(group("malloc", "libc.so.6"), "memory")
        self.assertEqual(group("std::_Hash_bytes", "libstdc++.so.6"), groups.LIBRARIES)
        self.assertEqual(group("vfs_write", "[kernel.kallsyms]"), groups.SYSTEM)
        self.assertEqual(group("__vdso_gettimeofday", "[vdso]"), groups.COUNTING)

    def test_every_group_is_told(self):
        names = [name for name, _ in (*groups._ANYWHERE, *groups._ROCKSDB, *groups._LIBRARIES)]
        self.assertLessEqual({*names, groups.OWN, groups.BENCH, groups.COUNTING, groups.REST,
                              groups.LIBRARIES, groups.SYSTEM}, set(groups.NAMES))
        self.assertEqual(len(set(groups.NAMES)), len(groups.NAMES))


class Profile(unittest.TestCase):

    def test_only_what_is_measured_counts_each_lane_for_itself(self):
        found = profiling.samples_of(REPORT, "get-newest", OWN)
        self.assertEqual(found, {
            1: {"blocks and their indexes": 50, groups.OWN: 50, groups.BENCH: 7},
            0: {"blocks and their indexes": 40, groups.SYSTEM: 10}})

    def test_samples_share_the_time_that_was_measured(self):
        lanes = profiling.measured(RUN, REPORT, "get-newest", OWN)
        self.assertEqual(lanes["varve"]["groups"], {"blocks and their indexes": 1000,
                                                    groups.OWN: 1000, groups.BENCH: 140})
        self.assertEqual(lanes["raw get"]["groups"],
                         {"blocks and their indexes": 800, groups.SYSTEM: 200})

    def test_a_lane_without_samples_is_refused(self):
        with self.assertRaisesRegex(SystemExit, "raw get"):
            profiling.measured(RUN, REPORT.replace("0 get-newest", "checked"), "get-newest", OWN)

    def test_a_table_adds_up_and_says_what_is_left_without_varve(self):
        lanes = profiling.measured(RUN, REPORT, "get-newest", OWN)
        lanes["raw seek"] = {"ns": 1500, "ratio": 1.5, "samples": 1,
                             "groups": {groups.REST: 1480, groups.LIBRARIES: 20}}
        case = profiling.Case("a goal", 1.1, "state", "get-newest", 1, "raw get", "raw seek",
                              "{own} {total} {without} {plan}")
        text = profiling.text_of_case(case, lanes)
        self.assertIn("**A goal**: 2.14, to be at most 1.10. 1000 ns 2140 ns 1.14 1.50\n", text)
        rows = [[cell.strip(" *") for cell in line.strip("| ").split("|")]
                for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(rows[0], ["`state/get-newest`, ns", "varve", "raw seek", "raw get"])
        self.assertEqual(rows[2][0], groups.OWN)
        self.assertEqual(rows[-1], ["ratio", "2.14", "1.50", "1.00"])
        self.assertEqual(rows[-2], ["all", "2140", "1500", "1000"])
        for column in (1, 2, 3):
            self.assertEqual(sum(int(row[column]) for row in rows[2:-2]), int(rows[-2][column]))

    def test_every_case_is_one_of_varve_bench_and_has_its_lanes(self):
        done = subprocess.run([os.environ["VARVE_BENCH"], "--full", "--list"], check=True,
                              stdout=subprocess.PIPE, text=True)
        source = (ROOT / "bench" / "operations.c").read_text()
        goals = (ROOT / "bench" / "goals.c").read_text()
        for case in profiling.CASES:
            self.assertIn(case.name(), done.stdout.splitlines())
            self.assertIn(f'"{case.goal}"', goals)
            for lane in case.lanes():
                self.assertIn(f'.name = "{lane}"', source)


# Records nothing, but runs what it is to record, and has something to report.
PERF = """\
#!/bin/sh
what=$1
shift
test "$what" = report && exec cat "$REPORT"
while test "${1#-}" != "$1"; do shift; done
exec "$@"
"""


class Script(unittest.TestCase):

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        (self.folder / "bin").mkdir()

    def run_script(self, *arguments, **environment):
        return subprocess.run([sys.executable, "-B", SCRIPT, *map(str, arguments)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env={**os.environ, **environment}, timeout=800)

    def write_perf(self, text):
        perf = self.folder / "bin" / "perf"
        perf.write_text(text)
        perf.chmod(0o755)
        return f"{perf.parent}:{os.environ['PATH']}"

    def test_without_perf_it_says_so(self):
        done = self.run_script(os.environ["VARVE_BENCH"], "--library", "none",
                               PATH=str(self.folder / "bin"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("perf is not installed", done.stderr)

    def test_where_perf_may_not_record_it_says_so(self):
        done = self.run_script(os.environ["VARVE_BENCH"], "--library", "none",
                               PATH=self.write_perf("#!/bin/sh\necho 'not you' >&2\nexit 255\n"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("kernel.perf_event_paranoid", done.stderr)
        self.assertIn("not you", done.stderr)

    def test_a_run_becomes_a_part_of_a_page_and_again_of_what_was_kept(self):
        path, kept, report = (self.folder / name for name in ("page.md", "kept", "report"))
        path.write_text("above\n<!-- varve-profile: begin -->\n<!-- varve-profile: end -->\n")
        report.write_text(REPORT + " 9 |2 get-newest|varve-bench|[.] rocksdb::MemTable::Get\n")
        done = self.run_script(os.environ["VARVE_BENCH"], "--library", os.environ["VARVE_LIBRARY"],
                               "--smoke", "--dir", self.folder, "--json", kept, "--into", path,
                               PATH=self.write_perf(PERF), REPORT=str(report))
        self.assertEqual(done.returncode, 0, done.stderr)
        text = path.read_text()
        self.assertRegex(text, r"\| varve's own \| [1-9]\d* \| 0 \| 0 \|")
        again = self.run_script("--from", kept)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn(again.stdout.strip(), text)

    def test_a_program_without_its_library_is_refused(self):
        self.assertEqual(self.run_script(os.environ["VARVE_BENCH"]).returncode, 2)


if __name__ == "__main__":
    unittest.main()
