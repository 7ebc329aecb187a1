#!/usr/bin/env python3
"""growth.py and tuning.py as their users run them: everything, too small to mean anything."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(os.environ["VARVE_SOURCE_DIR"])
SCRIPTS = {
    "varve-growth": (ROOT / "bench" / "growth" / "growth.py", os.environ["VARVE_GROWTH"]),
    "varve-tuning": (ROOT / "bench" / "tuning" / "tuning.py", os.environ["VARVE_TUNING"]),
}
sys.path.insert(0, str(ROOT / "bench" / "support"))
import page  # noqa: E402


def run(script, *arguments):
    return subprocess.run([sys.executable, "-B", script, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=800)


class Tables(unittest.TestCase):

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)

    def measure(self, name):
        """Run a script; what it has kept and written into a page."""
        script, program = SCRIPTS[name]
        path, data = self.folder / "page.md", self.folder / "data"
        data.mkdir()
        path.write_text(f"above\n<!-- {name}: begin -->\nold\n<!-- {name}: end -->\nbelow\n")
        done = run(script, program, "--smoke", "--dir", data, "--json", self.folder / "kept.json",
                   "--into", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(data.iterdir()), [])
        text = path.read_text()
        self.assertTrue(text.startswith("above\n") and text.endswith("\nbelow\n"), text)
        self.assertNotIn("old\n<", text)
        again = run(script, "--from", self.folder / "kept.json")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn(again.stdout.strip(), text)
        return json.loads((self.folder / "kept.json").read_text()), text

    def check_tables(self, text, least):
        """All rows of a table are as long as its head."""
        tables = re.findall(r"((?:^\|.*\|\n)+)", text, re.MULTILINE)
        self.assertGreaterEqual(len(tables), least)
        for one in tables:
            lines = one.splitlines()
            self.assertGreater(len(lines), 2)
            self.assertEqual({line.count(" |") for line in lines if "---" not in line},
                             {lines[0].count(" |")}, one)

    def test_growth(self):
        kept, text = self.measure("varve-growth")
        self.check_tables(text, 5)
        for one in kept["stores"]:
            for part in ("write", "read"):
                self.assertGreater(one[part]["open_us"], 0)
                self.assertGreater(one[part]["open_bytes"], 0)
            self.assertGreater(one["beyond"]["get_ns"], 0)
        self.assertEqual({one["way"] for one in kept["stores"]},
                         {"default", "cache_indexes"})
        for one in kept["tables"]:
            self.assertEqual(one["write"]["tables"], one["tables"])
            self.assertGreater(one["change"]["manifest_bytes_a_flush"], 0)

    def test_tuning(self):
        kept, text = self.measure("varve-tuning")
        self.check_tables(text, 8)
        start = kept["starts"][0]
        self.assertEqual({len(one["ns"]) for one in start["calls"]}, {1})
        for one in start["settings"]:
            self.assertGreater(one["table_bytes"], 0)
        # What is held against itself is as fast as itself.
        for row in re.findall(r"\| the defaults \|(.*)\|\n", text):
            self.assertEqual(set(row.split("|")), {" 1.00 "})

    def test_who_is_ended_removes_its_data(self):
        script, program = SCRIPTS["varve-growth"]
        with subprocess.Popen([sys.executable, "-B", script, program, "--dir", self.folder],
                              stdout=subprocess.DEVNULL) as running:
            while not list(self.folder.glob("*/store*")):
                self.assertIsNone(running.poll())
                time.sleep(0.01)
            running.send_signal(signal.SIGTERM)
            self.assertNotEqual(running.wait(), 0)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_page_without_the_lines_is_left_alone(self):
        path = self.folder / "page.md"
        for text in ("nothing\n", "<!-- a: end -->\n<!-- a: begin -->\n", "<!-- a: begin -->\n"):
            path.write_text(text)
            with self.assertRaises(SystemExit):
                page.write_into(path, "a", "new")
            self.assertEqual(path.read_text(), text)

    def test_neither_a_program_nor_a_file_is_refused(self):
        for script, _ in SCRIPTS.values():
            self.assertEqual(run(script).returncode, 2)


if __name__ == "__main__":
    unittest.main()
