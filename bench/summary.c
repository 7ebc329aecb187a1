#include "bench/summary.h"

#include <stdbool.h>
#include <stdlib.h>

#include "bench/bounds.h"
#include "bench/support/die.h"
#include "bench/support/stats.h"

/* All starts, and how many rounds each of them has. */
typedef struct summary {
    json_t *const *starts;
    size_t count;
    size_t rounds;
} summary;

static json_t *case_of(const json_t *start, size_t index)
{
    return json_array_get(json_object_get(start, "cases"), index);
}

static json_t *lane_of(const json_t *one, size_t index)
{
    return json_array_get(json_object_get(one, "lanes"), index);
}

static bool same_name(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "name"), json_object_get(b, "name")) != 0;
}

static bool same_lanes(const summary *s, const json_t *one, const json_t *other)
{
    size_t lanes = json_array_size(json_object_get(one, "lanes"));
    bool same = same_name(one, other) && lanes > 0 &&
                json_array_size(json_object_get(other, "lanes")) == lanes;
    for (size_t i = 0; same && i < lanes; i++)
        same = same_name(lane_of(one, i), lane_of(other, i)) &&
               json_array_size(json_object_get(lane_of(other, i), "wall")) == s->rounds;
    return same;
}

/* Whether all starts have the cases of the first, with as many rounds. */
static bool are_alike(const summary *s)
{
    size_t cases = json_array_size(json_object_get(s->starts[0], "cases"));
    for (size_t start = 0; start < s->count; start++) {
        if (json_array_size(json_object_get(s->starts[start], "cases")) != cases)
            return false;
        for (size_t i = 0; i < cases; i++) {
            if (!same_lanes(s, case_of(s->starts[0], i), case_of(s->starts[start], i)))
                return false;
        }
    }
    return true;
}

/* The rounds of a lane in all starts, one start after the other; NULL if there are none. */
static double *rounds_of(const summary *s, size_t at, size_t lane, const char *clock)
{
    double *all = bench_alloc(s->count * s->rounds, sizeof *all);
    for (size_t start = 0; start < s->count; start++) {
        const json_t *list = json_object_get(lane_of(case_of(s->starts[start], at), lane), clock);
        if (json_array_size(list) != s->rounds) {
            free(all);
            return NULL;
        }
        for (size_t i = 0; i < s->rounds; i++)
            all[start * s->rounds + i] = json_real_value(json_array_get(list, i));
    }
    return all;
}

/* Of a lane to the base of its case, by one of the clocks; without bounds. */
static bench_ratio ratio_of(const summary *s, size_t at, size_t lane, const char *clock)
{
    double *ours = rounds_of(s, at, lane, clock);
    double *theirs = rounds_of(s, at, 0, clock);
    bench_ratio found = bench_ratio_of(ours, theirs, s->rounds, s->count);
    free(ours);
    free(theirs);
    return found;
}

static const char *clock_of(const summary *s, size_t at)
{
    return json_string_value(json_object_get(case_of(s->starts[0], at), "clock"));
}

static json_t *quartiles_json(const summary *s, size_t at, size_t lane, const char *clock)
{
    double *rounds = rounds_of(s, at, lane, clock);
    if (rounds == NULL)
        return json_null();
    bench_quartiles found = bench_quartiles_of(rounds, s->count * s->rounds);
    free(rounds);
    return json_pack("{s:f,s:f,s:f}", "median", found.median, "q1", found.low, "q3", found.high);
}

/* The medians of the starts, of which the ratio of two lanes other than the base can be made. */
static json_t *starts_json(const summary *s, size_t at, size_t lane)
{
    double *medians = bench_alloc(s->count, sizeof *medians);
    double *ours = rounds_of(s, at, lane, clock_of(s, at));
    double *theirs = rounds_of(s, at, 0, clock_of(s, at));
    json_t *all = json_array();
    bench_medians_of_starts(ours, theirs, s->rounds, s->count, medians);
    for (size_t i = 0; i < s->count; i++)
        json_array_append_new(all, json_real(medians[i]));
    free(medians);
    free(ours);
    free(theirs);
    return all;
}

/* Its bounds follow when all lanes are there. */
static json_t *ratio_json(const summary *s, size_t at, size_t lane)
{
    bench_ratio found = ratio_of(s, at, lane, clock_of(s, at));
    return json_pack("{s:f,s:o}", "median", found.median, "starts", starts_json(s, at, lane));
}

/* Each number is the median of the starts. */
static json_t *latency_json(const summary *s, size_t at, size_t lane)
{
    const char *name;
    json_t *value;
    json_t *first = json_object_get(lane_of(case_of(s->starts[0], at), lane), "latency");
    json_t *found = json_object();
    double *numbers = bench_alloc(s->count, sizeof *numbers);
    json_object_foreach(first, name, value)
    {
        for (size_t i = 0; i < s->count; i++) {
            const json_t *one = lane_of(case_of(s->starts[i], at), lane);
            numbers[i] = json_real_value(json_object_get(json_object_get(one, "latency"), name));
        }
        json_object_set_new(found, name, json_real(bench_quantile(numbers, s->count, 0.5)));
    }
    free(numbers);
    return found;
}

static json_t *lane_json(const summary *s, size_t at, size_t lane)
{
    json_t *one = json_copy(lane_of(case_of(s->starts[0], at), lane));
    json_object_set_new(one, "wall", quartiles_json(s, at, lane, "wall"));
    json_object_set_new(one, "cpu", quartiles_json(s, at, lane, "cpu"));
    json_object_set_new(one, "ratio", ratio_json(s, at, lane));
    json_object_set_new(one, "wall_ratio", json_real(ratio_of(s, at, lane, "wall").median));
    if (json_object_get(one, "latency") != NULL)
        json_object_set_new(one, "latency", latency_json(s, at, lane));
    return one;
}

static json_t *case_json(const summary *s, size_t at)
{
    json_t *one = json_copy(case_of(s->starts[0], at));
    json_t *lanes = json_array();
    for (size_t i = 0; i < json_array_size(json_object_get(one, "lanes")); i++)
        json_array_append_new(lanes, lane_json(s, at, i));
    json_object_set_new(one, "lanes", lanes);
    return one;
}

/* The seconds of all starts together. */
static json_t *states_json(const summary *s)
{
    json_t *all = json_deep_copy(json_object_get(s->starts[0], "states"));
    static const char *const parts[] = {"loading", "measuring"};
    for (size_t start = 1; start < s->count; start++) {
        for (size_t i = 0; i < json_array_size(all); i++) {
            json_t *sum = json_array_get(all, i);
            const json_t *one = json_array_get(json_object_get(s->starts[start], "states"), i);
            for (size_t part = 0; part < 2; part++)
                json_object_set_new(
                    sum, parts[part],
                    json_real(json_number_value(json_object_get(sum, parts[part])) +
                              json_number_value(json_object_get(one, parts[part]))));
        }
    }
    return all;
}

json_t *bench_summary(json_t *const *starts, size_t count)
{
    bool agree = true;
    json_t *cases = json_array();
    summary s = {.starts = starts, .count = count};
    s.rounds = json_array_size(json_object_get(lane_of(case_of(starts[0], 0), 0), "wall"));
    if (!are_alike(&s)) {
        json_decref(cases);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(json_object_get(starts[0], "cases")); i++)
        json_array_append_new(cases, case_json(&s, i));
    for (size_t i = 0; i < count; i++)
        agree = agree && json_is_true(json_object_get(starts[i], "agree"));
    json_t *run =
        json_pack("{s:I,s:I,s:b,s:o,s:o}", "starts", (json_int_t)count, "rounds",
                  (json_int_t)s.rounds, "agree", agree, "states", states_json(&s), "cases", cases);
    bench_bound(run);
    return run;
}
