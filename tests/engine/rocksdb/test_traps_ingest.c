/*
 * Traps: RocksDB takes in tables in another order, and believes the last bytes of a table; either
 * ends the process.  A manifest that cannot be synced may name tables that it has taken away again.
 * Full and failing disks while tables are written and taken in.
 */
#include <varve/sst.h>
#include <varve/wal.h>

#include "engine/rocksdb/table_file.h"
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

static const char *table_of(const char *name, unsigned first, unsigned count)
{
    varve_sst_writer *writer = NULL;
    ck_ok(varve_sst_writer_open(place_path(name), &writer, &err), &err);
    for (unsigned i = first; i < first + count; i++)
        ck_ok(varve_sst_writer_put(writer, key_number(i), bytes("ingested"), &err), &err);
    ck_ok(varve_sst_writer_finish(writer, &err), &err);
    varve_sst_writer_close(writer);
    return place_path(name);
}

static varve_status ingest(varve_engine *engine, const char *path, bool move)
{
    const varve_ingest_options options = {.struct_size = sizeof options, .move = move};
    varve_error_release(&err);
    return varve_engine_ingest(engine, &path, 1, &options, &err);
}

/* The bytes of a file, to be compared later. */
static varve_slice bytes_of(const char *path)
{
    size_t size;
    unsigned char *data = file_read(path, &size);
    varve_slice kept = copy_of(varve_slice_of(data, size));
    free(data);
    return kept;
}

/* What is refused, by an engine and by a reader of tables; both as they were. */
static void check_refused(const char *path, varve_status expected)
{
    varve_status status;
    varve_sst_reader *sst = NULL;
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(store_put(engine, key_number(0), bytes("v")), &err);
    ck_status(ingest(engine, path, false), expected, &err);
    ck_status(ingest(engine, path, true), expected, &err);
    const varve_ingest_options trusting = {.struct_size = sizeof trusting, .trust_keys = true};
    ck_status(varve_engine_ingest(engine, &path, 1, &trusting, &err), expected, &err);
    ck_assert_uint_eq(store_count(engine, &status), 1);
    ck_assert_int_eq(status, VARVE_OK);
    store_close(engine);
    ck_ok(varve_sst_reader_open(place, &sst, &err), &err);
    ck_status(varve_sst_reader_add(sst, path, &err), expected, &err);
    ck_ok(varve_sst_reader_close(sst, &err), &err);
}

/* ---- RocksDB by itself */

static void raw_ingest_and_read(const char *path)
{
    char *text = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
    rocksdb_ingest_external_file(db, &path, 1, how, &text);
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, reading);
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        continue;
    rocksdb_iter_destroy(it);
    rocksdb_close(db);
}

/* ---- A manifest that cannot be synced, but is there */

static void raw_ingest_without_sync(void)
{
    char *text = NULL;
    const char *path = table_of("t.sst", 0, 5);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
    /* Names for the new files are taken first, which is written to the manifest, too. */
    fault_arm_later(FAULT_SYNC, "/raw/MANIFEST", EIO, 1);
    rocksdb_ingest_external_file(db, &path, 1, how, &text);
    ck_assert_uint_gt(fault_disarm(), 0);
    ck_assert_ptr_nonnull(text);
    rocksdb_free(text);
    text = NULL;
    rocksdb_close(db);
    db = rocksdb_open(options, place_path("raw"), &text);
    ck_assert_ptr_null(db);
    ck_assert_ptr_nonnull(strstr(text, "No such file"));
    rocksdb_free(text);
    rocksdb_ingestexternalfileoptions_destroy(how);
    rocksdb_options_destroy(options);
}

START_TEST(control_a_failed_ingest_makes_a_store_that_does_not_open)
{
    raw_ingest_without_sync();
}
END_TEST

START_TEST(a_store_opens_after_a_failed_ingest)
{
    varve_status status;
    const char *path = table_of("t.sst", 0, 5);
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    fault_arm_later(FAULT_SYNC, "/s/MANIFEST", EIO, _i);
    varve_status ingested = ingest(engine, path, true);
    ck_assert_uint_gt(fault_disarm(), 0);
    ck_status(ingested, VARVE_IO, &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 1);
    ck_ok(ingest(engine, path, true), &err);
    ck_assert_uint_eq(store_count(engine, &status), 6);
    store_close(engine);
}
END_TEST

/* ---- A process that ends before the manifest is right again */

/* A table of five records, whose keys fill more than a block of the manifest. */
static const char *long_table_of(const char *name, char front)
{
    char text[20001];
    varve_sst_writer *writer = NULL;
    memset(text, front, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_ok(varve_sst_writer_open(place_path(name), &writer, &err), &err);
    for (unsigned i = 0; i < 5; i++) {
        text[sizeof text - 2] = (char)('a' + i);
        ck_ok(varve_sst_writer_put(writer, key_at(text, 0), bytes("ingested"), &err), &err);
    }
    ck_ok(varve_sst_writer_finish(writer, &err), &err);
    varve_sst_writer_close(writer);
    return place_path(name);
}

static const struct {
    bool move;
    bool is_long;
} last_ingests[] = {{false, false}, {true, false}, {true, true}};

static unsigned last_ingest;

static void make_tables(const char *paths[2])
{
    bool is_long = last_ingests[last_ingest].is_long;
    paths[0] = is_long ? long_table_of("t.sst", 'l') : table_of("t.sst", 0, 5);
    paths[1] = is_long ? long_table_of("u.sst", 'm') : table_of("u.sst", 10, 5);
}

/* Take in two tables, and neither close the engine nor let it do anything else. */
static void ingest_last(int code, varve_status expected)
{
    const varve_ingest_options options = {.struct_size = sizeof options,
                                          .move = last_ingests[last_ingest].move};
    const char *paths[2];
    varve_options store = store_options(place_path("s"));
    store.rocksdb_options = "disable_auto_compactions=true"; /* of what has come in */
    make_tables(paths);
    varve_engine *engine = store_open_with(&store);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_put(engine, key_number(101), bytes("v")), &err);
    fault_arm_later(FAULT_SYNC, "/s/MANIFEST", code, 1);
    varve_status status = varve_engine_ingest(engine, paths, 2, &options, &err);
    ck_assert_uint_gt(fault_disarm(), 0);
    ck_status(status, expected, &err);
    child_tell(1);
}

static void die_after_a_failed_ingest(void)
{
    ingest_last(EIO, VARVE_IO);
}

static void die_after_an_ingest(void)
{
    ingest_last(0, VARVE_OK);
}

static void die_after(void (*body)(void))
{
    int status = in_child(body);
    ck_assert_msg(status == 0 && child_told == 1, "the child has failed: %d", status);
}

START_TEST(a_store_opens_whose_process_died_after_a_failed_ingest)
{
    const varve_ingest_options move = {.struct_size = sizeof move, .move = true};
    const char *const paths[] = {place_path("t.sst"), place_path("u.sst")};
    varve_status status;
    last_ingest = (unsigned)_i;
    die_after(die_after_a_failed_ingest);

    varve_engine *engine = NULL;
    varve_options reading = store_options(place_path("s"));
    reading.read_only = true;
    ck_status(varve_engine_open(&reading, &engine, &err), VARVE_CORRUPT, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "once for writing"));
    varve_error_release(&err);

    engine = store_open(place_path("s"));
    ck_assert_int_eq(access(place_path("s/VARVE_INGEST"), F_OK), -1);
    ck_assert_uint_eq(store_count(engine, &status), 2);
    ck_assert_int_eq(status, VARVE_OK);
    ck_ok(varve_engine_ingest(engine, paths, 2, &move, &err), &err);
    ck_assert_int_eq(access(place_path("s/VARVE_INGEST"), F_OK), -1);
    ck_assert_uint_eq(store_count(engine, &status), 12);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 12);
    ck_assert_int_eq(status, VARVE_OK);
    store_close(engine);
}
END_TEST

static unsigned remove_tables(unsigned count)
{
    glob_t tables;
    unsigned removed = 0;
    ck_assert_int_eq(glob(place_path("s/*.sst"), 0, NULL, &tables), 0);
    /* The names go up: the last ones are those that have come in. */
    for (size_t i = tables.gl_pathc; i-- > 0 && removed < count; removed++)
        ck_assert_int_eq(unlink(tables.gl_pathv[i]), 0);
    globfree(&tables);
    return removed;
}

/* What was taken in and has been lost is damage, and no longer a matter of the ingest. */
static const struct {
    unsigned lost;
    bool is_marked;
} losses[] = {{2, false}, {1, true}, {3, true}};

START_TEST(a_lost_table_is_not_taken_for_a_failed_ingest)
{
    varve_engine *engine = NULL;
    varve_options options = store_options(place_path("s"));
    die_after(die_after_an_ingest);
    ck_assert_int_eq(access(place_path("s/VARVE_INGEST"), F_OK), -1);
    ck_assert_uint_eq(remove_tables(losses[_i].lost), losses[_i].lost);
    if (losses[_i].is_marked)
        file_write_text(place_path("s/VARVE_INGEST"), "");
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_CORRUPT, &err);
}
END_TEST

/* RocksDB ends the process when it recovers from a full disk that a manifest has met like that. */
START_TEST(a_manifest_that_met_a_full_disk_wants_a_recovery)
{
    varve_status status;
    const char *path = table_of("t.sst", 0, 5);
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    fault_arm_later(_i == 0 ? FAULT_WRITE : FAULT_SYNC, "/s/MANIFEST", ENOSPC, _i);
    varve_status ingested = ingest(engine, path, true);
    ck_assert_uint_gt(fault_disarm(), 0);
    ck_status(ingested, VARVE_NO_SPACE, &err);
    ck_status(store_put(engine, key_number(101), bytes("v")), VARVE_IO, &err);
    ck_ok(varve_engine_recover(engine, NULL, &err), &err);
    ck_ok(store_put(engine, key_number(101), bytes("v")), &err);
    ck_ok(ingest(engine, path, true), &err);
    ck_assert_uint_eq(store_count(engine, &status), 7);
    store_close(engine);
}
END_TEST

/* ---- Another order */

static int compare_backwards(void *state, const char *a, size_t a_size, const char *b,
                             size_t b_size)
{
    (void)state;
    return varve_slice_compare(varve_slice_of(b, b_size), varve_slice_of(a, a_size));
}

static const char *backwards_name(void *state)
{
    (void)state;
    return "backwards";
}

static void no_destructor(void *state)
{
    (void)state;
}

static const char *backwards_table(void)
{
    static const char *const keys[] = {"c", "b", "a"};
    char *text = NULL;
    const char *path = place_path("backwards.sst");
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_comparator_t *comparator =
        rocksdb_comparator_create(NULL, no_destructor, compare_backwards, backwards_name);
    rocksdb_envoptions_t *files = rocksdb_envoptions_create();
    rocksdb_options_set_comparator(options, comparator);
    rocksdb_sstfilewriter_t *writer = rocksdb_sstfilewriter_create(files, options);
    rocksdb_sstfilewriter_open(writer, path, &text);
    for (size_t i = 0; i < 3 && text == NULL; i++) {
        varve_slice key = key_at(keys[i], 0);
        rocksdb_sstfilewriter_put(writer, (const char *)key.data, key.size, "v", 1, &text);
    }
    if (text == NULL)
        rocksdb_sstfilewriter_finish(writer, &text);
    ck_assert_msg(text == NULL, "%s", text);
    rocksdb_sstfilewriter_destroy(writer);
    rocksdb_envoptions_destroy(files);
    rocksdb_options_destroy(options);
    rocksdb_comparator_destroy(comparator);
    return path;
}

static void raw_read_backwards(void)
{
    raw_ingest_and_read(backwards_table());
}

START_TEST(control_a_table_in_another_order_ends_the_process)
{
    expect_death(in_child(raw_read_backwards), "a table in another order");
}
END_TEST

START_TEST(a_table_in_another_order_is_refused)
{
    check_refused(backwards_table(), VARVE_INCOMPATIBLE);
    ck_assert_ptr_nonnull(strstr(err.message, "backwards"));
}
END_TEST

/* ---- Lengths in the end of a table, which has no checksum */

#define FOOTER_SIZE 53

/* A table whose index is said to be nearly 2^62 bytes long. */
static const char *endless_table(void)
{
    size_t size;
    const char *path = table_of("endless.sst", 0, 3);
    unsigned char *data = file_read(path, &size);
    unsigned char *handles = data + size - FOOTER_SIZE + 1;
    /* The first handle is that of the blocks about the table: offset and size, seven bits a byte.
     */
    unsigned char *length = handles;
    while ((*length++ & 0x80) != 0)
        continue;
    memset(length, 0xFF, 8);
    length[8] = 0x3F;
    file_write(path, data, size);
    free(data);
    return path;
}

static void raw_read_endless(void)
{
    raw_ingest_and_read(endless_table());
}

START_TEST(control_lengths_of_a_damaged_end_end_the_process)
{
    int status = in_child(raw_read_endless);
    /* By a signal, or by a sanitizer that does not let anybody ask for so much memory. */
    ck_assert_msg(status != 0, "control not shown: RocksDB has become careful");
}
END_TEST

START_TEST(lengths_of_a_damaged_end_are_refused)
{
    check_refused(endless_table(), VARVE_CORRUPT);
}
END_TEST

/* ---- Tables that are not ours, but could be */

START_TEST(a_table_of_a_store_is_no_table_to_take_in)
{
    varve_engine *engine = store_open(place_path("other"));
    store_fill(engine, 10);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_close(engine);
    check_refused(file_find(place_path("other"), ".sst"), VARVE_CORRUPT);
}
END_TEST

/* Damage in a block, which only reading finds. */
START_TEST(damaged_blocks_are_found_before_anything_is_taken_in)
{
    const char *path = table_of("t.sst", 0, 2000);
    varve_status status;
    file_damage(path, 100, 1);
    varve_engine *engine = store_open(place_path("s"));
    ck_status(ingest(engine, path, true), VARVE_CORRUPT, &err);
    ck_assert_uint_eq(store_count(engine, &status), 0);
    ck_ok(store_put(engine, key_number(0), bytes("v")), &err);
    store_close(engine);
}
END_TEST

START_TEST(a_reading_engine_takes_nothing_in)
{
    store_close(store_open(place_path("s")));
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    varve_engine *engine = store_open_with(&options);
    ck_status(ingest(engine, table_of("t.sst", 0, 1), false), VARVE_READ_ONLY, &err);
    store_close(engine);
}
END_TEST

/* A file that has two names is copied, and each of the names can be taken in. */
START_TEST(a_linked_table_is_copied_not_moved)
{
    varve_status status;
    const char *path = table_of("t.sst", 0, 5);
    ck_assert_int_eq(link(path, place_path("kept.sst")), 0);
    varve_slice before = bytes_of(path);
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 3);
    ck_ok(ingest(engine, path, true), &err);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_slice_eq(bytes_of(place_path("kept.sst")), before);
    ck_ok(ingest(engine, place_path("kept.sst"), true), &err);
    ck_assert_uint_eq(store_count(engine, &status), 5);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 5);
    ck_assert_int_eq(status, VARVE_OK);
    store_close(engine);
}
END_TEST

/* The number of a store that is in a table, as after a crash in the middle of a move. */
START_TEST(a_table_with_a_number_can_be_read_and_moved)
{
    varve_status status;
    varve_sst_reader *sst = NULL;
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    const char *path = table_of("t.sst", 0, 5);
    ck_ok(ingest(engine, path, true), &err);
    varve_slice numbered = bytes_of(file_find(place_path("s"), ".sst"));
    file_write(path, numbered.data, numbered.size);
    ck_ok(varve_sst_reader_open(place, &sst, &err), &err);
    ck_ok(varve_sst_reader_add(sst, path, &err), &err);
    ck_ok(varve_sst_reader_close(sst, &err), &err);
    ck_slice_eq(bytes_of(path), numbered);
    ck_status(ingest(engine, path, false), VARVE_CORRUPT, &err);
    ck_slice_eq(bytes_of(path), numbered);
    ck_ok(ingest(engine, path, true), &err);
    ck_assert_uint_eq(store_count(engine, &status), 6);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 6);
    ck_assert_int_eq(status, VARVE_OK);
    store_close(engine);
}
END_TEST

/* The same for a table of records that has never been taken in. */
static const char *numbered_table_of(const char *name, unsigned first, unsigned count)
{
    const char *path = table_of(name, first, count);
    varve__table_file table;
    size_t size;
    ck_ok(varve__table_file_read(path, &table, &err), &err);
    unsigned char *data = file_read(path, &size);
    data[table.sequence_at] = 7;
    file_write(path, data, size);
    free(data);
    varve__table_file_release(&table);
    return path;
}

/* One of two loses its number, and the other cannot: neither has. */
START_TEST(a_move_that_cannot_begin_leaves_the_numbers)
{
    varve_status status;
    const varve_ingest_options move = {.struct_size = sizeof move, .move = true};
    const char *const paths[] = {numbered_table_of("t.sst", 0, 5),
                                 numbered_table_of("u.sst", 10, 5)};
    varve_slice before[] = {bytes_of(paths[0]), bytes_of(paths[1])};
    varve_engine *engine = store_open(place_path("s"));
    fault_arm(FAULT_WRITE, "u.sst", EIO);
    status = varve_engine_ingest(engine, paths, 2, &move, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    ck_slice_eq(bytes_of(paths[0]), before[0]);
    ck_slice_eq(bytes_of(paths[1]), before[1]);
    varve_error_release(&err);
    ck_ok(varve_engine_ingest(engine, paths, 2, &move, &err), &err);
    ck_assert_uint_eq(store_count(engine, &status), 10);
    store_close(engine);
}
END_TEST

/* What has come in is not in the log: its reader is told. */
START_TEST(a_reader_of_the_log_meets_a_gap)
{
    varve_wal_reader *wal = NULL;
    varve_wal_commit commit;
    varve_options options = store_options(place_path("s"));
    options.wal_keep_seconds = 3600;
    varve_engine *engine = store_open_with(&options);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    ck_ok(varve_wal_open(engine, 1, &wal, &err), &err);
    ck_ok(varve_wal_next(wal, &commit, &err), &err);
    ck_ok(ingest(engine, table_of("t.sst", 0, 1), false), &err); /* nothing is in its way */
    ck_ok(store_put(engine, key_number(101), bytes("v")), &err);
    ck_status(varve_wal_next(wal, &commit, &err), VARVE_LOG_GAP, &err);
    ck_assert_uint_eq(err.detail.log_gap.wanted, 2);
    ck_assert_uint_eq(err.detail.log_gap.found, 3);
    varve_wal_close(wal);
    ck_ok(varve_wal_open(engine, 3, &wal, &err), &err);
    ck_ok(varve_wal_next(wal, &commit, &err), &err);
    ck_assert_uint_eq(commit.first, 3);
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

/* What was committed before is durable when the tables are: no commit is reordered. */
START_TEST(what_was_committed_before_comes_first)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = store_open_with(&options);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    const char *path = table_of("t.sst", 0, 1);
    fault_arm(FAULT_SYNC, ".log", 0);
    ck_ok(ingest(engine, path, false), &err);
    ck_assert_uint_gt(fault_disarm(), 0);
    fault_arm(FAULT_SYNC, ".log", EIO);
    ck_status(ingest(engine, path, false), VARVE_COMMIT_UNKNOWN, &err);
    ck_assert_uint_gt(fault_disarm(), 0);
    store_close(engine);
}
END_TEST

/* ---- Failing disks */

static const struct {
    unsigned ops;
    int code;
    varve_status status;
} faults[] = {{FAULT_WRITE, ENOSPC, VARVE_NO_SPACE},
              {FAULT_WRITE, EIO, VARVE_IO},
              {FAULT_SYNC, EIO, VARVE_IO}};

/* Put records of noise until it fails or there are `count`; and finish. */
static varve_status write_table(varve_sst_writer *writer, unsigned count)
{
    varve_status status = VARVE_OK;
    unsigned char value[1000];
    uint64_t state = 88172645463325252;
    for (unsigned i = 0; i < count && status == VARVE_OK; i++) {
        for (size_t at = 0; at < sizeof value; at++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            value[at] = (unsigned char)state;
        }
        varve_error_release(&err);
        status =
            varve_sst_writer_put(writer, key_number(i), varve_slice_of(value, sizeof value), &err);
    }
    return status == VARVE_OK ? varve_sst_writer_finish(writer, &err) : status;
}

START_TEST(a_table_that_cannot_be_written)
{
    unsigned fired = 0;
    for (long pass = 0;; pass++) {
        varve_sst_writer *writer = NULL;
        ck_ok(varve_sst_writer_open(place_path("t.sst"), &writer, &err), &err);
        fault_arm_later(faults[_i].ops, place, faults[_i].code, pass);
        varve_status status = write_table(writer, 3000);
        bool has_fired = fault_disarm() > 0;
        if (has_fired) {
            fired++;
            ck_status(status, faults[_i].status, &err);
            /* It stays of no use, and harmless. */
            ck_status(varve_sst_writer_put(writer, key_number(9999), bytes("v"), &err),
                      faults[_i].status, &err);
            ck_status(varve_sst_writer_clear_range(writer, key_number(1), key_number(2), &err),
                      faults[_i].status, &err);
            ck_status(varve_sst_writer_finish(writer, &err), faults[_i].status, &err);
        } else {
            ck_ok(status, &err);
        }
        varve_sst_writer_close(writer);
        ck_assert_int_eq(access(place_path("t.sst"), F_OK) == 0, !has_fired);
        if (!has_fired)
            break;
    }
    printf("writing a table: %u calls failed, one at a time\n", fired);
    ck_assert_uint_gt(fired, 0);
}
END_TEST

/*
 * One call after the other fails while a table is moved in: nothing has come in, and the file is as
 * it was; or, where RocksDB goes on without that call, all of it is there.
 */
START_TEST(a_table_that_cannot_be_taken_in)
{
    unsigned fired = 0;
    varve_status status;
    varve_slice before = bytes_of(table_of("t.sst", 0, 50));
    for (long pass = 0;; pass++) {
        varve_options options = store_options(place_path("s"));
        options.never_sync = true;
        varve_engine *engine = store_open_with(&options);
        ck_ok(store_put(engine, key_number(10), bytes("old")), &err);
        ck_ok(store_put(engine, key_number(100), bytes("old")), &err);
        fault_arm_later(faults[_i].ops, "/s/", faults[_i].code, pass);
        varve_status moved = ingest(engine, place_path("t.sst"), true);
        bool has_fired = fault_disarm() > 0;
        unsigned expected = moved == VARVE_OK ? 51 : 2;
        if (moved != VARVE_OK)
            ck_status(moved, faults[_i].status, &err);
        ck_assert_uint_eq(store_count(engine, &status), expected);
        if (moved == VARVE_OK) {
            ck_assert_int_eq(access(place_path("t.sst"), F_OK), -1);
            file_write(place_path("t.sst"), before.data, before.size);
        } else {
            ck_assert(varve_slice_equal(bytes_of(place_path("t.sst")), before));
        }
        store_close(engine);
        engine = store_open(place_path("s"));
        ck_assert_uint_eq(store_count(engine, &status), expected);
        ck_assert_int_eq(status, VARVE_OK);
        store_close(engine);
        place_remove(place_path("s"));
        if (!has_fired) {
            ck_ok(moved, &err);
            break;
        }
        fired++;
    }
    printf("taking in a table: %u calls failed, one at a time\n", fired);
    ck_assert_uint_gt(fired, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("traps_ingest");
    TCase *tcase = tcase_create("controls");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, control_a_table_in_another_order_ends_the_process);
    tcase_add_test(tcase, control_a_failed_ingest_makes_a_store_that_does_not_open);
    tcase_add_test(tcase, control_lengths_of_a_damaged_end_end_the_process);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("tables");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, a_table_in_another_order_is_refused);
    tcase_add_test(tcase, lengths_of_a_damaged_end_are_refused);
    tcase_add_test(tcase, a_table_of_a_store_is_no_table_to_take_in);
    tcase_add_test(tcase, damaged_blocks_are_found_before_anything_is_taken_in);
    tcase_add_test(tcase, a_reading_engine_takes_nothing_in);
    tcase_add_test(tcase, a_linked_table_is_copied_not_moved);
    tcase_add_test(tcase, a_table_with_a_number_can_be_read_and_moved);
    tcase_add_test(tcase, a_move_that_cannot_begin_leaves_the_numbers);
    tcase_add_test(tcase, a_reader_of_the_log_meets_a_gap);
    tcase_add_loop_test(tcase, a_manifest_that_met_a_full_disk_wants_a_recovery, 0, 2);
    tcase_add_loop_test(tcase, a_store_opens_after_a_failed_ingest, 0, 2);
    tcase_add_loop_test(tcase, a_store_opens_whose_process_died_after_a_failed_ingest, 0,
                        sizeof last_ingests / sizeof last_ingests[0]);
    tcase_add_loop_test(tcase, a_lost_table_is_not_taken_for_a_failed_ingest, 0,
                        sizeof losses / sizeof losses[0]);
    tcase_add_test(tcase, what_was_committed_before_comes_first);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("faults");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_loop_test(tcase, a_table_that_cannot_be_written, 0, sizeof faults / sizeof faults[0]);
    tcase_add_loop_test(tcase, a_table_that_cannot_be_taken_in, 0,
                        sizeof faults / sizeof faults[0]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
