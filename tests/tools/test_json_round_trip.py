"""What `varve scan --json` prints, `varve import jsonl` reads again."""

import unittest

from toolkit import (SECOND, ToolTest, Writer, raw, raw_bytes, raw_file, raw_float, raw_int)

VALUES = [
    raw_bytes(b""), raw_bytes(b"text"), raw_bytes(b"\0\xff"), raw_bytes("\u20ac\0\"\\\n".encode()),
    raw_int(0), raw_int(-2**63), raw_int(2**63 - 1), raw_float(0.1), raw_float(-0.0),
    raw_float(5e-324), raw_float(1.7976931348623157e308), raw_float(float("inf")),
    raw_float(float("-inf")), raw_float(2.0), raw_file("100755", b"\xff"),
    raw_file("120000", b"target"), raw(10, b"no file"), raw(100, b"\1\2"), raw(12, b"x"),
]
KEYS = [b"plain", b"\xff\xfe", b"with\0nul", b"\"quoted\"", "\u00e4".encode()]


class RoundTrip(ToolTest):

    def check(self, *options):
        with Writer(self.store) as store:
            for number, value in enumerate(VALUES):
                store.put(f"value{number}".encode(), (number + 1) * SECOND + number, value,
                          logical=number)
            for key in KEYS:
                store.put(key, SECOND, raw_bytes(b"v"))
        lines = self.run_ok("scan", self.store, "--json", *options).out
        copy = str(self.folder / "copy")
        rows = self.folder / "rows.jsonl"
        rows.write_bytes(lines)
        self.assertEqual(self.run_failing(0, "import", "jsonl", copy, str(rows)).out, b"")
        # To the byte, times and types included.
        self.assertEqual(self.run_ok("scan", copy, "--json", "--hex").out,
                         self.run_ok("scan", self.store, "--json", "--hex").out)
        self.assertEqual(lines.count(b"\n"), len(VALUES) + len(KEYS))

    def test_text(self):
        self.check()

    def test_hexadecimal(self):
        self.check("--hex")


if __name__ == "__main__":
    unittest.main()
