"""The source tree as the rules see it: names and texts of files."""

import pathlib
import re
import subprocess

LIBRARY = ("util", "format", "engine", "mvcc", "jobs")


class Tree:
    """Files below a folder, by their path relative to it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._texts = {}
        self.paths = sorted(self._list())

    def _list(self):
        """What git tracks or would track; outside a repository everything but build/."""
        command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                check=False)
        if result.returncode == 0:
            names = result.stdout.decode().split("\0")
            return [n for n in names if n and (self.root / n).is_file()]
        files = (p.relative_to(self.root) for p in self.root.rglob("*") if p.is_file())
        return [str(p) for p in files if p.parts[0] not in ("build", ".git")]

    def text(self, path):
        """The text of a file, or None if it is not text, as inputs of fuzz targets never are."""
        if "/corpus/" in path:
            return None
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[path] = None
        return self._texts[path]

    def texts(self):
        """(path, text) of every text file."""
        return ((p, self.text(p)) for p in self.paths if self.text(p) is not None)

    def c_files(self):
        """(path, text) of every C source and header."""
        return ((p, t) for p, t in self.texts() if p.endswith((".c", ".h")))

    def public_headers(self):
        return [p for p in self.paths if p.startswith("include/varve/") and p.endswith(".h")]

    def shell_scripts(self):
        return [p for p, t in self.texts()
                if p.endswith(".sh") or re.match(r"#!.*/(env )?(ba)?sh\b", t)]


def folder_of(path):
    """The layer a file belongs to: its folder, down to the level that has rules of its own."""
    for folder in ("include/varve", "engine/mem", "engine/rocksdb", "bench/contenders"):
        if path.startswith(folder + "/"):
            return folder
    return path.split("/", 1)[0] if "/" in path else ""


_LEXEMES = re.compile(r"""
      (?P<comment> /\*.*?\*/ | //[^\n]* )
    | (?P<string> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
""", re.VERBOSE | re.DOTALL)


def code_only(text):
    """`text` with comments and the contents of strings blanked; every line keeps its number."""

    def blank(match):
        if match.group("comment"):
            return re.sub(r"[^\n]", " ", match.group())
        return match.group()[0] + " " * (len(match.group()) - 2) + match.group()[-1]

    return _LEXEMES.sub(blank, text)


def functions(text):
    """(name, first line, last line) of each function defined in formatted C.

    Relies on the format the tree is held to: a function's braces stand alone in the first column,
    and nothing else does that.
    """
    lines = code_only(text).split("\n")
    found = []
    for at, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        start = at
        while start > 0 and lines[start - 1].strip() and not re.match(
                r"[#}]|.*;\s*$", lines[start - 1]):
            start -= 1
        end = next((n for n in range(at, len(lines)) if lines[n].startswith("}")), None)
        signature = " ".join(lines[start:at])
        name = re.search(r"\b(?:START_TEST\((\w+)\)|(\w+)\s*\()", signature)
        if end is not None and name:
            found.append((name.group(1) or name.group(2), start + 1, end + 1))
    return found
