/*
 * Time series: the data of values of tag TIMESERIES.  docs/format.md has the encoding.
 *
 * Samples come as rows or as columns.  Both are points here; a series is one or the other.
 */
#ifndef VARVE_FORMAT_SERIES_H
#define VARVE_FORMAT_SERIES_H

#include <varve/error.h>

/* Columns that all points of a series have, or none. */
enum varve__series_columns {
    VARVE__SERIES_COUNT = 1,
    VARVE__SERIES_SUM = 2,
    VARVE__SERIES_MAX = 4,
    VARVE__SERIES_MIN = 8,
    VARVE__SERIES_FIRST = 16,
    VARVE__SERIES_VARIANCE = 32
};

/*
 * Of a row: offset, count and sum, and max and min if it has them.  Of a column: offset and last,
 * and what the series' columns say.
 */
typedef struct varve__point {
    int32_t offset;
    uint32_t count;
    double last;
    double sum;
    double max;
    double min;
    double first;
    double variance;
    bool has_max; /* of a row */
    bool has_min;
    size_t order; /* private to sorting */
} varve__point;

typedef struct varve__series {
    int64_t start;           /* nanoseconds */
    int64_t sample_duration; /* nanoseconds */
    bool is_columnar;
    unsigned columns; /* varve__series_columns; 0 for rows */
    varve__point *points;
    size_t count;
    size_t capacity;
} varve__series;

/* Free what a series holds; harmless on a zeroed one. */
void varve__series_release(varve__series *series);

/* Make room for so many more points. */
varve_status varve__series_reserve(varve__series *series, size_t extra, varve_error *err);

/*
 * Decode the data of a value into a zeroed series.  Returns VARVE_OK; VARVE_VALUE_TYPE, `time
 * series does not decode: ...`; or VARVE_NO_MEMORY.  On failure the series holds nothing.
 */
varve_status varve__series_decode_data(varve_slice data, varve__series *series, varve_error *err);

/* Append the raw value, tag TIMESERIES and checksum 0, to `raw`. */
varve_status varve__series_append_raw(const varve__series *series, varve_buf *raw,
                                      varve_error *err);

/* Make rows columns: `last` becomes the row's sum. */
void varve__series_make_columnar(varve__series *series);

/* Make columns rows: their sum, or else their last; their count, or else 1. */
void varve__series_make_rows(varve__series *series);

/*
 * Whether two series have the same columns, rows counting as none of those that may be lacking.  A
 * series without points goes with every other.
 */
bool varve__series_fits_columns(const varve__series *a, const varve__series *b);

/*
 * Append the points of `from` to `to`, whose start and duration are the same and whose columns fit.
 * If either is columnar, so is the result; `from` may be changed.
 */
varve_status varve__series_append(varve__series *to, varve__series *from, varve_error *err);

/* Sort by offset; of equal offsets the last one stays. */
void varve__series_consolidate(varve__series *series);

#endif
