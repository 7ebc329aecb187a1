"""The manual page: it has every command and option, and troff has nothing to complain about."""

import re
import shutil
import subprocess
import unittest

from toolkit import BUILD, OK, command_names, varve


def unescaped(text):
    """What a line of troff shows."""
    text = re.sub(r"\\f[BIR]", "", text)
    return text.replace(r"\-", "-").replace(r"\(aq", "'").replace(r"\e", "\\")


def entries(manual):
    """Name of command: the options its part lists."""
    found = {}
    name = None
    lines = manual.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(".SS "):
            name = re.match(r"varve ((?:[a-z-]+ ?)+)(?= |$)", unescaped(line[4:])).group(1).strip()
            found[name] = set()
        elif line.startswith(".SH "):
            name = None
        elif line == ".TP" and name is not None:
            found[name].update(re.findall(r"--[a-z-]+", unescaped(lines[number + 1])))
    return found


class Manual(unittest.TestCase):

    def setUp(self):
        result = varve("--manual")
        self.assertEqual((result.code, result.err), (OK, ""))
        self.bytes = result.out
        self.text = result.out.decode()

    def test_every_command_is_there(self):
        self.assertEqual(set(entries(self.text)), set(command_names()))

    def test_every_option_is_there(self):
        for name, options in entries(self.text).items():
            text = varve(*name.split(), "--help").out.decode()
            listed = set(re.findall(r"^ +(?:-\S, +)?(--[a-z-]+)", text, re.MULTILINE))
            self.assertEqual(options, listed - {"--help"}, name)

    def test_every_exit_code_is_there(self):
        listed = varve("--help").out.decode().split("Exit codes:\n")[1]
        part = self.text.split(".SH EXIT STATUS\n")[1].split(".SH ")[0]
        rows = re.findall(r"^\.TP\n\.B (\d+)\n(.*)$", part, re.MULTILINE)
        self.assertEqual([(int(value), unescaped(text)) for value, text in rows],
                         [(int(value), text) for value, text
                          in re.findall(r"^ +(\d+)  (.*)$", listed, re.MULTILINE)])

    def test_every_time_is_there(self):
        forms = varve("--help").out.decode().split("Times:\n")[1].split("\n\n")[0]
        shown = unescaped(self.text)
        for form in re.findall(r"^  (\S+)  +\S", forms, re.MULTILINE):
            self.assertIn(f".B {form}\n", shown)

    def test_it_is_the_one_that_is_installed(self):
        self.assertEqual((BUILD / "varve.1").read_bytes(), self.bytes)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_troff_has_nothing_to_complain_about(self):
        result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-rCHECKSTYLE=3"],
                                input=self.bytes, capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        plain = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", result.stdout.decode())
        for name in command_names():
            self.assertIn(f"varve {name} ", plain)
        self.assertNotIn("`", plain)
        self.assertIn("--write", plain)


if __name__ == "__main__":
    unittest.main()
