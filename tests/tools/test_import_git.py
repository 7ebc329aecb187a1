"""varve import git: histories, going on, and streams that are refused."""

import os
import resource
import struct
import unittest

import schema
from importing import (blob_text, check_statistics, commit_id, commit_text, cursor, cursor_raw,
                       dump, dump_digest, export, git, kill_often, make_awkward, random_of_test,
                       stream)
from toolkit import (IO, OK, REFUSED, SECOND, ToolTest, Writer, engine_key, label_key,
                     raw_file, raw_label, varve)

BASE = 1_000_000_000
CURSOR = b"\x01vigit"


def version(path, seconds, value, logical=0):
    """A version in a dump."""
    return f"{engine_key(path, seconds * SECOND, logical).hex()} {value.hex()}"


def inline(key, value):
    """An inline value in a dump: a metadata record that holds the raw value and nothing else."""
    size = bytes([len(value)]) if len(value) < 0x80 else bytes([len(value) & 0x7F | 0x80,
                                                                len(value) >> 7])
    record = bytes.fromhex("120408001000 1800 2000 2800 32") + size + value
    return f"{engine_key(key).hex()} {record.hex()}"


def label(number, seconds, logical=0):
    return inline(label_key(commit_id(number)), raw_label(seconds * SECOND, logical, number))


class GitTest(ToolTest):
    def run_import(self, data, *options, code=OK, store=None):
        result = varve("import", "git", store or self.store, "-", *options, input=data)
        self.assertEqual(result.code, code, result.err)
        return result

    def refuse(self, data, line, offset, message, *options, store=None):
        """The stream is refused at this place."""
        result = self.run_import(data, *options, code=REFUSED, store=store)
        self.assertRegex(result.err, r"\Avarve: import: [^\n]+\n\Z")
        self.assertIn(f"standard input: line {line}, byte {offset}: ", result.err)
        self.assertIn(message, result.err)
        return result

    def refuse_after(self, good, rest, message, *options, store=None):
        """The stream is refused at the first byte of `rest`."""
        good = stream(good)[:-len(b"done\n")]
        return self.refuse(good + rest, good.count(b"\n") + 1, len(good), message, *options,
                           store=store)

    def versions(self, store=None):
        """The dump without what varve keeps for itself."""
        return [line for line in dump(store or self.store) if not line.startswith("0176")]


class History(GitTest):
    def test_files_links_submodules_and_deletions(self):
        self.run_import(stream(
            blob_text(1, b"one"), blob_text(2, b"two"),
            commit_text(0, b"M 100644 :1 a\nM 120000 :2 d/link\n"),
            commit_text(1, b"M 100755 :1 a\nM 160000 " + b"1" * 40 + b" sub\n"),
            commit_text(2, b"D a\nD d/link\n")))
        self.assertEqual(dump(self.store), [
            label(0, BASE), label(1, BASE + 1), label(2, BASE + 2),
            inline(CURSOR, cursor_raw(version=1, commits=3, commit=commit_id(2),
                                      time=f"{BASE + 2}.000000000,0")),
            version(b"a", BASE + 2, b""),
            version(b"a", BASE + 1, raw_file("100755", b"one")),
            version(b"a", BASE, raw_file("100644", b"one")),
            version(b"d/link", BASE + 2, b""),
            version(b"d/link", BASE, raw_file("120000", b"two")),
            version(b"sub", BASE + 1, raw_file("160000", b"1" * 40)),
        ])

    def test_times_that_repeat_run_backwards_and_begin_at_zero(self):
        times = [0, 0, -5, 7, 7, 3, 8]
        self.run_import(stream(
            blob_text(1, b"x"),
            *(commit_text(number, b"M 100644 :1 a%d\n" % number, seconds)
              for number, seconds in enumerate(times))))
        self.assertEqual([line for line in dump(self.store) if line.startswith("017667")], [
            label(0, 0, 1), label(1, 0, 2), label(2, 0, 3), label(3, 7, 0), label(4, 7, 1),
            label(5, 7, 2), label(6, 8, 0)])

    def test_data_in_the_stream_itself(self):
        self.run_import(stream(commit_text(
            0, b"M 100644 inline a\ndata 3\nx\ny\nM 100644 inline b c\ndata <<END\nz\nEND\n")))
        self.assertEqual(self.versions(), [
            version(b"a", BASE, raw_file("100644", b"x\ny")),
            version(b"b c", BASE, raw_file("100644", b"z\n"))])

    def test_a_mark_may_move(self):
        self.run_import(stream(
            blob_text(1, b"x"), commit_text(0, b"M 100644 :1 a\n"),
            blob_text(1, b"y"), commit_text(1, b"M 100644 :1 a\n")))
        self.assertEqual(self.run_ok("get", self.store, "a").out, b"y")
        self.assertEqual(self.run_ok("get", self.store, "a", "--at",
                                     f"commit:{commit_id(0)}").out, b"x")

    def test_the_file_goes_when_a_folder_takes_its_place(self):
        """git names the new files first and then the deletion, which is of the file alone."""
        self.run_import(stream(
            blob_text(1, b"x"), commit_text(0, b"M 100644 :1 a\n"),
            commit_text(1, b"M 100644 :1 a/b\nD a\n"),
            commit_text(2, b"D a/b\nM 100644 :1 a\n")))
        self.assertEqual(self.versions(), [
            version(b"a", BASE + 2, raw_file("100644", b"x")),
            version(b"a", BASE + 1, b""),
            version(b"a", BASE, raw_file("100644", b"x")),
            version(b"a/b", BASE + 2, b""),
            version(b"a/b", BASE + 1, raw_file("100644", b"x"))])

    def test_commits_without_changes_have_labels(self):
        self.run_import(stream(commit_text(0, b""), commit_text(1, b"")))
        self.assertEqual(dump(self.store)[:2], [label(0, BASE), label(1, BASE + 1)])

    def test_a_history_without_commits(self):
        self.assertIn("0 commits", self.run_import(stream()).err)
        self.assertIsNone(cursor(self.store, "git"))

    def test_the_summary(self):
        data = stream(blob_text(1, b"xyz"), commit_text(0, b"M 100644 :1 a\nM 100644 :1 b\n"),
                      commit_text(1, b"D a\n"))
        summary = self.run_import(data, "--json").objects()[0]
        schema.check("import", summary)
        self.assertGreater(summary.pop("seconds"), 0)
        # Paths, and values with five bytes of header and seven of mode and blank.
        self.assertEqual(summary, {"format": "git", "commits": 2, "imported_before": 0,
                                   "versions": 3, "deletions": 1, "bytes": 2 * (1 + 15) + 1,
                                   "input_bytes": len(data)})
        self.assertEqual(self.run_import(data, "--json").objects()[0]["imported_before"], 2)

    def test_a_dry_run_writes_nothing(self):
        data = stream(blob_text(1, b"x"), commit_text(0, b"M 100644 :1 a\n"))
        self.assertIn("dry run, nothing written: 1 commits",
                      self.run_import(data, "--dry-run").err)
        self.assertFalse(os.path.exists(self.store))
        self.run_import(data)
        before = dump(self.store)
        more = stream(blob_text(1, b"x"), commit_text(0, b"M 100644 :1 a\n"),
                      commit_text(1, b"D a\n"))
        self.assertIn("1 commits after 1 imported before",
                      self.run_import(more, "--dry-run").err)
        self.assertEqual(dump(self.store), before)


class Refused(GitTest):
    """What is refused, where, and what stays."""

    # A commit is over when another command follows: until then a fault may be one of it.
    GOOD = blob_text(1, b"x") + commit_text(0, b"M 100644 :1 a\n") + b"progress 1\n"

    def check_kept(self):
        """The first commit is there, and nothing else."""
        self.assertEqual(self.versions(), [version(b"a", BASE, raw_file("100644", b"x"))])
        self.assertEqual(cursor(self.store, "git")["commits"], 1)
        self.assertEqual(len(dump(self.store)), 3)

    def check(self, rest, message):
        self.store += "+"
        self.assertIn("; what comes before is imported",
                      self.refuse_after(self.GOOD, rest, message).err)
        self.check_kept()

    def check_change(self, change, message):
        """A change is refused, and with it all that its commit has already said."""
        begun = commit_text(1, b"M 100644 :1 b\nD a\n")[:-1]
        self.store += "+"
        self.assertIn("; what comes before is imported",
                      self.refuse_after(self.GOOD + begun, change + b"\n\ndone\n", message).err)
        self.check_kept()

    def test_malformed(self):
        self.check(b"nonsense\n", 'unknown command "nonsense"')

    def test_malformed_right_behind_a_commit(self):
        good = stream(blob_text(1, b"x"), commit_text(0, b"M 100644 :1 a\n"))[:-len(b"done\n")]
        for rest in (b"", b"M", b"nonsense\n"):
            self.run_import(good + rest, code=REFUSED)
            self.assertEqual(dump(self.store), [])

    def test_cut_short(self):
        self.check(b"", 'the input ends without "done"')

    def test_cut_short_anywhere(self):
        whole = stream(self.GOOD, blob_text(2, b"two"), commit_text(1, b"M 100644 :2 b\nD a\n"))
        first = len(stream(self.GOOD)) - len(b"done\n")
        random_numbers = random_of_test()
        for size in random_numbers.sample(range(first, len(whole) - len(b"e\n")), 15):
            store = f"{self.store}{size}"
            self.run_import(whole[:size], code=REFUSED, store=store)
            self.assertEqual(self.versions(store),
                             [version(b"a", BASE, raw_file("100644", b"x"))], size)
            self.run_import(whole, store=store)
            self.assertEqual(len(self.versions(store)), 3)

    def test_a_commit_that_does_not_follow(self):
        self.check(commit_text(2, b"", parent=1), "the stream is not one line of commits; "
                   "export one ref with git fast-export --first-parent")
        self.check(commit_text(1, b"", parent=-1), "the stream is not one line of commits")
        by_id = commit_text(1, b"").replace(b"from :1000000", b"from " + b"0" * 40)
        self.check(by_id, "the stream is not one line of commits")

    def test_a_parent_may_be_named_by_its_id(self):
        by_id = commit_text(1, b"").replace(b"from :1000000",
                                            b"from " + commit_id(0).encode())
        self.run_import(stream(self.GOOD, by_id))
        self.assertEqual(cursor(self.store, "git")["commits"], 2)

    def test_a_first_commit_with_a_parent(self):
        self.refuse_after(b"", commit_text(1, b"", parent=0),
                          "has a parent that is not in the stream: export the whole line")

    def test_a_commit_without_its_id(self):
        commit = commit_text(1, b"").replace(b"original-oid %s\n" % commit_id(1).encode(), b"")
        self.check(commit, "has no original-oid: export with --show-original-ids")

    def test_a_time_after_2262(self):
        self.check(commit_text(1, b"", seconds=9_223_372_037), "is after the year 2262")
        self.run_import(stream(self.GOOD, commit_text(1, b"", seconds=9_223_372_036)))

    def test_an_unknown_mark(self):
        self.check_change(b"M 100644 :7 c", "mark :7 has not been defined")

    def test_illegal_paths(self):
        self.check_change(b"M 100644 :1 \x01vg", r'the path "\x01vg" begins with 00 or 01')
        self.check_change(b"D \x01vg", r'the path "\x01vg" begins with 00 or 01')
        self.check_change(b'M 100644 :1 "\\377\\377"', "begins with FF FF")
        self.check_change(b"M 100644 :1 " + b"p/" * 32_768 + b"q",
                          'the path "' + "p/" * 32 + '"... is longer than 65,536 bytes')

    def test_a_long_path_may_be_quoted(self):
        path = b"\xff\xfe" + b"p/" * 32_766 + b"qr"
        self.assertEqual(len(path), 65_536)
        text = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
        self.run_import(stream(blob_text(1, b"x"), commit_text(0, b"M 100644 :1 " + text + b"\n")))
        self.assertEqual(self.versions(), [version(path, BASE, raw_file("100644", b"x"))])

    def test_what_is_not_supported(self):
        for text, message in ((b"deleteall", "deleteall"), (b"R a b", "a rename"),
                              (b"C a b", "a copy"), (b"N :1 :2", "a note")):
            self.check_change(text, message)

    def test_folders_cannot_be_deleted(self):
        history = blob_text(1, b"x") + commit_text(0, b"M 100644 :1 d/a\nM 100644 :1 d.x\n")
        begun = commit_text(1, b"M 100644 :1 b\n")[:-1]
        self.refuse_after(history + begun, b"D d\n\ndone\n", '"d" is a folder')
        self.assertEqual(len(self.versions()), 2)
        # What never was can be deleted, as by git itself, and so can what was deleted before.
        self.run_import(stream(history, commit_text(1, b"D d/a\nD e\nD d.\n"),
                               commit_text(2, b"D d\n")))

    def test_another_history(self):
        self.run_import(stream(self.GOOD, commit_text(1, b"D a\n")))
        before = dump(self.store)
        other = commit_text(1, b"D a\n").replace(commit_id(1).encode(), commit_id(7).encode())
        for history in (other, other + commit_text(2, b"")):
            self.refuse_after(self.GOOD, history + b"done\n",
                              f"commit 2 of the stream, {commit_id(7)}, is not the one that has "
                              "been imported")
        # The last commit is the same, but not the one before it.
        first = commit_text(0, b"").replace(commit_id(0).encode(), commit_id(8).encode())
        self.refuse_after(b"", first + commit_text(1, b"") + b"done\n",
                          "commit 1 of the stream")
        self.assertEqual(dump(self.store), before)

    def test_a_shorter_history(self):
        self.run_import(stream(self.GOOD, commit_text(1, b"")))
        before = dump(self.store)
        result = self.run_import(stream(self.GOOD), code=REFUSED)
        self.assertIn("the stream has 1 commits, but 2 have been imported from it", result.err)
        self.assertEqual(dump(self.store), before)

    def test_damaged_cursors(self):
        members = {"version": 1, "commits": 0, "commit": "", "time": "0,0"}
        for damage in ({"commits": -1}, {"commit": 5}, {"commit": "1" * 65}, {"time": "x"},
                       {"more": 1}):
            with Writer(self.store) as store:
                store.inline(CURSOR, cursor_raw(**{**members, **damage}))
            self.assertIn("the cursor of the import is damaged: nothing tells how far it has come; "
                          "import into another store",
                          self.run_import(stream(self.GOOD), code=5).err, damage)


class Large(GitTest):
    """Commits that do not fit into one batch."""

    def history(self, commits, files, size):
        """A stream: each commit changes as many files, new contents all of them."""
        filler = bytes(range(256)) * (size // 256 + 1)
        parts = []
        for number in range(commits):
            first = number * files + 1
            parts += [blob_text(first + i, struct.pack(">I", first + i) + filler[:size])
                      for i in range(files)]
            changes = b"".join(b"M 100644 :%d dir%d/file%d\n" % (first + i, i % 7, i)
                               for i in range(files))
            if number % 3 == 2:
                changes += b"D dir0/file0\n"
            parts.append(commit_text(number, changes))
        return parts

    def test_a_commit_of_many_batches(self):
        self.run_import(stream(*self.history(2, 1000, 3000)))
        self.assertEqual(len(self.versions()), 2000)
        self.assertNotIn("pending", cursor(self.store, "git"))

    def test_an_import_that_is_killed_ten_times_ends_the_same(self):
        # A batch holds about three of these commits, and between two kills come five or more.
        commits = 120
        data = stream(*self.history(commits, 500, 700))
        hits = kill_often(random_of_test(), "git", self.store, data,
                          lambda at: at["commits"] / commits if at else 0)
        self.assertEqual(len(hits), 10)
        self.run_import(data)
        self.run_import(data, store=self.store + "2")
        self.assertEqual(dump_digest(self.store), dump_digest(self.store + "2"))
        check_statistics(self.store)

    def test_contents_that_cannot_be_kept(self):
        data = stream(*self.history(3, 100, 30_000))
        self.run_import(data, store=self.store + "2")
        for name, value in (("RLIMIT_FSIZE", 1_000_000), ("TMPDIR", str(self.folder / "no"))):
            options = {}
            if name == "TMPDIR":
                options["env"] = {**os.environ, name: value}
            else:
                options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                   (1_000_000, 1_000_000))
            result = varve("import", "git", self.store, "-", input=data, restore_signals=False,
                           **options)
            self.assertEqual(result.code, IO, result.err)
            self.assertIn("; TMPDIR names another place", result.err)
        self.run_import(data)
        self.assertEqual(dump_digest(self.store), dump_digest(self.store + "2"))

    def interrupt(self, data):
        """
        What a kill within the first commit leaves behind: its first changes, and a cursor that says
        which commit they belong to.
        """
        self.run_import(data)
        with Writer(self.store + "3") as store:
            store.put(b"dir0/file0", BASE * SECOND, raw_file("100644", b"some"))
            store.inline(CURSOR, cursor_raw(version=1, commits=0, commit="", time="0,0",
                                            pending=commit_id(0)))
        return self.store + "3"

    def test_a_commit_that_is_pending_is_written_again(self):
        data = stream(*self.history(1, 1, 10))
        half = self.interrupt(data)
        self.run_import(data, store=half)
        self.assertEqual(dump(half), dump(self.store))

    def test_another_commit_instead_of_the_pending_one_is_refused(self):
        data = stream(*self.history(1, 1, 10))
        half = self.interrupt(data)
        self.run_import(data.replace(commit_id(0).encode(), commit_id(9).encode()), store=half,
                        code=REFUSED)
        self.assertEqual(cursor(half, "git")["pending"], commit_id(0))


class Repositories(GitTest):
    """Histories that git itself exports."""

    def check_verified(self, repository, *options):
        result = self.run_ok("verify", "git", self.store, str(repository), "--samples", "all",
                             "--listings", "all", "--json", *options)
        summary = result.objects()[0]
        self.assertEqual(summary["differences"], 0)
        self.assertEqual(summary["pairs"], summary["commits"] * summary["paths"])
        self.assertEqual(summary["listings"], summary["commits"])
        return summary

    def test_the_awkward_one(self):
        repository = make_awkward(self.folder / "repository")
        for ref in ("main", "side", "tagged"):
            self.store = str(self.folder / ref)
            self.run_import(export(repository, ref))
            summary = self.check_verified(repository, "--ref", ref)
            for name in ("absent", "deleted", "executables", "symlinks", "submodules"):
                self.assertGreater(summary[name], 0, name)

    def test_the_awkward_one_with_sha256(self):
        repository = make_awkward(self.folder / "repository", "sha256")
        self.run_import(export(repository))
        self.check_verified(repository)

    def test_the_awkward_one_is_made_the_same_each_time(self):
        ids = {git(make_awkward(self.folder / name), "rev-parse", "main") for name in "ab"}
        self.assertEqual(len(ids), 1)

    def test_a_history_that_grows(self):
        """Imported commit by commit, or at once: the same."""
        repository = make_awkward(self.folder / "repository")
        commits = git(repository, "rev-list", "--first-parent", "--reverse",
                      "main").decode().split()
        for number in list(range(0, len(commits), 7)) + [len(commits) - 1]:
            result = self.run_import(export(repository, commits[number]), "--json")
            self.assertEqual(result.objects()[0]["imported_before"] +
                             result.objects()[0]["commits"], number + 1)
        self.run_import(export(repository), store=self.store + "2")
        self.assertEqual(dump(self.store), dump(self.store + "2"))

    def test_a_plain_export_of_merges_is_refused(self):
        repository = make_awkward(self.folder / "repository")
        data = git(repository, "fast-export", "--show-original-ids", "--reencode=no",
                   "--use-done-feature", "main")
        self.assertIn("the stream is not one line of commits; export one ref with git "
                      "fast-export --first-parent", self.run_import(data, code=REFUSED).err)

    def test_exports_without_what_is_needed_are_refused(self):
        repository = make_awkward(self.folder / "repository")
        needed = ["--first-parent", "--show-original-ids", "--reencode=no", "--use-done-feature"]
        for missing, message in (("--show-original-ids", "has no original-oid"),
                                 ("--use-done-feature", 'the input ends without "done"')):
            data = git(repository, "fast-export", *(o for o in needed if o != missing), "main")
            store = self.store + missing
            self.assertIn(message, self.run_import(data, code=REFUSED, store=store).err)
        for extra, message in (("-M", "a rename"), ("--full-tree", "deleteall"),
                               ("--no-data", "export without --no-data")):
            data = git(repository, "fast-export", *needed, extra, "main")
            store = self.store + extra
            self.assertIn(message, self.run_import(data, code=REFUSED, store=store).err)

    def test_a_shallow_clone(self):
        repository = make_awkward(self.folder / "repository")
        clone = self.folder / "clone"
        git(self.folder, "clone", "--quiet", "--bare", "--depth", "5", f"file://{repository}",
            str(clone))
        self.run_import(export(clone))
        self.assertEqual(self.check_verified(clone)["commits"], 5)


if __name__ == "__main__":
    unittest.main()
