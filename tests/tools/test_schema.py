"""The checker of the JSON schemas: it accepts what fits, and nothing else."""

import json
import unittest

import schema

LINE = {"key": "k", "time": "1.000000000,0", "utc": "1970-01-01T00:00:01.000000000Z",
        "tag": "BYTES", "value": "v"}


class Schema(unittest.TestCase):

    def refuse(self, name, item):
        with self.assertRaises(schema.Mismatch, msg=item):
            schema.check(name, item)

    def test_a_line_fits(self):
        schema.check("get", LINE)
        schema.check("scan", LINE)
        schema.check("scan", {"resume": "00ff"})

    def test_other_lines_do_not(self):
        for change in ({"time": "1.0,0"}, {"time": 1}, {"time": "1,0"}, {"utc": "1970-01-01"},
                       {"tag": "BITS"}, {"value": True}, {"value": []}, {"key": 1},
                       {"key_hex": "6b"}, {"value_hex": "00"}, {"more": 1}, {"mode": "644"}):
            self.refuse("get", {**LINE, **change})
            self.refuse("scan", {**LINE, **change})
        for name in LINE:
            self.refuse("get", {k: v for k, v in LINE.items() if k != name})

    def test_hexadecimal(self):
        line = {k: v for k, v in LINE.items() if k not in ("key", "value")}
        schema.check("get", {**line, "key_hex": "6b", "value_hex": ""})
        for digits in ("6", "6B", "0x6b", "6b "):
            self.refuse("get", {**line, "key_hex": digits, "value_hex": ""})

    def test_counts(self):
        tree = {"read_amplification": 0, "levels": []}
        schema.check("lsm", tree)
        for count in (-1, 0.5, "0", True, None):
            self.refuse("lsm", {**tree, "read_amplification": count})
        self.refuse("lsm", {**tree, "levels": [{"level": 0}]})
        self.refuse("lsm", {**tree, "levels": {}})

    def test_every_schema_says_what_it_is(self):
        files = sorted(schema.FOLDER.glob("*.json"))
        self.assertGreater(len(files), 5)
        for file in files:
            text = json.loads(file.read_text("utf-8"))
            self.assertIn("title", text, file.name)
            self.assertIn("$schema", text, file.name)

    def test_a_word_that_is_not_known_is_no_pass(self):
        with self.assertRaises(ValueError):
            schema.check_text({"maxLength": 1}, "long")


if __name__ == "__main__":
    unittest.main()
