"""varve scan --tree, against git itself."""

import os
import subprocess
import unittest

from toolkit import (REFUSED, SECOND, ToolTest, Writer, raw_bytes, raw_file, varve)

ODD_NAMES = [b"plain", b"with blank", b"tab\there", b"line\nend", b'quote"d', b"back\\slash",
             b"\xc3\xa4\xc3\xb6", b"\xff\xfe", b"bell\x07", b"\x7f", b"\x02\x03", b"dir/\xc3\xa9/x",
             b"dir.c", b"dir/a", b"dir0", b"-n", b"*?[", b"nul", b"\xf0\x9f\x98\x80",
             b"long/" + b"x" * 250 + b"/" + b"y" * 250]


class Tree(ToolTest):

    def git(self, *arguments, stdin=None):
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM":
                       "/dev/null", "GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "e",
                       "GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "e"}
        return subprocess.run(["git", "-C", self.folder / "repo", *arguments], check=True,
                              input=stdin, stdout=subprocess.PIPE, env=environment).stdout

    def add(self, path, mode, content):
        """Put an entry into the index, whatever the file system thinks of its name."""
        oid = content.decode() if mode == "160000" else self.git(
            "hash-object", "-w", "--stdin", stdin=content).decode().strip()
        self.git("update-index", "-z", "--index-info",
                 stdin=f"{mode} {oid}\t".encode() + path + b"\0")

    def fill(self, hash_name):
        """A tree in git and the same in a store."""
        digits = {"sha1": 40, "sha256": 64}[hash_name]
        (self.folder / "repo").mkdir()
        self.git("init", "-q", f"--object-format={hash_name}")
        entries = [(name, "100644", b"content of " + name) for name in ODD_NAMES]
        entries += [(b"empty", "100644", b""), (b"run", "100755", b"#!/bin/sh\n"),
                    (b"link", "120000", b"../target"), (b"module", "160000", b"5" * digits),
                    (b"binary", "100644", bytes(range(256)) * 1500)]
        with Writer(self.store) as store:
            for path, mode, content in entries:
                self.add(path, mode, content)
                store.put(path, SECOND, raw_file(mode, content))
            store.put(b"later", 2 * SECOND, raw_file("100644", b""))
            store.label("1" * digits, SECOND)
        self.git("commit", "-q", "-m", "all")

    def check(self, hash_name):
        self.fill(hash_name)
        tree = ("scan", self.store, "--tree", "--at", "commit:1111")
        self.assertEqual(self.run_ok(*tree).out, self.git("ls-tree", "-r", "HEAD"))
        self.assertEqual(self.run_ok(*tree, "-z").out, self.git("ls-tree", "-r", "-z", "HEAD"))
        # Without the commit there is one file more.
        self.assertEqual(len(self.run_ok("scan", self.store, "--tree", "-z").out.split(b"\0")),
                         len(self.git("ls-tree", "-r", "-z", "HEAD").split(b"\0")) + 1)
        return tree

    def test_sha1(self):
        self.check("sha1")

    def test_sha256(self):
        self.check("sha256")

    def test_json_says_the_same(self):
        tree = self.check("sha1")
        lines = []
        for entry in self.objects("scan-tree", *tree):
            path = entry["path"].encode() if "path" in entry else bytes.fromhex(entry["path_hex"])
            lines.append(f"{entry['mode']} {entry['type']} {entry['oid']}\t".encode() + path)
        self.assertEqual(b"".join(line + b"\0" for line in lines),
                         self.git("ls-tree", "-r", "-z", "HEAD"))

    def test_part_of_a_tree(self):
        self.check("sha1")
        self.assertEqual(
            self.run_ok("scan", self.store, "--tree", "--prefix", "dir/").out,
            self.git("ls-tree", "-r", "HEAD", "dir/"))

    def test_paths_in_hexadecimal(self):
        self.fill("sha1")
        line = self.run_ok("scan", self.store, "--tree", "--hex", "--prefix", "fffe").out
        self.assertTrue(line.endswith(b"\tfffe\n"))

    def test_limits(self):
        self.fill("sha1")
        first = varve("scan", self.store, "--tree", "-z", "--limit", "7")
        token = first.err.split("--resume ")[1].strip()
        rest = self.run_ok("scan", self.store, "--tree", "-z", "--resume", token)
        self.assertEqual(first.out.count(b"\0"), 7)
        self.assertEqual(first.out + rest.out, self.run_ok("scan", self.store, "--tree", "-z").out)


class Refusals(ToolTest):

    def check(self, value):
        with Writer(self.store) as store:
            store.put(b"odd", SECOND, value)
            store.put(b"other", SECOND, raw_file("100644", b""))
        result = self.run_failing(REFUSED, "scan", self.store, "--tree")
        self.assertIn('key "odd" holds no file of a git repository', result.err)
        self.run_ok("scan", self.store, "--tree", "--prefix", "ot")

    def test_another_value(self):
        self.check(raw_bytes(b"100644 x"))

    def test_a_submodule_without_a_commit(self):
        self.check(raw_file("160000", b"5" * 39))


if __name__ == "__main__":
    unittest.main()
