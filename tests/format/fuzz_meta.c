#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include "format/conflict.h"
#include "format/meta.h"

enum { HISTORY_MAX = 16 };

static void check_history(varve_slice bytes, const varve__meta *meta)
{
    varve__history_entry entry;
    varve__history_entry last = {.sequence = 0};
    varve_slice left = bytes;
    size_t count = 0;
    while (varve__meta_next_history(&left, &entry)) {
        require(lies_inside(entry.value, bytes));
        require(count == 0 || entry.sequence > last.sequence);
        last = entry;
        count++;
    }
    require(count == meta->history_count);
}

static bool equal_meta(const varve__meta *a, const varve__meta *b)
{
    return a->has_txn == b->has_txn && a->has_raw == b->has_raw &&
           a->has_merge_ts == b->has_merge_ts && a->deleted == b->deleted &&
           a->key_bytes == b->key_bytes && a->val_bytes == b->val_bytes &&
           a->history_count == b->history_count && varve_slice_equal(a->raw, b->raw) &&
           varve_slice_equal(a->txn.key, b->txn.key) &&
           memcmp(a->txn.id, b->txn.id, sizeof a->txn.id) == 0 && a->ts.wall == b->ts.wall &&
           a->ts.logical == b->ts.logical && a->merge_ts.wall == b->merge_ts.wall &&
           a->txn.write_ts.wall == b->txn.write_ts.wall && a->txn.epoch == b->txn.epoch &&
           a->txn.min_ts.logical == b->txn.min_ts.logical && a->txn.sequence == b->txn.sequence &&
           a->txn.priority == b->txn.priority;
}

/* What is encoded again decodes to the same. */
static void check_again(varve_slice bytes, const varve__meta *meta)
{
    varve__history_entry history[HISTORY_MAX];
    varve_buf record = VARVE_BUF_INIT;
    varve__meta again;
    varve_slice left = bytes;
    if (meta->history_count > HISTORY_MAX)
        return;
    for (size_t i = 0; i < meta->history_count; i++)
        require(varve__meta_next_history(&left, &history[i]));
    require(varve__meta_append(meta, history, &record, NULL) == VARVE_OK);
    require(varve__meta_decode(varve_buf_slice(&record), &again, NULL) == VARVE_OK);
    require(equal_meta(meta, &again));
    varve_buf_release(&record);
}

static void check_conflict(varve_slice bytes)
{
    varve__meta meta;
    varve__conflict conflict;
    varve_slice operand;
    require(varve__meta_parse(bytes, &meta) == NULL && meta.has_conflict);
    require(varve__conflict_parse(meta.conflict, &conflict) == NULL);
    require(lies_inside(conflict.text, bytes) && lies_inside(conflict.below, bytes));
    varve_slice left = conflict.operands;
    while (varve__conflict_next_operand(&left, &operand))
        require(lies_inside(operand, bytes));
}

static void check_record(varve_slice bytes)
{
    varve__meta meta;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve__meta_decode(bytes, &meta, &err);
    require(status == VARVE_OK || status == VARVE_CORRUPT || status == VARVE_MERGE_CONFLICT);
    require(status == err.status);
    if (status == VARVE_MERGE_CONFLICT)
        check_conflict(bytes);
    if (status == VARVE_OK) {
        require(meta.has_txn || meta.has_raw);
        require(lies_inside(meta.txn.key, bytes) && lies_inside(meta.raw, bytes));
        require(meta.has_raw || meta.raw.size == 0);
        check_history(bytes, &meta);
        check_again(bytes, &meta);
    }
    varve_error_release(&err);
}

/* An inline value is read back from its record, and so it is with unknown fields around it. */
static void check_inline(varve_slice raw)
{
    static const unsigned char unknown[] = {0x7A, 0x02, 0xAA, 0xBB};
    varve_buf record = VARVE_BUF_INIT;
    varve__meta meta;
    require(varve__meta_append_inline(raw, &record, NULL) == VARVE_OK);
    require(record.size == varve__meta_inline_size(raw));
    require(varve__meta_decode(varve_buf_slice(&record), &meta, NULL) == VARVE_OK);
    require(meta.has_raw && !meta.has_txn && !meta.deleted);
    require(meta.key_bytes == 0 && meta.val_bytes == 0 && meta.ts.wall == 0);
    require(varve_slice_equal(meta.raw, raw));

    unsigned char *wrapped = malloc(record.size + 2 * sizeof unknown);
    require(wrapped != NULL);
    memcpy(wrapped, unknown, sizeof unknown);
    memcpy(wrapped + sizeof unknown, record.data, record.size);
    memcpy(wrapped + sizeof unknown + record.size, unknown, sizeof unknown);
    varve_slice whole = varve_slice_of(wrapped, record.size + 2 * sizeof unknown);
    require(varve__meta_decode(whole, &meta, NULL) == VARVE_OK);
    require(varve_slice_equal(meta.raw, raw));
    free(wrapped);
    varve_buf_release(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_record(varve_slice_of(data, size));
    check_inline(varve_slice_of(data, size));
    return 0;
}
