"""varve find: every trace of a key."""

import json
import os
import pathlib
import shutil
import unittest

import schema
from toolkit import (CLOSED, CORRUPT, IO, NO, SECOND, STORE, UNSUPPORTED, ToolTest, Writer,
                     engine_key, raw_bytes, raw_int, raw_intent, raw_operand, varve,
                     with_checksum)

T = 1_700_000_000 * SECOND
TXN = bytes(range(16))
WHEN = "1700000000.000000000,0"
BEFORE = "1699999999.999999999,0"
TOOLS = shutil.which("sst_dump") and shutil.which("ldb")


class FindTest(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"a\0", T - 1, raw_bytes(b"older"))
            store.put(b"n", T, raw_bytes(b"n"))
            store.put(b"z", T, raw_bytes(b"last"))
            store.compact()
            store.delete(b"a\0", T)
            store.intent(b"b\xff", TXN, T, raw_bytes(b"new"))
            store.merge(b"m", raw_int(1))
            store.inline(b"k", raw_int(1))
            store.merge(b"k", raw_bytes(b"text"))
            store.flush()
            store.merge(b"m", raw_int(2))
            store.clear_range(engine_key(b"x"), engine_key(b"zz"))
            store.flush()
            store.merge(b"m", raw_int(3))
            store.put(b"only\n", T, raw_bytes(b"in the log"))
        self.tables = sorted(path.name for path in pathlib.Path(self.store).glob("*.sst"))
        self.log, = pathlib.Path(self.store).glob("*.log")
        tree, = self.objects("lsm", "lsm", self.store)
        self.bottom = tree["levels"][-1]["level"]

    def find(self, key, *words):
        return self.run_ok("find", self.store, key, *words).lines()

    def flip(self, path, offset):
        data = bytearray(path.read_bytes())
        data[offset] ^= 1
        path.write_bytes(data)

    def objects_of(self, result):
        for item in result.objects():
            schema.check("find", item)
        return result.objects()


@unittest.skipUnless(TOOLS, "rocksdb-tools is not installed")
class Find(FindTest):

    def test_versions_and_a_deletion_of_a_binary_key(self):
        self.assertEqual(self.find('"a\\x00"'), [
            f'table\t{self.tables[1]}\t0\t4\tput\t"a\\x00"/{WHEN}\t',
            f'table\t{self.tables[0]}\t{self.bottom}\t0\tput\t"a\\x00"/{BEFORE}\t'
            f'{raw_bytes(b"older").hex()}',
            f'store\t-\t-\t-\tdeleted\t"a\\x00"/{WHEN}\t0 bytes',
            f'store\t-\t-\t-\tvalue\t"a\\x00"/{BEFORE}\t10 bytes',
            'tables\t2 of 3 cover the key'])
        self.assertEqual(self.find("6100", "--hex")[0],
                         f"table\t{self.tables[1]}\t0\t4\tput\t6100/{WHEN}\t")

    def test_an_intent(self):
        intent = raw_intent(TXN, T, 8)
        self.assertEqual(self.find('"b\\xff"'), [
            f'table\t{self.tables[1]}\t0\t6\tput\t"b\\xff"/0,0\t{intent.hex()}',
            f'table\t{self.tables[1]}\t0\t5\tput\t"b\\xff"/{WHEN}\t{raw_bytes(b"new").hex()}',
            f'table\t{self.tables[0]}\t{self.bottom}\t-\tnone',
            f'store\t-\t-\t-\tintent\t"b\\xff"/0,0\t{len(intent)} bytes',
            f'store\t-\t-\t-\tprovisional\t"b\\xff"/{WHEN}\t8 bytes',
            'tables\t2 of 3 cover the key'])

    def test_operands_everywhere(self):
        operands = [raw_operand(raw_int(number)).hex() for number in (1, 2, 3)]
        lines = self.find("m")
        self.assertRegex(lines[0], rf'^log\t{self.log.name}\t\d+\t12\tmerge\t"m"/0,0\t'
                                   rf'{operands[2]}$')
        self.assertEqual(lines[1:4], [
            f'table\t{self.tables[2]}\t0\t10\tmerge\t"m"/0,0\t{operands[1]}',
            f'table\t{self.tables[1]}\t0\t7\tmerge\t"m"/0,0\t{operands[0]}',
            f'table\t{self.tables[0]}\t{self.bottom}\t-\tnone'])
        self.assertRegex(lines[4], r'^store\t-\t-\t-\tinline\t"m"/0,0\t\d+ bytes$')
        self.assertEqual(lines[5], 'tables\t3 of 3 cover the key')

    def test_a_conflict(self):
        self.assertRegex(self.find("k")[-2], r'^store\t-\t-\t-\tconflict\t"k"/0,0\t\d+ bytes$')

    def test_a_removed_range(self):
        self.assertEqual(self.find("z"), [
            f'table\t{self.tables[2]}\t0\t-\tclear-range\t"x"/0,0\t"zz"/0,0',
            f'table\t{self.tables[0]}\t{self.bottom}\t0\tput\t"z"/{WHEN}\t'
            f'{raw_bytes(b"last").hex()}',
            'tables\t2 of 3 cover the key'])

    def test_what_is_in_the_log_only(self):
        lines = self.find('"only\\n"')
        self.assertRegex(lines[0], rf'^log\t{self.log.name}\t\d+\t13\tput\t"only\\n"/{WHEN}\t')
        self.assertEqual(lines[-2], f'store\t-\t-\t-\tvalue\t"only\\n"/{WHEN}\t15 bytes')

    def test_no_trace(self):
        result = self.run_failing(NO, "find", self.store, "nope")
        self.assertIn('no trace of key "nope"', result.err)
        self.assertEqual(result.lines()[-1], "tables\t2 of 3 cover the key")

    def test_json(self):
        for key in ('"a\\x00"', '"b\\xff"', "k", "m", "z", '"only\\n"'):
            text = self.find(key)
            objects = self.objects("find", "find", self.store, key)
            self.assertEqual(len(objects), len(text))
            self.assertEqual([item["in"] for item in objects[:-1]],
                             [line.split("\t")[0] for line in text[:-1]])
        # The second table ends in front of that key.
        self.assertEqual(objects[-1], {"tables": 3, "covering": 2})

    def test_an_unreadable_table_does_not_end_it(self):
        path = pathlib.Path(self.store) / self.tables[1]
        self.flip(path, 10)
        result = varve("find", self.store, "m", "--json")
        self.assertEqual(result.code, CORRUPT)
        objects = self.objects_of(result)
        self.assertEqual([(item.get("file"), item.get("remark")) for item in objects[:4]],
                         [(self.log.name, None), (self.tables[2], None),
                          (self.tables[1], "unreadable"), (self.tables[0], "none")])
        self.assertIn("checksum mismatch", objects[2]["text"])

    def test_a_store_that_does_not_open(self):
        """Properties that are damaged keep RocksDB from opening it at all."""
        path = pathlib.Path(self.store) / self.tables[0]
        self.flip(path, path.stat().st_size - 60)
        result = varve("find", self.store, '"a\\x00"', "--json")
        self.assertEqual(result.code, CORRUPT)
        self.assertIn("cannot open the store", result.err)
        self.assertEqual([(item["file"], item["level"], item.get("remark", item.get("sequence")))
                          for item in self.objects_of(result)[:-1]],
                         [(self.tables[2], 0, "none"), (self.tables[1], 0, 4),
                          (self.tables[0], self.bottom, "unreadable")])

    def test_a_truncated_log(self):
        self.log.write_bytes(self.log.read_bytes()[:-1])
        lines = self.find("m")
        self.assertRegex(lines[1], rf"^log\t{self.log.name}\t\d+\t-\ttorn\t")
        self.assertIn("merge", lines[0])
        self.run_failing(NO, "find", self.store, '"only\\n"')

    def test_a_damaged_log(self):
        self.flip(self.log, 30)
        result = varve("find", self.store, "m", "--json")
        self.assertEqual(result.code, CORRUPT)
        objects = self.objects_of(result)
        self.assertEqual((objects[0]["in"], objects[0]["remark"]), ("log", "unreadable"))
        self.assertEqual([item["type"] for item in objects if "type" in item], ["merge"] * 2)

    def test_a_wrong_checksum_of_a_value_is_no_matter(self):
        with Writer(self.store) as store:
            store.put(b"w", T, with_checksum(b"other", raw_bytes(b"v")))
        self.assertIn("\tvalue\t", self.find("w")[-2])

    def test_an_empty_store(self):
        empty = str(self.folder / "empty")
        with Writer(empty):
            pass
        self.assertEqual(self.run_failing(NO, "find", empty, "k").lines(),
                         ["tables\t0 of 0 cover the key"])

    def test_output_that_nobody_takes(self):
        for words in (("find", self.store, "m"),
                      ("sst", "dump", str(pathlib.Path(self.store) / self.tables[0]))):
            with open("/dev/full", "wb") as full:
                self.run_failing(IO, *words, stdout=full)
            reader, writer = os.pipe()
            os.close(reader)
            result = varve(*words, stdout=writer)
            os.close(writer)
            self.assertEqual((result.code, result.err), (CLOSED, ""))

    def test_beside_a_live_writer(self):
        with Writer(self.store) as store:
            store.put(b"live", T, raw_bytes(b"v"))
            self.assertEqual(self.find("live")[-2],
                             f'store\t-\t-\t-\tvalue\t"live"/{WHEN}\t6 bytes')


class Others(FindTest):

    def test_no_store(self):
        self.run_failing(STORE, "find", str(self.folder / "none"), "k")
        self.run_failing(STORE, "find", str(self.folder), "k")

    def test_a_newer_store(self):
        path = pathlib.Path(self.store) / "VARVE_VERSION"
        version = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**version, "Version": 99}), "utf-8")
        self.assertEqual(self.run_failing(STORE, "find", self.store, "m").out, b"")

    def test_without_rocksdb_tools(self):
        empty = self.folder / "nothing"
        empty.mkdir()
        result = self.run_failing(UNSUPPORTED, "find", self.store, "m", "--json",
                                  env={**os.environ, "PATH": str(empty)})
        objects = self.objects_of(result)
        self.assertEqual([item.get("remark") for item in objects[:-1]],
                         [None, "unsupported", "unsupported", "unsupported", None])
        self.assertIn("package `rocksdb-tools`", objects[1]["text"])
        self.assertEqual((objects[0]["type"], objects[4]["kind"]), ("merge", "inline"))

    def test_a_key_that_no_table_covers_needs_none(self):
        empty = self.folder / "nothing"
        empty.mkdir()
        result = self.run_failing(NO, "find", self.store, "A",
                                  env={**os.environ, "PATH": str(empty)})
        self.assertEqual(result.lines(), ["tables\t0 of 3 cover the key"])


if __name__ == "__main__":
    unittest.main()
