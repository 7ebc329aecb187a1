"""The program varve-histories: what it finds wrong, how it says so, and its exit codes."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["VARVE_HISTORIES_BIN"]
CASES = pathlib.Path(__file__).resolve().parent / "cases"
MATCH, DIFFERENT, NOTHING = 0, 1, 2

PUT = "run ok\nput k=a v=x ts=1\n----\n>> at end:\ndata: \"a\"/0.000000001,0 -> /BYTES/x\n"
GET = "run ok\nget k=a ts=1\n----\nget: \"a\" -> /BYTES/x @0.000000001,0\n"


class Program(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, text, name="history"):
        path = self.folder / name
        path.write_bytes(text.encode())
        return str(path)

    def run_on(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, encoding="utf-8",
                              env={**os.environ, "TMPDIR": str(self.folder)})

    def check(self, text, code, *expected, options=("--backend", "mem")):
        """Run `text`; the exit code, and lines that standard output begins with."""
        result = self.run_on(*options, self.write(text))
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        lines = [line.replace(str(self.folder) + "/", "") for line in result.stdout.splitlines()]
        self.assertEqual(lines[:len(expected)], list(expected))

    def check_problem(self, line, commands, problem, directive="run ok"):
        """A block of these commands cannot be run, for this reason in this line of the file."""
        self.check(f"{directive}\n{commands}\n----\n", DIFFERENT,
                   f"history:{line}: mem: {problem}", "mem: 1 files, 0 blocks match, 1 differ")


class Codes(Program):

    def test_match_on_all_backends(self):
        self.check(PUT + "\n" + GET, MATCH, *(f"{name}: 1 files, 2 blocks match, 0 differ"
                                              for name in ("mem", "rocksdb-mem", "rocksdb")),
                   options=())
        self.check(PUT, MATCH, "mem: 1 files, 1 blocks match, 0 differ",
                   "rocksdb-mem: 1 files, 1 blocks match, 0 differ", options=("--backend", "all"))

    def test_each_backend_alone(self):
        for name in ("mem", "rocksdb-mem", "rocksdb"):
            self.check(PUT, MATCH, f"{name}: 1 files, 1 blocks match, 0 differ",
                       options=("--backend", name))

    def test_nothing_is_left_behind(self):
        self.run_on(self.write(PUT))
        self.assertEqual(os.listdir(self.folder), ["history"])

    def test_difference(self):
        self.check(PUT + "\n" + GET.replace("/x", "/y") + "\n" + GET, DIFFERENT,
                   "history:7: mem: the output is not as expected (- expected, + actual)",
                   '-get: "a" -> /BYTES/y @0.000000001,0',
                   '+get: "a" -> /BYTES/x @0.000000001,0',
                   "mem: 1 files, 1 blocks match, 1 differ")

    def test_one_byte_is_a_difference(self):
        for wrong in (GET[:-1] + " \n", GET.replace("->", "-> "), GET + "x\n"):
            self.check(PUT + "\n" + wrong, DIFFERENT)

    def test_no_files_no_blocks(self):
        self.assertEqual(self.run_on().returncode, NOTHING)
        self.assertEqual(self.run_on(str(self.folder)).returncode, NOTHING)
        self.check("", NOTHING)
        self.check("# run ok\n", NOTHING)
        self.check("skip\n" + PUT, NOTHING)

    def test_a_file_that_is_not_there(self):
        result = self.run_on("--backend", "mem", self.write(PUT), str(self.folder / "none"))
        self.assertEqual(result.returncode, NOTHING)
        self.assertIn("none: No such file", result.stderr)
        self.assertIn("mem: 1 files, 1 blocks match, 0 differ", result.stdout)

    def test_command_lines(self):
        path = self.write(PUT)
        for options in (("--backend", "disk", path), ("--backend",), ("--what", path)):
            result = self.run_on(*options)
            self.assertEqual((result.returncode, result.stdout), (NOTHING, ""))
        self.assertEqual(self.run_on("--help").returncode, 0)
        self.assertRegex(self.run_on("--version").stdout, r"^varve-histories \d")

    def test_folders_in_their_order(self):
        for name, text in (("b", PUT), ("a", GET), (".hidden", "what\n")):
            self.write(text, name)
        result = self.run_on("--backend", "mem", str(self.folder))
        self.assertEqual(result.returncode, DIFFERENT)
        self.assertIn("/a:1: mem", result.stdout)
        self.assertIn("mem: 2 files, 1 blocks match, 1 differ", result.stdout)

    def test_files_do_not_see_each_other(self):
        self.write(PUT, "a")
        self.write('run ok\nget k=a ts=1\n----\nget: "a" -> <no data>\n', "b")
        self.assertEqual(self.run_on(str(self.folder)).returncode, MATCH)


class Problems(Program):

    def test_lines(self):
        self.check_problem(3, "get k=a ts=1\nput\tk=a",
                           "cannot parse directive at column 1: put\tk=a")
        self.check_problem(2, "get  ts=1  \nget",
                           "cannot parse directive at column 11: get  ts=1  ")
        self.check_problem(2, "get k='a'", "cannot parse directive at column 5: get k='a'")

    def test_commands(self):
        self.check_problem(2, "gets k=a", "unknown command: gets")
        self.check_problem(3, "get k=a ts=1\n get k=a",
                           "an indented line without a `with` above it")
        self.check_problem(3, "with\n  get k=a", "an indented line without a `with` above it")
        self.check_problem(5, "with k=a\n  get ts=1\nget k=b ts=1\n  get ts=1",
                           "an indented line without a `with` above it")

    def test_arguments(self):
        self.check_problem(2, "get", "get: missing argument: k")
        self.check_problem(2, "get k", "get: argument k has 0 values, not one")
        self.check_problem(2, "get k=(a,b)", "get: argument k has 2 values, not one")
        self.check_problem(2, "get k=a ts=x", "get: ts=x: not a timestamp")
        self.check_problem(2, "get k=a ts=1,x", "get: ts=1,x: not a timestamp")
        self.check_problem(2, "get k=a ts=1,2,3", "get: ts=1,2,3: not a timestamp")
        self.check_problem(2, "get k=a ts=1,", "get: ts=1,: not a timestamp")
        self.check_problem(2, "scan k=a max=many", "scan: max=many: not a number")
        self.check_problem(2, "put k=a ts=1", "put: missing argument: v")
        self.check_problem(2, "increment k=a ts=1 inc=1.5", "increment: inc=1.5: not a number")
        self.check_problem(2, "put k=a v=x ts=1 resolve",
                           "put: nothing to resolve without a transaction")

    def test_transactions(self):
        self.check_problem(2, "get t=A k=a", 'get: txn "A" not open')
        self.check_problem(2, "txn_step", "txn_step: missing argument: t")
        self.check_problem(2, "txn_remove t=A", 'txn_remove: txn "A" not open')
        self.check_problem(3, "txn_begin t=A\ntxn_begin t=A", 'txn_begin: txn "A" already open')
        self.check_problem(3, "txn_begin t=A\ntxn_update t=A t2=B", 'txn_update: txn "B" not open')
        self.check_problem(3, "txn_begin t=A\ntxn_status t=A status=DONE",
                           "txn_status: status=DONE: no such status")
        self.check_problem(3, "txn_begin t=A\ntxn_step t=A seq=3000000000",
                           "txn_step: seq: not a number of 32 bits")
        for seqs in ("seqs=5", "seqs=(1-2,3)", "seqs=(1-2-3)", "seqs=a-b"):
            self.check_problem(3, f"txn_begin t=A\ntxn_ignore_seqs t=A {seqs}",
                               "txn_ignore_seqs: seqs: write it as (START-END, ...)")
        self.check_problem(3, "txn_begin t=A\ntxn_ignore_seqs t=A",
                           "txn_ignore_seqs: missing argument: seqs")

    def test_refused_changes_of_transactions(self):
        for change in ("txn_advance t=A ts=1", "txn_ignore_seqs t=A seqs=(5-3)",
                       "txn_update t=A t2=B", "txn_step t=A n=3000000000"):
            text = f"run ok\ntxn_begin t=A ts=2\ntxn_begin t=B ts=2\n{change}\n----\n"
            result = self.run_on("--backend", "mem", self.write(text))
            self.assertEqual(result.returncode, DIFFERENT, change)
            self.assertIn(f"history:4: mem: {change.split()[0]}: ", result.stdout)

    def test_errors_have_to_be_expected(self):
        self.check_problem(2, "get k=", "error: (*errors.fundamental:) "
                           "attempted access to empty key")
        self.check_problem(1, "get k=a ts=1", "no error, though one is expected",
                           directive="run error")

    def test_directives(self):
        self.check("ran ok\nget k=a\n----\n", DIFFERENT, "history:1: mem: unknown directive; the "
                   "only ones are run, skip and subtest")
        self.check("run !\n", DIFFERENT, "history:1: mem: cannot parse directive at column 5")

    def test_subtests(self):
        self.check("subtest a\nsubtest a/b\n" + PUT + "\nsubtest end a/b\nsubtest end\n" + GET,
                   MATCH, "mem: 1 files, 2 blocks match, 0 differ")
        wrong = "the name of a subtest has to begin with that of the outer one"
        self.check("subtest a\nsubtest b\n", DIFFERENT, f"history:2: mem: {wrong}")
        self.check("subtest a\nsubtest ab\n", DIFFERENT, f"history:2: mem: {wrong}")
        missing = "there is no such subtest to end"
        self.check("subtest end\n", DIFFERENT, f"history:1: mem: {missing}")
        self.check("subtest a\nsubtest end b\n", DIFFERENT, f"history:2: mem: {missing}")
        self.check("subtest\n", DIFFERENT,
                   "history:1: mem: write `subtest NAME` or `subtest end [NAME]`")

    def test_skip_ends_the_file(self):
        self.check(PUT + "\nskip rocksdb\nwhat\n", MATCH, "mem: 1 files, 1 blocks match, 0 differ")


class Rows(unittest.TestCase):
    """The rows of the two tables in the sources are each named by a comment of the histories."""

    def named(self, noun):
        """All that stands behind the noun in comments: "rows 1 and 3a" names 1 and 3a."""
        number = r"\d+[a-z]?\b"
        found = set()
        for case in CASES.iterdir():
            comments = re.sub(r"\n# ", " ", case.read_text("utf-8"))
            for match in re.finditer(rf"\b{noun}s? ({number}(?:(?:,| and) {number})*)", comments):
                found |= set(re.findall(number, match.group(1)))
        return found

    def table(self, header):
        text = (CASES.parents[2] / header).read_text("utf-8")
        return set(re.findall(r"(?m)^ \* +(\d+[ab]?)  ", text)), text

    def test_reads(self):
        rows, _ = self.table("mvcc/visible.h")
        self.assertEqual(len(rows), 14)
        self.assertEqual(rows - self.named("row"), set())

    def test_writes(self):
        steps, text = self.table("mvcc/write.h")
        self.assertEqual(len(steps), 11)
        steps |= {"7" + letter for letter in re.findall(r"\(([a-g])\)", text)}
        # What every write does shows in no history of its own.
        self.assertEqual(steps - self.named("step"), {"10", "11"})


class Rewriting(Program):

    def test_rewrite(self):
        empty = PUT.split("----")[0] + "----\n\n# between\n\n" + GET.replace("/x", "/y") + "\n"
        path = self.write(empty)
        result = self.run_on("--rewrite", path)
        self.assertEqual(result.returncode, MATCH, result.stdout)
        self.assertEqual(pathlib.Path(path).read_text("utf-8"),
                         PUT + "\n# between\n\n" + GET + "\n")

    def test_what_matches_stays(self):
        text = "\n\n# x\n" + PUT + "\n\n" + GET
        path = self.write(text)
        self.assertEqual(self.run_on("--rewrite", path).returncode, MATCH)
        self.assertEqual(pathlib.Path(path).read_text("utf-8"), text)

    def test_every_history_is_found_again(self):
        """Without what is expected, blocks differ, and rewriting brings all of it back."""
        for case in sorted(CASES.iterdir()):
            text = case.read_text("utf-8")
            emptied = re.sub(r"(?m)^----\n(?:.+\n)*", "----\n", text)
            path = self.write(emptied)
            self.assertEqual(self.run_on("--backend", "mem", path).returncode, DIFFERENT, case)
            self.assertEqual(self.run_on("--rewrite", path).returncode, MATCH, case)
            self.assertEqual(pathlib.Path(path).read_text("utf-8"), text, case)

    def test_a_block_that_cannot_run_is_no_expectation(self):
        text = "run ok\nget k=\n----\n"
        path = self.write(text)
        self.assertEqual(self.run_on("--rewrite", path).returncode, DIFFERENT)
        self.assertEqual(pathlib.Path(path).read_text("utf-8"), text)


if __name__ == "__main__":
    unittest.main()
