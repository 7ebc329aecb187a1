#include "tests/support/ways.h"

/* ---- Texts -------------------------------------------------------------------------------------
 */

static void must_agree(const char *way, const varve_buf *found, const varve_buf *expected)
{
    if (!varve_slice_equal(varve_buf_slice(found), varve_buf_slice(expected)))
        ck_abort_msg("%s:\n  %.*s, not\n  %.*s", way, (int)found->size, (const char *)found->data,
                     (int)expected->size, (const char *)expected->data);
}

/* What streams hand out one by one, to be told as the rows of a scan are. */
struct stream {
    varve_buf rows;
    varve_buf intents;
    int64_t bytes;
};

static varve_status take_row(void *arg, const varve_row *row, varve_error *err)
{
    struct stream *stream = arg;
    (void)err;
    tell_row(&stream->rows, row->key, row->ts, row->value);
    stream->bytes += (int64_t)(8 + varve_key_scan_size(row->key, row->ts) + row->value.size);
    return VARVE_OK;
}

static void take_intents(struct stream *stream, const varve_intent *intents, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tell(&stream->intents, " +");
        tell_intent(&stream->intents, &intents[i]);
    }
}

static void tell_buf(varve_buf *text, const varve_buf *more)
{
    tell(text, "%.*s", (int)more->size, (const char *)more->data);
}

/* The text of a stream that has ended with `status`; `rest` says where to go on, or is NULL. */
static void tell_stream(varve_buf *text, struct stream *stream, varve_status status,
                        varve_error *err, const varve_rows *rest)
{
    tell_status(text, status, err);
    varve_error_release(err);
    if (status == VARVE_OK) {
        tell_buf(text, &stream->rows);
        tell(text, " %lldB", (long long)stream->bytes);
        if (rest != NULL && rest->more)
            tell_resume(text, varve_buf_slice(&rest->resume_start),
                        varve_buf_slice(&rest->resume_end));
        tell_buf(text, &stream->intents);
    }
    varve_buf_release(&stream->rows);
    varve_buf_release(&stream->intents);
}

/* ---- Spans -------------------------------------------------------------------------------------
 */

static varve_status run_cursor(varve_cursor *cursor, struct stream *stream, varve_error *err)
{
    for (;;) {
        varve_row row;
        size_t count;
        varve_status status = varve_cursor_next(cursor, &row, err);
        if (status < 0)
            return status;
        const varve_intent *intents = varve_cursor_intents(cursor, &count);
        take_intents(stream, intents, count);
        if (status == VARVE_NOT_FOUND)
            return VARVE_OK;
        (void)take_row(stream, &row, err);
    }
}

static void read_by_cursor(varve_reader *reader, const varve_read *how, varve_span span,
                           unsigned flags, varve_buf *text)
{
    struct stream stream = {.bytes = 0};
    varve_error err = VARVE_ERROR_INIT;
    varve_cursor *cursor;
    varve_status status = varve_cursor_open(reader, how, span, flags, &cursor, &err);
    if (status == VARVE_OK)
        status = run_cursor(cursor, &stream, &err);
    tell_stream(text, &stream, status, &err, NULL);
    varve_cursor_close(cursor);
}

static void read_by_iterate(varve_reader *reader, const varve_read *how, varve_span span,
                            unsigned flags, varve_buf *text)
{
    struct stream stream = {.bytes = 0};
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rest = VARVE_ROWS_INIT;
    varve_status status =
        varve_mvcc_iterate(reader, how, span, flags, take_row, &stream, &rest, &err);
    take_intents(&stream, rest.intents, rest.intent_count);
    tell_stream(text, &stream, status, &err, &rest);
    varve_rows_release(&rest);
}

void ways_agree_on_span(varve_reader *reader, const varve_read *how, varve_span span, bool reverse,
                        const varve_buf *scanned)
{
    const unsigned flags = reverse ? VARVE_CURSOR_REVERSE : 0;
    bool has_cursor = how->max_intents == 0 || (how->flags & VARVE_READ_INCONSISTENT) == 0;
    varve_buf text = VARVE_BUF_INIT;
    read_by_iterate(reader, how, span, flags, &text);
    must_agree("iterate", &text, scanned);
    text.size = 0;
    if (has_cursor) {
        read_by_cursor(reader, how, span, flags, &text);
        must_agree("cursor", &text, scanned);
    }
    varve_buf_release(&text);
}

/* ---- Versions ----------------------------------------------------------------------------------
 */

/* A get, told; returns whether there is a row, with its timestamp. */
static bool get_one(varve_reader *reader, const varve_read *how, varve_slice key, varve_buf *text,
                    varve_ts *ts)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_row row;
    size_t position = 0;
    varve_status status = varve_mvcc_get(reader, how, key, &rows, &err);
    if (status < 0)
        tell_status(text, status, &err);
    bool found = varve_rows_next(&rows, &position, &row);
    if (found) {
        tell_row(text, row.key, row.ts, row.value);
        *ts = row.ts;
    }
    varve_error_release(&err);
    varve_rows_release(&rows);
    return found;
}

/* Where the key's intent stands; false if it has none. */
static bool find_intent(varve_reader *reader, varve_slice key, varve_ts *ts)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_read how = {.struct_size = sizeof how,
                      .ts = varve_ts_max(),
                      .flags = VARVE_READ_INCONSISTENT | VARVE_READ_TOMBSTONES};
    varve_status status = varve_mvcc_get(reader, &how, key, &rows, &err);
    bool found = status >= 0 && rows.intent_count > 0;
    if (found)
        *ts = rows.intents[0].ts;
    varve_error_release(&err);
    varve_rows_release(&rows);
    return found;
}

/* Lower `*ts` to right below `above`; false if nothing is there. */
static bool go_below(varve_ts *ts, varve_ts above)
{
    varve_ts below;
    if (varve_ts_prev(above, &below, NULL) != VARVE_OK)
        return false;
    (void)varve_ts_backward(ts, below);
    return true;
}

/* From what the key yields on, by gets; that may be a value of an intent, at time zero or above. */
static void versions_by_gets(varve_reader *reader, const varve_read *how, varve_slice key,
                             varve_buf *text)
{
    varve_ts found;
    varve_ts intent;
    varve_read get = *how;
    get.flags |= VARVE_READ_TOMBSTONES;
    if (!get_one(reader, &get, key, text, &found))
        return;
    bool has_intent = find_intent(reader, key, &intent);
    if (varve_ts_is_zero(found) && !has_intent)
        return; /* an inline value */
    get = (varve_read){.struct_size = sizeof get, .ts = how->ts, .flags = VARVE_READ_TOMBSTONES};
    bool more = go_below(&get.ts, varve_ts_is_zero(found) ? intent : found);
    while (more && get_one(reader, &get, key, text, &found))
        more = go_below(&get.ts, found);
}

void ways_agree_on_versions(varve_reader *reader, const varve_read *how, varve_slice key)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_buf found = VARVE_BUF_INIT;
    varve_buf expected = VARVE_BUF_INIT;
    varve_read known = *how;
    varve_row row;
    size_t position = 0;
    known.flags &= VARVE_READ_INCONSISTENT;
    varve_status status = varve_mvcc_versions(reader, &known, key, -1, &rows, &err);
    if (status < 0)
        tell_status(&found, status, &err);
    while (varve_rows_next(&rows, &position, &row))
        tell_row(&found, row.key, row.ts, row.value);
    versions_by_gets(reader, &known, key, &expected);
    must_agree("versions", &found, &expected);
    varve_error_release(&err);
    varve_rows_release(&rows);
    varve_buf_release(&found);
    varve_buf_release(&expected);
}
