/* Batches of writes, the cursor and the statistics in them, and the keys that may be written. */
#include "import_sink.h"

#include "store.h"

#include <stdio.h>
#include <stdlib.h>

/* One memtable of two: what an import holds in memory is mostly these. */
static const uint64_t write_buffer_bytes = (uint64_t)16 << 20;
static const uint64_t cache_bytes = (uint64_t)8 << 20;

/* A batch is committed when it has that many bytes; one value more may be in it. */
static const size_t batch_bytes = (size_t)1 << 20;

#define CURSOR_PREFIX "\x01vi"
#define CURSOR_VERSION 1

/* ---- Statistics ---------------------------------------------------------------------------- */

/* The account of all keys of applications. */
static varve_slice account_of_store(void)
{
    return varve_slice_of(NULL, 0);
}

/* Whether the store has no key of an application, but may have some of varve's own. */
static varve_status look_for_keys(const struct import_sink *sink, bool *none, varve_error *err)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_iter *it = NULL;
    varve_status status = varve_key_encode(varve_key_app_min(), varve_ts_zero(), &lower, err);

    if (status == VARVE_OK) {
        const varve_iter_options options = {.struct_size = sizeof options,
                                            .lower = varve_buf_slice(&lower)};
        status = varve_iter_open(varve_engine_reader(sink->engine), &options, &it, err);
    }
    if (status == VARVE_OK) {
        *none = !varve_iter_seek_ge(it, varve_buf_slice(&lower));
        status = varve_iter_status(it, err);
    }
    varve_iter_close(it);
    varve_buf_release(&lower);
    return status;
}

/* Find out whether there are statistics to be kept. */
static varve_status look_for_account(struct import_sink *sink, varve_error *err)
{
    varve_stats ignored;
    varve_status status = varve_stats_account_get(varve_engine_reader(sink->engine),
                                                  account_of_store(), 0, &ignored, err);

    if (status == VARVE_NOT_FOUND) {
        varve_error_release(err);
        status = look_for_keys(sink, &sink->begins, err);
        sink->counts = sink->begins;
        if (sink->begins)
            new_keys_begin(&sink->new_keys);
    } else {
        sink->counts = status == VARVE_OK;
    }
    return status;
}

/* Add the batch's share to its writes. */
static varve_status put_share(struct import_sink *sink, varve_error *err)
{
    varve_writer *writer = varve_batch_writer_of(sink->batch);

    if (!sink->counts)
        return VARVE_OK;
    if (sink->begins)
        return varve_stats_account_set(writer, account_of_store(), &sink->share, err);
    return varve_stats_account_add(writer, account_of_store(), &sink->share, err);
}

/* ---- Opening and closing ------------------------------------------------------------------- */

/* Looking at keys takes a batch that can be read. */
static varve_status open_batch(struct import_sink *sink, varve_error *err)
{
    varve_status status = look_for_account(sink, err);

    if (status != VARVE_OK)
        return status;
    return varve_batch_open(sink->engine, sink->counts ? 0 : VARVE_BATCH_WRITE_ONLY, &sink->batch,
                            err);
}

/* Say what still reads a store that damage keeps from opening; returns false. */
static bool open_failed(varve_error *err, const char *path, struct import_fault *fault)
{
    const char *way = cli_exit_of(err->status) == TOOL_CORRUPT ? store_way_out(err) : "";

    import_failed_error(fault, err, path);
    size_t used = strlen(fault->message);
    snprintf(fault->message + used, sizeof fault->message - used, "%s", way);
    return false;
}

bool import_sink_open(struct import_sink *sink, const char *path, bool dry_run,
                      struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;
    const varve_options options = {.struct_size = sizeof options,
                                   .path = path,
                                   .read_only = dry_run,
                                   .must_exist = dry_run,
                                   .cache_bytes = cache_bytes,
                                   .write_buffer_bytes = write_buffer_bytes};
    varve_status status = varve_engine_open(&options, &sink->engine, &err);

    sink->path = path;
    if (status == VARVE_NO_STORE && dry_run) {
        varve_error_release(&err);
        return true;
    }
    if (status == VARVE_OK && !dry_run)
        status = open_batch(sink, &err);
    return status == VARVE_OK || open_failed(&err, path, fault);
}

bool import_sink_close(struct import_sink *sink, struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;

    varve_buf_release(&sink->scratch);
    new_keys_release(&sink->new_keys);
    varve_batch_close(sink->batch);
    varve_status status = varve_engine_close(sink->engine, &err);
    sink->batch = NULL;
    sink->engine = NULL;
    return status == VARVE_OK || import_failed_error(fault, &err, sink->path);
}

/* Note that writing went wrong; returns false. */
static bool write_failed(struct import_sink *sink, varve_error *err, struct import_fault *fault)
{
    sink->failed = true;
    return import_failed_error(fault, err, sink->path);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static bool put(struct import_sink *sink, varve_slice key, varve_ts ts, varve_slice raw,
                bool counts, struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;

    if (sink->batch == NULL)
        return true;
    bool looks = counts && !new_keys_add(&sink->new_keys, key);
    const varve_write how = {.struct_size = sizeof how,
                             .reader = looks ? varve_batch_reader_of(sink->batch) : NULL,
                             .writer = varve_batch_writer_of(sink->batch),
                             .ts = ts,
                             .stats = counts ? &sink->share : NULL,
                             .scratch = &sink->scratch};
    varve_status status =
        looks ? varve_mvcc_insert(&how, key, raw, &err) : varve_mvcc_put(&how, key, raw, &err);
    return status == VARVE_OK || write_failed(sink, &err, fault);
}

bool import_sink_put(struct import_sink *sink, varve_slice key, varve_ts ts, varve_slice raw,
                     struct import_fault *fault)
{
    sink->versions++;
    sink->deletions += raw.size == 0;
    sink->value_bytes += key.size + raw.size;
    return put(sink, key, ts, raw, sink->counts, fault);
}

bool import_sink_put_own(struct import_sink *sink, varve_slice key, varve_slice data,
                         struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf raw = VARVE_BUF_INIT;
    bool good = varve_value_set_bytes(&raw, data, &err) == VARVE_OK
                    ? put(sink, key, varve_ts_zero(), varve_buf_slice(&raw), false, fault)
                    : write_failed(sink, &err, fault);

    varve_buf_release(&raw);
    return good;
}

bool import_sink_is_full(const struct import_sink *sink)
{
    return sink->batch != NULL && varve_batch_repr(sink->batch).size >= batch_bytes;
}

bool import_sink_is_empty(const struct import_sink *sink)
{
    return sink->batch == NULL || varve_batch_is_empty(sink->batch);
}

bool import_sink_commit(struct import_sink *sink, struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;

    if (sink->batch == NULL)
        return true;
    if (put_share(sink, &err) != VARVE_OK ||
        varve_batch_commit(sink->batch, VARVE_NO_SYNC, &err) != VARVE_OK ||
        varve_batch_reset(sink->batch, &err) != VARVE_OK)
        return write_failed(sink, &err, fault);
    sink->begins = false;
    sink->share = (varve_stats){0};
    return true;
}

bool import_sink_settle(struct import_sink *sink, struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;

    if (sink->batch == NULL)
        return true;
    /* In table files it need not be recovered from the log by each reader. */
    return (varve_engine_sync(sink->engine, &err) == VARVE_OK &&
            varve_engine_flush(sink->engine, &err) == VARVE_OK) ||
           write_failed(sink, &err, fault);
}

/* ---- Cursors ------------------------------------------------------------------------------- */

#define CURSOR_KEY_MAX 32

static varve_slice cursor_key(const char *format, char key[CURSOR_KEY_MAX])
{
    int size = snprintf(key, CURSOR_KEY_MAX, CURSOR_PREFIX "%s", format);
    return varve_slice_of(key, (size_t)size);
}

bool import_cursor_damaged(struct import_fault *fault)
{
    return import_failed(fault, TOOL_CORRUPT,
                         "the cursor of the import is damaged: nothing tells how far it has come; "
                         "import into another store");
}

/* Read a cursor from the rows that a read of its key gave. */
static bool decode_cursor(const varve_rows *rows, json_t **cursor, struct import_fault *fault)
{
    size_t position = 0;
    varve_row row;
    varve_slice data;

    if (!varve_rows_next(rows, &position, &row) ||
        varve_value_get_bytes(row.value, &data, NULL) != VARVE_OK)
        return import_cursor_damaged(fault);
    *cursor = json_loadb((const char *)data.data, data.size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *version = json_object_get(*cursor, "version");
    if (!json_is_integer(version))
        return import_cursor_damaged(fault);
    if (json_integer_value(version) != CURSOR_VERSION)
        return import_failed(fault, TOOL_STORE,
                             "the store was imported by another version of varve: import with "
                             "that one, or into another store");
    return true;
}

bool import_get_cursor(varve_reader *reader, const char *format, json_t **cursor,
                       struct import_fault *fault)
{
    char key[CURSOR_KEY_MAX];
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_status status = varve_mvcc_get(reader, &how, cursor_key(format, key), &rows, &err);
    bool good = true;

    *cursor = NULL;
    if (status == VARVE_OK)
        good = decode_cursor(&rows, cursor, fault);
    else if (status != VARVE_NOT_FOUND)
        good = import_failed_error(fault, &err, "reading the cursor of the import");
    if (!good) {
        json_decref(*cursor);
        *cursor = NULL;
    }
    varve_rows_release(&rows);
    return good;
}

bool import_sink_get_cursor(struct import_sink *sink, const char *format, json_t **cursor,
                            struct import_fault *fault)
{
    *cursor = NULL;
    return sink->engine == NULL ||
           import_get_cursor(varve_engine_reader(sink->engine), format, cursor, fault);
}

bool import_sink_put_cursor(struct import_sink *sink, const char *format, json_t *cursor,
                            struct import_fault *fault)
{
    char key[CURSOR_KEY_MAX];
    char *text = NULL;

    if (json_object_set_new(cursor, "version", json_integer(CURSOR_VERSION)) == 0)
        text = json_dumps(cursor, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(cursor);
    if (text == NULL)
        return import_no_memory(fault);
    bool good = import_sink_put_own(sink, cursor_key(format, key), varve_slice_text(text), fault);
    free(text);
    return good;
}

/* ---- Keys ---------------------------------------------------------------------------------- */

/* What is wrong with a key, or NULL. */
static const char *key_fault(varve_slice key)
{
    if (key.size == 0)
        return "is empty";
    if (key.size > VARVE_KEY_SIZE_MAX)
        return "is longer than 65,536 bytes";
    if (varve_slice_compare(key, varve_key_app_min()) < 0)
        return "begins with 00 or 01; keys below 02 are varve's own";
    if (varve_slice_compare(key, varve_key_max()) >= 0)
        return "begins with FF FF, where keys end";
    return NULL;
}

bool import_key_allowed(varve_slice key, const char *what, struct import_place place,
                        struct import_fault *fault)
{
    enum { SHOWN_MAX = 64 };
    const char *wrong = key_fault(key);
    varve_slice shown = varve_slice_of(key.data, key.size > SHOWN_MAX ? SHOWN_MAX : key.size);
    varve_buf text = VARVE_BUF_INIT;

    if (wrong == NULL)
        return true;
    if (key.size == 0 || varve_key_print(shown, &text, NULL) != VARVE_OK)
        return import_malformed(fault, place, "the %s %s", what, wrong);
    import_malformed(fault, place, "the %s %.*s%s %s", what, (int)text.size,
                     (const char *)text.data, key.size > SHOWN_MAX ? "..." : "", wrong);
    varve_buf_release(&text);
    return false;
}
