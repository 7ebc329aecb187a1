/*
 * Arguments that point reads and writes share.
 */
#ifndef VARVE_MVCC_CHECK_H
#define VARVE_MVCC_CHECK_H

#include <varve/ts.h>

/* What is wrong with them: VARVE_EMPTY_KEY, or VARVE_INVALID_ARGUMENT for a negative timestamp. */
varve_status varve__fail_point(varve_slice key, varve_ts ts, varve_error *err);

/* Whether nothing is. */
static inline varve_status varve__check_point(varve_slice key, varve_ts ts, varve_error *err)
{
    bool is_right = key.size > 0 && ts.wall >= 0 && ts.logical >= 0;
    return is_right ? VARVE_OK : varve__fail_point(key, ts, err);
}

#endif
