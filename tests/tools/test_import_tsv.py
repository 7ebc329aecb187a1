"""varve import tsv: values, times, going on, and memory."""

import os
import random
import resource
import time
import unittest
import zlib

import schema
from importing import (check_statistics, cursor, cursor_raw, dump, dump_digest, kill_often,
                       peak_memory, random_of_test, write_large_tsv)
from toolkit import (CONFLICT, IO, NO, OK, REFUSED, SECOND, STORE, USAGE, VARVE, ToolTest, Writer,
                     engine_key, is_instrumented, raw_bytes, varve)

CURSOR = b"\x01vitsv"


def record(key, wall, value, logical=0):
    """A line of a dump."""
    return f"{engine_key(key, wall, logical).hex()} {value.hex()}"


def quoted(data):
    """A field in which every byte is an escape."""
    return b"".join(b"\\x%02x" % byte for byte in data)


class TsvTest(ToolTest):
    def write(self, data, name="input"):
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def run_import(self, data, *options, code=OK, store=None):
        """Import bytes; what the tool said."""
        result = varve("import", "tsv", store or self.store, self.write(data), *options)
        self.assertEqual(result.code, code, result.err)
        return result

    def records(self, store=None):
        """The dump without the cursor."""
        own = engine_key(CURSOR).hex()
        return [line for line in dump(store or self.store) if not line.startswith(own)]


class Lines(TsvTest):
    def test_versions_and_deletions(self):
        self.run_import(b"a\t1\t@1\na\t\\N\t@2\nb\\n\t\\x00\\377\t(5,7)\nc\t\t@3")
        self.assertEqual(self.records(), [
            record(b"a", 2 * SECOND, b""),
            record(b"a", 1 * SECOND, raw_bytes(b"1")),
            record(b"b\n", 5, raw_bytes(b"\0\xff"), 7),
            record(b"c", 3 * SECOND, raw_bytes(b"")),
        ])

    def test_all_bytes(self):
        data = bytes(range(256))
        self.run_import(b"k" + quoted(data) + b"\t" + quoted(data) + b"\t@1\n")
        self.assertEqual(self.records(), [record(b"k" + data, SECOND, raw_bytes(data))])

    def test_a_time_for_records_that_have_none(self):
        self.run_import(b"a\t1\nb\t2\t@2\nc\t3\t\\N\n", "--time", "@9.5,4")
        self.assertEqual(self.records(), [
            record(b"a", 9_500_000_000, raw_bytes(b"1"), 4),
            record(b"b", 2 * SECOND, raw_bytes(b"2")),
            record(b"c", 9_500_000_000, raw_bytes(b"3"), 4),
        ])

    def test_without_a_time_it_is_that_of_the_start(self):
        before = time.time_ns()
        self.run_import(b"a\t1\nb\t2\n")
        after = time.time_ns()
        times = {item["time"] for item in self.run_ok("scan", self.store, "--json").objects()}
        self.assertEqual(len(times), 1)
        seconds, nanoseconds = times.pop().split(",")[0].split(".")
        self.assertTrue(before <= int(seconds) * SECOND + int(nanoseconds) <= after)

    def test_the_last_line_of_a_key_and_time_wins(self):
        self.run_import(b"a\t1\t@1\na\t2\t@1\n")
        self.assertEqual(self.records(), [record(b"a", SECOND, raw_bytes(b"2"))])

    def test_standard_input(self):
        result = varve("import", "tsv", self.store, "-", input=b"a\t1\t@1\n")
        self.assertEqual(result.code, OK)
        self.assertEqual(self.run_ok("get", self.store, "a").out, b"1")

    def test_nothing(self):
        self.run_import(b"")
        self.assertEqual(self.records(), [])

    def test_a_large_value(self):
        data = os.urandom(1 << 20) * 20
        self.run_import(b"k\t" + data.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
                        .replace(b"\t", b"\\t") + b"\t@1\nl\tsmall\t@1\n")
        self.assertEqual(self.run_ok("get", self.store, "k").out, data)
        self.assertEqual(self.run_ok("get", self.store, "l").out, b"small")


class Summary(TsvTest):
    DATA = b"a\t1\t@1\na\t\\N\t@2\nbc\tdef\t@3\n"

    def test_text(self):
        self.assertRegex(self.run_import(self.DATA).err,
                         r"\Avarve: import: 3 records: 3 versions, of which 1 deletions, ")

    def test_json(self):
        result = self.run_ok("import", "tsv", self.store, self.write(self.DATA), "--json")
        summary = result.objects()[0]
        schema.check("import", summary)
        self.assertGreater(summary.pop("seconds"), 0)
        # Keys, and values with their headers of five bytes.
        self.assertEqual(summary, {"format": "tsv", "records": 3, "imported_before": 0,
                                   "versions": 3, "deletions": 1, "bytes": 1 + 6 + 1 + 2 + 8,
                                   "input_bytes": len(self.DATA)})


class Statistics(TsvTest):

    def test_versions_in_any_order(self):
        lines = [b"a\t1\t@5\n", b"a\t\\N\t@3\n", b"b\t22\t@4\n", b"a\t333\t@9\n", b"b\t\\N\t@9\n",
                 b"a\t4\t@4\n", b"a\tagain\t@5\n", b"a\tlater\t@9\n", b"b\tb\t@9\n"]
        for count in range(len(lines) + 1):
            store = f"{self.store}{count}"
            self.run_import(b"".join(lines[:count]), store=store)
            kept = check_statistics(store)
        self.assertEqual((kept["key_count"], kept["val_count"]), (2, 6))
        # The same input in pieces.
        for count in range(len(lines) + 1):
            self.run_import(b"".join(lines[:count]))
        pieces = check_statistics(self.store)
        self.assertEqual({**pieces, "gc_bytes_age": 0, "last_update_nanos": 0},
                         {**kept, "gc_bytes_age": 0, "last_update_nanos": 0})

    def test_a_store_that_keeps_none(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_bytes(b"v"))
        self.run_import(b"k\t1\t@2\n")
        self.assertEqual(varve("stats", "show", self.store).code, NO)
        # Where they have been begun, the next import goes on with them.
        self.run_ok("stats", "repair", self.store, "--write")
        self.run_import(b"k\t1\t@2\nk\t1\t@3\nl\t1\t@3\n")
        self.assertEqual(check_statistics(self.store)["val_count"], 4)

    def test_new_keys_and_others_in_any_order(self):
        # Of each key several versions and deletions, some twice, far apart and next to each other.
        draw = random.Random(7)
        values = ("v", "longer", "\\N")
        lines = [f"k{draw.randrange(300)}\t{draw.choice(values)}\t@{draw.randrange(1, 9)}\n"
                 for _ in range(3000)]
        self.run_import("".join(lines).encode())
        counted = check_statistics(self.store)
        self.assertEqual(counted["key_count"], len({line.split("\t")[0] for line in lines}))
        self.assertEqual(counted["val_count"],
                         len({tuple(line.split("\t")[::2]) for line in lines}))
        # A second import, into a store that has keys, of which nothing is known.
        self.run_import("".join([*lines, "k7\tother\t@10\n", "new\tother\t@10\n"]).encode())
        self.assertEqual(check_statistics(self.store)["val_count"], counted["val_count"] + 2)

    def test_a_store_without_keys_begins_to_keep_them(self):
        with Writer(self.store) as store:
            store.inline(b"\x01vc", raw_bytes(b"\0" * 12))
        self.run_import(b"k\t1\t@2\n")
        self.assertEqual(check_statistics(self.store)["key_count"], 1)

    def test_keys_that_cannot_be_counted(self):
        with Writer(self.store) as store:
            store.inline(b"inline", raw_bytes(b"v"))
            store.intent(b"intent", b"\1" * 16, SECOND, raw_bytes(b"v"))
        self.run_ok("stats", "repair", self.store, "--write")
        for key in (b"inline", b"intent"):
            result = self.run_import(key + b"\t1\t@9\n", code=CONFLICT)
            self.assertIn(key.decode(), result.err)
        self.assertEqual(check_statistics(self.store)["val_count"], 2)

    def test_an_account_that_is_none(self):
        with Writer(self.store) as store:
            store.inline(b"\x01vs", raw_bytes(b"v"))
        result = self.run_import(b"k\t1\t@9\n", code=REFUSED)
        self.assertIn("value type is not COUNTERS", result.err)


class Faults(TsvTest):
    """What comes before a fault is imported, and nothing of the record at fault."""

    GOOD = b"a\t1\t@1\nb\t2\t@1\n"

    def check_fault(self, line, message, *options):
        result = self.run_import(self.GOOD + line + b"\nc\t3\t@1\n", *options, code=REFUSED)
        self.assertRegex(result.err, r"\Avarve: import: [^\n]*/input: line 3, byte 14: [^\n]+\n\Z")
        self.assertIn(message, result.err)
        self.assertIn("; what comes before is imported", result.err)
        self.assertEqual(self.records(), [record(b"a", SECOND, raw_bytes(b"1")),
                                          record(b"b", SECOND, raw_bytes(b"2"))])

    def test_a_malformed_line(self):
        self.check_fault(b"no tab", "there is no tab behind the key")

    def test_an_empty_key(self):
        self.check_fault(b"\tx\t@1", "the key is empty")

    def test_keys_of_varve(self):
        for key in (b"\\x00", b"\\x01", b"\\x01\\x76g", b"\\x01\\xff"):
            self.store += "+"
            self.check_fault(key + b"\tx\t@1", "keys below 02 are varve's own")

    def test_a_key_of_varve_is_named(self):
        self.check_fault(b"\\x01vitsv\tx\t@1", r'the key "\x01vitsv" begins with 00 or 01')

    def test_a_key_behind_the_end(self):
        self.check_fault(b"\xff\xffa\tx\t@1", r'the key "\xff\xffa" begins with FF FF')

    def test_the_end_of_keys(self):
        self.check_fault(b"\xff\xff\tx\t@1", "begins with FF FF, where keys end")

    def test_a_long_key_is_named_by_its_beginning(self):
        self.check_fault(b"k" * 65_537 + b"\tx\t@1",
                         'the key "' + "k" * 64 + '"... is longer than 65,536 bytes')

    def test_keys_at_the_limits(self):
        keys = [b"\x02", b"\xff\xfe\xff", b"k" * 65_536]
        self.run_import(b"".join(key + b"\t1\t@1\n" for key in keys))
        self.assertEqual(self.records(), [record(key, SECOND, raw_bytes(b"1"))
                                          for key in sorted(keys)])

    def test_a_fault_is_mended_and_the_import_goes_on(self):
        self.run_import(self.GOOD + b"c\nd\t4\t@1\n", code=REFUSED)
        self.run_import(self.GOOD + b"c\t3\t@1\nd\t4\t@1\n")
        self.assertEqual([line.split()[0] for line in self.records()],
                         [engine_key(key, SECOND).hex() for key in (b"a", b"b", b"c", b"d")])

    def test_a_missing_file(self):
        result = varve("import", "tsv", self.store, str(self.folder / "missing"))
        self.assertEqual(result.code, IO)
        self.assertIn("missing: No such file or directory", result.err)
        self.assertFalse(os.path.exists(self.store))

    def test_a_folder(self):
        result = self.run_failing(IO, "import", "tsv", self.store, str(self.folder))
        self.assertIn(f"{self.folder}: reading failed at byte 0: Is a directory", result.err)

    def test_something_that_is_no_store(self):
        self.write(b"")
        self.assertEqual(varve("import", "tsv", str(self.folder), self.write(b"")).code, STORE)

    def test_wrong_command_lines(self):
        self.run_failing(USAGE, "import", "csv", self.store, "-")
        self.run_failing(USAGE, "import", "tsv", self.store)
        for text in ("now", "commit:1234", "0,0", "@0", "x"):
            self.run_failing(USAGE, "import", "tsv", self.store, "-", "--time", text)
        self.run_failing(USAGE, "import", "git", self.store, "-", "--time", "@1")
        self.assertFalse(os.path.exists(self.store))


class DryRun(TsvTest):
    def test_nothing_is_written(self):
        result = self.run_import(b"a\t1\nb\t2\t@1\n", "--dry-run")
        self.assertIn("dry run, nothing written: 2 records", result.err)
        self.assertFalse(os.path.exists(self.store))

    def test_faults_are_found(self):
        result = self.run_import(b"a\t1\nb\n", "--dry-run", code=REFUSED)
        self.assertIn("line 2, byte 4: ", result.err)
        self.assertNotIn("imported", result.err)
        self.assertFalse(os.path.exists(self.store))

    def test_what_has_been_imported_is_passed_over(self):
        self.run_import(b"a\t1\t@1\n")
        before = dump(self.store)
        result = self.run_import(b"a\t1\t@1\nb\t2\n", "--dry-run")
        self.assertIn("1 records after 1 imported before", result.err)
        self.run_import(b"a\t2\t@1\nb\t2\n", "--dry-run", code=REFUSED)
        self.assertEqual(dump(self.store), before)


class GoingOn(TsvTest):
    FIRST = b"a\t1\t@1\nb\t2\t@1\n"

    def test_the_cursor(self):
        self.run_import(self.FIRST)
        self.assertEqual(cursor(self.store, "tsv"), {
            "version": 1, "bytes": 14, "records": 2,
            "crc32": f"{zlib.crc32(self.FIRST):08x}"})

    def test_the_same_input_again_changes_nothing(self):
        self.run_import(self.FIRST)
        before = dump(self.store)
        self.assertIn("0 records after 2 imported before", self.run_import(self.FIRST).err)
        self.assertEqual(dump(self.store), before)

    def test_a_grown_input(self):
        more = self.FIRST + b"a\t3\t@2\nc\t4\t@1\n"
        self.run_import(self.FIRST)
        self.assertIn("2 records after 2 imported before", self.run_import(more).err)
        self.run_import(more, store=self.store + "2")
        self.assertEqual(dump(self.store), dump(self.store + "2"))

    def test_the_time_of_the_start_is_kept(self):
        self.run_import(b"a\t1\n")
        self.run_import(b"a\t1\nb\t2\n")
        times = {item["time"] for item in self.run_ok("scan", self.store, "--json").objects()}
        self.assertEqual(times, {cursor(self.store, "tsv")["time"]})

    def test_another_time_is_refused(self):
        self.run_import(b"a\t1\n", "--time", "@5")
        result = self.run_import(b"a\t1\nb\t2\n", "--time", "@6", code=REFUSED)
        self.assertIn("the import began with the time 5.000000000,0", result.err)
        self.run_import(b"a\t1\nb\t2\n", "--time", "@5")
        self.run_import(b"a\t1\nb\t2\nc\t3\n")
        self.assertEqual(self.records()[2], record(b"c", 5 * SECOND, raw_bytes(b"3")))

    def test_a_time_that_no_record_got_is_not_kept(self):
        self.run_import(b"a 1\n", "--time", "@5", code=REFUSED)
        self.run_import(b"a\t1\t@1\n", "--time", "@6")
        self.assertNotIn("time", cursor(self.store, "tsv"))
        self.run_import(b"a\t1\t@1\nb\t2\n", "--time", "@7")
        self.assertEqual(cursor(self.store, "tsv")["time"], "7.000000000,0")
        self.run_import(b"a\t1\t@1\nb\t2\nc\t3\n", "--time", "@8", code=REFUSED)

    def test_another_input_is_refused(self):
        self.run_import(self.FIRST)
        before = dump(self.store)
        result = self.run_import(self.FIRST.replace(b"1", b"0") + b"c\t1\t@1\n", code=REFUSED)
        self.assertIn("input: the first 14 bytes are not those that have been imported",
                      result.err)
        self.assertEqual(dump(self.store), before)

    def test_a_shorter_input_is_refused(self):
        self.run_import(self.FIRST)
        result = self.run_import(self.FIRST[:-1], code=REFUSED)
        self.assertIn("the input has 13 bytes, but 14 have been imported", result.err)

    def test_a_last_line_without_newline_may_get_one(self):
        self.run_import(self.FIRST[:-1])
        self.assertEqual(cursor(self.store, "tsv")["bytes"], 13)
        self.assertIn("0 records after 2", self.run_import(self.FIRST[:-1]).err)
        self.run_import(self.FIRST + b"c\t3\t@1\n")
        self.run_import(self.FIRST + b"c\t3\t@1\n", store=self.store + "2")
        self.assertEqual(dump(self.store), dump(self.store + "2"))

    def test_a_last_line_without_newline_must_not_grow(self):
        self.run_import(self.FIRST[:-1])
        result = self.run_import(self.FIRST[:-1] + b"7\n", code=REFUSED)
        self.assertIn("line 2, byte 13: the line that ended the input", result.err)

    def test_a_newline_at_the_end_may_be_the_first_of_what_is_new(self):
        self.run_import(self.FIRST[:-1])
        self.run_import(self.FIRST)
        self.run_import(self.FIRST + b"c\t3\t@1\n")
        self.assertEqual(len(self.records()), 3)

    def test_damaged_cursors_are_refused(self):
        members = {"version": 1, "bytes": 0, "records": 0, "crc32": "00000000"}
        for damage in ({"bytes": -1}, {"records": "1"}, {"crc32": "0"}, {"crc32": "0000000g"},
                       {"time": "x"}, {"more": 1}):
            with Writer(self.store) as store:
                store.inline(CURSOR, cursor_raw(**{**members, **damage}))
            self.assertIn("the cursor of the import is damaged",
                          self.run_import(self.FIRST, code=5).err, damage)
        with Writer(self.store) as store:
            store.inline(CURSOR, raw_bytes(b"no JSON"))
        self.run_import(self.FIRST, code=5)

    def test_cursors_of_other_versions_are_refused(self):
        with Writer(self.store) as store:
            store.inline(CURSOR, cursor_raw(version=2, anything=0))
        result = self.run_import(self.FIRST, code=STORE)
        self.assertIn("imported by another version of varve", result.err)


class Large(TsvTest):
    """Inputs that are larger than what an import holds in memory."""

    def test_an_import_that_is_killed_ten_times_ends_the_same(self):
        path = self.folder / "large"
        size, _ = write_large_tsv(path, 60_000_000)
        hits = kill_often(random_of_test(), "tsv", self.store, path.read_bytes(),
                          lambda at: at["bytes"] / size if at else 0)
        self.assertEqual(len(hits), 10)
        self.run_ok_quietly("import", "tsv", self.store, str(path))
        self.run_ok_quietly("import", "tsv", self.store + "2", str(path))
        self.assertEqual(cursor(self.store, "tsv")["bytes"], size)
        whole = dump_digest(self.store + "2")
        self.assertGreater(whole[0], 200_000)
        self.assertEqual(dump_digest(self.store), whole)
        kept = check_statistics(self.store)
        self.assertEqual(kept["key_count"], 20_000)
        self.assertGreater(kept["gc_bytes_age"], 0)

    def test_an_import_that_cannot_write_goes_on_later(self):
        path = self.folder / "large"
        write_large_tsv(path, 8_000_000)
        # No file may become larger than that: the log of the store cannot go on.
        result = varve("import", "tsv", self.store, str(path), restore_signals=False,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                             (4_000_000, 4_000_000)))
        self.assertEqual(result.code, IO, result.err)
        self.assertRegex(result.err, r"\Avarve: import: [^\n]+/store: [^\n]+\n\Z")
        self.assertNotIn("what comes before is imported", result.err)
        self.assertGreater(cursor(self.store, "tsv")["records"], 0)
        self.run_ok_quietly("import", "tsv", self.store, str(path))
        self.run_ok_quietly("import", "tsv", self.store + "2", str(path))
        self.assertEqual(dump_digest(self.store), dump_digest(self.store + "2"))

    def run_ok_quietly(self, *arguments):
        result = varve(*arguments)
        self.assertEqual(result.code, OK, result.err)

    @unittest.skipIf(is_instrumented(), "a sanitizer takes memory of its own")
    def test_memory_is_bounded(self):
        path = self.folder / "large"
        size, _ = write_large_tsv(path, 100_000_000)
        limit = 80 << 20
        # A control: an import that holds all of it would be found out.
        self.assertGreater(size, limit)
        self.assertLess(peak_memory(VARVE, "import", "tsv", self.store, str(path)), limit)


if __name__ == "__main__":
    unittest.main()
