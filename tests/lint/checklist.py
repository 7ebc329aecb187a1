"""The checklist of tests/COVERAGE.md against the tests that have run.

    checklist.py begin RESULTS               forget the results of earlier runs
    checklist.py check COVERAGE.md RESULTS   each test of the list has run and passed, everywhere

RESULTS is a folder.  Each C test program leaves the names of the tests it has run there, in the
TAP format that Check writes if CK_TAP_LOG_FILE_NAME says where: <program>.tap.
"""

import pathlib
import re
import sys

# What has to be on the list: the items, by the numbers of the checklist of the behaviour, and the
# traps, whose numbers have a T in front.
REQUIRED = {"": range(1, 133), "T": (*range(1, 14), *range(15, 23))}

# What the rows of either are called.
KINDS = {"": "item", "T": "trap"}

# What a backend is called in the list, which is also the name of its test case.
BACKENDS = ("disk", "memory", "map")

# What no backend can do, and benchmarks, so that there is nothing to run.
WITHOUT_TEST = (73, 121)

# In a column: no test, or no test cases that are named after backends.
NONE = "-"


class Item:
    """One line of the list."""

    def __init__(self, line, series, number, names, tests, backends, reason):
        self.line = line
        self.series = series        # "" or "T"
        self.number = number
        self.name = f"{KINDS[series]} {series}{number}"
        self.names = names          # empty: the line before goes on
        self.tests = tests          # [(program, test)]
        self.backends = backends    # empty: its test cases have other names
        self.reason = reason


# ---- The list -----------------------------------------------------------------------------------

def _tests_of(cell):
    """`engine/test_a`: `one`, `two`; `engine/test_b`: `three` -> [(program, test)]."""
    tests = []
    program = None
    for token in re.findall(r"`([^`]*)`", cell):
        if "/" in token:
            program = token
        elif program is None:
            return None
        else:
            tests.append((program, token))
    return tests


def _parse_row(number, line):
    """(Item, None), or (None, what is wrong)."""
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if len(cells) != 5:
        return None, f"{len(cells)} columns, not 5"
    match = re.fullmatch(r"(T?)(\d+)", cells[0])
    if not match:
        return None, f"`{cells[0]}` is no number of an item or a trap"
    series = match.group(1)
    names = [name.strip() for name in cells[1].split(",")] if cells[1] else []
    if not series and not all(re.fullmatch(r"(Test|Benchmark)\w+", name) for name in names):
        return None, f"`{cells[1]}` are not names of the reference"
    tests = [] if cells[2] == NONE else _tests_of(cells[2])
    if not tests and cells[2] != NONE:
        return None, f"no tests: write `folder/test_program`: `test`, `test`, or {NONE}"
    backends = [] if cells[3] == NONE else [name.strip() for name in cells[3].split(",")]
    if not set(backends) <= set(BACKENDS):
        return None, f"`{cells[3]}` are not backends: {', '.join(BACKENDS)}, or {NONE}"
    return Item(number, series, int(match.group(2)), names, tests, backends, cells[4]), None


def parse(text):
    """([Item], findings) of the rows of all tables."""
    items, findings = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("|") or re.match(r"\|\s*((item|trap)\b|:?-)", line):
            continue
        item, fault = _parse_row(number, line)
        if fault:
            findings.append(f"{number}: {fault}")
        else:
            items.append(item)
    return items, findings


def _check_order(items, series, required):
    """Each number once, in order, all there."""
    numbers = [item.number for item in items]
    findings = [f"{item.line}: {item.name} comes after {before}"
                for before, item in zip([0, *numbers], items)
                if not (item.number > before if item.names else item.number == before)]
    return findings + [f"0: {KINDS[series]} {series}{number} is missing"
                       for number in required if number not in numbers]


def check_list(items, required=REQUIRED):
    """The list itself: complete, in order, with reasons where it has holes."""
    findings = []
    for series, numbers in required.items():
        findings += _check_order([item for item in items if item.series == series], series, numbers)
    findings += [f"{item.line}: {item.name}: say why it does not run on every backend"
                 for item in items if set(item.backends) != set(BACKENDS) and not item.reason]
    findings += [f"{item.line}: {item.name} has no test" for item in items
                 if not item.tests and (item.series or item.number not in WITHOUT_TEST)]
    return findings


# ---- The results --------------------------------------------------------------------------------

# The file is where the test was last seen, which may be in a header.
_RESULT = re.compile(r"(ok|not ok) \d+ - (.*\.[ch]):([^:]*):([^:]*): ?.*")


def read_results(text):
    """{(test case, test): whether all runs of it passed}, or None if the program did not finish."""
    results = {}
    finished = False
    for line in text.split("\n"):
        finished = finished or re.fullmatch(r"1\.\.\d+", line) is not None
        match = _RESULT.fullmatch(line)
        if match:
            key = match.group(3), match.group(4)
            results[key] = results.get(key, True) and match.group(1) == "ok"
    return results if finished else None


def check_test(results, program, test, backends):
    """What is wrong with one test of the list, or None."""
    if program not in results:
        return f"{program} has not run: run the whole suite"
    if results[program] is None:
        return f"{program} has not come to its end"
    cases = {case: passed for (case, name), passed in results[program].items() if name == test}
    if not cases:
        return f"{program} has no test {test}"
    missing = [name for name in backends if name not in cases]
    if missing:
        return f"{program}: {test} has not run on {', '.join(missing)}"
    failed = sorted(case for case, passed in cases.items() if not passed)
    if failed:
        return f"{program}: {test} has failed in {', '.join(failed)}"
    return None


def check_results(items, results):
    """Each test of the list has run, on all of its backends, and passed."""
    findings = []
    for item in items:
        for program, test in item.tests:
            fault = check_test(results, program, test, item.backends)
            if fault:
                findings.append(f"{item.line}: {item.name}: {fault}")
    return findings


# ---- Commands -----------------------------------------------------------------------------------

def begin(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.tap"):
        path.unlink()


def program_of(path):
    """engine_rocksdb_test_read.tap -> engine/rocksdb/test_read; folders have no underscores."""
    folders, _, name = path.stem.partition("test_")
    return folders.replace("_", "/") + "test_" + name


def check(document, folder):
    items, findings = parse(document.read_text("utf-8"))
    results = {program_of(path): read_results(path.read_text("utf-8", "replace"))
               for path in folder.glob("*.tap")}
    findings += check_list(items)
    findings += check_results(items, results)
    for finding in findings:
        print(f"{document}:{finding}")
    print(f"{len(items)} rows, {sum(len(item.tests) for item in items)} tests, "
          f"{len(findings)} findings")
    return 1 if findings else 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "begin":
        begin(pathlib.Path(arguments[1]))
        return 0
    if len(arguments) == 3 and arguments[0] == "check":
        return check(pathlib.Path(arguments[1]), pathlib.Path(arguments[2]))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
