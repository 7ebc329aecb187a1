"""What holds of every command: --json with a schema that is written down, and what it is driven by.

`every_command.py` has the command lines, `test_redact.py` looks at --redact.
"""

import re
import unittest

import schema
from every_command import CODES, COMMANDS, PASSED_ON, MarkedStores
from toolkit import OK, SOURCE, command_names, varve

# A line of docs/tool.md: the commands, and the schemas of their lines.
ROW = re.compile(r"^\| (`[^|]+) \| (\[[a-z-]+\.json\][^|]*) \|$", re.MULTILINE)


class Json(MarkedStores):

    def test_every_command_has_it(self):
        self.assertEqual(set(command_names()), {*COMMANDS, *PASSED_ON})
        for name in COMMANDS:
            self.assertIn(b"--json", varve(*name.split(), "--help").out, name)
        for name in PASSED_ON:
            self.assertNotIn(b"--json", varve(*name.split(), "--help").out, name)

    def test_every_line_fits_its_schema(self):
        for name in self.commands():
            result = self.run_command(name, "--json")
            self.assertEqual(result.code, CODES.get(name, OK), (name, result.err))
            items = result.objects()
            self.assertGreater(len(items), 0, name)
            for item in items:
                schema.check(COMMANDS[name][1], item)

    def test_the_manual_begins_with_all_of_them(self):
        document = (SOURCE / "docs" / "tool.md").read_text("utf-8")
        table = document[:document.index("`varve --help`")]
        listed = set()
        for words in re.findall(r"`varve ([^`]+)`", table):
            *group, last = re.match(r"[a-z -]+(\|[a-z]+)*", words.replace("\\|", "|"))[0].split()
            listed.update(" ".join([*group, word]) for word in last.split("|"))
        self.assertEqual(set(command_names()) - listed, set())

    def test_the_manual_names_the_schemas(self):
        document = (SOURCE / "docs" / "tool.md").read_text("utf-8")
        listed = {}
        for names, schemas in ROW.findall(document):
            for name in re.findall(r"`([a-z -]+?)`", names):
                listed.setdefault(name, set()).update(re.findall(r"\[([a-z-]+)\.json\]", schemas))
        for name, (_, lines) in COMMANDS.items():
            found = set().union(*(found for listed_name, found in listed.items()
                                  if listed_name == name or listed_name.startswith(name + " ")))
            self.assertIn(lines, found, name)
        files = {file.stem for file in schema.FOLDER.glob("*.json")}
        self.assertEqual(files - {"common"}, set().union(*listed.values()))


class Text(MarkedStores):

    def test_every_command_says_something(self):
        """Who has changed something by hand wants to see that it was done."""
        for name in self.commands():
            result = self.run_command(name)
            self.assertEqual(result.code, CODES.get(name, OK), (name, result.err))
            self.assertNotEqual(result.out + result.err.encode(), b"", name)


if __name__ == "__main__":
    unittest.main()
