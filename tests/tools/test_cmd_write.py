"""varve put, del, cput, inc, merge, clear-range, batch."""

import os
import unittest

from toolkit import (CONFLICT, IO, OK, REFUSED, SECOND, USAGE, ToolTest, Writer, engine_key,
                     raw_bytes, raw_float, raw_int, varve, with_checksum)

T = 1_700_000_000 * SECOND
TXN = b"\x11" * 16

COMMANDS = {
    "put": ("k", "v"),
    "del": ("k",),
    "cput": ("k", "v", "--expect-missing"),
    "inc": ("k",),
    "merge": ("k", "v"),
    "clear-range": ("--prefix", "k"),
}


def at(wall, logical=0):
    return ("--at", f"({wall},{logical})")


class WriteTest(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"old", T, raw_bytes(b"1"))
            store.put(b"old", T + 5, raw_bytes(b"22"))
            store.put(b"gone", T, raw_bytes(b"x"))
            store.delete(b"gone", T + 1)
            store.inline(b"in", raw_bytes(b"side"))
            store.put(b"intent", T, raw_bytes(b"below"))
            store.intent(b"intent", TXN, T + 9, raw_bytes(b"provisional"))
            store.put(b"n", T, raw_int(40))
            store.account()

    def write(self, name, *arguments):
        """Run with --write; the objects that it prints.  The account has to be exact then."""
        objects = self.objects("write", name, self.store, *arguments, "--write")
        self.assert_exact()
        return objects

    def assert_exact(self):
        with Writer(self.store) as store:
            store.assert_exact()

    def records(self, *options):
        """What the store holds, by record, as range-data tells it; but for the clock's mark."""
        lines = self.run_ok("range-data", self.store, "--hex", *options).lines()
        return [line for line in lines if not line.startswith("017663/")]

    def refused(self, code, *arguments):
        """Run with --write; it has to fail with one line and to leave everything as it is."""
        before = self.records("--system")
        result = self.run_failing(code, *arguments, "--write")
        self.assertEqual(self.records("--system"), before, arguments)
        return result.err


class Leave(WriteTest):

    def test_nothing_is_written_without_it(self):
        before = self.records("--system")
        for name, arguments in COMMANDS.items():
            result = self.run_failing(USAGE, name, self.store, *arguments)
            self.assertIn("add --write to do it, or --dry-run", result.err)
        self.run_failing(USAGE, "batch", self.store, "/dev/null")
        self.assertEqual(self.records("--system"), before)

    def test_a_dry_run_writes_nothing(self):
        before = self.records("--system")
        for name, arguments in COMMANDS.items():
            result = varve(name, self.store, *arguments, "--dry-run", "--json")
            self.assertEqual(result.code, OK, result.err)
            self.assertEqual(result.err, f"varve: {name}: dry run: nothing was written\n")
            self.assertTrue(result.objects()[0]["dry_run"], name)
        self.assertEqual(self.records("--system"), before)

    def test_own_records_are_not_written(self):
        for name in ("put", "del", "cput", "inc", "merge"):
            arguments = ("01766b", *COMMANDS[name][1:])
            if len(arguments) > 1:
                arguments = (arguments[0], "00", *arguments[2:])
            self.assertIn("varve keeps its own", self.refused(USAGE, name, self.store,
                                                              *arguments, "--hex"))
        self.assertIn("varve's own", self.refused(USAGE, "clear-range", self.store, "--system",
                                                  "--prefix", "k"))


class Put(WriteTest):

    def test_a_version(self):
        objects = self.write("put", "k", "v", *at(T, 3))
        self.assertEqual(objects, [
            {"operation": "put", "key": "k", "time": "1700000000.000000000,3",
             "utc": "2023-11-14T22:13:20.000000000Z"}])
        self.assertIn("6b/1700000000.000000000,3\tvalue\tBYTES\t76", self.records())

    def test_the_text_form(self):
        self.assertEqual(self.run_ok("put", self.store, "k", "v", "--write", *at(T)).lines(),
                         ['put\t"k"\t2023-11-14T22:13:20.000000000Z,0'])

    def test_the_clock_goes_on(self):
        first = self.write("put", "k", "1")[0]
        second = self.write("put", "k", "2")[0]
        self.assertLess(float(first["time"].split(",")[0]), 1e11)
        self.assertLess(first["utc"], second["utc"])
        self.assertEqual(self.run_ok("get", self.store, "k").out, b"2")

    def test_types(self):
        for number, (kind, text, value) in enumerate((
                ("bytes", "", raw_bytes(b"")), ("bytes", r'"a\x00b"', raw_bytes(b"a\0b")),
                ("int", "-9223372036854775808", raw_int(-2**63)),
                ("int", "9223372036854775807", raw_int(2**63 - 1)),
                ("float", "-0.5", raw_float(-0.5)), ("float", "1e300", raw_float(1e300)))):
            with self.subTest(text=text):
                key = b"t%d" % number
                arguments = ("--type", kind, *at(T), "--write", "--", key.decode(), text)
                self.run_ok("put", self.store, *arguments)
                checked = ("--type", kind, *at(T), "--write", "--checksum", "--",
                           "c" + key.decode(), text)
                self.run_ok("put", self.store, *checked)
                with Writer(self.store + "x") as store:
                    store.put(key, T, value)
                    store.put(b"c" + key, T, with_checksum(b"c" + key, value))
        self.assert_exact()
        written = self.folder / "written"
        expected = self.folder / "expected"
        for store, path in ((self.store, written), (self.store + "x", expected)):
            path.write_bytes(self.run_ok("scan", store, "--hex", "--json", "--prefix",
                                         "74").out +
                             self.run_ok("scan", store, "--hex", "--json", "--prefix",
                                         "6374").out)
        self.assertEqual(written.read_bytes(), expected.read_bytes())
        self.assertEqual(len(written.read_bytes().splitlines()), 12)

    def test_values_that_are_none_of_the_type(self):
        for kind, text in (("int", ""), ("int", "1.5"), ("int", " 1"), ("int", "1x"),
                           ("int", "9223372036854775808"), ("float", "x"), ("float", ""),
                           ("float", "1e999")):
            self.assertIn("VALUE is no ", self.refused(USAGE, "put", self.store, "k", text,
                                                       "--type", kind))
        self.assertIn("--type 'text'", self.refused(USAGE, "put", self.store, "k", "v", "--type",
                                                    "text"))
        self.refused(USAGE, "put", self.store, "6b", "7", "--hex")

    def test_standard_input(self):
        data = bytes(range(256)) + b"\n"
        result = varve("put", self.store, "k", "-", "--write", input=data)
        self.assertEqual((result.code, result.err), (OK, ""))
        self.assertEqual(self.run_ok("get", self.store, "k").out, data)
        varve("put", self.store, "number", "-", "--type", "int", "--write", input=b"17\n")
        self.assertEqual(self.run_ok("get", self.store, "number").out, b"17")
        self.assert_exact()

    def test_a_time_that_is_none_of_a_version(self):
        for text in ("yesterday", "ns:0", "commit:abcd"):
            self.assertIn("--at", self.refused(USAGE, "put", self.store, "k", "v", "--at", text))

    def test_inline(self):
        self.assertEqual(self.write("put", "in", "other", "--inline")[0]["time"], "0,0")
        self.assertIn("696e/0,0\tinline\tBYTES\t6f74686572", self.records())
        self.write("put", "fresh", "1", "--inline", "--type", "int")
        self.assertIn("exclude each other", self.refused(
            USAGE, "put", self.store, "in", "x", "--inline", *at(T)))


class Conflicts(WriteTest):
    """What is left as it is, with exit code 7 and what is in the way."""

    def test_a_newer_version(self):
        for wall in (T, T + 5):
            err = self.refused(CONFLICT, "put", self.store, "old", "v", *at(wall))
            self.assertIn('key "old" has a version that is not older than', err)
            self.assertIn("the earliest time for the next one is "
                          "2023-11-14T22:13:20.000000005Z,1; nothing was written", err)
        self.write("put", "old", "v", *at(T + 5, 1))

    def test_an_intent(self):
        for name in ("put", "del", "cput", "inc"):
            err = self.refused(CONFLICT, name, self.store, "intent", *COMMANDS[name][1:])
            self.assertIn("11111111-1111-1111-1111-111111111111, written at "
                          "2023-11-14T22:13:20.000000009Z,0", err)
        self.refused(CONFLICT, "merge", self.store, "intent", "v")

    def test_inline_values_and_versions(self):
        for arguments in (("put", "in", "v"), ("del", "in"), ("put", "old", "v", "--inline"),
                          ("del", "old", "--inline"), ("merge", "old", "v")):
            self.assertIn("nothing was written",
                          self.refused(CONFLICT, arguments[0], self.store, *arguments[1:]))

    def test_with_redact(self):
        err = self.refused(CONFLICT, "cput", self.store, "old", "new", "--expect", "secret",
                           "--redact")
        self.assertIn("key <3 bytes> has the value BYTES <2 bytes> since", err)


class Delete(WriteTest):

    def test_a_tombstone(self):
        self.write("del", "old", *at(T + 6))
        self.assertIn("6f6c64/1700000000.000000006,0\tdeleted\t", self.records())
        self.write("del", "never", *at(T))
        self.assertIn("6e65766572/1700000000.000000000,0\tdeleted\t", self.records())
        self.write("delete", "n")

    def test_inline(self):
        self.write("del", "in", "--inline")
        self.assertEqual(self.run_ok("keys", self.store, "--prefix", "in", "--end", "inz",
                                     "--type", "inline").out, b"")
        self.write("del", "absent", "--inline")


class ConditionalPut(WriteTest):

    def test_the_expected_value(self):
        self.write("cput", "old", "33", "--expect", "22")
        self.write("cput", "n", "41", "--expect", "40", "--type", "int", "--checksum")
        self.write("cput", "in", "other", "--expect", "side", "--inline")
        self.assertEqual([self.run_ok("get", self.store, key).out for key in ("old", "n", "in")],
                         [b"33", b"41", b"other"])

    def test_another_value(self):
        self.assertIn('has the value BYTES "22" since 2023-11-14T22:13:20.000000005Z,0, which is '
                      "not", self.refused(CONFLICT, "cput", self.store, "old", "x", "--expect",
                                          "1"))
        self.assertIn("has the value INT 40 since", self.refused(
            CONFLICT, "cput", self.store, "n", "x", "--expect", "40"))
        self.assertIn('has the value BYTES "side", which', self.refused(
            CONFLICT, "cput", self.store, "in", "x", "--expect", "x", "--inline"))

    def test_no_value(self):
        for key in ("absent", "gone"):
            self.assertIn("has no value, which is not what", self.refused(
                CONFLICT, "cput", self.store, key, "x", "--expect", "y"))
            self.write("cput", key, "x", "--expect", "y", "--allow-missing")
            self.assertIn("has the value", self.refused(
                CONFLICT, "cput", self.store, key, "x", "--expect-missing"))
            self.run_ok("del", self.store, key, "--write")
            self.write("cput", key, "x", "--expect-missing")

    def test_what_is_expected_has_to_be_said(self):
        for options in ((), ("--expect", "a", "--expect-missing"), ("--allow-missing",),
                        ("--expect-missing", "--allow-missing")):
            self.refused(USAGE, "cput", self.store, "k", "v", *options)


class Increment(WriteTest):

    def test_sums(self):
        self.assertEqual(self.write("inc", "n")[0]["sum"], 41)
        self.assertEqual(self.write("inc", "n", "9")[0]["sum"], 50)
        self.assertEqual(self.run_ok("inc", self.store, "n", "--write", "--", "-51").lines()[0]
                         .split("\t")[3], "-1")
        self.assertEqual(self.write("inc", "fresh", "7", "--inline")[0]["sum"], 7)
        self.assertEqual(self.write("inc", "fresh", "7", "--inline")[0]["sum"], 14)
        self.assertEqual(self.run_ok("get", self.store, "fresh").out, b"14")

    def test_a_negative_number_is_no_option(self):
        self.assertEqual(self.write("inc", "n", "-10")[0]["sum"], 30)
        self.assertEqual(self.run_ok("inc", self.store, "--write", "n", "-5").lines()[0]
                         .split("\t")[3], "25")
        script = b"inc n -20\nput five -5 --type int\nput half -0.5 --type float\n"
        self.assertEqual(varve("batch", self.store, "-", "--write", input=script).code, OK)
        self.assertEqual([self.run_ok("get", self.store, key).out for key in
                          ("n", "five", "half")], [b"5", b"-5", b"-0.5"])
        self.write("merge", "sum", "-7", "--type", "int")
        self.write("put", "-1", "text")
        self.assertEqual(self.run_ok("get", self.store, "-1").out, b"text")
        self.assertIn("'-x' has a letter", self.refused(USAGE, "inc", self.store, "n", "-x"))
        self.assertIn("--at '-5'", self.refused(USAGE, "put", self.store, "k", "v", "--at", "-5"))

    def test_what_cannot_be_added_to(self):
        self.refused(REFUSED, "inc", self.store, "old")
        self.refused(REFUSED, "inc", self.store, "n", "9223372036854775807")
        self.assertIn("BY is no integer", self.refused(USAGE, "inc", self.store, "n", "x"))


class Merge(WriteTest):

    def test_integers(self):
        for _ in range(3):
            self.write("merge", "sum", "5", "--type", "int")
        self.assertEqual(self.run_ok("get", self.store, "sum").out, b"15")

    def test_bytes(self):
        self.write("merge", "in", "+by")
        self.write("merge", "in", "+side")
        self.assertEqual(self.run_ok("get", self.store, "in").out, b"side+by+side")

    def test_the_way_out_of_a_conflict(self):
        with Writer(self.store) as store:
            store.merge(b"spoilt", raw_int(1))
            store.merge(b"spoilt", raw_bytes(b"x"))
        for words in (("get", self.store, "spoilt"), ("scan", self.store, "--start", "spoilt")):
            self.assertIn("`varve put --inline`", self.run_failing(CONFLICT, *words).err)
        self.run_ok("put", self.store, "spoilt", "fresh", "--inline", "--write")
        self.assertEqual(self.run_ok("get", self.store, "spoilt").out, b"fresh")

    def test_what_does_not_fit(self):
        self.assertIn("cannot be merged", self.refused(CONFLICT, "merge", self.store, "in", "1",
                                                       "--type", "int"))
        self.refused(USAGE, "merge", self.store, "f", "1", "--type", "float")


class ClearRange(WriteTest):

    def test_all_that_there_is(self):
        objects = self.write("clear-range", "--start", "in", "--end", "n\x7f")
        # in, intent, n: an inline value; a version and the intent's; a version.
        self.assertEqual(objects, [{"operation": "clear-range", "start": "in", "end": "n\x7f",
                                    "keys": 3, "versions": 4}])
        self.assertEqual(self.run_ok("scan", self.store, "--keys").lines(), ['"old"'])

    def test_the_text_form(self):
        self.assertEqual(self.run_ok("clear-range", self.store, "--prefix", "o", "--write").lines(),
                         ['clear-range\t"o"\t"p"\t1 keys\t2 versions'])

    def test_to_the_end(self):
        self.write("clear-range", "--start", "a")
        self.assertEqual(self.records(), [])
        self.assertNotEqual(self.records("--system"), [])

    def test_a_range_has_to_be_given(self):
        self.assertIn("which keys?", self.refused(USAGE, "clear-range", self.store))
        self.assertIn("ends before it starts", self.refused(
            USAGE, "clear-range", self.store, "--start", "b", "--end", "a"))

    def test_damaged_keys_can_be_cleared(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"odd"), b"\xff")
        result = varve("clear-range", self.store, "--prefix", "odd", "--write", "--json")
        self.assertEqual((result.code, result.objects()),
                         (OK, [{"operation": "clear-range", "start": "odd", "end": "ode"}]))
        self.assertIn("statistics are no longer exact", result.err)
        self.assertEqual(self.records("--prefix", "6f6464"), [])


class Batch(WriteTest):

    def batch(self, script, *options):
        path = self.folder / "script"
        path.write_bytes(script)
        return self.write("batch", str(path), *options)

    def refused_script(self, script, code, *options):
        path = self.folder / "script"
        path.write_bytes(script)
        return self.refused(code, "batch", self.store, str(path), *options)

    def test_all_operations(self):
        objects = self.batch(
            b"# a comment\n"
            b"\n"
            b'put "a b" "x\\ty" --checksum\n'
            b'  cput new 1 --type int --expect-missing --at (%d,0)\n' % T +
            b"inc new 9\t--at (%d,0)\n" % (T + 1) +
            b"merge in +more\n"
            b"del old\n"
            b"clear-range --prefix gone")
        self.assertEqual([o["operation"] for o in objects],
                         ["put", "cput", "inc", "merge", "del", "clear-range"])
        self.assertEqual(objects[0]["time"], objects[4]["time"])
        self.assertEqual(objects[2]["sum"], 10)
        self.assertEqual(self.run_ok("get", self.store, "a b").out, b"x\ty")
        self.assertEqual(self.run_ok("get", self.store, "in").out, b"side+more")
        self.assertEqual(self.run_ok("scan", self.store, "--end", "intent").lines()[1][:4], '"in"')

    def test_a_line_that_fails(self):
        for line, code, text in (
                (b"put old x --at (1,0)", CONFLICT, "not older than"),
                (b"put intent x", CONFLICT, "has an intent"),
                (b"put a again", CONFLICT, "not older than"),
                (b"inc old", REFUSED, ""),
                (b"put a", USAGE, "VALUE is missing"),
                (b"put a b c", USAGE, "one argument too many"),
                (b"put a b --sync", USAGE, "is no option"),
                (b"put a b --write", USAGE, "is no option"),
                (b"put --help", USAGE, "--help is no option of a line"),
                (b"put a -", USAGE, "standard input"),
                (b'put "a', USAGE, "does not end"),
                (b'put "a\\q" b', USAGE, "KEY is no text in double quotes"),
                (b"put a b" + b" c" * 40, USAGE, "too many words"),
                (b"put a\0b c", USAGE, "a NUL is in the line"),
                (b"get a", USAGE, "begins with neither"),
                (b"put \x01x v", USAGE, "varve keeps its own"),
                (b"clear-range", USAGE, "which keys?")):
            with self.subTest(line=line):
                err = self.refused_script(b"put a 1\n# two\n" + line + b"\nput b 2\n", code)
                self.assertRegex(err, r"\Avarve: batch: \S*/script: line 3: ")
                self.assertIn(text, err)

    def test_with_redact(self):
        for line in (b"put secret secret secret", b"put secret -secret", b"secret",
                     b'put "secret\\q" v', b"put old secret --at (1,0)"):
            self.assertNotIn("secret", self.refused_script(line, CONFLICT if b"old" in line
                                                           else USAGE, "--redact"))

    def test_a_hyphen_in_quotes_is_one(self):
        self.batch(b'put a "-"\n')
        self.assertEqual(self.run_ok("get", self.store, "a").out, b"-")

    def test_hex(self):
        self.batch(b"put ff00 00ff\nput 31 32 --type int\n", "--hex")
        self.assertEqual(self.run_ok("get", self.store, "ff00", "--hex").out, b"00ff\n")
        self.assertEqual(self.run_ok("get", self.store, "1").out, b"32")

    def test_standard_input(self):
        result = varve("batch", self.store, "-", "--write", input=b"put a 1\nput b 2\n")
        self.assertEqual((result.code, result.err, len(result.lines())), (OK, "", 2))
        result = varve("batch", self.store, "-", "--write", input=b"")
        self.assertEqual((result.code, result.err, result.out), (OK, "", b""))

    def test_a_script_that_cannot_be_read(self):
        self.assertIn("No such file", self.refused(IO, "batch", self.store,
                                                   str(self.folder / "none")))
        os.mkdir(self.folder / "folder")
        self.assertIn("Is a directory", self.refused(IO, "batch", self.store,
                                                     str(self.folder / "folder")))

    def test_many_lines(self):
        script = b"".join(b"put k%05d %d --type int\n" % (i, i) for i in range(3000))
        self.assertEqual(len(self.batch(script)), 3000)
        times = {o["time"] for o in self.run_ok("scan", self.store, "--prefix", "k",
                                                "--json").objects()}
        self.assertEqual(len(times), 1)


class WithoutAccount(ToolTest):

    def test_nothing_is_kept(self):
        with Writer(self.store) as store:
            store.put(b"k", T, raw_bytes(b"1"))
        self.run_ok("put", self.store, "k", "2", "--write")
        keys = self.run_ok("keys", self.store, "--system", "--hex", "--json").objects()
        self.assertFalse([o for o in keys if o["key_hex"].startswith("017673")])


if __name__ == "__main__":
    unittest.main()
