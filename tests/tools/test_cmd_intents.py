"""varve intents."""

import unittest

from toolkit import SECOND, USAGE, ToolTest, Writer, raw_bytes, varve

NOW = 1_700_000_000 * SECOND
AT = ("--at", f"({NOW},0)")
ONE = b"\x11" * 16
TWO = b"\x22" * 16
ONE_TEXT = "11111111-1111-1111-1111-111111111111"
TWO_TEXT = "22222222-2222-2222-2222-222222222222"


class Intents(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"a", NOW - 5000 * SECOND, raw_bytes(b"v"))
            store.intent(b"a", ONE, NOW - 3600 * SECOND, raw_bytes(b"x" * 95))
            store.intent(b"b", TWO, NOW - 60 * SECOND, raw_bytes(b"y"), epoch=1, sequence=3)
            store.intent(b"c", ONE, NOW - SECOND // 2, b"", epoch=2, sequence=9)
            store.intent(b"d", TWO, NOW + 60 * SECOND, raw_bytes(b"z"))
            store.put(b"e", NOW, raw_bytes(b"v"))
            store.inline(b"f", raw_bytes(b"v"))

    def intents(self, *options):
        """The keys listed, and the sums."""
        *lines, sums = self.objects("intents", "intents", self.store, *AT, *options)
        return [line["key"] for line in lines], sums

    def test_all(self):
        objects = self.objects("intents", "intents", self.store, *AT)
        self.assertEqual(objects[1], {
            "key": "b", "time": "1699999940.000000000,0", "utc": "2023-11-14T22:12:20.000000000Z",
            "txn": TWO_TEXT, "epoch": 1, "sequence": 3, "age_seconds": 60.0, "size": 6})
        self.assertEqual([line["age_seconds"] for line in objects[:4]], [3600.0, 60.0, 0.5, 0.0])
        self.assertEqual([line.get("deleted", False) for line in objects[:4]],
                         [False, False, True, False])
        self.assertEqual(objects[4], {"intents": 4, "bytes": 112, "oldest_seconds": 3600.0})

    def test_text(self):
        result = varve("intents", self.store, *AT)
        self.assertEqual(result.lines()[1], '"b"\t2023-11-14T22:12:20.000000000Z,0\t'
                         f"{TWO_TEXT}\tepoch 1\tsequence 3\t60.0 s old\t6 bytes")
        self.assertEqual(result.lines()[2][-25:], "0.5 s old\t0 bytes, a deletion"[-25:])
        self.assertEqual(result.err, "varve: intents: 4 intents, 112 bytes of values, the oldest "
                                     "of them 60.0 min\n")

    def test_by_age(self):
        for age, keys in (("60", "ab"), ("60s", "ab"), ("1m", "ab"), ("61s", "a"), ("1h", "a"),
                          ("3601s", ""), ("1d", ""), ("0", "abcd")):
            self.assertEqual(self.intents("--older-than", age)[0], list(keys), age)
        for age in ("", "s", "1w", "-1", "1.5h", "99999999999999999d"):
            self.run_failing(USAGE, "intents", self.store, "--older-than", age)

    def test_by_transaction(self):
        for digits, keys in (("1", "ac"), (ONE_TEXT, "ac"), (ONE_TEXT.replace("-", ""), "ac"),
                             ("22222222-22", "bd"), ("3", "")):
            self.assertEqual(self.intents("--txn", digits)[0], list(keys), digits)
        for text in ("xyz", ONE_TEXT + "1"):
            self.run_failing(USAGE, "intents", self.store, "--txn", text)

    def test_in_a_span(self):
        keys, sums = self.intents("--start", "b", "--end", "d")
        self.assertEqual((keys, sums["bytes"]), (["b", "c"], 6))

    def test_sums_of_transactions(self):
        objects = self.objects("intents", "intents", self.store, *AT, "--by-txn")
        self.assertEqual(objects, [
            {"txn": ONE_TEXT, "epoch": 2, "intents": 2, "bytes": 100, "oldest_seconds": 3600.0},
            {"txn": TWO_TEXT, "epoch": 1, "intents": 2, "bytes": 12, "oldest_seconds": 60.0},
            {"intents": 4, "bytes": 112, "oldest_seconds": 3600.0}])
        lines = varve("intents", self.store, *AT, "--by-txn").lines()
        self.assertEqual(lines[0], f"{ONE_TEXT}\tepoch 2\t2 intents\t100 bytes\toldest 60.0 min")

    def test_a_limit(self):
        objects = self.objects("intents", "intents", self.store, *AT, "--limit", "3")
        self.assertEqual(len(objects), 4)
        keys, _ = self.intents("--resume", objects[-1]["resume"])
        self.assertEqual(keys, ["d"])

    def test_no_part_of_a_transaction_is_added_up(self):
        for options in (("--limit", "1"), ("--resume", "63")):
            self.assertIn("--by-txn", self.run_failing(USAGE, "intents", self.store, "--by-txn",
                                                       *options).err)

    def test_without_a_time_the_present_counts(self):
        objects = self.objects("intents", "intents", self.store, "--older-than", "365d")
        self.assertEqual(len(objects), 5)

    def test_none(self):
        keys, sums = self.intents("--start", "e")
        self.assertEqual((keys, sums), ([], {"intents": 0, "bytes": 0, "oldest_seconds": 0.0}))


if __name__ == "__main__":
    unittest.main()
