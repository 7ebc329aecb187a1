#include "engine/rocksdb/table_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "engine/rocksdb/files.h"
#include "engine/scratch.h"
#include "format/batch_repr.h"
#include "format/key.h"
#include "format/varint.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"
#include "util/little_endian.h"

/* The end of a file: kind of checksum (1), two handles and padding (40), format (4), magic (8). */
#define FOOTER_SIZE 53
#define HANDLES_AT 1
#define FORMAT_AT 41
#define MAGIC_AT 45
#define MAGIC UINT64_C(0x88e241b785f4cff7)
#define FORMAT_MIN 1
#define FORMAT_MAX 5

/* Behind each block: compression (1) and checksum (4). */
#define TRAILER_SIZE 5

/* Behind a user key: sequence number and type. */
#define INTERNAL_SIZE 8

#define PROPERTIES_BLOCK "rocksdb.properties"
#define RANGES_BLOCK "rocksdb.range_del"
#define COMPARATOR "leveldb.BytewiseComparator"

struct handle {
    uint64_t offset;
    uint64_t size;
};

struct table {
    const char *path;
    int fd;
    uint64_t size;
    struct handle properties;
    struct handle ranges; /* size 0 = there are none */
};

/* Receives one entry of a block; `at` is the offset of the value in the block. */
typedef varve_status (*entry_fn)(void *arg, varve_slice key, varve_slice value, size_t at,
                                 varve_error *err);

static varve_status fail_form(const char *path, const char *what, varve_error *err)
{
    return varve__fail(err, VARVE_CORRUPT, "%s is no sound table: %s", path, what);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static bool take_number(varve_slice *left, uint64_t *number)
{
    size_t size = varve__varint_decode(*left, 64, number);
    *left = varve_slice_of(left->data + size, left->size - size);
    return size > 0;
}

static bool take_handle(varve_slice *left, struct handle *handle)
{
    return take_number(left, &handle->offset) && take_number(left, &handle->size);
}

/* A block with its trailer lies in front of the footer. */
static bool is_inside(const struct table *table, const struct handle *handle)
{
    uint64_t room = table->size - FOOTER_SIZE;
    return handle->offset <= room && handle->size <= room - handle->offset &&
           TRAILER_SIZE <= room - handle->offset - handle->size;
}

/* Entries share the front of their keys with the one before; offsets of restarts are at the end. */
static varve_status walk_entries(const char *path, varve_slice left, varve_buf *key, entry_fn each,
                                 void *arg, varve_error *err)
{
    const unsigned char *start = left.data;
    varve_status status = VARVE_OK;
    while (left.size > 0 && status == VARVE_OK) {
        uint64_t shared;
        uint64_t added;
        uint64_t size;
        if (!take_number(&left, &shared) || !take_number(&left, &added) ||
            !take_number(&left, &size) || shared > key->size || added > left.size ||
            size > left.size - added)
            return fail_form(path, "a block has lengths that cannot be", err);
        key->size = (size_t)shared;
        status = varve__buf_append(key, varve_slice_of(left.data, (size_t)added), err);
        varve_slice value = varve_slice_of(left.data + added, (size_t)size);
        if (status == VARVE_OK)
            status = each(arg, varve_buf_slice(key), value, (size_t)(value.data - start), err);
        left = varve_slice_of(value.data + size, left.size - (size_t)(added + size));
    }
    return status;
}

static varve_status walk_contents(const char *path, varve_slice block, entry_fn each, void *arg,
                                  varve_error *err)
{
    if (block.size < 4)
        return fail_form(path, "a block is too short", err);
    uint64_t restarts = varve__load_le(block.data + block.size - 4, 4);
    if (restarts > block.size / 4 - 1)
        return fail_form(path, "a block has too many restarts", err);
    varve_buf key = VARVE_BUF_INIT;
    varve_status status =
        walk_entries(path, varve_slice_of(block.data, block.size - 4 * ((size_t)restarts + 1)),
                     &key, each, arg, err);
    varve_buf_release(&key);
    return status;
}

/* Call `each` for the entries of a block; those about the table are never compressed. */
static varve_status walk_block(const struct table *table, const struct handle *handle,
                               entry_fn each, void *arg, varve_error *err)
{
    if (!is_inside(table, handle))
        return fail_form(table->path, "a block lies outside", err);
    size_t size = (size_t)handle->size + TRAILER_SIZE;
    unsigned char *data = varve__malloc(size);
    if (data == NULL)
        return varve__fail_no_memory(err, size);
    ssize_t got = varve__read_at(table->fd, handle->offset, data, size);
    varve_status status;
    if (got < 0)
        status = varve__fail_path(err, "read", table->path);
    else if ((size_t)got < size || data[handle->size] != 0)
        status = fail_form(table->path, "a block cannot be read", err);
    else
        status =
            walk_contents(table->path, varve_slice_of(data, (size_t)handle->size), each, arg, err);
    varve__free(data);
    return status;
}

/* ---- What is in them ------------------------------------------------------------------------ */

/* An entry of the block that names the others. */
static varve_status take_block(void *arg, varve_slice key, varve_slice value, size_t at,
                               varve_error *err)
{
    struct table *table = arg;
    struct handle *handle = NULL;
    (void)at;
    if (varve_slice_equal(key, varve_slice_text(PROPERTIES_BLOCK)))
        handle = &table->properties;
    else if (varve_slice_equal(key, varve_slice_text(RANGES_BLOCK)))
        handle = &table->ranges;
    if (handle == NULL || take_handle(&value, handle))
        return VARVE_OK;
    return fail_form(table->path, "a block has no place", err);
}

struct properties {
    const struct table *table;
    varve__table_file *file;
    bool has_comparator;
    bool has_sequence;
};

static varve_status take_comparator(struct properties *properties, varve_slice value,
                                    varve_error *err)
{
    properties->has_comparator = true;
    if (varve_slice_equal(value, varve_slice_text(COMPARATOR)))
        return VARVE_OK;
    return varve__fail(err, VARVE_INCOMPATIBLE, "%s is in the order of %.*s, not of %s",
                       properties->table->path, (int)(value.size < 64 ? value.size : 64),
                       (const char *)value.data, COMPARATOR);
}

static varve_status take_property(void *arg, varve_slice key, varve_slice value, size_t at,
                                  varve_error *err)
{
    struct properties *properties = arg;
    varve__table_file *file = properties->file;
    const struct {
        const char *name;
        uint64_t *number;
    } numbers[] = {{"rocksdb.num.entries", &file->entries},
                   {"rocksdb.deleted.keys", &file->clears},
                   {"rocksdb.merge.operands", &file->merges}};

    if (varve_slice_equal(key, varve_slice_text("rocksdb.comparator")))
        return take_comparator(properties, value, err);
    if (varve_slice_equal(key, varve_slice_text("rocksdb.external_sst_file.global_seqno")) &&
        value.size == sizeof file->sequence) {
        properties->has_sequence = true;
        file->sequence_at = properties->table->properties.offset + at;
        memcpy(file->sequence, value.data, value.size);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        varve_slice left = value;
        if (varve_slice_equal(key, varve_slice_text(numbers[i].name)) &&
            !take_number(&left, numbers[i].number))
            return fail_form(properties->table->path, "a property is no number", err);
    }
    return VARVE_OK;
}

struct ranges {
    const char *path;
    varve__table_file *file;
    uint64_t count;
};

static varve_status take_range(void *arg, varve_slice key, varve_slice value, size_t at,
                               varve_error *err)
{
    struct ranges *ranges = arg;
    (void)at;
    if (key.size < INTERNAL_SIZE)
        return fail_form(ranges->path, "a range clear has no key", err);
    const varve_record record = {VARVE_RECORD_CLEAR_RANGE,
                                 varve_slice_of(key.data, key.size - INTERNAL_SIZE), value};
    if (record.key.size > VARVE_ENGINE_KEY_SIZE_MAX || value.size > VARVE_ENGINE_KEY_SIZE_MAX ||
        varve_slice_compare(record.key, value) > 0)
        return varve__fail(err, VARVE_CORRUPT_KEY, "%s has a range clear with impossible bounds",
                           ranges->path);
    ranges->count++;
    return varve__repr_append(&ranges->file->ranges, &record, err);
}

/* ---- Together ------------------------------------------------------------------------------- */

static varve_status read_footer(struct table *table, struct handle *blocks, varve_error *err)
{
    unsigned char footer[FOOTER_SIZE];
    struct stat what;
    if (fstat(table->fd, &what) != 0)
        return varve__fail_path(err, "look at", table->path);
    if (!S_ISREG(what.st_mode) || what.st_size < FOOTER_SIZE)
        return fail_form(table->path, "it is too short", err);
    table->size = (uint64_t)what.st_size;
    ssize_t got = varve__read_at(table->fd, table->size - FOOTER_SIZE, footer, FOOTER_SIZE);
    if (got < 0)
        return varve__fail_path(err, "read", table->path);
    uint64_t format = varve__load_le(footer + FORMAT_AT, MAGIC_AT - FORMAT_AT);
    if (got < FOOTER_SIZE || varve__load_le(footer + MAGIC_AT, 8) != MAGIC)
        return fail_form(table->path, "it does not end like one", err);
    if (format < FORMAT_MIN || format > FORMAT_MAX)
        return fail_form(table->path, "its format is not known", err);
    struct handle index;
    varve_slice handles = varve_slice_of(footer + HANDLES_AT, FORMAT_AT - HANDLES_AT);
    if (!take_handle(&handles, blocks) || !take_handle(&handles, &index) ||
        !is_inside(table, &index))
        return fail_form(table->path, "its index lies outside", err);
    return VARVE_OK;
}

static varve_status read_properties(const struct table *table, varve__table_file *file,
                                    varve_error *err)
{
    struct properties properties = {.table = table, .file = file};
    varve_status status = walk_block(table, &table->properties, take_property, &properties, err);
    if (status != VARVE_OK)
        return status;
    if (!properties.has_comparator)
        return fail_form(table->path, "its order is not known", err);
    if (!properties.has_sequence)
        return fail_form(table->path, "it was not made to be taken in", err);
    return VARVE_OK;
}

static varve_status read_ranges(const struct table *table, varve__table_file *file,
                                varve_error *err)
{
    struct ranges ranges = {.path = table->path, .file = file};
    varve_status status = VARVE_OK;
    if (table->ranges.size > 0)
        status = walk_block(table, &table->ranges, take_range, &ranges, err);
    /* RocksDB counts range clears among the clears. */
    file->clears -= ranges.count < file->clears ? ranges.count : file->clears;
    return status;
}

static varve_status read_open(struct table *table, varve__table_file *file, varve_error *err)
{
    struct handle blocks;
    varve_status status = read_footer(table, &blocks, err);
    if (status == VARVE_OK)
        status = walk_block(table, &blocks, take_block, table, err);
    if (status == VARVE_OK)
        status = read_properties(table, file, err);
    if (status == VARVE_OK)
        status = read_ranges(table, file, err);
    return status;
}

varve_status varve__table_file_read(const char *path, varve__table_file *file, varve_error *err)
{
    struct table table = {.path = path};
    *file = (varve__table_file){.ranges = VARVE_BUF_INIT};
    table.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (table.fd < 0)
        return varve__fail_path(err, "open", path);
    varve_status status = read_open(&table, file, err);
    (void)close(table.fd);
    if (status != VARVE_OK)
        varve__table_file_release(file);
    return status;
}

void varve__table_file_release(varve__table_file *file)
{
    varve_buf_release(&file->ranges);
}
