/*
 * What lives from block to block of one file: the engine, its transactions, running statistics.
 */
#ifndef TOOLS_HISTORIES_SESSION_H
#define TOOLS_HISTORIES_SESSION_H

#include <varve/varve.h>

#include "memory.h"

/* A transaction that has begun and not been removed. */
struct open_txn {
    struct open_txn *next;
    char *name; /* that commands call it by */
    varve_txn txn;
};

struct session {
    varve_engine *engine;
    char *directory; /* of the engine; NULL without */
    struct open_txn *txns;
    struct open_txn *last; /* the one that a command has last worked on; NULL = none */
    unsigned char next_id[VARVE_TXN_ID_SIZE];
    varve_stats stats; /* of the writes that are counted */
};

/* Begin with an empty engine.  False, with the reason in `err`, if it cannot be opened. */
bool session_open(struct session *session, varve_backend backend, varve_error *err);

/* End it, and remove what the engine leaves. */
void session_close(struct session *session);

/* The open transaction of that name, or NULL. */
struct open_txn *session_txn(const struct session *session, varve_slice name);

/* Add a transaction of that name, which is the caller's to fill. */
struct open_txn *session_add_txn(struct session *session, varve_slice name);

/* Forget a transaction. */
void session_remove_txn(struct session *session, struct open_txn *txn);

/* Give out the next id, which is a number: 1, 2 and so on. */
void session_take_id(struct session *session, unsigned char id[VARVE_TXN_ID_SIZE]);

/*
 * Print all records of the engine, or `<no data>`.  False, with the reason in `err`, if they cannot
 * be read.
 */
bool session_dump(const struct session *session, FILE *out, varve_error *err);

#endif
