#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <varve/merge.h>
#include <varve/value.h>

#include "format/series.h"

static bool equal_points(const varve__point *a, const varve__point *b)
{
    /* Bitwise, for a number may be none. */
    return a->offset == b->offset && a->count == b->count && a->has_max == b->has_max &&
           a->has_min == b->has_min && memcmp(&a->last, &b->last, sizeof a->last) == 0 &&
           memcmp(&a->sum, &b->sum, sizeof a->sum) == 0 &&
           memcmp(&a->max, &b->max, sizeof a->max) == 0 &&
           memcmp(&a->min, &b->min, sizeof a->min) == 0 &&
           memcmp(&a->first, &b->first, sizeof a->first) == 0 &&
           memcmp(&a->variance, &b->variance, sizeof a->variance) == 0;
}

/* What is encoded again decodes to the same. */
static void check_again(const varve__series *series)
{
    varve__series again = {.points = NULL};
    varve_buf raw = VARVE_BUF_INIT;
    require(varve__series_append_raw(series, &raw, NULL) == VARVE_OK);
    varve_slice data =
        varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, raw.size - VARVE_VALUE_HEADER_SIZE);
    require(varve__series_decode_data(data, &again, NULL) == VARVE_OK);
    require(again.start == series->start && again.sample_duration == series->sample_duration);
    require(again.count == series->count && again.columns == series->columns);
    require(again.count == 0 || again.is_columnar == series->is_columnar);
    for (size_t i = 0; i < again.count; i++)
        require(equal_points(&again.points[i], &series->points[i]));
    varve__series_release(&again);
    varve_buf_release(&raw);
}

static void check_consolidated(varve__series *series)
{
    size_t before = series->count;
    varve__series_consolidate(series);
    require(series->count <= before && (before == 0 || series->count > 0));
    for (size_t i = 1; i < series->count; i++)
        require(series->points[i - 1].offset < series->points[i].offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve__series series = {.points = NULL};
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve__series_decode_data(varve_slice_of(data, size), &series, &err);
    require(status == VARVE_OK || status == VARVE_VALUE_TYPE);
    require(status == err.status);
    require(status == VARVE_OK || series.points == NULL);
    if (status == VARVE_OK) {
        check_again(&series);
        check_consolidated(&series);
        check_again(&series);
        varve__series_make_rows(&series);
        check_again(&series);
        varve__series_make_columnar(&series);
        check_again(&series);
    }
    varve__series_release(&series);
    varve_error_release(&err);
    return 0;
}
