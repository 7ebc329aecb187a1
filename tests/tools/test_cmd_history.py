"""varve history."""

import unittest

from toolkit import (CORRUPT, NO, SECOND, USAGE, ToolTest, Writer, raw_bytes, raw_file, raw_int,
                     with_checksum)

FIRST = "a" * 40
SECOND_COMMIT = "b" * 40


def utc(second):
    return f"1970-01-01T00:00:{second:02}.000000000Z"


class History(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"f", 1 * SECOND, raw_file("100644", b"one"))
            store.put(b"f", 1 * SECOND, raw_file("100755", b"three"), logical=1)
            store.delete(b"f", 2 * SECOND)
            store.put(b"f", 3 * SECOND, raw_bytes(b""))
            store.put(b"f/", 4 * SECOND, raw_bytes(b"a neighbour"))
            store.put(b"e", 5 * SECOND, raw_bytes(b"another"))
            store.label(FIRST, 1 * SECOND)
            store.label(SECOND_COMMIT, 2 * SECOND, number=1)

    def test_text(self):
        lines = [line.split() for line in self.run_ok("history", self.store, "f").lines()]
        self.assertEqual(lines, [
            ["TIME", "KIND", "TYPE", "SIZE", "COMMIT"],
            [utc(3) + ",0", "value", "BYTES", "0", "-"],
            [utc(2) + ",0", "deleted", "-", "-", SECOND_COMMIT],
            [utc(1) + ",1", "value", "100755", "5", "-"],
            [utc(1) + ",0", "value", "100644", "3", FIRST],
        ])

    def test_columns_stand_under_each_other(self):
        lines = self.run_ok("history", self.store, "f").lines()
        for title in ("KIND", "TYPE", "COMMIT"):
            column = lines[0].index(title)
            for line in lines[1:]:
                self.assertEqual(line[column - 1], " ")
                self.assertNotEqual(line[column], " ")
        end = lines[0].index("SIZE") + 4
        self.assertTrue(all(line[end - 1] != " " and line[end] == " " for line in lines))

    def test_json(self):
        objects = self.objects("history", "history", self.store, "f")
        key = {"key": "f"}
        self.assertEqual(objects, [
            {**key, "time": "3.000000000,0", "utc": utc(3), "tag": "BYTES", "size": 0},
            {**key, "time": "2.000000000,0", "utc": utc(2), "commit": SECOND_COMMIT,
             "deleted": True},
            {**key, "time": "1.000000000,1", "utc": utc(1), "tag": "TUPLE", "mode": "100755",
             "size": 5},
            {**key, "time": "1.000000000,0", "utc": utc(1), "commit": FIRST, "tag": "TUPLE",
             "mode": "100644", "size": 3},
        ])

    def test_the_times_it_prints_are_those_that_get_takes(self):
        contents = {"1": b"three", "0": b"one"}
        lines = [line.split() for line in self.run_ok("history", self.store, "f").lines()[1:]]
        for time, kind, mode, *_ in lines:
            if kind == "deleted":
                self.run_failing(NO, "get", self.store, "f", "--at", time)
            elif mode.startswith("100"):
                self.assertEqual(self.run_ok("get", self.store, "f", "--at", time).out,
                                 contents[time[-1]])

    def test_as_of_a_time(self):
        def times(at):
            return [o["time"] for o in self.objects("history", "history", self.store, "f",
                                                    "--at", at)]
        self.assertEqual(times("@1"), ["1.000000000,1", "1.000000000,0"])
        self.assertEqual(times("commit:aaaa"), ["1.000000000,0"])
        self.assertEqual(times("@2.5")[0], "2.000000000,0")

    def test_limit_and_resume(self):
        seen = []
        at = "now"
        for _ in range(10):
            objects = self.objects("history", "history", self.store, "f", "--limit", "1",
                                   "--at", at)
            seen.append(objects[0]["time"])
            if len(objects) == 1:
                break
            at = objects[1]["resume_at"]
        self.assertEqual(seen, ["3.000000000,0", "2.000000000,0", "1.000000000,1",
                                "1.000000000,0"])

    def test_the_resume_time_of_the_text_form_is_on_standard_error(self):
        result = self.run_failing(0, "history", self.store, "f", "--limit", "2")
        self.assertEqual(len(result.lines()), 3)
        self.assertRegex(result.err, r"go on with --at 1\.000000000,1\n")

    def test_a_limit_that_is_not_reached_says_nothing(self):
        self.run_ok("history", self.store, "f", "--limit", "4")

    def test_no_limit_at_all(self):
        self.assertEqual(self.objects("history", "history", self.store, "f", "--limit", "0"),
                         [{"resume_at": "9223372036.854775807,2147483647"}])

    def test_absent_keys(self):
        self.assertIn('key "nope" has no versions',
                      self.run_failing(NO, "history", self.store, "nope").err)
        self.assertIn('key "f" has no versions at or before @0.5',
                      self.run_failing(NO, "history", self.store, "f", "--at", "@0.5").err)

    def test_hexadecimal_keys(self):
        objects = self.objects("history", "history", self.store, "662f", "--hex")
        self.assertEqual([o["key_hex"] for o in objects], ["662f"])
        self.run_failing(USAGE, "history", self.store, "f/", "--hex")

    def test_the_other_name(self):
        self.assertEqual(self.run_ok("log", self.store, "f").out,
                         self.run_ok("history", self.store, "f").out)


class Others(ToolTest):

    def test_without_labels_there_is_no_column_for_them(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_int(300))
        self.assertEqual([line.split() for line in self.run_ok("history", self.store, "k").lines()],
                         [["TIME", "KIND", "TYPE", "SIZE"],
                          [utc(1) + ",0", "value", "INT", "2"]])

    def test_an_inline_value_has_no_time(self):
        with Writer(self.store) as store:
            store.inline(b"k", raw_bytes(b"v"))
        self.assertEqual(self.run_ok("history", self.store, "k").lines()[1].split(),
                         ["-", "inline", "BYTES", "1"])
        self.assertEqual(self.objects("history", "history", self.store, "k")[0]["time"], "0,0")

    def test_long_histories_and_long_lists_of_commits(self):
        count = 2500
        with Writer(self.store) as store:
            for second in range(1, count + 1):
                store.put(b"k", second * SECOND, raw_int(second))
                store.label(f"{second:040x}", second * SECOND, number=second)
        objects = self.objects("history", "history", self.store, "k")
        self.assertEqual([(o["time"], o["commit"]) for o in objects],
                         [(f"{second}.000000000,0", f"{second:040x}")
                          for second in range(count, 0, -1)])
        objects = self.objects("history", "history", self.store, "k", "--limit", "1500")
        self.assertEqual(objects[1500], {"resume_at": "1000.000000000,0"})

    def test_sha256_commits(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_bytes(b"v"))
            store.label("0f" * 32, SECOND)
        self.assertEqual(self.objects("history", "history", self.store, "k")[0]["commit"],
                         "0f" * 32)

    def test_damage_is_told(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, with_checksum(b"other", raw_bytes(b"v")))
        self.run_failing(CORRUPT, "history", self.store, "k")

    def test_damaged_labels_are_told(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_bytes(b"v"))
            store.inline(b"\x01vg" + b"0" * 40, raw_bytes(b"v"))
        self.assertIn("the commit label",
                      self.run_failing(CORRUPT, "history", self.store, "k").err)


if __name__ == "__main__":
    unittest.main()
