/*
 * The log as a stream of commits: complete, in order, or a gap that says so.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

static varve_engine *open_keeping(const char *path)
{
    varve_options options = store_options(path);
    options.wal_keep_seconds = 3600;
    return store_open_with(&options);
}

static varve_wal_reader *wal_open(varve_engine *engine, uint64_t since)
{
    varve_wal_reader *wal = NULL;
    ck_ok(varve_wal_open(engine, since, &wal, &err), &err);
    return wal;
}

/* End a log, and wait until it is gone, or kept elsewhere. */
static void flush(varve_engine *engine)
{
    ck_ok(varve_engine_flush(engine, &err), &err);
    wait_for_one_log(place_path("s"));
}

static void put_text(varve_engine *engine, const char *key)
{
    ck_ok(store_put(engine, key_at(key, 0), bytes("v")), &err);
}

/* Commit puts of the keys in `keys`, one letter each; "+" before them adds log data. */
static void commit(varve_engine *engine, const char *keys)
{
    varve_batch_builder *builder;
    ck_ok(varve_batch_builder_open(&builder, &err), &err);
    for (; *keys != '\0'; keys++) {
        const char key[] = {*keys, '\0'};
        if (*keys == '+')
            ck_ok(varve_batch_builder_log(builder, bytes("remark"), &err), &err);
        else
            ck_ok(varve_batch_builder_put(builder, key_at(key, 0), bytes("v"), &err), &err);
    }
    varve_slice repr = varve_batch_builder_finish(builder);
    ck_ok(varve_writer_apply(varve_engine_writer(engine), repr, &err), &err);
    varve_batch_builder_close(builder);
}

/* The next commit as "FIRST-NEXT:keys", a log record as +; "-" at the end, or the status. */
static const char *next_of(varve_wal_reader *wal)
{
    static char text[256];
    varve_wal_commit commit_read;
    varve_batch_reader *records;
    varve_record record;

    varve_error_release(&err);
    varve_status status = varve_wal_next(wal, &commit_read, &err);
    if (status != VARVE_OK)
        return status == VARVE_NOT_FOUND ? "-" : varve_status_name(status);
    ck_ok(varve_batch_reader_open(commit_read.repr, VARVE_BATCH_FROM_LOG, &records, &err), &err);
    ck_assert_uint_eq(varve_batch_reader_sequence(records), commit_read.first);
    ck_assert_uint_eq(varve_batch_reader_count(records), commit_read.next - commit_read.first);
    int size = snprintf(text, sizeof text, "%" PRIu64 "-%" PRIu64 ":", commit_read.first,
                        commit_read.next);
    while ((status = varve_batch_reader_next(records, &record, &err)) == VARVE_OK)
        size += snprintf(text + size, sizeof text - (size_t)size, "%c",
                         record.type == VARVE_RECORD_LOG ? '+' : record.key.data[0]);
    ck_assert_int_eq(status, VARVE_NOT_FOUND);
    varve_batch_reader_close(records);
    return text;
}

static void check_gap(varve_status status, uint64_t wanted, uint64_t found)
{
    ck_status(status, VARVE_LOG_GAP, &err);
    ck_assert_uint_eq(err.detail.log_gap.wanted, wanted);
    ck_assert_uint_eq(err.detail.log_gap.found, found);
}

/* ---- Reading */

START_TEST(commits_come_in_order_with_their_numbers)
{
    varve_engine *engine = open_keeping(place_path("s"));
    ck_assert_uint_eq(varve_engine_sequence(engine), 0);
    put_text(engine, "a");
    commit(engine, "bcd");
    commit(engine, "+ef+");
    ck_ok(
        varve_writer_clear_range(varve_engine_writer(engine), key_at("x", 0), key_at("z", 0), &err),
        &err);
    ck_assert_uint_eq(varve_engine_sequence(engine), 7);
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "1-2:a");
    ck_assert_str_eq(next_of(wal), "2-5:bcd");
    ck_assert_str_eq(next_of(wal), "5-7:+ef+");
    ck_assert_str_eq(next_of(wal), "7-8:x");
    ck_assert_str_eq(next_of(wal), "-");
    ck_assert_str_eq(next_of(wal), "-");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

START_TEST(a_start_inside_a_commit_gets_all_of_it)
{
    varve_engine *engine = open_keeping(place_path("s"));
    put_text(engine, "a");
    commit(engine, "bcd");
    put_text(engine, "e");
    for (uint64_t since = 2; since <= 4; since++) {
        varve_wal_reader *wal = wal_open(engine, since);
        ck_assert_str_eq(next_of(wal), "2-5:bcd");
        ck_assert_str_eq(next_of(wal), "5-6:e");
        varve_wal_close(wal);
    }
    store_close(engine);
}
END_TEST

START_TEST(the_end_of_the_log_is_where_it_goes_on)
{
    varve_engine *engine = open_keeping(place_path("s"));
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "-");
    put_text(engine, "a");
    ck_assert_str_eq(next_of(wal), "1-2:a");
    ck_assert_str_eq(next_of(wal), "-");
    ck_ok(varve_engine_flush(engine, &err), &err); /* another log begins */
    ck_assert_str_eq(next_of(wal), "-");
    put_text(engine, "b");
    put_text(engine, "c");
    ck_assert_str_eq(next_of(wal), "2-3:b");
    ck_ok(varve_engine_flush(engine, &err), &err);
    put_text(engine, "d");
    ck_assert_str_eq(next_of(wal), "3-4:c");
    ck_assert_str_eq(next_of(wal), "4-5:d");
    ck_assert_str_eq(next_of(wal), "-");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

/* It takes no number; each is told once, and those of RocksDB's own that are empty not at all. */
START_TEST(log_data_alone_is_a_commit_too)
{
    varve_engine *engine = open_keeping(place_path("s"));
    varve_wal_reader *wal = wal_open(engine, 1);
    commit(engine, "+");
    put_text(engine, "a");
    ck_assert_str_eq(next_of(wal), "1-1:+");
    ck_assert_str_eq(next_of(wal), "1-2:a");
    ck_ok(varve_engine_sync(engine, &err), &err);
    commit(engine, "+");
    commit(engine, "++");
    ck_assert_str_eq(next_of(wal), "-"); /* comes with the next number */
    put_text(engine, "b");
    ck_assert_str_eq(next_of(wal), "2-2:+");
    ck_assert_str_eq(next_of(wal), "2-2:++");
    ck_ok(varve_engine_flush(engine, &err), &err);
    commit(engine, "+++");
    put_text(engine, "c");
    ck_assert_str_eq(next_of(wal), "2-3:b");
    ck_assert_str_eq(next_of(wal), "3-3:+++");
    ck_assert_str_eq(next_of(wal), "3-4:c");
    ck_assert_str_eq(next_of(wal), "-");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

START_TEST(a_store_in_memory_has_a_log)
{
    varve_options options = {.struct_size = sizeof options,
                             .backend = VARVE_BACKEND_ROCKSDB_MEMORY,
                             .wal_keep_seconds = 3600};
    varve_engine *engine = store_open_with(&options);
    put_text(engine, "a");
    ck_ok(varve_engine_flush(engine, &err), &err);
    commit(engine, "bc");
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "1-2:a");
    ck_assert_str_eq(next_of(wal), "2-4:bc");
    ck_assert_str_eq(next_of(wal), "-");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

START_TEST(the_memory_map_has_numbers_but_no_log)
{
    varve_options options = {.struct_size = sizeof options, .backend = VARVE_BACKEND_MEM};
    varve_engine *engine = store_open_with(&options);
    varve_wal_reader *wal = NULL;
    put_text(engine, "a");
    commit(engine, "bc");
    ck_assert_uint_eq(varve_engine_sequence(engine), 3);
    ck_status(varve_wal_open(engine, 1, &wal, &err), VARVE_UNSUPPORTED, &err);
    ck_assert_ptr_null(wal);
    store_close(engine);
}
END_TEST

START_TEST(a_reading_engine_reads_the_log_too)
{
    varve_engine *engine = open_keeping(place_path("s"));
    put_text(engine, "a");
    ck_ok(varve_engine_flush(engine, &err), &err);
    commit(engine, "bc");
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    varve_engine *reading = store_open_with(&options);
    put_text(engine, "d"); /* after its opening: not seen */
    varve_wal_reader *wal = wal_open(reading, 1);
    ck_assert_str_eq(next_of(wal), "1-2:a");
    ck_assert_str_eq(next_of(wal), "2-4:bc");
    ck_assert_str_eq(next_of(wal), "-");
    varve_wal_close(wal);
    store_close(reading);
    store_close(engine);
}
END_TEST

START_TEST(a_secondary_has_no_log)
{
    varve_wal_reader *wal = NULL;
    varve_engine *engine = open_keeping(place_path("s"));
    put_text(engine, "a");
    varve_options options = store_options(place_path("s"));
    options.secondary_path = place_path("second");
    varve_engine *second = store_open_with(&options);
    ck_assert_uint_eq(varve_engine_sequence(second), 1);
    ck_status(varve_wal_open(second, 1, &wal, &err), VARVE_UNSUPPORTED, &err);
    store_close(second);
    store_close(engine);
}
END_TEST

/* ---- Refusals */

START_TEST(numbers_that_are_none_are_refused)
{
    varve_engine *engine = open_keeping(place_path("s"));
    varve_wal_reader *wal = NULL;
    put_text(engine, "a");
    ck_fails(varve_wal_open(engine, 0, &wal, &err), VARVE_INVALID_ARGUMENT, &err,
             "since: records are numbered from 1");
    ck_fails(varve_wal_open(engine, 3, &wal, &err), VARVE_INVALID_ARGUMENT, &err,
             "since: record 3 is not next, the last one is 1");
    ck_assert_ptr_null(wal);
    varve_wal_close(NULL);
    store_close(engine);
}
END_TEST

START_TEST(an_open_reader_keeps_the_engine_open)
{
    varve_engine *engine = open_keeping(place_path("s"));
    put_text(engine, "a");
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_status(varve_engine_close(engine, &err), VARVE_BUSY, &err);
    ck_assert_uint_eq(err.detail.busy.iterators, 1);
    ck_assert_str_eq(next_of(wal), "1-2:a");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

static varve_status read_log(void *context, varve_error *error)
{
    varve_wal_reader *wal = NULL;
    varve_wal_commit read;
    varve_status status = varve_wal_open(context, 1, &wal, error);
    ck_assert_int_eq(status == VARVE_OK, wal != NULL);
    if (status == VARVE_OK)
        status = varve_wal_next(wal, &read, error);
    varve_wal_close(wal);
    return status;
}

START_TEST(without_memory_nothing_stays_behind)
{
    varve_engine *engine = open_keeping(place_path("s"));
    put_text(engine, "a");
    ck_assert_uint_eq(fault_alloc_each(read_log, engine), 2);
    store_close(engine);
}
END_TEST

/* ---- Gaps */

static void raw_read_after_purge(void)
{
    char *text = NULL;
    uint64_t first = 0;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_flushoptions_t *how = rocksdb_flushoptions_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    rocksdb_free(raw_put(db, "a", "v"));
    rocksdb_flush(db, how, &text);
    ck_assert_ptr_null(text);
    wait_for_one_log(place_path("raw"));
    rocksdb_free(raw_put(db, "b", "v"));
    rocksdb_wal_iterator_t *it = rocksdb_get_updates_since(db, 1, NULL, &text);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(rocksdb_wal_iter_valid(it), 1);
    rocksdb_writebatch_destroy(rocksdb_wal_iter_get_batch(it, &first));
    ck_assert_uint_eq(first, 2);
    rocksdb_wal_iter_destroy(it);
    rocksdb_flushoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}

START_TEST(control_rocksdb_passes_over_what_is_gone)
{
    raw_read_after_purge();
}
END_TEST

START_TEST(a_log_that_is_gone_is_a_gap)
{
    varve_engine *engine = store_open(place_path("s")); /* keeps none */
    varve_wal_reader *wal = NULL;
    put_text(engine, "a");
    flush(engine);
    check_gap(varve_wal_open(engine, 1, &wal, &err), 1, 0);
    ck_assert_str_eq(err.message, "the log has a gap: record 1 is not in it, nor any behind it");
    commit(engine, "bc");
    check_gap(varve_wal_open(engine, 1, &wal, &err), 1, 2);
    varve_buf text = VARVE_BUF_INIT;
    ck_assert_int_eq(varve_error_text(&err, &text), VARVE_OK);
    ck_buf_text(&text, "the log has a gap: record 1 is not in it; the next is 2");
    varve_buf_release(&text);
    ck_assert_ptr_null(wal);
    wal = wal_open(engine, err.detail.log_gap.found);
    ck_assert_str_eq(next_of(wal), "2-4:bc");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

/* A reader that stands at the end while logs come and go. */
START_TEST(a_gap_in_front_of_a_reader_is_told_for_good)
{
    varve_engine *engine = store_open(place_path("s"));
    put_text(engine, "a");
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "1-2:a");
    flush(engine);
    put_text(engine, "b");
    flush(engine);
    put_text(engine, "c");
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(next_of(wal), "VARVE_LOG_GAP");
        check_gap(err.status, 2, 3);
        put_text(engine, "d");
    }
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

/* The kept log of number `which`, from 0, in the order of their names. */
static const char *kept_log(const char *dir, int which)
{
    static char path[1024];
    char command[1024];
    (void)snprintf(command, sizeof command, "find '%s/archive' -name '*.log' | sort", dir);
    FILE *list = popen(command, "r");
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i <= which; i++)
        ck_assert_ptr_nonnull(fgets(path, sizeof path, list));
    path[strcspn(path, "\n")] = '\0';
    (void)pclose(list);
    return path;
}

/* Three logs with a commit of three records each. */
static varve_engine *open_with_three_logs(void)
{
    varve_engine *engine = open_keeping(place_path("s"));
    commit(engine, "abc");
    flush(engine);
    commit(engine, "def");
    flush(engine);
    commit(engine, "ghi");
    return engine;
}

START_TEST(a_missing_log_in_the_middle_is_a_gap)
{
    varve_engine *engine = open_with_three_logs();
    ck_assert_int_eq(unlink(kept_log(place_path("s"), 1)), 0);
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "1-4:abc");
    ck_assert_str_eq(next_of(wal), "VARVE_LOG_GAP");
    check_gap(err.status, 4, 7);
    varve_wal_close(wal);
    check_gap(varve_wal_open(engine, 5, &wal, &err), 5, 7);
    wal = wal_open(engine, 7);
    ck_assert_str_eq(next_of(wal), "7-10:ghi");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

/* RocksDB drops what it cannot read. */
START_TEST(a_damaged_log_is_no_silent_jump)
{
    varve_wal_reader *wal = NULL;
    varve_engine *engine = open_keeping(place_path("s"));
    commit(engine, "abc");
    commit(engine, "def");
    flush(engine);
    commit(engine, "ghi");
    file_damage(kept_log(place_path("s"), 0), -3, 1);
    wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "1-4:abc");
    ck_assert_str_eq(next_of(wal), "VARVE_LOG_GAP");
    check_gap(err.status, 4, 7);
    varve_wal_close(wal);
    file_damage(kept_log(place_path("s"), 0), 20, 1);
    check_gap(varve_wal_open(engine, 1, &wal, &err), 1, 7);
    ck_assert_ptr_null(wal);
    store_close(engine);
}
END_TEST

START_TEST(what_bypasses_the_log_is_a_gap)
{
    varve_options options = store_options(place_path("s"));
    options.wal_keep_bytes = 1;
    options.wal = VARVE_WAL_OFF;
    varve_engine *engine = store_open_with(&options);
    varve_wal_reader *wal = wal_open(engine, 1);
    put_text(engine, "a");
    ck_assert_str_eq(next_of(wal), "VARVE_LOG_GAP");
    check_gap(err.status, 1, 0);
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

START_TEST(logs_are_kept_by_size_too)
{
    varve_options options = store_options(place_path("s"));
    options.wal_keep_bytes = 1; /* rounded up */
    varve_engine *engine = store_open_with(&options);
    put_text(engine, "a");
    flush(engine);
    put_text(engine, "b");
    store_close(engine);
    engine = store_open_with(&options);
    varve_wal_reader *wal = wal_open(engine, 1);
    ck_assert_str_eq(next_of(wal), "1-2:a");
    ck_assert_str_eq(next_of(wal), "2-3:b");
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

/* ---- A commit that was refused, but is in its log */

/* Heal: by recovering, or by waiting. */
static void heal(varve_engine *engine, bool by_recovering)
{
    if (by_recovering) {
        varve_cancel *patience = NULL;
        ck_ok(varve_cancel_open(&patience, &err), &err);
        varve_cancel_after(patience, INT64_C(40000000000));
        ck_ok(varve_engine_recover(engine, patience, &err), &err);
        varve_cancel_close(patience);
    }
    for (int i = 0; i < 800 && store_put(engine, key_at("b", 0), bytes("v")) != VARVE_OK; i++)
        (void)usleep(50000);
    put_text(engine, "c");
}

/* What is told from there on is a, b and c, up to the end or a gap. */
static void check_nothing_refused(varve_engine *engine, uint64_t since)
{
    varve_wal_reader *wal = NULL;
    varve_status status = varve_wal_open(engine, since, &wal, &err);
    if (status != VARVE_OK) {
        ck_status(status, VARVE_LOG_GAP, &err);
        ck_assert_uint_eq(err.detail.log_gap.wanted, since);
        varve_error_release(&err);
        return;
    }
    const char *text = next_of(wal);
    while (strcmp(text, "-") != 0 && strcmp(text, "VARVE_LOG_GAP") != 0) {
        ck_assert_ptr_null(strchr(text, 'r'));
        text = next_of(wal);
    }
    varve_wal_close(wal);
}

START_TEST(a_commit_that_was_refused_is_not_told)
{
    varve_batch *batch = NULL;
    varve_engine *engine = open_keeping(place_path("s"));
    put_text(engine, "a");
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_at("r", 0), bytes("v"), &err), &err);
    fault_arm(FAULT_SYNC, ".log", ENOSPC);
    varve_status status = varve_batch_commit(batch, VARVE_SYNC, &err);
    ck_assert_uint_gt(fault_disarm(), 0);
    ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
    varve_batch_close(batch);
    heal(engine, _i == 0);
    /* Recovering is patient with RocksDB, but not for ever: then the store was opened again. */
    status = store_has(engine, key_at("r", 0));
    bool was_reopened = _i == 0 && status == VARVE_OK;
    ck_assert(was_reopened || status == VARVE_NOT_FOUND);
    for (uint64_t since = 1; since <= 3 && !was_reopened; since++)
        check_nothing_refused(engine, since);
    store_close(engine);
    engine = open_keeping(place_path("s"));
    ck_assert_int_eq(store_has(engine, key_at("r", 0)), status);
    for (uint64_t since = 1; since <= 3 && !was_reopened; since++)
        check_nothing_refused(engine, since);
    store_close(engine);
}
END_TEST

/* ---- Beside a writer */

#define ROUNDS 4000

static atomic_uint writers;

/* Commits of 1 to 5 puts, whose values are all the number of the commit. */
static void *write_rounds(void *arg)
{
    varve_engine *engine = arg;
    varve_batch_builder *builder;
    char value[2000] = "";
    ck_assert_int_eq(varve_batch_builder_open(&builder, NULL), VARVE_OK);
    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(value, sizeof value, "%d", round);
        for (int i = 0; i < 1 + round % 5; i++) {
            const unsigned char key[] = {(unsigned char)('a' + i), 0x00, 0x01};
            size_t size = 8 + (size_t)(round * 37 % 1900);
            ck_assert_int_eq(varve_batch_builder_put(builder, varve_slice_of(key, sizeof key),
                                                     varve_slice_of(value, size), NULL),
                             VARVE_OK);
        }
        ck_assert_int_eq(varve_writer_apply(varve_engine_writer(engine),
                                            varve_batch_builder_finish(builder), NULL),
                         VARVE_OK);
        if (round % 500 == 250)
            ck_assert_int_eq(varve_engine_flush(engine, NULL), VARVE_OK);
    }
    varve_batch_builder_close(builder);
    atomic_fetch_sub(&writers, 1);
    return NULL;
}

/* Whether the records of a commit are whole; several commits at once may have become one. */
static void check_records(const varve_wal_commit *read)
{
    varve_batch_reader *records;
    varve_record record;
    varve_status status;
    unsigned left = 0;
    int round = 0;
    ck_assert_int_eq(varve_batch_reader_open(read->repr, VARVE_BATCH_FROM_LOG, &records, NULL),
                     VARVE_OK);
    while ((status = varve_batch_reader_next(records, &record, NULL)) == VARVE_OK) {
        int now = (int)strtol((const char *)record.value.data, NULL, 10);
        if (left == 0) {
            round = now;
            left = 1 + (unsigned)round % 5;
        }
        ck_assert_int_eq(now, round);
        left--;
    }
    ck_assert_int_eq(status, VARVE_NOT_FOUND);
    ck_assert_uint_eq(left, 0);
    varve_batch_reader_close(records);
}

START_TEST(a_reader_beside_writers_sees_whole_commits)
{
    enum { WRITERS = 2 };
    varve_engine *engine = open_keeping(place_path("s"));
    pthread_t threads[WRITERS];
    varve_wal_commit read;
    varve_status status;
    uint64_t expected = 1;
    bool last_look = false;

    atomic_store(&writers, WRITERS);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_rounds, engine), 0);
    varve_wal_reader *wal = wal_open(engine, 1);
    do {
        last_look = atomic_load(&writers) == 0;
        while ((status = varve_wal_next(wal, &read, &err)) == VARVE_OK) {
            ck_assert_uint_eq(read.first, expected);
            expected = read.next;
            check_records(&read);
        }
        ck_status(status, VARVE_NOT_FOUND, &err);
    } while (!last_look);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(expected, varve_engine_sequence(engine) + 1);
    ck_assert_uint_eq(varve_engine_sequence(engine), (uint64_t)WRITERS * ROUNDS * 3);
    varve_wal_close(wal);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wal_reader");
    TCase *tcase = tcase_create("control");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, control_rocksdb_passes_over_what_is_gone);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("reading");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, commits_come_in_order_with_their_numbers);
    tcase_add_test(tcase, a_start_inside_a_commit_gets_all_of_it);
    tcase_add_test(tcase, the_end_of_the_log_is_where_it_goes_on);
    tcase_add_test(tcase, log_data_alone_is_a_commit_too);
    tcase_add_test(tcase, a_store_in_memory_has_a_log);
    tcase_add_test(tcase, the_memory_map_has_numbers_but_no_log);
    tcase_add_test(tcase, a_reading_engine_reads_the_log_too);
    tcase_add_test(tcase, a_secondary_has_no_log);
    tcase_add_test(tcase, numbers_that_are_none_are_refused);
    tcase_add_test(tcase, an_open_reader_keeps_the_engine_open);
    tcase_add_test(tcase, without_memory_nothing_stays_behind);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("gaps");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, a_log_that_is_gone_is_a_gap);
    tcase_add_test(tcase, a_gap_in_front_of_a_reader_is_told_for_good);
    tcase_add_test(tcase, a_missing_log_in_the_middle_is_a_gap);
    tcase_add_test(tcase, a_damaged_log_is_no_silent_jump);
    tcase_add_test(tcase, what_bypasses_the_log_is_a_gap);
    tcase_add_test(tcase, logs_are_kept_by_size_too);
    tcase_add_loop_test(tcase, a_commit_that_was_refused_is_not_told, 0, 2);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("threads");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, a_reader_beside_writers_sees_whole_commits);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
