/*
 * Walks over the keys of a store, page by page, in bounded memory.
 */
#ifndef TOOLS_WALK_H
#define TOOLS_WALK_H

#include "store.h"

/* Receives one row; anything but TOOL_OK ends the walk. */
typedef enum tool_exit (*walk_fn)(void *arg, const varve_row *row);

struct walk {
    const struct store *store;
    varve_ts ts;
    varve_span span;
    bool reverse;
    int64_t limit; /* negative = none */
    walk_fn each;
    void *arg;
};

/*
 * Call `each` for the keys of the span.  If the limit ends the walk before its span, `resume`
 * receives the start of what is left, or the end of it for a reverse walk; otherwise it is left
 * empty.  It may be NULL.  Returns what `each` does, or prints a failure and returns its code.
 */
enum tool_exit walk_keys(const struct cli *cli, const struct walk *walk, struct bytes *resume);

#endif
