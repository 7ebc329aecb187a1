/*
 * Resolving the intents of a span: counts, limits, resume spans, steps.
 */
#include <stdio.h>

#include "tests/support/fault.h"
#include "tests/support/intents.h"

/* ---- Resolving, as text ------------------------------------------------------------------------
 */

typedef struct span_update {
    const char *start;
    const char *end;
    int64_t max; /* 0 = all, which the function calls -1 */
    varve_txn_status status;
    unsigned char txn; /* 0 = 1 */
    int32_t epoch;
    varve_ts ts;
    varve_buf *scratch;
} span_update;

static varve_status run(const varve_write *how, const span_update *update, int64_t *resolved,
                        int64_t *skipped, varve_rows *rows, varve_error *err)
{
    varve_txn_meta meta = txn_of(update->txn == 0 ? 1 : update->txn, update->epoch, update->ts);
    varve_resolution resolution = {
        .struct_size = sizeof resolution, .txn = &meta, .status = update->status};
    varve_span span = {mvcc_bytes(update->start), mvcc_bytes(update->end)};
    int64_t max = update->max == 0 ? -1 : update->max;
    return varve_mvcc_resolve_range(how, span, max, &resolution, resolved, skipped, rows, err);
}

/* "3 OK", "3 OK > [d,z)", with "+2" behind the number for keys that were skipped. */
static const char *resolve_span_update(const span_update *update)
{
    static char text[500];
    int64_t resolved = -1;
    int64_t skipped = -1;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    how.scratch = update->scratch;
    varve_status status = run(&how, update, &resolved, &skipped, &rows, &mvcc.err);
    int size = snprintf(text, sizeof text, "%d", (int)resolved);
    if (skipped > 0)
        size += snprintf(text + size, sizeof text - (size_t)size, "+%d", (int)skipped);
    snprintf(text + size, sizeof text - (size_t)size, " %s", outcome_of(status, &rows));
    return text;
}

#define resolve_span(...) resolve_span_update(&(span_update){__VA_ARGS__})

#define COMMIT .status = VARVE_TXN_COMMITTED
#define ABORT .status = VARVE_TXN_ABORTED
#define PUSH .status = VARVE_TXN_PENDING

/* ---- The checklist -----------------------------------------------------------------------------
 */

/* Thirty keys, of which every third has an intent. */
static void put_thirty(void)
{
    char key[16];
    for (int i = 0; i < 30; i++) {
        snprintf(key, sizeof key, "%02d", i);
        if (i % 3 == 0)
            intent(.key = key, .ts = at(2), .value = "v");
        else if (i % 3 == 1)
            mvcc_put(key, at(1), "w");
        else
            intent(.key = key, .ts = at(2), .value = "x", .txn = 2);
    }
}

START_TEST(TestMVCCResolveTxnRangeResume)
{
    put_thirty();
    stats_start(SECOND);
    ck_assert_str_eq(resolve_span(.start = "00", .end = "30", .max = 5, COMMIT, .ts = at(2)),
                     "5 OK > [12%00,30)");
    ck_assert_str_eq(mvcc_get("12", at(9)), "12@2=v");
    ck_assert_str_eq(mvcc_get("15", at(9)), "WRITE_INTENT 15@2/1");
    ck_stats();
    ck_assert_str_eq(resolve_span(.start = "12%00", .end = "30", .max = 5, COMMIT, .ts = at(2)),
                     "5 OK > [27%00,30)");
    ck_assert_str_eq(resolve_span(.start = "27%00", .end = "30", .max = 5, COMMIT, .ts = at(2)),
                     "0 OK");
    ck_stats();
    ck_assert_str_eq(mvcc_get("26", at(9)), "WRITE_INTENT 26@2/2");
    ck_assert_str_eq(mvcc_get("27", at(9)), "27@2=v");
}
END_TEST

START_TEST(TestMVCCResolveTxnRange)
{
    intent(.key = "a", .ts = at(1), .value = "v");
    mvcc_put("b", at(1), "w");
    intent(.key = "c", .ts = at(1), .value = "x");
    intent(.key = "d", .ts = at(1), .value = "y", .txn = 2);
    stats_start(SECOND);
    ck_assert_str_eq(resolve_span(.start = "a", .end = "z", COMMIT, .ts = at(1)), "2 OK");
    ck_assert_str_eq(store_text(), "a@1=v b@1=w c@1=x d!2.0.0/1@1 d@1=y");
    ck_stats();
}
END_TEST

/* ---- Limits and bounds -------------------------------------------------------------------------
 */

static void put_abc(void)
{
    intent(.key = "a", .ts = at(5), .value = "v");
    intent(.key = "b", .ts = at(5), .value = "v");
    intent(.key = "c", .ts = at(5), .value = "v");
    stats_start(0);
}

START_TEST(zero_does_nothing_and_resumes_with_everything)
{
    varve_txn_meta meta = txn_of(1, 0, at(5));
    varve_resolution abort = {
        .struct_size = sizeof abort, .txn = &meta, .status = VARVE_TXN_ABORTED};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    static const struct {
        const char *start;
        const char *end;
        const char *expected;
    } spans[] = {{"a", "z", "OK > [a,z)"},
                 {"", "z", "OK > [,z)"},
                 {"%00", "a%00", "OK > [%00,a%00)"},
                 {"z", "a", "OK > [z,a)"}};
    put_abc();
    const char *before = store_text();
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        int64_t resolved = -1;
        varve_span span = {mvcc_bytes(spans[i].start), mvcc_bytes(spans[i].end)};
        varve_status status =
            varve_mvcc_resolve_range(&how, span, 0, &abort, &resolved, NULL, &rows, &mvcc.err);
        ck_assert_str_eq(outcome_of(status, &rows), spans[i].expected);
        ck_assert_int_eq(resolved, 0);
    }
    ck_assert_str_eq(store_text(), before);
}
END_TEST

/* Met at the last intent, a limit leaves something to resume with; at the end of the span it does
 * not.
 */
START_TEST(a_limit_at_the_last_intent)
{
    put_abc();
    ck_assert_str_eq(resolve_span(.start = "a", .end = "z", .max = 3, ABORT, .ts = at(5)),
                     "3 OK > [c%00,z)");
    put_abc();
    ck_assert_str_eq(resolve_span(.start = "a", .end = "c%00", .max = 3, ABORT, .ts = at(5)),
                     "3 OK");
    put_abc();
    ck_assert_str_eq(resolve_span(.start = "a", .end = "b%00", .max = 2, ABORT, .ts = at(5)),
                     "2 OK");
    ck_assert_str_eq(resolve_span(.start = "a", .end = "z", .max = 2, ABORT, .ts = at(5)), "1 OK");
    ck_stats();
}
END_TEST

START_TEST(bounds_are_kept)
{
    put_abc();
    ck_assert_str_eq(resolve_span(.start = "b", .end = "c", ABORT, .ts = at(5)), "1 OK");
    ck_assert_str_eq(resolve_span(.start = "a%00", .end = "b%FF", ABORT, .ts = at(5)), "0 OK");
    ck_assert_str_eq(resolve_span(.start = "c", .end = "a", ABORT, .ts = at(5)), "0 OK");
    ck_assert_str_eq(resolve_span(.start = "c", .end = "c", ABORT, .ts = at(5)), "0 OK");
    ck_assert_str_eq(store_text(), "a!1.0.0/5@5 a@5=v c!1.0.0/5@5 c@5=v");
    ck_assert_str_eq(resolve_span(.start = "", .end = "b", ABORT, .ts = at(5)), "1 OK");
    ck_assert_str_eq(resolve_span(.start = "a", .end = "", ABORT, .ts = at(5)), "0 EMPTY_KEY");
    ck_assert_str_eq(store_text(), "c!1.0.0/5@5 c@5=v");
    ck_stats();
}
END_TEST

/* What is left as it is does not count. */
START_TEST(only_what_is_resolved_counts)
{
    intent(.key = "a", .ts = at(5), .value = "v");
    intent(.key = "b", .ts = at(9), .value = "v");
    intent(.key = "c", .ts = at(5), .value = "v", .epoch = 1);
    intent(.key = "d", .ts = at(5), .value = "v", .txn = 3);
    mvcc_put_inline("e", "i");
    intent(.key = "f", .ts = at(5), .value = "v");
    stats_start(0);
    ck_assert_str_eq(resolve_span(.start = "a", .end = "z", .max = 2, PUSH, .ts = at(7)),
                     "2 OK > [c%00,z)");
    ck_assert_str_eq(store_text(), "a!1.0.0/5@7 a@7=v b!1.0.0/9@9 b@9=v c!1.1.0/5@7 c@7=v "
                                   "d!3.0.0/5@5 d@5=v e=i f!1.0.0/5@5 f@5=v");
    ck_stats();
}
END_TEST

/* The span that is left may be given back together with the rows it is in. */
START_TEST(pages_through_its_own_rows)
{
    varve_txn_meta meta = txn_of(1, 0, at(2));
    varve_resolution commit = {
        .struct_size = sizeof commit, .txn = &meta, .status = VARVE_TXN_COMMITTED};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    varve_span span = {bytes("00"), bytes("30")};
    int64_t sum = 0;
    int calls = 0;
    put_thirty();
    stats_start(0);
    do {
        int64_t resolved;
        ck_ok(varve_mvcc_resolve_range(&how, span, 3, &commit, &resolved, NULL, &rows, &mvcc.err),
              &mvcc.err);
        sum += resolved;
        calls++;
        span.start = varve_buf_slice(&rows.resume_start);
        span.end = varve_buf_slice(&rows.resume_end);
    } while (rows.more);
    ck_assert_int_eq(sum, 10);
    ck_assert_int_eq(calls, 4);
    ck_stats();
    varve_rows_release(&rows);
}
END_TEST

/* ---- Damage ------------------------------------------------------------------------------------
 */

START_TEST(damaged_keys_are_counted_and_skipped)
{
    intent(.key = "a", .ts = at(5), .value = "v");
    mvcc_put_raw(mvcc_engine_key("b", varve_ts_zero()), bytes("garbage"));
    mvcc_put_raw(mvcc_engine_key("c", varve_ts_zero()), bytes(""));
    mvcc_put_raw(mvcc_engine_key("d", varve_ts_zero()), mvcc_intent_record(at(5), 1, 1));
    intent(.key = "e", .ts = at(5), .value = "v");
    memset(&running, 0, sizeof running);

    ck_assert_str_eq(resolve_span(.start = "a", .end = "z", COMMIT, .ts = at(6)), "2+3 OK");
    ck_assert_str_eq(mvcc_get("a", at(9)), "a@6=v");
    ck_assert_str_eq(mvcc_get("e", at(9)), "e@6=v");
    ck_assert_str_eq(mvcc_get("c", at(9)), "CORRUPT");
    /* Without a place for their number. */
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    const span_update again = {.start = "a", .end = "z", COMMIT, .ts = at(6)};
    ck_ok(run(&how, &again, NULL, NULL, &rows, &mvcc.err), &mvcc.err);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(a_key_that_is_none_ends_the_call)
{
    put_abc();
    varve_stats numbers = running;
    mvcc_put_raw(hex("62 00 01 FF"), bytes("v"));
    ck_assert_str_eq(resolve_span(.start = "a", .end = "z", ABORT, .ts = at(5)), "0 CORRUPT_KEY");
    ck_assert_mem_eq(&numbers, &running, sizeof numbers);
    mvcc_clear_raw(hex("62 00 01 FF"));
    ck_stats();
    ck_assert_str_eq(store_text(), "a!1.0.0/5@5 a@5=v b!1.0.0/5@5 b@5=v c!1.0.0/5@5 c@5=v");
}
END_TEST

/* ---- Steps -------------------------------------------------------------------------------------
 */

/* Big values that have to move make several steps of one call. */
static void put_big(int count)
{
    char key[16];
    char *value = malloc(200001);
    ck_assert_ptr_nonnull(value);
    memset(value, 'v', 200000);
    value[200000] = '\0';
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "k%02d", i);
        intent(.key = key, .ts = at(5), .value = value);
    }
    free(value);
    stats_start(0);
}

static void clear_big(int count)
{
    char key[16];
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "k%02d", i);
        mvcc_clear_raw(mvcc_engine_key(key, varve_ts_zero()));
        mvcc_clear_raw(mvcc_engine_key(key, at(5)));
        mvcc_clear_raw(mvcc_engine_key(key, at(7)));
    }
}

START_TEST(steps_are_bounded)
{
    fault_view view;
    int64_t resolved;
    varve_buf scratch = VARVE_BUF_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    const span_update push = {.start = "a", .end = "z", PUSH, .ts = at(7)};
    put_big(20);
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    fault_view_arm(&view, 0);
    varve_write how = write_counted();
    how.reader = &view.reader;
    how.writer = &view.writer;
    how.scratch = &scratch;
    ck_ok(run(&how, &push, &resolved, NULL, &rows, &mvcc.err), &mvcc.err);
    ck_assert_int_eq(resolved, 20);
    ck_assert_uint_eq(view.written, 4); /* six values of 200,000 bytes are more than a MiB */
    ck_assert_uint_eq(view.seeks, 1);   /* one view, one walk */
    ck_assert_uint_lt(scratch.capacity, (size_t)3 << 20);
    ck_stats();
    varve_rows_release(&rows);
    varve_buf_release(&scratch);
}
END_TEST

/* A failure leaves the steps before it, and tells how many intents those have resolved. */
START_TEST(steps_before_a_failure_stand)
{
    fault_view view;
    int64_t resolved = -1;
    unsigned written = 0;
    varve_rows rows = VARVE_ROWS_INIT;
    const span_update push = {.start = "a", .end = "z", PUSH, .ts = at(7)};
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    varve_write how = write_counted();
    how.reader = &view.reader;
    how.writer = &view.writer;
    for (unsigned nth = 1;; nth += 3) {
        put_big(20);
        fault_view_arm(&view, nth);
        varve_status status = run(&how, &push, &resolved, NULL, &rows, &mvcc.err);
        if (!view.fired) {
            ck_status(status, VARVE_OK, &mvcc.err);
            break;
        }
        ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
        ck_assert(!rows.more);
        ck_assert_int_eq(resolved, 6 * view.written);
        ck_assert_uint_ge(view.written, written);
        ck_stats();
        written = view.written;
        clear_big(20);
    }
    ck_assert_uint_eq(written, 3);
    varve_rows_release(&rows);
}
END_TEST

/* ---- A plain loop over the keys ----------------------------------------------------------------
 */

enum { KEYS = 12 };

static const char *key_name(int i)
{
    static char name[16];
    snprintf(name, sizeof name, "k%02d", i);
    return name;
}

/* A key in any state, the same for the same numbers. */
static void put_any(const char *key, test_random *random)
{
    size_t kind = test_random_below(random, 6);
    int64_t base = 1 + (int64_t)test_random_below(random, 3);
    if (kind > 0 && test_random_below(random, 2) == 0)
        mvcc_put_raw(mvcc_engine_key(key, at(base)),
                     mvcc_bytes(test_random_below(random, 2) == 0 ? "" : "below"));
    if (kind >= 2)
        intent(.key = key, .ts = at(4 + (int64_t)test_random_below(random, 4)),
               .value = test_random_below(random, 3) == 0 ? "" : "value",
               .txn = (unsigned char)(kind == 2 ? 2 : 1),
               .epoch = (int32_t)test_random_below(random, 3), .sequence = 30,
               .history = test_random_below(random, 2) == 0 ? "10=a,20-" : NULL);
}

static void clear_all(void)
{
    for (int i = 0; i < KEYS; i++) {
        mvcc_clear_raw(mvcc_engine_key(key_name(i), varve_ts_zero()));
        for (int wall = 0; wall < 12; wall++)
            mvcc_clear_raw(mvcc_engine_key(key_name(i), at(wall + 1)));
    }
}

static int resolve_one_by_one(const varve_resolution *resolution)
{
    int count = 0;
    for (int i = 0; i < KEYS; i++) {
        bool resolved;
        varve_write how = write_counted();
        ck_ok(varve_mvcc_resolve(&how, mvcc_bytes(key_name(i)), resolution, &resolved, &mvcc.err),
              &mvcc.err);
        count += resolved;
    }
    return count;
}

START_TEST(a_span_is_its_keys_one_by_one)
{
    test_random random = test_random_start();
    varve_span span = {bytes("k"), bytes("l")};
    for (int round = 0; round < 60; round++) {
        test_random again = random;
        varve_seq_range ignored = {15, 35};
        varve_txn_meta meta = txn_of(1, (int32_t)test_random_below(&random, 3),
                                     at(3 + (int64_t)test_random_below(&random, 6)));
        varve_resolution resolution = {.struct_size = sizeof resolution,
                                       .txn = &meta,
                                       .status = (varve_txn_status)test_random_below(&random, 4),
                                       .ignored = &ignored,
                                       .ignored_count = test_random_below(&random, 2)};
        again = random;
        for (int i = 0; i < KEYS; i++)
            put_any(key_name(i), &random);
        stats_start(SECOND);
        int count = resolve_one_by_one(&resolution);
        const char *expected = store_text();
        varve_stats numbers = running;
        ck_stats();

        clear_all();
        for (int i = 0; i < KEYS; i++)
            put_any(key_name(i), &again);
        stats_start(SECOND);
        int64_t resolved;
        varve_rows rows = VARVE_ROWS_INIT;
        varve_write how = write_counted();
        ck_ok(varve_mvcc_resolve_range(&how, span, -1, &resolution, &resolved, NULL, &rows,
                                       &mvcc.err),
              &mvcc.err);
        ck_assert_int_eq(resolved, count);
        ck_assert_str_eq(store_text(), expected);
        ck_assert_mem_eq(&running, &numbers, sizeof running);
        varve_rows_release(&rows);
        clear_all();
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestMVCCResolveTxnRangeResume);
    tcase_add_test(tcase, TestMVCCResolveTxnRange);
    tcase_add_test(tcase, zero_does_nothing_and_resumes_with_everything);
    tcase_add_test(tcase, a_limit_at_the_last_intent);
    tcase_add_test(tcase, bounds_are_kept);
    tcase_add_test(tcase, only_what_is_resolved_counts);
    tcase_add_test(tcase, pages_through_its_own_rows);
    tcase_add_test(tcase, damaged_keys_are_counted_and_skipped);
    tcase_add_test(tcase, a_key_that_is_none_ends_the_call);
    tcase_add_test(tcase, steps_are_bounded);
    tcase_add_test(tcase, steps_before_a_failure_stand);
    tcase_add_test(tcase, a_span_is_its_keys_one_by_one);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/resolve_range", fill));
}
