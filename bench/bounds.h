/*
 * How far ratios can be trusted: the bounds of all lanes of a run, from how far their starts lie
 * apart.
 *
 * A lane has few starts, so that those of the other lanes of its contender count, too.  Only those:
 * contenders differ.  A store that is mapped into memory depends on which pages it was given, and
 * its starts lie farther apart than those of one with a cache of its own.
 */
#ifndef VARVE_BENCH_BOUNDS_H
#define VARVE_BENCH_BOUNDS_H

#include <jansson.h>

/*
 * Fill in `low`, `high` and `error` of each lane's ratio from its `median` and `starts`, and set
 * the run's `variance`: what it is in general, of each contender's lanes.
 */
void bench_bound(json_t *run);

/* The variance of a lane in general, of a run with bounds. */
double bench_variance_of(const json_t *run, const json_t *lane);

#endif
