/* Assertions of fuzz targets, which have no test framework around them. */
#ifndef VARVE_TESTS_SUPPORT_REQUIRE_H
#define VARVE_TESTS_SUPPORT_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#include <varve/base.h>

#define require(condition) ((condition) ? (void)0 : require_failed(#condition, __FILE__, __LINE__))

static inline void require_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
    abort();
}

/* Whether `part` lies inside `whole`; an empty one may lie anywhere. */
static inline bool lies_inside(varve_slice part, varve_slice whole)
{
    return part.size == 0 || (part.data >= whole.data && part.size <= whole.size &&
                              (size_t)(part.data - whole.data) <= whole.size - part.size);
}

#endif
