#include <sys/stat.h>
#include <unistd.h>

#include <varve/admin.h>
#include <varve/sst.h>

#include "engine/engine.h"
#include "engine/scratch.h"
#include "engine/sst.h"
#include "format/batch_repr.h"
#include "util/alloc.h"
#include "util/fail.h"

/* Tables on their way into an engine. */
struct ingest {
    varve_engine *engine;
    const char *const *paths;
    varve__table_info *tables;
    size_t count; /* of those that have been read */
    bool trust_keys;
    bool collect;      /* into `ranges` and `records`, for a backend that has no tables */
    varve_buf ranges;  /* batch representations: what is cleared before anything is put, */
    varve_buf records; /* and puts and merges */
    varve_buf place;   /* where scratch directories go */
};

/* ---- Reading -------------------------------------------------------------------------------- */

static varve_status take_record(void *arg, const varve_record *record, varve_error *err)
{
    struct ingest *ingest = arg;
    varve_status status = ingest->trust_keys ? VARVE_OK : varve__table_check(NULL, record, err);
    if (status == VARVE_OK && ingest->collect)
        status = varve__repr_append(&ingest->records, record, err);
    return status;
}

/* What cannot be seen cannot be applied. */
static varve_status collect_ranges(struct ingest *ingest, const varve__table_info *info,
                                   const char *path, varve_error *err)
{
    if (info->clears > 0)
        return varve__fail(err, VARVE_UNSUPPORTED,
                           "%s clears single keys, which only a store on the disk can take in",
                           path);
    if (info->ranges.size == 0)
        return VARVE_OK;
    return varve__repr_append_repr(&ingest->ranges, varve_buf_slice(&info->ranges), err);
}

static varve_status read_table(struct ingest *ingest, const char *path, varve_error *err)
{
    varve_buf scratch = VARVE_BUF_INIT;
    varve__table_info *info = &ingest->tables[ingest->count];
    bool walk = ingest->collect || !ingest->trust_keys;
    varve_status status = varve__scratch_make(varve__path_text(&ingest->place), &scratch, err);
    if (status == VARVE_OK) {
        status = varve__table_read(path, varve__path_text(&scratch), info,
                                   walk ? take_record : NULL, ingest, err);
        varve__tree_remove(varve__path_text(&scratch));
    }
    varve_buf_release(&scratch);
    if (status != VARVE_OK)
        return status;
    ingest->count++;
    return ingest->collect ? collect_ranges(ingest, info, path, err) : VARVE_OK;
}

static varve_status check_overlap(const struct ingest *ingest, varve_error *err)
{
    size_t last = ingest->count - 1;
    for (size_t i = 0; i < last; i++) {
        if (varve__table_infos_overlap(&ingest->tables[i], &ingest->tables[last]))
            return varve__fail(err, VARVE_INVALID_ARGUMENT, "paths: the keys of %s and %s overlap",
                               ingest->paths[i], ingest->paths[last]);
    }
    return VARVE_OK;
}

static varve_status read_tables(struct ingest *ingest, size_t count, varve_error *err)
{
    varve_status status = VARVE_OK;
    ingest->tables = varve__calloc(count, sizeof *ingest->tables);
    if (ingest->tables == NULL)
        return varve__fail_no_memory(err, count * sizeof *ingest->tables);
    for (size_t i = 0; i < count && status == VARVE_OK; i++) {
        status = read_table(ingest, ingest->paths[i], err);
        if (status == VARVE_OK)
            status = check_overlap(ingest, err);
    }
    return status;
}

static void release(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->count; i++)
        varve__table_info_release(&ingest->tables[i]);
    varve__free(ingest->tables);
    varve_buf_release(&ingest->ranges);
    varve_buf_release(&ingest->records);
    varve_buf_release(&ingest->place);
}

/* ---- Taking in ------------------------------------------------------------------------------ */

static varve_status apply(struct ingest *ingest, varve_error *err)
{
    varve_buf *repr = &ingest->ranges;
    varve_status status = VARVE_OK;
    if (ingest->records.size > 0)
        status = varve__repr_append_repr(repr, varve_buf_slice(&ingest->records), err);
    if (status == VARVE_OK)
        status = varve__engine_commit(ingest->engine, varve_buf_slice(repr), VARVE_SYNC, err);
    return status;
}

/*
 * What was committed before comes to the disk before the tables do: a power failure takes the last
 * that was done, and nothing before it.
 */
static varve_status sync_before(varve_engine *engine, varve_error *err)
{
    if (engine->options.never_sync && engine->options.wal == VARVE_WAL_ON)
        return VARVE_OK;
    return varve_engine_sync(engine, err);
}

/* A file that is moved has been written to by then, if not by much. */
static void restore(const struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->count; i++)
        varve__table_restore(ingest->paths[i], &ingest->tables[i]);
}

/* A crash in the middle of a move may have left a number in a file. */
static varve_status prepare_to_move(const struct ingest *ingest, varve_error *err)
{
    varve_status status = VARVE_OK;
    for (size_t i = 0; i < ingest->count && status == VARVE_OK; i++)
        status = varve__table_forget_number(ingest->paths[i], &ingest->tables[i], err);
    if (status != VARVE_OK)
        restore(ingest);
    return status;
}

static varve_status take_tables(struct ingest *ingest, bool move, varve_error *err)
{
    varve_engine *engine = ingest->engine;
    varve_status status = sync_before(engine, err);
    if (status == VARVE_OK && move)
        status = prepare_to_move(ingest, err);
    if (status != VARVE_OK)
        return status;
    varve_error own = VARVE_ERROR_INIT;
    varve__store *store = varve__engine_enter(engine);
    varve__engine_change_begin(engine);
    status = engine->ops->ingest(store, ingest->paths, ingest->count, move, &own);
    varve__engine_change_end(engine);
    varve__engine_leave(engine);
    if (status != VARVE_OK && move)
        restore(ingest);
    (void)varve__engine_report(engine, "ingest", status, &own);
    varve__state_note(engine, status);
    if (status == VARVE_OK)
        return status;
    status = varve__error_copy(&own, err);
    varve_error_release(&own);
    return status;
}

/*
 * RocksDB writes a number into a file that it moves: it must be nobody else's, and least of all
 * that of a store which has taken it in.
 */
static bool has_one_name(const char *path)
{
    struct stat what;
    return stat(path, &what) == 0 && what.st_nlink == 1;
}

static bool have_one_name(const struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->count; i++) {
        if (!has_one_name(ingest->paths[i]))
            return false;
    }
    return true;
}

/* What has been applied or copied was moved, too. */
static void unlink_all(const struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->count; i++)
        (void)unlink(ingest->paths[i]);
}

static varve_status check_paths(const char *const *paths, size_t count, varve_error *err)
{
    if (count == 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "paths: there is no table");
    for (size_t i = 0; i < count; i++) {
        if (paths[i] == NULL)
            return varve__fail(err, VARVE_INVALID_ARGUMENT, "paths: number %zu is NULL", i);
    }
    return VARVE_OK;
}

varve_status varve_engine_ingest(varve_engine *engine, const char *const *paths, size_t count,
                                 const varve_ingest_options *options, varve_error *err)
{
    varve_ingest_options complete = {.struct_size = sizeof complete};
    varve_status status = check_paths(paths, count, err);
    if (status == VARVE_OK && options != NULL)
        status =
            varve__struct_copy(&complete, sizeof complete, options, "varve_ingest_options", err);
    if (status == VARVE_OK)
        status = varve__engine_check_writable(engine, err);
    if (status != VARVE_OK)
        return status;
    struct ingest ingest = {.engine = engine,
                            .paths = paths,
                            .trust_keys = complete.trust_keys,
                            .collect = engine->open_ops->ingest == NULL};
    status = varve_engine_temp_dir(engine, &ingest.place, err);
    if (status == VARVE_OK)
        status = read_tables(&ingest, count, err);
    bool link = complete.move && !ingest.collect && have_one_name(&ingest);
    if (status == VARVE_OK)
        status = ingest.collect ? apply(&ingest, err) : take_tables(&ingest, link, err);
    if (status == VARVE_OK && complete.move && !link)
        unlink_all(&ingest);
    release(&ingest);
    return status;
}
