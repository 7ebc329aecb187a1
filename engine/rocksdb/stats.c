/*
 * Statistics as numbers: RocksDB prints them all into one text, which is taken once for each call.
 */
#include <stdlib.h>

#include <varve/admin.h>

#include "engine/rocksdb/store.h"

#define LEVELS 7

/*
 * The count of the line `<name> COUNT : <count>`, or, for what RocksDB keeps a distribution of,
 * `<name> P50 : ... COUNT : <count> SUM : <sum>`; 0 if there is none.
 */
static uint64_t count_of(const char *text, const char *name)
{
    static const char label[] = " COUNT : ";
    size_t size = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += line[0] == '\n';
        if (strncmp(line, name, size) != 0 || line[size] != ' ')
            continue;
        const char *count = strstr(line + size, label);
        return count == NULL ? 0 : strtoull(count + sizeof label - 1, NULL, 10);
    }
    return 0;
}

/* A counter and where it goes in varve_engine_stats. */
struct counter {
    const char *name;
    size_t offset;
};

#define COUNTER(name, member)                                                                      \
    {                                                                                              \
        "rocksdb." name, offsetof(varve_engine_stats, member)                                      \
    }

static const struct counter counters[] = {
    COUNTER("block.cache.hit", block_cache_hits),
    COUNTER("block.cache.miss", block_cache_misses),
    COUNTER("bloom.filter.prefix.checked", bloom_filter_prefix_checked),
    COUNTER("bloom.filter.prefix.useful", bloom_filter_prefix_useful),
    COUNTER("memtable.hit", memtable_hits),
    COUNTER("memtable.miss", memtable_misses),
    COUNTER("db.flush.micros", flushes),
    COUNTER("compaction.times.micros", compactions),
    COUNTER("bytes.written", bytes_written),
    COUNTER("wal.bytes", wal_bytes),
    COUNTER("wal.synced", wal_syncs),
    COUNTER("flush.write.bytes", flush_write_bytes),
    COUNTER("compact.read.bytes", compact_read_bytes),
    COUNTER("compact.write.bytes", compact_write_bytes),
    COUNTER("bytes.read", bytes_read),
    COUNTER("number.db.seek", seeks),
};

static const struct counter properties[] = {
    COUNTER("block-cache-usage", block_cache_usage),
    COUNTER("block-cache-pinned-usage", block_cache_pinned_usage),
    COUNTER("cur-size-all-mem-tables", memtable_total_size),
    COUNTER("estimate-table-readers-mem", table_readers_mem_estimate),
    COUNTER("estimate-pending-compaction-bytes", pending_compaction_bytes_estimate),
    COUNTER("num-running-flushes", running_flushes),
    COUNTER("num-running-compactions", running_compactions),
    COUNTER("background-errors", background_errors),
    COUNTER("estimate-live-data-size", live_bytes),
    COUNTER("oldest-snapshot-time", oldest_snapshot_seconds),
    COUNTER("num-live-versions", live_versions),
};

static void set(varve_engine_stats *stats, const struct counter *counter, uint64_t value)
{
    const int64_t number = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    memcpy((char *)stats + counter->offset, &number, sizeof number);
}

static void count_runs(varve__store *store, varve_engine_stats *stats)
{
    stats->l0_file_count = (int64_t)varve__rocksdb_tables_at(store, 0);
    stats->read_amplification = stats->l0_file_count;
    for (int level = 1; level < LEVELS; level++)
        stats->read_amplification += varve__rocksdb_tables_at(store, level) > 0;
}

varve_status varve__rocksdb_stats(varve__store *store, varve_engine_stats *stats, varve_error *err)
{
    (void)err;
    char *text = rocksdb_options_statistics_get_string(store->options);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        set(stats, &counters[i], text == NULL ? 0 : count_of(text, counters[i].name));
    rocksdb_free(text);
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
        set(stats, &properties[i], varve__rocksdb_property(store, properties[i].name));
    count_runs(store, stats);
    return VARVE_OK;
}

varve_status varve__rocksdb_stall(varve__store *store, varve_engine_stall *stall, varve_error *err)
{
    (void)err;
    char *text = rocksdb_options_statistics_get_string(store->options);
    stall->stopped = varve__rocksdb_property(store, "rocksdb.is-write-stopped") != 0;
    stall->bytes_per_second = varve__rocksdb_property(store, "rocksdb.actual-delayed-write-rate");
    stall->delayed = stall->bytes_per_second != 0;
    if (text != NULL) {
        stall->delays = count_of(text, "rocksdb.db.write.stall");
        stall->stall_micros = count_of(text, "rocksdb.stall.micros");
    }
    rocksdb_free(text);
    return VARVE_OK;
}

varve_status varve__rocksdb_memory(varve__store *store, varve_engine_memory *memory,
                                   varve_error *err)
{
    (void)err;
    /* Those that iterators hold, too. */
    memory->memtables = varve__rocksdb_property(store, "rocksdb.size-all-mem-tables");
    memory->cache = varve__rocksdb_property(store, "rocksdb.block-cache-usage");
    memory->cache_pinned = varve__rocksdb_property(store, "rocksdb.block-cache-pinned-usage");
    memory->table_readers = varve__rocksdb_property(store, "rocksdb.estimate-table-readers-mem");
    return VARVE_OK;
}
