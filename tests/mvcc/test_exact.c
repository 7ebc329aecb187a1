/*
 * Who holds a key reads what was written to it last, exactly: whatever that write was and however
 * it ended, whatever others write beside him, and from whatever a read may find in memory of reads
 * before it.
 *
 * Writers hold keys, compare what they read with what must be there, and write: puts, deletions,
 * ranges that are cleared, commits too large to be told key by key, commits that fail, and commits
 * that are told of as failed and are there.  Readers hold nothing: of no key they see less than
 * before, and through a snapshot always the same.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <varve/varve.h>

#include "engine/engine.h"
#include "tests/support/backends.h"
#include "tests/support/slow_backend.h"
#include "util/fail.h"

enum { KEYS = 300, WRITERS = 4, READERS = 3, WRITES = 500, MANY = 140, LOOKS = 100 };

/* What a key must hold: the wall time of its newest version; 0 = nothing, negative = a tombstone */
static struct {
    pthread_mutex_t lock;
    int64_t newest;
    atomic_int_least64_t seen; /* the latest that anybody has seen */
} keys[KEYS];

static char names[KEYS][8];
static atomic_int_least64_t clock_wall;
static atomic_int writers_left;
static atomic_bool gone_wrong;

struct worker {
    pthread_t thread;
    test_random dice;
    varve_rows rows;
    const char *complaint;
    size_t key; /* that it is about */
};

static varve_slice name_of(size_t key)
{
    return varve_slice_of(names[key], strlen(names[key]));
}

static bool check(struct worker *worker, bool holds, size_t key, const char *what)
{
    if (!holds && worker->complaint == NULL) {
        worker->complaint = what;
        worker->key = key;
        atomic_store(&gone_wrong, true);
    }
    return holds;
}

static size_t draw(struct worker *worker, size_t below)
{
    return (size_t)test_random_below(&worker->dice, below);
}

/* A few keys are hot: they meet others' reads and writes again and again. */
static size_t draw_key(struct worker *worker)
{
    return draw(worker, draw(worker, 2) == 0 ? 8 : KEYS);
}

/* ---- A store that fails, or lingers ---------------------------------------------------------- */

enum ending { DONE, NOT_DONE, DONE_BUT_UNKNOWN };

static _Thread_local enum ending next_ending;
static const varve__backend_ops *slow_ops;
static varve__backend_ops failing_ops;

static varve_status failing_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    enum ending ending = next_ending;
    next_ending = DONE;
    if (ending == NOT_DONE) {
        wait_a_little();
        return varve__fail(err, VARVE_IO, "not done");
    }
    varve_status status = slow_ops->apply(store, repr, sync, err);
    if (ending == DONE_BUT_UNKNOWN && status == VARVE_OK)
        return varve__fail(err, VARVE_COMMIT_UNKNOWN, "done, perhaps");
    return status;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* What the reader shows of the key, as `newest` above. */
static int64_t look(struct worker *worker, varve_reader *reader, size_t key)
{
    const varve_read how = {
        .struct_size = sizeof how, .ts = varve_ts_max(), .flags = VARVE_READ_TOMBSTONES};
    varve_row row;
    size_t at = 0;
    varve_status status = varve_mvcc_get(reader, &how, name_of(key), &worker->rows, NULL);
    check(worker, status >= 0, key, "a get failed");
    if (status != VARVE_OK || !varve_rows_next(&worker->rows, &at, &row))
        return 0;
    return row.value.size > 0 ? row.ts.wall : -row.ts.wall;
}

/* Through the engine, or something that is opened over it. */
static int64_t look_somehow(struct worker *worker, size_t key)
{
    varve_batch *batch;
    varve_snapshot *snapshot;
    int64_t newest = 0;
    switch (draw(worker, 8)) {
    case 0:
        if (!check(worker, varve_batch_open(on.engine, 0, &batch, NULL) == VARVE_OK, key, "batch"))
            return 0;
        newest = look(worker, varve_batch_reader_of(batch), key);
        varve_batch_close(batch);
        return newest;
    case 1:
        if (!check(worker, varve_snapshot_open(on.engine, &snapshot, NULL) == VARVE_OK, key,
                   "snap"))
            return 0;
        newest = look(worker, varve_snapshot_reader(snapshot), key);
        varve_snapshot_close(snapshot);
        return newest;
    default:
        return look(worker, varve_engine_reader(on.engine), key);
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static varve_write write_to(varve_batch *batch, int64_t wall)
{
    return (varve_write){.struct_size = sizeof(varve_write),
                         .writer = varve_batch_writer_of(batch),
                         .ts = varve_ts_of(wall, 0)};
}

/* Put or delete `key` so many times; what it then holds goes to `*newest`. */
static bool write_key(varve_batch *batch, size_t key, size_t times, bool deletes, int64_t *newest)
{
    varve_status status = VARVE_OK;
    for (size_t i = 0; i < times && status == VARVE_OK; i++) {
        int64_t wall = atomic_fetch_add(&clock_wall, 1) + 1;
        varve_write how = write_to(batch, wall);
        status = deletes ? varve_mvcc_delete(&how, name_of(key), NULL)
                         : varve_mvcc_put_record(&how, name_of(key), name_of(key), NULL);
        *newest = deletes ? -wall : wall;
    }
    return status == VARVE_OK;
}

static bool clear_key(varve_batch *batch, size_t key, int64_t *newest)
{
    varve_buf start = VARVE_BUF_INIT;
    varve_buf end = VARVE_BUF_INIT;
    varve_slice name = name_of(key);
    varve_status status = varve_key_encode(name, varve_ts_zero(), &start, NULL);
    if (status == VARVE_OK)
        status = varve_key_encode(name, varve_ts_zero(), &end, NULL);
    if (status == VARVE_OK) {
        end.data[end.size - 1] = 0x02;
        status = varve_writer_clear_range(varve_batch_writer_of(batch), varve_buf_slice(&start),
                                          varve_buf_slice(&end), NULL);
    }
    varve_buf_release(&start);
    varve_buf_release(&end);
    *newest = 0;
    return status == VARVE_OK;
}

/* Change the two keys, which are held, in one commit. */
static void write_two(struct worker *worker, const size_t held[2])
{
    varve_batch *batch;
    int64_t newest[2];
    size_t kind = draw(worker, 16);
    if (!check(worker,
               varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, NULL) == VARVE_OK,
               held[0], "no batch"))
        return;
    bool is_made = kind == 0
                       ? clear_key(batch, held[0], &newest[0])
                       : write_key(batch, held[0], kind == 1 ? MANY : 1, kind == 2, &newest[0]);
    is_made = is_made && write_key(batch, held[1], 1, false, &newest[1]);
    next_ending = kind == 3 ? NOT_DONE : kind == 4 ? DONE_BUT_UNKNOWN : DONE;
    varve_status status = varve_batch_commit(batch, VARVE_NO_SYNC, NULL);
    varve_status expected = kind == 3 ? VARVE_IO : kind == 4 ? VARVE_COMMIT_UNKNOWN : VARVE_OK;
    check(worker, is_made && status == expected, held[0], "a commit ended otherwise");
    if (kind != 3) {
        keys[held[0]].newest = newest[0];
        keys[held[1]].newest = newest[1];
    }
    varve_batch_close(batch);
}

/* Keys are held in their order. */
static void hold_and_write(struct worker *worker)
{
    size_t held[2] = {draw_key(worker), draw_key(worker)};
    if (held[0] == held[1])
        held[1] = (held[1] + 1) % KEYS;
    if (held[0] > held[1]) {
        size_t swapped = held[0];
        held[0] = held[1];
        held[1] = swapped;
    }
    for (int i = 0; i < 2; i++)
        pthread_mutex_lock(&keys[held[i]].lock);
    for (int i = 0; i < 2; i++)
        check(worker, look_somehow(worker, held[i]) == keys[held[i]].newest, held[i],
              "the last write was not read");
    write_two(worker, held);
    /* Again and again, for it to be remembered. */
    for (size_t looks = draw(worker, 4); looks > 0; looks--)
        check(worker, look_somehow(worker, held[0]) == keys[held[0]].newest, held[0],
              "the own write was not read");
    for (int i = 0; i < 2; i++)
        pthread_mutex_unlock(&keys[held[i]].lock);
}

static void *write_on(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < WRITES && !atomic_load(&gone_wrong); i++) {
        hold_and_write(worker);
        if (draw(worker, 100) == 0)
            check(worker, varve_engine_flush(on.engine, NULL) == VARVE_OK, 0, "no flush");
    }
    varve_rows_release(&worker->rows);
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

/* ---- Readers beside them --------------------------------------------------------------------- */

static int64_t age_of(int64_t newest)
{
    return newest < 0 ? -newest : newest;
}

/* Nothing at all tells no time: the key may have been cleared. */
static void look_for_less(struct worker *worker, size_t key)
{
    int64_t before = atomic_load(&keys[key].seen);
    int64_t now = age_of(look_somehow(worker, key));
    if (now == 0)
        return;
    check(worker, now >= before, key, "a reader went back in time");
    while (before < now && !atomic_compare_exchange_weak(&keys[key].seen, &before, now))
        continue;
}

/* The engine's reads of the same key in between are no matter. */
static void look_through_snapshot(struct worker *worker)
{
    varve_snapshot *snapshot;
    size_t key = draw_key(worker);
    if (!check(worker, varve_snapshot_open(on.engine, &snapshot, NULL) == VARVE_OK, key, "snap"))
        return;
    int64_t first = look(worker, varve_snapshot_reader(snapshot), key);
    for (int i = 0; i < 4; i++) {
        look_for_less(worker, key);
        check(worker, look(worker, varve_snapshot_reader(snapshot), key) == first, key,
              "a snapshot changed");
    }
    varve_snapshot_close(snapshot);
}

static void *read_on(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; !atomic_load(&gone_wrong) && (i < LOOKS || atomic_load(&writers_left) > 0);
         i++) {
        if (draw(worker, 8) == 0)
            look_through_snapshot(worker);
        else
            look_for_less(worker, draw_key(worker));
    }
    varve_rows_release(&worker->rows);
    return NULL;
}

/* ---- All together ---------------------------------------------------------------------------- */

static void start(struct worker *workers, int count, void *(*run)(void *), test_random *dice)
{
    for (int i = 0; i < count; i++) {
        workers[i] = (struct worker){.dice = {test_random_next(dice)}, .rows = VARVE_ROWS_INIT};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
}

static void join(struct worker *workers, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
}

static void ck_no_complaint(const struct worker *workers, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_msg(workers[i].complaint == NULL, "%s: %s", names[workers[i].key],
                      workers[i].complaint);
}

static void work(void)
{
    struct worker writers[WRITERS];
    struct worker readers[READERS];
    test_random dice = test_random_start();
    for (size_t key = 0; key < KEYS; key++) {
        (void)snprintf(names[key], sizeof names[key], "k%03zu", key);
        pthread_mutex_init(&keys[key].lock, NULL);
    }
    slow_backend_insert(on.engine, 1, 4);
    slow_ops = on.engine->ops;
    failing_ops = *slow_ops;
    failing_ops.apply = failing_apply;
    on.engine->ops = &failing_ops;
    atomic_store(&writers_left, WRITERS);
    start(writers, WRITERS, write_on, &dice);
    start(readers, READERS, read_on, &dice);
    join(writers, WRITERS);
    join(readers, READERS);
    slow_backend_remove(on.engine);
    ck_no_complaint(writers, WRITERS);
    ck_no_complaint(readers, READERS);
}

START_TEST(who_holds_a_key_reads_what_was_written_last)
{
    work();
}
END_TEST

/* Less room than keys, so that entries come and go all the time. */
START_TEST(also_where_newest_versions_are_kept)
{
    backend_keep_newest(on.engine, 1 << 14);
    work();
    ck_assert_uint_gt(varve__newest_numbers_of(on.engine->newest).hits, 0);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, also_where_newest_versions_are_kept);
    tcase_add_test(tcase, who_holds_a_key_reads_what_was_written_last);
}

int main(void)
{
    return run_suite(backend_suite("mvcc/exact", fill));
}
