#include "jobs/place.h"

#include "util/buf.h"
#include "util/fail.h"

enum { TERMINATOR_SIZE = 2 };

/* Whether the bytes end as a prefix does, with 00 01, or as what is behind one, with 00 02. */
static bool ends_with(varve_slice bytes, unsigned char last)
{
    return bytes.size >= TERMINATOR_SIZE && bytes.data[bytes.size - 2] == 0x00 &&
           bytes.data[bytes.size - 1] == last;
}

varve_slice varve__place_of(varve_slice engine_key)
{
    return varve_slice_of(engine_key.data, varve_key_prefix_size(engine_key));
}

varve_status varve__place_behind(varve_slice engine_key, varve_buf *place, varve_error *err)
{
    varve_slice prefix = varve__place_of(engine_key);
    varve_status status = varve__buf_restart(place, prefix.size + 1, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(place, prefix);
    if (ends_with(prefix, 0x01))
        place->data[place->size - 1] = 0x02;
    else
        varve__buf_push(place, 0x00);
    return VARVE_OK;
}

bool varve__place_is_between(varve_slice bytes, varve_slice lower, varve_slice upper)
{
    if (varve_key_prefix_size(bytes) != bytes.size || varve_slice_compare(bytes, lower) < 0)
        return false;
    /* Of a span without keys, the place is where it begins. */
    return upper.size == 0 || varve_slice_compare(bytes, upper) <= 0 ||
           varve_slice_equal(bytes, lower);
}

varve_status varve__place_tell(varve_slice place, varve_buf *at, varve_job_progress known,
                               varve_job_progress *progress, varve_error *err)
{
    size_t given;
    bool has_key = ends_with(place, 0x01) || ends_with(place, 0x02);
    varve_status status = varve__struct_size(progress, "varve_job_progress", &given, err);
    at->size = 0;
    if (status == VARVE_OK)
        status = has_key ? varve__key_unescape(place, at, err) : varve__buf_append(at, place, err);
    if (status != VARVE_OK)
        return status;
    known.at = varve_buf_slice(at);
    varve__struct_give(progress, given, &known, sizeof known);
    return VARVE_OK;
}

varve_status varve__place_find(varve__walk *walk, varve_reader *reader, varve_slice place,
                               varve_slice upper, varve_error *err)
{
    if (walk->it != NULL)
        return varve__walk_seek(walk, place, err);
    return varve__walk_open_first(walk, reader, place, upper, err);
}
