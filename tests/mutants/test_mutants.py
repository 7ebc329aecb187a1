"""The faults of mutants.py can be applied: each has a place in the sources, and changes it."""

import pathlib
import unittest

import mutants

TREE = pathlib.Path(__file__).resolve().parents[2]


class Mutants(unittest.TestCase):

    def test_each_text_is_in_its_file_once(self):
        for what, name, text, replacement in mutants.MUTANTS:
            with self.subTest(what):
                self.assertEqual((TREE / name).read_text("utf-8").count(text), 1)
                self.assertNotEqual(text, replacement)

    def test_each_has_a_name_of_its_own(self):
        names = [mutant[0] for mutant in mutants.MUTANTS]
        self.assertEqual(len(set(names)), len(names))


if __name__ == "__main__":
    unittest.main()
