/*
 * The statistics that writes keep against a recount after every one of them: random reads and
 * writes of user keys and system-local ones, versioned and inline, by transactions and without,
 * directly and through batches with savepoints.
 *
 * VARVE_TEST_STEPS is the number of steps on each backend, VARVE_TEST_SEED repeats a run.  Without
 * it the map, which is fast, gets ten times those of the others.
 */
#include <stdio.h>

#include "tests/support/acts.h"
#include "tests/support/backends.h"
#include "tests/support/mvcc.h"

#define SECOND INT64_C(1000000000)

/* Every fourth has inline values. */
static const char *const key_texts[] = {
    "%00", "%01k%12a%00%01rdsc", "%01k%12b%00%01", "%01z", "%02", "a", "a%00", "bb"};
enum { KEY_COUNT = sizeof key_texts / sizeof key_texts[0], SAVEPOINTS_MAX = 3 };

/* What batches go through, besides the acts. */
enum event { OPENED, COMMITTED, DROPPED, SAVED, ROLLED_BACK, RELEASED, EVENTS };
static const char *const event_names[EVENTS] = {"open batch", "commit",    "drop",
                                                "savepoint",  "roll back", "release"};

/* The state of the store, as the model and the numbers have it, and of those who write. */
struct state {
    struct model model;
    varve_stats stats;
    varve_txn txns[ACT_TXNS];
    varve_seq_range ignored[ACT_TXNS][ACT_RANGES];
};

static struct state now;
static struct state before_batch;
static struct state saved[SAVEPOINTS_MAX];
static size_t saved_count;
static struct acts acts;
static varve_batch *batch;
static unsigned long events[EVENTS];
static unsigned long effects[ACT_KINDS]; /* acts that have changed something, or reads that went
                                            well */

static varve_reader *reader_now(void)
{
    return batch != NULL ? varve_batch_reader_of(batch) : on.reader;
}

static void print(const char *what, const varve_stats *stats)
{
    varve_buf text = VARVE_BUF_INIT;
    must(varve_stats_print(stats, &text, &on.err) == VARVE_OK, on.err.message);
    printf("%s %.*s\n", what, (int)text.size, (const char *)text.data);
    varve_buf_release(&text);
}

static struct state state_now(void)
{
    memcpy(now.txns, acts.txns, sizeof now.txns);
    memcpy(now.ignored, acts.ignored, sizeof now.ignored);
    return now;
}

static void go_back(const struct state *state)
{
    now = *state;
    memcpy(acts.txns, now.txns, sizeof now.txns);
    memcpy(acts.ignored, now.ignored, sizeof now.ignored);
}

/* Aged to any time, the numbers are those of a recount as of that time. */
static void ck_recount(unsigned long step, const char *what)
{
    varve_stats counted;
    varve_stats aged = now.stats;
    varve_span everything = {bytes(""), bytes("")};
    int64_t time = (int64_t)test_random_below(&acts.dice, 160) * SECOND / 4;
    must(varve_stats_compute(reader_now(), everything, time, NULL, &counted, &on.err) == VARVE_OK,
         on.err.message);
    varve_stats_age_to(&aged, time);
    if (memcmp(&aged, &counted, sizeof aged) == 0)
        return;
    print("running", &aged);
    print("counted", &counted);
    ck_abort_msg("step %lu, %s", step, what);
}

/* ---- Batches -----------------------------------------------------------------------------------
 */

static void close_batch(bool commits)
{
    if (commits)
        must(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err) == VARVE_OK, on.err.message);
    else
        go_back(&before_batch);
    varve_batch_close(batch);
    batch = NULL;
    events[commits ? COMMITTED : DROPPED]++;
}

static void move_savepoint(enum event event)
{
    if (event == SAVED && saved_count < SAVEPOINTS_MAX) {
        must(varve_batch_savepoint(batch, &on.err) == VARVE_OK, on.err.message);
        saved[saved_count++] = state_now();
    } else if (event == ROLLED_BACK && saved_count > 0) {
        must(varve_batch_rollback(batch, &on.err) == VARVE_OK, on.err.message);
        go_back(&saved[--saved_count]);
    } else if (event == RELEASED && saved_count > 0) {
        must(varve_batch_release(batch, &on.err) == VARVE_OK, on.err.message);
        saved_count--;
    } else {
        return;
    }
    events[event]++;
}

/* Returns whether something happened to a batch. */
static bool move_batch(void)
{
    size_t roll = test_random_below(&acts.dice, 60);
    if (batch == NULL && roll < 2) {
        must(varve_batch_open(on.engine, 0, &batch, &on.err) == VARVE_OK, on.err.message);
        before_batch = state_now();
        saved_count = 0;
        events[OPENED]++;
    } else if (batch != NULL && roll < 2) {
        close_batch(roll == 0);
    } else if (batch != NULL && roll < 8) {
        move_savepoint(SAVED + roll % 3);
    } else {
        return false;
    }
    return true;
}

/* ---- Acts --------------------------------------------------------------------------------------
 */

static void count_effect(const struct act *act, const varve_buf *found, const varve_stats *before)
{
    bool is_read = act->kind == ACT_GET || act->kind == ACT_SCAN;
    bool went_well = strncmp((const char *)found->data, "OK", 2) == 0;
    if (is_read ? went_well : memcmp(before, &now.stats, sizeof *before) != 0)
        effects[act->kind]++;
}

static void do_act(struct act *act, unsigned long step)
{
    varve_buf found = VARVE_BUF_INIT;
    varve_buf expected = VARVE_BUF_INIT;
    varve_stats before = now.stats;
    varve_writer *writer = batch != NULL ? varve_batch_writer_of(batch) : on.writer;
    act_make(&acts, act);
    act_do(act, reader_now(), writer, &now.stats, &found);
    act_do_to_model(act, &now.model, &expected);
    if (!varve_slice_equal(varve_buf_slice(&found), varve_buf_slice(&expected)))
        ck_abort_msg("step %lu: varve %s, model %s", step, (const char *)found.data,
                     (const char *)expected.data);
    count_effect(act, &found, &before);
    varve_buf_release(&found);
    varve_buf_release(&expected);
}

static void do_step(unsigned long step)
{
    struct act act = {.kind = ACT_GET};
    varve_buf what = VARVE_BUF_INIT;
    bool was_moved = move_batch();
    if (!was_moved) {
        do_act(&act, step);
        act_tell(&act, &what);
    }
    ck_recount(step, was_moved ? "batch" : (const char *)what.data);
    varve_buf_release(&what);
}

/* ---- Long runs ---------------------------------------------------------------------------------
 */

/* The map keeps all that it has ever held: go on with another one, which gets what is there now. */
static void change_store(void)
{
    varve_iter *it = NULL;
    varve_batch *copy = NULL;
    varve_engine *next = backend_open(on.backend);
    must(varve_batch_open(next, VARVE_BATCH_WRITE_ONLY, &copy, &on.err) == VARVE_OK,
         on.err.message);
    must(varve_iter_open(on.reader, NULL, &it, &on.err) == VARVE_OK, on.err.message);
    varve_writer *writer = varve_batch_writer_of(copy);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        must(varve_writer_put(writer, it->key, varve_iter_value(it), &on.err) == VARVE_OK,
             on.err.message);
    must(varve_iter_status(it, &on.err) == VARVE_OK, on.err.message);
    varve_iter_close(it);
    must(varve_batch_commit(copy, VARVE_NO_SYNC, &on.err) == VARVE_OK, on.err.message);
    varve_batch_close(copy);
    backend_close(on.engine);
    on.engine = next;
    on.reader = varve_engine_reader(next);
    on.writer = varve_engine_writer(next);
}

/*
 * A recount passes over all that has been overwritten and cleared, until that is dropped: in a long
 * run it would be nearly all the time.
 */
static void drop_hidden_records(unsigned long step)
{
    static unsigned long last;
    if (step - last < 1000 || batch != NULL)
        return;
    last = step;
    if (on.backend == BACKEND_MAP)
        change_store();
    else
        must(varve_engine_compact(on.engine, &on.err) == VARVE_OK, on.err.message);
}

static unsigned long steps_wanted(void)
{
    return test_steps(on.backend == BACKEND_MAP ? 50000 : 5000);
}

/* Those that statistics cannot follow are not among the acts. */
static bool is_made(int kind)
{
    return kind != ACT_MERGE && kind != ACT_CLEAR_RANGE;
}

/* Each act has had an effect, and each event has come, however they are drawn. */
static bool has_all_happened(void)
{
    bool all = true;
    for (int i = 0; i < ACT_KINDS; i++)
        all = all && (!is_made(i) || effects[i] > 0);
    for (int i = 0; i < EVENTS; i++)
        all = all && events[i] > 0;
    return all;
}

static void report(void)
{
    for (int i = 0; i < ACT_KINDS; i++)
        if (is_made(i))
            printf("%s %lu, ", act_names[i], effects[i]);
    for (int i = 0; i < EVENTS; i++)
        printf("%s %lu%s", event_names[i], events[i], i < EVENTS - 1 ? ", " : "\n");
}

START_TEST(numbers_are_a_recount_after_every_write)
{
    varve_slice keys[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++)
        keys[i] = mvcc_bytes(key_texts[i]);
    model_start(&now.model, keys, KEY_COUNT);
    acts_start(&acts, test_random_start(), &now.model, SECOND * 3 / 4);
    acts.well_kept = true;
    unsigned long wanted = steps_wanted();
    for (unsigned long step = 0; step < wanted || !has_all_happened(); step++) {
        do_step(step);
        drop_hidden_records(step);
    }
    if (batch != NULL)
        close_batch(true);
    report();
}
END_TEST

static void fill(TCase *tcase)
{
    if (getenv("VARVE_TEST_STEPS") != NULL)
        tcase_set_timeout(tcase, 60 + (double)steps_wanted() / 1000);
    tcase_add_test(tcase, numbers_are_a_recount_after_every_write);
}

int main(void)
{
    return run_suite(backend_suite("stats_writes", fill));
}
