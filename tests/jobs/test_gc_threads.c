/*
 * The garbage job beside writers that take latches: whatever comes first, the statistics are those
 * of a recount, no newest value is missing, and nothing stays that should go.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <varve/varve.h>

#include "mvcc/gc_hold.h"
#include "tests/support/backends.h"

enum { WRITERS = 2, KEYS = 4, WRITES = 300 };

/* So long one waits to see that somebody waits: too short would be to see nothing. */
#define PATIENCE INT64_C(50000000)

static varve_latches *latches;
static atomic_int running;
static atomic_llong clock_ticks;

struct writer {
    unsigned number;
    const char *complaint;
};

/*
 * One put or deletion of a key, with its share of the statistics, under the latch of the key, which
 * also covers drawing the time: that of a key never goes back.
 */
static varve_status write_one(varve_batch *batch, varve_slice key, bool deletes)
{
    varve_latch *latch = NULL;
    varve_stats delta = {0};
    varve_status status = varve_batch_reset(batch, NULL);
    if (status == VARVE_OK)
        status = varve_latches_acquire(latches, &key, 1, NULL, 0, NULL, &latch, NULL);
    const varve_write how = {.struct_size = sizeof how,
                             .reader = varve_batch_reader_of(batch),
                             .writer = varve_batch_writer_of(batch),
                             .ts = varve_ts_of(atomic_fetch_add(&clock_ticks, 1), 0),
                             .stats = &delta};
    if (status == VARVE_OK)
        status = deletes ? varve_mvcc_delete(&how, key, NULL)
                         : varve_mvcc_put(&how, key, bytes("\0\0\0\0\3value"), NULL);
    if (status == VARVE_OK)
        status = varve_stats_account_add(how.writer, bytes(""), &delta, NULL);
    if (status == VARVE_OK)
        status = varve_batch_commit(batch, VARVE_NO_SYNC, NULL);
    varve_latches_release(latch);
    return status;
}

static void *write_on(void *argument)
{
    struct writer *writer = argument;
    varve_batch *batch;
    if (varve_batch_open(on.engine, 0, &batch, NULL) != VARVE_OK)
        writer->complaint = "no batch";
    for (unsigned i = 0; i < WRITES && writer->complaint == NULL; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%u", (i * 7 + writer->number) % KEYS);
        varve_status status = write_one(batch, varve_slice_text(key), i % 3 > 0);
        if (status != VARVE_OK)
            writer->complaint = varve_status_name(status);
    }
    varve_batch_close(batch);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static varve_gc_options options_of(const varve_gc_policy *policy)
{
    return (varve_gc_options){.struct_size = sizeof(varve_gc_options),
                              .policy = policy,
                              .now = varve_ts_of(INT64_C(2000000000), 0),
                              .latches = latches,
                              .has_account = true,
                              .durability = VARVE_NO_SYNC};
}

/* All that is not live goes, whole keys with it: what is written on top must not be in vain. */
static varve_gc *open_job(uint64_t batch_versions, const varve_cancel *cancel)
{
    const varve_gc_policy policy = {.struct_size = sizeof policy, .ttl_seconds = 1};
    varve_gc_options options = options_of(&policy);
    varve_gc *job;
    options.batch_versions = batch_versions;
    options.cancel = cancel;
    ck_ok(varve_gc_open(on.engine, &options, &job, &on.err), &on.err);
    return job;
}

static uint64_t collect(uint64_t batch_versions)
{
    varve_gc *job = open_job(batch_versions, NULL);
    varve_gc_report report = {.struct_size = sizeof report};
    bool more = true;
    while (more)
        ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
    ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
    varve_gc_close(job);
    return report.collected.versions;
}

static void ck_account(void)
{
    varve_stats kept;
    varve_stats counted;
    varve_span keys_of_applications = {varve_key_app_min(), {NULL, 0}};
    ck_ok(varve_stats_compute(on.reader, keys_of_applications, 12345, NULL, &counted, &on.err),
          &on.err);
    ck_ok(varve_stats_account_get(on.reader, bytes(""), 12345, &kept, &on.err), &on.err);
    ck_assert_mem_eq(&kept, &counted, sizeof kept);
}

START_TEST(collecting_beside_writers)
{
    static struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    const varve_stats nothing = {0};
    uint64_t collected = 0;
    unsigned rounds = 0;
    ck_ok(varve_latches_open(0, &latches, &on.err), &on.err);
    ck_ok(varve_stats_account_set(on.writer, bytes(""), &nothing, &on.err), &on.err);
    atomic_store(&clock_ticks, 1);
    atomic_store(&running, WRITERS);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i].number = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    }
    while (atomic_load(&running) > 0)
        collected += collect(1 + rounds++ % 9);
    for (unsigned i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(writers[i].complaint == NULL, "%s", writers[i].complaint);
    }
    collected += collect(0);
    ck_account();
    varve_stats left;
    ck_ok(varve_stats_account_get(on.reader, bytes(""), 0, &left, &on.err), &on.err);
    ck_assert_int_eq(left.key_count, left.live_count);
    ck_assert_int_eq(left.val_count, left.live_count);
    ck_assert_uint_eq(collected + (uint64_t)left.val_count, WRITERS * WRITES);
    varve_latches_close(latches);
}
END_TEST

/* ---- What is written while the job waits for a latch -------------------------------------------
 */

static void *collect_once(void *argument)
{
    *(uint64_t *)argument = collect(0);
    atomic_store(&running, 0);
    return NULL;
}

/*
 * Wait until the job waits: it asks for the latch of holds, too, and who asks for that later waits
 * as well.
 */
static void await_waiting_job(void)
{
    const varve_slice holds = varve__gc_holds_latch();
    varve_cancel *cancel;
    varve_latch *latch;
    varve_status status = VARVE_OK;
    const struct timespec moment = {.tv_nsec = 1000000}; /* for the job to come to it */
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    while (status == VARVE_OK && atomic_load(&running) > 0) {
        (void)nanosleep(&moment, NULL);
        varve_cancel_after(cancel, PATIENCE);
        status = varve_latches_acquire(latches, &holds, 1, NULL, 0, cancel, &latch, NULL);
        varve_latches_release(latch);
    }
    varve_cancel_close(cancel);
}

/*
 * The job has gathered a deleted key, and waits for the latch of a writer, who puts something on
 * top: then the key is not dead any more.
 */
START_TEST(what_is_written_meanwhile_is_seen)
{
    pthread_t thread;
    varve_latch *latch;
    varve_batch *batch;
    const varve_stats nothing = {0};
    const varve_slice key = bytes("k");
    varve_stats delta = {0};
    uint64_t collected;
    ck_ok(varve_latches_open(0, &latches, &on.err), &on.err);
    ck_ok(varve_stats_account_set(on.writer, bytes(""), &nothing, &on.err), &on.err);
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    atomic_store(&clock_ticks, 1);
    ck_ok(write_one(batch, key, false), &on.err);
    ck_ok(write_one(batch, key, true), &on.err);

    ck_ok(varve_latches_acquire(latches, &key, 1, NULL, 0, NULL, &latch, &on.err), &on.err);
    atomic_store(&running, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, collect_once, &collected), 0);
    await_waiting_job();
    const varve_write how = {.struct_size = sizeof how,
                             .reader = on.reader,
                             .writer = on.writer,
                             .ts = varve_ts_of(9, 0),
                             .stats = &delta};
    ck_ok(varve_mvcc_put(&how, key, bytes("\0\0\0\0\3value"), &on.err), &on.err);
    ck_ok(varve_stats_account_add(on.writer, bytes(""), &delta, &on.err), &on.err);
    varve_latches_release(latch);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    varve_batch_close(batch);
    varve_latches_close(latches);
    ck_assert_uint_eq(collected, 2);
    ck_account();
}
END_TEST

/* Under the latch of a key that it collects from, or that of holds, a step does nothing. */
START_TEST(a_step_waits_for_its_latches)
{
    const varve_slice held[] = {bytes("k"), varve__gc_holds_latch(), bytes("other")};
    const varve_stats nothing = {0};
    varve_latch *latch;
    varve_batch *batch;
    varve_cancel *cancel;
    bool more;
    ck_ok(varve_latches_open(VARVE_LATCHES_STRIPES_MAX, &latches, &on.err), &on.err);
    ck_ok(varve_stats_account_set(on.writer, bytes(""), &nothing, &on.err), &on.err);
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    atomic_store(&clock_ticks, 1);
    ck_ok(write_one(batch, bytes("k"), false), &on.err);
    ck_ok(write_one(batch, bytes("k"), true), &on.err);
    uint64_t sequence = varve_engine_sequence(on.engine);
    varve_gc *job = open_job(0, cancel);
    for (int i = 0; i < 3; i++) {
        bool is_other = i == 2;
        ck_ok(varve_latches_acquire(latches, &held[i], 1, NULL, 0, NULL, &latch, &on.err), &on.err);
        varve_cancel_after(cancel, is_other ? 0 : PATIENCE);
        ck_status(varve_gc_step(job, &more, &on.err), is_other ? VARVE_OK : VARVE_DEADLINE,
                  &on.err);
        ck_assert(is_other || varve_engine_sequence(on.engine) == sequence);
        varve_latches_release(latch);
        varve_error_release(&on.err);
    }
    ck_assert_uint_gt(varve_engine_sequence(on.engine), sequence);
    varve_gc_close(job);
    varve_cancel_close(cancel);
    varve_batch_close(batch);
    varve_latches_close(latches);
    ck_account();
}
END_TEST

/* ---- Damage that comes while the job waits for a latch ------------------------------------------
 */

static char told[400];
static uint64_t damaged_keys;

/* "KEY ", in the order of the telling. */
static void note_damage(void *arg, const varve_damaged_key *key)
{
    size_t used = strlen(told);
    (void)arg;
    (void)snprintf(told + used, sizeof told - used, "%.*s ", (int)key->user_key.size,
                   (const char *)key->user_key.data);
}

/* All in one step, and what is damaged. */
static void *collect_past_damage(void *argument)
{
    const varve_gc_policy policy = {.struct_size = sizeof policy, .keep_versions = 1};
    varve_gc_options options = options_of(&policy);
    varve_gc_report report = {.struct_size = sizeof report};
    varve_gc *job;
    bool more = true;
    options.damaged = note_damage;
    varve_status status = varve_gc_open(on.engine, &options, &job, NULL);
    while (status == VARVE_OK && more)
        status = varve_gc_step(job, &more, NULL);
    if (status == VARVE_OK)
        status = varve_gc_get_report(job, &report, NULL);
    varve_gc_close(job);
    *(uint64_t *)argument = report.collected.versions;
    damaged_keys = report.damaged_keys;
    atomic_store(&running, 0);
    return NULL;
}

/* Put what is no metadata record where the key has one. */
static void damage(const char *key)
{
    varve_buf engine_key = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(varve_slice_text(key), varve_ts_zero(), &engine_key, &on.err), &on.err);
    ck_ok(varve_writer_put(on.writer, varve_buf_slice(&engine_key), bytes("\x80"), &on.err),
          &on.err);
    varve_buf_release(&engine_key);
}

/* How many records lie between two user keys. */
static unsigned count_records(const char *start, const char *end)
{
    const varve_span span = {varve_slice_text(start), varve_slice_text(end)};
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_iter_options options = {.struct_size = sizeof options};
    varve_iter *it;
    unsigned count = 0;
    ck_ok(varve_span_encode(span, &lower, &upper, &on.err), &on.err);
    options.lower = varve_buf_slice(&lower);
    options.upper = varve_buf_slice(&upper);
    ck_ok(varve_iter_open(on.reader, &options, &it, &on.err), &on.err);
    for (bool there = varve_iter_seek_ge(it, options.lower); there; there = varve_iter_next(it))
        count++;
    varve_iter_close(it);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return count;
}

/* Let a job gather, and wait for a key's latch, until `meanwhile` has been done. */
static uint64_t collect_while(const char *key, void (*meanwhile)(const char *key))
{
    const varve_slice held = varve_slice_text(key);
    pthread_t thread;
    varve_latch *latch;
    uint64_t collected = 0;
    told[0] = '\0';
    ck_ok(varve_latches_acquire(latches, &held, 1, NULL, 0, NULL, &latch, &on.err), &on.err);
    atomic_store(&running, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, collect_past_damage, &collected), 0);
    await_waiting_job();
    meanwhile(key);
    varve_latches_release(latch);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return collected;
}

/* Two versions of each key, of which one goes; the account has them. */
static void fill_keys(const char *const *keys, size_t count)
{
    const varve_stats nothing = {0};
    varve_batch *batch;
    /* In one queue: see await_waiting_job(). */
    ck_ok(varve_latches_open(1, &latches, &on.err), &on.err);
    ck_ok(varve_stats_account_set(on.writer, bytes(""), &nothing, &on.err), &on.err);
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    atomic_store(&clock_ticks, 1);
    for (size_t i = 0; i < 2 * count; i++)
        ck_ok(write_one(batch, varve_slice_text(keys[i % count]), false), &on.err);
    varve_batch_close(batch);
}

static int64_t versions_in_account(void)
{
    varve_stats kept;
    ck_ok(varve_stats_account_get(on.reader, bytes(""), 0, &kept, &on.err), &on.err);
    return kept.val_count;
}

/* Of a key that makes no sense any more nothing goes; it is told once, and the others go. */
START_TEST(damage_that_comes_meanwhile_is_told)
{
    static const char *const keys[] = {"a", "d", "k", "z"};
    fill_keys(keys, 4);
    damage("d");
    ck_assert_uint_eq(collect_while("k", damage), 2);
    ck_assert_str_eq(told, "d k ");
    ck_assert_uint_eq(damaged_keys, 2);
    ck_assert_uint_eq(count_records("a", "b"), 1);
    ck_assert_uint_eq(count_records("d", "e"), 3);
    ck_assert_uint_eq(count_records("k", "l"), 3);
    ck_assert_uint_eq(count_records("z", "zz"), 1);
    ck_assert_int_eq(versions_in_account(), 8 - 2);
    varve_latches_close(latches);
}
END_TEST

/* A step remembers so many damaged keys; one more, that comes meanwhile, is not lost. */
START_TEST(damage_beyond_what_a_step_remembers_is_told)
{
    static const char *const keys[] = {"a", "k"};
    char key[16];
    fill_keys(keys, 2);
    for (int i = 10; i < 26; i++) {
        (void)snprintf(key, sizeof key, "l%d", i);
        damage(key);
    }
    ck_assert_uint_eq(collect_while("k", damage), 1);
    ck_assert_str_eq(told, "k l10 l11 l12 l13 l14 l15 l16 l17 l18 l19 l20 l21 l22 l23 l24 l25 ");
    ck_assert_uint_eq(damaged_keys, 17);
    ck_assert_uint_eq(count_records("k", "l"), 3);
    varve_latches_close(latches);
}
END_TEST

/* ---- Holds that come while the job waits for a latch
 * ---------------------------------------------
 */

/* As another process' library would, or a caller without latches. */
static void hold_low(const char *key)
{
    const varve_gc_hold hold = {
        .struct_size = sizeof hold, .id = bytes("low"), .ts = varve_ts_of(1, 0)};
    (void)key;
    ck_ok(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), &on.err);
}

/* A hold that was stored before anything was announced keeps what it needs, all of it. */
START_TEST(a_hold_that_comes_meanwhile_is_obeyed)
{
    static const char *const keys[] = {"a", "k"};
    varve_ts until;
    fill_keys(keys, 2);
    ck_assert_uint_eq(collect_while("k", hold_low), 0);
    ck_assert_int_eq(versions_in_account(), 4);
    ck_ok(varve_gc_collected(on.reader, (varve_span){bytes("a"), bytes("z")}, &until, &on.err),
          &on.err);
    ck_assert_int_eq(until.wall, 0);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("low"), &on.err), &on.err);
    ck_assert_uint_eq(collect(0), 2);
    ck_assert_int_eq(versions_in_account(), 2);
    varve_latches_close(latches);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, collecting_beside_writers);
    tcase_add_test(tcase, what_is_written_meanwhile_is_seen);
    tcase_add_test(tcase, a_step_waits_for_its_latches);
    tcase_add_test(tcase, damage_that_comes_meanwhile_is_told);
    tcase_add_test(tcase, damage_beyond_what_a_step_remembers_is_told);
    tcase_add_test(tcase, a_hold_that_comes_meanwhile_is_obeyed);
}

int main(void)
{
    return run_suite(backend_suite("gc_threads", fill));
}
