/*
 * Merges: operands that are written without a read and combined when the key is read or compacted.
 *
 * Operands and results are metadata records that hold a raw value (<varve/value.h>): integers are
 * summed, counters place by place, time series united, everything else is concatenated.
 * docs/format.md has the rules and the bytes.  Operands that do not fit together make the key's
 * value a conflict record: writing, compacting and reopening go on, reading that key is
 * VARVE_MERGE_CONFLICT, and a put or a clear of the key heals it.
 */
#ifndef VARVE_MERGE_H
#define VARVE_MERGE_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Append the operand that holds `raw` to `operand`, for varve_writer_merge() and
 * varve_batch_builder_merge().  `ts` is the time of the merge, kept with the first operand of a
 * key; NULL for none.  `raw` must not lie inside `operand`.  Returns VARVE_OK, VARVE_TOO_LARGE or
 * VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_merge_operand(varve_slice raw, const varve_ts *ts,
                                                           varve_buf *operand, varve_error *err);

/*
 * Fold raw values, oldest first, by the rules of the merge operator, as if they were merged into a
 * key that holds nothing; the resulting raw value replaces the contents of `raw`, in which none of
 * them may lie.  Of nothing the result is empty.
 *
 * Returns VARVE_OK; VARVE_MERGE_CONFLICT if they do not fit together; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_merge_fold(const varve_slice *raws, size_t count,
                                                        varve_buf *raw, varve_error *err);

/* One row of a time series. */
typedef struct varve_sample {
    int32_t offset; /* in sample durations since the start */
    uint32_t count;
    double sum;
    bool has_max;
    bool has_min;
    double max;
    double min;
} varve_sample;

/* A time series.  Durations and times are in nanoseconds. */
typedef struct varve_series {
    int64_t start;
    int64_t sample_duration;
    varve_sample *samples;
    size_t count;
} varve_series;

/*
 * Append the raw value (tag TIMESERIES, no checksum) of a series to `raw`; samples keep their
 * order.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_series_encode(const varve_series *series,
                                                           varve_buf *raw, varve_error *err);

/*
 * Decode the raw value of a series, rows or columns.  Of columns a sample has the sum, or the last
 * value if there are no sums, and the count, or else 1.  The samples belong to the caller, who
 * frees them with varve_series_release().
 *
 * Returns VARVE_OK; VARVE_VALUE_TYPE, if the tag differs or the data does not decode; or
 * VARVE_NO_MEMORY.  On failure `series` is left alone.
 */
VARVE_API VARVE_NODISCARD varve_status varve_series_decode(varve_slice raw, varve_series *series,
                                                           varve_error *err);

/* Free what a series that was decoded holds, and make it empty; harmless on a zeroed one. */
VARVE_API void varve_series_release(varve_series *series);

#ifdef __cplusplus
}
#endif

#endif
