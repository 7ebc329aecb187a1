/*
 * The garbage job step by step: keys with more versions than a batch, holds that come and go
 * meanwhile, faults in the middle, refusals.
 */
#include <stdio.h>
#include <varve/varve.h>

#include "tests/support/account.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/intents.h"

static varve_gc_policy policy;

static void use_engine(void)
{
    mvcc.engine = on.engine;
    mvcc.reader = on.reader;
    mvcc.writer = on.writer;
    policy = (varve_gc_policy){.struct_size = sizeof policy, .keep_versions = 1};
}

/* ---- Stores ------------------------------------------------------------------------------------
 */

/* Versions of a key at 1 s, 2 s and so on, with these numbers; every fifth is a deletion. */
static void put_versions(const char *key, int count)
{
    for (int i = 1; i <= count; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        mvcc_put_raw(mvcc_engine_key(key, at(i * SECOND)),
                     varve_slice_text(i % 5 == 0 ? "" : number));
    }
}

static int64_t versions_left(void)
{
    return account_recount(0).val_count;
}

/* ---- Jobs --------------------------------------------------------------------------------------
 */

static varve_gc_options options_of(uint64_t batch_versions)
{
    return (varve_gc_options){.struct_size = sizeof(varve_gc_options),
                              .policy = &policy,
                              .now = at(1000 * SECOND),
                              .has_account = true,
                              .batch_versions = batch_versions};
}

static varve_gc *open_job(varve_gc_options options)
{
    varve_gc *job;
    ck_ok(varve_gc_open(on.engine, &options, &job, &on.err), &on.err);
    return job;
}

static bool step(varve_gc *job)
{
    bool more = true;
    ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
    return more;
}

static varve_gc_report report_of(const varve_gc *job)
{
    varve_gc_report report = {.struct_size = sizeof report};
    ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
    return report;
}

static varve_gc_report run(varve_gc_options options)
{
    varve_gc *job = open_job(options);
    while (step(job))
        ;
    varve_gc_report report = report_of(job);
    varve_gc_close(job);
    return report;
}

static varve_status put_hold(const char *id, int64_t seconds, int64_t expires)
{
    const varve_gc_hold hold = {.struct_size = sizeof hold,
                                .id = varve_slice_text(id),
                                .ts = at(seconds * SECOND),
                                .expires = expires};
    return varve_gc_hold_put(on.engine, NULL, &hold, &on.err);
}

/* ---- Keys with more versions than a batch ------------------------------------------------------
 */

/* Trap T13: after each step, which may be the last of its process, everything is exact. */
START_TEST(a_key_of_many_versions_goes_from_its_oldest_end)
{
    static const uint64_t sizes[] = {1, 63, 64, 65, 100, 499, 500, 501};
    use_engine();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t size = sizes[i];
        int count = size == 1 ? 9 : 501;
        varve_gc_options options = options_of(size);
        varve_buf token = VARVE_BUF_INIT;
        put_versions("a", 3);
        put_versions("k", count);
        mvcc_put_raw(mvcc_engine_key("k", at((count + 1) * SECOND)), bytes("newest"));
        put_versions("z", 3);
        account_open();
        bool more = true;
        while (more) {
            int64_t before = versions_left();
            options.resume = varve_buf_slice(&token);
            varve_gc *job = open_job(options);
            more = step(job);
            ck_ok(varve_gc_token(job, &token, &on.err), &on.err);
            varve_gc_close(job);
            ck_account();
            ck_assert_int_le(before - versions_left(), (int64_t)size);
            ck_assert(!more || before > versions_left());
            char expected[64];
            snprintf(expected, sizeof expected, "k@%lld=newest", (count + 1) * (long long)SECOND);
            ck_assert_str_eq(mvcc_get("k", varve_ts_max()), expected);
        }
        varve_buf_release(&token);
        ck_assert_int_eq(versions_left(), 3);
    }
}
END_TEST

START_TEST(a_dead_key_of_many_versions_goes_as_a_whole)
{
    use_engine();
    policy = (varve_gc_policy){.struct_size = sizeof policy, .ttl_seconds = 1};
    put_versions("k", 300);
    mvcc_put_raw(mvcc_engine_key("k", at(301 * SECOND)), bytes(""));
    account_open();
    varve_gc_report report = run(options_of(70));
    ck_assert_uint_eq(report.collected.versions, 301);
    ck_assert_uint_eq(report.collected_keys, 1);
    ck_assert_uint_eq(report.commits, 5);
    ck_account();
    ck_assert_int_eq(versions_left(), 0);
}
END_TEST

/* What follows the part that goes is cleared by range, and other keys are not. */
START_TEST(neighbours_of_a_long_key_stay)
{
    use_engine();
    mvcc_put_raw(mvcc_engine_key("j", at(SECOND)), bytes("j"));
    put_versions("k", 400);
    mvcc_put_raw(mvcc_engine_key("k%00", at(SECOND)), bytes("k0"));
    account_open();
    run(options_of(100));
    ck_account();
    ck_assert_int_eq(versions_left(), 3);
}
END_TEST

/* ---- Holds -------------------------------------------------------------------------------------
 */

/* Trap T14: a hold keeps, one that is over does not, a reader below is refused. */
START_TEST(holds_keep_until_they_are_over)
{
    const unsigned check = VARVE_READ_CHECK_COLLECTED;
    use_engine();
    put_versions("k", 9);
    account_open();
    ck_ok(put_hold("over", 1, 1000 * SECOND), &on.err);
    ck_ok(put_hold("held", 4, 1000 * SECOND + 1), &on.err);
    ck_assert_uint_eq(run(options_of(2)).collected.versions, 3);
    ck_assert_str_eq(mvcc_get_flags("k", at(4 * SECOND), check), "k@4000000000=4");
    ck_assert_str_eq(mvcc_get_flags("k", at(3 * SECOND), check), "BELOW_THRESHOLD");
    ck_status(put_hold("late", 3, 0), VARVE_BELOW_THRESHOLD, &on.err);
    varve_error_release(&on.err);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("held"), &on.err), &on.err);
    ck_assert_uint_eq(run(options_of(2)).collected.versions, 5);
    ck_assert_str_eq(mvcc_get_flags("k", at(4 * SECOND), check), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_get_flags("k", at(9 * SECOND), check), "k@9000000000=9");
    ck_account();
}
END_TEST

/* By count, how far is collected is known with each batch: a hold in between counts from then on.
 */
START_TEST(a_hold_between_two_steps_is_obeyed)
{
    use_engine();
    put_versions("a", 4);
    put_versions("b", 4);
    account_open();
    varve_gc *job = open_job(options_of(3));
    ck_assert(step(job));
    ck_assert_int_eq(versions_left(), 5);
    ck_status(put_hold("early", 3, 0), VARVE_BELOW_THRESHOLD, &on.err);
    varve_error_release(&on.err);
    ck_ok(put_hold("in time", 4, 0), &on.err);
    mvcc_put_raw(mvcc_engine_key("b", at(6 * SECOND)), bytes("w"));
    account_open();
    while (step(job))
        ;
    varve_gc_close(job);
    ck_account();
    /* Of b, the version at 4 is seen at 4 and stays, though a newer one covers it. */
    ck_assert_int_eq(versions_left(), 1 + 2);
}
END_TEST

/* By age, how far is told before anything goes: what is put then, in between, comes too late. */
START_TEST(a_hold_behind_the_announcement_comes_too_late)
{
    varve_ts until;
    use_engine();
    policy = (varve_gc_policy){.struct_size = sizeof policy, .ttl_seconds = 500};
    put_versions("a", 4);
    put_versions("b", 4);
    account_open();
    varve_gc *job = open_job(options_of(1));
    ck_assert(step(job));
    ck_ok(varve_gc_collected(on.reader, (varve_span){bytes("b"), bytes("b")}, &until, &on.err),
          &on.err);
    ck_assert_int_eq(until.wall, 500 * SECOND);
    ck_status(put_hold("late", 499, 0), VARVE_BELOW_THRESHOLD, &on.err);
    varve_error_release(&on.err);
    ck_ok(put_hold("in time", 500, 0), &on.err);
    while (step(job))
        ;
    varve_gc_close(job);
    ck_assert_int_eq(versions_left(), 2);
    ck_account();
}
END_TEST

/* The record of a hold, as a batch representation; the hold itself is not there afterwards. */
static varve_slice record_of_hold(int64_t seconds)
{
    const varve_slice start = hex("01 76 68");
    const varve_slice end = hex("01 76 69");
    const varve_iter_options bounds = {.struct_size = sizeof bounds, .lower = start, .upper = end};
    varve_batch *batch;
    varve_iter *it;
    ck_ok(put_hold("raw", seconds, 0), &on.err);
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, &on.err), &on.err);
    ck_ok(varve_iter_open(on.reader, &bounds, &it, &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, start));
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), it->key, varve_iter_value(it), &on.err),
          &on.err);
    varve_iter_close(it);
    const varve_slice repr = copy_of(varve_batch_repr(batch));
    varve_batch_close(batch);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("raw"), &on.err), &on.err);
    return repr;
}

/*
 * One who stores a hold has put it, and not yet looked how far is collected, when a job has told
 * that, and not yet removed anything: the job sees the hold.
 */
START_TEST(a_hold_right_behind_the_announcement_is_obeyed)
{
    varve_ts until;
    use_engine();
    policy = (varve_gc_policy){.struct_size = sizeof policy, .ttl_seconds = 500};
    put_versions("a", 4);
    account_open();
    backend_faults_insert(on.engine);
    backend_faults.behind_next = record_of_hold(2);
    varve_gc *job = open_job(options_of(0));
    while (step(job))
        ;
    ck_assert_uint_eq(report_of(job).collected.versions, 1);
    varve_gc_close(job);
    ck_ok(varve_gc_collected(on.reader, (varve_span){bytes("a"), bytes("b")}, &until, &on.err),
          &on.err);
    ck_assert_int_eq(until.wall, 500 * SECOND);
    /* Of those at 1, 2, 3 and 4, the first is not seen at 2. */
    ck_assert_int_eq(versions_left(), 3);
    ck_account();
}
END_TEST

/* Nothing to collect: nothing is written, and no reader is refused. */
START_TEST(a_job_without_garbage_changes_nothing)
{
    use_engine();
    policy = (varve_gc_policy){.struct_size = sizeof policy, .ttl_seconds = 1};
    mvcc_put_raw(mvcc_engine_key("a", at(SECOND)), bytes("v"));
    mvcc_put_inline("i", "v");
    uint64_t sequence = varve_engine_sequence(on.engine);
    ck_assert_uint_eq(run(options_of(0)).commits, 0);
    ck_assert_uint_eq(varve_engine_sequence(on.engine), sequence);
}
END_TEST

START_TEST(a_damaged_hold_stops_the_job)
{
    varve_gc *job;
    bool more;
    use_engine();
    put_versions("k", 9);
    const varve_write how = {.struct_size = sizeof how, .writer = on.writer};
    ck_ok(varve_mvcc_put(&how, bytes("\x01vhx"), hex("00 00 00 00 03 01"), &on.err), &on.err);
    job = open_job(options_of(0));
    ck_status(varve_gc_step(job, &more, &on.err), VARVE_CORRUPT, &on.err);
    varve_error_release(&on.err);
    ck_assert_int_eq(versions_left(), 9);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("x"), &on.err), &on.err);
    ck_assert(!step(job));
    ck_assert_int_eq(versions_left(), 1);
    varve_gc_close(job);
}
END_TEST

/* ---- Merges that do not fit together -----------------------------------------------------------
 */

START_TEST(conflicts_of_merges_are_passed)
{
    use_engine();
    put_versions("a", 3);
    put_versions("m", 3);
    const varve_write how = {.struct_size = sizeof how, .writer = on.writer};
    ck_ok(varve_mvcc_merge(&how, bytes("c"), hex("00 00 00 00 01 02"), &on.err), &on.err);
    ck_ok(varve_mvcc_merge(&how, bytes("c"), hex("00 00 00 00 03 61"), &on.err), &on.err);
    varve_gc_report report = run(options_of(1));
    ck_assert_uint_eq(report.collected.versions, 4);
    ck_assert_uint_eq(report.damaged_keys, 0);
}
END_TEST

/* ---- Faults ------------------------------------------------------------------------------------
 */

static void fill_for_faults(void)
{
    put_versions("a", 5);
    put_versions("b", 12);
    intent(.key = "c", .ts = at(9 * SECOND), .value = "v");
    put_versions("c", 3);
    account_open();
}

enum { LEFT = 1 + 1 + 2 };

/* One step after the other; whatever fails, everything stays exact, and the next step goes on. */
static void step_under_faults(varve_gc *job, varve_status expected)
{
    bool more = true;
    varve_status status = varve_gc_step(job, &more, &on.err);
    if (status < 0)
        ck_status(status, expected, &on.err);
    varve_error_release(&on.err);
}

START_TEST(memory_may_run_out_at_any_point)
{
    unsigned fired = 0;
    use_engine();
    for (unsigned nth = 1;; nth++) {
        varve_gc *job = NULL;
        varve_gc_options options = options_of(4);
        fill_for_faults();
        fault_alloc_arm(nth);
        if (varve_gc_open(on.engine, &options, &job, NULL) == VARVE_OK) {
            for (int steps = 0; steps < 6; steps++)
                step_under_faults(job, VARVE_NO_MEMORY);
        }
        bool has_fired = fault_alloc_disarm();
        varve_gc_close(job);
        ck_account();
        ck_ok(varve_gc_open(on.engine, &options, &job, &on.err), &on.err);
        while (step(job))
            ;
        varve_gc_close(job);
        ck_account();
        ck_assert_int_eq(versions_left(), LEFT);
        if (!has_fired)
            break;
        fired++;
    }
    ck_assert_uint_gt(fired, 20);
}
END_TEST

static varve_status estimate_all(void *context, varve_error *err)
{
    varve_gc *job = NULL;
    varve_buf token = VARVE_BUF_INIT;
    bool more = true;
    varve_gc_options options = options_of(0);
    (void)context;
    options.estimate = true;
    varve_status status = varve_gc_open(on.engine, &options, &job, err);
    while (status == VARVE_OK && more)
        status = varve_gc_step(job, &more, err);
    if (status == VARVE_OK)
        status = varve_gc_token(job, &token, err);
    varve_gc_close(job);
    varve_buf_release(&token);
    return status;
}

START_TEST(memory_may_run_out_in_an_estimate)
{
    use_engine();
    fill_for_faults();
    ck_ok(put_hold("x", 3, 0), &on.err);
    ck_assert_uint_gt(fault_alloc_each(estimate_all, NULL), 5);
}
END_TEST

START_TEST(commits_and_reads_may_fail)
{
    varve_status *const faults[] = {&backend_faults.apply, &backend_faults.iter_open,
                                    &backend_faults.iter_step, &backend_faults.iter_seek};
    use_engine();
    backend_faults_insert(on.engine);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fill_for_faults();
        varve_gc *job = open_job(options_of(4));
        unsigned before = backend_faults.fired;
        bool more = true;
        for (int steps = 0; more; steps++) {
            ck_assert_int_lt(steps, 20);
            *faults[i] = VARVE_IO;
            step_under_faults(job, VARVE_IO);
            *faults[i] = VARVE_OK;
            ck_account();
            more = step(job);
            ck_account();
        }
        varve_gc_close(job);
        ck_assert_uint_gt(backend_faults.fired, before);
        ck_assert_int_eq(versions_left(), LEFT);
    }
}
END_TEST

START_TEST(a_cancelled_job_stands_still)
{
    varve_cancel *cancel;
    bool more = true;
    use_engine();
    put_versions("k", 9);
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    varve_gc_options options = options_of(2);
    options.cancel = cancel;
    varve_gc *job = open_job(options);
    ck_assert(step(job));
    varve_cancel_now(cancel);
    ck_status(varve_gc_step(job, &more, &on.err), VARVE_CANCELLED, &on.err);
    varve_error_release(&on.err);
    ck_assert_int_eq(versions_left(), 7);
    varve_gc_close(job);
    varve_cancel_close(cancel);
}
END_TEST

/* ---- Rate --------------------------------------------------------------------------------------
 */

START_TEST(a_rate_asks_for_pauses)
{
    use_engine();
    put_versions("k", 101);
    varve_gc_options options = options_of(50);
    varve_gc *job = open_job(options);
    ck_assert(step(job));
    ck_assert_int_eq(report_of(job).pause_ns, 0);
    varve_gc_close(job);
    put_versions("k", 101);
    options.rate = 1; /* 50 versions are worth 50 s, which no step takes */
    job = open_job(options);
    ck_assert(step(job));
    ck_assert_int_gt(report_of(job).pause_ns, 0);
    ck_assert_int_le(report_of(job).pause_ns, 50 * SECOND);
    (void)step(job);
    ck_assert_int_gt(report_of(job).pause_ns, 50 * SECOND);
    ck_assert_int_le(report_of(job).pause_ns, 100 * SECOND);
    varve_gc_close(job);
}
END_TEST

/* ---- Refusals ----------------------------------------------------------------------------------
 */

static void ck_refused(varve_gc_options options, const char *text)
{
    varve_gc *job = (varve_gc *)&options;
    ck_fails(varve_gc_open(on.engine, &options, &job, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             text);
    ck_assert_ptr_null(job);
}

static varve_status no_hold(void *arg, const varve_gc_hold *hold, const varve_gc_tally *keeps,
                            varve_error *err)
{
    (void)arg, (void)hold, (void)keeps, (void)err;
    return VARVE_OK;
}

START_TEST(options_that_make_no_sense_are_named)
{
    varve_gc_policy nothing = {.struct_size = sizeof nothing};
    use_engine();
    varve_gc_options options = options_of(0);
    options.policy = &nothing;
    ck_refused(options, "the policy keeps everything: it has neither an age nor a count");
    options = options_of(0);
    options.now = varve_ts_zero();
    ck_refused(options, "varve_gc_options.now is not a time of the present");
    options = options_of(0);
    options.span = (varve_span){bytes("b"), bytes("b")};
    ck_refused(options, "varve_gc_options.span has no keys of applications");
    options.span = (varve_span){bytes(""), bytes("\x01z")};
    ck_refused(options, "varve_gc_options.span has no keys of applications");
    options = options_of(0);
    nothing.keep_versions = -1;
    options.policy = &nothing;
    ck_refused(options, "varve_gc_policy.keep_versions must not be negative");
    options = options_of(0);
    options.resume = bytes("G1234");
    ck_refused(options, "these bytes are no token of such a job");
    varve_gc *job = open_job(options_of(0));
    ck_fails(varve_gc_held(job, no_hold, NULL, &on.err), VARVE_MISUSE, &on.err,
             "only an estimate tells what holds keep");
    varve_gc_close(job);
    varve_gc_close(NULL);
}
END_TEST

START_TEST(tokens_are_of_one_span_and_kind)
{
    varve_buf token = VARVE_BUF_INIT;
    use_engine();
    put_versions("k", 9);
    varve_gc *job = open_job(options_of(2));
    ck_assert(step(job));
    ck_ok(varve_gc_token(job, &token, &on.err), &on.err);
    varve_gc_close(job);
    varve_gc_options options = options_of(2);
    options.resume = varve_buf_slice(&token);
    options.estimate = true;
    ck_refused(options, "the token is of a job that is no estimate");
    options.estimate = false;
    options.span = (varve_span){bytes("a"), bytes("z")};
    ck_refused(options, "the token is of a job over another span");
    for (size_t size = 1; size < token.size; size++) {
        options = options_of(2);
        options.resume = varve_slice_of(token.data, size);
        ck_refused(options, "these bytes are no token of such a job");
    }
    options = options_of(0);
    options.estimate = true;
    job = open_job(options);
    while (step(job))
        ;
    ck_ok(varve_gc_token(job, &token, &on.err), &on.err);
    varve_gc_close(job);
    ck_ok(put_hold("new", 100, 0), &on.err);
    options.resume = varve_buf_slice(&token);
    ck_refused(options, "the holds of the store are not those of when the job began");
    varve_buf_release(&token);
}
END_TEST

/* History that is brought in below a key at which the job is at work goes first. */
START_TEST(old_versions_that_come_meanwhile_go_before_newer_ones)
{
    use_engine();
    put_versions("k", 300);
    account_open();
    varve_gc *job = open_job(options_of(70));
    bool more = true;
    for (int steps = 0; more; steps++) {
        varve_stats delta = {0};
        const varve_write how = {.struct_size = sizeof how,
                                 .reader = on.reader,
                                 .writer = on.writer,
                                 .ts = varve_ts_of(SECOND / 2, 9 - steps),
                                 .stats = &delta};
        more = step(job);
        ck_account();
        if (steps >= 3)
            continue;
        ck_ok(varve_mvcc_insert(&how, bytes("k"), bytes("\0\0\0\0\3early"), &on.err), &on.err);
        ck_ok(varve_stats_account_add(on.writer, bytes(""), &delta, &on.err), &on.err);
        ck_account();
    }
    varve_gc_close(job);
    ck_assert_int_eq(versions_left(), 1);
}
END_TEST

/* ---- Tokens that are none of the store
 * -----------------------------------------------------------
 */

/*
 * A token of a store that has been taken back since then, or of another one: what it says is gone
 * is not, and has to go before what is newer.
 */
START_TEST(a_token_says_what_is_gone_and_the_store_knows)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_gc_options options = options_of(70);
    use_engine();
    for (unsigned steps = 0; steps < 2; steps++) {
        put_versions("k", 301);
        account_open();
        varve_gc *job = open_job(options_of(70));
        for (unsigned i = 0; i <= steps; i++)
            ck_assert(step(job));
        ck_ok(varve_gc_token(job, &token, &on.err), &on.err);
        varve_gc_close(job);
        put_versions("k", steps == 0 ? 301 : 100); /* all of it, or the oldest part */
        account_open();
        options.resume = varve_buf_slice(&token);
        job = open_job(options);
        bool more = true;
        while (more) {
            more = step(job);
            ck_account();
        }
        varve_gc_close(job);
        ck_assert_int_eq(versions_left(), 1);
    }
    varve_buf_release(&token);
}
END_TEST

/* Without an account, or without being asked to, nothing is kept. */
START_TEST(an_account_that_is_not_there_is_not_made)
{
    varve_stats stats;
    use_engine();
    put_versions("k", 9);
    run(options_of(2));
    ck_status(varve_stats_account_get(on.reader, bytes(""), 0, &stats, &on.err), VARVE_NOT_FOUND,
              &on.err);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_key_of_many_versions_goes_from_its_oldest_end);
    tcase_add_test(tcase, a_dead_key_of_many_versions_goes_as_a_whole);
    tcase_add_test(tcase, neighbours_of_a_long_key_stay);
    tcase_add_test(tcase, holds_keep_until_they_are_over);
    tcase_add_test(tcase, a_hold_between_two_steps_is_obeyed);
    tcase_add_test(tcase, a_hold_behind_the_announcement_comes_too_late);
    tcase_add_test(tcase, a_hold_right_behind_the_announcement_is_obeyed);
    tcase_add_test(tcase, a_job_without_garbage_changes_nothing);
    tcase_add_test(tcase, a_damaged_hold_stops_the_job);
    tcase_add_test(tcase, conflicts_of_merges_are_passed);
    tcase_add_test(tcase, memory_may_run_out_at_any_point);
    tcase_add_test(tcase, memory_may_run_out_in_an_estimate);
    tcase_add_test(tcase, commits_and_reads_may_fail);
    tcase_add_test(tcase, a_cancelled_job_stands_still);
    tcase_add_test(tcase, a_rate_asks_for_pauses);
    tcase_add_test(tcase, options_that_make_no_sense_are_named);
    tcase_add_test(tcase, tokens_are_of_one_span_and_kind);
    tcase_add_test(tcase, old_versions_that_come_meanwhile_go_before_newer_ones);
    tcase_add_test(tcase, a_token_says_what_is_gone_and_the_store_knows);
    tcase_add_test(tcase, an_account_that_is_not_there_is_not_made);
}

int main(void)
{
    return run_suite(backend_suite("gc_steps", fill));
}
