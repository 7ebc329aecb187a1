/*
 * Threads on one engine: commits are all or nothing to whoever looks, and nobody stalls the others.
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

static void make_keys(void)
{
    char key[] = "k@1";
    for (int i = 0; i < KEYS; i++) {
        key[1] = i % 2 == 0 ? '@' : 'a';
        key[2] = (char)('1' + i / 2);
        keys[i] = key_of(key);
    }
    start = key_of("k");
    end = key_of("l");
}

static pthread_t started[16];
static int started_count;

static void begin(void *(*body)(void *arg), void *arg)
{
    ck_assert_int_lt(started_count, 16);
    ck_assert_int_eq(pthread_create(&started[started_count++], NULL, body, arg), 0);
}

static void join_down_to(int count)
{
    while (started_count > count)
        ck_assert_int_eq(pthread_join(started[--started_count], NULL), 0);
}

static void require_nothing_wrong(void)
{
    unsigned count = atomic_load(&wrong);
    ck_assert_uint_eq(count, 0);
}

/* Run writers, and `others` beside them until they are done. */
static void run_beside_writers(void *(*const *others)(void *arg), int count)
{
    static uint64_t firsts[WRITERS] = {0, 1};
    make_keys();
    atomic_store(&writing, true);
    apply_repr(1);
    ck_ok(varve_snapshot_open(on.engine, &shared, &on.err), &on.err);
    for (int i = 0; i < count; i++)
        begin(others[i], NULL);
    for (int i = 0; i < WRITERS; i++)
        begin(write_many, &firsts[i]);
    join_down_to(count);
    atomic_store(&writing, false);
    join_down_to(0);
    varve_snapshot_close(shared);
    require_nothing_wrong();
}

START_TEST(commits_are_all_or_nothing_to_other_threads)
{
    static void *(*const readers[READERS])(void *arg) = {read_many, read_many, read_many};
    run_beside_writers(readers, READERS);
    unsigned states = atomic_load(&seen);
    ck_assert_uint_ge(states, 8 * READERS);
}
END_TEST

static bool count_table(void *arg, const varve_table *table)
{
    *(uint64_t *)arg += table->entries;
    return true;
}

/* What the administrator of an engine does while it is in use. */
static void *administer(void *arg)
{
    uint64_t entries = 0;
    (void)arg;
    do {
        require(varve_engine_flush(on.engine, NULL) == VARVE_OK);
        require(varve_engine_tables(on.engine, count_table, &entries, NULL) == VARVE_OK);
        require(varve_engine_sync(on.engine, NULL) == VARVE_OK);
        require(varve_engine_compact(on.engine, NULL) == VARVE_OK);
    } while (atomic_load(&writing));
    require(entries > 0 || on.backend == BACKEND_MAP);
    return NULL;
}

START_TEST(administration_does_not_get_in_the_way)
{
    static void *(*const others[])(void *arg) = {read_many, administer, read_many};
    run_beside_writers(others, 3);
    unsigned states = atomic_load(&seen);
    ck_assert_uint_ge(states, 8 * 2);
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
    make_keys();
    apply_repr(1);
    for (int round = 0; round < 20; round++) {
        varve_snapshot *snapshot;
        ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
        for (int i = 0; i < 8; i++)
            begin(close_iter, iter(varve_snapshot_reader(snapshot), NULL));
        varve_snapshot_close(snapshot);
        join_down_to(0);
    }
    require_nothing_wrong();
}
END_TEST

/* Whoever closes it need not be who has opened it; the counts and the pool do not mind. */
START_TEST(iterators_of_an_engine_close_in_any_thread)
{
    varve_engine_info info = {.struct_size = sizeof info};
    make_keys();
    apply_repr(1);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 8; i++)
            begin(close_iter, iter(on.reader, NULL));
        join_down_to(0);
        ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
        ck_assert_uint_eq(info.open_iterators, 0);
    }
    require_nothing_wrong();
}
END_TEST

static varve_batch *filled_batch(int number)
{
    varve_batch *batch;
    char key[] = "b0";
    key[1] = (char)('0' + number);
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), key, "12345678");
    return batch;
}

static void *commit_and_close(void *arg)
{
    varve_batch *batch = arg;
    require(varve_batch_commit(batch, VARVE_NO_SYNC, NULL) == VARVE_OK);
    varve_batch_close(batch);
    return NULL;
}

/* One thread at a time, but not always the same. */
START_TEST(a_batch_may_pass_from_thread_to_thread)
{
    for (int i = 0; i < 8; i++)
        begin(commit_and_close, filled_batch(i));
    join_down_to(0);
    require_nothing_wrong();
    varve_iter *it = iter(on.reader, NULL);
    int count = 0;
    for (bool more = varve_iter_seek_ge(it, key_of("b")); more; more = varve_iter_next(it))
        count++;
    ck_assert_int_eq(count, 8);
    varve_iter_close(it);
}
END_TEST

/* ---- Large commits ------------------------------------------------------------------------------
 */

/*
 * The large commits go on until the others have got through all that they have to do: if these did
 * not, the test would never end.  No clock is asked.
 */
enum { LARGE_WRITERS = 2, LARGE_RECORDS = 256, SMALL_CALLS = 200, LARGE_COMMITS_MIN = 20 };

static atomic_uint large_commits;
static atomic_uint last_small;
static atomic_int still_at_work; /* of the others */

static void *commit_large(void *arg)
{
    static const unsigned char kilobyte[1024] = {'v'};
    const char *prefix = arg;
    varve_buf repr = VARVE_BUF_INIT;
    for (unsigned i = 0; i < LARGE_RECORDS; i++) {
        unsigned char key[] = {(unsigned char)prefix[0], (unsigned char)(i % 255 + 1),
                               (unsigned char)(i / 255 + 1), 0x00, 0x01};
        const varve_record record = {VARVE_RECORD_PUT, varve_slice_of(key, sizeof key),
                                     varve_slice_of(kilobyte, sizeof kilobyte)};
        require(varve__repr_append(&repr, &record, NULL) == VARVE_OK);
    }
    while (atomic_load(&still_at_work) > 0) {
        require(varve_writer_apply(on.writer, varve_buf_slice(&repr), NULL) == VARVE_OK);
        atomic_fetch_add(&large_commits, 1);
    }
    varve_buf_release(&repr);
    return NULL;
}

/* Whether the others are to go on after `count` calls: for as long as there is something to see. */
static bool is_early(unsigned count)
{
    return count < SMALL_CALLS || atomic_load(&large_commits) < LARGE_COMMITS_MIN;
}

static void *commit_small(void *arg)
{
    (void)arg;
    for (unsigned i = 0; is_early(i); i++) {
        atomic_store(&last_small, i);
        require(varve_writer_put(on.writer, keys[0], varve_slice_of(&i, sizeof i), NULL) ==
                VARVE_OK);
    }
    atomic_fetch_sub(&still_at_work, 1);
    return NULL;
}

/* The keys of one writer are there all or not at all. */
static void look_at_large(char prefix)
{
    varve_iter *it;
    unsigned count = 0;
    unsigned char from[] = {(unsigned char)prefix, 0x00, 0x01};
    unsigned char to[] = {(unsigned char)(prefix + 1), 0x00, 0x01};
    varve_iter_options options = {.struct_size = sizeof options,
                                  .lower = varve_slice_of(from, sizeof from),
                                  .upper = varve_slice_of(to, sizeof to)};
    require(varve_iter_open(on.reader, &options, &it, NULL) == VARVE_OK);
    for (bool more = varve_iter_seek_ge(it, options.lower); more; more = varve_iter_next(it))
        count++;
    require(varve_iter_status(it, NULL) == VARVE_OK);
    require(count == 0 || count == LARGE_RECORDS);
    varve_iter_close(it);
}

static void *look_beside(void *arg)
{
    varve_buf value = VARVE_BUF_INIT;
    (void)arg;
    for (unsigned i = 0; is_early(i); i++) {
        require(varve_reader_get(on.reader, keys[0], &value, NULL) >= 0);
        look_at_large(i % 2 == 0 ? 'p' : 'q');
    }
    varve_buf_release(&value);
    atomic_fetch_sub(&still_at_work, 1);
    return NULL;
}

START_TEST(large_commits_let_others_through)
{
    static char prefixes[LARGE_WRITERS][2] = {"p", "q"};
    make_keys();
    atomic_store(&still_at_work, 2);
    for (int i = 0; i < LARGE_WRITERS; i++)
        begin(commit_large, prefixes[i]);
    begin(commit_small, NULL);
    begin(look_beside, NULL);
    join_down_to(0);
    require_nothing_wrong();
    unsigned large = atomic_load(&large_commits);
    ck_assert_uint_ge(large, LARGE_COMMITS_MIN);
    /* The last of each kind is there. */
    unsigned last = atomic_load(&last_small);
    varve_buf value = VARVE_BUF_INIT;
    ck_ok(varve_reader_get(on.reader, keys[0], &value, &on.err), &on.err);
    ck_slice_eq(varve_buf_slice(&value), varve_slice_of(&last, sizeof last));
    varve_buf_release(&value);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, commits_are_all_or_nothing_to_other_threads);
    tcase_add_test(tcase, administration_does_not_get_in_the_way);
    tcase_add_test(tcase, iterators_of_a_snapshot_close_in_any_thread);
    tcase_add_test(tcase, iterators_of_an_engine_close_in_any_thread);
    tcase_add_test(tcase, a_batch_may_pass_from_thread_to_thread);
    tcase_add_test(tcase, large_commits_let_others_through);
}

int main(void)
{
    return run_suite(backend_suite("threads", fill));
}
