/*
 * The merge operator: pure functions over metadata records (format/meta.h).  Every backend and
 * every batch merges through them, so that all give the same bytes.
 *
 * Whatever does not fit together becomes a conflict record (format/conflict.h): the operator never
 * refuses.  A full merge of operands that were merged partially before, in whatever groups, gives
 * the same record as one of the operands themselves; of a conflict record that is true of what it
 * keeps as long as nothing had to be left out of it for its size.
 */
#ifndef VARVE_ENGINE_MERGE_H
#define VARVE_ENGINE_MERGE_H

#include <varve/error.h>

/*
 * Merge `count` operands, oldest first, onto what is stored: `existing`, or NULL for nothing.  The
 * record replaces the contents of `out`, which no argument may lie in.
 *
 * Returns VARVE_OK or VARVE_NO_MEMORY.
 */
varve_status varve__merge_full(const varve_slice *existing, const varve_slice *operands,
                               size_t count, varve_buf *out, varve_error *err);

/*
 * Merge adjacent operands, oldest first, into one operand.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND where they have to be kept as they are, because only what lies
 * below them will tell how they merge; VARVE_NO_MEMORY.
 */
varve_status varve__merge_partial(const varve_slice *operands, size_t count, varve_buf *out,
                                  varve_error *err);

/* How often the two have been called in this process. */
uint64_t varve__merge_operations(void);

#endif
