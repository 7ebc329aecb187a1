/*
 * The resolution job: which intents it resolves, what becomes of them, and that it comes to the
 * same however it is cut into steps, dropped and resumed; with statistics that are exact after each
 * step.
 */
#include <stdio.h>

#include "tests/support/account.h"
#include "tests/support/intents.h"

#define MANY 40

typedef struct resolve_update {
    const char *start;
    const char *end;
    unsigned char txn; /* 0 = any */
    int64_t not_above;
    varve_txn_status status;
    bool has_epoch;
    int32_t epoch;
    int64_t commit_ts;
    bool estimate;
    uint64_t batch; /* intents in a step */
    varve_latches *latches;
} resolve_update;

#define COMMIT .status = VARVE_TXN_COMMITTED
#define ABORT .status = VARVE_TXN_ABORTED

static unsigned char id[VARVE_TXN_ID_SIZE];

static varve_resolve_job_options options_of(const resolve_update *update)
{
    varve_resolve_job_options options = {.struct_size = sizeof options,
                                         .not_above = at(update->not_above),
                                         .status = update->status,
                                         .has_epoch = update->has_epoch,
                                         .epoch = update->epoch,
                                         .commit_ts = at(update->commit_ts),
                                         .estimate = update->estimate,
                                         .latches = update->latches,
                                         .has_account = true,
                                         .batch_intents = update->batch};
    if (update->start != NULL)
        options.span.start = mvcc_bytes(update->start);
    if (update->end != NULL)
        options.span.end = mvcc_bytes(update->end);
    if (update->txn != 0) {
        varve_txn_meta meta = txn_of(update->txn, 0, at(1));
        memcpy(id, meta.id, sizeof id);
        options.txn_id = id;
    }
    return options;
}

static varve_resolve_job *open_job(const resolve_update *update, varve_slice token)
{
    varve_resolve_job_options options = options_of(update);
    varve_resolve_job *job;
    options.resume = token;
    ck_ok(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    return job;
}

/* "3 of 5, 12 bytes", with "+2" behind for damaged keys. */
static const char *report_of(const varve_resolve_job *job)
{
    static char text[100];
    varve_resolve_job_report report = {.struct_size = sizeof report};
    ck_ok(varve_resolve_job_get_report(job, &report, &mvcc.err), &mvcc.err);
    int size = snprintf(text, sizeof text, "%d of %d, %d bytes", (int)report.resolved,
                        (int)report.intents, (int)report.bytes);
    if (report.damaged > 0)
        snprintf(text + size, sizeof text - (size_t)size, " +%d", (int)report.damaged);
    return text;
}

static const char *run_update(const resolve_update *update)
{
    varve_resolve_job *job = open_job(update, varve_slice_of("", 0));
    bool more = true;
    while (more)
        ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
    ck_assert(!more);
    const char *report = report_of(job);
    varve_resolve_job_close(job);
    return report;
}

#define run(...) run_update(&(resolve_update){__VA_ARGS__})

/* Intents of two transactions, one of them in two epochs, among other things. */
static void fill_store(void)
{
    mvcc_put("a", at(5), "x");
    intent(.key = "a", .ts = at(10), .value = "");
    mvcc_put("b", at(5), "x");
    intent(.key = "c", .ts = at(20), .value = "c", .txn = 2, .epoch = 1);
    mvcc_put_inline("d", "x");
    intent(.key = "e", .ts = at(30), .value = "e", .txn = 2);
    intent(.key = "f", .ts = at(40), .value = "f");
    mvcc_put("g", at(5), "x");
}

/* ---- Which, and what becomes of them -----------------------------------------------------------
 */

START_TEST(aborted_intents_go)
{
    fill_store();
    ck_assert_str_eq(run(ABORT), "4 of 4, 3 bytes");
    ck_assert_str_eq(store_text(), "a@5=x b@5=x d=x g@5=x");
    ck_assert_str_eq(run(ABORT), "0 of 0, 0 bytes");
}
END_TEST

START_TEST(committed_intents_become_versions_where_they_stand)
{
    fill_store();
    ck_assert_str_eq(run(COMMIT), "4 of 4, 3 bytes");
    ck_assert_str_eq(store_text(), "a@10- a@5=x b@5=x c@20=c d=x e@30=e f@40=f g@5=x");
}
END_TEST

START_TEST(only_those_that_are_meant)
{
    fill_store();
    ck_assert_str_eq(run(ABORT, .start = "b", .end = "d"), "1 of 1, 1 bytes");
    ck_assert_str_eq(run(ABORT, .txn = 3), "0 of 3, 0 bytes");
    ck_assert_str_eq(run(ABORT, .not_above = 9), "0 of 3, 0 bytes");
    ck_assert_str_eq(run(COMMIT, .not_above = 10), "1 of 3, 0 bytes");
    ck_assert_str_eq(run(ABORT, .txn = 2, .not_above = 29), "0 of 2, 0 bytes");
    ck_assert_str_eq(run(COMMIT, .txn = 1), "1 of 2, 1 bytes");
    ck_assert_str_eq(store_text(), "a@10- a@5=x b@5=x d=x e!2.0.0/30@30 e@30=e f@40=f g@5=x");
}
END_TEST

/* Of another epoch nothing has been committed. */
START_TEST(an_epoch_and_a_time_of_the_commit)
{
    fill_store();
    ck_assert_str_eq(run(COMMIT, .txn = 2, .has_epoch = true, .epoch = 1, .commit_ts = 50),
                     "2 of 4, 2 bytes");
    ck_assert_str_eq(run(COMMIT, .txn = 1, .commit_ts = 39), "2 of 2, 1 bytes");
    ck_assert_str_eq(store_text(), "a@39- a@5=x b@5=x c@50=c d=x g@5=x");
}
END_TEST

START_TEST(an_estimate_changes_nothing)
{
    fill_store();
    char before[500];
    snprintf(before, sizeof before, "%s", store_text());
    ck_assert_str_eq(run(ABORT, .estimate = true, .batch = 1), "4 of 4, 3 bytes");
    ck_assert_str_eq(run(COMMIT, .estimate = true, .txn = 2), "2 of 4, 2 bytes");
    ck_assert_str_eq(store_text(), before);
}
END_TEST

START_TEST(damaged_keys_are_left_as_they_are)
{
    fill_store();
    mvcc_put_raw(mvcc_engine_key("b", at(0)), mvcc_bytes("%FF"));
    /* An intent whose value is missing, and cannot be moved. */
    mvcc_clear_raw(mvcc_engine_key("e", at(30)));
    ck_assert_str_eq(run(COMMIT, .commit_ts = 50), "3 of 4, 2 bytes +2");
}
END_TEST

START_TEST(with_latches)
{
    varve_latches *latches;
    ck_ok(varve_latches_open(0, &latches, &mvcc.err), &mvcc.err);
    fill_store();
    ck_assert_str_eq(run(ABORT, .latches = latches, .batch = 3), "4 of 4, 3 bytes");
    ck_assert_str_eq(store_text(), "a@5=x b@5=x d=x g@5=x");
    varve_latches_close(latches);
}
END_TEST

/* Under the latch of a key with an intent, a step does nothing. */
START_TEST(a_step_waits_for_its_latches)
{
    varve_resolve_job_options options = options_of(&(resolve_update){ABORT});
    const varve_slice key = bytes("a");
    varve_latches *latches;
    varve_latch *latch;
    varve_cancel *cancel;
    varve_resolve_job *job;
    bool more;
    fill_store();
    ck_ok(varve_latches_open(0, &latches, &mvcc.err), &mvcc.err);
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    options.latches = latches;
    options.cancel = cancel;
    ck_ok(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    ck_ok(varve_latches_acquire(latches, &key, 1, NULL, 0, NULL, &latch, &mvcc.err), &mvcc.err);
    varve_cancel_after(cancel, 50000000);
    ck_status(varve_resolve_job_step(job, &more, &mvcc.err), VARVE_DEADLINE, &mvcc.err);
    ck_assert_str_eq(report_of(job), "0 of 0, 0 bytes");
    varve_latches_release(latch);
    varve_cancel_after(cancel, 0);
    ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(report_of(job), "4 of 4, 3 bytes");
    varve_resolve_job_close(job);
    varve_cancel_close(cancel);
    varve_latches_close(latches);
}
END_TEST

/* ---- In steps ----------------------------------------------------------------------------------
 */

static void fill_many(void)
{
    for (int i = 0; i < MANY; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%02d", i);
        mvcc_put(key, at(5), "below");
        if (i % 4 != 3)
            intent(.key = key, .ts = at(10 + i), .value = "value",
                   .txn = (unsigned char)(1 + i % 2));
    }
}

/* Each step is made by a job of its own, from the token of the one before. */
START_TEST(tokens_go_on_and_the_account_is_exact)
{
    const resolve_update update = {COMMIT, .batch = 7};
    varve_buf token = VARVE_BUF_INIT;
    bool more = true;
    int steps = 0;
    fill_many();
    account_open();
    while (more) {
        varve_resolve_job *job = open_job(&update, varve_buf_slice(&token));
        ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
        ck_ok(varve_resolve_job_token(job, &token, &mvcc.err), &mvcc.err);
        ck_account();
        if (!more)
            ck_assert_str_eq(report_of(job), "30 of 30, 150 bytes");
        varve_resolve_job_close(job);
        steps++;
    }
    ck_assert_int_eq(steps, 5);
    ck_assert_int_eq((int)account_recount(0).intent_count, 0);
    ck_assert_int_eq((int)account_recount(0).val_count, MANY + 30);
    varve_buf_release(&token);
}
END_TEST

START_TEST(progress_tells_the_key)
{
    const resolve_update update = {ABORT, .batch = 1};
    varve_job_progress progress = {.struct_size = sizeof progress};
    bool more;
    fill_many();
    varve_resolve_job *job = open_job(&update, varve_slice_of("", 0));
    for (int i = 0; i < 4; i++)
        ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_resolve_job_get_progress(job, &progress, &mvcc.err), &mvcc.err);
    /* k00, k01, k02 and, behind k03, which has none, k04. */
    ck_slice_eq(progress.at, mvcc_bytes("k05"));
    ck_assert_uint_eq(progress.keys, 5);
    ck_assert_uint_eq(progress.records, 4);
    varve_resolve_job_close(job);
}
END_TEST

START_TEST(a_token_can_be_cancelled)
{
    varve_resolve_job_options options = options_of(&(resolve_update){ABORT});
    varve_resolve_job *job;
    varve_cancel *cancel;
    bool more;
    fill_many();
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    options.cancel = cancel;
    ck_ok(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    varve_cancel_now(cancel);
    ck_assert_int_eq(varve_resolve_job_step(job, &more, &mvcc.err), VARVE_CANCELLED);
    ck_assert(more);
    ck_assert_str_eq(report_of(job), "0 of 0, 0 bytes");
    varve_resolve_job_close(job);
    varve_cancel_close(cancel);
}
END_TEST

/* ---- Rate --------------------------------------------------------------------------------------
 */

static int64_t pause_after_step(varve_resolve_job *job)
{
    varve_resolve_job_report report = {.struct_size = sizeof report};
    bool more;
    ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_resolve_job_get_report(job, &report, &mvcc.err), &mvcc.err);
    return report.pause_ns;
}

START_TEST(a_rate_asks_for_pauses)
{
    varve_resolve_job_options options = options_of(&(resolve_update){ABORT, .estimate = true});
    varve_resolve_job *job;
    fill_many();
    options.rate = 1; /* 15 intents are worth 15 s, which no step takes */
    options.batch_intents = 15;
    ck_ok(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    ck_assert_int_eq(pause_after_step(job), 0); /* nothing is written */
    varve_resolve_job_close(job);
    options.estimate = false;
    ck_ok(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    int64_t first = pause_after_step(job);
    int64_t second = pause_after_step(job);
    varve_resolve_job_close(job);
    ck_assert_int_gt(first, 0);
    ck_assert_int_le(first, 15 * SECOND);
    ck_assert_int_gt(second, 15 * SECOND);
    ck_assert_int_le(second, 30 * SECOND);
}
END_TEST

/* ---- Faults ------------------------------------------------------------------------------------
 */

enum { FEW = 12 };

static void put_intents(void)
{
    for (int i = 0; i < FEW; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%02d", i);
        intent(.key = key, .ts = at(10 + i), .value = "value");
    }
}

/* One step after the other; a failed one has done nothing, and the next one goes on. */
START_TEST(memory_may_run_out_at_any_point)
{
    unsigned fired = 0;
    varve_latches *latches;
    ck_ok(varve_latches_open(0, &latches, &mvcc.err), &mvcc.err);
    const resolve_update update = {ABORT, .batch = 5, .latches = latches};
    const varve_resolve_job_options options = options_of(&update);
    for (int i = 0; i < FEW; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%02d", i);
        mvcc_put(key, at(5), "below");
    }
    for (bool has_fired = true; has_fired;) {
        varve_resolve_job *job = NULL;
        bool more = true;
        put_intents();
        account_open();
        fault_alloc_arm(fired + 1);
        varve_status status = varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err);
        for (int steps = 0; job != NULL && more && steps < 10; steps++) {
            if (status != VARVE_OK)
                varve_error_release(&mvcc.err);
            status = varve_resolve_job_step(job, &more, &mvcc.err);
            ck_assert(status == VARVE_OK || status == VARVE_NO_MEMORY);
        }
        has_fired = fault_alloc_disarm();
        varve_error_release(&mvcc.err);
        varve_resolve_job_close(job);
        ck_account();
        if (job == NULL) {
            ck_assert_int_eq(status, VARVE_NO_MEMORY);
            (void)run(ABORT);
        }
        ck_account();
        ck_assert_int_eq((int)account_recount(0).intent_count, 0);
        fired += has_fired;
    }
    ck_assert_uint_gt(fired, 20);
    varve_latches_close(latches);
}
END_TEST

/* ---- What is refused ---------------------------------------------------------------------------
 */

static void ck_refused(varve_resolve_job_options options)
{
    varve_resolve_job *job;
    ck_assert_int_eq(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err),
                     VARVE_INVALID_ARGUMENT);
    ck_assert_ptr_null(job);
}

START_TEST(options_that_do_not_fit)
{
    varve_buf token = VARVE_BUF_INIT;
    ck_refused((varve_resolve_job_options){.struct_size = 0});
    ck_refused(options_of(&(resolve_update){.status = VARVE_TXN_PENDING}));
    ck_refused(options_of(&(resolve_update){.status = VARVE_TXN_STAGING}));
    ck_refused(options_of(&(resolve_update){ABORT, .has_epoch = true}));
    ck_refused(options_of(&(resolve_update){ABORT, .commit_ts = 5}));
    ck_refused(options_of(&(resolve_update){COMMIT, .commit_ts = -5}));
    ck_refused(options_of(&(resolve_update){COMMIT, .not_above = -5}));
    varve_resolve_job *job = open_job(&(resolve_update){ABORT, .end = "b"}, varve_slice_of("", 0));
    ck_ok(varve_resolve_job_token(job, &token, &mvcc.err), &mvcc.err);
    varve_resolve_job_close(job);
    varve_resolve_job_options options = options_of(&(resolve_update){ABORT, .end = "c"});
    options.resume = varve_buf_slice(&token);
    ck_refused(options);
    options = options_of(&(resolve_update){ABORT, .end = "b"});
    options.resume = varve_slice_of(token.data, token.size - 1);
    ck_refused(options);
    varve_buf_release(&token);
}
END_TEST

static void ck_token_refused(const resolve_update *update, varve_slice token, const char *text)
{
    varve_resolve_job *job;
    varve_resolve_job_options options = options_of(update);
    options.resume = token;
    ck_fails(varve_resolve_job_open(mvcc.engine, &options, &job, &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, text);
    ck_assert_ptr_null(job);
}

/* What an estimate has passed is still to be resolved. */
START_TEST(a_token_of_an_estimate_is_for_estimates)
{
    varve_buf token = VARVE_BUF_INIT;
    bool more;
    fill_store();
    for (int estimate = 0; estimate < 2; estimate++) {
        const resolve_update update = {ABORT, .batch = 1, .estimate = estimate == 1};
        const resolve_update other = {ABORT, .batch = 1, .estimate = estimate == 0};
        varve_resolve_job *job = open_job(&update, varve_slice_of("", 0));
        ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
        ck_ok(varve_resolve_job_token(job, &token, &mvcc.err), &mvcc.err);
        varve_resolve_job_close(job);
        ck_token_refused(&other, varve_buf_slice(&token),
                         estimate == 1 ? "the token is of an estimate, which changes nothing"
                                       : "the token is of a job that is no estimate");
        varve_resolve_job_close(open_job(&update, varve_buf_slice(&token)));
    }
    varve_buf_release(&token);
}
END_TEST

/* Intents of one transaction that have been passed are not those of another. */
START_TEST(a_token_is_of_one_transaction_and_outcome)
{
    static const char text[] =
        "the token is of a job about another transaction, or of another outcome";
    const resolve_update update = {ABORT, .txn = 1, .batch = 1};
    varve_buf token = VARVE_BUF_INIT;
    bool more;
    fill_store();
    varve_resolve_job *job = open_job(&update, varve_slice_of("", 0));
    ck_ok(varve_resolve_job_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_resolve_job_token(job, &token, &mvcc.err), &mvcc.err);
    varve_resolve_job_close(job);
    ck_token_refused(&(resolve_update){ABORT, .txn = 2}, varve_buf_slice(&token), text);
    ck_token_refused(&(resolve_update){ABORT}, varve_buf_slice(&token), text);
    ck_token_refused(&(resolve_update){COMMIT, .txn = 1}, varve_buf_slice(&token), text);
    varve_resolve_job_close(open_job(&update, varve_buf_slice(&token)));
    varve_buf_release(&token);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, aborted_intents_go);
    tcase_add_test(tcase, committed_intents_become_versions_where_they_stand);
    tcase_add_test(tcase, only_those_that_are_meant);
    tcase_add_test(tcase, an_epoch_and_a_time_of_the_commit);
    tcase_add_test(tcase, an_estimate_changes_nothing);
    tcase_add_test(tcase, damaged_keys_are_left_as_they_are);
    tcase_add_test(tcase, with_latches);
    tcase_add_test(tcase, a_step_waits_for_its_latches);
    tcase_add_test(tcase, tokens_go_on_and_the_account_is_exact);
    tcase_add_test(tcase, progress_tells_the_key);
    tcase_add_test(tcase, a_token_can_be_cancelled);
    tcase_add_test(tcase, a_rate_asks_for_pauses);
    tcase_add_test(tcase, memory_may_run_out_at_any_point);
    tcase_add_test(tcase, options_that_do_not_fit);
    tcase_add_test(tcase, a_token_of_an_estimate_is_for_estimates);
    tcase_add_test(tcase, a_token_is_of_one_transaction_and_outcome);
}

int main(void)
{
    return mvcc_run(mvcc_engine_suite("resolve_job", fill));
}
