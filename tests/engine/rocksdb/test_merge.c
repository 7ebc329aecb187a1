/*
 * Trap: a merge operator that refuses in a flush stops the store, and it cannot be opened again.
 * varve's refuses for lack of memory only, and then opening it again is all that is needed.
 */
#include "tests/engine/rocksdb/rocks.h"

#include "engine/merge.h"
#include "engine/rocksdb/merge.h"
#include "tests/support/records.h"
#include "tests/support/texts.h"

/* ---- An operator that refuses -------------------------------------------------------------------
 */

static char *refuse(void *state, const char *key, size_t key_size, const char *existing,
                    size_t existing_size, const char *const *operands, const size_t *sizes,
                    int count, unsigned char *success, size_t *value_size)
{
    (void)state, (void)key, (void)key_size, (void)existing, (void)existing_size;
    (void)operands, (void)sizes, (void)count;
    *success = 0;
    *value_size = 0;
    return calloc(1, 1);
}

static char *refuse_partial(void *state, const char *key, size_t key_size,
                            const char *const *operands, const size_t *sizes, int count,
                            unsigned char *success, size_t *value_size)
{
    return refuse(state, key, key_size, NULL, 0, operands, sizes, count, success, value_size);
}

static void free_refusal(void *state, const char *value, size_t size)
{
    (void)state, (void)size;
    free((char *)(uintptr_t)value);
}

static const char *refuser_name(void *state)
{
    (void)state;
    return "refuser";
}

static void no_destructor(void *state)
{
    (void)state;
}

static char *raw_merge(rocksdb_t *db, const char *key, const char *operand)
{
    char *text = NULL;
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    rocksdb_merge(db, how, key, strlen(key), operand, strlen(operand), &text);
    rocksdb_writeoptions_destroy(how);
    return text;
}

enum { NOT_FLUSHED = 1, STOPPED = 2, BRICKED = 4, NOT_MERGED = 8 };

static void raw_refuse_a_merge(void)
{
    int harm = 0;
    char *text = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_merge_operator(
        options, rocksdb_mergeoperator_create(NULL, no_destructor, refuse, refuse_partial,
                                              free_refusal, refuser_name));
    rocksdb_t *db = raw_open(options, place_path("raw"));
    if (raw_put(db, "k", "v") != NULL || raw_merge(db, "k", "operand") != NULL)
        harm |= NOT_MERGED;
    rocksdb_flush(db, flush, &text);
    if (text != NULL)
        harm |= NOT_FLUSHED;
    if (raw_put(db, "other", "v") != NULL)
        harm |= STOPPED;
    rocksdb_close(db);
    text = NULL;
    (void)rocksdb_open(options, place_path("raw"), &text);
    if (text != NULL)
        harm |= BRICKED;
    child_tell(harm);
}

START_TEST(control_a_refused_merge_stops_the_store)
{
    int status = in_child(raw_refuse_a_merge);
    int harm = child_told;
    printf("control: wait status %d, harm %d\n", status, harm);
    ck_assert_msg(harm >= 0 || WIFSIGNALED(status), "the control came to no end");
    ck_assert_msg(harm < 0 || harm == (NOT_FLUSHED | STOPPED | BRICKED), "harm %d", harm);
}
END_TEST

/* ---- varve's ------------------------------------------------------------------------------------
 */

/* A store with a put and a merge of one key in memory, so that a flush merges them. */
static varve_engine *store_to_merge(void)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_writer *writer = varve_engine_writer(engine);
    put_text(writer, "k", "text");
    merge_text(writer, "k", "+more");
    put_text(writer, "other", "x");
    return engine;
}

START_TEST(what_does_not_fit_is_flushed)
{
    varve_engine *engine = store_to_merge();
    merge_text(varve_engine_writer(engine), "k", "5");
    ck_ok(varve_engine_flush(engine, &err), &err);
    put_text(varve_engine_writer(engine), "other", "y");
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=conflict other=y");
    store_close(engine);
}
END_TEST

/* Every opening brings the operator along: its readers would fail without. */
START_TEST(every_kind_of_opening_merges)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine;
    options.rocksdb_options = "max_background_jobs=3";
    engine = store_open_with(&options);
    put_text(varve_engine_writer(engine), "k", "text");
    ck_ok(varve_engine_flush(engine, &err), &err);
    merge_text(varve_engine_writer(engine), "k", "+more");
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more");

    varve_options beside = store_options(place_path("s"));
    beside.secondary_path = place_path("secondary");
    varve_engine *secondary = store_open_with(&beside);
    ck_assert_str_eq(texts_of(varve_engine_reader(secondary)), "k=text+more");
    store_close(secondary);
    store_close(engine);

    options = store_options(place_path("s"));
    options.read_only = true;
    engine = store_open_with(&options);
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more");
    store_close(engine);
}
END_TEST

START_TEST(a_read_without_memory_fails)
{
    varve_engine *engine = store_to_merge();
    varve_buf value = VARVE_BUF_INIT;
    fault_alloc_arm(1);
    varve_status status = varve_reader_get(varve_engine_reader(engine), key_of("k"), &value, &err);
    ck_assert(fault_alloc_disarm());
    ck_status(status, VARVE_NO_MEMORY, &err);
    ck_assert_uint_eq(value.size, 0);
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more other=x");
    varve_buf_release(&value);
    store_close(engine);
}
END_TEST

/* Nothing is lost, and reads go on. */
START_TEST(a_flush_without_memory_stops_the_store_until_it_is_opened_again)
{
    varve_engine *engine = store_to_merge();
    fault_alloc_arm(1);
    varve_status status = varve_engine_flush(engine, &err);
    ck_assert(fault_alloc_disarm());
    ck_status(status, VARVE_NO_MEMORY, &err);
    ck_assert_int_lt(store_put(engine, key_of("z"), bytes("v")), 0);
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more other=x");
    store_close(engine);

    engine = store_open(place_path("s"));
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more other=x");
    ck_ok(varve_engine_flush(engine, &err), &err);
    put_text(varve_engine_writer(engine), "other", "y");
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more other=y");
    store_close(engine);
}
END_TEST

START_TEST(recovery_opens_it_again)
{
    varve_engine *engine = store_to_merge();
    fault_alloc_arm(1);
    varve_status status = varve_engine_flush(engine, &err);
    ck_assert(fault_alloc_disarm());
    ck_status(status, VARVE_NO_MEMORY, &err);
    varve_engine_state state = {.struct_size = sizeof state};
    ck_ok(varve_engine_get_state(engine, &state, &err), &err);
    ck_assert_int_eq(state.health, VARVE_HEALTH_READ_ONLY);
    ck_assert_int_eq(state.reason, VARVE_NO_MEMORY);
    ck_ok(varve_engine_recover(engine, NULL, &err), &err);
    put_text(varve_engine_writer(engine), "other", "y");
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=text+more other=y");
    store_close(engine);
}
END_TEST

/* More operands than the operator has room for without asking for memory. */
START_TEST(a_compaction_without_memory_loses_nothing)
{
    varve_engine *engine = store_to_merge();
    static const char expected[] = "k=text+more++++++++++++++++++++ other=x";
    for (int i = 0; i < 20; i++)
        merge_text(varve_engine_writer(engine), "k", "+");
    fault_alloc_arm(1);
    varve_status status = varve_engine_compact(engine, &err);
    ck_assert(fault_alloc_disarm());
    ck_status(status, VARVE_NO_MEMORY, &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), expected);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), expected);
    store_close(engine);
}
END_TEST

/* Without memory operands are kept as they are: nothing stops. */
START_TEST(operands_alone_are_flushed_without_memory)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_writer *writer = varve_engine_writer(engine);
    merge_text(writer, "k", "a");
    merge_text(writer, "k", "b");
    uint64_t before = varve__merge_operations();
    fault_alloc_arm(1);
    varve_status status = varve_engine_flush(engine, &err);
    ck_assert(fault_alloc_disarm());
    ck_ok(status, &err);
    ck_assert_uint_gt(varve__merge_operations(), before);
    merge_text(writer, "k", "c");
    ck_assert_str_eq(texts_of(varve_engine_reader(engine)), "k=abc");
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb merge");
    TCase *tcase = tcase_create("merge");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, control_a_refused_merge_stops_the_store);
    tcase_add_test(tcase, what_does_not_fit_is_flushed);
    tcase_add_test(tcase, every_kind_of_opening_merges);
    tcase_add_test(tcase, a_read_without_memory_fails);
    tcase_add_test(tcase, a_flush_without_memory_stops_the_store_until_it_is_opened_again);
    tcase_add_test(tcase, recovery_opens_it_again);
    tcase_add_test(tcase, a_compaction_without_memory_loses_nothing);
    tcase_add_test(tcase, operands_alone_are_flushed_without_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
