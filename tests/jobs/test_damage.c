/*
 * Jobs on stores with damaged keys: each of them is left as it is, counted, and told once with what
 * is wrong; everything else is done, and the statistics account is as if there were no damage.
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

/* ---- What is told ------------------------------------------------------------------------------
 */

static char told[8192];

/* "STATUS KEY [ENGINE KEY] TEXT", one a line; a key that is not known is "?". */
static void note(void *arg, const varve_damaged_key *key)
{
    size_t size = strlen(told);
    char name[200] = "?";
    (void)arg;
    if (key->has_user_key)
        (void)snprintf(name, sizeof name, "%s", mvcc_text(key->user_key));
    int more = snprintf(told + size, sizeof told - size, "%s %s [%s] %s\n",
                        varve_status_name(key->status), name, hex_text(key->engine_key), key->text);
    ck_assert(more > 0 && size + (size_t)more < sizeof told);
}

static unsigned lines_told(void)
{
    unsigned lines = 0;
    for (const char *at = told; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

/* ---- Stores ------------------------------------------------------------------------------------
 */

/* Versions at 1 s, 2 s and so on. */
static void put_versions(const char *key, int count)
{
    for (int i = 1; i <= count; i++)
        mvcc_put_raw(mvcc_engine_key(key, at(i * SECOND)), bytes("v"));
}

#define INTENT_AT (9 * SECOND)

/* Behind the version of c at 2 s, and in front of that at 1 s. */
#define IN_C "63 00 01 FF FF FF FF 88 CA 6B FF FF FF FF FF 00"
/* Behind all versions of d: at no time. */
#define IN_D "64 00 01 FF FF FF FF FF FF FF FF FF FF FF FF"
#define IN_E "65 00 01 00"
#define IN_G "67"
#define IN_I "69 00 02 78"
#define OF_H "68 00 01 FF FF FF FF 4D 2F A1 FF FF FF FF FF"

static const char *const damaged_raw[] = {IN_C, IN_D, IN_E, IN_G, IN_I};
enum { DAMAGED_RAW = sizeof damaged_raw / sizeof damaged_raw[0] };

/* Of a to z, what has versions has three; a, f and z are sound, and m has merges that do not fit.
 */
static void fill_store(void)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "h", "k", "z"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put_versions(keys[i], 3);
    intent(.key = "h", .ts = at(INTENT_AT), .value = "v");
    account_open();
}

static void damage_store(void)
{
    const varve_write how = {.struct_size = sizeof how, .writer = on.writer};
    mvcc_put_raw(mvcc_engine_key("b", at(0)), bytes("\x80"));
    for (size_t i = 0; i < DAMAGED_RAW; i++)
        mvcc_put_raw(hex(damaged_raw[i]), bytes("x"));
    mvcc_clear_raw(mvcc_engine_key("h", at(INTENT_AT)));
    mvcc_put_inline("k", "v");
    ck_ok(varve_mvcc_merge(&how, bytes("m"), hex("00 00 00 00 01 02"), &on.err), &on.err);
    ck_ok(varve_mvcc_merge(&how, bytes("m"), hex("00 00 00 00 03 61"), &on.err), &on.err);
}

static void heal_store(void)
{
    mvcc_clear_raw(mvcc_engine_key("b", at(0)));
    mvcc_clear_raw(mvcc_engine_key("k", at(0)));
    mvcc_clear_raw(mvcc_engine_key("m", at(0)));
    for (size_t i = 0; i < DAMAGED_RAW; i++)
        mvcc_clear_raw(hex(damaged_raw[i]));
    mvcc_put_raw(mvcc_engine_key("h", at(INTENT_AT)), bytes("v"));
}

#define THREE(key) key "@3000000000=v " key "@2000000000=v " key "@1000000000=v "

static const char collected_text[] = "a@3000000000=v " THREE("b") THREE("c") THREE("d")
    THREE("e") "f@3000000000=v h!1.0.0/9000000000@9000000000 h@9000000000=v " THREE("h")
        THREE("k") "z@3000000000=v";

/* In the order of engine keys. */
static const char told_text[] =
    "VARVE_CORRUPT b [62 00 01] unable to decode MVCCMetadata: bad field tag\n"
    "VARVE_CORRUPT_KEY c [" IN_C "] unable to decode key: bad timestamp suffix length\n"
    "VARVE_CORRUPT_KEY d [" IN_D "] unable to decode key: zero timestamp must not be encoded\n"
    "VARVE_CORRUPT_KEY e [" IN_E "] unable to decode key: bad timestamp suffix length\n"
    "VARVE_CORRUPT_KEY ? [" IN_G "] unable to decode key: no terminator\n"
    "VARVE_CORRUPT h [" OF_H "] the newest version is not at the intent's timestamp\n"
    "VARVE_CORRUPT_KEY ? [" IN_I "] unable to decode key: unknown escape\n";

enum { DAMAGED = 7, GARBAGE = 6 };

/* ---- Collecting --------------------------------------------------------------------------------
 */

static varve_gc_options options_of(uint64_t batch_versions, bool estimate)
{
    return (varve_gc_options){.struct_size = sizeof(varve_gc_options),
                              .policy = &policy,
                              .now = at(1000 * SECOND),
                              .estimate = estimate,
                              .has_account = true,
                              .batch_versions = batch_versions,
                              .damaged = note};
}

static varve_gc *open_job(const varve_gc_options *options)
{
    varve_gc *job;
    ck_ok(varve_gc_open(on.engine, options, &job, &on.err), &on.err);
    return job;
}

/* Run it, each step by a job of its own. */
static varve_gc_report run(varve_gc_options options)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_gc_report report = {.struct_size = sizeof report};
    bool more = true;
    told[0] = '\0';
    for (int steps = 0; more; steps++) {
        ck_assert_int_lt(steps, 1000);
        options.resume = varve_buf_slice(&token);
        varve_gc *job = open_job(&options);
        ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
        ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
        ck_ok(varve_gc_token(job, &token, &on.err), &on.err);
        varve_gc_close(job);
    }
    varve_buf_release(&token);
    return report;
}

/* Behind varve's own records. */
static void ck_collected(void)
{
    const char *text = store_text();
    size_t size = strlen(text);
    ck_assert_uint_ge(size, sizeof collected_text - 1);
    ck_assert_str_eq(text + size - (sizeof collected_text - 1), collected_text);
}

static void ck_found(const varve_gc_report *report)
{
    ck_assert_str_eq(told, told_text);
    ck_assert_uint_eq(report->damaged_keys, DAMAGED);
    ck_assert_uint_eq(report->collected.versions, GARBAGE);
    ck_assert_uint_eq(report->collected_keys, 0);
    ck_assert_uint_eq(report->intent_keys, 0);
}

START_TEST(damaged_keys_stay_whole_and_others_are_collected)
{
    static const uint64_t sizes[] = {1, 2, 3, 0};
    use_engine();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fill_store();
        damage_store();
        varve_gc_report report = run(options_of(sizes[i], true));
        ck_found(&report);
        report = run(options_of(sizes[i], false));
        ck_found(&report);
        heal_store();
        ck_account();
        ck_collected();
    }
}
END_TEST

/* Told with those of one job, too, and not again behind the last key. */
START_TEST(a_job_that_is_not_dropped_tells_the_same)
{
    use_engine();
    fill_store();
    damage_store();
    for (int estimate = 1; estimate >= 0; estimate--) {
        const varve_gc_options options = options_of(2, estimate == 1);
        varve_gc_report report = {.struct_size = sizeof report};
        bool more = true;
        told[0] = '\0';
        varve_gc *job = open_job(&options);
        while (more)
            ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
        ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
        ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
        ck_found(&report);
        varve_gc_close(job);
    }
}
END_TEST

/* More damaged keys than a step remembers, at the very end of the store, too. */
START_TEST(each_of_many_damaged_keys_is_told_once)
{
    enum { KEYS = 90 };
    use_engine();
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%02d", i);
        put_versions(key, 2);
        if (i % 3 == 0)
            continue;
        mvcc_put_raw(mvcc_engine_key(key, at(0)), bytes("\x80"));
    }
    for (int estimate = 1; estimate >= 0; estimate--) {
        varve_gc_report report = run(options_of(0, estimate == 1));
        ck_assert_uint_eq(report.damaged_keys, KEYS / 3 * 2);
        ck_assert_uint_eq(lines_told(), KEYS / 3 * 2);
        ck_assert_uint_eq(report.collected.versions, KEYS / 3);
    }
}
END_TEST

/* Of a key with more versions than a batch, what is older than the damage may go. */
START_TEST(damage_in_the_middle_of_a_long_key)
{
    use_engine();
    put_versions("k", 300);
    put_versions("l", 2);
    account_open();
    varve_buf bad = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(bytes("k"), at(150 * SECOND), &bad, &on.err), &on.err);
    bad.size--; /* in front of the version at 150 s */
    mvcc_put_raw(varve_buf_slice(&bad), bytes("x"));
    varve_gc_report report = run(options_of(40, false));
    ck_assert_uint_eq(report.damaged_keys, 1);
    ck_assert_uint_eq(report.collected.versions, 3 * 40 + 1);
    mvcc_clear_raw(varve_buf_slice(&bad));
    varve_buf_release(&bad);
    ck_account();
    ck_assert_uint_eq(run(options_of(40, false)).collected.versions, 299 - 3 * 40);
    ck_account();
}
END_TEST

/* What cannot be read is no damage of a key. */
START_TEST(failures_to_read_stop_the_job)
{
    varve_status *const faults[] = {&backend_faults.iter_open, &backend_faults.iter_step,
                                    &backend_faults.iter_seek};
    use_engine();
    fill_store();
    backend_faults_insert(on.engine);
    for (int i = 0; i < 6; i++) {
        const varve_gc_options options = options_of(2, i % 2 == 1);
        varve_gc_report report = {.struct_size = sizeof report};
        bool more;
        told[0] = '\0';
        varve_gc *job = open_job(&options);
        *faults[i / 2] = VARVE_CORRUPT;
        ck_status(varve_gc_step(job, &more, &on.err), VARVE_CORRUPT, &on.err);
        *faults[i / 2] = VARVE_OK;
        varve_error_release(&on.err);
        ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
        ck_assert_uint_eq(report.damaged_keys, 0);
        ck_assert_str_eq(told, "");
        varve_gc_close(job);
    }
}
END_TEST

/* Whatever fails, each key is told once in the end. */
START_TEST(memory_may_run_out)
{
    unsigned fired = 0;
    use_engine();
    fill_store();
    damage_store();
    for (unsigned nth = 1;; nth++) {
        bool has_fired = false;
        for (int estimate = 0; estimate < 2; estimate++) {
            const varve_gc_options options = options_of(2, estimate == 1);
            bool more = true;
            told[0] = '\0';
            varve_gc *job = open_job(&options);
            fault_alloc_arm(nth);
            for (int steps = 0; more && steps < 50; steps++) {
                if (varve_gc_step(job, &more, &on.err) == VARVE_OK)
                    continue;
                ck_assert_int_eq(on.err.status, VARVE_NO_MEMORY);
                varve_error_release(&on.err);
            }
            has_fired = fault_alloc_disarm() || has_fired;
            ck_assert(!more);
            ck_assert_str_eq(told, told_text);
            varve_gc_close(job);
        }
        if (!has_fired)
            break;
        fired++;
    }
    ck_assert_uint_gt(fired, 10);
}
END_TEST

/* ---- Resolving ---------------------------------------------------------------------------------
 */

static varve_resolve_job_report resolve(uint64_t batch_intents)
{
    varve_resolve_job_options options = {.struct_size = sizeof options,
                                         .status = VARVE_TXN_COMMITTED,
                                         .commit_ts = at(50 * SECOND),
                                         .has_account = true,
                                         .batch_intents = batch_intents,
                                         .damaged = note};
    varve_resolve_job_report report = {.struct_size = sizeof report};
    varve_buf token = VARVE_BUF_INIT;
    bool more = true;
    told[0] = '\0';
    for (int steps = 0; more; steps++) {
        varve_resolve_job *job;
        ck_assert_int_lt(steps, 1000);
        options.resume = varve_buf_slice(&token);
        ck_ok(varve_resolve_job_open(on.engine, &options, &job, &on.err), &on.err);
        ck_ok(varve_resolve_job_step(job, &more, &on.err), &on.err);
        ck_ok(varve_resolve_job_get_report(job, &report, &on.err), &on.err);
        ck_ok(varve_resolve_job_token(job, &token, &on.err), &on.err);
        varve_resolve_job_close(job);
    }
    varve_buf_release(&token);
    return report;
}

/* The intent of h cannot be moved without its value; what else is damaged is passed. */
START_TEST(intents_among_damaged_keys_are_resolved)
{
    use_engine();
    for (uint64_t batch = 1; batch < 4; batch++) {
        ck_ok(varve_mvcc_clear_range(on.writer, (varve_span){bytes("\x01"), varve_key_max()},
                                     &on.err),
              &on.err);
        fill_store();
        intent(.key = "a", .ts = at(INTENT_AT), .value = "w");
        intent(.key = "j", .ts = at(INTENT_AT), .value = "w");
        intent(.key = "z", .ts = at(INTENT_AT), .value = "w");
        account_open();
        damage_store();
        varve_resolve_job_report report = resolve(batch);
        ck_assert_uint_eq(report.resolved, 3);
        ck_assert_uint_eq(report.damaged, DAMAGED);
        ck_assert_uint_eq(lines_told(), DAMAGED);
        ck_assert_ptr_nonnull(strstr(told, "VARVE_CORRUPT h [68 00 01] existing intent value "
                                           "missing: \"h\"\n"));
        ck_assert_ptr_nonnull(strstr(told, "VARVE_CORRUPT_KEY c [" IN_C "] "));
        heal_store();
        ck_account();
        ck_assert_int_eq((int)account_recount(0).intent_count, 1);
    }
}
END_TEST

/* An intent on a key with a record that does not decode is left alone as well. */
START_TEST(an_intent_in_a_damaged_key_stays)
{
    use_engine();
    fill_store();
    intent(.key = "e", .ts = at(INTENT_AT), .value = "w");
    account_open();
    mvcc_put_raw(hex(IN_E), bytes("x"));
    varve_resolve_job_report report = resolve(0);
    ck_assert_uint_eq(report.intents, 1);
    ck_assert_uint_eq(report.resolved, 1);
    ck_assert_uint_eq(report.damaged, 1);
    ck_assert_uint_eq(lines_told(), 1);
    mvcc_clear_raw(hex(IN_E));
    ck_account();
    ck_assert_int_eq((int)account_recount(0).intent_count, 1);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, damaged_keys_stay_whole_and_others_are_collected);
    tcase_add_test(tcase, a_job_that_is_not_dropped_tells_the_same);
    tcase_add_test(tcase, each_of_many_damaged_keys_is_told_once);
    tcase_add_test(tcase, damage_in_the_middle_of_a_long_key);
    tcase_add_test(tcase, failures_to_read_stop_the_job);
    tcase_add_test(tcase, memory_may_run_out);
    tcase_add_test(tcase, intents_among_damaged_keys_are_resolved);
    tcase_add_test(tcase, an_intent_in_a_damaged_key_stays);
}

int main(void)
{
    return run_suite(backend_suite("damage", fill));
}
