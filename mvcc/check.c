#include "mvcc/check.h"

#include <stdio.h>

#include "format/fail.h"

/* Refused in reads with these words too. */
static varve_status fail_negative(varve_slice key, varve_ts ts, varve_error *err)
{
    char printed[VARVE_TS_TEXT_MAX];
    char format[VARVE_TS_TEXT_MAX + 32];
    (void)snprintf(format, sizeof format, "cannot write to %%s at timestamp %s",
                   varve_ts_format(ts, printed));
    return varve__fail_key(err, VARVE_INVALID_ARGUMENT, key, format);
}

varve_status varve__fail_point(varve_slice key, varve_ts ts, varve_error *err)
{
    return key.size == 0 ? varve__fail_empty_key(err) : fail_negative(key, ts, err);
}
