/*
 * Engines that follow a live writer.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include <varve/admin.h>
#include <varve/merge.h>

#include "engine/engine.h"
#include "engine/rocksdb/store.h"
#include "tests/engine/rocksdb/rocks.h"

static varve_options secondary_options(void)
{
    varve_options options = {.struct_size = sizeof options, .path = place_path("s")};
    options.secondary_path = place_path("follower");
    return options;
}

static varve_engine *secondary_open(void)
{
    varve_options options = secondary_options();
    return store_open_with(&options);
}

static void catch_up(varve_engine *engine)
{
    ck_ok(varve_engine_catch_up(engine, &err), &err);
}

static void check_count(varve_engine *engine, unsigned expected)
{
    varve_status status;
    unsigned count = store_count(engine, &status);
    ck_ok(status, &err);
    ck_assert_uint_eq(count, expected);
}

/* ---- A writer in another process ---------------------------------------------------------------
 */

/*
 * The writer obeys commands of one letter and answers each with a dot: p puts the next 100 keys, f
 * flushes, c compacts, o closes and opens, q closes and ends.
 */
struct writer {
    pid_t child;
    int commands;
    int answers;
};

static void obey(varve_engine **engine, char command, unsigned *next)
{
    if (command == 'p') {
        for (unsigned end = *next + 100; *next < end; ++*next)
            ck_ok(store_put(*engine, key_number(*next), bytes("sixteen bytes...")), &err);
    } else if (command == 'f') {
        ck_ok(varve_engine_flush(*engine, &err), &err);
    } else if (command == 'c') {
        ck_ok(varve_engine_compact(*engine, &err), &err);
    } else {
        store_close(*engine);
        if (command == 'o')
            *engine = store_open(place_path("s"));
    }
}

static void write_for(int commands, int answers)
{
    char command = 'o';
    unsigned next = 0;
    varve_engine *engine = store_open(place_path("s"));
    while (command != 'q' && read(commands, &command, 1) == 1) {
        obey(&engine, command, &next);
        if (write(answers, ".", 1) != 1)
            _exit(1);
    }
    _exit(0);
}

/* Before the test opens an engine of its own: RocksDB's threads do not follow into a child. */
static struct writer writer_start(void)
{
    int commands[2];
    int answers[2];
    struct writer writer;
    ck_assert_int_eq(pipe(commands), 0);
    ck_assert_int_eq(pipe(answers), 0);
    (void)fflush(NULL);
    writer.child = fork();
    ck_assert_int_ge(writer.child, 0);
    if (writer.child == 0) {
        (void)close(commands[1]);
        (void)close(answers[0]);
        write_for(commands[0], answers[1]);
    }
    (void)close(commands[0]);
    (void)close(answers[1]);
    writer.commands = commands[1];
    writer.answers = answers[0];
    return writer;
}

static void tell(const struct writer *writer, const char *commands)
{
    for (; *commands != '\0'; commands++) {
        char answer = '\0';
        ck_assert_int_eq(write(writer->commands, commands, 1), 1);
        ck_assert_int_eq(read(writer->answers, &answer, 1), 1);
        ck_assert_int_eq(answer, '.');
    }
}

static void writer_end(struct writer *writer, int signal_number)
{
    int status;
    if (signal_number != 0)
        ck_assert_int_eq(kill(writer->child, signal_number), 0);
    else
        tell(writer, "q");
    ck_assert_int_eq(waitpid(writer->child, &status, 0), writer->child);
    ck_assert_int_eq(signal_number != 0 ? WTERMSIG(status) : status, signal_number);
    (void)close(writer->commands);
    (void)close(writer->answers);
}

START_TEST(it_follows_another_process)
{
    struct writer writer = writer_start();
    tell(&writer, "p");
    varve_engine *engine = secondary_open();
    check_count(engine, 100);
    tell(&writer, "p");
    check_count(engine, 100);
    catch_up(engine);
    check_count(engine, 200);

    /* The log it has read is gone, its records are in a table. */
    tell(&writer, "pf");
    catch_up(engine);
    check_count(engine, 300);
    /* Tables it has seen are gone, before it looks again and before it knew of them. */
    tell(&writer, "pfpfc");
    check_count(engine, 300);
    catch_up(engine);
    check_count(engine, 500);
    /* A new manifest, in the middle of it. */
    tell(&writer, "popfop");
    catch_up(engine);
    check_count(engine, 800);
    writer_end(&writer, 0);
    catch_up(engine);
    check_count(engine, 800);
    store_close(engine);
}
END_TEST

START_TEST(it_survives_the_death_of_its_writer)
{
    struct writer writer = writer_start();
    tell(&writer, "pf");
    varve_engine *engine = secondary_open();
    tell(&writer, "p");
    writer_end(&writer, SIGKILL);
    catch_up(engine);
    check_count(engine, 200);
    store_close(engine);
    engine = secondary_open();
    check_count(engine, 200);
    store_close(engine);
}
END_TEST

/* ---- A writer in this process ------------------------------------------------------------------
 */

START_TEST(iterators_keep_what_they_show)
{
    varve_iter *it;
    varve_engine *primary = store_open(place_path("s"));
    store_fill(primary, 1000);
    ck_ok(varve_engine_flush(primary, &err), &err);
    varve_engine *secondary = secondary_open();
    ck_ok(varve_iter_open(varve_engine_reader(secondary), NULL, &it, &err), &err);
    ck_assert(varve_iter_seek_ge(it, key_number(0)));

    ck_ok(varve_writer_clear_range(varve_engine_writer(primary), key_number(10), key_number(1000),
                                   &err),
          &err);
    ck_ok(varve_engine_compact(primary, &err), &err);
    catch_up(secondary);
    check_count(secondary, 10);
    for (unsigned i = 0; i < 1000; i++) {
        ck_slice_eq(it->key, key_number(i));
        ck_assert(varve_iter_next(it) == (i < 999));
    }
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    check_count(secondary, 10);
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* Each shows its own time, and the tables of it stay readable. */
START_TEST(snapshots_keep_what_they_show)
{
    enum { TIMES = 4 };
    varve_snapshot *snapshots[TIMES];
    varve_iter *it;
    varve_buf value = VARVE_BUF_INIT;
    varve_engine *primary = store_open(place_path("s"));
    varve_engine *secondary = secondary_open();
    for (int i = 0; i < TIMES; i++) {
        const char text[] = {(char)('0' + i), '\0'};
        ck_ok(store_put(primary, key_at("a", 0), varve_slice_text(text)), &err);
        if (i % 2 == 1)
            ck_ok(varve_engine_compact(primary, &err), &err);
        catch_up(secondary);
        ck_ok(varve_snapshot_open(secondary, &snapshots[i], &err), &err);
    }
    /* In an order that is neither theirs nor its reverse. */
    for (int i = 0; i < TIMES; i++) {
        int which = (i * 3 + 1) % TIMES;
        const char text[] = {(char)('0' + which), '\0'};
        varve_reader *reader = varve_snapshot_reader(snapshots[which]);
        ck_ok(varve_reader_get(reader, key_at("a", 0), &value, &err), &err);
        ck_buf_text(&value, text);
        ck_ok(varve_iter_open(reader, NULL, &it, &err), &err);
        varve_snapshot_close(snapshots[which]);
        ck_assert(varve_iter_seek_ge(it, bytes("")));
        ck_slice_eq(varve_iter_value(it), varve_slice_text(text));
        varve_iter_close(it);
    }
    ck_ok(varve_reader_get(varve_engine_reader(secondary), key_at("a", 0), &value, &err), &err);
    ck_buf_text(&value, "3");
    varve_buf_release(&value);
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* Nothing was written: nothing is read again, and an iterator is no reason to do so. */
START_TEST(nothing_new_costs_nothing)
{
    varve_engine_stats stats = {.struct_size = sizeof stats};
    varve_engine *primary = store_open(place_path("s"));
    store_fill(primary, 100);
    ck_ok(varve_engine_flush(primary, &err), &err);
    varve_engine *secondary = secondary_open();
    rocksdb_t *before = secondary->store->db;
    catch_up(secondary);
    ck_assert_ptr_eq(secondary->store->db, before);
    store_fill(primary, 1);
    catch_up(secondary);
    ck_assert_ptr_ne(secondary->store->db, before);
    ck_ok(varve_engine_get_stats(secondary, &stats, &err), &err);
    ck_assert_int_eq(stats.live_versions, 1);
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* The size of all logs is what it was before: as much has come as has gone. */
START_TEST(what_comes_is_seen_beside_what_goes)
{
    size_t gone_size;
    size_t come_size;
    varve_engine *primary = store_open(place_path("s"));
    store_fill(primary, 100);
    const char *log = file_find(place_path("s"), ".log");
    const char *older = (const char *)copy_of(varve_slice_of(log, strlen(log) + 1)).data;
    unsigned char *data = file_read(older, &gone_size);
    ck_ok(varve_engine_flush(primary, &err), &err);
    wait_for_one_log(place_path("s"));
    /* It is as if it had not gone yet. */
    file_write(older, data, gone_size);
    varve_engine *secondary = secondary_open();
    check_count(secondary, 100);
    ck_assert_int_eq(unlink(older), 0);
    for (unsigned i = 100; i < 200; i++)
        ck_ok(store_put(primary, key_number(i), bytes("sixteen bytes...")), &err);
    free(file_read(file_find(place_path("s"), ".log"), &come_size));
    ck_assert_uint_eq(come_size, gone_size);
    catch_up(secondary);
    check_count(secondary, 200);
    free(data);
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* It goes on showing what it did, and catches up when it can. */
START_TEST(a_failure_leaves_what_it_showed)
{
    varve_engine *primary = store_open(place_path("s"));
    store_fill(primary, 100);
    varve_engine *secondary = secondary_open();
    store_fill(primary, 200);
    store_close(primary);
    ck_assert_int_eq(rename(place_path("s/CURRENT"), place_path("CURRENT")), 0);
    ck_assert_int_lt(varve_engine_catch_up(secondary, &err), 0);
    check_count(secondary, 100);
    ck_assert_int_lt(varve_engine_catch_up(secondary, NULL), 0);
    ck_assert_int_eq(rename(place_path("CURRENT"), place_path("s/CURRENT")), 0);
    catch_up(secondary);
    check_count(secondary, 200);
    store_close(secondary);
}
END_TEST

struct reading {
    varve_engine *engine;
    atomic_bool stop;
    atomic_uint rounds;
};

/* The keys are always put together, so that a reader sees the same value under both. */
static void *read_on(void *arg)
{
    struct reading *reading = arg;
    varve_error failure = VARVE_ERROR_INIT;
    varve_buf values[2] = {VARVE_BUF_INIT, VARVE_BUF_INIT};
    while (!atomic_load(&reading->stop)) {
        varve_snapshot *snapshot;
        ck_ok(varve_snapshot_open(reading->engine, &snapshot, &failure), &failure);
        varve_reader *reader = varve_snapshot_reader(snapshot);
        ck_ok(varve_reader_get(reader, bytes("a\0\1"), &values[0], &failure), &failure);
        ck_ok(varve_reader_get(reader, bytes("b\0\1"), &values[1], &failure), &failure);
        ck_slice_eq(varve_buf_slice(&values[1]), varve_buf_slice(&values[0]));
        varve_snapshot_close(snapshot);
        ck_ok(varve_reader_get(varve_engine_reader(reading->engine), bytes("a\0\1"), &values[0],
                               &failure),
              &failure);
        atomic_fetch_add(&reading->rounds, 1);
    }
    varve_buf_release(&values[0]);
    varve_buf_release(&values[1]);
    return NULL;
}

START_TEST(threads_read_while_it_catches_up)
{
    pthread_t thread;
    varve_engine *primary = store_open(place_path("s"));
    varve_batch *batch;
    struct reading reading;
    atomic_init(&reading.stop, false);
    atomic_init(&reading.rounds, 0);
    ck_ok(varve_batch_open(primary, 0, &batch, &err), &err);
    /* Until the other thread has come to its turns. */
    for (unsigned i = 0; i < 50 || atomic_load(&reading.rounds) < 10; i++) {
        const varve_slice value = varve_slice_of(&i, sizeof i);
        ck_ok(varve_batch_reset(batch, &err), &err);
        ck_ok(varve_writer_put(varve_batch_writer_of(batch), bytes("a\0\1"), value, &err), &err);
        ck_ok(varve_writer_put(varve_batch_writer_of(batch), bytes("b\0\1"), value, &err), &err);
        ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &err), &err);
        if (i % 10 == 9)
            ck_ok(varve_engine_compact(primary, &err), &err);
        if (i == 0) {
            reading.engine = secondary_open();
            ck_assert_int_eq(pthread_create(&thread, NULL, read_on, &reading), 0);
        }
        catch_up(reading.engine);
    }
    atomic_store(&reading.stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    varve_batch_close(batch);
    store_close(reading.engine);
    store_close(primary);
}
END_TEST

static varve__backend_ops slow_ops;
static atomic_uint reading_anew; /* calls that are reading the store anew */
static atomic_bool may_end;      /* their reading */

static varve_status slow_catch_up(varve__store *store, varve_error *failure)
{
    bool is_first = atomic_fetch_add(&reading_anew, 1) == 0;
    while (is_first && !atomic_load(&may_end))
        (void)usleep(1000);
    return varve__rocksdb_catch_up(store, failure);
}

static void *catch_up_there(void *arg)
{
    ck_assert_int_eq(varve_engine_catch_up(arg, NULL), VARVE_OK);
    return NULL;
}

/* However long that takes, and however many are at it. */
START_TEST(nobody_waits_for_those_who_catch_up)
{
    pthread_t threads[2];
    varve_engine *primary = store_open(place_path("s"));
    ck_ok(store_put(primary, key_number(0), bytes("v")), &err);
    varve_engine *secondary = secondary_open();
    slow_ops = *secondary->ops;
    slow_ops.catch_up = slow_catch_up;
    secondary->ops = &slow_ops;
    ck_assert_int_eq(pthread_create(&threads[0], NULL, catch_up_there, secondary), 0);
    while (atomic_load(&reading_anew) == 0)
        (void)usleep(1000);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, catch_up_there, secondary), 0);
    for (unsigned i = 0; i < 100; i++) {
        ck_ok(store_has(secondary, key_number(0)), &err);
        (void)usleep(1000);
    }
    atomic_store(&may_end, true);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* ---- RocksDB's own secondaries -----------------------------------------------------------------
 */

static char *raw_get(rocksdb_t *db, const char *key)
{
    char *text = NULL;
    size_t size;
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char *value = rocksdb_get(db, how, key, strlen(key), &size, &text);
    ck_assert_ptr_null(text);
    ck_assert_ptr_nonnull(value);
    rocksdb_readoptions_destroy(how);
    return value;
}

/* The control: why they are not used.  A newer RocksDB may have been cured of it. */
START_TEST(rocksdb_shows_what_has_been_overwritten)
{
    char *text = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *primary = raw_open(options, place_path("raw"));
    rocksdb_t *secondary =
        rocksdb_open_as_secondary(options, place_path("raw"), place_path("own"), &text);
    ck_assert_ptr_null(text);
    ck_assert_ptr_null(raw_put(primary, "key", "1"));
    rocksdb_try_catch_up_with_primary(secondary, &text);
    ck_assert_ptr_null(text);
    ck_assert_ptr_null(raw_put(primary, "key", "2"));
    rocksdb_flush(primary, flush, &text);
    ck_assert_ptr_null(text);
    rocksdb_try_catch_up_with_primary(secondary, &text);
    ck_assert_ptr_null(text);
    char *value = raw_get(secondary, "key");
    printf("control: RocksDB's secondary shows %.1s after 2 was flushed\n", value);
    ck_assert(value[0] == '1' || getenv("VARVE_ROCKSDB_ASSERTS") == NULL);
    rocksdb_free(value);
    rocksdb_flushoptions_destroy(flush);
    rocksdb_close(secondary);
    rocksdb_close(primary);
    rocksdb_options_destroy(options);
}
END_TEST

START_TEST(merges_are_seen)
{
    varve_buf operand = VARVE_BUF_INIT;
    varve_buf raw = VARVE_BUF_INIT;
    varve_buf other = VARVE_BUF_INIT;
    varve_engine *primary = store_open(place_path("s"));
    varve_engine *secondary = secondary_open();
    ck_ok(varve_value_set_int(&raw, 5, &err), &err);
    ck_ok(varve_merge_operand(varve_buf_slice(&raw), NULL, &operand, &err), &err);
    for (int i = 0; i < 3; i++) {
        ck_ok(varve_writer_merge(varve_engine_writer(primary), key_at("sum", 0),
                                 varve_buf_slice(&operand), &err),
              &err);
        catch_up(secondary);
        ck_ok(varve_reader_get(varve_engine_reader(primary), key_at("sum", 0), &raw, &err), &err);
        ck_ok(varve_reader_get(varve_engine_reader(secondary), key_at("sum", 0), &other, &err),
              &err);
        ck_slice_eq(varve_buf_slice(&other), varve_buf_slice(&raw));
    }
    varve_buf_release(&operand);
    varve_buf_release(&raw);
    varve_buf_release(&other);
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* Both show the same records. */
static void check_same(varve_engine *a, varve_engine *b)
{
    varve_iter *its[2];
    ck_ok(varve_iter_open(varve_engine_reader(a), NULL, &its[0], &err), &err);
    ck_ok(varve_iter_open(varve_engine_reader(b), NULL, &its[1], &err), &err);
    (void)varve_iter_seek_ge(its[0], bytes(""));
    (void)varve_iter_seek_ge(its[1], bytes(""));
    while (its[0]->valid && its[1]->valid) {
        ck_slice_eq(its[1]->key, its[0]->key);
        ck_slice_eq(varve_iter_value(its[1]), varve_iter_value(its[0]));
        (void)varve_iter_next(its[0]);
        (void)varve_iter_next(its[1]);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert(!its[i]->valid);
        ck_ok(varve_iter_status(its[i], &err), &err);
        varve_iter_close(its[i]);
    }
}

static void do_something(varve_engine **primary, test_random *random)
{
    varve_writer *writer = varve_engine_writer(*primary);
    unsigned key = (unsigned)test_random_below(random, 300);
    switch (test_random_below(random, 40)) {
    case 0:
        ck_ok(varve_engine_flush(*primary, &err), &err);
        break;
    case 1:
        ck_ok(varve_engine_compact(*primary, &err), &err);
        break;
    case 2:
        store_close(*primary);
        *primary = store_open(place_path("s"));
        break;
    case 3:
        ck_ok(varve_writer_clear_range(writer, key_number(key), key_number(key + 20), &err), &err);
        break;
    case 4:
    case 5:
        ck_ok(varve_writer_clear(writer, key_number(key), &err), &err);
        break;
    default:
        ck_ok(varve_writer_put(writer, key_number(key),
                               repeated((unsigned char)test_random_next(random), key), &err),
              &err);
    }
}

START_TEST(it_shows_the_same_after_anything)
{
    test_random random = test_random_start();
    varve_engine *primary = store_open(place_path("s"));
    varve_engine *secondary = secondary_open();
    for (int round = 0; round < (int)test_rounds(100); round++) {
        for (size_t steps = test_random_below(&random, 40); steps > 0; steps--)
            do_something(&primary, &random);
        if (test_random_below(&random, 20) == 0) {
            store_close(secondary);
            secondary = secondary_open();
        } else {
            catch_up(secondary);
        }
        check_same(primary, secondary);
    }
    store_close(secondary);
    store_close(primary);
}
END_TEST

/* ---- What it does not do -----------------------------------------------------------------------
 */

START_TEST(it_never_writes)
{
    varve_batch *batch;
    varve_compact_options everything = {.struct_size = sizeof everything};
    store_close(store_open(place_path("s")));
    varve_engine *engine = secondary_open();
    ck_status(store_put(engine, key_at("a", 0), bytes("1")), VARVE_READ_ONLY, &err);
    ck_status(varve_engine_flush(engine, &err), VARVE_READ_ONLY, &err);
    ck_status(varve_engine_sync(engine, &err), VARVE_READ_ONLY, &err);
    ck_status(varve_engine_compact(engine, &err), VARVE_READ_ONLY, &err);
    ck_status(varve_engine_compact_range(engine, &everything, &err), VARVE_READ_ONLY, &err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_at("a", 0), bytes("1"), &err), &err);
    ck_status(varve_batch_commit(batch, VARVE_SYNC, &err), VARVE_READ_ONLY, &err);
    varve_batch_close(batch);

    varve_buf path = VARVE_BUF_INIT;
    ck_ok(varve_engine_temp_dir(engine, &path, &err), &err);
    ck_buf_text(&path, place_path("follower"));
    varve_buf_release(&path);
    store_close(engine);
}
END_TEST

/* The names in a directory, in order. */
static const char *names_in(const char *path)
{
    struct dirent **entries;
    static char names[4096];
    size_t size = 0;
    int count = scandir(path, &entries, NULL, alphasort);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++) {
        size += (size_t)snprintf(names + size, sizeof names - size, "%s ", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return names;
}

START_TEST(the_store_stays_as_it_is)
{
    varve_engine *primary = store_open(place_path("s"));
    store_fill(primary, 100);
    store_close(primary);
    const char *before =
        (const char *)copy_of(
            varve_slice_of(names_in(place_path("s")), strlen(names_in(place_path("s"))) + 1))
            .data;
    varve_engine *engine = secondary_open();
    check_count(engine, 100);
    catch_up(engine);
    store_close(engine);
    ck_assert_str_eq(names_in(place_path("s")), before);
}
END_TEST

/* No lock: several may follow, while the writer opens and closes. */
START_TEST(several_may_follow)
{
    varve_options options = secondary_options();
    varve_engine *primary = store_open(place_path("s"));
    store_fill(primary, 10);
    varve_engine *first = secondary_open();
    options.secondary_path = place_path("another");
    varve_engine *second = store_open_with(&options);
    store_fill(primary, 20);
    catch_up(second);
    check_count(first, 10);
    check_count(second, 20);
    store_close(primary);
    primary = store_open(place_path("s"));
    store_close(first);
    store_close(second);
    store_close(primary);
}
END_TEST

START_TEST(there_has_to_be_a_store)
{
    varve_engine *engine;
    varve_options options = secondary_options();
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_NO_STORE, &err);
    ck_assert_int_eq(mkdir(place_path("s"), 0700), 0);
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_NO_STORE, &err);
    file_write_text(place_path("s/notes.txt"), "mine");
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_NOT_A_STORE, &err);
    ck_assert_ptr_null(engine);
}
END_TEST

static varve_status open_and_catch_up(void *context, varve_error *failure)
{
    varve_engine *engine;
    varve_snapshot *snapshot;
    varve_options options = secondary_options();
    (void)context;
    varve_status status = varve_engine_open(&options, &engine, failure);
    if (status != VARVE_OK)
        return status;
    status = varve_engine_catch_up(engine, failure);
    if (status == VARVE_OK)
        status = varve_snapshot_open(engine, &snapshot, failure);
    if (status == VARVE_OK)
        varve_snapshot_close(snapshot);
    /* A snapshot that was not opened does not count. */
    ck_assert_int_eq(varve_engine_catch_up(engine, NULL), VARVE_OK);
    ck_assert_int_eq(varve_engine_close(engine, NULL), VARVE_OK);
    return status;
}

START_TEST(each_allocation_may_fail)
{
    store_close(store_open(place_path("s")));
    ck_assert_uint_gt(fault_alloc_each(open_and_catch_up, NULL), 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb secondary");
    TCase *cases = tcase_create("secondary");
    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, it_follows_another_process);
    tcase_add_test(cases, it_survives_the_death_of_its_writer);
    tcase_add_test(cases, iterators_keep_what_they_show);
    tcase_add_test(cases, snapshots_keep_what_they_show);
    tcase_add_test(cases, nothing_new_costs_nothing);
    tcase_add_test(cases, what_comes_is_seen_beside_what_goes);
    tcase_add_test(cases, a_failure_leaves_what_it_showed);
    tcase_add_test(cases, threads_read_while_it_catches_up);
    tcase_add_test(cases, nobody_waits_for_those_who_catch_up);
    tcase_add_test(cases, rocksdb_shows_what_has_been_overwritten);
    tcase_add_test(cases, merges_are_seen);
    tcase_add_test(cases, it_shows_the_same_after_anything);
    tcase_add_test(cases, it_never_writes);
    tcase_add_test(cases, the_store_stays_as_it_is);
    tcase_add_test(cases, several_may_follow);
    tcase_add_test(cases, there_has_to_be_a_store);
    tcase_add_test(cases, each_allocation_may_fail);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
