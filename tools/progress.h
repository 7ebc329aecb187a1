/*
 * A line on standard error that tells how far a long command has come.  Shown only where standard
 * error is a terminal, once the command has taken half a second, or as many as the variable
 * VARVE_PROGRESS_SECONDS says, and redrawn a few times a second.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    bool shown;
    const char *items;    /* what is counted: "commits" */
    uint64_t total_items; /* 0 = unknown */
    uint64_t total_bytes; /* 0 = unknown */
    uint64_t first_items; /* at the start: what is resumed does not begin at 0 */
    uint64_t first_bytes;
    double delay; /* seconds before the first drawing */
    double start; /* of the monotonic clock */
    double next_draw;
};

/*
 * Start to tell of `items` done and bytes worked through, `total_bytes` in all or 0.  Not `shown`
 * means that nothing is ever printed: for commands whose own output is on the same terminal.
 */
void progress_start(struct progress *progress, const char *items, uint64_t total_bytes, bool shown);

/*
 * Expect about that many items in all: where the bytes of all are not known, the time left is that
 * of items.  0 = unknown.  May be called again when more is known.
 */
void progress_expect(struct progress *progress, uint64_t total_items);

/* Whether the next progress_update() draws: for who has to work to find out how far it is. */
bool progress_is_due(const struct progress *progress);

/*
 * Tell how far it is; cheap enough to be called for every item.  The first call sets the start.
 * `bytes` stays 0 where they are not counted.
 */
void progress_update(struct progress *progress, uint64_t items, uint64_t bytes);

/* Wipe the line out if one stands on the terminal, before something else is printed there. */
void progress_wipe(void);

/* Wipe the line out and show it no more. */
void progress_end(struct progress *progress);

#endif
