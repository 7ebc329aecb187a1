"""Holds the source tree, and the libraries built from it, to the rules."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import unittest

import rules
from tree import Tree

ROOT = pathlib.Path(os.environ.get("VARVE_SOURCE_DIR",
                                   pathlib.Path(__file__).resolve().parents[2]))
BUILD = os.environ.get("VARVE_BUILD_DIR")
TREE = Tree(ROOT)

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-qual", "-Werror"]
HEADER_COMPILERS = (("gcc", "c", "c11"), ("clang", "c", "c11"),
                    ("g++", "c++", "c++17"), ("clang++", "c++", "c++17"))
CLANG_FORMAT_MAJOR = "14"


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


def compile_header(compiler, language, standard, header):
    """A header is included twice, alone: it needs nothing before it and guards itself."""
    # A header of macros only is no translation unit by itself: hence the declaration.
    includes = [f"-I{ROOT}/include"] + ([f"-I{BUILD}/include"] if BUILD else [])
    source = f"#include <{header}>\n#include <{header}>\nextern int unused;\n"
    result = run(compiler, f"-x{language}", f"-std={standard}", "-fsyntax-only", *WARNINGS,
                 *includes, "-", input=source)
    if result.returncode == 0:
        return []
    return [f"include/{header}:1: not alone as {standard} by {compiler}:\n{result.stdout}"]


def symbols(library, *options):
    result = run("nm", "--defined-only", "--format=posix", *options, library)
    if result.returncode != 0:
        raise AssertionError(result.stdout)
    rows = (line.split() for line in result.stdout.splitlines())
    # "A" is the version node itself; lines of one word name members of an archive.
    return {row[0].split("@")[0] for row in rows if len(row) > 1 and row[1] != "A"}


class Lint(unittest.TestCase):
    def none(self, findings):
        if findings:
            self.fail("\n" + "\n".join(findings))

    def test_include_direction(self):
        self.none(rules.include_direction(TREE))

    def test_rocksdb_confined(self):
        self.none(rules.rocksdb_confined(TREE))

    def test_banned_calls(self):
        self.none(rules.banned_calls(TREE))

    def test_function_length(self):
        self.none(rules.function_length(TREE))

    def test_line_shape(self):
        self.none(rules.line_shape(TREE))

    def test_no_unfinished_marks(self):
        self.none(rules.no_unfinished_marks(TREE))

    def test_public_functions_documented(self):
        self.none(rules.public_functions_documented(TREE))

    def test_document_links(self):
        self.none(rules.document_links(TREE))

    def test_headers_compile_alone(self):
        headers = [path.removeprefix("include/") for path in TREE.public_headers()]
        if BUILD:
            headers.append("varve/version.h")
        jobs = [(*compiler, header) for compiler in HEADER_COMPILERS
                if shutil.which(compiler[0]) for header in headers]
        self.assertTrue(jobs, "no compiler found")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.none([finding for findings in pool.map(lambda job: compile_header(*job), jobs)
                       for finding in findings])

    @unittest.skipUnless(BUILD, "VARVE_BUILD_DIR is not set")
    def test_shared_symbols(self):
        names = symbols(f"{BUILD}/lib/libvarve.so", "--dynamic")
        self.assertTrue(names)
        self.none(rules.shared_symbols(names, rules.exported_functions(TREE)))

    @unittest.skipUnless(BUILD, "VARVE_BUILD_DIR is not set")
    def test_static_symbols(self):
        names = symbols(f"{BUILD}/lib/libvarve.a", "--extern-only")
        self.assertTrue(names)
        self.none(rules.static_symbols(names))

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shell_scripts(self):
        result = run("shellcheck", "--format=gcc", *TREE.shell_scripts(), cwd=ROOT)
        self.assertEqual(result.returncode, 0, "\n" + result.stdout)

    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test_format(self):
        version = run("clang-format", "--version").stdout
        if f"version {CLANG_FORMAT_MAJOR}." not in version:
            self.skipTest(f"clang-format {CLANG_FORMAT_MAJOR} decides, this is {version.strip()}")
        files = [path for path, _ in TREE.c_files()]
        result = run("clang-format", "--dry-run", "--Werror", *files, cwd=ROOT)
        self.assertEqual(result.returncode, 0, "run `make format`\n" + result.stdout)


if __name__ == "__main__":
    unittest.main()
