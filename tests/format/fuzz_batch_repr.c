#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include "format/batch_repr.h"

/*
 * Read `repr` to its end and build it anew, record by record, in `rebuilt`.  Returns how reading
 * ended: VARVE_NOT_FOUND or VARVE_BAD_BATCH.
 */
static varve_status rebuild(varve_slice repr, unsigned flags, varve_buf *rebuilt)
{
    varve__repr_reader reader;
    varve_record record;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve__repr_reader_init(&reader, repr, flags, &err);
    if (status == VARVE_OK)
        require(varve__repr_begin(rebuilt, NULL) == VARVE_OK);
    while (status == VARVE_OK) {
        size_t offset = reader.offset;
        status = varve__repr_reader_next(&reader, &record, &err);
        if (status != VARVE_OK)
            break;
        require(reader.offset > offset && reader.offset <= repr.size);
        require(lies_inside(record.key, repr) && lies_inside(record.value, repr));
        require(varve__repr_append(rebuilt, &record, NULL) == VARVE_OK);
    }
    require(status == VARVE_NOT_FOUND || status == VARVE_BAD_BATCH);
    if (status == VARVE_BAD_BATCH) {
        require(err.status == VARVE_BAD_BATCH && err.message[0] != '\0');
        require(err.detail.bad_batch.offset <= repr.size);
    }
    varve_error_release(&err);
    return status;
}

/* What can be read is, written again, the same but for lengths that were longer than needed. */
static void check_readable(varve_slice repr, const varve_buf *rebuilt, varve_status validity)
{
    varve_slice first = varve_buf_slice(rebuilt);
    uint32_t count;
    require(varve_batch_repr_count(repr, &count, NULL) == VARVE_OK);
    require(count == varve__repr_count(first));
    require(first.size <= repr.size);
    require(first.size != repr.size || varve_slice_equal(first, repr));

    varve_buf again = VARVE_BUF_INIT;
    require(rebuild(first, 0, &again) == VARVE_NOT_FOUND);
    require(varve_slice_equal(varve_buf_slice(&again), first));
    require(varve_batch_repr_validate(first, NULL) == validity);

    /* A batch added to itself holds everything twice. */
    require(varve__repr_append_repr(&again, first, NULL) == VARVE_OK);
    require(again.size == 2 * first.size - VARVE_BATCH_HEADER_SIZE);
    require(varve__repr_count(varve_buf_slice(&again)) == 2 * count);
    require(varve_batch_repr_validate(varve_buf_slice(&again), NULL) == validity);
    varve_buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_slice repr = varve_slice_of(data, size);
    varve_buf rebuilt = VARVE_BUF_INIT;
    varve_status validity = varve_batch_repr_validate(repr, NULL);
    varve_status status = rebuild(repr, 0, &rebuilt);
    require(validity != VARVE_OK || status == VARVE_NOT_FOUND);
    require(status != VARVE_NOT_FOUND || validity == VARVE_OK || validity == VARVE_CORRUPT_KEY ||
            validity == VARVE_INVALID_KEY || validity == VARVE_BAD_BATCH);
    if (status == VARVE_NOT_FOUND)
        check_readable(repr, &rebuilt, validity);

    /* Batches of the log have a sequence number, and that is all the difference. */
    varve_buf from_log = VARVE_BUF_INIT;
    varve_status log_status = rebuild(repr, VARVE_BATCH_FROM_LOG, &from_log);
    if (status == VARVE_NOT_FOUND)
        require(log_status == VARVE_NOT_FOUND &&
                varve_slice_equal(varve_buf_slice(&rebuilt), varve_buf_slice(&from_log)));
    varve_buf_release(&from_log);
    varve_buf_release(&rebuilt);
    return 0;
}
