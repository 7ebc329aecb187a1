/*
 * Transactions as the MVCC layer sees them: what identifies one, and what its intents remember.
 */
#ifndef VARVE_TXN_H
#define VARVE_TXN_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The size of a transaction's id, in bytes. */
#define VARVE_TXN_ID_SIZE 16

/* What an intent stores of its transaction. */
typedef struct varve_txn_meta {
    unsigned char id[VARVE_TXN_ID_SIZE]; /* alone decides whose an intent is */
    varve_slice key;                     /* the anchor key; informational; may be empty */
    int32_t epoch;                       /* raised by a restart: intents of older epochs are void */
    varve_ts write_ts;                   /* provisional commit timestamp, where intents stand */
    varve_ts min_ts;  /* the earliest timestamp of the transaction; informational */
    int32_t priority; /* informational */
    int32_t sequence; /* number of the operation */
} varve_txn_meta;

#ifdef __cplusplus
}
#endif

#endif
