#include <stdio.h>

#include <varve/ts.h>

#include "engine/batch.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve_batch *batch;

static void enter(void)
{
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
}

static void set_token(varve_slice token, varve_ts now)
{
    ck_ok(varve_batch_set_token(batch, token, now, &on.err), &on.err);
}

static varve_status lookup(varve_slice token, varve_ts *when)
{
    return varve_engine_token_lookup(on.engine, token, when, &on.err);
}

/* A commit of nothing but this token. */
static void commit_token(varve_slice token, varve_ts now)
{
    enter();
    set_token(token, now);
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

START_TEST(a_token_is_found_with_its_commit)
{
    varve_ts when = varve_ts_of(1, 1);
    varve_slice token = bytes("a\0\1token");
    enter();
    put(varve_batch_writer_of(batch), "k", "v");
    set_token(token, varve_ts_of(1234567890123, 7));
    ck_assert_int_eq(lookup(token, &when), VARVE_NOT_FOUND);
    ck_assert_int_eq(when.wall, 1);
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_ok(lookup(token, &when), &on.err);
    ck_assert_int_eq(when.wall, 1234567890123);
    ck_assert_int_eq(when.logical, 7);
    ck_ok(lookup(token, NULL), &on.err);
    ck_assert_int_eq(lookup(bytes("a\0\1toke"), NULL), VARVE_NOT_FOUND);
    ck_assert_int_eq(lookup(bytes("a\0\1token."), NULL), VARVE_NOT_FOUND);
    varve_batch_close(batch);
}
END_TEST

/* docs/format.md: 01 76 74 and the token, escaped; BYTES, wall time and logical part. */
START_TEST(a_token_has_these_bytes)
{
    enter();
    set_token(bytes("\0\1"), varve_ts_of(0x0102030405060708, 0x11121314));
    ck_hex(varve_batch_repr(batch),
           "00 00 00 00 00 00 00 00 01 00 00 00 | 01 08 01 76 74 00 FF 01 00 01 | 1F"
           "12 04 08 00 10 00 18 00 20 00 28 00 32 11 | 00 00 00 00 03"
           "01 02 03 04 05 06 07 08 11 12 13 14");
    varve_batch_close(batch);
}
END_TEST

START_TEST(times_of_all_sizes_come_back)
{
    static const varve_ts times[] = {{0, 0}, {0, 1}, {1, 0}, {INT64_MAX, INT32_MAX}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_ts when;
        commit_token(bytes("token"), times[i]);
        ck_ok(lookup(bytes("token"), &when), &on.err);
        ck_assert_int_eq(varve_ts_compare(when, times[i]), 0);
    }
}
END_TEST

START_TEST(odd_tokens_are_refused)
{
    varve_ts now = varve_ts_of(1, 0);
    enter();
    ck_fails(varve_batch_set_token(batch, bytes(""), now, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "token: 0 bytes are not 1 to 64");
    ck_fails(varve_batch_set_token(batch, repeated('t', 65), now, &on.err), VARVE_INVALID_ARGUMENT,
             &on.err, "token: 65 bytes are not 1 to 64");
    ck_fails(lookup(repeated('t', 65), NULL), VARVE_INVALID_ARGUMENT, &on.err,
             "token: 65 bytes are not 1 to 64");
    ck_fails(varve_batch_set_token(batch, bytes("t"), varve_ts_of(-1, 0), &on.err),
             VARVE_INVALID_ARGUMENT, &on.err, "now: a negative timestamp");
    ck_fails(varve_batch_set_token(batch, bytes("t"), varve_ts_of(0, -1), &on.err),
             VARVE_INVALID_ARGUMENT, &on.err, "now: a negative timestamp");
    ck_assert(varve_batch_is_empty(batch));
    set_token(repeated('\0', 64), now);
    set_token(repeated(0xFF, 64), now);
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_ok(lookup(repeated('\0', 64), NULL), &on.err);
    ck_ok(lookup(repeated(0xFF, 64), NULL), &on.err);
    ck_fails(varve_batch_set_token(batch, bytes("t"), now, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_rollback_takes_a_token_back)
{
    enter();
    ck_ok(varve_batch_savepoint(batch, &on.err), &on.err);
    set_token(bytes("t"), varve_ts_of(1, 0));
    ck_ok(varve_batch_rollback(batch, &on.err), &on.err);
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_assert_int_eq(lookup(bytes("t"), NULL), VARVE_NOT_FOUND);
    varve_batch_close(batch);
}
END_TEST

START_TEST(nobody_knows_after_a_commit_with_an_open_outcome)
{
    commit_token(bytes("before"), varve_ts_of(1, 0));
    backend_faults_insert(on.engine);
    enter();
    set_token(bytes("open"), varve_ts_of(2, 0));
    backend_faults.apply = VARVE_IO;
    ck_status(varve_batch_commit(batch, VARVE_SYNC, &on.err), VARVE_IO, &on.err);
    ck_assert_int_eq(lookup(bytes("open"), NULL), VARVE_NOT_FOUND);
    backend_faults.apply = VARVE_COMMIT_UNKNOWN;
    ck_status(varve_batch_commit(batch, VARVE_SYNC, &on.err), VARVE_COMMIT_UNKNOWN, &on.err);
    backend_faults.apply = VARVE_OK;
    varve_batch_close(batch);
    static const char text[] = "the outcome of a commit is open until the store is opened again";
    ck_fails(lookup(bytes("open"), NULL), VARVE_COMMIT_UNKNOWN, &on.err, text);
    ck_fails(lookup(bytes("before"), NULL), VARVE_COMMIT_UNKNOWN, &on.err, text);
    ck_status(lookup(bytes(""), NULL), VARVE_INVALID_ARGUMENT, &on.err);
}
END_TEST

START_TEST(nobody_knows_after_a_failed_sync)
{
    commit_token(bytes("before"), varve_ts_of(1, 0));
    backend_faults_insert(on.engine);
    backend_faults.sync = VARVE_COMMIT_UNKNOWN;
    ck_status(varve_engine_sync(on.engine, &on.err), VARVE_COMMIT_UNKNOWN, &on.err);
    ck_status(lookup(bytes("before"), NULL), VARVE_COMMIT_UNKNOWN, &on.err);
}
END_TEST

/* ---- Forgetting ---------------------------------------------------------------------------------
 */

static uint64_t forget(int64_t before, uint64_t max)
{
    uint64_t forgotten = UINT64_MAX;
    ck_ok(varve_engine_tokens_forget(on.engine, varve_ts_of(before, 0), max, &forgotten, &on.err),
          &on.err);
    return forgotten;
}

START_TEST(old_tokens_are_forgotten)
{
    put(on.writer, "%01vs%FF", "beside");
    put(on.writer, "%01vu", "beside");
    for (int i = 0; i < 10; i++) {
        char token[] = {'t', (char)('0' + i)};
        commit_token(varve_slice_of(token, 2), varve_ts_of(10 - i, 0));
    }
    ck_assert_uint_eq(forget(1, 0), 0);
    ck_assert_uint_eq(forget(4, 0), 3);
    ck_assert_int_eq(lookup(bytes("t7"), NULL), VARVE_NOT_FOUND);
    ck_ok(lookup(bytes("t6"), NULL), &on.err);
    ck_assert_uint_eq(forget(100, 2), 2);
    ck_assert_int_eq(lookup(bytes("t1"), NULL), VARVE_NOT_FOUND);
    ck_ok(lookup(bytes("t2"), NULL), &on.err);
    ck_ok(varve_engine_tokens_forget(on.engine, varve_ts_of(INT64_MAX, 0), 0, NULL, &on.err),
          &on.err);
    ck_text(all_of(on.reader), "%01vs%FF=beside %01vu=beside");
}
END_TEST

START_TEST(many_are_forgotten_in_pieces)
{
    enum { MANY = 2500 };
    char token[32];
    enter();
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(token, sizeof token, "token %08d", i);
        set_token(varve_slice_text(token), varve_ts_of(i % 2, 0));
    }
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
    backend_faults_insert(on.engine);
    ck_assert_uint_eq(forget(1, 1100), 1100);
    ck_assert_uint_eq(backend_faults.applied, 2);
    ck_assert_uint_eq(forget(1, 0), MANY / 2 - 1100);
    ck_assert_uint_eq(forget(2, 0), MANY / 2);
    ck_text(all_of(on.reader), "");
}
END_TEST

START_TEST(failures_of_forgetting_are_told)
{
    uint64_t forgotten = 7;
    commit_token(bytes("t"), varve_ts_of(1, 0));
    backend_faults_insert(on.engine);
    backend_faults.apply = VARVE_NO_SPACE;
    ck_fails(varve_engine_tokens_forget(on.engine, varve_ts_of(9, 0), 0, &forgotten, &on.err),
             VARVE_NO_SPACE, &on.err, "injected");
    ck_assert_uint_eq(forgotten, 0);
    backend_faults.apply = VARVE_OK;
    backend_faults.iter_open = VARVE_NO_MEMORY;
    ck_fails(varve_engine_tokens_forget(on.engine, varve_ts_of(9, 0), 0, &forgotten, &on.err),
             VARVE_NO_MEMORY, &on.err, "injected");
    backend_faults.iter_open = VARVE_OK;
    backend_faults.iter_seek = VARVE_IO;
    ck_fails(varve_engine_tokens_forget(on.engine, varve_ts_of(9, 0), 0, &forgotten, &on.err),
             VARVE_IO, &on.err, "injected");
    backend_faults.iter_seek = VARVE_OK;
    ck_ok(lookup(bytes("t"), NULL), &on.err);
}
END_TEST

START_TEST(a_damaged_token_is_told)
{
    static const char *const values[] = {
        "",                                          /* nothing */
        "12 04 08 00 10 00 18 00 20 00 28 00",       /* neither intent nor value */
        "12 04 08 00 10 00 18 00 20 00 28 00 32 00", /* the empty value */
        "12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 61",
        ("12 04 08 00 10 00 18 00 20 00 28 00 32 11 00 00 00 00 03"
         "80 00 00 00 00 00 00 00 00 00 00 00"), /* a negative time */
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ck_ok(varve_writer_put(on.writer, hex("01 76 74 61 00 01"), hex(values[i]), &on.err),
              &on.err);
        ck_fails(lookup(bytes("a"), NULL), VARVE_CORRUPT, &on.err,
                 "the time of a commit token does not decode");
        ck_fails(varve_engine_tokens_forget(on.engine, varve_ts_of(9, 0), 0, NULL, &on.err),
                 VARVE_CORRUPT, &on.err, "the time of a commit token does not decode");
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_token_is_found_with_its_commit);
    tcase_add_test(tcase, a_token_has_these_bytes);
    tcase_add_test(tcase, times_of_all_sizes_come_back);
    tcase_add_test(tcase, odd_tokens_are_refused);
    tcase_add_test(tcase, a_rollback_takes_a_token_back);
    tcase_add_test(tcase, nobody_knows_after_a_commit_with_an_open_outcome);
    tcase_add_test(tcase, nobody_knows_after_a_failed_sync);
    tcase_add_test(tcase, old_tokens_are_forgotten);
    tcase_add_test(tcase, many_are_forgotten_in_pieces);
    tcase_add_test(tcase, failures_of_forgetting_are_told);
    tcase_add_test(tcase, a_damaged_token_is_told);
}

int main(void)
{
    return run_suite(backend_suite("token", fill));
}
