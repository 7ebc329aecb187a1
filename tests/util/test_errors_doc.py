#!/usr/bin/env python3
"""docs/errors.md is what include/varve/error.h says.

The document is made here from the list of statuses and the union of payloads.  When it has become
stale, VARVE_TEST_REWRITE=1 in the environment of this test writes it anew.
"""

import os
import re
import textwrap
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("VARVE_SOURCE_DIR", Path(__file__).resolve().parents[2]))
HEADER = ROOT / "include" / "varve" / "error.h"
DOCUMENT = ROOT / "docs" / "errors.md"

INTRODUCTION = """\
# Statuses and errors

<!-- Made by tests/util/test_errors_doc.py from include/varve/error.h; VARVE_TEST_REWRITE=1 in the
environment of that test writes it anew.  Do not edit. -->

Every function of varve that can fail returns a `varve_status`. Zero is success. A positive status
is an expected answer that is not a value. A negative one is a failure: nothing has been changed,
but for `VARVE_WRITE_TOO_OLD`, after which a write has been done, and `VARVE_COMMIT_UNKNOWN`,
after which nobody knows.

A `varve_error`, the last argument of such a function, gets the details of a failure: its status, a
message of at most {message} bytes, which ends with `...` if it has been cut to that, and for some
statuses a payload in the member of `detail` that the table names. NULL may be passed instead.
`varve_error_text()` makes the full text, which the message may be too short for. Values are part
of the ABI: none is ever renumbered.

`varve_status_name()` gives the name, `varve_status_text()` the meaning.

| status | value | is | meaning | payload |
|---|---|---|---|---|
"""

ROW = re.compile(r'X\((\w+), (-?\d+),\s*"([^"]*)"\)\s*\\?\s*')
PAYLOAD = re.compile(r"struct \{\s*/\* VARVE_(\w+)[:,]?\s*(.*?)\s*\*/\n(.*?)\} (\w+);", re.DOTALL)
FIELD = re.compile(r"([\w ]+?)( ?\*?)(\w+(?:\[\w+\])?);(?:\s*/\*\s*(.*?)\s*\*/)?", re.DOTALL)


def statuses(header):
    """(name, value, meaning) of each row of the list, all of which has to be understood."""
    body = re.search(r"#define VARVE_STATUS_MAP\(X\)\s*\\\n((?:.*\\\n)*.*\n)", header).group(1)
    rest = ROW.sub("", body).strip()
    if rest:
        raise AssertionError(f"not a row of the list of statuses: {rest}")
    return [(name, int(value), meaning) for name, value, meaning in ROW.findall(body)]


def one_line(text):
    return " ".join(text.split())


def payloads(header):
    """{status: (member, remark, [(type, field, remark)])}"""
    union = re.search(r"union \{\n(.*?)\n    \} detail;", header, re.DOTALL).group(1)
    found = {}
    for status, remark, body, member in PAYLOAD.findall(union):
        fields = [(one_line(kind) + star.strip(), name, one_line(about or ""))
                  for kind, star, name, about in FIELD.findall(body)]
        found[status] = (member, one_line(remark), fields)
    if len(found) != union.count("struct {"):
        raise AssertionError("a member of the union of payloads does not name its status")
    return found


def kind_of(value):
    return "success" if value == 0 else "an answer" if value > 0 else "a failure"


def field_line(kind, name, remark):
    declaration = kind[:-1] + " *" + name if kind.endswith("*") else f"{kind} {name}"
    return f"- `{declaration}`" + (f": {remark}" if remark else "")


def document(header):
    rows = statuses(header)
    details = payloads(header)
    unknown = set(details) - {name for name, _, _ in rows}
    if unknown:
        raise AssertionError(f"payloads of no status: {', '.join(sorted(unknown))}")
    room = int(re.search(r"#define VARVE_ERROR_MESSAGE_MAX (\d+)", header).group(1))
    lines = []
    for name, value, meaning in rows:
        payload = f"[`{details[name][0]}`](#{details[name][0]})" if name in details else ""
        lines.append(f"| `VARVE_{name}` | {value} | {kind_of(value)} | {meaning} | {payload} |")
    lines += ["", "## Payloads"]
    for name, _, _ in rows:
        if name not in details:
            continue
        member, remark, fields = details[name]
        said = f"`VARVE_{name}`" + (f": {remark}." if remark else ".")
        lines += ["", f"### {member}", "", *textwrap.wrap(said, 100), ""]
        lines += [field_line(*field) for field in fields]
    return INTRODUCTION.format(message=room - 1) + "\n".join(lines) + "\n"


class ErrorsDocument(unittest.TestCase):
    maxDiff = None

    def test_it_is_what_the_header_says(self):
        wanted = document(HEADER.read_text(encoding="utf-8"))
        if os.environ.get("VARVE_TEST_REWRITE") == "1":
            DOCUMENT.write_text(wanted, encoding="utf-8")
        self.assertEqual(DOCUMENT.read_text(encoding="utf-8"), wanted,
                         "docs/errors.md is stale: run this test with VARVE_TEST_REWRITE=1")

    def test_every_row_is_in_it(self):
        header = HEADER.read_text(encoding="utf-8")
        text = document(header)
        names = re.findall(r"X\((\w+), -?\d+,", header)
        self.assertGreater(len(names), 20)
        for name in names:
            self.assertIn(f"| `VARVE_{name}` |", text)
        self.assertIn("### too_old\n\n`VARVE_WRITE_TOO_OLD`.\n\n- `varve_ts attempted`\n", text)

    def test_a_changed_header_makes_another_document(self):
        header = HEADER.read_text(encoding="utf-8")
        renumbered = header.replace("X(NOT_FOUND, 1", "X(NOT_FOUND, 2")
        damaged = header.replace("X(NOT_FOUND, 1", "X(NOT_FOUND, ONE")
        self.assertNotEqual(document(header), document(renumbered))
        self.assertRaises(AssertionError, document, damaged)


if __name__ == "__main__":
    unittest.main()
