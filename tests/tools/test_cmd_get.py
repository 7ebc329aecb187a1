"""varve get."""

import unittest

from toolkit import (CONFLICT, CORRUPT, NO, SECOND, USAGE, ToolTest, Writer, raw, raw_bytes,
                     raw_file, raw_float, raw_int, varve, with_checksum)

T = 1_700_000_000 * SECOND
COMMIT = "0123456789abcdef0123456789abcdef01234567"
COUSIN = "0123ffff89abcdef0123456789abcdef01234567"


class Values(ToolTest):
    """What is printed for each kind of value."""

    def value_of(self, value, *options):
        with Writer(self.store) as store:
            store.put(b"k", T, value)
        return self.run_ok("get", self.store, "k", *options).out

    def test_bytes_are_printed_as_they_are(self):
        data = bytes(range(256))
        self.assertEqual(self.value_of(raw_bytes(data)), data)

    def test_an_empty_value_is_a_value(self):
        self.assertEqual(self.value_of(raw_bytes(b"")), b"")

    def test_a_file_is_its_content(self):
        self.assertEqual(self.value_of(raw_file("100755", b"#!/bin/sh\n")), b"#!/bin/sh\n")

    def test_another_tuple_is_its_data(self):
        self.assertEqual(self.value_of(raw(10, b"10064 x")), b"10064 x")

    def test_integers(self):
        for number in (0, 1, -1, 63, 64, 300, 2**63 - 1, -2**63):
            with Writer(self.store) as store:
                store.inline(b"k", raw_int(number))
            self.assertEqual(self.run_ok("get", self.store, "k").out, str(number).encode())

    def test_numbers_are_as_short_as_they_can_be(self):
        self.assertEqual(self.value_of(raw_float(0.1)), b"0.1")

    def test_other_types_are_their_data(self):
        self.assertEqual(self.value_of(raw(100, b"\1\2")), b"\1\2")

    def test_hexadecimal_is_a_line(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_bytes(b"\x00\xffa"))
        self.assertEqual(self.run_ok("get", self.store, "6b", "--hex").out, b"00ff61\n")

    def test_checksums_are_verified(self):
        self.assertEqual(self.value_of(with_checksum(b"k", raw_bytes(b"value"))), b"value")

    def test_a_large_value(self):
        data = b"0123456789abcdef" * 30_000
        self.assertEqual(self.value_of(raw_bytes(data)), data)


class Json(ToolTest):
    """The object that --json prints."""

    def object_of(self, key, value, *options):
        with Writer(self.store) as store:
            store.put(key, T, value)
        name = key.hex() if "--hex" in options else key
        items = self.objects("get", "get", self.store, name, *options)
        self.assertEqual(len(items), 1)
        return items[0]

    WHEN = {"time": "1700000000.000000000,0", "utc": "2023-11-14T22:13:20.000000000Z"}

    def test_text(self):
        self.assertEqual(self.object_of("k\u00e4".encode(), raw_bytes("\u20ac\n\0".encode())),
                         {"key": "k\u00e4", **self.WHEN, "tag": "BYTES", "value": "\u20ac\n\0"})

    def test_what_is_not_utf8_is_hexadecimal(self):
        # A lone continuation byte, an overlong form, a surrogate, beyond the last code point.
        for data in (b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\xff"):
            self.assertEqual(self.object_of(b"k" + data, raw_bytes(data)),
                             {"key_hex": (b"k" + data).hex(), **self.WHEN, "tag": "BYTES",
                              "value_hex": data.hex()})

    def test_hexadecimal_on_request(self):
        self.assertEqual(self.object_of(b"k", raw_bytes(b"text"), "--hex"),
                         {"key_hex": "6b", **self.WHEN, "tag": "BYTES", "value_hex": "74657874"})

    def test_a_file(self):
        self.assertEqual(self.object_of(b"k", raw_file("120000", b"target")),
                         {"key": "k", **self.WHEN, "tag": "TUPLE", "mode": "120000",
                          "value": "target"})

    def test_numbers(self):
        for number, tag, value in ((raw_int(-2**63), "INT", -2**63),
                                   (raw_float(0.1), "FLOAT", 0.1),
                                   (raw_float(5e-324), "FLOAT", 5e-324),
                                   (raw_float(2.0), "FLOAT", 2.0),
                                   (raw_float(1/3), "FLOAT", 1/3),
                                   (raw_float(float("inf")), "FLOAT", "Infinity"),
                                   (raw_float(float("-inf")), "FLOAT", "-Infinity"),
                                   (raw_float(float("nan")), "FLOAT", "NaN")):
            with Writer(self.store) as store:
                store.inline(b"k", number)
            result = self.objects("get", "get", self.store, "k")[0]
            self.assertEqual(result, {"key": "k", "time": "0,0",
                                      "utc": "1970-01-01T00:00:00.000000000Z", "tag": tag,
                                      "value": value})

    def test_short_numbers_stay_short(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_float(0.1))
        self.assertIn(b'"value": 0.1}', self.run_ok("get", self.store, "k", "--json").out)


class Keys(ToolTest):
    """How keys are given."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for key in (b"\xff\xfe", b"-x", b"\n", b"a\0b", b"plain"):
                store.put(key, T, raw_bytes(b"<" + key + b">"))

    def test_bytes_as_they_are(self):
        for key in (b"\xff\xfe", b"\n", b"plain"):
            self.assertEqual(self.run_ok("get", self.store, key).out, b"<" + key + b">")

    def test_hexadecimal_in_and_out(self):
        for digits in ("610062", "2D78", "2d78"):
            key = bytes.fromhex(digits)
            self.assertEqual(self.run_ok("get", self.store, digits, "--hex").out,
                             (b"<" + key + b">").hex().encode() + b"\n")

    def test_a_key_that_looks_like_an_option(self):
        self.assertEqual(self.run_ok("get", self.store, "--", "-x").out, b"<-x>")

    def test_what_is_not_hexadecimal_is_refused(self):
        for digits in ("6", "6g", "0x61", "61 62"):
            result = self.run_failing(USAGE, "get", self.store, digits, "--hex")
            self.assertIn(f"'{digits}' is not hexadecimal", result.err)

    def test_the_empty_key_is_refused(self):
        self.run_failing(USAGE, "get", self.store, "")

    def test_options_may_stand_anywhere(self):
        self.assertEqual(self.run_ok("get", "--at", "now", self.store, "plain").out, b"<plain>")


class Times(ToolTest):
    """What --at sees."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"k", 5 * SECOND, raw_bytes(b"first"))
            store.put(b"k", 5 * SECOND, raw_bytes(b"second"), logical=1)
            store.put(b"k", 5 * SECOND + 1, raw_bytes(b"third"))
            store.delete(b"k", 6 * SECOND)
            store.put(b"k", 7 * SECOND, raw_bytes(b"fourth"))
            store.label(COMMIT, 5 * SECOND)
            store.label(COUSIN, 5 * SECOND, logical=1, number=1)

    def at(self, time):
        return self.run_ok("get", self.store, "k", "--at", time).out

    def test_a_wall_time_sees_all_of_its_nanosecond(self):
        for time in ("@5", "ns:5000000000", "1970-01-01T00:00:05Z", "1970-01-01T01:00:05+01:00"):
            self.assertEqual(self.at(time), b"second", time)

    def test_a_logical_part_is_exact(self):
        for time in ("@5,0", "ns:5000000000,0", "5.000000000,0", "(5000000000,0)",
                     "1970-01-01T00:00:05Z,0"):
            self.assertEqual(self.at(time), b"first", time)
        self.assertEqual(self.at("(5000000000,1)"), b"second")

    def test_other_times(self):
        self.assertEqual(self.at("@5.000000001"), b"third")
        self.assertEqual(self.at("@5.9"), b"third")
        self.assertEqual(self.at("@7"), b"fourth")
        self.assertEqual(self.at("now"), b"fourth")

    def test_commits(self):
        self.assertEqual(self.at("commit:" + COMMIT), b"first")
        self.assertEqual(self.at("commit:" + COMMIT.upper()), b"first")
        self.assertEqual(self.at("commit:01234"), b"first")
        self.assertEqual(self.at("commit:0123f"), b"second")

    def test_an_ambiguous_commit_lists_those_it_may_be(self):
        result = self.run_failing(USAGE, "get", self.store, "k", "--at", "commit:0123")
        self.assertIn(f"ambiguous, give more digits: {COMMIT}, {COUSIN}\n", result.err)

    def test_a_commit_that_is_not_there_is_named(self):
        result = self.run_failing(USAGE, "get", self.store, "k", "--at", "commit:beef")
        self.assertIn("commit:beef: no such commit on the imported line", result.err)

    def test_many_candidates_are_cut(self):
        with Writer(self.store) as store:
            for digit in "0123456789":
                store.label("abcd" + digit * 36, 5 * SECOND)
        result = self.run_failing(USAGE, "get", self.store, "k", "--at", "commit:abcd")
        self.assertIn(", and more\n", result.err)
        self.assertEqual(result.err.count("abcd"), 1 + 5)

    def test_a_damaged_label_is_told(self):
        with Writer(self.store) as store:
            store.inline(b"\x01vg" + b"9" * 40, raw_bytes(b"short"))
        self.run_failing(CORRUPT, "get", self.store, "k", "--at", "commit:9999")

    def test_what_is_no_time_is_refused(self):
        for time in ("yesterday", "5", "commit:abc", "commit:HEAD"):
            self.assertIn(f"--at '{time}'",
                          self.run_failing(USAGE, "get", self.store, "k", "--at", time).err)


class Absence(ToolTest):
    """Exit code 1, and why."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"k", 5 * SECOND, raw_bytes(b"v"))
            store.put(b"gone", 5 * SECOND, raw_bytes(b"v"))
            store.delete(b"gone", 6 * SECOND)

    def check(self, reason, *arguments):
        for form in ((), ("--json",)):
            result = self.run_failing(NO, "get", self.store, *arguments, *form)
            self.assertEqual(result.out, b"")
            self.assertIn(reason, result.err)

    def test_no_such_key(self):
        self.check('key "nope" has no value', "nope")

    def test_not_yet(self):
        self.check('key "k" had no value at @4, it has one now', "k", "--at", "@4")

    def test_deleted(self):
        self.check('key "gone" was deleted at 1970-01-01T00:00:06.000000000Z,0', "gone")

    def test_not_yet_and_not_any_more(self):
        self.check('key "gone" had no value at @4; `varve history` lists what came later', "gone",
                   "--at", "@4")

    def test_deleted_later(self):
        self.assertEqual(self.run_ok("get", self.store, "gone", "--at", "@5").out, b"v")


class Trouble(ToolTest):
    """Values that cannot be shown."""

    def damage(self, value):
        with Writer(self.store) as store:
            store.inline(b"k", value)
        result = self.run_failing(CORRUPT, "get", self.store, "k")
        self.assertEqual(result.out, b"")
        self.assertIn('the value of key "k" is damaged', result.err)

    def test_a_wrong_checksum(self):
        self.damage(with_checksum(b"other key", raw_bytes(b"value")))

    def test_no_room_for_a_tag(self):
        self.damage(b"\0\0\0")

    def test_a_number_that_is_none(self):
        self.damage(raw(1, b"\xff"))
        self.damage(raw(2, b"\0" * 7))

    def test_an_intent_is_in_the_way(self):
        # A metadata record with a transaction: the example of the format's description.
        meta = bytes.fromhex("0a180a10000000000000000000000000000000012a02080b4a00"
                             "1204080b10001800200c2808")
        with Writer(self.store) as store:
            store.put(b"k", 11, raw_bytes(b"abc"))
            store.record(b"k\0\1", meta)
        result = self.run_failing(CONFLICT, "get", self.store, "k")
        self.assertRegex(result.err, r"`varve intents` shows whose, `--at` a time before")
        self.assertIn('key "k"', result.err)
        self.assertEqual(varve("get", self.store, "k", "--at", "(10,0)").code, NO)


if __name__ == "__main__":
    unittest.main()
