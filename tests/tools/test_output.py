"""Standard output that cannot be written, and what is shown on terminals."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

from toolkit import CLOSED, IO, NO, OK, SECOND, VARVE, ToolTest, Writer, raw_bytes, varve


class Output(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for number in range(60):
                store.put(f"k{number:02}".encode(), SECOND, raw_bytes(b"v" * 10_000))
            store.put(b"k00", 2 * SECOND, raw_bytes(b"v" * 500_000))
            store.flush()
            store.put(b"k01", 2 * SECOND, raw_bytes(b"v" * 100_000))

    def commands(self):
        return (("get", self.store, "k00"), ("history", self.store, "k00"), ("scan", self.store),
                ("lsm", self.store), ("info", self.store), ("--help",), ("get", "--help"),
                ("--version",), ("scan", self.store, "--json"), ("lsm", self.store, "--json"),
                ("info", self.store, "--json"), ("keys", self.store), ("top", self.store),
                ("range-data", self.store), ("approx-size", self.store), ("--manual",),
                ("lsm", self.store, "--garbage"), ("split-key", self.store),
                ("wal", "dump", self.store))

    def test_a_full_disk(self):
        for command in self.commands():
            with open("/dev/full", "wb") as full:
                result = self.run_failing(IO, *command, stdout=full)
            self.assertIn("standard output: No space left on device", result.err)

    def test_a_reader_that_goes_away(self):
        for command in self.commands():
            reader, writer = os.pipe()
            os.close(reader)
            result = varve(*command, stdout=writer)
            os.close(writer)
            self.assertEqual((result.code, result.err), (CLOSED, ""), command)

    def test_a_reader_that_has_enough(self):
        process = subprocess.Popen([VARVE, "scan", self.store], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.read(6), b'"k00"\t')
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(), CLOSED)

    def test_a_scan_stops_soon(self):
        """It does not read the rest of the store only to drop it."""
        with Writer(self.store) as store:
            store.put(b"z", SECOND, b"\0\0\0")  # damaged: whoever reads as far fails
        process = subprocess.Popen([VARVE, "scan", self.store], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(), CLOSED)

    def run_closed(self, streams, *arguments):
        command = f'exec "$0" "$@" {streams}'
        return subprocess.run(["sh", "-c", command, VARVE, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)

    def test_closed_streams(self):
        for command in self.commands():
            result = self.run_closed(">&-", *command)
            self.assertEqual(result.returncode, IO, command)
            self.assertIn(b"standard output: Bad file descriptor", result.stderr)
            self.assertEqual(self.run_closed("<&- 2>&-", *command).returncode, OK)
        self.assertEqual(self.run_closed("2>&-", "get", self.store, "nope").returncode, NO)

    def test_the_store_is_not_written_to_by_accident(self):
        """With standard output closed, a file of the store would get its number."""
        with Writer(self.store) as store:
            store.put(b"new", SECOND, raw_bytes(b"in the log"))
        rows = self.folder / "rows.tsv"
        rows.write_bytes(b"row\tvalue\t@5\n")
        self.run_closed(">&- 2>&-", "import", "tsv", self.store, str(rows))
        self.assertEqual(self.run_ok("get", self.store, "row").out, b"value")
        self.assertEqual(self.run_ok("get", self.store, "new").out, b"in the log")


def read_all(fd, seconds):
    """What comes from a terminal until it is silent for that long, or closed."""
    data = b""
    while select.select([fd], [], [], seconds)[0]:
        try:
            part = os.read(fd, 65536)
        except OSError:  # how Linux says that nobody has the other side open
            break
        if not part:
            break
        data += part
    return data


class Terminals(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            for number in range(100):
                store.put(f"k{number:02}".encode(), SECOND, raw_bytes(b"v" * 10_000))

    def scan(self, read_slowly, command="scan", **streams):
        """Run a scan whose output nobody takes for a while; what its terminal showed."""
        screen, terminal = pty.openpty()
        process = subprocess.Popen([VARVE, *command.split(), self.store],
                                   stderr=terminal, **{k: v or terminal
                                                       for k, v in streams.items()})
        os.close(terminal)
        read_slowly(process)
        shown = read_all(screen, 120)
        process.wait()
        os.close(screen)
        self.assertEqual(process.returncode, OK)
        return shown

    def test_progress(self):
        def drain(process):
            size = len(process.stdout.read(1))  # it has begun, however slow the machine
            time.sleep(0.8)  # the pipe is full by then, and the scan waits
            size += len(process.stdout.read())
            process.stdout.close()
            self.assertGreater(size, 1_000_000)
        # How many records there are is an estimate, which may be too low.
        for command, items in (("scan", r"keys, [\d.]+ \w+ of [\d.]+ \w+"),
                               ("range-data", r"(of \d+ )?records, [\d.]+ KiB"),
                               ("wal dump", r"commits, [\d.]+ KiB of [\d.]+ \w+")):
            shown = self.scan(drain, command, stdout=subprocess.PIPE).decode()
            self.assertRegex(shown, rf"^\r\x1b\[K\d+ {items}, [\d.]+ [KM]?i?B/s")
            self.assertTrue(shown.endswith("\r\x1b[K"), "the line is wiped out at the end")

    def test_no_progress_over_the_output_itself(self):
        shown = self.scan(lambda process: time.sleep(0.8), stdout=None)
        self.assertNotIn(b"\x1b", shown)
        self.assertEqual(len(re.findall(rb'"k\d\d"\t', shown)), 100)

    def shown_by(self, *arguments):
        """What a command shows on a terminal that has no patience, besides its output."""
        screen, terminal = pty.openpty()
        with subprocess.Popen([VARVE, *arguments], stdout=subprocess.DEVNULL, stderr=terminal,
                              env={**os.environ, "VARVE_PROGRESS_SECONDS": "0"}) as process:
            os.close(terminal)
            shown = read_all(screen, 120).decode()
        os.close(screen)
        self.assertEqual(process.returncode, OK, (arguments, shown))
        return shown

    def test_progress_of_jobs(self):
        file, table, copy = (str(self.folder / name) for name in ("export", "table", "copy"))
        rows = self.folder / "rows"
        rows.write_bytes(b"".join(b"row%06d\tvalue\t@5\n" % number for number in range(50_000)))
        size = r"[\d.]+ (B|[KMGT]iB)"
        rate = rf"{size}/s(, \d+:\d\d left)?"
        self.run_ok("checkpoint", self.store, copy)
        table_of_copy = lambda: str(next((self.folder / "copy").glob("*.sst")))
        for arguments, line in (
                (("export", self.store, file), rf"\d+ (of \d+ )?records, {size}, {rate}"),
                (("export", self.store, table, "--format", "sst"), rf"1 table, .* of {size}, "),
                (("compact", copy, "--write", "--bottommost"),
                 rf"\d+ compactions, {size} of {size}, {rate}"),
                (("check", self.store), rf"\d+ records, {size} of {size}, {rate}"),
                (("stats", "recount", self.store), rf"\d+ records, {size} of {size}, {rate}"),
                (("top", self.store), rf"\d+ (of \d+ )?records, {size}, {rate}"),
                (("verify", "records", self.store, file), r"\d+ (of \d+ )?records, \d+/s"),
                (("verify", "checkpoint", self.store, copy), r"\d+ (of \d+ )?records, \d+/s"),
                (("gc", "estimate", self.store, "--keep", "1"), rf"\d+ keys, {size} of {size}"),
                (("intents", "resolve", self.store, "--older-than", "1s", "--abort", "--dry-run"),
                 rf"\d+ keys, {size} of {size}, {rate}"),
                (("sst", "check", table_of_copy), rf"1 of 1 files, {size} of {size}, {rate}"),
                (("import", "tsv", str(self.folder / "new"), str(rows)),
                 rf"\d+ records, {size} of {size}, {rate}"),
                (("import", "records", str(self.folder / "new-2"), file),
                 rf"\d+ records, {size} of {size}, {rate}")):
            arguments = [word() if callable(word) else word for word in arguments]
            if arguments[0] == "sst" and shutil.which("sst_dump") is None:
                continue
            shown = self.shown_by(*arguments)
            self.assertRegex(shown, rf"^\r\x1b\[K{line}", arguments)
            # It is wiped out in the end; notes stand behind it, on lines of their own.
            self.assertRegex(shown, r"/s[^\r\n]*\r\x1b\[K[^\x1b]*\Z", arguments)

    def test_no_progress_into_a_file(self):
        process = subprocess.Popen([VARVE, "scan", self.store], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(0.8)
        _, errors = process.communicate()
        self.assertEqual(errors, b"")


if __name__ == "__main__":
    unittest.main()
