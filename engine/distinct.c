/*
 * The distinct view of a batch: the batch with its reads held at what was in it when the view was
 * opened.  What is written through it joins the batch's own records at once, but the view of them
 * does not follow before the distinct view is closed.
 */
#include "engine/batch.h"
#include "util/fail.h"

static varve_batch *batch_of(varve_distinct *distinct)
{
    return VARVE__CONTAINER_OF(distinct, varve_batch, distinct);
}

static varve_batch *batch_of_reader(varve_reader *reader)
{
    return batch_of(VARVE__CONTAINER_OF(reader, varve_distinct, reader));
}

static varve_batch *batch_of_writer(varve_writer *writer)
{
    return batch_of(VARVE__CONTAINER_OF(writer, varve_distinct, writer));
}

static varve_status distinct_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                                 varve_error *err)
{
    varve_batch *batch = batch_of_reader(reader);
    return varve__batch_get(batch, batch->last_user, engine_key, value, err);
}

static varve_status distinct_iter_open(varve_reader *reader, const varve_iter_options *options,
                                       varve_slice prefix, varve_iter **out, varve_error *err)
{
    varve_batch *batch = batch_of_reader(reader);
    return varve__batch_iter_open(batch, batch->last_user, options, prefix, out, err);
}

static varve_status distinct_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    varve_batch *batch = batch_of_writer(writer);
    return varve__batch_apply(batch, batch->last_user, repr, err);
}

static varve_status distinct_write(varve_writer *writer, const varve_record *record,
                                   varve_error *err)
{
    varve_batch *batch = batch_of_writer(writer);
    return varve__batch_write(batch, batch->last_user, record, err);
}

static const varve__reader_ops distinct_reader_ops = {distinct_get, distinct_iter_open};
static const varve__writer_ops distinct_writer_ops = {distinct_apply, distinct_write};

varve_status varve_distinct_open(varve_batch *batch, varve_distinct **out, varve_error *err)
{
    *out = NULL;
    varve_status status = varve__batch_check(batch, batch->user, err);
    if (status != VARVE_OK)
        return status;
    if (batch->user != VARVE__BATCH_ITSELF)
        return varve__fail(err, VARVE_MISUSE, "distinct batch already open");
    batch->distinct.reader.ops = &distinct_reader_ops;
    batch->distinct.writer.ops = &distinct_writer_ops;
    batch->user = ++batch->last_user;
    batch->watermark = batch->write_only ? 0 : batch->repr.size;
    batch->version++;
    *out = &batch->distinct;
    return VARVE_OK;
}

void varve_distinct_close(varve_distinct *distinct)
{
    if (distinct == NULL)
        return;
    varve_batch *batch = batch_of(distinct);
    batch->user = VARVE__BATCH_ITSELF;
    batch->version++;
    varve__batch_let_go(batch);
}

varve_reader *varve_distinct_reader(varve_distinct *distinct)
{
    return &distinct->reader;
}

varve_writer *varve_distinct_writer(varve_distinct *distinct)
{
    return &distinct->writer;
}
