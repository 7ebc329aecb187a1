#include "bench/facts.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/goals.h"
#include "bench/support/json.h"

/* One row of a table of figures: 1, 10 and 100 versions in one level, then with level 0. */
typedef struct fact {
    const char *operation;
    const char *lane;
    double one[3];
    double l0[3];
} fact;

static const fact facts[] = {
    {"get-newest", "raw get", {2208, 2063, 1919}, {0, 0, 0}},
    {"get-newest", "plain get", {0, 0, 0}, {3806, 3560, 2737}},
    {"get-newest", "raw seek", {2297, 2070, 1827}, {2937, 2712, 2350}},
    {"get-newest", "raw fresh seek", {3172, 2932, 2690}, {4245, 4078, 3731}},
    {"get-newest", "udt", {2168, 2249, 2051}, {3682, 3562, 2802}},
    {"get-newest", "wiredtiger", {1091, 1087, 0}, {0, 0, 0}},
    {"get-newest", "lmdb", {732, 809, 0}, {0, 0, 0}},
    {"get-newest", "sqlite", {1556, 1629, 0}, {0, 0, 0}},
    {"get-absent", "raw get", {2208, 2063, 1919}, {0, 0, 0}},
    {"get-absent", "plain get", {0, 0, 0}, {3806, 3560, 2737}},
    {"get-absent", "raw seek", {594, 518, 453}, {974, 862, 738}},
    {"get-absent", "raw fresh seek", {1185, 1111, 1012}, {2030, 2003, 1897}},
    {"get-absent", "udt", {267, 247, 236}, {1595, 1270, 1081}},
    {"get-middle", "raw get", {2208, 2063, 1919}, {0, 0, 0}},
    {"get-middle", "plain get", {0, 0, 0}, {3806, 3560, 2737}},
    {"get-middle", "raw next<=8", {2213, 2598, 4749}, {2856, 3439, 5557}},
    {"get-middle", "raw two seeks", {2153, 2754, 3969}, {3013, 3930, 4652}},
    {"get-middle", "raw seek to time", {2183, 2058, 2005}, {2936, 2690, 2325}},
    {"get-middle", "udt", {2074, 2115, 2043}, {3776, 3663, 2947}},
    {"get-middle", "wiredtiger", {0, 1687, 0}, {0, 0, 0}},
    {"get-middle", "lmdb", {0, 718, 0}, {0, 0, 0}},
    {"get-middle", "sqlite", {0, 1626, 0}, {0, 0, 0}},
    {"scan-100", "raw scan", {152, 149, 145}, {250, 220, 202}},
    {"scan-100", "raw next<=0", {544, 877, 1517}, {2946, 3032, 3427}},
    {"scan-100", "raw next<=2", {161, 1147, 1879}, {293, 3341, 3817}},
    {"scan-100", "raw next<=10", {0, 1197, 2986}, {0, 1786, 4935}},
    {"scan-100", "raw next<=20", {0, 1208, 4239}, {0, 1437, 6285}},
    {"scan-100", "raw next only", {0, 1202, 11517}, {0, 1435, 12200}},
    {"scan-100", "udt", {144, 1443, 2535}, {266, 3932, 4619}},
    {"scan-100", "wiredtiger", {51, 96, 0}, {0, 0, 0}},
    {"scan-100", "lmdb", {32, 213, 0}, {0, 0, 0}},
    {"scan-100", "sqlite", {106, 1011, 0}, {0, 0, 0}},
    {"scan-middle-100", "raw scan", {152, 149, 145}, {250, 220, 202}},
    {"scan-middle-100", "raw next<=0", {0, 1357, 3631}, {0, 5670, 7423}},
    {"scan-middle-100", "raw next only", {0, 1243, 11397}, {0, 1499, 12523}},
    {"scan-middle-100", "udt", {144, 907, 5454}, {253, 1197, 9476}},
    {"scan-middle-100", "wiredtiger", {0, 171, 0}, {0, 0, 0}},
    {"scan-middle-100", "lmdb", {0, 315, 0}, {0, 0, 0}},
    {"reverse-100", "raw scan", {152, 149, 145}, {250, 220, 202}},
    {"reverse-100", "raw prev<=0", {1124, 1614, 2206}, {6446, 6534, 6687}},
    {"reverse-100", "raw prev<=2", {217, 1873, 2416}, {419, 6865, 7049}},
    {"put-1", "raw put", {3510, 0, 0}, {0, 0, 0}},
    {"put-1", "udt", {3691, 0, 0}, {0, 0, 0}},
    {"put-1", "transactiondb", {4312, 0, 0}, {0, 0, 0}},
    {"put-1", "wiredtiger", {2606, 0, 0}, {0, 0, 0}},
    {"put-1", "lmdb", {9226, 0, 0}, {0, 0, 0}},
    {"put-1", "sqlite", {38491, 0, 0}, {0, 0, 0}},
    {"put-100", "raw batch", {1480, 0, 0}, {0, 0, 0}},
    {"put-100", "transactiondb", {2418, 0, 0}, {0, 0, 0}},
    {"put-100", "wiredtiger", {1637, 0, 0}, {0, 0, 0}},
    {"put-100", "lmdb", {4297, 0, 0}, {0, 0, 0}},
    {"put-100", "sqlite", {14997, 0, 0}, {0, 0, 0}},
};

double bench_fact(const bench_shape *shape, const char *operation, const char *lane)
{
    if (shape->value_size != 64 || shape->beyond_cache != 0)
        return 0;
    int column = shape->versions == 1 ? 0 : shape->versions == 10 ? 1 : 2;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const fact *f = &facts[i];
        if (strcmp(f->operation, operation) == 0 && strcmp(f->lane, lane) == 0)
            return shape->layout == BENCH_ONE ? f->one[column] : f->l0[column];
    }
    return 0;
}

/*
 * The stores that are not RocksDB were measured in a table of their own, in which a get, the newest
 * of ten versions and a put took RocksDB so long.
 */
enum { PEERS_GET = 2309, PEERS_NEWEST_OF_10 = 2069, PEERS_PUT = 4520 };

static bool is_rocksdb(const char *contender)
{
    static const char *const others[] = {"wiredtiger", "lmdb", "sqlite"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(contender, others[i]) == 0)
            return false;
    }
    return true;
}

static bool is_write(const json_t *one)
{
    return strncmp(bench_text(one, "operation"), "put-", 4) == 0;
}

/* How long the base took when the figure of a lane was taken. */
static double known_base(const json_t *one, const json_t *lane, const json_t *base)
{
    if (is_rocksdb(bench_text(lane, "contender")))
        return bench_number(base, "known");
    if (is_write(one))
        return PEERS_PUT;
    return bench_number(one, "versions") == 1 ? PEERS_GET : PEERS_NEWEST_OF_10;
}

/*
 * Why lanes are apart from what is known of them, on whatever machine.  It was tried: with the
 * shared library, blocks of 4 KiB and without statistics most of those that are FASTER agree.
 */
typedef struct reason {
    const char *operation; /* with * at the end: what begins so */
    const char *lane;
    unsigned versions; /* at least */
    double low, high;  /* how far it is apart, as a part */
    const char *why;
} reason;

#define FASTER "RocksDB is linked statically here and has blocks of 8 KiB"
#define COLDER                                                                                     \
    "each lane reads keys of its own here, so that gets of few keys find less in the processor's " \
    "caches"

static const reason reasons[] = {
    {"get-absent", "udt", 1, 0, 1,
     "statistics are counted here; without them it takes about a quarter less"},
    {"get-absent", "udt", 1, -1, 0, "it has filters in its memtables, too, which it had not then"},
    {"scan-*", "raw next<=10", 10, -1, 0, "ten steps lead past ten versions here; " FASTER},
    {"scan-*", "*", 10, -1, 0, FASTER "; " COLDER},
    {"scan-*", "*", 1, -1, 0, FASTER},
    {"reverse-*", "*", 1, -1, 0, FASTER},
    {"get-middle", "*", 1, -1, 0, FASTER "; " COLDER},
    {"get-newest", "udt", 1, -1, 0, FASTER},
    {"get-*", "raw *", 10, 0, 1, COLDER},
    {"put-*", "*", 1, -1, 0, FASTER},
    {"put-100", "raw batch", 1, 0, 1,
     "known is a batch into an empty memtable; on a million keys it took 0.67 of a put"},
};

/*
 * The stores that are not RocksDB are held against it.  It was tried: without a look at versions
 * LMDB's scan takes less, and so does WiredTiger's as of the middle with versions loaded otherwise.
 */
#define ALL_VERSIONS                                                                               \
    "each row is looked at for versions here, which a scan of keys with one version did not do "   \
    "then"

static const reason reasons_of_peers[] = {
    {"scan-100", "sqlite", 1, 0, 1, ALL_VERSIONS},
    {"scan-100", "lmdb", 1, 0, 1, ALL_VERSIONS},
    {"scan-middle-100", "wiredtiger", 10, 0, 2,
     "it goes through versions in memory: a third less if they were loaded time by time and not "
     "key by key, while gets as of a time then take more"},
    {"put-*", "sqlite", 1, -1, 0, "most of it is writing its log back, now and then"},
    {"put-*", "lmdb", 1, -1, 0, "it writes through its memory map here"},
    {"*", "sqlite", 1, -1, 0, "it has no locks and a memory map here"},
    {"*", "lmdb", 1, -1, 0, "its pages are full here: it was loaded in the order of its keys"},
    {"*", "*", 1, 0, 0.35, "RocksDB, which it is held against, is linked statically here"},
};

static bool fits(const char *text, const char *pattern)
{
    size_t size = strcspn(pattern, "*");
    return strncmp(text, pattern, size) == 0 && (pattern[size] == '*' || text[size] == '\0');
}

/* NULL if none is known. */
static const char *reason_of(const json_t *one, const json_t *lane, double apart)
{
    bool is_ours = is_rocksdb(bench_text(lane, "contender"));
    const reason *list = is_ours ? reasons : reasons_of_peers;
    size_t count = is_ours ? sizeof reasons / sizeof reasons[0]
                           : sizeof reasons_of_peers / sizeof reasons_of_peers[0];
    for (size_t i = 0; i < count; i++) {
        const reason *r = &list[i];
        if (fits(bench_text(one, "operation"), r->operation) &&
            fits(bench_text(lane, "name"), r->lane) && apart >= r->low && apart <= r->high &&
            bench_number(one, "versions") >= r->versions)
            return r->why;
    }
    return NULL;
}

/* ---- What a run comes to beside it */

/* In the stores that were measured. */
enum { RECORDS = 1000000 };

static const json_t *case_in(const json_t *run, const char *state, const char *operation)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(run, "cases"), index, one)
    {
        if (strcmp(bench_text(one, "state"), state) == 0 &&
            strcmp(bench_text(one, "operation"), operation) == 0)
            return one;
    }
    return NULL;
}

/* What the figures of a case are ratios to: the plainest read or write in its state. */
static const json_t *base_in(const json_t *run, const json_t *one)
{
    const char *state = bench_text(one, "state");
    if (is_write(one))
        return bench_lane_in(case_in(run, state, "put-1"), "raw put");
    return bench_lane_in(case_in(run, state, "get-newest"),
                         strcmp(bench_text(one, "layout"), "l0") == 0 ? "plain get" : "raw get");
}

static double taken(const json_t *lane)
{
    double cpu = bench_number_in(lane, "cpu", "median");
    return cpu == 0 ? bench_number_in(lane, "wall", "median") : cpu;
}

static json_t *fact_json(const json_t *one, const json_t *lane, const json_t *base)
{
    double ratio = taken(lane) / taken(base);
    double known = bench_number(lane, "known") / known_base(one, lane, base);
    double apart = ratio / known - 1;
    bool agrees = fabs(apart) <= BENCH_FACTS_AGREE;
    return json_pack("{s:s,s:s,s:f,s:f,s:f,s:f,s:f,s:b,s:s?}", "case", bench_text(one, "name"),
                     "lane", bench_text(lane, "name"), "ns", taken(lane), "known_ns",
                     bench_number(lane, "known"), "ratio", ratio, "known_ratio", known, "apart",
                     apart, "agrees", agrees, "why", agrees ? NULL : reason_of(one, lane, apart));
}

json_t *bench_facts(const json_t *run)
{
    json_t *found = json_array();
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(run, "cases"), index, one)
    {
        if (bench_number(one, "keys") * bench_number(one, "versions") != RECORDS)
            continue;
        const json_t *base = base_in(run, one);
        size_t at;
        json_t *lane;
        json_array_foreach(json_object_get(one, "lanes"), at, lane)
        {
            if (bench_number(lane, "known") != 0 && bench_number(base, "known") != 0)
                json_array_append_new(found, fact_json(one, lane, base));
        }
    }
    return found;
}
