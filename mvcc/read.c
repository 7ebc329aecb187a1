#include "mvcc/read.h"

#include "util/fail.h"

varve_status varve__read_begin(varve__read *read, const varve_read *how, unsigned flags_allowed,
                               int64_t max_rows, varve_rows *rows, varve_error *err)
{
    *read = (varve__read){.rows = rows};
    varve_status status = varve__struct_copy(&read->how, sizeof read->how, how, "varve_read", err);
    if (status != VARVE_OK)
        return status;
    unsigned flags = read->how.flags;
    if ((flags & ~flags_allowed) != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "flags 0x%x are not allowed in this read",
                           flags & ~flags_allowed);
    read->tombstones = (flags & VARVE_READ_TOMBSTONES) != 0;
    read->max_rows = max_rows < 0 ? INT64_MAX : max_rows;
    varve__view_init(&read->view, read->how.ts, (flags & VARVE_READ_FAIL_ON_MORE_RECENT) != 0);
    return VARVE_OK;
}

varve_status varve__read_end(varve__read *read, varve_status status, varve_error *err)
{
    if (status >= 0 && read->conflicts.count > 0)
        status = varve__conflicts_fail(&read->conflicts, err);
    if (status < 0)
        varve__rows_clear(read->rows);
    varve__conflicts_release(&read->conflicts);
    varve__walk_release(&read->walk);
    return status;
}

void varve__read_take(const varve__read *read, varve__found *found)
{
    found->ts = varve__suffix_decode(varve__walk_suffix(&read->walk));
    found->value = varve_iter_value(read->walk.it);
}

static varve_status take_at_or_below(varve__read *read, varve_ts ts, varve__found *found,
                                     varve_error *err)
{
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    varve__suffix_encode(ts, suffix);
    varve_status status = varve__walk_descend(&read->walk, suffix, err);
    if (status == VARVE_OK)
        varve__read_take(read, found);
    return status;
}

static varve_status add_conflict(varve__read *read, const varve__meta *meta, varve_error *err)
{
    varve_status status =
        varve__conflicts_add(&read->conflicts, varve__walk_prefix(&read->walk), meta, err);
    return status == VARVE_OK ? VARVE_NOT_FOUND : status;
}

varve_status varve__read_find(varve__read *read, varve__found *found, varve_error *err)
{
    varve__meta meta;
    varve__sight sight;
    const unsigned char *suffix = varve__walk_suffix(&read->walk);
    if (suffix != NULL) {
        sight = varve__see_version(&read->view, suffix);
    } else {
        varve_status status = varve__walk_meta(&read->walk, &meta, err);
        if (status != VARVE_OK)
            return status;
        sight = varve__see_meta(&read->view, &meta);
    }

    switch (sight.what) {
    case VARVE__SEE_NOTHING:
        break;
    case VARVE__SEE_FIRST:
        varve__read_take(read, found);
        return VARVE_OK;
    case VARVE__SEE_INLINE:
        *found = (varve__found){.value = meta.raw};
        return VARVE_OK;
    case VARVE__SEE_AT_OR_BELOW:
        return take_at_or_below(read, sight.ts, found, err);
    case VARVE__SEE_CONFLICT:
        return add_conflict(read, &meta, err);
    case VARVE__SEE_TOO_NEW:
        return varve__fail_too_new(&read->view, sight.ts, err);
    }
    return VARVE_NOT_FOUND;
}

void varve__read_accept(varve__read *read, const varve__packed_row *row)
{
    if (row->value_size > 0 || read->tombstones)
        varve__rows_count(read->rows, row);
    else
        varve__rows_drop(read->rows, row);
}

varve_status varve__read_emit(varve__read *read, const varve__found *found, varve_error *err)
{
    varve__packed_row row;
    varve_status status = varve__rows_pack(read->rows, varve__walk_prefix(&read->walk), found->ts,
                                           found->value, &row, err);
    if (status == VARVE_OK)
        varve__read_accept(read, &row);
    return status;
}

varve_status varve__read_key(varve__read *read, varve_error *err)
{
    varve__found found;
    varve_status status = varve__read_find(read, &found, err);
    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    return status == VARVE_OK ? varve__read_emit(read, &found, err) : status;
}

bool varve__read_is_full(const varve__read *read)
{
    const varve_rows *rows = read->rows;
    return (uint64_t)rows->count >= (uint64_t)read->max_rows ||
           (read->how.target_bytes > 0 && rows->bytes >= read->how.target_bytes);
}
