#include "engine/iter.h"
#include "engine/view.h"
#include "format/key.h"
#include "util/fail.h"

varve_status varve_reader_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                              varve_error *err)
{
    varve__key_parts parts;
    value->size = 0;
    varve_status status = varve__key_split(engine_key, &parts, err);
    if (status != VARVE_OK)
        return status;
    if (varve__key_unescaped_size(parts.prefix) == 0)
        return varve__fail(err, VARVE_EMPTY_KEY, "the empty key cannot be read");
    return reader->ops->get(reader, engine_key, value, err);
}

varve_status varve_iter_open(varve_reader *reader, const varve_iter_options *options,
                             varve_iter **out, varve_error *err)
{
    varve_iter_options complete = {.struct_size = sizeof complete};
    *out = NULL;
    if (options != NULL) {
        varve_status status =
            varve__struct_copy(&complete, sizeof complete, options, "varve_iter_options", err);
        if (status != VARVE_OK)
            return status;
    }
    return reader->ops->iter_open(reader, &complete, (varve_slice){NULL, 0}, out, err);
}

varve_status varve__iter_open_key(varve_reader *reader, varve_slice prefix, varve_iter **out,
                                  varve_error *err)
{
    *out = NULL;
    return reader->ops->iter_open(reader, &varve__one_key, prefix, out, err);
}
