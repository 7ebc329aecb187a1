/*
 * Sums of 64-bit integers.
 */
#ifndef VARVE_MVCC_INCREMENT_H
#define VARVE_MVCC_INCREMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a + b is no 64-bit integer. */
bool varve__sum_overflows(int64_t a, int64_t b);

#endif
