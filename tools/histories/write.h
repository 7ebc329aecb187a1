/*
 * What commands that write have in common: where they write to, and what follows a write.
 */
#ifndef TOOLS_HISTORIES_WRITE_H
#define TOOLS_HISTORIES_WRITE_H

#include "step.h"

/*
 * Writes as `how` says, in which all that the arguments ask for is filled in.  It takes its further
 * arguments, and does nothing if that has stopped the step.
 */
typedef void (*write_fn)(struct step *step, const varve_write *how);

/* Which arguments a write obeys besides its own, `ts` and `stats`. */
enum write_flags {
    WRITE_AS_TXN = 1,  /* `t` and `notxn`; otherwise it is none of a transaction's */
    WRITE_BATCHED = 2, /* `batched`: in a batch that is committed afterwards */
    WRITE_BLIND = 4    /* `blind`: without looking at what is there */
};

/* Run `write`. */
void write_run(struct step *step, unsigned flags, write_fn write);

/* Stop with a failure of a write. */
void write_fail(struct step *step, const varve_write *how, varve_error *err);

/* Resolve the intent of one key as the transaction, with the status that the arguments name. */
void write_resolve(struct step *step, const varve_write *how, varve_slice key,
                   const varve_txn *txn);

/* How intents of the transaction are resolved. */
varve_resolution write_resolution(struct step *step, const varve_txn *txn);

/* Print what is left of a range, if anything is. */
void write_print_resume(struct step *step, const varve_rows *rows);

#endif
