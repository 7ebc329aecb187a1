/*
 * The reads that writers make of the key they are about to write.
 */
#include "mvcc/find.h"

#include <stdio.h>

#include "tests/support/mvcc.h"

#define VALUE(text) "%00%00%00%00%03" text

static varve__walk walk;

/* The row, time and value found, or a status. */
static const char *told(varve_status status, const varve__found *found)
{
    char text[300];
    if (status == VARVE_OK)
        (void)snprintf(text, sizeof text, "%d: @%lld=%s", found->row, (long long)found->ts.wall,
                       mvcc_text(found->value));
    else
        (void)snprintf(text, sizeof text, "%s", varve_status_name(status));
    ck_assert(status >= 0 || mvcc.err.status == status);
    varve_error_release(&mvcc.err);
    return (const char *)copy_of(varve_slice_of(text, strlen(text) + 1)).data;
}

static const char *find(const char *key, int64_t wall, const varve_txn *txn)
{
    varve__found found;
    varve_slice user_key = mvcc_bytes(key);
    varve__walk_release(&walk);
    walk = (varve__walk){.it = NULL};
    varve_status status = varve__walk_open_key(&walk, mvcc.reader, user_key, &mvcc.err);
    if (status == VARVE_OK)
        status = varve__find_to_write(&walk, user_key, at(wall), txn, &found, &mvcc.err);
    return told(status, &found);
}

/* On from where the walk stands. */
static const char *find_version(int64_t wall)
{
    varve__found found;
    return told(varve__find_version(&walk, at(wall), &found, &mvcc.err), &found);
}

static void tear_down(void)
{
    varve__walk_release(&walk);
    walk = (varve__walk){.it = NULL};
}

START_TEST(writers_see_what_readers_do)
{
    const mvcc_earlier earlier[] = {{10, VALUE("x")}, {0, NULL}};
    varve_txn txn = mvcc_txn(2, 3, 40, at(7), varve_ts_zero());
    mvcc_put("k", at(5), VALUE("b"));
    mvcc_put("k", at(10), VALUE("a"));
    ck_assert_str_eq(find("k", 10, NULL), "1: @10=" VALUE("a"));
    ck_assert_str_eq(find("k", 7, &txn), "4: @5=" VALUE("b"));
    ck_assert_str_eq(find("k", 4, NULL), "VARVE_NOT_FOUND");
    txn.max_ts = at(10);
    ck_assert_str_eq(find("k", 7, &txn), "VARVE_READ_UNCERTAIN");
    ck_assert_str_eq(find("l", 7, &txn), "VARVE_NOT_FOUND");

    txn.meta.sequence = 30;
    mvcc_put_intent_of("k", at(12), VALUE("z"), &txn, earlier);
    ck_assert_str_eq(find("k", 12, NULL), "VARVE_WRITE_INTENT");
    ck_assert_str_eq(find("k", 7, &txn), "9: @12=" VALUE("z"));
    txn.meta.sequence = 20;
    ck_assert_str_eq(find("k", 7, &txn), "10: @0=" VALUE("x"));
    txn.meta.sequence = 5;
    ck_assert_str_eq(find("k", 7, &txn), "11: @5=" VALUE("b"));
    txn.meta.epoch = 4;
    ck_assert_str_eq(find("k", 15, &txn), "13: @10=" VALUE("a"));
    txn.meta.epoch = 2;
    ck_assert_str_eq(find("k", 15, &txn), "VARVE_TXN_EPOCH");
    mvcc_put_inline("i", VALUE("i"));
    ck_assert_str_eq(find("i", 0, NULL), "5: @0=" VALUE("i"));
    tear_down();
}
END_TEST

/* A tombstone is a value of length zero. */
START_TEST(tombstones_are_values)
{
    varve_txn txn = mvcc_txn(2, 0, 1, at(7), varve_ts_zero());
    mvcc_put("k", at(5), VALUE("b"));
    mvcc_delete("k", at(6));
    ck_assert_str_eq(find("k", 7, NULL), "1: @6=");
    mvcc_put_intent_of("k", at(8), "", &txn, NULL);
    ck_assert_str_eq(find("k", 7, &txn), "9: @8=");
    tear_down();
}
END_TEST

START_TEST(checksums_are_verified)
{
    mvcc_put("a", at(1), "%ED%6C%45%A8%03value"); /* The one of "value" at "a". */
    mvcc_put("b", at(1), "%ED%6C%45%A8%03value");
    mvcc_put("c", at(1), "abc");
    ck_assert_str_eq(find("a", 1, NULL), "1: @1=%EDlE%A8%03value");
    ck_assert_str_eq(find("b", 1, NULL), "VARVE_CHECKSUM");
    ck_assert_str_eq(find("c", 1, NULL), "VARVE_CHECKSUM");
    tear_down();
}
END_TEST

/* From anywhere in the key, and back. */
START_TEST(versions_are_found_from_anywhere)
{
    for (int i = 1; i <= 40; i++)
        mvcc_put("k", at(i), VALUE("v"));
    mvcc_put_intent("k", at(50), VALUE("p"), 1);
    mvcc_put("l", at(1), VALUE("other"));
    ck_assert_str_eq(find("k", 60, NULL), "VARVE_WRITE_INTENT");
    ck_assert_str_eq(find_version(60), "0: @50=" VALUE("p"));
    ck_assert_str_eq(find_version(49), "0: @40=" VALUE("v"));
    ck_assert_str_eq(find_version(1), "0: @1=" VALUE("v"));
    ck_assert_str_eq(find_version(39), "0: @39=" VALUE("v"));
    ck_assert_str_eq(find_version(0), "VARVE_NOT_FOUND");
    ck_assert_str_eq(find_version(-1), "VARVE_NOT_FOUND");
    ck_assert_str_eq(find_version(50), "0: @50=" VALUE("p"));

    ck_assert_str_eq(find("l", 5, NULL), "1: @1=" VALUE("other"));
    ck_assert_str_eq(find_version(0), "VARVE_NOT_FOUND");
    ck_assert_str_eq(find_version(5), "0: @1=" VALUE("other"));
    tear_down();
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, writers_see_what_readers_do);
    tcase_add_test(tcase, tombstones_are_values);
    tcase_add_test(tcase, checksums_are_verified);
    tcase_add_test(tcase, versions_are_found_from_anywhere);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/find", fill));
}
