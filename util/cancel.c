#include <stdatomic.h>

#include <varve/cancel.h>

#include "util/alloc.h"
#include "util/fail.h"
#include "util/steady.h"

struct varve_cancel {
    atomic_bool is_cancelled;
    atomic_int_least64_t deadline; /* of the monotonic clock, in nanoseconds; 0 = none */
};

varve_status varve_cancel_open(varve_cancel **out, varve_error *err)
{
    *out = NULL;
    varve_cancel *cancel = varve__malloc(sizeof *cancel);
    if (cancel == NULL)
        return varve__fail_no_memory(err, sizeof *cancel);
    atomic_init(&cancel->is_cancelled, false);
    atomic_init(&cancel->deadline, 0);
    *out = cancel;
    return VARVE_OK;
}

void varve_cancel_close(varve_cancel *cancel)
{
    varve__free(cancel);
}

void varve_cancel_now(varve_cancel *cancel)
{
    atomic_store(&cancel->is_cancelled, true);
}

void varve_cancel_after(varve_cancel *cancel, int64_t nanoseconds)
{
    int64_t now = varve__steady_ns();
    int64_t deadline = nanoseconds <= INT64_MAX - now ? now + nanoseconds : INT64_MAX;
    atomic_store(&cancel->deadline, nanoseconds > 0 ? deadline : 0);
}

varve_status varve_cancel_check(const varve_cancel *cancel, varve_error *err)
{
    if (cancel == NULL)
        return VARVE_OK;
    if (atomic_load(&cancel->is_cancelled))
        return varve__fail(err, VARVE_CANCELLED, "the call was cancelled");
    int64_t deadline = atomic_load(&cancel->deadline);
    if (deadline != 0 && varve__steady_ns() >= deadline)
        return varve__fail(err, VARVE_DEADLINE, "the deadline of the call has passed");
    return VARVE_OK;
}
