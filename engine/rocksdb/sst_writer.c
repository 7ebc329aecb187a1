#include "engine/sst.h"

#include "engine/engine.h"
#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/options.h"
#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/fail.h"

struct varve__table_writer {
    rocksdb_envoptions_t *files;
    rocksdb_options_t *options;
    rocksdb_sstfilewriter_t *raw;
};

void varve__table_writer_close(varve__table_writer *writer)
{
    if (writer->raw != NULL)
        rocksdb_sstfilewriter_destroy(writer->raw);
    if (writer->options != NULL)
        rocksdb_options_destroy(writer->options);
    rocksdb_envoptions_destroy(writer->files);
    varve__free(writer);
}

/* Those of a store with default options, so that a table serves there as its own tables do. */
static varve_status make_options(rocksdb_options_t **out, varve_error *err)
{
    const varve_options given = {.struct_size = sizeof given, .path = "/"};
    varve_options complete;
    varve_status status = varve__options_complete(&given, &complete, err);
    if (status != VARVE_OK)
        return status;
    complete.cache_bytes = 0; /* nothing is read */
    return varve__rocksdb_options(&complete, NULL, true, out, err);
}

varve_status varve__table_writer_open(const char *path, varve__table_writer **out, varve_error *err)
{
    char *text = NULL;
    varve__table_writer *writer = varve__calloc(1, sizeof *writer);
    if (writer == NULL)
        return varve__fail_no_memory(err, sizeof *writer);
    writer->files = rocksdb_envoptions_create();
    varve_status status = make_options(&writer->options, err);
    if (status == VARVE_OK) {
        writer->raw = rocksdb_sstfilewriter_create(writer->files, writer->options);
        rocksdb_sstfilewriter_open(writer->raw, path, &text);
        if (text != NULL)
            status = varve__rocksdb_fail(err, "creating a table", text);
    }
    if (status == VARVE_OK)
        *out = writer;
    else
        varve__table_writer_close(writer);
    return status;
}

varve_status varve__table_writer_add(varve__table_writer *writer, const varve_record *record,
                                     varve_error *err)
{
    char *text = NULL;
    const char *key = (const char *)record->key.data;
    const char *value = (const char *)record->value.data;
    switch (record->type) {
    case VARVE_RECORD_PUT:
        rocksdb_sstfilewriter_put(writer->raw, key, record->key.size, value, record->value.size,
                                  &text);
        break;
    case VARVE_RECORD_MERGE:
        rocksdb_sstfilewriter_merge(writer->raw, key, record->key.size, value, record->value.size,
                                    &text);
        break;
    case VARVE_RECORD_CLEAR:
        rocksdb_sstfilewriter_delete(writer->raw, key, record->key.size, &text);
        break;
    case VARVE_RECORD_CLEAR_RANGE:
        rocksdb_sstfilewriter_delete_range(writer->raw, key, record->key.size, value,
                                           record->value.size, &text);
        break;
    case VARVE_RECORD_LOG:
    case VARVE_RECORD_SINGLE_CLEAR:
        return varve__fail(err, VARVE_INTERNAL, "record type %d reached a table",
                           (int)record->type);
    }
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "writing a table", text);
}

varve_status varve__table_writer_finish(varve__table_writer *writer, varve_error *err)
{
    char *text = NULL;
    rocksdb_sstfilewriter_finish(writer->raw, &text);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "finishing a table", text);
}
