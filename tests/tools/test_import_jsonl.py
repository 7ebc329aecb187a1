"""varve import jsonl: what the tool prints can be imported again."""

import json
import unittest

from importing import check_statistics, cursor, dump, kill_often, random_of_test
from toolkit import (OK, REFUSED, SECOND, ToolTest, Writer, engine_key, raw, raw_bytes, raw_file,
                     raw_float, raw_int, varve)


class JsonlTest(ToolTest):
    def run_import(self, data, *options, code=OK, store=None):
        result = varve("import", "jsonl", store or self.store, "-", *options, input=data)
        self.assertEqual(result.code, code, result.err)
        return result

    def versions(self, store=None):
        return [line for line in dump(store or self.store) if not line.startswith("0176")]


class RoundTrip(JsonlTest):
    def test_what_scan_prints(self):
        values = [raw_bytes(b""), raw_bytes(b"text"), raw_bytes("ä\n\0".encode()),
                  raw_bytes(bytes(range(256))), raw_int(0), raw_int(-1), raw_int(2**63 - 1),
                  raw_int(-2**63), raw_float(0.1), raw_float(-0.0), raw_float(1e300),
                  raw_float(5e-324), raw_float(3.0), raw_float(float("inf")),
                  raw_float(float("-inf")), raw_file("100644", b"content"),
                  raw_file("120000", b"\xff"), raw_file("160000", b"1" * 40), raw(10, b"tuple"),
                  raw(4, b"time"), raw(100, b"\1\2")]
        keys = [b"k%d" % number for number in range(len(values))] + [b"\xff\xfe", b'"\\\n\0']
        values += [raw_bytes(b"x")] * 2
        with Writer(self.store) as store:
            for number, (key, value) in enumerate(zip(keys, values)):
                store.put(key, SECOND + number, value, number % 3)
        for options in ((), ("--hex",)):
            copy = self.store + "".join(options)
            lines = self.run_ok("scan", self.store, "--json", *options).out
            if options == ():
                copy += "2"
            self.run_import(lines, store=copy)
            self.assertEqual(self.versions(copy), self.versions(), options)

    def test_deletions_and_times(self):
        lines = [{"key": "a", "value": "1", "time": "1.000000000,0"},
                 {"key": "a", "deleted": True, "time": "2.000000000,5"}]
        self.run_import("\n".join(map(json.dumps, lines)).encode())
        self.assertEqual(self.versions(), [
            f"{engine_key(b'a', 2 * SECOND, 5).hex()} ",
            f"{engine_key(b'a', SECOND).hex()} {raw_bytes(b'1').hex()}"])


class GoingOn(JsonlTest):
    LINES = b'{"key":"a","value":"1"}\n\n{"key":"b","value":"2","time":"@3"}\n'

    def test_faults_have_their_place(self):
        result = self.run_import(self.LINES + b'{"key":"c"}\n', "--time", "@1", code=REFUSED)
        self.assertIn(f"standard input: line 4, byte {len(self.LINES)}: ", result.err)
        self.assertIn("; what comes before is imported", result.err)
        self.assertEqual(len(self.versions()), 2)

    def test_keys_are_checked(self):
        result = self.run_import(b'{"key_hex":"0176","value":""}', "--time", "@1", code=REFUSED)
        self.assertIn(r'line 1, byte 0: the key "\x01v" begins with 00 or 01', result.err)
        result = self.run_import(b'{"key":"","value":""}', "--time", "@1", code=REFUSED)
        self.assertIn("the key is empty", result.err)
        key = b"k" * 65_537
        result = self.run_import(b'{"key":"' + key + b'","value":""}', "--time", "@1",
                                 code=REFUSED)
        self.assertIn("is longer than 65,536 bytes", result.err)

    def test_numbers_in_hexadecimal_are_checked(self):
        for tag, digits in (("INT", ""), ("INT", "80"), ("INT", "0200"), ("FLOAT", ""),
                            ("FLOAT", "00" * 7), ("FLOAT", "00" * 9)):
            result = self.run_import(
                b'{"key":"n","tag":"%s","value_hex":"%s"}' % (tag.encode(), digits.encode()),
                "--time", "@1", code=REFUSED)
            self.assertIn(f'line 1, byte 0: "value_hex" is no value of the tag {tag}', result.err)
        self.assertEqual(self.versions(), [])

    def test_a_grown_input(self):
        more = self.LINES + b'\n{"key":"c","value":"3"}\n'
        self.run_import(self.LINES, "--time", "@1")
        self.assertEqual(cursor(self.store, "jsonl")["records"], 2)
        self.assertIn("1 records after 2 imported before", self.run_import(more).err)
        self.run_import(more, "--time", "@1", store=self.store + "2")
        self.assertEqual(dump(self.store), dump(self.store + "2"))

    def test_cursors_of_formats_are_apart(self):
        self.run_import(self.LINES, "--time", "@1")
        result = varve("import", "tsv", self.store, "-", "--time", "@1", input=b"x\t1\n")
        self.assertEqual(result.code, OK)
        self.assertEqual(len(self.versions()), 3)

    def test_an_import_that_is_killed_ten_times_ends_the_same(self):
        data = b"".join(b'{"key": "key/%d", "value": "%s", "time": "@%d"}\n'
                        % (number % 5000, b"v" * (number % 300), number + 1)
                        for number in range(200_000))
        hits = kill_often(random_of_test(), "jsonl", self.store, data,
                          lambda at: at["bytes"] / len(data) if at else 0)
        self.assertEqual(len(hits), 10)
        self.run_import(data)
        self.run_import(data, store=self.store + "2")
        self.assertEqual(dump(self.store), dump(self.store + "2"))
        check_statistics(self.store)


if __name__ == "__main__":
    unittest.main()
