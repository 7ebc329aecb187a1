/*
 * A bank on many threads: transfers between accounts, in batches and by transactions whose intents
 * others resolve, with latches; and beside them readers of every kind, garbage collection, recounts
 * and compactions.  Whatever a reader sees at one time, no money has come or gone; in the end each
 * account holds what has been paid in, and the statistics of all threads together are a recount.
 *
 * Without latches money does come and go: the control shows it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include <varve/varve.h>

#include "tests/support/backends.h"

enum {
    ACCOUNTS = 6,
    DEPOSIT = 1000,
    TRANSFERS = 60, /* of each writer */
    WRITERS = 3,
    RESOLVERS = 2,
    LOOKS = 5, /* each thread that looks or cleans up does so at least so often */
    KINDS_OF_READERS = 5,
    PENDING_MAX = WRITERS * TRANSFERS,
    NAP = 8
};

static const varve_span all_accounts = {{(const unsigned char *)"k", 1},
                                        {(const unsigned char *)"l", 1}};

static char names[ACCOUNTS][2];
static varve_latches *latches;
static atomic_int_least64_t clock_wall;
static atomic_int_least64_t balances[ACCOUNTS]; /* as they should be in the end */
static atomic_int writers_left;
static atomic_bool finished;
static atomic_bool gone_wrong; /* somebody has complained: all stop */

/* One of the threads. */
struct clerk {
    pthread_t thread;
    unsigned number;
    test_random dice;
    varve_stats stats; /* of what this thread has written */
    varve_error err;
    unsigned long done;
    unsigned long conflicts; /* intents that were in the way */
    const char *complaint;
};

static varve_slice name_of(size_t account)
{
    return varve_slice_of(names[account], sizeof names[account]);
}

/* Times are given out under latches: of a key, they come in the order of the writes. */
static varve_ts new_time(void)
{
    return varve_ts_of(atomic_fetch_add(&clock_wall, 1) + 1, 0);
}

static varve_ts time_now(void)
{
    return varve_ts_of(atomic_load(&clock_wall), 0);
}

/* Returns whether all is well; the first complaint stays. */
static bool check(struct clerk *clerk, bool holds, const char *what)
{
    if (!holds && clerk->complaint == NULL) {
        clerk->complaint = what;
        atomic_store(&gone_wrong, true);
    }
    return clerk->complaint == NULL;
}

/* Whether one of those goes on that work beside the writers. */
static bool goes_on(const struct clerk *clerk)
{
    return !atomic_load(&gone_wrong) && !(atomic_load(&finished) && clerk->done >= LOOKS);
}

static bool succeeds(struct clerk *clerk, varve_status status, const char *what)
{
    return check(clerk, status == VARVE_OK, what);
}

static varve_latch *hold(struct clerk *clerk, const size_t *accounts, size_t count)
{
    varve_latch *latch = NULL;
    varve_slice keys[2];
    for (size_t i = 0; i < count; i++)
        keys[i] = name_of(accounts[i]);
    succeeds(clerk, varve_latches_acquire(latches, keys, count, NULL, 0, NULL, &latch, NULL),
             "no latch for keys");
    return latch;
}

static varve_latch *hold_all(struct clerk *clerk)
{
    varve_latch *latch = NULL;
    succeeds(clerk, varve_latches_acquire(latches, NULL, 0, &all_accounts, 1, NULL, &latch, NULL),
             "no latch for the span");
    return latch;
}

/* ---- Transactions that wait for somebody to resolve them ---------------------------------------
 */

struct transfer {
    size_t accounts[2]; /* from, to */
    int64_t amount;
    bool commits;
    varve_txn_meta txn;
};

static struct transfer pending[PENDING_MAX];
static size_t pending_count;
static size_t taken_count;
static pthread_mutex_t pending_lock = PTHREAD_MUTEX_INITIALIZER;

static void leave_pending(const struct transfer *transfer)
{
    pthread_mutex_lock(&pending_lock);
    pending[pending_count++] = *transfer;
    pthread_mutex_unlock(&pending_lock);
}

static bool take_pending(struct transfer *transfer)
{
    pthread_mutex_lock(&pending_lock);
    bool is_there = taken_count < pending_count;
    if (is_there)
        *transfer = pending[taken_count++];
    pthread_mutex_unlock(&pending_lock);
    return is_there;
}

/* ---- Writers -----------------------------------------------------------------------------------
 */

/* Pay on both accounts, in one batch.  Returns VARVE_OK or what was in the way. */
static varve_status pay(struct clerk *clerk, varve_batch *batch, struct transfer *transfer,
                        bool as_txn)
{
    varve_stats stats = {0};
    varve_status status = VARVE_OK;
    varve_txn txn = VARVE_TXN_INIT;
    varve_write how = {.struct_size = sizeof how,
                       .reader = varve_batch_reader_of(batch),
                       .writer = varve_batch_writer_of(batch),
                       .ts = new_time(),
                       .txn = as_txn ? &txn : NULL,
                       .stats = &stats};
    transfer->txn.write_ts = how.ts;
    txn.read_ts = how.ts;
    for (int i = 0; i < 2 && status == VARVE_OK; i++) {
        transfer->txn.sequence++;
        txn.meta = transfer->txn;
        status =
            varve_mvcc_increment(&how, name_of(transfer->accounts[i]),
                                 i == 0 ? -transfer->amount : transfer->amount, NULL, &clerk->err);
    }
    if (status == VARVE_OK)
        status = varve_batch_commit(batch, VARVE_NO_SYNC, &clerk->err);
    if (status == VARVE_OK)
        varve_stats_add(&clerk->stats, &stats);
    return status;
}

static void book(const struct transfer *transfer)
{
    if (!transfer->commits)
        return;
    atomic_fetch_sub(&balances[transfer->accounts[0]], transfer->amount);
    atomic_fetch_add(&balances[transfer->accounts[1]], transfer->amount);
}

static void try_transfer(struct clerk *clerk, struct transfer *transfer, bool as_txn)
{
    varve_batch *batch = NULL;
    varve_latch *latch = hold(clerk, transfer->accounts, 2);
    transfer->txn.sequence = 0;
    varve_status status = varve_batch_open(on.engine, 0, &batch, &clerk->err);
    if (status == VARVE_OK)
        status = pay(clerk, batch, transfer, as_txn);
    varve_batch_close(batch);
    if (status == VARVE_OK) {
        book(transfer);
        clerk->done++;
    } else if (status == VARVE_WRITE_INTENT) {
        clerk->conflicts++;
    } else {
        check(clerk, false, clerk->err.message);
    }
    varve_latches_release(latch);
    if (status == VARVE_OK && as_txn)
        leave_pending(transfer);
}

static void *write_on(void *argument)
{
    struct clerk *clerk = argument;
    while (clerk->done < TRANSFERS && !atomic_load(&gone_wrong)) {
        unsigned long before = clerk->done;
        bool as_txn = test_random_below(&clerk->dice, 2) == 0;
        struct transfer transfer = {
            .amount = 1 + (int64_t)test_random_below(&clerk->dice, 50),
            .commits = !as_txn || test_random_below(&clerk->dice, 3) > 0,
        };
        transfer.txn.id[0] = (unsigned char)(clerk->number + 1);
        transfer.txn.id[1] = (unsigned char)before;
        transfer.accounts[0] = test_random_below(&clerk->dice, ACCOUNTS);
        transfer.accounts[1] =
            (transfer.accounts[0] + 1 + test_random_below(&clerk->dice, ACCOUNTS - 1)) % ACCOUNTS;
        try_transfer(clerk, &transfer, as_txn);
        if (clerk->done == before) /* who resolves is to have a turn */
            sched_yield();
    }
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

/* ---- Resolvers ---------------------------------------------------------------------------------
 */

static varve_write plain_write(struct clerk *clerk)
{
    return (varve_write){.struct_size = sizeof(varve_write),
                         .reader = on.reader,
                         .writer = on.writer,
                         .stats = &clerk->stats};
}

static void resolve_account(struct clerk *clerk, const struct transfer *transfer, int which,
                            varve_txn_status status)
{
    bool resolved = false;
    varve_write how = plain_write(clerk);
    varve_resolution update = {
        .struct_size = sizeof update, .txn = &transfer->txn, .status = status};
    varve_slice key = name_of(transfer->accounts[which]);
    succeeds(clerk, varve_mvcc_resolve(&how, key, &update, &resolved, &clerk->err),
             "a resolution has failed");
    check(clerk, resolved, "there was no intent to be resolved");
}

/* Move both intents up: nobody else may be at these keys when the time is taken. */
static void push(struct clerk *clerk, struct transfer *transfer)
{
    varve_latch *latch = hold(clerk, transfer->accounts, 2);
    transfer->txn.write_ts = new_time();
    for (int i = 0; i < 2; i++)
        resolve_account(clerk, transfer, i, VARVE_TXN_PENDING);
    varve_latches_release(latch);
}

static void resolve_both(struct clerk *clerk, const struct transfer *transfer)
{
    varve_txn_status status = transfer->commits ? VARVE_TXN_COMMITTED : VARVE_TXN_ABORTED;
    for (int i = 0; i < 2; i++) {
        varve_latch *latch = hold(clerk, &transfer->accounts[i], 1);
        resolve_account(clerk, transfer, i, status);
        varve_latches_release(latch);
    }
}

static void resolve_span(struct clerk *clerk, const struct transfer *transfer)
{
    int64_t resolved = 0;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = plain_write(clerk);
    varve_resolution update = {.struct_size = sizeof update,
                               .txn = &transfer->txn,
                               .status =
                                   transfer->commits ? VARVE_TXN_COMMITTED : VARVE_TXN_ABORTED};
    varve_latch *latch = hold_all(clerk);
    succeeds(clerk,
             varve_mvcc_resolve_range(&how, all_accounts, -1, &update, &resolved, NULL, &rows,
                                      &clerk->err),
             "a resolution of a span has failed");
    varve_latches_release(latch);
    check(clerk, resolved == 2, "there were not two intents to be resolved");
    varve_rows_release(&rows);
}

static void *resolve_on(void *argument)
{
    struct clerk *clerk = argument;
    struct transfer transfer;
    for (;;) {
        bool is_last = atomic_load(&writers_left) == 0;
        if (!take_pending(&transfer)) {
            if (is_last || atomic_load(&gone_wrong))
                return NULL;
            sched_yield();
            continue;
        }
        if (clerk->done % 4 == 0)
            push(clerk, &transfer);
        if (clerk->done++ % 3 == 0)
            resolve_span(clerk, &transfer);
        else
            resolve_both(clerk, &transfer);
    }
}

/* ---- Readers -----------------------------------------------------------------------------------
 */

static int64_t amount_of(struct clerk *clerk, const varve_row *row)
{
    int64_t amount = 0;
    succeeds(clerk, varve_value_get_int(row->value, &amount, &clerk->err), "no amount");
    return amount;
}

/* What the accounts hold together, if no intent is in the way. */
static bool check_sum(struct clerk *clerk, varve_status status, const varve_rows *rows)
{
    varve_row row;
    int64_t sum = 0;
    size_t count = 0;
    if (status == VARVE_WRITE_INTENT) {
        clerk->conflicts++;
        return false;
    }
    succeeds(clerk, status, clerk->err.message);
    for (size_t position = 0; varve_rows_next(rows, &position, &row); count++)
        sum += amount_of(clerk, &row);
    check(clerk, count == ACCOUNTS, "accounts are missing");
    return check(clerk, sum == (int64_t)ACCOUNTS * DEPOSIT, "money has come or gone");
}

/* Scan in either direction. */
static bool scan(struct clerk *clerk, varve_reader *reader, varve_ts ts)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = ts};
    varve_status status =
        clerk->done % 2 == 0
            ? varve_mvcc_scan(reader, &how, all_accounts, -1, &rows, &clerk->err)
            : varve_mvcc_reverse_scan(reader, &how, all_accounts, -1, &rows, &clerk->err);
    bool is_well = check_sum(clerk, status, &rows);
    varve_rows_release(&rows);
    return is_well;
}

/* Each account by itself. */
static void get_each(struct clerk *clerk, varve_reader *reader, varve_ts ts)
{
    varve_row row;
    int64_t sum = 0;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = ts};
    for (size_t i = 0; i < ACCOUNTS; i++) {
        size_t position = 0;
        if (succeeds(clerk, varve_mvcc_get(reader, &how, name_of(i), &rows, &clerk->err),
                     "an account is not there") &&
            varve_rows_next(&rows, &position, &row))
            sum += amount_of(clerk, &row);
    }
    check(clerk, sum == (int64_t)ACCOUNTS * DEPOSIT, "account by account, money has come or gone");
    varve_rows_release(&rows);
}

/* Row by row, with all the time in the world between two. */
static bool walk(struct clerk *clerk, varve_reader *reader, varve_ts ts)
{
    varve_row row;
    int64_t sum = 0;
    varve_cursor *cursor = NULL;
    varve_read how = {.struct_size = sizeof how, .ts = ts};
    varve_status status = varve_cursor_open(reader, &how, all_accounts, 0, &cursor, &clerk->err);
    while (status == VARVE_OK) {
        status = varve_cursor_next(cursor, &row, &clerk->err);
        if (status == VARVE_OK)
            sum += amount_of(clerk, &row);
        sched_yield();
    }
    varve_cursor_close(cursor);
    if (status == VARVE_WRITE_INTENT) {
        clerk->conflicts++;
        return false;
    }
    check(clerk, status == VARVE_NOT_FOUND, "a cursor has failed");
    return check(clerk, sum == (int64_t)ACCOUNTS * DEPOSIT, "row by row, money has come or gone");
}

/*
 * All of them on one snapshot, at a time of the clock.  It is taken behind the snapshot: what has
 * been collected there had newer versions by then.
 */
static bool read_snapshot(struct clerk *clerk)
{
    varve_snapshot *snapshot = NULL;
    if (!succeeds(clerk, varve_snapshot_open(on.engine, &snapshot, &clerk->err), "no snapshot"))
        return false;
    varve_reader *reader = varve_snapshot_reader(snapshot);
    varve_ts ts = time_now();
    bool is_well = scan(clerk, reader, ts);
    if (is_well) {
        get_each(clerk, reader, ts);
        check(clerk, walk(clerk, reader, ts), "a snapshot has changed");
    }
    varve_snapshot_close(snapshot);
    return is_well;
}

/* A recount finds all accounts, each with a value. */
static bool recount(struct clerk *clerk)
{
    varve_stats stats;
    if (!succeeds(clerk, varve_stats_compute(on.reader, all_accounts, 0, NULL, &stats, &clerk->err),
                  "a recount has failed"))
        return false;
    return check(clerk,
                 stats.key_count == ACCOUNTS && stats.live_count == ACCOUNTS &&
                     stats.val_count >= ACCOUNTS,
                 "a recount has missed accounts");
}

/*
 * The newest version of an account, again and again: it is never older than the one before.  That
 * is what gets of the present are asked for, and what is kept for them.
 */
static bool watch_account(struct clerk *clerk)
{
    varve_row row;
    varve_ts before = varve_ts_zero();
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {
        .struct_size = sizeof how, .ts = varve_ts_max(), .flags = VARVE_READ_INCONSISTENT};
    varve_slice name = name_of(test_random_below(&clerk->dice, ACCOUNTS));
    bool is_well = true;
    for (int i = 0; i < 20 && is_well; i++) {
        size_t position = 0;
        is_well = succeeds(clerk, varve_mvcc_get(on.reader, &how, name, &rows, &clerk->err),
                           "an account is not there") &&
                  check(clerk, varve_rows_next(&rows, &position, &row), "no row") &&
                  check(clerk, varve_ts_compare(row.ts, before) >= 0, "time has gone back");
        if (is_well)
            before = row.ts;
    }
    varve_rows_release(&rows);
    return is_well;
}

static void *read_on(void *argument)
{
    struct clerk *clerk = argument;
    while (goes_on(clerk)) {
        bool is_well = false;
        if (clerk->number == 0)
            is_well = scan(clerk, on.reader, varve_ts_max());
        else if (clerk->number == 1)
            is_well = read_snapshot(clerk);
        else if (clerk->number == 2)
            is_well = walk(clerk, on.reader, varve_ts_max());
        else if (clerk->number == 3)
            is_well = recount(clerk);
        else
            is_well = watch_account(clerk);
        if (is_well)
            clerk->done++;
    }
    return NULL;
}

/* ---- Cleaning up -------------------------------------------------------------------------------
 */

/* Let go of all but the newest two versions of an account. */
static void collect_account(struct clerk *clerk, size_t account)
{
    varve_row row;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read read = {
        .struct_size = sizeof read, .ts = varve_ts_max(), .flags = VARVE_READ_INCONSISTENT};
    varve_write how = plain_write(clerk);
    varve_gc_key key = {name_of(account), varve_ts_zero()};
    varve_latch *latch = hold(clerk, &account, 1);
    succeeds(clerk, varve_mvcc_versions(on.reader, &read, key.key, -1, &rows, &clerk->err),
             "no versions");
    size_t count = 0;
    for (size_t position = 0; varve_rows_next(&rows, &position, &row); count++) {
        if (count == 2)
            key.threshold = row.ts;
    }
    succeeds(clerk, varve_mvcc_gc(&how, &key, 1, time_now(), &clerk->err), "a collection");
    varve_latches_release(latch);
    varve_rows_release(&rows);
}

static void *clean_up(void *argument)
{
    struct clerk *clerk = argument;
    while (goes_on(clerk)) {
        for (size_t i = 0; i < ACCOUNTS; i++)
            collect_account(clerk, i);
        if (clerk->done % NAP == 0)
            succeeds(clerk, varve_engine_flush(on.engine, &clerk->err), "a flush");
        if (clerk->done % NAP == NAP / 2)
            succeeds(clerk, varve_engine_compact(on.engine, &clerk->err), "a compaction");
        clerk->done++;
    }
    return NULL;
}

/* ---- All together ------------------------------------------------------------------------------
 */

static void start(struct clerk *clerks, int count, void *(*work)(void *), test_random *dice)
{
    for (int i = 0; i < count; i++) {
        clerks[i] = (struct clerk){.number = (unsigned)i, .err = VARVE_ERROR_INIT};
        clerks[i].dice.state = test_random_next(dice);
        ck_assert_int_eq(pthread_create(&clerks[i].thread, NULL, work, &clerks[i]), 0);
    }
}

static void join(struct clerk *clerks, int count, const char *what, varve_stats *stats)
{
    unsigned long done = 0;
    unsigned long conflicts = 0;
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(clerks[i].thread, NULL), 0);
        varve_stats_add(stats, &clerks[i].stats);
        done += clerks[i].done;
        conflicts += clerks[i].conflicts;
    }
    for (int i = 0; i < count; i++) {
        ck_assert_msg(clerks[i].complaint == NULL, "%s: %s", what, clerks[i].complaint);
        varve_error_release(&clerks[i].err);
    }
    printf("%s %lu with %lu conflicts; ", what, done, conflicts);
}

static void open_accounts(varve_stats *stats)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        names[i][0] = 'k';
        names[i][1] = (char)('0' + i);
        varve_write how = {.struct_size = sizeof how,
                           .reader = on.reader,
                           .writer = on.writer,
                           .ts = new_time(),
                           .stats = stats};
        atomic_store(&balances[i], DEPOSIT);
        ck_ok(varve_mvcc_increment(&how, name_of((size_t)i), DEPOSIT, NULL, &on.err), &on.err);
    }
}

static int64_t balance_of(size_t account)
{
    varve_row row;
    size_t position = 0;
    int64_t amount = 0;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    ck_ok(varve_mvcc_get(on.reader, &how, name_of(account), &rows, &on.err), &on.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_ok(varve_value_get_int(row.value, &amount, &on.err), &on.err);
    varve_rows_release(&rows);
    return amount;
}

static void ck_recount(varve_stats *stats)
{
    varve_stats counted;
    varve_span everything = {bytes(""), bytes("")};
    varve_stats_age_to(stats, INT64_C(5000000000));
    ck_ok(varve_stats_compute(on.reader, everything, INT64_C(5000000000), NULL, &counted, &on.err),
          &on.err);
    ck_assert_int_eq(counted.val_bytes, stats->val_bytes);
    ck_assert_int_eq(counted.intent_count, 0);
    ck_assert_mem_eq(&counted, stats, sizeof counted);
}

static void do_business(void)
{
    static struct clerk writers[WRITERS];
    static struct clerk resolvers[RESOLVERS];
    static struct clerk readers[KINDS_OF_READERS];
    static struct clerk cleaner[1];
    varve_stats stats = {0};
    test_random dice = test_random_start();
    ck_ok(varve_latches_open(4, &latches, &on.err), &on.err);
    open_accounts(&stats);
    atomic_store(&writers_left, WRITERS);
    start(readers, KINDS_OF_READERS, read_on, &dice);
    start(cleaner, 1, clean_up, &dice);
    start(resolvers, RESOLVERS, resolve_on, &dice);
    start(writers, WRITERS, write_on, &dice);
    join(writers, WRITERS, "transfers", &stats);
    join(resolvers, RESOLVERS, "resolutions", &stats);
    atomic_store(&finished, true);
    join(readers, KINDS_OF_READERS, "reads", &stats);
    join(cleaner, 1, "collections", &stats);
    printf("\n");
    for (size_t i = 0; i < ACCOUNTS; i++) {
        int64_t expected = atomic_load(&balances[i]);
        ck_assert_int_eq(balance_of(i), expected);
    }
    ck_recount(&stats);
    varve_latches_close(latches);
}

START_TEST(no_money_comes_or_goes)
{
    do_business();
}
END_TEST

/* Fewer entries than accounts, so that they come and go all the time. */
START_TEST(nor_with_newest_versions_kept)
{
    backend_keep_newest(on.engine, 700);
    do_business();
}
END_TEST

/* ---- The control -------------------------------------------------------------------------------
 */

static void transfer_in(varve_batch *batch, varve_ts ts, size_t to, int64_t amount)
{
    varve_write how = {.struct_size = sizeof how,
                       .reader = varve_batch_reader_of(batch),
                       .writer = varve_batch_writer_of(batch),
                       .ts = ts};
    ck_ok(varve_mvcc_increment(&how, name_of(0), -amount, NULL, &on.err), &on.err);
    ck_ok(varve_mvcc_increment(&how, name_of(to), amount, NULL, &on.err), &on.err);
}

/* Two writers look before either of them commits, which is what latches exclude. */
START_TEST(control_without_latches_money_comes)
{
    varve_batch *one;
    varve_batch *other;
    varve_stats stats = {0};
    int64_t sum = 0;
    open_accounts(&stats);
    ck_ok(varve_batch_open(on.engine, 0, &one, &on.err), &on.err);
    ck_ok(varve_batch_open(on.engine, 0, &other, &on.err), &on.err);
    transfer_in(one, new_time(), 1, 100);
    transfer_in(other, new_time(), 2, 10);
    ck_ok(varve_batch_commit(one, VARVE_NO_SYNC, &on.err), &on.err);
    ck_ok(varve_batch_commit(other, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(one);
    varve_batch_close(other);
    for (size_t i = 0; i < ACCOUNTS; i++)
        sum += balance_of(i);
    ck_assert_int_eq(sum, (int64_t)ACCOUNTS * DEPOSIT + 100);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, no_money_comes_or_goes);
    tcase_add_test(tcase, nor_with_newest_versions_kept);
    tcase_add_test(tcase, control_without_latches_money_comes);
}

int main(void)
{
    return run_suite(backend_suite("mvcc/bank", fill));
}
