#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

varve_status varve__rocksdb_get(varve__store *store, varve__store_snapshot *snapshot,
                                varve_slice key, varve_buf *value, varve_error *err)
{
    const rocksdb_readoptions_t *how =
        snapshot == NULL ? store->get_options : snapshot->get_options;
    rocksdb_t *db =
        snapshot == NULL ? store->db : varve__generation_db(store, snapshot->generation);
    char *text = NULL;
    size_t size = 0;

    value->size = 0;
    /* Pinned: the bytes are copied once, into memory that the caller can use again. */
    rocksdb_pinnableslice_t *pinned =
        rocksdb_get_pinned(db, how, (const char *)key.data, key.size, &text);
    if (text != NULL)
        return varve__rocksdb_fail(err, "reading", text);
    if (pinned == NULL)
        return VARVE_NOT_FOUND;
    const char *data = rocksdb_pinnableslice_value(pinned, &size);
    varve_status status = varve__buf_append(value, varve_slice_of(data, size), err);
    rocksdb_pinnableslice_destroy(pinned);
    return status;
}

varve_status varve__rocksdb_snapshot_open(varve__store *store, varve__store_snapshot **out,
                                          varve_error *err)
{
    *out = NULL;
    varve__store_snapshot *snapshot = varve__malloc(sizeof *snapshot);
    if (snapshot == NULL)
        return varve__fail_no_memory(err, sizeof *snapshot);
    snapshot->get_options = rocksdb_readoptions_create();
    snapshot->generation = varve__generation_hold(store->shown);
    snapshot->snapshot = rocksdb_create_snapshot(store->db);
    rocksdb_readoptions_set_snapshot(snapshot->get_options, snapshot->snapshot);
    *out = snapshot;
    return VARVE_OK;
}

void varve__rocksdb_snapshot_close(varve__store *store, varve__store_snapshot *snapshot)
{
    rocksdb_readoptions_destroy(snapshot->get_options);
    rocksdb_release_snapshot(varve__generation_db(store, snapshot->generation), snapshot->snapshot);
    varve__generation_release(snapshot->generation);
    varve__free(snapshot);
}
