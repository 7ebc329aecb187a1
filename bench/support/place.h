/*
 * Directories for benchmarks, and the options that RocksDB has recorded in them.
 */
#ifndef VARVE_BENCH_SUPPORT_PLACE_H
#define VARVE_BENCH_SUPPORT_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make a directory below `root` (NULL: $TMPDIR or /tmp) and write its path to `path`.  It belongs
 * to this process and those that it starts, as long as one of them lives.  Directories there that
 * belong to nobody any more are removed: those of runs that were killed.
 */
bool bench_place_make(const char *root, char *path, size_t size);

/* Remove a directory with all that is in it. */
void bench_place_remove(const char *path);

/*
 * Compare the newest OPTIONS files of two databases line by line and print each difference to
 * stderr.  Returns whether there is none.
 */
bool bench_same_options(const char *ours, const char *theirs);

#endif
