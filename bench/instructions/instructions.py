#!/usr/bin/env python3
"""Count the instructions of varve's hot operations with callgrind.

    instructions.py PROGRAM             print them
    instructions.py --update PROGRAM    and keep them in instructions.txt beside this file
    instructions.py --check PROGRAM     exit with 1 if they differ from those that are kept

PROGRAM is varve-instructions of a release build.  Counted are instructions in varve's own code and
calls that it makes into RocksDB, for one time of each operation.  RocksDB's own instructions are
not: they depend on more than varve.  The counts are the same from run to run, but not from one
compiler to the next, so that the file names the one it was made with.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEPT = HERE / "instructions.txt"
TIMES = 100  # as in instructions.c

_OWN = ("util/", "format/", "engine/", "mvcc/", "jobs/", "include/varve/")


def is_own(path, root):
    """Whether a source file, as callgrind names it, is the library's."""
    return any(path.startswith(f"{root}/{folder}") for folder in _OWN)


def parse(text, root):
    """(operation, instructions in own code, calls from it into RocksDB) of one dump.

    The dump is written without compressed names and positions: `fl=`, `fi=` and `fe=` set the file
    of the cost lines that follow; the line after `calls=` is what the callee took.
    """
    operation, file, home, callee = None, "", "", ""
    instructions = calls = 0
    in_callee = False
    for line in text.splitlines():
        if match := re.match(r"desc: Trigger: Client Request: (.*)", line):
            operation = match.group(1)
        elif match := re.match(r"(fl|fi|fe)=(.*)", line):
            file = match.group(2)
            home = file if match.group(1) == "fl" else home
        elif line.startswith("cfn="):
            callee = line[4:]
        elif line.startswith("calls="):
            in_callee = True
            if is_own(home, root) and callee.startswith("rocksdb_"):
                calls += int(line[6:].split()[0])
        elif re.match(r"\d+ \d+$", line):
            if not in_callee and is_own(file, root):
                instructions += int(line.split()[1])
            in_callee = False
    return operation, instructions, calls


def compiler(program):
    """The compiler that the program's own code names."""
    text = subprocess.run(["readelf", "--string-dump=.comment", program], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    found = sorted(set(re.findall(r"(?:GCC|clang).*", text)))
    return ", ".join(found) or "unknown"


def count(program):
    """The counts as the text that is kept."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["valgrind", "--tool=callgrind", "--collect-atstart=no",
                        "--compress-strings=no", "--compress-pos=no", "--quiet",
                        f"--callgrind-out-file={folder}/out", program],
                       check=True, stderr=subprocess.PIPE)
        dumps = sorted(pathlib.Path(folder).glob("out.*"),
                       key=lambda path: int(path.suffix[1:]))
        counted = [parse(dump.read_text(), ROOT) for dump in dumps]
    lines = ["# Instructions of varve's own code, and its calls into RocksDB, for one time each.",
             "# Made by bench/instructions/instructions.py; see docs/performance.md.",
             f"# {compiler(program)}", ""]
    lines += [f"{operation:38} {instructions / TIMES:10.1f} {calls / TIMES:8.1f}"
              for operation, instructions, calls in counted if operation]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("program")
    arguments = parser.parse_args()
    text = count(arguments.program)
    if arguments.update:
        KEPT.write_text(text)
    if not arguments.check:
        print(text, end="")
        return 0
    kept = KEPT.read_text()
    sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), text.splitlines(True),
                                               "kept", "counted"))
    return 0 if kept == text else 1


if __name__ == "__main__":
    sys.exit(main())
