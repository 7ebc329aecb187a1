/*
 * Latches: updates that are lost without them and kept with them, who waits for whom, and giving
 * up.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <varve/latches.h>
#include <varve/mvcc.h>
#include <varve/ts.h>

#include "engine/view.h"
#include "tests/support/backends.h"

static varve_error err;

/* ---- Lost updates ------------------------------------------------------------------------------
 */

#define ROUNDS 40
#define WRITERS 2

/* A writer that waits, before it writes, until every thread has looked at the key. */
struct meeting {
    varve_writer writer;
    pthread_barrier_t barrier;
    bool is_open; /* nobody waits */
};

static struct meeting meeting;

static varve_status meet_apply(varve_writer *writer, varve_slice repr, varve_error *failure)
{
    (void)writer;
    if (!meeting.is_open)
        (void)pthread_barrier_wait(&meeting.barrier);
    return on.writer->ops->apply(on.writer, repr, failure);
}

static varve_status meet_write(varve_writer *writer, const varve_record *record,
                               varve_error *failure)
{
    (void)writer;
    if (!meeting.is_open)
        (void)pthread_barrier_wait(&meeting.barrier);
    return on.writer->ops->write(on.writer, record, failure);
}

static const varve__writer_ops meeting_ops = {meet_apply, meet_write};

struct worker {
    varve_latches *latches; /* or NULL */
    const char *complaint;
};

static atomic_int_least64_t clock_wall;

static const char *increment_once(varve_latches *latches)
{
    varve_latch *latch = NULL;
    varve_slice key = bytes("k");
    varve_write how = {.struct_size = sizeof how, .reader = on.reader, .writer = &meeting.writer};
    if (latches != NULL &&
        varve_latches_acquire(latches, &key, 1, NULL, 0, NULL, &latch, NULL) != VARVE_OK)
        return "no latch";
    how.ts = varve_ts_of(atomic_fetch_add(&clock_wall, 1) + 1, 0);
    varve_status status = varve_mvcc_increment(&how, key, 1, NULL, NULL);
    varve_latches_release(latch);
    return status == VARVE_OK || status == VARVE_WRITE_TOO_OLD ? NULL : "no sum";
}

static void *increment_often(void *argument)
{
    struct worker *worker = argument;
    for (int i = 0; i < ROUNDS && worker->complaint == NULL; i++) {
        if (!meeting.is_open)
            (void)pthread_barrier_wait(&meeting.barrier);
        worker->complaint = increment_once(worker->latches);
    }
    return NULL;
}

/* What the key holds after all threads have incremented it ROUNDS times. */
static int64_t sum_of(varve_latches *latches)
{
    pthread_t threads[WRITERS];
    struct worker workers[WRITERS];
    int64_t sum = -1;
    meeting.writer = (varve_writer){&meeting_ops};
    meeting.is_open = latches != NULL;
    ck_assert_int_eq(pthread_barrier_init(&meeting.barrier, NULL, WRITERS), 0);
    for (int i = 0; i < WRITERS; i++) {
        workers[i] = (struct worker){latches, NULL};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, increment_often, &workers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(workers[i].complaint == NULL, "%s", workers[i].complaint);
    }
    pthread_barrier_destroy(&meeting.barrier);
    varve_write how = {.struct_size = sizeof how,
                       .reader = on.reader,
                       .writer = on.writer,
                       .ts = varve_ts_of(atomic_load(&clock_wall) + 1000, 0)};
    ck_ok(varve_mvcc_increment(&how, bytes("k"), 0, &sum, &on.err), &on.err);
    return sum;
}

/* Both have read the same sum each time, and both have put the same next one. */
START_TEST(without_latches_updates_are_lost)
{
    ck_assert_int_eq(sum_of(NULL), ROUNDS);
}
END_TEST

START_TEST(with_latches_none_is_lost)
{
    varve_latches *latches;
    ck_ok(varve_latches_open(0, &latches, &err), &err);
    ck_assert_int_eq(sum_of(latches), WRITERS * ROUNDS);
    varve_latches_close(latches);
}
END_TEST

/* ---- Who is in whose way -----------------------------------------------------------------------
 */

struct wanted {
    const char *key;   /* or NULL, and */
    const char *start; /* a span */
    const char *end;
};

static varve_status acquire(varve_latches *latches, const struct wanted *wanted,
                            const varve_cancel *cancel, varve_latch **latch)
{
    if (wanted->key != NULL) {
        varve_slice key = varve_slice_text(wanted->key);
        return varve_latches_acquire(latches, &key, 1, NULL, 0, cancel, latch, &err);
    }
    varve_span span = {varve_slice_text(wanted->start), varve_slice_text(wanted->end)};
    return varve_latches_acquire(latches, NULL, 0, &span, 1, cancel, latch, &err);
}

static const struct {
    struct wanted one;
    struct wanted two;
    bool meet;
} pairs[] = {
    {{"a", NULL, NULL}, {"a", NULL, NULL}, true}, {{"a", NULL, NULL}, {"b", NULL, NULL}, false},
    {{"", NULL, NULL}, {"", NULL, NULL}, true},   {{"b", NULL, NULL}, {NULL, "b", "c"}, true},
    {{"c", NULL, NULL}, {NULL, "b", "c"}, false}, {{"a", NULL, NULL}, {NULL, "b", "c"}, false},
    {{"z", NULL, NULL}, {NULL, "b", ""}, true},   {{"a", NULL, NULL}, {NULL, "", "b"}, true},
    {{"a", NULL, NULL}, {NULL, "b", "a"}, false}, {{NULL, "a", "c"}, {NULL, "b", "d"}, true},
    {{NULL, "a", "b"}, {NULL, "b", "d"}, false},  {{NULL, "a", "z"}, {NULL, "b", "d"}, true},
    {{NULL, "a", ""}, {NULL, "z", ""}, true},     {{NULL, "a", "a"}, {NULL, "", ""}, false},
};

static void ck_pair(varve_latches *latches, const struct wanted *one, const struct wanted *two,
                    bool meet)
{
    varve_latch *held;
    varve_latch *other;
    varve_cancel *cancel;
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    ck_ok(acquire(latches, one, NULL, &held), &err);
    varve_cancel_after(cancel, meet ? 5000000 : INT64_C(60000000000));
    ck_status(acquire(latches, two, cancel, &other), meet ? VARVE_DEADLINE : VARVE_OK, &err);
    ck_assert((other == NULL) == meet);
    varve_error_release(&err);
    varve_latches_release(other);
    varve_latches_release(held);
    varve_cancel_close(cancel);
    /* Who has given up is in nobody's way. */
    ck_ok(acquire(latches, one, NULL, &held), &err);
    varve_latches_release(held);
}

START_TEST(keys_and_spans_that_meet)
{
    for (size_t stripes = 1; stripes <= 7; stripes += 6) {
        varve_latches *latches;
        ck_ok(varve_latches_open(stripes, &latches, &err), &err);
        ck_pair(latches, &pairs[_i].one, &pairs[_i].two, pairs[_i].meet);
        ck_pair(latches, &pairs[_i].two, &pairs[_i].one, pairs[_i].meet);
        varve_latches_close(latches);
    }
}
END_TEST

START_TEST(one_call_may_ask_for_the_same_twice)
{
    varve_latches *latches;
    varve_latch *latch;
    varve_slice keys[] = {bytes("a"), bytes("b"), bytes("a"), bytes("")};
    varve_span spans[] = {{bytes("a"), bytes("c")}, {bytes("b"), bytes("")}};
    ck_ok(varve_latches_open(3, &latches, &err), &err);
    ck_ok(varve_latches_acquire(latches, keys, 4, spans, 2, NULL, &latch, &err), &err);
    varve_latches_release(latch);
    ck_ok(varve_latches_acquire(latches, NULL, 0, NULL, 0, NULL, &latch, &err), &err);
    varve_latches_release(latch);
    varve_latches_release(NULL);
    varve_latches_close(latches);
}
END_TEST

START_TEST(a_cancelled_token_acquires_nothing)
{
    varve_latches *latches;
    varve_latch *latch;
    varve_cancel *cancel;
    varve_slice key = bytes("a");
    ck_ok(varve_latches_open(0, &latches, &err), &err);
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    varve_cancel_now(cancel);
    ck_status(varve_latches_acquire(latches, &key, 1, NULL, 0, cancel, &latch, &err),
              VARVE_CANCELLED, &err);
    ck_assert_ptr_null(latch);
    varve_error_release(&err);
    varve_cancel_close(cancel);
    varve_latches_close(latches);
}
END_TEST

START_TEST(arguments)
{
    varve_latches *latches;
    ck_fails(varve_latches_open(VARVE_LATCHES_STRIPES_MAX + 1, &latches, &err),
             VARVE_INVALID_ARGUMENT, &err, "65537 stripes exceed the limit of 65536");
    ck_assert_ptr_null(latches);
    varve_latches_close(NULL);
}
END_TEST

static varve_status acquire_all(void *context, varve_error *failure)
{
    varve_latches *latches;
    varve_latch *latch;
    varve_slice key = bytes("a");
    varve_span span = {bytes("a"), bytes("c")};
    (void)context;
    varve_status status = varve_latches_open(2, &latches, failure);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(latches);
        return status;
    }
    status = varve_latches_acquire(latches, &key, 1, &span, 1, NULL, &latch, failure);
    ck_assert((latch == NULL) == (status != VARVE_OK));
    varve_latches_release(latch);
    varve_latches_close(latches);
    return status;
}

START_TEST(memory_can_run_out)
{
    ck_assert_uint_eq(fault_alloc_each(acquire_all, NULL), 2);
}
END_TEST

/* ---- Many threads ------------------------------------------------------------------------------
 */

#define CROWD 6
#define TURNS 400

static varve_latches *crowd_latches;
static atomic_uint holders[4]; /* of the keys a to d */
static atomic_bool clash;

/* Hold some keys in a given order, or all by a span. */
static void *take_turns(void *argument)
{
    test_random random = {*(const unsigned *)argument};
    static const varve_slice all[] = {{(const unsigned char *)"a", 1},
                                      {(const unsigned char *)"b", 1},
                                      {(const unsigned char *)"c", 1},
                                      {(const unsigned char *)"d", 1}};
    for (int turn = 0; turn < TURNS; turn++) {
        size_t first = test_random_below(&random, 4);
        size_t count = 1 + test_random_below(&random, 4 - first);
        varve_slice keys[4];
        varve_latch *latch;
        varve_span span = {all[first], varve_slice_of(&"abcde"[first + count], 1)};
        bool by_span = test_random_below(&random, 3) == 0;
        for (size_t i = 0; i < count; i++)
            keys[i] = all[first + (turn % 2 == 0 ? i : count - 1 - i)];
        if (varve_latches_acquire(crowd_latches, keys, by_span ? 0 : count, &span, by_span, NULL,
                                  &latch, NULL) != VARVE_OK)
            return NULL;
        for (size_t i = first; i < first + count; i++)
            if (atomic_fetch_add(&holders[i], 1) != 0)
                atomic_store(&clash, true);
        for (size_t i = first; i < first + count; i++)
            atomic_fetch_sub(&holders[i], 1);
        varve_latches_release(latch);
    }
    return argument;
}

START_TEST(a_crowd_neither_meets_nor_stops)
{
    pthread_t threads[CROWD];
    unsigned seeds[CROWD];
    ck_ok(varve_latches_open(3, &crowd_latches, &err), &err);
    for (unsigned i = 0; i < CROWD; i++) {
        seeds[i] = i + 1;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_turns, &seeds[i]), 0);
    }
    for (int i = 0; i < CROWD; i++) {
        void *done;
        ck_assert_int_eq(pthread_join(threads[i], &done), 0);
        ck_assert_ptr_nonnull(done);
    }
    ck_assert(!atomic_load(&clash));
    varve_latches_close(crowd_latches);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, without_latches_updates_are_lost);
    tcase_add_test(tcase, with_latches_none_is_lost);
}

int main(void)
{
    Suite *suite = backend_suite("mvcc/latches", fill);
    TCase *tcase = tcase_create("latches");
    tcase_add_loop_test(tcase, keys_and_spans_that_meet, 0, sizeof pairs / sizeof pairs[0]);
    tcase_add_test(tcase, one_call_may_ask_for_the_same_twice);
    tcase_add_test(tcase, a_cancelled_token_acquires_nothing);
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, memory_can_run_out);
    tcase_add_test(tcase, a_crowd_neither_meets_nor_stops);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
