"""Walks over records go on behind a table file that cannot be read, and say which it is."""

import os
import pathlib
import re
import unittest

from toolkit import CORRUPT, SECOND, ToolTest, Writer, raw_bytes, varve

T = 1_700_000_000 * SECOND
NOTE = re.compile(r"^varve: [a-z -]+: (.*): (\d{6}\.sst) cannot be read: nothing is shown between "
                  r"(.*) and (.*)$", re.MULTILINE)


class Damage(ToolTest):

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


if __name__ == "__main__":
    unittest.main()
