/*
 * The opaque builder and reader of <varve/batch_repr.h>, around the functions that work in place.
 */
#include "format/batch_repr.h"

#include "util/alloc.h"
#include "util/fail.h"

/* ---- Builder -----------------------------------------------------------------------------------
 */

struct varve_batch_builder {
    varve_buf repr; /* never without a header, so that finishing needs no memory */
    bool finished;  /* the bytes are lent until the next call */
};

varve_status varve_batch_builder_open(varve_batch_builder **builder, varve_error *err)
{
    *builder = NULL;
    varve_batch_builder *fresh = varve__calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return varve__fail_no_memory(err, sizeof *fresh);
    varve_status status = varve__repr_begin(&fresh->repr, err);
    if (status != VARVE_OK) {
        varve__free(fresh);
        return status;
    }
    *builder = fresh;
    return VARVE_OK;
}

void varve_batch_builder_close(varve_batch_builder *builder)
{
    if (builder == NULL)
        return;
    varve_buf_release(&builder->repr);
    varve__free(builder);
}

/* Take the bytes back if they are lent.  There is room for a header since the opening. */
static void start_over(varve_batch_builder *builder)
{
    if (builder->finished)
        (void)varve__repr_begin(&builder->repr, NULL);
    builder->finished = false;
}

static varve_status append(varve_batch_builder *builder, varve_record_type type, varve_slice key,
                           varve_slice value, varve_error *err)
{
    start_over(builder);
    varve_record record = {type, key, value};
    return varve__repr_append(&builder->repr, &record, err);
}

varve_status varve_batch_builder_put(varve_batch_builder *builder, varve_slice engine_key,
                                     varve_slice value, varve_error *err)
{
    return append(builder, VARVE_RECORD_PUT, engine_key, value, err);
}

varve_status varve_batch_builder_clear(varve_batch_builder *builder, varve_slice engine_key,
                                       varve_error *err)
{
    return append(builder, VARVE_RECORD_CLEAR, engine_key, varve_slice_of(NULL, 0), err);
}

varve_status varve_batch_builder_merge(varve_batch_builder *builder, varve_slice engine_key,
                                       varve_slice operand, varve_error *err)
{
    return append(builder, VARVE_RECORD_MERGE, engine_key, operand, err);
}

varve_status varve_batch_builder_clear_range(varve_batch_builder *builder, varve_slice start,
                                             varve_slice end, varve_error *err)
{
    return append(builder, VARVE_RECORD_CLEAR_RANGE, start, end, err);
}

varve_status varve_batch_builder_log(varve_batch_builder *builder, varve_slice data,
                                     varve_error *err)
{
    return append(builder, VARVE_RECORD_LOG, varve_slice_of(NULL, 0), data, err);
}

size_t varve_batch_builder_size(const varve_batch_builder *builder)
{
    return builder->finished ? VARVE_BATCH_HEADER_SIZE : builder->repr.size;
}

varve_slice varve_batch_builder_finish(varve_batch_builder *builder)
{
    start_over(builder);
    builder->finished = true;
    return varve_buf_slice(&builder->repr);
}

/* ---- Reader ------------------------------------------------------------------------------------
 */

struct varve_batch_reader {
    varve__repr_reader state;
};

varve_status varve_batch_reader_open(varve_slice repr, unsigned flags, varve_batch_reader **reader,
                                     varve_error *err)
{
    *reader = NULL;
    varve_batch_reader *fresh = varve__malloc(sizeof *fresh);
    if (fresh == NULL)
        return varve__fail_no_memory(err, sizeof *fresh);
    varve_status status = varve__repr_reader_init(&fresh->state, repr, flags, err);
    if (status != VARVE_OK) {
        varve__free(fresh);
        return status;
    }
    *reader = fresh;
    return VARVE_OK;
}

void varve_batch_reader_close(varve_batch_reader *reader)
{
    varve__free(reader);
}

uint32_t varve_batch_reader_count(const varve_batch_reader *reader)
{
    return reader->state.count;
}

uint64_t varve_batch_reader_sequence(const varve_batch_reader *reader)
{
    return reader->state.sequence;
}

varve_status varve_batch_reader_next(varve_batch_reader *reader, varve_record *record,
                                     varve_error *err)
{
    return varve__repr_reader_next(&reader->state, record, err);
}
