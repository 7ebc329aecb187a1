/*
 * What one write without a transaction changes, on its way to the writer: a single record, which
 * the writer's small forms take in one atomic step.
 */
#ifndef VARVE_MVCC_STAGE_H
#define VARVE_MVCC_STAGE_H

#include <varve/batch_repr.h>
#include <varve/mvcc.h>

typedef struct varve__stage {
    varve_buf *memory; /* of key and made value: the caller's scratch memory, or `own` */
    varve_buf own;
    varve_record record;
} varve__stage;

/* Start with no record.  The stage must not move; varve__stage_release() follows in any case. */
void varve__stage_begin(varve__stage *stage, varve_buf *scratch);
void varve__stage_release(varve__stage *stage);

/* A version of a key; the bytes of `raw` are not copied. */
varve_status varve__stage_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                  varve_slice raw, varve_error *err);

/* The metadata record that holds an inline value. */
varve_status varve__stage_inline(varve__stage *stage, varve_slice user_key, varve_slice raw,
                                 varve_error *err);

/* No metadata record. */
varve_status varve__stage_clear_meta(varve__stage *stage, varve_slice user_key, varve_error *err);

/* Hand over what has been staged. */
varve_status varve__stage_apply(varve__stage *stage, varve_writer *writer, varve_error *err);

#endif
