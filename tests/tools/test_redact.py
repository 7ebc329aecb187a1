"""--redact: no byte of a key or value is printed, by any command, also not in messages."""

import os
import pathlib
import unittest

import schema
from every_command import CODES, COMMANDS, PASSED_ON, SECRETS, T, MarkedStores
from toolkit import (CONFLICT, CORRUPT, NO, OK, REFUSED, USAGE, Writer, command_names, engine_key,
                     raw_bytes, varve, with_checksum)

META = bytes.fromhex("0a180a10000000000000000000000000000000012a02080b4a00"
                     "1204080b10001800200c2808")

# Their output is the data itself.
REFUSING = {"export", *PASSED_ON}

# They print neither keys nor values; but failures may name them.
SILENT = {"approx-size", "info", "gc estimate", "gc holds", "gc hold", "gc release", "stats show",
          "stats repair", "stats consolidate", "sst check", "sst properties", "import",
          "intents resolve", "compact", "checkpoint", "salvage"}


class Redact(MarkedStores):

    def takers(self):
        return [name for name in self.commands() if name not in REFUSING]

    def test_the_secrets_would_be_seen(self):
        """The control: without --redact they are."""
        text = self.run_ok("scan", self.store).out.decode()
        for secret in SECRETS:
            self.assertIn(secret, text)
        for name in self.takers():
            if name not in SILENT:
                shown = self.run_command(name, "--json").out.decode()
                self.assertRegex(shown, "secret-(key|value)|" + b"secret-key".hex(), name)

    def test_every_command_takes_or_refuses_it(self):
        self.assertEqual(set(command_names()), {*COMMANDS, *PASSED_ON})
        takers = {name for name in command_names()
                  if b"--redact" in varve(*name.split(), "--help").out}
        self.assertEqual(takers, set(COMMANDS) - REFUSING)
        for name in REFUSING:
            for words in ((name, "--redact", self.store, "scan"),):
                result = self.run_failing(USAGE, *words)
                self.assertIn("'--redact' is not for a command whose output is the data itself",
                              result.err)

    def test_nothing_is_seen(self):
        for name in self.takers():
            takes_hex = b"--hex" in varve(*name.split(), "--help").out
            for options in ((), ("--hex",))[:1 + takes_hex]:
                result = self.run_command(name, *options, "--redact")
                self.assertEqual(result.code, CODES.get(name, OK), (name, result.err))
                self.assert_no_secret(result, (name, options))
                self.assertNotEqual(result.out + result.err.encode(), b"", name)

    def test_json(self):
        for name in self.takers():
            result = self.run_command(name, "--json", "--redact")
            self.assertEqual(result.code, CODES.get(name, OK), (name, result.err))
            self.assert_no_secret(result, name)
            for item in result.objects():
                schema.check(COMMANDS[name][1], item)

    def test_on_unreadable_stores(self):
        """Messages about damage name the table, and no key."""
        store = str(self.folder / "unreadable")
        with Writer(store) as writer:
            for number in range(2000):
                writer.put(b"secret-key-%05d" % number, T, raw_bytes(os.urandom(100)))
                writer.put(b"secret-key-%05d" % number, T + 1, raw_bytes(os.urandom(100)))
            writer.flush()
        table = next(pathlib.Path(store).glob("*.sst"))
        content = bytearray(table.read_bytes())
        content[200_000] ^= 0x40
        table.write_bytes(content)
        for arguments in (("scan", store), ("split-key", store), ("stats", "recount", store),
                          ("stats", "repair", store, "--dry-run"), ("check", store),
                          ("gc", "estimate", store, "--keep", "1"),
                          ("gc", "run", store, "--keep", "1", "--write"),
                          ("intents", "resolve", store, "--older-than", "1s", "--abort",
                           "--dry-run"),
                          ("verify", "checkpoint", store, store)):
            result = varve(*arguments, "--redact")
            self.assertEqual(result.code, CORRUPT, (arguments, result.err))
            self.assert_no_secret(result, arguments)
            self.assertIn(table.name, result.err + result.out.decode(), arguments)

    def test_decoders(self):
        self.assertEqual(self.run_ok("key", "encode", "secret-key", "--redact").out,
                         b"<%d bytes>\n" % len(engine_key(b"secret-key")))
        self.assertEqual(self.run_ok("key", "decode", engine_key(b"secret", T).hex(),
                                     "--redact").out, b"<6 bytes>/1700000000.000000000,0\n")
        # A checksum would tell the value to whoever can guess it.
        checked = with_checksum(b"k", raw_bytes(b"secret-value"))
        self.assertEqual(self.run_ok("value", "decode", checked.hex(), "--key", "k",
                                     "--redact").out, b"BYTES\t<12 bytes>\tchecksum good\n")
        self.assertEqual(self.objects("value-decode", "value", "decode", checked.hex(),
                                      "--redact"),
                         [{"tag": "BYTES", "value_size": 12, "checksum_is": "unchecked"}])
        self.assertEqual(self.run_ok("meta", "decode", self.words["meta"], "--redact").lines(),
                         ["intent\t01010101-0101-0101-0101-010101010101\tepoch 0\tsequence 0\t"
                          "1700000000.000000000,0\tanchor <17 bytes>"])
        self.assertEqual(self.objects("meta-decode", "meta", "decode", self.words["meta"],
                                      "--redact")[0]["anchor_size"], 17)

    def test_faults_of_an_import(self):
        (self.folder / "rows").write_bytes(b"secret-key\tsecret-value\tsecret-value\n")
        (self.folder / "lines").write_bytes(b'{"secret-key": 1}\n')
        (self.folder / "records").write_bytes(b"secret-value\n")
        for form, name in (("tsv", "rows"), ("jsonl", "lines"), ("records", "records")):
            new = str(self.folder / f"new-{form}")
            result = self.run_failing(REFUSED, "import", form, new, str(self.folder / name),
                                      "--redact")
            self.assert_no_secret(result, form)
            self.assertIn(f"{name}: line 1, byte ", result.err)
            self.assertIn("without --redact it is said why", result.err)
        result = self.run_failing(REFUSED, "import", "tsv", str(self.folder / "new-tsv-2"),
                                  str(self.folder / "rows"))
        self.assertIn("secret-value", result.err)

    def test_get(self):
        self.assertEqual(self.run_ok("get", self.store, "secret-key-1", "--redact").out,
                         b"<15 bytes>\n")
        item = self.objects("get", "get", self.store, "secret-key-1", "--redact")[0]
        self.assertEqual((item["key_size"], item["value_size"]), (12, 15))

    def test_scan(self):
        self.assertEqual(self.run_ok("scan", self.store, "--redact").lines()[0],
                         "<12 bytes>\t2023-11-14T22:13:20.000000001Z,0\tBYTES\t<15 bytes>")
        self.assertEqual(self.run_ok("scan", self.store, "--redact", "--keys").lines()[0],
                         "<12 bytes>")
        self.assertIn("exclude each other", self.run_failing(
            USAGE, "scan", self.store, "--tree", "--redact").err)

    def test_where_a_limit_ended_a_scan(self):
        result = varve("scan", self.store, "--redact", "--limit", "1")
        self.assertEqual(result.code, OK)
        self.assert_no_secret(result, "scan")
        self.assertIn("there is more; without --redact it is said how to go on", result.err)
        last = self.objects("scan", "scan", self.store, "--redact", "--limit", "1")[-1]
        self.assertEqual(last, {"resume_size": len(b"secret-key-file")})

    def test_lsm(self):
        lines = self.run_ok("lsm", self.store, "--redact").lines()
        self.assertIn(" <12 bytes>/1700000000.000000001,0 ", lines[1])

    def test_messages(self):
        with Writer(self.store) as store:
            store.put(b"secret-key-damaged", T, with_checksum(b"other", raw_bytes(b"v")))
            store.put(b"secret-key-intent", 11, raw_bytes(b"abc"))
            store.record(b"secret-key-intent\0\1", META)
        for code, arguments in (
                (NO, ("get", self.store, "secret-key-gone")),
                (NO, ("get", self.store, "secret-key-none")),
                (NO, ("history", self.store, "secret-key-none")),
                (CORRUPT, ("get", self.store, "secret-key-damaged")),
                (CORRUPT, ("scan", self.store, "--end", "secret-key-f")),
                (CONFLICT, ("get", self.store, "secret-key-intent")),
                (CONFLICT, ("scan", self.store, "--prefix", "secret-key-i")),
                (USAGE, ("get", self.store, "a", "secret-key")),
                (USAGE, ("get", self.store, "secret-key", "--hex"))):
            result = self.run_failing(code, *arguments, "--redact")
            self.assert_no_secret(result, arguments)
            self.assertIn("secret-key", self.run_failing(code, *arguments).err)


if __name__ == "__main__":
    unittest.main()
