/*
 * Trap: an iterator of RocksDB 7.8 that comes to a table which it cannot read goes on without the
 * rest of the level, and tells of no failure.
 */
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/passing.h"
#include "tests/engine/rocksdb/rocks.h"

#include "engine/rocksdb/fences.h"

enum { KEYS = 3000 };

/* Small tables side by side in one level. */
static varve_options small_tables(void)
{
    varve_options options = store_options(place_path("s"));
    options.compression = VARVE_COMPRESSION_NONE;
    options.bottom_compression = VARVE_COMPRESSION_NONE;
    options.rocksdb_options = "disable_auto_compactions=true;target_file_size_base=10000";
    return options;
}

struct middle {
    unsigned count;
    char path[512];
    varve_slice start;
};

/* The one in the middle of so many. */
static bool take_middle(void *arg, const varve_table *table)
{
    struct middle *middle = arg;
    ck_assert_int_gt(table->level, 0);
    middle->count++;
    if (varve_slice_compare(table->start, key_at("k00001500", 1000)) > 0 ||
        varve_slice_compare(table->end, key_at("k00001500", 1000)) < 0)
        return true;
    middle->start = copy_of(table->start);
    (void)snprintf(middle->path, sizeof middle->path, "%s/%.*s", place_path("s"),
                   (int)table->name.size, (const char *)table->name.data);
    return true;
}

static bool take_any(void *arg, const varve_table *table)
{
    struct middle *only = arg;
    only->count++;
    (void)snprintf(only->path, sizeof only->path, "%s/%.*s", place_path("s"), (int)table->name.size,
                   (const char *)table->name.data);
    return true;
}

static void clear(varve_engine *engine, unsigned from, unsigned to)
{
    ck_ok(varve_writer_clear_range(varve_engine_writer(engine), key_number(from), key_number(to),
                                   &err),
          &err);
}

/* Write `count` records twice, so that compacting makes new tables of them; close the store. */
static struct middle make_store(void (*fill)(varve_engine *engine))
{
    varve_options options = small_tables();
    struct middle middle = {.count = 0};
    varve_engine *engine = store_open_with(&options);
    for (int i = 0; i < 2; i++) {
        fill(engine);
        ck_ok(varve_engine_flush(engine, &err), &err);
    }
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_ok(varve_engine_tables(engine, take_middle, &middle, &err), &err);
    ck_assert_uint_gt(middle.count, 5);
    ck_assert_uint_gt(middle.start.size, 0);
    store_close(engine);
    return middle;
}

static void fill_keys(varve_engine *engine)
{
    store_fill(engine, KEYS);
}

/* One key with many versions: the tables end between them. */
static void fill_versions(varve_engine *engine)
{
    for (int64_t ts = 1; ts <= KEYS; ts++)
        ck_ok(store_put(engine, key_at("k00001500", ts), bytes("sixteen bytes...")), &err);
}

static varve_engine *open_read_only(void)
{
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    return store_open_with(&options);
}

static varve_engine *open_damaged(const struct middle *middle)
{
    file_damage(middle->path, 0, 1);
    return open_read_only();
}

/* Damage the last record of the table. */
static void damage_end(const struct middle *middle)
{
    const char *value = "sixteen bytes...";
    size_t size;
    unsigned char *data = file_read(middle->path, &size);
    size_t at = size - strlen(value);
    while (at > 0 && memcmp(data + at, value, strlen(value)) != 0)
        at--;
    free(data);
    ck_assert_uint_gt(at, 0);
    file_damage(middle->path, (long)at, 1);
}

/* ---- The harm ----------------------------------------------------------------------------------
 */

START_TEST(rocksdb_loses_the_rest_of_a_level_in_silence)
{
    struct middle middle = make_store(fill_keys);
    char *text = NULL;
    unsigned count = 0;
    file_damage(middle.path, 0, 1);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_t *db = rocksdb_open_for_read_only(options, place_path("s"), 0, &text);
    ck_assert_ptr_null(text);
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        count++;
    rocksdb_iter_get_error(it, &text);
    ck_assert_uint_lt(count, KEYS);
    /* If this fails, RocksDB has been cured, and fences are needed no more. */
    ck_assert_ptr_null(text);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}
END_TEST

/* Why docs/durability.md makes an exception: records that were cleared, and kept for a snapshot. */
START_TEST(rocksdb_loses_what_lies_behind_a_range_deletion)
{
    varve_options options = small_tables();
    varve_engine *engine = store_open_with(&options);
    varve_snapshot *held;
    varve_status status;
    struct middle only = {.count = 0};
    store_fill(engine, KEYS);
    ck_ok(varve_snapshot_open(engine, &held, &err), &err);
    clear(engine, 1, KEYS - 1);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(varve_engine_tables(engine, take_any, &only, &err), &err);
    ck_assert_uint_eq(only.count, 1);
    varve_snapshot_close(held);
    store_close(engine);
    file_damage(only.path, 20000, 1);
    engine = open_read_only();
    /* If these fail, RocksDB has been cured, and the exception is none any more. */
    ck_assert_uint_eq(store_count(engine, &status), 1);
    ck_ok(status, &err);
    ck_ok(store_has(engine, key_number(KEYS - 1)), &err);
    store_close(engine);
}
END_TEST

/* ---- What varve tells --------------------------------------------------------------------------
 */

/* Walk on from where the iterator stands; the records seen, and how it ended. */
static unsigned walk(varve_iter *it, varve_status *status)
{
    unsigned count = 0;
    for (; it->valid; (void)varve_iter_next(it))
        count++;
    varve_error_release(&err);
    *status = varve_iter_status(it, &err);
    return count;
}

START_TEST(a_walk_fails_where_a_table_cannot_be_read)
{
    struct middle middle = make_store(fill_keys);
    varve_engine *engine = open_damaged(&middle);
    varve_iter *it;
    varve_status status;
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    (void)varve_iter_seek_ge(it, bytes(""));
    unsigned count = walk(it, &status);
    ck_status(status, VARVE_CORRUPT, &err);
    /* All before the damage have been seen. */
    ck_assert_uint_gt(count, KEYS / 4);
    (void)varve_iter_seek_ge(it, key_number(count - 1));
    ck_assert(it->valid);
    ck_assert(varve_slice_compare(it->key, middle.start) < 0);
    (void)varve_iter_next(it);
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    (void)varve_iter_seek_ge(it, middle.start);
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    /* And backwards from the end. */
    (void)varve_iter_seek_le(it, bytes(""));
    for (count = 0; it->valid; (void)varve_iter_prev(it))
        count++;
    ck_assert_uint_gt(count, KEYS / 4);
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/* Backwards, the end of a table is what is come to. */
START_TEST(a_walk_backwards_fails_where_a_table_cannot_be_read)
{
    struct middle middle = make_store(fill_keys);
    damage_end(&middle);
    varve_engine *engine = open_read_only();
    varve_iter *it;
    unsigned count = 0;
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_le(it, bytes("")); it->valid; varve_iter_prev(it))
        ck_slice_eq(it->key, key_number(KEYS - ++count));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    ck_assert_uint_gt(count, KEYS / 4);
    ck_assert_uint_lt(count, KEYS);
    /* Onto the first record behind the damage, and back. */
    ck_assert(varve_iter_seek_ge(it, key_number(KEYS - count)));
    ck_assert(!varve_iter_prev(it));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    /* A bound in front of the damage. */
    ck_ok(varve_iter_set_bounds(it, key_number(KEYS - count), bytes(""), &err), &err);
    for (varve_iter_seek_le(it, bytes("")); it->valid; varve_iter_prev(it))
        count--;
    ck_ok(varve_iter_status(it, &err), &err);
    ck_assert_uint_eq(count, 0);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

START_TEST(bounds_that_end_before_the_damage_are_read)
{
    struct middle middle = make_store(fill_keys);
    varve_engine *engine = open_damaged(&middle);
    varve_iter *it;
    varve_status status;
    varve_iter_options options = {.struct_size = sizeof options, .upper = middle.start};
    ck_ok(varve_iter_open(varve_engine_reader(engine), &options, &it, &err), &err);
    (void)varve_iter_seek_ge(it, bytes(""));
    unsigned count = walk(it, &status);
    ck_ok(status, &err);
    ck_slice_eq(key_number(count), middle.start);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/* Versions of one key, of which a reader wants an old one. */
START_TEST(a_read_of_one_key_fails_rather_than_miss_versions)
{
    struct middle middle = make_store(fill_versions);
    varve_engine *engine = open_damaged(&middle);
    varve_iter *it;
    varve_status status;
    varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    varve_rows rows = VARVE_ROWS_INIT;
    const varve_read all = {.struct_size = sizeof all, .ts = varve_ts_max()};
    ck_ok(varve_iter_open(varve_engine_reader(engine), &options, &it, &err), &err);
    (void)varve_iter_seek_ge(it, key_at("k00001500", 0));
    unsigned count = walk(it, &status);
    ck_status(status, VARVE_CORRUPT, &err);
    ck_assert_uint_gt(count, KEYS / 4);
    varve_iter_close(it);
    ck_status(
        varve_mvcc_versions(varve_engine_reader(engine), &all, bytes("k00001500"), -1, &rows, &err),
        VARVE_CORRUPT, &err);
    varve_rows_release(&rows);
    store_close(engine);
}
END_TEST

/* What a batch lies over may have been lent by a reader of another key. */
START_TEST(nor_through_a_batch_after_a_read_of_another_key)
{
    struct middle middle = make_store(fill_versions);
    varve_engine *engine = open_damaged(&middle);
    varve_batch *batch;
    varve_rows rows = VARVE_ROWS_INIT;
    const varve_read all = {.struct_size = sizeof all, .ts = varve_ts_max()};
    ck_assert_int_eq(varve_mvcc_get(varve_engine_reader(engine), &all, bytes("a"), &rows, &err),
                     VARVE_NOT_FOUND);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_status(varve_mvcc_versions(varve_batch_reader_of(batch), &all, bytes("k00001500"), -1, &rows,
                                  &err),
              VARVE_CORRUPT, &err);
    varve_rows_release(&rows);
    varve_batch_close(batch);
    store_close(engine);
}
END_TEST

/* The iterator seeks, and passes over cleared records to the damage on its own. */
START_TEST(a_seek_over_cleared_records_fails_too)
{
    varve_options options = store_options(place_path("s"));
    struct middle middle = make_store(fill_keys);
    varve_engine *engine = store_open(place_path("s"));
    for (unsigned i = 1; i < KEYS; i++)
        ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(i), &err), &err);
    store_close(engine);
    options.rocksdb_options = "disable_auto_compactions=true";
    file_damage(middle.path, 0, 1);
    engine = store_open_with(&options);
    varve_iter *it;
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    ck_assert(!varve_iter_seek_ge(it, key_number(1)));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    ck_assert(varve_iter_seek_ge(it, key_number(0)));
    ck_assert(!varve_iter_next(it));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/* ---- Where much has been cleared ---------------------------------------------------------------
 */

/* All but the first key and the last. */
static void clear_most(void)
{
    varve_options options = small_tables();
    varve_engine *engine = store_open_with(&options);
    for (unsigned i = 1; i < KEYS - 1; i++)
        ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(i), &err), &err);
    store_close(engine);
}

static varve_iter *open_all(varve_engine *engine)
{
    varve_iter *it = NULL;
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    return it;
}

/* How many clears RocksDB passes over in a step that leads from one end to the other. */
static uint64_t clears_passed(varve_iter *it, bool backwards)
{
    rocksdb_perfcontext_t *context = rocksdb_perfcontext_create();
    rocksdb_set_perf_level(rocksdb_enable_count);
    rocksdb_perfcontext_reset(context);
    ck_assert(backwards ? varve_iter_prev(it) : varve_iter_next(it));
    ck_slice_eq(it->key, key_number(backwards ? 0 : KEYS - 1));
    uint64_t passed = rocksdb_perfcontext_metric(context, rocksdb_internal_delete_skipped_count);
    rocksdb_perfcontext_destroy(context);
    ck_assert_uint_ge(passed, KEYS - 2);
    return passed;
}

/* Once by the step, and once by looking at the tables; a seek to each would make it ten times. */
START_TEST(what_is_cleared_is_not_passed_over_for_each_table)
{
    (void)make_store(fill_keys);
    clear_most();
    varve_options options = small_tables();
    varve_engine *engine = store_open_with(&options);
    varve_iter *it = open_all(engine);
    ck_assert(varve_iter_seek_ge(it, bytes("")));
    ck_assert_uint_lt(clears_passed(it, false), 3 * KEYS);
    ck_assert_uint_lt(clears_passed(it, true), 3 * KEYS);
    /* Up to where the bounds end. */
    ck_ok(varve_iter_set_bounds(it, key_number(1), key_number(KEYS - 1), &err), &err);
    ck_assert(!varve_iter_seek_ge(it, bytes("")));
    ck_ok(varve_iter_status(it, &err), &err);
    ck_assert(!varve_iter_seek_le(it, bytes("")));
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

START_TEST(a_step_over_cleared_tables_fails_where_one_cannot_be_read)
{
    bool backwards = _i != 0;
    struct middle middle = make_store(fill_keys);
    varve_options options = small_tables();
    clear_most();
    if (backwards)
        damage_end(&middle);
    else
        file_damage(middle.path, 0, 1);
    varve_engine *engine = store_open_with(&options);
    varve_iter *it = open_all(engine);
    if (backwards) {
        ck_assert(varve_iter_seek_le(it, bytes("")));
        ck_assert(!varve_iter_prev(it));
    } else {
        ck_assert(varve_iter_seek_ge(it, bytes("")));
        ck_assert(!varve_iter_next(it));
    }
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    ck_assert(varve_iter_seek_ge(it, key_number(KEYS - 1)));
    ck_slice_eq(it->key, key_number(KEYS - 1));
    ck_assert(varve_iter_seek_le(it, key_number(0)));
    ck_slice_eq(it->key, key_number(0));
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/*
 * A failure that has passed when the table is looked at once more, and all that lies in the table
 * has been cleared since the iterator was opened, which still shows it.
 */
START_TEST(a_walk_shows_what_was_cleared_after_a_failure_that_passed)
{
    bool backwards = _i != 0;
    struct middle middle = make_store(fill_keys);
    varve_options options = small_tables();
    varve_engine *engine = store_open_with(&options);
    varve_iter *it = open_all(engine);
    for (unsigned i = 1; i < KEYS - 1; i++)
        ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(i), &err), &err);
    walk_past_failure(it, backwards, middle.path, KEYS);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/* ---- Keys in several tables --------------------------------------------------------------------
 */

enum { HELD = 5 };

struct split {
    unsigned begin; /* tables that begin with the key */
    char path[512]; /* of that which ends behind it */
};

static bool take_split(void *arg, const varve_table *table)
{
    struct split *split = arg;
    if (!varve_slice_equal(table->start, key_number(7)))
        return true;
    split->begin++;
    if (!varve_slice_equal(table->end, key_number(7)))
        (void)snprintf(split->path, sizeof split->path, "%s/%.*s", place_path("s"),
                       (int)table->name.size, (const char *)table->name.data);
    return true;
}

/* What snapshots hold of one key comes to lie in several tables. */
static struct split make_split(void)
{
    varve_options options = small_tables();
    varve_engine *engine = store_open_with(&options);
    varve_snapshot *held[HELD];
    struct split split = {.begin = 0};
    char value[6000];
    memset(value, 'v', sizeof value);
    store_fill(engine, KEYS);
    for (int i = 0; i < HELD; i++) {
        ck_ok(store_put(engine, key_number(7), varve_slice_of(value, sizeof value)), &err);
        ck_ok(varve_snapshot_open(engine, &held[i], &err), &err);
    }
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_ok(varve_engine_tables(engine, take_split, &split, &err), &err);
    for (int i = 0; i < HELD; i++)
        varve_snapshot_close(held[i]);
    store_close(engine);
    ck_assert_uint_gt(split.begin, 0);
    ck_assert_str_ne(split.path, "");
    return split;
}

/* The table begins with old values of a key, and goes on with others that are missed then. */
/*
 * What has been cleared since an iterator was opened is there for it, and so is the damage: bit 0
 * tells whether it goes backwards, bit 1 whether it is one over a snapshot.
 */
START_TEST(a_walk_fails_over_damage_that_has_been_cleared_since)
{
    bool backwards = (_i & 1) != 0;
    struct middle middle = make_store(fill_keys);
    varve_options options = small_tables();
    varve_snapshot *snapshot = NULL;
    if (backwards)
        damage_end(&middle);
    else
        file_damage(middle.path, 0, 1);
    varve_engine *engine = store_open_with(&options);
    varve_reader *reader = varve_engine_reader(engine);
    if ((_i & 2) != 0) {
        ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
        reader = varve_snapshot_reader(snapshot);
    }
    varve_iter *it = NULL;
    unsigned count = 0;
    ck_ok(varve_iter_open(reader, NULL, &it, &err), &err);
    clear(engine, 0, KEYS);
    if (backwards)
        for (varve_iter_seek_le(it, bytes("")); it->valid; varve_iter_prev(it))
            count++;
    else
        for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
            count++;
    ck_assert_uint_gt(count, KEYS / 4);
    ck_assert_uint_lt(count, KEYS);
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    varve_iter_close(it);
    varve_snapshot_close(snapshot);
    store_close(engine);
}
END_TEST

START_TEST(a_walk_fails_behind_a_key_that_is_in_several_tables)
{
    struct split split = make_split();
    varve_engine *engine = open_read_only();
    varve_status status;
    ck_assert_uint_eq(store_count(engine, &status), KEYS);
    ck_ok(status, &err);
    store_close(engine);
    file_damage(split.path, 0, 1);
    engine = open_read_only();
    ck_assert_uint_eq(store_count(engine, &status), 8);
    ck_status(status, VARVE_CORRUPT, &err);
    store_close(engine);
}
END_TEST

/* Fences are where RocksDB tells the tables of a level one behind the other. */
START_TEST(tables_are_told_in_order)
{
    (void)make_store(fill_keys);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_t *db = raw_open(options, place_path("s"));
    const rocksdb_livefiles_t *files = rocksdb_livefiles(db);
    ck_assert_int_gt(rocksdb_livefiles_count(files), 5);
    for (int i = 1; i < rocksdb_livefiles_count(files); i++) {
        size_t sizes[2];
        const char *before = rocksdb_livefiles_largestkey(files, i - 1, &sizes[0]);
        const char *start = rocksdb_livefiles_smallestkey(files, i, &sizes[1]);
        ck_assert_int_eq(rocksdb_livefiles_level(files, i), rocksdb_livefiles_level(files, 0));
        ck_assert_int_lt(
            varve_slice_compare(varve_slice_of(before, sizes[0]), varve_slice_of(start, sizes[1])),
            0);
    }
    rocksdb_livefiles_destroy(files);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}
END_TEST

/* ---- Sound stores ------------------------------------------------------------------------------
 */

/* Move as the dice say, among the keys below `end` that are there. */
static void to_and_fro(varve_iter *it, test_random *dice, const bool *there, int end)
{
    for (int i = 0; i < 20; i++) {
        int at = (int)test_random_below(dice, KEYS);
        int step = i % 2 == 0 ? 1 : -1;
        if (step > 0)
            (void)varve_iter_seek_ge(it, key_number((unsigned)at));
        else
            (void)varve_iter_seek_le(it, key_number((unsigned)at));
        if (at >= end)
            at = step > 0 ? end : end - 1;
        for (int moves = 0; moves < 300; moves++) {
            while (at >= 0 && at < end && !there[at])
                at += step;
            ck_ok(varve_iter_status(it, &err), &err);
            ck_assert_int_eq(it->valid, at >= 0 && at < end);
            if (!it->valid)
                break;
            ck_slice_eq(it->key, key_number((unsigned)at));
            if (test_random_below(dice, 100) == 0)
                step = -step;
            (void)(step > 0 ? varve_iter_next(it) : varve_iter_prev(it));
            at += step;
        }
    }
}

/* Whole tables cleared, fences at cleared keys, new records over them: nothing is seen twice. */
START_TEST(fences_are_not_seen)
{
    (void)make_store(fill_keys);
    varve_options options = small_tables();
    varve_engine *engine = store_open_with(&options);
    test_random dice = test_random_start();
    bool there[KEYS];
    memset(there, 1, sizeof there);
    for (int round = 0; round < 12; round++) {
        unsigned from = (unsigned)test_random_below(&dice, KEYS);
        unsigned to = from + (unsigned)test_random_below(&dice, KEYS - from);
        clear(engine, from, to);
        memset(there + from, 0, to - from);
        for (int i = 0; i < 20; i++) {
            unsigned number = (unsigned)test_random_below(&dice, KEYS);
            ck_ok(store_put(engine, key_number(number), bytes("again")), &err);
            there[number] = true;
        }
        if (round % 4 == 3)
            ck_ok(varve_engine_compact(engine, &err), &err);
        from = (unsigned)test_random_below(&dice, KEYS);
        to = from + (unsigned)test_random_below(&dice, KEYS - from);
        varve_iter_options bounds = {.struct_size = sizeof bounds, .upper = key_number(to)};
        if (round % 2 == 1)
            bounds.lower = key_number(0);
        varve_iter *it;
        ck_ok(varve_iter_open(varve_engine_reader(engine), &bounds, &it, &err), &err);
        (void)varve_iter_seek_ge(it, key_number(from));
        for (unsigned i = from; i < to; i++) {
            if (!there[i])
                continue;
            ck_assert(it->valid);
            ck_slice_eq(it->key, key_number(i));
            (void)varve_iter_next(it);
        }
        ck_assert(!it->valid);
        ck_ok(varve_iter_status(it, &err), &err);
        to_and_fro(it, &dice, there, (int)to);
        varve_iter_close(it);
    }
    store_close(engine);
}
END_TEST

/* Take in a table with ten of the keys, from that number on, in a level above theirs. */
static void ingest_above(varve_engine *engine, const char *name, unsigned from)
{
    const char *path = place_path(name);
    varve_sst_writer *writer = NULL;
    ck_ok(varve_sst_writer_open(path, &writer, &err), &err);
    for (unsigned i = from; i < from + 10; i++)
        ck_ok(varve_sst_writer_put(writer, key_number(i), bytes("again"), &err), &err);
    ck_ok(varve_sst_writer_finish(writer, &err), &err);
    varve_sst_writer_close(writer);
    ck_ok(varve_engine_ingest(engine, &path, 1, NULL, &err), &err);
}

static bool count_by_level(void *arg, const varve_table *table)
{
    unsigned *counts = arg;
    counts[table->level]++;
    return true;
}

/* RocksDB tells of the upper one first, whose tables lie in the middle of the others. */
START_TEST(fences_of_two_levels_are_in_one_order)
{
    enum { LEVELS = 7 };
    unsigned counts[LEVELS] = {0};
    unsigned count = 0;
    varve_options options = small_tables();
    (void)make_store(fill_keys);
    options.rocksdb_options = "disable_auto_compactions=true;max_bytes_for_level_base=1000";
    varve_engine *engine = store_open_with(&options);
    ingest_above(engine, "one", KEYS / 2);
    ingest_above(engine, "two", KEYS - KEYS / 4);
    ck_ok(varve_engine_tables(engine, count_by_level, counts, &err), &err);
    ck_assert_uint_eq(counts[LEVELS - 2], 2);
    ck_assert_uint_gt(counts[LEVELS - 1], 5);
    varve_iter *it = open_all(engine);
    for (varve_iter_seek_ge(it, bytes("")); it->valid && count < KEYS; varve_iter_next(it))
        ck_slice_eq(it->key, key_number(count++));
    ck_assert(!it->valid);
    ck_assert_uint_eq(count, KEYS);
    for (varve_iter_seek_le(it, bytes("")); it->valid && count > 0; varve_iter_prev(it))
        ck_slice_eq(it->key, key_number(--count));
    ck_assert(!it->valid);
    ck_assert_uint_eq(count, 0);
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

START_TEST(the_first_fence_above_a_key_is_found)
{
    varve__fences *fences = malloc(sizeof *fences + 3 * sizeof fences->keys[0]);
    ck_assert_ptr_nonnull(fences);
    fences->count = 3;
    fences->keys[0] = bytes("b");
    fences->keys[1] = bytes("d");
    fences->keys[2] = bytes("f");
    ck_assert_uint_eq(varve__fences_find(fences, bytes("")), 0);
    ck_assert_uint_eq(varve__fences_find(fences, bytes("b")), 1);
    ck_assert_uint_eq(varve__fences_find(fences, bytes("c")), 1);
    ck_assert_uint_eq(varve__fences_find(fences, bytes("f")), 3);
    ck_assert_uint_eq(varve__fences_find(fences, bytes("g")), 3);
    fences->count = 0;
    ck_assert_uint_eq(varve__fences_find(fences, bytes("a")), 0);
    free(fences);
}
END_TEST

static int64_t seeks_of(varve_engine *engine)
{
    varve_engine_stats stats = {.struct_size = sizeof stats};
    ck_ok(varve_engine_get_stats(engine, &stats, &err), &err);
    return stats.seeks;
}

/* A key that is not there is none of the next table's. */
START_TEST(one_look_at_a_key_is_one_seek)
{
    (void)make_store(fill_keys);
    varve_engine *engine = store_open(place_path("s"));
    varve_batch *batch;
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    varve_reader *const readers[] = {varve_engine_reader(engine), varve_batch_reader_of(batch)};
    varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    for (size_t i = 0; i < 2; i++) {
        varve_iter *it;
        ck_ok(varve_iter_open(readers[i], &options, &it, &err), &err);
        int64_t before = seeks_of(engine);
        for (unsigned number = 0; number < KEYS; number += 100) {
            ck_assert(varve_iter_seek_ge(it, key_number(number)));
            char absent[16];
            int size = snprintf(absent, sizeof absent, "k%08ux", number);
            ck_assert(!varve_iter_seek_ge(it, key_at(absent, 0)));
            ck_assert_int_eq(size, 10);
        }
        ck_assert_int_eq(seeks_of(engine) - before, 2 * KEYS / 100);
        varve_iter_close(it);
    }
    varve_batch_close(batch);
    store_close(engine);
}
END_TEST

/* ---- What a seek costs -------------------------------------------------------------------------
 */

START_TEST(a_seek_costs_more_with_every_sorted_run)
{
    static const struct {
        size_t runs;
        unsigned cost;
    } costs[] = {{0, 8}, {1, 8}, {2, 12}, {5, 24}, {6, 28}, {7, 32}, {8, 32}, {1000, 32}};
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        const varve__fences fences = {.runs = costs[i].runs};
        ck_assert_uint_eq(varve__fences_seek_cost(&fences, false), costs[i].cost);
        ck_assert_uint_eq(varve__fences_seek_cost(&fences, true), 8);
    }
}
END_TEST

/* The moves of a scan over `count` keys. */
static varve_bill scan_all(varve_engine *engine, unsigned count)
{
    varve_bill bill = {.struct_size = sizeof bill};
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max(), .bill = &bill};
    const varve_span all = {bytes("k"), bytes("l")};
    varve_rows rows = VARVE_ROWS_INIT;
    ck_ok(varve_mvcc_scan(varve_engine_reader(engine), &how, all, -1, &rows, &err), &err);
    ck_assert_uint_eq(rows.count, count);
    varve_rows_release(&rows);
    return bill;
}

/* Ten versions are stepped over in five tables of level 0, and sought in one level. */
START_TEST(scans_step_further_over_more_runs)
{
    enum { MANY = 30, TABLES = 5, IN_EACH = 2 };
    varve_options options = store_options(place_path("s"));
    options.rocksdb_options = "disable_auto_compactions=true";
    varve_engine *engine = store_open_with(&options);
    for (int64_t ts = 1; ts <= TABLES * IN_EACH; ts++) {
        for (unsigned i = 0; i < MANY; i++) {
            char text[16];
            (void)snprintf(text, sizeof text, "k%08u", i);
            ck_ok(store_put(engine, key_at(text, ts), bytes("sixteen bytes...")), &err);
        }
        if (ts % IN_EACH == 0)
            ck_ok(varve_engine_flush(engine, &err), &err);
    }
    varve_bill bill = scan_all(engine, MANY);
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_uint_eq(bill.steps, MANY * TABLES * IN_EACH);
    ck_ok(varve_engine_compact(engine, &err), &err);
    bill = scan_all(engine, MANY);
    ck_assert_uint_eq(bill.seeks, 1 + MANY);
    ck_assert_uint_eq(bill.steps, 3 * 8); /* tried at the first two keys, and at the 18th */
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fences");
    TCase *tcase = tcase_create("disk");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, rocksdb_loses_the_rest_of_a_level_in_silence);
    tcase_add_test(tcase, rocksdb_loses_what_lies_behind_a_range_deletion);
    tcase_add_test(tcase, a_walk_fails_where_a_table_cannot_be_read);
    tcase_add_test(tcase, a_walk_backwards_fails_where_a_table_cannot_be_read);
    tcase_add_test(tcase, bounds_that_end_before_the_damage_are_read);
    tcase_add_test(tcase, a_read_of_one_key_fails_rather_than_miss_versions);
    tcase_add_test(tcase, nor_through_a_batch_after_a_read_of_another_key);
    tcase_add_test(tcase, a_seek_over_cleared_records_fails_too);
    tcase_add_test(tcase, what_is_cleared_is_not_passed_over_for_each_table);
    tcase_add_loop_test(tcase, a_step_over_cleared_tables_fails_where_one_cannot_be_read, 0, 2);
    tcase_add_loop_test(tcase, a_walk_fails_over_damage_that_has_been_cleared_since, 0, 4);
    tcase_add_loop_test(tcase, a_walk_shows_what_was_cleared_after_a_failure_that_passed, 0, 2);
    tcase_add_test(tcase, a_walk_fails_behind_a_key_that_is_in_several_tables);
    tcase_add_test(tcase, tables_are_told_in_order);
    tcase_add_test(tcase, fences_are_not_seen);
    tcase_add_test(tcase, fences_of_two_levels_are_in_one_order);
    tcase_add_test(tcase, the_first_fence_above_a_key_is_found);
    tcase_add_test(tcase, one_look_at_a_key_is_one_seek);
    tcase_add_test(tcase, a_seek_costs_more_with_every_sorted_run);
    tcase_add_test(tcase, scans_step_further_over_more_runs);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
