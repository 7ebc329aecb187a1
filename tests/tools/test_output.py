"""Standard output that cannot be written, and what is shown on terminals."""

import os
import pty
import re
import select
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
        process = subprocess.Popen([VARVE, command, self.store],
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
        for command, items in (("scan", "keys"), ("range-data", r"(of \d+ )?records")):
            shown = self.scan(drain, command, stdout=subprocess.PIPE).decode()
            self.assertRegex(shown,
                             rf"^\r\x1b\[K\d+ {items}, [\d.]+ KiB, [\d.]+ [KM]?i?B/s")
            self.assertTrue(shown.endswith("\r\x1b[K"), "the line is wiped out at the end")

    def test_no_progress_over_the_output_itself(self):
        shown = self.scan(lambda process: time.sleep(0.8), stdout=None)
        self.assertNotIn(b"\x1b", shown)
        self.assertEqual(len(re.findall(rb'"k\d\d"\t', shown)), 100)

    def test_no_progress_into_a_file(self):
        process = subprocess.Popen([VARVE, "scan", self.store], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(0.8)
        _, errors = process.communicate()
        self.assertEqual(errors, b"")


if __name__ == "__main__":
    unittest.main()
