/*
 * Which user keys the records of a batch have touched.
 *
 * A table of hashes, much smaller and quicker to keep up than the ordered index.  It may take a key
 * for touched that is not, never the other way round: of one that it does not know the engine has
 * the last word, and the index need not be built for it, nor asked.
 */
#ifndef VARVE_ENGINE_TOUCHED_H
#define VARVE_ENGINE_TOUCHED_H

#include <varve/batch_repr.h>
#include <varve/error.h>

typedef struct varve__touched {
    uint64_t *slots;    /* hashes; 0 = free */
    size_t room;        /* how many slots: none, or a power of two */
    size_t count;       /* of those in use */
    size_t offset;      /* of the first record not taken in; 0 if none has been */
    bool is_everything; /* a range has been cleared, or the hashes are not spread */
    bool is_range;      /* that is so for the record at `offset`: it clears a range */
} varve__touched;

/* It starts zeroed. */
void varve__touched_release(varve__touched *touched);

/* Forget all records, and keep the memory for others, unless it is far too much for these. */
void varve__touched_reset(varve__touched *touched);

/*
 * The records have been cut off behind the first `size` bytes of the representation, which are
 * `count` records.  Their hashes stay, unless they have become too many.
 */
void varve__touched_cut(varve__touched *touched, size_t size, uint32_t count);

/*
 * Take in what has been appended to `repr`, which may end before its header says so, with a whole
 * record; it is shorter than before only after a cut.  On VARVE_NO_MEMORY some of the records may
 * have been taken in; a later call goes on behind them.
 */
varve_status varve__touched_catch_up(varve__touched *touched, varve_slice repr, varve_error *err);

/*
 * Take in a record that has just been appended, and made the representation grow from `before` to
 * `size` bytes; unless others are missing, or there is no room for it, which is left to
 * varve__touched_catch_up().
 */
void varve__touched_add(varve__touched *touched, const varve_record *record, size_t before,
                        size_t size);

/*
 * Whether one of the records may be one of the user key that `prefix` is the encoded form of,
 * terminator and all.
 */
bool varve__touched_has(const varve__touched *touched, varve_slice prefix);

/* The bytes of memory that it takes. */
static inline size_t varve__touched_bytes(const varve__touched *touched)
{
    return touched->room * sizeof *touched->slots;
}

#endif
