/*
 * What a table file says of itself, read before RocksDB reads it.
 *
 * RocksDB trusts the last bytes of a table, which have no checksum: lengths in them that are
 * damaged end the process for want of memory.  It does not look at the comparator either: a table
 * in another order ends the process of a RocksDB that has assertions.
 */
#ifndef VARVE_ENGINE_ROCKSDB_TABLE_FILE_H
#define VARVE_ENGINE_ROCKSDB_TABLE_FILE_H

#include <varve/error.h>

typedef struct varve__table_file {
    uint64_t entries; /* the following two included; range clears too */
    uint64_t clears;
    uint64_t merges;
    /*
     * The sequence number of all records, which RocksDB writes into a table that it takes in by
     * renaming: its place in the file, and its bytes.
     */
    uint64_t sequence_at;
    unsigned char sequence[8];
    varve_buf ranges; /* the range clears, as a batch representation; empty = none */
} varve__table_file;

/*
 * Look at the table at `path`.  That blocks are as they were written is for RocksDB to find out.
 *
 * Returns VARVE_OK; VARVE_CORRUPT for what is no table, or none that was made to be taken in;
 * VARVE_INCOMPATIBLE for one in another order; VARVE_CORRUPT_KEY for a range clear with bounds that
 * cannot be; VARVE_IO; VARVE_NO_MEMORY.  `file` is to be released unless it fails.
 */
varve_status varve__table_file_read(const char *path, varve__table_file *file, varve_error *err);
void varve__table_file_release(varve__table_file *file);

#endif
