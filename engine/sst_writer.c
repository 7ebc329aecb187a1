#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <varve/sst.h>
#include <varve/value.h>

#include "engine/scratch.h"
#include "engine/sst.h"
#include "format/key.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

struct varve_sst_writer {
    varve__table_writer *table; /* NULL once it is finished, or has failed */
    char *path;
    varve_buf last; /* the key before; empty = there is none */
    uint64_t records;
    uint64_t data_bytes;
    bool is_finished;
    varve_error failure; /* why the table is of no use */
};

/* ---- Opening -------------------------------------------------------------------------------- */

/* Take the name, so that nobody's file is written over. */
static varve_status take_name(const char *path, varve_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "path: %s exists", path);
    if (fd < 0)
        return varve__fail_path(err, "create", path);
    (void)close(fd);
    return VARVE_OK;
}

static varve_status copy_path(const char *path, char **copy, varve_error *err)
{
    size_t size = strlen(path) + 1;
    *copy = varve__malloc(size);
    if (*copy == NULL)
        return varve__fail_no_memory(err, size);
    memcpy(*copy, path, size);
    return VARVE_OK;
}

static void free_writer(varve_sst_writer *writer)
{
    if (writer->table != NULL)
        varve__table_writer_close(writer->table);
    varve_error_release(&writer->failure);
    varve_buf_release(&writer->last);
    varve__free(writer->path);
    varve__free(writer);
}

varve_status varve_sst_writer_open(const char *path, varve_sst_writer **out, varve_error *err)
{
    *out = NULL;
    if (path == NULL || path[0] == '\0')
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "path: a table needs a file");
    varve_sst_writer *writer = varve__calloc(1, sizeof *writer);
    if (writer == NULL)
        return varve__fail_no_memory(err, sizeof *writer);
    varve_status status = copy_path(path, &writer->path, err);
    if (status == VARVE_OK)
        status = take_name(path, err);
    if (status == VARVE_OK) {
        status = varve__table_writer_open(path, &writer->table, err);
        if (status != VARVE_OK)
            (void)unlink(path);
    }
    if (status == VARVE_OK)
        *out = writer;
    else
        free_writer(writer);
    return status;
}

/* ---- Adding --------------------------------------------------------------------------------- */

/* RocksDB is not called again after a failure, which is the answer from now on. */
static varve_status give_up(varve_sst_writer *writer, varve_error *err)
{
    varve__table_writer_close(writer->table);
    writer->table = NULL;
    return varve__error_copy(&writer->failure, err);
}

static varve_status check_open(const varve_sst_writer *writer, const char *operation,
                               varve_error *err)
{
    if (writer->is_finished)
        return varve__fail(err, VARVE_MISUSE, "cannot call %s on a closed writer", operation);
    return writer->table == NULL ? varve__error_copy(&writer->failure, err) : VARVE_OK;
}

static varve_status add(varve_sst_writer *writer, const varve_record *record, varve_error *err)
{
    if (varve__table_writer_add(writer->table, record, &writer->failure) != VARVE_OK)
        return give_up(writer, err);
    writer->records++;
    return VARVE_OK;
}

varve_status varve__sst_writer_add(varve_sst_writer *writer, const varve_record *record,
                                   varve_error *err)
{
    if (writer->last.size > 0 &&
        varve_slice_compare(varve_buf_slice(&writer->last), record->key) >= 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "engine_key: keys come in strictly ascending order");
    varve_status status = varve__buf_assign(&writer->last, record->key, err);
    if (status == VARVE_OK)
        status = add(writer, record, err);
    if (status != VARVE_OK)
        return status;
    varve_slice prefix = varve_slice_of(record->key.data, varve_key_prefix_size(record->key));
    writer->data_bytes += varve__key_unescaped_size(prefix) + record->value.size;
    return VARVE_OK;
}

static varve_status check_and_add(varve_sst_writer *writer, const char *operation,
                                  const varve_record *record, varve_error *err)
{
    varve_status status = check_open(writer, operation, err);
    if (status == VARVE_OK)
        status = varve__table_check(NULL, record, err);
    if (status == VARVE_OK && varve_key_prefix_size(record->key) == 2 && record->key.data[0] == 0)
        return varve__fail(err, VARVE_EMPTY_KEY, "the empty key cannot be written");
    return status == VARVE_OK ? varve__sst_writer_add(writer, record, err) : status;
}

varve_status varve_sst_writer_put(varve_sst_writer *writer, varve_slice engine_key,
                                  varve_slice value, varve_error *err)
{
    const varve_record record = {VARVE_RECORD_PUT, engine_key, value};
    return check_and_add(writer, "Put", &record, err);
}

varve_status varve_sst_writer_merge(varve_sst_writer *writer, varve_slice engine_key,
                                    varve_slice operand, varve_error *err)
{
    const varve_record record = {VARVE_RECORD_MERGE, engine_key, operand};
    return check_and_add(writer, "Merge", &record, err);
}

varve_status varve_sst_writer_clear(varve_sst_writer *writer, varve_slice engine_key,
                                    varve_error *err)
{
    const varve_record record = {VARVE_RECORD_CLEAR, engine_key, varve_slice_of(NULL, 0)};
    return check_and_add(writer, "Clear", &record, err);
}

varve_status varve_sst_writer_clear_range(varve_sst_writer *writer, varve_slice start,
                                          varve_slice end, varve_error *err)
{
    const varve_record record = {VARVE_RECORD_CLEAR_RANGE, start, end};
    size_t longer = start.size > end.size ? start.size : end.size;
    varve_status status = check_open(writer, "ClearRange", err);
    if (status != VARVE_OK)
        return status;
    if (longer > VARVE_ENGINE_KEY_SIZE_MAX)
        return varve__fail(err, VARVE_INVALID_KEY,
                           "invalid range: a bound of %zu bytes exceeds the limit of %d", longer,
                           VARVE_ENGINE_KEY_SIZE_MAX);
    int order = varve_slice_compare(start, end);
    if (order > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "end: the range ends before it starts");
    return order < 0 ? add(writer, &record, err) : VARVE_OK;
}

uint64_t varve_sst_writer_data_bytes(const varve_sst_writer *writer)
{
    return writer->data_bytes;
}

/* ---- Ending --------------------------------------------------------------------------------- */

varve_status varve_sst_writer_finish(varve_sst_writer *writer, varve_error *err)
{
    if (writer->is_finished)
        return VARVE_OK;
    if (writer->table == NULL)
        return varve__error_copy(&writer->failure, err);
    if (writer->records == 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a table needs at least one record");
    varve_status status = varve__table_writer_finish(writer->table, &writer->failure);
    if (status == VARVE_OK)
        status = varve__parent_sync(writer->path, &writer->failure);
    if (status != VARVE_OK)
        return give_up(writer, err);
    varve__table_writer_close(writer->table);
    writer->table = NULL;
    writer->is_finished = true;
    return VARVE_OK;
}

void varve_sst_writer_close(varve_sst_writer *writer)
{
    if (writer == NULL)
        return;
    if (!writer->is_finished)
        (void)unlink(writer->path);
    free_writer(writer);
}
