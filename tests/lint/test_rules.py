"""Holds the rules to samples: what is wrong is found, at its line, and what is right is not."""

import pathlib
import tempfile
import unittest

import rules
from tree import Tree, functions


class Rules(unittest.TestCase):
    def findings(self, rule, files):
        """Run a rule over a tree made of {path: text}."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return rule(Tree(root))

    def finds(self, rule, files, *expected):
        """Each expected pair is where a finding is and a piece of what it says; no others."""
        findings = self.findings(rule, files)
        self.assertEqual(len(findings), len(expected), findings)
        for finding, (where, what) in zip(findings, expected):
            self.assertTrue(finding.startswith(where + ": "), finding)
            self.assertIn(what, finding)

    def test_include_direction(self):
        headers = {"include/varve/a.h": "", "util/u.h": "", "engine/e.h": "", "mvcc/m.h": "",
                   "engine/rocksdb/r.h": "", "engine/mem/m.h": "", "tools/cmd/c.h": ""}
        include = '#include "{}"\n'.format
        self.finds(rules.include_direction, {
            **headers,
            "engine/e.c": "#include <varve/a.h>\n#include <stdio.h>\n" + include("util/u.h")
                          + "/* why */\n" + include("mvcc/m.h"),
            "engine/mem/m.c": include("engine/e.h") + include("engine/rocksdb/r.h"),
            "mvcc/m.c": include("engine/e.h") + include("engine/mem/m.h"),
            "tools/main.c": include("cmd/c.h") + include("util/u.h"),
            "tests/t.c": include("mvcc/m.h") + include("engine/mem/m.h"),
        }, ("engine/e.c:5", "not mvcc/m.h"), ("engine/mem/m.c:2", "not engine/rocksdb/r.h"),
            ("mvcc/m.c:2", "not engine/mem/m.h"), ("tools/main.c:2", '"util/u.h" is not a path'))

    def test_include_spelling(self):
        self.finds(rules.include_direction, {
            "include/varve/a.h": "#include <varve/version.h>\n#include <varve/gone.h>\n",
            "util/u.h": "",
            "util/u.c": '#include "u.h"\n#include "varve/a.h"\n/* #include "gone.h" */\n',
        }, ("include/varve/a.h:2", "does not exist"), ("util/u.c:1", '"u.h" is not a path'),
            ("util/u.c:2", "write <varve/...>"))

    def test_rocksdb_confined(self):
        text = "#include <stdio.h>\n#include <rocksdb/c.h>\n"
        self.finds(rules.rocksdb_confined, {
            "engine/e.c": text, "engine/rocksdb/r.c": text, "bench/contenders/c.c": text,
            "bench/bench_x.c": text, "tests/engine/rocksdb/test_r.c": text,
        }, ("bench/bench_x.c:2", "only in"), ("engine/e.c:2", "only in"))

    def test_banned_everywhere(self):
        for name, replacement in rules.BANNED_EVERYWHERE.items():
            with self.subTest(name):
                call = f"int f(void)\n{{\n    {name}(x);\n}}\n"
                self.finds(rules.banned_calls, {"tools/t.c": call}, ("tools/t.c:3", replacement))

    def test_banned_in_library(self):
        for name, replacement in rules.BANNED_IN_LIBRARY.items():
            with self.subTest(name):
                call = f"\n\n    {name} (x);\n"
                self.finds(rules.banned_calls, {"mvcc/m.c": call, "tests/t.c": call},
                           ("mvcc/m.c:3", replacement))

    def test_banned_calls_are_calls(self):
        self.finds(rules.banned_calls, {
            "util/a.c": '/* free(x) */ seam->free(x); seam.malloc(1); varve__free(x);\n'
                        'const char *s = "exit(1)"; // abort()\n',
            "util/alloc.c": "free(x);\nabort();\n",
        }, ("util/alloc.c:2", "VARVE_INTERNAL"))

    def test_function_length(self):
        def function(name, lines):
            body = "    a++;\n" * (lines - 4)
            return f"static int {name}(int a,\n    int b)\n{{\n{body}}}\n"

        source = function("fits", 70) + "\n" + function("long_one", 71) + function("listed", 99)
        self.finds(rules.function_length, {
            "util/u.c": source,
            rules.LONG_FUNCTIONS: "# a comment\n\nutil/u.c listed: one table of cases\n"
                                  "util/u.c fits: short again\nutil/u.c long_one\n",
        }, (f"{rules.LONG_FUNCTIONS}:5", "not \"path function: reason\""),
            ("util/u.c:72", "long_one has 71 lines"), (f"{rules.LONG_FUNCTIONS}:4", "remove it"))

    def test_function_parsing(self):
        text = ("struct s {\n    int x;\n};\n\n#define M(x) \\\n    x\nint one(void)\n{\n"
                "    if (a) {\n    }\n}\n\nSTART_TEST(two)\n{\n}\nEND_TEST\n")
        self.assertEqual(functions(text), [("one", 6, 11), ("two", 13, 15)])

    def test_line_shape(self):
        self.finds(rules.line_shape, {
            "util/u.c": "x" * 100 + "\n" + "y" * 101 + "\n\tint a;\nint b; \n",
            "Makefile": "all:\n\ttrue\n",
            "README.md": "z" * 300 + "\nblanks \n",
            "tests/util/corpus/fuzz_u/input": "bytes \n",
            "tests/histories/cases/file": "expected \n",
        }, ("README.md:2", "trailing"), ("util/u.c:2", "101 columns"), ("util/u.c:3", "a tab"),
            ("util/u.c:4", "trailing"))

    def test_no_unfinished_marks(self):
        for word in (*rules.UNFINISHED, *rules.COVERAGE_HOLES):
            with self.subTest(word):
                self.finds(rules.no_unfinished_marks,
                           {"util/u.c": f"int a;\n/* {word}: later */\nchar p[] = \"XXXXXX\";\n"},
                           ("util/u.c:2", word))

    def test_public_functions_documented(self):
        self.finds(rules.public_functions_documented, {
            "include/varve/a.h":
                "/* One. */\nVARVE_API int varve_one(void);\n"
                "VARVE_API int varve_in_group(int a,\n                             int b);\n\n"
                "VARVE_API int varve_bare(void);\n\n"
                "/* Three. */\n\nstatic inline int varve_far(void)\n{\n    return 1;\n}\n",
            "util/u.h": "VARVE_API int varve_not_public(void);\n",
        }, ("include/varve/a.h:6", "varve_bare"), ("include/varve/a.h:10", "varve_far"))

    def test_exported_functions(self):
        names = self.findings(rules.exported_functions, {
            "include/varve/a.h": "VARVE_API VARVE_NODISCARD varve_status varve_one(varve_ts ts,\n"
                                 "    int a) VARVE_PRINTF(1, 2);\n"
                                 "static inline int varve_inline(void)\n{\n}\n"})
        self.assertEqual(names, {"varve_one"})

    def test_shared_symbols(self):
        findings = rules.shared_symbols({"varve_a", "varve_extra", "varve__b", "stray"},
                                        {"varve_a", "varve_gone"})
        self.assertEqual([f.split(": ")[1] for f in findings],
                         ["exports stray", "exports varve__b",
                          "exports varve_extra, which no public header declares",
                          "does not export varve_gone, which a public header declares"])
        self.assertEqual(rules.shared_symbols({"varve_a"}, {"varve_a"}), [])

    def test_static_symbols(self):
        findings = rules.static_symbols({"varve_a", "varve__b", "helper"})
        self.assertEqual(len(findings), 1)
        self.assertIn("helper", findings[0])

    def test_document_links(self):
        self.finds(rules.document_links, {
            "README.md": "# A title, or two\n[ok](docs/a.md) [ok](#a-title-or-two)\n"
                         "[no](docs/gone.md) [no](#a-title)\n[ok](https://example.org/x)\n"
                         "```\n[in code](gone)\n# not-a-heading\n```\n`[code](gone)`\n"
                         "[no](docs/a.md#part-3)\n[ok](docs/a.md#part-1) [no](#not-a-heading)\n",
            "docs/a.md": "## Part\n## Part\n[ok](../README.md) [no](README.md)\n",
        }, ("README.md:3", "docs/gone.md: no such file"), ("README.md:3", "#a-title: no heading"),
            ("README.md:10", "#part-3"), ("README.md:11", "#not-a-heading"),
            ("docs/a.md:3", "README.md: no such file"))


if __name__ == "__main__":
    unittest.main()
