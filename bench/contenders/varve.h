/*
 * varve as a contender, for those who want more of it than a contender can do.
 */
#ifndef VARVE_BENCH_CONTENDERS_VARVE_H
#define VARVE_BENCH_CONTENDERS_VARVE_H

#include <varve/engine.h>

#include "bench/contenders/contender.h"

/* The engine of a store that bench_varve has opened. */
varve_engine *bench_varve_engine(void *store);

#endif
