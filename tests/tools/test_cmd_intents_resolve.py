"""varve intents resolve."""

import os
import signal
import unittest

from toolkit import (CORRUPT, INTERRUPTED, NO, SECOND, USAGE, ToolTest, Writer, engine_key,
                     raw_bytes, varve)

NOW = 1_700_000_000 * SECOND
AT = ("--at", f"({NOW},0)")
ONE = b"\x1a" * 16
TWO = b"\x22" * 16
ONE_TEXT = "1a1a1a1a-1a1a-1a1a-1a1a-1a1a1a1a1a1a"


def be_interrupted():
    """Begin with a SIGINT that waits for being let through."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


class Resolve(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"a", NOW - 5000 * SECOND, raw_bytes(b"v"))
            store.intent(b"a", ONE, NOW - 3600 * SECOND, raw_bytes(b"x" * 95))
            store.intent(b"b", TWO, NOW - 60 * SECOND, raw_bytes(b"y"), epoch=1)
            store.intent(b"c", ONE, NOW - SECOND, b"", epoch=2)
            store.put(b"e", NOW, raw_bytes(b"v"))
            store.inline(b"f", raw_bytes(b"v"))
            store.account()
        self.before = self.kinds()

    def kinds(self):
        """Key and kind of each record of applications."""
        return [(o["key"], o["kind"]) for o in
                self.run_ok("keys", self.store, "--json").objects()]

    def resolve(self, *options):
        report = self.objects("intents-resolve", "intents", "resolve", self.store, *AT, *options)
        with Writer(self.store) as store:
            store.assert_exact()
        return report[0]

    def test_abort_by_transaction(self):
        for text in (ONE_TEXT, ONE_TEXT.replace("-", "").upper()):
            self.assertEqual(self.resolve("--txn", text, "--abort", "--dry-run"),
                             {"intents": 3, "resolved": 2, "bytes": 100, "damaged": 0,
                              "dry_run": True})
        self.assertEqual(self.kinds(), self.before)
        self.assertEqual(self.resolve("--txn", ONE_TEXT, "--abort", "--write"),
                         {"intents": 3, "resolved": 2, "bytes": 100, "damaged": 0})
        self.assertEqual(self.kinds(), [("a", "value"), ("b", "intent"), ("b", "provisional"),
                                        ("e", "value"), ("f", "inline")])

    def test_the_beginning_of_an_id(self):
        for text in ("1a1a1a1a", "1A1A1A1A-1", ONE_TEXT[:-1]):
            self.assertEqual(self.resolve("--txn", text, "--abort", "--dry-run")["resolved"], 2)
        self.assertIn("give 8 digits or more", self.run_failing(
            USAGE, "intents", "resolve", self.store, "--txn", "1a1a1a1", "--abort",
            "--write").err)
        self.assertIn("no transaction that begins so", self.run_failing(
            NO, "intents", "resolve", self.store, "--txn", "1a1a1a1b", "--abort", "--write").err)
        # Where it has none in the range, there is none to be meant.
        self.run_failing(NO, "intents", "resolve", self.store, "--txn", "22222222", "--abort",
                         "--start", "c", "--write")
        other = bytes.fromhex("1a1a1a1a") + b"\x33" * 12
        with Writer(self.store) as store:
            store.intent(b"g", other, NOW - SECOND, raw_bytes(b"y"))
        before = self.kinds()
        err = self.run_failing(USAGE, "intents", "resolve", self.store, "--txn", "1a1a1a1a",
                               "--abort", "--write").err
        self.assertIn(f"--txn may mean {ONE_TEXT} or 1a1a1a1a-3333-3333-3333-333333333333", err)
        self.assertEqual(self.kinds(), before)
        result = self.run_ok("intents", "resolve", self.store, "--txn", "1a1a1a1a1", "--abort",
                             "--write", *AT)
        self.assertEqual(result.lines(), ["2 of 4 intents resolved, with values of 100 bytes"])

    def test_abort_by_age(self):
        for age, resolved in (("3601s", 0), ("1h", 1), ("2s", 1), ("0s", 1)):
            self.assertEqual(self.resolve("--older-than", age, "--abort", "--write")["resolved"],
                             resolved, age)

    def test_commit(self):
        self.assertEqual(self.resolve("--txn", ONE_TEXT, "--commit", "--write")["resolved"], 2)
        self.assertEqual(self.kinds(), [("a", "value"), ("a", "value"), ("b", "intent"),
                                        ("b", "provisional"), ("c", "deleted"), ("e", "value"),
                                        ("f", "inline")])
        self.assertEqual(self.run_ok("get", self.store, "a").out, b"x" * 95)

    def test_commit_of_an_epoch_at_a_time(self):
        self.assertEqual(self.resolve("--txn", ONE_TEXT, "--commit", "--epoch", "2",
                                      "--commit-time", f"({NOW},7)", "--write")["resolved"], 2)
        times = [(o["key"], o["time"]) for o in
                 self.run_ok("keys", self.store, "--json", "--end", "d").objects()]
        self.assertEqual(times[0], ("a", "1699995000.000000000,0"))
        self.assertEqual(times[-1], ("c", "1700000000.000000000,7"))

    def test_a_span_and_the_text_form(self):
        result = self.run_ok("intents", "resolve", self.store, "--older-than", "0s", "--abort",
                             "--start", "b", "--end", "c", "--write")
        self.assertEqual(result.lines(),
                         ["1 of 1 intents resolved, with values of 6 bytes"])
        result = self.run_ok("intents", "resolve", self.store, "--older-than", "0s", "--abort",
                             "--dry-run")
        self.assertEqual(result.lines(),
                         ["2 of 2 intents would be resolved, with values of 100 bytes"])

    def test_a_range_without_keys(self):
        for mode in ("--dry-run", "--write"):
            self.assertIn("ends before it starts", self.run_failing(
                USAGE, "intents", "resolve", self.store, "--older-than", "0s", "--abort",
                "--start", "z", "--end", "a", mode).err)

    def test_damaged_keys(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"odd"), b"\xff")
        result = varve("intents", "resolve", self.store, "--older-than", "0s", "--abort",
                       "--write")
        self.assertEqual(result.code, CORRUPT)
        self.assertEqual(result.lines(), ["3 of 3 intents resolved, with values of 106 bytes"])
        self.assertRegex(result.err, r'\Avarve: intents resolve: key "odd" is damaged and left as '
                                     r"it is: .*\n.*: 1 damaged keys were left as they are; `varve "
                                     r"check` says what is wrong with them\n\Z")

    def test_an_interrupt(self):
        result = varve("intents", "resolve", self.store, "--older-than", "0s", "--abort",
                       "--write", preexec_fn=be_interrupted)
        self.assertEqual((result.code, result.out), (INTERRUPTED, b""))
        self.assertIn("0 intents resolved: ", result.err)
        self.assertEqual(self.kinds(), self.before)

    def test_what_is_not_clear(self):
        for options in (("--abort",), ("--commit",), ("--txn", ONE_TEXT),
                        ("--txn", ONE_TEXT, "--abort", "--commit"),
                        ("--older-than", "1h", "--commit"), ("--txn", ONE_TEXT[:7], "--abort"),
                        ("--txn", ONE_TEXT + "0", "--abort"), ("--txn", "x" * 32, "--abort"),
                        ("--older-than", "soon", "--abort"),
                        ("--txn", ONE_TEXT, "--abort", "--epoch", "1"),
                        ("--txn", ONE_TEXT, "--abort", "--commit-time", "@5"),
                        ("--txn", ONE_TEXT, "--commit", "--commit-time", "now"),
                        ("--txn", ONE_TEXT, "--commit", "--epoch", "-1"),
                        ("--older-than", "1h", "--abort", "--system"),
                        ("--older-than", "99999d", "--abort")):
            self.run_failing(USAGE, "intents", "resolve", self.store, *options, "--write")
        self.assertIn("add --write", self.run_failing(
            USAGE, "intents", "resolve", self.store, "--txn", ONE_TEXT, "--abort").err)
        self.assertEqual(self.kinds(), self.before)


if __name__ == "__main__":
    unittest.main()
