/*
 * The directory of a store before RocksDB sees it: is it a store, may it become one?
 */
#ifndef VARVE_ENGINE_ROCKSDB_DIRECTORY_H
#define VARVE_ENGINE_ROCKSDB_DIRECTORY_H

#include <varve/engine.h>

typedef struct varve__directory {
    bool create; /* it is a store in which RocksDB has not made its database yet */
    int64_t version;
} varve__directory;

/*
 * Find or make the store at options->path.  What is not a store is left as it was.
 *
 * A new store is made in an order that a crash cannot turn into something else: the directory, the
 * version file, and last RocksDB's database.  Whatever is missing is made by the next opening.
 *
 * Returns VARVE_OK; VARVE_NO_STORE if there is none and none may be made; VARVE_NOT_A_STORE;
 * VARVE_CORRUPT if the database has lost its CURRENT file, or the version file is damaged;
 * VARVE_INCOMPATIBLE; VARVE_IO; VARVE_NO_SPACE.
 */
varve_status varve__directory_prepare(const varve_options *options, varve__directory *out,
                                      varve_error *err);

/*
 * Open the directory of a store that exists, of whatever version, and with `lock` keep others from
 * making a store of it until it is closed.
 *
 * Returns VARVE_OK, with `*fd` for the caller to close; VARVE_NO_STORE; VARVE_NOT_A_STORE;
 * VARVE_IO.
 */
varve_status varve__directory_find(const char *path, bool lock, int *fd, varve_error *err);

#endif
