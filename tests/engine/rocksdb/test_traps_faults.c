/*
 * Trap: after an I/O error RocksDB refuses all writes, and its C interface offers no way back but
 * to close it; what it says of the commits concerned is not always true.
 *
 * Every kind of call fails here at every kind of file, one after the other and at random.  Nothing
 * ends the process, failures are typed, the state tells, recovery brings the engine back, and what
 * it then holds is what has been acknowledged.
 */
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"
#include "tests/engine/rocksdb/small_disk.h"

#define RECOVERY_SECONDS_MAX 60

/* A new manifest, and so a new CURRENT, with every change of the tables. */
#define MANY_MANIFESTS "max_manifest_file_size=1"

static varve_engine_state state_of(varve_engine *engine)
{
    varve_engine_state state = {.struct_size = sizeof state};
    ck_ok(varve_engine_get_state(engine, &state, &err), &err);
    return state;
}

/* Until it is healthy. */
static void recover(varve_engine *engine)
{
    varve_cancel *cancel = NULL;
    varve_error_release(&err);
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    varve_cancel_after(cancel, (int64_t)RECOVERY_SECONDS_MAX * 1000000000);
    ck_ok(varve_engine_recover(engine, cancel, &err), &err);
    varve_cancel_close(cancel);
    ck_assert_int_eq(state_of(engine).health, VARVE_HEALTHY);
}

/*
 * Run `body` in children, all at once: RocksDB waits a second in the background after most errors,
 * and closing it waits for that.
 */
static void in_children(unsigned count, void (*body)(unsigned number))
{
    pid_t children[32];
    ck_assert_uint_le(count, sizeof children / sizeof children[0]);
    (void)fflush(NULL);
    for (unsigned i = 0; i < count; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            body(i);
            (void)fflush(NULL);
            _exit(0);
        }
    }
    unsigned failed = 0;
    for (unsigned i = 0; i < count; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        if (status != 0)
            printf("child %u: wait status %d\n", i, status);
        failed += status != 0;
    }
    ck_assert_uint_eq(failed, 0);
}

static const char *child_path(unsigned number)
{
    char name[16];
    (void)snprintf(name, sizeof name, "s%u", number);
    return place_path(name);
}

/* ---- Without varve -------------------------------------------------------------------------- */

static char *raw_flush(rocksdb_t *db)
{
    char *text = NULL;
    rocksdb_flushoptions_t *how = rocksdb_flushoptions_create();
    rocksdb_flush(db, how, &text);
    rocksdb_flushoptions_destroy(how);
    return text;
}

START_TEST(control_a_failed_rename_is_never_forgiven)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_info_log_level(options, 4);
    rocksdb_options_set_max_manifest_file_size(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    ck_assert_ptr_null(raw_put(db, "k", "v"));
    fault_arm(FAULT_RENAME, "CURRENT", EIO);
    char *text = raw_flush(db);
    ck_assert_ptr_nonnull(text);
    rocksdb_free(text);
    ck_assert_uint_eq(fault_disarm(), 1);
    unsigned refused = 0;
    for (int i = 0; i < 50; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        text = raw_put(db, "k", "v");
        refused += text != NULL;
        rocksdb_free(text);
    }
    printf("control: a rename failed once; RocksDB refused %u of 50 puts after that\n", refused);
    ck_assert_uint_eq(refused, 50);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}
END_TEST

/* ---- One after the other -------------------------------------------------------------------- */

static const struct {
    unsigned op;
    const char *contains;
    int code;
    const char *options; /* of RocksDB */
    const char *name;
} kinds[] = {
    {FAULT_WRITE, ".log", EIO, NULL, "write to the log"},
    {FAULT_WRITE, ".log", ENOSPC, NULL, "write to the log, full"},
    {FAULT_WRITE, ".log", EDQUOT, NULL, "write to the log, quota"},
    {FAULT_SYNC, ".log", EIO, NULL, "sync of the log"},
    {FAULT_SYNC, ".log", ENOSPC, NULL, "sync of the log, full"},
    {FAULT_WRITE, ".sst", EIO, NULL, "write to a table"},
    {FAULT_WRITE, ".sst", ENOSPC, NULL, "write to a table, full"},
    {FAULT_WRITE, ".sst", EIO, "use_direct_io_for_flush_and_compaction=true", "direct write"},
    {FAULT_SYNC, ".sst", EIO, NULL, "sync of a table"},
    {FAULT_WRITE, "MANIFEST", EIO, NULL, "write to the manifest"},
    {FAULT_WRITE, "MANIFEST", ENOSPC, NULL, "write to the manifest, full"},
    {FAULT_SYNC, "MANIFEST", EIO, NULL, "sync of the manifest"},
    {FAULT_WRITE, "MANIFEST", EIO, MANY_MANIFESTS, "write to a new manifest"},
    {FAULT_SYNC, "MANIFEST", ENOSPC, MANY_MANIFESTS, "sync of a new manifest, full"},
    {FAULT_WRITE, ".dbtmp", EIO, MANY_MANIFESTS, "write of CURRENT"},
    {FAULT_SYNC, ".dbtmp", EIO, MANY_MANIFESTS, "sync of CURRENT"},
    {FAULT_RENAME, "CURRENT", EIO, MANY_MANIFESTS, "rename of CURRENT"},
    {FAULT_RENAME, "CURRENT", ENOSPC, MANY_MANIFESTS, "rename of CURRENT, full"},
};

static varve_status commit_synced(varve_engine *engine, unsigned number)
{
    varve_batch *batch = NULL;
    varve_error_release(&err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_number(number), bytes("v"), &err),
          &err);
    varve_status status = varve_batch_commit(batch, VARVE_SYNC, &err);
    varve_batch_close(batch);
    return status;
}

static bool is_typed(varve_status status)
{
    return status == VARVE_IO || status == VARVE_NO_SPACE || status == VARVE_COMMIT_UNKNOWN;
}

/*
 * What is acknowledged is there and what was refused is not, in the engine as it is, after its
 * recovery, and after the next opening.
 */
static bool takes_direct_writes(void)
{
    int fd = open(place_path("direct"), O_WRONLY | O_CREAT | O_DIRECT, 0644);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static void fail_once(unsigned kind)
{
    varve_options options = store_options(child_path(kind));
    varve_status walked;
    options.rocksdb_options = kinds[kind].options;
    if (strcmp(kinds[kind].name, "direct write") == 0 && !takes_direct_writes()) {
        printf("skipped: no direct writes in this file system\n");
        return;
    }
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 50);
    ck_ok(varve_engine_flush(engine, &err), &err);
    for (unsigned i = 50; i < 100; i++)
        ck_ok(store_put(engine, key_number(i), bytes("v")), &err);

    fault_arm(kinds[kind].op, kinds[kind].contains, kinds[kind].code);
    varve_status committed = commit_synced(engine, 100);
    varve_status flushed = varve_engine_flush(engine, NULL);
    unsigned long fired = fault_disarm();
    printf("%s: fired %lu times, commit %s, flush %s;", kinds[kind].name, fired,
           varve_status_name(committed), varve_status_name(flushed));
    fault_print_calls();
    ck_assert_uint_ge(fired, 1);
    ck_assert(committed == VARVE_OK || is_typed(committed));
    ck_assert(committed != VARVE_OK || is_typed(flushed));
    ck_assert_uint_eq(store_count(engine, &walked), committed == VARVE_OK ? 101 : 100);

    /* Not waiting for what RocksDB would do by itself. */
    varve_error_release(&err);
    ck_ok(varve_engine_recover(engine, NULL, &err), &err);
    ck_assert_int_eq(state_of(engine).health, VARVE_HEALTHY);
    varve_status found = store_has(engine, key_number(100));
    if (committed != VARVE_COMMIT_UNKNOWN)
        ck_assert_int_eq(found, committed == VARVE_OK ? VARVE_OK : VARVE_NOT_FOUND);
    unsigned expected = found == VARVE_OK ? 101 : 100;
    ck_assert_uint_eq(store_count(engine, &walked), expected);
    ck_ok(commit_synced(engine, 101), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_uint_eq(store_count(engine, &walked), expected + 1);
    store_close(engine);
    engine = store_open_with(&options);
    ck_assert_uint_eq(store_count(engine, &walked), expected + 1);
    store_close(engine);
}

START_TEST(every_call_at_every_file_may_fail)
{
    in_children(sizeof kinds / sizeof kinds[0], fail_once);
}
END_TEST

/* ---- A disk that is really full ------------------------------------------------------------- */

START_TEST(a_full_disk_is_waited_out)
{
    varve_status status = VARVE_OK;
    varve_cancel *cancel = NULL;

    if (!mount_small_disk())
        return;
    varve_options options = store_options(place_path("s"));
    options.write_buffer_bytes = 1 << 20;
    varve_engine *engine = store_open_with(&options);
    place_ballast();
    unsigned count = fill_up_for_good(engine);
    ck_assert_int_eq(state_of(engine).reason, VARVE_NO_SPACE);
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    varve_cancel_after(cancel, 200000000);
    ck_status(varve_engine_recover(engine, cancel, &err), VARVE_DEADLINE, &err);
    varve_error_release(&err);
    ck_status(varve_engine_recover(engine, NULL, &err), VARVE_NO_SPACE, &err);
    ck_assert_int_eq(state_of(engine).health, VARVE_HEALTH_READ_ONLY);
    ck_assert_uint_eq(store_count(engine, &status), count);
    varve_cancel_close(cancel);

    ck_assert_int_eq(unlink(place_path("ballast")), 0);
    ck_assert_int_eq(unlink(place_path("rest")), 0);
    recover(engine);
    ck_assert_uint_eq(store_count(engine, &status), count);
    ck_ok(store_put(engine, key_number(count), bytes("v")), &err);
    store_close(engine);
    engine = store_open_with(&options);
    ck_assert_uint_eq(store_count(engine, &status), count + 1);
    store_close(engine);
}
END_TEST

/* ---- At random ------------------------------------------------------------------------------ */

enum { WORKERS = 6, KEYS = 200, BATCH_MAX = 8, VALUE_MAX = 600, ROUNDS = 5 };
enum { OPEN_MAX = 64 };

/* What has been acknowledged: the number in each value; 0 = no record. */
static uint64_t model[KEYS];

/* The commits whose outcome is open, in their order. */
static struct {
    unsigned count; /* of keys */
    unsigned keys[BATCH_MAX];
    uint64_t numbers[BATCH_MAX];
} open_commits[OPEN_MAX];
static unsigned open_count;

static struct {
    unsigned long commits, refused, unknown, unknown_found, faults, reopened_by_hand, checks;
} tally;

static uint64_t last_number;

static varve_slice value_of(uint64_t number, size_t size)
{
    static unsigned char data[VALUE_MAX];
    memset(data, (int)(number % 251), sizeof data);
    memcpy(data, &number, sizeof number);
    return varve_slice_of(data, size < sizeof number ? sizeof number : size);
}

/* The number under a key; a record that is damaged, or cannot be read, fails the test. */
static uint64_t number_at(varve_engine *engine, unsigned key)
{
    varve_buf value = VARVE_BUF_INIT;
    uint64_t number = 0;
    varve_error_release(&err);
    varve_status status =
        varve_reader_get(varve_engine_reader(engine), key_number(key), &value, &err);
    if (status != VARVE_NOT_FOUND) {
        ck_ok(status, &err);
        ck_assert_uint_ge(value.size, sizeof number);
        memcpy(&number, value.data, sizeof number);
        for (size_t i = sizeof number; i < value.size; i++)
            ck_assert_int_eq(value.data[i], (int)(number % 251));
    }
    varve_buf_release(&value);
    return number;
}

/*
 * Open outcomes become definite: of each, all is there, or nothing.  What a later commit has
 * written over, by a higher number, tells nothing.
 */
static void close_outcomes(varve_engine *engine)
{
    for (unsigned i = 0; i < open_count; i++) {
        unsigned there = 0;
        unsigned missing = 0;
        for (unsigned k = 0; k < open_commits[i].count; k++) {
            unsigned key = open_commits[i].keys[k];
            uint64_t number = number_at(engine, key);
            missing += number < open_commits[i].numbers[k];
            if (number != open_commits[i].numbers[k])
                continue;
            there++;
            model[key] = number;
        }
        ck_assert(there == 0 || missing == 0);
        tally.unknown_found += there > 0;
    }
    open_count = 0;
}

static void check_model(varve_engine *engine)
{
    for (unsigned key = 0; key < KEYS; key++)
        ck_assert_uint_eq(number_at(engine, key), model[key]);
    varve_status walked;
    unsigned count = store_count(engine, &walked);
    ck_ok(walked, &err);
    for (unsigned key = 0; key < KEYS; key++)
        count -= model[key] != 0;
    ck_assert_uint_eq(count, 0);
    tally.checks++;
}

/* Keys of one batch differ, so that each has one outcome. */
static unsigned fill_batch(varve_writer *writer, test_random *random, unsigned *keys,
                           uint64_t *numbers)
{
    unsigned count = 1 + (unsigned)test_random_below(random, BATCH_MAX);
    unsigned first = (unsigned)test_random_below(random, KEYS);
    for (unsigned i = 0; i < count; i++) {
        keys[i] = (first + i * 7) % KEYS;
        numbers[i] = ++last_number;
        varve_slice value = value_of(last_number, test_random_below(random, VALUE_MAX));
        ck_ok(varve_writer_put(writer, key_number(keys[i]), value, &err), &err);
    }
    return count;
}

static varve_status commit_some(varve_engine *engine, test_random *random)
{
    varve_batch *batch = NULL;
    unsigned keys[BATCH_MAX];
    uint64_t numbers[BATCH_MAX];
    varve_durability how = test_random_below(random, 4) == 0 ? VARVE_SYNC : VARVE_NO_SYNC;

    varve_error_release(&err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    unsigned count = fill_batch(varve_batch_writer_of(batch), random, keys, numbers);
    varve_status status = varve_batch_commit(batch, how, &err);
    varve_batch_close(batch);
    if (status == VARVE_OK) {
        /* RocksDB has gone on by itself: what was open is definite now. */
        close_outcomes(engine);
        for (unsigned i = 0; i < count; i++)
            model[keys[i]] = numbers[i];
        tally.commits++;
    } else if (status == VARVE_COMMIT_UNKNOWN) {
        /* Perhaps not the first: RocksDB may go on in between, and fail again. */
        ck_assert(open_count == 0 || fault.code == ENOSPC);
        ck_assert_uint_lt(open_count, OPEN_MAX);
        open_commits[open_count].count = count;
        memcpy(open_commits[open_count].keys, keys, sizeof keys);
        memcpy(open_commits[open_count].numbers, numbers, sizeof numbers);
        open_count++;
        tally.unknown++;
    } else {
        tally.refused++;
    }
    return status;
}

static void arm_some(test_random *random)
{
    static const unsigned ops[] = {FAULT_WRITE, FAULT_SYNC, FAULT_RENAME, FAULT_WRITE | FAULT_SYNC};
    static const char *const places[] = {".log",     ".log",   ".log", ".sst",
                                         "MANIFEST", ".dbtmp", "/s"};
    unsigned op = ops[test_random_below(random, 4)];
    const char *where = op == FAULT_RENAME ? "CURRENT" : places[test_random_below(random, 7)];
    int code = test_random_below(random, 2) == 0 ? EIO : ENOSPC;
    fault_arm_later(op, where, code, (long)test_random_below(random, 12));
}

/* One step of work; whatever its outcome, it is one of those that there are. */
static varve_status work(varve_engine *engine, test_random *random)
{
    varve_status status;
    switch (test_random_below(random, 30)) {
    case 0:
        status = varve_engine_flush(engine, NULL);
        break;
    case 1:
        status = varve_engine_compact(engine, NULL);
        break;
    case 2:
        status = varve_engine_sync(engine, NULL);
        break;
    case 3:
        status = state_of(engine).reason;
        break;
    default:
        status = commit_some(engine, random);
        break;
    }
    ck_assert_msg(status == VARVE_OK || is_typed(status), "%s: %s", varve_status_name(status),
                  err.message);
    return status;
}

/* Work with a fault on its way, until something has failed or nothing wants to. */
static void work_with_fault(varve_engine *engine, test_random *random)
{
    unsigned after = (unsigned)test_random_below(random, 4);
    arm_some(random);
    for (unsigned steps = 0; steps < 100 && after > 0; steps++)
        if (work(engine, random) != VARVE_OK)
            after--;
    /* As long as nothing has been reopened, everything can be read, and nothing else. */
    check_model(engine);
    if (test_random_below(random, 4) == 0) { /* with the fault still there */
        varve_error_release(&err);
        varve_status status = varve_engine_recover(engine, NULL, &err);
        ck_assert_msg(status == VARVE_OK || is_typed(status), "%s", err.message);
    }
    tally.faults += fault_disarm() > 0;
    /* What has met the fault in the background has told of it then. */
    if (state_of(engine).health != VARVE_HEALTH_FAILED)
        wait_until_quiet(engine);
}

static void recover_somehow(varve_engine **engine, const varve_options *options,
                            test_random *random)
{
    if (test_random_below(random, 8) == 0) {
        store_close(*engine);
        *engine = store_open_with(options);
        tally.reopened_by_hand++;
    } else if (test_random_below(random, 100) == 0) {
        recover(*engine); /* patiently */
    } else {
        varve_error_release(&err);
        ck_ok(varve_engine_recover(*engine, NULL, &err), &err);
    }
    ck_assert_int_eq(state_of(*engine).health, VARVE_HEALTHY);
    ck_assert(!state_of(*engine).commit_unknown);
    close_outcomes(*engine);
    check_model(*engine);
}

/* Every worker has a seed of its own, made from the one that is printed. */
static test_random seeds[WORKERS];

static void work_at_random(unsigned worker)
{
    test_random random = seeds[worker];
    varve_options options = store_options(child_path(worker));

    options.write_buffer_bytes = 1 << 16;
    options.rocksdb_options = MANY_MANIFESTS;
    varve_engine *engine = store_open_with(&options);
    for (unsigned round = 0; round < test_rounds(ROUNDS) || tally.faults == 0; round++) {
        work_with_fault(engine, &random);
        recover_somehow(&engine, &options, &random);
        for (unsigned i = 0; i < 20; i++)
            ck_assert_int_eq(work(engine, &random), VARVE_OK);
    }
    store_close(engine);
    engine = store_open_with(&options);
    check_model(engine);
    store_close(engine);
    printf("random: %lu commits, %lu refused, %lu unknown, of which %lu were there; %lu faults, "
           "%lu times reopened by hand, %lu times compared;",
           tally.commits, tally.refused, tally.unknown, tally.unknown_found, tally.faults,
           tally.reopened_by_hand, tally.checks);
    fault_print_calls();
}

START_TEST(faults_at_random_moments_lose_nothing)
{
    test_random random = test_random_start();
    for (unsigned i = 0; i < WORKERS; i++)
        seeds[i] = (test_random){test_random_next(&random)};
    in_children(WORKERS, work_at_random);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: failing calls");
    TCase *cases = tcase_create("faults");

    tcase_add_checked_fixture(cases, place_setup, teardown);
    tcase_add_test(cases, control_a_failed_rename_is_never_forgiven);
    tcase_add_test(cases, every_call_at_every_file_may_fail);
    tcase_add_test(cases, a_full_disk_is_waited_out);
    tcase_add_test(cases, faults_at_random_moments_lose_nothing);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
