/*
 * The check job on stores that are sound, and on such whose records do not fit together.
 */
#include <stddef.h>
#include <stdio.h>

#include "tests/support/intents.h"

#define V "%00%00%00%00%03v"
#define W "%00%00%00%00%03longer"
#define HELD "%ED%6C%45%A8%03value" /* its checksum is that of the value of "a" */

/* ---- Findings as text --------------------------------------------------------------------------
 */

static char found[4096];

/* "WORD KEY@TIME: TEXT", one a line. */
static void note(void *arg, const varve_finding *finding)
{
    size_t size = strlen(found);
    char key[200];
    (void)arg;
    (void)snprintf(key, sizeof key, "%s", mvcc_text(finding->user_key));
    if (!finding->has_user_key)
        (void)snprintf(key, sizeof key, "[%s]", mvcc_text(finding->engine_key));
    int more = snprintf(found + size, sizeof found - size, "%s %s@%lld: %s\n",
                        varve_check_problem_word(finding->problem), key,
                        (long long)finding->ts.wall, finding->text);
    ck_assert(more > 0 && size + (size_t)more < sizeof found);
}

static varve_check_options options_of(uint64_t step_records)
{
    return (varve_check_options){.struct_size = sizeof(varve_check_options),
                                 .now_nanos = 100 * SECOND,
                                 .step_records = step_records,
                                 .each = note};
}

static varve_check_result run(const varve_check_options *options)
{
    varve_check_result result = {.struct_size = sizeof result};
    varve_check *job;
    bool more = true;
    found[0] = '\0';
    ck_ok(varve_check_open(mvcc.engine, options, &job, &mvcc.err), &mvcc.err);
    while (more)
        ck_ok(varve_check_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_check_get_result(job, &result, &mvcc.err), &mvcc.err);
    varve_check_close(job);
    return result;
}

/* However it is cut into steps, the findings are the same. */
static varve_check_result ck_findings(const char *expected, uint64_t left_out)
{
    varve_check_result result = {.struct_size = 0};
    for (uint64_t step = 3; step-- > 0;) {
        const varve_check_options options = options_of(step);
        result = run(&options);
        ck_assert_str_eq(found, expected);
        ck_assert_uint_eq(result.keys_left_out, left_out);
    }
    return result;
}

static void ck_counted(const varve_check_result *result, const char *start, const char *end)
{
    varve_stats stats;
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    ck_ok(varve_stats_compute(mvcc.reader, span, 100 * SECOND, NULL, &stats, &mvcc.err), &mvcc.err);
    ck_assert(memcmp(&result->stats, &stats, sizeof stats) == 0);
}

/* ---- Sound stores ------------------------------------------------------------------------------
 */

static void fill_sound(void)
{
    mvcc_put("%01own", at(SECOND), V);
    mvcc_put("a", at(2 * SECOND), V);
    mvcc_put("a", at(5 * SECOND), HELD);
    mvcc_delete("b", at(3 * SECOND));
    mvcc_put_inline("c", W);
    mvcc_put("d", at(2 * SECOND), V);
    intent(.key = "d", .ts = at(4 * SECOND), .value = W, .sequence = 30, .history = "10-,20-");
}

START_TEST(a_sound_store_has_no_findings)
{
    fill_sound();
    varve_check_result result = ck_findings("", 0);
    ck_assert_uint_eq(result.findings, 0);
    ck_counted(&result, "%02", "");
    ck_assert_int_eq(result.stats.intent_count, 1);

    varve_check_options options = options_of(0);
    options.span = (varve_span){mvcc_bytes("b"), mvcc_bytes("d")};
    result = run(&options);
    ck_counted(&result, "b", "d");
}
END_TEST

START_TEST(progress_tells_where_it_is)
{
    varve_job_progress progress = {.struct_size = sizeof progress};
    varve_check_options options = options_of(1);
    varve_check *job;
    bool more = true;
    uint64_t steps = 0;
    fill_sound();
    ck_ok(varve_check_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    for (; more; steps++)
        ck_ok(varve_check_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_check_get_progress(job, &progress, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(progress.keys, 5);
    ck_assert_uint_eq(progress.records, 8);
    ck_assert_uint_eq(steps, 9);
    ck_slice_eq(progress.at, bytes("d"));
    varve_check_close(job);
}
END_TEST

/* ---- Damage ------------------------------------------------------------------------------------
 */

START_TEST(each_damage_is_told_by_name)
{
    fill_sound();
    varve_check_result sound = ck_findings("", 0);
    mvcc_put_raw(mvcc_engine_key("k1", at(0)), bytes("\x80"));
    mvcc_put_raw(mvcc_engine_key("k2", at(0)), bytes(""));
    mvcc_put("k3", at(SECOND), V);
    mvcc_put_inline("k3", V);
    intent(.key = "k4", .ts = at(SECOND), .value = V);
    mvcc_clear_raw(mvcc_engine_key("k4", at(SECOND)));
    mvcc_put("k5", at(SECOND), V);
    intent(.key = "k5", .ts = at(2 * SECOND), .value = V);
    mvcc_clear_raw(mvcc_engine_key("k5", at(2 * SECOND)));
    intent(.key = "k6", .ts = at(SECOND), .value = V);
    mvcc_put_raw(mvcc_engine_key("k6", at(SECOND)), mvcc_bytes(W));
    mvcc_put("k7", at(SECOND), HELD);
    mvcc_put("k7", at(2 * SECOND), "abc");
    mvcc_put_inline("k8", HELD);
    intent(.key = "k9", .ts = at(SECOND), .value = V, .sequence = 5, .history = "5-");
    varve_check_result result = ck_findings(
        "metadata k1@0: unable to decode MVCCMetadata: bad field tag\n"
        "metadata k2@0: zero-length mvcc metadata\n"
        "inline k3@1000000000: the key has an inline value and versions\n"
        "intent k4@0: the key has no version\n"
        "intent k5@0: the newest version is not at the intent's timestamp\n"
        "mismatch k6@0: the record says 12 bytes of key, 6 of value, not deleted; the version has "
        "12, 11, and is not deleted\n"
        "value k7@2000000000: \"k7\": invalid header size: 3\n"
        "value k7@1000000000: \"k7\": invalid checksum (d8a625df) value [ed 6c 45 a8 03 76 61 6c "
        "75 65]\n"
        "value k8@0: \"k8\": invalid checksum (2eee5536) value [ed 6c 45 a8 03 76 61 6c 75 65]\n"
        "history k9@0: the sequence numbers of the intent's earlier values do not ascend to its "
        "own\n",
        6);
    ck_assert_uint_eq(result.findings, 10);
    ck_assert_uint_eq(result.problems[VARVE_CHECK_VALUE], 3);
    /* What is sound is counted: the keys before, and those of which only a value is damaged. */
    varve_stats rest;
    varve_span span = {bytes("k7"), bytes("")};
    ck_ok(varve_stats_compute(mvcc.reader, span, 100 * SECOND, NULL, &rest, &mvcc.err), &mvcc.err);
    varve_stats_add(&sound.stats, &rest);
    ck_assert(memcmp(&result.stats, &sound.stats, sizeof rest) == 0);
}
END_TEST

/* A program that knows fewer kinds of problems finds everything else where it was. */
START_TEST(a_kind_more_shifts_nothing)
{
    enum { KINDS = VARVE_CHECK_PROBLEMS - 1 };
    const varve_check_options options = options_of(0);
    varve_check_result result = {.struct_size = offsetof(varve_check_result, problems) +
                                                KINDS * sizeof result.problems[0]};
    varve_check *job;
    bool more;
    result.problems[KINDS] = 77;
    fill_sound();
    mvcc_put_raw(mvcc_engine_key("k1", at(0)), bytes("\x80"));
    ck_ok(varve_check_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    ck_ok(varve_check_step(job, &more, &mvcc.err), &mvcc.err);
    ck_ok(varve_check_get_result(job, &result, &mvcc.err), &mvcc.err);
    varve_check_close(job);
    ck_assert_uint_eq(result.findings, 1);
    ck_assert_uint_eq(result.keys_left_out, 1);
    ck_assert_uint_eq(result.problems[VARVE_CHECK_METADATA], 1);
    ck_assert_uint_eq(result.problems[KINDS], 77);
    ck_assert_int_eq(result.stats.intent_count, 1);
}
END_TEST

START_TEST(keys_that_do_not_decode_are_passed_over)
{
    mvcc_put("a", at(SECOND), V);
    mvcc_put_raw(hex("61 00 01 FF"), mvcc_bytes(V));
    mvcc_put("b", at(SECOND), V);
    mvcc_put_raw(hex("62 00 02"), mvcc_bytes(V));
    mvcc_put_raw(hex("63"), mvcc_bytes(V));
    mvcc_put("d", at(SECOND), V);
    varve_check_result result = {.struct_size = 0};
    for (uint64_t step = 3; step-- > 0;) {
        const varve_check_options options = options_of(step);
        result = run(&options);
        ck_assert_uint_eq(result.problems[VARVE_CHECK_KEY], 3);
        ck_assert_uint_eq(result.findings, 3);
    }
    ck_assert_int_eq(result.stats.key_count, 3);
}
END_TEST

START_TEST(merges_that_do_not_fit_are_told)
{
    const varve_write how = {.struct_size = sizeof how, .writer = mvcc.writer};
    ck_ok(varve_mvcc_merge(&how, bytes("m"), hex("00 00 00 00 03 61"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_merge(&how, bytes("m"), hex("00 00 00 00 01 02"), &mvcc.err), &mvcc.err);
    mvcc_put("n", at(SECOND), V);
    varve_check_result result =
        ck_findings("merge m@0: merge conflict: INT cannot be merged into BYTES\n", 1);
    ck_counted(&result, "n", "");
}
END_TEST

START_TEST(it_is_cancelled_between_steps)
{
    varve_check_options options = options_of(1);
    varve_cancel *cancel;
    varve_check *job;
    bool more = false;
    fill_sound();
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    options.cancel = cancel;
    ck_ok(varve_check_open(mvcc.engine, &options, &job, &mvcc.err), &mvcc.err);
    ck_ok(varve_check_step(job, &more, &mvcc.err), &mvcc.err);
    varve_cancel_now(cancel);
    ck_status(varve_check_step(job, &more, &mvcc.err), VARVE_CANCELLED, &mvcc.err);
    ck_assert(more);
    varve_check_close(job);
    varve_cancel_close(cancel);
}
END_TEST

/* Check all of the store, in steps of three records. */
static varve_status check_all(void *context, varve_error *err)
{
    const varve_check_result *expected = context;
    varve_check_options options = options_of(3);
    varve_check_result result = {.struct_size = sizeof result};
    varve_job_progress progress = {.struct_size = sizeof progress};
    varve_check *job = NULL;
    bool more = true;
    found[0] = '\0';
    varve_status status = varve_check_open(mvcc.engine, &options, &job, err);
    while (status == VARVE_OK && more) {
        status = varve_check_step(job, &more, err);
        if (status == VARVE_OK)
            status = varve_check_get_progress(job, &progress, err);
    }
    if (status == VARVE_OK) {
        ck_ok(varve_check_get_result(job, &result, &mvcc.err), &mvcc.err);
        ck_assert(memcmp(&result, expected, sizeof result) == 0);
    }
    varve_check_close(job);
    return status;
}

START_TEST(it_can_run_out_of_memory)
{
    fill_sound();
    mvcc_put_raw(mvcc_engine_key("k1", at(0)), bytes("\x80"));
    mvcc_put_raw(hex("6B 31 00 02"), mvcc_bytes(V));
    mvcc_put("k3", at(SECOND), V);
    mvcc_put_inline("k3", V);
    intent(.key = "k4", .ts = at(SECOND), .value = V);
    mvcc_clear_raw(mvcc_engine_key("k4", at(SECOND)));
    mvcc_put("k7", at(SECOND), HELD);
    intent(.key = "k9", .ts = at(SECOND), .value = V, .sequence = 5, .history = "5-");
    const varve_write how = {.struct_size = sizeof how, .writer = mvcc.writer};
    ck_ok(varve_mvcc_merge(&how, bytes("m"), hex("00 00 00 00 03 61"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_merge(&how, bytes("m"), hex("00 00 00 00 01 02"), &mvcc.err), &mvcc.err);
    const varve_check_options options = options_of(3);
    varve_check_result expected = run(&options);
    ck_assert_uint_eq(expected.findings, 7);
    ck_assert_uint_ge(fault_alloc_each(check_all, &expected), 10);
}
END_TEST

START_TEST(problems_have_words)
{
    for (int i = 0; i < VARVE_CHECK_PROBLEMS; i++) {
        ck_assert_str_ne(varve_check_problem_word((varve_check_problem)i), "?");
        ck_assert_str_ne(varve_check_problem_text((varve_check_problem)i), "?");
    }
    ck_assert_str_eq(varve_check_problem_word(VARVE_CHECK_PROBLEMS), "?");
    ck_assert_str_eq(varve_check_problem_text((varve_check_problem)-1), "?");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_sound_store_has_no_findings);
    tcase_add_test(tcase, progress_tells_where_it_is);
    tcase_add_test(tcase, each_damage_is_told_by_name);
    tcase_add_test(tcase, a_kind_more_shifts_nothing);
    tcase_add_test(tcase, keys_that_do_not_decode_are_passed_over);
    tcase_add_test(tcase, merges_that_do_not_fit_are_told);
    tcase_add_test(tcase, it_is_cancelled_between_steps);
    tcase_add_test(tcase, it_can_run_out_of_memory);
    tcase_add_test(tcase, problems_have_words);
}

int main(void)
{
    return mvcc_run(mvcc_engine_suite("check", fill));
}
