#include "engine/batch.h"

#include <varve/key.h>

#include "engine/merge.h"
#include "engine/snapshot.h"
#include "format/batch_repr.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

/* The most that an append takes beyond keys and values: a header, a type and two lengths. */
#define APPEND_OVERHEAD_MAX (VARVE_BATCH_HEADER_SIZE + 11)

struct varve__batch_retired {
    struct varve__batch_retired *older;
    unsigned char *data;
    size_t size;
};

static const unsigned char empty_header[VARVE_BATCH_HEADER_SIZE];

/* VARVE_MISUSE with the reason, unless the batch is open. */
static varve_status check_open(const varve_batch *batch, varve_error *err)
{
    switch (batch->state) {
    case VARVE__BATCH_OPEN:
        return VARVE_OK;
    case VARVE__BATCH_COMMITTED:
        return varve__fail(err, VARVE_MISUSE, "this batch was already committed");
    case VARVE__BATCH_UNKNOWN:
        return varve__fail(err, VARVE_MISUSE,
                           "this batch was already committed, with an unknown outcome");
    case VARVE__BATCH_CLOSED:
        break;
    }
    return varve__fail(err, VARVE_MISUSE, "this batch was closed");
}

varve_status varve__batch_check(const varve_batch *batch, uint64_t user, varve_error *err)
{
    varve_status status = check_open(batch, err);
    if (status != VARVE_OK || user == batch->user)
        return status;
    if (user == VARVE__BATCH_ITSELF)
        return varve__fail(err, VARVE_MISUSE, "distinct batch open");
    return varve__fail(err, VARVE_MISUSE, "this distinct batch was closed");
}

/* ---- The home of the bytes ------------------------------------------------------------------ */

void varve__batch_account(varve_batch *batch)
{
    const varve__batch_view *view = &batch->view;
    size_t bytes =
        sizeof *batch + batch->repr.capacity + view->events.arena.total + view->cleared.arena.total;
    bytes += varve__touched_bytes(&batch->touched) + batch->spare_bytes;
    bytes += batch->operand_room * sizeof *batch->operands;
    bytes += batch->savepoint_room * sizeof *batch->savepoints;
    for (const struct varve__batch_retired *home = batch->retired; home != NULL; home = home->older)
        bytes += home->size;
    if (bytes == batch->bytes)
        return;
    /* Unsigned numbers wrap around: what is added may be negative. */
    (void)atomic_fetch_add_explicit(&batch->engine->batch_bytes, bytes - batch->bytes,
                                    memory_order_relaxed);
    batch->bytes = bytes;
}

static void free_retired(varve_batch *batch)
{
    while (batch->retired != NULL) {
        struct varve__batch_retired *older = batch->retired->older;
        varve__free(batch->retired->data);
        varve__free(batch->retired);
        batch->retired = older;
    }
}

/* Move the representation to new memory of `capacity` bytes, and keep the old until later. */
static varve_status move_repr(varve_batch *batch, size_t capacity, varve_error *err)
{
    struct varve__batch_retired *retired = varve__malloc(sizeof *retired);
    if (retired == NULL)
        return varve__fail_no_memory(err, sizeof *retired);
    unsigned char *data = varve__malloc(capacity);
    if (data == NULL) {
        varve__free(retired);
        return varve__fail_no_memory(err, capacity);
    }
    if (batch->repr.size > 0)
        memcpy(data, batch->repr.data, batch->repr.size);
    retired->older = batch->retired;
    retired->data = batch->repr.data;
    retired->size = batch->repr.capacity;
    batch->retired = retired;
    batch->repr.data = data;
    batch->repr.capacity = capacity;
    return VARVE_OK;
}

static bool lies_in_repr(const varve_batch *batch, varve_slice bytes)
{
    /* What lies before wraps around, to beyond the end. */
    return (uintptr_t)bytes.data - (uintptr_t)batch->repr.data < batch->repr.capacity;
}

/*
 * Make room to append keys and values, or whole records, of `size` bytes.  What has been lent out
 * of the representation, by iterators or as the very bytes to be appended, stays where it is until
 * finish_append().
 */
static varve_status begin_append(varve_batch *batch, size_t size, bool is_own, varve_error *err)
{
    varve_buf *repr = &batch->repr;
    size_t left = (size_t)VARVE_BATCH_SIZE_MAX - repr->size;
    if (size > left)
        return VARVE_OK; /* the append refuses it */
    size_t room = left - size < APPEND_OVERHEAD_MAX ? left : size + APPEND_OVERHEAD_MAX;
    if (room <= repr->capacity - repr->size)
        return VARVE_OK;
    if (batch->iterators == 0 && !is_own)
        return varve__buf_reserve(repr, room, err);
    size_t capacity = 2 * repr->capacity;
    return move_repr(batch, capacity > repr->size + room ? capacity : repr->size + room, err);
}

static varve_status finish_append(varve_batch *batch, varve_status status)
{
    if (batch->iterators == 0)
        free_retired(batch);
    if (status == VARVE_OK)
        batch->version++;
    varve__batch_account(batch);
    return status;
}

/* ---- Writing -------------------------------------------------------------------------------- */

varve_status varve__batch_write(varve_batch *batch, uint64_t user, const varve_record *record,
                                varve_error *err)
{
    varve_status status = varve__batch_check(batch, user, err);
    if (status != VARVE_OK)
        return status;
    bool is_own = lies_in_repr(batch, record->key) || lies_in_repr(batch, record->value);
    size_t before = batch->repr.size;
    status = begin_append(batch, record->key.size + record->value.size, is_own, err);
    if (status == VARVE_OK)
        status = varve__repr_append(&batch->repr, record, err);
    if (status == VARVE_OK)
        varve__touched_add(&batch->touched, record, before, batch->repr.size);
    return finish_append(batch, status);
}

varve_status varve__batch_apply(varve_batch *batch, uint64_t user, varve_slice repr,
                                varve_error *err)
{
    varve_status status = varve__batch_check(batch, user, err);
    if (status != VARVE_OK)
        return status;
    size_t records = repr.size - VARVE_BATCH_HEADER_SIZE;
    status = begin_append(batch, records, lies_in_repr(batch, repr), err);
    if (status == VARVE_OK)
        status = varve__repr_append_repr(&batch->repr, repr, err);
    return finish_append(batch, status);
}

static varve_batch *batch_of_writer(varve_writer *writer)
{
    return VARVE__CONTAINER_OF(writer, varve_batch, writer);
}

static varve_status batch_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    return varve__batch_apply(batch_of_writer(writer), VARVE__BATCH_ITSELF, repr, err);
}

static varve_status batch_write(varve_writer *writer, const varve_record *record, varve_error *err)
{
    return varve__batch_write(batch_of_writer(writer), VARVE__BATCH_ITSELF, record, err);
}

static const varve__writer_ops batch_writer_ops = {batch_apply, batch_write};

varve_writer *varve_batch_writer_of(varve_batch *batch)
{
    return &batch->writer;
}

/* ---- Reading -------------------------------------------------------------------------------- */

const varve_snapshot *varve__batch_below(const varve_batch *batch)
{
    return batch->snapshot;
}

/* The records that may be read. */
static varve_slice readable_repr(const varve_batch *batch)
{
    bool is_itself = batch->user == VARVE__BATCH_ITSELF;
    return varve_slice_of(batch->repr.data, is_itself ? batch->repr.size : batch->watermark);
}

varve_status varve__batch_catch_up(varve_batch *batch, varve_error *err)
{
    varve_status status = varve__batch_view_catch_up(&batch->view, readable_repr(batch), err);
    varve__batch_account(batch);
    return status;
}

varve_status varve__batch_has_touched(varve_batch *batch, varve_slice prefix, bool *has_touched,
                                      varve_error *err)
{
    varve__touched *touched = &batch->touched;
    size_t room = touched->room;
    varve_status status = varve__touched_catch_up(touched, readable_repr(batch), err);
    if (touched->room != room)
        varve__batch_account(batch);
    *has_touched = status != VARVE_OK || varve__touched_has(touched, prefix);
    return status;
}

/*
 * Bring up what has to be asked about a key: the view, unless `*is_untouched`.  Once it is in use,
 * nothing else is.
 */
static varve_status follow(varve_batch *batch, varve_slice engine_key, bool *is_untouched,
                           varve_error *err)
{
    bool has_touched = true;
    varve_status status = VARVE_OK;
    if (batch->view.offset == 0) {
        size_t size = varve_key_prefix_size(engine_key);
        varve_slice prefix = varve_slice_of(engine_key.data, size);
        status = varve__batch_has_touched(batch, prefix, &has_touched, err);
    }
    *is_untouched = !has_touched;
    return status == VARVE_OK && has_touched ? varve__batch_catch_up(batch, err) : status;
}

/* Room for the operands of a merge. */
static varve_status make_operands(varve_batch *batch, size_t count, varve_error *err)
{
    if (count <= batch->operand_room)
        return VARVE_OK;
    size_t room = count > 2 * batch->operand_room ? count : 2 * batch->operand_room;
    varve_slice *grown = varve__realloc(batch->operands, room * sizeof *grown);
    if (grown == NULL)
        return varve__fail_no_memory(err, room * sizeof *grown);
    batch->operands = grown;
    batch->operand_room = room;
    varve__batch_account(batch);
    return VARVE_OK;
}

varve_status varve__batch_merge(varve_batch *batch, const varve__batch_finding *found,
                                const varve_slice *below, varve_buf *value, varve_error *err)
{
    varve_slice put;
    varve_status status = make_operands(batch, found->merges, err);
    if (status != VARVE_OK)
        return status;
    const varve__index_entry *event = found->merge;
    for (size_t i = found->merges; i-- > 0; event = varve__index_next(event))
        batch->operands[i] = varve__batch_value(batch, event);
    if (found->answer == VARVE__BATCH_CLEARED)
        below = NULL;
    if (found->answer == VARVE__BATCH_PUT) {
        put = varve__batch_value(batch, found->put);
        below = &put;
    }
    return varve__merge_full(below, batch->operands, found->merges, value, err);
}

static varve_status get_merged(varve_batch *batch, const varve__batch_finding *found,
                               varve_slice engine_key, varve_buf *value, varve_error *err)
{
    varve_buf stored = VARVE_BUF_INIT;
    varve_status status = VARVE_NOT_FOUND;
    if (found->answer == VARVE__BATCH_UNTOUCHED)
        status =
            varve__engine_get(batch->engine, varve__batch_below(batch), engine_key, &stored, err);
    if (status >= 0) {
        const varve_slice below = varve_buf_slice(&stored);
        status = varve__batch_merge(batch, found, status == VARVE_OK ? &below : NULL, value, err);
    }
    varve_buf_release(&stored);
    return status;
}

varve_status varve__batch_get(varve_batch *batch, uint64_t user, varve_slice engine_key,
                              varve_buf *value, varve_error *err)
{
    const varve__interval *hint = NULL;
    bool is_untouched;
    varve_status status = varve__batch_check(batch, user, err);
    if (status == VARVE_OK)
        status = follow(batch, engine_key, &is_untouched, err);
    if (status != VARVE_OK)
        return status;
    if (is_untouched)
        return varve__engine_get(batch->engine, varve__batch_below(batch), engine_key, value, err);
    varve__batch_finding found = varve__batch_view_find(&batch->view, engine_key, &hint);
    if (found.merges > 0)
        return get_merged(batch, &found, engine_key, value, err);
    switch (found.answer) {
    case VARVE__BATCH_PUT:
        return varve__buf_assign(value, varve__batch_value(batch, found.put), err);
    case VARVE__BATCH_CLEARED:
        return VARVE_NOT_FOUND;
    case VARVE__BATCH_UNTOUCHED:
        break;
    }
    return varve__engine_get(batch->engine, varve__batch_below(batch), engine_key, value, err);
}

varve_status varve__batch_iter_open(varve_batch *batch, uint64_t user,
                                    const varve_iter_options *options, varve_slice prefix,
                                    varve_iter **out, varve_error *err)
{
    bool has_touched = true;
    varve_status status = varve__batch_check(batch, user, err);
    if (status == VARVE_OK && prefix.size > 0)
        status = varve__batch_has_touched(batch, prefix, &has_touched, err);
    if (!has_touched)
        return varve__engine_iter_open_key(batch->engine, varve__batch_below(batch), prefix, out,
                                           err);
    if (status == VARVE_OK)
        status = varve__overlay_open(batch, user, options, prefix, out, err);
    if (status != VARVE_OK)
        return status;
    varve__iter_of(*out)->owner = &batch->iter_owner;
    batch->iterators++;
    return VARVE_OK;
}

static varve_status check_readable(const varve_batch *batch, varve_error *err)
{
    if (batch->write_only)
        return varve__fail(err, VARVE_UNSUPPORTED, "write-only batch");
    return VARVE_OK;
}

static varve_batch *batch_of_reader(varve_reader *reader)
{
    return VARVE__CONTAINER_OF(reader, varve_batch, reader);
}

static varve_status batch_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                              varve_error *err)
{
    varve_batch *batch = batch_of_reader(reader);
    varve_status status = check_readable(batch, err);
    if (status != VARVE_OK)
        return status;
    return varve__batch_get(batch, VARVE__BATCH_ITSELF, engine_key, value, err);
}

static varve_status batch_iter_open(varve_reader *reader, const varve_iter_options *options,
                                    varve_slice prefix, varve_iter **out, varve_error *err)
{
    varve_batch *batch = batch_of_reader(reader);
    varve_status status = check_readable(batch, err);
    if (status != VARVE_OK)
        return status;
    return varve__batch_iter_open(batch, VARVE__BATCH_ITSELF, options, prefix, out, err);
}

static const varve__reader_ops batch_reader_ops = {batch_get, batch_iter_open};

varve_reader *varve_batch_reader_of(varve_batch *batch)
{
    return &batch->reader;
}

varve_slice varve_batch_repr(const varve_batch *batch)
{
    if (batch->repr.size == 0)
        return varve_slice_of(empty_header, sizeof empty_header);
    return varve_buf_slice(&batch->repr);
}

bool varve_batch_is_empty(const varve_batch *batch)
{
    return batch->repr.size <= VARVE_BATCH_HEADER_SIZE;
}

/* ---- Opening and closing -------------------------------------------------------------------- */

/* The engine is the last to hear of it: then it may be closed. */
static void free_batch(varve_batch *batch)
{
    varve_engine *engine = batch->engine;
    varve__overlay_free_spare(batch);
    varve__batch_view_release(&batch->view);
    varve__touched_release(&batch->touched);
    free_retired(batch);
    varve_buf_release(&batch->repr);
    varve__free(batch->operands);
    varve__free(batch->savepoints);
    if (batch->snapshot != NULL)
        varve__snapshot_let_go(batch->snapshot);
    atomic_fetch_sub_explicit(&engine->batch_bytes, batch->bytes, memory_order_relaxed);
    varve__free(batch);
    atomic_fetch_sub(&engine->batches, 1);
}

void varve__batch_let_go(varve_batch *batch)
{
    bool is_used = batch->iterators > 0 || batch->user != VARVE__BATCH_ITSELF;
    if (batch->state == VARVE__BATCH_CLOSED && !is_used)
        free_batch(batch);
}

static void batch_iter_close(varve__iter_owner *owner, varve__iter *it)
{
    varve_batch *batch = VARVE__CONTAINER_OF(owner, varve_batch, iter_owner);
    size_t spare_bytes = batch->spare_bytes;
    it->ops->close(&it->head);
    varve__tally_subtract(&batch->engine->iterators);
    if (--batch->iterators > 0)
        return;
    if (batch->retired != NULL || batch->spare_bytes != spare_bytes) {
        free_retired(batch);
        varve__batch_account(batch);
    }
    varve__batch_let_go(batch);
}

varve_status varve_batch_open(varve_engine *engine, unsigned flags, varve_batch **out,
                              varve_error *err)
{
    *out = NULL;
    if ((flags & ~(unsigned)VARVE_BATCH_WRITE_ONLY) != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "unknown flags of a batch: 0x%x", flags);
    varve_batch *batch = varve__calloc(1, sizeof *batch);
    if (batch == NULL)
        return varve__fail_no_memory(err, sizeof *batch);
    batch->reader.ops = &batch_reader_ops;
    batch->writer.ops = &batch_writer_ops;
    batch->iter_owner = (varve__iter_owner){engine, batch_iter_close};
    batch->engine = engine;
    batch->write_only = (flags & VARVE_BATCH_WRITE_ONLY) != 0;
    varve__batch_view_init(&batch->view);
    batch->version = 1;
    atomic_fetch_add(&engine->batches, 1);
    varve__batch_account(batch);
    *out = batch;
    return VARVE_OK;
}

varve_status varve_batch_open_at(varve_snapshot *snapshot, unsigned flags, varve_batch **out,
                                 varve_error *err)
{
    varve_status status = varve_batch_open(snapshot->engine, flags, out, err);
    if (status != VARVE_OK)
        return status;
    varve__snapshot_hold(snapshot);
    (*out)->snapshot = snapshot;
    return VARVE_OK;
}

void varve_batch_close(varve_batch *batch)
{
    if (batch == NULL)
        return;
    batch->state = VARVE__BATCH_CLOSED;
    batch->version++;
    varve__batch_let_go(batch);
}

varve_status varve_batch_commit(varve_batch *batch, varve_durability how, varve_error *err)
{
    varve_status status = check_open(batch, err);
    if (status != VARVE_OK)
        return status;
    status = varve__engine_commit(batch->engine, varve_batch_repr(batch), how, err);
    if (status == VARVE_OK)
        batch->state = VARVE__BATCH_COMMITTED;
    else if (status == VARVE_COMMIT_UNKNOWN)
        batch->state = VARVE__BATCH_UNKNOWN;
    batch->version++;
    return status;
}

varve_status varve_batch_reset(varve_batch *batch, varve_error *err)
{
    if (batch->user != VARVE__BATCH_ITSELF)
        return varve__fail(err, VARVE_MISUSE, "distinct batch open");
    if (batch->iterators > 0)
        return varve__fail(err, VARVE_MISUSE, "%zu iterators are open over this batch",
                           batch->iterators);
    varve__batch_view_reset(&batch->view);
    varve__touched_reset(&batch->touched);
    batch->repr.size = 0;
    batch->savepoint_count = 0;
    batch->state = VARVE__BATCH_OPEN;
    batch->version++;
    varve__batch_account(batch);
    return VARVE_OK;
}
