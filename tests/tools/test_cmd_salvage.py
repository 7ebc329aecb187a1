"""varve salvage: stores whose log is damaged open again, with what was committed before it."""

import pathlib
import shutil
import unittest

from toolkit import (CORRUPT, OK, SECOND, STORE, USAGE, ToolTest, Writer, raw_bytes, varve)

T = 1_700_000_000 * SECOND


class Salvage(ToolTest):

    def fill(self):
        with Writer(self.store) as store:
            store.put(b"table", T, raw_bytes(b"v"))
            store.flush()
            for number in range(100):
                store.put(b"%03d" % number, T, raw_bytes(b"v" * 2000))
        self.log = max(pathlib.Path(self.store).glob("*.log"), key=lambda path: path.stat().st_size)
        self.commits = [item for item in self.run_ok("wal", "dump", self.store, "--json").objects()
                        if "commit" in item and item["file"] == self.log.name]
        self.assertEqual(len(self.commits), 100)

    def damage(self, number):
        """Damage one commit of a hundred."""
        content = bytearray(self.log.read_bytes())
        content[self.commits[number]["offset"] + 60] ^= 1
        self.log.write_bytes(content)

    def salvage(self, *options):
        return self.objects("salvage", "salvage", self.store, *options)[0]

    def keys(self):
        return [line.strip('"') for line in
                self.run_ok("scan", self.store, "--keys").out.decode().splitlines()]

    def test_what_is_in_front_of_the_damage_is_kept(self):
        self.fill()
        self.damage(40)
        self.assertEqual(varve("scan", self.store).code, CORRUPT)
        before = self.log.read_bytes()
        told = self.salvage("--dry-run")
        self.assertEqual((told["damaged"], told["dry_run"], told["file"], told["offset"]),
                         (True, True, self.log.name, self.commits[40]["offset"]))
        self.assertEqual(told["sequence"], self.commits[40]["commit"] - 1)
        # The rest of the block of 32 KiB cannot be taken apart; there, 16 commits may be.
        self.assertGreaterEqual(told["commits_dropped"], 59 - 16)
        self.assertLessEqual(told["commits_dropped"], 59)
        self.assertEqual(self.log.read_bytes(), before)
        self.assertEqual(varve("scan", self.store).code, CORRUPT)

        self.assertEqual(self.salvage("--write"), {**told, "dry_run": False})
        self.assertEqual(self.keys(), [f"{number:03}" for number in range(40)] + ["table"])
        # From then on it is a store like others.
        self.run_ok("put", self.store, "new", "v", "--write")
        self.assertEqual(self.keys()[-2:], ["new", "table"])
        self.assertEqual(self.salvage("--write"), {"damaged": False})

    def test_in_words(self):
        self.fill()
        self.damage(99 - 20)
        lines = self.run_ok("salvage", self.store, "--dry-run").lines()
        self.assertRegex(lines[0], rf"\A{self.log.name} is damaged at byte \d+: .+\Z")
        self.assertRegex(lines[1], r"\Awould be kept: all up to record \d+\Z")
        self.assertRegex(lines[2], r"\Awould be dropped: what is damaged, and \d+ commits that can "
                                   r"be read\Z")
        lines = self.run_ok("salvage", self.store, "--write").lines()
        self.assertRegex(lines[1], r"\Akept: ")
        self.assertEqual(self.run_ok("salvage", self.store, "--write").lines(),
                         ["the log is sound"])

    def test_commits_in_front_of_the_damage_that_are_dropped(self):
        # The first log ends in the midst of a commit: of the second one nothing follows on it.
        with Writer(self.store) as store:
            for number in range(30):
                store.put(b"%03d" % number, T, raw_bytes(b"v" * 100))
        log, = pathlib.Path(self.store).glob("*.log")
        commits = [item for item in self.run_ok("wal", "dump", self.store, "--json").objects()
                   if "commit" in item]
        content = bytearray(log.read_bytes())
        at = [commit["offset"] for commit in commits]
        content[at[20] + 60] ^= 1
        log.write_bytes(content[:at[5] + 60])
        second = log.with_name(f"{int(log.stem) + 2:06}.log")
        second.write_bytes(content[at[12]:])
        told = self.salvage("--dry-run")
        self.assertEqual((told["file"], told["offset"], told["sequence"]),
                         (second.name, at[20] - at[12], commits[5]["commit"] - 1))
        self.assertEqual(told["commits_dropped"], 20 - 12)
        self.assertEqual(self.salvage("--write"), {**told, "dry_run": False})
        self.assertEqual(self.keys(), [f"{number:03}" for number in range(5)])

    def test_what_it_is_not_for(self):
        self.fill()
        self.run_failing(USAGE, "salvage", self.store)
        self.run_failing(STORE, "salvage", self.store + "-none", "--write")
        self.assertEqual(self.salvage("--write"), {"damaged": False})
        table, = pathlib.Path(self.store).glob("*.sst")
        shutil.copy("/dev/null", table)
        err = self.run_failing(CORRUPT, "salvage", self.store, "--write").err
        self.assertIn("is sound, but it cannot be opened", err)
        self.assertIn(table.name, err)
        self.damage(40)
        self.assertIn(table.name, self.run_failing(CORRUPT, "salvage", self.store, "--write").err)

    def test_a_torn_end_is_no_damage(self):
        self.fill()
        content = self.log.read_bytes()
        self.log.write_bytes(content[:-30])
        self.assertEqual(varve("scan", self.store).code, OK)
        self.assertEqual(self.salvage("--write"), {"damaged": False})


if __name__ == "__main__":
    unittest.main()
