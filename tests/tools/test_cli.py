"""Command lines, help, and exit codes, of all commands."""

import json
import os
import re
import unittest

from toolkit import (CONFLICT, CORRUPT, EXISTS, IO, NO, OK, REFUSED, SECOND, SOURCE, STORE,
                     UNSUPPORTED, USAGE, VARVE, ToolTest, Writer, command_names, raw_bytes, varve,
                     with_checksum)

# name: value, text; as the tool itself has them
EXIT_ROW = re.compile(r'^    X\((\w+), (\d+), "([^"]*)"\)', re.MULTILINE)

READING = {"get": ("KEY",), "history": ("KEY",), "scan": (), "lsm": (), "info": (), "keys": (),
           "range-data": (), "intents": (), "top": (), "split-key": (), "approx-size": ()}


def exit_codes():
    text = (SOURCE / "tools" / "cli.h").read_text("utf-8")
    return {int(value): text for _, value, text in EXIT_ROW.findall(text)}


class Help(unittest.TestCase):

    def documents(self):
        return "".join(path.read_text("utf-8") for path in (SOURCE / "docs").glob("*.md"))

    def test_commands(self):
        self.assertLessEqual({"import", "get", "history", "scan", "lsm", "info"},
                             set(command_names()))

    def test_every_command_explains_itself(self):
        for name in command_names():
            result = varve(*name.split(), "--help")
            self.assertEqual((result.code, result.err), (OK, ""), name)
            text = result.out.decode()
            self.assertTrue(text.startswith(f"Usage: varve {name} "), text)
            self.assertNotIn("\t", text)
            self.assertEqual(varve(*name.split(), "-?").out, result.out)

    def test_every_option_is_documented(self):
        documents = self.documents()
        for name in command_names():
            text = varve(*name.split(), "--help").out.decode()
            options = re.findall(r"^ +(?:-\S, +)?(--[a-z-]+)", text, re.MULTILINE)
            self.assertIn("--help", options)
            missing = [word for word in (f"varve {name}", *options) if word not in documents]
            self.assertEqual(missing, [], name)

    def test_the_table_of_exit_codes_is_one(self):
        codes = exit_codes()
        self.assertEqual(set(codes), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130, 141})
        listed = varve("--help").out.decode().split("Exit codes:\n")[1]
        self.assertEqual({int(v): t for v, t in re.findall(r"^ +(\d+)  (.*)$", listed, re.M)},
                         codes)
        table = (SOURCE / "docs" / "tool.md").read_text("utf-8")
        self.assertEqual({int(v): t for v, t in re.findall(r"^\| (\d+) \| (.*?) \|$", table, re.M)},
                         codes)

    def test_the_times_of_the_help_are_times(self):
        listed = varve("--help").out.decode().split("Times:\n")[1].split("\n\n")[0]
        forms = [line[2:30].strip() for line in listed.splitlines() if "   " in line]
        self.assertEqual(len(forms), 7)
        for form in forms:
            form = form.replace("commit:ID", "commit:1234")
            # The time is looked at before the store.
            self.assertEqual(varve("get", "/nowhere", "k", "--at", form).code, STORE, form)

    def test_other_ways_to_ask(self):
        text = varve("--help").out
        for word in ("-h", "-?", "help"):
            self.assertEqual(varve(word).out, text)

    def test_the_version(self):
        for word in ("--version", "-V"):
            self.assertRegex(varve(word).out, rb"^varve \d+\.\d+\.\d+\n$")


class Usage(ToolTest):

    def refused(self, why, *arguments):
        result = self.run_failing(USAGE, *arguments)
        self.assertEqual(result.out, b"")
        self.assertIn(why, result.err)
        self.assertRegex(result.err, r"see `varve( \w[\w-]*){0,2} --help`")

    def test_commands(self):
        self.refused("no command")
        self.refused("'frobnicate' is not a command", "frobnicate")
        self.refused("'' is not a command", "")
        self.refused("'--json' is not a command", "--json")

    def test_arguments(self):
        self.refused("STORE is missing", "get")
        self.refused("KEY is missing", "get", self.store)
        self.refused("'c' is one argument too many", "get", self.store, "b", "c")
        self.refused("'more' is one argument too many", "lsm", self.store, "more")

    def test_options(self):
        self.refused("'--frob' is no option of this command", "get", self.store, "k", "--frob")
        self.refused("'--at' wants a value", "get", self.store, "k", "--at")
        self.refused("'--json=yes' takes no value", "get", self.store, "k", "--json=yes")
        self.refused("'--sy=1' takes no value", "scan", self.store, "--sy=1")
        self.refused("'--re' may mean several options", "scan", self.store, "--re")
        self.refused("'-qz' has a letter", "scan", self.store, "--json", "-qz")
        self.refused("'-zq' has a letter", "scan", "-zq", self.store)
        self.refused("--limit 'many' is not a number", "scan", self.store, "--limit", "many")
        self.refused("--limit '-1' is not a number", "scan", self.store, "--limit=-1")

    def test_options_belong_to_commands(self):
        for name, arguments in READING.items():
            text = varve(name, "--help").out.decode()
            for option, value in (("--at", "now"), ("--limit", "1"), ("--hex", None),
                                  ("--redact", None), ("--start", "a"), ("--write", None)):
                if option + "=" in text or option + " " in text:
                    continue
                words = [option] if value is None else [option, value]
                self.refused(f"'{option}' is no option", name, self.store, *arguments, *words)

    def test_an_option_may_be_cut_short(self):
        self.assertEqual(varve("scan", self.store, "--lim", "1").code, STORE)

    def test_a_message_is_one_line_whatever_it_names(self):
        for text in ("a\nb", "a\rb", "a\x1b[2Jb", "a\tb"):
            result = self.run_failing(USAGE, "get", self.store, "k", "--at", text)
            self.assertNotRegex(result.err[:-1], r"[\x00-\x1f\x7f]")
            self.run_failing(STORE, "get", "/nowhere/" + text, "k")

    def test_a_message_does_not_command_the_terminal(self):
        # U+009B begins a sequence as ESC [ does; the other bytes are no UTF-8.
        for name, shown in (("ä\u009b2J".encode(), "'ä??2J'"), (b"\x9b2J", "'?2J'"),
                            (b"\xff\xc3", "'??'"), (b"\xc0\x8a\xed\xa0\x80", "'?????'"),
                            ("€\U0001F600\xa0".encode(), "'€\U0001F600\xa0'")):
            self.assertIn(f"{shown} is not a command", self.run_failing(USAGE, name).err)

    def test_a_message_that_names_something_long_is_cut(self):
        result = self.run_failing(USAGE, "get", self.store, "k", "--at", "x" * 20_000)
        self.assertLess(len(result.err), 5000)


class Stores(ToolTest):
    """Exit code 4 and 5: for every command that reads."""

    def check(self, code, why, path=None):
        for name, arguments in READING.items():
            result = self.run_failing(code, name, path or self.store, *arguments)
            self.assertEqual(result.out, b"")
            self.assertIn(why, result.err)

    def test_missing(self):
        self.check(STORE, f"there is no store at {self.store}")
        self.assertFalse(os.path.exists(self.store))

    def test_empty_folder(self):
        os.mkdir(self.store)
        self.check(STORE, "there is no store")
        self.assertEqual(os.listdir(self.store), [])

    def test_another_folder(self):
        os.mkdir(self.store)
        with open(os.path.join(self.store, "file"), "wb"):
            pass
        self.check(STORE, "not a varve store")
        self.assertEqual(os.listdir(self.store), ["file"])

    def test_a_file(self):
        with open(self.store, "wb"):
            pass
        self.check(STORE, "is not a directory")

    def test_no_name(self):
        result = self.run_failing(USAGE, "info", "")
        self.assertIn("path", result.err)

    def fill(self):
        with Writer(self.store) as store:
            for number in range(1000):
                store.put(f"KEY{number}".encode(), SECOND, raw_bytes(os.urandom(100)))
            store.flush()

    def test_a_newer_store(self):
        self.fill()
        for change in ({"Version": 99}, {"Features": ["unheard-of"]}):
            path = os.path.join(self.store, "VARVE_VERSION")
            with open(path, encoding="utf-8") as file:
                version = json.load(file)
            with open(path, "w", encoding="utf-8") as file:
                json.dump({**version, **change}, file)
            self.check(STORE, "use the version of varve that wrote it")

    def test_a_damaged_version_file(self):
        self.fill()
        with open(os.path.join(self.store, "VARVE_VERSION"), "wb") as file:
            file.write(b"{")
        self.check(CORRUPT, "VARVE_VERSION")

    def test_no_current_manifest(self):
        self.fill()
        with open(os.path.join(self.store, "CURRENT"), "wb") as file:
            file.write(b"x")
        self.check(CORRUPT, self.store)

    def test_a_damaged_manifest(self):
        self.fill()
        for name in os.listdir(self.store):
            if name.startswith("MANIFEST"):
                with open(os.path.join(self.store, name), "r+b") as file:
                    file.seek(20)
                    file.write(b"\xff" * 20)
        self.check(CORRUPT, self.store)

    def test_a_damaged_table(self):
        self.fill()
        for name in os.listdir(self.store):
            if name.endswith(".sst"):
                with open(os.path.join(self.store, name), "r+b") as file:
                    file.seek(100)
                    file.write(b"\xff" * 1000)
        for arguments in (("scan", self.store), ("get", self.store, "KEY0"),
                          ("history", self.store, "KEY0"), ("keys", self.store),
                          ("range-data", self.store), ("top", self.store),
                          ("split-key", self.store), ("lsm", self.store, "--garbage")):
            result = varve(*arguments)
            self.assertEqual(result.code, CORRUPT)
            # In front of the failure there may be a line about where the damage is.
            self.assertRegex(result.err, r"\A(varve: [^\n]+ cannot be read: [^\n]+\n)?"
                                         rf"varve: [^\n]*{self.store}[^\n]*\n\Z")

    def test_a_live_writer_keeps_other_writers_out(self):
        rows = self.folder / "rows.tsv"
        rows.write_bytes(b"k\tv\n")
        with Writer(self.store):
            result = self.run_failing(STORE, "import", "tsv", self.store, str(rows))
            self.assertIn("end the program that writes to it first", result.err)


class Codes(ToolTest):
    """Each exit code once; the other tests have them in detail."""

    def test_all_but_a_bug(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_bytes(b"v" * 100_000))
            store.put(b"damaged", SECOND, with_checksum(b"other", raw_bytes(b"v")))
            store.put(b"intent", 11, raw_bytes(b"abc"))
            store.record(b"intent\0\1",
                         bytes.fromhex("0a180a10000000000000000000000000000000012a02080b4a00"
                                       "1204080b10001800200c2808"))
        seen = {self.run_ok("get", self.store, "k").code,
                self.run_failing(NO, "get", self.store, "nope").code,
                self.run_failing(USAGE, "get").code,
                self.run_failing(REFUSED, "scan", self.store, "--tree", "--prefix", "k").code,
                self.run_failing(STORE, "get", "/nowhere", "k").code,
                self.run_failing(CORRUPT, "get", self.store, "damaged").code,
                self.run_failing(CONFLICT, "get", self.store, "intent").code,
                self.run_failing(EXISTS, "checkpoint", self.store, self.store).code,
                self.run_failing(UNSUPPORTED, "ldb", self.store, "scan",
                                 env={**os.environ, "PATH": str(self.folder)}).code}
        with open("/dev/full", "wb") as full:
            seen.add(self.run_failing(IO, "get", self.store, "k", stdout=full).code)
        reader, writer = os.pipe()
        os.close(reader)
        result = varve("get", self.store, "k", stdout=writer)
        os.close(writer)
        seen.add(result.code)
        self.assertEqual(result.err, "")
        self.assertEqual(seen | {8, 130}, set(exit_codes()))


if __name__ == "__main__":
    assert VARVE, "VARVE_BIN names the tool"
    unittest.main()
