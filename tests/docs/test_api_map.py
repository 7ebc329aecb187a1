#!/usr/bin/env python3
"""docs/api-map.md has a row for each name it has to have, and its rows are true.

That the functions exist and can be linked is shown by the program made of the document.
"""

import os
import re
import unittest
from pathlib import Path

import api_map

ROOT = Path(os.environ["VARVE_SOURCE_DIR"])
DOCUMENT = ROOT / "docs/api-map.md"

# The functions, types and methods that the behaviour of the engine and MVCC layers is described by.
REQUIRED = """
    AccountForSelf MVCCSetRangeStats MVCCGetRangeStats IsIntentOf MakeValue
    IsValidSplitKey MVCCFindSplitKey MVCCPut MVCCBlindPut MVCCDelete MVCCPutProto
    MVCCConditionalPut MVCCBlindConditionalPut MVCCInitPut MVCCBlindInitPut MVCCIncrement
    MVCCMerge MergeInternalTimeSeriesData MVCCDeleteRange
    MVCCGet MVCCGetAsTxn MVCCGetProto MVCCScan MVCCReverseScan MVCCIterate
    MVCCResolveWriteIntent MVCCResolveWriteIntentUsingIter MVCCResolveWriteIntentRange
    MVCCResolveWriteIntentRangeUsingIter IterAndBuf GetIterAndBuf IterAndBuf.Cleanup
    MVCCGarbageCollect GarbageCollector MakeGarbageCollector GarbageCollector.Filter PutProto
    Batch Batch.Distinct Batch.Repr Batch.Commit Engine.NewBatch Engine.NewWriteOnlyBatch BatchType
    RocksDBBatchBuilder RocksDBBatchBuilder.Put RocksDBBatchBuilder.Merge
    RocksDBBatchBuilder.Clear RocksDBBatchBuilder.Len RocksDBBatchBuilder.Finish
    RocksDBBatchReader NewRocksDBBatchReader RocksDBBatchReader.BatchType
    RocksDBBatchReader.Count RocksDBBatchReader.Error RocksDBBatchReader.Next
    RocksDBBatchReader.UnsafeKey RocksDBBatchReader.UnsafeValue
    Reader Writer ReadWriter Engine Iterator RocksDB.NewSnapshot AllocIterKeyValue
    MVCCKey MVCCKeyValue MakeMVCCMetadataKey DecodeKey MVCCKey.EncodedSize MVCCKey.Next
    MVCCKey.Less MVCCKey.Equal MVCCKey.IsValue MVCCKey.String MVCCKeyMax NilKey
    InMem RocksDB NewRocksDB RocksDB.Attrs RocksDB.Capacity RocksDB.Close RocksDB.Closed
    RocksDB.Compact RocksDB.Destroy RocksDB.Flush RocksDB.GetSSTables RocksDB.GetStats
    RocksDB.GetTempDir RocksDB.SetTempDir RocksDB.String
    RocksDBCache NewRocksDBCache RocksDBCache.Release
    RocksDBSstFileWriter MakeRocksDBSstFileWriter RocksDBSstFileWriter.Open
    RocksDBSstFileWriter.Add RocksDBSstFileWriter.Close
    RocksDBSstFileReader MakeRocksDBSstFileReader RocksDBSstFileReader.AddFile
    RocksDBSstFileReader.Iterate RocksDBSstFileReader.NewIterator RocksDBSstFileReader.Close
    SSTableInfo SSTableInfos SSTableInfos.ReadAmplification SSTableInfos.String Stats Version
    Reader.Get Reader.GetProto Reader.Iterate Reader.NewIterator
    Writer.ApplyBatchRepr Writer.Put Writer.Merge Writer.Clear Writer.ClearRange
    Writer.ClearIterRange
    Iterator.Close Iterator.Seek Iterator.SeekReverse Iterator.Valid Iterator.Next Iterator.Prev
    Iterator.NextKey Iterator.PrevKey Iterator.Key Iterator.Value Iterator.ValueProto
    Iterator.UnsafeKey Iterator.UnsafeValue Iterator.Less Iterator.ComputeStats
    MVCCClearTimeRange MVCCIncrementalIterator Tombstones FailOnMoreRecent TargetBytes
    IgnoredSeqNums
""".split()


class Map(unittest.TestCase):
    def setUp(self):
        self.text = DOCUMENT.read_text("utf-8")
        self.rows = api_map.rows_of(self.text)

    def test_every_name_has_one_row(self):
        there = [row.there for row in self.rows]
        self.assertEqual([name for name in REQUIRED if name not in there], [])
        self.assertEqual(sorted(there), sorted(set(there)))

    def test_names_stand_in_their_headers(self):
        for row in self.rows:
            headers = [(ROOT / "include" / name).read_text("utf-8") for name in row.headers]
            for name in row.here:
                pattern = rf"\b{name[:-2]}\(" if name.endswith("()") else rf"\b{name}\b"
                self.assertTrue(any(re.search(pattern, header) for header in headers),
                                f"{DOCUMENT.name}:{row.line}: {name} is not in {row.headers}")

    def test_every_function_named_beside_the_tables_exists(self):
        functions = api_map.functions_of(self.rows)
        for name in re.findall(r"(?<!`)\b(varve_\w+)\(\)", self.text):
            declared = any(re.search(rf"\b{name}\(", path.read_text("utf-8"))
                           for path in ROOT.glob("include/varve/*.h"))
            self.assertTrue(declared or name in functions, name)

    def test_a_row_is_taken_apart(self):
        row, = api_map.rows_of("| there | here | header | |\n|---|---|---|---|\n"
                               "| `A.B` | `varve_a()`, `varve_b`, `VARVE_C` | `<varve/a.h>` | |\n")
        self.assertEqual((row.line, row.there, row.headers), (3, "A.B", ["varve/a.h"]))
        self.assertEqual(api_map.functions_of([row]), ["varve_a"])
        self.assertEqual(api_map.types_of([row]), ["varve_b"])
        self.assertEqual(api_map.constants_of([row]), ["VARVE_C"])

    def test_types_with_and_without_members(self):
        declared = "typedef struct varve_a varve_a;\ntypedef struct varve_b {\n} varve_b;\n"
        self.assertEqual(api_map.size_of("varve_a", declared), "sizeof(varve_a *)")
        self.assertEqual(api_map.size_of("varve_b", declared), "sizeof(varve_b)")


if __name__ == "__main__":
    unittest.main()
