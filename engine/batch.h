/*
 * Batches: bytes, and a view of them that is made when somebody reads.
 */
#ifndef VARVE_ENGINE_BATCH_H
#define VARVE_ENGINE_BATCH_H

#include "engine/cover.h"
#include "engine/engine.h"
#include "engine/touched.h"
#include "util/index.h"

/*
 * What the records of a representation have done to the keys.  It follows the representation:
 * before it is asked, varve__batch_view_catch_up() takes in the records that have been appended
 * since.
 *
 * Orders are record numbers, counted from 1.  The kind of an event is its varve_record_type, PUT,
 * CLEAR or MERGE; `datum` is the offset of the value in the representation.  A range clear paints
 * the cover and takes the events out that it hides, so that no event is older than a clear that
 * covers it.
 */
typedef struct varve__batch_view {
    varve__index events;  /* puts, clears and merges */
    varve__cover cleared; /* range clears */
    size_t offset;        /* of the first record not taken in; 0 if none has been */
    uint32_t records;     /* taken in */
    size_t taken_back;    /* events whose memory is of no use any more */
} varve__batch_view;

void varve__batch_view_init(varve__batch_view *view);
void varve__batch_view_release(varve__batch_view *view);

/* Forget all records, and keep the memory for others. */
void varve__batch_view_reset(varve__batch_view *view);

/*
 * `repr` may end before its header says so, with a whole record.  On VARVE_NO_MEMORY some of the
 * records may have been taken in; a later call goes on behind them.
 */
varve_status varve__batch_view_catch_up(varve__batch_view *view, varve_slice repr,
                                        varve_error *err);

/*
 * Take back the records behind the first `size` bytes, which are `count` records; `repr` still has
 * them.
 */
void varve__batch_view_take_back(varve__batch_view *view, varve_slice repr, size_t size,
                                 uint32_t count);

typedef enum varve__batch_answer {
    VARVE__BATCH_UNTOUCHED, /* the engine knows */
    VARVE__BATCH_PUT,
    VARVE__BATCH_CLEARED
} varve__batch_answer;

/* What the records say about a key: an answer, and merges on top of it. */
typedef struct varve__batch_finding {
    varve__batch_answer answer;
    const varve__index_entry *put;   /* if that is the answer */
    const varve__index_entry *merge; /* the newest, if there are any */
    size_t merges;
} varve__batch_finding;

/* Look `key` up.  `hint` is that of varve__cover_find(). */
varve__batch_finding varve__batch_view_find(const varve__batch_view *view, varve_slice key,
                                            const varve__interval **hint);

/* The same for the key whose newest event is `event`. */
varve__batch_finding varve__batch_view_finding(const varve__batch_view *view,
                                               const varve__index_entry *event,
                                               const varve__interval **hint);

typedef enum varve__batch_state {
    VARVE__BATCH_OPEN,
    VARVE__BATCH_COMMITTED,
    VARVE__BATCH_UNKNOWN, /* committed, and nobody knows how it went */
    VARVE__BATCH_CLOSED   /* by its owner; iterators are left */
} varve__batch_state;

/* A former home of the representation, in which iterators may have lent values. */
struct varve__batch_retired;

/* A mark in the representation, to go back to. */
typedef struct varve__savepoint {
    size_t size;
    uint32_t count;
} varve__savepoint;

/* The view for distinct keys; a batch has at most one at a time. */
struct varve_distinct {
    varve_reader reader;
    varve_writer writer;
};

/*
 * Who uses a batch is told apart by a number: 0 is the batch itself, each distinct view has another
 * one.  While a view is open, only that may be used.
 */
#define VARVE__BATCH_ITSELF 0

struct varve_batch {
    varve_reader reader;
    varve_writer writer;
    varve__iter_owner iter_owner;
    varve_engine *engine;
    varve_snapshot *snapshot; /* what it reads, and holds; NULL = the engine's current state */
    varve__batch_state state;
    bool write_only;
    varve_buf repr; /* empty = a header that has not been written */
    struct varve__batch_retired *retired;
    varve__batch_view view;
    varve__touched touched;
    struct varve__overlay *spare; /* a closed prefix iterator, to be opened again, or NULL */
    size_t spare_bytes;           /* that it takes, also while it is open again */
    varve_slice *operands;        /* room for those of a merge in progress */
    size_t operand_room;
    uint64_t version; /* raised by all that iterators have to notice */
    size_t iterators; /* of all users */

    varve_distinct distinct;
    uint64_t user;      /* who may use it */
    uint64_t last_user; /* the number of the distinct view that was opened last */
    size_t watermark;   /* while a distinct view is open: where what it reads ends */

    varve__savepoint *savepoints;
    size_t savepoint_count;
    size_t savepoint_room;

    size_t bytes; /* of memory, as far as the engine has been told */
};

/* VARVE_MISUSE with the reason, unless the batch is open and `user` may use it. */
varve_status varve__batch_check(const varve_batch *batch, uint64_t user, varve_error *err);

/* The functions of the reader and the writer, for a user. */
varve_status varve__batch_get(varve_batch *batch, uint64_t user, varve_slice engine_key,
                              varve_buf *value, varve_error *err);
varve_status varve__batch_iter_open(varve_batch *batch, uint64_t user,
                                    const varve_iter_options *options, varve_slice prefix,
                                    varve_iter **out, varve_error *err);
varve_status varve__batch_write(varve_batch *batch, uint64_t user, const varve_record *record,
                                varve_error *err);
varve_status varve__batch_apply(varve_batch *batch, uint64_t user, varve_slice repr,
                                varve_error *err);

/* Tell the engine how much memory the batch holds, if that has changed. */
void varve__batch_account(varve_batch *batch);

/* Bring the view up to what may be read. */
varve_status varve__batch_catch_up(varve_batch *batch, varve_error *err);

/*
 * Whether what may be read may have records of the user key behind an encoded `prefix`.  The view
 * is not brought up for it.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
varve_status varve__batch_has_touched(varve_batch *batch, varve_slice prefix, bool *has_touched,
                                      varve_error *err);

/* Free a closed batch that nobody uses any more. */
void varve__batch_let_go(varve_batch *batch);

/* The state of the engine that it reads. */
const varve_snapshot *varve__batch_below(const varve_batch *batch);

/* The value of a put, or the operand of a merge. */
static inline varve_slice varve__batch_value(const varve_batch *batch,
                                             const varve__index_entry *event)
{
    return varve_slice_of(batch->repr.data + event->datum, event->size);
}

/*
 * Make the value of a key with merges: `below` is what the engine has, NULL for nothing, and is
 * looked at only if the finding's answer is that the engine knows.
 */
varve_status varve__batch_merge(varve_batch *batch, const varve__batch_finding *found,
                                const varve_slice *below, varve_buf *value, varve_error *err);

/* An iterator for `user`, over the engine's state of this moment under the records of `batch`. */
varve_status varve__overlay_open(varve_batch *batch, uint64_t user,
                                 const varve_iter_options *options, varve_slice prefix,
                                 varve_iter **out, varve_error *err);

/* Free the batch's spare iterator, if it has one. */
void varve__overlay_free_spare(varve_batch *batch);

#endif
