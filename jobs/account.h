/*
 * The statistics account that a job keeps up.
 */
#ifndef VARVE_JOBS_ACCOUNT_H
#define VARVE_JOBS_ACCOUNT_H

#include <varve/engine.h>
#include <varve/stats.h>

/* Have the batch add `delta` to the account of that name, if the store keeps one. */
varve_status varve__account_stage(varve_batch *batch, varve_engine *engine, varve_slice name,
                                  const varve_stats *delta, varve_error *err);

#endif
