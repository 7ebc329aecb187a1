/*
 * varve as a contender, for those who want more of it than a contender can do, or want to do by
 * hand what it does.
 */
#ifndef VARVE_BENCH_CONTENDERS_VARVE_H
#define VARVE_BENCH_CONTENDERS_VARVE_H

#include <varve/engine.h>

#include "bench/contenders/contender.h"

/* The engine of a store that bench_varve has opened. */
varve_engine *bench_varve_engine(void *store);

/* The metadata record of an intent on the first key of a job. */
void bench_varve_intent(const bench_job *job, varve_buf *record);

/* The engine key of the record of the transaction with that number. */
void bench_varve_record_key(uint64_t number, varve_buf *key);

#endif
