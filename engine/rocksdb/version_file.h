/*
 * The version file of a store, read and written.  What it says is the business of version.h.
 *
 * `fd` is the open directory, `path` its name for messages.
 */
#ifndef VARVE_ENGINE_ROCKSDB_VERSION_FILE_H
#define VARVE_ENGINE_ROCKSDB_VERSION_FILE_H

#include <varve/error.h>

#define VARVE__VERSION_FILE "VARVE_VERSION"
#define VARVE__VERSION_FILE_TEMP "VARVE_VERSION_TEMP"

/* Read the file.  VARVE_NOT_FOUND if there is none; VARVE_CORRUPT if it is far too large. */
varve_status varve__version_file_read(int fd, const char *path, varve_buf *contents,
                                      varve_error *err);

/* Read it and decide whether this library may open the store, as varve__version_parse(). */
varve_status varve__version_file_get(int fd, const char *path, int64_t *version, varve_error *err);

/* The same by the store's path; VARVE_NO_STORE if there is none. */
varve_status varve__version_file_check(const char *path, int64_t *version, varve_error *err);

/* Make it or replace it, so that after a crash the old one or the new one is there, whole. */
varve_status varve__version_file_write(int fd, const char *path, varve_slice contents,
                                       varve_error *err);

#endif
