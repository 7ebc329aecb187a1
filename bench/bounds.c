#include "bench/bounds.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support/die.h"
#include "bench/support/json.h"
#include "bench/support/stats.h"

/* The ratio of a lane, without bounds. */
static bench_ratio ratio_of(const json_t *lane)
{
    const json_t *ratio = json_object_get(lane, "ratio");
    const json_t *starts = json_object_get(ratio, "starts");
    size_t count = json_array_size(starts);
    double median = bench_number(ratio, "median");
    double *medians = bench_alloc(count + 1, sizeof *medians);
    medians[0] = median; /* should there be none */
    for (size_t i = 0; i < count; i++)
        medians[i] = json_number_value(json_array_get(starts, i));
    bench_ratio found = bench_ratio_from(median, medians, count == 0 ? 1 : count);
    free(medians);
    return found;
}

/* ---- Variances of contenders */

typedef struct variances {
    double *list;
    size_t count;
    size_t starts; /* of each lane */
} variances;

static void add(variances *all, const json_t *lane)
{
    bench_ratio ratio = ratio_of(lane);
    all->list = realloc(all->list, (all->count + 1) * sizeof(double));
    if (all->list == NULL)
        bench_die("out of memory");
    all->list[all->count++] = ratio.variance;
    all->starts = ratio.starts;
}

/* Those of a contender's lanes, but not of lanes that others are held against. */
static variances variances_of(const json_t *run, const char *contender)
{
    variances all = {.list = NULL};
    size_t at;
    json_t *one;
    json_array_foreach(json_object_get(run, "cases"), at, one)
    {
        size_t index;
        json_t *lane;
        json_array_foreach(json_object_get(one, "lanes"), index, lane)
        {
            if (index > 0 && strcmp(bench_text(lane, "contender"), contender) == 0)
                add(&all, lane);
        }
    }
    return all;
}

static void set_variance(json_t *run, json_t *found, const char *contender)
{
    if (json_object_get(found, contender) != NULL)
        return;
    variances all = variances_of(run, contender);
    double typical = bench_typical_variance(all.list, all.count, all.starts);
    json_object_set_new(found, contender, json_real(typical));
    free(all.list);
}

static void set_variances(json_t *run)
{
    json_t *found = json_object();
    size_t at;
    json_t *one;
    json_array_foreach(json_object_get(run, "cases"), at, one)
    {
        size_t index;
        json_t *lane;
        json_array_foreach(json_object_get(one, "lanes"), index, lane)
            set_variance(run, found, bench_text(lane, "contender"));
    }
    json_object_set_new(run, "variance", found);
}

double bench_variance_of(const json_t *run, const json_t *lane)
{
    return bench_number_in(run, "variance", bench_text(lane, "contender"));
}

/* ---- Bounds of lanes */

static void bound(json_t *lane, double variance, bool is_base)
{
    json_t *shown = json_object_get(lane, "ratio");
    bench_ratio ratio = ratio_of(lane);
    ratio.low = ratio.high = ratio.median;
    if (!is_base)
        bench_ratio_bound(&ratio, variance);
    json_object_set_new(shown, "low", json_real(ratio.low));
    json_object_set_new(shown, "high", json_real(ratio.high));
    json_object_set_new(shown, "error", json_real(ratio.error));
}

void bench_bound(json_t *run)
{
    size_t at;
    json_t *one;
    set_variances(run);
    json_array_foreach(json_object_get(run, "cases"), at, one)
    {
        size_t index;
        json_t *lane;
        json_array_foreach(json_object_get(one, "lanes"), index, lane)
            bound(lane, bench_variance_of(run, lane), index == 0);
    }
}
