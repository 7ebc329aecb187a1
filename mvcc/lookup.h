/*
 * What a writer has to know of a key before it writes: the first record, by which a key is judged.
 */
#ifndef VARVE_MVCC_LOOKUP_H
#define VARVE_MVCC_LOOKUP_H

#include <varve/engine.h>
#include <varve/txn.h>

/* A key's metadata, stored or implied by its newest version. */
typedef struct varve__key_state {
    bool is_inline;
    bool has_intent;
    varve_txn_meta txn; /* of the intent */
    varve_buf txn_key;  /* which keeps the anchor key of `txn` */
    varve_ts ts;        /* of the newest version; zero for an inline value */
} varve__key_state;

void varve__key_state_release(varve__key_state *state);

/*
 * Look at a key.  VARVE_NOT_FOUND, and a zeroed state, if it has no records.  The state is to be
 * released, whatever is returned.
 */
varve_status varve__lookup(varve_reader *reader, varve_slice user_key, varve__key_state *state,
                           varve_error *err);

#endif
