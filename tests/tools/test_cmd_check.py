"""varve check: findings of each kind, what has been read, and the statistics kept."""

import os
import pathlib
import struct
import unittest

import schema
from test_cmd_stats import ACCOUNT, account, numbers
from toolkit import (CORRUPT, OK, SECOND, USAGE, ToolTest, Writer, engine_key, raw_bytes,
                     raw_intent, varve, with_checksum)

T = 1_700_000_000 * SECOND
WHEN = "1700000000.000000000,0"
TXN = bytes(range(16))
AT = ("--at", f"ns:{T}")


class CheckTest(ToolTest):

    def check(self, *options, code=OK):
        """The findings and the summary."""
        result = varve("check", self.store, "--json", *AT, *options)
        self.assertEqual(result.code, code, result.err)
        objects = result.objects()
        for item in objects:
            schema.check("check", item)
        return objects[:-1], objects[-1]

    def fill_sound(self):
        with Writer(self.store) as store:
            store.put(b"a", T - 1, with_checksum(b"a", raw_bytes(b"older")))
            store.delete(b"a", T)
            store.flush()
            store.put(b"b", T - 1, raw_bytes(b"before"))
            store.intent(b"b", TXN, T, raw_bytes(b"new"), sequence=7, anchor=b"b")
            store.inline(b"c\xff", raw_bytes(b"inline"))
            store.inline(b"\x01vc", raw_bytes(b"\0" * 12))


class Sound(CheckTest):

    def test_an_empty_store(self):
        with Writer(self.store):
            pass
        self.assertEqual(self.check(), ([], {
            "keys": 0, "records": 0, "bytes": 0, "findings": 0, "problems": {}, "keys_left_out": 0,
            "counted": numbers(last_update_nanos=T), "account": "not kept"}))

    def test_all_kinds_of_records(self):
        self.fill_sound()
        findings, summary = self.check()
        self.assertEqual(findings, [])
        self.assertEqual((summary["keys"], summary["records"], summary["account"]),
                         (4, 7, "not kept"))
        self.assertEqual((summary["counted"]["intent_count"], summary["counted"]["sys_count"]),
                         (1, 0))
        lines = self.run_ok("check", self.store).lines()
        self.assertRegex(lines[0], r"\A4 keys, 7 records, \d+ bytes\Z")
        self.assertEqual(lines[1:], ["findings: 0", "statistics: not kept"])

    def test_ranges(self):
        self.fill_sound()
        for options, keys in ((("--prefix", "b"), 1), (("--start", "b"), 2), (("--end", "b"), 1),
                              (("--end", "b", "--system"), 2), (("--start", "x", "--end", "b"), 0)):
            summary = self.check(*options)[1]
            self.assertEqual((summary["keys"], summary["account"]), (keys, "not compared"))

    def test_statistics_that_are_kept(self):
        self.fill_sound()
        self.run_ok("stats", "repair", self.store, "--write")
        self.assertEqual(self.check()[1]["account"], "equal")
        self.assertIn("statistics: kept, and equal to what has been counted",
                      self.run_ok("check", self.store).lines())

    def test_statistics_that_are_wrong(self):
        self.fill_sound()
        with Writer(self.store) as store:
            store.inline(ACCOUNT, account(key_count=1))
        findings, summary = self.check(code=CORRUPT)
        self.assertEqual((findings, summary["account"]), ([], "different"))
        self.assertEqual(summary["difference"]["key_count"], 2)
        result = varve("check", self.store)
        self.assertIn("`varve stats repair` rights them", result.err)
        self.assertIn(["key_count", "3", "1", "2"], [line.split() for line in result.lines()])
        with Writer(self.store) as store:
            store.inline(ACCOUNT, account(key_count=1, contains_estimates=1))
        self.assertEqual(self.check()[1]["account"], "estimated")
        with Writer(self.store) as store:
            store.inline(ACCOUNT, raw_bytes(b"x"))
        self.assertEqual(self.check(code=CORRUPT)[1]["account"], "damaged")

    def test_no_store(self):
        self.run_failing(4, "check", self.store)


class Findings(CheckTest):

    def one(self, problem, **wanted):
        findings, summary = self.check(code=CORRUPT)
        self.assertEqual([item["problem"] for item in findings], [problem])
        self.assertEqual((summary["findings"], summary["problems"]), (1, {problem: 1}))
        for name, value in wanted.items():
            self.assertEqual(findings[0][name], value)
        return summary

    def test_a_value_that_does_not_match_its_checksum(self):
        with Writer(self.store) as store:
            store.put(b"k\0", T, with_checksum(b"other", raw_bytes(b"v")))
        self.one("value", key="k\0", time=WHEN)
        result = self.run_failing(CORRUPT, "check", self.store)
        self.assertRegex(result.lines()[0], r'\A"k\\x00"/1700000000\.000000000,0\tvalue\t.+\Z')
        self.assertEqual(result.lines()[2:], ["findings: 1: 1 value", "statistics: not kept"])

    def test_an_intent_without_a_value(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"k"), raw_intent(TXN, T, 6))
        summary = self.one("intent", key="k", time="0,0")
        self.assertEqual((summary["keys_left_out"], summary["account"]), (1, "not compared"))

    def test_an_intent_of_another_size(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_bytes(b"v"))
            store.record(engine_key(b"k"), raw_intent(TXN, T, 7))
        self.one("mismatch", key="k")

    def test_metadata_that_does_not_decode(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"\xffk"), b"\xff")
        self.one("metadata", key_hex="ff6b")

    def test_merges_that_do_not_fit_together(self):
        with Writer(self.store) as store:
            store.inline(b"k", raw_bytes(b"v"))
            store.merge(b"k", struct.pack(">IB", 0, 1) + b"\2")
        self.one("merge", key="k")

    def test_an_inline_value_and_versions(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_bytes(b"v"))
            store.inline(b"k", raw_bytes(b"v"))
        self.one("inline", key="k", time=WHEN)

    def test_the_statistics_are_not_compared_if_something_is_left_out(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"k"), b"\xff")
            store.inline(ACCOUNT, account())
        self.assertEqual(self.one("metadata")["account"], "not compared")

    def test_limits(self):
        with Writer(self.store) as store:
            for number in range(5):
                store.record(engine_key(b"k%d" % number), b"\xff")
        for limit in (0, 2, 5, 9):
            findings, summary = self.check("--limit", str(limit), code=CORRUPT)
            self.assertEqual((len(findings), summary["findings"]), (min(limit, 5), 5))
        self.run_failing(USAGE, "check", self.store, "--limit", "few")


class Unreadable(CheckTest):
    """Tables in which a byte has been flipped: a block is told, and passed over."""

    def test_all_else_in_the_same_table_is_checked(self):
        # Values that are wrong stand before, between and behind two blocks that are unreadable.
        wrong = (b"00000", b"01000", b"01999")
        with Writer(self.store) as store:
            for number in range(2000):
                key = b"%05d" % number
                owner = b"other" if key in wrong else key
                store.put(key, T, with_checksum(owner, raw_bytes(os.urandom(100))))
            store.flush()
        table, = pathlib.Path(self.store).glob("*.sst")
        content = bytearray(table.read_bytes())
        for at in (len(content) // 4, len(content) * 3 // 4):
            content[at] ^= 1
        table.write_bytes(content)

        for options in ((), ("--start", "0")):
            findings, summary = self.check(*options, code=CORRUPT)
            self.assertEqual([item["key"] for item in findings if item["problem"] == "value"],
                             [key.decode() for key in wrong])
            self.assertEqual(summary["problems"], {"value": 3, "unreadable": 2})
            # As many as two blocks of 8 KiB have.
            self.assertGreater(summary["keys"], 2000 - 2 * 82)
        # What can be listed has been checked.
        self.assertEqual(len(varve("keys", self.store).lines()), summary["records"])
        # Also if the range ends in the midst of the table.
        findings, ranged = self.check("--end", "01999", code=CORRUPT)
        self.assertEqual(ranged["problems"], {"value": 2, "unreadable": 2})
        self.assertEqual(ranged["records"], summary["records"] - 1)

    def test_what_is_lost_right_behind_own_records_is_left_out(self):
        # The first blocks are of records that are in no statistics; the one behind is damaged.
        with Writer(self.store) as store:
            store.account()
            store.inline(b"\x01own", raw_bytes(os.urandom(20_000)))
            for number in range(2000):
                store.put(b"%05d" % number, T, raw_bytes(os.urandom(100)))
            store.flush()
        table, = pathlib.Path(self.store).glob("*.sst")
        content = bytearray(table.read_bytes())
        content[22_000] ^= 1
        table.write_bytes(content)
        findings, summary = self.check(code=CORRUPT)
        self.assertEqual([(item["key"], item["problem"]) for item in findings],
                         [("\x01own", "unreadable")])
        self.assertEqual((summary["keys_left_out"], summary["account"]), (1, "not compared"))

    def test_the_other_tables_are_checked(self):
        with Writer(self.store) as store:
            for part in range(3):
                for number in range(500):
                    store.put(b"%d/%03d" % (part, number), T, raw_bytes(b"v" * 50))
                store.put(b"%d/end" % part, T, with_checksum(b"other", raw_bytes(b"v")))
                store.flush()
        tables = sorted(pathlib.Path(self.store).rglob("*.sst"))
        self.assertEqual(len(tables), 3)
        damaged = bytearray(tables[1].read_bytes())
        damaged[len(damaged) // 3] ^= 1
        tables[1].write_bytes(damaged)

        findings, summary = self.check(code=CORRUPT)
        self.assertEqual(summary["problems"]["unreadable"], 1)
        told = [item["text"] for item in findings if item["problem"] == "unreadable"]
        self.assertIn(tables[1].name, told[0])
        values = {item["key"] for item in findings if item["problem"] == "value"}
        self.assertLessEqual({"0/end", "2/end"}, values)
        self.assertGreaterEqual(summary["keys"], 1002)
        self.assertEqual(summary["account"], "not compared")

        # Its name is told also where keys must not be.
        redacted = self.check("--redact", code=CORRUPT)[0]
        self.assertIn(tables[1].name,
                      [item["text"] for item in redacted if item["problem"] == "unreadable"][0])


if __name__ == "__main__":
    unittest.main()
