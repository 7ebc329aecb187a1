/*
 * One command being run: its arguments, its output, and how it has gone.
 *
 * Problems stick: once a step has stopped, what takes arguments still answers with something
 * harmless, and nothing else is to be done.  A command therefore takes all its arguments and then
 * looks once whether it may go on.
 */
#ifndef TOOLS_HISTORIES_STEP_H
#define TOOLS_HISTORIES_STEP_H

#include "line.h"
#include "session.h"

enum { STEP_BUFS = 8 };

struct step {
    struct session *session;
    const struct arguments *arguments;
    const char *command; /* its name */
    FILE *out;
    char *fatal;            /* the script makes no sense, or nothing works any more; NULL = no */
    const char *error_type; /* NULL = no error */
    char *error;            /* text of an error, which a script may expect */
    varve_buf bufs[STEP_BUFS];
    size_t buf_count;
};

/* ---- How it has gone ----------------------------------------------------------------------- */

/* Whether it has stopped, by either of the following. */
bool step_stopped(const struct step *step);

/* Stop: this is no error that a script could expect. */
void step_fatal(struct step *step, const char *format, ...) VARVE_PRINTF(2, 3);

/* Stop with an error of no type in particular. */
void step_error(struct step *step, const char *format, ...) VARVE_PRINTF(2, 3);

/* Stop with a failure of the library's, which is released. */
void step_fail(struct step *step, varve_error *err);

/* Free what it holds, when it is over. */
void step_release(struct step *step);

/* ---- Arguments ----------------------------------------------------------------------------- */

/* Whether there is one of that key, whatever its value. */
bool step_has(const struct step *step, const char *key);

/* Its only value; fatal without. */
varve_slice step_scalar(struct step *step, const char *key);

/* Numbers; `otherwise` without the argument. */
int64_t step_int64(struct step *step, const char *key, int64_t otherwise);
int32_t step_int32(struct step *step, const char *key, int32_t otherwise);

/* A timestamp, WALL or WALL,LOGICAL. */
varve_ts step_ts(struct step *step, const char *key, varve_ts otherwise);

/* A key in its notation, or with `hex` in hexadecimal; fatal without. */
varve_slice step_key(struct step *step, const char *key);

/* The keys from `k` up to `end`, or `k` alone. */
varve_span step_span(struct step *step);

/* The raw value made of an argument's text; fatal without. */
varve_slice step_value(struct step *step, const char *key);

/* The open transaction that an argument names; fatal without, or for one that is not open. */
struct open_txn *step_open_txn(struct step *step, const char *key);

/* The transaction to work as, or NULL. */
const varve_txn *step_txn(struct step *step);

/* The status that intents are resolved with. */
varve_txn_status step_status(struct step *step);

/* An empty buffer that lives as long as the step. */
varve_buf *step_buf(struct step *step);

/* ---- Output -------------------------------------------------------------------------------- */

/* Print a user key, a raw value, a transaction as intents store it. */
void step_print_key(struct step *step, varve_slice user_key);
void step_print_value(struct step *step, varve_slice raw);
void step_print_meta(struct step *step, const varve_txn_meta *meta);

#endif
