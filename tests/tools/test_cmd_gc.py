"""varve gc estimate, gc run, gc holds, gc hold, gc release."""

import os
import random
import re
import subprocess
import time
import unittest

import schema
from toolkit import (BUILD, CORRUPT, NO, OK, REFUSED, SECOND, USAGE, VARVE, ToolTest, Writer,
                     engine_key, raw_bytes, varve)

TXN = bytes(range(16))


def raw(size):
    return raw_bytes(b"v" * (size - 5))


def at(seconds):
    return f"@{seconds}"


class Gc(ToolTest):

    def fill(self):
        """Key a: values at 10, 20, 30.  b: deleted at 25.  c: an intent at 40.  d: inline."""
        with Writer(self.store) as store:
            for seconds in (10, 20, 30):
                store.put(b"a", seconds * SECOND, raw(20))
            store.put(b"b", 15 * SECOND, raw(30))
            store.delete(b"b", 25 * SECOND)
            store.put(b"c", 10 * SECOND, raw(20))
            store.put(b"c", 12 * SECOND, raw(20))
            store.intent(b"c", TXN, 40 * SECOND, raw(20))
            store.inline(b"d", raw(20))

    def tallies(self, *arguments):
        report, = self.objects("gc-estimate", "gc", "estimate", self.store, *arguments)
        names = ("collected", "kept_by_policy", "kept_by_holds", "kept_by_intents")
        return {name: (report[name]["versions"], report[name]["bytes"]) for name in names
                if report[name]["versions"] > 0}, report


class Estimate(Gc):

    def test_by_age(self):
        self.fill()
        # At 40, what nobody has seen for 15 s: of a what 20 covers; b as a whole, for its deletion
        # is from 25; of c what 12 covers.
        told, report = self.tallies("--older-than", "15s", "--at", at(40))
        self.assertEqual(told, {"collected": (4, 32 + (12 + 30) + (12 + 2) + 32),
                                "kept_by_policy": (1, 32), "kept_by_intents": (1, 32)})
        self.assertEqual(report["collected"]["keys"], 1)
        self.assertEqual(report["keys_with_intents"], 1)
        self.assertEqual(report["oldest_intent"]["time"], "40.000000000,0")
        self.assertEqual(report["horizon"]["time"], "25.000000000,0")
        self.assertEqual((report["keys"], report["holds"]), (4, []))

    def test_by_count_and_both(self):
        self.fill()
        told, _ = self.tallies("--keep", "1", "--at", at(40))
        self.assertEqual(told, {"collected": (4, 32 + 32 + 42 + 32), "kept_by_policy": (1, 14),
                                "kept_by_intents": (1, 32)})
        told, _ = self.tallies("--keep", "2", "--older-than", "15s", "--both", "--at", at(40))
        self.assertEqual(told["collected"], (1, 32))
        told, _ = self.tallies("--keep", "2", "--older-than", "15s", "--at", at(40))
        self.assertEqual(told["collected"], (4, 32 + 42 + 14 + 32))

    def test_a_span(self):
        self.fill()
        told, report = self.tallies("--keep", "1", "--start", "b", "--end", "c", "--at", at(40))
        self.assertEqual((told["collected"], report["keys"]), ((1, 42), 1))

    def test_holds_are_told(self):
        self.fill()
        self.run_ok("gc", "hold", self.store, "early", "--at", at(12), "--write", "--owner", "me")
        self.run_ok("gc", "hold", self.store, "late", "--at", at(22), "--write")
        self.run_ok("gc", "hold", self.store, "over", "--at", at(1), "--ends", at(2), "--write")
        told, report = self.tallies("--keep", "1", "--at", at(40))
        # The versions from 10 of a, and from 15 of b, are seen at 12; that of c is not.
        self.assertEqual(told, {"collected": (1, 32), "kept_by_holds": (3, 32 + 32 + 42),
                                "kept_by_policy": (1, 14), "kept_by_intents": (1, 32)})
        self.assertEqual([(hold["hold"], hold["versions"], hold["bytes"])
                          for hold in report["holds"]],
                         [("early", 3, 106), ("late", 2, 74), ("over", 0, 0)])
        lines = self.run_ok("gc", "estimate", self.store, "--keep", "1", "--at", at(40)).lines()
        self.assertRegex(lines[1], r"^would be collected +1 +32$")
        self.assertRegex(lines[3], r"^kept by holds +3 +106$")
        self.assertRegex("\n".join(lines), r"\nearly +1970-01-01T00:00:12\.000000000Z,\d+ +- +me +3"
                                           r" +106\n")

    def test_command_lines_that_make_no_sense(self):
        self.fill()
        for arguments in ((), ("--older-than", "15"), ("--older-than", "x"),
                          ("--older-than", "0s"), ("--keep", "0"), ("--keep", "-1"),
                          ("--keep", "1", "--both"), ("--older-than", "15s", "--both")):
            self.run_failing(USAGE, "gc", "estimate", self.store, *arguments)
        self.assertIn("--both is of two: give --older-than and --keep", self.run_failing(
            USAGE, "gc", "run", self.store, "--keep", "1", "--both", "--write").err)
        self.assertIn("ends before it starts", self.run_failing(
            USAGE, "gc", "estimate", self.store, "--keep", "1", "--start", "z", "--end", "a").err)
        result = varve("gc", "--help")
        self.assertEqual(result.code, OK)
        for name in ("estimate", "run", "holds", "hold", "release"):
            self.assertIn(f"gc {name}".encode(), result.out)


class Run(Gc):

    def test_it_collects_what_was_estimated(self):
        self.fill()
        policy = ("--older-than", "15s", "--at", at(40))
        _, estimated = self.tallies(*policy)
        dry, = self.objects("gc-estimate", "gc", "run", self.store, *policy, "--dry-run")
        self.assertEqual(dry, estimated)
        self.run_failing(USAGE, "gc", "run", self.store, *policy)
        done, = self.objects("gc-run", "gc", "run", self.store, *policy, "--write")
        self.assertEqual(done["collected"], estimated["collected"])
        self.assertEqual(done["commits"], 1)
        text = self.run_ok("gc", "run", self.store, *policy, "--write").out.decode()
        self.assertRegex(text, r"^collected 0 versions of 0 bytes; nothing is left of 0 keys\n"
                               r"1 keys have intents, the oldest from "
                               r"1970-01-01T00:00:40\.0+Z,0\n$")
        history = self.run_ok("history", self.store, "a").out.decode()
        self.assertIn("00:00:30", history)
        self.assertIn("00:00:20", history)
        self.assertNotIn("00:00:10", history)

    def test_reads_below_are_refused(self):
        self.fill()
        self.run_ok("gc", "run", self.store, "--older-than", "15s", "--at", at(40), "--write")
        for command in (("get", self.store, "a"), ("history", self.store, "a"),
                        ("scan", self.store)):
            result = self.run_failing(REFUSED, *command, "--at", at(24))
            self.assertIn("not above the threshold 25.000000000,0 of garbage collection; ask for a "
                          "later time", result.err)
        self.run_ok("get", self.store, "a", "--at", at(25))

    def test_in_pieces(self):
        self.fill()
        policy = ("--keep", "1", "--at", at(50), "--json", "--write")
        first = self.run_ok("gc", "run", self.store, *policy, "--limit", "3").objects()
        self.assertEqual([set(item) for item in first][1], {"resume"})
        self.assertEqual(first[0]["collected"]["versions"], 3)
        last = self.run_ok("gc", "run", self.store, *policy, "--resume",
                           first[1]["resume"]).objects()
        self.assertEqual(last[0]["collected"]["versions"], 4)
        self.assertEqual(len(last), 1)
        self.run_failing(USAGE, "gc", "run", self.store, *policy[:4], "--write", "--resume", "00")

    def test_no_commit_is_more_than_a_second_of_the_rate(self):
        with Writer(self.store) as store:
            for seconds in range(1, 26):
                store.put(b"a", seconds * SECOND, raw(20))
        report, = self.objects("gc-run", "gc", "run", self.store, "--keep", "1", "--rate", "10",
                               "--at", at(40), "--write")
        self.assertEqual(report["collected"]["versions"], 24)
        self.assertGreaterEqual(report["commits"], 3)

    # Trap T14: a hold, one that is over, and a reader below.
    def test_holds(self):
        self.fill()
        self.run_ok("gc", "hold", self.store, "backup", "--at", at(12), "--owner", "me",
                    "--reason", "a copy is being made", "--write")
        self.run_ok("gc", "hold", self.store, "old", "--at", at(1), "--ends", at(39), "--write")
        before = self.run_ok("get", self.store, "a", "--at", at(12)).out
        self.run_ok("gc", "run", self.store, "--older-than", "1s", "--at", at(40), "--write")
        self.assertEqual(self.run_ok("get", self.store, "a", "--at", at(12)).out, before)
        result = self.run_failing(REFUSED, "gc", "hold", self.store, "late", "--at", at(11),
                                  "--write")
        self.assertIn("comes too late: garbage has been collected up to 12.", result.err)
        backup, old = self.objects("gc-holds", "gc", "holds", self.store)
        self.assertEqual((backup["hold"], backup["owner"], backup["reason"], backup["active"]),
                         ("backup", "me", "a copy is being made", True))
        self.assertEqual((old["ends"], old["active"]), ("1970-01-01T00:00:39.000000000Z", False))
        self.assertRegex(self.run_ok("gc", "holds", self.store).lines()[1],
                         r"^backup +1970-01-01T00:00:12\.\S+ +\S+ +- +me +a copy is being made$")

        self.run_ok("gc", "release", self.store, "backup", "--write")
        self.run_failing(NO, "gc", "release", self.store, "backup", "--write")
        self.run_ok("gc", "run", self.store, "--older-than", "1s", "--at", at(40), "--write")
        self.run_failing(REFUSED, "get", self.store, "a", "--at", at(12))

    def test_what_was_done_is_told(self):
        self.fill()
        words = ("name", "--at", at(12), "--owner", "me", "--ends", at(99), "--write")
        self.assertEqual(self.run_ok("gc", "hold", self.store, *words).lines(),
                         ['hold\t"name"\t1970-01-01T00:00:12.000000000Z,2147483647'])
        held, = self.objects("gc-holds", "gc", "hold", self.store, *words)
        listed, = self.objects("gc-holds", "gc", "holds", self.store)
        # Those of one moment are the same; this one has come to its end long ago.
        self.assertEqual({**held, "made": None}, {**listed, "made": None})
        self.assertEqual((held["hold"], held["owner"], held["active"]), ("name", "me", False))
        self.assertEqual(self.objects("gc-release", "gc", "release", self.store, "name",
                                      "--write"), [{"released": "name"}])
        self.run_ok("gc", "hold", self.store, *words)
        self.assertEqual(self.run_ok("gc", "release", self.store, "name", "--write").lines(),
                         ['released\t"name"'])

    def test_texts_of_holds_do_not_reach_the_terminal_raw(self):
        self.fill()
        self.run_ok("gc", "hold", self.store, "a\x1b[31m", "--at", at(12), "--owner", "b\nc",
                    "--reason", "\x07", "--write")
        for words in (("holds", self.store), ("estimate", self.store, "--keep", "1")):
            text = self.run_ok("gc", *words).out.decode()
            self.assertRegex(text, r"\na\?\[31m .* b\?c ")
            self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f]")
        # To the byte they are in JSON.
        hold, = self.objects("gc-holds", "gc", "holds", self.store)
        self.assertEqual((hold["hold"], hold["owner"], hold["reason"]),
                         ("a\x1b[31m", "b\nc", "\x07"))

    def test_changes_need_write(self):
        self.fill()
        for command in (("hold", self.store, "x"), ("release", self.store, "x"),
                        ("run", self.store, "--keep", "1")):
            self.run_failing(USAGE, "gc", *command)
        self.assertEqual(self.objects("gc-holds", "gc", "holds", self.store), [])


class Damaged(Gc):
    """Keys whose metadata makes no sense are left alone and named, and the others collected."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for key in (b"a", b"bad", b"worse", b"z"):
                for seconds in (10, 20, 30):
                    store.put(key, seconds * SECOND, raw(20))
            store.account()
            store.record(engine_key(b"bad"), b"\xff\xfe")
            store.record(engine_key(b"worse"), b"\xff\xfe")

    def run_damaged(self, *arguments):
        result = varve("gc", *arguments, "--json")
        self.assertEqual(result.code, CORRUPT)
        lines = result.err.splitlines()
        self.assertEqual([re.search(r": key (\S+) is damaged and left as it is: ", line)[1]
                          for line in lines[:-1]], ['"bad"', '"worse"'])
        self.assertRegex(lines[-1], r": 2 damaged keys were left as they are; `varve check` says")
        return result.objects()

    def test_they_are_named(self):
        policy = (self.store, "--keep", "1", "--at", at(40))
        estimated, = self.run_damaged("estimate", *policy)
        done, = self.run_damaged("run", *policy, "--write")
        for name, report in (("gc-estimate", estimated), ("gc-run", done)):
            schema.check(name, report)
            self.assertEqual((report["damaged_keys"], report["collected"]["versions"]), (2, 4))
        kinds = [(o["key"], o["kind"]) for o in varve("keys", self.store, "--json").objects()]
        for key in ("bad", "worse"):
            self.assertEqual(kinds.count((key, "value")), 3)
        self.assertEqual((kinds.count(("a", "value")), kinds.count(("z", "value"))), (1, 1))

    def test_redacted(self):
        result = varve("gc", "estimate", self.store, "--keep", "1", "--redact")
        self.assertIn("key <3 bytes> is damaged and left as it is: stored bytes are damaged\n",
                      result.err)

    def test_many_of_them(self):
        with Writer(self.store) as store:
            for number in range(60):
                store.record(engine_key(b"d%02d" % number), b"\xff")
        result = varve("gc", "run", self.store, "--keep", "1", "--at", at(40), "--write")
        self.assertEqual(result.code, CORRUPT)
        self.assertEqual(result.err.count("is damaged and left"), 20)
        self.assertIn("62 damaged keys were left", result.err)


class Killed(ToolTest):
    """`varve gc run`, killed at random moments: the statistics stay those of a recount."""

    KILLS = 20

    def helper(self, *arguments):
        done = subprocess.run([str(BUILD / "tests" / "tools_helper_garbage"), *arguments],
                              check=True, stdout=subprocess.PIPE, timeout=800)
        return done.stdout.decode()

    def test_statistics_and_reads_are_exact(self):
        seed = int(os.environ.get("VARVE_TEST_SEED", time.time_ns() % 2**32))
        print(f"VARVE_TEST_SEED={seed}")
        dice = random.Random(seed)
        # 50,000 versions at 1 to 50 s.
        self.helper("fill", self.store, "1000", "50", "16")
        command = [VARVE, "gc", "run", self.store, "--older-than", "10s", "--at", at(50),
                   "--rate", "40000", "--write"]
        reads = {seconds: varve("scan", self.store, "--at", at(seconds)).out
                 for seconds in (40, 45, 50)}
        for _ in range(self.KILLS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            time.sleep(dice.uniform(0, 0.25))
            process.kill()
            process.wait()
            self.assertEqual(self.helper("check", self.store), "the same\n")
        self.assertEqual(subprocess.run(command, stdout=subprocess.DEVNULL, check=False,
                                        timeout=800).returncode, OK)
        self.assertEqual(self.helper("check", self.store), "the same\n")
        for seconds, expected in reads.items():
            self.assertEqual(varve("scan", self.store, "--at", at(seconds)).out, expected)
        left, = varve("gc", "estimate", self.store, "--older-than", "10s", "--at", at(50),
                      "--json").objects()
        self.assertEqual(left["collected"]["versions"], 0)
        self.assertEqual(left["keys"], 1000)


if __name__ == "__main__":
    unittest.main()
