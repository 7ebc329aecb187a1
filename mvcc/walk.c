#include "mvcc/walk.h"

#include <stdio.h>
#include <varve/ts.h>

#include "format/print.h"
#include "util/buf.h"
#include "util/fail.h"

void varve__walk_release(varve__walk *walk)
{
    varve_iter_close(walk->it);
    varve_buf_release(&walk->prefix);
    varve_buf_release(&walk->target);
}

varve_status varve__walk_arrived(const varve__walk *walk, varve_error *err)
{
    if (walk->it->valid)
        return VARVE_OK;
    varve_status status = varve_iter_status(walk->it, err);
    return status == VARVE_OK ? VARVE_NOT_FOUND : status;
}

/* ---- Movements, counted ------------------------------------------------------------------------
 */

static void step_next(varve__walk *walk)
{
    (void)varve_iter_next(walk->it);
    walk->tally.steps++;
}

static void step_prev(varve__walk *walk)
{
    (void)varve_iter_prev(walk->it);
    walk->tally.steps++;
}

static void seek_ge(varve__walk *walk, varve_slice key)
{
    (void)varve_iter_seek_ge(walk->it, key);
    walk->tally.seeks++;
}

static void seek_lt(varve__walk *walk, varve_slice key)
{
    (void)varve_iter_seek_lt(walk->it, key);
    walk->tally.seeks++;
}

/* ---- Walks -------------------------------------------------------------------------------------
 */

varve_status varve__walk_open_key(varve__walk *walk, varve_reader *reader, varve_slice user_key,
                                  varve_error *err)
{
    varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    varve_status status = varve_key_encode(user_key, varve_ts_zero(), &walk->prefix, err);
    if (status == VARVE_OK)
        status = varve_iter_open(reader, &options, &walk->it, err);
    if (status != VARVE_OK)
        return status;
    seek_ge(walk, varve__walk_prefix(walk));
    walk->at_front = true;
    walk->tally.keys++;
    return varve__walk_check(walk, err);
}

static varve_status open_between(varve__walk *walk, varve_reader *reader, varve_slice lower,
                                 varve_slice upper, varve_error *err)
{
    varve_iter_options options = {.struct_size = sizeof options, .lower = lower, .upper = upper};
    return varve_iter_open(reader, &options, &walk->it, err);
}

varve_status varve__walk_open_first(varve__walk *walk, varve_reader *reader, varve_slice lower,
                                    varve_slice upper, varve_error *err)
{
    varve_status status = open_between(walk, reader, lower, upper, err);
    if (status != VARVE_OK)
        return status;
    return varve__walk_seek(walk, lower, err);
}

varve_status varve__walk_open_last(varve__walk *walk, varve_reader *reader, varve_slice lower,
                                   varve_slice upper, varve_error *err)
{
    varve_status status = open_between(walk, reader, lower, upper, err);
    if (status != VARVE_OK)
        return status;
    seek_lt(walk, upper);
    return varve__walk_arrived(walk, err);
}

varve_status varve__walk_seek(varve__walk *walk, varve_slice engine_key, varve_error *err)
{
    seek_ge(walk, engine_key);
    walk->at_front = true;
    return varve__walk_arrived(walk, err);
}

varve_status varve__walk_enter(varve__walk *walk, varve_error *err)
{
    varve__key_parts parts;
    varve_status status = varve__key_split(walk->it->key, &parts, err);
    if (status != VARVE_OK)
        return status;
    walk->tally.keys++;
    walk->tally.versions += parts.suffix.size != 0;
    return varve__buf_assign(&walk->prefix, parts.prefix, err);
}

/* Not zero, and neither part negative: both are stored inverted. */
static bool is_suffix(const unsigned char *suffix)
{
    static const unsigned char zero[VARVE__SUFFIX_SIZE] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                           0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    return (suffix[0] & suffix[8] & 0x80) != 0 && memcmp(suffix, zero, sizeof zero) != 0;
}

/* Whether the walk stands on a record of the current key, which has been checked. */
static bool is_on_key(const varve__walk *walk)
{
    varve_slice key = walk->it->key;
    size_t common = walk->prefix.size;
    return walk->it->valid && key.size >= common &&
           memcmp(key.data, walk->prefix.data, common) == 0;
}

varve_status varve__walk_check(varve__walk *walk, varve_error *err)
{
    if (!walk->it->valid)
        return varve__walk_arrived(walk, err);
    varve_slice key = walk->it->key;
    size_t common = walk->prefix.size;
    if (key.size < common || memcmp(key.data, walk->prefix.data, common) != 0)
        return VARVE_NOT_FOUND;
    if (key.size == common)
        return VARVE_OK;
    if (key.size == common + VARVE__SUFFIX_SIZE && is_suffix(key.data + common)) {
        walk->tally.versions++;
        return VARVE_OK;
    }
    varve__key_parts parts;
    return varve__key_split(key, &parts, err); /* fails, and says why */
}

varve_status varve__walk_older(varve__walk *walk, varve_error *err)
{
    walk->at_front = false;
    step_next(walk);
    return varve__walk_check(walk, err);
}

varve_status varve__walk_newer(varve__walk *walk, varve_error *err)
{
    step_prev(walk);
    return varve__walk_check(walk, err);
}

varve_status varve__walk_front(varve__walk *walk, varve_error *err)
{
    walk->at_front = true;
    seek_ge(walk, varve__walk_prefix(walk));
    return varve__walk_check(walk, err);
}

/* To the version with `suffix`, or the next older one. */
static varve_status seek_version(varve__walk *walk, const unsigned char *suffix, varve_error *err)
{
    varve_status status = varve__buf_assign(&walk->target, varve__walk_prefix(walk), err);
    if (status == VARVE_OK)
        status = varve__buf_append(&walk->target, varve_slice_of(suffix, VARVE__SUFFIX_SIZE), err);
    if (status != VARVE_OK)
        return status;
    seek_ge(walk, varve_buf_slice(&walk->target));
    return varve__walk_check(walk, err);
}

varve_status varve__walk_descend(varve__walk *walk, const unsigned char *suffix, varve_error *err)
{
    for (int step = 0; step < VARVE__STEPS_BEFORE_SEEK; step++) {
        varve_status status = varve__walk_older(walk, err);
        if (status != VARVE_OK)
            return status;
        if (memcmp(varve__walk_suffix(walk), suffix, VARVE__SUFFIX_SIZE) >= 0)
            return VARVE_OK;
    }
    return seek_version(walk, suffix, err);
}

/* Let the target be the bound above all records of the current key. */
static varve_status target_prefix_end(varve__walk *walk, varve_error *err)
{
    walk->target.size = 0;
    return varve__key_append_prefix_end(varve__walk_prefix(walk), &walk->target, err);
}

varve_status varve__walk_next_key(varve__walk *walk, varve_error *err)
{
    varve_status status = walk->at_front || is_on_key(walk) ? VARVE_OK : VARVE_NOT_FOUND;
    for (int step = 0; status == VARVE_OK && step < VARVE__STEPS_BEFORE_SEEK; step++)
        status = varve__walk_older(walk, err);
    walk->at_front = true;
    if (status == VARVE_NOT_FOUND)
        return varve__walk_arrived(walk, err);
    if (status != VARVE_OK)
        return status;
    status = target_prefix_end(walk, err);
    if (status != VARVE_OK)
        return status;
    seek_ge(walk, varve_buf_slice(&walk->target));
    return varve__walk_arrived(walk, err);
}

varve_status varve__walk_prev_key(varve__walk *walk, varve_error *err)
{
    if (walk->at_front)
        step_prev(walk);
    else
        seek_lt(walk, varve__walk_prefix(walk));
    walk->at_front = false;
    return varve__walk_arrived(walk, err);
}

varve_status varve__walk_again_first(varve__walk *walk, varve_error *err)
{
    return varve__walk_seek(walk, varve__walk_prefix(walk), err);
}

varve_status varve__walk_again_last(varve__walk *walk, varve_error *err)
{
    varve_status status = target_prefix_end(walk, err);
    if (status != VARVE_OK)
        return status;
    seek_lt(walk, varve_buf_slice(&walk->target));
    walk->at_front = false;
    return varve__walk_arrived(walk, err);
}

/* Put the key in front of the message; without memory that stays as it is. */
static varve_status name_key(const varve__walk *walk, varve_error *err)
{
    varve_buf key = VARVE_BUF_INIT;
    char printed[100];
    char told[VARVE_ERROR_MESSAGE_MAX];
    varve_status status = err->status;
    (void)snprintf(told, sizeof told, "%s", err->message);
    if (varve__key_unescape(varve__walk_prefix(walk), &key, NULL) == VARVE_OK)
        (void)varve__fail(err, status, "%s: %s",
                          varve__key_brief(varve_buf_slice(&key), printed, sizeof printed), told);
    varve_buf_release(&key);
    return status;
}

varve_status varve__walk_meta(const varve__walk *walk, varve__meta *meta, varve_error *err)
{
    varve_status status = varve__meta_decode(varve_iter_value(walk->it), meta, err);
    return status == VARVE_MERGE_CONFLICT && err != NULL ? name_key(walk, err) : status;
}
