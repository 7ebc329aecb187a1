/*
 * Any bytes as what is stored and as operands: the operator always gives a record, and the same one
 * however the operands were grouped.
 */
#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include "engine/merge.h"
#include "format/conflict.h"
#include "format/meta.h"

enum { OPERANDS_MAX = 8 };

static varve_slice operands[OPERANDS_MAX];
static size_t count;

/* A byte of length in front of each; the last takes what is left. */
static void cut(const uint8_t *data, size_t size)
{
    count = 0;
    while (size > 0 && count < OPERANDS_MAX) {
        size_t length = data[0];
        data++, size--;
        if (length > size || count + 1 == OPERANDS_MAX)
            length = size;
        operands[count++] = varve_slice_of(data, length);
        data += length, size -= length;
    }
}

static void check_record(varve_slice record)
{
    varve__meta meta;
    varve__conflict conflict;
    require(varve__meta_parse(record, &meta) == NULL);
    require(meta.has_raw != meta.has_conflict);
    if (meta.has_conflict)
        require(varve__conflict_parse(meta.conflict, &conflict) == NULL);
}

static void check_groups(const varve_slice *existing, varve_slice expected)
{
    varve_buf step = VARVE_BUF_INIT;
    varve_buf out = VARVE_BUF_INIT;
    varve_buf part = VARVE_BUF_INIT;
    for (size_t first = 1; first < count; first++) {
        require(varve__merge_full(existing, operands, first, &step, NULL) == VARVE_OK);
        varve_slice below = varve_buf_slice(&step);
        require(varve__merge_full(&below, operands + first, count - first, &out, NULL) == VARVE_OK);
        require(varve_slice_equal(varve_buf_slice(&out), expected));

        varve_status status = varve__merge_partial(operands + first - 1, 2, &part, NULL);
        require(status == VARVE_OK || status == VARVE_NOT_FOUND);
        if (status == VARVE_NOT_FOUND)
            continue;
        varve_slice grouped[OPERANDS_MAX];
        memcpy(grouped, operands, sizeof grouped);
        grouped[first - 1] = varve_buf_slice(&part);
        memmove(grouped + first, grouped + first + 1, (count - first - 1) * sizeof *grouped);
        require(varve__merge_full(existing, grouped, count - 1, &out, NULL) == VARVE_OK);
        require(varve_slice_equal(varve_buf_slice(&out), expected));
    }
    varve_buf_release(&step);
    varve_buf_release(&out);
    varve_buf_release(&part);
}

static void check_merge(const varve_slice *existing)
{
    varve_buf out = VARVE_BUF_INIT;
    require(varve__merge_full(existing, operands, count, &out, NULL) == VARVE_OK);
    if (count > 0)
        check_record(varve_buf_slice(&out));
    check_groups(existing, varve_buf_slice(&out));
    varve_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cut(data, size);
    check_merge(NULL);
    if (count == 0)
        return 0;
    varve_slice existing = operands[0];
    memmove(operands, operands + 1, --count * sizeof *operands);
    check_merge(&existing);
    return 0;
}
