#include <inttypes.h>
#include <stdio.h>

#include <varve/sst.h>

#include "engine/engine.h"
#include "engine/scratch.h"
#include "engine/sst.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

struct varve_sst_reader {
    varve_engine *engine; /* a store in `place` that holds the tables */
    varve_buf place;      /* the scratch directory */
    varve__table_info *tables;
    size_t count;
    size_t room;
    uint64_t names; /* given out in `place` */
};

/* ---- Opening and closing -------------------------------------------------------------------- */

static void free_reader(varve_sst_reader *sst)
{
    if (sst->place.size > 0)
        varve__tree_remove(varve__path_text(&sst->place));
    for (size_t i = 0; i < sst->count; i++)
        varve__table_info_release(&sst->tables[i]);
    varve__free(sst->tables);
    varve_buf_release(&sst->place);
    varve__free(sst);
}

/* Nothing is ever written to it, and what it holds need not survive anything. */
static varve_status open_store(varve_sst_reader *sst, varve_error *err)
{
    varve_options options = {.struct_size = sizeof options, .never_sync = true};
    varve_buf path = VARVE_BUF_INIT;
    varve_status status = varve__path_join(&path, varve__path_text(&sst->place), "store", err);
    options.path = (const char *)path.data;
    if (status == VARVE_OK)
        status = varve_engine_open(&options, &sst->engine, err);
    varve_buf_release(&path);
    return status;
}

varve_status varve_sst_reader_open(const char *temp_dir, varve_sst_reader **out, varve_error *err)
{
    *out = NULL;
    varve_sst_reader *sst = varve__calloc(1, sizeof *sst);
    if (sst == NULL)
        return varve__fail_no_memory(err, sizeof *sst);
    varve_status status = varve__scratch_make(temp_dir, &sst->place, err);
    if (status == VARVE_OK)
        status = open_store(sst, err);
    if (status == VARVE_OK)
        *out = sst;
    else
        free_reader(sst);
    return status;
}

varve_reader *varve_sst_reader_reader(varve_sst_reader *sst)
{
    return varve_engine_reader(sst->engine);
}

varve_status varve_sst_reader_close(varve_sst_reader *sst, varve_error *err)
{
    if (sst == NULL)
        return VARVE_OK;
    varve_status status = varve_engine_close(sst->engine, err);
    if (status == VARVE_OK)
        free_reader(sst);
    return status;
}

/* ---- Adding --------------------------------------------------------------------------------- */

static varve_status make_room(varve_sst_reader *sst, varve_error *err)
{
    if (sst->count < sst->room)
        return VARVE_OK;
    size_t room = sst->room == 0 ? 4 : 2 * sst->room;
    varve__table_info *tables = varve__realloc(sst->tables, room * sizeof *tables);
    if (tables == NULL)
        return varve__fail_no_memory(err, room * sizeof *tables);
    sst->tables = tables;
    sst->room = room;
    return VARVE_OK;
}

/* A name in the scratch directory that is not in use. */
static varve_status make_name(varve_sst_reader *sst, varve_buf *path, varve_error *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%" PRIu64, sst->names++);
    return varve__path_join(path, varve__path_text(&sst->place), name, err);
}

static varve_status read_table(varve_sst_reader *sst, const char *path, varve__table_info *info,
                               varve_error *err)
{
    varve_buf scratch = VARVE_BUF_INIT;
    varve_status status = varve__scratch_make(varve__path_text(&sst->place), &scratch, err);
    if (status == VARVE_OK) {
        status = varve__table_read(path, varve__path_text(&scratch), info, varve__table_check, NULL,
                                   err);
        varve__tree_remove(varve__path_text(&scratch));
    }
    varve_buf_release(&scratch);
    return status;
}

/* `touches` tells whether the new table begins or ends where another one ends or begins. */
static varve_status check_overlap(const varve_sst_reader *sst, const char *path,
                                  const varve__table_info *info, bool *touches, varve_error *err)
{
    varve_slice start = varve_buf_slice(&info->start);
    varve_slice end = varve_buf_slice(&info->end);
    *touches = false;
    for (size_t i = 0; i < sst->count; i++) {
        const varve__table_info *other = &sst->tables[i];
        if (varve__table_infos_overlap(other, info))
            return varve__fail(err, VARVE_INVALID_ARGUMENT,
                               "path: the keys of %s overlap those of a table added before", path);
        *touches = *touches || varve_slice_equal(varve_buf_slice(&other->end), start) ||
                   varve_slice_equal(varve_buf_slice(&other->start), end);
    }
    return VARVE_OK;
}

/* Under a name in the scratch directory first, which RocksDB takes away. */
static varve_status take_in(varve_sst_reader *sst, const char *path, const varve__table_info *info,
                            bool touches, varve_error *err)
{
    varve_buf target = VARVE_BUF_INIT;
    varve_status status = make_name(sst, &target, err);
    if (status == VARVE_OK)
        status = touches ? varve__table_copy(path, varve__path_text(&target), info, err)
                         : varve__table_bring(path, varve__path_text(&target), info, err);
    if (status == VARVE_OK) {
        varve__store *store = varve__engine_enter(sst->engine);
        varve__engine_change_begin(sst->engine);
        status = varve__table_adopt(store, varve__path_text(&target), err);
        varve__engine_change_end(sst->engine);
        varve__engine_leave(sst->engine);
        if (status != VARVE_OK)
            varve__tree_remove(varve__path_text(&target));
    }
    varve_buf_release(&target);
    return status;
}

varve_status varve_sst_reader_add(varve_sst_reader *sst, const char *path, varve_error *err)
{
    varve__table_info info;
    bool touches;
    varve_status status = make_room(sst, err);
    if (status == VARVE_OK)
        status = read_table(sst, path, &info, err);
    if (status != VARVE_OK)
        return status;
    status = check_overlap(sst, path, &info, &touches, err);
    if (status == VARVE_OK)
        status = take_in(sst, path, &info, touches, err);
    if (status == VARVE_OK)
        sst->tables[sst->count++] = info;
    else
        varve__table_info_release(&info);
    return status;
}
