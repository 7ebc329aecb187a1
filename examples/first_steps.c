/*
 * First steps with varve: open a store, write versions of a key, read them at different times,
 * write several keys atomically, scan.  Usage: first_steps DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>

#include <varve/varve.h>

/* Every call returns a status; the error says the rest.  A real program may do more than leave. */
static void check(varve_status status, varve_error *err)
{
    if (status >= 0)
        return;
    fprintf(stderr, "%s: %s\n", varve_status_name(status), err->message);
    varve_error_release(err);
    exit(EXIT_FAILURE);
}

/* Store `text` under `key` as of `seconds`. */
static void put(varve_reader *reader, varve_writer *writer, const char *key, const char *text,
                int64_t seconds)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf value = VARVE_BUF_INIT;
    check(varve_value_set_bytes(&value, varve_slice_text(text), &err), &err);

    varve_write how = {.struct_size = sizeof how, .reader = reader, .writer = writer};
    how.ts = varve_ts_of(seconds * 1000000000, 0);
    check(varve_mvcc_put(&how, varve_slice_text(key), varve_buf_slice(&value), &err), &err);
    varve_buf_release(&value);
}

/* Print what a read of [start, end) sees as of `seconds`. */
static void print_as_of(varve_reader *reader, const char *start, const char *end, int64_t seconds)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how};
    how.ts = varve_ts_of(seconds * 1000000000, 0);
    varve_span span = {varve_slice_text(start), varve_slice_text(end)};
    check(varve_mvcc_scan(reader, &how, span, -1, &rows, &err), &err);

    printf("as of second %d:", (int)seconds);
    size_t position = 0;
    varve_row row;
    while (varve_rows_next(&rows, &position, &row)) {
        varve_slice text;
        check(varve_value_get_bytes(row.value, &text, &err), &err);
        printf(" %.*s=%.*s", (int)row.key.size, (const char *)row.key.data, (int)text.size,
               (const char *)text.data);
    }
    printf("\n");
    varve_rows_release(&rows);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }

    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine;
    varve_options options = {.struct_size = sizeof options, .path = argv[1]};
    check(varve_engine_open(&options, &engine, &err), &err);
    varve_reader *reader = varve_engine_reader(engine);

    /* Each of these is a commit of its own, on stable storage when the call returns. */
    put(reader, varve_engine_writer(engine), "apple", "green", 10);
    put(reader, varve_engine_writer(engine), "apple", "red", 20);

    /* Several keys at once: nothing is visible outside before the commit, then everything. */
    varve_batch *batch;
    check(varve_batch_open(engine, 0, &batch, &err), &err);
    put(varve_batch_reader_of(batch), varve_batch_writer_of(batch), "apple", "brown", 30);
    put(varve_batch_reader_of(batch), varve_batch_writer_of(batch), "banana", "yellow", 30);
    check(varve_batch_commit(batch, VARVE_SYNC, &err), &err);
    varve_batch_close(batch);

    for (int64_t seconds = 5; seconds <= 35; seconds += 10)
        print_as_of(reader, "a", "c", seconds);

    check(varve_engine_close(engine, &err), &err);
    return EXIT_SUCCESS;
}
