#!/usr/bin/env python3
"""Examples in documents are real.

A block of C that follows a line `<!-- from FILE -->` must stand in FILE, line for line; the files
in examples/ are built and run by the suite.

A block marked `console` is a session: lines that begin with `$ ` are commands, the others what they
print, to the letter; `...` in them stands for anything within a line.  All sessions of a
document run one after the other in one empty folder, with the tool on the path.
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["VARVE_SOURCE_DIR"])
TOOL = Path(os.environ["VARVE_BIN"])
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"^<!-- from (\S+) -->\n```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sessions(text):
    """The (command, expected output) pairs of a document, in order."""
    pairs = []
    for language, body in FENCE.findall(text):
        if language != "console":
            continue
        for line in body.splitlines(keepends=True):
            if line.startswith("$ "):
                pairs.append([line[2:], ""])
            else:
                pairs[-1][1] += line
    return pairs


def pattern(expected):
    return "".join(".*".join(map(re.escape, line.split("..."))) for line in
                   expected.splitlines(keepends=True))


def run(command, folder):
    environment = dict(os.environ, PATH=f"{TOOL.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, timeout=800,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode()


class Examples(unittest.TestCase):
    maxDiff = None

    def check(self, printed, expected):
        if not re.fullmatch(pattern(expected), printed):
            self.assertEqual(printed, expected)

    def test_quoted_code_stands_in_its_file(self):
        found = 0
        for document in DOCUMENTS:
            for name, code in QUOTED.findall(document.read_text()):
                found += 1
                self.assertIn(code, (ROOT / name).read_text(), f"{document.name} quotes {name}")
        self.assertGreater(found, 0)

    def test_sessions_print_what_the_documents_say(self):
        found = 0
        for document in DOCUMENTS:
            with tempfile.TemporaryDirectory() as folder:
                for command, expected in sessions(document.read_text()):
                    found += 1
                    with self.subTest(document=document.name, command=command.strip()):
                        self.check(run(command, folder), expected)
        self.assertGreater(found, 0)

    def test_a_wrong_session_would_be_noticed(self):
        text = "```console\n$ echo one\ntwo\n```\n"
        (command, expected), = sessions(text)
        with self.assertRaises(AssertionError):
            self.check(run(command, "/"), expected)
        self.check("2 records in 0.1 s\n", "2 records in ... s\n")
        with self.assertRaises(AssertionError):
            self.check("3 records in 0.1 s\n", "2 records in ... s\n")


if __name__ == "__main__":
    unittest.main()
