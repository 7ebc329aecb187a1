/*
 * What all reads have in common: the state of a read in progress, what a key yields, limits, and
 * the end.
 */
#ifndef VARVE_MVCC_READ_H
#define VARVE_MVCC_READ_H

#include "mvcc/bill.h"
#include "mvcc/conflicts.h"
#include "mvcc/find.h"
#include "mvcc/rows.h"
#include "util/fail.h"

typedef struct varve__read {
    varve_read how;
    varve__view view;
    bool tombstones;  /* return them too */
    int64_t max_rows; /* INT64_MAX = all */
    varve_rows *rows;
    varve__walk walk;
    varve__conflicts conflicts; /* or, of an inconsistent read, the intents that it tells */
    uint64_t tombstones_met;
} varve__read;

/* Whether the options of an inconsistent read go together; VARVE_INVALID_ARGUMENT if not. */
varve_status varve__read_check_inconsistent(const varve__read *read, varve_error *err);

/* Likewise of any read, which is looked at after its key or span. */
static inline varve_status varve__read_check_options(const varve__read *read, varve_error *err)
{
    return read->view.inconsistent ? varve__read_check_inconsistent(read, err) : VARVE_OK;
}

/* The part of varve__read_check_collected() for a read with the flag. */
varve_status varve__read_find_collected(const varve__read *read, varve_reader *reader,
                                        varve_span span, varve_status status, varve_error *err);

/*
 * The read of these keys, whose walk has been opened and has come to `status`: that, or with the
 * flag VARVE_BELOW_THRESHOLD or the failure to find out.
 */
static inline varve_status varve__read_check_collected(const varve__read *read,
                                                       varve_reader *reader, varve_span span,
                                                       varve_status status, varve_error *err)
{
    if ((read->how.flags & VARVE_READ_CHECK_COLLECTED) == 0)
        return status;
    return varve__read_find_collected(read, reader, span, status, err);
}

/* VARVE_CANCELLED or VARVE_DEADLINE if the caller's token says so. */
static inline varve_status varve__read_check_cancel(const varve__read *read, varve_error *err)
{
    return read->how.cancel != NULL ? varve_cancel_check(read->how.cancel, err) : VARVE_OK;
}

/* What varve__read_end() and what it calls look at; the rest need not be set for every read. */
static inline void varve__read_begin_empty(varve__read *read, varve_rows *rows)
{
    read->how.bill = NULL;
    read->rows = rows;
    varve__walk_init(&read->walk);
    read->conflicts = (varve__conflicts){.list = NULL};
    read->tombstones_met = 0;
}

/* The part of varve__read_begin() for reads with flags that are not allowed, or a bill. */
varve_status varve__read_check_how(varve__read *read, unsigned flags_allowed, varve_error *err);

/*
 * Start a read: check `how`, which may have the flags of `flags_allowed`.  The rows are left alone,
 * for arguments of the caller may point into them; varve__rows_clear() comes after those have been
 * encoded.  varve__read_end() follows in any case.
 */
static inline varve_status varve__read_begin(varve__read *read, const varve_read *how,
                                             unsigned flags_allowed, int64_t max_rows,
                                             varve_rows *rows, varve_error *err)
{
    varve__read_begin_empty(read, rows);
    varve_status status = varve__struct_copy(&read->how, sizeof read->how, how, "varve_read", err);
    if (status != VARVE_OK)
        return status;
    unsigned flags = read->how.flags;
    if ((flags & ~flags_allowed) != 0 || read->how.bill != NULL) {
        status = varve__read_check_how(read, flags_allowed, err);
        if (status != VARVE_OK)
            return status;
    }
    read->tombstones = (flags & VARVE_READ_TOMBSTONES) != 0;
    read->max_rows = max_rows < 0 ? INT64_MAX : max_rows;
    varve__view_init(&read->view, read->how.ts, read->how.txn, flags);
    return varve__read_check_cancel(read, err);
}

/* The part of varve__read_end() for a read that has failed, met intents, or is billed. */
varve_status varve__read_settle(varve__read *read, varve_status status, varve_error *err);

/*
 * End a read that has come to `status`: conflicts turn success into their failure, an inconsistent
 * read hands over its intents, a failure empties the rows, and the bill is written.  Returns the
 * read's final status.
 */
static inline varve_status varve__read_end(varve__read *read, varve_status status, varve_error *err)
{
    if (status < 0 || read->conflicts.list != NULL || read->how.bill != NULL)
        status = varve__read_settle(read, status, err);
    varve__walk_release(&read->walk);
    return status;
}

/* The failure that lists the conflicts met so far; VARVE_OK without any, or if inconsistent. */
varve_status varve__read_conflicts(const varve__read *read, varve_error *err);

/* Add what the read has cost since the last time to the caller's bill, if there is one. */
void varve__read_bill(varve__read *read);

/*
 * What the current key yields, on whose first record the walk stands.  VARVE_NOT_FOUND is nothing,
 * a conflict included; that is added to the list.
 */
static inline varve_status varve__read_find(varve__read *read, varve__found *found,
                                            varve_error *err)
{
    return varve__find(&read->view, &read->walk, &read->conflicts, found, err);
}

/* A tombstone has been met; whether its row is a result. */
static inline bool varve__read_takes_tombstone(varve__read *read)
{
    read->tombstones_met++;
    return read->tombstones;
}

/* The row packed last is a result: count it, or drop the tombstone that nobody asked for. */
static inline void varve__read_accept(varve__read *read, const varve__packed_row *row)
{
    if (row->value_size > 0 || varve__read_takes_tombstone(read))
        varve__rows_count(read->rows, row);
    else
        varve__rows_drop(read->rows, row);
}

/* Pack a row of what has been found behind the others. */
static inline varve_status varve__read_pack(varve__read *read, const varve__found *found,
                                            varve__packed_row *row, varve_error *err)
{
    return varve__rows_pack(read->rows, varve__walk_prefix(&read->walk), read->walk.is_plain,
                            found->ts, found->value, row, err);
}

/* Make a row of what has been found, unless it is a tombstone that nobody asked for. */
static inline varve_status varve__read_emit(varve__read *read, const varve__found *found,
                                            varve_error *err)
{
    varve__packed_row row;
    varve_status status = varve__read_pack(read, found, &row, err);
    if (status == VARVE_OK)
        varve__read_accept(read, &row);
    return status;
}

/* The part of varve__read_key() for keys that take more than a look at their first record. */
varve_status varve__read_key_further(varve__read *read, varve_error *err);

/* Both: what the current key yields becomes a row, if it yields anything. */
static inline varve_status varve__read_key(varve__read *read, varve_error *err)
{
    varve__found found;
    if (!varve__find_first(&read->view, &read->walk, &found))
        return varve__read_key_further(read, err);
    return varve__read_emit(read, &found, err);
}

/* Whether as many intents have been met as the caller wants to know of. */
static inline bool varve__read_has_enough_intents(const varve__read *read)
{
    return read->how.max_intents > 0 && read->conflicts.count >= read->how.max_intents;
}

/*
 * A key has been evaluated and left.  An inconsistent scan that knows enough intents has reached a
 * limit; any other one is over.
 */
static inline bool varve__read_is_over(varve__read *read)
{
    read->conflicts.more = varve__read_has_enough_intents(read);
    return read->conflicts.more && !read->view.inconsistent;
}

/* Whether the rows have reached a limit, or the intents that an inconsistent read tells. */
static inline bool varve__read_is_full(const varve__read *read)
{
    const varve_rows *rows = read->rows; /* which are never less than no bytes; no target is 0 */
    return (uint64_t)rows->count >= (uint64_t)read->max_rows ||
           (uint64_t)rows->bytes > (uint64_t)read->how.target_bytes - 1 ||
           (read->view.inconsistent && varve__read_has_enough_intents(read));
}

#endif
