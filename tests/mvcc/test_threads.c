/*
 * Readers on several threads beside a writer: each read sees whole commits.
 */
#include <pthread.h>
#include <stdatomic.h>

#include <varve/mvcc.h>
#include <varve/ts.h>

#include "tests/support/backends.h"

#define READERS 3
#define KEYS 12
#define COMMITS 300

static atomic_bool finished;

struct reader {
    varve_reader *reader;
    bool fixed; /* a snapshot: it shows the same in each read */
    unsigned reads;
    const char *complaint;
};

static varve_status read_all(varve_reader *reader, unsigned way, varve_rows *rows)
{
    varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_span span = {bytes("k"), bytes("l")};
    return way % 2 == 0 ? varve_mvcc_scan(reader, &how, span, -1, rows, NULL)
                        : varve_mvcc_reverse_scan(reader, &how, span, -1, rows, NULL);
}

/* All keys are written in each commit, at one timestamp. */
static const char *check_rows(const varve_rows *rows, varve_ts *newest)
{
    varve_row row;
    varve_ts first = varve_ts_zero();
    for (size_t position = 0; varve_rows_next(rows, &position, &row);) {
        if (varve_ts_is_zero(first))
            first = row.ts;
        if (varve_ts_compare(row.ts, first) != 0)
            return "a scan has seen half a commit";
    }
    if (rows->count != KEYS)
        return "a scan has missed keys";
    if (varve_ts_compare(first, *newest) < 0)
        return "a scan has gone back in time";
    *newest = first;
    return NULL;
}

static const char *check_get(varve_reader *reader, varve_ts newest)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    size_t position = 0;
    varve_read how = {.struct_size = sizeof how, .ts = newest};
    const char *complaint = NULL;
    if (varve_mvcc_get(reader, &how, bytes("ka"), &rows, NULL) != VARVE_OK ||
        !varve_rows_next(&rows, &position, &row))
        complaint = "a get has missed its key";
    else if (varve_ts_compare(row.ts, newest) != 0)
        complaint = "a get has not seen what a scan has";
    varve_rows_release(&rows);
    return complaint;
}

static void *read_on(void *argument)
{
    struct reader *reader = argument;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_ts newest = varve_ts_zero();
    while (reader->complaint == NULL && !(atomic_load(&finished) && reader->reads >= 20)) {
        varve_ts before = newest;
        if (read_all(reader->reader, reader->reads++, &rows) != VARVE_OK)
            reader->complaint = "a scan has failed";
        else
            reader->complaint = check_rows(&rows, &newest);
        if (reader->complaint == NULL)
            reader->complaint = check_get(reader->reader, newest);
        if (reader->fixed && reader->reads > 1 && varve_ts_compare(before, newest) != 0)
            reader->complaint = "a snapshot has moved";
    }
    varve_rows_release(&rows);
    return NULL;
}

static void write_all(int64_t wall)
{
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    for (char letter = 'a'; letter < 'a' + KEYS; letter++) {
        const char key[2] = {'k', letter};
        varve_write how = {.struct_size = sizeof how,
                           .reader = varve_batch_reader_of(batch),
                           .writer = varve_batch_writer_of(batch),
                           .ts = varve_ts_of(wall, 0)};
        ck_ok(varve_mvcc_put(&how, varve_slice_of(key, 2), bytes("value"), &on.err), &on.err);
    }
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

START_TEST(reads_see_whole_commits)
{
    static struct reader readers[READERS + 1];
    pthread_t threads[READERS + 1];
    varve_snapshot *snapshot;
    write_all(1);
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    for (int i = 0; i <= READERS; i++) {
        readers[i].fixed = i == READERS;
        readers[i].reader = readers[i].fixed ? varve_snapshot_reader(snapshot) : on.reader;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    }
    for (int i = 2; i <= COMMITS; i++)
        write_all(i);
    atomic_store(&finished, true);
    for (int i = 0; i <= READERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(readers[i].complaint == NULL, "%s", readers[i].complaint);
        ck_assert_uint_ge(readers[i].reads, 20);
    }
    varve_snapshot_close(snapshot);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, reads_see_whole_commits);
}

int main(void)
{
    SRunner *runner = srunner_create(backend_suite("mvcc/threads", fill));
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
