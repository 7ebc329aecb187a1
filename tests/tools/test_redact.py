"""--redact: no byte of a key or value is printed, by any command, also not in messages."""

import unittest

import schema
from toolkit import (CONFLICT, CORRUPT, NO, OK, SECOND, USAGE, ToolTest, Writer, command_names,
                     engine_key, raw_bytes, raw_file, raw_int, varve, with_checksum)

T = 1_700_000_000 * SECOND

# What must not be seen, as text or as hexadecimal; long enough not to be found by chance.
SECRETS = ("secret-key", "secret-value", "424242424242")

# A batch of one put.
BATCH = (bytes(8) + b"\1\0\0\0" + b"\1\x0e" + engine_key(b"secret-key-1") +
         b"\x13" + raw_bytes(b"secret-value-1"))

# Of each command that takes --redact: what it works on (records that readers refuse are in `odd`),
# more arguments, and the schema of its lines.
COMMANDS = {
    "get": ("store", ("secret-key-1",), "get"),
    "history": ("store", ("secret-key-1",), "history"),
    "scan": ("store", (), "scan"),
    "lsm": ("store", (), "lsm"),
    "keys": ("odd", (), "keys"),
    "range-data": ("odd", ("--system",), "range-data"),
    "intents": ("odd", (), "intents"),
    "top": ("odd", (), "top"),
    "split-key": ("odd", (), "split-key"),
    "batch decode": ("batch", (), "batch-decode"),
    "check": ("odd", (), "check"),
    "stats recount": ("store", ("--limit", "1"), "stats"),
    "put": ("odd", ("secret-key-1", "secret-value", "--dry-run"), "write"),
    "del": ("odd", ("secret-key-1", "--dry-run"), "write"),
    "cput": ("odd", ("secret-key-0", "secret-value", "--expect-missing", "--dry-run"), "write"),
    "inc": ("odd", ("secret-key-0", "424242424242", "--dry-run"), "write"),
    "merge": ("odd", ("secret-key-0", "secret-value", "--dry-run"), "write"),
    "clear-range": ("odd", ("--prefix", "secret-key-1", "--dry-run"), "write"),
    "batch": ("odd", ("script", "--dry-run"), "write"),
    "sst dump": ("table", (), "sst-dump"),
    "gc run": ("store", ("--keep", "1", "--write", "--limit", "1"), "gc-run"),
    "wal dump": ("logged", (), "wal-dump"),
    "find": ("logged", ("secret-key-1",), "find"),
}

# Where that ends with another exit code than 0.
CODES = {"check": CORRUPT}

META = bytes.fromhex("0a180a10000000000000000000000000000000012a02080b4a00"
                     "1204080b10001800200c2808")


class Redact(ToolTest):

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
            store.put(b"secret-key-1", T + 1, raw_bytes(b"secret-value-22"))
            store.put(b"secret-key-\xff", T, raw_bytes(b"secret-value-3"))
            store.put(b"secret-key-file", T, raw_file("100644", b"secret-value"))
            store.inline(b"secret-key-number", raw_int(424242424242))
            store.put(b"secret-key-gone", T, raw_bytes(b"secret-value"))
            store.delete(b"secret-key-gone", T + 1)
            store.flush()
        self.table = str(next((self.folder / "store").glob("*.sst")))
        self.logged = str(self.folder / "logged")
        with Writer(self.logged) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
        self.odd = str(self.folder / "odd")
        self.batch = BATCH.hex()
        for name, words in (("script", ("secret-key-0", "secret-value")),
                            ("script-hex", (b"secret-key-0".hex(), b"secret-value".hex()))):
            (self.folder / name).write_text(f"put {words[0]} {words[1]}\n")
        with Writer(self.odd) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
            store.put(b"secret-key-2", T, with_checksum(b"other", raw_bytes(b"secret-value-1")))
            store.intent(b"secret-key-z", b"\1" * 16, T, raw_bytes(b"secret-value"),
                         anchor=b"secret-key-anchor")
            store.inline(b"secret-key-merged", raw_int(1))
            store.merge(b"secret-key-merged", raw_bytes(b"secret-value"))
            store.record(b"secret-key-odd\0\1", b"\xffsecret-value")
            store.inline(b"\x01vitsv", raw_bytes(b"secret-value"))
            store.flush()

    def arguments(self, name, options=()):
        """Those of a command, with the options: keys in hexadecimal with --hex."""
        subject, arguments, _ = COMMANDS[name]
        words = [str(self.folder / word) if word == "script" else word for word in arguments]
        if options:
            words = [word.encode().hex() if word.startswith("secret-") else
                     word + "-hex" if word.endswith("/script") else word for word in words]
        return (*name.split(), getattr(self, subject), *words, *options)

    def assert_no_secret(self, result, what):
        text = result.out.decode() + result.err
        for secret in SECRETS:
            for shown in (secret, secret.encode().hex()):
                self.assertNotIn(shown, text, what)

    def test_the_secrets_would_be_seen(self):
        """The control: without --redact they are."""
        text = self.run_ok("scan", self.store).out.decode()
        for secret in SECRETS:
            self.assertIn(secret, text)
        for name in COMMANDS:
            shown = varve(*self.arguments(name), "--json").out.decode()
            self.assertRegex(shown, "secret-(key|value)|" + b"secret-key".hex(), name)

    def test_every_command_that_takes_it(self):
        takers = {name for name in command_names()
                  if b"--redact" in varve(*name.split(), "--help").out}
        # test_verify_git.py looks at the other one.
        self.assertEqual(takers, {*COMMANDS, "verify"})

    def test_nothing_is_seen(self):
        for name in COMMANDS:
            for options in ((), ("--hex",)):
                result = varve(*self.arguments(name, options), "--redact")
                self.assertEqual(result.code, CODES.get(name, OK), result.err)
                self.assert_no_secret(result, (name, options))
                self.assertNotEqual(result.out + result.err.encode(), b"")

    def test_json(self):
        for name, (_, _, lines) in COMMANDS.items():
            result = varve(*self.arguments(name), "--json", "--redact")
            self.assertEqual(result.code, CODES.get(name, OK), result.err)
            self.assert_no_secret(result, name)
            for item in result.objects():
                schema.check(lines, item)

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
