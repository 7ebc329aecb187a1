/*
 * Every allocation of the engine layer fails once: what fails says so, changes nothing, and leaves
 * nothing behind.
 */
#include "engine/batch.h"
#include "format/batch_repr.h"
#include "tests/support/backends.h"
#include "tests/support/texts.h"

/* The number of the backend in progress. */
static int backend;

static varve_status open_engine(varve_engine **engine, varve_error *err)
{
    varve_options options = {.struct_size = sizeof options, .backend = (varve_backend)backend};
    return varve_engine_open(&options, engine, err);
}

/* Open handles and leaks would be found here: an engine closes only without any. */
static void close_engine(varve_engine *engine)
{
    ck_assert_int_eq(varve_engine_close(engine, NULL), VARVE_OK);
}

/*
 * Run `body` with an engine that holds a=1, b@1=2 and c=3; its allocations are part of the trial.
 */
static varve_status with_engine(varve_status (*body)(varve_engine *engine, varve_error *err),
                                varve_error *err)
{
    varve_engine *engine = NULL;
    varve_status status = open_engine(&engine, err);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(engine);
        return status;
    }
    varve_writer *writer = varve_engine_writer(engine);
    status = varve_writer_put(writer, key_of("a"), bytes("1"), err);
    if (status == VARVE_OK)
        status = varve_writer_put(writer, key_of("b@1"), bytes("2"), err);
    if (status == VARVE_OK)
        status = varve_writer_put(writer, key_of("c"), bytes("3"), err);
    if (status == VARVE_OK)
        status = body(engine, err);
    close_engine(engine);
    return status;
}

/* Whether the records of `reader` are these; asked after a failure, when memory is there again. */
static void check_all(varve_reader *reader, const char *expected)
{
    ck_text(all_of(reader), expected);
}

/* Step to the end; the first failure of the iterator, or of opening it. */
static varve_status walk_all(varve_reader *reader, const varve_iter_options *options,
                             unsigned expected, varve_error *err)
{
    varve_iter *it;
    unsigned count = 0;
    varve_status status = varve_iter_open(reader, options, &it, err);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(it);
        return status;
    }
    for (bool more = varve_iter_seek_ge(it, key_of("a")); more; more = varve_iter_next(it))
        count++;
    status = varve_iter_status(it, err);
    ck_assert(status != VARVE_OK || count == expected);
    varve_iter_close(it);
    return status;
}

/* ---- The trials ---------------------------------------------------------------------------------
 */

static varve_status writing(varve_engine *engine, varve_error *err)
{
    varve_writer *writer = varve_engine_writer(engine);
    varve_reader *reader = varve_engine_reader(engine);
    varve_status status = varve_writer_put(writer, key_of("d"), bytes("4"), err);
    if (status != VARVE_OK) {
        check_all(reader, "a=1 b@1=2 c=3");
        return status;
    }
    status = varve_writer_clear(writer, key_of("a"), err);
    if (status != VARVE_OK) {
        check_all(reader, "a=1 b@1=2 c=3 d=4");
        return status;
    }
    status = varve_writer_clear_range(writer, key_of("b"), key_of("d"), err);
    if (status != VARVE_OK)
        check_all(reader, "b@1=2 c=3 d=4");
    return status;
}

/* Many records, so that the store has to grow in the middle. */
static varve_slice many_records(void)
{
    static varve_buf repr;
    static const varve_record clear_a = {VARVE_RECORD_CLEAR, {(const void *)"a\0\1", 3}, {NULL, 0}};
    if (repr.size > 0)
        return varve_buf_slice(&repr);
    const varve_record clear_range = {VARVE_RECORD_CLEAR_RANGE, key_of("b"), key_of("d")};
    ck_assert_int_eq(varve__repr_append(&repr, &clear_a, NULL), VARVE_OK);
    ck_assert_int_eq(varve__repr_append(&repr, &clear_range, NULL), VARVE_OK);
    for (int i = 1; i <= 60; i++) {
        char key[] = {'e', (char)(0x20 + i), 0x00, 0x01};
        const varve_record put_e = {VARVE_RECORD_PUT, varve_slice_of(key, 4), repeated('v', 100)};
        ck_assert_int_eq(varve__repr_append(&repr, &put_e, NULL), VARVE_OK);
    }
    return varve_buf_slice(&repr);
}

static varve_status applying(varve_engine *engine, varve_error *err)
{
    varve_reader *reader = varve_engine_reader(engine);
    varve_status status = varve_writer_apply(varve_engine_writer(engine), many_records(), err);
    if (status != VARVE_OK) {
        check_all(reader, "a=1 b@1=2 c=3");
        /* The failed one must not come back with the next. */
        ck_assert_int_eq(
            varve_writer_put(varve_engine_writer(engine), key_of("c"), bytes("4"), NULL), VARVE_OK);
        check_all(reader, "a=1 b@1=2 c=4");
        varve_engine_info info = {.struct_size = sizeof info};
        ck_assert_int_eq(varve_engine_get_info(engine, &info, NULL), VARVE_OK);
        ck_assert(backend != BACKEND_MAP || info.estimated_keys == 3);
        return status;
    }
    return walk_all(reader, NULL, 60, err);
}

static varve_status reading(varve_engine *engine, varve_error *err)
{
    varve_reader *reader = varve_engine_reader(engine);
    varve_iter_options options = {.struct_size = sizeof options};
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(reader, key_of("b@1"), &value, err);
    ck_assert_uint_eq(value.size, status == VARVE_OK ? 1 : 0);
    varve_buf_release(&value);
    if (status == VARVE_OK)
        status = walk_all(reader, NULL, 3, err);
    options.lower = key_of("b");
    options.upper = key_of("c");
    if (status == VARVE_OK)
        status = walk_all(reader, &options, 1, err);
    options = (varve_iter_options){.struct_size = sizeof options, .prefix = true};
    if (status == VARVE_OK)
        status = walk_all(reader, &options, 1, err);
    return status;
}

static varve_status moving_by_key(varve_engine *engine, varve_error *err)
{
    varve_iter *it;
    varve_status status = varve_iter_open(varve_engine_reader(engine), NULL, &it, err);
    if (status != VARVE_OK)
        return status;
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    status = varve_iter_next_key(it) ? VARVE_OK : varve_iter_status(it, err);
    if (status == VARVE_OK)
        ck_assert_str_eq(position(it), "b@1");
    if (status == VARVE_OK)
        status = varve_iter_set_bounds(it, key_of("b"), key_of("c@4"), err);
    if (status == VARVE_OK) {
        ck_assert(varve_iter_seek_ge(it, key_of("c")));
        status = varve_iter_prev_key(it) ? VARVE_OK : varve_iter_status(it, err);
    }
    varve_iter_close(it);
    return status;
}

/* Bounds change both or not at all. */
static varve_status narrowing(varve_engine *engine, varve_error *err)
{
    varve_iter *it;
    varve_slice upper = varve_slice_of("c\0\2", 3);
    varve_status status = varve_iter_open(varve_engine_reader(engine), NULL, &it, err);
    if (status != VARVE_OK)
        return status;
    status = varve_iter_set_bounds(it, key_of("b"), upper, err);
    ck_assert_int_eq(varve_iter_seek_ge(it, key_of("")), true);
    ck_assert_str_eq(walk_forward(it), status == VARVE_OK ? "b@1=2 c=3" : "a=1 b@1=2 c=3");
    varve_iter_close(it);
    return status;
}

static varve_status with_snapshot(varve_engine *engine, varve_error *err)
{
    varve_snapshot *snapshot;
    varve_status status = varve_snapshot_open(engine, &snapshot, err);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(snapshot);
        return status;
    }
    status = walk_all(varve_snapshot_reader(snapshot), NULL, 3, err);
    varve_snapshot_close(snapshot);
    return status;
}

static varve_status write_batch(varve_batch *batch, varve_error *err)
{
    varve_writer *writer = varve_batch_writer_of(batch);
    varve_slice before = copy_of(varve_batch_repr(batch));
    varve_status status = varve_writer_put(writer, key_of("b@1"), bytes("batch"), err);
    if (status != VARVE_OK) {
        ck_slice_eq(varve_batch_repr(batch), before);
        return status;
    }
    before = copy_of(varve_batch_repr(batch));
    status = varve_writer_apply(writer, many_records(), err);
    if (status != VARVE_OK) {
        ck_slice_eq(varve_batch_repr(batch), before);
        return status;
    }
    /* The first of those many. */
    return varve_writer_clear_range(writer, key_of("e@7"), key_of("e!@9"), err);
}

/* A batch that is read, and again after a failure: what was not taken in then is now. */
static varve_status batching(varve_engine *engine, varve_error *err)
{
    varve_batch *batch;
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_batch_open(engine, 0, &batch, err);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(batch);
        return status;
    }
    varve_reader *reader = varve_batch_reader_of(batch);
    status = write_batch(batch, err);
    if (status == VARVE_OK) {
        status = varve_reader_get(reader, key_of("e%22"), &value, err);
        if (status == VARVE_NO_MEMORY)
            ck_assert_int_eq(varve_reader_get(reader, key_of("e%22"), &value, NULL), VARVE_OK);
        ck_assert_uint_eq(value.size, 100);
    }
    if (status == VARVE_OK) {
        status = walk_all(reader, NULL, 59, err);
        if (status == VARVE_NO_MEMORY)
            ck_assert_int_eq(walk_all(reader, NULL, 59, NULL), VARVE_OK);
    }
    if (status == VARVE_OK) {
        status = varve_batch_commit(batch, VARVE_NO_SYNC, err);
        if (status != VARVE_OK) {
            check_all(varve_engine_reader(engine), "a=1 b@1=2 c=3");
            ck_assert_int_eq(varve_batch_commit(batch, VARVE_NO_SYNC, NULL), VARVE_OK);
        }
    }
    if (status == VARVE_OK)
        status = walk_all(varve_engine_reader(engine), NULL, 59, err);
    varve_buf_release(&value);
    varve_batch_close(batch);
    return status;
}

/* With an iterator open, the bytes of the batch move to new memory instead of being resized. */
static varve_status batching_under_an_iterator(varve_engine *engine, varve_error *err)
{
    varve_batch *batch;
    varve_iter *it;
    varve_status status = varve_batch_open(engine, 0, &batch, err);
    if (status != VARVE_OK)
        return status;
    status = varve_iter_open(varve_batch_reader_of(batch), NULL, &it, err);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(it);
        varve_batch_close(batch);
        return status;
    }
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    status = write_batch(batch, err);
    if (status == VARVE_OK && !varve_iter_next(it)) {
        status = varve_iter_status(it, err);
        ck_assert(varve_iter_seek_ge(it, key_of("b")));
    }
    ck_assert(status != VARVE_OK || strcmp(position(it), "e\"") == 0);
    varve_iter_close(it);
    varve_batch_close(batch);
    return status;
}

/* The texts M and +1, made before memory is scarce. */
static varve_slice records[2];

static void make_records(void)
{
    records[0] = record_of("M");
    records[1] = record_of("+1");
}

/* A merge on top of what the engine has, one on a put, and one on nothing. */
static varve_status write_merges(varve_writer *writer, varve_error *err)
{
    static const char *const keys[] = {"c", "m", "n"};
    varve_status status = varve_writer_put(writer, key_of("m"), records[0], err);
    for (int i = 0; i < 3 && status == VARVE_OK; i++)
        status = varve_writer_merge(writer, key_of(keys[i]), records[1], err);
    return status;
}

static varve_status get_merged(varve_reader *reader, const char *key, const char *expected,
                               varve_error *err)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(reader, key_of(key), &value, err);
    if (status == VARVE_OK)
        ck_text(text_of(varve_buf_slice(&value)), expected);
    varve_buf_release(&value);
    return status;
}

static varve_status merging(varve_engine *engine, varve_error *err)
{
    varve_batch *batch;
    varve_status status = varve_batch_open(engine, 0, &batch, err);
    if (status != VARVE_OK)
        return status;
    varve_reader *reader = varve_batch_reader_of(batch);
    status = write_merges(varve_batch_writer_of(batch), err);
    bool is_written = status == VARVE_OK;
    if (status == VARVE_OK)
        status = get_merged(reader, "c", "conflict", err); /* it holds no record */
    if (status == VARVE_OK)
        status = get_merged(reader, "m", "M+1", err);
    if (status == VARVE_OK)
        status = get_merged(reader, "n", "+1", err);
    if (status == VARVE_OK)
        status = walk_all(reader, NULL, 5, err);
    if (status == VARVE_NO_MEMORY && is_written)
        ck_assert_int_eq(walk_all(reader, NULL, 5, NULL), VARVE_OK);
    varve_batch_close(batch);
    return status;
}

/* A batch over a snapshot, with more marks than there is room for at first, and a view. */
static varve_status write_marked(varve_batch *batch, varve_error *err)
{
    varve_distinct *distinct;
    varve_status status = VARVE_OK;
    for (int i = 0; i < 9 && status == VARVE_OK; i++) {
        status = varve_writer_put(varve_batch_writer_of(batch), key_of("k"), bytes("v"), err);
        if (status == VARVE_OK)
            status = varve_batch_savepoint(batch, err);
    }
    if (status != VARVE_OK)
        return status;
    status = varve_distinct_open(batch, &distinct, err);
    if (status != VARVE_OK)
        return status;
    status = varve_writer_clear(varve_distinct_writer(distinct), key_of("k"), err);
    if (status == VARVE_OK)
        status = walk_all(varve_distinct_reader(distinct), NULL, 4, err);
    varve_distinct_close(distinct);
    return status == VARVE_OK ? varve_batch_rollback(batch, err) : status;
}

static varve_status batching_over_a_snapshot(varve_engine *engine, varve_error *err)
{
    varve_snapshot *snapshot;
    varve_batch *batch;
    varve_status status = varve_snapshot_open(engine, &snapshot, err);
    if (status != VARVE_OK)
        return status;
    status = varve_batch_open_at(snapshot, 0, &batch, err);
    varve_snapshot_close(snapshot);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(batch);
        return status;
    }
    status = write_marked(batch, err);
    if (status == VARVE_OK)
        status = walk_all(varve_batch_reader_of(batch), NULL, 4, err);
    varve_batch_close(batch);
    return status;
}

static varve_status look(void *arg, varve_slice bytes, varve_error *err)
{
    (void)arg, (void)err;
    ck_slice_eq(bytes, varve_slice_text("2"));
    return VARVE_OK;
}

static varve_status count_one(void *arg, varve_slice engine_key, varve_slice value,
                              varve_error *err)
{
    (void)engine_key, (void)value, (void)err;
    ++*(unsigned *)arg;
    return VARVE_OK;
}

static varve_status in_strokes(varve_engine *engine, varve_error *err)
{
    varve_reader *reader = varve_engine_reader(engine);
    varve_writer *writer = varve_engine_writer(engine);
    const varve_slice all = varve_slice_of(NULL, 0);
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it;
    unsigned count = 0;
    uint64_t cleared = 9;
    varve_status status =
        varve_reader_get_record(reader, key_of("b@1"), look, NULL, &value, NULL, NULL, err);
    varve_buf_release(&value);
    if (status == VARVE_OK)
        status = varve_reader_iterate(reader, all, all, 0, count_one, &count, err);
    ck_assert(status != VARVE_OK || count == 3);
    if (status == VARVE_OK)
        status = varve_writer_put_record(writer, key_of("c"), bytes("3"), NULL, NULL, err);
    if (status != VARVE_OK)
        return status;
    status = varve_iter_open(reader, NULL, &it, err);
    if (status != VARVE_OK)
        return status;
    status = varve_writer_clear_iter_range(writer, it, key_of("b"), all, &cleared, err);
    varve_iter_close(it);
    ck_assert_uint_eq(cleared, status == VARVE_OK ? 2 : 0);
    if (status != VARVE_OK)
        check_all(reader, "a=1 b@1=2 c=3");
    return status == VARVE_OK ? walk_all(reader, NULL, 1, err) : status;
}

static varve_status with_tokens(varve_engine *engine, varve_error *err)
{
    varve_batch *batch;
    uint64_t forgotten = 0;
    const varve_ts times[] = {{5, 0}, {6, 0}};
    varve_status status = varve_batch_open(engine, 0, &batch, err);
    if (status != VARVE_OK)
        return status;
    status = varve_batch_set_token(batch, bytes("token"), times[0], err);
    ck_assert(status == VARVE_OK || varve_batch_is_empty(batch));
    if (status == VARVE_OK)
        status = varve_batch_commit(batch, VARVE_NO_SYNC, err);
    varve_batch_close(batch);
    if (status == VARVE_OK)
        status = varve_engine_token_lookup(engine, bytes("token"), NULL, err);
    if (status != VARVE_OK)
        return status;
    status = varve_engine_tokens_forget(engine, times[1], 0, &forgotten, err);
    ck_assert_uint_eq(forgotten, status == VARVE_OK ? 1 : 0);
    return status;
}

static varve_status (*const trials[])(varve_engine *engine, varve_error *err) = {
    writing,    applying,
    reading,    moving_by_key,
    narrowing,  with_snapshot,
    batching,   batching_under_an_iterator,
    merging,    batching_over_a_snapshot,
    in_strokes, with_tokens,
};
enum { TRIALS = sizeof trials / sizeof trials[0] };

static varve_status one_trial(void *context, varve_error *err)
{
    return with_engine(trials[*(int *)context], err);
}

START_TEST(each_allocation_may_fail_on_the_map)
{
    int trial = _i;
    backend = BACKEND_MAP;
    (void)many_records();
    make_records();
    ck_assert_uint_gt(fault_alloc_each(one_trial, &trial), 2);
}
END_TEST

START_TEST(each_allocation_may_fail_over_rocksdb)
{
    int trial = _i;
    backend = BACKEND_MEMORY;
    (void)many_records();
    make_records();
    ck_assert_uint_gt(fault_alloc_each(one_trial, &trial), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("no_memory");
    TCase *tcase = tcase_create("no_memory");
    tcase_add_loop_test(tcase, each_allocation_may_fail_on_the_map, 0, TRIALS);
    tcase_add_loop_test(tcase, each_allocation_may_fail_over_rocksdb, 0, TRIALS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
