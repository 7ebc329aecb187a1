"""varve export, import records and sst, verify checkpoint, records and sst; docs/export.md."""

import os
import unittest
import zlib

from toolkit import (CORRUPT, EXISTS, IO, NO, OK, REFUSED, SECOND, STORE, USAGE, ToolTest, Writer,
                     engine_key, raw_bytes, raw_float, raw_int, raw_intent, raw_operand, varve,
                     with_checksum)

T = 1_700_000_000 * SECOND
TXN = b"\x11" * 16


def line_of(key, wall, logical, value):
    time = f"{wall // SECOND}.{wall % SECOND:09},{logical}"
    return f'{{"key":"{key.hex()}","time":"{time}","value":"{value.hex()}"}}\n'


def meta_of(key, record):
    return f'{{"key":"{key.hex()}","meta":"{record.hex()}"}}\n'


def export_of(lines, start="02", end="ffff"):
    """A whole file."""
    text = f'{{"varve_records":1,"start":"{start}","end":"{end}"}}\n' + "".join(lines)
    return (text + f'{{"records":{len(lines)},"crc32":"{zlib.crc32(text.encode()):08x}"}}\n'
            ).encode()


class ExportTest(ToolTest):

    def setUp(self):
        super().setUp()
        self.file = str(self.folder / "export")
        self.new = str(self.folder / "new")
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"1"), logical=3)
            store.put(b"a", T + 1, with_checksum(b"a", raw_bytes(b"2")))
            store.flush()
            store.delete(b"a", T + 2)
            store.put(b"bin\0\xff\n\"", T, raw_bytes(bytes(range(256))))
            store.inline(b"inline", with_checksum(b"inline", raw_int(-5)))
            store.put(b"intent", T, raw_bytes(b"below"))
            store.intent(b"intent", TXN, T + 9, raw_bytes(b"provisional"), epoch=2, sequence=7)
            store.merge(b"merged", raw_int(40))
            store.flush()
            store.merge(b"merged", raw_int(2))
            store.put(b"z", T, raw_float(0.5))
            store.put(b"z", T + 5, b"")
            store.account()

    def export(self, store, *options):
        """The file that an export makes."""
        path = self.folder / "out"
        if path.exists():
            path.unlink()
        self.run_export(store, str(path), *options)
        return path.read_bytes()

    def run_export(self, *arguments):
        return self.objects("export", "export", *arguments)

    def import_file(self, content, form="records"):
        """Make the new store of a file."""
        path = self.folder / "in"
        path.write_bytes(content)
        self.objects("import-records", "import", form, self.new, str(path))


class Bytes(ExportTest):
    """The format is what docs/export.md says."""

    def test_every_kind_of_record(self):
        got = self.export(self.store).decode().splitlines(keepends=True)
        meta = raw_intent(TXN, T + 9, len(raw_bytes(b"provisional")), epoch=2, sequence=7)
        expected = [
            line_of(b"a", T + 2, 0, b""),
            line_of(b"a", T + 1, 0, with_checksum(b"a", raw_bytes(b"2"))),
            line_of(b"a", T, 3, raw_bytes(b"1")),
            line_of(b"bin\0\xff\n\"", T, 0, raw_bytes(bytes(range(256)))),
            meta_of(b"inline", raw_operand(with_checksum(b"inline", raw_int(-5)))),
            meta_of(b"intent", meta),
            line_of(b"intent", T + 9, 0, raw_bytes(b"provisional")),
            line_of(b"intent", T, 0, raw_bytes(b"below")),
        ]
        self.assertEqual(got[0], '{"varve_records":1,"start":"02","end":"ffff"}\n')
        self.assertEqual(got[1:9], expected)
        # The merged value: 42, under its key.
        self.assertRegex(got[9], '^{"key":"6d6572676564","meta":"[0-9a-f]*' +
                         raw_int(42)[4:].hex() + '"}\n$')
        self.assertEqual(got[10:12], [line_of(b"z", T + 5, 0, b""),
                                      line_of(b"z", T, 0, raw_float(0.5))])
        crc = zlib.crc32("".join(got[:12]).encode())
        self.assertEqual(got[12:], [f'{{"records":11,"crc32":"{crc:08x}"}}\n'])

    def test_a_range(self):
        self.assertEqual(self.export(self.store, "--start", "b", "--end", "i"),
                         export_of([line_of(b"bin\0\xff\n\"", T, 0,
                                            raw_bytes(bytes(range(256))))], "62", "69"))
        self.assertEqual(self.export(self.store, "--prefix", "q"), export_of([], "71", "72"))

    def test_standard_output(self):
        result = varve("export", self.store, "-")
        self.assertEqual((result.code, result.err),
                         (OK, f"varve: export: 11 records, {len(result.out)} bytes\n"))
        self.assertEqual(result.out, self.export(self.store))


class RoundTrip(ExportTest):

    def test_it_is_the_same_to_the_byte(self):
        first = self.export(self.store)
        self.import_file(first)
        self.assertEqual(self.export(self.new), first)
        for command in ("range-data", "keys"):
            self.assertEqual(self.run_ok(command, self.new).out,
                             self.run_ok(command, self.store).out)
        with Writer(self.new) as store:
            store.assert_exact()
        self.assertFalse(os.path.exists(self.new + ".part"))

    def test_with_own_records(self):
        first = self.export(self.store, "--system")
        self.assertIn(b'{"key":"017673","meta":', first)
        self.import_file(first)
        self.assertEqual(self.export(self.new, "--system"), first)
        with Writer(self.new) as store:
            store.assert_exact()

    def test_a_table(self):
        path = str(self.folder / "table")
        self.assertEqual(self.run_export(self.store, path, "--format", "sst")[0]["records"], 11)
        self.objects("import-records", "import", "sst", self.new, path)
        self.assertEqual(self.export(self.new), self.export(self.store))
        self.assertTrue(os.path.exists(path))
        with Writer(self.new) as store:
            store.assert_exact()

    def test_damaged_metadata_comes_along(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"odd"), b"\xff\xfe")
        first = self.export(self.store)
        self.assertIn(b'{"key":"6f6464","meta":"fffe"}\n', first)
        result = varve("import", "records", self.new, "-", input=first)
        self.assertEqual(result.code, OK)
        self.assertIn("no statistics are kept", result.err)
        self.assertEqual(self.export(self.new), first)

    def test_a_damaged_table_leaves_no_file(self):
        store = str(self.folder / "damaged")
        with Writer(store) as writer:
            for number in range(2000):
                writer.put(b"%05d" % number, T, raw_bytes(os.urandom(100)))
            writer.flush()
        table = next((self.folder / "damaged").glob("*.sst"))
        content = bytearray(table.read_bytes())
        content[100_000] ^= 0x40
        table.write_bytes(content)
        result = varve("export", store, self.file)
        self.assertEqual(result.code, CORRUPT)
        self.assertIn(f"{table.name} cannot be read", result.err)
        self.assertRegex(result.err, r"the export is not whole.*--start and --end")
        self.assertFalse(os.path.exists(self.file))
        # On standard output it ends before the line that says that it is whole.
        result = varve("export", store, "-")
        self.assertEqual(result.code, CORRUPT)
        self.assertNotIn(b'"crc32"', result.out)
        # And around the damage.
        result = self.run_export(store, self.file, "--end", "00100")
        self.assertEqual(result[0]["records"], 100)

    def test_many_records(self):
        lines = [line_of(b"k%06d" % i, T, 0, raw_bytes(b"x" * 300)) for i in range(8000)]
        self.import_file(export_of(lines))
        self.assertEqual(self.export(self.new), export_of(lines))


class Refused(ExportTest):

    def refused(self, code, content):
        path = self.folder / "in"
        path.write_bytes(content)
        err = self.run_failing(code, "import", "records", self.new, str(path)).err
        self.assertEqual(sorted(os.listdir(self.folder)), ["in", "store"])
        return err

    def test_files_that_are_no_export(self):
        a = line_of(b"a", T, 0, b"")
        b = line_of(b"b", T, 0, b"")
        for content, text in (
                (b"", "no export"), (b"x\n", "no export"),
                (b'{"varve_records":2,"start":"","end":""}\n', "another version"),
                (export_of([b, a]), "line 3, byte 102: the record does not come behind"),
                (export_of([a, a]), "does not come behind"),
                (export_of([a], "62", "63"), "outside of the range"),
                (export_of([a.replace("61", "6")]), "no hexadecimal digits"),
                (export_of([a.replace("1700000000.000000000,0", "0,0")]), "no time above zero"),
                (export_of([a.replace("value", "data")]), "no value behind the time"),
                (export_of([a.replace("time", "tim")]), "neither a time nor metadata"),
                (export_of([a.replace('"}', '","x":1}')]), "goes on behind its end"),
                (export_of(["hello\n"]), "the line is no record"),
                (export_of([a]) + b"\n", "lines behind the last one")):
            self.assertIn(text, self.refused(REFUSED, content), content)

    def test_files_that_are_damaged(self):
        whole = export_of([line_of(b"a", T, 0, raw_bytes(b"1")), line_of(b"b", T, 0, b"")])
        lines = whole.splitlines(keepends=True)
        self.assertIn("cut short", self.refused(CORRUPT, b"".join(lines[:-1])))
        self.assertIn("is damaged", self.refused(CORRUPT, b"".join(lines[:1] + lines[2:])))
        self.assertIn("is damaged", self.refused(CORRUPT, whole.replace(b"0331", b"0332")))

    def test_what_is_in_the_way(self):
        for form in ("records", "sst"):
            self.assertIn("nothing is overwritten", self.run_failing(
                EXISTS, "import", form, self.store, "/dev/null").err)
        for path in ("/dev/null", str(self.folder / "none")):
            self.assertNotEqual(varve("import", "sst", self.new, path).code, OK)
            self.assertEqual(os.listdir(self.folder), ["store"])
        os.mkdir(self.new + ".part")
        self.assertIn("remove it first",
                      self.run_failing(EXISTS, "import", "records", self.new, "/dev/null").err)
        path = self.folder / "there"
        path.write_bytes(b"mine")
        for form in ("records", "sst"):
            self.assertIn("nothing is overwritten", self.run_failing(
                EXISTS, "export", self.store, str(path), "--format", form).err)
        self.assertEqual(path.read_bytes(), b"mine")

    def test_arguments(self):
        for arguments in (("export", self.store, self.file, "--format", "tsv"),
                          ("export", self.store, self.file, "--system", "--prefix", "a"),
                          ("export", self.store, self.file, "--start", "b", "--end", "a"),
                          ("export", self.store, "-", "--format", "sst"),
                          ("export", self.store, "-", "--json"),
                          ("import", "records", self.new, self.file, "--dry-run"),
                          ("import", "records", self.new, self.file, "--time", "@5"),
                          ("verify", "records", self.store, self.file, "--seed", "5"),
                          ("verify", "tsv", self.store, self.file)):
            self.run_failing(USAGE, *arguments)
        self.run_failing(NO, "export", self.store, self.file, "--format", "sst", "--prefix", "q")
        self.assertEqual(os.listdir(self.folder), ["store"])

    def test_a_full_disk_leaves_no_file(self):
        self.run_failing(IO, "export", self.store, str(self.folder / "no" / "file"))
        with open("/dev/full", "wb") as full:
            self.assertEqual(varve("export", self.store, "-", stdout=full).code, IO)


class Verify(ExportTest):

    def setUp(self):
        super().setUp()
        self.copy = str(self.folder / "copy")
        self.table = str(self.folder / "table")
        self.run_ok("checkpoint", self.store, self.copy)
        self.run_export(self.store, self.file)
        self.run_export(self.store, self.table, "--format", "sst")
        self.others = {"checkpoint": self.copy, "records": self.file, "sst": self.table}

    def verify(self, code, form, *options):
        result = varve("verify", form, self.store, self.others[form], *options)
        self.assertEqual((result.code, result.err), (code, ""), form)
        return result

    def test_no_difference(self):
        for form, count in (("checkpoint", 12), ("records", 11), ("sst", 11)):
            self.assertEqual(self.verify(OK, form).lines(), [f"{count} records, no difference"])
            self.assertEqual(self.objects("verify-records", "verify", form, self.store,
                                          self.others[form])[-1],
                             {"records": count, "differences": 0})

    def test_differences(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"a", T + 1), raw_bytes(b"other"))
            store.put(b"c", T, raw_bytes(b"new"))
        self.run_ok("clear-range", self.store, "--prefix", "z", "--write")
        expected = ['different\t"a"/1700000000.000000001,0',
                    'only in the store\t"c"/1700000000.000000000,0',
                    'missing in the store\t"z"/1700000000.000000005,0',
                    'missing in the store\t"z"/1700000000.000000000,0']
        for form in ("records", "sst"):
            self.assertEqual(self.verify(NO, form).lines(),
                             [*expected, "12 records, 4 differences"])
            result = self.verify(NO, form, "--json", "--redact")
            self.assertNotIn(b'"z"', result.out)
            self.assertEqual(len(result.objects()), 5)
        # The account and the clock are records of the store, too.
        self.assertEqual(self.verify(NO, "checkpoint").lines()[-5:-1], expected)

    def test_only_the_range_of_an_export(self):
        os.unlink(self.file)
        self.run_export(self.store, self.file, "--prefix", "a")
        self.run_ok("put", self.store, "c", "new", "--write")
        self.verify(OK, "records")
        self.run_ok("put", self.store, "ab", "new", "--write")
        self.verify(NO, "records")

    def test_more_than_are_shown(self):
        script = "".join(f"put k{i:02} v\n" for i in range(15)).encode()
        varve("batch", self.store, "-", "--write", input=script)
        lines = self.verify(NO, "records").lines()
        self.assertEqual((len(lines), lines[10:]),
                         (12, ["and 5 more", "26 records, 15 differences"]))

    def compare_damaged(self, change):
        """Compare with the export whose lines have been changed: code, what is said, objects."""
        with open(self.file, "rb") as file:
            lines = file.read().decode().splitlines(keepends=True)
        change(lines)
        path = self.folder / "in"
        path.write_text("".join(lines))
        result = varve("verify", "records", self.store, str(path), "--json")
        told = [line.removeprefix(f"varve: verify: {path}: ") for line in result.err.splitlines()]
        return result.code, told, result.objects()

    def test_lines_that_are_no_records(self):
        self.run_ok("put", self.store, "k", "new", "--write")

        def change(lines):
            lines[1] = "hello\n"
            lines[4] = lines[4][:-2] + "\n"
            lines[11] = "\n"
        code, told, objects = self.compare_damaged(change)
        self.assertEqual(code, REFUSED)
        self.assertEqual([line.split(":")[0].split(",")[0] for line in told],
                         ["line 2", "line 5", "line 12"])
        # What is only in the store is found behind the damage, and what is not there is counted.
        self.assertEqual([(item["difference"], item["key"]) for item in objects[:-1]],
                         [("only in the store", "k")])
        self.assertEqual(objects[-1], {"records": 12, "differences": 1, "not_compared": 3})

    def test_keys_that_are_damaged(self):
        for number, key, text in ((4, "7e", "in front of the one behind it"),
                                  (2, "7e", "in front of the one behind it"),
                                  (10, "61", "behind the one before it"),
                                  (12, "61", "behind the one before it")):
            def change(lines, number=number, key=key):
                rest = lines[number - 1].split('"', 4)[4]
                lines[number - 1] = f'{{"key":"{key}"{rest}'
            code, told, objects = self.compare_damaged(change)
            self.assertEqual((code, len(told)), (REFUSED, 1), told)
            self.assertRegex(told[0],
                             rf"\Aline {number}, byte \d+: the record does not come {text}")
            self.assertEqual(objects, [{"records": 11, "differences": 0, "not_compared": 1}])

    def test_damage_at_the_end(self):
        def cut(lines):
            del lines[10:]
        code, told, objects = self.compare_damaged(cut)
        self.assertEqual((code, len(told)), (CORRUPT, 1))
        self.assertIn("cut short", told[0])
        self.assertEqual(objects, [{"records": 11, "differences": 0, "not_compared": 2}])

        def change(lines):
            lines[3] = lines[3].replace("0331", "0332")
        code, told, objects = self.compare_damaged(change)
        self.assertEqual((code, len(told)), (CORRUPT, 1))
        self.assertIn("the last line does not fit", told[0])
        self.assertEqual([item["difference"] for item in objects[:-1]], ["different"])
        self.assertEqual(objects[-1], {"records": 11, "differences": 1})

    def test_more_damage_than_is_told(self):
        code, told, objects = self.compare_damaged(lambda lines: lines.insert(3, "hello\n" * 25))
        self.assertEqual((code, len(told)), (REFUSED, 21))
        self.assertEqual(told[20], "5 more lines are damaged")
        self.assertEqual(objects, [{"records": 11, "differences": 0}])

    def test_what_cannot_be_read(self):
        self.run_failing(IO, "verify", "records", self.store, str(self.folder / "none"))
        self.run_failing(STORE, "verify", "checkpoint", self.store, str(self.folder / "none"))
        with open(self.file, "r+b") as file:
            file.truncate(os.path.getsize(self.file) - 5)
        self.run_failing(CORRUPT, "verify", "records", self.store, self.file)


if __name__ == "__main__":
    unittest.main()
