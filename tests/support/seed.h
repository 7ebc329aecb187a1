/*
 * The seed of random tests, C and fuzz targets alike.
 */
#ifndef VARVE_TESTS_SUPPORT_SEED_H
#define VARVE_TESTS_SUPPORT_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The environment's VARVE_TEST_SEED, printed.  Without it always the same, so that the suite fails
 * because of a change and never because of a draw; "time" takes another one each second, to look
 * for what that one does not find.
 */
static inline uint64_t test_seed(void)
{
    uint64_t seed = 1;
    const char *given = getenv("VARVE_TEST_SEED");
    if (given != NULL)
        seed = strcmp(given, "time") == 0 ? (uint64_t)time(NULL) : strtoull(given, NULL, 0);
    printf("VARVE_TEST_SEED=%llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    return seed;
}

#endif
