#include <varve/stats_account.h>

#include <varve/admin.h>
#include <varve/key.h>
#include <varve/mvcc.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "util/buf.h"

#define KEY_PREFIX "\x01vs"

/* The places of an account are the fields of the struct, in its order. */
enum { PLACES = sizeof(varve_stats) / sizeof(int64_t) };

_Static_assert(offsetof(varve_stats, sys_count) == (PLACES - 1) * sizeof(int64_t),
               "each field of the statistics is a place of the account");

static varve_status set_key(varve_slice name, varve_buf *key, varve_error *err)
{
    varve_status status = varve__buf_assign(key, varve_slice_text(KEY_PREFIX), err);
    return status == VARVE_OK ? varve__buf_append(key, name, err) : status;
}

/* What is brought to one time can be added number by number. */
static varve_status set_raw(const varve_stats *stats, varve_buf *raw, varve_error *err)
{
    int64_t places[PLACES];
    varve_stats at_zero = *stats;
    varve_stats_age_to(&at_zero, 0);
    memcpy(places, &at_zero, sizeof places);
    return varve_value_set_counters(raw, places, PLACES, err);
}

typedef varve_status (*write_fn)(const varve_write *how, varve_slice key, varve_slice raw,
                                 varve_error *err);

static varve_status write_account(varve_writer *writer, varve_slice name, const varve_stats *stats,
                                  write_fn write, varve_error *err)
{
    const varve_write how = {.struct_size = sizeof how, .writer = writer};
    varve_buf key = VARVE_BUF_INIT;
    varve_buf raw = VARVE_BUF_INIT;
    varve_status status = set_key(name, &key, err);
    if (status == VARVE_OK)
        status = set_raw(stats, &raw, err);
    if (status == VARVE_OK)
        status = write(&how, varve_buf_slice(&key), varve_buf_slice(&raw), err);
    varve_buf_release(&raw);
    varve_buf_release(&key);
    return status;
}

varve_status varve_stats_account_set(varve_writer *writer, varve_slice name,
                                     const varve_stats *stats, varve_error *err)
{
    return write_account(writer, name, stats, varve_mvcc_put, err);
}

varve_status varve_stats_account_add(varve_writer *writer, varve_slice name,
                                     const varve_stats *stats, varve_error *err)
{
    return write_account(writer, name, stats, varve_mvcc_merge, err);
}

varve_status varve_stats_account_remove(varve_writer *writer, varve_slice name, varve_error *err)
{
    const varve_write how = {.struct_size = sizeof how, .writer = writer};
    varve_buf key = VARVE_BUF_INIT;
    varve_status status = set_key(name, &key, err);
    if (status == VARVE_OK)
        status = varve_mvcc_delete(&how, varve_buf_slice(&key), err);
    varve_buf_release(&key);
    return status;
}

static varve_status from_raw(varve_slice raw, int64_t now_nanos, varve_stats *stats,
                             varve_error *err)
{
    int64_t places[PLACES];
    size_t count;
    varve_status status = varve_value_get_counters(raw, places, PLACES, &count, err);
    if (status != VARVE_OK)
        return status;
    memcpy(stats, places, sizeof places);
    varve_stats_age_to(stats, now_nanos);
    return VARVE_OK;
}

varve_status varve_stats_account_get(varve_reader *reader, varve_slice name, int64_t now_nanos,
                                     varve_stats *stats, varve_error *err)
{
    const varve_read how = {.struct_size = sizeof how};
    varve_buf key = VARVE_BUF_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    size_t position = 0;
    varve_row row;
    varve_status status = set_key(name, &key, err);
    if (status == VARVE_OK)
        status = varve_mvcc_get(reader, &how, varve_buf_slice(&key), &rows, err);
    if (status == VARVE_OK && varve_rows_next(&rows, &position, &row))
        status = from_raw(row.value, now_nanos, stats, err);
    varve_rows_release(&rows);
    varve_buf_release(&key);
    return status;
}

/* ---- Consolidating -----------------------------------------------------------------------------
 */

/* The engine keys from that of the account's record to right behind it. */
static varve_status set_bounds(varve_slice name, varve_buf *start, varve_buf *end, varve_error *err)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_status status = set_key(name, &key, err);
    if (status == VARVE_OK)
        status = varve_key_encode(varve_buf_slice(&key), varve_ts_zero(), start, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(end, varve_buf_slice(start), err);
    if (status == VARVE_OK)
        status = varve__buf_append(end, varve_slice_of("", 1), err);
    varve_buf_release(&key);
    return status;
}

varve_status varve_stats_account_consolidate(varve_engine *engine, varve_slice name,
                                             const varve_cancel *cancel, varve_error *err)
{
    varve_stats ignored;
    varve_buf start = VARVE_BUF_INIT;
    varve_buf end = VARVE_BUF_INIT;
    varve_status status =
        varve_stats_account_get(varve_engine_reader(engine), name, 0, &ignored, err);
    if (status == VARVE_OK)
        status = set_bounds(name, &start, &end, err);
    if (status == VARVE_OK) {
        const varve_compact_options options = {.struct_size = sizeof options,
                                               .start = varve_buf_slice(&start),
                                               .end = varve_buf_slice(&end),
                                               .bottommost = true,
                                               .cancel = cancel};
        status = varve_engine_compact_range(engine, &options, err);
    }
    varve_buf_release(&start);
    varve_buf_release(&end);
    return status;
}
