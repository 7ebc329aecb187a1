#include <string.h>

#include "bench/contenders/contender.h"

const bench_contender *const bench_contenders[] = {
    &bench_varve,
    &bench_cached,
    &bench_raw,
    &bench_plain,
    &bench_udt,
    &bench_txn,
#ifdef BENCH_HAVE_WIREDTIGER
    &bench_wiredtiger,
#endif
#ifdef BENCH_HAVE_LMDB
    &bench_lmdb,
#endif
#ifdef BENCH_HAVE_SQLITE
    &bench_sqlite,
#endif
    NULL,
};

const char *const bench_missing[] = {
#ifndef BENCH_HAVE_WIREDTIGER
    "wiredtiger", "libwiredtiger",
#endif
#ifndef BENCH_HAVE_LMDB
    "lmdb",       "liblmdb",
#endif
#ifndef BENCH_HAVE_SQLITE
    "sqlite",     "libsqlite3",
#endif
    NULL,
};

const bench_contender *bench_contender_find(const char *name)
{
    for (size_t i = 0; bench_contenders[i] != NULL; i++) {
        if (strcmp(bench_contenders[i]->name, name) == 0)
            return bench_contenders[i];
    }
    return NULL;
}
