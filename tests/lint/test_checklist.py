"""Holds the check of the checklist to lists and results that are wrong."""

import pathlib
import tempfile
import unittest

import checklist

HEAD = "| item | reference | tests | backends | why not on every backend |\n|---|---|---|---|---|\n"
EVERYWHERE = "disk, memory, map"
TAP = ("ok 1 - /x/test_a.c:disk:one: Passed\n"
       "ok 2 - /x/test_a.c:memory:one: Passed\n"
       "ok 3 - /x/test_a.c:map:one: Passed\n")


TRAPS = HEAD.replace("item", "trap")


def row(number=75, names="TestOne", tests="`engine/test_a`: `one`", backends=EVERYWHERE, why=""):
    return f"| {number} | {names} | {tests} | {backends} | {why} |\n"


class Lists(unittest.TestCase):
    def findings(self, *rows, required=(75,), traps=()):
        items, findings = checklist.parse(HEAD + "".join(rows))
        return findings + checklist.check_list(items, {"": required, "T": traps})

    def one(self, expected, *rows, required=(75,), traps=()):
        findings = self.findings(*rows, required=required, traps=traps)
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(expected, findings[0])

    def test_a_good_list(self):
        self.assertEqual(self.findings(row(), row(76, "TestTwo, TestThree")), [])
        self.assertEqual(self.findings(row(backends="disk", why="the others have no files")), [])

    def test_the_tests_of_a_row(self):
        items, _ = checklist.parse(HEAD + row(tests="`engine/test_a`: `one`, `two`; "
                                                    "`format/test_b`: `three`"))
        self.assertEqual(items[0].tests, [("engine/test_a", "one"), ("engine/test_a", "two"),
                                          ("format/test_b", "three")])

    def test_an_item_is_missing(self):
        self.one("item 76 is missing", row(), required=(75, 76))

    def test_an_item_comes_twice_or_too_late(self):
        self.one("item 75 comes after 75", row(), row())
        self.one("item 75 comes after 76", row(76), row(75))

    def test_an_item_goes_on_in_the_next_row(self):
        self.assertEqual(self.findings(row(), row(names=""), row(76), row(76, "")), [])
        self.one("item 75 comes after 0", row(names=""))
        self.one("item 76 comes after 75", row(), row(76, ""))

    def test_a_backend_is_left_out_without_a_reason(self):
        self.one("say why", row(backends="disk, map"))
        self.one("say why", row(backends="-"))

    def test_an_item_without_a_test(self):
        self.one("item 75 has no test", row(tests="-", backends="-", why="."))
        self.assertEqual(self.findings(row(121, tests="-", backends="-", why="."), required=()),
                         [])

    def test_rows_that_cannot_be_read(self):
        for bad in (row(backends="floppy"), row(backends="-, disk"), row(tests="`one`"),
                    row(tests=""), row(tests="`engine/test_a`"), row("75a"), row(names="one"),
                    "| 75 | TestOne | `engine/test_a`: `one` |\n"):
            self.one("", bad, required=())

    def test_traps_have_numbers_of_their_own(self):
        good = [row(), TRAPS, row("T1", "closing, in between"), row("T1", ""), row("T2", "none")]
        self.assertEqual(self.findings(*good, traps=(1, 2)), [])
        self.one("trap T3 is missing", *good, traps=(1, 2, 3))
        self.one("trap T1 comes after 2", *good, row("T1", "again"), traps=(1, 2))
        self.one("item 1 is missing", *good, required=(1, 75), traps=(1, 2))

    def test_a_trap_without_a_test(self):
        self.one("trap T73 has no test", row(), row("T73", "x", tests="-", backends="-", why="."))

    def test_the_list_requires_what_it_should(self):
        self.assertEqual(len(checklist.REQUIRED[""]), 132)
        self.assertEqual(list(checklist.REQUIRED["T"]), [*range(1, 14), *range(15, 23)])


class Results(unittest.TestCase):
    def check(self, tap, **columns):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            if tap is not None:
                (folder / "engine_test_a.tap").write_text(tap)
            results = {checklist.program_of(path): checklist.read_results(path.read_text())
                       for path in folder.glob("*.tap")}
        items, findings = checklist.parse(HEAD + row(**columns))
        self.assertEqual(findings, [])
        return checklist.check_results(items, results)

    def one(self, expected, tap, **columns):
        findings = self.check(tap, **columns)
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(expected, findings[0])

    def test_all_have_passed(self):
        self.assertEqual(self.check(TAP + "1..3\n"), [])
        self.assertEqual(self.check(TAP + "1..3\n", backends="disk", why="."), [])
        self.assertEqual(self.check("ok 1 - /x/test_a.c:core:one: Passed\n1..1\n",
                                    backends="-", why="."), [])

    def test_a_test_may_end_in_a_header(self):
        self.assertEqual(self.check(TAP.replace("test_a.c", "support.h") + "1..3\n"), [])

    def test_the_program_has_not_run(self):
        self.one("engine/test_a has not run: run the whole suite", None)

    def test_the_program_has_died(self):
        self.one("has not come to its end", TAP)
        self.one("has not come to its end", "")

    def test_a_test_was_renamed(self):
        self.one("has no test one", TAP.replace(":one:", ":uno:") + "1..3\n")

    def test_a_backend_was_left_out(self):
        self.one("one has not run on map", TAP.replace(":map:", ":maps:") + "1..3\n")

    def test_one_run_of_a_test_has_failed(self):
        failed = "not ok 4 - /x/test_a.c:memory:one: Assertion 'a:b' failed\n"
        self.one("one has failed in memory", TAP + failed + "1..4\n")
        self.one("one has failed in memory", failed + TAP + "1..4\n")
        self.one("one has failed in memory", failed + TAP + "1..4\n", backends="-", why=".")


class Commands(unittest.TestCase):
    def test_begin_forgets_earlier_results(self):
        with tempfile.TemporaryDirectory() as folder:
            results = pathlib.Path(folder) / "results"
            self.assertEqual(checklist.main(["begin", str(results)]), 0)
            (results / "engine_test_a.tap").write_text(TAP + "1..3\n")
            self.assertEqual(checklist.main(["begin", str(results)]), 0)
            self.assertEqual(list(results.iterdir()), [])

    def test_check_fails_and_passes(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            document = folder / "COVERAGE.md"
            document.write_text(HEAD + "".join(row(f"{series}{number}")
                                               for series, numbers in checklist.REQUIRED.items()
                                               for number in numbers))
            self.assertEqual(checklist.main(["check", str(document), str(folder)]), 1)
            (folder / "engine_test_a.tap").write_text(TAP + "1..3\n")
            self.assertEqual(checklist.main(["check", str(document), str(folder)]), 0)
            document.write_text(HEAD)
            self.assertEqual(checklist.main(["check", str(document), str(folder)]), 1)

    def test_programs_are_found_by_their_files(self):
        self.assertEqual(checklist.program_of(pathlib.Path("engine_rocksdb_test_a_test_b.tap")),
                         "engine/rocksdb/test_a_test_b")


if __name__ == "__main__":
    unittest.main()
