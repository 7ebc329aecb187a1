#include <varve/meta.h>

#include <inttypes.h>

#include <varve/ts.h>
#include <varve/value.h>

#include "format/conflict.h"
#include "format/meta.h"
#include "format/print.h"
#include "util/buf.h"
#include "util/fail.h"

static varve_status print_head(const varve__meta *meta, varve_buf *text, varve_error *err)
{
    char ts[VARVE_TS_TEXT_MAX];
    varve_status status = varve__buf_append(text, varve_slice_text("txn={"), err);
    if (status == VARVE_OK)
        status = meta->has_txn ? varve_txn_meta_print(&meta->txn, text, err)
                               : varve__buf_append(text, varve_slice_text("<nil>"), err);
    if (status != VARVE_OK)
        return status;
    return varve__buf_printf(text, err, "} ts=%s del=%s klen=%" PRId64 " vlen=%" PRId64,
                             varve_ts_format(meta->ts, ts), meta->deleted ? "true" : "false",
                             meta->key_bytes, meta->val_bytes);
}

static varve_status print_raw(varve_slice raw, varve_buf *text, varve_error *err)
{
    if (raw.size == 0)
        return VARVE_OK;
    varve_status status = varve__buf_append(text, varve_slice_text(" raw="), err);
    return status == VARVE_OK ? varve_value_print(raw, text, err) : status;
}

static varve_status print_entry(const varve__history_entry *entry, varve_buf *text,
                                varve_error *err)
{
    varve_status status = varve__buf_printf(text, err, "{%" PRId32 " ", entry->sequence);
    if (status == VARVE_OK)
        status = varve_value_print(entry->value, text, err);
    return status == VARVE_OK ? varve__buf_append(text, varve_slice_text("}"), err) : status;
}

static varve_status print_history(varve_slice record, varve_buf *text, varve_error *err)
{
    varve__history_entry entry;
    const char *opening = " ih={";
    while (varve__meta_next_history(&record, &entry)) {
        varve_status status = varve__buf_append(text, varve_slice_text(opening), err);
        if (status == VARVE_OK)
            status = print_entry(&entry, text, err);
        if (status != VARVE_OK)
            return status;
        opening = "";
    }
    return *opening == '\0' ? varve__buf_append(text, varve_slice_text("}"), err) : VARVE_OK;
}

static varve_status fail_undecodable(const char *problem, varve_error *err)
{
    return varve__fail(err, VARVE_CORRUPT, "unable to decode MVCCMetadata: %s", problem);
}

static varve_status print_conflict(const varve__meta *meta, varve_buf *text, varve_error *err)
{
    varve__conflict conflict;
    if (!meta->has_conflict)
        return VARVE_OK;
    const char *problem = varve__conflict_parse(meta->conflict, &conflict);
    if (problem != NULL)
        return fail_undecodable(problem, err);
    varve_status status = varve__buf_append(text, varve_slice_text(" conflict="), err);
    return status == VARVE_OK ? varve__quote_print(conflict.text, text, err) : status;
}

varve_status varve_meta_print(varve_slice record, varve_buf *text, varve_error *err)
{
    varve__meta meta;
    size_t before = text->size;
    const char *problem = varve__meta_parse(record, &meta);
    if (problem != NULL)
        return fail_undecodable(problem, err);
    varve_status status = print_head(&meta, text, err);
    if (status == VARVE_OK)
        status = print_raw(meta.raw, text, err);
    if (status == VARVE_OK && meta.history_count > 0)
        status = print_history(record, text, err);
    if (status == VARVE_OK)
        status = print_conflict(&meta, text, err);
    if (status != VARVE_OK)
        text->size = before;
    return status;
}
