"""varve key encode, key decode, value decode, meta decode, batch decode."""

import struct
import unittest

import schema
from toolkit import (CORRUPT, IO, OK, REFUSED, USAGE, ToolTest, engine_key, raw_bytes, raw_file,
                     raw_int, raw_intent, raw_operand, varve, varint, with_checksum)


class Groups(ToolTest):
    """Commands of two words."""

    def test_the_help_of_a_group(self):
        for word in ("--help", "-?"):
            result = self.run_ok("key", word)
            self.assertRegex(result.out.decode(), r"\ACommands of `varve key`:\n"
                             r"  key encode +Print .*\n  key decode +Print .*\n\Z")

    def test_what_is_no_command(self):
        self.assertIn("'key' is a group of commands; see `varve key --help`",
                      self.run_failing(USAGE, "key").err)
        self.assertIn("'key frob' is not a command; see `varve key --help`",
                      self.run_failing(USAGE, "key", "frob").err)
        self.assertIn("'key encode' is not a command",
                      self.run_failing(USAGE, "key encode", "k").err)
        self.assertIn("'encode' is not a command", self.run_failing(USAGE, "encode", "k").err)

    def test_messages_name_both_words(self):
        self.assertIn("varve: key encode: KEY is missing; see `varve key encode --help`",
                      self.run_failing(USAGE, "key", "encode").err)


class Keys(ToolTest):

    KEYS = ((b"a", 0, 0), (b"a\0", 0, 0), (b"\0\1\xff", 5, 0), ("\u20ac".encode(), 2**63 - 1, 7),
            (b"x" * 300, 1, 2**31 - 1))

    def test_encode_and_decode(self):
        for key, wall, logical in self.KEYS:
            at = () if (wall, logical) == (0, 0) else ("--at", f"({wall},{logical})")
            stored = engine_key(key, wall, logical).hex()
            self.assertEqual(self.run_ok("key", "encode", "--hex", key.hex(), *at).out.decode(),
                             stored + "\n")
            seconds = f"{wall // 10**9}.{wall % 10**9:09}" if wall else "0"
            self.assertEqual(self.run_ok("key", "decode", "--hex", stored).out.decode(),
                             f"{key.hex()}/{seconds},{logical}\n")

    def test_text(self):
        self.assertEqual(self.run_ok("key", "encode", "a").out, b"610001\n")
        self.assertEqual(self.run_ok("key", "decode", "6100ff0001").out, b'"a\\x00"/0,0\n')

    def test_json(self):
        encoded = self.objects("key-encode", "key", "encode", "a", "--at", "(1,2)")[0]
        self.assertEqual((encoded["engine_key"], encoded["time"]),
                         (engine_key(b"a", 1, 2).hex(), "0.000000001,2"))
        decoded = self.objects("key-decode", "key", "decode", encoded["engine_key"])[0]
        self.assertEqual((decoded["key"], decoded["time"]), ("a", "0.000000001,2"))

    def test_what_is_no_engine_key(self):
        for stored in ("61", "6100", "610002", "61000100", "610001" + "ff" * 11,
                       "610001" + "ff" * 12):
            self.run_failing(CORRUPT, "key", "decode", stored)
        self.run_failing(USAGE, "key", "decode", "6")
        self.run_failing(USAGE, "key", "encode", "a", "--at", "commit:1234")
        self.run_failing(USAGE, "key", "encode", "a", "--at", "now")

    def test_keys_in_quotes(self):
        for text, key in (('"a"', b"a"), (r'"\x00\"\\"', b'\0"\\'), ('""', b""),
                          (r'"\a\b\t\n\v\f\r"', bytes(range(7, 14))),
                          (r'"\u20ac\U0001F600"', "\u20ac\U0001F600".encode()),
                          ('"\u00e4"', "\u00e4".encode()), ('"', b'"'), ('"a', b'"a')):
            self.assertEqual(self.run_ok("key", "encode", text).out.decode(),
                             engine_key(key).hex() + "\n", text)
        for text in (r'"\q"', r'"\x0"', r'"\u12"', r'"\ud800"', r'"\U00110000"', '"a"b"', r'"\"'):
            self.assertIn("no text in double quotes",
                          self.run_failing(USAGE, "key", "encode", text).err)


class Sources(ToolTest):
    """Where data comes from."""

    def test_all_of_them(self):
        path = self.folder / "data"
        path.write_bytes(b"a\0\1")
        digits = self.folder / "digits"
        digits.write_text("61 00\n01\n", "ascii")
        for arguments, given in ((("610001",), b""), (("-",), b"a\0\1"), ((f"@{path}",), b""),
                                 ((r'"a\x00\x01"',), b"")):
            result = self.run_ok("key", "decode", *arguments, input=given)
            self.assertEqual(result.out, b'"a"/0,0\n', arguments)
        self.assertEqual(self.run_ok("key", "decode", "--hex", f"@{digits}").out, b"61/0,0\n")
        self.assertEqual(self.run_ok("key", "decode", "--hex", "-", input=b" 610001 ").out,
                         b"61/0,0\n")

    def test_what_cannot_be_read(self):
        self.assertIn("No such file", self.run_failing(IO, "key", "decode", "@/nowhere/x").err)
        self.run_failing(IO, "key", "decode", f"@{self.folder}")
        self.run_failing(USAGE, "key", "decode", "--hex", "-", input=b"xyz")

    def test_a_large_one(self):
        data = struct.pack("<QI", 0, 0) + b"\3" + varint(300_000) + b"x" * 300_000
        lines = self.run_ok("batch", "decode", "-", input=data).lines()
        self.assertEqual(lines[0], f"0\tsequence 0, 0 records, {len(data)} bytes")


class Values(ToolTest):

    def test_types(self):
        for raw, text in ((raw_bytes(b"v"), 'BYTES\t"v"'), (raw_int(-300), "INT\t-300"),
                          (raw_file("100644", b"x"), '100644\t"x"'), (raw_bytes(b""), 'BYTES\t""')):
            self.assertEqual(self.run_ok("value", "decode", raw.hex()).out.decode(),
                             text + "\tchecksum 00000000, none\n")

    def test_checksums(self):
        raw = with_checksum(b"k", raw_bytes(b"v"))
        checksum = raw[:4].hex()
        self.assertEqual(self.run_ok("value", "decode", raw.hex()).out.decode(),
                         f'BYTES\t"v"\tchecksum {checksum}, unchecked\n')
        self.assertEqual(self.run_ok("value", "decode", raw.hex(), "--key", "k").out.decode(),
                         f'BYTES\t"v"\tchecksum {checksum}, good\n')
        result = self.run_failing(CORRUPT, "value", "decode", raw.hex(), "--key", "other")
        self.assertEqual(result.out.decode(), f'BYTES\t"v"\tchecksum {checksum}, wrong\n')

    def test_json(self):
        raw = with_checksum(b"k", raw_int(5))
        self.assertEqual(self.objects("value-decode", "value", "decode", raw.hex(), "--key", "k"),
                         [{"tag": "INT", "value": 5, "checksum": raw[:4].hex(),
                           "checksum_is": "good"}])

    def test_damage(self):
        for raw in (b"", b"\0\0\0\0", b"\0\0\0\0\1", b"\0\0\0\0\2\0"):
            self.run_failing(CORRUPT, "value", "decode", raw.hex())


class Metadata(ToolTest):

    def test_an_inline_value(self):
        record = raw_operand(raw_bytes(b"v")).hex()
        self.assertEqual(self.run_ok("meta", "decode", record).out,
                         b"txn={<nil>} ts=0,0 del=false klen=0 vlen=0 raw=/BYTES/v\n")
        item = self.objects("meta-decode", "meta", "decode", record)[0]
        self.assertEqual((item["tag"], item["value"]), ("BYTES", "v"))

    def test_an_intent(self):
        record = raw_intent(b"\1" * 16, 11, 8, epoch=3, sequence=30, anchor=b"a").hex()
        self.assertEqual(
            self.run_ok("meta", "decode", record).out,
            b'txn={id=01010101 key="a" pri=0.00000000 epo=3 ts=0.000000011,0 min=0,0 seq=30} '
            b"ts=0.000000011,0 del=false klen=12 vlen=8\n")
        item = self.objects("meta-decode", "meta", "decode", record)[0]
        self.assertEqual((item["txn"], item["anchor"], item["epoch"], item["sequence"],
                          item["time"], item["earlier_values"]),
                         ("01010101-0101-0101-0101-010101010101", "a", 3, 30, "0.000000011,0", 0))

    def test_damage(self):
        self.assertIn("DATA is no metadata record",
                      self.run_failing(CORRUPT, "meta", "decode", "ffff").err)


def batch(*records, count=None, sequence=0):
    count = len(records) if count is None else count
    return struct.pack("<QI", sequence, count) + b"".join(records)


def string(data):
    return varint(len(data)) + data


def put(key, value):
    return b"\1" + string(key) + string(value)


A = engine_key(b"a")


class Batches(ToolTest):

    def decode(self, data, *options):
        return varve("batch", "decode", "-", *options, input=data)

    def test_every_type(self):
        data = batch(put(A, b"v"), b"\0" + string(engine_key(b"b", 1)),
                     b"\2" + string(A) + string(raw_operand(raw_int(1))),
                     b"\x0f" + string(A) + string(engine_key(b"c")))
        result = self.decode(data)
        self.assertEqual((result.code, result.err), (OK, ""))
        second = 12 + len(put(A, b"v"))
        third = second + 1 + 1 + 16 - 1
        self.assertEqual(result.lines()[:3], [
            f"0\tsequence 0, 4 records, {len(data)} bytes", '12\tput\t"a"/0,0\t76',
            f'{second}\tclear\t"b"/0.000000001,0'])
        self.assertEqual(result.lines()[3],
                         f'{third}\tmerge\t"a"/0,0\t{raw_operand(raw_int(1)).hex()}')
        self.assertTrue(result.lines()[4].endswith('\tclear-range\t"a"/0,0\t"c"/0,0'))

    def test_json(self):
        data = batch(put(A, b"v"), b"\3" + string(b"note"), b"\0" + string(A), count=2)
        result = self.decode(data, "--json")
        self.assertEqual((result.code, result.err), (OK, ""))
        for item in result.objects():
            schema.check("batch-decode", item)
        self.assertEqual(result.objects()[0], {"sequence": 0, "records": 2, "bytes": len(data)})
        self.assertEqual([item["type"] for item in result.objects()[1:]], ["put", "log", "clear"])
        self.assertEqual(result.objects()[2], {"offset": 19, "type": "log",
                                               "data": b"note".hex()})
        self.assertEqual(result.objects()[3]["offset"], 25)

    def test_json_of_keys(self):
        """Both ends of a range; a key that does not decode, as it is."""
        data = batch(b"\x0f" + string(A) + string(engine_key(b"c")), b"\7" + string(A),
                     b"\0" + string(b"no key"))
        result = self.decode(data, "--json")
        self.assertEqual(result.code, REFUSED)
        for item in result.objects():
            schema.check("batch-decode", item)
        _, cleared, single, odd = result.objects()
        self.assertEqual((cleared["start"]["key"], cleared["end"]["key"]), ("a", "c"))
        self.assertEqual((single["type"], single["at"]["key"]), ("single-clear", "a"))
        self.assertEqual(odd["at"], {"engine_key": b"no key".hex()})
        lines = self.decode(data).lines()
        self.assertTrue(lines[2].endswith('\tsingle-clear\t"a"/0,0'))
        self.assertTrue(lines[3].endswith(f"\tclear\t{b'no key'.hex()}"))
        redacted = self.decode(data, "--redact")
        self.assertTrue(redacted.lines()[3].endswith("\tclear\t<6 bytes>"))
        self.assertEqual(self.decode(data, "--redact", "--json").objects()[3]["at"],
                         {"engine_key_size": 6})

    def test_of_a_log(self):
        data = batch(put(A, b"v"), sequence=77)
        self.assertEqual(self.decode(data, "--log").lines()[0],
                         f"0\tsequence 77, 1 records, {len(data)} bytes")

    def test_every_fault_of_the_bytes(self):
        """Those of the specification: what is wrong, in which record, at which byte."""
        one = put(A, b"v")
        for data, record, offset, text, shown in (
                (b"", 0, 0, "batch repr too small: 0 < 12", 0),
                (bytes(11), 0, 0, "batch repr too small: 11 < 12", 0),
                (batch(one, sequence=5), 0, 0, "bad sequence: expected 0, but found 5", 0),
                (batch(one, count=2), 1, 12 + len(one),
                 "invalid batch: expected 2 entries but found 1", 2),
                (batch(one, b"\1\xff"), 1, 12 + len(one), "unable to decode uvarint", 2),
                (batch(one, b"\1\5ab"), 1, 12 + len(one),
                 "malformed varstring, expected 5 bytes, but only 2 remaining", 2),
                (batch(b"\x55"), 0, 12, "unexpected type 85", 1),
                (batch(one, one, count=1), 1, 12 + len(one),
                 "invalid batch: expected 1 entries but found more", 2)):
            result = self.decode(data)
            self.assertEqual(result.code, REFUSED, text)
            self.assertEqual(result.err, f"varve: batch decode: record {record}, byte {offset}: "
                                         f"{text}\n")
            self.assertEqual(len(result.lines()), shown, text)

    def test_what_reads_well_and_cannot_be_applied(self):
        for record, text in ((put(b"a", b"v"), "record 0"),
                             (b"\x0f" + string(b"b\0\1") + string(A), "record 0")):
            result = self.decode(batch(record))
            self.assertEqual(result.code, REFUSED)
            self.assertIn("the batch cannot be applied: ", result.err)
            self.assertIn(text, result.err)
            self.assertEqual(len(result.lines()), 2)


if __name__ == "__main__":
    unittest.main()
