#include <varve/clock.h>

#include <pthread.h>
#include <time.h>

#include <varve/mvcc.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "util/alloc.h"
#include "util/fail.h"

/*
 * The high-water mark: no timestamp above it has been given out or observed.  It lies up to one
 * window ahead, so that it has to be committed once a window and not for each timestamp; closing
 * takes it back.
 */
#define MARK_KEY "\x01\x76\x63"
#define MARK_SIZE 12
#define WINDOW_DEFAULT_NS 1000000000

struct varve_clock {
    varve_batch *batch; /* for the mark; as long as it is open, so is the engine */
    varve_physical_clock_fn physical;
    void *physical_arg;
    int64_t window_ns;
    pthread_mutex_t mutex;
    varve_ts last; /* the latest given out or observed; after opening, the mark */
    varve_ts mark; /* as committed */
};

static int64_t realtime(void *arg)
{
    (void)arg;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- The mark in the store ---------------------------------------------------------------------
 */

static void encode_mark(varve_ts mark, unsigned char bytes[MARK_SIZE])
{
    uint64_t wall = (uint64_t)mark.wall;
    uint32_t logical = (uint32_t)mark.logical;
    for (size_t i = 8; i-- > 0; wall >>= 8)
        bytes[i] = (unsigned char)wall;
    for (size_t i = MARK_SIZE; i-- > 8; logical >>= 8)
        bytes[i] = (unsigned char)logical;
}

static varve_ts decode_mark(const unsigned char bytes[MARK_SIZE])
{
    uint64_t wall = 0;
    uint32_t logical = 0;
    for (size_t i = 0; i < 8; i++)
        wall = wall << 8 | bytes[i];
    for (size_t i = 8; i < MARK_SIZE; i++)
        logical = logical << 8 | bytes[i];
    return varve_ts_of((int64_t)wall, (int32_t)logical);
}

static varve_status parse_mark(varve_slice raw, varve_ts *mark, varve_error *err)
{
    varve_slice data;
    if (varve_value_get_bytes(raw, &data, NULL) == VARVE_OK && data.size == MARK_SIZE) {
        varve_ts parsed = decode_mark(data.data);
        if (parsed.wall >= 0 && parsed.logical >= 0) {
            *mark = parsed;
            return VARVE_OK;
        }
    }
    return varve__fail(err, VARVE_CORRUPT, "the clock's high-water mark does not decode");
}

/* A store without a mark has had no clock: its mark is zero. */
static varve_status read_mark(varve_engine *engine, varve_ts *mark, varve_error *err)
{
    *mark = varve_ts_zero();
    varve_rows rows = VARVE_ROWS_INIT;
    /* A mark that is there but empty is damaged, not absent. */
    varve_read how = {.struct_size = sizeof how, .flags = VARVE_READ_TOMBSTONES};
    varve_status status =
        varve_mvcc_get(varve_engine_reader(engine), &how, varve_slice_text(MARK_KEY), &rows, err);
    if (status == VARVE_OK) {
        varve_row row;
        size_t position = 0;
        (void)varve_rows_next(&rows, &position, &row);
        status = parse_mark(row.value, mark, err);
    }
    varve_rows_release(&rows);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

static varve_status stage_mark(varve_batch *batch, varve_ts mark, varve_error *err)
{
    unsigned char bytes[MARK_SIZE];
    encode_mark(mark, bytes);
    varve_buf raw = VARVE_BUF_INIT;
    varve_write how = {.struct_size = sizeof how, .writer = varve_batch_writer_of(batch)};
    varve_status status = varve_value_set_bytes(&raw, varve_slice_of(bytes, sizeof bytes), err);
    if (status == VARVE_OK)
        status = varve_mvcc_put(&how, varve_slice_text(MARK_KEY), varve_buf_slice(&raw), err);
    varve_buf_release(&raw);
    return status;
}

/* Synced, however durable the engine's other commits are: a mark that can be lost is none. */
static varve_status commit_mark(varve_batch *batch, varve_ts mark, varve_error *err)
{
    varve_status status = varve_batch_reset(batch, err);
    if (status == VARVE_OK)
        status = stage_mark(batch, mark, err);
    return status == VARVE_OK ? varve_batch_commit(batch, VARVE_SYNC, err) : status;
}

/* ---- The clock ---------------------------------------------------------------------------------
 */

static varve_status take_options(varve_clock *clock, const varve_clock_options *given,
                                 varve_error *err)
{
    varve_clock_options options = {.struct_size = sizeof options};
    if (given != NULL) {
        varve_status status =
            varve__struct_copy(&options, sizeof options, given, "varve_clock_options", err);
        if (status != VARVE_OK)
            return status;
    }
    if (options.window_ns < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_clock_options.window_ns is negative");
    clock->physical = options.physical != NULL ? options.physical : realtime;
    clock->physical_arg = options.physical_arg;
    clock->window_ns = options.window_ns > 0 ? options.window_ns : WINDOW_DEFAULT_NS;
    return VARVE_OK;
}

varve_status varve_clock_open(varve_engine *engine, const varve_clock_options *options,
                              varve_clock **out, varve_error *err)
{
    *out = NULL;
    varve_clock *clock = varve__calloc(1, sizeof *clock);
    if (clock == NULL)
        return varve__fail_no_memory(err, sizeof *clock);
    varve_status status = take_options(clock, options, err);
    if (status == VARVE_OK)
        status = read_mark(engine, &clock->mark, err);
    if (status == VARVE_OK)
        status = varve_batch_open(engine, VARVE_BATCH_WRITE_ONLY, &clock->batch, err);
    if (status != VARVE_OK) {
        varve__free(clock);
        return status;
    }
    clock->last = clock->mark;
    /* With default attributes this cannot fail on the systems we know, and needs no memory. */
    (void)pthread_mutex_init(&clock->mutex, NULL);
    *out = clock;
    return VARVE_OK;
}

/*
 * Take the mark back to what has been used of it: the windows of programs that run for a moment
 * would add up, and drive the clock away from physical time.  Where that fails the next clock
 * starts at the mark, as after a crash.
 */
static void take_mark_back(varve_clock *clock)
{
    if (varve_ts_compare(clock->mark, clock->last) > 0)
        (void)commit_mark(clock->batch, clock->last, NULL);
}

void varve_clock_close(varve_clock *clock)
{
    if (clock == NULL)
        return;
    take_mark_back(clock);
    varve_batch_close(clock->batch);
    (void)pthread_mutex_destroy(&clock->mutex);
    varve__free(clock);
}

/* One window above `ts`, or as far as timestamps go. */
static varve_ts window_above(const varve_clock *clock, varve_ts ts)
{
    if (ts.wall > INT64_MAX - clock->window_ns)
        return varve_ts_max();
    return varve_ts_of(ts.wall + clock->window_ns, ts.logical);
}

/* Make `ts` the latest, moving the mark first if it lies beyond.  The mutex is held. */
static varve_status advance(varve_clock *clock, varve_ts ts, varve_error *err)
{
    if (varve_ts_compare(ts, clock->mark) > 0) {
        varve_ts mark = window_above(clock, ts);
        varve_status status = commit_mark(clock->batch, mark, err);
        if (status != VARVE_OK)
            return status;
        clock->mark = mark;
    }
    clock->last = ts;
    return VARVE_OK;
}

static varve_status tick(varve_clock *clock, varve_ts *now, varve_error *err)
{
    varve_ts ts = varve_ts_of(clock->physical(clock->physical_arg), 0);
    if (varve_ts_compare(ts, clock->last) <= 0) {
        varve_status status = varve_ts_next(clock->last, &ts, err);
        if (status != VARVE_OK)
            return status;
    }
    varve_status status = advance(clock, ts, err);
    if (status == VARVE_OK)
        *now = ts;
    return status;
}

varve_status varve_clock_now(varve_clock *clock, varve_ts *now, varve_error *err)
{
    (void)pthread_mutex_lock(&clock->mutex);
    varve_status status = tick(clock, now, err);
    (void)pthread_mutex_unlock(&clock->mutex);
    return status;
}

varve_status varve_clock_observe(varve_clock *clock, varve_ts seen, varve_error *err)
{
    if (seen.wall < 0 || seen.logical < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a negative timestamp cannot be observed");
    varve_ts next;
    varve_status status = varve_ts_next(seen, &next, err);
    if (status != VARVE_OK)
        return status;
    (void)pthread_mutex_lock(&clock->mutex);
    if (varve_ts_compare(seen, clock->last) > 0)
        status = advance(clock, seen, err);
    (void)pthread_mutex_unlock(&clock->mutex);
    return status;
}
