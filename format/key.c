#include "format/key.h"

#include "format/fail.h"
#include "util/buf.h"

/* The last byte of a terminator that is raised to the bound above it. */
#define ABOVE_TERMINATOR 0x02

varve_status varve_key_check(varve_slice user_key, varve_error *err)
{
    if (user_key.size == 0)
        return varve__fail_empty_key(err);
    if (user_key.size > VARVE_KEY_SIZE_MAX)
        return varve__fail(err, VARVE_INVALID_KEY, "invalid key: %zu bytes exceed the limit of %d",
                           user_key.size, VARVE_KEY_SIZE_MAX);
    if (varve_slice_compare(user_key, varve_key_max()) >= 0)
        return varve__fail_key(err, VARVE_INVALID_KEY, user_key,
                               "invalid key: %s is not below /Max");
    return VARVE_OK;
}

/* ---- Taking apart ------------------------------------------------------------------------------
 */

static varve_status fail_corrupt(varve_error *err, const char *detail)
{
    return varve__fail(err, VARVE_CORRUPT_KEY, "unable to decode key: %s", detail);
}

static varve_status check_suffix(varve_slice suffix, varve_error *err)
{
    if (suffix.size == 0)
        return VARVE_OK;
    if (suffix.size != VARVE__SUFFIX_SIZE)
        return fail_corrupt(err, "bad timestamp suffix length");
    if (varve__suffix_is_valid(suffix.data))
        return VARVE_OK;
    varve_ts ts = varve__suffix_decode(suffix.data);
    if (ts.wall < 0 || ts.logical < 0)
        return fail_corrupt(err, "negative timestamp");
    return fail_corrupt(err, "zero timestamp must not be encoded");
}

varve_status varve__key_split(varve_slice engine_key, varve__key_parts *parts, varve_error *err)
{
    const unsigned char *at = engine_key.data;
    size_t left = engine_key.size;
    while (left > 0) {
        const unsigned char *zero = memchr(at, 0x00, left);
        if (zero == NULL)
            break;
        left -= (size_t)(zero - at);
        if (left < 2)
            return fail_corrupt(err, "truncated escape");
        at = zero + 2;
        left -= 2;
        if (zero[1] == 0xFF)
            continue;
        if (zero[1] != 0x01)
            return fail_corrupt(err, "unknown escape");
        parts->prefix = varve_slice_of(engine_key.data, engine_key.size - left);
        parts->suffix = varve_slice_of(at, left);
        return check_suffix(parts->suffix, err);
    }
    return fail_corrupt(err, "no terminator");
}

varve_status varve__key_validate(varve_slice engine_key, varve_error *err)
{
    varve__key_parts parts;
    return varve__key_split(engine_key, &parts, err);
}

/* The run of bytes up to and including the first 00 of `bytes`, or all of them. */
static varve_slice run_to_zero(varve_slice bytes)
{
    const unsigned char *zero = bytes.size == 0 ? NULL : memchr(bytes.data, 0x00, bytes.size);
    return varve_slice_of(bytes.data, zero == NULL ? bytes.size : (size_t)(zero - bytes.data) + 1);
}

static varve_slice without_front(varve_slice bytes, size_t size)
{
    return varve_slice_of(bytes.data + size, bytes.size - size);
}

/* The escaped user key in front of its terminator. */
static varve_slice escaped_of(varve_slice prefix)
{
    return varve_slice_of(prefix.data, prefix.size - VARVE__TERMINATOR_SIZE);
}

varve_status varve__key_unescape(varve_slice prefix, varve_buf *user_key, varve_error *err)
{
    varve_slice left = escaped_of(prefix);
    varve_status status = varve__buf_reserve(user_key, left.size, err);
    if (status != VARVE_OK)
        return status;
    while (left.size > 0) {
        varve_slice run = run_to_zero(left);
        bool escape = run.size < left.size;
        varve__buf_push_bytes(user_key, run);
        left = without_front(left, run.size + (escape ? 1 : 0));
    }
    return VARVE_OK;
}

varve_status varve__key_view(varve_slice prefix, varve_buf *room, varve_slice *user_key,
                             varve_error *err)
{
    *user_key = escaped_of(prefix);
    if (user_key->size == 0 || memchr(user_key->data, 0x00, user_key->size) == NULL)
        return VARVE_OK;
    varve_status status = varve__buf_restart(room, user_key->size, err);
    if (status == VARVE_OK)
        status = varve__key_unescape(prefix, room, err);
    *user_key = varve_buf_slice(room);
    return status;
}

size_t varve__key_unescaped_size(varve_slice prefix)
{
    varve_slice left = escaped_of(prefix);
    size_t size = left.size;
    while (left.size > 0) {
        varve_slice run = run_to_zero(left);
        bool escape = run.size < left.size;
        size -= escape ? 1 : 0;
        left = without_front(left, run.size + (escape ? 1 : 0));
    }
    return size;
}

varve_status varve_key_decode(varve_slice engine_key, varve_buf *user_key, varve_ts *ts,
                              varve_error *err)
{
    varve__key_parts parts;
    varve_status status = varve__key_split(engine_key, &parts, err);
    if (status != VARVE_OK)
        return status;
    if (user_key != NULL) {
        status = varve__buf_restart(user_key, parts.prefix.size, err);
        if (status == VARVE_OK)
            status = varve__key_unescape(parts.prefix, user_key, err);
    }
    if (status == VARVE_OK && ts != NULL)
        *ts = parts.suffix.size == 0 ? (varve_ts){0, 0} : varve__suffix_decode(parts.suffix.data);
    return status;
}

/* The same where the first 00 begins no terminator. */
size_t varve__key_escaped_prefix_size(varve_slice bytes)
{
    /* Inside an escaped key every 00 is followed by FF: the first 00 01 is the terminator. */
    size_t at = 0;
    while (at < bytes.size) {
        const unsigned char *zero = memchr(bytes.data + at, 0x00, bytes.size - at);
        if (zero == NULL)
            break;
        at = (size_t)(zero - bytes.data) + 1;
        if (at < bytes.size && bytes.data[at] == 0x01)
            return at + 1;
    }
    return bytes.size;
}

size_t varve_key_prefix_size(varve_slice bytes)
{
    return varve__key_prefix_size(bytes);
}

varve_status varve__engine_key_check(varve_slice engine_key, varve_error *err)
{
    varve__key_parts parts;
    varve_status status = varve__key_split(engine_key, &parts, err);
    if (status != VARVE_OK)
        return status;
    if (parts.prefix.size > VARVE_KEY_SIZE_MAX + VARVE__TERMINATOR_SIZE) {
        size_t size = varve__key_unescaped_size(parts.prefix);
        if (size > VARVE_KEY_SIZE_MAX)
            return varve__fail(err, VARVE_INVALID_KEY,
                               "invalid key: %zu bytes exceed the limit of %d", size,
                               VARVE_KEY_SIZE_MAX);
    }
    varve_slice max = varve_key_max();
    if (parts.prefix.size > max.size && memcmp(parts.prefix.data, max.data, max.size) == 0)
        return varve__fail(err, VARVE_INVALID_KEY, "invalid key: it is not below /Max");
    return VARVE_OK;
}

/* ---- Putting together --------------------------------------------------------------------------
 */

size_t varve__key_write_prefix(varve_slice user_key, unsigned char *out)
{
    const unsigned char *from = user_key.data;
    unsigned char *to = out;
    for (size_t left = user_key.size; left > 0;) {
        const unsigned char *zero = memchr(from, 0x00, left);
        size_t run = zero == NULL ? left : (size_t)(zero - from) + 1;
        memcpy(to, from, run);
        to += run;
        if (zero != NULL)
            *to++ = 0xFF;
        from += run;
        left -= run;
    }
    *to++ = 0x00;
    *to++ = 0x01;
    return (size_t)(to - out);
}

static void push_suffix(varve_ts ts, varve_buf *out)
{
    varve__suffix_encode(ts, out->data + out->size);
    out->size += VARVE__SUFFIX_SIZE;
}

varve_status varve__key_append(varve_slice user_key, varve_ts ts, varve_buf *out, varve_error *err)
{
    if (ts.wall < 0 || ts.logical < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a key cannot have a negative timestamp");
    /* One pass: make room for the longest form instead of counting escapes first. */
    if (user_key.size > SIZE_MAX / 4)
        return varve__fail_no_memory(err, user_key.size);
    size_t size_max = VARVE__PREFIX_SIZE_MAX(user_key.size) + VARVE__SUFFIX_SIZE;
    varve_status status = varve__buf_reserve(out, size_max, err);
    if (status != VARVE_OK)
        return status;
    out->size += varve__key_write_prefix(user_key, out->data + out->size);
    if (ts.wall != 0 || ts.logical != 0)
        push_suffix(ts, out);
    return VARVE_OK;
}

varve_status varve_key_encode(varve_slice user_key, varve_ts ts, varve_buf *engine_key,
                              varve_error *err)
{
    size_t before = engine_key->size;
    engine_key->size = 0;
    varve_status status = varve__key_append(user_key, ts, engine_key, err);
    if (status != VARVE_OK)
        engine_key->size = before;
    return status;
}

varve_status varve__key_append_prefix_end(varve_slice prefix, varve_buf *out, varve_error *err)
{
    varve_status status = varve__buf_append(out, prefix, err);
    if (status == VARVE_OK)
        out->data[out->size - 1] = ABOVE_TERMINATOR;
    return status;
}

varve_status varve_key_next(varve_slice user_key, varve_buf *next, varve_error *err)
{
    varve_status status = varve__buf_restart(next, user_key.size + 1, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(next, user_key);
    varve__buf_push(next, 0x00);
    return VARVE_OK;
}

varve_status varve_key_prefix_end(varve_slice prefix, varve_buf *end, varve_error *err)
{
    if (prefix.size == 0)
        return varve__buf_assign(end, varve_key_max(), err);
    size_t kept = prefix.size;
    while (kept > 0 && prefix.data[kept - 1] == 0xFF)
        kept--;
    if (kept == 0)
        return varve__buf_assign(end, prefix, err);
    varve_status status = varve__buf_assign(end, varve_slice_of(prefix.data, kept), err);
    if (status == VARVE_OK)
        end->data[kept - 1]++;
    return status;
}

varve_status varve_engine_key_next(varve_slice engine_key, varve_buf *next, varve_error *err)
{
    varve__key_parts parts;
    varve_status status = varve__key_split(engine_key, &parts, err);
    if (status != VARVE_OK)
        return status;
    if (parts.suffix.size == 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a metadata key has no next version");
    status = varve__buf_restart(next, parts.prefix.size + VARVE__SUFFIX_SIZE, err);
    if (status != VARVE_OK)
        return status;

    varve_ts ts = varve__suffix_decode(parts.suffix.data);
    ts = ts.logical > 0 ? (varve_ts){ts.wall, ts.logical - 1} : (varve_ts){ts.wall - 1, INT32_MAX};
    if (ts.wall != 0 || ts.logical != 0) {
        varve__buf_push_bytes(next, parts.prefix);
        push_suffix(ts, next);
    } else {
        /* The user key with one more 00 behind it, which is written 00 FF. */
        varve__buf_push_bytes(next, escaped_of(parts.prefix));
        varve__buf_push_bytes(next, varve_slice_of("\x00\xFF\x00\x01", 4));
    }
    return VARVE_OK;
}

static varve_status encode_bound(varve_slice user_key, varve_buf *bound, varve_error *err)
{
    if (user_key.size == 0) {
        bound->size = 0;
        return VARVE_OK;
    }
    return varve_key_encode(user_key, (varve_ts){0, 0}, bound, err);
}

varve_status varve_span_encode(varve_span span, varve_buf *lower, varve_buf *upper,
                               varve_error *err)
{
    varve_status status = encode_bound(span.start, lower, err);
    return status == VARVE_OK ? encode_bound(span.end, upper, err) : status;
}
