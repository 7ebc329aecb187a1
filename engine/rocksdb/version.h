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

/* The versions that a library opens; `current` is the one it makes. */
typedef struct varve__version_range {
    int64_t minimum;
    int64_t current;
} varve__version_range;

/* This library's. */
#define VARVE__VERSION_RANGE                                                                       \
    (varve__version_range)                                                                         \
    {                                                                                              \
        VARVE__VERSION_MIN, VARVE__VERSION_CURRENT                                                 \
    }

/* The same for a library of that range.  `*version` is set whenever the contents name one. */
varve_status varve__version_parse_as(varve__version_range range, varve_slice contents,
                                     const char *path, int64_t *version, varve_error *err);

/*
 * The contents with another version in them, all other members kept, into `changed`.  Returns
 * VARVE_OK; VARVE_CORRUPT if they make no sense; VARVE_NO_MEMORY.
 */
varve_status varve__version_set(varve_slice contents, const char *path, int64_t version,
                                varve_buf *changed, varve_error *err);

/*
 * What the reference does on opening a store, for those who move data from it; varve's own rules
 * are those above.  There a missing file, here `contents` NULL, is version 0, the oldest that it
 * opens; features do not exist; an older version is written anew as the current one, `*rewrite`,
 * once the store is open.  `failure` is why the store could not be opened otherwise, NULL if it
 * could.
 *
 * Returns VARVE_OK; or, with the reference's texts, VARVE_CORRUPT, VARVE_INCOMPATIBLE, or VARVE_IO
 * for `failure`.
 */
varve_status varve__version_reference(const varve_slice *contents, const char *path,
                                      const char *failure, bool *rewrite, varve_error *err);

#endif
