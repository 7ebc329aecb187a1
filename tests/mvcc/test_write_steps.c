/*
 * The steps of a write (mvcc/write.h), one after the other, as their numbers say.
 */
#include "tests/support/writes.h"

/* The metadata record of transaction 1's intent without history, as it prints. */
#define INTENT_1(write_ts, sequence, ts, vlen)                                                     \
    "{txn={id=00000000 key=/Min pri=0.00000000 epo=0 ts=" write_ts " min=0,0 seq=" sequence        \
    "} ts=" ts " del=false klen=12 vlen=" vlen

/* ---- Step 1 ------------------------------------------------------------------------------------
 */

START_TEST(step_1_keys_and_timestamps_are_checked)
{
    varve_txn txn = writes_txn(1, at(-1));
    ck_assert_str_eq(writes_put("", at(1), "v"), "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_put("", at(-1), "v"), "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_put("k", at(-1), "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000001,0");
    ck_assert_str_eq(writes_put("k", varve_ts_of(1, -1), NULL),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp 0.000000001,-1");
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000001,0");
    ck_assert_str_eq(writes_increment("", at(1), NULL, 1),
                     "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_put_if("", at(1), NULL, "v", NULL),
                     "EMPTY_KEY: attempted access to empty key");
}
END_TEST

/* ---- Step 5 ------------------------------------------------------------------------------------
 */

START_TEST(step_5_a_transaction_reads_at_the_timestamp)
{
    varve_txn txn = writes_txn(1, at(5));
    varve_write how = writes_how(varve_ts_zero(), &txn);
    how.ts = at(6);
    ck_fails(varve_mvcc_put(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err,
             "mvccPutInternal: txn's read timestamp 0.000000005,0 does not match timestamp "
             "0.000000006,0");
    txn.meta.write_ts = varve_ts_zero();
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "INVALID_ARGUMENT: varve_txn.meta.write_ts is zero");
    txn.meta.write_ts = at(-7);
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000007,0");
    ck_assert_str_eq(writes_everything(), "");
}
END_TEST

START_TEST(step_5_and_writes_at_its_own)
{
    varve_txn txn = writes_txn(1, at(5));
    txn.meta.write_ts = at(9);
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), "OK");
    ck_assert_str_eq(writes_records("k"),
                     INTENT_1("0.000000009,0", "0", "0.000000009,0", "6") "} v@9");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, writes_start, NULL);
    tcase_add_test(tcase, step_1_keys_and_timestamps_are_checked);
    tcase_add_test(tcase, step_5_a_transaction_reads_at_the_timestamp);
    tcase_add_test(tcase, step_5_and_writes_at_its_own);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/write_steps", fill));
}
