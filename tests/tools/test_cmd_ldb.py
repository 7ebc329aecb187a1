"""varve ldb and varve sst-dump, and RocksDB's own tools by themselves on a store."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from toolkit import (CLOSED, CORRUPT, IO, NO, OK, SECOND, SOURCE, STORE, UNSUPPORTED, USAGE,
                     ToolTest, Writer, command_names, engine_key, raw_bytes, raw_int, varve)

T = 1_700_000_000 * SECOND

PASSED_ON = ("approxsize --from=0x00 --to=0xff", "checkconsistency", "dump", "dump_live_files",
             "file_checksum_dump", "get 0x610001", "get_property rocksdb.num-files-at-level0",
             "idump", "list_column_families", "list_file_range_deletes",
             "list_live_files_metadata", "manifest_dump", "scan")


def contents(folder):
    """Every file below it with its bytes and the time of its last change."""
    return {path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in pathlib.Path(folder).rglob("*") if path.is_file()}


class RawTest(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.inline(b"a", raw_int(1))
            store.put(b"b", T, raw_bytes(b"value"))
            store.flush()
            store.merge(b"m", raw_bytes(b"x"))
            store.flush()
            store.merge(b"m", raw_bytes(b"y"))
            store.flush()
            store.put(b"c\0", T, raw_bytes(b"in the log"))
        self.tables = sorted(pathlib.Path(self.store).glob("*.sst"))
        self.log, = pathlib.Path(self.store).glob("*.log")


@unittest.skipUnless(shutil.which("ldb"), "rocksdb-tools is not installed")
class Ldb(RawTest):

    def ldb(self, *words):
        return self.run_ok("ldb", self.store, *words).lines()

    def test_keys_and_values_are_hexadecimal(self):
        stored = "0x" + engine_key(b"b", T).hex().upper()
        self.assertEqual(self.ldb("get", stored), ["0x" + raw_bytes(b"value").hex().upper()])
        self.assertEqual(self.ldb("scan", "--from=0x62", "--max_keys=1", "--no_value"), [stored])

    def test_internal_records(self):
        lines = self.ldb("idump", "--from=0x6D", "--to=0x6E")
        self.assertEqual([line.split(" => ")[0] for line in lines if "=>" in line],
                         ["'6D0001' seq:4, type:2", "'6D0001' seq:3, type:2"])

    def test_a_log(self):
        lines = self.ldb("dump_wal", f"--walfile={self.log}", "--print_value")
        self.assertIn(engine_key(b"c\0", T).hex().upper(), lines[0])

    def test_nothing_is_changed(self):
        before = contents(self.store)
        for words in PASSED_ON:
            result = varve("ldb", self.store, *words.split())
            self.assertIn(result.code, (OK, NO), (words, result.err))
            self.assertEqual(contents(self.store), before, words)

    def test_the_help_names_what_is_passed_on(self):
        text = " ".join(self.run_ok("ldb", "--help").out.decode().split())
        for words in PASSED_ON:
            self.assertIn(words.split()[0], text)

    def test_the_rest_is_refused_with_a_reason(self):
        before = contents(self.store)
        for command, reason in (
                ("compact", "operands with a colon between them, for good"),
                ("put", "changes the store"), ("batchput", "changes the store"),
                ("delete", "changes the store"), ("deleterange", "changes the store"),
                ("query", "change the store"), ("load", "changes the store"),
                ("ingest_extern_sst", "changes the store"), ("write_extern_sst", ""),
                ("restore", "changes the store"), ("backup", ""), ("checkpoint", ""),
                ("reduce_levels", "cannot undo"), ("change_compaction_style", "cannot undo"),
                ("update_manifest", "cannot undo"), ("unsafe_remove_sst_file", "cannot undo"),
                ("repair", "bring back"), ("create_column_family", "column families"),
                ("drop_column_family", "one column family"), ("frobnicate", "only reads")):
            error = self.run_failing(USAGE, "ldb", self.store, command, "--hex").err
            self.assertIn(f"'{command}' is not passed on: ", error)
            self.assertIn(reason, error)
        self.assertEqual(contents(self.store), before)

    def test_the_commands_that_it_names_instead_are_there(self):
        named = re.findall(r"use `varve ([a-z -]+)`",
                           (SOURCE / "tools" / "cmd_ldb.c").read_text("utf-8"))
        self.assertGreater(len(named), 5)
        self.assertEqual(set(named) - set(command_names()), set())

    def test_whoever_reads_goes_away(self):
        for words in (("ldb", self.store, "dump"), ("sst-dump", self.store, "scan")):
            reader, writer = os.pipe()
            os.close(reader)
            result = varve(*words, stdout=writer)
            os.close(writer)
            self.assertEqual((result.code, result.err), (CLOSED, ""), words)

    def test_options_are_refused_too(self):
        for option, reason in (("--db=/x", "varve names the store"), ("--ttl", "four bytes"),
                               ("--secondary_path=/x", "write"), ("--create_if_missing", "none"),
                               ("--env_uri=x", "known to only read"), ("-x", "no option")):
            error = self.run_failing(USAGE, "ldb", self.store, "scan", option).err
            self.assertIn(f"'{option}' is not passed on", error)
            self.assertIn(reason, error)

    def test_failures(self):
        self.run_failing(STORE, "ldb", str(self.folder / "none"), "scan")
        self.run_failing(STORE, "ldb", str(self.folder), "scan")
        self.assertIn("NotFound", self.run_failing(NO, "ldb", self.store, "get", "0x6666").err)
        data = bytearray(self.log.read_bytes())
        data[10] ^= 1
        self.log.write_bytes(data)
        error = self.run_failing(CORRUPT, "ldb", self.store, "dump_wal",
                                 f"--walfile={self.log}").err
        self.assertIn("checksum mismatch", error)

    def test_the_command_line(self):
        self.run_failing(USAGE, "ldb")
        self.run_failing(USAGE, "ldb", self.store)
        self.run_failing(USAGE, "ldb", "--frob", self.store, "scan")
        self.assertEqual(len(self.ldb("--", "scan", "--max_keys=2")), 2)


@unittest.skipUnless(shutil.which("sst_dump"), "rocksdb-tools is not installed")
class SstDump(RawTest):

    def sst_dump(self, *words):
        return self.run_ok("sst-dump", *map(str, words)).out.decode()

    def test_scan(self):
        stored = engine_key(b"b", T).hex().upper()
        text = self.sst_dump(self.tables[0], "scan", "--from=0x62")
        self.assertEqual([line for line in text.splitlines() if "=>" in line],
                         [f"'{stored}' seq:2, type:1 => {raw_bytes(b'value').hex().upper()}"])

    def test_nothing_is_changed(self):
        before = contents(self.store)
        for words in ("check", "scan", "identify", "verify", "scan --show_properties",
                      "recompress --compression_types=kZSTD"):
            self.sst_dump(self.tables[0], *words.split())
            self.sst_dump(self.store, *words.split())
        self.assertEqual(contents(self.store), before)

    def test_a_flipped_byte(self):
        data = bytearray(self.tables[0].read_bytes())
        data[3] ^= 1
        self.tables[0].write_bytes(data)
        for command in ("verify", "check", "scan"):
            error = self.run_failing(CORRUPT, "sst-dump", str(self.tables[0]), command).err
            self.assertIn("checksum mismatch", error)

    def test_what_is_refused(self):
        before = contents(self.store)
        table = str(self.tables[0])
        self.assertIn("writes a file", self.run_failing(USAGE, "sst-dump", table, "raw").err)
        self.run_failing(USAGE, "sst-dump", table, "frob")
        for option in ("--file=x", "--command=raw", "--env_uri=x"):
            self.run_failing(USAGE, "sst-dump", table, "scan", option)
        self.run_failing(IO, "sst-dump", str(self.folder / "none"), "scan")
        (self.folder / "empty.sst").touch()
        self.run_failing(CORRUPT, "sst-dump", str(self.folder / "empty.sst"), "verify")
        self.assertEqual(contents(self.store), before)


@unittest.skipUnless(shutil.which("ldb"), "rocksdb-tools is not installed")
class Stock(RawTest):
    """What the manual says about running them without varve."""

    def run_tool(self, *words):
        return subprocess.run(words, check=True, capture_output=True, timeout=800).stdout.decode()

    def test_reading(self):
        before = contents(self.store)
        stored = engine_key(b"b", T).hex().upper()
        self.assertIn(f"0x{stored} : 0x{raw_bytes(b'value').hex().upper()}",
                      self.run_tool("ldb", f"--db={self.store}", "--hex", "scan"))
        self.assertIn(f"'{stored}' seq:2, type:1", self.run_tool(
            "sst_dump", f"--file={self.store}", "--command=scan", "--output_hex",
            "--verify_checksum"))
        self.assertEqual(contents(self.store), before)

    def test_merges_are_joined_by_a_colon_where_they_are_read(self):
        """Why `compact` is refused: what is shown here, it would write."""
        value = self.run_tool("ldb", f"--db={self.store}", "--hex", "get", "0x6D0001").strip()
        self.assertIn(b":", bytes.fromhex(value[2:]))
        self.assertEqual(self.run_ok("get", self.store, "m").out, b"xy")


class Absent(RawTest):

    def test_it_is_said_where_to_get_them(self):
        path = str(self.folder / "nothing")
        os.mkdir(path)
        for words in (("ldb", self.store, "scan"), ("sst-dump", str(self.tables[0]), "scan")):
            error = self.run_failing(UNSUPPORTED, *words, env={**os.environ, "PATH": path}).err
            self.assertIn("unsupported", error)
            self.assertIn("package `rocksdb-tools`", error)


if __name__ == "__main__":
    unittest.main()
