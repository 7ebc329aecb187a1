/*
 * Arguments that point reads and writes share.
 */
#ifndef VARVE_MVCC_CHECK_H
#define VARVE_MVCC_CHECK_H

#include <varve/ts.h>

/* VARVE_EMPTY_KEY, or VARVE_INVALID_ARGUMENT for a negative timestamp. */
varve_status varve__check_point(varve_slice key, varve_ts ts, varve_error *err);

#endif
