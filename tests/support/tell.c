/* What operations come to, as text. */
#include <stdarg.h>
#include <stdio.h>

#include "format/meta.h"
#include "tests/support/model.h"

/* Room for `extra` bytes more and a terminator. */
static char *reserve(varve_buf *text, size_t extra)
{
    if (text->capacity - text->size <= extra) {
        text->capacity = 2 * (text->capacity + extra + 100);
        text->data = realloc(text->data, text->capacity);
        must(text->data != NULL, "out of memory");
    }
    return (char *)text->data + text->size;
}

void tell(varve_buf *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    must(size >= 0, format);
    va_start(args, format);
    vsnprintf(reserve(text, (size_t)size), (size_t)size + 1, format, args);
    va_end(args);
    text->size += (size_t)size;
}

void tell_ts(varve_buf *text, varve_ts ts)
{
    tell(text, "%lld,%d", (long long)ts.wall, ts.logical);
}

void tell_bytes(varve_buf *text, varve_slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    char *at = reserve(text, 3 * bytes.size);
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = bytes.data[i];
        if (byte > ' ' && byte < 0x7F && byte != '%') {
            *at++ = (char)byte;
            continue;
        }
        *at++ = '%';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    *at = '\0';
    text->size = (size_t)((unsigned char *)at - text->data);
}

void tell_row(varve_buf *text, varve_slice key, varve_ts ts, varve_slice value)
{
    tell(text, " ");
    tell_bytes(text, key);
    tell(text, "@");
    tell_ts(text, ts);
    tell(text, "=");
    tell_bytes(text, value);
}

void tell_resume(varve_buf *text, varve_slice start, varve_slice end)
{
    tell(text, " > [");
    tell_bytes(text, start);
    tell(text, " ");
    tell_bytes(text, end);
    tell(text, ")");
}

void tell_intent(varve_buf *text, const varve_intent *intent)
{
    tell(text, " ");
    tell_bytes(text, intent->key);
    tell(text, "@");
    tell_ts(text, intent->ts);
    tell(text, "/%d.%d.%d.%d/", intent->txn.id[14], intent->txn.id[15], intent->txn.epoch,
         intent->txn.sequence);
    tell_ts(text, intent->txn.write_ts);
}

static void tell_intents(varve_buf *text, const varve_error *err)
{
    for (size_t i = 0; i < err->detail.intents.count; i++)
        tell_intent(text, &err->detail.intents.list[i]);
    if (err->detail.intents.more)
        tell(text, " and more");
}

static void tell_times(varve_buf *text, const varve_ts *times, int count)
{
    for (int i = 0; i < count; i++) {
        tell(text, " ");
        tell_ts(text, times[i]);
    }
}

static void tell_condition(varve_buf *text, const varve_error *err)
{
    if (err->detail.condition.exists)
        tell_row(text, varve_slice_text(""), err->detail.condition.ts, err->detail.condition.raw);
    else
        tell(text, " nothing");
}

static void tell_replay(varve_buf *text, const varve_error *err)
{
    tell(text, " %d.%d %d/%d", err->detail.replay.id[14], err->detail.replay.id[15],
         err->detail.replay.sequence, err->detail.replay.intent_sequence);
    if (err->detail.replay.missing) {
        tell(text, " missing");
        return;
    }
    tell(text, " `");
    tell_bytes(text, err->detail.replay.value);
    tell(text, "` `");
    tell_bytes(text, err->detail.replay.written);
    tell(text, "`");
}

static void tell_payload(varve_buf *text, const varve_error *err)
{
    if (err->status == VARVE_WRITE_INTENT) {
        tell_intents(text, err);
    } else if (err->status == VARVE_WRITE_TOO_OLD) {
        tell_times(text, (varve_ts[]){err->detail.too_old.attempted, err->detail.too_old.actual},
                   2);
    } else if (err->status == VARVE_READ_UNCERTAIN) {
        tell_times(text,
                   (varve_ts[]){err->detail.uncertain.read, err->detail.uncertain.existing,
                                err->detail.uncertain.max},
                   3);
    } else if (err->status == VARVE_CONDITION_FAILED) {
        tell_condition(text, err);
    } else if (err->status == VARVE_TXN_REPLAY) {
        tell_replay(text, err);
    } else if (err->status == VARVE_INTEGER_OVERFLOW) {
        tell(text, " ");
        tell_bytes(text, err->detail.overflow.key);
        tell(text, " %lld + %lld", (long long)err->detail.overflow.value,
             (long long)err->detail.overflow.increment);
    } else if (err->status == VARVE_NOT_GARBAGE) {
        tell(text, " ");
        tell_bytes(text, err->detail.not_garbage.key);
        tell(text, err->detail.not_garbage.has_intent ? " intent" : " value");
    }
}

void tell_status(varve_buf *text, varve_status status, const varve_error *err)
{
    tell(text, "%s", varve_status_name(status) + strlen("VARVE_"));
    if (status >= 0)
        return;
    must(err->status == status, "the error is that of the status");
    tell_payload(text, err);
}

void tell_rows(varve_buf *text, const varve_rows *rows)
{
    size_t position = 0;
    size_t count = 0;
    for (varve_row row; varve_rows_next(rows, &position, &row); count++)
        tell_row(text, row.key, row.ts, row.value);
    must(count == rows->count, "as many rows as counted");
    tell(text, " %lldB", (long long)rows->bytes);
    if (rows->more)
        tell_resume(text, varve_buf_slice(&rows->resume_start), varve_buf_slice(&rows->resume_end));
    for (size_t i = 0; i < rows->intent_count; i++) {
        tell(text, " +");
        tell_intent(text, &rows->intents[i]);
    }
}

/* ---- Stores ------------------------------------------------------------------------------------
 */

static void tell_meta(varve_buf *text, varve_slice key, varve_slice record)
{
    varve__meta meta;
    varve__history_entry entry;
    const char *damage = varve__meta_parse(record, &meta);
    must(damage == NULL, damage);
    if (meta.has_raw) {
        tell_row(text, key, meta.ts, meta.raw);
        return;
    }
    must(meta.has_txn && meta.key_bytes == 12 && meta.deleted == (meta.val_bytes == 0),
         "the metadata of an intent");
    varve_intent intent = {key, meta.txn, meta.ts};
    tell(text, " !");
    tell_intent(text, &intent);
    tell(text, " %lld", (long long)meta.val_bytes);
    while (varve__meta_next_history(&record, &entry)) {
        tell(text, " %d:", entry.sequence);
        tell_bytes(text, entry.value);
    }
}

void tell_store(varve_buf *text, varve_reader *reader)
{
    varve_iter *it = NULL;
    varve_buf key = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_ts ts;
    must(varve_iter_open(reader, NULL, &it, &err) == VARVE_OK, err.message);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it)) {
        must(varve_key_decode(it->key, &key, &ts, &err) == VARVE_OK, err.message);
        if (varve_ts_is_zero(ts))
            tell_meta(text, varve_buf_slice(&key), varve_iter_value(it));
        else
            tell_row(text, varve_buf_slice(&key), ts, varve_iter_value(it));
    }
    must(varve_iter_status(it, &err) == VARVE_OK, err.message);
    varve_iter_close(it);
    varve_buf_release(&key);
}
