/*
 * Taking tables into an engine, and moving ranges from one to another.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <varve/merge.h>
#include <varve/sst.h>
#include <varve/value.h>
#include <varve/wal.h>

#include "engine/sst.h"
#include "format/meta.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static const char *place;

static void set_up_place(void)
{
    place = temp_dir_make();
}

static void tear_down_place(void)
{
    temp_dir_remove(place);
}

/* ---- Helpers ------------------------------------------------------------------------------------
 */

static const char *path_of(const char *name)
{
    char path[1024];
    int size = snprintf(path, sizeof path, "%s/%s", place, name);
    return (const char *)copy_of(varve_slice_of(path, (size_t)size + 1)).data;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A BYTES operand. */
static varve_slice operand_of(const char *text)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_value_set_bytes(&raw, varve_slice_text(text), &on.err), &on.err);
    ck_ok(varve_merge_operand(varve_buf_slice(&raw), NULL, &operand, &on.err), &on.err);
    varve_slice kept = copy_of(varve_buf_slice(&operand));
    varve_buf_release(&raw);
    varve_buf_release(&operand);
    return kept;
}

/*
 * A table of records: "a=1" puts, "-a" clears, "+a=x" merges, "[a,b)" clears a range.
 */
static const char *table_of(const char *name, const char *records)
{
    char text[4096];
    char *rest = text;
    varve_sst_writer *writer = NULL;
    varve_error *err = &on.err;
    ck_ok(varve_sst_writer_open(path_of(name), &writer, err), err);
    (void)snprintf(text, sizeof text, "%s", records);
    for (char *one = strsep(&rest, " "); one != NULL; one = strsep(&rest, " ")) {
        char *second = one + strcspn(one, "=,");
        if (*second != '\0')
            *second++ = '\0';
        if (*one == '[') {
            second[strlen(second) - 1] = '\0';
            ck_ok(varve_sst_writer_clear_range(writer, key_of(one + 1), key_of(second), err), err);
        } else if (*one == '-') {
            ck_ok(varve_sst_writer_clear(writer, key_of(one + 1), err), err);
        } else if (*one == '+') {
            ck_ok(varve_sst_writer_merge(writer, key_of(one + 1), operand_of(second), err), err);
        } else {
            ck_ok(varve_sst_writer_put(writer, key_of(one), varve_slice_text(second), err), err);
        }
    }
    ck_ok(varve_sst_writer_finish(writer, err), err);
    varve_sst_writer_close(writer);
    return path_of(name);
}

static varve_status ingest(const char *path)
{
    varve_error_release(&on.err);
    return varve_engine_ingest(on.engine, &path, 1, NULL, &on.err);
}

/* The BYTES under a metadata key as text; "-" for none. */
static const char *merged(varve_reader *reader, const char *key)
{
    static char text[64];
    varve_buf value = VARVE_BUF_INIT;
    varve__meta meta;
    varve_slice data;
    varve_status status = varve_reader_get(reader, key_of(key), &value, &on.err);
    if (status == VARVE_NOT_FOUND)
        return "-";
    ck_ok(status, &on.err);
    ck_ok(varve__meta_decode(varve_buf_slice(&value), &meta, &on.err), &on.err);
    ck_ok(varve_value_get_bytes(meta.raw, &data, &on.err), &on.err);
    (void)snprintf(text, sizeof text, "%.*s", (int)data.size, (const char *)data.data);
    varve_buf_release(&value);
    return text;
}

/* ---- Ingesting ----------------------------------------------------------------------------------
 */

START_TEST(records_come_in_above_what_is_there)
{
    put(on.writer, "a", "old");
    put(on.writer, "b@1", "old");
    put(on.writer, "c", "stays");
    varve_snapshot *snapshot = NULL;
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_iter *it = iter(on.reader, NULL);
    uint64_t before = varve_engine_sequence(on.engine);
    const char *path = table_of("t.sst", "a=new b@2=new b@1=newer d=1");
    ck_ok(ingest(path), &on.err);
    ck_text(all_of(on.reader), "a=new b@2=new b@1=newer c=stays d=1");
    ck_assert_uint_gt(varve_engine_sequence(on.engine), before);
    ck_assert(exists(path));
    /* What was open does not see them; what is written next lies above them. */
    ck_text(all_of(varve_snapshot_reader(snapshot)), "a=old b@1=old c=stays");
    (void)varve_iter_seek_ge(it, key_of(""));
    ck_text(walk_forward(it), "a=old b@1=old c=stays");
    put(on.writer, "a", "newest");
    ck_text(get(on.reader, "a"), "newest");
    varve_iter_close(it);
    varve_snapshot_close(snapshot);
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_text(all_of(on.reader), "a=newest b@2=new b@1=newer c=stays d=1");
}
END_TEST

/* Even where nothing is in the way, and so the numbers need not move. */
START_TEST(an_iterator_opened_next_sees_them)
{
    for (int i = 0; i < 3; i++) {
        const char *const records[] = {"a=1", "c=2", "b=3"};
        const char *const expected[] = {"a=1", "a=1 c=2", "a=1 b=3 c=2"};
        (void)all_of(on.reader); /* leaves an iterator to be used again */
        uint64_t before = varve_engine_sequence(on.engine);
        char name[] = {(char)('0' + i), '\0'};
        ck_ok(ingest(table_of(name, records[i])), &on.err);
        ck_assert_uint_eq(varve_engine_sequence(on.engine), before + 1);
        ck_text(all_of(on.reader), expected[i]);
        ck_text(get(on.reader, "a"), "1");
    }
}
END_TEST

START_TEST(range_clears_hide_what_was_there)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    put(on.writer, "b@1", "3");
    put(on.writer, "c", "4");
    put(on.writer, "d", "5");
    ck_ok(ingest(table_of("t.sst", "b@1=new [b,d) [x,y)")), &on.err);
    ck_text(all_of(on.reader), "a=1 b@1=new d=5");
    put(on.writer, "c", "again");
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_text(all_of(on.reader), "a=1 b@1=new c=again d=5");
    ck_ok(ingest(table_of("only.sst", "[a,c)")), &on.err);
    ck_text(all_of(on.reader), "c=again d=5");
}
END_TEST

/* RocksDB shows nothing of them outside a store; those in memory have to be told. */
START_TEST(clears_of_keys_hide_what_was_there)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    const char *path = table_of("t.sst", "-a b@1=new -c");
    if (on.backend == BACKEND_DISK) {
        ck_ok(ingest(path), &on.err);
        ck_text(all_of(on.reader), "b=2 b@1=new");
    } else {
        ck_status(ingest(path), VARVE_UNSUPPORTED, &on.err);
        ck_text(all_of(on.reader), "a=1 b=2");
    }
}
END_TEST

START_TEST(merges_are_merged_into_what_is_there)
{
    ck_ok(varve_writer_merge(on.writer, key_of("a"), operand_of("x"), &on.err), &on.err);
    put(on.writer, "q", "gone");
    ck_ok(ingest(table_of("t.sst", "+a=y +b=z [p,r) +s=w")), &on.err);
    ck_text(merged(on.reader, "a"), "xy");
    ck_text(merged(on.reader, "b"), "z");
    ck_text(merged(on.reader, "s"), "w");
    ck_ok(varve_writer_merge(on.writer, key_of("b"), operand_of("!"), &on.err), &on.err);
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_text(merged(on.reader, "a"), "xy");
    ck_text(merged(on.reader, "b"), "z!");
    ck_text(get(on.reader, "q"), "-");
}
END_TEST

START_TEST(several_tables_come_in_at_once_or_not_at_all)
{
    put(on.writer, "m", "old");
    const char *paths[] = {table_of("2", "m=new n=1"), table_of("1", "a=1 b=2"),
                           table_of("3", "x=9")};
    ck_ok(varve_engine_ingest(on.engine, paths, 3, NULL, &on.err), &on.err);
    ck_text(all_of(on.reader), "a=1 b=2 m=new n=1 x=9");

    const char *overlapping[] = {table_of("4", "c=1 f=1"), table_of("5", "d=1")};
    ck_status(varve_engine_ingest(on.engine, overlapping, 2, NULL, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    const char *twice[] = {paths[0], paths[0]};
    ck_status(varve_engine_ingest(on.engine, twice, 2, NULL, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    const char *missing[] = {overlapping[0], path_of("nothing")};
    ck_status(varve_engine_ingest(on.engine, missing, 2, NULL, &on.err), VARVE_IO, &on.err);
    ck_text(all_of(on.reader), "a=1 b=2 m=new n=1 x=9");
}
END_TEST

/* A range clear that ends where the next table begins. */
START_TEST(tables_may_touch)
{
    put(on.writer, "a", "old");
    put(on.writer, "b", "old");
    put(on.writer, "c", "old");
    const char *paths[] = {table_of("2", "b=2 [b,c)"), table_of("1", "[a,b)"),
                           table_of("3", "c=3")};
    ck_ok(varve_engine_ingest(on.engine, paths, 3, NULL, &on.err), &on.err);
    ck_text(all_of(on.reader), "b=2 c=3");
}
END_TEST

START_TEST(moved_files_are_gone)
{
    const varve_ingest_options move = {.struct_size = sizeof move, .move = true};
    put(on.writer, "a", "old");
    const char *paths[] = {table_of("1", "a=1"), table_of("2", "b=2 [b,c)")};
    ck_ok(varve_engine_ingest(on.engine, paths, 2, &move, &on.err), &on.err);
    ck_text(all_of(on.reader), "a=1 b=2");
    ck_assert(!exists(paths[0]));
    ck_assert(!exists(paths[1]));
}
END_TEST

/* ---- Refusals -----------------------------------------------------------------------------------
 */

/* A table of anything, past the checks of varve_sst_writer. */
static const char *raw_table(const char *name, varve_slice key)
{
    varve__table_writer *writer = NULL;
    const varve_record record = {VARVE_RECORD_PUT, key, bytes("v")};
    ck_ok(varve__table_writer_open(path_of(name), &writer, &on.err), &on.err);
    ck_ok(varve__table_writer_add(writer, &record, &on.err), &on.err);
    ck_ok(varve__table_writer_finish(writer, &on.err), &on.err);
    varve__table_writer_close(writer);
    return path_of(name);
}

START_TEST(keys_that_are_none_are_refused)
{
    const struct {
        varve_slice key;
        varve_status status;
    } keys[] = {{bytes("plain"), VARVE_CORRUPT_KEY},
                {bytes("a\0\1short"), VARVE_CORRUPT_KEY},
                {bytes("\xFF\xFF\xFF\0\1"), VARVE_INVALID_KEY}};
    const varve_ingest_options trusting = {.struct_size = sizeof trusting, .trust_keys = true};
    put(on.writer, "a", "1");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *path = raw_table("bad.sst", keys[i].key);
        ck_status(ingest(path), keys[i].status, &on.err);
        const char *two[] = {table_of("good.sst", "b=2"), path};
        ck_status(varve_engine_ingest(on.engine, two, 2, NULL, &on.err), keys[i].status, &on.err);
        ck_assert_int_eq(unlink(two[0]) + unlink(path), 0);
    }
    ck_text(all_of(on.reader), "a=1");
    const char *path = raw_table("bad.sst", keys[0].key);
    varve_status status = varve_engine_ingest(on.engine, &path, 1, &trusting, &on.err);
    ck_assert_int_eq(status, VARVE_OK);
    varve_iter *it = iter(on.reader, NULL);
    ck_assert(varve_iter_seek_ge(it, bytes("p")));
    ck_slice_eq(it->key, keys[0].key);
    varve_iter_close(it);
}
END_TEST

START_TEST(senseless_arguments_are_refused)
{
    const char *paths[] = {table_of("t.sst", "a=1"), NULL};
    varve_ingest_options options = {.struct_size = 0};
    ck_status(varve_engine_ingest(on.engine, paths, 0, NULL, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    ck_status(varve_engine_ingest(on.engine, paths, 2, NULL, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    ck_status(varve_engine_ingest(on.engine, paths, 1, &options, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    ck_text(all_of(on.reader), "");
}
END_TEST

START_TEST(without_memory_nothing_comes_in)
{
    const char *paths[] = {table_of("1", "a=1 [b,c)"), table_of("2", "c@2=3 c@1=4")};
    unsigned fired = 0;
    for (unsigned nth = 1;; nth++) {
        varve_engine *engine = backend_open(on.backend);
        varve_error err = VARVE_ERROR_INIT;
        put(varve_engine_writer(engine), "b", "old");
        fault_alloc_arm(nth);
        varve_status status = varve_engine_ingest(engine, paths, 2, NULL, &err);
        bool has_fired = fault_alloc_disarm();
        ck_assert_msg(status == (has_fired ? VARVE_NO_MEMORY : VARVE_OK), "%u: %s %s", nth,
                      varve_status_name(status), err.message);
        ck_text(all_of(varve_engine_reader(engine)), has_fired ? "b=old" : "a=1 c@2=3 c@1=4");
        varve_error_release(&err);
        backend_close(engine);
        if (!has_fired)
            break;
        fired++;
    }
    ck_assert_uint_gt(fired, 10);
}
END_TEST

/* ---- Against a model ----------------------------------------------------------------------------
 */

enum { MODEL_KEYS = 24, MODEL_ROUNDS = 25 };

static const char *model_key(size_t number)
{
    static char key[16];
    (void)snprintf(key, sizeof key, "k%02zu", number);
    return key;
}

/* A random table; the same to `model` as a batch: what it clears first. */
static const char *random_table(test_random *random, varve_writer *model, int round)
{
    char text[2048] = "";
    size_t size = 0;
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        size_t length = 1 + test_random_below(random, 6);
        if (test_random_below(random, 8) == 0) {
            char start[16];
            (void)snprintf(start, sizeof start, "%s", model_key(i));
            size += (size_t)snprintf(text + size, sizeof text - size, "%s[%s,", size > 0 ? " " : "",
                                     start);
            size += (size_t)snprintf(text + size, sizeof text - size, "%s)", model_key(i + length));
            clear_range(model, start, model_key(i + length));
        }
    }
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        size_t what = test_random_below(random, 6);
        if (what > 1)
            continue;
        if (what == 0) {
            char value[16];
            (void)snprintf(value, sizeof value, "%d", round);
            size += (size_t)snprintf(text + size, sizeof text - size, "%s%s=%s",
                                     size > 0 ? " " : "", model_key(i), value);
            put(model, model_key(i), value);
        } else {
            size += (size_t)snprintf(text + size, sizeof text - size, "%s+%s=%d",
                                     size > 0 ? " " : "", model_key(i), round);
            char operand[16];
            (void)snprintf(operand, sizeof operand, "%d", round);
            ck_ok(varve_writer_merge(model, key_of(model_key(i)), operand_of(operand), &on.err),
                  &on.err);
        }
    }
    return size == 0 ? NULL : table_of("random.sst", text);
}

/* Every record, of which values are any bytes. */
static void check_equal(varve_reader *actual, varve_reader *expected)
{
    varve_iter *a = iter(actual, NULL);
    varve_iter *b = iter(expected, NULL);
    (void)varve_iter_seek_ge(a, key_of(""));
    (void)varve_iter_seek_ge(b, key_of(""));
    for (; a->valid && b->valid; (void)varve_iter_next(a), (void)varve_iter_next(b)) {
        ck_slice_eq(a->key, b->key);
        ck_slice_eq(varve_iter_value(a), varve_iter_value(b));
    }
    ck_assert(!a->valid && !b->valid);
    ck_ok(varve_iter_status(a, &on.err), &on.err);
    ck_ok(varve_iter_status(b, &on.err), &on.err);
    varve_iter_close(a);
    varve_iter_close(b);
}

START_TEST(random_tables_do_what_a_batch_does)
{
    test_random random = test_random_start();
    varve_engine *model = backend_open(BACKEND_MAP);
    varve_writer *writer = varve_engine_writer(model);
    for (int round = 0; round < MODEL_ROUNDS; round++) {
        const char *path = random_table(&random, writer, round);
        if (path != NULL) {
            ck_ok(ingest(path), &on.err);
            ck_assert_int_eq(unlink(path), 0);
        }
        char value[16];
        (void)snprintf(value, sizeof value, "w%d", round);
        const char *key = model_key(test_random_below(&random, MODEL_KEYS));
        put(on.writer, key, value);
        put(writer, key, value);
        if (test_random_below(&random, 8) == 0)
            ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
        check_equal(on.reader, varve_engine_reader(model));
    }
    backend_close(model);
}
END_TEST

/* ---- Exporting ----------------------------------------------------------------------------------
 */

static varve_export_result export_some(varve_reader *reader, const char *name,
                                       varve_export_options options)
{
    varve_export_result result = {.struct_size = sizeof result};
    options.struct_size = sizeof options;
    ck_ok(varve_export_range(reader, path_of(name), &options, &result, &on.err), &on.err);
    return result;
}

START_TEST(a_range_is_exported_with_its_numbers)
{
    put(on.writer, "a", "1");
    put(on.writer, "b@2", "22");
    put(on.writer, "b@1", "333");
    put(on.writer, "c", "4");
    varve_export_options options = {.start = key_of("b"), .end = key_of("c")};
    varve_export_result result = export_some(on.reader, "t.sst", options);
    ck_assert_uint_eq(result.records, 2);
    ck_assert_uint_eq(result.data_bytes, 7); /* b, 22, b, 333 */
    ck_assert_uint_eq(result.resume.size, 0);
    varve_engine *other = backend_open(on.backend);
    put(varve_engine_writer(other), "b@1", "old");
    put(varve_engine_writer(other), "bb", "stays");
    const char *path = path_of("t.sst");
    ck_ok(varve_engine_ingest(other, &path, 1, NULL, &on.err), &on.err);
    ck_text(all_of(varve_engine_reader(other)), "b@2=22 b@1=333 bb=stays");
    backend_close(other);
}
END_TEST

START_TEST(replacing_removes_what_is_not_exported)
{
    put(on.writer, "b@2", "new");
    put(on.writer, "d", "new");
    varve_engine *other = backend_open(on.backend);
    varve_writer *writer = varve_engine_writer(other);
    put(writer, "a", "stays");
    put(writer, "b", "goes");
    put(writer, "c@7", "goes");
    put(writer, "d@1", "goes");
    put(writer, "e", "stays");
    varve_export_options options = {.start = key_of("b"), .end = key_of("e"), .replace = true};
    varve_export_result result = export_some(on.reader, "t.sst", options);
    ck_assert_uint_eq(result.records, 2);
    const char *path = path_of("t.sst");
    ck_ok(varve_engine_ingest(other, &path, 1, NULL, &on.err), &on.err);
    ck_text(all_of(varve_engine_reader(other)), "a=stays b@2=new d=new e=stays");
    ck_ok(varve_engine_compact(other, &on.err), &on.err);
    ck_text(all_of(varve_engine_reader(other)), "a=stays b@2=new d=new e=stays");

    /* A range that is empty here is emptied there; all of it, without bounds. */
    options = (varve_export_options){.start = key_of("x"), .replace = true};
    put(writer, "y", "goes");
    result = export_some(on.reader, "empty.sst", options);
    ck_assert_uint_eq(result.records, 0);
    path = path_of("empty.sst");
    ck_ok(varve_engine_ingest(other, &path, 1, NULL, &on.err), &on.err);
    options = (varve_export_options){.replace = true};
    result = export_some(on.reader, "all.sst", options);
    ck_text(all_of(varve_engine_reader(other)), "a=stays b@2=new d=new e=stays");
    path = path_of("all.sst");
    ck_ok(varve_engine_ingest(other, &path, 1, NULL, &on.err), &on.err);
    ck_text(all_of(varve_engine_reader(other)), "b@2=new d=new");
    backend_close(other);
}
END_TEST

START_TEST(an_empty_range_makes_no_file)
{
    put(on.writer, "b", "1");
    varve_export_options options = {.start = key_of("c")};
    varve_export_result result = export_some(on.reader, "t.sst", options);
    ck_assert_uint_eq(result.records, 0);
    ck_assert_uint_eq(result.resume.size, 0);
    ck_assert(!exists(path_of("t.sst")));
    options = (varve_export_options){.start = key_of("b"), .end = key_of("b"), .replace = true};
    result = export_some(on.reader, "t.sst", options);
    ck_assert_uint_eq(result.records, 0);
    ck_assert(!exists(path_of("t.sst")));
}
END_TEST

/* Any limit: pieces end between user keys, and together they are all of it. */
START_TEST(pieces_do_not_split_keys)
{
    static const char *const expected[] = {"a=1 b=meta b@3=333 b@2=22 b@1=1", "c=1 d@1=1"};
    put(on.writer, "a", "1");
    put(on.writer, "b", "meta");
    put(on.writer, "b@3", "333");
    put(on.writer, "b@2", "22");
    put(on.writer, "b@1", "1");
    put(on.writer, "c", "1");
    put(on.writer, "d@1", "1");
    varve_export_options options = {.struct_size = sizeof options, .target_bytes = 4};
    varve_export_result result = {.struct_size = sizeof result};
    for (int piece = 0; piece < 2; piece++) {
        char name[] = {'p', (char)('0' + piece), '\0'};
        options.start = varve_buf_slice(&result.resume);
        ck_ok(varve_export_range(on.reader, path_of(name), &options, &result, &on.err), &on.err);
        varve_sst_reader *sst = NULL;
        ck_ok(varve_sst_reader_open(place, &sst, &on.err), &on.err);
        ck_ok(varve_sst_reader_add(sst, path_of(name), &on.err), &on.err);
        ck_text(all_of(varve_sst_reader_reader(sst)), expected[piece]);
        ck_ok(varve_sst_reader_close(sst, &on.err), &on.err);
        if (piece == 0)
            ck_slice_eq(varve_buf_slice(&result.resume), key_of("c"));
    }
    ck_assert_uint_eq(result.resume.size, 0);
    varve_buf_release(&result.resume);
}
END_TEST

static atomic_bool writing;

static void *write_on(void *arg)
{
    varve_writer *writer = varve_engine_writer(arg);
    for (unsigned i = 0; atomic_load(&writing); i++) {
        unsigned char key[16] = "key";
        key[3] = (unsigned char)('a' + i % 26);
        key[4] = (unsigned char)('a' + i / 26 % 26);
        memcpy(key + 5, "\0\1", 2);
        varve_slice engine_key = varve_slice_of(key, 7);
        varve_status status =
            i % 3 == 0 ? varve_writer_clear(writer, engine_key, NULL)
                       : varve_writer_put(writer, engine_key, varve_slice_of(&i, sizeof i), NULL);
        ck_assert_int_eq(status, VARVE_OK);
    }
    return NULL;
}

/* In pieces from a snapshot, while somebody writes, into a store with other records. */
START_TEST(a_snapshot_comes_over_byte_for_byte)
{
    pthread_t thread;
    varve_snapshot *snapshot = NULL;
    const varve_ingest_options move = {.struct_size = sizeof move, .move = true};
    varve_export_options options = {
        .struct_size = sizeof options, .target_bytes = 500, .replace = true};
    varve_export_result result = {.struct_size = sizeof result};
    unsigned pieces = 0;

    varve_engine *other = backend_open(on.backend);
    put(varve_engine_writer(other), "keyab", "goes");
    put(varve_engine_writer(other), "zz", "goes");
    put(varve_engine_writer(other), "a", "goes");
    atomic_store(&writing, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_on, on.engine), 0);
    while (varve_engine_sequence(on.engine) < 1000)
        (void)usleep(100);
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    do {
        options.start = varve_buf_slice(&result.resume);
        ck_ok(varve_export_range(varve_snapshot_reader(snapshot), path_of("piece"), &options,
                                 &result, &on.err),
              &on.err);
        const char *path = path_of("piece");
        ck_ok(varve_engine_ingest(other, &path, 1, &move, &on.err), &on.err);
        pieces++;
    } while (result.resume.size > 0);
    atomic_store(&writing, false);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_gt(pieces, 3);
    check_equal(varve_engine_reader(other), varve_snapshot_reader(snapshot));
    varve_buf_release(&result.resume);
    varve_snapshot_close(snapshot);
    backend_close(other);
}
END_TEST

START_TEST(a_batch_is_exported_as_it_reads)
{
    varve_batch *batch = NULL;
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), "c", "3");
    clear(varve_batch_writer_of(batch), "a");
    varve_export_result result = export_some(varve_batch_reader_of(batch), "t.sst",
                                             (varve_export_options){.replace = false});
    ck_assert_uint_eq(result.records, 2);
    varve_batch_close(batch);
    ck_ok(ingest(path_of("t.sst")), &on.err);
    ck_text(all_of(on.reader), "a=1 b=2 c=3");
}
END_TEST

START_TEST(an_export_can_be_cancelled)
{
    varve_cancel *cancel = NULL;
    varve_export_result result = {.struct_size = sizeof result};
    put(on.writer, "a", "1");
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    const varve_export_options options = {.struct_size = sizeof options, .cancel = cancel};
    varve_cancel_now(cancel);
    ck_status(varve_export_range(on.reader, path_of("t.sst"), &options, &result, &on.err),
              VARVE_CANCELLED, &on.err);
    ck_assert(!exists(path_of("t.sst")));
    varve_cancel_close(cancel);
}
END_TEST

START_TEST(senseless_exports_are_refused)
{
    varve_export_result result = {.struct_size = 0};
    varve_export_options options = {.struct_size = sizeof options};
    put(on.writer, "a", "1");
    ck_status(varve_export_range(on.reader, path_of("t"), &options, &result, &on.err),
              VARVE_INVALID_ARGUMENT, &on.err);
    result.struct_size = sizeof result.struct_size;
    ck_status(varve_export_range(on.reader, path_of("t"), &options, &result, &on.err),
              VARVE_INVALID_ARGUMENT, &on.err);
    result.struct_size = sizeof result;
    options.struct_size = 0;
    ck_status(varve_export_range(on.reader, path_of("t"), &options, &result, &on.err),
              VARVE_INVALID_ARGUMENT, &on.err);
    options = (varve_export_options){
        .struct_size = sizeof options, .start = key_of("b"), .end = key_of("a")};
    ck_status(varve_export_range(on.reader, path_of("t"), &options, &result, &on.err),
              VARVE_INVALID_ARGUMENT, &on.err);
    options = (varve_export_options){.struct_size = sizeof options};
    const char *taken = table_of("taken", "a=1");
    ck_status(varve_export_range(on.reader, taken, &options, &result, &on.err),
              VARVE_INVALID_ARGUMENT, &on.err);
    ck_assert(exists(taken));
    ck_assert(!exists(path_of("t")));
}
END_TEST

static varve_status export_all(void *context, varve_error *err)
{
    const varve_export_options options = {
        .struct_size = sizeof options, .target_bytes = 1, .replace = true};
    varve_export_result result = {.struct_size = sizeof result};
    (void)context;
    varve_status status = varve_export_range(on.reader, path_of("t"), &options, &result, err);
    ck_assert_int_eq(exists(path_of("t")), status == VARVE_OK);
    (void)unlink(path_of("t"));
    varve_buf_release(&result.resume);
    return status;
}

START_TEST(without_memory_an_export_leaves_no_file)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "1");
    ck_assert_uint_gt(fault_alloc_each(export_all, NULL), 3);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_place, tear_down_place);
    tcase_add_test(tcase, records_come_in_above_what_is_there);
    tcase_add_test(tcase, an_iterator_opened_next_sees_them);
    tcase_add_test(tcase, range_clears_hide_what_was_there);
    tcase_add_test(tcase, clears_of_keys_hide_what_was_there);
    tcase_add_test(tcase, merges_are_merged_into_what_is_there);
    tcase_add_test(tcase, several_tables_come_in_at_once_or_not_at_all);
    tcase_add_test(tcase, tables_may_touch);
    tcase_add_test(tcase, moved_files_are_gone);
    tcase_add_test(tcase, keys_that_are_none_are_refused);
    tcase_add_test(tcase, senseless_arguments_are_refused);
    tcase_add_test(tcase, without_memory_nothing_comes_in);
    tcase_add_test(tcase, random_tables_do_what_a_batch_does);
    tcase_add_test(tcase, a_range_is_exported_with_its_numbers);
    tcase_add_test(tcase, replacing_removes_what_is_not_exported);
    tcase_add_test(tcase, an_empty_range_makes_no_file);
    tcase_add_test(tcase, pieces_do_not_split_keys);
    tcase_add_test(tcase, a_snapshot_comes_over_byte_for_byte);
    tcase_add_test(tcase, a_batch_is_exported_as_it_reads);
    tcase_add_test(tcase, an_export_can_be_cancelled);
    tcase_add_test(tcase, senseless_exports_are_refused);
    tcase_add_test(tcase, without_memory_an_export_leaves_no_file);
}

int main(void)
{
    return run_suite(backend_suite("ingest", fill));
}
