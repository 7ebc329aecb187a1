/*
 * Any bytes as the token of a job: they are refused, or the job goes on somewhere in its span and
 * does there what it always does.  It comes to an end, changes nothing outside of its span, nothing
 * at all if it only looks, loses no newest value, and keeps the statistics account exact.
 *
 * Of an input, the first byte says what job it is for.  The rest is a token, or, so that it gets
 * further than the checksum, what stands in a token between what it is of and its checksum.
 */
#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <string.h>
#include <varve/varve.h>

#include "jobs/token.h"
#include "util/buf.h"

enum { GC, GC_ESTIMATE, RECOUNT, RESOLVE, RESOLVE_ESTIMATE, JOBS, KIND = 0x0F };
enum { AS_IT_IS = 0x80, OF_ANOTHER_STATE = 0x40 }; /* flags of the first byte */
enum { LONG_KEY = 60, STEPS_MAX = 200 };

#define SECOND INT64_C(1000000000)
#define bytes(literal) varve_slice_of(literal, sizeof(literal) - 1)

static varve_engine *engine;
static varve_reader *reader;
static varve_writer *writer;
static const varve_slice account = {NULL, 0};

/* What the store has been filled with. */
static bool is_filled;
static varve_stats outside[2];
static varve_rows newest = VARVE_ROWS_INIT;

/* ---- The store ---------------------------------------------------------------------------------
 */

static varve_span span_of(const char *start, const char *end)
{
    return (varve_span){varve_slice_text(start), varve_slice_text(end)};
}

static varve_span span_of_jobs(void)
{
    return span_of("b", "f");
}

static void put(const char *key, int64_t seconds, const varve_txn *txn, bool deletes)
{
    const varve_write how = {.struct_size = sizeof how,
                             .reader = reader,
                             .writer = writer,
                             .ts = varve_ts_of(seconds * SECOND, 0),
                             .txn = txn};
    varve_slice name = varve_slice_text(key);
    require((deletes ? varve_mvcc_delete(&how, name, NULL)
                     : varve_mvcc_put(&how, name, bytes("\0\0\0\0\3value"), NULL)) == VARVE_OK);
}

/* Versions at 1 s, 2 s and so on, every fifth a deletion. */
static void put_versions(const char *key, int64_t count)
{
    for (int64_t i = 1; i <= count; i++)
        put(key, i, NULL, i % 5 == 0);
}

static void put_intent(const char *key, int64_t seconds)
{
    varve_txn txn = VARVE_TXN_INIT;
    txn.meta.id[VARVE_TXN_ID_SIZE - 1] = 1;
    txn.meta.write_ts = varve_ts_of(seconds * SECOND, 0);
    txn.read_ts = txn.meta.write_ts;
    put(key, seconds, &txn, false);
}

static varve_stats count(varve_span span, int64_t nanos)
{
    varve_stats stats;
    require(varve_stats_compute(reader, span, nanos, NULL, &stats, NULL) == VARVE_OK);
    return stats;
}

/* What readers of the present see, intents passed. */
static void read_newest(varve_rows *rows)
{
    const varve_read how = {.struct_size = sizeof how,
                            .ts = varve_ts_max(),
                            .flags = VARVE_READ_INCONSISTENT | VARVE_READ_TOMBSTONES};
    const varve_span span = {varve_key_app_min(), varve_key_max()};
    require(varve_mvcc_scan(reader, &how, span, -1, rows, NULL) == VARVE_OK);
}

static void fill(void)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g"};
    require(varve_mvcc_clear_range(writer, (varve_span){bytes("\x01"), varve_key_max()}, NULL) ==
            VARVE_OK);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put_versions(keys[i], i == 1 ? LONG_KEY : 3 + (int64_t)i);
    put("c", 99, NULL, true);
    put_intent("a", 100);
    put_intent("d", 101);
    put_intent("e", 102);
    put_intent("g", 103);
    const varve_stats stats = count(span_of("\x02", ""), 0);
    require(varve_stats_account_set(writer, account, &stats, NULL) == VARVE_OK);
    outside[0] = count(span_of("\x02", "b"), 0);
    outside[1] = count(span_of("f", ""), 0);
    read_newest(&newest);
    is_filled = true;
}

static void open_store(void)
{
    const varve_options options = {.struct_size = sizeof options, .backend = VARVE_BACKEND_MEM};
    require(varve_engine_open(&options, &engine, NULL) == VARVE_OK);
    reader = varve_engine_reader(engine);
    writer = varve_engine_writer(engine);
}

static bool is_same(const varve_stats *a, const varve_stats *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void check_store(void)
{
    static const int64_t times[] = {0, 5000 * SECOND};
    varve_stats counted = count(span_of("\x02", "b"), 0);
    require(is_same(&counted, &outside[0]));
    counted = count(span_of("f", ""), 0);
    require(is_same(&counted, &outside[1]));
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_stats kept;
        counted = count(span_of("\x02", ""), times[i]);
        require(varve_stats_account_get(reader, account, times[i], &kept, NULL) == VARVE_OK);
        require(is_same(&counted, &kept));
    }
}

/* Every row that is a value is still there; deletions may have gone, and intents become values. */
static void check_newest(void)
{
    varve_rows now = VARVE_ROWS_INIT;
    varve_row before;
    varve_row row = {.key = {NULL, 0}};
    size_t at = 0;
    read_newest(&now);
    for (size_t i = 0; varve_rows_next(&newest, &i, &before);) {
        if (before.value.size == 0)
            continue;
        while (!varve_slice_equal(row.key, before.key))
            require(varve_rows_next(&now, &at, &row));
        require(row.value.size > 0 && varve_ts_compare(row.ts, before.ts) >= 0);
    }
    varve_rows_release(&now);
}

/* ---- Jobs --------------------------------------------------------------------------------------
 */

/* Step until there is no more. */
#define RUN(job, step)                                                                             \
    do {                                                                                           \
        bool more_ = true;                                                                         \
        for (int steps_ = 0; more_; steps_++) {                                                    \
            require(steps_ < STEPS_MAX);                                                           \
            require(step(job, &more_, NULL) == VARVE_OK);                                          \
        }                                                                                          \
    } while (0)

static varve_status run_gc(bool estimate, varve_slice token)
{
    const varve_gc_policy policy = {
        .struct_size = sizeof policy, .ttl_seconds = 100, .keep_versions = 2};
    const varve_gc_options options = {.struct_size = sizeof options,
                                      .span = span_of_jobs(),
                                      .policy = &policy,
                                      .now = varve_ts_of(120 * SECOND, 0),
                                      .estimate = estimate,
                                      .has_account = true,
                                      .batch_versions = 16,
                                      .resume = token};
    varve_job_progress progress = {.struct_size = sizeof progress};
    varve_gc *job;
    varve_status status = varve_gc_open(engine, &options, &job, NULL);
    if (status != VARVE_OK)
        return status;
    require(varve_gc_get_progress(job, &progress, NULL) == VARVE_OK);
    RUN(job, varve_gc_step);
    require(varve_gc_get_progress(job, &progress, NULL) == VARVE_OK);
    varve_gc_close(job);
    return VARVE_OK;
}

static varve_status run_recount(varve_slice token)
{
    const varve_recount_options options = {
        .struct_size = sizeof options, .span = span_of_jobs(), .step_records = 20, .resume = token};
    varve_job_progress progress = {.struct_size = sizeof progress};
    varve_recount *job;
    varve_status status = varve_recount_open(engine, &options, &job, NULL);
    if (status != VARVE_OK)
        return status;
    require(varve_recount_get_progress(job, &progress, NULL) == VARVE_OK);
    RUN(job, varve_recount_step);
    require(varve_recount_get_progress(job, &progress, NULL) == VARVE_OK);
    varve_recount_close(job);
    return VARVE_OK;
}

static varve_status run_resolve(bool estimate, varve_slice token)
{
    const varve_resolve_job_options options = {.struct_size = sizeof options,
                                               .span = span_of_jobs(),
                                               .status = VARVE_TXN_COMMITTED,
                                               .estimate = estimate,
                                               .has_account = true,
                                               .batch_intents = 1,
                                               .resume = token};
    varve_job_progress progress = {.struct_size = sizeof progress};
    varve_resolve_job *job;
    varve_status status = varve_resolve_job_open(engine, &options, &job, NULL);
    if (status != VARVE_OK)
        return status;
    require(varve_resolve_job_get_progress(job, &progress, NULL) == VARVE_OK);
    RUN(job, varve_resolve_job_step);
    require(varve_resolve_job_get_progress(job, &progress, NULL) == VARVE_OK);
    varve_resolve_job_close(job);
    return VARVE_OK;
}

static varve_status run(unsigned which, varve_slice token)
{
    switch (which) {
    case GC:
    case GC_ESTIMATE:
        return run_gc(which == GC_ESTIMATE, token);
    case RECOUNT:
        return run_recount(token);
    default:
        return run_resolve(which == RESOLVE_ESTIMATE, token);
    }
}

/* ---- Tokens ------------------------------------------------------------------------------------
 */

/* A token of such a job, whose bytes are right but for what stands between its head and its sum. */
static void forge(unsigned which, varve_slice body, bool is_current, varve_buf *token)
{
    static const unsigned char kinds[] = {'G', 'G', 'R', 'I', 'I'};
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    require(varve_span_encode(span_of_jobs(), &lower, &upper, NULL) == VARVE_OK);
    const varve__token_job job = {.kind = kinds[which],
                                  .estimate = which == GC_ESTIMATE || which == RESOLVE_ESTIMATE,
                                  .lower = varve_buf_slice(&lower),
                                  .upper = varve_buf_slice(&upper)};
    require(varve__token_begin(&job, token, NULL) == VARVE_OK);
    if (which == RECOUNT && is_current)
        require(varve__token_number(token, varve_engine_sequence(engine), NULL) == VARVE_OK);
    require(varve__buf_append(token, body, NULL) == VARVE_OK);
    require(varve__token_end(token, NULL) == VARVE_OK);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_buf token = VARVE_BUF_INIT;
    if (size < 2)
        return 0;
    if (engine == NULL)
        open_store();
    if (!is_filled)
        fill();
    unsigned which = (data[0] & KIND) % JOBS;
    varve_slice body = varve_slice_of(data + 1, size - 1);
    if ((data[0] & AS_IT_IS) != 0)
        require(varve__buf_append(&token, body, NULL) == VARVE_OK);
    else
        forge(which, body, (data[0] & OF_ANOTHER_STATE) == 0, &token);

    uint64_t sequence = varve_engine_sequence(engine);
    varve_status status = run(which, varve_buf_slice(&token));
    require(status == VARVE_OK || status == VARVE_INVALID_ARGUMENT);
    if (status != VARVE_OK || (which != GC && which != RESOLVE))
        require(varve_engine_sequence(engine) == sequence);
    if (varve_engine_sequence(engine) != sequence) {
        check_store();
        check_newest();
        is_filled = false;
    }
    varve_buf_release(&token);
    return 0;
}
