/*
 * Any bytes as a tsv and as a jsonl file: records, or a fault with its place.  How the bytes are
 * cut into pieces must not matter.
 */
#include "tests/support/fuzz.h"
#include "tools/import_record.h"

#include <stdlib.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

struct source {
    const uint8_t *data;
    size_t left;
    size_t step;
};

static ssize_t read_source(void *arg, void *buffer, size_t size)
{
    struct source *source = arg;
    size_t part = source->left < source->step ? source->left : source->step;

    require(part <= size);
    if (part > 0)
        memcpy(buffer, source->data, part);
    source->data += part;
    source->left -= part;
    return (ssize_t)part;
}

/* What a file came to. */
struct outcome {
    uint64_t sum; /* of all that its records say */
    enum import_step step;
    struct import_fault fault;
};

static void add(struct outcome *outcome, const void *data, size_t size)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < size; i++)
        outcome->sum = (outcome->sum ^ at[i]) * 0x100000001B3U;
}

static void add_record(struct outcome *outcome, const struct import_record *record)
{
    add(outcome, &record->place, sizeof record->place);
    add(outcome, record->key.data, record->key.size);
    add(outcome, record->raw.data, record->raw.size);
    add(outcome, &record->has_time, sizeof record->has_time);
    /* A deletion is empty, a value at least its header. */
    require(record->raw.size == 0 || record->raw.size >= VARVE_VALUE_HEADER_SIZE);
    require(record->key.size <= VARVE_KEY_SIZE_MAX + 1 || record->key.data != NULL);
    if (!record->has_time)
        return;
    require(varve_ts_compare(record->ts, varve_ts_zero()) > 0);
    add(outcome, &record->ts.wall, sizeof record->ts.wall);
    add(outcome, &record->ts.logical, sizeof record->ts.logical);
}

static void run(import_next_fn next, const uint8_t *data, size_t size, size_t step,
                struct outcome *outcome)
{
    struct source source = {data, size, step};
    struct import_record record = {{0, 0}, {NULL, 0, 0}, {NULL, 0, 0}, false, {0, 0}};
    struct import_input in;

    memset(outcome, 0, sizeof *outcome);
    require(import_input_open(&in, read_source, &source));
    while ((outcome->step = next(&in, &record, &outcome->fault)) == IMPORT_OK)
        add_record(outcome, &record);
    if (outcome->step == IMPORT_END)
        require(in.place.offset == size);
    else
        require(outcome->fault.code == TOOL_REFUSED && outcome->fault.placed &&
                outcome->fault.place.offset <= size);
    import_record_release(&record);
    import_input_close(&in);
}

static void run_both(import_next_fn next, const uint8_t *data, size_t size)
{
    struct outcome whole;
    struct outcome pieces;

    run(next, data, size, 1 << 18, &whole);
    run(next, data, size, 1, &pieces);
    require(whole.sum == pieces.sum && whole.step == pieces.step);
    require(strcmp(whole.fault.message, pieces.fault.message) == 0);
    require(whole.fault.place.offset == pieces.fault.place.offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run_both(import_tsv_next, data, size);
    run_both(import_jsonl_next, data, size);
    return 0;
}
