/*
 * How many bytes a range takes.  RocksDB's C functions leave the memtables out, so these are walked
 * over, up to a limit.
 */
#include <varve/admin.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"

/* Unflushed records that are counted, which takes some ten milliseconds. */
#define COUNTED_MAX 50000

/* RocksDB's number for reading memtables only, which its C header does not name. */
#define READ_TIER_MEMTABLES 3

/* Above every user key. */
static const char key_end[] = "\xff\xff\xff\xff";

/* What a walk over the memtables has found. */
struct unflushed {
    uint64_t records;
    uint64_t bytes;
    bool whole; /* it came to the end of the range */
};

static void count(rocksdb_iterator_t *it, struct unflushed *found)
{
    while (rocksdb_iter_valid(it) && found->records < COUNTED_MAX) {
        size_t key;
        size_t value;
        (void)rocksdb_iter_key(it, &key);
        (void)rocksdb_iter_value(it, &value);
        found->bytes += key + value;
        found->records++;
        rocksdb_iter_next(it);
    }
    found->whole = !rocksdb_iter_valid(it);
}

static varve_status count_unflushed(varve__store *store, varve_slice start, varve_slice end,
                                    struct unflushed *found, varve_error *err)
{
    char *text = NULL;
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_readoptions_set_read_tier(how, READ_TIER_MEMTABLES);
    rocksdb_readoptions_set_total_order_seek(how, 1);
    rocksdb_readoptions_set_max_skippable_internal_keys(how, COUNTED_MAX);
    if (end.size > 0)
        rocksdb_readoptions_set_iterate_upper_bound(how, (const char *)end.data, end.size);
    rocksdb_iterator_t *it = rocksdb_create_iterator(store->db, how);
    if (start.size == 0)
        rocksdb_iter_seek_to_first(it);
    else
        rocksdb_iter_seek(it, (const char *)start.data, start.size);
    count(it, found);
    rocksdb_iter_get_error(it, &text);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    if (text == NULL)
        return VARVE_OK;
    /* Too many deleted ones in a row. */
    if (strncmp(text, "Result incomplete: ", strlen("Result incomplete: ")) != 0)
        return varve__rocksdb_fail(err, "reading", text);
    rocksdb_free(text);
    found->whole = false;
    return VARVE_OK;
}

/* The bytes in memtables that have not been counted: each record is taken for an average one. */
static uint64_t bytes_not_counted(varve__store *store, const struct unflushed *found)
{
    uint64_t all = varve__rocksdb_property(store, "rocksdb.num-entries-active-mem-table") +
                   varve__rocksdb_property(store, "rocksdb.num-entries-imm-mem-tables");
    if (found->records == 0 || all <= found->records)
        return 0;
    return (all - found->records) * (found->bytes / found->records);
}

static varve_status measure_tables(varve__store *store, varve_slice start, varve_slice end,
                                   uint64_t *bytes, varve_error *err)
{
    const varve_slice limit = end.size > 0 ? end : varve_slice_of(key_end, sizeof key_end - 1);
    const char *first = start.size > 0 ? (const char *)start.data : "";
    const char *last = (const char *)limit.data;
    char *text = NULL;
    rocksdb_approximate_sizes(store->db, 1, &first, &start.size, &last, &limit.size, bytes, &text);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "measuring", text);
}

varve_status varve__rocksdb_approximate_bytes(varve__store *store, varve_slice start,
                                              varve_slice end, uint64_t *bytes, varve_error *err)
{
    struct unflushed found = {0, 0, false};
    varve_status status = measure_tables(store, start, end, bytes, err);
    if (status == VARVE_OK)
        status = count_unflushed(store, start, end, &found, err);
    if (status != VARVE_OK)
        return status;
    *bytes += found.bytes;
    if (!found.whole) {
        bool everything = start.size == 0 && end.size == 0;
        *bytes += bytes_not_counted(store, &found) / (everything ? 1 : 2);
    }
    return VARVE_OK;
}
