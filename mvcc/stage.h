/*
 * What one write changes, on its way to the writer: a few records of one key, which reach the
 * writer in one atomic step.
 *
 * A stage works in one buffer, the caller's scratch memory or its own: the encoded keys and
 * metadata records are packed into it, and behind them the representation of all records, if there
 * is more than one.  A single record takes the writer's small form.
 */
#ifndef VARVE_MVCC_STAGE_H
#define VARVE_MVCC_STAGE_H

#include <varve/batch_repr.h>
#include <varve/mvcc.h>

#include "format/meta.h"

/* The most records of one key that change in one step. */
#define VARVE__STAGE_MAX 4

/* Bytes of a record: those of somebody else, or a part of the stage's memory, which may move. */
typedef struct varve__stage_bytes {
    const unsigned char *outside; /* NULL = in the memory */
    size_t offset;
    size_t size;
} varve__stage_bytes;

typedef struct varve__stage_record {
    varve_record_type type;
    varve__stage_bytes key;
    varve__stage_bytes value;
} varve__stage_record;

typedef struct varve__stage {
    varve_buf *memory;
    varve_buf own;
    size_t count;
    varve__stage_record records[VARVE__STAGE_MAX];
} varve__stage;

/* Start with no record.  The stage must not move; varve__stage_release() follows in any case. */
void varve__stage_begin(varve__stage *stage, varve_buf *scratch);
void varve__stage_release(varve__stage *stage);

/*
 * Each of these stages one record, behind those before.  Slices are not copied, but for what is
 * encoded: keys, timestamps and metadata.  They return VARVE_OK or VARVE_NO_MEMORY.
 */

/* A version of a key. */
varve_status varve__stage_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                  varve_slice raw, varve_error *err);

/* No version of a key at that timestamp. */
varve_status varve__stage_clear_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                        varve_error *err);

/* The metadata record of an intent, as varve__meta_append(); its size goes to `*size`. */
varve_status varve__stage_meta(varve__stage *stage, varve_slice user_key, const varve__meta *meta,
                               const varve__history_entry *history, size_t *size, varve_error *err);

/* The metadata record that holds an inline value. */
varve_status varve__stage_inline(varve__stage *stage, varve_slice user_key, varve_slice raw,
                                 varve_error *err);

/* No metadata record. */
varve_status varve__stage_clear_meta(varve__stage *stage, varve_slice user_key, varve_error *err);

/*
 * Hand over what has been staged; nothing is fine.  Returns what the writer returns;
 * VARVE_TOO_LARGE for a metadata record beyond the limit of values; or VARVE_NO_MEMORY.
 */
varve_status varve__stage_apply(varve__stage *stage, varve_writer *writer, varve_error *err);

#endif
