#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <varve/ts.h>

static bool equal(varve_ts a, varve_ts b)
{
    return a.wall == b.wall && a.logical == b.logical;
}

/* The printed form of a timestamp is read as the same timestamp. */
static void check_text_of(varve_ts ts)
{
    char text[VARVE_TS_TEXT_MAX];
    varve_ts back;
    require(varve_ts_format(ts, text) == text);
    require(strlen(text) < VARVE_TS_TEXT_MAX);
    require(varve_ts_parse(varve_slice_text(text), &back, NULL) == VARVE_OK);
    require(equal(back, ts));
}

static void check_neighbours(varve_ts ts)
{
    varve_ts other;
    varve_ts back;
    if (varve_ts_next(ts, &other, NULL) == VARVE_OK) {
        require(varve_ts_compare(ts, other) < 0);
        require(ts.wall < 0 || ts.logical < 0 ||
                (varve_ts_prev(other, &back, NULL) == VARVE_OK && equal(back, ts)));
    } else {
        require(equal(ts, varve_ts_max()));
    }
    bool has_prev = varve_ts_prev(ts, &other, NULL) == VARVE_OK;
    require(has_prev == (ts.wall >= 0 && ts.logical >= 0 && !varve_ts_is_zero(ts)));
    require(!has_prev || varve_ts_compare(other, ts) < 0);
    require((varve_ts_floor_prev(ts, &back, NULL) == VARVE_OK) == has_prev);
    require(!has_prev || varve_ts_compare(back, other) <= 0);
}

/* A sum, if there is one, is undone by the opposite. */
static void check_sum(varve_ts ts, int64_t wall, int32_t logical)
{
    varve_ts sum;
    varve_ts back;
    if (wall == INT64_MIN || logical == INT32_MIN ||
        varve_ts_add(ts, wall, logical, &sum, NULL) != VARVE_OK)
        return;
    require(varve_ts_add(sum, -wall, -logical, &back, NULL) == VARVE_OK && equal(back, ts));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_ts ts;
    if (varve_ts_parse(varve_slice_of(data, size), &ts, NULL) == VARVE_OK)
        check_text_of(ts);

    struct {
        int64_t wall;
        int64_t more_wall;
        int32_t logical;
        int32_t more_logical;
    } numbers = {0, 0, 0, 0};
    if (size > 0)
        memcpy(&numbers, data, size < sizeof numbers ? size : sizeof numbers);
    ts = varve_ts_of(numbers.wall, numbers.logical);
    check_text_of(ts);
    check_neighbours(ts);
    check_sum(ts, numbers.more_wall, numbers.more_logical);
    return 0;
}
