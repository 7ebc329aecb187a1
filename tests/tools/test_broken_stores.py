"""Stores that do not open: every command says what is wrong and what can be done about it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from toolkit import (CORRUPT, IO, OK, SECOND, STORE, VARVE, Result, ToolTest, Writer, raw_bytes,
                     varve)

# What reads a store, and what writes to it.
READING = (("get", "k"), ("history", "k"), ("scan",), ("keys",), ("range-data",), ("intents",),
           ("top",), ("split-key",), ("approx-size",), ("lsm",), ("info",), ("check",),
           ("gc estimate", "--keep", "1"), ("gc holds",), ("stats show",), ("stats recount",),
           ("export", "{new}"), ("checkpoint", "{new}"))
WRITING = (("gc run", "--keep", "1"), ("gc hold", "h"), ("gc release", "h"), ("stats repair",),
           ("stats consolidate",), ("intents resolve", "--older-than", "1s", "--abort"),
           ("compact",), ("put", "k", "v"), ("del", "k"), ("inc", "n"), ("merge", "m", "v"),
           ("cput", "k", "v", "--expect-missing"), ("clear-range", "--prefix", "k"),
           ("batch", "/dev/null"))
FILES = "; `varve wal dump`, `varve sst check` and `varve find` read its files all the same\n"


class Broken(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_bytes(b"value"))
            store.flush()
            store.put(b"l", SECOND, raw_bytes(b"value"))

    def commands(self, kinds):
        for name, *rest in kinds:
            words = [word.format(new=self.folder / "new") for word in rest]
            yield (*name.split(), self.store, *words, *(("--write",) if kinds == WRITING else ()))

    def all_fail(self, code, text, end, kinds=(READING, WRITING)):
        for kind in kinds:
            for command in self.commands(kind):
                err = self.run_failing(code, *command).err
                self.assertIn(text, err)
                self.assertTrue(err.endswith(end), err)
                self.assertFalse((self.folder / "new").exists(), command)

    def test_no_store(self):
        shutil.rmtree(self.store)
        way = "; look at the path; `varve import` creates stores\n"
        self.all_fail(STORE, f"there is no store at {self.store}", way)
        os.mkdir(self.store)
        self.all_fail(STORE, f"there is no store at {self.store}", way)

    def test_a_file(self):
        shutil.rmtree(self.store)
        pathlib.Path(self.store).write_text("hello")
        self.all_fail(STORE, f"{self.store} is not a directory", "; name the folder of a store; an "
                      "import also takes an empty one\n")

    def test_a_later_version(self):
        path = pathlib.Path(self.store) / "VARVE_VERSION"
        path.write_text(json.dumps({**json.loads(path.read_text()), "Version": 99}))
        self.all_fail(STORE, "on disk:99", "; use the version of varve that wrote it\n")

    def lose(self, pattern):
        for path in pathlib.Path(self.store).glob(pattern):
            path.unlink()
        return path.name

    def test_lost_files(self):
        for pattern in ("*.sst", "CURRENT", "MANIFEST-*"):
            copy = self.store + "-copy"
            shutil.copytree(self.store, copy)
            self.all_fail(CORRUPT, self.lose(pattern), FILES)
            err = self.run_failing(CORRUPT, "import", "tsv", self.store, "/dev/null").err
            self.assertTrue(err.endswith(FILES), err)
            # As the message says.
            self.assertEqual(varve("wal", "dump", self.store).code, OK)
            self.assertIn(b'log\t', varve("find", self.store, "l").out)
            shutil.rmtree(self.store)
            os.rename(copy, self.store)

    def test_a_damaged_log(self):
        with Writer(self.store) as store:
            for number in range(100):
                store.put(b"m%d" % number, SECOND, raw_bytes(b"value" * 20))
        log = max(pathlib.Path(self.store).glob("*.log"), key=lambda path: path.stat().st_size)
        damaged = bytearray(log.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        log.write_bytes(damaged)
        way = ("; if it is the log, `varve wal dump` shows where, and `varve salvage` ends it "
               "there\n")
        self.all_fail(CORRUPT, "cannot open the store", way)
        err = self.run_failing(CORRUPT, "import", "tsv", self.store, "/dev/null").err
        self.assertTrue(err.endswith(way), err)
        # As the message says.
        self.assertIn(f"damaged\t{log.name}\t", varve("wal", "dump", self.store).out.decode())
        self.run_ok("salvage", self.store, "--write")
        for command in self.commands(READING):
            self.assertNotEqual(varve(*command).code, CORRUPT, command)

    def test_a_damaged_version_file(self):
        (pathlib.Path(self.store) / "VARVE_VERSION").write_text("hello")
        self.all_fail(CORRUPT, "VARVE_VERSION is not formatted correctly", FILES)
        self.assertEqual(varve("wal", "dump", self.store).code, OK)
        self.assertIn(b'log\t', varve("find", self.store, "l").out)

    def test_a_writer_has_it(self):
        with Writer(self.store):
            self.all_fail(STORE, "has it open", "; end the program that writes to it first\n",
                          (WRITING,))
            for command in self.commands(READING):
                self.assertNotIn("cannot open", varve(*command).err)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "it takes another user")
    def test_no_permission(self):
        # Where the tool lies, that user may not look, nor perhaps into what TMPDIR names.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-test-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        tool = folder / "varve"
        shutil.copy(VARVE, tool)
        self.store = shutil.move(self.store, str(folder / "store"))
        # What a build for the coverage counts is written to a place of his, and not to ours.
        counts = folder / "counts"
        counts.mkdir()
        os.chmod(counts, 0o777)
        for mode, kinds in ((0o755, WRITING), (0o700, READING), (0o700, WRITING)):
            os.chmod(self.store, mode)
            for command in self.commands(kinds):
                result = Result(subprocess.run(
                    ["setpriv", "--reuid=65534", "--clear-groups", str(tool), *command],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                    env={**os.environ, "GCOV_PREFIX": str(counts)}))
                self.assertEqual(result.code, IO, (command, result.err))
                self.assertRegex(result.err, r"\Avarve: [^\n]+\n\Z")
                self.assertIn(f"cannot open the store {self.store}", result.err)
                self.assertTrue(result.err.endswith(": Permission denied\n"), result.err)


if __name__ == "__main__":
    unittest.main()
