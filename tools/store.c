/* Opening stores. */
#include "store.h"

#include "times.h"

#include <errno.h>
#include <unistd.h>

const char *store_way_out(const varve_error *err)
{
    static const char *const others[] = {".sst", "MANIFEST", "CURRENT", "VARVE_VERSION"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strstr(err->message, others[i]) != NULL)
            return STORE_READ_ITS_FILES;
    }
    return STORE_SALVAGE;
}

/* Of a store that damage keeps from opening, some commands still read the files. */
static enum tool_exit fail_open(const struct cli *cli, varve_error *err, const char *path,
                                const char *what_for)
{
    return cli_fail_reading(cli, err, store_way_out(err), "cannot open the store %s%s", path,
                            what_for);
}

enum tool_exit store_is_there(const struct cli *cli, const char *path)
{
    varve_store_version version = {.struct_size = sizeof version};
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_store_get_version(path, &version, &err);

    if (status != VARVE_OK && status != VARVE_CORRUPT)
        return cli_fail_error(cli, &err, "%s", path);
    varve_error_release(&err);
    return TOOL_OK;
}

enum tool_exit store_open(const struct cli *cli, const char *path, struct store *store)
{
    varve_error err = VARVE_ERROR_INIT;
    const varve_options options = {
        .struct_size = sizeof options, .path = path, .read_only = true, .must_exist = true};

    store->path = path;
    if (varve_engine_open(&options, &store->engine, &err) != VARVE_OK)
        return fail_open(cli, &err, path, "");
    if (varve_snapshot_open(store->engine, &store->snapshot, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", path);
    store->reader = varve_snapshot_reader(store->snapshot);
    return TOOL_OK;
}

/* Whatever the options say. */
static enum tool_exit open_alone(const struct cli *cli, const char *path,
                                 uint64_t write_buffer_bytes, struct store *store)
{
    varve_error err = VARVE_ERROR_INIT;
    const varve_options options = {.struct_size = sizeof options,
                                   .path = path,
                                   .must_exist = true,
                                   .write_buffer_bytes = write_buffer_bytes};

    store->path = path;
    if (access(path, W_OK) != 0 && (errno == EACCES || errno == EROFS))
        return cli_fail(cli, TOOL_IO, "cannot open the store %s for writing: its folder: %s", path,
                        strerror(errno));
    if (varve_engine_open(&options, &store->engine, &err) != VARVE_OK)
        return fail_open(cli, &err, path, " for writing");
    store->reader = varve_engine_reader(store->engine);
    store->writer = varve_engine_writer(store->engine);
    return TOOL_OK;
}

enum tool_exit store_open_writing(const struct cli *cli, const char *path, struct store *store)
{
    return store_open_writing_much(cli, path, 0, store);
}

enum tool_exit store_open_writing_much(const struct cli *cli, const char *path,
                                       uint64_t write_buffer_bytes, struct store *store)
{
    if (cli->dry_run)
        return store_open(cli, path, store);
    enum tool_exit code = cli_need_write(cli);
    return code == TOOL_OK ? open_alone(cli, path, write_buffer_bytes, store) : code;
}

enum tool_exit store_open_at(const struct cli *cli, struct store *store, varve_ts *ts)
{
    enum tool_exit code = store_open(cli, cli->arguments[0], store);

    return code == TOOL_OK ? time_resolve(cli, store->reader, cli->at, ts) : code;
}

void store_close(struct store *store)
{
    varve_error err = VARVE_ERROR_INIT;

    varve_snapshot_close(store->snapshot);
    /* Read-only, and without handles: closing has nothing left that could fail. */
    if (varve_engine_close(store->engine, &err) != VARVE_OK)
        varve_error_release(&err);
    *store = (struct store)STORE_INIT;
}

enum tool_exit store_close_writing(const struct cli *cli, struct store *store, enum tool_exit code)
{
    varve_error err = VARVE_ERROR_INIT;

    varve_snapshot_close(store->snapshot);
    if (varve_engine_close(store->engine, &err) != VARVE_OK) {
        if (code == TOOL_OK)
            code = cli_fail_error(cli, &err, "cannot close the store %s", store->path);
        varve_error_release(&err);
    }
    *store = (struct store)STORE_INIT;
    return code;
}
