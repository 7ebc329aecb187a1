/*
 * The records of one write on their way to the writer, which gets them in one atomic step.
 */
#ifndef VARVE_MVCC_STAGE_H
#define VARVE_MVCC_STAGE_H

#include <varve/mvcc.h>

typedef struct varve__stage {
    varve_buf *repr; /* the caller's scratch memory, or `own` */
    varve_buf own;
    varve_buf key;    /* of the record being staged */
    varve_buf record; /* its value, where that has to be made */
} varve__stage;

/* Start with no records.  The stage must not move; varve__stage_release() follows in any case. */
varve_status varve__stage_begin(varve__stage *stage, varve_buf *scratch, varve_error *err);
void varve__stage_release(varve__stage *stage);

/* A version of a key. */
varve_status varve__stage_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                  varve_slice raw, varve_error *err);

/* The metadata record that holds an inline value. */
varve_status varve__stage_inline(varve__stage *stage, varve_slice user_key, varve_slice raw,
                                 varve_error *err);

/* No metadata record. */
varve_status varve__stage_clear_meta(varve__stage *stage, varve_slice user_key, varve_error *err);

/* Hand all records over. */
varve_status varve__stage_apply(varve__stage *stage, varve_writer *writer, varve_error *err);

#endif
