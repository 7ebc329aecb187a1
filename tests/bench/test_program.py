#!/usr/bin/env python3
"""varve-bench as its users run it: every operation, too small to mean anything."""

import fcntl
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = os.environ["VARVE_BENCH"]
BEGIN = "<!-- varve-bench: results begin -->"
END = "<!-- varve-bench: results end -->"


def bench(*arguments, **more):
    return subprocess.run([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=800, **more)

# For runs that are stopped: they end in the midst of things, with threads of WiredTiger that nobody
# joins.
STOPPED = {**os.environ,
           "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"}


def is_free(path):
    """Whether nobody holds the lock any more."""
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


class Program(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        (cls.folder / "data").mkdir()
        cls.done = bench("--smoke", "--json", cls.folder / "run.json", "--dir",
                         cls.folder / "data")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_json(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)
        return json.loads((self.folder / "run.json").read_text())

    def test_all_contenders_agree_and_nothing_stays_behind(self):
        run = self.run_json()
        self.assertTrue(run["agree"])
        self.assertNotIn("differ", self.done.stderr)
        self.assertEqual(list((self.folder / "data").iterdir()), [])

    def test_every_listed_case_is_in_the_document(self):
        listed = set(bench("--smoke", "--list").stdout.splitlines())
        self.assertEqual({case["name"] for case in self.run_json()["cases"]}, listed)
        self.assertGreater(len(listed), 40)

    def test_lanes_can_be_picked_and_are_held_against_the_first(self):
        path = self.folder / "lanes.json"
        done = bench("--smoke", "--lane", "raw seek", "--lane", "ud?", "--json", path, "--dir",
                     self.folder / "data", "one-v1-*/get-newest", "one-v1-*/scan-100")
        self.assertEqual(done.returncode, 0, done.stderr)
        cases = json.loads(path.read_text())["cases"]
        self.assertEqual([[lane["name"] for lane in case["lanes"]] for case in cases],
                         [["raw get", "raw seek", "udt"], ["raw scan", "udt"]])

    def test_a_case_holds_what_is_promised(self):
        for case in self.run_json()["cases"]:
            self.assertEqual(case["name"], case["state"] + "/" + case["operation"])
            self.assertIn(case["clock"], ("cpu", "wall"))
            self.assertGreater(len(case["lanes"]), 1, case["name"])
            self.assertEqual(case["lanes"][0]["ratio"]["median"], 1)
            for lane in case["lanes"]:
                where = case["name"] + " " + lane["name"]
                wall = lane["wall"]
                self.assertTrue(0 < wall["q1"] <= wall["median"] <= wall["q3"], where)
                ratio = lane["ratio"]
                self.assertTrue(0 < ratio["low"] <= ratio["median"] <= ratio["high"], where)
                self.assertGreaterEqual(ratio["error"], 0)
                self.assertEqual(lane["cpu"] is None, case["operation"] in (
                    "get-newest-writing", "get-absent-writing", "get-beside-writer"), where)
                if case["operation"] == "get-beside-writer":
                    latency = lane["latency"]
                    self.assertTrue(0 < latency["p50"] <= latency["p99"] <= latency["p999"]
                                    <= latency["max"])

    def test_goals_have_their_fields(self):
        run = self.run_json()
        self.assertGreater(len(run["goals"]), 15)
        for goal in run["goals"]:
            if goal["at_least"]:
                self.assertEqual(goal["met"], goal["ratio"] >= goal["goal"])
            else:
                self.assertEqual(goal["met"], goal["ratio"] <= goal["goal"])
            self.assertIn("MISSED" if not goal["met"] else "met", self.done.stdout)
            self.assertTrue(goal["name"] and goal["state"])

    def test_a_run_has_not_moved_from_itself(self):
        done = bench("compare", self.folder / "run.json", self.folder / "run.json")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"^0 of \d+ moved beyond noise; 0 could not be compared")

    def test_what_has_moved_is_named(self):
        run = self.run_json()
        lane = run["cases"][0]["lanes"][1]
        for name, ratio in (("before.json", 1), ("moved.json", 1e6)):
            lane["ratio"] = {"median": ratio, "low": ratio, "high": ratio, "error": 0}
            (self.folder / name).write_text(json.dumps(run))
        done = bench("compare", self.folder / "before.json", self.folder / "moved.json")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"{run['cases'][0]['name']}: {lane['name']}: ", done.stdout)

    def test_globs_pick_cases(self):
        path = self.folder / "some.json"
        done = bench("--smoke", "--rounds", 3, "--starts", 1, "--json", path,
                     "one-v1-*/get-newest", "engine-get")
        self.assertEqual(done.returncode, 0, done.stderr)
        run = json.loads(path.read_text())
        self.assertEqual((run["starts"], run["rounds"]), (1, 3))
        self.assertEqual({case["operation"] for case in run["cases"]},
                         {"get-newest", "engine-get"})

    def test_a_glob_that_picks_nothing_is_an_error(self):
        done = bench("--smoke", "no-such-case")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no case", done.stderr)

    def test_the_report_names_goals_operations_and_misses(self):
        text = bench("report", self.folder / "run.json").stdout
        run = self.run_json()
        for goal in run["goals"]:
            self.assertIn(f"| {goal['name']} | `{goal['state']}` |", text)
        for case in run["cases"]:
            self.assertIn(f"\n### {case['operation']}\n", text)
        self.assertEqual(text.count("**missed**"), sum(not g["met"] for g in run["goals"]))

    def test_the_report_goes_between_the_markers_of_a_page(self):
        page = self.folder / "page.md"
        page.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
        for _ in range(2):
            done = bench("report", self.folder / "run.json", "--into", page)
            self.assertEqual(done.returncode, 0, done.stderr)
        text = page.read_text()
        self.assertTrue(text.startswith(f"# Before\n\n{BEGIN}\nProfile `smoke`"))
        self.assertTrue(text.endswith(f"{END}\n\nafter\n"))
        self.assertNotIn("old", text)
        self.assertEqual(text.count(BEGIN), 1)
        shown = re.findall(r"\]\((pictures/[^)]+)\)", text)
        self.assertEqual(len(shown), len(list((self.folder / "pictures").glob("*.svg"))))
        for picture in shown:
            self.assertTrue((self.folder / picture).is_file(), picture)

    def test_a_page_without_markers_is_left_alone(self):
        page = self.folder / "plain.md"
        page.write_text("nothing\n")
        self.assertEqual(bench("report", self.folder / "run.json", "--into", page).returncode, 2)
        self.assertEqual(page.read_text(), "nothing\n")

    def test_without_gnuplot_there_are_no_pictures_and_it_is_named(self):
        done = bench("draw", self.folder / "run.json", self.folder, env={"PATH": "/nowhere"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("gnuplot", done.stderr)

    def test_gnuplot_draws_each_operation(self):
        if subprocess.run("command -v gnuplot", shell=True, stdout=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("gnuplot is not installed")
        pictures = self.folder / "drawn"
        pictures.mkdir()
        done = bench("draw", self.folder / "run.json", pictures)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({path.name for path in pictures.iterdir()},
                         {f"bench-{case['operation']}.svg" for case in self.run_json()["cases"]})
        for path in pictures.iterdir():
            self.assertIn("</svg>", path.read_text())

    def test_other_files_are_refused(self):
        (self.folder / "other.json").write_text('{"schema": 99, "cases": []}')
        done = bench("report", self.folder / "other.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("schema 3", done.stderr)

    def begin(self, folder, **more):
        """A run that has begun to load data into `folder`."""
        folder.mkdir()
        running = subprocess.Popen([PROGRAM, "--quick", "--dir", folder], env=STOPPED,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        self.wait_until(lambda: list(folder.glob("*/varve/*")))
        return running

    def wait_until(self, condition):
        for _ in range(2400):
            if condition():
                return
            time.sleep(0.05)
        self.fail("waited in vain")

    def test_a_signal_leaves_nothing_behind(self):
        folder = self.folder / "signal"
        with self.begin(folder) as running:
            running.send_signal(signal.SIGINT)
            self.assertEqual(running.wait(), 2)
        self.assertEqual(list(folder.iterdir()), [])

    def test_when_the_first_process_is_killed_the_other_one_tidies_up(self):
        folder = self.folder / "killed"
        with self.begin(folder) as running:
            running.kill()
        self.wait_until(lambda: not list(folder.iterdir()))

    def test_when_the_other_process_is_killed_the_first_one_tidies_up(self):
        folder = self.folder / "other"
        with self.begin(folder) as running:
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
            self.assertEqual(len(children), 1)
            os.kill(int(children[0]), signal.SIGKILL)
            self.assertEqual(running.wait(), 2)
        self.assertEqual(list(folder.iterdir()), [])

    def test_what_killed_runs_have_left_is_removed_by_the_next_one(self):
        folder = self.folder / "left"
        mine = folder / "varve-bench-of-mine"
        with self.begin(folder, start_new_session=True) as running:
            left = list(folder.iterdir())
            os.killpg(running.pid, signal.SIGKILL)
        mine.mkdir()
        self.assertEqual(len(left), 1)
        self.wait_until(lambda: is_free(left[0] / "lock"))
        self.assertTrue(left[0].exists())
        done = bench("--smoke", "--dir", folder, "one-v1-*/engine-get")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(folder.iterdir()), [mine])

    def test_what_another_run_works_in_stays(self):
        folder = self.folder / "two"
        with self.begin(folder) as running:
            others = list(folder.iterdir())
            done = bench("--smoke", "--dir", folder, "one-v1-*/engine-get")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(list(folder.iterdir()), others)
            running.send_signal(signal.SIGTERM)
            self.assertEqual(running.wait(), 2)

    def test_a_reader_that_goes_away_leaves_nothing_behind(self):
        folder = self.folder / "pipe"
        folder.mkdir()
        with subprocess.Popen([PROGRAM, "--smoke", "--dir", folder], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=STOPPED) as running:
            running.stdout.close()
            self.assertEqual(running.wait(), 2)
        self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
