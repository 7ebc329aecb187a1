/*
 * Histories for stores that have to behave alike however they were opened: a list of deeds, each of
 * them an act (tests/support/acts.h), a look at what is there, something that befalls a batch, a
 * snapshot or an iterator, or upkeep of one of the stores, which must change nothing.
 *
 * A history is made together with a model.  Which deeds are done does not depend on the stores: if
 * some are taken out of the list, the ground (the model and what is open) says which of the others
 * cannot be done any more, and these are passed over.
 *
 * A deed can be told as a line of text and read back from it:
 *
 *     PUT key=a ts=3,0 value=%00%00%00%00%03x counted=1 fate=77
 */
#ifndef VARVE_TESTS_SUPPORT_DEEDS_H
#define VARVE_TESTS_SUPPORT_DEEDS_H

#include "tests/support/acts.h"

/* Those in front of these are acts, with the names of acts. */
#define DEED_MAP(X)                                                                                \
    X(VERSIONS)                                                                                    \
    X(CURSOR)                                                                                      \
    X(ITERATE)                                                                                     \
    X(CHANGES)                                                                                     \
    X(SPLIT)                                                                                       \
    X(RECOUNT)                                                                                     \
    X(AUDIT)                                                                                       \
    X(DUMP)                                                                                        \
    X(BATCH)                                                                                       \
    X(COMMIT)                                                                                      \
    X(DROP)                                                                                        \
    X(SAVE)                                                                                        \
    X(ROLL_BACK)                                                                                   \
    X(KEEP)                                                                                        \
    X(SNAPSHOT)                                                                                    \
    X(FORGET)                                                                                      \
    X(OPEN)                                                                                        \
    X(SEEK_GE)                                                                                     \
    X(SEEK_LT)                                                                                     \
    X(NEXT)                                                                                        \
    X(PREV)                                                                                        \
    X(NEXT_KEY)                                                                                    \
    X(PREV_KEY)                                                                                    \
    X(CLOSE)                                                                                       \
    X(FLUSH)                                                                                       \
    X(COMPACT)                                                                                     \
    X(COMPACT_RANGE)                                                                               \
    X(REOPEN)                                                                                      \
    X(CHECKPOINT)                                                                                  \
    X(MOVE)                                                                                        \
    X(REPLACE)                                                                                     \
    X(TAKE_OUT)                                                                                    \
    X(ASIDE)                                                                                       \
    X(REBATCH)

enum deed_kind {
    DEED_ACT_LAST = ACT_KINDS - 1,
#define DEED_ENUM(name) DEED_##name,
    DEED_MAP(DEED_ENUM)
#undef DEED_ENUM
        DEED_KINDS
};

struct deed {
    int kind;       /* of act_kind or deed_kind */
    struct act act; /* or what to look at, to seek, to compact ... */
    bool in_past;   /* a read of the snapshot; an iterator over it */
    bool is_bounded;
    bool is_prefix; /* an iterator for one user key at a time */
    int variant;    /* whose upkeep it is */
    uint64_t fate;  /* what else may be done in one way or another: each variant takes its way from
                       it, and zero is the plain one */
};

const char *deed_name(int kind);
bool deed_is_upkeep(int kind);
bool deed_is_read(int kind);

/* ---- The ground --------------------------------------------------------------------------------
 */

enum { MARKS_MAX = 4 };

struct ground {
    struct model now;
    struct model past;             /* what the snapshot shows */
    struct model marks[MARKS_MAX]; /* to go back to: where the batch began, and savepoints */
    size_t mark_count;             /* 0 = no batch is open */
    bool has_past;
    bool has_iter;
};

/* Without records; the keys are always the same. */
void ground_start(struct ground *ground);

/* Whether the deed can be done now. */
bool ground_allows(const struct ground *ground, const struct deed *deed);

/* Do it, and tell what the model knows of what it comes to; nothing if it knows nothing. */
void ground_do(struct ground *ground, const struct deed *deed, varve_buf *text);

/* ---- Lists -------------------------------------------------------------------------------------
 */

/*
 * Make `count` deeds for `variants` stores, of which the last looks at everything.  In a well kept
 * history statistics follow all that is done, and audits look whether they do.
 */
void deeds_make(test_random dice, bool well_kept, int variants, struct deed *deeds, size_t count);

/* Append the deed as a line, without the end of it. */
void deed_tell(const struct deed *deed, varve_buf *text);

/* Read such a line, in which it leaves NULs; returns false if it makes no sense. */
bool deed_parse(char *line, struct deed *deed);

/*
 * Make the deed plainer in the n-th way; returns false if there are not so many.  Where it is so
 * plain already, nothing changes.
 */
bool deed_simplify(struct deed *deed, size_t n);

#endif
