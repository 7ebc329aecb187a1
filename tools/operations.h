/*
 * Operations that write keys: what `varve put` and its like do, and the lines of `varve batch`.
 */
#ifndef TOOLS_OPERATIONS_H
#define TOOLS_OPERATIONS_H

#include "writing.h"

#include <argp.h>

/* ---- The command line ---------------------------------------------------------------------- */

/* What a VALUE is written as. */
enum operation_type { OPERATION_BYTES, OPERATION_INT, OPERATION_FLOAT };

/* The options of an operation. */
struct operation_settings {
    enum operation_type type;
    bool has_time;
    varve_ts time;
    bool is_inline;
    bool checksum;
    const char *expect;
    bool expect_missing;
    bool allow_missing;
};

/* Their parsers; that of deletions is that of increments, too. */
extern const struct argp operation_put_argp;
extern const struct argp operation_delete_argp;
extern const struct argp operation_put_if_argp;
extern const struct argp operation_merge_argp;

/* ---- Doing --------------------------------------------------------------------------------- */

struct stroke;

/* One kind of operation. */
struct operation {
    const char *name;
    const struct command *line; /* as a line of a script: without STORE and shared options */
    enum tool_exit (*strike)(struct stroke *stroke); /* private; NULL clears a range */
    bool is_inline;                                  /* always */
};

/* The one of that name, or NULL. */
const struct operation *operation_find(const char *name);

/*
 * Do it in the change; `arguments` are those behind STORE.  Prints the failure, after which the
 * change is not to be committed.
 */
enum tool_exit operation_apply(const struct operation *operation, const struct cli *cli,
                               const char *const *arguments,
                               const struct operation_settings *settings, struct writing *writing);

#endif
