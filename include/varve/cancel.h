/*
 * Cancelling what takes long: a token that is handed to a call and watched by it.
 *
 * One token may serve any number of calls, also at the same time.  A call that is cancelled returns
 * VARVE_CANCELLED or VARVE_DEADLINE and has done some of its work or none of it; its own comment
 * says what that leaves behind.
 */
#ifndef VARVE_CANCEL_H
#define VARVE_CANCEL_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_cancel varve_cancel;

/* Make a token that cancels nothing yet.  Returns VARVE_OK; or VARVE_NO_MEMORY, `*out` NULL. */
VARVE_API VARVE_NODISCARD varve_status varve_cancel_open(varve_cancel **out, varve_error *err);

/* Free a token that no call uses any more; NULL is fine. */
VARVE_API void varve_cancel_close(varve_cancel *cancel);

/* Cancel every call that has the token, now and later.  Any thread, and a signal handler, may. */
VARVE_API void varve_cancel_now(varve_cancel *cancel);

/*
 * Let the token's calls end `nanoseconds` from now, by a clock that is never set.  Zero or less
 * takes the deadline away.  Any thread may.
 */
VARVE_API void varve_cancel_after(varve_cancel *cancel, int64_t nanoseconds);

/*
 * What a call with this token would return now: VARVE_OK, VARVE_CANCELLED or VARVE_DEADLINE.  NULL
 * is never cancelled.
 */
VARVE_API VARVE_NODISCARD varve_status varve_cancel_check(const varve_cancel *cancel,
                                                          varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
