#include <varve/admin.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/engine.h"
#include "engine/merge.h"
#include "util/buf.h"
#include "util/fail.h"

/* ---- Calling the backend -------------------------------------------------------------------- */

/* Where the backend tells of a failure, which the log wants to know if the caller does not. */
static varve_error *teller(varve_error *err, varve_error *own)
{
    *own = (varve_error)VARVE_ERROR_INIT;
    return err != NULL ? err : own;
}

/* Leave the backend, log that `what` failed, if it did, and return `status`. */
static varve_status leave(varve_engine *engine, const char *what, varve_status status,
                          const varve_error *told)
{
    varve__engine_leave(engine);
    if (status < 0 && status != VARVE_CANCELLED && status != VARVE_DEADLINE)
        varve__log(&engine->logger, VARVE_LOG_ERROR, "%s: %s: %s: %s", varve__engine_name(engine),
                   what, varve_status_name(status), told->message);
    return status;
}

static varve_status check_range(varve_slice start, varve_slice end, varve_error *err)
{
    if (end.size > 0 && varve_slice_compare(start, end) > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "the range ends before it starts");
    return VARVE_OK;
}

/* ---- Compaction and sizes ------------------------------------------------------------------- */

/* `options` are complete, and the range is not empty. */
static varve_status compact_range(varve_engine *engine, const varve_compact_options *options,
                                  varve_error *err)
{
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    varve_status status = engine->ops->compact_range(store, options, told);
    varve__pool_renew(&engine->pool);
    (void)leave(engine, "compact a range", status, told);
    varve__state_note(engine, status);
    return status;
}

varve_status varve_engine_compact_range(varve_engine *engine, const varve_compact_options *options,
                                        varve_error *err)
{
    varve_compact_options how;
    varve_status status =
        varve__struct_copy(&how, sizeof how, options, "varve_compact_options", err);
    if (status == VARVE_OK)
        status = check_range(how.start, how.end, err);
    if (status == VARVE_OK)
        status = varve_cancel_check(how.cancel, err);
    if (status == VARVE_OK)
        status = varve_engine_flush(engine, err);
    if (status != VARVE_OK || (how.end.size > 0 && varve_slice_equal(how.start, how.end)))
        return status;
    return compact_range(engine, &how, err);
}

varve_status varve_engine_approximate_bytes(varve_engine *engine, varve_slice start,
                                            varve_slice end, uint64_t *bytes, varve_error *err)
{
    *bytes = 0;
    varve_status status = check_range(start, end, err);
    if (status != VARVE_OK || (end.size > 0 && varve_slice_equal(start, end)))
        return status;
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    status = engine->ops->approximate_bytes(store, start, end, bytes, told);
    return leave(engine, "approximate a size", status, told);
}

/* ---- Numbers -------------------------------------------------------------------------------- */

varve_status varve_engine_get_stats(varve_engine *engine, varve_engine_stats *stats,
                                    varve_error *err)
{
    varve_engine_stats known = {0};
    size_t given;
    varve_status status = varve__struct_size(stats, "varve_engine_stats", &given, err);
    if (status != VARVE_OK)
        return status;
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    varve__pool_clear(&engine->pool);
    status = leave(engine, "stats", engine->ops->stats(store, &known, told), told);
    if (status != VARVE_OK)
        return status;
    known.snapshots = (int64_t)atomic_load(&engine->snapshots);
    known.merge_operations = (int64_t)varve__merge_operations();
    varve__struct_give(stats, given, &known, sizeof known);
    return VARVE_OK;
}

varve_status varve_engine_get_stall(varve_engine *engine, varve_engine_stall *stall,
                                    varve_error *err)
{
    varve_engine_stall known = {0};
    size_t given;
    varve_status status = varve__struct_size(stall, "varve_engine_stall", &given, err);
    if (status != VARVE_OK)
        return status;
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    status = leave(engine, "stall", engine->ops->stall(store, &known, told), told);
    if (status == VARVE_OK)
        varve__struct_give(stall, given, &known, sizeof known);
    return status;
}

varve_status varve_engine_get_memory(varve_engine *engine, varve_engine_memory *memory,
                                     varve_error *err)
{
    varve_engine_memory known = {0};
    size_t given;
    varve_status status = varve__struct_size(memory, "varve_engine_memory", &given, err);
    if (status != VARVE_OK)
        return status;
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    varve__pool_clear(&engine->pool);
    status = leave(engine, "memory", engine->ops->memory(store, &known, told), told);
    if (status != VARVE_OK)
        return status;
    known.batches = atomic_load(&engine->batch_bytes);
    known.newest = varve__newest_numbers_of(engine->newest).bytes;
    known.total =
        known.memtables + known.cache + known.table_readers + known.batches + known.newest;
    varve__struct_give(memory, given, &known, sizeof known);
    return VARVE_OK;
}

/* ---- Words and places ----------------------------------------------------------------------- */

varve_status varve_engine_attributes(varve_engine *engine, varve_buf *text, varve_error *err)
{
    const char *attributes = engine->options.attributes;
    const char *path = engine->options.path;
    text->size = 0;
    varve_status status =
        varve__buf_printf(text, err, "[%s]=", attributes != NULL ? attributes : "");
    for (size_t i = 0; status == VARVE_OK && i < text->size; i++) {
        if (text->data[i] == ',')
            text->data[i] = ' ';
    }
    if (status == VARVE_OK)
        status = varve__buf_append(text, varve_slice_text(path != NULL ? path : "<in-mem>"), err);
    return status == VARVE_OK ? varve__buf_terminate(text, err) : status;
}

static varve_status choose_temp_dir(const varve_options *options, varve_buf *path, varve_error *err)
{
    if (options->temp_dir != NULL)
        return varve__buf_append(path, varve_slice_text(options->temp_dir), err);
    if (options->secondary_path != NULL)
        return varve__buf_append(path, varve_slice_text(options->secondary_path), err);
    if (options->path != NULL && !options->read_only)
        return varve__buf_printf(path, err, "%s/" VARVE__TEMP_DIR, options->path);
    const char *of_system = getenv("TMPDIR");
    if (of_system == NULL || of_system[0] == '\0')
        of_system = "/tmp";
    return varve__buf_append(path, varve_slice_text(of_system), err);
}

varve_status varve_engine_temp_dir(varve_engine *engine, varve_buf *path, varve_error *err)
{
    path->size = 0;
    varve_status status = choose_temp_dir(&engine->options, path, err);
    if (status == VARVE_OK)
        status = varve__buf_terminate(path, err);
    if (status != VARVE_OK)
        return status;
    if (mkdir((const char *)path->data, 0700) == 0 || errno == EEXIST)
        return VARVE_OK;
    return varve__fail(err, errno == ENOSPC || errno == EDQUOT ? VARVE_NO_SPACE : VARVE_IO,
                       "cannot make the directory %s: %s", (const char *)path->data,
                       strerror(errno));
}

/* ---- Secondaries ---------------------------------------------------------------------------- */

static varve_status catch_up(varve_engine *engine, varve_error *err)
{
    varve__store *store = varve__engine_enter(engine);
    varve_status status = engine->ops->catch_up(store, err);
    varve__engine_leave(engine);
    if (status != VARVE_OK)
        return status;
    varve__gate_close(&engine->gate);
    varve__engine_change_begin(engine);
    engine->ops->caught_up(store);
    varve__engine_change_end(engine);
    varve__gate_open(&engine->gate);
    return VARVE_OK;
}

varve_status varve_engine_catch_up(varve_engine *engine, varve_error *err)
{
    if (engine->options.secondary_path == NULL)
        return varve__fail(err, VARVE_UNSUPPORTED, "only a secondary catches up");
    varve_error own;
    varve_error *told = teller(err, &own);
    (void)pthread_mutex_lock(&engine->catching_up);
    varve_status status = catch_up(engine, told);
    (void)pthread_mutex_unlock(&engine->catching_up);
    return varve__engine_report(engine, "catch up", status, told);
}
