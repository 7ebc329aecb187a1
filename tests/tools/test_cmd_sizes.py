"""varve split-key, approx-size and top: where the bytes are."""

import os
import subprocess
import unittest

from toolkit import (NO, SECOND, USAGE, VARVE, ToolTest, Writer, is_instrumented, raw_bytes,
                     varve)

T = 1_700_000_000 * SECOND


class SplitKey(ToolTest):

    def fill(self, keys):
        """Each key with so many versions of ten bytes."""
        with Writer(self.store) as store:
            for key, versions in keys.items():
                for number in range(versions):
                    store.put(key, T + number, raw_bytes(b"12345"))

    def answer(self, *options):
        return self.objects("split-key", "split-key", self.store, *options)[0]

    def test_halves(self):
        self.fill({key: 1 for key in (b"aa", b"bb", b"cc", b"dd")})
        # Each key counts its length and one, twelve for the time, ten for the value.
        self.assertEqual(self.answer(), {"key": "cc", "bytes": 100, "left_bytes": 50,
                                         "right_bytes": 50,
                                         "largest": {"key": "aa", "bytes": 25}})
        self.assertEqual(self.run_ok("split-key", self.store).lines(), [
            '"cc"', "50 bytes (50.0 %) in front of it, 50 (50.0 %) from it on",
            'the largest key holds 25.0 % of the bytes, 25 of 100: "aa"'])

    def test_another_target(self):
        self.fill({key: 1 for key in (b"aa", b"bb", b"cc", b"dd")})
        self.assertEqual(self.answer("--target", "20")["key"], "bb")
        self.assertEqual(self.answer("--target", "75")["key"], "dd")
        for text in ("0", "-1", "half"):
            self.run_failing(USAGE, "split-key", self.store, "--target", text)

    def test_a_span(self):
        self.fill({key: 1 for key in (b"aa", b"bb", b"cc", b"dd")})
        self.assertEqual(self.answer("--start", "bb", "--end", "dd"),
                         {"key": "cc", "bytes": 50, "left_bytes": 25, "right_bytes": 25,
                          "largest": {"key": "bb", "bytes": 25}})

    def test_one_key(self):
        self.fill({b"k": 10})
        result = self.run_failing(NO, "split-key", self.store)
        self.assertIn("one key holds 100.0 % of the bytes", result.err)
        self.assertEqual(result.lines(),
                         ['the largest key holds 100.0 % of the bytes, 222 of 222: "k"'])

    def test_a_heavy_key(self):
        self.fill({b"a": 1, b"k": 97, b"z": 1})
        answer = self.answer()
        self.assertEqual(answer["largest"], {"key": "k", "bytes": 2 + 97 * 22})
        self.assertEqual(answer["bytes"], 3 * 2 + 99 * 22)

    def test_no_keys(self):
        self.fill({b"a": 1})
        for options in (("--start", "b"), ("--start", "z", "--end", "b")):
            self.assertIn("no keys in the range",
                          self.run_failing(NO, "split-key", self.store, *options).err)


class ApproxSize(ToolTest):

    def size(self, *options):
        return self.objects("approx-size", "approx-size", self.store, *options)[0]["bytes"]

    def test_what_is_in_files(self):
        with Writer(self.store) as store:
            for number in range(200):
                store.put(f"{number:03}".encode(), T, raw_bytes(os.urandom(5000)))
            store.flush()
        whole = self.size()
        # Random bytes do not become fewer by compression; blocks and an index come on top.
        self.assertGreater(whole, 1_000_000)
        self.assertLess(whole, 1_200_000)
        half = self.size("--end", "100")
        self.assertGreater(half, 450_000)
        self.assertLess(half, 600_000)
        self.assertEqual(self.size("--start", "9"), 0)
        self.assertEqual(self.size("--start", "5", "--end", "4"), 0)
        self.assertEqual(self.run_ok("approx-size", self.store).out, b"%d\n" % whole)

    def test_what_is_in_the_log_only(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_bytes(b"v" * 100_000))
        self.assertGreater(self.size(), 100_000)


class Top(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for number in range(5):
                store.put(b"many", T + number, raw_bytes(b""))
            store.put(b"large", T, raw_bytes(b"x" * 995))
            store.put(b"gone", T, raw_bytes(b"x" * 95))
            store.delete(b"gone", T + 1)
            store.put(b"open", T, raw_bytes(b"before"))
            store.intent(b"open", b"\1" * 16, T + 1, raw_bytes(b"after"))
            store.inline(b"inline", raw_bytes(b"v"))
            store.inline(b"\x01vc", raw_bytes(b"\0" * 12))

    def top(self, *options):
        *keys, last = self.objects("top", "top", self.store, *options)
        return keys, last

    def test_by_bytes(self):
        keys, last = self.top()
        self.assertEqual([key["key"] for key in keys],
                         ["large", "gone", "open", "many", "inline"])
        # The stored key is the user key, two bytes of end, twelve of time.
        self.assertEqual(keys[0], {"key": "large", "versions": 1, "bytes": 19 + 1000,
                                   "garbage_bytes": 0})
        self.assertEqual(keys[3], {"key": "many", "versions": 5, "bytes": 5 * (18 + 5),
                                   "garbage_bytes": 4 * (18 + 5)})
        self.assertEqual(last["keys"], 5)
        self.assertEqual(last["bytes"], sum(key["bytes"] for key in keys))
        self.assertEqual(last["versions"], 10)

    def test_by_versions(self):
        keys, _ = self.top("--by", "versions")
        self.assertEqual([(key["key"], key["versions"]) for key in keys],
                         [("many", 5), ("gone", 2), ("open", 2), ("large", 1)])

    def test_by_garbage(self):
        keys, last = self.top("--by", "garbage")
        # Of a deleted key all is; what an intent stands above is not.
        self.assertEqual([(key["key"], key["garbage_bytes"]) for key in keys],
                         [("gone", 18 + 100 + 18), ("many", 92)])
        self.assertEqual(last["garbage_bytes"], 136 + 92)

    def test_how_many(self):
        keys, last = self.top("--count", "2")
        self.assertEqual([key["key"] for key in keys], ["large", "gone"])
        self.assertEqual(last["keys"], 5)
        for count in ("0", "1001", "x"):
            self.run_failing(USAGE, "top", self.store, "--count", count)
        self.run_failing(USAGE, "top", self.store, "--by", "size")

    def test_a_span(self):
        keys, last = self.top("--prefix", "g")
        self.assertEqual(([key["key"] for key in keys], last["keys"]), (["gone"], 1))
        self.assertEqual(self.top("--system")[1]["keys"], 6)

    def test_equal_ones_are_listed_in_their_order(self):
        with Writer(self.folder / "equal") as store:
            for number in range(100):
                store.put(f"{number:02}".encode(), T, raw_bytes(b"v"))
        lines = self.objects("top", "top", self.folder / "equal", "--count", "3")
        self.assertEqual([line.get("key") for line in lines[:3]], ["00", "01", "02"])

    def test_the_largest_of_many(self):
        with Writer(self.folder / "many") as store:
            for number in range(300):
                store.put(f"{number:03}".encode(), T, raw_bytes(b"v" * (number * 7919 % 300)))
        lines = self.objects("top", "top", self.folder / "many", "--count", "20")
        expected = sorted(range(300), key=lambda n: -(n * 7919 % 300))[:20]
        self.assertEqual([int(line["key"]) for line in lines[:20]], expected)

    def test_text(self):
        lines = self.run_ok("top", self.store, "--count", "1").lines()
        self.assertEqual(lines, ["  VERSIONS      BYTES    GARBAGE  KEY",
                                 '         1     1019 B        0 B  "large"',
                                 "        10    1.4 KiB      228 B  all of 5 keys"])

    @unittest.skipIf(is_instrumented(), "a sanitizer takes memory of its own")
    def test_memory_is_bounded(self):
        """What is walked over does not decide how much memory it takes: 100 MB in 72."""
        value = raw_bytes(os.urandom(250) * 2000)
        with Writer(self.folder / "large") as store:
            for number in range(200):
                store.put(f"{number:03}".encode(), T, value)
                if number % 50 == 49:
                    store.flush()  # what is not in a table is read into memory whole
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen([VARVE, "top", self.folder / "large"], stdout=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
        self.assertEqual(status, 0)
        self.assertLess(usage.ru_maxrss, 72 * 1024)

    def test_an_empty_store(self):
        with Writer(self.folder / "empty"):
            pass
        self.assertEqual(self.objects("top", "top", self.folder / "empty"),
                         [{"keys": 0, "versions": 0, "bytes": 0, "garbage_bytes": 0}])
        self.assertEqual(varve("top", self.folder / "empty").code, 0)


if __name__ == "__main__":
    unittest.main()
