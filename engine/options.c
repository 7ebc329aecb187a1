#include <inttypes.h>

#include "engine/engine.h"
#include "util/fail.h"

#define CACHE_BYTES_DEFAULT ((uint64_t)32 << 20)
#define WRITE_BUFFER_BYTES_DEFAULT ((uint64_t)64 << 20)
#define BLOCK_BYTES_DEFAULT ((uint64_t)8 << 10)
#define BLOCK_BYTES_MAX ((uint64_t)1 << 30)
#define BLOOM_BITS_DEFAULT 10
#define BLOOM_BITS_MAX 100

static varve_status check_enums(const varve_options *options, varve_error *err)
{
    if ((unsigned)options->backend > VARVE_BACKEND_MEM)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "backend: %d is none",
                           (int)options->backend);
    if ((unsigned)options->wal > VARVE_WAL_OFF)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "wal: %d is no mode", (int)options->wal);
    if ((unsigned)options->writer_durability > VARVE_NO_SYNC)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "writer_durability: %d is none",
                           (int)options->writer_durability);
    if ((unsigned)options->compression > VARVE_COMPRESSION_ZSTD)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "compression: %d is none",
                           (int)options->compression);
    if ((unsigned)options->bottom_compression > VARVE_COMPRESSION_ZSTD)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "bottom_compression: %d is none",
                           (int)options->bottom_compression);
    return VARVE_OK;
}

static varve_status check_numbers(const varve_options *options, varve_error *err)
{
    if (options->block_bytes > BLOCK_BYTES_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "block_bytes: %" PRIu64 " is above %" PRIu64, options->block_bytes,
                           BLOCK_BYTES_MAX);
    if (options->bloom_bits < -1 || options->bloom_bits > BLOOM_BITS_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "bloom_bits: %d is not in -1 to %d",
                           options->bloom_bits, BLOOM_BITS_MAX);
    if (options->max_open_files < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "max_open_files: %d is negative",
                           options->max_open_files);
    if (options->cache != NULL && options->cache_bytes != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "cache_bytes: the shared cache has a size of its own");
    return VARVE_OK;
}

static varve_status refuse(const char *field, const char *place, varve_error *err)
{
    if (field == NULL)
        return VARVE_OK;
    return varve__fail(err, VARVE_INVALID_ARGUMENT, "%s: not for %s", field, place);
}

/* A secondary never writes, repairs nothing, and keeps open what its writer may remove. */
static varve_status check_secondary(const varve_options *options, varve_error *err)
{
    const char *field = NULL;
    const char *path = options->secondary_path;
    if (path == NULL)
        return VARVE_OK;
    if (path[0] == '\0' || strcmp(path, options->path) == 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "secondary_path: a secondary needs a directory of its own");
    if (options->read_only)
        field = "read_only";
    else if (options->salvage)
        field = "salvage";
    else if (options->max_open_files != 0)
        field = "max_open_files";
    return refuse(field, "a secondary", err);
}

/* Words without blanks and brackets, which delimit them in varve_engine_attributes(). */
static varve_status check_attributes(const varve_options *options, varve_error *err)
{
    const char *rest = options->attributes;
    while (rest != NULL) {
        size_t size = strcspn(rest, ",");
        if (size == 0 || strcspn(rest, " \t\n[]") < size)
            return varve__fail(err, VARVE_INVALID_ARGUMENT,
                               "attributes: \"%s\" is no list of words with commas between them",
                               options->attributes);
        rest = rest[size] == ',' ? rest + size + 1 : NULL;
    }
    return VARVE_OK;
}

static varve_status check_texts(const varve_options *options, varve_error *err)
{
    if (options->temp_dir != NULL && options->temp_dir[0] == '\0')
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "temp_dir: the name is empty");
    return check_attributes(options, err);
}

/* What would be without effect where no table is written, or there is none. */
static varve_status check_effect(const varve_options *options, varve_error *err)
{
    const char *field = NULL;
    if (options->compression != VARVE_COMPRESSION_DEFAULT)
        field = "compression";
    else if (options->bottom_compression != VARVE_COMPRESSION_DEFAULT)
        field = "bottom_compression";
    if (options->read_only || options->secondary_path != NULL)
        return refuse(field, "reading only", err);
    if (options->cache != NULL)
        field = "cache";
    else if (options->rocksdb_options != NULL)
        field = "rocksdb_options";
    else if (options->cache_indexes)
        field = "cache_indexes";
    return options->backend == VARVE_BACKEND_MEM ? refuse(field, "the memory map", err) : VARVE_OK;
}

/* A store in memory is always new and always writable: what asks for another one is a mistake. */
static varve_status check_place(const varve_options *options, varve_error *err)
{
    if (options->backend == VARVE_BACKEND_ROCKSDB) {
        if (options->path == NULL || options->path[0] == '\0')
            return varve__fail(err, VARVE_INVALID_ARGUMENT, "path: a store needs a directory");
        return VARVE_OK;
    }
    const char *field = NULL;
    if (options->path != NULL)
        field = "path";
    else if (options->secondary_path != NULL)
        field = "secondary_path";
    else if (options->read_only)
        field = "read_only";
    else if (options->must_exist)
        field = "must_exist";
    else if (options->salvage)
        field = "salvage";
    return refuse(field, "a store in memory", err);
}

static void fill_in(uint64_t *number, uint64_t otherwise)
{
    if (*number == 0)
        *number = otherwise;
}

varve_status varve__options_complete(const varve_options *given, varve_options *options,
                                     varve_error *err)
{
    varve_status status = varve__struct_copy(options, sizeof *options, given, "varve_options", err);
    if (status == VARVE_OK)
        status = check_enums(options, err);
    if (status == VARVE_OK)
        status = check_numbers(options, err);
    if (status == VARVE_OK)
        status = check_place(options, err);
    if (status == VARVE_OK)
        status = check_secondary(options, err);
    if (status == VARVE_OK)
        status = check_texts(options, err);
    if (status == VARVE_OK)
        status = check_effect(options, err);
    if (status != VARVE_OK)
        return status;
    options->struct_size = sizeof *options;
    if (options->secondary_path != NULL)
        options->read_only = true;
    if (options->cache == NULL)
        fill_in(&options->cache_bytes, CACHE_BYTES_DEFAULT);
    fill_in(&options->write_buffer_bytes, WRITE_BUFFER_BYTES_DEFAULT);
    fill_in(&options->block_bytes, BLOCK_BYTES_DEFAULT);
    if (options->bloom_bits == 0)
        options->bloom_bits = BLOOM_BITS_DEFAULT;
    return VARVE_OK;
}
