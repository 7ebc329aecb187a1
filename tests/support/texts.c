#include "tests/support/texts.h"

#include <stdio.h>

#include <varve/merge.h>
#include <varve/value.h>

#include "format/meta.h"

varve_slice record_of(const char *text)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf raw = VARVE_BUF_INIT;
    varve_buf record = VARVE_BUF_INIT;
    char *end;
    long number = strtol(text, &end, 10);
    if (text[0] != '+' && text[0] != '\0' && *end == '\0')
        ck_ok(varve_value_set_int(&raw, number, &err), &err);
    else
        ck_ok(varve_value_set_bytes(&raw, varve_slice_text(text), &err), &err);
    ck_ok(varve_merge_operand(varve_buf_slice(&raw), NULL, &record, &err), &err);
    varve_slice copy = copy_of(varve_buf_slice(&record));
    varve_buf_release(&raw);
    varve_buf_release(&record);
    return copy;
}

const char *text_of(varve_slice record)
{
    static char text[256];
    varve__meta meta;
    varve_slice data;
    int64_t number;
    varve_status status = varve__meta_decode(record, &meta, NULL);
    if (status == VARVE_MERGE_CONFLICT)
        return "conflict";
    if (status != VARVE_OK || !meta.has_raw)
        return "?";
    if (varve_value_get_int(meta.raw, &number, NULL) == VARVE_OK)
        (void)snprintf(text, sizeof text, "%lld", (long long)number);
    else if (varve_value_get_bytes(meta.raw, &data, NULL) == VARVE_OK)
        (void)snprintf(text, sizeof text, "%.*s", (int)data.size, (const char *)data.data);
    else
        return "?";
    return text;
}

void put_text(varve_writer *to, const char *key, const char *text)
{
    varve_error err = VARVE_ERROR_INIT;
    ck_ok(varve_writer_put(to, key_of(key), record_of(text), &err), &err);
}

void merge_text(varve_writer *to, const char *key, const char *text)
{
    varve_error err = VARVE_ERROR_INIT;
    ck_ok(varve_writer_merge(to, key_of(key), record_of(text), &err), &err);
}

const char *get_text(varve_reader *from, const char *key)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(from, key_of(key), &value, &err);
    const char *text = "-";
    if (status != VARVE_NOT_FOUND) {
        ck_ok(status, &err);
        text = text_of(varve_buf_slice(&value));
    }
    varve_buf_release(&value);
    return text;
}

const char *text_at(varve_iter *it)
{
    varve_error err = VARVE_ERROR_INIT;
    static char text[512];
    ck_ok(varve_iter_status(it, &err), &err);
    if (!it->valid)
        return "-";
    (void)snprintf(text, sizeof text, "%s=%s", key_text(it->key), text_of(varve_iter_value(it)));
    return text;
}

const char *texts_of(varve_reader *from)
{
    varve_error err = VARVE_ERROR_INIT;
    static char forward[1024];
    char backward[1024] = "";
    char rest[1024];
    forward[0] = '\0';
    varve_iter *it = iter(from, NULL);
    for (bool more = varve_iter_seek_ge(it, key_of("")); more; more = varve_iter_next(it)) {
        size_t size = strlen(forward);
        (void)snprintf(forward + size, sizeof forward - size, "%s%s", size > 0 ? " " : "",
                       text_at(it));
    }
    for (bool more = varve_iter_seek_le(it, key_of("")); more; more = varve_iter_prev(it)) {
        memcpy(rest, backward, sizeof rest);
        (void)snprintf(backward, sizeof backward, "%s%s%.900s", text_at(it),
                       rest[0] != '\0' ? " " : "", rest);
    }
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    ck_assert_str_eq(backward, forward);
    return forward;
}
