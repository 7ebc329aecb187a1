/*
 * Every call into the engine fails once, and every allocation.
 */
#include <stdio.h>

#include <varve/mvcc.h>
#include <varve/split.h>
#include <varve/stats.h>

#include "tests/support/fault.h"
#include "tests/support/mvcc.h"

/* A store in which each way of finding a version, a conflict and the next key is taken. */
static void put_store(void)
{
    mvcc_put("a", at(5), "v");
    mvcc_put_inline("b", "i");
    for (int i = 1; i <= 30; i++)
        mvcc_put("c", at(i), "v");
    for (int i = 1; i <= 30; i++)
        mvcc_put("d%00", at(i), "v");
    mvcc_put_intent("d%00", at(40), "p", 1);
    mvcc_put_intent("e", at(45), "p", 2);
    mvcc_put("f", at(2), "v");
    mvcc_put("f", at(3), "v");
}

/* ---- The operations ----------------------------------------------------------------------------
 */

/* What an operation works with. */
struct context {
    varve_reader *reader;
    varve_writer *writer;
    varve_buf *scratch;
};

static varve_status get(const struct context *context, const char *key, int64_t wall,
                        varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(wall)};
    varve_status status = varve_mvcc_get(context->reader, &how, mvcc_bytes(key), &rows, err);
    ck_assert_uint_eq(rows.count, status == VARVE_OK);
    varve_rows_release(&rows);
    return status;
}

static varve_status get_newest(const struct context *context, varve_error *err)
{
    return get(context, "c", 50, err);
}

static varve_status get_inline(const struct context *context, varve_error *err)
{
    return get(context, "b", 50, err);
}

static varve_status get_near(const struct context *context, varve_error *err)
{
    return get(context, "c", 28, err);
}

static varve_status get_deep(const struct context *context, varve_error *err)
{
    return get(context, "c", 2, err);
}

static varve_status get_below_intent(const struct context *context, varve_error *err)
{
    return get(context, "d%00", 2, err);
}

static varve_status get_conflict(const struct context *context, varve_error *err)
{
    return get(context, "e", 50, err);
}

static varve_status scan(const struct context *context, bool reverse, int64_t wall, int64_t max,
                         varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(wall)};
    varve_span span = {mvcc_bytes("a"), mvcc_bytes("z")};
    varve_status status =
        reverse ? varve_mvcc_reverse_scan(context->reader, &how, span, max, &rows, err)
                : varve_mvcc_scan(context->reader, &how, span, max, &rows, err);
    ck_assert(status == VARVE_OK || (rows.count == 0 && !rows.more));
    varve_rows_release(&rows);
    return status;
}

static varve_status scan_forward(const struct context *context, varve_error *err)
{
    return scan(context, false, 2, -1, err);
}

static varve_status scan_forward_limited(const struct context *context, varve_error *err)
{
    return scan(context, false, 35, 4, err);
}

static varve_status scan_forward_none(const struct context *context, varve_error *err)
{
    return scan(context, false, 35, 0, err);
}

static varve_status scan_forward_conflicts(const struct context *context, varve_error *err)
{
    return scan(context, false, 50, -1, err);
}

static varve_status scan_backward(const struct context *context, varve_error *err)
{
    return scan(context, true, 2, -1, err);
}

static varve_status scan_backward_limited(const struct context *context, varve_error *err)
{
    return scan(context, true, 35, 2, err);
}

static varve_status scan_backward_conflicts(const struct context *context, varve_error *err)
{
    return scan(context, true, 50, -1, err);
}

static varve_status versions(const struct context *context, varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(12)};
    varve_status status =
        varve_mvcc_versions(context->reader, &how, mvcc_bytes("c"), 4, &rows, err);
    ck_assert(status == VARVE_OK || (rows.count == 0 && !rows.more));
    varve_rows_release(&rows);
    return status;
}

static varve_status write(const struct context *context, const char *key, varve_ts ts,
                          const char *value, varve_error *err)
{
    varve_write how = {.struct_size = sizeof how,
                       .reader = context->reader,
                       .writer = context->writer,
                       .ts = ts,
                       .scratch = context->scratch};
    if (*value == '\0')
        return varve_mvcc_delete(&how, mvcc_bytes(key), err);
    return varve_mvcc_put(&how, mvcc_bytes(key), mvcc_bytes(value), err);
}

static varve_status put_new(const struct context *context, varve_error *err)
{
    return write(context, "x", at(60), "a value that is not among the shortest", err);
}

static varve_status put_too_old(const struct context *context, varve_error *err)
{
    return write(context, "c", at(1), "v", err);
}

static varve_status put_onto_intent(const struct context *context, varve_error *err)
{
    return write(context, "e", at(60), "v", err);
}

static varve_status put_inline(const struct context *context, varve_error *err)
{
    return write(context, "b", varve_ts_zero(), "w", err);
}

static varve_status delete_version(const struct context *context, varve_error *err)
{
    return write(context, "a", at(60), "", err);
}

static varve_status delete_inline(const struct context *context, varve_error *err)
{
    return write(context, "b", varve_ts_zero(), "", err);
}

static varve_status delete_mixed(const struct context *context, varve_error *err)
{
    return write(context, "a", varve_ts_zero(), "", err);
}

static varve_status recount(const struct context *context, varve_error *err)
{
    varve_stats stats = {.sys_count = 77};
    varve_span all = {bytes(""), bytes("")};
    varve_status status = varve_stats_compute(context->reader, all, 0, NULL, &stats, err);
    ck_assert((stats.sys_count == 77) == (status != VARVE_OK));
    return status;
}

static varve_status find_split_key(const struct context *context, varve_error *err)
{
    varve_split split = VARVE_SPLIT_INIT;
    varve_span all = {bytes(""), bytes("")};
    varve_status status =
        varve_mvcc_find_split_key(context->reader, all, 500, NULL, NULL, &split, err);
    ck_assert((split.key.size > 0) == (status == VARVE_OK));
    varve_split_release(&split);
    return status;
}

static varve_status get_range_stats(const struct context *context, varve_error *err)
{
    varve_stats stats;
    return varve_range_stats_get(context->reader, 1, &stats, err);
}

static varve_status put_range_stats(const struct context *context, varve_error *err)
{
    varve_stats stats = {.key_count = 1};
    return varve_range_stats_put(context->writer, 1, &stats, err);
}

/* An operation, what it comes to without a fault, and how often it then calls the writer. */
static const struct operation {
    varve_status (*run)(const struct context *context, varve_error *err);
    varve_status expected;
    unsigned written;
} operations[] = {
    {get_newest, VARVE_OK, 0},
    {get_inline, VARVE_OK, 0},
    {get_near, VARVE_OK, 0},
    {get_deep, VARVE_OK, 0},
    {get_below_intent, VARVE_OK, 0},
    {get_conflict, VARVE_WRITE_INTENT, 0},
    {scan_forward, VARVE_OK, 0},
    {scan_forward_limited, VARVE_OK, 0},
    {scan_forward_none, VARVE_OK, 0},
    {scan_forward_conflicts, VARVE_WRITE_INTENT, 0},
    {scan_backward, VARVE_OK, 0},
    {scan_backward_limited, VARVE_OK, 0},
    {scan_backward_conflicts, VARVE_WRITE_INTENT, 0},
    {versions, VARVE_OK, 0},
    {put_new, VARVE_OK, 1},
    {put_too_old, VARVE_WRITE_TOO_OLD, 1},
    {put_onto_intent, VARVE_WRITE_INTENT, 0},
    {put_inline, VARVE_OK, 1},
    {delete_version, VARVE_OK, 1},
    {delete_inline, VARVE_OK, 1},
    {delete_mixed, VARVE_INLINE_MIX, 0},
    {recount, VARVE_OK, 0},
    {find_split_key, VARVE_OK, 0},
    {get_range_stats, VARVE_OK, 0},
    {put_range_stats, VARVE_OK, 1},
    {get_range_stats, VARVE_OK, 0},
};
#define OPERATION_COUNT ((int)(sizeof operations / sizeof operations[0]))

/* ---- Calls into the engine ---------------------------------------------------------------------
 */

/* All records of the engine and batch, added up: a change shows. */
static uint64_t digest(void)
{
    varve_iter *it;
    uint64_t sum = 0;
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    for (varve_iter_seek_ge(it, varve_slice_of(NULL, 0)); it->valid; varve_iter_next(it)) {
        varve_slice value = varve_iter_value(it);
        for (size_t i = 0; i < it->key.size; i++)
            sum = sum * 31 + it->key.data[i];
        for (size_t i = 0; i < value.size; i++)
            sum = sum * 37 + value.data[i];
    }
    varve_iter_close(it);
    return sum;
}

START_TEST(each_call_fails)
{
    fault_view view;
    put_store();
    for (int i = 0; i < OPERATION_COUNT; i++) {
        const struct operation *operation = &operations[i];
        fault_view_init(&view, mvcc.reader, mvcc.writer);
        const struct context context = {&view.reader, &view.writer, NULL};
        uint64_t before = digest();
        for (unsigned nth = 1;; nth++) {
            fault_view_arm(&view, nth);
            varve_status status = operation->run(&context, &mvcc.err);
            if (!view.fired) {
                ck_status(status, operation->expected, &mvcc.err);
                ck_assert_uint_eq(view.written, operation->written);
                varve_error_release(&mvcc.err);
                /* Nothing is asked of the engine where nothing has to be known. */
                ck_assert_msg(nth > 1 || operation->run == scan_forward_none, "operation %d", i);
                break;
            }
            ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
            ck_assert_uint_eq(view.written, 0);
            ck_assert_uint_eq(digest(), before);
        }
    }
}
END_TEST

/* What is wrong with the arguments is found before the engine is asked for anything. */
START_TEST(bad_arguments_come_first)
{
    fault_view view;
    unsigned char byte = 0;
    varve_slice too_long = repeated('k', VARVE_KEY_SIZE_MAX + 1);
    varve_slice too_large = varve_slice_of(&byte, (size_t)VARVE_VALUE_SIZE_MAX + 1);
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    varve_write how = {
        .struct_size = sizeof how, .reader = &view.reader, .writer = &view.writer, .ts = at(1)};
    fault_view_arm(&view, 1);

    ck_status(varve_mvcc_put(&how, too_long, bytes("v"), &mvcc.err), VARVE_INVALID_KEY, &mvcc.err);
    ck_status(varve_mvcc_put(&how, bytes("\xFF\xFF"), bytes("v"), &mvcc.err), VARVE_INVALID_KEY,
              &mvcc.err);
    ck_status(varve_mvcc_put(&how, bytes("k"), too_large, &mvcc.err), VARVE_TOO_LARGE, &mvcc.err);
    how.ts = at(-1);
    ck_status(varve_mvcc_put(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
    ck_assert(!view.fired);
}
END_TEST

/* ---- What reads cost
 * ----------------------------------------------------------------------------- */

static unsigned seeks;
static unsigned steps;

/* Run an operation and remember how it has moved. */
static void count(varve_status (*run)(const struct context *context, varve_error *err))
{
    fault_view view;
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    const struct context context = {&view.reader, &view.writer, NULL};
    fault_view_arm(&view, 0);
    ck_ok(run(&context, &mvcc.err), &mvcc.err);
    seeks = view.seeks;
    steps = view.steps;
}

/* Ten keys, with one version or an inline value in turn. */
static void put_shallow_keys(void)
{
    char key[] = "k0";
    for (int i = 0; i < 10; i++, key[1]++) {
        if (i % 2 == 0)
            mvcc_put(key, at(2), "v");
        else
            mvcc_put_inline(key, "i");
    }
}

START_TEST(shallow_keys_are_stepped_over)
{
    put_shallow_keys();

    count(scan_forward);
    ck_assert_uint_eq(seeks, 1);
    ck_assert_uint_eq(steps, 10);
    count(scan_backward);
    ck_assert_uint_eq(seeks, 1);
    ck_assert_uint_eq(steps, 10);
}
END_TEST

/* The newest version is the first; the others are passed over. */
static varve_status scan_newest(const struct context *context, varve_error *err)
{
    return scan(context, false, 1000, -1, err);
}

START_TEST(deep_keys_are_sought)
{
    mvcc_put("b", at(1), "v");
    for (int i = 1; i <= 100; i++)
        mvcc_put("c", at(i), "v");
    mvcc_put("d", at(1), "v");

    count(get_newest); /* at 50 */
    ck_assert_uint_eq(seeks, 2);
    ck_assert_uint_eq(steps, 8);
    count(scan_newest);
    ck_assert_uint_eq(seeks, 2);
    ck_assert_uint_eq(steps, 1 + 8 + 1);
    count(scan_forward); /* at 2 */
    ck_assert_uint_le(seeks, 3);
    ck_assert_uint_le(steps, 20);
    count(scan_backward);
    ck_assert_uint_le(seeks, 4);
    ck_assert_uint_le(steps, 30);
}
END_TEST

/* ---- Allocations -------------------------------------------------------------------------------
 */

/* Takes what it is given, so that no memory stays behind in an engine. */
static varve_status drop_repr(varve_writer *writer, varve_slice repr, varve_error *err)
{
    (void)writer;
    (void)repr;
    (void)err;
    return VARVE_OK;
}

static varve_status drop_record(varve_writer *writer, const varve_record *record, varve_error *err)
{
    (void)writer;
    (void)record;
    (void)err;
    return VARVE_OK;
}

static const varve__writer_ops drop_ops = {drop_repr, drop_record};
static varve_writer drop_writer = {&drop_ops};

/* A version's value is handed over as it lies, so that no gigabyte is needed to try. */
START_TEST(the_largest_value_passes)
{
    unsigned char byte = 0;
    varve_write how = {.struct_size = sizeof how, .writer = &drop_writer, .ts = at(1)};
    varve_slice largest = varve_slice_of(&byte, (size_t)VARVE_VALUE_SIZE_MAX);

    ck_ok(varve_mvcc_put(&how, bytes("k"), largest, &mvcc.err), &mvcc.err);
    largest.size++;
    ck_fails(varve_mvcc_put(&how, bytes("k"), largest, &mvcc.err), VARVE_TOO_LARGE, &mvcc.err,
             "value of 1073741825 bytes exceeds the limit of 1073741824");
}
END_TEST

struct allocating {
    const struct operation *operation;
    bool with_scratch;
};

static varve_status run_allocating(void *argument, varve_error *err)
{
    const struct allocating *allocating = argument;
    varve_buf scratch = VARVE_BUF_INIT;
    const struct context context = {mvcc.reader, &drop_writer,
                                    allocating->with_scratch ? &scratch : NULL};
    varve_status status = allocating->operation->run(&context, err);
    varve_buf_release(&scratch);
    if (status != allocating->operation->expected)
        return status;
    varve_error_release(err);
    return VARVE_OK;
}

START_TEST(each_allocation_fails)
{
    put_store();
    /* What is made on the first read stays: let it be made before counting. */
    ck_assert_str_eq(mvcc_get("a", at(50)), "a@5=v");
    for (int i = 0; i < OPERATION_COUNT; i++) {
        for (int with_scratch = 0; with_scratch < 2; with_scratch++) {
            struct allocating allocating = {&operations[i], with_scratch == 1};
            ck_assert_uint_gt(fault_alloc_each(run_allocating, &allocating), 0);
        }
    }
}
END_TEST

/* Without an error to fill, less is allocated, and the statuses are the same. */
START_TEST(nobody_has_to_take_the_details)
{
    put_store();
    for (int i = 0; i < OPERATION_COUNT; i++) {
        const struct context context = {mvcc.reader, &drop_writer, NULL};
        ck_assert_int_eq(operations[i].run(&context, NULL), operations[i].expected);
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, each_call_fails);
    tcase_add_test(tcase, bad_arguments_come_first);
    tcase_add_test(tcase, shallow_keys_are_stepped_over);
    tcase_add_test(tcase, deep_keys_are_sought);
    tcase_add_test(tcase, the_largest_value_passes);
    tcase_add_test(tcase, each_allocation_fails);
    tcase_add_test(tcase, nobody_has_to_take_the_details);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/faults", fill));
}
