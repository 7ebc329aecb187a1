/*
 * The recount job: however it is cut into steps, dropped and resumed, it comes to what one count of
 * everything comes to.
 */
#include <stdio.h>
#include <varve/varve.h>

#include "engine/engine.h"
#include "tests/support/backends.h"

#define SECOND INT64_C(1000000000)
#define NOW (100 * SECOND)

enum { KEYS = 40, VERSIONS_MAX = 9 };

static const varve_slice store = {NULL, 0};
static test_random dice;
static varve_stats written; /* of all that fill_store() has written */

static void put(const char *key, varve_ts ts, const char *value, varve_stats *stats)
{
    const varve_write how = {.struct_size = sizeof how,
                             .reader = on.reader,
                             .writer = on.writer,
                             .ts = ts,
                             .stats = stats};
    varve_buf raw = VARVE_BUF_INIT;
    if (value != NULL)
        ck_ok(varve_value_set_bytes(&raw, varve_slice_text(value), &on.err), &on.err);
    varve_status status =
        value != NULL ? varve_mvcc_put(&how, varve_slice_text(key), varve_buf_slice(&raw), &on.err)
                      : varve_mvcc_delete(&how, varve_slice_text(key), &on.err);
    ck_ok(status, &on.err);
    varve_buf_release(&raw);
}

/* Keys with versions and tombstones, some inline, and something of the system's below them. */
static void fill_store(void)
{
    dice = test_random_start();
    written = (varve_stats){0};
    put("\x01k", varve_ts_of(SECOND, 0), "system", NULL);
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%02d", i);
        if (i % 7 == 3) {
            put(key, varve_ts_zero(), "inline", &written);
            continue;
        }
        size_t versions = 1 + test_random_below(&dice, VERSIONS_MAX);
        for (size_t v = 1; v <= versions; v++)
            put(key, varve_ts_of((int64_t)v * SECOND, 0),
                test_random_below(&dice, 4) == 0 ? NULL : "value", &written);
    }
    varve_stats_forward(&written, NOW);
    ck_ok(varve_stats_account_set(on.writer, store, &written, &on.err), &on.err);
}

static void ck_same(const varve_stats *got, const varve_stats *expected)
{
    varve_buf a = VARVE_BUF_INIT;
    varve_buf b = VARVE_BUF_INIT;
    ck_ok(varve_stats_print(got, &a, &on.err), &on.err);
    ck_ok(varve_stats_print(expected, &b, &on.err), &on.err);
    ck_slice_eq(varve_buf_slice(&a), varve_buf_slice(&b));
    varve_buf_release(&a);
    varve_buf_release(&b);
}

static varve_recount_options options_of(uint64_t step_records, varve_slice token)
{
    return (varve_recount_options){.struct_size = sizeof(varve_recount_options),
                                   .now_nanos = NOW,
                                   .step_records = step_records,
                                   .resume = token};
}

static varve_recount *open_job(uint64_t step_records, varve_slice token)
{
    const varve_recount_options options = options_of(step_records, token);
    varve_recount *job;
    ck_ok(varve_recount_open(on.engine, &options, &job, &on.err), &on.err);
    return job;
}

static varve_job_progress progress_of(varve_recount *job)
{
    varve_job_progress progress = {.struct_size = sizeof progress};
    ck_ok(varve_recount_get_progress(job, &progress, &on.err), &on.err);
    return progress;
}

START_TEST(steps_of_any_size_count_the_same)
{
    static const uint64_t sizes[] = {0, 1, 2, 3, 7, 50};
    uint64_t records = 0;
    fill_store();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        varve_recount *job = open_job(sizes[i], bytes(""));
        bool more = true;
        uint64_t steps = 0;
        while (more) {
            uint64_t before = progress_of(job).records;
            ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
            steps++;
            if (sizes[i] > 0)
                ck_assert_uint_le(progress_of(job).records - before, sizes[i]);
        }
        varve_stats counted = varve_recount_stats(job);
        ck_same(&counted, &written);
        varve_job_progress progress = progress_of(job);
        ck_assert_uint_eq(progress.keys, KEYS);
        ck_slice_eq(progress.at, bytes("k39"));
        if (i == 0)
            records = progress.records;
        ck_assert_uint_eq(progress.records, records);
        ck_assert_uint_ge(steps, sizes[i] > 0 ? records / sizes[i] : 1);
        ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
        ck_assert(!more);
        varve_recount_close(job);
    }
}
END_TEST

/* Each step is made by a job of its own, from the token of the one before. */
START_TEST(a_token_goes_on_where_it_was_taken)
{
    varve_buf token = VARVE_BUF_INIT;
    bool more = true;
    fill_store();
    /* So few records are less than some keys have: such a step ends where it began. */
    const uint64_t step = VERSIONS_MAX + 1;
    while (more) {
        varve_recount *job = open_job(step, varve_buf_slice(&token));
        ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
        ck_ok(varve_recount_token(job, &token, &on.err), &on.err);
        varve_recount_close(job);
    }
    varve_recount *job = open_job(step, varve_buf_slice(&token));
    varve_stats counted = varve_recount_stats(job);
    ck_same(&counted, &written);
    ck_assert_uint_eq(progress_of(job).keys, KEYS);
    ck_ok(varve_recount_difference(job, store, &counted, &on.err), &on.err);
    ck_same(&counted, &(varve_stats){.last_update_nanos = NOW});
    varve_recount_close(job);
    varve_buf_release(&token);
}
END_TEST

static void ck_refused(const varve_recount_options *options, const char *text)
{
    varve_recount *job = NULL;
    ck_fails(varve_recount_open(on.engine, options, &job, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             text);
    ck_assert_ptr_null(job);
}

START_TEST(a_token_of_something_else_is_refused)
{
    varve_buf token = VARVE_BUF_INIT;
    bool more;
    fill_store();
    varve_recount *job = open_job(10, bytes(""));
    ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
    ck_ok(varve_recount_token(job, &token, &on.err), &on.err);
    varve_recount_close(job);

    varve_recount_options options = options_of(10, varve_buf_slice(&token));
    options.span.end = bytes("k20");
    ck_refused(&options, "the token is of a job over another span");
    for (size_t i = 0; i < token.size; i++) {
        token.data[i] ^= 0x10;
        options = options_of(10, varve_buf_slice(&token));
        ck_refused(&options, "these bytes are no token of such a job");
        token.data[i] ^= 0x10;
        options.resume.size = i;
        if (i > 0)
            ck_refused(&options, "these bytes are no token of such a job");
    }
    put("k00", varve_ts_of(50 * SECOND, 0), "later", NULL);
    options = options_of(10, varve_buf_slice(&token));
    ck_refused(&options, "the store has been written to since the job began");
    varve_buf_release(&token);
}
END_TEST

/* What has been written since the job began is in the account, but not in its difference. */
START_TEST(an_account_is_corrected_beside_writers)
{
    varve_stats wrong = {.last_update_nanos = NOW, .live_bytes = -13, .gc_bytes_age = 99};
    varve_stats share = {0};
    varve_stats difference;
    bool more = true;
    fill_store();
    ck_ok(varve_stats_account_add(on.writer, store, &wrong, &on.err), &on.err);
    varve_recount *job = open_job(10, bytes(""));
    ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
    ck_assert(more);
    ck_fails(varve_recount_difference(job, store, &difference, &on.err), VARVE_MISUSE, &on.err,
             "not everything has been counted yet");
    put("a", varve_ts_of(50 * SECOND, 0), "before", &share);
    put("k39", varve_ts_of(50 * SECOND, 0), "behind", &share);
    ck_ok(varve_stats_account_add(on.writer, store, &share, &on.err), &on.err);
    while (more)
        ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
    ck_status(varve_recount_difference(job, bytes("other"), &difference, &on.err), VARVE_NOT_FOUND,
              &on.err);
    ck_ok(varve_recount_difference(job, store, &difference, &on.err), &on.err);
    wrong = (varve_stats){.last_update_nanos = NOW, .live_bytes = 13, .gc_bytes_age = -99};
    ck_same(&difference, &wrong);
    ck_ok(varve_stats_account_add(on.writer, store, &difference, &on.err), &on.err);
    varve_recount_close(job);

    job = open_job(0, bytes(""));
    ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
    ck_ok(varve_recount_difference(job, store, &difference, &on.err), &on.err);
    ck_same(&difference, &(varve_stats){.last_update_nanos = NOW});
    varve_recount_close(job);
}
END_TEST

START_TEST(spans_side_by_side_add_up)
{
    varve_stats sum = {.last_update_nanos = NOW};
    static const char *const bounds[] = {"", "k10", "k11", "k30", ""};
    fill_store();
    for (size_t i = 0; i + 1 < sizeof bounds / sizeof bounds[0]; i++) {
        varve_recount_options options = options_of(0, bytes(""));
        options.span = (varve_span){varve_slice_text(bounds[i]), varve_slice_text(bounds[i + 1])};
        varve_recount *job;
        bool more;
        ck_ok(varve_recount_open(on.engine, &options, &job, &on.err), &on.err);
        ck_ok(varve_recount_step(job, &more, &on.err), &on.err);
        ck_assert(!more);
        varve_stats part = varve_recount_stats(job);
        varve_stats_add(&sum, &part);
        varve_recount_close(job);
    }
    ck_same(&sum, &written);
}
END_TEST

/* A damaged record stops the job, again and again; cancelled, it goes on later. */
START_TEST(after_a_failure_the_job_stands_where_it_stood)
{
    varve_cancel *cancel;
    varve_buf key = VARVE_BUF_INIT;
    bool more;
    fill_store();
    ck_ok(varve_key_encode(bytes("k20"), varve_ts_zero(), &key, &on.err), &on.err);
    ck_ok(varve_writer_put(on.writer, varve_buf_slice(&key), bytes("\x80"), &on.err), &on.err);
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    varve_recount_options options = options_of(0, bytes(""));
    options.cancel = cancel;
    varve_recount *job;
    ck_ok(varve_recount_open(on.engine, &options, &job, &on.err), &on.err);
    for (int i = 0; i < 3; i++) {
        ck_status(varve_recount_step(job, &more, &on.err), VARVE_CORRUPT, &on.err);
        varve_job_progress progress = progress_of(job);
        ck_slice_eq(progress.at, bytes("k20"));
        ck_assert_uint_eq(progress.keys, 20);
    }
    varve_cancel_now(cancel);
    ck_status(varve_recount_step(job, &more, &on.err), VARVE_CANCELLED, &on.err);
    ck_assert(more);
    varve_recount_close(job);
    varve_cancel_close(cancel);
    varve_buf_release(&key);
}
END_TEST

/* The key before is not counted again with each attempt. */
START_TEST(a_key_that_does_not_decode_adds_nothing)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_stats counted[2];
    bool more;
    fill_store();
    const varve_record record = {VARVE_RECORD_PUT, bytes("k19\x00\x02"), bytes("x")};
    ck_ok(on.writer->ops->write(on.writer, &record, &on.err), &on.err);
    varve_recount_options options = options_of(0, bytes(""));
    varve_recount *job;
    ck_ok(varve_recount_open(on.engine, &options, &job, &on.err), &on.err);
    for (int i = 0; i < 3; i++) {
        ck_status(varve_recount_step(job, &more, &on.err), VARVE_CORRUPT_KEY, &on.err);
        ck_assert_uint_eq(progress_of(job).keys, 20);
        counted[i > 0] = varve_recount_stats(job);
        ck_same(&counted[i > 0], &counted[0]);
    }
    /* Nor after a token. */
    ck_ok(varve_recount_token(job, &token, &on.err), &on.err);
    varve_recount_close(job);
    options.resume = varve_buf_slice(&token);
    ck_ok(varve_recount_open(on.engine, &options, &job, &on.err), &on.err);
    ck_status(varve_recount_step(job, &more, &on.err), VARVE_CORRUPT_KEY, &on.err);
    counted[1] = varve_recount_stats(job);
    ck_same(&counted[1], &counted[0]);
    varve_recount_close(job);
    varve_buf_release(&token);
}
END_TEST

/* Once there is memory again, a job that failed goes on. */
static varve_status count_all(void *context, varve_error *err)
{
    const varve_recount_options options = options_of(25, bytes(""));
    varve_recount *job = NULL;
    varve_error ignored = VARVE_ERROR_INIT;
    bool more = true;
    (void)context;
    varve_status status = varve_recount_open(on.engine, &options, &job, err);
    while (status == VARVE_OK && more)
        status = varve_recount_step(job, &more, err);
    while (job != NULL && more) {
        if (varve_recount_step(job, &more, &ignored) != VARVE_OK)
            varve_error_release(&ignored);
    }
    if (job != NULL) {
        varve_stats counted = varve_recount_stats(job);
        ck_assert(memcmp(&counted, &written, sizeof counted) == 0);
    }
    varve_recount_close(job);
    return status;
}

START_TEST(it_can_run_out_of_memory)
{
    if (on.backend == BACKEND_DISK)
        return; /* the same code as in memory, and its threads allocate too */
    fill_store();
    ck_assert_uint_ge(fault_alloc_each(count_all, NULL), 5);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, steps_of_any_size_count_the_same);
    tcase_add_test(tcase, a_token_goes_on_where_it_was_taken);
    tcase_add_test(tcase, a_token_of_something_else_is_refused);
    tcase_add_test(tcase, an_account_is_corrected_beside_writers);
    tcase_add_test(tcase, spans_side_by_side_add_up);
    tcase_add_test(tcase, after_a_failure_the_job_stands_where_it_stood);
    tcase_add_test(tcase, a_key_that_does_not_decode_adds_nothing);
    tcase_add_test(tcase, it_can_run_out_of_memory);
}

int main(void)
{
    return run_suite(backend_suite("recount", fill));
}
