#include "tests/support/writes.h"

#include <inttypes.h>

#include "format/meta.h"
#include "util/buf.h"

struct writes_test writes;

void writes_start(void)
{
    writes = (struct writes_test){.blind = false};
}

/* ---- Text --------------------------------------------------------------------------------------
 */

#define add(text, ...) ck_ok(varve__buf_printf(text, &mvcc.err, __VA_ARGS__), &mvcc.err)

/* The text, for as long as the test. */
static const char *end_text(varve_buf *text)
{
    ck_ok(varve__buf_terminate(text, &mvcc.err), &mvcc.err);
    const char *kept = (const char *)copy_of(varve_slice_of(text->data, text->size + 1)).data;
    varve_buf_release(text);
    return kept;
}

static void add_ts(varve_buf *text, varve_ts ts)
{
    bool whole = ts.wall != 0 && ts.wall % SECOND == 0;
    add(text, "%" PRId64 "%s", whole ? ts.wall / SECOND : ts.wall, whole ? "s" : "");
    if (ts.logical != 0)
        add(text, ",%d", ts.logical);
}

/* The inverse of writes_raw(). */
static void add_raw(varve_buf *text, varve_slice raw)
{
    int64_t number;
    varve_slice data;
    if (varve_value_get_int(raw, &number, NULL) == VARVE_OK)
        add(text, "#%" PRId64, number);
    else if (varve_value_get_bytes(raw, &data, NULL) == VARVE_OK)
        add(text, "%s", mvcc_text(data));
    else
        add(text, "%s", raw.size == 0 ? "-" : hex_text(raw));
}

static void add_failure(varve_buf *text, varve_status status)
{
    varve_buf full = VARVE_BUF_INIT;
    ck_assert_int_eq(mvcc.err.status, status);
    ck_assert_int_eq(varve_error_text(&mvcc.err, &full), VARVE_OK);
    add(text, "%s: %.*s", varve_status_name(status) + strlen("VARVE_"), (int)full.size,
        (const char *)full.data);
    varve_buf_release(&full);
    varve_error_release(&mvcc.err);
}

/* ---- Looking -----------------------------------------------------------------------------------
 */

const char *writes_everything(void)
{
    varve_iter *it;
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it)) {
        add(&text, "%s:", hex_text(it->key));
        add(&text, "%s\n", hex_text(varve_iter_value(it)));
    }
    ck_ok(varve_iter_status(it, &mvcc.err), &mvcc.err);
    varve_iter_close(it);
    return end_text(&text);
}

static void add_meta(varve_buf *text, varve_slice record)
{
    varve__meta meta;
    varve__history_entry entry;
    ck_assert_ptr_null(varve__meta_parse(record, &meta));
    add(text, "{");
    if (meta.has_raw) {
        add_raw(text, meta.raw);
    } else {
        add(text, "%d/%d/%d w", meta.txn.id[15], meta.txn.epoch, meta.txn.sequence);
        add_ts(text, meta.txn.write_ts);
        add(text, " @");
        add_ts(text, meta.ts);
        add(text, " %" PRId64, meta.val_bytes);
        ck_assert_int_eq(meta.key_bytes, 12);
        ck_assert_int_eq(meta.deleted, meta.val_bytes == 0);
    }
    while (varve__meta_next_history(&record, &entry)) {
        add(text, " %d=", entry.sequence);
        add_raw(text, entry.value);
    }
    add(text, "}");
}

const char *writes_records(const char *key)
{
    varve_iter *it;
    varve_buf text = VARVE_BUF_INIT;
    varve_buf user_key = VARVE_BUF_INIT;
    varve_ts ts;
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    varve_slice first = mvcc_engine_key(key, varve_ts_zero());
    for (varve_iter_seek_ge(it, first); it->valid; varve_iter_next(it)) {
        ck_ok(varve_key_decode(it->key, &user_key, &ts, &mvcc.err), &mvcc.err);
        if (!varve_slice_equal(varve_buf_slice(&user_key), mvcc_bytes(key)))
            break;
        add(&text, "%s", text.size > 0 ? " " : "");
        if (varve_ts_is_zero(ts)) {
            add_meta(&text, varve_iter_value(it));
            continue;
        }
        add_raw(&text, varve_iter_value(it));
        add(&text, "@");
        add_ts(&text, ts);
    }
    ck_ok(varve_iter_status(it, &mvcc.err), &mvcc.err);
    varve_iter_close(it);
    varve_buf_release(&user_key);
    return end_text(&text);
}

const char *writes_get(const char *key, varve_ts ts, const varve_txn *txn)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    size_t position = 0;
    varve_buf text = VARVE_BUF_INIT;
    varve_read how = {
        .struct_size = sizeof how, .ts = ts, .txn = txn, .flags = VARVE_READ_TOMBSTONES};
    varve_status status = varve_mvcc_get(mvcc.reader, &how, mvcc_bytes(key), &rows, &mvcc.err);
    if (status < 0) {
        add_failure(&text, status);
    } else if (!varve_rows_next(&rows, &position, &row)) {
        add(&text, "none");
    } else {
        add_raw(&text, row.value);
        add(&text, "@");
        add_ts(&text, row.ts);
    }
    varve_rows_release(&rows);
    return end_text(&text);
}

static const char *printed(const varve_stats *stats)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_stats_print(stats, &text, &mvcc.err), &mvcc.err);
    return end_text(&text);
}

const char *writes_stats(int64_t nanos)
{
    varve_stats stats = writes.stats;
    varve_stats_age_to(&stats, nanos);
    stats.last_update_nanos /= SECOND;
    return printed(&stats);
}

/* ---- What is true of all writes ----------------------------------------------------------------
 */

struct before {
    const char *records;
    const char *stats;
};

static struct before look(void)
{
    return (struct before){writes_everything(), printed(&writes.stats)};
}

static void recount(void)
{
    varve_stats found;
    varve_stats running = writes.stats;
    varve_span all = {bytes(""), bytes("")};
    /* Beyond all timestamps, and beyond what the numbers have seen. */
    int64_t now = running.last_update_nanos + 1000 * SECOND;
    ck_ok(varve_stats_compute(mvcc.reader, all, now, NULL, &found, &mvcc.err), &mvcc.err);
    varve_stats_age_to(&running, now);
    ck_assert_str_eq(printed(&running), printed(&found));
}

void writes_commit(const char *key)
{
    varve_span all = {bytes(""), bytes("")};
    int64_t now = writes.stats.last_update_nanos;
    mvcc_clear_raw(mvcc_engine_key(key, varve_ts_zero()));
    ck_ok(varve_stats_compute(mvcc.reader, all, now, NULL, &writes.stats, &mvcc.err), &mvcc.err);
}

static void hold(const struct before *before, varve_status status)
{
    if (status < 0 && status != VARVE_WRITE_TOO_OLD) {
        ck_assert_str_eq(writes_everything(), before->records);
        ck_assert_str_eq(printed(&writes.stats), before->stats);
    } else if (!writes.quiet && !writes.estimates) {
        recount();
    }
}

static void add_outcome(varve_buf *text, varve_status status)
{
    if (status == VARVE_OK)
        add(text, "OK");
    else
        add_failure(text, status);
}

static const char *outcome(const struct before *before, varve_status status)
{
    varve_buf text = VARVE_BUF_INIT;
    add_outcome(&text, status);
    hold(before, status);
    return end_text(&text);
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

varve_txn writes_txn(unsigned char id, varve_ts ts)
{
    varve_txn txn = VARVE_TXN_INIT;
    txn.meta.id[VARVE_TXN_ID_SIZE - 1] = id;
    txn.meta.write_ts = ts;
    txn.read_ts = ts;
    return txn;
}

varve_slice writes_raw(const char *text)
{
    varve_buf raw = VARVE_BUF_INIT;
    if (text == NULL || *text == '\0')
        return varve_slice_of(NULL, 0);
    if (*text == '#')
        ck_ok(varve_value_set_int(&raw, strtoll(text + 1, NULL, 10), &mvcc.err), &mvcc.err);
    else
        ck_ok(varve_value_set_bytes(&raw, mvcc_bytes(text), &mvcc.err), &mvcc.err);
    varve_slice kept = copy_of(varve_buf_slice(&raw));
    varve_buf_release(&raw);
    return kept;
}

varve_write writes_how(varve_ts ts, const varve_txn *txn)
{
    return (varve_write){.struct_size = sizeof(varve_write),
                         .reader = writes.blind ? NULL : mvcc.reader,
                         .writer = mvcc.writer,
                         .ts = txn != NULL ? txn->read_ts : ts,
                         .txn = txn,
                         .stats = writes.quiet ? NULL : &writes.stats};
}

static const char *put(const char *key, const varve_write *how, const char *value)
{
    struct before before = look();
    varve_status status = value == NULL
                              ? varve_mvcc_delete(how, mvcc_bytes(key), &mvcc.err)
                              : varve_mvcc_put(how, mvcc_bytes(key), writes_raw(value), &mvcc.err);
    return outcome(&before, status);
}

const char *writes_put(const char *key, varve_ts ts, const char *value)
{
    varve_write how = writes_how(ts, NULL);
    return put(key, &how, value);
}

const char *writes_put_as(const char *key, const varve_txn *txn, const char *value)
{
    varve_write how = writes_how(varve_ts_zero(), txn);
    return put(key, &how, value);
}

const char *writes_put_if(const char *key, varve_ts ts, const varve_txn *txn, const char *value,
                          const char *expected)
{
    struct before before = look();
    varve_write how = writes_how(ts, txn);
    varve_expect expect = {.struct_size = sizeof expect, .exists = expected != NULL};
    expect.allow_missing = expected != NULL && *expected == '?';
    if (expected != NULL)
        expect.raw = writes_raw(expected + expect.allow_missing);
    return outcome(&before,
                   varve_mvcc_put_if(&how, mvcc_bytes(key), writes_raw(value), &expect, &mvcc.err));
}

const char *writes_init_put(const char *key, varve_ts ts, const varve_txn *txn, const char *value,
                            bool fail_on_tombstone)
{
    struct before before = look();
    varve_write how = writes_how(ts, txn);
    return outcome(&before, varve_mvcc_init_put(&how, mvcc_bytes(key), writes_raw(value),
                                                fail_on_tombstone, &mvcc.err));
}

const char *writes_increment(const char *key, varve_ts ts, const varve_txn *txn, int64_t by)
{
    struct before before = look();
    varve_buf text = VARVE_BUF_INIT;
    varve_write how = writes_how(ts, txn);
    int64_t sum = INT64_C(-987654321);
    varve_status status = varve_mvcc_increment(&how, mvcc_bytes(key), by, &sum, &mvcc.err);
    add_outcome(&text, status);
    if (sum != INT64_C(-987654321))
        add(&text, " %" PRId64, sum);
    hold(&before, status);
    return end_text(&text);
}

const char *writes_merge(const char *key, varve_ts ts, const char *value)
{
    struct before before = look();
    varve_write how = writes_how(ts, NULL);
    writes.estimates = true;
    return outcome(&before, varve_mvcc_merge(&how, mvcc_bytes(key), writes_raw(value), &mvcc.err));
}

/* A range of deletions that fails has done those in front of the failure. */
const char *writes_delete_range(const char *start, const char *end, varve_ts ts,
                                const varve_txn *txn, int64_t max, bool return_keys)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    varve_buf text = VARVE_BUF_INIT;
    varve_write how = writes_how(ts, txn);
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    int64_t deleted = -1;
    varve_status status =
        varve_mvcc_delete_range(&how, span, max, return_keys, &rows, &deleted, &mvcc.err);
    add(&text, "%" PRId64, deleted);
    for (size_t position = 0; varve_rows_next(&rows, &position, &row);) {
        add(&text, " %s", mvcc_text(row.key));
        ck_assert(return_keys && status == VARVE_OK);
    }
    if (rows.more) {
        add(&text, " > [%s,", mvcc_text(varve_buf_slice(&rows.resume_start)));
        add(&text, "%s)", mvcc_text(varve_buf_slice(&rows.resume_end)));
    }
    if (status != VARVE_OK) {
        add(&text, " ");
        add_failure(&text, status);
    }
    if (!writes.quiet)
        recount();
    varve_rows_release(&rows);
    return end_text(&text);
}
