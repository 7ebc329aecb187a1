/*
 * What of a file system a store may use.
 */
#ifndef VARVE_ENGINE_CAPACITY_H
#define VARVE_ENGINE_CAPACITY_H

#include <varve/admin.h>

/*
 * Work out the numbers: of `total` bytes in the file system `available` are free, the store takes
 * `used`, and may take `max_bytes`; 0 = no limit.  Returns VARVE_OK; or VARVE_IO for a total above
 * INT64_MAX, which no file system has.
 */
varve_status varve__capacity_of(uint64_t total, uint64_t available, uint64_t used,
                                uint64_t max_bytes, varve_engine_capacity *capacity,
                                varve_error *err);

/* The sizes of all regular files below `path`; those that vanish meanwhile do not count. */
varve_status varve__capacity_used(const char *path, uint64_t *used, varve_error *err);

#endif
