#include "tests/support/intents.h"

#include <stdarg.h>
#include <stdio.h>

#include "format/meta.h"

varve_stats running;

/* ---- Text --------------------------------------------------------------------------------------
 */

enum { TEXT_MAX = 200000 };

struct text {
    char *start;
    size_t size;
};

static void add(struct text *text, const char *format, ...) VARVE_PRINTF(2, 3);

static void add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text->start + text->size, TEXT_MAX - text->size, format, args);
    va_end(args);
    ck_assert(size >= 0 && text->size + (size_t)size < TEXT_MAX);
    text->size += (size_t)size;
}

static void add_value(struct text *text, varve_slice value)
{
    if (value.size == 0)
        add(text, "-");
    else
        add(text, "=%s", mvcc_text(value));
}

static void add_ts(struct text *text, varve_ts ts)
{
    add(text, "%lld", (long long)ts.wall);
    if (ts.logical != 0)
        add(text, ",%d", ts.logical);
}

static void add_history(struct text *text, varve_slice record)
{
    varve__history_entry entry;
    for (bool is_first = true; varve__meta_next_history(&record, &entry); is_first = false) {
        add(text, is_first ? "{" : ",");
        add(text, "%d", entry.sequence);
        add_value(text, entry.value);
    }
}

static void add_meta(struct text *text, varve_slice record)
{
    varve__meta meta;
    if (varve__meta_parse(record, &meta) != NULL) {
        add(text, "!damaged");
        return;
    }
    if (meta.has_raw) {
        add_value(text, meta.raw);
        return;
    }
    add(text, "!%d.%d.%d/", meta.txn.id[15], meta.txn.epoch, meta.txn.sequence);
    add_ts(text, meta.txn.write_ts);
    add(text, "@");
    add_ts(text, meta.ts);
    add_history(text, record);
    add(text, meta.history_count > 0 ? "}" : "");
}

/* The metadata has to be that of the version behind it. */
static void ck_meta(varve_slice record, const varve_iter *it)
{
    varve__meta meta;
    varve_ts ts;
    if (varve__meta_parse(record, &meta) != NULL || meta.has_raw)
        return;
    ck_assert(it->valid);
    ck_ok(varve_key_decode(it->key, NULL, &ts, &mvcc.err), &mvcc.err);
    ck_assert_int_eq(varve_ts_compare(ts, meta.ts), 0);
    ck_assert_int_eq(meta.key_bytes, 12);
    ck_assert_uint_eq((size_t)meta.val_bytes, varve_iter_value(it).size);
    ck_assert(meta.deleted == (meta.val_bytes == 0));
}

static void add_record(struct text *text, varve_iter *it)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_ts ts;
    ck_ok(varve_key_decode(it->key, &key, &ts, &mvcc.err), &mvcc.err);
    add(text, "%s%s", text->size == 0 ? "" : " ", mvcc_text(varve_buf_slice(&key)));
    varve_buf_release(&key);
    varve_slice value = copy_of(varve_iter_value(it));
    (void)varve_iter_next(it);
    if (varve_ts_is_zero(ts)) {
        add_meta(text, value);
        ck_meta(value, it);
        return;
    }
    add(text, "@");
    add_ts(text, ts);
    add_value(text, value);
}

/* Give the text away to live as long as the test. */
static const char *end_text(struct text *text)
{
    varve_slice kept = copy_of(varve_slice_of(text->start, text->size + 1));
    free(text->start);
    return (const char *)kept.data;
}

static struct text begin_text(void)
{
    struct text text = {malloc(TEXT_MAX), 0};
    ck_assert_ptr_nonnull(text.start);
    text.start[0] = '\0';
    return text;
}

static void add_raw(struct text *text, varve_iter *it)
{
    add(text, "%s -> ", hex_text(it->key));
    add(text, "%s\n", hex_text(varve_iter_value(it)));
    (void)varve_iter_next(it);
}

static const char *text_of_all(void (*add_one)(struct text *text, varve_iter *it))
{
    struct text text = begin_text();
    varve_iter *it;
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    (void)varve_iter_seek_ge(it, varve_slice_of(NULL, 0));
    while (it->valid)
        add_one(&text, it);
    ck_ok(varve_iter_status(it, &mvcc.err), &mvcc.err);
    varve_iter_close(it);
    return end_text(&text);
}

const char *store_text(void)
{
    return text_of_all(add_record);
}

const char *raw_store_text(void)
{
    return text_of_all(add_raw);
}

const char *outcome_of(varve_status status, varve_rows *rows)
{
    struct text text = begin_text();
    const char *rest = mvcc_result(status, rows, &mvcc.err);
    if (status >= 0)
        add(&text, rows->more ? "OK " : "OK");
    add(&text, "%s", rest);
    varve_rows_release(rows);
    return end_text(&text);
}

/* ---- Intents -----------------------------------------------------------------------------------
 */

varve_txn_meta txn_of(unsigned char txn, int32_t epoch, varve_ts write_ts)
{
    varve_txn_meta meta = {.epoch = epoch, .write_ts = write_ts};
    meta.id[VARVE_TXN_ID_SIZE - 1] = txn;
    return meta;
}

enum { HISTORY_MAX = 8 };

/* Take the entries of such text as "10=a,20-" apart. */
static size_t parse_history(const char *text, varve__history_entry *entries)
{
    size_t count = 0;
    while (text != NULL && *text != '\0') {
        char *rest;
        ck_assert_uint_lt(count, HISTORY_MAX);
        entries[count] = (varve__history_entry){.sequence = (int32_t)strtol(text, &rest, 10)};
        size_t size = strcspn(rest, ",");
        if (*rest == '=')
            entries[count].value = copy_of(varve_slice_of(rest + 1, size - 1));
        text = rest + size + (rest[size] == ',');
        count++;
    }
    return count;
}

void intent_put(const txn_intent *intent)
{
    varve__history_entry history[HISTORY_MAX];
    varve_slice value = mvcc_bytes(intent->value);
    varve_ts write_ts = varve_ts_is_zero(intent->write_ts) ? intent->ts : intent->write_ts;
    unsigned char txn = intent->txn == 0 ? 1 : intent->txn;
    varve__meta meta = {.has_txn = true,
                        .txn = txn_of(txn, intent->epoch, write_ts),
                        .ts = intent->ts,
                        .deleted = value.size == 0,
                        .key_bytes = 12,
                        .val_bytes = (int64_t)value.size,
                        .history_count = parse_history(intent->history, history)};
    varve_buf record = VARVE_BUF_INIT;
    meta.txn.sequence = intent->sequence;
    ck_ok(varve__meta_append(&meta, history, &record, &mvcc.err), &mvcc.err);
    mvcc_put_raw(mvcc_engine_key(intent->key, varve_ts_zero()), varve_buf_slice(&record));
    mvcc_put_raw(mvcc_engine_key(intent->key, intent->ts), value);
    varve_buf_release(&record);
}

/* ---- Running statistics ------------------------------------------------------------------------
 */

static varve_stats counted(int64_t now)
{
    varve_stats stats;
    varve_span everything = {bytes(""), bytes("")};
    ck_ok(varve_stats_compute(mvcc.reader, everything, now, NULL, &stats, &mvcc.err), &mvcc.err);
    return stats;
}

static const char *numbers_text(const varve_stats *stats)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_stats_print(stats, &text, &mvcc.err), &mvcc.err);
    varve_slice kept = copy_of(varve_slice_of(text.data, text.size));
    varve_buf_release(&text);
    struct text result = begin_text();
    add(&result, "%.*s", (int)kept.size, (const char *)kept.data);
    return end_text(&result);
}

void stats_start(int64_t now)
{
    running = counted(now);
}

void ck_stats(void)
{
    static const int64_t times[] = {0, 3 * SECOND + 7, 1000 * SECOND, INT64_C(4000000) * SECOND};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_stats aged = running;
        varve_stats now = counted(times[i]);
        varve_stats_age_to(&aged, times[i]);
        ck_assert_str_eq(numbers_text(&aged), numbers_text(&now));
    }
}

void ck_numbers(const char *text)
{
    ck_assert_str_eq(numbers_text(&running), text);
}

varve_write write_counted(void)
{
    return (varve_write){.struct_size = sizeof(varve_write),
                         .reader = mvcc.reader,
                         .writer = mvcc.writer,
                         .stats = &running};
}
