"""A command line for each command, over stores whose keys and values all have a mark in them."""

import shutil

from toolkit import (CORRUPT, NO, SECOND, ToolTest, Writer, engine_key, raw_bytes, raw_file,
                     raw_int, raw_intent, varve, with_checksum)

T = 1_700_000_000 * SECOND
TXN = b"\1" * 16

# The marks, as text or as hexadecimal; long enough not to be found by chance.
SECRETS = ("secret-key", "secret-value", "424242424242")

BATCH = (bytes(8) + b"\1\0\0\0" + b"\1\x0e" + engine_key(b"secret-key-1") +
         b"\x13" + raw_bytes(b"secret-value-1"))

# Of each command: its words, and the schema of its lines.  {new} is a path at which nothing is.
# Stores: `store` is sound, `odd` has what readers refuse, `logged` has nothing but its log, `kept`
# has statistics and holds.
COMMANDS = {
    "get": ("{store} secret-key-1", "get"),
    "history": ("{store} secret-key-1", "history"),
    "scan": ("{store}", "scan"),
    "keys": ("{odd}", "keys"),
    "range-data": ("{odd} --system", "range-data"),
    "intents": ("{odd}", "intents"),
    "top": ("{odd}", "top"),
    "split-key": ("{odd}", "split-key"),
    "approx-size": ("{store} --prefix secret-key", "approx-size"),
    "find": ("{logged} secret-key-1", "find"),
    "lsm": ("{store}", "lsm"),
    "info": ("{store}", "info"),
    "gc estimate": ("{store} --keep 1", "gc-estimate"),
    "gc run": ("{store} --keep 1 --write --limit 1", "gc-run"),
    "gc holds": ("{kept}", "gc-holds"),
    "gc hold": ("{kept} name --at @1700000000 --owner me --write", "gc-holds"),
    "gc release": ("{kept} name --write", "gc-release"),
    "key encode": ("secret-key-1", "key-encode"),
    "key decode": ("{engine_key}", "key-decode"),
    "value decode": ("{value}", "value-decode"),
    "meta decode": ("{meta}", "meta-decode"),
    "batch decode": ("{batch}", "batch-decode"),
    "check": ("{odd}", "check"),
    "stats show": ("{kept}", "stats"),
    "stats recount": ("{store} --limit 1", "stats"),
    "stats repair": ("{kept} --dry-run", "stats"),
    "stats consolidate": ("{kept} --write", "stats-consolidate"),
    "sst dump": ("{table}", "sst-dump"),
    "sst check": ("{table}", "sst-check"),
    "sst properties": ("{table}", "sst-properties"),
    "wal dump": ("{logged}", "wal-dump"),
    "verify": ("records {odd} {export}", "verify-records"),
    "import": ("tsv {new} {rows}", "import"),
    "intents resolve": ("{odd} --older-than 1s --abort --dry-run", "intents-resolve"),
    "export": ("{store} {new}", "export"),
    "compact": ("{store} --write", "compact"),
    "salvage": ("{store} --dry-run", "salvage"),
    "checkpoint": ("{store} {new}", "checkpoint"),
    "put": ("{odd} secret-key-1 secret-value --dry-run", "write"),
    "del": ("{odd} secret-key-1 --dry-run", "write"),
    "cput": ("{odd} secret-key-0 secret-value --expect-missing --dry-run", "write"),
    "inc": ("{odd} secret-key-0 424242424242 --dry-run", "write"),
    "merge": ("{odd} secret-key-0 secret-value --dry-run", "write"),
    "clear-range": ("{odd} --prefix secret-key-1 --dry-run", "write"),
    "batch": ("{odd} {script} --dry-run", "write"),
}

# They run programs of RocksDB's, whose output is theirs: no --json, no --redact.
PASSED_ON = {"ldb": "{store} scan", "sst-dump": "{table} scan"}

# Where that ends with another exit code than 0.
CODES = {"check": CORRUPT, "verify": NO, "intents resolve": CORRUPT}

# Without these programs of Debian's the commands are `unsupported`.
NEEDS = {"sst properties": "sst_dump", "ldb": "ldb", "sst-dump": "sst_dump"}


class MarkedStores(ToolTest):

    def setUp(self):
        super().setUp()
        self.fresh = 0
        self.words = {name: str(self.folder / name) for name in
                      ("store", "odd", "logged", "kept", "rows", "script", "export")}
        self.fill_store()
        self.fill_odd()
        with Writer(self.words["logged"]) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
        with Writer(self.words["kept"]) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
            store.account()
        self.run_ok("gc", "hold", self.words["kept"], "name", "--at", "@1700000000", "--write")
        self.words["table"] = str(next((self.folder / "store").glob("*.sst")))
        self.run_ok("export", self.words["store"], self.words["export"], "--json")
        (self.folder / "rows").write_text("secret-key-1\tsecret-value\t@1700000000\n")
        (self.folder / "script").write_text("put secret-key-0 secret-value\n")
        (self.folder / "script-hex").write_text(
            f"put {b'secret-key-0'.hex()} {b'secret-value'.hex()}\n")
        self.words["engine_key"] = engine_key(b"secret-key-1", T).hex()
        self.words["value"] = with_checksum(b"secret-key-1", raw_bytes(b"secret-value-1")).hex()
        self.words["meta"] = raw_intent(TXN, T, 9, anchor=b"secret-key-anchor").hex()
        self.words["batch"] = BATCH.hex()

    def fill_store(self):
        with Writer(self.words["store"]) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
            store.put(b"secret-key-1", T + 1, raw_bytes(b"secret-value-22"))
            store.put(b"secret-key-\xff", T, raw_bytes(b"secret-value-3"))
            store.put(b"secret-key-file", T, raw_file("100644", b"secret-value"))
            store.inline(b"secret-key-number", raw_int(424242424242))
            store.put(b"secret-key-gone", T, raw_bytes(b"secret-value"))
            store.delete(b"secret-key-gone", T + 1)
            store.flush()

    def fill_odd(self):
        with Writer(self.words["odd"]) as store:
            store.put(b"secret-key-1", T, raw_bytes(b"secret-value-1"))
            store.put(b"secret-key-2", T, with_checksum(b"other", raw_bytes(b"secret-value-1")))
            store.intent(b"secret-key-z", TXN, T, raw_bytes(b"secret-value"),
                         anchor=b"secret-key-anchor")
            store.inline(b"secret-key-merged", raw_int(1))
            store.merge(b"secret-key-merged", raw_bytes(b"secret-value"))
            store.record(b"secret-key-odd\0\1", b"\xffsecret-value")
            store.inline(b"\x01vitsv", raw_bytes(b"secret-value"))
            store.flush()

    def arguments(self, name, *options):
        """The command line of a command; with --hex, keys and values in hexadecimal."""
        self.fresh += 1
        words = {**self.words, "new": str(self.folder / f"new-{self.fresh}")}
        text = {**{n: words for n, (words, _) in COMMANDS.items()}, **PASSED_ON}[name]
        if "--hex" in options:
            words["script"] += "-hex"
            text = " ".join(w.encode().hex() if w.startswith("secret-") else w
                            for w in text.split())
        return (*name.split(), *text.format(**words).split(), *options)

    def run_command(self, name, *options):
        if name == "gc release":
            self.run_ok("gc", "hold", self.words["kept"], "name", "--at", "@1700000000", "--write")
        return varve(*self.arguments(name, *options))

    def commands(self):
        """Those that can run here."""
        return [name for name in COMMANDS if shutil.which(NEEDS.get(name, "true"))]

    def assert_no_secret(self, result, what):
        text = result.out.decode(errors="replace") + result.err
        for secret in SECRETS:
            for shown in (secret, secret.encode().hex()):
                self.assertNotIn(shown, text, what)
