/*
 * A hybrid logical clock: "now" as a timestamp that never goes back, also across restarts.
 */
#ifndef VARVE_CLOCK_H
#define VARVE_CLOCK_H

#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_clock varve_clock;

/*
 * Tells physical time in nanoseconds since the Unix epoch; it may stand still, jump and step back.
 * Called from any thread, one at a time.  It must not use the clock that asks.
 */
typedef int64_t (*varve_physical_clock_fn)(void *arg);

/* How to open a clock.  Set `struct_size`; zero elsewhere is a good default. */
typedef struct varve_clock_options {
    size_t struct_size;
    varve_physical_clock_fn physical; /* NULL = CLOCK_REALTIME */
    void *physical_arg;
    int64_t window_ns; /* how far ahead the high-water mark is stored; 0 = 1 second.  One synced
                          commit each window, and at most one window of a jump after a crash */
} varve_clock_options;

/*
 * Open the clock of an engine; one at a time.  Reads the high-water mark that is kept in the store.
 * NULL options take the defaults.  An open clock holds a batch of the engine, which can be closed
 * after it only (VARVE_BUSY).
 *
 * The mark is as durable as a synced commit of the engine.  With the WAL off, a crash takes it back
 * to the last flush, together with all data.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT; VARVE_CORRUPT if the mark does not decode; what reading
 * returns; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_clock_open(varve_engine *engine,
                                                        const varve_clock_options *options,
                                                        varve_clock **out, varve_error *err);

/*
 * Close a clock after its last use; NULL is fine.  One synced commit takes the high-water mark back
 * to the latest timestamp; if that fails, the next clock jumps as after a crash.
 */
VARVE_API void varve_clock_close(varve_clock *clock);

/*
 * A timestamp above every one that this clock has given out or observed, in this process or before
 * it: physical time if that is later, else the next logical tick.
 *
 * Returns VARVE_OK; VARVE_TIMESTAMP_OVERFLOW; or, when the high-water mark has to be moved, what
 * committing it returns; then no timestamp is given.  Any number of threads.
 */
VARVE_API VARVE_NODISCARD varve_status varve_clock_now(varve_clock *clock, varve_ts *now,
                                                       varve_error *err);

/*
 * Learn of a timestamp from elsewhere: later ones will be above it, after a restart too.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a negative one; VARVE_TIMESTAMP_OVERFLOW for the
 * largest, which none can follow; or, when the high-water mark has to be moved, what committing it
 * returns; then nothing has been learned.  Any number of threads.
 */
VARVE_API VARVE_NODISCARD varve_status varve_clock_observe(varve_clock *clock, varve_ts seen,
                                                           varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
