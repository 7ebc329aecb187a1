/* A read of a table that fails once, and a walk meanwhile.  Behind faults.h. */
#ifndef VARVE_TESTS_ENGINE_ROCKSDB_PASSING_H
#define VARVE_TESTS_ENGINE_ROCKSDB_PASSING_H

#include "tests/engine/rocksdb/rocks.h"

/* Go over `keys` records while one read of `path` fails: either it tells, or nothing is missing. */
static inline void walk_past_failure(varve_iter *it, bool backwards, const char *path,
                                     unsigned keys)
{
    unsigned count = 1;
    fault_arm_once(FAULT_READ, path, EIO);
    (void)(backwards ? varve_iter_seek_le(it, bytes("")) : varve_iter_seek_ge(it, bytes("")));
    while (backwards ? varve_iter_prev(it) : varve_iter_next(it))
        count++;
    ck_assert_uint_eq(fault_disarm(), 1);
    varve_error_release(&err);
    varve_status status = varve_iter_status(it, &err);
    if (status == VARVE_OK)
        ck_assert_uint_eq(count, keys);
    else
        ck_status(status, VARVE_IO, &err);
}

#endif
