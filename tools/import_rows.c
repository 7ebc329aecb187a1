/*
 * Importing lines of records.
 *
 * The cursor is how many bytes of the input have been imported, and their checksum.  An import that
 * goes on reads them again, and so finds out whether it is given the same input.
 */
#include "import_job.h"
#include "import_record.h"

#include <stdio.h>
#include <stdlib.h>

/* How far an import has come. */
struct cursor {
    uint64_t bytes;
    uint32_t crc; /* of these bytes */
    uint64_t records;
    bool has_time; /* `time` is that of records without one, of which there were some */
    varve_ts time;
};

struct rows {
    struct import_job *job;
    const char *format;
    import_next_fn next;
    struct import_fault *fault;
    struct import_record record;
    bool has_time; /* `time` is what the next record without one gets */
    varve_ts time;
    struct cursor cursor; /* behind the last record that has been put into the batch */
};

/* ---- The cursor ---------------------------------------------------------------------------- */

static bool put_cursor(struct rows *rows, struct import_fault *fault)
{
    const struct cursor *cursor = &rows->cursor;
    char crc[9];
    char time[VARVE_TS_TEXT_MAX];

    snprintf(crc, sizeof crc, "%08x", (unsigned)cursor->crc);
    json_t *json = json_pack("{s:I, s:I, s:s}", "bytes", (json_int_t)cursor->bytes, "records",
                             (json_int_t)cursor->records, "crc32", crc);
    if (cursor->has_time &&
        json_object_set_new(json, "time", json_string(varve_ts_format(cursor->time, time))) != 0) {
        json_decref(json);
        json = NULL;
    }
    return import_sink_put_cursor(&rows->job->sink, rows->format, json, fault);
}

static bool decode_cursor(json_t *json, struct cursor *cursor)
{
    json_int_t bytes;
    json_int_t records;
    const char *crc;
    const char *time = NULL;
    int version;
    char *end;

    if (json_unpack(json, "{s:i, s:I, s:I, s:s, s?:s !}", "version", &version, "bytes", &bytes,
                    "records", &records, "crc32", &crc, "time", &time) != 0 ||
        bytes < 0 || records < 0 || strlen(crc) != 8)
        return false;
    cursor->bytes = (uint64_t)bytes;
    cursor->records = (uint64_t)records;
    cursor->crc = (uint32_t)strtoul(crc, &end, 16);
    cursor->has_time = time != NULL;
    return *end == '\0' && (time == NULL || varve_ts_parse(varve_slice_text(time), &cursor->time,
                                                           NULL) == VARVE_OK);
}

/* All that the input has shown so far is imported. */
static void advance_cursor(struct rows *rows)
{
    rows->cursor.bytes = rows->job->in.place.offset;
    rows->cursor.crc = import_input_crc(&rows->job->in);
}

/* ---- Going on ------------------------------------------------------------------------------ */

/* Read the bytes that have been imported; `*last` is the last of them. */
static bool pass_over(struct rows *rows, uint64_t bytes, unsigned char *last)
{
    struct import_input *in = &rows->job->in;

    while (in->place.offset < bytes) {
        varve_slice chunk;
        uint64_t left = bytes - in->place.offset;
        enum import_step step =
            import_input_chunk(in, left > SIZE_MAX ? SIZE_MAX : (size_t)left, &chunk, rows->fault);
        if (step == IMPORT_FAULT)
            return false;
        if (step == IMPORT_END)
            return import_failed_input(
                rows->fault, TOOL_REFUSED,
                "the input has %llu bytes, but %llu have been imported from it: "
                "it is another one, or has been cut short",
                (unsigned long long)in->place.offset, (unsigned long long)bytes);
        *last = chunk.data[chunk.size - 1];
        progress_update(&rows->job->progress, 0, in->place.offset);
    }
    return true;
}

/* The last line had no newline when it was imported: it must not have grown since. */
static bool close_line(struct rows *rows)
{
    struct import_input *in = &rows->job->in;
    varve_slice window;
    enum import_step step = import_input_window(in, &window, rows->fault);

    if (step != IMPORT_OK)
        return step == IMPORT_END;
    if (window.data[0] != '\n')
        return import_malformed(rows->fault, in->place,
                                "the line that ended the input when it was imported has grown");
    import_input_take(in, 1);
    return true;
}

/* --time has to be what the import began with. */
static bool check_time(struct rows *rows, const struct cursor *cursor)
{
    char time[VARVE_TS_TEXT_MAX];

    if (!cursor->has_time || !rows->has_time || varve_ts_compare(cursor->time, rows->time) == 0)
        return true;
    return import_failed(rows->fault, TOOL_REFUSED,
                         "the import began with the time %s, and goes on with that or without "
                         "--time",
                         varve_ts_format(cursor->time, time));
}

static bool go_on(struct rows *rows, const struct cursor *cursor)
{
    unsigned char last = '\n';

    if (!check_time(rows, cursor) || !pass_over(rows, cursor->bytes, &last))
        return false;
    if (import_input_crc(&rows->job->in) != cursor->crc)
        return import_failed_input(
            rows->fault, TOOL_REFUSED,
            "the first %llu bytes are not those that have been imported: this is "
            "another input; import it into another store",
            (unsigned long long)cursor->bytes);
    rows->cursor = *cursor;
    if (cursor->has_time) {
        rows->has_time = true;
        rows->time = cursor->time;
    }
    rows->job->passed_over = cursor->records;
    return last == '\n' || close_line(rows);
}

/* Go on where an earlier import ended, if there was one. */
static bool start(struct rows *rows)
{
    struct cursor cursor;
    json_t *json;

    rows->has_time = rows->job->has_time;
    rows->time = rows->job->time;
    if (!import_sink_get_cursor(&rows->job->sink, rows->format, &json, rows->fault))
        return false;
    if (json == NULL)
        return true;
    bool decoded = decode_cursor(json, &cursor);
    json_decref(json);
    if (!decoded)
        return import_cursor_damaged(rows->fault);
    return go_on(rows, &cursor);
}

/* ---- Records ------------------------------------------------------------------------------- */

/* The time of records without one: that of the import's start, told by the store's clock. */
static bool tell_time(struct rows *rows)
{
    varve_clock *clock = NULL;
    varve_error err = VARVE_ERROR_INIT;

    if (rows->job->dry_run)
        return true;
    rows->has_time = varve_clock_open(rows->job->sink.engine, NULL, &clock, &err) == VARVE_OK &&
                     varve_clock_now(clock, &rows->time, &err) == VARVE_OK;
    varve_clock_close(clock);
    return rows->has_time || import_failed_error(rows->fault, &err, "the clock of the store");
}

/* Give a record without a time its own; from then on the import is bound to it. */
static bool complete_time(struct rows *rows, struct import_record *record)
{
    if (record->has_time)
        return true;
    if (!rows->has_time && !tell_time(rows))
        return false;
    record->ts = rows->time;
    rows->cursor.has_time = true;
    rows->cursor.time = rows->time;
    return true;
}

static bool import_record(struct rows *rows)
{
    struct import_record *record = &rows->record;
    varve_slice key = import_bytes_slice(&record->key);

    if (!import_key_allowed(key, "key", record->place, rows->fault))
        return false;
    if (!complete_time(rows, record) ||
        !import_sink_put(&rows->job->sink, key, record->ts, import_bytes_slice(&record->raw),
                         rows->fault))
        return false;
    rows->cursor.records++;
    rows->job->records++;
    advance_cursor(rows);
    return true;
}

static bool commit(struct rows *rows, struct import_fault *fault)
{
    return put_cursor(rows, fault) && import_sink_commit(&rows->job->sink, fault);
}

/* Import up to the end, or to a fault. */
static bool import_records(struct rows *rows)
{
    struct import_job *job = rows->job;
    enum import_step step;

    while ((step = rows->next(&job->in, &rows->record, rows->fault)) == IMPORT_OK) {
        if (!import_record(rows))
            return false;
        if (import_sink_is_full(&job->sink) && !commit(rows, rows->fault))
            return false;
        progress_update(&job->progress, job->records, job->in.place.offset);
    }
    if (step == IMPORT_END)
        advance_cursor(rows);
    return step == IMPORT_END;
}

/* What came before a fault is good: keep it.  The fault is worth more than another one here. */
static void keep_good_part(struct rows *rows)
{
    struct import_fault ignored = {0};

    if (!rows->job->sink.failed && commit(rows, &ignored))
        (void)import_sink_settle(&rows->job->sink, &ignored);
}

static bool import_rows(struct import_job *job, const char *format, import_next_fn next,
                        struct import_fault *fault)
{
    struct rows rows = {.job = job, .format = format, .next = next, .fault = fault};
    bool started = start(&rows);
    bool good = started && import_records(&rows);

    if (good)
        good = commit(&rows, fault) && import_sink_settle(&job->sink, fault);
    else if (started)
        keep_good_part(&rows);
    import_record_release(&rows.record);
    return good;
}

bool import_tsv(struct import_job *job, struct import_fault *fault)
{
    return import_rows(job, "tsv", import_tsv_next, fault);
}

bool import_jsonl(struct import_job *job, struct import_fault *fault)
{
    return import_rows(job, "jsonl", import_jsonl_next, fault);
}
