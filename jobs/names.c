#include "jobs/names.h"

#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

varve_status varve__names_add(varve__names *names, const varve__walk *walk, varve_error *err)
{
    varve_slice prefix = varve__walk_prefix(walk);
    size_t size = varve__key_unescaped_size(prefix);
    varve_status status = varve__buf_reserve(&names->bytes, sizeof size + prefix.size, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(&names->bytes, varve_slice_of(&size, sizeof size));
    names->count++;
    return varve__key_unescape(prefix, &names->bytes, err); /* for which there is room */
}

varve_slice varve__names_next(const varve__names *names, size_t *position)
{
    size_t size;
    const unsigned char *at = names->bytes.data + *position;
    memcpy(&size, at, sizeof size);
    *position += sizeof size + size;
    return varve_slice_of(at + sizeof size, size);
}

varve_status varve__names_acquire(const varve__names *names, varve_slice further,
                                  varve_latches *latches, const varve_cancel *cancel,
                                  varve_latch **latch, varve_error *err)
{
    size_t position = 0;
    size_t count = names->count;
    if (latches == NULL)
        return VARVE_OK;
    varve_slice *keys = varve__malloc((count + 1) * sizeof *keys);
    if (keys == NULL)
        return varve__fail_no_memory(err, (count + 1) * sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = varve__names_next(names, &position);
    if (further.size > 0)
        keys[count++] = further;
    varve_status status = varve_latches_acquire(latches, keys, count, NULL, 0, cancel, latch, err);
    varve__free(keys);
    return status;
}

void varve__names_release(varve__names *names)
{
    varve_buf_release(&names->bytes);
}
