"""varve sst dump, sst check, sst properties."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import schema
from toolkit import (CORRUPT, IO, OK, SECOND, UNSUPPORTED, USAGE, VARVE, ToolTest, Writer,
                     engine_key, raw_bytes, raw_int, raw_intent, raw_operand, varve)

T = 1_700_000_000 * SECOND
TXN = bytes(range(16))
WHEN = "1700000000.000000000,0"


class SstTest(ToolTest):
    """Three tables: versions, a deletion and an intent; a conflict; an operand."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"a\0", T - 1, raw_bytes(b"older"))
            store.delete(b"a\0", T)
            store.intent(b"b\xff", TXN, T, raw_bytes(b"new"))
            store.flush()
            store.inline(b"c", raw_int(1))
            store.merge(b"c", raw_bytes(b"text"))
            store.flush()
            store.merge(b"d", raw_int(5))
            store.flush()
        self.tables = [str(path) for path in sorted(pathlib.Path(self.store).glob("*.sst"))]

    def flip(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))

    def without_tools(self):
        empty = self.folder / "nothing"
        empty.mkdir(exist_ok=True)
        return {**os.environ, "PATH": str(empty)}


@unittest.skipUnless(shutil.which("sst_dump"), "rocksdb-tools is not installed")
class Dump(SstTest):

    def lines(self):
        intent = raw_intent(TXN, T, 8).hex()
        return [f'2\tput\t"a\\x00"/{WHEN}\t',
                f'1\tput\t"a\\x00"/1699999999.999999999,0\t{raw_bytes(b"older").hex()}',
                f'4\tput\t"b\\xff"/0,0\t{intent}',
                f'3\tput\t"b\\xff"/{WHEN}\t{raw_bytes(b"new").hex()}']

    def dump(self, *words):
        return self.run_ok("sst", "dump", *words).lines()

    def test_versions_and_an_intent(self):
        self.assertEqual(self.dump(self.tables[0]), self.lines())

    def test_a_conflict_is_a_record_and_an_operand_stays_one(self):
        conflict, = self.dump(self.tables[1])
        self.assertRegex(conflict, r'^6\tput\t"c"/0,0\t1204')
        operand, = self.dump(self.tables[2])
        self.assertEqual(operand, f'7\tmerge\t"d"/0,0\t{raw_operand(raw_int(5)).hex()}')

    def test_several_files(self):
        lines = self.dump(*self.tables)
        self.assertEqual(lines[:4], [f"{self.tables[0]}\t{line}" for line in self.lines()])
        self.assertEqual([line.split("\t")[0] for line in lines[4:]], self.tables[1:])

    def test_hexadecimal(self):
        self.assertEqual(self.dump(self.tables[0], "--hex")[2].split("\t")[2], "62ff/0,0")

    def test_json(self):
        objects = self.objects("sst-dump", "sst", "dump", self.tables[0])
        self.assertEqual(objects[1], {
            "file": self.tables[0], "sequence": 1, "type": "put",
            "at": {"key": "a\0", "time": "1699999999.999999999,0",
                   "utc": "2023-11-14T22:13:19.999999999Z"},
            "data": raw_bytes(b"older").hex()})
        self.assertEqual(len(objects), 4)

    def test_limits_and_resuming(self):
        lines = self.lines()
        result = varve("sst", "dump", self.tables[0], "--limit", "3")
        self.assertEqual((result.code, result.lines()), (OK, lines[:3]))
        self.assertIn(f"--resume {engine_key(bytes([98, 255]), T).hex()}", result.err)
        resume = self.objects("sst-dump", "sst", "dump", self.tables[0], "--limit", "1")[-1]
        self.assertEqual(self.dump(self.tables[0], "--resume", resume["resume"]), lines[1:])
        self.run_failing(USAGE, "sst", "dump", *self.tables, "--limit", "1")
        self.run_failing(USAGE, "sst", "dump", self.tables[0], "--resume", "x")

    def test_removals(self):
        """A writer that clears leaves records that no reader shows."""
        other = str(self.folder / "other")
        with Writer(other) as store:
            store.clear(engine_key(b"d"))
            store.clear_range(engine_key(b"a\0"), engine_key(b"b"))
            store.flush()
        table = str(next(pathlib.Path(other).glob("*.sst")))
        self.assertEqual(self.dump(table), ['-\tclear-range\t"a\\x00"/0,0\t"b"/0,0',
                                            '1\tclear\t"d"/0,0'])
        self.assertEqual([item["type"] for item in self.objects("sst-dump", "sst", "dump", table)],
                         ["clear-range", "clear"])

    def test_a_flipped_byte_does_not_end_it(self):
        self.flip(self.tables[0], 20)
        result = varve("sst", "dump", *self.tables)
        self.assertEqual(result.code, CORRUPT)
        self.assertIn(f"{self.tables[0]}: ", result.err)
        self.assertIn("checksum mismatch", result.err)
        self.assertEqual([line.split("\t")[0] for line in result.lines()], self.tables[1:])

    def test_no_table(self):
        junk = self.folder / "junk.sst"
        junk.write_bytes(b"\0" * 1000)
        self.run_failing(CORRUPT, "sst", "dump", str(junk))
        self.run_failing(IO, "sst", "dump", str(self.folder / "none.sst"))
        self.run_failing(USAGE, "sst", "dump")


@unittest.skipUnless(shutil.which("sst_dump"), "rocksdb-tools is not installed")
class Check(SstTest):

    def test_good(self):
        self.assertEqual(self.run_ok("sst", "check", *self.tables).lines(),
                         [f"{table}\tgood" for table in self.tables])
        self.assertEqual(self.objects("sst-check", "sst", "check", self.tables[0]),
                         [{"file": self.tables[0], "good": True}])

    def test_a_flipped_byte_anywhere(self):
        """But in the padding of the footer, the last 53 bytes, which nothing reads."""
        size = os.path.getsize(self.tables[0])
        for offset in range(0, size - 53, 61):
            self.flip(self.tables[0], offset)
            result = self.run_failing(CORRUPT, "sst", "check", *self.tables, "--json")
            objects = result.objects()
            for item in objects:
                schema.check("sst-check", item)
            self.assertEqual([item["good"] for item in objects], [False, True, True], offset)
            self.flip(self.tables[0], offset)
        self.run_ok("sst", "check", self.tables[0])

    def test_missing(self):
        self.run_failing(IO, "sst", "check", str(self.folder / "none.sst"))

    def test_a_folder(self):
        result = varve("sst", "check", self.store, self.tables[0])
        self.assertEqual((result.code, result.lines()), (IO, [f"{self.tables[0]}\tgood"]))
        self.assertTrue(result.err.endswith("Is a directory; name the table files in it\n"))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "it takes another user")
    def test_no_permission(self):
        # Where the tool lies, that user may not look, nor perhaps into what TMPDIR names.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-test-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        shutil.copy(VARVE, folder / "varve")
        table = shutil.copy(self.tables[0], folder)
        os.chmod(table, 0)
        result = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", str(folder / "varve"), "sst", "check",
             table], capture_output=True, check=False, cwd=folder,
            env={**os.environ, "GCOV_PREFIX": "/nonexistent"})
        self.assertEqual((result.returncode, result.stdout), (IO, b""))
        self.assertIn(f"{table}: Permission denied\n", result.stderr.decode())


@unittest.skipUnless(shutil.which("sst_dump"), "rocksdb-tools is not installed")
class Properties(SstTest):

    def test_numbers(self):
        item, = self.objects("sst-properties", "sst", "properties", self.tables[0])
        self.assertEqual((item["entries"], item["deletions"], item["merge_operands"],
                          item["range_deletions"], item["data_blocks"]), (4, 0, 0, 0, 1))
        # RocksDB adds eight bytes to each key.
        keys = [engine_key(b"a\0", T), engine_key(b"a\0", T - 1), engine_key(b"b\xff"),
                engine_key(b"b\xff", T)]
        self.assertEqual(item["key_bytes"], sum(len(key) + 8 for key in keys))
        lines = self.run_ok("sst", "properties", *self.tables).lines()
        self.assertIn(f"{self.tables[2]}\tmerge_operands\t1", lines)
        self.assertIn(f"{self.tables[0]}\tentries\t4", lines)

    def test_damage(self):
        self.flip(self.tables[0], os.path.getsize(self.tables[0]) - 1)
        self.run_failing(CORRUPT, "sst", "properties", self.tables[0])


class WithoutTools(SstTest):

    def test_tables_of_a_store_are_unsupported(self):
        for command in ("dump", "check", "properties"):
            error = self.run_failing(UNSUPPORTED, "sst", command, self.tables[0],
                                     env=self.without_tools()).err
            self.assertIn("unsupported: ", error)
            self.assertIn("package `rocksdb-tools`", error)

    def test_tables_to_be_ingested_are_read(self):
        table = str(self.folder / "alone.sst")
        with Writer(self.store) as store:
            store.table(table, engine_key(b"k", T), raw_bytes(b"v"))
        for environment, sequence in ((self.without_tools(), "-"), (None, "0")):
            if environment is None and shutil.which("sst_dump") is None:
                continue
            self.assertEqual(self.run_ok("sst", "dump", table, env=environment).lines(),
                             [f'{sequence}\tput\t"k"/{WHEN}\t{raw_bytes(b"v").hex()}'])
            self.assertEqual(self.run_ok("sst", "check", table, env=environment).lines(),
                             [f"{table}\tgood"])


if __name__ == "__main__":
    unittest.main()
