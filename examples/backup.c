/*
 * Back a store up while it is in use, and look whether the copy can be opened and read.
 * Usage: backup DIRECTORY, in which it makes a store and a copy of it
 */
#include <stdio.h>
#include <stdlib.h>

#include <varve/varve.h>

static void check(varve_status status, varve_error *err)
{
    if (status >= 0)
        return;
    fprintf(stderr, "%s: %s\n", varve_status_name(status), err->message);
    varve_error_release(err);
    exit(EXIT_FAILURE);
}

static varve_engine *open_store(const char *path, bool read_only)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine;
    varve_options options = {.struct_size = sizeof options, .path = path};
    options.read_only = read_only;
    check(varve_engine_open(&options, &engine, &err), &err);
    return engine;
}

/* Read every record, and with it every block of every table. */
static unsigned long count_records(const char *path)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_iter *it;
    varve_engine *engine = open_store(path, true);
    unsigned long count = 0;
    check(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_ge(it, varve_slice_text("")); it->valid; varve_iter_next(it))
        count++;
    check(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    check(varve_engine_close(engine, &err), &err);
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }
    char store[4096];
    char copy[4096];
    (void)snprintf(store, sizeof store, "%s/store", argv[1]);
    (void)snprintf(copy, sizeof copy, "%s/copy", argv[1]);

    varve_error err = VARVE_ERROR_INIT;
    varve_buf key = VARVE_BUF_INIT;
    varve_engine *engine = open_store(store, false);
    check(varve_key_encode(varve_slice_text("key"), varve_ts_of(1, 0), &key, &err), &err);
    check(varve_writer_put(varve_engine_writer(engine), varve_buf_slice(&key),
                           varve_slice_text("value"), &err),
          &err);
    varve_buf_release(&key);

    check(varve_engine_checkpoint(engine, copy, &err), &err);
    printf("%lu records in the copy\n", count_records(copy));
    check(varve_engine_close(engine, &err), &err);
    return EXIT_SUCCESS;
}
