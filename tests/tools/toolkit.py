"""What the tests of the tool share: running it, and writing stores for it to read.

Encodings are spelled out here once more, from the description of the format and not by the code
under test.
"""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

import schema

VARVE = os.environ.get("VARVE_BIN", "")
BUILD = pathlib.Path(os.environ.get("VARVE_BUILD_DIR", "build/dev"))
SOURCE = pathlib.Path(os.environ.get("VARVE_SOURCE_DIR",
                                     pathlib.Path(__file__).resolve().parent.parent.parent))

# Exit codes.
OK, NO, USAGE, REFUSED, STORE, CORRUPT, IO, CONFLICT, INTERNAL, UNSUPPORTED, EXISTS = range(11)
INTERRUPTED = 130
CLOSED = 141

SECOND = 1_000_000_000


def is_instrumented():
    """Whether the tool was built with a sanitizer, whose memory is not the tool's."""
    tool = pathlib.Path(VARVE).read_bytes()
    return b"__asan_init" in tool or b"__tsan_init" in tool


# ---- Values and keys ----------------------------------------------------------------------------

def raw(tag, data):
    """A raw value: checksum 0 (unset), tag, data."""
    return struct.pack(">IB", 0, tag) + data


def raw_bytes(data):
    return raw(3, data)


def raw_int(number):
    """Tag 1, a zigzag varint."""
    rest = (number << 1) ^ (number >> 63)
    rest &= (1 << 64) - 1
    data = bytearray()
    while rest >= 0x80:
        data.append(rest & 0x7F | 0x80)
        rest >>= 7
    data.append(rest)
    return raw(1, bytes(data))


def raw_float(number):
    return raw(2, struct.pack(">d", number))


def raw_file(mode, content):
    """What `varve import git` stores for a file: tag 10."""
    return raw(10, mode.encode() + b" " + content)


def with_checksum(key, value):
    """The raw value with its checksum: CRC-32 of the key and all from the tag on."""
    checksum = zlib.crc32(key + value[4:]) or 1
    return struct.pack(">I", checksum) + value[4:]


def engine_key(key, wall=0, logical=0):
    escaped = key.replace(b"\0", b"\0\xff") + b"\0\1"
    if (wall, logical) == (0, 0):
        return escaped
    return escaped + struct.pack(">QI", wall ^ (1 << 64) - 1, logical ^ (1 << 32) - 1)


def varint(number):
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _timestamp(wall, logical):
    return b"\x08" + varint(wall) + b"\x10" + varint(logical)


def _field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def raw_intent(txn, wall, size, logical=0, epoch=0, sequence=0, anchor=b""):
    """The metadata record of an intent whose provisional value has `size` bytes; 0: a deletion."""
    inner = (_field(1, txn) + (_field(3, anchor) if anchor else b"") + b"\x20" + varint(epoch) +
             _field(5, _timestamp(wall, logical)) + b"\x38" + varint(sequence) + b"\x4a\0")
    return (_field(1, inner) + _field(2, _timestamp(wall, logical)) +
            bytes([0x18, size == 0, 0x20, 12, 0x28]) + varint(size))


def raw_operand(value):
    """A metadata record of a raw value: an inline value, and an operand of a merge."""
    return bytes.fromhex("12040800100018002000 2800") + _field(6, value)


def label_key(commit):
    return b"\x01vg" + commit.encode()


def raw_label(wall, logical, number):
    return raw_bytes(struct.pack(">QIQ", wall, logical, number))


# ---- Stores -------------------------------------------------------------------------------------

class Writer:
    """A process that has a store open for writing."""

    def __init__(self, path):
        self._process = subprocess.Popen(
            [str(BUILD / "tests" / "tools_helper_store"), str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._await_ok()

    def _send(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        self._await_ok()

    def _await_ok(self):
        if self._process.stdout.readline() != b"ok\n":
            raise RuntimeError("the store helper failed")

    def put(self, key, wall, value, logical=0):
        self._send(f"put {key.hex()} {wall} {logical} {value.hex()}")

    def delete(self, key, wall, logical=0):
        self.put(key, wall, b"", logical)

    def inline(self, key, value):
        self.put(key, 0, value)

    def label(self, commit, wall, logical=0, number=0):
        self.inline(label_key(commit), raw_label(wall, logical, number))

    def intent(self, key, txn, wall, value, **options):
        """A provisional value and the record in front of it."""
        self.put(key, wall, value, options.get("logical", 0))
        self.record(engine_key(key), raw_intent(txn, wall, len(value), **options))

    def merge(self, key, value):
        self._send(f"merge {engine_key(key).hex()} {raw_operand(value).hex()}")

    def record(self, key, value):
        self._send(f"record {key.hex()} {value.hex()}")

    def clear(self, key):
        self._send(f"clear {key.hex()}")

    def clear_range(self, start, end):
        self._send(f"clear_range {start.hex()} {end.hex()}")

    def apply(self, representation):
        self._send(f"apply {representation.hex()}")

    def table(self, path, key, value):
        """A table file by itself, of one record; the path without blanks."""
        self._send(f"table {path} {key.hex()} {value.hex()}")

    def flush(self):
        self._send("flush")

    def compact(self):
        self._send("compact")

    def account(self):
        """Open the account of statistics."""
        self._send("account")

    def assert_exact(self):
        """Fail if the account is not what the store holds."""
        self._send("exact")

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        if self._process.wait() != 0:
            raise RuntimeError("the store helper failed")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- Running the tool ---------------------------------------------------------------------------

class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr.decode()

    def lines(self):
        return self.out.decode().splitlines()

    def objects(self):
        """The JSON objects of the output, one a line."""
        return [json.loads(line) for line in self.out.split(b"\n") if line]


def varve(*arguments, **options):
    """Run the tool; arguments are text or bytes."""
    command = [VARVE, *arguments]
    return Result(subprocess.run(command, stdout=options.pop("stdout", subprocess.PIPE),
                                 stderr=subprocess.PIPE, check=False, timeout=800, **options))


def listed_names(text):
    """The commands in such a list of a help, without their other names."""
    return re.findall(r"^  ([a-z][a-z-]*(?: [a-z-]+)?)(?:,|  )", text, re.MULTILINE)


def command_names():
    """What `varve --help` lists."""
    return listed_names(varve("--help").out.decode().split("\nTimes:\n")[0])


class ToolTest(unittest.TestCase):
    """A test with a folder of its own, and a path for a store in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = str(self.folder / "store")

    def run_ok(self, *arguments, **options):
        result = varve(*arguments, **options)
        self.assertEqual((result.code, result.err), (OK, ""), arguments)
        return result

    def run_failing(self, code, *arguments, **options):
        """Run the tool; it has to fail with `code` and one line that names it and its command."""
        result = varve(*arguments, **options)
        self.assertEqual(result.code, code, (arguments, result.err))
        self.assertRegex(result.err, r"\Avarve: [^\n]+\n\Z")
        return result

    def objects(self, name, *arguments):
        """Run the tool with --json; its objects, after a look whether they fit the schema."""
        objects = self.run_ok(*arguments, "--json").objects()
        for item in objects:
            schema.check(name, item)
        return objects
