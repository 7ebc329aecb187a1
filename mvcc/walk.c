#include "mvcc/walk.h"

#include <stdio.h>
#include <varve/ts.h>

#include "engine/view.h"
#include "format/print.h"
#include "util/buf.h"
#include "util/fail.h"

varve_status varve__walk_arrived(const varve__walk *walk, varve_error *err)
{
    if (walk->it->valid)
        return VARVE_OK;
    varve_status status = varve_iter_status(walk->it, err);
    return status == VARVE_OK ? VARVE_NOT_FOUND : status;
}

/* ---- Movements, counted ------------------------------------------------------------------------
 */

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

varve_status varve__walk_name_key(varve__walk *walk, varve_slice user_key, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (user_key.size <= VARVE__KEY_SIZE_IN(VARVE__WALK_ROOM)) {
        walk->prefix = varve_slice_of(walk->room, varve__key_write_prefix(user_key, walk->room));
    } else {
        status = varve_key_encode(user_key, varve_ts_zero(), &walk->kept, err);
        walk->prefix = varve_buf_slice(&walk->kept);
    }
    walk->is_plain = varve__walk_prefix(walk).size == user_key.size + VARVE__TERMINATOR_SIZE;
    return status;
}

/* Open a walk over the key whose prefix it has, and go to the first record. */
static inline varve_status open_named(varve__walk *walk, varve_reader *reader, varve_error *err)
{
    varve_status status = varve__iter_open_key(reader, walk->prefix, &walk->it, err);
    if (status != VARVE_OK)
        return status;
    varve__iter_seek_key(walk->it, walk->prefix);
    walk->tally.seeks++;
    walk->at_front = true;
    walk->tally.keys++;
    return varve__walk_check(walk, err);
}

varve_status varve__walk_open_prefix(varve__walk *walk, varve_reader *reader, varve_slice prefix,
                                     varve_error *err)
{
    walk->prefix = prefix;
    return open_named(walk, reader, err);
}

varve_status varve__walk_open_key(varve__walk *walk, varve_reader *reader, varve_slice user_key,
                                  varve_error *err)
{
    varve_status status = varve__walk_name_key(walk, user_key, err);
    return status == VARVE_OK ? open_named(walk, reader, err) : status;
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
    varve_slice key = walk->it->key;
    size_t size = varve__key_plain_prefix_size(key);
    walk->is_plain = size > 0;
    if (size == 0) {
        varve_status status = varve__key_validate(key, err);
        if (status != VARVE_OK)
            return status;
        size = varve_key_prefix_size(key);
    }
    walk->tally.keys++;
    walk->tally.versions += size < key.size;
    varve_status status = varve__buf_assign(&walk->kept, varve_slice_of(key.data, size), err);
    if (status == VARVE_OK)
        walk->prefix = varve_buf_slice(&walk->kept);
    return status;
}

/* Whether the record that the walk stands on is one of the current key. */
static inline bool is_of_key(const varve__walk *walk)
{
    varve_slice key = walk->it->key;
    size_t common = walk->prefix.size;
    return key.size >= common && memcmp(key.data, walk->prefix.data, common) == 0;
}

/* Whether that record, which has the current key's prefix, is well-formed. */
static inline varve_status check_form(varve__walk *walk, varve_error *err)
{
    varve_slice key = walk->it->key;
    size_t common = walk->prefix.size;
    if (key.size == common)
        return VARVE_OK;
    if (key.size != common + VARVE__SUFFIX_SIZE || !varve__suffix_is_valid(key.data + common))
        return varve__key_validate(key, err); /* fails, and says why */
    walk->tally.versions++;
    return VARVE_OK;
}

static inline varve_status check(varve__walk *walk, varve_error *err)
{
    if (!walk->it->valid)
        return varve__walk_arrived(walk, err);
    return is_of_key(walk) ? check_form(walk, err) : VARVE_NOT_FOUND;
}

varve_status varve__walk_check(varve__walk *walk, varve_error *err)
{
    return check(walk, err);
}

static inline varve_status older(varve__walk *walk, varve_error *err)
{
    walk->at_front = false;
    varve__walk_step_next(walk);
    return check(walk, err);
}

varve_status varve__walk_older(varve__walk *walk, varve_error *err)
{
    return older(walk, err);
}

varve_status varve__walk_newer(varve__walk *walk, varve_error *err)
{
    varve__walk_step_prev(walk);
    return check(walk, err);
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
    walk->at_front = false;
    seek_ge(walk, varve_buf_slice(&walk->target));
    return varve__walk_check(walk, err);
}

varve_status varve__walk_descend(varve__walk *walk, const unsigned char *suffix, varve_error *err)
{
    varve__iter *it = varve__iter_of(walk->it);
    for (unsigned left = varve__iter_steps(it, VARVE__AIM_OLDER); left > 0; left--) {
        varve_status status = older(walk, err);
        if (status != VARVE_OK || varve__suffix_is_at_or_below(varve__walk_suffix(walk), suffix)) {
            varve__iter_stepped(it, VARVE__AIM_OLDER);
            return status;
        }
    }
    varve__iter_seeks(it, VARVE__AIM_OLDER);
    return seek_version(walk, suffix, err);
}

/* Let the target be the bound above all records of the current key. */
static varve_status target_prefix_end(varve__walk *walk, varve_error *err)
{
    walk->target.size = 0;
    return varve__key_append_prefix_end(varve__walk_prefix(walk), &walk->target, err);
}

static varve_status seek_next_key(varve__walk *walk, varve_error *err)
{
    varve__iter_seeks(varve__iter_of(walk->it), VARVE__AIM_NEXT_KEY);
    varve_status status = target_prefix_end(walk, err);
    if (status != VARVE_OK)
        return status;
    seek_ge(walk, varve_buf_slice(&walk->target));
    return varve__walk_arrived(walk, err);
}

/* To the first record of the next key, behind a step: by more as long as that is likely to be
 * cheaper. */
static varve_status leave_key(varve__walk *walk, unsigned left, varve_error *err)
{
    while (walk->it->valid && is_of_key(walk)) {
        varve_status status = check_form(walk, err);
        if (status != VARVE_OK)
            return status;
        if (left-- == 0)
            return seek_next_key(walk, err);
        varve__walk_step_next(walk);
    }
    varve__iter_stepped(varve__iter_of(walk->it), VARVE__AIM_NEXT_KEY);
    return varve__walk_arrived(walk, err);
}

varve_status varve__walk_next_key(varve__walk *walk, varve_error *err)
{
    bool is_on_key = walk->at_front || (walk->it->valid && is_of_key(walk));
    unsigned steps = varve__iter_steps(varve__iter_of(walk->it), VARVE__AIM_NEXT_KEY);
    walk->at_front = true;
    if (!is_on_key)
        return varve__walk_arrived(walk, err);
    if (steps == 0)
        return seek_next_key(walk, err);
    varve__walk_step_next(walk);
    return leave_key(walk, steps - 1, err);
}

varve_status varve__walk_enter_next_further(varve__walk *walk, unsigned steps, varve_error *err)
{
    varve_status status =
        steps > 0 ? leave_key(walk, steps - 1, err) : varve__walk_next_key(walk, err);
    if (status != VARVE_OK || varve__walk_enter_alike(walk))
        return status;
    return varve__walk_enter(walk, err);
}

varve_status varve__walk_prev_key(varve__walk *walk, varve_error *err)
{
    if (walk->at_front)
        varve__walk_step_prev(walk);
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
