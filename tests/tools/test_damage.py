"""Walks over records go on behind a table file that cannot be read, and say which it is."""

import os
import pathlib
import re
import unittest

from toolkit import (CORRUPT, NO, OK, SECOND, ToolTest, Writer, engine_key, raw_bytes, varve)

T = 1_700_000_000 * SECOND
NOTE = re.compile(r"^varve: [a-z -]+: (.*): (\d{6}\.sst) cannot be read: nothing is shown between "
                  r"(.*) and (.*)$", re.MULTILINE)


class DamageTest(ToolTest):

    def fill(self, *parts):
        """A table for each part, of keys in its range; not compacted."""
        with Writer(self.store) as store:
            for part in parts:
                for number in part:
                    self.last = os.urandom(100)
                    store.put(b"%05d" % number, T, raw_bytes(self.last))
                store.flush()
        self.tables = sorted(pathlib.Path(self.store).glob("*.sst"))

    def damage(self, table, offset):
        with open(table, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x40]))

    def walk(self, *options):
        """The numbers of the keys that are listed, and what is said about those that are not."""
        result = varve("keys", self.store, *options)
        self.assertEqual(result.code, CORRUPT)
        return ([int(line[1:6]) for line in result.lines()], NOTE.findall(result.err))


class Damage(DamageTest):

    def test_a_block_in_the_middle(self):
        self.fill(range(2000), range(2000, 2300))
        self.damage(self.tables[0], 100_000)
        seen, notes = self.walk()
        self.assertEqual([(note[0], note[1]) for note in notes],
                         [(self.store, self.tables[0].name)])
        first, last = (int(text.strip('"')) for text in notes[0][2:])
        # All are there but those between the two: a block, of at most 8 KiB.
        self.assertEqual(seen, [*range(first + 1), *range(last, 2300)])
        self.assertLess(last - first, 80)
        self.assertGreater(last - first, 1)

    def test_the_first_and_the_last_block(self):
        self.fill(range(1000))
        self.damage(self.tables[0], 50)
        seen, notes = self.walk()
        self.assertEqual(notes[0][2], '"\\x02"')  # the first key of applications
        self.assertEqual(seen, list(range(int(notes[0][3].strip('"')), 1000)))
        self.assertGreater(len(seen), 900)
        self.damage(self.tables[0], 50)  # healed
        self.assertEqual(varve("keys", self.store).err, "")
        # Random values are not compressed.
        content = self.tables[0].read_bytes()
        self.damage(self.tables[0], content.index(self.last))
        seen, notes = self.walk()
        self.assertEqual(notes[0][3], "the end")
        self.assertEqual(seen, list(range(int(notes[0][2].strip('"')) + 1)))

    def test_several_blocks_of_several_tables(self):
        self.fill(range(2000), range(2000, 4000))
        for table in self.tables:
            self.damage(table, 60_000)
            self.damage(table, 150_000)
        seen, notes = self.walk()
        self.assertLessEqual({note[1] for note in notes}, {table.name for table in self.tables})
        lost = set(range(4000)) - set(seen)
        self.assertEqual(seen, sorted(seen))
        told = [(int(note[2].strip('"')), int(note[3].strip('"'))) for note in notes]
        self.assertEqual(lost, {key for first, last in told for key in range(first + 1, last)})
        self.assertGreater(len(seen), 1000)

    def test_a_table_below_another(self):
        with Writer(self.store) as store:
            for number in range(2000):
                store.put(b"%05d" % number, T, raw_bytes(os.urandom(100)))
            store.flush()
            store.compact()
            for number in range(0, 2000, 10):
                store.put(b"%05d" % number, T + 1, raw_bytes(b"v"))
            store.flush()
        table = max(pathlib.Path(self.store).glob("*.sst"), key=lambda path: path.stat().st_size)
        self.damage(table, 100_000)
        seen, notes = self.walk()
        self.assertEqual(notes[0][1], table.name)
        self.assertGreater(len(seen), 2000)
        self.assertIn(1999, seen)

    def test_all_that_walk(self):
        self.fill(range(2000))
        self.damage(self.tables[0], 100_000)
        seen, _ = self.walk()
        for arguments in (("range-data", self.store), ("top", self.store),
                          ("intents", self.store), ("lsm", self.store, "--garbage")):
            result = varve(*arguments)
            self.assertEqual(result.code, CORRUPT, arguments)
            self.assertEqual(len(NOTE.findall(result.err)), 1, arguments)
        result = varve("top", self.store, "--json")
        self.assertEqual(result.objects()[-1]["keys"], len(seen))
        self.assertIn(f"in {len(seen)} versions", varve("lsm", self.store, "--garbage").lines()[-1])

    def test_what_lies_outside_is_not_touched(self):
        self.fill(range(2000))
        self.damage(self.tables[0], 100_000)
        self.assertEqual(len(self.run_ok("keys", self.store, "--start", "01900").lines()), 100)
        seen, notes = self.walk("--resume", b"00500\0\1".hex())
        self.assertEqual((seen[0], len(notes)), (500, 1))

    def test_redacted(self):
        self.fill(range(2000))
        self.damage(self.tables[0], 100_000)
        result = varve("keys", self.store, "--redact")
        self.assertIn("nothing is shown between <5 bytes> and <5 bytes>", result.err)


class WaysOut(DamageTest):
    """What stops at damage names the key or the file, and the way around it."""

    def fail(self, *arguments):
        """Run what has to fail; the last line of what it says."""
        result = varve(*arguments)
        self.assertEqual(result.code, CORRUPT, (arguments, result.err))
        self.assertRegex(result.err, r"\A(varve: [^\n]+\n)+\Z")
        return result, result.err.splitlines()[-1]

    def fill_and_damage(self):
        """Two versions of each of 2000 keys, and a block that does not read; the lost keys."""
        with Writer(self.store) as store:
            for number in range(2000):
                store.put(b"%05d" % number, T, raw_bytes(os.urandom(50)))
                store.put(b"%05d" % number, T + 1, raw_bytes(os.urandom(50)))
            store.flush()
        self.tables = sorted(pathlib.Path(self.store).glob("*.sst"))
        self.damage(self.tables[0], 100_000)
        _, notes = self.walk()
        first, last = (text.strip('"') for text in notes[0][2:])
        return first, last

    def test_one_key(self):
        first, last = self.fill_and_damage()
        key = f"{(int(first) + int(last)) // 2:05}"
        for command in ("get", "history"):
            _, line = self.fail(command, self.store, key)
            self.assertIn(f'key "{key}"', line)
            self.assertIn(self.tables[0].name, line)
            self.assertRegex(line, "; `varve find` shows every trace of the key, `varve check` ")
        self.assertIn("unreadable", varve("find", self.store, key).out.decode())

    def test_a_scan_shows_all_in_front_of_it(self):
        first, last = self.fill_and_damage()
        for options, key in (((), first), (("--limit", "1900"), first), (("--reverse",), last)):
            result, line = self.fail("scan", self.store, "--keys", *options)
            shown = [text.strip('"') for text in result.lines()]
            where = "in front of" if options == ("--reverse",) else "behind"
            self.assertIn(f'{where} key "{shown[-1]}": ', line)
            # All but what shares the block with it, at most.
            self.assertLess(abs(int(shown[-1]) - int(key)), 2, options)
            self.assertIn(self.tables[0].name, line)
            self.assertIn("; --start and --end go around it", line)
            self.assertIn(f'nothing is shown between "{first}" and "{last}"\n', result.err)
        around = self.run_ok("scan", self.store, "--keys", "--start", last).lines()
        self.assertEqual(around[-1], '"01999"')
        self.run_ok("scan", self.store, "--keys", "--end", first)

    def test_sums_and_jobs(self):
        first, last = self.fill_and_damage()
        for arguments, way in (
                (("split-key", self.store), "--start and --end"),
                (("stats", "recount", self.store), "`varve check` tells"),
                (("stats", "repair", self.store, "--write"), "`varve check` tells"),
                (("gc", "estimate", self.store, "--keep", "1"), "--start and --end"),
                (("gc", "run", self.store, "--keep", "1", "--write"), "--start and --end"),
                (("intents", "resolve", self.store, "--older-than", "1s", "--abort", "--write"),
                 "--start and --end"),
                (("export", self.store, self.store + ".sst", "--format", "sst"),
                 "--start and --end")):
            result, line = self.fail(*arguments)
            self.assertIn(self.tables[0].name, line, arguments)
            self.assertIn(way, line, arguments)
            # In front of it, where the damage begins and ends.
            self.assertRegex(result.err, rf': {self.tables[0].name} cannot be read: nothing is '
                                         rf'[a-z ]+ between "{first}" and "{last}"\n')
        for arguments in (("stats", "recount", self.store), ("gc", "estimate", self.store,
                                                             "--keep", "1")):
            _, line = self.fail(*arguments)
            key = re.search(r'at or behind key "(\d+)"', line)[1]
            self.assertLessEqual(key, last)
            self.assertIn(key, [f"{number:05}" for number in range(2000)])
        self.run_ok("gc", "run", self.store, "--keep", "1", "--write", "--start", last)
        self.run_ok("split-key", self.store, "--end", first)

    def test_compactions(self):
        with Writer(self.store) as store:
            store.account()
            for number in range(2000):
                store.put(b"%05d" % number, T, raw_bytes(os.urandom(100)))
            store.flush()
        self.damage(*pathlib.Path(self.store).glob("*.sst"), 100_000)
        # A second operand, so that there is something to fold, in a table of its own.
        self.run_ok("put", self.store, "new", "v", "--write")
        for arguments, way in ((("stats", "consolidate"), "; `varve check` tells"),
                               (("compact",), "--start and --end go around")):
            _, line = self.fail(*arguments, self.store, "--write")
            self.assertIn(way, line)

    def test_a_value_that_does_not_match(self):
        with Writer(self.store) as store:
            store.put(b"k", T, b"\1\2\3\4\3value")
        for command in (("get", self.store, "k"), ("scan", self.store),
                        ("history", self.store, "k")):
            _, line = self.fail(*command)
            self.assertIn('the value of key "k" is damaged', line)
            self.assertIn("; `varve range-data` shows its bytes", line)
        self.assertEqual(varve("range-data", self.store).code, OK)

    def test_damaged_metadata(self):
        with Writer(self.store) as store:
            for key in (b"a", b"k", b"z"):
                store.put(key, T, raw_bytes(b"1"))
                store.put(key, T + 1, raw_bytes(b"2"))
            store.record(engine_key(b"k"), b"\xff\xfe")
        for command in (("get", self.store, "k"), ("scan", self.store),
                        ("stats", "recount", self.store)):
            _, line = self.fail(*command)
            self.assertRegex(line, r"; (`varve find`|--start and --end|`varve check`)", command)
        self.assertEqual(self.fail("scan", self.store, "--keys")[0].lines(), ['"a"'])


class Verify(DamageTest):
    """A comparison goes on behind what cannot be read, and says what could not be compared."""

    def setUp(self):
        super().setUp()
        self.fill(range(2000))
        self.copy = str(self.folder / "copy")
        self.file = str(self.folder / "export")
        self.run_ok("checkpoint", self.store, self.copy)
        self.run_ok("export", self.store, self.file, "--json")
        # The copy has links to the store's tables: one of its own is to be damaged.
        self.copied = pathlib.Path(self.copy) / self.tables[0].name
        content = self.copied.read_bytes()
        self.copied.unlink()
        self.copied.write_bytes(content)

    def verify(self, form, other, *options):
        result = varve("verify", form, self.store, other, "--json", *options)
        notes = re.findall(r": (\d{6}\.sst) cannot be read: nothing is compared between "
                           r'"(\d+)" and "(\d+)"\n', result.err)
        return result, notes

    def test_on_either_side(self):
        for table, form, other in ((self.copied, "checkpoint", self.copy),
                                   (self.tables[0], "records", self.file),
                                   (self.tables[0], "checkpoint", self.copy)):
            self.damage(table, 100_000)
            result, notes = self.verify(form, other)
            self.assertEqual(result.code, CORRUPT, result.err)
            self.assertEqual([note[0] for note in notes], [table.name])
            lost = int(notes[0][2]) - int(notes[0][1]) - 1
            self.assertEqual(result.objects(), [{"records": 2000, "differences": 0,
                                                 "not_compared": lost}])
            self.assertGreater(lost, 1)
            self.damage(table, 100_000)  # healed
            self.assertEqual(self.verify(form, other)[0].code, OK)

    def test_differences_are_still_found(self):
        with Writer(self.store) as store:
            store.put(b"00001", T + 1, raw_bytes(b"new"))
            store.put(b"01998", T + 1, raw_bytes(b"new"))
            store.put(b"99999", T, raw_bytes(b"new"))
        self.assertEqual(self.verify("checkpoint", self.copy)[0].code, NO)
        self.damage(self.copied, 100_000)
        result, notes = self.verify("checkpoint", self.copy)
        self.assertEqual(result.code, CORRUPT)
        self.assertEqual([item["key"] for item in result.objects()[:-1]],
                         ["00001", "01998", "99999"])
        self.assertEqual(result.objects()[-1]["differences"], 3)
        text = varve("verify", "checkpoint", self.store, self.copy).out.decode()
        self.assertRegex(text, r"\n2003 records, 3 differences; \d+ of them could not be "
                               r"compared\n\Z")

    def test_the_end_and_both_sides(self):
        content = self.copied.read_bytes()
        self.damage(self.copied, content.index(self.last))
        self.damage(self.tables[0], 50)
        result = varve("verify", "checkpoint", self.store, self.copy)
        self.assertEqual(result.code, CORRUPT)
        self.assertEqual(len(re.findall("nothing is compared between", result.err)), 2)
        self.assertRegex(result.out.decode(), r"^\d+ records, no difference; \d+ of them could ")


if __name__ == "__main__":
    unittest.main()
