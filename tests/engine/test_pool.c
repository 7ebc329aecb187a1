/*
 * Iterators that are lent again: when they are, when they must not be, that nobody sees time go
 * back because of them, and that nobody is lent one while the engine's gate is closed.
 */
#include "engine/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "engine/engine.h"
#include "format/batch_repr.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"
#include "tests/support/slow_backend.h"

static const varve_iter_options everything = {.struct_size = sizeof everything};
static const varve_iter_options one_key = {.struct_size = sizeof one_key, .prefix = true};

/* Whether the pool has spared the opening of this one. */
static bool is_lent(varve_iter *it)
{
    return varve__iter_of(it)->uses > 0;
}

static unsigned pooled(void)
{
    unsigned count = 0;
    for (int lane = 0; lane < VARVE__LANES; lane++)
        for (int kind = 0; kind < VARVE__POOL_KINDS; kind++)
            count += atomic_load(&on.engine->pool.lanes[lane].slots[kind]) != NULL;
    return count;
}

/* Open and close, so that the pool has one. */
static void leave_one(const varve_iter_options *options)
{
    varve_iter_close(iter(on.reader, options));
    ck_assert_uint_ge(pooled(), 1);
}

/* Whether an opening with these options is spared; what it shows is what is there. */
static bool next_is_lent(const varve_iter_options *options)
{
    varve_iter *it = iter(on.reader, options);
    bool lent = is_lent(it);
    varve_iter_close(it);
    return lent;
}

/* The same for a point read of one user key. */
static varve_iter *iter_of_key(const char *key)
{
    varve_iter *it = NULL;
    ck_ok(varve__iter_open_key(on.reader, key_of(key), &it, &on.err), &on.err);
    return it;
}

/* Whether that is spared; what is found under the key is `shown`. */
static bool key_is_lent(const char *key, const char *shown)
{
    varve_iter *it = iter_of_key(key);
    bool lent = is_lent(it);
    (void)varve_iter_seek_ge(it, key_of(key));
    ck_text(walk_forward(it), shown);
    varve_iter_close(it);
    return lent;
}

static varve_iter_options between(const char *lower, const char *upper)
{
    return (varve_iter_options){
        .struct_size = sizeof(varve_iter_options), .lower = key_of(lower), .upper = key_of(upper)};
}

/* ---- Lending ------------------------------------------------------------------------------------
 */

START_TEST(a_closed_iterator_is_lent_again)
{
    put(on.writer, "a", "1");
    leave_one(NULL);
    varve_iter *it = iter(on.reader, &everything);
    ck_assert(is_lent(it));
    ck_assert_uint_eq(pooled(), 0);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), "a=1");
    varve_iter_close(it);
    ck_assert_uint_eq(pooled(), 1);
}
END_TEST

START_TEST(two_at_once_are_two)
{
    leave_one(NULL);
    varve_iter *first = iter(on.reader, NULL);
    varve_iter *second = iter(on.reader, NULL);
    ck_assert(is_lent(first));
    ck_assert(!is_lent(second));
    varve_iter_close(first);
    varve_iter_close(second);
    ck_assert_uint_eq(pooled(), 1);
}
END_TEST

START_TEST(it_is_lent_for_equal_options_only)
{
    varve_iter_options bypass = {.struct_size = sizeof bypass, .bypass_cache = true};
    const varve_iter_options different[] = {
        everything,        bypass,           between("b", "c"), between("b", "d"),
        between("a", "c"), between("b", ""), between("", "c"),  between("b@2", "c")};
    enum { COUNT = sizeof different / sizeof different[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            leave_one(&different[i]);
            ck_assert_msg(next_is_lent(&different[j]) == (i == j), "%d for %d", i, j);
        }
    }
    /* Those for one key and the others do not get in each other's way. */
    leave_one(&one_key);
    leave_one(&everything);
    ck_assert(next_is_lent(&one_key));
    ck_assert(next_is_lent(&everything));
}
END_TEST

START_TEST(a_read_of_a_key_is_lent_none_with_options)
{
    varve_iter_options options[] = {between("b", ""), between("", "a"), between("b", "c"), one_key};
    options[3].bypass_cache = true;
    put(on.writer, "a", "1");
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        options[i].prefix = true;
        leave_one(&options[i]);
        ck_assert_msg(!key_is_lent("a", "a=1"), "with options %zu", i);
        ck_assert(key_is_lent("a", "a=1"));
    }
}
END_TEST

START_TEST(what_its_last_user_did_is_forgotten)
{
    varve_iter_options a_to_d = between("a", "d");
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    put(on.writer, "c", "3");
    varve_iter *it = iter(on.reader, &a_to_d);
    ck_ok(varve_iter_set_bounds(it, key_of("b"), key_of("c"), &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), "b=2");
    varve_iter_close(it);

    it = iter(on.reader, &a_to_d);
    ck_assert(is_lent(it));
    ck_assert(!it->valid);
    ck_assert_uint_eq(it->key.size, 0);
    ck_assert(!varve_iter_next(it));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), "a=1 b=2 c=3");
    varve_iter_close(it);

    /* An iterator for one key keeps the guard that looks after narrowed bounds. */
    it = iter(on.reader, &one_key);
    ck_ok(varve_iter_set_bounds(it, key_of("b"), key_of("c"), &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    varve_iter_close(it);
    ck_assert(key_is_lent("a", "a=1"));
    ck_assert(key_is_lent("c", "c=3"));
}
END_TEST

START_TEST(it_is_lent_with_another_prefix)
{
    put(on.writer, "a@2", "1");
    put(on.writer, "b@1", "2");
    varve_iter *it = iter(on.reader, &one_key);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    varve_iter_close(it);
    it = iter(on.reader, &one_key);
    ck_assert(is_lent(it));
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_text(walk_forward(it), "b@1=2");
    ck_assert(!varve_iter_seek_ge(it, key_of("ab")));
    varve_iter_close(it);
}
END_TEST

/* A read of one key goes without the guard that others need. */
START_TEST(its_guard_is_put_back)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    varve_iter *it = iter_of_key("a");
    varve__iter_seek_key(it, key_of("a"));
    ck_text(position(it), "a");
    varve_iter_close(it);
    it = iter(on.reader, &one_key);
    ck_assert(is_lent(it));
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(walk_forward(it), "a=1");
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_assert(!varve_iter_prev(it));
    ck_status(varve_iter_status(it, &on.err), VARVE_UNSUPPORTED, &on.err);
    varve_error_release(&on.err);
    varve_iter_close(it);
}
END_TEST

START_TEST(batches_read_through_the_pool)
{
    varve_batch *batch;
    put(on.writer, "a", "1");
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), "b", "2");
    ck_text(all_of(varve_batch_reader_of(batch)), "a=1 b=2");
    ck_assert_uint_eq(pooled(), 1);
    ck_text(all_of(varve_batch_reader_of(batch)), "a=1 b=2");
    ck_assert(next_is_lent(NULL));
    varve_batch_close(batch);
}
END_TEST

static varve_snapshot *snapshot_now(void)
{
    varve_snapshot *snapshot;
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    return snapshot;
}

/* Whether an opening over a snapshot is spared; what it shows is `shown`. */
static bool snapshot_is_lent(varve_snapshot *snapshot, const char *shown)
{
    varve_iter *it = iter(varve_snapshot_reader(snapshot), NULL);
    bool lent = is_lent(it);
    (void)varve_iter_seek_ge(it, key_of(""));
    ck_text(walk_forward(it), shown);
    varve_iter_close(it);
    return lent;
}

START_TEST(iterators_of_a_snapshot_are_lent_to_its_readers)
{
    put(on.writer, "a", "old");
    varve_snapshot *snapshot = snapshot_now();
    ck_assert(!snapshot_is_lent(snapshot, "a=old"));
    ck_assert(!next_is_lent(NULL));
    ck_assert(snapshot_is_lent(snapshot, "a=old"));
    put(on.writer, "a", "new");
    ck_assert(snapshot_is_lent(snapshot, "a=old"));
    varve_snapshot *second = snapshot_now();
    ck_assert(!snapshot_is_lent(second, "a=new"));
    ck_assert(!snapshot_is_lent(snapshot, "a=old"));
    /* Those for one key, beside them. */
    varve_iter_close(iter(varve_snapshot_reader(snapshot), &one_key));
    varve_iter *it = iter(varve_snapshot_reader(snapshot), &one_key);
    ck_assert(is_lent(it));
    varve_iter_close(it);
    /* A batch over the snapshot reads the same. */
    varve_batch *batch;
    ck_ok(varve_batch_open_at(snapshot, 0, &batch, &on.err), &on.err);
    ck_text(all_of(varve_batch_reader_of(batch)), "a=old");
    varve_batch_close(batch);
    ck_assert(snapshot_is_lent(snapshot, "a=old"));
    varve_snapshot_close(second);
    ck_assert_uint_eq(pooled(), 0);
    varve_snapshot_close(snapshot);
}
END_TEST

/* That may be closed while a reader of another one has its iterator at hand, to put it back. */
START_TEST(an_iterator_of_another_snapshot_is_not_put_back)
{
    put(on.writer, "a", "1");
    varve_snapshot *first = snapshot_now();
    varve_snapshot *second = snapshot_now();
    (void)snapshot_is_lent(first, "a=1");
    ck_assert_uint_eq(pooled(), 1);
    varve_iter *it = iter(varve_snapshot_reader(second), NULL);
    ck_assert_uint_eq(pooled(), 0);
    varve_iter_close(it);
    varve_snapshot_close(first);
    varve_snapshot_close(second);
    ck_assert_uint_eq(pooled(), 0);
}
END_TEST

/* It pins memtables and tables, too. */
START_TEST(iterators_of_a_snapshot_are_let_go_as_others_are)
{
    put(on.writer, "a", "1");
    varve_snapshot *snapshot = snapshot_now();
    (void)snapshot_is_lent(snapshot, "a=1");
    varve_iter *it = iter(varve_snapshot_reader(snapshot), NULL);
    (void)snapshot_is_lent(snapshot, "a=1");
    ck_assert_uint_eq(pooled(), 1);
    clear_range(on.writer, "x", "y");
    ck_assert_uint_eq(pooled(), 0);
    varve_iter_close(it);
    ck_assert_uint_eq(pooled(), 0);
    ck_assert(!snapshot_is_lent(snapshot, "a=1"));
    ck_assert(snapshot_is_lent(snapshot, "a=1"));
    varve_snapshot_close(snapshot);
}
END_TEST

/* Compaction in the background tells nobody; so none is used for ever. */
START_TEST(it_is_closed_for_good_after_many_uses)
{
    leave_one(NULL);
    for (int i = 0; i < VARVE__POOL_USES; i++)
        ck_assert(next_is_lent(NULL));
    ck_assert_uint_eq(pooled(), 0);
    ck_assert(!next_is_lent(NULL));
}
END_TEST

START_TEST(one_that_has_failed_is_not_kept)
{
    varve_batch *batch;
    backend_faults_insert(on.engine);
    backend_faults.iter_seek = VARVE_IO;
    varve_iter *it = iter(on.reader, NULL);
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    varve_iter_close(it);
    ck_assert_uint_eq(pooled(), 0);
    /* Nor the one below a batch. */
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    it = iter(varve_batch_reader_of(batch), NULL);
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    varve_iter_close(it);
    varve_batch_close(batch);
    ck_assert_uint_eq(pooled(), 0);
    ck_assert_uint_eq(backend_faults.fired, 2);
}
END_TEST

/* ---- Letting go ---------------------------------------------------------------------------------
 */

static void do_put(void)
{
    put(on.writer, "k", "2");
}

static void do_clear(void)
{
    clear(on.writer, "k");
}

static void do_clear_range(void)
{
    clear_range(on.writer, "k", "l");
}

static void do_commit(void)
{
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), "k", "2");
    ck_ok(varve_batch_commit(batch, VARVE_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

static void do_fail(void)
{
    backend_faults.apply = VARVE_IO;
    ck_status(varve_writer_clear(on.writer, key_of("k"), &on.err), VARVE_IO, &on.err);
    varve_error_release(&on.err);
}

static void do_flush(void)
{
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
}

static void do_compact(void)
{
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
}

static void commit_many(int count)
{
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, &on.err), &on.err);
    for (int i = 0; i < count; i++)
        put(varve_batch_writer_of(batch), "k", "2");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

static void do_commit_much(void)
{
    commit_many(VARVE__POOL_MARKED_RECORDS + 1);
}

static void do_commit_behind_others(void)
{
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), "i", "1");
    clear(varve_batch_writer_of(batch), "j");
    put(varve_batch_writer_of(batch), "k", "2");
    put(varve_batch_writer_of(batch), "l", "1");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

/* Those that tell which keys they touch leave the iterators of point reads alone. */
static const struct change {
    void (*run)(void);
    unsigned left;
} changes[] = {{do_put, 1},  {do_clear, 1}, {do_clear_range, 0}, {do_commit, 1},
               {do_fail, 1}, {do_flush, 0}, {do_compact, 0},     {do_commit_much, 0}};
enum { CHANGES = sizeof changes / sizeof changes[0] };

START_TEST(changes_empty_the_pool)
{
    backend_faults_insert(on.engine);
    for (int i = 0; i < CHANGES; i++) {
        backend_faults.apply = VARVE_OK;
        put(on.writer, "k", "1");
        leave_one(NULL);
        leave_one(&one_key);
        varve_iter *open = iter(on.reader, NULL);
        ck_assert(is_lent(open));
        changes[i].run();
        ck_assert_msg(pooled() == changes[i].left, "after change %d", i);
        /* One that was open meanwhile shows what it did, and does not come back. */
        ck_assert(varve_iter_seek_ge(open, key_of("k")));
        ck_text(walk_forward(open), "k=1");
        varve_iter_close(open);
        ck_assert_msg(pooled() == changes[i].left, "after change %d", i);
        ck_assert(!next_is_lent(NULL));
    }
}
END_TEST

/* ---- Point reads beside writes ------------------------------------------------------------------
 */

START_TEST(a_write_of_other_keys_spares_point_reads)
{
    put(on.writer, "a@1", "1");
    ck_assert(!key_is_lent("a", "a@1=1"));
    put(on.writer, "k", "1");
    ck_assert(key_is_lent("a", "a@1=1"));
    do_commit();
    clear(on.writer, "k");
    ck_assert(key_is_lent("a", "a@1=1"));
    /* But not walks, nor an iterator that might go anywhere. */
    leave_one(NULL);
    do_put();
    ck_assert(!next_is_lent(NULL));
    ck_assert(!next_is_lent(&one_key));
}
END_TEST

START_TEST(a_write_of_the_key_does_not)
{
    static const struct {
        void (*run)(void);
        const char *shown;
    } writes[] = {
        {do_put, "k=2"}, {do_clear, ""}, {do_commit, "k=2"}, {do_commit_behind_others, "k=2"}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        put(on.writer, "k", "1");
        (void)key_is_lent("k", "k=1");
        ck_assert(key_is_lent("k", "k=1"));
        writes[i].run();
        ck_assert_uint_eq(pooled(), 1);
        ck_assert_msg(!key_is_lent("k", writes[i].shown), "after write %zu", i);
    }
    /* A version is a record of its key, whatever its bytes. */
    put(on.writer, "k", "1");
    (void)key_is_lent("k", "k=1");
    put(on.writer, "k@7", "seven");
    ck_assert(!key_is_lent("k", "k=1 k@7=seven"));
    ck_assert(key_is_lent("k", "k=1 k@7=seven"));
}
END_TEST

/* It shows a state that nobody has written to, also if the write begins while it is out. */
START_TEST(one_that_was_out_during_a_write_comes_back)
{
    put(on.writer, "a", "1");
    varve_iter_close(iter_of_key("a"));
    varve_iter *it = iter_of_key("a");
    put(on.writer, "k", "1");
    varve_iter_close(it);
    ck_assert_uint_eq(pooled(), 1);
    ck_assert(key_is_lent("a", "a=1"));
    ck_assert(!key_is_lent("k", "k=1"));
    it = iter_of_key("a");
    do_commit_much();
    varve_iter_close(it);
    ck_assert_uint_eq(pooled(), 0);
}
END_TEST

/* Memory and tables are not held for ever by a thread that reads no more. */
START_TEST(every_so_many_writes_let_go_of_all)
{
    put(on.writer, "a", "1");
    ck_assert(!key_is_lent("a", "a=1"));
    int writes = 0;
    while (pooled() > 0) {
        commit_many(100);
        writes++;
    }
    ck_assert_int_eq(writes, VARVE__POOL_MARKS_MADE / 100 + 1);
    ck_assert(!key_is_lent("a", "a=1"));
    /* And where nobody reads, nothing is marked. */
    put(on.writer, "k", "1");
    ck_assert_uint_eq(pooled(), 1);
    varve__pool_clear(&on.engine->pool);
    put(on.writer, "k", "1");
    ck_assert_uint_eq(atomic_load(&on.engine->pool.swept), atomic_load(&on.engine->pool.started));
}
END_TEST

/* Nor are the memtables of large values, however few keys these are of. */
START_TEST(so_many_bytes_let_go_of_all)
{
    enum { VALUE_SIZE = 1 << 20, WRITES = 16 };
    varve_slice value = varve_slice_of(calloc(1, VALUE_SIZE), VALUE_SIZE);
    ck_assert_ptr_nonnull(value.data);
    put(on.writer, "a", "1");
    ck_assert(!key_is_lent("a", "a=1"));
    for (int i = 0; i < WRITES; i++)
        ck_ok(varve_writer_put(on.writer, key_of("k"), value, &on.err), &on.err);
    ck_assert_uint_eq(pooled(), 0);
    free((void *)(uintptr_t)value.data);
}
END_TEST

START_TEST(the_numbers_of_an_engine_are_without_the_pool)
{
    varve_engine_info info = {.struct_size = sizeof info};
    leave_one(NULL);
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.open_iterators, 0);
    ck_assert_uint_eq(pooled(), 0);
}
END_TEST

/* RocksDB aborts if it is closed under an iterator. */
START_TEST(an_engine_closes_with_iterators_in_the_pool)
{
    varve_engine *engine = backend_open(on.backend);
    varve_iter *it = iter(varve_engine_reader(engine), NULL);
    ck_assert_int_eq(varve_engine_close(engine, NULL), VARVE_BUSY);
    varve_iter_close(it);
    varve_iter_close(iter(varve_engine_reader(engine), &one_key));
    backend_close(engine);
}
END_TEST

/* A walk that is opened while a write is on its way may show it or not. */
START_TEST(what_is_opened_during_a_write_is_not_kept)
{
    varve__pool *pool = &on.engine->pool;
    varve__pool_write_begin(pool);
    varve__pool_write_begin(pool);
    varve_iter_close(iter(on.reader, NULL));
    ck_assert_uint_eq(pooled(), 0);
    (void)varve__pool_write_end(pool);
    varve_iter *during = iter(on.reader, NULL);
    (void)varve__pool_write_end(pool);
    varve_iter_close(during);
    ck_assert_uint_eq(pooled(), 0);
    leave_one(NULL);
    ck_assert(next_is_lent(NULL));
}
END_TEST

/* A point read may show it or not just of the keys that are written. */
START_TEST(what_is_opened_during_a_write_may_be_kept_for_other_keys)
{
    varve__pool *pool = &on.engine->pool;
    varve__pool_commit commit;
    varve_buf repr = VARVE_BUF_INIT;
    const varve_record record = {.type = VARVE_RECORD_CLEAR, .key = key_of("k")};
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
    put(on.writer, "a", "1");
    put(on.writer, "k", "1");
    varve_iter_close(iter_of_key("a"));
    varve__pool_commit_begin(pool, varve_buf_slice(&repr), &commit);
    varve__pool_clear(pool);
    ck_assert(!key_is_lent("k", "k=1"));
    ck_assert(key_is_lent("a", "a=1"));
    (void)varve__pool_write_end(pool);
    ck_assert(key_is_lent("a", "a=1"));
    ck_assert(!key_is_lent("k", "k=1"));
    /* It has just been opened, with nothing on its way. */
    ck_assert(key_is_lent("k", "k=1"));
    /* Two at once: the first to begin is the last to end. */
    varve__pool_write_begin(pool);
    varve__pool_commit_begin(pool, varve_buf_slice(&repr), &commit);
    (void)varve__pool_write_end(pool);
    (void)key_is_lent("a", "a=1");
    ck_assert_uint_eq(pooled(), 0);
    (void)varve__pool_write_end(pool);
    ck_assert(!key_is_lent("a", "a=1"));
    ck_assert(key_is_lent("a", "a=1"));
    varve_buf_release(&repr);
}
END_TEST

/* Of two that mark their keys, too: what is opened when one of them has ended may lack the other.
 */
START_TEST(what_is_opened_between_the_ends_of_two_writes_is_not_lent_for_either)
{
    varve__pool *pool = &on.engine->pool;
    varve__pool_commit commits[2];
    varve_buf reprs[2] = {VARVE_BUF_INIT, VARVE_BUF_INIT};
    const char *const keys[2] = {"k", "l"};
    put(on.writer, "k", "1");
    put(on.writer, "l", "1");
    (void)key_is_lent("a", "");
    for (int i = 0; i < 2; i++) {
        const varve_record record = {.type = VARVE_RECORD_CLEAR, .key = key_of(keys[i])};
        ck_ok(varve__repr_append(&reprs[i], &record, &on.err), &on.err);
        varve__pool_commit_begin(pool, varve_buf_slice(&reprs[i]), &commits[i]);
        varve_buf_release(&reprs[i]);
    }
    varve__pool_write_end(pool);
    varve__pool_clear(pool);
    ck_assert(!key_is_lent("k", "k=1"));
    varve__pool_write_end(pool);
    ck_assert(key_is_lent("a", ""));
    ck_assert(!key_is_lent("k", "k=1"));
    ck_assert(key_is_lent("k", "k=1"));
}
END_TEST

/* A write has started and gone through the pool; then somebody puts one in that he has had out. */
START_TEST(what_is_older_than_a_write_is_neither_lent_nor_put_back)
{
    varve__pool *pool = &on.engine->pool;
    varve_iter_options other = between("a", "b");
    leave_one(NULL);
    atomic_fetch_add(&pool->started, 1);
    varve_iter *it = iter(on.reader, NULL);
    ck_assert(!is_lent(it));
    varve_iter_close(it);
    (void)varve__pool_write_end(pool);

    leave_one(NULL);
    atomic_fetch_add(&pool->started, 1);
    it = iter(on.reader, &other);
    ck_assert_uint_eq(pooled(), 0);
    varve_iter_close(it);
    (void)varve__pool_write_end(pool);

    /* Nor lent to a reader of one key, if that write may have touched any. */
    (void)key_is_lent("a", "");
    atomic_store(&pool->swept, atomic_fetch_add(&pool->started, 1) + 1);
    ck_assert_uint_eq(pooled(), 1);
    ck_assert(!key_is_lent("a", ""));
    ck_assert_uint_eq(pooled(), 0);
    (void)varve__pool_write_end(pool);
    (void)key_is_lent("a", "");
    ck_assert(key_is_lent("a", ""));
}
END_TEST

/* ---- Time does not go back ----------------------------------------------------------------------
 */

enum { WAYS = 4, READERS = 4, COMMITS = 150, LOOKS_MIN = 1000 };

static varve_slice key;              /* of the number that is written */
static atomic_uint_least64_t newest; /* that any reader has seen and told */
static atomic_bool writing;
static atomic_uint went_back, failed, looks, lent, lent_for_key;

static uint64_t number_of(varve_slice value)
{
    uint64_t number = 0;
    if (value.size == sizeof number)
        memcpy(&number, value.data, sizeof number);
    else
        atomic_fetch_add(&failed, 1);
    return number;
}

static uint64_t look_by_get(varve_buf *value)
{
    if (varve_reader_get(on.reader, key, value, NULL) != VARVE_OK)
        atomic_fetch_add(&failed, 1);
    return number_of(varve_buf_slice(value));
}

static uint64_t look_by_iter(const varve_iter_options *options)
{
    varve_iter *it;
    uint64_t number = 0;
    if (varve_iter_open(on.reader, options, &it, NULL) != VARVE_OK) {
        atomic_fetch_add(&failed, 1);
        return 0;
    }
    atomic_fetch_add(&lent, is_lent(it));
    if (varve_iter_seek_ge(it, key))
        number = number_of(varve_iter_value(it));
    varve_iter_close(it);
    return number;
}

static uint64_t look_by_key(void)
{
    varve_iter *it;
    uint64_t number = 0;
    if (varve__iter_open_key(on.reader, key, &it, NULL) != VARVE_OK) {
        atomic_fetch_add(&failed, 1);
        return 0;
    }
    atomic_fetch_add(&lent_for_key, is_lent(it));
    if (varve_iter_seek_ge(it, key))
        number = number_of(varve_iter_value(it));
    varve_iter_close(it);
    return number;
}

/* Look in one of the ways, knowing what has been seen before, and tell the others. */
static void look(unsigned way, varve_buf *value)
{
    uint64_t before = atomic_load(&newest);
    uint64_t now = way == 0   ? look_by_get(value)
                   : way == 1 ? look_by_iter(&one_key)
                   : way == 2 ? look_by_iter(&everything)
                              : look_by_key();
    if (now < before)
        atomic_fetch_add(&went_back, 1);
    while (before < now && !atomic_compare_exchange_weak(&newest, &before, now))
        continue;
    atomic_fetch_add(&looks, 1);
}

/* Until all is written, and once more. */
static void *look_often(void *arg)
{
    varve_buf value = VARVE_BUF_INIT;
    unsigned way = *(const unsigned *)arg;
    while (atomic_load(&writing) || atomic_load(&looks) < LOOKS_MIN)
        look(way++ % WAYS, &value);
    look(way % WAYS, &value);
    varve_buf_release(&value);
    return NULL;
}

static void write_number(uint64_t number)
{
    varve_slice value = varve_slice_of(&number, sizeof number);
    ck_ok(varve_writer_put(on.writer, key, value, &on.err), &on.err);
}

/* So many with nothing written in between that one of the readers has got one that was lent. */
static void wait_for_looks(void)
{
    unsigned before = atomic_load(&looks);
    while (atomic_load(&looks) - before < 4 * WAYS * READERS)
        wait_a_little();
}

START_TEST(a_reader_never_sees_less_than_before)
{
    static const unsigned ways[READERS] = {0, 1, 2, 3};
    pthread_t readers[READERS];
    key = key_of("n");
    slow_backend_insert(on.engine, 4, 1);
    write_number(1);
    atomic_store(&writing, true);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, look_often, (void *)(uintptr_t)&ways[i]),
                         0);
    uint64_t number = 1;
    while (number < COMMITS) {
        write_number(++number);
        for (uint64_t i = 0; i < number % 8; i++)
            wait_a_little();
        if (number % 16 == 0)
            wait_for_looks();
    }
    atomic_store(&writing, false);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&failed), 0);
    ck_assert_uint_eq(atomic_load(&went_back), 0);
    ck_assert_uint_gt(atomic_load(&lent), 0);
    ck_assert_uint_gt(atomic_load(&lent_for_key), 0);
    ck_assert_uint_eq(atomic_load(&newest), number);
    /* And what is left in the pool shows the current state. */
    const varve__pool *pool = &on.engine->pool;
    for (int lane = 0; lane < VARVE__LANES; lane++) {
        const varve__iter *it = atomic_load(&pool->lanes[lane].slots[VARVE__POOL_WALKS]);
        ck_assert(it == NULL || it->epoch == varve__pool_epoch(pool));
        it = atomic_load(&pool->lanes[lane].slots[VARVE__POOL_POINTS]);
        ck_assert(it == NULL || it->epoch >= atomic_load(&pool->swept));
    }
    slow_backend_remove(on.engine);
}
END_TEST

/* ---- Many keys and writers ----------------------------------------------------------------------
 */

enum { MANY_WRITERS = 3, KEYS_OF_WRITER = 2, NUMBERS = MANY_WRITERS * KEYS_OF_WRITER };
enum { NUMBERS_WRITTEN = 100, LENT_MIN = 100, KINDS_OF_COMMIT = 5 };

static struct number {
    varve_slice prefix;
    atomic_uint_least64_t newest; /* that anybody has seen or committed, and told */
} numbers[NUMBERS];

static void must(varve_status status)
{
    if (status != VARVE_OK)
        atomic_fetch_add(&failed, 1);
}

static void tell_of(struct number *number, uint64_t now)
{
    uint64_t before = atomic_load(&number->newest);
    while (before < now && !atomic_compare_exchange_weak(&number->newest, &before, now))
        continue;
}

/* Knowing what has been seen before, by others, too. */
static void look_at(struct number *number, bool by_walk)
{
    uint64_t before = atomic_load(&number->newest);
    varve_iter *it = NULL;
    must(by_walk ? varve_iter_open(on.reader, &everything, &it, NULL)
                 : varve__iter_open_key(on.reader, number->prefix, &it, NULL));
    atomic_fetch_add(by_walk ? &lent : &lent_for_key, is_lent(it));
    uint64_t now = varve_iter_seek_ge(it, number->prefix) ? number_of(varve_iter_value(it)) : 0;
    varve_iter_close(it);
    atomic_fetch_add(&went_back, now < before);
    tell_of(number, now);
}

static void *look_at_numbers(void *arg)
{
    test_random dice = {(uintptr_t)arg + 1};
    while (atomic_load(&writing)) {
        struct number *number = &numbers[test_random_below(&dice, NUMBERS)];
        for (int i = 0; i < 4; i++)
            look_at(number, i == 3);
    }
    return NULL;
}

/* What goes with the numbers of a commit: more than is marked, or what cannot be marked. */
static void add_to_commit(varve_writer *writer, uint64_t kind)
{
    const varve_slice junk = bytes("y\0\1");
    if (kind == 3)
        must(varve_writer_clear_range(writer, junk, bytes("z\0\1"), NULL));
    for (int i = 0; kind == 4 && i < VARVE__POOL_MARKED_RECORDS; i++)
        must(varve_writer_clear(writer, junk, NULL));
}

/* The keys of a writer one by one, or in one commit, which is of several kinds. */
static void write_numbers(struct number *own, uint64_t number)
{
    varve_batch *batch = NULL;
    varve_writer *writer = on.writer;
    varve_slice value = varve_slice_of(&number, sizeof number);
    if (number % KINDS_OF_COMMIT > 0) {
        must(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, NULL));
        writer = varve_batch_writer_of(batch);
        add_to_commit(writer, number % KINDS_OF_COMMIT);
    }
    for (int i = 0; i < KEYS_OF_WRITER; i++)
        must(varve_writer_put(writer, own[i].prefix, value, NULL));
    if (batch != NULL)
        must(varve_batch_commit(batch, VARVE_NO_SYNC, NULL));
    varve_batch_close(batch);
}

static void *write_many(void *arg)
{
    struct number *own = arg;
    for (uint64_t number = 2; number <= NUMBERS_WRITTEN || atomic_load(&lent_for_key) < LENT_MIN;
         number++) {
        write_numbers(own, number);
        for (int i = 0; i < KEYS_OF_WRITER; i++) {
            tell_of(&own[i], number);
            look_at(&own[i], number % 8 == 0);
        }
        for (uint64_t i = 0; i < number % 8; i++)
            wait_a_little();
    }
    return NULL;
}

/* Of several writes on their way at once each marks its own keys, or sweeps. */
START_TEST(nor_beside_many_writers)
{
    static const char *const names[NUMBERS] = {"a", "b", "c", "d", "e", "f"};
    pthread_t threads[READERS + MANY_WRITERS];
    for (int i = 0; i < NUMBERS; i++)
        numbers[i].prefix = key_of(names[i]);
    for (int i = 0; i < NUMBERS; i += KEYS_OF_WRITER)
        write_numbers(&numbers[i], 1);
    slow_backend_insert(on.engine, 4, 1);
    atomic_store(&writing, true);
    for (uintptr_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_at_numbers, (void *)i), 0);
    for (int i = 0; i < MANY_WRITERS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[READERS + i], NULL, write_many, &numbers[KEYS_OF_WRITER * i]),
            0);
    for (int i = 0; i < MANY_WRITERS; i++)
        ck_assert_int_eq(pthread_join(threads[READERS + i], NULL), 0);
    atomic_store(&writing, false);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    slow_backend_remove(on.engine);
    ck_assert_uint_eq(atomic_load(&failed), 0);
    ck_assert_uint_eq(atomic_load(&went_back), 0);
}
END_TEST

/* ---- Beside the gate ----------------------------------------------------------------------------
 */

static struct {
    atomic_uint *inside;     /* the count of the gate on the reader's lane */
    unsigned pooled;         /* while the reader waits */
    unsigned open;           /* iterators, then */
    atomic_bool is_returned; /* the reader has got his iterator */
} waiting;

/*
 * Open the gate once the reader stands in front of it: by then he has not been lent one.  He would
 * have been if he came back without having been there.
 */
static void *open_the_gate(void *arg)
{
    (void)arg;
    while (atomic_load(waiting.inside) == 0 && !atomic_load(&waiting.is_returned))
        sched_yield();
    waiting.pooled = pooled();
    waiting.open = (unsigned)varve__tally_sum(&on.engine->iterators);
    atomic_store(&on.engine->gate.is_closed, false);
    return NULL;
}

/* Without the lock of who has closed it: one who waits then goes in and out, for all to see. */
static varve_iter *open_at_closed_gate(varve_reader *reader, const varve_iter_options *options)
{
    pthread_t opener;
    varve__gate *gate = &on.engine->gate;
    waiting.inside = &gate->lanes[varve__lane()].inside;
    atomic_store(&waiting.is_returned, false);
    atomic_store(&gate->is_closed, true);
    ck_assert_int_eq(pthread_create(&opener, NULL, open_the_gate, NULL), 0);
    varve_iter *it = options == NULL ? iter_of_key("a") : iter(reader, options);
    atomic_store(&waiting.is_returned, true);
    ck_assert_int_eq(pthread_join(opener, NULL), 0);
    return it;
}

/* For a walk, for a key, and over a snapshot; and who was not lent one is not counted. */
START_TEST(a_closed_gate_holds_lending_up)
{
    put(on.writer, "a", "1");
    varve_snapshot *snapshot = snapshot_now();
    varve_reader *const readers[] = {on.reader, on.reader, varve_snapshot_reader(snapshot)};
    const varve_iter_options *const options[] = {&everything, NULL, &everything};
    for (int i = 0; i < 3; i++) {
        varve_iter_close(options[i] == NULL ? iter_of_key("a") : iter(readers[i], options[i]));
        ck_assert_uint_eq(pooled(), 1);
        varve_iter *it = open_at_closed_gate(readers[i], options[i]);
        ck_assert_msg(!is_lent(it), "way %d", i);
        ck_assert_uint_eq(waiting.pooled, 1);
        ck_assert_uint_eq(waiting.open, 0);
        varve_iter_close(it);
        it = options[i] == NULL ? iter_of_key("a") : iter(readers[i], options[i]);
        ck_assert_msg(is_lent(it), "way %d", i);
        varve_iter_close(it);
        varve__pool_clear(&on.engine->pool);
    }
    varve_snapshot_close(snapshot);
}
END_TEST

enum { CLOSINGS = 40, WAITS_PER_CLOSING = 3 };

static atomic_bool is_shut;   /* the gate is closed, and nothing was open then */
static atomic_uint used_shut; /* iterators that somebody has had meanwhile */

static void *use_iterators(void *arg)
{
    const varve_iter_options *options = arg;
    while (atomic_load(&writing)) {
        varve_iter *it = NULL;
        if (varve_iter_open(on.reader, options, &it, NULL) != VARVE_OK)
            abort();
        atomic_fetch_add(&used_shut, atomic_load(&is_shut));
        atomic_fetch_add(&lent, is_lent(it));
        (void)varve_iter_seek_ge(it, key);
        atomic_fetch_add(&used_shut, atomic_load(&is_shut));
        varve_iter_close(it);
    }
    return NULL;
}

/* As a store is opened anew: from the moment when nothing is open nobody gets anything. */
static void shut_and_look(void)
{
    while (!varve__gate_close_within(&on.engine->gate, 1000000000))
        continue;
    while (varve__engine_check_idle(on.engine, false, NULL) != VARVE_OK)
        wait_a_little();
    atomic_store(&is_shut, true);
    for (int i = 0; i < WAITS_PER_CLOSING; i++)
        wait_a_little();
    varve__pool_renew(&on.engine->pool);
    ck_assert_uint_eq(pooled(), 0);
    atomic_store(&is_shut, false);
    varve__gate_open(&on.engine->gate);
}

START_TEST(nobody_has_an_iterator_while_the_gate_is_closed)
{
    pthread_t readers[READERS];
    atomic_store(&writing, true);
    key = key_of("a");
    put(on.writer, "a", "1");
    for (int i = 0; i < READERS; i++) {
        const varve_iter_options *options = i % 2 == 0 ? &everything : &one_key;
        ck_assert_int_eq(
            pthread_create(&readers[i], NULL, use_iterators, (void *)(uintptr_t)options), 0);
    }
    for (int i = 0; i < CLOSINGS; i++) {
        unsigned before = atomic_load(&lent);
        while (atomic_load(&lent) - before < READERS)
            wait_a_little();
        shut_and_look();
    }
    atomic_store(&writing, false);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&used_shut), 0);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_closed_iterator_is_lent_again);
    tcase_add_test(tcase, two_at_once_are_two);
    tcase_add_test(tcase, it_is_lent_for_equal_options_only);
    tcase_add_test(tcase, a_read_of_a_key_is_lent_none_with_options);
    tcase_add_test(tcase, what_its_last_user_did_is_forgotten);
    tcase_add_test(tcase, it_is_lent_with_another_prefix);
    tcase_add_test(tcase, its_guard_is_put_back);
    tcase_add_test(tcase, batches_read_through_the_pool);
    tcase_add_test(tcase, iterators_of_a_snapshot_are_lent_to_its_readers);
    tcase_add_test(tcase, an_iterator_of_another_snapshot_is_not_put_back);
    tcase_add_test(tcase, iterators_of_a_snapshot_are_let_go_as_others_are);
    tcase_add_test(tcase, it_is_closed_for_good_after_many_uses);
    tcase_add_test(tcase, one_that_has_failed_is_not_kept);
    tcase_add_test(tcase, changes_empty_the_pool);
    tcase_add_test(tcase, a_write_of_other_keys_spares_point_reads);
    tcase_add_test(tcase, a_write_of_the_key_does_not);
    tcase_add_test(tcase, one_that_was_out_during_a_write_comes_back);
    tcase_add_test(tcase, every_so_many_writes_let_go_of_all);
    tcase_add_test(tcase, so_many_bytes_let_go_of_all);
    tcase_add_test(tcase, the_numbers_of_an_engine_are_without_the_pool);
    tcase_add_test(tcase, an_engine_closes_with_iterators_in_the_pool);
    tcase_add_test(tcase, what_is_opened_during_a_write_is_not_kept);
    tcase_add_test(tcase, what_is_opened_during_a_write_may_be_kept_for_other_keys);
    tcase_add_test(tcase, what_is_opened_between_the_ends_of_two_writes_is_not_lent_for_either);
    tcase_add_test(tcase, what_is_older_than_a_write_is_neither_lent_nor_put_back);
    tcase_add_test(tcase, a_reader_never_sees_less_than_before);
    tcase_add_test(tcase, nor_beside_many_writers);
    tcase_add_test(tcase, a_closed_gate_holds_lending_up);
    tcase_add_test(tcase, nobody_has_an_iterator_while_the_gate_is_closed);
}

int main(void)
{
    return run_suite(backend_suite("pool", fill));
}
