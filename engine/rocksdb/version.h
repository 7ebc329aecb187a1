/*
 * The version file: what marks a directory as a store of varve, and which format it has.
 *
 *     {"Version":1,"Features":[]}
 */
#ifndef VARVE_ENGINE_ROCKSDB_VERSION_H
#define VARVE_ENGINE_ROCKSDB_VERSION_H

#include <varve/error.h>

#define VARVE__VERSION_CURRENT 1
#define VARVE__VERSION_MIN 1

/* The contents for a new store. */
#define VARVE__VERSION_TEXT "{\"Version\":1,\"Features\":[]}"

/* More than any version file needs. */
#define VARVE__VERSION_SIZE_MAX 65536

/*
 * Read the contents of the version file at `path` (for messages only) and decide whether this
 * library may open the store.  Features are an opt-in to something that a library must know in
 * order to read or write the store; this library knows none.  Other members are left to later
 * libraries.
 *
 * Returns VARVE_OK; VARVE_CORRUPT if the contents make no sense; VARVE_INCOMPATIBLE, with the
 * versions as payload, if the version or a feature is unknown.
 */
varve_status varve__version_parse(varve_slice contents, const char *path, int64_t *version,
                                  varve_error *err);

#endif
