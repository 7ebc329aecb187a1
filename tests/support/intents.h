/*
 * Intents of transactions and the whole of a store as text, for the tests of what resolves and
 * collects them; and running statistics that are held against a recount.
 *
 * A store is its records in their order, of versions KEY@TIME=VALUE or KEY@TIME-, of inline values
 * KEY=VALUE, and of intents KEY!TXN.EPOCH.SEQUENCE/WRITE-TIME@TIME with the history in braces:
 *
 *     a!1.0.30/11@11{10=x,20-} a@11=y a@5=v b=i
 */
#ifndef VARVE_TESTS_SUPPORT_INTENTS_H
#define VARVE_TESTS_SUPPORT_INTENTS_H

#include <varve/varve.h>

#include "tests/support/mvcc.h"

#define SECOND INT64_C(1000000000)

typedef struct txn_intent {
    const char *key;
    varve_ts ts;
    const char *value; /* the provisional one */
    unsigned char txn; /* the last byte of its id; 0 = 1 */
    int32_t epoch;
    int32_t sequence;
    varve_ts write_ts;   /* zero = `ts` */
    const char *history; /* such as "10=a,20-" */
} txn_intent;

/* Store an intent with its provisional value, past all checks. */
void intent_put(const txn_intent *intent);

/* intent(.key = "a", .ts = at(5), .value = "v") and so on. */
#define intent(...) intent_put(&(txn_intent){__VA_ARGS__})

/* All records as text, which lives as long as the test. */
const char *store_text(void);

/* The same for stores that are damaged: keys and values as bytes. */
const char *raw_store_text(void);

/* The transaction metadata of a transaction that intent() has used. */
varve_txn_meta txn_of(unsigned char txn, int32_t epoch, varve_ts write_ts);

/* ---- Running statistics ------------------------------------------------------------------------
 */

/* What writes are given; those of the store as it is become the start. */
extern varve_stats running;
void stats_start(int64_t now);

/* Aged to the past, the present and the future, they are those of a recount. */
void ck_stats(void);

/* They are exactly these, as varve_stats_print() prints them. */
void ck_numbers(const char *text);

/* A write that is told of `running`. */
varve_write write_counted(void);

/* What a resolution or removal that returned `status` has come to: "OK", or its failure; behind it
 * what is left, which is given back.
 */
const char *outcome_of(varve_status status, varve_rows *rows);

#endif
