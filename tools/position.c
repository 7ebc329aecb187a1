/* How far a walk over keys is. */
#include "position.h"

static uint64_t bytes_between(const struct position *position, varve_slice lower, varve_slice upper)
{
    uint64_t bytes = 0;

    /* Without an answer there is no end to be told of, which is all. */
    if (varve_engine_approximate_bytes(position->store->engine, lower, upper, &bytes, NULL) !=
        VARVE_OK)
        return 0;
    return bytes;
}

void position_begin(struct position *position, const struct store *store, varve_span span)
{
    *position = (struct position){.store = store};
    if (varve_span_encode(span, &position->lower, &position->upper, NULL) == VARVE_OK)
        position->total = bytes_between(position, varve_buf_slice(&position->lower),
                                        varve_buf_slice(&position->upper));
}

uint64_t position_at(const struct position *position, varve_slice key)
{
    varve_buf here = VARVE_BUF_INIT;
    uint64_t bytes = 0;

    if (varve_key_encode(key, varve_ts_zero(), &here, NULL) == VARVE_OK)
        bytes = bytes_between(position, varve_buf_slice(&position->lower), varve_buf_slice(&here));
    varve_buf_release(&here);
    return bytes < position->total ? bytes : position->total;
}

void position_release(struct position *position)
{
    varve_buf_release(&position->lower);
    varve_buf_release(&position->upper);
}
