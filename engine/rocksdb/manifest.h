/*
 * Whether a writer has changed a store's set of files, for those who read beside it.
 */
#ifndef VARVE_ENGINE_ROCKSDB_MANIFEST_H
#define VARVE_ENGINE_ROCKSDB_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The manifest in force: RocksDB appends to it, and begins another one now and then. */
typedef struct varve__manifest {
    char name[64]; /* the contents of CURRENT */
    off_t size;    /* -1 = could not be looked at */
} varve__manifest;

varve__manifest varve__manifest_look(const char *path);

bool varve__manifest_is_same(const varve__manifest *a, const varve__manifest *b);

/* Until when to go on trying, by a clock of seconds; a writer does not flush all the time. */
int64_t varve__patience_end(void);

/* Pause for a moment; false, without a pause, once `end` has come. */
bool varve__patience_wait(int64_t end);

#endif
