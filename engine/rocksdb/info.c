#include <stdio.h>
#include <stdlib.h>

#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/fail.h"

#define LEVELS 7

uint64_t varve__rocksdb_property(varve__store *store, const char *name)
{
    uint64_t value = 0;
    return rocksdb_property_int(store->db, name, &value) == 0 ? value : 0;
}

uint64_t varve__rocksdb_tables_at(varve__store *store, int level)
{
    char name[64];
    (void)snprintf(name, sizeof name, "rocksdb.num-files-at-level%d", level);
    /* A property whose value is text. */
    char *text = rocksdb_property_value(store->db, name);
    uint64_t count = text == NULL ? 0 : strtoull(text, NULL, 10);
    rocksdb_free(text);
    return count;
}

static uint64_t count_tables(varve__store *store)
{
    uint64_t count = 0;
    for (int level = 0; level < LEVELS; level++)
        count += varve__rocksdb_tables_at(store, level);
    return count;
}

varve_status varve__rocksdb_info(varve__store *store, varve_engine_info *info, varve_error *err)
{
    (void)err;
    info->sequence = rocksdb_get_latest_sequence_number(store->db);
    info->estimated_keys = varve__rocksdb_property(store, "rocksdb.estimate-num-keys");
    info->table_files = count_tables(store);
    info->table_bytes = varve__rocksdb_property(store, "rocksdb.live-sst-files-size");
    info->memtable_bytes = varve__rocksdb_property(store, "rocksdb.cur-size-all-mem-tables");
    info->cache_bytes = varve__rocksdb_property(store, "rocksdb.block-cache-usage");
    info->table_reader_bytes = varve__rocksdb_property(store, "rocksdb.estimate-table-readers-mem");
    info->format_version = store->format_version;
    return VARVE_OK;
}

static void describe(const rocksdb_livefiles_t *files, int index, varve_table *table)
{
    const char *name = rocksdb_livefiles_name(files, index);
    size_t size;

    table->level = rocksdb_livefiles_level(files, index);
    table->bytes = rocksdb_livefiles_size(files, index);
    table->entries = rocksdb_livefiles_entries(files, index);
    table->deletions = rocksdb_livefiles_deletions(files, index);
    table->name = varve_slice_text(name[0] == '/' ? name + 1 : name);
    const char *start = rocksdb_livefiles_smallestkey(files, index, &size);
    table->start = varve_slice_of(start, size);
    const char *end = rocksdb_livefiles_largestkey(files, index, &size);
    table->end = varve_slice_of(end, size);
}

static int compare_tables(const void *left, const void *right)
{
    const varve_table *a = left;
    const varve_table *b = right;
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return varve_slice_compare(a->start, b->start);
}

varve_status varve__rocksdb_tables(varve__store *store, varve_table_fn each, void *arg,
                                   varve_error *err)
{
    const rocksdb_livefiles_t *files = rocksdb_livefiles(store->db);
    int count = rocksdb_livefiles_count(files);
    varve_status status = VARVE_OK;
    varve_table *tables = NULL;

    if (count == 0)
        goto out;
    tables = varve__calloc((size_t)count, sizeof *tables);
    if (tables == NULL) {
        status = varve__fail_no_memory(err, (size_t)count * sizeof *tables);
        goto out;
    }
    for (int i = 0; i < count; i++)
        describe(files, i, &tables[i]);
    qsort(tables, (size_t)count, sizeof *tables, compare_tables);
    for (int i = 0; i < count && each(arg, &tables[i]); i++)
        continue;
out:
    varve__free(tables);
    rocksdb_livefiles_destroy(files);
    return status;
}
