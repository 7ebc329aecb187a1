#include "bench/compare.h"

#include <string.h>

#include "bench/goals.h"
#include "bench/support/json.h"
#include "bench/support/stats.h"

static const json_t *case_named(const json_t *run, const char *name)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(run, "cases"), index, one)
    {
        const char *other = json_string_value(json_object_get(one, "name"));
        if (other != NULL && strcmp(other, name) == 0)
            return one;
    }
    return NULL;
}

static double median_of(const json_t *lane)
{
    return bench_number_in(lane, "ratio", "median");
}

static double error_of(const json_t *lane)
{
    return bench_number_in(lane, "ratio", "error");
}

enum { PACK_MIN = 4, PACK_MAX = 64 };

/*
 * By how much most lanes of a case have moved, as a factor: that much it is their base that has.  1
 * for a case with few lanes, where nobody can tell.
 */
static double shift_of(const json_t *before, const json_t *after)
{
    double changes[PACK_MAX];
    size_t count = 0;
    size_t index;
    json_t *lane;
    json_array_foreach(json_object_get(after, "lanes"), index, lane)
    {
        const char *name = json_string_value(json_object_get(lane, "name"));
        const json_t *partner = name == NULL ? NULL : bench_lane_in(before, name);
        if (partner != NULL && index > 0 && count < PACK_MAX)
            changes[count++] = median_of(lane) / median_of(partner);
    }
    return count < PACK_MIN ? 1 : bench_quantile(changes, count, 0.5);
}

static void compare_lane(const char *name, const json_t *before, const json_t *after, double shift,
                         json_t *moved)
{
    double old = median_of(before);
    double new = median_of(after);
    if (!bench_moved(old, error_of(before), new, error_of(after)) ||
        !bench_moved(old, error_of(before), new / shift, error_of(after)))
        return;
    json_array_append_new(moved, json_pack("{s:s,s:O,s:f,s:f,s:f}", "case", name, "lane",
                                           json_object_get(after, "name"), "before", old, "after",
                                           new, "change", new / shift / old - 1));
}

/* A case that both have: every lane but the base, which the others are held against. */
static void compare_case(const char *name, const json_t *before, const json_t *after, json_t *moved,
                         json_int_t *compared, json_int_t *only_in_one)
{
    double shift = before == NULL ? 1 : shift_of(before, after);
    size_t index;
    json_t *lane;
    json_array_foreach(json_object_get(after, "lanes"), index, lane)
    {
        const char *lane_name = json_string_value(json_object_get(lane, "name"));
        const json_t *partner =
            before == NULL || lane_name == NULL ? NULL : bench_lane_in(before, lane_name);
        if (partner == NULL) {
            (*only_in_one)++;
            continue;
        }
        (*compared)++;
        if (index > 0)
            compare_lane(name, partner, lane, shift, moved);
    }
}

json_t *bench_compare(const json_t *before, const json_t *after)
{
    json_t *moved = json_array();
    json_int_t compared = 0;
    json_int_t only_in_one = 0;
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(after, "cases"), index, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const json_t *other = name == NULL ? NULL : case_named(before, name);
        compare_case(name, other, one, moved, &compared, &only_in_one);
    }
    return json_pack("{s:o,s:I,s:I}", "moved", moved, "compared", compared, "only_in_one",
                     only_in_one);
}
