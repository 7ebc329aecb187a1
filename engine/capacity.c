#include "engine/capacity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/statvfs.h>

#include "engine/engine.h"
#include "util/fail.h"
#include "util/tree.h"

#define MEMORY_BYTES_DEFAULT ((uint64_t)512 << 20)

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

varve_status varve__capacity_of(uint64_t total, uint64_t available, uint64_t used,
                                uint64_t max_bytes, varve_engine_capacity *capacity,
                                varve_error *err)
{
    if (total > INT64_MAX)
        return varve__fail(err, VARVE_IO,
                           "a file system of %" PRIu64 " bytes is larger than %" PRId64, total,
                           INT64_MAX);
    capacity->used = used;
    capacity->capacity = total;
    capacity->available = available;
    if (max_bytes != 0 && max_bytes < total) {
        capacity->capacity = max_bytes;
        capacity->available = smaller(max_bytes - smaller(used, max_bytes), available);
    }
    return VARVE_OK;
}

static varve_status add_size(void *arg, int directory, const char *name, const struct stat *what,
                             varve_error *err)
{
    uint64_t *used = arg;
    (void)directory, (void)name, (void)err;
    if (S_ISREG(what->st_mode))
        *used += (uint64_t)what->st_size;
    return VARVE_OK;
}

varve_status varve__capacity_used(const char *path, uint64_t *used, varve_error *err)
{
    *used = 0;
    return varve__tree_walk(AT_FDCWD, path, add_size, used, err);
}

/* Bytes of so many blocks; UINT64_MAX if there is no such number. */
static uint64_t bytes_of(uint64_t blocks, uint64_t block_bytes)
{
    return block_bytes != 0 && blocks > UINT64_MAX / block_bytes ? UINT64_MAX
                                                                 : blocks * block_bytes;
}

static varve_status ask_file_system(const varve_options *options, varve_engine_capacity *capacity,
                                    varve_error *err)
{
    struct statvfs system;
    uint64_t used;
    if (statvfs(options->path, &system) != 0)
        return varve__fail(err, VARVE_IO, "cannot look at the file system of %s: %s", options->path,
                           strerror(errno));
    varve_status status = varve__capacity_used(options->path, &used, err);
    if (status != VARVE_OK)
        return status;
    return varve__capacity_of(bytes_of(system.f_blocks, system.f_frsize),
                              bytes_of(system.f_bavail, system.f_frsize), used, options->max_bytes,
                              capacity, err);
}

varve_status varve_engine_get_capacity(varve_engine *engine, varve_engine_capacity *capacity,
                                       varve_error *err)
{
    const varve_options *options = &engine->options;
    varve_engine_capacity known = {0};
    size_t given;
    varve_status status = varve__struct_size(capacity, "varve_engine_capacity", &given, err);
    if (status != VARVE_OK)
        return status;
    if (options->backend == VARVE_BACKEND_ROCKSDB) {
        status = ask_file_system(options, &known, err);
        if (status != VARVE_OK)
            return status;
    } else {
        known.capacity = options->max_bytes != 0 ? options->max_bytes : MEMORY_BYTES_DEFAULT;
        known.available = known.capacity;
    }
    varve__struct_give(capacity, given, &known, sizeof known);
    return VARVE_OK;
}
