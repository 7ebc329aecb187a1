/* Making a store of an export. */
#include "import_records.h"

#include "output.h"
#include "output_path.h"
#include "own_records.h"
#include "progress.h"
#include "record_file.h"
#include "store.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* A batch is committed when it has that many bytes; one record more may be in it. */
static const size_t batch_bytes = (size_t)1 << 20;

/* A store in the making: it is under another name until it is whole. */
struct making {
    const struct cli *cli;
    char *part; /* that name */
    varve_engine *engine;
    uint64_t records;
};

/* Fill the store; what came of it. */
typedef enum tool_exit (*fill_fn)(struct making *making);

static enum tool_exit fail_store(const struct making *making, varve_error *err)
{
    return cli_fail_error(making->cli, err, "%s", making->part);
}

/* ---- Records ------------------------------------------------------------------------------- */

static enum tool_exit fail_input(const struct making *making, const struct import_fault *fault)
{
    const char *path = making->cli->arguments[2];

    return import_fail(making->cli, strcmp(path, "-") == 0 ? "standard input" : path, fault, "");
}

static varve_status commit(varve_batch *batch, varve_error *err)
{
    varve_status status = varve_batch_commit(batch, VARVE_NO_SYNC, err);

    return status == VARVE_OK ? varve_batch_reset(batch, err) : status;
}

static varve_status add(varve_batch *batch, const struct record_reader *reader, varve_error *err)
{
    varve_status status =
        varve_writer_put(varve_batch_writer_of(batch), varve_buf_slice(&reader->engine_key),
                         bytes_slice(&reader->value), err);

    if (status == VARVE_OK && varve_batch_repr(batch).size >= batch_bytes)
        status = commit(batch, err);
    return status;
}

static enum tool_exit copy(struct making *making, struct record_reader *reader, varve_batch *batch)
{
    struct import_fault fault = {0};
    struct progress progress;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = VARVE_OK;
    enum import_step step = IMPORT_OK;

    progress_start(&progress, "records", import_size_of(reader->fd), true);
    progress_update(&progress, 0, 0);
    while (status == VARVE_OK && (step = record_reader_next(reader, &fault)) == IMPORT_OK) {
        status = add(batch, reader, &err);
        progress_update(&progress, reader->records, reader->in.place.offset);
    }
    progress_end(&progress);
    if (status == VARVE_OK && step == IMPORT_END && !varve_batch_is_empty(batch))
        status = commit(batch, &err);
    making->records = reader->records;
    if (status != VARVE_OK)
        return fail_store(making, &err);
    return step == IMPORT_FAULT ? fail_input(making, &fault) : TOOL_OK;
}

static enum tool_exit fill_by_records(struct making *making)
{
    struct record_reader reader = {0};
    struct import_fault fault = {0};
    varve_batch *batch = NULL;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;

    if (!record_reader_open(&reader, making->cli->arguments[2], &fault))
        code = fail_input(making, &fault);
    if (code == TOOL_OK &&
        varve_batch_open(making->engine, VARVE_BATCH_WRITE_ONLY, &batch, &err) != VARVE_OK)
        code = fail_store(making, &err);
    if (code == TOOL_OK)
        code = copy(making, &reader, batch);
    varve_batch_close(batch);
    record_reader_close(&reader);
    return code;
}

/* ---- Tables -------------------------------------------------------------------------------- */

static enum tool_exit fill_by_table(struct making *making)
{
    const char *path = making->cli->arguments[2];
    varve_engine_info info = {.struct_size = sizeof info};
    varve_error err = VARVE_ERROR_INIT;

    if (access(path, R_OK) != 0)
        return cli_fail(making->cli, TOOL_IO, "%s: %s", path, strerror(errno));
    if (varve_engine_ingest(making->engine, &path, 1, NULL, &err) != VARVE_OK)
        return cli_fail_error(making->cli, &err, "%s", path);
    if (varve_engine_get_info(making->engine, &info, &err) != VARVE_OK)
        return fail_store(making, &err);
    making->records = info.estimated_keys;
    return TOOL_OK;
}

/* ---- Making -------------------------------------------------------------------------------- */

static varve_status see_record(void *arg, varve_slice engine_key, varve_slice value,
                               varve_error *err)
{
    bool *any = arg;

    (void)engine_key;
    (void)value;
    (void)err;
    *any = true;
    return VARVE_NOT_FOUND;
}

/* Whether varve's own records have come along, of which the account may be one. */
static varve_status look_for_own(const struct making *making, bool *any, varve_error *err)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_status status = varve_span_encode(own_span(), &lower, &upper, err);

    *any = false;
    if (status == VARVE_OK)
        status = varve_reader_iterate(varve_engine_reader(making->engine), varve_buf_slice(&lower),
                                      varve_buf_slice(&upper), 1, see_record, any, err);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return status < 0 ? status : VARVE_OK;
}

/* A new store keeps statistics from its first day.  Those of damaged keys cannot be counted. */
static enum tool_exit open_account(const struct making *making)
{
    const varve_span span = {varve_key_app_min(), {NULL, 0}};
    const varve_slice name = {NULL, 0};
    varve_error err = VARVE_ERROR_INIT;
    varve_stats stats;
    bool own;
    varve_status status = look_for_own(making, &own, &err);

    if (status != VARVE_OK)
        return fail_store(making, &err);
    if (own)
        return TOOL_OK;
    status = varve_stats_compute(varve_engine_reader(making->engine), span, 0, NULL, &stats, &err);
    if (status == VARVE_CORRUPT || status == VARVE_MERGE_CONFLICT) {
        varve_error_release(&err);
        cli_note(making->cli, "there are damaged keys: no statistics are kept; see `varve check`");
        return TOOL_OK;
    }
    if (status == VARVE_OK)
        status = varve_stats_account_set(varve_engine_writer(making->engine), name, &stats, &err);
    return status == VARVE_OK ? TOOL_OK : fail_store(making, &err);
}

static enum tool_exit open_part(struct making *making)
{
    const varve_options options = {.struct_size = sizeof options, .path = making->part};
    varve_error err = VARVE_ERROR_INIT;

    enum tool_exit code = output_is_new(making->cli, making->cli->arguments[1]);
    if (code != TOOL_OK)
        return code;
    if (access(making->part, F_OK) == 0)
        return cli_fail(making->cli, TOOL_EXISTS,
                        "%s is what another import has left, or is making; if none is running, "
                        "remove it first",
                        making->part);
    if (varve_engine_open(&options, &making->engine, &err) != VARVE_OK)
        return fail_store(making, &err);
    return TOOL_OK;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

/* Close the store, and give it its name if it is whole; otherwise nothing is left of it. */
static enum tool_exit finish(struct making *making, enum tool_exit code)
{
    varve_error err = VARVE_ERROR_INIT;
    bool was_open = making->engine != NULL;

    if (code == TOOL_OK && varve_engine_flush(making->engine, &err) != VARVE_OK)
        code = fail_store(making, &err);
    varve_status status = varve_engine_close(making->engine, &err);
    if (code == TOOL_OK && status != VARVE_OK)
        code = fail_store(making, &err);
    varve_error_release(&err);
    if (code == TOOL_OK && rename(making->part, making->cli->arguments[1]) != 0)
        code = cli_fail(making->cli, TOOL_IO, "%s: %s", making->cli->arguments[1], strerror(errno));
    if (code != TOOL_OK && was_open)
        nftw(making->part, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return code;
}

static void report(const struct making *making)
{
    struct json_line line;

    if (making->cli->json) {
        json_line_begin(&line);
        json_line_text(&line, "format", making->cli->arguments[0]);
        json_line_count(&line, "records", making->records);
        json_line_end(&line);
    } else {
        cli_note(making->cli, "%" PRIu64 " records", making->records);
    }
}

static enum tool_exit make(const struct cli *cli, fill_fn fill)
{
    struct making making = {.cli = cli};
    enum tool_exit code;

    if (cli->dry_run)
        return cli_fail(cli, TOOL_USAGE, "--dry-run is for git, tsv and jsonl");
    if (asprintf(&making.part, "%s.part", cli->arguments[1]) < 0)
        return cli_fail(cli, TOOL_IO, "out of memory");
    code = open_part(&making);
    if (code == TOOL_OK)
        code = fill(&making);
    if (code == TOOL_OK)
        code = open_account(&making);
    code = finish(&making, code);
    if (code == TOOL_OK)
        report(&making);
    free(making.part);
    return code;
}

enum tool_exit import_records(const struct cli *cli)
{
    return make(cli, fill_by_records);
}

enum tool_exit import_table(const struct cli *cli)
{
    return make(cli, fill_by_table);
}
