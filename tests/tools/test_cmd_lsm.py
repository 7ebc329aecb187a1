"""varve lsm."""

import os
import unittest

from toolkit import SECOND, ToolTest, Writer, raw_bytes


class Lsm(ToolTest):

    def fill(self):
        """Two tables in level 0, and what has been compacted further down."""
        with Writer(self.store) as store:
            for number in range(100):
                store.put(f"key{number:03}".encode(), SECOND, raw_bytes(os.urandom(100)))
            store.compact()
            store.put(b"b\xff", 2 * SECOND, raw_bytes(b"v"))
            store.flush()
            store.put(b"z", 3 * SECOND, raw_bytes(b"v"), logical=1)
            store.flush()

    def test_json(self):
        self.fill()
        tree, = self.objects("lsm", "lsm", self.store)
        self.assertEqual(tree["read_amplification"], 3)
        self.assertEqual([level["files"] for level in tree["levels"]], [2, 1])
        self.assertEqual(tree["levels"][0]["level"], 0)
        self.assertGreater(tree["levels"][1]["level"], 0)
        self.assertEqual([level["entries"] for level in tree["levels"]], [2, 100])
        table = tree["levels"][1]["tables"][0]
        self.assertEqual(table["smallest"], {"key": "key000", "time": "1.000000000,0",
                                             "utc": "1970-01-01T00:00:01.000000000Z"})
        self.assertEqual(table["largest"]["key"], "key099")
        # The names are those of the files, and so are the sizes.
        for level in tree["levels"]:
            self.assertEqual(level["bytes"], sum(t["bytes"] for t in level["tables"]))
            for table in level["tables"]:
                path = os.path.join(self.store, table["name"].lstrip("/"))
                self.assertEqual(os.path.getsize(path), table["bytes"])
        level0 = {t["smallest"].get("key", t["smallest"].get("key_hex")): t["smallest"]["time"]
                  for t in tree["levels"][0]["tables"]}
        self.assertEqual(level0, {"62ff": "2.000000000,0", "z": "3.000000000,1"})

    def test_text(self):
        self.fill()
        tree, = self.objects("lsm", "lsm", self.store)
        lines = self.run_ok("lsm", self.store).lines()
        self.assertEqual(lines[0].split(), ["LEVEL", "FILES", "BYTES", "ENTRIES", "DELETIONS",
                                            "SMALLEST", "LARGEST"])
        bottom = tree["levels"][1]
        self.assertEqual(lines[1].split()[-2:], ['"b\\xff"/2.000000000,0', '"z"/3.000000000,1'])
        self.assertEqual(lines[2].split(),
                         [str(bottom["level"]), "1", str(bottom["bytes"]), "100", "0",
                          '"key000"/1.000000000,0', '"key099"/1.000000000,0'])
        self.assertEqual(lines[3:5], ["", "read amplification 3"])
        size = f"{(bottom['bytes'] + 512) // 1024}K"
        self.assertRegex(lines[5], r"^0 \[ +\dK 2 \]: \dK\[2\]$")
        self.assertRegex(lines[6], rf"^{bottom['level']} \[ *{size} 1 \]: {size}$")

    def test_hexadecimal(self):
        self.fill()
        tree, = self.objects("lsm", "lsm", self.store, "--hex")
        self.assertEqual(tree["levels"][1]["tables"][0]["smallest"]["key_hex"], b"key000".hex())
        # Engine keys as they are stored: the key, 00 01, the time.
        self.assertIn(b"key000".hex() + "0001", self.run_ok("lsm", self.store, "--hex").lines()[2])

    def test_a_store_without_tables(self):
        with Writer(self.store) as store:
            store.put(b"k", SECOND, raw_bytes(b"v"))
        tree, = self.objects("lsm", "lsm", self.store)
        self.assertEqual(tree, {"read_amplification": 0, "levels": []})
        self.assertIn("read amplification 0", self.run_ok("lsm", self.store).lines())


if __name__ == "__main__":
    unittest.main()
