/*
 * Time series as applications see them (<varve/merge.h>): rows.
 */
#include <varve/merge.h>
#include <varve/value.h>

#include "format/series.h"
#include "util/alloc.h"
#include "util/fail.h"

static varve__point point_of(const varve_sample *sample)
{
    return (varve__point){.offset = sample->offset,
                          .count = sample->count,
                          .sum = sample->sum,
                          .has_max = sample->has_max,
                          .has_min = sample->has_min,
                          .max = sample->max,
                          .min = sample->min};
}

static varve_sample sample_of(const varve__point *point)
{
    return (varve_sample){.offset = point->offset,
                          .count = point->count,
                          .sum = point->sum,
                          .has_max = point->has_max,
                          .has_min = point->has_min,
                          .max = point->has_max ? point->max : 0,
                          .min = point->has_min ? point->min : 0};
}

varve_status varve_series_encode(const varve_series *series, varve_buf *raw, varve_error *err)
{
    varve__series points = {.start = series->start, .sample_duration = series->sample_duration};
    varve_status status = varve__series_reserve(&points, series->count, err);
    if (status != VARVE_OK)
        return status;
    for (size_t i = 0; i < series->count; i++)
        points.points[i] = point_of(&series->samples[i]);
    points.count = series->count;
    status = varve__series_append_raw(&points, raw, err);
    varve__series_release(&points);
    return status;
}

static varve_status take_samples(const varve__series *points, varve_series *series,
                                 varve_error *err)
{
    varve_sample *samples = NULL;
    if (points->count > 0) {
        samples = varve__calloc(points->count, sizeof *samples);
        if (samples == NULL)
            return varve__fail_no_memory(err, points->count * sizeof *samples);
    }
    for (size_t i = 0; i < points->count; i++)
        samples[i] = sample_of(&points->points[i]);
    *series = (varve_series){points->start, points->sample_duration, samples, points->count};
    return VARVE_OK;
}

varve_status varve_series_decode(varve_slice raw, varve_series *series, varve_error *err)
{
    varve__series points = {.points = NULL};
    varve_tag tag = varve_value_tag(raw);
    if (tag != VARVE_TAG_TIMESERIES)
        return varve__fail(err, VARVE_VALUE_TYPE, "value type is not %s: %s",
                           varve_tag_name(VARVE_TAG_TIMESERIES), varve_tag_name(tag));
    varve_slice data =
        varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, raw.size - VARVE_VALUE_HEADER_SIZE);
    varve_status status = varve__series_decode_data(data, &points, err);
    if (status != VARVE_OK)
        return status;
    varve__series_make_rows(&points);
    status = take_samples(&points, series, err);
    varve__series_release(&points);
    return status;
}

void varve_series_release(varve_series *series)
{
    varve__free(series->samples);
    *series = (varve_series){.samples = NULL};
}
