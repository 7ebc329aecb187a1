"""varve gc run and varve intents resolve, interrupted and killed: what is left is exact."""

import os
import re
import signal
import subprocess
import time
import unittest

from importing import random_of_test
from toolkit import BUILD, INTERRUPTED, OK, VARVE, ToolTest, varve

HELPER = str(BUILD / "tests" / "tools_helper_garbage")


def be_interrupted():
    """Begin with a SIGINT that waits for being let through."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


class Jobs:
    """What both jobs have to bear; `fill`, `command`, `left` and `report` are theirs."""

    def setUp(self):
        super().setUp()
        subprocess.run([HELPER, *self.fill()], check=True, timeout=800)

    def assert_exact(self):
        done = subprocess.run([HELPER, "check", self.store], check=True, stdout=subprocess.PIPE,
                              timeout=800)
        self.assertEqual(done.stdout, b"the same\n")

    def start(self, *options, **more):
        return subprocess.Popen([VARVE, *self.command(), *options], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def token_of(self, process):
        """How an interrupted process says that it is to go on."""
        out, err = process.communicate(timeout=800)
        self.assertEqual((process.returncode, out), (INTERRUPTED, b""), err)
        lines = err.decode().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[0], r"^varve: .*: \d+ (versions collected|intents resolved): ")
        found = re.search(r"there is more; go on with --resume ([0-9a-f]+)$", lines[1])
        self.assertIsNotNone(found, lines)
        return found.group(1)

    def finish(self, *options):
        """Run it to its end: all has been done then."""
        result = varve(*self.command(), "--json", *options)
        self.assertEqual((result.code, result.err), (OK, ""))
        self.assert_exact()
        self.assertEqual(self.left(), 0)
        return self.report(result.objects()[0])

    def test_an_interrupt_before_anything(self):
        before = self.left()
        token = self.token_of(self.start(preexec_fn=be_interrupted))
        self.assertEqual(self.left(), before)
        self.assertEqual(self.finish("--resume", token), before)

    def test_an_interrupt_in_the_middle(self):
        before = self.left()
        # So slow that it cannot come to its end before it is interrupted.
        process = self.start("--rate", "10")
        while self.left() == before and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        token = self.token_of(process)
        left = self.left()
        self.assertLess(0, left)
        self.assertLess(left, before)
        self.assert_exact()
        # What had been done is in the report of the one that goes on.
        self.assertEqual(self.finish("--resume", token), before)

    def test_many_interrupts(self):
        dice = random_of_test()
        before = self.left()
        options = ()
        for _ in range(10):
            process = self.start("--rate", "20000", *options)
            try:
                process.wait(dice.uniform(0, 0.3))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            if process.wait(800) == INTERRUPTED:
                options = ("--resume", self.token_of(process))
            else:
                # It has come to its end, or the signal came before anybody looked for it.
                self.assertIn(process.returncode, (OK, -signal.SIGINT))
                process.communicate()
            self.assert_exact()
        self.assertLessEqual(self.finish(*options), before)

    def test_kills(self):
        dice = random_of_test()
        for _ in range(10):
            process = self.start("--rate", "20000")
            time.sleep(dice.uniform(0, 0.3))
            process.kill()
            process.communicate()
            self.assert_exact()
        self.finish()


class GcRun(Jobs, ToolTest):

    def fill(self):
        return "fill", self.store, "600", "11", "16"

    def command(self):
        return "gc", "run", self.store, "--keep", "1", "--at", "@50", "--write"

    def left(self):
        """How many versions there are to collect."""
        estimate, = varve("gc", "estimate", self.store, "--keep", "1", "--at", "@50",
                          "--json").objects()
        return estimate["collected"]["versions"]

    @staticmethod
    def report(item):
        return item["collected"]["versions"]


class IntentsResolve(Jobs, ToolTest):

    def fill(self):
        return "intents", self.store, "4000", "16"

    def command(self):
        return ("intents", "resolve", self.store, "--older-than", "1s", "--at", "@50", "--abort",
                "--write")

    def left(self):
        """How many intents there are."""
        done, = varve("intents", "resolve", self.store, "--older-than", "1s", "--at", "@50",
                      "--abort", "--dry-run", "--json").objects()
        return done["resolved"]

    @staticmethod
    def report(item):
        return item["resolved"]


if __name__ == "__main__":
    unittest.main()
