/*
 * Threads on one engine: commits are all or nothing to whoever looks.
 *
 * Each commit sets all of the keys to one number, in a batch or as one representation.  A state in
 * which two keys differ was never committed.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "format/batch_repr.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

enum { KEYS = 18, COMMITS = 150, WRITERS = 2, READERS = 3 };

static varve_slice keys[KEYS];
static varve_slice start, end; /* around all of them */
static atomic_bool writing;
static atomic_uint wrong; /* states that nobody has committed, and calls that failed */
static atomic_uint seen;  /* states looked at */

static void require(bool holds)
{
    if (!holds)
        atomic_fetch_add(&wrong, 1);
}

/* ---- Writers ------------------------------------------------------------------------------------
 */

static void write_all(varve_writer *writer, uint64_t number)
{
    for (int i = 0; i < KEYS; i++)
        require(varve_writer_put(writer, keys[i], varve_slice_of(&number, sizeof number), NULL) ==
                VARVE_OK);
}

static void commit_batch(uint64_t number)
{
    varve_batch *batch;
    require(varve_batch_open(on.engine, 0, &batch, NULL) == VARVE_OK);
    varve_writer *writer = varve_batch_writer_of(batch);
    if (number % 3 == 0)
        require(varve_writer_clear_range(writer, start, end, NULL) == VARVE_OK);
    write_all(writer, number);
    require(varve_batch_commit(batch, VARVE_NO_SYNC, NULL) == VARVE_OK);
    varve_batch_close(batch);
}

static void apply_repr(uint64_t number)
{
    varve_buf repr = VARVE_BUF_INIT;
    for (int i = 0; i < KEYS; i++) {
        const varve_record record = {VARVE_RECORD_PUT, keys[i],
                                     varve_slice_of(&number, sizeof number)};
        require(varve__repr_append(&repr, &record, NULL) == VARVE_OK);
    }
    require(varve_writer_apply(on.writer, varve_buf_slice(&repr), NULL) == VARVE_OK);
    varve_buf_release(&repr);
}

static void *write_many(void *arg)
{
    uint64_t first = *(const uint64_t *)arg;
    for (uint64_t i = 0; i < COMMITS; i++) {
        if (first == 0)
            commit_batch(i * WRITERS);
        else
            apply_repr(first + i * WRITERS);
    }
    return NULL;
}

/* ---- Readers ------------------------------------------------------------------------------------
 */

/* Whether `it`, which need not have been sought, shows all keys with one value, or none. */
static void look(varve_iter *it, bool backward)
{
    uint64_t first = 0;
    uint64_t number;
    int count = 0;
    bool more = backward ? varve_iter_seek_le(it, varve_slice_of(NULL, 0))
                         : varve_iter_seek_ge(it, varve_slice_of(NULL, 0));
    for (; more; more = backward ? varve_iter_prev(it) : varve_iter_next(it)) {
        memcpy(&number, varve_iter_value(it).data, sizeof number);
        if (count++ == 0)
            first = number;
        require(number == first);
    }
    require(count == 0 || count == KEYS);
    require(varve_iter_status(it, NULL) == VARVE_OK);
    atomic_fetch_add(&seen, 1);
}

static void look_twice(varve_reader *reader)
{
    varve_iter *it;
    require(varve_iter_open(reader, NULL, &it, NULL) == VARVE_OK);
    look(it, false);
    look(it, true);
    varve_iter_close(it);
}

static void look_by_get(varve_reader *reader)
{
    varve_buf first = VARVE_BUF_INIT;
    varve_buf other = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(reader, keys[0], &first, NULL);
    for (int i = 1; i < KEYS; i++) {
        require(varve_reader_get(reader, keys[i], &other, NULL) == status);
        require(varve_slice_equal(varve_buf_slice(&first), varve_buf_slice(&other)));
    }
    varve_buf_release(&first);
    varve_buf_release(&other);
}

/* Several threads use this one. */
static varve_snapshot *shared;

static void look_everywhere(void)
{
    varve_snapshot *snapshot;
    varve_batch *batch;
    varve_engine_info info = {.struct_size = sizeof info};
    look_twice(on.reader);
    require(varve_snapshot_open(on.engine, &snapshot, NULL) == VARVE_OK);
    look_twice(varve_snapshot_reader(snapshot));
    look_by_get(varve_snapshot_reader(snapshot));
    varve_snapshot_close(snapshot);
    look_twice(varve_snapshot_reader(shared));
    require(varve_batch_open(on.engine, 0, &batch, NULL) == VARVE_OK);
    look_twice(varve_batch_reader_of(batch));
    varve_batch_close(batch);
    require(varve_engine_get_info(on.engine, &info, NULL) == VARVE_OK);
    require(info.open_snapshots >= 1);
}

static void *read_many(void *arg)
{
    (void)arg;
    do
        look_everywhere();
    while (atomic_load(&writing));
    return NULL;
}

/* ---- Together -----------------------------------------------------------------------------------
 */

START_TEST(commits_are_all_or_nothing_to_other_threads)
{
    static uint64_t firsts[WRITERS] = {0, 1};
    pthread_t writers[WRITERS];
    pthread_t readers[READERS];
    char key[] = "k@1";
    for (int i = 0; i < KEYS; i++) {
        key[1] = i % 2 == 0 ? '@' : 'a';
        key[2] = (char)('1' + i / 2);
        keys[i] = key_of(key);
    }
    start = key_of("k");
    end = key_of("l");
    atomic_store(&writing, true);
    apply_repr(1);
    ck_ok(varve_snapshot_open(on.engine, &shared, &on.err), &on.err);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_many, NULL), 0);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&writers[i], NULL, write_many, &firsts[i]), 0);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_join(writers[i], NULL), 0);
    atomic_store(&writing, false);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
    varve_snapshot_close(shared);
    unsigned wrong_now = atomic_load(&wrong);
    unsigned seen_now = atomic_load(&seen);
    ck_assert_uint_eq(wrong_now, 0);
    ck_assert_uint_ge(seen_now, 8 * READERS);
}
END_TEST

/* The last to close a snapshot may be any of its iterators, in any thread. */
static void *close_iter(void *arg)
{
    varve_iter *it = arg;
    look(it, false);
    varve_iter_close(it);
    return NULL;
}

START_TEST(iterators_of_a_snapshot_close_in_any_thread)
{
    pthread_t threads[8];
    put(on.writer, "a", "12345678");
    for (int round = 0; round < 20; round++) {
        varve_snapshot *snapshot;
        ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
        for (int i = 0; i < 8; i++) {
            varve_iter *it = iter(varve_snapshot_reader(snapshot), NULL);
            ck_assert_int_eq(pthread_create(&threads[i], NULL, close_iter, it), 0);
        }
        varve_snapshot_close(snapshot);
        for (int i = 0; i < 8; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, commits_are_all_or_nothing_to_other_threads);
    tcase_add_test(tcase, iterators_of_a_snapshot_close_in_any_thread);
}

int main(void)
{
    return run_suite(backend_suite("threads", fill));
}
