/*
 * Random reads and writes of a few keys by a few transactions, as structs that can be done to any
 * store, and to the model, as often as wanted.
 */
#ifndef VARVE_TESTS_SUPPORT_ACTS_H
#define VARVE_TESTS_SUPPORT_ACTS_H

#include "tests/support/model.h"

#define ACT_MAP(X)                                                                                 \
    X(GET)                                                                                         \
    X(SCAN)                                                                                        \
    X(PUT)                                                                                         \
    X(DELETE)                                                                                      \
    X(PUT_RECORD)                                                                                  \
    X(PUT_IF)                                                                                      \
    X(INIT_PUT)                                                                                    \
    X(INCREMENT)                                                                                   \
    X(MERGE)                                                                                       \
    X(DELETE_RANGE)                                                                                \
    X(CLEAR_RANGE)                                                                                 \
    X(CLEAR_TIME)                                                                                  \
    X(RESOLVE)                                                                                     \
    X(RESOLVE_RANGE)                                                                               \
    X(GC)

enum act_kind {
#define ACT_ENUM(name) ACT_##name,
    ACT_MAP(ACT_ENUM)
#undef ACT_ENUM
        ACT_KINDS
};

extern const char *const act_names[ACT_KINDS];

enum { ACT_TXNS = 4, ACT_RANGES = 2, ACT_GC_KEYS = 3 };

struct act {
    enum act_kind kind;
    varve_slice key;
    varve_span span;
    varve_ts ts;    /* to read or write at; of CLEAR_TIME the end */
    varve_ts after; /* of CLEAR_TIME */
    bool has_txn;
    varve_txn txn; /* whose ignored ranges are these */
    varve_seq_range ignored[ACT_RANGES];
    bool is_blind;
    bool is_counted;
    struct model_value value;
    struct model_value expected;
    bool expects;
    bool allow_missing;
    bool flag;      /* fail on tombstones, return keys, reverse */
    unsigned flags; /* of reads */
    int64_t max;    /* keys, clearings */
    int64_t by;     /* increment */
    int64_t target_bytes;
    size_t max_intents;
    varve_txn_status status; /* of a resolution */
    size_t gc_count;
    varve_gc_key gc[ACT_GC_KEYS];
};

/* What acts are made from. */
struct acts {
    test_random dice;
    const struct model *model; /* as it is when an act is made: some are not done to some keys */
    int64_t unit;              /* wall times are multiples of it */
    bool well_kept;            /* nothing that statistics cannot follow: no merges, no mixing of
                                  inline values with versions, nothing blind or uncounted */
    varve_txn txns[ACT_TXNS];
    varve_seq_range ignored[ACT_TXNS][ACT_RANGES];
    unsigned char generation;
};

void acts_start(struct acts *acts, test_random dice, const struct model *model, int64_t unit);
void act_make(struct acts *acts, struct act *act);

/* A get or a scan. */
void act_make_read(struct acts *acts, struct act *act);

/*
 * Whether the act may be done while the model is like this: of a list of acts that were made one
 * after the other, those that this allows are left when some have been taken out.
 */
bool act_fits(const struct act *act, const struct model *model);

/* Do it, and tell what it has come to. */
void act_do(const struct act *act, varve_reader *reader, varve_writer *writer, varve_stats *stats,
            varve_buf *text);
void act_do_to_model(const struct act *act, struct model *model, varve_buf *text);

/* What it is. */
void act_tell(const struct act *act, varve_buf *text);

#endif
