"""varve scan, but for --tree."""

import os
import subprocess
import unittest

from toolkit import (CORRUPT, SECOND, USAGE, VARVE, ToolTest, Writer, is_instrumented, raw,
                     raw_bytes, raw_file, raw_float, raw_int, varve, with_checksum)

T = 1_700_000_000 * SECOND
UTC = "2023-11-14T22:13:20.000000000Z"
WHEN = {"time": "1700000000.000000000,0", "utc": UTC}

# In the order of their bytes.
KEYS = [b"\x02", b"a", b"a\0", b"a\0\0", b"a\1", b"aa", b"b", b"b\xff", b"b\xff\xff", b"c",
        "\u00e4".encode(), b"\xfe", b"\xff", b"\xff\xfe\xff"]


class Ranges(ToolTest):
    """Which keys are shown."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for key in KEYS:
                store.put(key, T, raw_bytes(b"v"))
            store.inline(b"\x01vc", raw_bytes(b"\0" * 12))
            store.put(b"\x01\x01", T, raw_bytes(b"v"))

    def keys(self, *options):
        """The keys shown, all arguments and output being hexadecimal."""
        lines = self.run_ok("scan", self.store, "--keys", "--hex", *options).lines()
        return [bytes.fromhex(line) for line in lines]

    def test_all_keys_of_applications(self):
        self.assertEqual(self.keys(), KEYS)

    def test_reverse(self):
        self.assertEqual(self.keys("--reverse"), KEYS[::-1])

    def test_own_records_on_request(self):
        self.assertEqual(self.keys("--system"), [b"\x01\x01", b"\x01vc", *KEYS])
        self.assertEqual(self.keys("--system", "--prefix", "0176"), [b"\x01vc"])

    def test_own_records_are_not_shown_by_accident(self):
        for option in ("--prefix", "--start", "--end"):
            result = self.run_failing(USAGE, "scan", self.store, "--hex", option, "0176")
            self.assertIn(f"{option} lies below 02", result.err)

    def test_bounds(self):
        bounds = [b"", b"\x02", b"a", b"a\0", b"a\0x", b"b", b"b\xff", b"zz", b"\xff", b"\xff\xff"]
        for start in bounds:
            for end in bounds:
                expected = [k for k in KEYS if start <= k and (end == b"" or k < end)]
                options = ("--start", start.hex(), "--end", end.hex())
                self.assertEqual(self.keys(*options), expected, options)
                self.assertEqual(self.keys(*options, "--reverse"), expected[::-1], options)

    def test_prefixes(self):
        for prefix in (b"", b"a", b"a\0", b"b\xff", b"b\xff\xff", b"x", b"\xc3", b"\xff",
                       b"\xff\xfe", b"\xff\xff"):
            expected = [k for k in KEYS if k.startswith(prefix)]
            self.assertEqual(self.keys("--prefix", prefix.hex()), expected, prefix)
            self.assertEqual(self.keys("--prefix", prefix.hex(), "--start", b"a\0".hex(),
                                       "--end", b"b\xff".hex()),
                             [k for k in expected if b"a\0" <= k < b"b\xff"], prefix)

    def test_limits_and_resuming(self):
        for direction, expected in (((), KEYS), (("--reverse",), KEYS[::-1])):
            for limit in (1, 2, 5, len(KEYS) - 1, len(KEYS)):
                seen, resume = [], ()
                for _ in range(len(KEYS) + 1):
                    lines = self.objects("scan-keys", "scan", self.store, "--keys", "--hex",
                                         "--limit", str(limit), *direction, *resume)
                    seen += [bytes.fromhex(o["key_hex"]) for o in lines if "key_hex" in o]
                    if "resume" not in lines[-1]:
                        break
                    self.assertEqual(len(lines), limit + 1)
                    resume = ("--resume", lines[-1]["resume"])
                self.assertEqual(seen, expected)

    def test_the_resume_key_of_the_text_form_is_on_standard_error(self):
        result = self.run_failing(0, "scan", self.store, "--keys", "--limit", "1")
        self.assertEqual(result.out, b'"\\x02"\n')
        self.assertIn("go on with --resume 61\n", result.err)

    def test_a_limit_of_nothing(self):
        self.assertEqual(self.objects("scan-keys", "scan", self.store, "--keys", "--limit", "0"),
                         [{"resume": "02"}])

    def test_resuming_wants_what_was_printed(self):
        self.run_failing(USAGE, "scan", self.store, "--resume", "xyz")

    def test_keys_as_bytes(self):
        result = self.run_ok("scan", self.store, "--keys", "--prefix", b"\xff\xfe")
        self.assertEqual(result.out, b'"\\xff\\xfe\\xff"\n')

    def test_nothing_found_is_no_failure(self):
        self.assertEqual(self.run_ok("scan", self.store, "--prefix", "nope").out, b"")


class Lines(ToolTest):
    """How keys and values are shown."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"text\n"))
            store.put(b"b\xff", T, raw_bytes(b"\xff\0"), logical=3)
            store.put(b"c", T, raw_file("120000", b"to"))
            store.put(b"d", T, raw_int(-300))
            store.put(b"e", T, raw_float(0.1))
            store.put(b"f", T, raw(100, b"\1"))
            store.put(b"g", T, raw_bytes(b""))
            store.put(b"h", T, raw_bytes(b"\xff\xff"))
            store.inline(b"i", raw_bytes(b"v"))
            store.put(b"gone", T, raw_bytes(b"v"))
            store.delete(b"gone", T + 1)

    def test_text(self):
        self.assertEqual(self.run_ok("scan", self.store).out.decode(), "".join(
            f"{key}\t{time}\t{kind}\t{value}\n" for key, time, kind, value in (
                ('"a"', UTC + ",0", "BYTES", '"text\\n"'),
                ('"b\\xff"', UTC + ",3", "BYTES", '"\\xff\\x00"'),
                ('"c"', UTC + ",0", "120000", '"to"'),
                ('"d"', UTC + ",0", "INT", "-300"),
                ('"e"', UTC + ",0", "FLOAT", "0.1"),
                ('"f"', UTC + ",0", "TIMESERIES", '"\\x01"'),
                ('"g"', UTC + ",0", "BYTES", '""'),
                ('"h"', UTC + ",0", "BYTES", '"\\xff\\xff"'),
                ('"i"', "inline", "BYTES", '"v"'))))

    def test_hexadecimal(self):
        lines = self.run_ok("scan", self.store, "--hex").lines()
        self.assertEqual(lines[1], f"62ff\t{UTC},3\tBYTES\tff00")
        self.assertEqual(lines[2], f"63\t{UTC},0\t120000\t746f")
        self.assertEqual(lines[3], f"64\t{UTC},0\tINT\td704")

    def test_json(self):
        objects = self.objects("scan", "scan", self.store)
        self.assertEqual(objects[:4], [
            {"key": "a", **WHEN, "tag": "BYTES", "value": "text\n"},
            {"key_hex": "62ff", "time": "1700000000.000000000,3", "utc": UTC, "tag": "BYTES",
             "value_hex": "ff00"},
            {"key": "c", **WHEN, "tag": "TUPLE", "mode": "120000", "value": "to"},
            {"key": "d", **WHEN, "tag": "INT", "value": -300}])
        self.assertEqual(len(objects), 9)

    def test_json_of_keys(self):
        objects = self.objects("scan-keys", "scan", self.store, "--keys")
        self.assertEqual(objects[0], {"key": "a", **WHEN})

    def test_as_of_a_time(self):
        self.assertEqual(self.run_ok("scan", self.store, "--keys", "--at",
                                     "ns:1700000000000000000,0").lines(),
                         ['"a"', '"c"', '"d"', '"e"', '"f"', '"g"', '"gone"', '"h"', '"i"'])
        self.assertEqual(self.run_ok("scan", self.store, "--keys", "--at", "@1").lines(), ['"i"'])

    def test_damage_ends_the_scan(self):
        with Writer(self.store) as store:
            store.put(b"b", T, with_checksum(b"other", raw_bytes(b"v")))
        result = self.run_failing(CORRUPT, "scan", self.store)
        self.assertEqual(len(result.lines()), 1)
        self.assertIn('key "b"', result.err)

    def test_options_that_exclude_each_other(self):
        self.run_failing(USAGE, "scan", self.store, "--tree", "--keys")
        self.run_failing(USAGE, "scan", self.store, "-z")
        self.run_failing(USAGE, "scan", self.store, "--tree", "-z", "--json")

    def test_the_other_name(self):
        self.assertEqual(self.run_ok("ls", self.store).out, self.run_ok("scan", self.store).out)


class Sizes(ToolTest):
    """More than fits a page."""

    def test_many_keys(self):
        keys = [f"{number:05}" for number in range(3500)]
        with Writer(self.store) as store:
            for key in keys:
                store.put(key.encode(), T, raw_bytes(b"v"))
        expected = [f'"{key}"' for key in keys]
        self.assertEqual(self.run_ok("scan", self.store, "--keys").lines(), expected)
        self.assertEqual(self.run_ok("scan", self.store, "--keys", "--reverse").lines(),
                         expected[::-1])
        limited = varve("scan", self.store, "--keys", "--limit", "2345")
        self.assertEqual(limited.lines(), expected[:2345])
        self.assertIn("--resume " + b"02345".hex(), limited.err)

    @unittest.skipIf(is_instrumented(), "a sanitizer takes memory of its own")
    def test_memory_is_bounded(self):
        """What is scanned does not decide how much memory it takes: 100 MB in 72."""
        value = raw_bytes(os.urandom(250) * 2000)
        with Writer(self.store) as store:
            for number in range(200):
                store.put(f"{number:03}".encode(), T, value)
                if number % 50 == 49:
                    store.flush()  # what is not in a table is read into memory whole
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen([VARVE, "scan", self.store], stdout=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
        self.assertEqual(status, 0)
        self.assertLess(usage.ru_maxrss, 72 * 1024)


class Company(ToolTest):
    """Beside a process that writes."""

    def test_a_live_writer_goes_on(self):
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"v"))
            self.assertEqual(self.run_ok("scan", self.store, "--keys").lines(), ['"a"'])
            store.put(b"b", T, raw_bytes(b"v"))
            store.flush()
            store.put(b"c", T, raw_bytes(b"v"))
            self.assertEqual(self.run_ok("scan", self.store, "--keys").lines(),
                             ['"a"', '"b"', '"c"'])
            for command in (("get", "a"), ("history", "a"), ("lsm",), ("info",), ("keys",),
                            ("range-data",), ("top",), ("approx-size",)):
                self.run_ok(command[0], self.store, *command[1:])
            store.compact()
            store.put(b"d", T, raw_bytes(b"v"))
        self.assertEqual(len(self.run_ok("scan", self.store, "--keys").lines()), 4)

    def test_nothing_is_written(self):
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"v"))
        def files():
            return sorted((entry.name, entry.stat().st_size, entry.stat().st_mtime_ns)
                          for entry in os.scandir(self.store))
        before = files()
        for command in (("get", "a"), ("history", "a"), ("scan",), ("lsm",), ("info",), ("keys",),
                        ("range-data",), ("top",), ("approx-size",)):
            self.run_ok(command[0], self.store, *command[1:])
        self.assertEqual(files(), before)

    def test_a_store_that_may_not_be_written(self):
        with Writer(self.store) as store:
            store.put(b"a", T, raw_bytes(b"v"))
        for entry in os.scandir(self.store):
            os.chmod(entry.path, 0o444)
        os.chmod(self.store, 0o555)
        self.addCleanup(os.chmod, self.store, 0o755)
        self.run_ok("scan", self.store)


if __name__ == "__main__":
    unittest.main()
