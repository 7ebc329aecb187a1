/*
 * The span of an operation as encoded bounds, kept apart from the caller's memory: the span may
 * point into the rows that will say where to resume.
 */
#ifndef VARVE_MVCC_BOUNDS_H
#define VARVE_MVCC_BOUNDS_H

#include "mvcc/rows.h"

typedef struct varve__bounds {
    varve_buf lower; /* empty for the very first key */
    varve_buf upper;
    bool is_empty; /* the span ends before it starts */
} varve__bounds;

void varve__bounds_release(varve__bounds *bounds);

/* Fill zeroed bounds.  Returns VARVE_OK; VARVE_EMPTY_KEY for an empty end; or VARVE_NO_MEMORY. */
varve_status varve__bounds_open(varve__bounds *bounds, varve_span span, varve_error *err);

/*
 * Let the rows say that there is more: from the user key behind `prefix`, where nothing stands for
 * the very first key, to the end of the bounds.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
varve_status varve__bounds_resume(const varve__bounds *bounds, varve_slice prefix, varve_rows *rows,
                                  varve_error *err);

/* The same: from the start of the bounds to the user key behind `prefix`, that included. */
varve_status varve__bounds_resume_backward(const varve__bounds *bounds, varve_slice prefix,
                                           varve_rows *rows, varve_error *err);

#endif
