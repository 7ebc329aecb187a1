#include <varve/key.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "format/fail.h"
#include "mvcc/check.h"
#include "mvcc/lookup.h"
#include "mvcc/stage.h"

/* One write in progress. */
struct write {
    varve_write how;
    varve_slice key;
    varve_slice raw; /* empty for a deletion */
    bool is_inline;
    varve_ts ts; /* where the version goes */
};

static varve_status check_arguments(struct write *write, const varve_write *how, varve_error *err)
{
    varve_status status =
        varve__struct_copy(&write->how, sizeof write->how, how, "varve_write", err);
    if (status != VARVE_OK)
        return status;
    if (write->how.writer == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.writer is NULL");
    status = varve__check_point(write->key, write->how.ts, err);
    if (status == VARVE_OK)
        status = varve_key_check(write->key, err);
    if (status != VARVE_OK)
        return status;
    if (write->raw.size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", write->raw.size, VARVE_VALUE_SIZE_MAX);
    write->ts = write->how.ts;
    write->is_inline = varve_ts_is_zero(write->ts);
    return VARVE_OK;
}

/* Nobody asks what an inline value replaces, so that putting one need not look. */
static bool needs_lookup(const struct write *write)
{
    bool is_inline_put = write->is_inline && write->raw.size > 0;
    return write->how.reader != NULL && !is_inline_put;
}

static varve_status fail_mix(const struct write *write, varve_error *err)
{
    return varve__fail_key(err, VARVE_INLINE_MIX, write->key,
                           write->is_inline
                               ? "%s/0,0: put is inline=true, but existing value is inline=false"
                               : "%s/0,0: put is inline=false, but existing value is inline=true");
}

static varve_status fail_intent(const struct write *write, const varve__key_state *state,
                                varve_error *err)
{
    varve_intent intent = {.key = write->key, .txn = state->txn, .ts = state->ts};
    return varve__fail_intents(err, &intent, 1, false);
}

/* Hold the write against what the key has; a newer version moves it right above that. */
static varve_status place(struct write *write, const varve__key_state *state, varve_error *err)
{
    if (write->is_inline != state->is_inline)
        return fail_mix(write, err);
    if (write->is_inline)
        return VARVE_OK;
    if (state->has_intent)
        return fail_intent(write, state, err);
    if (varve_ts_compare(write->ts, state->ts) > 0)
        return VARVE_OK;
    return varve_ts_next(state->ts, &write->ts, err);
}

/*
 * What the key has.  Merges that do not fit together are an inline value to an inline write, which
 * heals them.
 */
static varve_status look(const struct write *write, varve__key_state *state, varve_error *err)
{
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status = varve__lookup(write->how.reader, write->key, state, &failure);
    if (status == VARVE_MERGE_CONFLICT && write->is_inline) {
        state->is_inline = true;
        status = VARVE_OK;
    }
    if (status < 0)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}

static varve_status look_and_place(struct write *write, varve_error *err)
{
    if (!needs_lookup(write))
        return VARVE_OK;
    varve__key_state state;
    varve_status status = look(write, &state, err);
    if (status == VARVE_OK)
        status = place(write, &state, err);
    varve__key_state_release(&state);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

static varve_status stage(const struct write *write, varve__stage *stage, varve_error *err)
{
    if (!write->is_inline)
        return varve__stage_version(stage, write->key, write->ts, write->raw, err);
    if (write->raw.size > 0)
        return varve__stage_inline(stage, write->key, write->raw, err);
    return varve__stage_clear_meta(stage, write->key, err);
}

static varve_status stage_and_apply(const struct write *write, varve_error *err)
{
    varve__stage staged;
    varve__stage_begin(&staged, write->how.scratch);
    varve_status status = stage(write, &staged, err);
    if (status == VARVE_OK)
        status = varve__stage_apply(&staged, write->how.writer, err);
    varve__stage_release(&staged);
    return status;
}

varve_status varve_mvcc_put(const varve_write *how, varve_slice key, varve_slice raw,
                            varve_error *err)
{
    struct write write = {.key = key, .raw = raw};
    varve_status status = check_arguments(&write, how, err);
    if (status == VARVE_OK)
        status = look_and_place(&write, err);
    if (status == VARVE_OK)
        status = stage_and_apply(&write, err);
    if (status == VARVE_OK && varve_ts_compare(write.how.ts, write.ts) != 0)
        return varve__fail_too_old(err, write.how.ts, write.ts);
    return status;
}

varve_status varve_mvcc_delete(const varve_write *how, varve_slice key, varve_error *err)
{
    return varve_mvcc_put(how, key, varve_slice_of(NULL, 0), err);
}
