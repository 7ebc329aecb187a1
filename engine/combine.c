#include "engine/combine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/fail.h"
#include "util/little_endian.h"

#define CHECKSUM_SIZE 4
#define COUNTER_SIZE 8

/* With so many points a time series comes near the limit of a value. */
#define POINTS_MAX ((size_t)1 << 24)

varve_status varve__misfit_set(varve__misfit *misfit, varve__conflict_code code, const char *format,
                               ...)
{
    va_list args;
    va_start(args, format);
    misfit->code = code;
    (void)vsnprintf(misfit->text, sizeof misfit->text, format, args);
    va_end(args);
    return VARVE_MERGE_CONFLICT;
}

void varve__combined_release(varve__combined *value)
{
    varve_buf_release(&value->bytes);
    varve__series_release(&value->series);
}

void varve__combined_begin(varve__combined *value, varve_slice raw)
{
    value->form = VARVE__COMBINED_RAW;
    value->tag = varve_value_tag(raw);
    value->raw = raw;
}

/* The raw value of what is held as bytes. */
static varve_slice raw_of(const varve__combined *value)
{
    return value->form == VARVE__COMBINED_BYTES ? varve_buf_slice(&value->bytes) : value->raw;
}

static varve_slice data_of(varve_slice raw)
{
    if (raw.size < VARVE_VALUE_HEADER_SIZE)
        return varve_slice_of(NULL, 0);
    return varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, raw.size - VARVE_VALUE_HEADER_SIZE);
}

/* ---- Time series -------------------------------------------------------------------------------
 */

static varve_status decode_series(varve_slice raw, varve__series *series, varve__misfit *misfit,
                                  varve_error *err)
{
    varve_error problem = VARVE_ERROR_INIT;
    varve_status status = varve__series_decode_data(data_of(raw), series, &problem);
    if (status == VARVE_VALUE_TYPE)
        return varve__misfit_set(misfit, VARVE__CONFLICT_SERIES, "%s", problem.message);
    return status == VARVE_OK ? VARVE_OK : varve__error_copy(&problem, err);
}

static varve_status check_series(const varve__series *left, const varve__series *right,
                                 varve__misfit *misfit)
{
    if (left->start != right->start)
        return varve__misfit_set(misfit, VARVE__CONFLICT_START,
                                 "time series that start at %" PRId64 " and %" PRId64, left->start,
                                 right->start);
    if (left->sample_duration != right->sample_duration)
        return varve__misfit_set(misfit, VARVE__CONFLICT_DURATION,
                                 "time series of samples of %" PRId64 " and %" PRId64
                                 " nanoseconds",
                                 left->sample_duration, right->sample_duration);
    if (!varve__series_fits_columns(left, right))
        return varve__misfit_set(misfit, VARVE__CONFLICT_COLUMNS,
                                 "time series with different columns");
    return VARVE_OK;
}

static varve_status fail_too_large(varve__misfit *misfit)
{
    return varve__misfit_set(misfit, VARVE__CONFLICT_TOO_LARGE,
                             "the merged value would exceed its limit");
}

/* Points of the same offset are replaced, and only those that are left count. */
static varve_status check_points(varve__series *left, const varve__series *right,
                                 varve__misfit *misfit)
{
    if (left->count + right->count > POINTS_MAX)
        varve__series_consolidate(left);
    return left->count + right->count > POINTS_MAX ? fail_too_large(misfit) : VARVE_OK;
}

static varve_status append_series(varve__series *left, varve_slice raw, varve__misfit *misfit,
                                  varve_error *err)
{
    varve__series right = {.points = NULL};
    varve_status status = decode_series(raw, &right, misfit, err);
    if (status != VARVE_OK)
        return status;
    status = check_series(left, &right, misfit);
    if (status == VARVE_OK)
        status = check_points(left, &right, misfit);
    if (status == VARVE_OK)
        status = varve__series_append(left, &right, err);
    varve__series_release(&right);
    return status;
}

static varve_status unite(varve__combined *value, varve_slice raw, varve__misfit *misfit,
                          varve_error *err)
{
    if (value->form == VARVE__COMBINED_SERIES)
        return append_series(&value->series, raw, misfit, err);
    varve__series left = {.points = NULL};
    varve_status status = decode_series(raw_of(value), &left, misfit, err);
    if (status == VARVE_OK)
        status = append_series(&left, raw, misfit, err);
    if (status != VARVE_OK) {
        varve__series_release(&left);
        return status;
    }
    value->series = left;
    value->form = VARVE__COMBINED_SERIES;
    return VARVE_OK;
}

/* ---- Integers ----------------------------------------------------------------------------------
 */

static varve_status get_int(varve_slice raw, int64_t *number, varve__misfit *misfit)
{
    if (varve_value_get_int(raw, number, NULL) == VARVE_OK)
        return VARVE_OK;
    return varve__misfit_set(misfit, VARVE__CONFLICT_INT, "an INT does not decode");
}

/* The sum wraps around, so that it is the same however the additions are grouped. */
static varve_status add_int(varve__combined *value, varve_slice raw, varve__misfit *misfit)
{
    int64_t left = value->sum;
    int64_t right = 0;
    varve_status status = VARVE_OK;
    if (value->form != VARVE__COMBINED_SUM)
        status = get_int(raw_of(value), &left, misfit);
    if (status == VARVE_OK)
        status = get_int(raw, &right, misfit);
    if (status != VARVE_OK)
        return status;
    value->sum = (int64_t)((uint64_t)left + (uint64_t)right);
    value->form = VARVE__COMBINED_SUM;
    return VARVE_OK;
}

/* ---- Everything else ---------------------------------------------------------------------------
 */

/* The result has no checksum: that of its first part would be wrong. */
static varve_status start_bytes(varve__combined *value, varve_slice raw, varve_error *err)
{
    if (value->form == VARVE__COMBINED_BYTES && raw.data == value->bytes.data)
        return VARVE_OK;
    varve_status status = varve__buf_assign(&value->bytes, raw, err);
    if (status != VARVE_OK)
        return status;
    if (raw.size >= VARVE_VALUE_HEADER_SIZE)
        memset(value->bytes.data, 0, CHECKSUM_SIZE);
    value->form = VARVE__COMBINED_BYTES;
    value->tag = varve_value_tag(raw);
    return VARVE_OK;
}

/*
 * What is shorter than a header is no value: what is added to it takes its place, and adding it
 * adds nothing.
 */
static varve_status concatenate(varve__combined *value, varve_slice raw, varve__misfit *misfit,
                                varve_error *err)
{
    varve_slice left = raw_of(value);
    varve_slice data = data_of(raw);
    if (left.size < VARVE_VALUE_HEADER_SIZE && raw.size >= VARVE_VALUE_HEADER_SIZE)
        return start_bytes(value, raw, err);
    if (left.size > VARVE_VALUE_SIZE_MAX || data.size > VARVE_VALUE_SIZE_MAX - left.size)
        return fail_too_large(misfit);
    varve_status status = start_bytes(value, left, err);
    return status == VARVE_OK ? varve__buf_append(&value->bytes, data, err) : status;
}

/* ---- Counters ----------------------------------------------------------------------------------
 */

static bool are_counters(varve_slice raw)
{
    size_t count;
    return varve_value_get_counters(raw, NULL, 0, &count, NULL) == VARVE_OK;
}

/* Sums wrap around; a row that ends early goes on with zeros. */
static void add_rows(varve_slice from, unsigned char *to)
{
    for (size_t at = 0; at < from.size; at += COUNTER_SIZE) {
        uint64_t sum =
            varve__load_le(to + at, COUNTER_SIZE) + varve__load_le(from.data + at, COUNTER_SIZE);
        varve__store_le(to + at, COUNTER_SIZE, sum);
    }
}

static varve_status add_counters(varve__combined *value, varve_slice raw, varve__misfit *misfit,
                                 varve_error *err)
{
    varve_slice left = raw_of(value);
    if (!are_counters(left) || !are_counters(raw))
        return varve__misfit_set(misfit, VARVE__CONFLICT_COUNTERS, "COUNTERS do not decode");
    varve_status status = start_bytes(value, left, err);
    if (status == VARVE_OK)
        status = varve__buf_reserve(&value->bytes, raw.size, err);
    if (status != VARVE_OK)
        return status;
    while (value->bytes.size < raw.size)
        varve__buf_push(&value->bytes, 0);
    add_rows(data_of(raw), value->bytes.data + VARVE_VALUE_HEADER_SIZE);
    return VARVE_OK;
}

/* ---- Adding ------------------------------------------------------------------------------------
 */

static varve_status add_first(varve__combined *value, varve_slice raw, varve__misfit *misfit,
                              varve_error *err)
{
    if (varve_value_tag(raw) != VARVE_TAG_TIMESERIES) {
        varve__combined_begin(value, raw);
        return VARVE_OK;
    }
    varve_status status = decode_series(raw, &value->series, misfit, err);
    if (status != VARVE_OK)
        return status;
    varve__combined_begin(value, raw);
    value->form = VARVE__COMBINED_SERIES;
    return VARVE_OK;
}

/* Of these tags, a value takes only others of its own. */
static bool keeps_to_itself(varve_tag tag)
{
    return tag == VARVE_TAG_TIMESERIES || tag == VARVE_TAG_INT || tag == VARVE_TAG_COUNTERS;
}

varve_status varve__combined_add(varve__combined *value, varve_slice raw, varve__misfit *misfit,
                                 varve_error *err)
{
    varve_tag tag = varve_value_tag(raw);
    if (value->form == VARVE__COMBINED_NOTHING)
        return add_first(value, raw, misfit, err);
    if (tag != value->tag && (keeps_to_itself(tag) || keeps_to_itself(value->tag)))
        return varve__misfit_set(misfit, VARVE__CONFLICT_TYPES, "%s cannot be merged into %s",
                                 varve_tag_name(tag), varve_tag_name(value->tag));
    if (tag == VARVE_TAG_TIMESERIES)
        return unite(value, raw, misfit, err);
    if (tag == VARVE_TAG_INT)
        return add_int(value, raw, misfit);
    if (tag == VARVE_TAG_COUNTERS)
        return add_counters(value, raw, misfit, err);
    return concatenate(value, raw, misfit, err);
}

varve_status varve__combined_raw(varve__combined *value, bool consolidate, varve_slice *raw,
                                 varve_error *err)
{
    varve_status status = VARVE_OK;
    *raw = raw_of(value);
    if (value->form == VARVE__COMBINED_SUM) {
        status = varve_value_set_int(&value->bytes, value->sum, err);
        *raw = varve_buf_slice(&value->bytes);
    } else if (value->form == VARVE__COMBINED_SERIES) {
        if (consolidate)
            varve__series_consolidate(&value->series);
        value->bytes.size = 0;
        status = varve__series_append_raw(&value->series, &value->bytes, err);
        *raw = varve_buf_slice(&value->bytes);
    }
    return status;
}
