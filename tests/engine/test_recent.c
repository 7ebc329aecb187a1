/*
 * Copies of what has just been put: which gets they answer, and which they must not.
 */
#include "engine/recent.h"

#include <stdio.h>

#include "engine/engine.h"
#include "format/batch_repr.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"
#include "util/hash.h"

static varve_batch *batch;
static varve_writer *writer;

/* A point iterator that waits to be lent again, for the sake of which commits mark their keys. */
static void leave_one(void)
{
    const varve_iter_options one_key = {.struct_size = sizeof one_key, .prefix = true};
    varve_iter_close(iter(on.reader, &one_key));
}

static void set_up(void)
{
    leave_one();
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    writer = varve_batch_writer_of(batch);
}

static void tear_down(void)
{
    varve_batch_close(batch);
}

static void commit(void)
{
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
}

/* Whether the key is told without the backend; what it tells is what that would. */
static bool is_kept(const char *key)
{
    const char *value = get(on.reader, key);
    varve_buf kept = VARVE_BUF_INIT;
    varve_status status =
        varve__recent_get(&on.engine->recent, &on.engine->pool, key_of(key), &kept, &on.err);
    if (status != VARVE_NOT_FOUND) {
        ck_ok(status, &on.err);
        ck_assert(varve_slice_equal(varve_buf_slice(&kept), varve_slice_text(value)));
    }
    varve_buf_release(&kept);
    return status == VARVE_OK;
}

START_TEST(what_has_been_put_is_got_without_the_backend)
{
    put(writer, "a", "1");
    put(writer, "b", "2");
    put(writer, "b@7", "3");
    commit();
    backend_faults_insert(on.engine);
    backend_faults.get = VARVE_IO;
    ck_text(get(on.reader, "a"), "1");
    ck_text(get(on.reader, "b"), "2");
    ck_text(get(varve_batch_reader_of(batch), "b"), "2");
    ck_assert_uint_eq(backend_faults.fired, 0);
    varve_buf value = VARVE_BUF_INIT;
    ck_assert_int_eq(varve_reader_get(on.reader, key_of("b@7"), &value, NULL), VARVE_IO);
    ck_assert_int_eq(varve_reader_get(on.reader, key_of("c"), &value, NULL), VARVE_IO);
    varve_buf_release(&value);
}
END_TEST

START_TEST(a_snapshot_shows_its_own)
{
    varve_snapshot *snapshot = NULL;
    put(writer, "a", "1");
    commit();
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    put(writer, "a", "2");
    commit();
    ck_assert(is_kept("a"));
    ck_text(get(varve_snapshot_reader(snapshot), "a"), "1");
    varve_snapshot_close(snapshot);
}
END_TEST

START_TEST(a_later_write_of_the_key_counts)
{
    put(writer, "a", "1");
    put(writer, "b", "1");
    commit();
    ck_assert(is_kept("a"));
    put(writer, "c", "1");
    commit();
    ck_assert(is_kept("a"));
    put(writer, "a@7", "v"); /* also of a version of it */
    commit();
    ck_assert(!is_kept("a"));
    ck_assert(is_kept("b"));
    clear(writer, "b");
    commit();
    ck_assert(!is_kept("b"));
    ck_text(get(on.reader, "b"), "-");
    put(writer, "b", "");
    commit();
    ck_assert(is_kept("b"));
}
END_TEST

START_TEST(of_several_puts_of_a_commit_the_last_counts)
{
    put(writer, "a", "1");
    put(writer, "b", "1");
    put(writer, "a", "2");
    commit();
    ck_assert(is_kept("a"));
    ck_text(get(on.reader, "a"), "2");
}
END_TEST

START_TEST(a_commit_that_does_more_at_metadata_positions_keeps_nothing)
{
    put(writer, "a", "1");
    clear(writer, "a");
    put(writer, "b", "1");
    commit();
    ck_assert(!is_kept("a"));
    ck_assert(!is_kept("b"));
    put(writer, "a", "1");
    clear_range(writer, "a", "b");
    commit();
    ck_assert(!is_kept("a"));
    leave_one(); /* the range has swept the others away */
    put(writer, "b", "2");
    clear(writer, "c@7");
    commit();
    ck_assert(is_kept("b"));
}
END_TEST

START_TEST(a_large_commit_keeps_nothing)
{
    put(writer, "a", "1");
    for (int i = 0; i < VARVE__POOL_PUTS_MAX; i++)
        put(writer, "b", "1");
    commit();
    ck_assert(!is_kept("a"));
    ck_assert(!is_kept("b"));
}
END_TEST

START_TEST(what_is_too_long_takes_the_place_of_what_was)
{
    char text[VARVE__RECENT_BYTES + 1];
    size_t room = VARVE__RECENT_BYTES - key_of("a").size;
    memset(text, 'x', sizeof text);
    text[room] = '\0';
    put(writer, "a", text);
    commit();
    ck_assert(is_kept("a"));
    text[room] = 'x';
    text[room + 1] = '\0';
    put(writer, "a", "short");
    put(writer, "a", text);
    commit();
    ck_assert(!is_kept("a"));
}
END_TEST

START_TEST(a_commit_that_fails_keeps_nothing)
{
    backend_faults_insert(on.engine);
    put(writer, "a", "0");
    commit();
    leave_one(); /* which the faults have taken away */
    put(writer, "a", "1");
    commit();
    ck_assert(is_kept("a"));
    backend_faults.apply = VARVE_COMMIT_UNKNOWN;
    put(writer, "a", "2");
    ck_assert_int_eq(varve_batch_commit(batch, VARVE_NO_SYNC, NULL), VARVE_COMMIT_UNKNOWN);
    ck_assert(!is_kept("a"));
    ck_text(get(on.reader, "a"), "1");
}
END_TEST

static uint64_t place_of(const char *key)
{
    return (varve__hash(key_of(key)) >> 32) % VARVE__RECENT_SLOTS;
}

/* Two keys of one length whose copies would lie in the same place. */
START_TEST(a_copy_is_of_its_key_alone)
{
    char other[16] = "";
    for (int i = 101; i < 1000 && other[0] == '\0'; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "k%d", i);
        if (place_of(text) == place_of("k100"))
            memcpy(other, text, sizeof other);
    }
    ck_assert_str_ne(other, "");
    put(writer, other, "1");
    commit();
    put(writer, "k100", "2");
    commit();
    ck_assert(is_kept("k100"));
    ck_assert(!is_kept(other));
    ck_text(get(on.reader, other), "1");
    ck_text(get(on.reader, "k100"), "2");
}
END_TEST

/* Both have put the key, and which of them came last is not told. */
START_TEST(of_two_commits_at_once_neither_is_kept)
{
    varve__pool *pool = &on.engine->pool;
    varve__pool_commit first;
    varve__pool_commit second;
    varve_buf repr = VARVE_BUF_INIT;
    const varve_record record = {VARVE_RECORD_PUT, key_of("a"), varve_slice_text("1")};
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
    for (int i = 0; i < 2; i++) {
        varve__pool_commit_begin(pool, varve_buf_slice(&repr), &first);
        varve__pool_commit_begin(pool, varve_buf_slice(&repr), &second);
        ck_assert_uint_eq(first.count, 1);
        uint64_t earlier = varve__pool_write_end(pool);
        uint64_t later = varve__pool_write_end(pool);
        ck_assert_uint_eq(earlier, VARVE__ITER_NO_EPOCH);
        ck_assert_uint_ne(later, VARVE__ITER_NO_EPOCH);
        ck_assert_uint_ne(later, first.epoch);
        ck_assert_uint_ne(later, second.epoch);
        leave_one();
    }
    varve__pool_commit_begin(pool, varve_buf_slice(&repr), &first);
    ck_assert_uint_eq(varve__pool_write_end(pool), first.epoch);
    varve_buf_release(&repr);
}
END_TEST

START_TEST(changes_of_all_keys_count)
{
    put(writer, "a", "1");
    commit();
    ck_assert(is_kept("a"));
    varve__engine_change_begin(on.engine);
    ck_assert(!is_kept("a"));
    varve__engine_change_end(on.engine);
    ck_assert(!is_kept("a"));
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_has_been_put_is_got_without_the_backend);
    tcase_add_test(tcase, a_snapshot_shows_its_own);
    tcase_add_test(tcase, a_later_write_of_the_key_counts);
    tcase_add_test(tcase, of_several_puts_of_a_commit_the_last_counts);
    tcase_add_test(tcase, a_commit_that_does_more_at_metadata_positions_keeps_nothing);
    tcase_add_test(tcase, a_large_commit_keeps_nothing);
    tcase_add_test(tcase, what_is_too_long_takes_the_place_of_what_was);
    tcase_add_test(tcase, a_commit_that_fails_keeps_nothing);
    tcase_add_test(tcase, a_copy_is_of_its_key_alone);
    tcase_add_test(tcase, of_two_commits_at_once_neither_is_kept);
    tcase_add_test(tcase, changes_of_all_keys_count);
}

int main(void)
{
    return run_suite(backend_suite("recent", fill));
}
