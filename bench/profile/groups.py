"""Whose time it is: functions, by their names, in groups.

The lists are gone through from the beginning, and the first entry that fits decides.
"""

import re

OWN = "varve's own"
BENCH = "the benchmark's"
COUNTING = "counting, clocks, assertions"
REST = "RocksDB, the rest"
LIBRARIES = "the C and C++ libraries"
SYSTEM = "the system"

# Who searches a memtable compares keys by a function of its own, all others by this one.
_ANYWHERE = (
    ("prefixes of keys, for filters",
     r"^extract(_prefix)?$|^in_domain$|varve_key_prefix_size|rocksdb_slicetransform_t|memchr"),
    ("memtables", r"MemTable(?!Inserter|ListVersion|sImpl)|SkipList|Arena(?!Wrapped)"),
    ("comparing keys", r"memcmp|Comparator|Compare"),
)
_ROCKSDB = (
    ("filters", r"Bloom|Filter|XXP?H|MayMatch|MayExist|Prefix|::Hash\d*$"),
    ("the cache of blocks", r"lru_cache|Cachable|Cleanable|ShardedCache|FromCache|LoadToCache"),
    (COUNTING, r"Statistics|Histogram|PerfStep|perf_context|StopWatch|Clock|SyncPoint|KillPoint"
               r"|CoreLocal|PhysicalCoreID|TLSInstance|iostats"),
    ("locks and tracking of transactions", r"PointLock|Transaction|LockMap|Txn|Track"),
    ("batches and the log", r"WriteBatch|MemTableInserter|log::|Writable|crc32c|WriteThread|WBWI"
                            r"|DBImpl::\w*(Write|WAL)|rocksdb_write|MemTablesImpl|WriteBuffer"),
    ("iterators and merging", r"DBIter::|MergingIterator|LevelIterator|IteratorWrapper|BinaryHeap"
                              r"|rocksdb_iter|PinnedIter|TableIterator|NewIterator|Tombstone"
                              r"|RangeDel|AddIterators|SuperVersion|CreateIterator|MergeIterator"),
    ("blocks and their indexes", r"Block|Index|Varint|LengthPrefixed|DecodeFrom|ParseInternalKey"),
    ("looking for the table", r"Version|FilePicker|TableCache|GetContext|DBImpl::Get|SaveValue"
                              r"|FindFile|rocksdb_get|ThreadLocalPtr"),
)
_LIBRARIES = (
    ("copying", r"mem(move|cpy|set)"),
    ("memory", r"malloc|free|calloc|realloc|unlink_chunk|operator (new|delete)"),
    ("locks of threads", r"pthread|mutex"),
    (COUNTING, r"sched_getcpu|gettime"),
)

NAMES = (OWN, *(name for name, _ in (*_ANYWHERE, *_ROCKSDB)), REST,
         *(name for name, _ in _LIBRARIES if name != COUNTING), LIBRARIES, SYSTEM, BENCH)

# What is not C, or not ours, in a program that RocksDB is linked into.
_FOREIGN = re.compile(r"::|^rocksdb_|^ROCKSDB_|^operator |^TLS |thunk to |@plt$")


def _first(groups, name):
    return next((group for group, pattern in groups if re.search(pattern, name)), None)


def bare(name):
    """A name without what stands for types in it: arguments, and those of templates."""
    name = name.replace("(anonymous namespace)", "")
    inner = re.compile(r"<[^<>]*>|\([^()]*\)(?!::)")
    while (shorter := inner.sub("", name)) != name:
        name = shorter
    return name


def group_of(name, place, own):
    """The group of a function.

    `place` is the file it lies in: the program, a library, or "[kernel...".  `own` are the names of
    varve's functions, of those that are not shared, too.
    """
    if place.startswith("["):
        return COUNTING if place.startswith("[vdso") else SYSTEM
    name = bare(name)
    found = _first(_ANYWHERE, name)
    if found is not None:
        return found
    if name in own:
        return OWN
    if ".so" in place or name.endswith("@plt"):
        return _first(_LIBRARIES, name) or _first(_ROCKSDB, name) or LIBRARIES
    if not _FOREIGN.search(name):
        return BENCH
    return _first(_ROCKSDB, name) or (LIBRARIES if name.startswith("std::") else REST)
