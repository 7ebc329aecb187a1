#include "bench/cases.h"

enum { NEVER_SEEK = 1000000 };

/* Where varve is held against RocksDB doing the very same. */
#define RAW_AND_VARVE(what)                                                                        \
    (const bench_lane[])                                                                           \
    {                                                                                              \
        {.name = "raw", .op = (what)}, {.name = "varve", .op = (what)}, {.name = NULL},            \
    }

/* Who else has versions. */
#define PEERS(what)                                                                                \
    {.name = "udt", .op = (what)}, {.name = "wiredtiger", .op = (what)},                           \
        {.name = "lmdb", .op = (what)},                                                            \
    {                                                                                              \
        .name = "sqlite", .op = (what)                                                             \
    }

/*
 * What a point read is held against.  A plain RocksDB, which has its filters over whole keys, is
 * slower than one with varve's options when there is a level 0.  The goals there were set against
 * it.
 */
#define GET_FLOORS                                                                                 \
    {.name = "raw get", .op = BENCH_GET_EXACT},                                                    \
    {                                                                                              \
        .name = "plain get", .op = BENCH_GET_EXACT, .l0_only = true                                \
    }

/* The same where what is measured does not exist: they get keys that do. */
#define GET_FLOORS_OF_ABSENT                                                                       \
    {.name = "raw get", .op = BENCH_GET_EXACT, .own_pick = true, .pick = BENCH_PICK_NEWEST},       \
    {                                                                                              \
        .name = "plain get", .op = BENCH_GET_EXACT, .l0_only = true, .own_pick = true,             \
        .pick = BENCH_PICK_NEWEST                                                                  \
    }

/* What a scan is held against: as many records, wherever they are. */
#define SCAN_FLOOR                                                                                 \
    {                                                                                              \
        .name = "raw scan", .op = BENCH_SCAN_RECORDS, .own_pick = true, .pick = BENCH_PICK_START   \
    }

static const bench_lane newest[] = {
    GET_FLOORS,
    {.name = "varve", .op = BENCH_GET},
    {.name = "cached", .op = BENCH_GET},
    {.name = "raw seek", .op = BENCH_GET},
    {.name = "raw fresh seek", .op = BENCH_GET_FRESH},
    {.name = "transactiondb", .op = BENCH_GET_EXACT},
    PEERS(BENCH_GET),
    {.name = NULL},
};

static const bench_lane hot[] = {
    GET_FLOORS,
    {.name = "varve", .op = BENCH_GET},
    {.name = "cached", .op = BENCH_GET},
    {.name = "udt", .op = BENCH_GET},
    {.name = NULL},
};

static const bench_lane absent[] = {
    GET_FLOORS_OF_ABSENT,
    {.name = "varve", .op = BENCH_GET},
    {.name = "raw seek", .op = BENCH_GET},
    {.name = "raw fresh seek", .op = BENCH_GET_FRESH},
    PEERS(BENCH_GET),
    {.name = NULL},
};

static const bench_lane middle[] = {
    GET_FLOORS,
    {.name = "varve", .op = BENCH_GET},
    {.name = "raw next<=8", .op = BENCH_GET, .limit = 8},
    {.name = "raw two seeks", .op = BENCH_GET},
    {.name = "raw seek to time", .op = BENCH_SEEK_PREFIX},
    PEERS(BENCH_GET),
    {.name = NULL},
};

/* What is the best limit changes with the number of versions and of sorted runs. */
static const bench_lane scan[] = {
    SCAN_FLOOR,
    {.name = "varve", .op = BENCH_SCAN},
    {.name = "raw next<=0", .op = BENCH_SCAN, .limit = 0, .versions = 2},
    {.name = "raw next<=2", .op = BENCH_SCAN, .limit = 2},
    {.name = "raw next<=10", .op = BENCH_SCAN, .limit = 10, .versions = 2},
    {.name = "raw next<=20", .op = BENCH_SCAN, .limit = 20, .versions = 2},
    {.name = "raw next only", .op = BENCH_SCAN, .limit = NEVER_SEEK, .versions = 2},
    PEERS(BENCH_SCAN),
    {.name = NULL},
};

static const bench_lane reverse[] = {
    SCAN_FLOOR,
    {.name = "varve", .op = BENCH_REVERSE},
    {.name = "raw prev<=0", .op = BENCH_REVERSE, .limit = 0, .versions = 2},
    {.name = "raw prev<=2", .op = BENCH_REVERSE, .limit = 2},
    {.name = "raw prev<=20", .op = BENCH_REVERSE, .limit = 20, .versions = 2},
    PEERS(BENCH_REVERSE),
    {.name = NULL},
};

static const bench_lane threads[] = {
    {.name = "varve", .op = BENCH_GET, .threads = 1},
    {.name = "varve, two threads", .op = BENCH_GET, .threads = 2},
    {.name = "raw", .op = BENCH_GET_EXACT, .threads = 1},
    {.name = "raw, two threads", .op = BENCH_GET_EXACT, .threads = 2},
    {.name = NULL},
};

static const bench_lane touched[] = {
    GET_FLOORS,
    {.name = "varve", .op = BENCH_GET},
    {.name = "cached", .op = BENCH_GET},
    {.name = "raw fresh seek", .op = BENCH_GET_FRESH},
    {.name = "udt", .op = BENCH_GET},
    {.name = NULL},
};

static const bench_lane touched_absent[] = {
    GET_FLOORS_OF_ABSENT,
    {.name = "varve", .op = BENCH_GET},
    {.name = "raw fresh seek", .op = BENCH_GET_FRESH},
    {.name = "udt", .op = BENCH_GET},
    {.name = NULL},
};

static const bench_lane put[] = {
    {.name = "raw put", .op = BENCH_PUT},
    {.name = "varve", .op = BENCH_PUT},
    {.name = "cached", .op = BENCH_PUT},
    {.name = "transactiondb", .op = BENCH_PUT},
    PEERS(BENCH_PUT),
    {.name = NULL},
};

static const bench_lane put_batch[] = {
    {.name = "raw batch", .op = BENCH_PUT_BATCH},
    {.name = "varve blind", .op = BENCH_PUT_BATCH},
    {.name = "cached blind", .op = BENCH_PUT_BATCH},
    {.name = "varve new key", .op = BENCH_PUT_CHECKED},
    {.name = "raw seek and batch", .op = BENCH_PUT_CHECKED},
    {.name = "transactiondb", .op = BENCH_PUT_BATCH},
    PEERS(BENCH_PUT_BATCH),
    {.name = NULL},
};

static const bench_lane engine_put[] = {
    {.name = "raw", .op = BENCH_PUT_BATCH},
    {.name = "varve", .op = BENCH_ENGINE_PUT},
    {.name = "varve, index in use", .op = BENCH_ENGINE_PUT_READ},
    {.name = NULL},
};

static const bench_lane txn[] = {
    {.name = "transactiondb", .op = BENCH_TXN},   {.name = "varve", .op = BENCH_TXN},
    {.name = "cached", .op = BENCH_TXN},          {.name = "raw by hand", .op = BENCH_TXN},
    {.name = "raw batch", .op = BENCH_PUT_BATCH}, {.name = NULL},
};

/* Both stores take as many puts: their memtables, and the versions of the keys, grow alike. */
static const bench_lane put_over[] = {
    {.name = "raw seek and batch", .op = BENCH_PUT_CHECKED},
    {.name = "varve", .op = BENCH_PUT_STATS},
    {.name = "varve, no statistics", .op = BENCH_PUT_CHECKED},
    {.name = "raw batch", .op = BENCH_PUT_BATCH},
    {.name = NULL},
};

static const bench_lane put_if[] = {
    {.name = "raw seek and batch", .op = BENCH_PUT_IF},
    {.name = "varve", .op = BENCH_PUT_IF},
    {.name = NULL},
};

static const bench_lane delete_range[] = {
    {.name = "raw scan and batch", .op = BENCH_DELETE_RANGE, .limit = 2},
    {.name = "varve", .op = BENCH_DELETE_RANGE},
    {.name = NULL},
};

/* Those that write come last, and last of all what makes other versions the newest. */
const bench_operation bench_operations[] = {
    {"get-newest", "get", .pick = BENCH_PICK_NEWEST, .narrow = true, .lanes = newest},
    {"get-newest-hot", "get", .pick = BENCH_PICK_HOT, .lanes = hot},
    {"get-absent", "get", .pick = BENCH_PICK_ABSENT, .lanes = absent},
    {"get-middle", "get", .pick = BENCH_PICK_MIDDLE, .versions_min = 2, .lanes = middle},
    {"scan-100", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_START, .rows = 100, .narrow = true,
     .lanes = scan},
    {"reverse-100", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_END, .rows = 100,
     .narrow = true, .lanes = reverse},
    {"scan-middle-100", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_START_MIDDLE, .rows = 100,
     .versions_min = 2, .lanes = scan},
    {"scan-1", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_START, .rows = 1, .rows_only = true,
     .lanes = scan},
    {"scan-10", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_START, .rows = 10,
     .rows_only = true, .lanes = scan},
    {"scan-1000", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_START, .rows = 1000,
     .rows_only = true, .lanes = scan},
    {"scan-10000", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_START, .rows = 10000,
     .rows_only = true, .lanes = scan},
    {"reverse-1", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_END, .rows = 1, .rows_only = true,
     .lanes = reverse},
    {"reverse-10", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_END, .rows = 10,
     .rows_only = true, .lanes = reverse},
    {"reverse-1000", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_END, .rows = 1000,
     .rows_only = true, .lanes = reverse},
    {"reverse-10000", "row", .amount = BENCH_ROWS, .pick = BENCH_PICK_END, .rows = 10000,
     .rows_only = true, .lanes = reverse},
    {"own-writes-1000", "step", .pick = BENCH_PICK_BETWEEN, .rows = 2000, .batch = 10,
     .count = 1000, .units = 20000, .versions_max = 1, .lanes = RAW_AND_VARVE(BENCH_OWN_SCAN)},
    {"get-2-threads", "get", BENCH_THREADS, .pick = BENCH_PICK_NEWEST, .lanes = threads},
    {"engine-get", "get", .pick = BENCH_PICK_NEWEST, .lanes = RAW_AND_VARVE(BENCH_GET_EXACT)},
    {"engine-seek", "seek", .pick = BENCH_PICK_NEWEST, .lanes = RAW_AND_VARVE(BENCH_SEEK)},
    {"engine-seek-prefix", "seek", .pick = BENCH_PICK_NEWEST,
     .lanes = RAW_AND_VARVE(BENCH_SEEK_PREFIX)},
    {"engine-next", "step", .amount = BENCH_STEPS, .lanes = RAW_AND_VARVE(BENCH_WALK)},
    {"engine-prev", "step", .amount = BENCH_STEPS, .lanes = RAW_AND_VARVE(BENCH_WALK_BACK)},
    {"recount", "record", .amount = BENCH_ALL, .narrow = true,
     .lanes = RAW_AND_VARVE(BENCH_RECOUNT)},
    {"get-newest-writing", "get", BENCH_TOUCHED, .pick = BENCH_PICK_NEWEST, .writes = true,
     .lanes = touched},
    {"get-absent-writing", "get", BENCH_TOUCHED, .pick = BENCH_PICK_ABSENT, .writes = true,
     .lanes = touched_absent},
    {"get-beside-writer", "get", BENCH_BESIDE, .pick = BENCH_PICK_NEWEST, .batch = 100,
     .writes = true, .lanes = touched},
    {"put-1", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_NEW, .batch = 1, .writes = true,
     .lanes = put},
    {"put-100", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_NEW, .batch = 100, .writes = true,
     .narrow = true, .lanes = put_batch},
    {"engine-put-100", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_NEW, .batch = 100,
     .writes = true, .lanes = engine_put},
    {"txn-10", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_NEW, .batch = 10, .writes = true,
     .lanes = txn},
    {"txn-over-10", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_OVER, .batch = 10,
     .writes = true, .lanes = txn},
    {"put-over-100", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_OVER, .batch = 100,
     .writes = true, .lanes = put_over},
    {"put-if-100", "put", .amount = BENCH_WRITES, .pick = BENCH_PICK_OVER, .batch = 100,
     .writes = true, .narrow = true, .prepared = true, .lanes = put_if},
    {"delete-range-100", "key", .amount = BENCH_WRITES, .pick = BENCH_PICK_BEHIND, .rows = 100,
     .batch = 100, .writes = true, .narrow = true, .prepared = true, .lanes = delete_range},
    {.name = NULL},
};
