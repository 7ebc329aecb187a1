/* The sound records of an export that may be damaged. */
#include "sound_records.h"

#include "progress.h"

#include <inttypes.h>

/* So many faults are printed; all are counted. */
enum { FAULTS_SHOWN = 20 };

static void tell(struct sound_records *records, const struct import_fault *fault)
{
    /* The last line cannot fit any more. */
    records->reader.is_damaged = true;
    if (records->damage == TOOL_OK)
        records->damage = fault->code;
    if (records->faults++ >= FAULTS_SHOWN)
        return;
    progress_wipe();
    (void)import_fail(records->cli, records->name, fault, "");
}

static void tell_order(struct sound_records *records, const struct sound_record *record,
                       const char *what)
{
    struct import_fault fault = {0};

    (void)import_malformed(&fault, record->place, "the record does not come %s", what);
    tell(records, &fault);
}

/* Read the next line that is a record into `next`. */
static enum tool_exit read_next(struct sound_records *records)
{
    struct sound_record *next = &records->next;
    struct record_reader *reader = &records->reader;

    next->valid = false;
    next->behind_gap = false;
    while (!next->valid && !reader->has_ended) {
        struct import_fault fault = {0};
        next->place = reader->in.place;
        enum import_step step = record_reader_next(reader, &fault);
        if (step == IMPORT_FAULT && !fault.placed)
            return import_fail(records->cli, records->name, &fault, "");
        if (step == IMPORT_FAULT) {
            /* Where the last line does not fit, nobody knows what is missing, if anything is. */
            next->behind_gap = next->behind_gap || !reader->has_last_line;
            tell(records, &fault);
        }
        next->valid = step == IMPORT_OK;
    }
    if (next->valid && (!bytes_copy(&next->key, varve_buf_slice(&reader->engine_key)) ||
                        !bytes_copy(&next->value, bytes_slice(&reader->value))))
        return cli_fail(records->cli, TOOL_IO, "out of memory");
    return TOOL_OK;
}

static bool comes_behind(const struct sound_record *record, const struct sound_record *other)
{
    return varve_slice_compare(bytes_slice(&record->key), bytes_slice(&other->key)) > 0;
}

/* Whether `record` is far ahead of all others: what is behind it fits to what is in front. */
static bool is_ahead(const struct sound_records *records, const struct sound_record *record)
{
    const struct sound_record *next = &records->next;

    return next->valid && !comes_behind(next, record) &&
           (!records->at.valid || comes_behind(next, &records->at));
}

enum tool_exit sound_records_open(struct sound_records *records)
{
    struct import_fault fault = {0};

    if (!record_reader_open(&records->reader, records->name, &fault))
        return import_fail(records->cli, records->name, &fault, "");
    records->reader.in_any_order = true;
    return read_next(records);
}

enum tool_exit sound_records_next(struct sound_records *records)
{
    bool behind_gap = false;

    for (;;) {
        struct sound_record record = records->next;
        records->next = records->spare;
        records->spare = record;
        behind_gap = behind_gap || record.behind_gap;
        bool is_late = record.valid && records->at.valid && !comes_behind(&record, &records->at);
        if (is_late)
            tell_order(records, &record, "behind the one before it");
        enum tool_exit code = record.valid ? read_next(records) : TOOL_OK;
        if (code != TOOL_OK)
            return code;
        bool is_early = !is_late && record.valid && is_ahead(records, &record);
        if (is_early)
            tell_order(records, &record, "in front of the one behind it");
        if (!is_late && !is_early)
            break;
        behind_gap = true;
    }
    struct sound_record before = records->at;
    records->at = records->spare;
    records->spare = before;
    records->at.behind_gap = behind_gap;
    return TOOL_OK;
}

void sound_records_end(const struct sound_records *records)
{
    if (records->faults > FAULTS_SHOWN)
        (void)cli_fail(records->cli, records->damage, "%s: %" PRIu64 " more lines are damaged",
                       records->name, records->faults - FAULTS_SHOWN);
}

static void release(struct sound_record *record)
{
    bytes_release(&record->key);
    bytes_release(&record->value);
}

void sound_records_close(struct sound_records *records)
{
    record_reader_close(&records->reader);
    release(&records->at);
    release(&records->next);
    release(&records->spare);
}
