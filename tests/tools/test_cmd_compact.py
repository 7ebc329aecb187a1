"""varve compact and varve checkpoint."""

import os
import signal
import unittest

from toolkit import (EXISTS, INTERRUPTED, SECOND, STORE, USAGE, ToolTest, Writer, raw_bytes,
                     varve)

T = 1_700_000_000 * SECOND


def be_interrupted():
    """Begin with a SIGINT that waits for being let through."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


class Compact(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for number in range(3):
                for key in (b"a", b"m", b"z"):
                    store.put(key, T + number, raw_bytes(b"%d" % number * 1000))
                    store.inline(b"inline", raw_bytes(b"%d" % number))
                store.flush()
        self.before = self.contents(self.store)

    def contents(self, store):
        return self.run_ok("range-data", store, "--system", "--json").out

    def files(self):
        """How many table files each level has."""
        return [level["files"] for level in self.objects("lsm", "lsm", self.store)[0]["levels"]]

    def compact(self, *options):
        return self.objects("compact", "compact", self.store, "--write", *options)[0]

    def test_all(self):
        counts = self.compact()
        self.assertEqual((counts["files_before"], counts["files_after"]), (3, 1))
        self.assertLess(counts["bytes_after"], counts["bytes_before"])
        self.assertEqual(sum(self.files()), 1)
        self.assertEqual(self.contents(self.store), self.before)

    def test_what_is_in_memory_too(self):
        self.run_ok("put", self.store, "n", "v", "--write")
        self.assertEqual(self.compact()["files_after"], 1)
        self.assertEqual(self.run_ok("get", self.store, "n").out, b"v")

    def test_the_text_form(self):
        self.assertRegex(self.run_ok("compact", self.store, "--write").lines()[0],
                         r"^3 table files of [0-9.]+ KiB before, 1 of [0-9.]+ KiB now$")

    def test_a_range_without_files(self):
        self.compact()
        self.assertEqual(self.compact("--prefix", "q")["files_after"], 1)

    def test_the_last_level(self):
        """What is there already is written anew only if that is asked for."""
        def names():
            return sorted(name for name in os.listdir(self.store) if name.endswith(".sst"))
        self.compact()
        first = names()
        self.compact()
        self.assertEqual(names(), first)
        self.compact("--bottommost")
        self.assertNotEqual(names(), first)
        self.assertEqual(self.contents(self.store), self.before)

    def test_an_interrupt(self):
        files = self.files()
        result = varve("compact", self.store, "--write", preexec_fn=be_interrupted)
        self.assertEqual((result.code, result.out), (INTERRUPTED, b""))
        self.assertRegex(result.err, r"\Avarve: compact: .*cancelled.*until then stays\n\Z")
        self.assertEqual(self.files(), files)
        self.assertEqual(self.contents(self.store), self.before)
        self.compact()

    def test_it_needs_leave(self):
        self.assertIn("add --write", self.run_failing(USAGE, "compact", self.store).err)

    def test_beside_a_writer(self):
        with Writer(self.store):
            self.assertIn("end the program that writes",
                          self.run_failing(STORE, "compact", self.store, "--write").err)


class Checkpoint(ToolTest):

    def setUp(self):
        super().setUp()
        self.copy = str(self.folder / "copy")
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"1"))
            store.flush()
            store.put(b"b", T, raw_bytes(b"2"))
            store.intent(b"c", b"\1" * 16, T, raw_bytes(b"3"))

    def test_it_holds_the_same(self):
        before = self.run_ok("range-data", self.store, "--system").out
        made = self.objects("checkpoint", "checkpoint", self.store, self.copy)[0]
        self.assertEqual((made["path"], made["files"]), (self.copy, 1))
        for store in (self.store, self.copy):
            self.assertEqual(self.run_ok("range-data", store, "--system").out, before)
        self.run_ok("put", self.store, "a", "new", "--write")
        self.assertEqual(self.run_ok("get", self.copy, "a").out, b"1")
        self.run_ok("put", self.copy, "a", "other", "--write")
        self.assertEqual(self.run_ok("get", self.store, "a").out, b"new")

    def test_the_text_form(self):
        self.assertRegex(self.run_ok("checkpoint", self.store, self.copy).lines()[0],
                         r"/copy: 1 table files, \d+ bytes, sequence number \d+$")

    def test_beside_a_writer(self):
        with Writer(self.store) as store:
            store.put(b"d", T, raw_bytes(b"4"))
            before = self.run_ok("range-data", self.store, "--system").out
            self.objects("checkpoint", "checkpoint", self.store, self.copy)
            # The writer does not notice, nor does the copy what the writer does then.
            store.put(b"e", T, raw_bytes(b"5"))
            store.clear(b"a\0\1")
            store.flush()
            store.compact()
            self.assertEqual(self.run_ok("range-data", self.copy, "--system").out, before)
            self.run_ok("put", self.copy, "a", "other", "--write")
            self.run_ok("compact", self.copy, "--write")
            store.put(b"f", T, raw_bytes(b"6"))
        self.assertEqual(self.run_ok("scan", self.store, "--keys", "--start", "d").lines(),
                         ['"d"', '"e"', '"f"'])

    def test_the_store_is_left_as_it_is(self):
        def files():
            return sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size)
                          for path in (self.folder / "store").iterdir())
        before = files()
        self.objects("checkpoint", "checkpoint", self.store, self.copy)
        self.assertEqual(files(), before)

    def test_a_path_at_which_something_is(self):
        os.mkdir(self.copy)
        self.assertIn("nothing is overwritten", self.run_failing(
            EXISTS, "checkpoint", self.store, self.copy).err)
        self.assertEqual(os.listdir(self.copy), [])
        self.run_failing(EXISTS, "checkpoint", self.store, self.store)

    def test_no_store(self):
        self.run_failing(STORE, "checkpoint", str(self.folder / "none"), self.copy)
        self.assertFalse(os.path.exists(self.copy))


if __name__ == "__main__":
    unittest.main()
