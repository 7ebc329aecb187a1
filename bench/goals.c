#include "bench/goals.h"

#include <string.h>

#include "bench/bounds.h"
#include "bench/cases.h"
#include "bench/support/json.h"
#include "bench/support/stats.h"

/* More starts than that add nothing. */
enum { STARTS_MAX = 64 };

/* Which states a goal is for. */
typedef enum where { ANYWHERE, ONE_LEVEL, WITH_L0 } where;

/* One row, in one kind of state. */
typedef struct goal {
    const char *name;
    const char *operation;
    const char *lane;
    const char *base; /* NULL: the case's own; one that ends in * means the best of these lanes */
    where layout;
    unsigned versions; /* 0: any number */
    double ratio;      /* to reach */
    double beyond;     /* what would be better still; 0: not said */
    bool at_least;     /* how many times as fast instead of how much of the time */
} goal;

/* In states with level 0 the goals of point reads were set against a plain RocksDB. */
#define PLAIN "plain get"

static const goal goals[] = {
    {"newest get, quiet engine", "get-newest", "varve", NULL, ONE_LEVEL, 0, 1.10, 0.5, false},
    {"newest get, quiet engine", "get-newest", "varve", PLAIN, WITH_L0, 0, 0.90, 0.5, false},
    {"newest get of hot keys, with a cache of newest versions", "get-newest-hot", "cached", NULL,
     ONE_LEVEL, 0, 0.5, 0, false},
    {"newest get of hot keys, with a cache of newest versions", "get-newest-hot", "cached", PLAIN,
     WITH_L0, 0, 0.5, 0, false},
    {"newest get while others write", "get-newest-writing", "varve", NULL, ONE_LEVEL, 0, 1.55, 1.0,
     false},
    {"newest get while others write", "get-newest-writing", "varve", PLAIN, WITH_L0, 0, 1.30, 1.0,
     false},
    {"absent key, quiet engine", "get-absent", "varve", NULL, ONE_LEVEL, 0, 0.33, 0, false},
    {"absent key, quiet engine", "get-absent", "varve", PLAIN, WITH_L0, 0, 0.33, 0, false},
    {"absent key while others write", "get-absent-writing", "varve", NULL, ONE_LEVEL, 0, 0.65, 0,
     false},
    {"absent key while others write", "get-absent-writing", "varve", PLAIN, WITH_L0, 0, 0.65, 0,
     false},
    {"get as of the middle of 10 versions", "get-middle", "varve", NULL, ONE_LEVEL, 10, 1.40, 1.1,
     false},
    {"get as of the middle of 10 versions", "get-middle", "varve", PLAIN, WITH_L0, 10, 1.40, 1.1,
     false},
    {"scan of 100 keys, 1 version, packed", "scan-100", "varve", NULL, ANYWHERE, 1, 1.25, 1.15,
     false},
    {"scan of 100 newest of 10, to the best pinned limit", "scan-100", "varve", "raw next*",
     ANYWHERE, 10, 1.2, 0, false},
    {"scan of 100 newest of 100, to the best pinned limit", "scan-100", "varve", "raw next*",
     ANYWHERE, 100, 1.2, 0, false},
    {"reverse scan of 100 keys, 1 version", "reverse-100", "varve", NULL, ANYWHERE, 1, 1.7, 0,
     false},
    {"put, blind, in a batch of 100", "put-100", "varve blind", NULL, ANYWHERE, 0, 1.15, 1.05,
     false},
    {"put into a new key, in a batch of 100", "put-100", "varve new key", NULL, ANYWHERE, 0, 1.15,
     1.05, false},
    {"put over an existing key with statistics, in a batch of 100", "put-over-100", "varve", NULL,
     ANYWHERE, 0, 1.2, 0, false},
    {"scan through a batch of 1,000 own writes", "own-writes-1000", "varve", NULL, ANYWHERE, 0, 1.5,
     1.25, false},
    {"transaction of 10 new keys", "txn-10", "varve", NULL, ANYWHERE, 0, 2.5, 1.5, false},
    {"transaction of 10 existing keys", "txn-over-10", "varve", NULL, ANYWHERE, 0, 2.5, 1.5, false},
    {"recount of statistics", "recount", "varve", NULL, ANYWHERE, 0, 1.3, 1.1, false},
    {"two reading threads", "get-2-threads", "varve, two threads", "varve", ANYWHERE, 0, 1.85, 0,
     true},
    {"newest get, to user-defined timestamps", "get-newest", "varve", "udt", ANYWHERE, 0, 1.0, 0,
     false},
    {"newest scan of 10, to user-defined timestamps", "scan-100", "varve", "udt", ONE_LEVEL, 10,
     0.70, 0, false},
    {"newest scan of 100, to user-defined timestamps", "scan-100", "varve", "udt", ONE_LEVEL, 100,
     0.70, 0, false},
    {"newest scan of 10, to user-defined timestamps", "scan-100", "varve", "udt", WITH_L0, 10, 0.45,
     0, false},
    {"newest scan of 100, to user-defined timestamps", "scan-100", "varve", "udt", WITH_L0, 100,
     0.90, 0, false},
    {"engine: next", "engine-next", "varve", NULL, ANYWHERE, 0, 1.05, 0, false},
    {"engine: put in an indexed batch of 100", "engine-put-100", "varve", NULL, ANYWHERE, 0, 1.15,
     0, false},
    {"engine: the same, with the index in use", "engine-put-100", "varve, index in use", NULL,
     ANYWHERE, 0, 1.15, 0, false},
};

const json_t *bench_lane_in(const json_t *one, const char *name)
{
    size_t index;
    json_t *lane;
    json_array_foreach(json_object_get(one, "lanes"), index, lane)
    {
        if (strcmp(bench_text(lane, "name"), name) == 0)
            return lane;
    }
    return NULL;
}

const json_t *bench_best_lane_in(const json_t *one, const char *beginning)
{
    const json_t *best = NULL;
    size_t index;
    json_t *lane;
    json_array_foreach(json_object_get(one, "lanes"), index, lane)
    {
        if (strncmp(bench_text(lane, "name"), beginning, strlen(beginning)) != 0)
            continue;
        if (best == NULL ||
            bench_number_in(lane, "ratio", "median") < bench_number_in(best, "ratio", "median"))
            best = lane;
    }
    return best;
}

static bool is_for(const goal *g, const json_t *one)
{
    bool l0 = strcmp(bench_text(one, "layout"), "l0") == 0;
    if (strcmp(bench_text(one, "operation"), g->operation) != 0 ||
        bench_number(one, "beyond_cache") != 0)
        return false;
    if ((g->layout == ONE_LEVEL && l0) || (g->layout == WITH_L0 && !l0))
        return false;
    return g->versions == 0 || bench_number(one, "versions") == g->versions;
}

static const json_t *base_of(const goal *g, const json_t *one)
{
    char beginning[64];
    if (g->base == NULL)
        return json_array_get(json_object_get(one, "lanes"), 0);
    size_t size = strcspn(g->base, "*");
    if (g->base[size] == '\0')
        return bench_lane_in(one, g->base);
    if (size >= sizeof beginning)
        return NULL;
    memcpy(beginning, g->base, size);
    beginning[size] = '\0';
    return bench_best_lane_in(one, beginning);
}

/*
 * Both sides were measured in the same rounds as the case's base, so that the quotient of their
 * ratios to it is their ratio, in each start as in all together.
 */
static bench_ratio quotient(const json_t *lane, const json_t *base, double variance)
{
    double medians[STARTS_MAX] = {1};
    const json_t *ours = json_object_get(lane, "ratio");
    const json_t *theirs = json_object_get(base, "ratio");
    size_t starts = 0;
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(ours, "starts"), index, one)
    {
        double other = json_number_value(json_array_get(json_object_get(theirs, "starts"), index));
        if (starts < STARTS_MAX && other > 0)
            medians[starts++] = json_number_value(one) / other;
    }
    double median = bench_number(ours, "median") / bench_number(theirs, "median");
    bench_ratio found = bench_ratio_from(median, medians, starts == 0 ? 1 : starts);
    bench_ratio_bound(&found, variance);
    return found;
}

static json_t *held(const goal *g, const json_t *one, const json_t *lane, const json_t *base,
                    double variance)
{
    bench_ratio found = quotient(lane, base, variance);
    double ratio = found.median;
    double low = found.low;
    double high = found.high;
    if (g->at_least) {
        double slowest = 1 / high;
        ratio = 1 / ratio;
        high = 1 / low;
        low = slowest;
    }
    bool met = g->at_least ? ratio >= g->ratio : ratio <= g->ratio;
    return json_pack("{s:s,s:s,s:s,s:s,s:f,s:f,s:f,s:f,s:o,s:b,s:b}", "name", g->name, "state",
                     bench_text(one, "state"), "case", bench_text(one, "name"), "base",
                     bench_text(base, "name"), "ratio", ratio, "low", low, "high", high, "goal",
                     g->ratio, "beyond", g->beyond == 0 ? json_null() : json_real(g->beyond),
                     "at_least", g->at_least, "met", met);
}

json_t *bench_goals(const json_t *run)
{
    json_t *found = json_array();
    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
        size_t index;
        json_t *one;
        json_array_foreach(json_object_get(run, "cases"), index, one)
        {
            if (!is_for(&goals[i], one))
                continue;
            const json_t *lane = bench_lane_in(one, goals[i].lane);
            const json_t *base = base_of(&goals[i], one);
            if (lane != NULL && base != NULL)
                json_array_append_new(
                    found, held(&goals[i], one, lane, base, bench_variance_of(run, lane)));
        }
    }
    return found;
}
