/*
 * What was measured when varve was designed: RocksDB 7.8.3 of Debian 12 as a shared library and its
 * peers, a million records of 64 bytes in the cache, on two AMD EPYC cores.  A contender that is
 * much slower than here, in proportion, is not the contender it is meant to be.
 */
#ifndef VARVE_BENCH_FACTS_H
#define VARVE_BENCH_FACTS_H

#include "bench/data.h"

/* Nanoseconds for one unit of a lane of an operation in a state; 0 if that was not measured. */
double bench_fact(const bench_shape *shape, const char *operation, const char *lane);

#endif
