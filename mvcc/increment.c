#include "mvcc/increment.h"

#include <varve/value.h>

#include "format/fail.h"
#include "mvcc/write.h"

bool varve__sum_overflows(int64_t a, int64_t b)
{
    return b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b;
}

struct increment {
    int64_t by;
    int64_t sum;
    varve_buf raw;
};

static varve_status get_current(varve_slice key, const varve__existing *existing, int64_t *current,
                                varve_error *err)
{
    *current = 0;
    if (existing->raw.size == 0 || varve_value_get_int(existing->raw, current, NULL) == VARVE_OK)
        return VARVE_OK;
    return varve__fail_key(err, VARVE_VALUE_TYPE, key, "key %s does not contain an integer value");
}

static varve_status make_sum(void *context, varve_slice key, const varve__existing *existing,
                             varve_slice *raw, varve_error *err)
{
    struct increment *increment = context;
    varve_status status = get_current(key, existing, &increment->sum, err);
    if (status != VARVE_OK)
        return status;
    if (varve__sum_overflows(increment->sum, increment->by))
        return varve__fail_overflow(err, key, increment->sum, increment->by);
    increment->sum += increment->by;
    status = varve_value_set_int(&increment->raw, increment->sum, err);
    if (status == VARVE_OK)
        status = varve_value_init_checksum(&increment->raw, key, err);
    *raw = varve_buf_slice(&increment->raw);
    return status;
}

/* The sums that are told are those that have been stored, and what overflowed. */
static bool tells_sum(varve_status status)
{
    return status == VARVE_OK || status == VARVE_WRITE_TOO_OLD || status == VARVE_INTEGER_OVERFLOW;
}

varve_status varve_mvcc_increment(const varve_write *how, varve_slice key, int64_t by, int64_t *sum,
                                  varve_error *err)
{
    struct increment increment = {.by = by, .raw = VARVE_BUF_INIT};
    varve__write write;
    write.key = key;
    write.raw = varve_slice_of(NULL, 0);
    write.make = make_sum;
    write.context = &increment;
    varve_status status = varve__write_run(&write, how, err);
    if (sum != NULL && tells_sum(status))
        *sum = increment.sum;
    varve_buf_release(&increment.raw);
    return status;
}
