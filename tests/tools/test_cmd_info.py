"""varve info."""

import struct
import unittest

from toolkit import CORRUPT, SECOND, ToolTest, Writer, raw_bytes


class Info(ToolTest):

    def fill(self):
        with Writer(self.store) as store:
            for number in range(10):
                store.put(f"key{number}".encode(), SECOND, raw_bytes(b"v" * 1000))
            store.inline(b"\x01vc", raw_bytes(struct.pack(">QI", 5 * SECOND, 7)))
            store.inline(b"\x01vigit", raw_bytes(b'{"version":1,"commit":"aaaa"}'))
            store.inline(b"\x01vitsv", raw_bytes(b'{"version":1}'))
            store.label("a" * 40, SECOND)
            store.label("b" * 40, 2 * SECOND)
            store.inline(b"\x01vz", raw_bytes(b"of a later version"))
            store.flush()

    def test_json(self):
        self.fill()
        info, = self.objects("info", "info", self.store)
        expected = {"path": self.store, "format_version": 1, "estimated_records": 16,
                    "table_files": 1, "commit_labels": 2,
                    "import_cursors": {"git": {"version": 1, "commit": "aaaa"},
                                       "tsv": {"version": 1}},
                    "clock_mark": {"time": "5.000000000,7",
                                   "utc": "1970-01-01T00:00:05.000000000Z"},
                    "other_own_records": 1}
        self.assertEqual({name: info[name] for name in expected}, expected)
        self.assertGreaterEqual(info["sequence"], 16)
        self.assertGreater(info["table_bytes"], 100)

    def test_text(self):
        self.fill()
        lines = [line.split(None, 1) for line in self.run_ok("info", self.store).lines()]
        rows = {}
        for line in self.run_ok("info", self.store).lines()[1:]:
            name, value = line.rsplit(None, 1)
            rows.setdefault(name, []).append(value)
        self.assertEqual(lines[0], ["WHAT", "VALUE"])
        for name, values in (("path", [self.store]), ("format version", ["1"]),
                             ("table files", ["1"]), ("commit labels", ["2"]),
                             ("other own records", ["1"]),
                             ("clock mark", ["1970-01-01T00:00:05.000000000Z,7"])):
            self.assertEqual(rows[name], values)
        self.assertRegex(self.run_ok("info", self.store).out.decode(),
                         r'\nimport cursor git +{"version": 1, "commit": "aaaa"}\n'
                         r'import cursor tsv +{"version": 1}\n')

    def test_an_empty_store(self):
        with Writer(self.store):
            pass
        info, = self.objects("info", "info", self.store)
        self.assertEqual((info["table_files"], info["commit_labels"], info["import_cursors"]),
                         (0, 0, {}))
        self.assertNotIn("clock_mark", info)

    def test_a_damaged_mark(self):
        with Writer(self.store) as store:
            store.inline(b"\x01vc", raw_bytes(b"short"))
        self.assertIn("the clock's mark", self.run_failing(CORRUPT, "info", self.store).err)

    def test_a_damaged_cursor(self):
        for data in (b"", b"[]", b"{", b"\xff"):
            with Writer(self.store) as store:
                store.inline(b"\x01vijsonl", raw_bytes(data))
            self.assertIn("an import's cursor",
                          self.run_failing(CORRUPT, "info", self.store).err)


if __name__ == "__main__":
    unittest.main()
