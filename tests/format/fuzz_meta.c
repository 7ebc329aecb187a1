#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include "format/meta.h"

static void check_record(varve_slice bytes)
{
    varve__meta meta;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve__meta_decode(bytes, &meta, &err);
    require(status == VARVE_OK || status == VARVE_CORRUPT);
    require(status == err.status);
    if (status == VARVE_OK) {
        require(meta.has_txn || meta.has_raw);
        require(lies_inside(meta.txn, bytes) && lies_inside(meta.raw, bytes));
        require(meta.has_txn || meta.txn.size == 0);
        require(meta.has_raw || meta.raw.size == 0);
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
