/*
 * The statistics account of the store of the test in progress, that without a name, of `mvcc`.
 */
#ifndef VARVE_TESTS_SUPPORT_ACCOUNT_H
#define VARVE_TESTS_SUPPORT_ACCOUNT_H

#include <varve/stats.h>

/* The statistics of all keys of applications, counted, with ages as of a wall time. */
varve_stats account_recount(int64_t nanos);

/* Let the account be that. */
void account_open(void);

/* It has to be that, at early times and late ones. */
void ck_account(void);

#endif
