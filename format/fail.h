/*
 * Failures whose messages show keys and timestamps.  As the functions of util/fail.h, these accept
 * a NULL error, release what it held before, and return the status recorded.
 */
#ifndef VARVE_FORMAT_FAIL_H
#define VARVE_FORMAT_FAIL_H

#include "util/fail.h"

/* VARVE_WRITE_TOO_OLD: `WriteTooOldError: write at timestamp A too old; wrote at B`. */
varve_status varve__fail_too_old(varve_error *err, varve_ts attempted, varve_ts actual);

/*
 * VARVE_WRITE_INTENT: `conflicting intents on KEY, KEY ...`.  The intents and their keys are
 * copied; VARVE_NO_MEMORY instead, if that fails.
 */
varve_status varve__fail_intents(varve_error *err, const varve_intent *list, size_t count,
                                 bool more);

/*
 * A failure about a user key: `format` holds one %s, which becomes the printed key (cut to its
 * room).
 */
varve_status varve__fail_key(varve_error *err, varve_status status, varve_slice user_key,
                             const char *format) VARVE_PRINTF(4, 0);

#endif
