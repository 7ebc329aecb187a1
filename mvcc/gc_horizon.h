/*
 * How far garbage collection has come: for each user key the highest time below which readers may
 * miss versions that have been collected.  One record of varve's own holds it for all keys, as
 * steps: from each of a few keys on, up to the next, it is one time.
 */
#ifndef VARVE_MVCC_GC_HORIZON_H
#define VARVE_MVCC_GC_HORIZON_H

#include <varve/mvcc.h>

/* More steps than this are made fewer, by raising those that are nearest to their neighbours. */
#define VARVE__GC_STEPS_MAX 64

typedef struct varve__gc_step {
    varve_slice start; /* the first user key */
    varve_ts ts;       /* from it on; zero = nothing has been collected */
} varve__gc_step;

typedef struct varve__gc_horizon {
    varve_rows rows;                               /* the record, into which the steps point */
    varve_buf spans;                               /* other keys that they point into */
    varve__gc_step steps[VARVE__GC_STEPS_MAX + 2]; /* ascending */
    size_t count;
} varve__gc_horizon;

/*
 * In what follows, an empty start is the first key of all, an empty end the end of all, and a span
 * that ends where it starts is that one key.
 */

/*
 * Fill `horizon` with what a reader shows; varve__gc_horizon_release() follows in any case.
 * Returns VARVE_OK; VARVE_CORRUPT; VARVE_CHECKSUM; or what the reader returns.
 */
varve_status varve__gc_horizon_read(varve__gc_horizon *horizon, varve_reader *reader,
                                    varve_error *err);
void varve__gc_horizon_release(varve__gc_horizon *horizon);

/* The highest time in a span. */
varve_ts varve__gc_horizon_highest(const varve__gc_horizon *horizon, varve_span span);

/* The lowest. */
varve_ts varve__gc_horizon_lowest(const varve__gc_horizon *horizon, varve_span span);

/*
 * Raise it to `ts` where it is lower in the span, which has keys and whose bytes are copied.  To be
 * called once for what has been read.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
varve_status varve__gc_horizon_raise(varve__gc_horizon *horizon, varve_span span, varve_ts ts,
                                     varve_error *err);

/* Write it. */
varve_status varve__gc_horizon_put(const varve__gc_horizon *horizon, varve_writer *writer,
                                   varve_error *err);

/*
 * VARVE_BELOW_THRESHOLD for a read of these keys at `ts` that may miss what has been collected.
 * What is read must have been opened before this is called, so that it shows no later state.
 */
varve_status varve__gc_check_read(varve_reader *reader, varve_span span, varve_ts ts,
                                  varve_error *err);

#endif
