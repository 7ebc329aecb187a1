#include "mvcc/lookup.h"

#include "mvcc/walk.h"
#include "util/buf.h"

static varve_status from_meta(const varve__walk *walk, varve__key_state *state, varve_error *err)
{
    varve__meta meta;
    varve_status status = varve__walk_meta(walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    state->is_inline = meta.has_raw;
    state->has_intent = meta.has_txn;
    state->ts = meta.ts;
    state->txn = meta.txn;
    status = varve__buf_assign(&state->txn_key, meta.txn.key, err);
    state->txn.key = varve_buf_slice(&state->txn_key);
    return status;
}

void varve__key_state_release(varve__key_state *state)
{
    varve_buf_release(&state->txn_key);
}

varve_status varve__lookup(varve_reader *reader, varve_slice user_key, varve__key_state *state,
                           varve_error *err)
{
    *state = (varve__key_state){.is_inline = false};
    varve__walk walk = {.it = NULL};
    varve_status status = varve__walk_open_key(&walk, reader, user_key, err);
    if (status == VARVE_OK) {
        const unsigned char *suffix = varve__walk_suffix(&walk);
        if (suffix != NULL)
            state->ts = varve__suffix_decode(suffix);
        else
            status = from_meta(&walk, state, err);
    }
    varve__walk_release(&walk);
    return status;
}
