"""The demo, on the repositories it will meet."""

import re
import subprocess
import tempfile
import unittest

from importing import ENVIRONMENT, git, make_awkward
from toolkit import SOURCE, VARVE, ToolTest

DEMO = SOURCE / "examples" / "demo" / "demo.sh"


class Demo(ToolTest):
    def run_demo(self, repository, code=0):
        """Run it; what it printed.  It leaves nothing behind."""
        temporary = self.folder / "temporary"
        temporary.mkdir()
        done = subprocess.run(["sh", str(DEMO), VARVE, str(repository)], check=False, timeout=800,
                              env={**ENVIRONMENT, "TMPDIR": str(temporary)},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(list(temporary.iterdir()), [])
        temporary.rmdir()
        return (done.stdout + done.stderr).decode()

    def check_summary(self, text, commits):
        """Both repositories were proven; the first has that many commits."""
        summary = text[text.index("==== Summary"):]
        counts = re.findall(r"imported +(\d+) commits, \d+ versions", summary)
        self.assertEqual(counts, [str(commits), "52"])
        pairs = [int(number) for number in re.findall(r"equal +(\d+) pairs", summary)]
        self.assertEqual(len(pairs), 2)
        self.assertGreater(pairs[1], 4000)
        self.assertEqual(len(re.findall(r"equal +\d+ whole listings", summary)), 2)
        # Each store once, and the second once more when its garbage has gone.
        self.assertEqual(text.count("\nfindings: 0\n"), 3)
        self.assertEqual(
            text.count("\nstatistics: kept, and equal to what has been counted\n"), 3)
        self.assertEqual(len(re.findall(r"^sys_count +0 +0 +0$", text, re.MULTILINE)), 3)
        collected = re.search(r"^collected (\d+) versions of", text, re.MULTILINE)
        self.assertGreater(int(collected.group(1)), 100)
        self.assertRegex(text, r"scan: awkward: read at 1600000011.*is not above the threshold")

    def commit(self, repository):
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--allow-empty", "-m", "message")

    def new_repository(self):
        repository = self.folder / "a repository"
        git(self.folder, "init", "--quiet", str(repository))
        return repository

    def test_a_repository_of_one_commit(self):
        repository = self.new_repository()
        (repository / "a folder").mkdir()
        (repository / "a folder" / "a file").write_text("some text\n")
        self.commit(repository)
        text = self.run_demo(repository)
        self.check_summary(text, 1)
        self.assertIn("$ varve history history 'a folder/a file' --limit 10\n", text)
        self.assertIn("\nsome text\n", text)
        self.assertIn("\ta folder/a file\n", text)

    def test_a_folder_in_a_repository(self):
        repository = self.new_repository()
        (repository / "inner").mkdir()
        for number in range(3):
            (repository / "top").write_text(f"{number}\n")
            self.commit(repository)
        text = self.run_demo(repository / "inner")
        self.check_summary(text, 3)
        self.assertIn("$ varve history history top --limit 10\n", text)
        self.assertIn("\n0\n", text)

    def test_a_repository_without_a_file(self):
        repository = self.new_repository()
        self.commit(repository)
        self.check_summary(self.run_demo(repository), 1)

    def test_awkward_names_only(self):
        repository = self.new_repository()
        (repository / 'quo"te').write_text("x\n")
        (repository / "new\nline").write_text("x\n")
        (repository / "-x").write_text("x\n")
        self.commit(repository)
        self.check_summary(self.run_demo(repository), 1)

    def test_a_bare_and_awkward_repository(self):
        self.check_summary(self.run_demo(make_awkward(self.folder / "awkward")), 52)

    def test_a_shallow_clone(self):
        repository = make_awkward(self.folder / "awkward")
        git(self.folder, "clone", "--quiet", "--bare", "--depth", "3", f"file://{repository}",
            "clone")
        text = self.run_demo(self.folder / "clone")
        self.assertIn("This is a shallow clone: its history begins at", text)
        self.check_summary(text, 3)

    def test_no_commit_yet(self):
        self.assertIn("has no commit yet; name another one: make demo REPO=path",
                      self.run_demo(self.new_repository(), code=1))

    def test_no_repository(self):
        # Not below the source tree, which is one itself.
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("is not in a git repository; name one: make demo REPO=path",
                          self.run_demo(folder, code=1))

    def test_no_folder(self):
        self.assertIn("is no folder", self.run_demo(self.folder / "missing", code=1))


if __name__ == "__main__":
    unittest.main()
