#include "tests/support/support.h"

#include <stdio.h>

#include <varve/ts.h>
#include <varve/txn.h>

static varve_error err = VARVE_ERROR_INIT;
static varve_txn txn = VARVE_TXN_INIT;
static varve_txn other = VARVE_TXN_INIT;
static varve_buf text;

static const unsigned char id_1[16] = {[15] = 1};
static const unsigned char id_2[16] = {[15] = 2};
static const unsigned char id_zero[16];

static varve_ts at(int64_t wall)
{
    return varve_ts_of(wall, 0);
}

static void begin(varve_txn *to, const char *name, const char *key, int64_t wall)
{
    varve_slice anchor = varve_slice_text(key != NULL ? key : "");
    ck_ok(varve_txn_begin(to, id_1, varve_slice_text(name), key != NULL ? &anchor : NULL, at(wall),
                          &err),
          &err);
}

static void set_up(void)
{
    text = (varve_buf)VARVE_BUF_INIT;
    begin(&txn, "A", "k", 10);
    begin(&other, "B", "", 10);
}

static void tear_down(void)
{
    varve_txn_release(&txn);
    varve_txn_release(&other);
    varve_buf_release(&text);
    varve_error_release(&err);
}

#define ck_txn(txn, expected)                                                                      \
    do {                                                                                           \
        text.size = 0;                                                                             \
        ck_ok(varve_txn_print(txn, &text, &err), &err);                                            \
        ck_buf_text(&text, expected);                                                              \
    } while (0)

#define ck_ts(actual, expected) ck_assert_int_eq(varve_ts_compare(actual, expected), 0)

static void ignore(varve_txn *of, int32_t start, int32_t end)
{
    varve_seq_range range = {start, end};
    ck_ok(varve_txn_ignore(of, &range, 1, &err), &err);
}

/* ---- Printing ----------------------------------------------------------------------------------
 */

START_TEST(a_transaction_as_it_begins)
{
    ck_txn(&txn, "\"A\" meta={id=00000000 key=\"k\" pri=0.00000000 epo=0 ts=0.000000010,0 min=0,0 "
                 "seq=0} rw=true stat=PENDING rts=0.000000010,0 wto=false max=0,0");
    ck_txn(&other, "\"B\" meta={id=00000000 key=/Min pri=0.00000000 epo=0 ts=0.000000010,0 "
                   "min=0,0 seq=0} rw=true stat=PENDING rts=0.000000010,0 wto=false max=0,0");
    begin(&txn, "", NULL, 0);
    ck_txn(&txn, "meta={id=00000000 key=/Min pri=0.00000000 epo=0 ts=0,0 min=0,0 seq=0} rw=false "
                 "stat=PENDING rts=0,0 wto=false max=0,0");
}
END_TEST

START_TEST(every_field_is_printed)
{
    static const unsigned char id[16] = {0xDE, 0xAD, 0xBE, 0x0F, 0xFF};
    varve_seq_range ranges[] = {{1, 2}, {4, 4}};
    ck_ok(varve_txn_begin(&txn, id, bytes("a \"name\""), NULL, at(2), &err), &err);
    ck_ok(varve_txn_ignore(&txn, ranges, 2, &err), &err);
    txn.meta.epoch = 3;
    txn.meta.priority = INT32_MAX;
    txn.meta.min_ts = varve_ts_of(1, 7);
    txn.meta.sequence = -4;
    txn.meta.write_ts = at(2000000001);
    txn.status = VARVE_TXN_STAGING;
    txn.write_too_old = true;
    txn.max_ts = at(9);
    ck_txn(&txn, "\"a \\\"name\\\"\" meta={id=deadbe0f key=/Min pri=100.00000000 epo=3 "
                 "ts=2.000000001,0 min=0.000000001,7 seq=-4} rw=false stat=STAGING "
                 "rts=0.000000002,0 wto=true max=0.000000009,0 isn=2");
    text.size = 0;
    ck_ok(varve_txn_meta_print(&txn.meta, &text, &err), &err);
    ck_buf_text(&text, "id=deadbe0f key=/Min pri=100.00000000 epo=3 ts=2.000000001,0 "
                       "min=0.000000001,7 seq=-4");
}
END_TEST

static const struct {
    int32_t priority;
    const char *text;
} priorities[] = {
    {0, "0.00000000"},           {1, "0.00000005"},  {-1, "-0.00000005"},
    {1000000000, "46.56612875"}, {21, "0.00000098"}, {INT32_MAX, "100.00000000"},
};

START_TEST(priorities_are_printed_as_parts_of_a_hundred)
{
    char expected[100];
    varve_txn_meta meta = {.priority = priorities[_i].priority};
    ck_ok(varve_txn_meta_print(&meta, &text, &err), &err);
    snprintf(expected, sizeof expected, "id=00000000 key=/Min pri=%s epo=0 ts=0,0 min=0,0 seq=0",
             priorities[_i].text);
    ck_buf_text(&text, expected);
}
END_TEST

START_TEST(ids_and_statuses_have_names)
{
    static const unsigned char id[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
                                         0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10};
    char out[VARVE_TXN_ID_TEXT_MAX];
    ck_assert_str_eq(varve_txn_id_format(id_1, out), "00000000-0000-0000-0000-000000000001");
    ck_assert_str_eq(varve_txn_id_format(id, out), "01234567-89ab-cdef-fedc-ba9876543210");
    ck_assert_str_eq(varve_txn_status_name(VARVE_TXN_PENDING), "PENDING");
    ck_assert_str_eq(varve_txn_status_name(VARVE_TXN_COMMITTED), "COMMITTED");
    ck_assert_str_eq(varve_txn_status_name(VARVE_TXN_ABORTED), "ABORTED");
    ck_assert_str_eq(varve_txn_status_name(VARVE_TXN_STAGING), "STAGING");
    ck_assert_str_eq(varve_txn_status_name((varve_txn_status)4), "UNKNOWN");
    ck_assert_str_eq(varve_txn_status_name((varve_txn_status)-1), "UNKNOWN");
    ck_assert(varve_txn_status_is_final(VARVE_TXN_COMMITTED));
    ck_assert(varve_txn_status_is_final(VARVE_TXN_ABORTED));
    ck_assert(!varve_txn_status_is_final(VARVE_TXN_PENDING));
    ck_assert(!varve_txn_status_is_final(VARVE_TXN_STAGING));
}
END_TEST

START_TEST(text_without_memory_stays_as_it_was)
{
    text.size = 0;
    ck_ok(varve_txn_meta_print(&txn.meta, &text, &err), &err);
    for (unsigned nth = 1;; nth++) {
        varve_buf out = VARVE_BUF_INIT;
        fault_alloc_arm(nth);
        varve_status status = varve_txn_print(&txn, &out, NULL);
        bool fired = fault_alloc_disarm();
        ck_assert_int_eq(status, fired ? VARVE_NO_MEMORY : VARVE_OK);
        ck_assert_int_eq(out.size == 0, fired);
        varve_buf_release(&out);
        fault_alloc_arm(nth);
        status = varve_txn_meta_print(&txn.meta, &out, NULL);
        ck_assert_int_eq(out.size == 0, fault_alloc_disarm());
        varve_buf_release(&out);
        if (!fired)
            break;
    }
}
END_TEST

/* ---- Beginning and copying ---------------------------------------------------------------------
 */

START_TEST(what_is_given_is_copied)
{
    char name[] = "name";
    char key[] = "key";
    varve_slice anchor = varve_slice_text(key);
    ck_ok(varve_txn_begin(&txn, id_1, varve_slice_text(name), &anchor, at(1), &err), &err);
    memset(name, 'X', sizeof name);
    memset(key, 'X', sizeof key);
    ck_slice_eq(txn.name, bytes("name"));
    ck_slice_eq(txn.meta.key, bytes("key"));
    /* Its own parts, too. */
    ck_ok(varve_txn_begin(&txn, id_2, txn.meta.key, &txn.name, at(2), &err), &err);
    ck_slice_eq(txn.name, bytes("key"));
    ck_slice_eq(txn.meta.key, bytes("name"));
}
END_TEST

START_TEST(an_id_of_zeros_is_none)
{
    ck_fails(varve_txn_begin(&txn, id_zero, bytes(""), NULL, at(1), &err), VARVE_INVALID_ARGUMENT,
             &err, "the id of a transaction must not be zero");
    ck_slice_eq(txn.name, bytes("A"));
}
END_TEST

START_TEST(a_clone_is_independent)
{
    ignore(&txn, 2, 3);
    ck_ok(varve_txn_observe(&txn, 4, at(5), &err), &err);
    txn.max_ts = at(77);
    ck_ok(varve_txn_clone(&txn, &other, &err), &err);
    varve_txn_release(&txn);
    ck_txn(&other, "\"A\" meta={id=00000000 key=\"k\" pri=0.00000000 epo=0 ts=0.000000010,0 "
                   "min=0,0 seq=0} rw=true stat=PENDING rts=0.000000010,0 wto=false "
                   "max=0.000000077,0 isn=1");
    ck_assert_int_eq(other.observed[0].node, 4);
    ck_assert_int_eq(other.ignored[0].end, 3);
    ck_ok(varve_txn_clone(&other, &other, &err), &err);
    ck_assert_int_eq(other.ignored[0].end, 3);
}
END_TEST

START_TEST(a_transaction_can_be_made_of_what_an_intent_stores)
{
    txn.meta.write_ts = at(12);
    txn.meta.epoch = 2;
    varve_txn as = varve_txn_of_meta(&txn.meta);
    ck_txn(&as, "meta={id=00000000 key=\"k\" pri=0.00000000 epo=2 ts=0.000000012,0 min=0,0 seq=0} "
                "rw=true stat=PENDING rts=0.000000012,0 wto=false max=0.000000012,0");
    ck_assert_ptr_eq(as.meta.key.data, txn.meta.key.data);
    as = varve_txn_of_meta(&other.meta);
    ck_assert(!as.has_key);
}
END_TEST

/* ---- Changing ----------------------------------------------------------------------------------
 */

START_TEST(a_restart_begins_a_new_epoch)
{
    ignore(&txn, 1, 2);
    txn.meta.sequence = 5;
    txn.write_too_old = true;
    txn.meta.write_ts = at(20);
    ck_ok(varve_txn_restart(&txn, at(15), 9, &err), &err);
    ck_txn(&txn, "\"A\" meta={id=00000000 key=\"k\" pri=0.00000000 epo=1 ts=0.000000020,0 min=0,0 "
                 "seq=0} rw=true stat=PENDING rts=0.000000020,0 wto=false max=0,0");
    ck_ok(varve_txn_restart(&txn, at(30), 9, &err), &err);
    ck_ts(txn.meta.write_ts, at(30));
    ck_ts(txn.read_ts, at(30));
    ck_assert_int_eq(txn.meta.epoch, 2);
    txn.meta.epoch = INT32_MAX;
    ck_fails(varve_txn_restart(&txn, at(40), 0, &err), VARVE_INVALID_ARGUMENT, &err,
             "there is no epoch after the last");
    ck_ts(txn.read_ts, at(30));
}
END_TEST

START_TEST(priorities_rise_but_from_zero)
{
    ck_ok(varve_txn_restart(&txn, at(1), 9, &err), &err);
    ck_assert_int_eq(txn.meta.priority, 0);
    txn.meta.priority = 5;
    ck_ok(varve_txn_restart(&txn, at(1), 4, &err), &err);
    ck_assert_int_eq(txn.meta.priority, 5);
    ck_ok(varve_txn_restart(&txn, at(1), 6, &err), &err);
    ck_assert_int_eq(txn.meta.priority, 6);
}
END_TEST

START_TEST(sequence_numbers_step)
{
    ck_ok(varve_txn_step(&txn, 3, &err), &err);
    ck_ok(varve_txn_step(&txn, -5, &err), &err);
    ck_assert_int_eq(txn.meta.sequence, -2);
    ck_ok(varve_txn_step(&txn, (int64_t)INT32_MAX + 2, &err), &err);
    ck_assert_int_eq(txn.meta.sequence, INT32_MAX);
    ck_fails(varve_txn_step(&txn, 1, &err), VARVE_INVALID_ARGUMENT, &err,
             "1 steps lead from 2147483647 to no sequence number");
    ck_status(varve_txn_step(&txn, INT64_MAX, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_status(varve_txn_step(&txn, INT64_MIN, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_assert_int_eq(txn.meta.sequence, INT32_MAX);
}
END_TEST

START_TEST(writes_advance_but_not_below_reads)
{
    ck_ok(varve_txn_advance(&txn, at(20), &err), &err);
    ck_ok(varve_txn_advance(&txn, at(12), &err), &err);
    ck_ok(varve_txn_advance(&txn, at(10), &err), &err);
    ck_ts(txn.meta.write_ts, at(10));
    ck_fails(varve_txn_advance(&txn, at(9), &err), VARVE_INVALID_ARGUMENT, &err,
             "a transaction that reads at 0.000000010,0 cannot write at 0.000000009,0");
    ck_ts(txn.meta.write_ts, at(10));
    ck_ts(txn.read_ts, at(10));
}
END_TEST

START_TEST(a_status_is_one_of_four)
{
    ck_ok(varve_txn_set_status(&txn, VARVE_TXN_STAGING, &err), &err);
    ck_assert_int_eq(txn.status, VARVE_TXN_STAGING);
    ck_fails(varve_txn_set_status(&txn, (varve_txn_status)4, &err), VARVE_INVALID_ARGUMENT, &err,
             "4 is no status of a transaction");
    ck_assert_int_eq(txn.status, VARVE_TXN_STAGING);
}
END_TEST

START_TEST(an_anchor_key_can_come_later)
{
    begin(&txn, "", NULL, 1);
    ck_ok(varve_txn_set_key(&txn, bytes("first"), &err), &err);
    ck_assert(txn.has_key);
    ck_slice_eq(txn.meta.key, bytes("first"));
    ck_ok(varve_txn_set_key(&txn, bytes(""), &err), &err);
    ck_assert(txn.has_key);
    ck_slice_eq(txn.meta.key, bytes(""));
}
END_TEST

/* ---- Ignored ranges ----------------------------------------------------------------------------
 */

START_TEST(sequence_numbers_in_ranges_are_ignored)
{
    varve_seq_range ranges[] = {{-5, -3}, {1, 1}, {10, 20}, {21, INT32_MAX}};
    ck_ok(varve_txn_ignore(&txn, ranges, 4, &err), &err);
    static const struct {
        int32_t sequence;
        bool is_ignored;
    } asked[] = {{INT32_MIN, false}, {-6, false}, {-5, true}, {-4, true}, {-3, true},
                 {-2, false},        {0, false},  {1, true},  {2, false}, {9, false},
                 {10, true},         {15, true},  {20, true}, {21, true}, {INT32_MAX, true}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        ck_assert_int_eq(varve_txn_is_ignored(&txn, asked[i].sequence), asked[i].is_ignored);
    ck_assert(!varve_seq_is_ignored(NULL, 0, 0));

    /* The list may be that of the transaction; a new one replaces it. */
    ck_ok(varve_txn_ignore(&txn, txn.ignored + 2, 1, &err), &err);
    ck_assert(varve_txn_is_ignored(&txn, 10));
    ck_assert(!varve_txn_is_ignored(&txn, 1));
    ck_ok(varve_txn_ignore(&txn, NULL, 0, &err), &err);
    ck_assert(!varve_txn_is_ignored(&txn, 10));
}
END_TEST

START_TEST(ranges_ascend_without_overlap)
{
    varve_seq_range backwards[] = {{2, 1}};
    varve_seq_range overlap[] = {{1, 5}, {5, 6}};
    varve_seq_range descending[] = {{7, 8}, {1, 2}};
    ignore(&txn, 1, 1);
    ck_fails(varve_txn_ignore(&txn, backwards, 1, &err), VARVE_INVALID_ARGUMENT, &err,
             "ignored ranges must ascend, but 2-1 does not");
    ck_fails(varve_txn_ignore(&txn, overlap, 2, &err), VARVE_INVALID_ARGUMENT, &err,
             "ignored ranges must ascend, but 5-6 does not");
    ck_status(varve_txn_ignore(&txn, descending, 2, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_assert_uint_eq(txn.ignored_count, 1);
    ck_assert(varve_txn_is_ignored(&txn, 1));
}
END_TEST

/* ---- Observed timestamps -----------------------------------------------------------------------
 */

static void observe(varve_txn *of, int32_t node, int64_t wall)
{
    ck_ok(varve_txn_observe(of, node, at(wall), &err), &err);
}

/* "node@wall ..." */
static const char *observed(const varve_txn *of)
{
    static char out[200];
    out[0] = '\0';
    for (size_t i = 0; i < of->observed_count; i++) {
        size_t size = strlen(out);
        snprintf(out + size, sizeof out - size, "%s%d@%d", i > 0 ? " " : "", of->observed[i].node,
                 (int)of->observed[i].ts.wall);
    }
    return out;
}

START_TEST(the_earliest_observation_of_a_node_counts)
{
    observe(&txn, 5, 50);
    observe(&txn, 2, 20);
    observe(&txn, 9, 90);
    observe(&txn, 5, 40);
    observe(&txn, 5, 60);
    observe(&txn, -1, 1);
    ck_assert_str_eq(observed(&txn), "-1@1 2@20 5@40 9@90");
}
END_TEST

/* ---- Updates -----------------------------------------------------------------------------------
 */

static void update(void)
{
    ck_ok(varve_txn_update(&txn, &other, &err), &err);
}

START_TEST(one_that_has_not_begun_becomes_a_copy)
{
    varve_txn_release(&txn);
    ignore(&other, 3, 4);
    update();
    ck_txn(&txn, "\"B\" meta={id=00000000 key=/Min pri=0.00000000 epo=0 ts=0.000000010,0 min=0,0 "
                 "seq=0} rw=true stat=PENDING rts=0.000000010,0 wto=false max=0,0 isn=1");
}
END_TEST

START_TEST(another_transaction_is_no_update)
{
    ck_ok(varve_txn_begin(&other, id_2, bytes("B"), NULL, at(99), &err), &err);
    ck_fails(varve_txn_update(&txn, &other, &err), VARVE_INVALID_ARGUMENT, &err,
             "transaction 00000000-0000-0000-0000-000000000001 cannot be updated from transaction "
             "00000000-0000-0000-0000-000000000002");
    ck_ts(txn.read_ts, at(10));
}
END_TEST

START_TEST(a_later_epoch_is_taken_over)
{
    ignore(&txn, 1, 2);
    txn.meta.sequence = 50;
    txn.write_too_old = true;
    other.meta.epoch = 1;
    other.meta.sequence = 3;
    other.status = VARVE_TXN_STAGING;
    update();
    ck_txn(&txn, "\"A\" meta={id=00000000 key=\"k\" pri=0.00000000 epo=1 ts=0.000000010,0 min=0,0 "
                 "seq=3} rw=true stat=STAGING rts=0.000000010,0 wto=false max=0,0");
}
END_TEST

START_TEST(an_earlier_epoch_only_moves_times)
{
    ignore(&other, 1, 2);
    txn.meta.epoch = 1;
    other.meta.sequence = 50;
    other.status = VARVE_TXN_COMMITTED;
    other.write_too_old = true;
    other.read_ts = at(11);
    other.meta.write_ts = at(12);
    other.max_ts = at(13);
    update();
    ck_txn(&txn, "\"A\" meta={id=00000000 key=\"k\" pri=0.00000000 epo=1 ts=0.000000012,0 min=0,0 "
                 "seq=0} rw=true stat=PENDING rts=0.000000011,0 wto=false max=0.000000013,0");
}
END_TEST

/* Of one epoch: this one's status, the other's, and what it becomes. */
static const varve_txn_status statuses[][3] = {
    {VARVE_TXN_PENDING, VARVE_TXN_PENDING, VARVE_TXN_PENDING},
    {VARVE_TXN_PENDING, VARVE_TXN_STAGING, VARVE_TXN_STAGING},
    {VARVE_TXN_PENDING, VARVE_TXN_COMMITTED, VARVE_TXN_COMMITTED},
    {VARVE_TXN_PENDING, VARVE_TXN_ABORTED, VARVE_TXN_ABORTED},
    {VARVE_TXN_STAGING, VARVE_TXN_PENDING, VARVE_TXN_STAGING},
    {VARVE_TXN_STAGING, VARVE_TXN_STAGING, VARVE_TXN_STAGING},
    {VARVE_TXN_STAGING, VARVE_TXN_COMMITTED, VARVE_TXN_COMMITTED},
    {VARVE_TXN_STAGING, VARVE_TXN_ABORTED, VARVE_TXN_ABORTED},
    {VARVE_TXN_COMMITTED, VARVE_TXN_PENDING, VARVE_TXN_COMMITTED},
    {VARVE_TXN_COMMITTED, VARVE_TXN_ABORTED, VARVE_TXN_COMMITTED},
    {VARVE_TXN_ABORTED, VARVE_TXN_STAGING, VARVE_TXN_ABORTED},
    {VARVE_TXN_ABORTED, VARVE_TXN_COMMITTED, VARVE_TXN_ABORTED},
};

START_TEST(a_status_moves_on_within_an_epoch)
{
    txn.status = statuses[_i][0];
    other.status = statuses[_i][1];
    update();
    ck_assert_int_eq(txn.status, statuses[_i][2]);
}
END_TEST

/* This one's read timestamp and flag, the other's, and the flag that comes of them. */
static const struct {
    int64_t read;
    bool flag;
    int64_t other_read;
    bool other_flag;
    bool expected;
} flags[] = {
    {10, false, 10, false, false}, {10, false, 10, true, true}, {10, true, 10, false, true},
    {10, true, 11, false, false},  {10, false, 11, true, true}, {11, true, 10, false, true},
    {11, false, 10, true, false},
};

START_TEST(write_too_old_belongs_to_the_later_read)
{
    txn.read_ts = at(flags[_i].read);
    txn.write_too_old = flags[_i].flag;
    other.read_ts = at(flags[_i].other_read);
    other.write_too_old = flags[_i].other_flag;
    update();
    ck_assert_int_eq(txn.write_too_old, flags[_i].expected);
}
END_TEST

START_TEST(sequence_and_ignored_ranges_within_an_epoch)
{
    ignore(&txn, 1, 2);
    txn.meta.sequence = 5;
    other.meta.sequence = 4;
    update();
    ck_assert_int_eq(txn.meta.sequence, 5);
    ck_assert(varve_txn_is_ignored(&txn, 1));
    ignore(&other, 3, 4);
    other.meta.sequence = 6;
    update();
    ck_assert_int_eq(txn.meta.sequence, 6);
    ck_assert(!varve_txn_is_ignored(&txn, 1));
    ck_assert(varve_txn_is_ignored(&txn, 3));
}
END_TEST

START_TEST(keys_times_and_priorities_in_any_epoch)
{
    update();
    ck_slice_eq(txn.meta.key, bytes("k"));
    ck_slice_eq(txn.name, bytes("A"));
    begin(&txn, "A", NULL, 20);
    ck_ok(varve_txn_set_key(&other, bytes("anchor"), &err), &err);
    txn.meta.priority = 3;
    other.meta.priority = 7;
    observe(&txn, 1, 10);
    observe(&txn, 3, 30);
    observe(&other, 1, 11);
    observe(&other, 2, 20);
    observe(&other, 3, 29);
    observe(&other, 4, 40);
    update();
    ck_slice_eq(txn.meta.key, bytes("anchor"));
    ck_assert(txn.has_key);
    ck_ts(txn.read_ts, at(20));
    ck_ts(txn.meta.write_ts, at(20));
    ck_assert_int_eq(txn.meta.priority, 7);
    ck_assert_str_eq(observed(&txn), "1@10 2@20 3@29 4@40");
    other.meta.priority = 6;
    update();
    ck_assert_int_eq(txn.meta.priority, 7);
    txn.meta.priority = 0;
    update();
    ck_assert_int_eq(txn.meta.priority, 0);
}
END_TEST

static const int64_t minima[][3] = {{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {5, 6, 5}, {6, 5, 5}};

START_TEST(the_earlier_min_timestamp_that_is_one)
{
    txn.meta.min_ts = at(minima[_i][0]);
    other.meta.min_ts = at(minima[_i][1]);
    update();
    ck_ts(txn.meta.min_ts, at(minima[_i][2]));
}
END_TEST

START_TEST(an_update_from_itself_changes_nothing)
{
    ignore(&txn, 1, 2);
    observe(&txn, 1, 10);
    txn.write_too_old = true;
    ck_ok(varve_txn_update(&txn, &txn, &err), &err);
    ck_assert(varve_txn_is_ignored(&txn, 2));
    ck_assert_str_eq(observed(&txn), "1@10");
    ck_slice_eq(txn.name, bytes("A"));
}
END_TEST

/* ---- Memory ------------------------------------------------------------------------------------
 */

static varve_status each_change(void *context, varve_error *error)
{
    const varve_seq_range range = {1, 2};
    const varve_slice key = bytes("key");
    varve_txn one = VARVE_TXN_INIT;
    varve_txn two = VARVE_TXN_INIT;
    (void)context;
    varve_status status = varve_txn_begin(&one, id_1, bytes("name"), &key, at(1), error);
    if (status == VARVE_OK)
        status = varve_txn_ignore(&one, &range, 1, error);
    if (status == VARVE_OK)
        status = varve_txn_observe(&one, 3, at(4), error);
    if (status == VARVE_OK)
        status = varve_txn_clone(&one, &two, error);
    if (status == VARVE_OK)
        status = varve_txn_set_key(&two, bytes("other"), error);
    if (status == VARVE_OK) {
        two.read_ts = at(9);
        status = varve_txn_update(&one, &two, error);
        ck_assert_int_eq(one.read_ts.wall, status == VARVE_OK ? 9 : 1);
        ck_assert_uint_eq(one.ignored_count, 1);
    }
    varve_txn_release(&two);
    varve_txn_release(&one);
    return status;
}

START_TEST(every_change_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(each_change, NULL), 2 + 1 + 1 + 4 + 1 + 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("txn");
    TCase *tcase = tcase_create("txn");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_transaction_as_it_begins);
    tcase_add_test(tcase, every_field_is_printed);
    tcase_add_loop_test(tcase, priorities_are_printed_as_parts_of_a_hundred, 0,
                        sizeof priorities / sizeof priorities[0]);
    tcase_add_test(tcase, ids_and_statuses_have_names);
    tcase_add_test(tcase, text_without_memory_stays_as_it_was);
    tcase_add_test(tcase, what_is_given_is_copied);
    tcase_add_test(tcase, an_id_of_zeros_is_none);
    tcase_add_test(tcase, a_clone_is_independent);
    tcase_add_test(tcase, a_transaction_can_be_made_of_what_an_intent_stores);
    tcase_add_test(tcase, a_restart_begins_a_new_epoch);
    tcase_add_test(tcase, priorities_rise_but_from_zero);
    tcase_add_test(tcase, sequence_numbers_step);
    tcase_add_test(tcase, writes_advance_but_not_below_reads);
    tcase_add_test(tcase, a_status_is_one_of_four);
    tcase_add_test(tcase, an_anchor_key_can_come_later);
    tcase_add_test(tcase, sequence_numbers_in_ranges_are_ignored);
    tcase_add_test(tcase, ranges_ascend_without_overlap);
    tcase_add_test(tcase, the_earliest_observation_of_a_node_counts);
    tcase_add_test(tcase, one_that_has_not_begun_becomes_a_copy);
    tcase_add_test(tcase, another_transaction_is_no_update);
    tcase_add_test(tcase, a_later_epoch_is_taken_over);
    tcase_add_test(tcase, an_earlier_epoch_only_moves_times);
    tcase_add_loop_test(tcase, a_status_moves_on_within_an_epoch, 0,
                        sizeof statuses / sizeof statuses[0]);
    tcase_add_loop_test(tcase, write_too_old_belongs_to_the_later_read, 0,
                        sizeof flags / sizeof flags[0]);
    tcase_add_test(tcase, sequence_and_ignored_ranges_within_an_epoch);
    tcase_add_test(tcase, keys_times_and_priorities_in_any_epoch);
    tcase_add_loop_test(tcase, the_earlier_min_timestamp_that_is_one, 0,
                        sizeof minima / sizeof minima[0]);
    tcase_add_test(tcase, an_update_from_itself_changes_nothing);
    tcase_add_test(tcase, every_change_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
