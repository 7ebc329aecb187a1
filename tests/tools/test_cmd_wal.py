"""varve wal dump."""

import pathlib
import shutil
import struct
import unittest

import schema
from toolkit import (CORRUPT, OK, SECOND, STORE, USAGE, ToolTest, Writer, engine_key, raw_bytes,
                     raw_int, raw_intent, raw_operand, varint, varve)

T = 1_700_000_000 * SECOND
TXN = bytes(range(16))
WHEN = "1700000000.000000000,0"
BLOCK = 32768
WHAT = "the log ends in the midst of a commit, which is not part of the store"


def varstring(data):
    return varint(len(data)) + data


class Wal(ToolTest):

    def write(self):
        """One put, an intent, an operand, and a batch with everything; long values between."""
        batch = (struct.pack("<QI", 0, 3) + b"\1" + varstring(engine_key(b"p\xff")) +
                 varstring(b"x") + b"\3" + varstring(b"log data") +
                 b"\0" + varstring(engine_key(b"q")) + b"\x0f" + varstring(engine_key(b"r")) +
                 varstring(engine_key(b"s")))
        self.batch_size = len(batch)
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"first"))
            store.put(b"b", T, raw_bytes(b"l" * 50_000))
            store.put(b"c", T, raw_bytes(b"m" * 50_000))
            store.merge(b"d", raw_int(7))
            store.apply(batch)
            store.intent(b"e", TXN, T, raw_bytes(b"new"))
        log, = pathlib.Path(self.store).glob("*.log")
        return log

    def lines(self, *words):
        return self.run_ok("wal", "dump", self.store, *words).lines()

    def test_everything(self):
        log = self.write()
        lines = self.lines()
        commits = [line.split("\t") for line in lines if "\tcommit\t" in line]
        self.assertEqual([commit[0] for commit in commits], ["1", "2", "3", "4", "5", "8", "9"])
        self.assertEqual({commit[2] for commit in commits}, {log.name})
        self.assertEqual([int(commit[3]) for commit in commits],
                         sorted(int(commit[3]) for commit in commits))
        self.assertEqual(commits[4][4], f"3 records, {self.batch_size} bytes")
        records = [line for line in lines if "\tcommit\t" not in line]
        self.assertEqual(records[0], f'1\tput\t"a"/{WHEN}\t{raw_bytes(b"first").hex()}')
        self.assertEqual(records[1], f'2\tput\t"b"/{WHEN}\t{raw_bytes(b"l" * 50_000).hex()}')
        self.assertEqual(records[3:], [
            f'4\tmerge\t"d"/0,0\t{raw_operand(raw_int(7)).hex()}',
            '5\tput\t"p\\xff"/0,0\t78', f'-\tlog\t{b"log data".hex()}', '6\tclear\t"q"/0,0',
            '7\tclear-range\t"r"/0,0\t"s"/0,0',
            f'8\tput\t"e"/{WHEN}\t{raw_bytes(b"new").hex()}',
            f'9\tput\t"e"/0,0\t{raw_intent(TXN, T, 8).hex()}'])

    def test_json(self):
        log = self.write()
        objects = self.objects("wal-dump", "wal", "dump", self.store)
        self.assertEqual(objects[:2], [
            {"commit": 1, "file": log.name, "offset": 0, "records": 1,
             "bytes": 12 + 3 + len(engine_key(b"a", T)) + 10},
            {"sequence": 1, "type": "put",
             "at": {"key": "a", "time": WHEN, "utc": "2023-11-14T22:13:20.000000000Z"},
             "data": raw_bytes(b"first").hex()}])
        self.assertEqual([item["type"] for item in objects if "type" in item],
                         ["put"] * 3 + ["merge", "put", "log", "clear", "clear-range"] +
                         ["put"] * 2)

    def test_limits_and_going_on(self):
        self.write()
        whole = self.lines()
        result = varve("wal", "dump", self.store, "--limit", "5")
        self.assertEqual(result.code, OK)
        self.assertIn("go on with --since 8\n", result.err)
        self.assertEqual(result.lines() + self.lines("--since", "8"), whole)
        # A record in the midst of a commit means that commit.
        self.assertEqual(self.lines("--since", "6"), self.lines("--since", "5"))
        self.assertEqual(self.lines("--since", "10"), [])
        self.assertEqual(self.objects("wal-dump", "wal", "dump", self.store, "--limit", "1",
                                      "--since", "3")[-1], {"resume_since": 4})
        self.run_failing(USAGE, "wal", "dump", self.store, "--since", "x")

    def test_a_truncated_log(self):
        log = self.write()
        data = log.read_bytes()
        whole = self.lines()
        offsets = [int(line.split("\t")[3]) for line in whole if "\tcommit\t" in line]
        for size in (len(data) - 1, offsets[-1] + 3, offsets[2] + 40_000, BLOCK, 20, 1):
            log.write_bytes(data[:size])
            begins = max(offset for offset in offsets if offset < size)
            self.assertEqual(self.lines()[-1], f"-\ttorn\t{log.name}\t{begins}\t{WHAT}", size)
            self.assertEqual(self.objects("wal-dump", "wal", "dump", self.store)[-1],
                             {"fault": "torn", "file": log.name, "offset": begins, "text": WHAT})
            # The store opens without that commit.
            self.run_ok("keys", self.store)
        log.write_bytes(data[:offsets[3]])
        # Cut between two commits there is nothing to be told.
        self.assertEqual(self.lines(), whole[:6])

    def test_a_flipped_byte(self):
        log = self.write()
        data = log.read_bytes()
        offsets = [int(line.split("\t")[3]) for line in self.lines() if "\tcommit\t" in line]
        # With the rest of the block go the commits that begin in it, here the third.
        self.assertLess(offsets[2], 2 * BLOCK)
        for at, where, missing in ((offsets[1] + 20, offsets[1], (2, 2)),
                                   (BLOCK + 100, BLOCK, (2, 3)),
                                   (2, 0, (1, 2))):
            log.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            result = self.run_failing(CORRUPT, "wal", "dump", self.store)
            lines = result.lines()
            self.assertIn(f"-\tdamaged\t{log.name}\t{where}\ta checksum does not match", lines)
            self.assertEqual(lines[-1].split("\t")[0], "9")
            if missing[0] > 1:
                self.assertIn(f"-\tgap\t{missing[0]}\t{missing[1]}", lines)
            for item in varve("wal", "dump", self.store, "--json").objects():
                schema.check("wal-dump", item)
            # The store itself refuses to open, and what does without that is named.
            for words in (("keys", self.store), ("del", self.store, "k", "--write")):
                self.assertIn("`varve wal dump`", self.run_failing(CORRUPT, *words).err)

    def test_zeros_in_the_log(self):
        log = self.write()
        data = log.read_bytes()
        log.write_bytes(data[:BLOCK] + bytes(BLOCK) + data[2 * BLOCK:])
        self.assertIn(f"-\tdamaged\t{log.name}\t{BLOCK}\tzeros stand for a commit",
                      self.run_failing(CORRUPT, "wal", "dump", self.store).lines())

    def test_beside_a_live_writer(self):
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"v"))
            self.assertEqual(len(self.lines()), 2)
            store.put(b"b", T, raw_bytes(b"v"))
            self.assertEqual(len(self.lines()), 4)

    def test_logs_that_are_kept_come_first(self):
        log = self.write()
        with Writer(self.store) as store:
            store.put(b"later", T, raw_bytes(b"v"))
        later = self.lines()
        # Opening has moved everything to a table and begun another log.
        self.assertEqual(len(later), 2)
        kept = pathlib.Path(self.store) / "archive"
        kept.mkdir()
        shutil.copy(pathlib.Path(self.store) / later[0].split("\t")[2], kept / log.name)
        self.assertEqual(self.lines(), [line.replace(later[0].split("\t")[2], log.name)
                                        for line in later] + later)

    def test_an_empty_store(self):
        with Writer(self.store):
            pass
        self.assertEqual(self.lines(), [])

    def test_no_store(self):
        self.run_failing(STORE, "wal", "dump", str(self.folder / "none"))
        self.run_failing(STORE, "wal", "dump", str(self.folder))


if __name__ == "__main__":
    unittest.main()
