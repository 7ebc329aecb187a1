"""varve stats: the statistics that a store keeps, held against what is in it."""

import struct
import unittest

from toolkit import (CORRUPT, NO, OK, SECOND, USAGE, ToolTest, Writer, engine_key, raw, raw_bytes,
                     raw_int, raw_operand, varve)

FIELDS = ["contains_estimates", "last_update_nanos", "intent_age", "gc_bytes_age", "live_bytes",
          "live_count", "key_bytes", "key_count", "val_bytes", "val_count", "intent_bytes",
          "intent_count", "sys_bytes", "sys_count"]

ACCOUNT = b"\x01vs"
AT = ("--at", "@100")


def numbers(**given):
    return {name: given.get(name, 0) for name in FIELDS}


def account(**given):
    """The raw value of an account: a row of counters, the numbers as of the time 0."""
    return raw(101, struct.pack("<14q", *numbers(**given).values()))


class StatsTest(ToolTest):

    def fill(self):
        """`a`: a value, deleted at 20 s, a value at 30 s; `b`: deleted at 40 s; and `c\\xff`."""
        with Writer(self.store) as store:
            store.put(b"a", 10 * SECOND, raw_bytes(b"old"))
            store.delete(b"a", 20 * SECOND)
            store.put(b"a", 30 * SECOND, raw_bytes(b"new-"))
            store.flush()
            store.put(b"b", 35 * SECOND, raw_bytes(b"b"))
            store.delete(b"b", 40 * SECOND)
            store.inline(b"c\xff", raw_bytes(b"inline"))

    # A key counts its length and one, a version twelve and its value of five bytes and the data.
    INLINE = len(raw_operand(raw_bytes(b"inline")))
    EXPECTED = numbers(
        last_update_nanos=100 * SECOND,
        # Since 20 s: 12 + 8 of the value, and 12 of the deletion itself. Since 40 s: the key b,
        # 12 of its deletion, and 12 + 6 of its value.
        gc_bytes_age=80 * (20 + 12) + 60 * (2 + 12 + 18),
        live_bytes=2 + 12 + 9 + 3 + INLINE, live_count=2,
        key_bytes=2 + 3 * 12 + 2 + 2 * 12 + 3, key_count=3,
        val_bytes=8 + 9 + 6 + INLINE, val_count=6)

    def stats(self, command, *options, code=OK):
        """The object that a command prints."""
        result = varve("stats", command, self.store, "--json", *AT, *options)
        self.assertEqual(result.code, code, result.err)
        return result.objects()[0]

    def one(self, *arguments):
        return self.objects("stats", "stats", *arguments)[0]

    def drift(self, **given):
        """Put another account into the store."""
        with Writer(self.store) as store:
            store.inline(ACCOUNT, account(**given))


class Show(StatsTest):

    def test_none_are_kept(self):
        self.fill()
        result = self.run_failing(NO, "stats", "show", self.store)
        self.assertIn("keeps no statistics; `varve stats repair STORE --write`", result.err)

    def test_ages_are_those_of_the_time_asked_for(self):
        self.fill()
        # As of 0, what became garbage at 20 s has an age of -20 s.
        self.drift(gc_bytes_age=-7 * 20, key_bytes=7)
        for seconds in (0, 20, 100):
            kept = self.one("show", self.store, "--at", f"@{seconds}")["kept"]
            self.assertEqual(kept, numbers(last_update_nanos=seconds * SECOND, key_bytes=7,
                                           gc_bytes_age=7 * (seconds - 20)))

    def test_text(self):
        self.fill()
        self.drift(live_count=12)
        lines = self.run_ok("stats", "show", self.store, *AT).lines()
        self.assertEqual([line.split() for line in lines],
                         [["FIELD", "NUMBER"]] + [[name, str(number)] for name, number in numbers(
                             last_update_nanos=100 * SECOND, live_count=12).items()])

    def test_what_is_no_account(self):
        with Writer(self.store) as store:
            store.inline(ACCOUNT, raw_bytes(b"x"))
        self.run_failing(3, "stats", "show", self.store)


class Recount(StatsTest):

    def test_the_numbers(self):
        self.fill()
        counted = self.one("recount", self.store, *AT)
        self.assertEqual(counted, {"counted": self.EXPECTED, "account": "not kept"})
        self.assertEqual(self.run_ok("stats", "recount", self.store).lines()[-1],
                         "the store keeps no statistics")

    def test_an_empty_store(self):
        with Writer(self.store):
            pass
        self.assertEqual(self.one("recount", self.store, *AT)["counted"],
                         numbers(last_update_nanos=100 * SECOND))

    def test_a_range_is_not_held_against_the_account(self):
        self.fill()
        self.drift()
        counted = self.one("recount", self.store, *AT, "--prefix", "c")
        self.assertEqual(counted["account"], "not compared")
        self.assertEqual(counted["counted"]["key_count"], 1)
        self.assertEqual(counted["counted"]["live_bytes"], 3 + self.INLINE)
        for span in (("--start", "x", "--end", "b"), ("--start", "d")):
            self.assertEqual(self.one("recount", self.store, *span)["counted"]["key_count"], 0)

    def test_own_records_are_counted_only_if_asked_for(self):
        self.fill()
        with Writer(self.store) as store:
            store.inline(b"\x01vitsv", raw_bytes(b"x"))
        self.assertEqual(self.one("recount", self.store, *AT)["counted"], self.EXPECTED)
        self.assertEqual(self.one("recount", self.store, *AT, "--system")["counted"]["sys_count"],
                         1)

    def test_in_pieces(self):
        self.fill()
        for limit in (1, 2, 4, 5):
            resume, pieces = (), 0
            while True:
                item = self.one("recount", self.store, *AT, "--limit", str(limit), *resume)
                pieces += 1
                if "resume" not in item:
                    break
                resume = ("--resume", item["resume"])
            self.assertEqual(item["counted"], self.EXPECTED)
            # A key is not cut, and there are three; that there are no more may take one more.
            self.assertIn(pieces, (2, 3, 4), limit)

    def test_pieces_of_a_store_that_has_changed(self):
        self.fill()
        token = self.one("recount", self.store, *AT, "--limit", "1")["resume"]
        with Writer(self.store) as store:
            store.put(b"z", SECOND, raw_bytes(b"z"))
        result = self.run_failing(USAGE, "stats", "recount", self.store, *AT, "--resume", token)
        self.assertIn("--resume", result.err)
        self.run_failing(USAGE, "stats", "recount", self.store, "--resume", "00")
        self.run_failing(USAGE, "stats", "recount", self.store, "--resume", "x")

    def test_a_difference_field_by_field(self):
        self.fill()
        self.drift(key_count=5, sys_count=-1)
        item = self.stats("recount", code=CORRUPT)
        self.assertEqual(item["account"], "different")
        self.assertEqual(item["kept"], numbers(last_update_nanos=100 * SECOND, key_count=5,
                                               sys_count=-1))
        self.assertEqual((item["difference"]["key_count"], item["difference"]["sys_count"]),
                         (-2, 1))
        self.assertNotIn("last_update_nanos", item["difference"])
        result = varve("stats", "recount", self.store, *AT)
        self.assertIn(["key_count", "3", "5", "-2"], [line.split() for line in result.lines()])
        self.assertIn("`varve stats repair` rights them", result.err)

    def test_estimates_may_differ(self):
        self.fill()
        self.drift(contains_estimates=1)
        self.assertEqual(self.one("recount", self.store)["account"], "estimated")

    def test_a_damaged_key_is_named(self):
        self.fill()
        with Writer(self.store) as store:
            store.record(engine_key(b"bad"), b"\xff")
        result = self.run_failing(CORRUPT, "stats", "recount", self.store)
        self.assertIn('"bad"', result.err)
        self.assertIn("`varve check` tells of all that is damaged", result.err)


class Repair(StatsTest):

    def check_kept(self):
        self.assertEqual(self.one("show", self.store, *AT)["kept"], self.EXPECTED)
        self.assertEqual(self.one("recount", self.store, *AT)["account"], "equal")

    def test_it_needs_leave_to_write(self):
        self.fill()
        self.run_failing(USAGE, "stats", "repair", self.store)
        self.run_failing(USAGE, "stats", "consolidate", self.store)
        self.run_failing(NO, "stats", "show", self.store)

    def test_a_dry_run_writes_nothing(self):
        self.fill()
        item = self.one("repair", self.store, "--dry-run")
        self.assertEqual((item["dry_run"], item["account"]), (True, "not kept"))
        self.run_failing(NO, "stats", "show", self.store)

    def test_beginning(self):
        self.fill()
        lines = self.run_ok("stats", "repair", self.store, "--write").lines()
        self.assertEqual(lines[-1], "the store keeps statistics from now on")
        self.check_kept()

    def test_righting(self):
        self.fill()
        self.drift(key_count=5, gc_bytes_age=-3, contains_estimates=1)
        item = self.one("repair", self.store, "--write")
        self.assertEqual(item["difference"]["key_count"], -2)
        self.check_kept()
        lines = self.run_ok("stats", "repair", self.store, "--write").lines()
        self.assertEqual(lines[-1], "the statistics were right")
        self.check_kept()

    def test_an_account_that_is_none(self):
        self.fill()
        for damage in (lambda store: store.inline(ACCOUNT, raw_int(1)),
                       lambda store: store.merge(ACCOUNT, raw_bytes(b"x")),
                       lambda store: store.record(engine_key(ACCOUNT), b"\xff")):
            with Writer(self.store) as store:
                damage(store)
            self.assertEqual(self.stats("recount", code=CORRUPT)["account"], "damaged")
            self.assertEqual(self.one("repair", self.store, "--write")["account"], "damaged")
            self.check_kept()

    def test_consolidating_changes_no_number(self):
        self.fill()
        result = self.run_failing(NO, "stats", "consolidate", self.store, "--write")
        self.assertIn("keeps no statistics", result.err)
        self.run_ok("stats", "repair", self.store, "--write")
        with Writer(self.store) as store:
            for _ in range(10):
                store.merge(ACCOUNT, account(key_count=1))
            store.merge(ACCOUNT, account(key_count=-10))
        self.run_ok("stats", "consolidate", self.store, "--write")
        self.check_kept()


if __name__ == "__main__":
    unittest.main()
