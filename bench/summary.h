/*
 * What several starts of a run come to together.
 */
#ifndef VARVE_BENCH_SUMMARY_H
#define VARVE_BENCH_SUMMARY_H

#include <jansson.h>

/*
 * Of what bench_run() returned in each start: a new object with `starts` (how many), `rounds` (in
 * each), `variance` (bench/bounds.h), `agree`, `states` and `cases`, whose lanes hold what
 * docs/performance.md says.  Returns NULL if the starts did not measure the same.
 */
json_t *bench_summary(json_t *const *starts, size_t count);

#endif
