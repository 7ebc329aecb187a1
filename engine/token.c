/*
 * Commit tokens: records of varve's own, written by a batch about itself.
 */
#include <varve/key.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "engine/batch.h"
#include "format/batch_repr.h"
#include "format/key.h"
#include "format/meta.h"
#include "util/buf.h"
#include "util/fail.h"

#define KEY_PREFIX "\x01vt"
#define KEY_PREFIX_SIZE 3
#define KEY_PREFIX_END "\x01vu"

/* How many tokens are forgotten by one commit. */
#define FORGOTTEN_AT_ONCE 1000

/* ---- Keys and values ------------------------------------------------------------------------ */

static varve_status encode_key(varve_slice token, varve_buf *key, varve_error *err)
{
    unsigned char user_key[KEY_PREFIX_SIZE + VARVE_TOKEN_SIZE_MAX] = KEY_PREFIX;
    if (token.size == 0 || token.size > VARVE_TOKEN_SIZE_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "token: %zu bytes are not 1 to %d",
                           token.size, VARVE_TOKEN_SIZE_MAX);
    memcpy(user_key + KEY_PREFIX_SIZE, token.data, token.size);
    return varve_key_encode(varve_slice_of(user_key, KEY_PREFIX_SIZE + token.size), varve_ts_zero(),
                            key, err);
}

/* A version's suffix is the same inverted. */
static void invert(unsigned char bytes[VARVE__SUFFIX_SIZE])
{
    for (size_t i = 0; i < VARVE__SUFFIX_SIZE; i++)
        bytes[i] ^= 0xFF;
}

static varve_status encode_value(varve_ts ts, varve_buf *value, varve_error *err)
{
    unsigned char bytes[VARVE__SUFFIX_SIZE];
    varve_buf raw = VARVE_BUF_INIT;
    varve__suffix_encode(ts, bytes);
    invert(bytes);
    varve_status status = varve_value_set_bytes(&raw, varve_slice_of(bytes, sizeof bytes), err);
    if (status == VARVE_OK)
        status = varve__meta_append_inline(varve_buf_slice(&raw), value, err);
    varve_buf_release(&raw);
    return status;
}

static varve_status decode_value(varve_slice value, varve_ts *ts, varve_error *err)
{
    varve__meta meta;
    varve_slice data;
    unsigned char bytes[VARVE__SUFFIX_SIZE];
    if (varve__meta_decode(value, &meta, NULL) == VARVE_OK && meta.has_raw &&
        varve_value_get_bytes(meta.raw, &data, NULL) == VARVE_OK && data.size == sizeof bytes) {
        memcpy(bytes, data.data, sizeof bytes);
        invert(bytes);
        *ts = varve__suffix_decode(bytes);
        if (ts->wall >= 0 && ts->logical >= 0)
            return VARVE_OK;
    }
    return varve__fail(err, VARVE_CORRUPT, "the time of a commit token does not decode");
}

/* ---- One token ------------------------------------------------------------------------------ */

varve_status varve_batch_set_token(varve_batch *batch, varve_slice token, varve_ts now,
                                   varve_error *err)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_buf value = VARVE_BUF_INIT;
    if (now.wall < 0 || now.logical < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "now: a negative timestamp");
    varve_status status = encode_key(token, &key, err);
    if (status == VARVE_OK)
        status = encode_value(now, &value, err);
    if (status == VARVE_OK)
        status = varve_writer_put(varve_batch_writer_of(batch), varve_buf_slice(&key),
                                  varve_buf_slice(&value), err);
    varve_buf_release(&key);
    varve_buf_release(&value);
    return status;
}

varve_status varve_engine_token_lookup(varve_engine *engine, varve_slice token, varve_ts *when,
                                       varve_error *err)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_buf value = VARVE_BUF_INIT;
    varve_ts ts;
    varve_status status = encode_key(token, &key, err);
    if (status == VARVE_OK && varve__state_is_commit_unknown(engine))
        status = varve__fail(err, VARVE_COMMIT_UNKNOWN,
                             "the outcome of a commit is open until the store is opened again");
    if (status == VARVE_OK)
        status = varve_reader_get(varve_engine_reader(engine), varve_buf_slice(&key), &value, err);
    if (status == VARVE_OK)
        status = decode_value(varve_buf_slice(&value), &ts, err);
    if (status == VARVE_OK && when != NULL)
        *when = ts;
    varve_buf_release(&key);
    varve_buf_release(&value);
    return status;
}

/* ---- Forgetting ----------------------------------------------------------------------------- */

/* Append clears of the next tokens that are to be forgotten, `limit` at most. */
static varve_status collect(varve_iter *it, varve_ts before, uint32_t limit, varve_buf *repr,
                            varve_error *err)
{
    varve_status status = varve__repr_begin(repr, err);
    for (uint32_t found = 0; status == VARVE_OK && it->valid && found < limit;) {
        varve_ts ts;
        status = decode_value(varve_iter_value(it), &ts, err);
        if (status == VARVE_OK && varve_ts_compare(ts, before) < 0) {
            const varve_record record = {VARVE_RECORD_CLEAR, it->key, varve_slice_of(NULL, 0)};
            status = varve__repr_append(repr, &record, err);
            found++;
        }
        if (status == VARVE_OK)
            (void)varve_iter_next(it);
    }
    return status == VARVE_OK ? varve_iter_status(it, err) : status;
}

static varve_status forget(varve_engine *engine, varve_iter *it, varve_ts before, uint64_t max,
                           uint64_t *forgotten, varve_error *err)
{
    varve_buf repr = VARVE_BUF_INIT;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && it->valid && *forgotten < max) {
        uint64_t left = max - *forgotten;
        uint32_t limit = left < FORGOTTEN_AT_ONCE ? (uint32_t)left : FORGOTTEN_AT_ONCE;
        status = collect(it, before, limit, &repr, err);
        if (status == VARVE_OK)
            status = varve_writer_apply(varve_engine_writer(engine), varve_buf_slice(&repr), err);
        if (status == VARVE_OK)
            *forgotten += varve__repr_count(varve_buf_slice(&repr));
    }
    varve_buf_release(&repr);
    return status;
}

varve_status varve_engine_tokens_forget(varve_engine *engine, varve_ts before, uint64_t max,
                                        uint64_t *forgotten, varve_error *err)
{
    varve_iter *it;
    uint64_t count = 0;
    const varve_iter_options options = {.struct_size = sizeof options,
                                        .lower = varve_slice_text(KEY_PREFIX),
                                        .upper = varve_slice_text(KEY_PREFIX_END),
                                        .bypass_cache = true};
    varve_status status = varve_iter_open(varve_engine_reader(engine), &options, &it, err);
    if (status == VARVE_OK) {
        (void)varve_iter_seek_ge(it, options.lower);
        status = forget(engine, it, before, max > 0 ? max : UINT64_MAX, &count, err);
        if (status == VARVE_OK)
            status = varve_iter_status(it, err);
        varve_iter_close(it);
    }
    if (forgotten != NULL)
        *forgotten = count;
    return status;
}
