/*
 * RocksDB called directly, with the same keys, values and options as varve: the floor.
 *
 * The loops are here, so that nothing stands between them and RocksDB's functions.
 */
#ifndef VARVE_BENCH_CONTENDERS_RAW_H
#define VARVE_BENCH_CONTENDERS_RAW_H

#include <varve/base.h>

typedef struct raw_store raw_store;

/* Open a database with the options of varve; ends the process with a message on failure. */
raw_store *raw_open(const char *path, uint64_t cache_bytes, uint64_t write_buffer_bytes);
void raw_close(raw_store *store);

/* One atomic write without sync: `count` keys from `keys` on, all with `value`. */
void raw_put_batch(raw_store *store, const varve_slice *keys, unsigned count, varve_slice value);

/* Flush, and compact into the last level. */
void raw_compact(raw_store *store);

/*
 * Walk from the first record over `steps` of them, looking at each key and, every `value_every` of
 * them, at the value.  Returns the sum of the bytes looked at.
 */
uint64_t raw_walk(raw_store *store, unsigned steps, unsigned value_every);

/* The same backwards from the last record. */
uint64_t raw_walk_back(raw_store *store, unsigned steps, unsigned value_every);

/* Seek to each key with one iterator; the sum of the first bytes of the values found. */
uint64_t raw_seek(raw_store *store, const varve_slice *keys, unsigned count, int prefix);

/* Get each key by rocksdb_get(); the sum of the first bytes of the values. */
uint64_t raw_get(raw_store *store, const varve_slice *keys, unsigned count);

/* Write `count` keys in batches of `batch` through one write batch that is used again. */
uint64_t raw_write(raw_store *store, const varve_slice *keys, unsigned count, unsigned batch,
                   varve_slice value);

#endif
