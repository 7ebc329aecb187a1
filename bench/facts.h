/*
 * What was measured when varve was designed: RocksDB 7.8.3 of Debian 12 as a shared library and its
 * peers, a million records of 64 bytes in the cache, on two AMD EPYC cores.  A contender that is
 * much slower than here, in proportion, is not the contender it is meant to be.
 */
#ifndef VARVE_BENCH_FACTS_H
#define VARVE_BENCH_FACTS_H

#include <jansson.h>

#include "bench/data.h"

/* How far a contender may be from what is known of it. */
#define BENCH_FACTS_AGREE 0.15

/* Nanoseconds for one unit of a lane of an operation in a state; 0 if that was not measured. */
double bench_fact(const bench_shape *shape, const char *operation, const char *lane);

/*
 * The lanes of a run of which something is known, as ratios to a plain get of the same state, and
 * of writes to a put: a new array of {case, lane, ns, known_ns, ratio, known_ratio, apart, agrees,
 * why}.  `why` is null, or says why a lane is known to be apart here.
 */
json_t *bench_facts(const json_t *run);

#endif
