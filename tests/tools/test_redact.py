"""--redact: no byte of a key or value is printed, by any command, also not in messages."""

import unittest

import schema
from toolkit import (CONFLICT, CORRUPT, NO, OK, SECOND, USAGE, ToolTest, Writer, command_names,
                     raw_bytes, raw_file, raw_int, varve, with_checksum)

T = 1_700_000_000 * SECOND

# What must not be seen, as text or as hexadecimal; long enough not to be found by chance.
SECRETS = ("secret-key", "secret-value", "424242424242")

# Of each command that takes --redact: arguments behind STORE, and the schema of its lines.
COMMANDS = {
    "get": (("secret-key-1",), "get"),
    "history": (("secret-key-1",), "history"),
    "scan": ((), "scan"),
    "lsm": ((), "lsm"),
}

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

    def test_every_command_that_takes_it(self):
        takers = {name for name in command_names()
                  if b"--redact" in varve(*name.split(), "--help").out}
        self.assertEqual(takers, set(COMMANDS))

    def test_nothing_is_seen(self):
        for name, (arguments, _) in COMMANDS.items():
            for options in ((), ("--hex",)):
                if options and arguments:
                    arguments = tuple(text.encode().hex() for text in arguments)
                result = self.run_ok(*name.split(), self.store, *arguments, *options, "--redact")
                self.assert_no_secret(result, (name, options))
                self.assertNotEqual(result.out, b"")

    def test_json(self):
        for name, (arguments, lines) in COMMANDS.items():
            result = self.run_ok(*name.split(), self.store, *arguments, "--json", "--redact")
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
                (USAGE, ("get", self.store, "secret-key", "--hex"))):
            result = self.run_failing(code, *arguments, "--redact")
            self.assert_no_secret(result, arguments)
            self.assertIn("secret-key", self.run_failing(code, *arguments).err)


if __name__ == "__main__":
    unittest.main()
