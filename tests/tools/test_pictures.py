"""What is drawn on terminals, and the screens of the manual."""

import re
import unittest

import screens
from toolkit import SECOND, ToolTest, Writer, raw_bytes, varve

T = 1_700_000_000 * SECOND
FULL, LIGHT = "\u2588", "\u2591"


class Screens(ToolTest):
    """docs/tool.md shows what the tool draws."""

    # What RocksDB makes of a store is for it to say: how many bytes, and the bars of these.
    FILES = re.compile(r"\d+(\.\d+)? (B|KiB|MiB)|[" + FULL + LIGHT + r"]+|\d+|(?<=[0-9\]])[KM]\b")

    def shape(self, block):
        """A block without what depends on the version of RocksDB."""
        if not block.startswith("$ varve lsm"):
            return block
        return [re.sub(r" +", " ", self.FILES.sub("N", line)) for line in block.splitlines()]

    def test_the_manual_shows_what_is_drawn(self):
        screens.fill(self.folder / "store")
        document = screens.DOCUMENT.read_text("utf-8")
        drawn = screens.redraw(document, str(self.folder))
        kept = {(match[2], match[3]): match[4] for match in screens.BLOCK.finditer(document)}
        made = {(match[2], match[3]): match[4] for match in screens.BLOCK.finditer(drawn)}
        shown = {(columns, command.split()[1]) for columns, command in kept}
        self.assertLessEqual({(columns, command) for columns in ("80", "120")
                              for command in ("lsm", "top", "history", "gc")}, shown)
        for name, block in made.items():
            self.assertEqual(self.shape(block), self.shape(kept[name]),
                             f"{name}: run tests/tools/screens.py")

    def test_no_line_is_wider_than_the_terminal(self):
        screens.fill(self.folder / "store")
        for columns in (80, 97, 120):
            for command in ("varve top store", "varve lsm store",
                            "varve history store settings --limit 3",
                            "varve history store visits --limit 2"):
                for line in screens.screen(str(self.folder), columns, command).splitlines():
                    self.assertLessEqual(len(line), columns, command)


class Pictures(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            # A version of these takes 1 + 2 + 12 bytes of key, and 5 of value besides its data.
            store.put(b"k", T, raw_bytes(b"x" * 80))
            store.put(b"k", T + 10 * SECOND, raw_bytes(b"x" * 380))
            store.put(b"l", T, raw_bytes(b"x" * 30))
            store.put(b"m", T, raw_bytes(b"v"))
            store.put(b"m", T + 30 * SECOND, raw_bytes(b"v"))
            store.delete(b"m", T + 90 * SECOND)
            store.flush()

    def shown(self, columns, *arguments, **environment):
        return screens.run_on_terminal(columns, arguments, environment.items()).splitlines()

    def bars(self, lines):
        return [line.strip() for line in lines if FULL in line or LIGHT in line]

    def test_bars_of_keys(self):
        # k has 100 + 400 bytes, of which the first are garbage; the terminal leaves 46 for bars.
        bars = self.bars(self.shown(80, "top", self.store))
        self.assertEqual(len(bars[0]), 46)
        self.assertEqual(bars[0].count(LIGHT), round(46 * 100 / 500))
        # m is garbage as a whole; of l nothing is.
        self.assertEqual(set(bars[1]), {LIGHT})
        self.assertEqual(len(bars[1]), round(46 * (21 + 21 + 15) / 500))
        self.assertEqual(set(bars[2]), {FULL})
        self.assertEqual(len(bars[2]), round(46 * 50 / 500))

    def test_bars_grow_with_the_terminal(self):
        for columns in (60, 80, 120, 200):
            bars = self.bars(self.shown(columns, "top", self.store))
            self.assertEqual(len(bars[0]), columns - 34, columns)

    def test_columns_of_the_environment_come_first(self):
        self.assertEqual(len(self.bars(self.shown(80, "top", self.store, COLUMNS="100"))[0]), 66)
        self.assertEqual(len(self.bars(self.shown(80, "top", self.store, COLUMNS="no"))[0]), 46)

    def test_a_timeline(self):
        lines = self.shown(80, "history", self.store, "m")
        marks = {index: mark for index, mark in enumerate(lines[0]) if mark != "\u00b7"}
        # A third of the way between the ends, which are the first and the last column.
        self.assertEqual(marks, {0: FULL, round(79 / 3): FULL, 79: "x"})
        self.assertTrue(lines[1].startswith("2023-11-14T22:13:20.000000000Z  "))
        self.assertTrue(lines[1].endswith("  2023-11-14T22:14:50.000000000Z"))
        self.assertEqual(len(lines[1]), 80)
        self.assertEqual(lines[3:], self.run_ok("history", self.store, "m").lines())

    def test_a_timeline_of_many_versions(self):
        with Writer(self.folder / "many") as store:
            for number in range(1500):
                store.put(b"k", T + number * SECOND, raw_bytes(b"v"))
            for number in range(8):
                store.put(b"k", T + 3000 * SECOND + number, raw_bytes(b"v"))
        # All but eight lie in the left half, evenly; what the list leaves out is drawn too.
        lines = self.shown(80, "history", str(self.folder / "many"), "k", "--limit", "3")
        self.assertRegex(lines[0], r"\A\S[\u2587\u2588]{38}\S?\u00b7{39}\S\Z")
        self.assertLess(lines[0][79], "\u2585")
        self.assertEqual(sum("value" in line for line in lines), 3)

    def test_one_version_has_no_timeline(self):
        self.assertTrue(self.shown(80, "history", self.store, "l")[0].startswith("TIME"))

    def test_bars_of_levels(self):
        lines = self.shown(80, "lsm", self.store)
        self.assertRegex(lines[0], r"^LEVEL +FILES +SIZE +ENTRIES +DELETED$")
        self.assertRegex(lines[1], r"^ +0 +1 +\S+ \S+ +6 +0\.0 %  " + FULL + "{32}$")

    def test_where_nothing_is_drawn(self):
        for arguments in (("top", self.store), ("lsm", self.store), ("history", self.store, "m")):
            plain = self.run_ok(*arguments).out.decode()
            self.assertNotRegex(plain, "[" + FULL + LIGHT + "\u00b7]")
            self.assertEqual("\n".join(self.shown(80, *arguments, "--plain")) + "\n", plain)
            json = "\n".join(self.shown(80, *arguments, "--json")) + "\n"
            self.assertEqual(json, self.run_ok(*arguments, "--json").out.decode())

    def test_without_utf8(self):
        lines = self.shown(80, "top", self.store, LC_ALL="C")
        self.assertRegex("\n".join(lines), r"\n +#+-+\n")
        lines = self.shown(80, "history", self.store, "m", LC_ALL="C")
        self.assertRegex(lines[0], r"^\|\.+\|\.+x$")


class Garbage(ToolTest):

    def test_a_walked_share(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_bytes(b"x" * 80))        # 15 + 85 bytes, of which
            store.put(b"k", T + 1, raw_bytes(b"x" * 80))    # the older are garbage
            store.flush()
        lines = self.run_ok("lsm", self.store, "--garbage").lines()
        self.assertEqual(lines[-1], "garbage 100 B, 50.0 % of 200 B of keys and values in "
                                    "2 versions")
        item = self.objects("lsm", "lsm", self.store, "--garbage")[0]
        self.assertEqual(item["garbage"], {"versions": 2, "bytes": 200, "garbage_bytes": 100})
        self.assertNotIn("garbage", self.objects("lsm", "lsm", self.store)[0])
        self.assertEqual(varve("lsm", self.store).code, 0)


if __name__ == "__main__":
    unittest.main()
