#include <varve/key.h>
#include <varve/sst.h>

#include "engine/sst.h"
#include "util/buf.h"
#include "util/fail.h"

/* How many records are written between two looks at the token. */
#define RECORDS_BETWEEN_LOOKS 256

struct export
{
    const varve_export_options *options;
    const char *path;
    varve_iter *it;
    varve_sst_writer *writer; /* NULL = nothing has been written */
    varve_buf key;            /* the user key of the last record, encoded; empty = none */
    varve_export_result result;
};

static varve_status open_writer(struct export *export, varve_error *err)
{
    return export->writer != NULL ? VARVE_OK
                                  : varve_sst_writer_open(export->path, &export->writer, err);
}

static varve_slice user_key_at(const varve_iter *it)
{
    return varve_slice_of(it->key.data, varve_key_prefix_size(it->key));
}

/* Whether the table is to end in front of the record of the iterator. */
static bool is_full(const struct export *export)
{
    uint64_t target = export->options->target_bytes;
    return target > 0 && export->writer != NULL &&
           varve_sst_writer_data_bytes(export->writer) >= target &&
           !varve_slice_equal(user_key_at(export->it), varve_buf_slice(&export->key));
}

static varve_status write_record(struct export *export, varve_error *err)
{
    const varve_record record = {VARVE_RECORD_PUT, export->it->key, varve_iter_value(export->it)};
    varve_status status = VARVE_OK;
    if (export->result.records % RECORDS_BETWEEN_LOOKS == 0)
        status = varve_cancel_check(export->options->cancel, err);
    if (status == VARVE_OK)
        status = open_writer(export, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&export->key, user_key_at(export->it), err);
    if (status == VARVE_OK)
        status = varve__sst_writer_add(export->writer, &record, err);
    if (status == VARVE_OK)
        export->result.records++;
    return status;
}

static varve_status write_records(struct export *export, varve_error *err)
{
    varve_status status = VARVE_OK;
    bool more = varve_iter_seek_ge(export->it, export->options->start);
    while (status == VARVE_OK && more && !is_full(export)) {
        status = write_record(export, err);
        if (status == VARVE_OK)
            more = varve_iter_next(export->it);
    }
    if (status == VARVE_OK)
        status = varve_iter_status(export->it, err);
    if (status == VARVE_OK && more)
        status = varve__buf_assign(&export->result.resume, export->it->key, err);
    return status;
}

/* What the range clear of this table goes up to: where the next one begins, or the end. */
static varve_slice covered_end(const struct export *export)
{
    if (export->result.resume.size > 0)
        return varve_buf_slice(&export->result.resume);
    return export->options->end.size > 0 ? export->options->end : varve_key_max();
}

static bool is_empty(const struct export *export)
{
    return varve_slice_compare(export->options->start, covered_end(export)) >= 0;
}

static varve_status finish(struct export *export, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (export->options->replace && !is_empty(export)) {
        status = open_writer(export, err);
        if (status == VARVE_OK)
            status = varve_sst_writer_clear_range(export->writer, export->options->start,
                                                  covered_end(export), err);
    }
    if (export->writer == NULL || status != VARVE_OK)
        return status;
    export->result.data_bytes = varve_sst_writer_data_bytes(export->writer);
    return varve_sst_writer_finish(export->writer, err);
}

static varve_status run(struct export *export, varve_reader *reader, varve_error *err)
{
    const varve_iter_options bounds = {.struct_size = sizeof bounds,
                                       .lower = export->options->start,
                                       .upper = export->options->end,
                                       .bypass_cache = true};
    varve_status status = varve_iter_open(reader, &bounds, &export->it, err);
    if (status == VARVE_OK)
        status = write_records(export, err);
    if (status == VARVE_OK)
        status = finish(export, err);
    varve_iter_close(export->it);
    varve_sst_writer_close(export->writer); /* removes a table that is not finished */
    return status;
}

static varve_status check_options(const varve_export_options *options, varve_error *err)
{
    if (options->end.size > 0 && varve_slice_compare(options->start, options->end) > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "end: the range ends before it starts");
    return VARVE_OK;
}

static varve_status check_result(const varve_export_result *result, varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(result, "varve_export_result", &given, err);
    if (status == VARVE_OK && given < sizeof *result)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_export_result must be given with all of its fields");
    return status;
}

varve_status varve_export_range(varve_reader *reader, const char *path,
                                const varve_export_options *options, varve_export_result *result,
                                varve_error *err)
{
    varve_export_options complete;
    varve_status status =
        varve__struct_copy(&complete, sizeof complete, options, "varve_export_options", err);
    if (status == VARVE_OK)
        status = check_options(&complete, err);
    if (status == VARVE_OK)
        status = check_result(result, err);
    if (status != VARVE_OK)
        return status;
    struct export export = {.options = &complete, .path = path};
    status = run(&export, reader, err);
    varve_buf_release(&export.key);
    if (status == VARVE_OK) {
        /* The range may begin where the buffer of the piece before says: it is needed until now. */
        varve_buf_release(&result->resume);
        result->records = export.result.records;
        result->data_bytes = export.result.data_bytes;
        result->resume = export.result.resume;
    } else {
        varve_buf_release(&export.result.resume);
    }
    return status;
}
