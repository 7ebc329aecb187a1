"""varve keys and varve range-data: the raw records of a span."""

import re
import unittest

from toolkit import (NO, OK, SECOND, SOURCE, USAGE, ToolTest, Writer, engine_key, raw_bytes,
                     raw_float, raw_int, raw_operand, varve, with_checksum)

T = 1_700_000_000 * SECOND
WHEN = "1700000000.000000000,0"
UTC = "2023-11-14T22:13:20.000000000Z"
TXN = bytes(range(16))
TXN_TEXT = "00010203-0405-0607-0809-0a0b0c0d0e0f"
BEFORE = "1699999999.999999999,0"


class Records(ToolTest):
    """One of each kind."""

    def setUp(self):
        super().setUp()
        with Writer(self.store) as store:
            store.put(b"a\0", T - 1, raw_bytes(b"older"))
            store.delete(b"a\0", T)
            store.put(b"b", T - 1, raw_bytes(b"before"))
            store.intent(b"b", TXN, T, raw_bytes(b"new"), epoch=2, sequence=7, anchor=b"b")
            store.inline(b"c", raw_int(-3))
            store.inline(b"d", raw_int(1))
            store.merge(b"d", raw_bytes(b"text"))
            store.record(b"e\0\1", b"\xff\xff")
            store.put(b"f\xff", T, raw_float(0.5), logical=4)
            store.inline(b"\x01vc", raw_bytes(b"\0" * 12))
            store.flush()


class Keys(Records):

    LINES = [f'"a\\x00"/{WHEN}\tdeleted', f'"a\\x00"/{BEFORE}\tvalue', '"b"/0,0\tintent',
             f'"b"/{WHEN}\tprovisional', f'"b"/{BEFORE}\tvalue', '"c"/0,0\tinline',
             '"d"/0,0\tconflict', '"e"/0,0\tdamaged', '"f\\xff"/1700000000.000000000,4\tvalue']

    def keys(self, *options):
        return self.run_ok("keys", self.store, *options).lines()

    def test_all_kinds(self):
        self.assertEqual(self.keys(), self.LINES)

    def test_own_records_on_request(self):
        self.assertEqual(self.keys("--system"), ['"\\x01vc"/0,0\tinline', *self.LINES])

    def test_bounds_are_user_keys(self):
        self.assertEqual(self.keys("--start", "b", "--end", "d"), self.LINES[2:6])
        self.assertEqual(self.keys("--prefix", "b"), self.LINES[2:5])
        self.assertEqual(self.keys("--hex", "--prefix", "6100"),
                         [f"6100/{WHEN}\tdeleted", f"6100/{BEFORE}\tvalue"])
        self.assertEqual(self.keys("--start", "x", "--end", "c"), [])

    def test_kinds(self):
        self.assertEqual(self.keys("--type", "intent"), self.LINES[2:3])
        self.assertEqual(self.keys("--type", "deleted", "--type", "inline"),
                         [self.LINES[0], self.LINES[5]])
        self.run_failing(USAGE, "keys", self.store, "--type", "tombstone")

    def test_sizes(self):
        # a 00 is escaped; the key ends in 00 01; a version has twelve bytes of time.
        self.assertEqual(self.keys("--sizes", "--prefix", "a"),
                         [self.LINES[0] + "\t17\t0", self.LINES[1] + "\t17\t10"])

    def test_json(self):
        objects = self.objects("keys", "keys", self.store)
        self.assertEqual(len(objects), len(self.LINES))
        self.assertEqual(objects[1], {"key": "a\0", "time": BEFORE,
                                      "utc": "2023-11-14T22:13:19.999999999Z", "kind": "value",
                                      "key_bytes": 17, "value_bytes": 10})

    def test_limits_and_resuming(self):
        for limit in (1, 2, 4, 9):
            seen, resume = [], ()
            for _ in range(len(self.LINES) + 1):
                result = varve("keys", self.store, "--limit", str(limit), *resume)
                self.assertEqual(result.code, OK)
                seen += result.lines()
                if not result.err:
                    break
                resume = ("--resume", result.err.split("--resume ")[1].strip())
            # Behind its intent a provisional value is known as one only if both are read at once.
            self.assertEqual([line.replace("provisional", "value") for line in seen],
                             [line.replace("provisional", "value") for line in self.LINES])

    def test_resuming_in_the_middle_of_a_key(self):
        resume = engine_key(b"a\0", T - 1).hex()
        self.assertEqual(self.keys("--resume", resume, "--end", "b"), self.LINES[1:2])
        self.assertEqual(self.objects("keys", "keys", self.store, "--limit", "1")[-1],
                         {"resume": resume})
        self.run_failing(USAGE, "keys", self.store, "--resume", "6")


class RangeData(Records):

    def lines(self, *options):
        return self.run_ok("range-data", self.store, *options).lines()

    def test_text(self):
        lines = self.lines("--system")
        self.assertEqual(lines[0], '"\\x01vc"/0,0\tinline\tBYTES\t"' + "\\x00" * 12 +
                         '"\tclock mark')
        self.assertEqual(lines[1:3], [f'"a\\x00"/{WHEN}\tdeleted\t',
                                      f'"a\\x00"/{BEFORE}\tvalue\tBYTES\t"older"'])
        self.assertEqual(
            lines[3], '"b"/0,0\tintent\ttxn={id=00010203 key="b" pri=0.00000000 epo=2 '
            f'ts={WHEN} min=0,0 seq=7}} ts={WHEN} del=false klen=12 vlen=8')
        self.assertEqual(lines[4], f'"b"/{WHEN}\tprovisional\tBYTES\t"new"')
        self.assertEqual(lines[6], '"c"/0,0\tinline\tINT\t-3')
        self.assertRegex(lines[7], r'^"d"/0,0\tconflict\t.* conflict="')
        self.assertEqual(lines[8], '"e"/0,0\tdamaged\tdamaged: the metadata record does not '
                                   'decode\tffff')
        self.assertEqual(lines[9], '"f\\xff"/1700000000.000000000,4\tvalue\tFLOAT\t0.5')

    def test_json(self):
        objects = self.objects("range-data", "range-data", self.store, "--system")
        self.assertEqual(objects[0]["own"], "clock mark")
        self.assertEqual(objects[1], {"key": "a\0", "time": WHEN, "utc": UTC, "kind": "deleted",
                                      "deleted": True})
        self.assertEqual(objects[3]["txn"], {"id": TXN_TEXT, "key": "b", "epoch": 2, "sequence": 7,
                                             "priority": 0, "earlier_values": 0})
        self.assertEqual((objects[6]["tag"], objects[6]["value"]), ("INT", -3))
        self.assertEqual(objects[8]["damage"], "the metadata record does not decode")
        self.assertEqual(objects[8]["record"], "ffff")

    def test_every_kind_of_own_record_has_a_name(self):
        """Those of docs/format.md."""
        text = (SOURCE / "docs" / "format.md").read_text("utf-8")
        kinds = re.findall(r"^\| `[0-9a-f]{2}` \((.)\) \| `01 76 ", text, re.MULTILINE)
        self.assertGreaterEqual(set(kinds), set("cghistx"))
        with Writer(self.folder / "own") as store:
            for kind in (*kinds, "~"):
                store.record(engine_key(b"\x01v" + kind.encode()), raw_operand(raw_bytes(b"v")))
        names = {line.split("/0,0")[0][-2]: line.split("\t")[-1] for line in self.run_ok(
            "range-data", self.folder / "own", "--system").lines()}
        self.assertEqual(names.pop("~"), "of a later version")
        self.assertEqual(set(names), set(kinds))
        self.assertNotIn("of a later version", names.values())
        self.assertEqual(len(set(names.values())), len(kinds))

    def test_hexadecimal(self):
        lines = self.lines("--hex", "--prefix", "66")
        self.assertEqual(lines, ["66ff/1700000000.000000000,4\tvalue\tFLOAT\t3fe0000000000000"])

    def test_what_is_damaged_does_not_end_the_walk(self):
        with Writer(self.store) as store:
            store.record(engine_key(b"b", T + 1), with_checksum(b"other", raw_bytes(b"v")))
        lines = self.lines("--prefix", "b")
        self.assertIn("damaged: the value does not decode, or not match its checksum\t",
                      "\n".join(lines))
        self.assertEqual(len(self.lines()), 10)

    def test_limits_and_resuming(self):
        last = self.objects("range-data", "range-data", self.store, "--limit", "8")[-1]
        self.assertEqual(last, {"resume": engine_key(b"f\xff", T, 4).hex()})
        self.assertEqual(len(self.lines("--resume", last["resume"])), 1)

    def test_an_empty_store(self):
        with Writer(self.folder / "empty"):
            pass
        for name in ("keys", "range-data"):
            self.assertEqual(self.run_ok(name, self.folder / "empty").out, b"")
        self.assertEqual(varve("get", self.folder / "empty", "k").code, NO)


if __name__ == "__main__":
    unittest.main()
