"""varve verify git: it finds what differs, and nothing where nothing does."""

import os
import unittest

import schema
from importing import ENVIRONMENT, export, git, make_awkward
from toolkit import (IO, NO, OK, REFUSED, SECOND, STORE, USAGE, ToolTest, Writer, engine_key,
                     raw_bytes, raw_file, varve)

FIRST = 1_000_000_000


class Tampered(ToolTest):
    """
    A small history with three commits, and a store in which one thing is wrong.  All pairs and all
    listings are compared.
    """

    def setUp(self):
        super().setUp()
        self.repository = self.folder / "repository"
        git(self.folder, "init", "--quiet", "--initial-branch=main", str(self.repository))
        self.commits = []
        self.commit({"kept": "one\n", "gone": "two\n", "run": "three\n"}, executable="run")
        self.commit({"kept": "four\n", "dir/new": "five\n"}, remove=("gone",))
        self.commit({"link": "->kept"})
        result = varve("import", "git", self.store, "-", input=export(self.repository))
        self.assertEqual(result.code, OK, result.err)

    def commit(self, files, remove=(), executable=None):
        for name, text in files.items():
            path = self.repository / name
            path.parent.mkdir(exist_ok=True)
            if text.startswith("->"):
                os.symlink(text[2:], path)
            else:
                path.write_text(text)
            if name == executable:
                path.chmod(0o755)
        for name in remove:
            (self.repository / name).unlink()
        git(self.repository, "add", "--all")
        date = f"@{FIRST + len(self.commits)} +0000"
        git(self.repository, "commit", "--quiet", "--allow-empty", "-m", "message",
            env={"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date})
        self.commits.append(git(self.repository, "rev-parse", "HEAD").decode().strip())

    def time_of(self, commit):
        return (FIRST + commit) * SECOND

    def verify(self, code, *options):
        result = varve("verify", "git", self.store, str(self.repository), "--json", *options)
        self.assertEqual((result.code, result.err), (code, ""))
        summary = result.objects()[0]
        schema.check("verify", summary)
        self.assertEqual(len(summary["first_differences"]), min(summary["differences"], 10))
        return summary

    def check_found(self, expected):
        """These differences are found, these and no others."""
        self.assertEqual(sorted(self.verify(NO)["first_differences"]), sorted(expected))

    def at(self, commit, path, what):
        return f'"{path}" in commit {self.commits[commit]}: {what}'

    def test_nothing(self):
        self.assertEqual(self.verify(OK, "--seed", "7"), {
            "ref": self.commits[2], "seed": 7, "commits": 3, "paths": 5, "pairs": 15,
            # gone is deleted twice; dir/new is missing once, link twice
            "absent": 5, "deleted": 2, "executables": 3, "symlinks": 1, "submodules": 0,
            "listings": 3, "entries": 3 + 3 + 4, "differences": 0, "first_differences": []})

    def test_another_content(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"kept", self.time_of(1)), raw_file("100644", b"fouR\n"))
        self.check_found([self.at(commit, "kept", what) for commit in (1, 2) for what in (
            "another content in the store", "another mode or object id in the listing")])

    def test_a_longer_and_a_shorter_content(self):
        for content in (b"five", b"five\n\n", b""):
            with Writer(self.store) as store:
                store.record(engine_key(b"dir/new", self.time_of(1)), raw_file("100644", content))
            self.assertEqual(self.verify(NO)["differences"], 4)

    def test_another_mode(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"run", self.time_of(0)), raw_file("100644", b"three\n"))
        found = self.verify(NO)
        self.assertEqual(found["differences"], 6)
        self.assertIn(self.at(0, "run", "another mode in the store"), found["first_differences"])

    def test_a_link_that_became_a_file(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"link", self.time_of(2)), raw_file("100644", b"kept"))
        self.check_found([self.at(2, "link", "another mode in the store"),
                          self.at(2, "link", "another mode or object id in the listing")])

    def test_a_missing_tombstone(self):
        """The deletion was not written: the file lives on."""
        with Writer(self.store) as store:
            store.record(engine_key(b"gone", self.time_of(1)), raw_file("100644", b"two\n"))
        self.check_found([self.at(commit, "gone", what) for commit in (1, 2) for what in (
            "in the store, though not in git", "listed by the store, though not by git")])

    def test_a_deletion_too_many(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"kept", self.time_of(2)), b"")
        self.check_found([self.at(2, "kept", "missing in the store"),
                          self.at(2, "kept", "missing in the listing")])

    def test_a_deletion_of_the_last_path(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"run", self.time_of(2)), b"")
        self.check_found([self.at(2, "run", "missing in the store"),
                          self.at(2, "run", "missing in the listing")])

    def test_a_file_too_early(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"link", self.time_of(1)), raw_file("120000", b"kept"))
        self.check_found([self.at(1, "link", "in the store, though not in git"),
                          self.at(1, "link", "listed by the store, though not by git")])

    def test_a_key_that_git_never_had(self):
        """The pairs are of git's paths: only the listings can find it."""
        with Writer(self.store) as store:
            store.record(engine_key(b"\xff", self.time_of(2)), raw_file("100644", b""))
        self.check_found([f'"\\xff" in commit {self.commits[2]}: listed by the store, though not '
                          "by git"])

    def test_a_value_that_is_no_file(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"link", self.time_of(2)), raw_bytes(b"120000 kept"))
        self.check_found([self.at(2, "link", "the value in the store is not that of a file"),
                          self.at(2, "link", "another mode or object id in the listing")])

    def test_labels_at_another_time_or_place(self):
        for wall, number in ((self.time_of(1) + 1, 1), (self.time_of(1), 2)):
            with Writer(self.store) as store:
                store.label(self.commits[1], wall, number=number)
            self.check_found([f"commit {self.commits[1]}: at another place or time in the store"])

    def test_a_label_that_points_elsewhere(self):
        with Writer(self.store) as store:
            store.label(self.commits[1], self.time_of(0), number=1)
        found = self.verify(NO)
        self.assertIn(f"commit {self.commits[1]}: at another place or time in the store",
                      found["first_differences"])
        self.assertIn(self.at(1, "kept", "another content in the store"),
                      found["first_differences"])

    def test_a_commit_that_is_not_imported(self):
        self.commit({"more": "text\n"})
        self.assertEqual(self.verify(OK)["ref"], self.commits[2])
        found = self.verify(NO, "--ref", "main")
        self.assertEqual(found["first_differences"],
                         [f"commit {self.commits[3]}: not in the store"])
        # There is no time to read the store at.
        self.assertEqual((found["pairs"], found["listings"]), (3 * 6, 3))
        self.assertEqual(self.verify(OK, "--ref", "main~1")["differences"], 0)

    def test_a_commit_that_no_import_takes(self):
        """Its time is after the year 2262, which is more than a timestamp can say."""
        git(self.repository, "commit", "--quiet", "--allow-empty", "-m", "message",
            env={"GIT_COMMITTER_DATE": "@99999999999 +0000"})
        last = git(self.repository, "rev-parse", "HEAD").decode().strip()
        self.assertEqual(self.verify(NO, "--ref", "main")["first_differences"],
                         [f"commit {last}: not in the store"])

    def test_long_paths_are_cut_between_characters(self):
        with Writer(self.store) as store:
            for extra in range(2):
                store.record(engine_key(b"x" * extra + "ä".encode() * 150, self.time_of(2)),
                             raw_file("100644", b""))
        # 252 bytes fit in front of the dots: the quote, and 125 characters of two bytes.
        self.check_found([f'"{start}... in commit {self.commits[2]}: listed by the store, though '
                          "not by git" for start in ("ä" * 125, "x" + "ä" * 125)])

    def test_only_the_first_differences_are_named(self):
        with Writer(self.store) as store:
            for number in range(20):
                store.record(engine_key(b"x%02d" % number, self.time_of(0)),
                             raw_file("100644", b""))
        found = self.verify(NO)
        self.assertEqual((found["differences"], len(found["first_differences"])), (60, 10))
        result = varve("verify", "git", self.store, str(self.repository))
        self.assertEqual(result.code, NO)
        self.assertIn(b"  and 50 more\n60 differences\n", result.out)

    def test_redacted(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"secret", self.time_of(0)), raw_file("100644", b""))
        found = self.verify(NO, "--redact")
        self.assertRegex(found["first_differences"][0], r"^<6 bytes> in commit [0-9a-f]{40}: ")
        result = varve("verify", "git", self.store, str(self.repository), "--redact")
        self.assertNotIn(b"secret", result.out)
        self.assertIn("secret", self.verify(NO)["first_differences"][0])

    def test_text(self):
        result = self.run_ok("verify", "git", self.store, str(self.repository), "--seed", "7")
        self.assertEqual(result.lines(), [
            f"{self.commits[2]}: 3 commits, 5 paths, seed 7",
            "15 pairs of path and commit compared: 5 absent, of which 2 deleted; 3 executables, "
            "1 symbolic links, 0 submodules",
            "3 listings compared, with 10 entries",
            "no difference"])

    def test_samples_and_listings(self):
        found = self.verify(OK, "--samples", "4", "--listings", "2", "--seed", "1")
        self.assertEqual((found["pairs"], found["listings"], found["seed"]), (4, 2, 1))
        self.assertEqual(self.verify(OK, "--samples", "4", "--listings", "2", "--seed", "1"),
                         found)
        found = self.verify(OK, "--samples", "0", "--listings", "0")
        self.assertEqual((found["pairs"], found["listings"]), (0, 0))

    def test_samples_find_a_difference_in_the_end(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"kept", self.time_of(2)), raw_file("100644", b"fouR\n"))
        found = {self.verify_seed(seed)["differences"] for seed in range(30)}
        self.assertEqual(found, {0, 1})

    def verify_seed(self, seed):
        result = varve("verify", "git", self.store, str(self.repository), "--json", "--samples",
                       "5", "--listings", "0", "--seed", str(seed))
        return result.objects()[0]

    def test_configuration_does_not_matter(self):
        for name, value in (("log.showRoot", "false"), ("diff.noprefix", "true"),
                            ("diff.renames", "copies"), ("core.quotePath", "false"),
                            ("log.showSignature", "true"), ("log.decorate", "full"),
                            ("diff.orderFile", "kept"), ("color.ui", "always"),
                            ("diff.ignoreSubmodules", "all"), ("diff.relative", "true")):
            git(self.repository, "config", name, value)
        self.assertEqual(self.verify(OK)["paths"], 5)
        self.repository /= "dir"
        self.assertEqual(self.verify(OK)["paths"], 5)


class Failures(ToolTest):
    def setUp(self):
        super().setUp()
        self.repository = make_awkward(self.folder / "repository")
        self.assertEqual(varve("import", "git", self.store, "-",
                               input=export(self.repository, "main~10")).code, OK)

    def test_no_store(self):
        self.run_failing(STORE, "verify", "git", self.store + "2", str(self.repository))

    def test_a_store_without_a_history(self):
        with Writer(self.store + "2") as store:
            store.put(b"k", 1, raw_bytes(b""))
        result = self.run_failing(REFUSED, "verify", "git", self.store + "2",
                                  str(self.repository))
        self.assertIn("no git history has been imported", result.err)

    def test_no_repository(self):
        os.mkdir(self.folder / "empty")
        for name in ("missing", "empty"):
            result = varve("verify", "git", self.store, str(self.folder / name),
                           env={**os.environ, **ENVIRONMENT})
            self.assertEqual(result.code, REFUSED, result.err)
            self.assertIn("no repository with a commit", result.err)

    def test_no_such_ref(self):
        for ref in ("nothing", "-x", "--all", "main:README", "0" * 40):
            result = self.run_failing(REFUSED, "verify", "git", self.store, str(self.repository),
                                      f"--ref={ref}")
            self.assertIn(f"'{ref}'", result.err)

    def test_git_is_missing(self):
        result = varve("verify", "git", self.store, str(self.repository),
                       env={**os.environ, "PATH": "/nowhere"})
        self.assertEqual(result.code, IO)
        self.assertIn("git cannot be run", result.err)

    def test_wrong_command_lines(self):
        self.run_failing(USAGE, "verify", "tsv", self.store, str(self.repository))
        for option in ("--samples", "--listings", "--seed"):
            self.run_failing(USAGE, "verify", "git", self.store, str(self.repository), option,
                             "x")
        self.run_failing(USAGE, "verify", "git", self.store, str(self.repository), "--seed",
                         "all")

    def test_objects_that_are_missing(self):
        """A repository that lacks a tree: no answer is better than a wrong one."""
        history = export(self.repository, "main")
        tree = git(self.repository, "rev-parse", "main^{tree}").decode().strip()
        os.unlink(self.repository / "objects" / tree[:2] / tree[2:])
        self.assertEqual(varve("import", "git", self.store, "-", input=history).code, OK)
        result = varve("verify", "git", self.store, str(self.repository))
        self.assertEqual((result.code, result.out), (IO, b""))
        self.assertIn("varve: verify: git log failed with exit code 128", result.err)


if __name__ == "__main__":
    unittest.main()
