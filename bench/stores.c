#include "bench/stores.h"

#include <stdio.h>
#include <sys/stat.h>

#include "bench/support/die.h"
#include "bench/support/place.h"

#define CACHE_BYTES ((uint64_t)1 << 30)          /* at least, where all of it is to stay there */
#define WRITE_BUFFER_BYTES ((uint64_t)512 << 20) /* no flush while something is measured */

static uint64_t cache_for(const bench_shape *shape)
{
    uint64_t data = bench_shape_bytes(shape);
    if (shape->beyond_cache != 0)
        return data / shape->beyond_cache;
    return 2 * data < CACHE_BYTES ? CACHE_BYTES : 2 * data;
}

static void read_once(const bench_store *store, const bench_shape *shape)
{
    bench_op op = store->contender->run[BENCH_RECOUNT] == NULL ? BENCH_SCAN : BENCH_RECOUNT;
    bench_picker picker;
    bench_keys first = {.count = 0};
    bench_picker_init(&picker, shape);
    bench_pick_keys(&picker, BENCH_PICK_BETWEEN, 1, 0, &first);
    bench_job job = {.users = first.users,
                     .engines = first.engines,
                     .count = first.count,
                     .ts = INT64_MAX,
                     .rows = (unsigned)shape->keys};
    (void)store->contender->run[op](store->store, &job);
    bench_keys_release(&first);
}

void bench_stores_open(bench_stores *stores, const bench_contender *contender, const char *place,
                       const bench_shape *shape)
{
    if (stores->count == BENCH_STORES_MAX)
        bench_die("more than %d contenders", BENCH_STORES_MAX);
    bench_store *store = &stores->all[stores->count++];
    store->contender = contender;
    (void)snprintf(store->path, sizeof store->path, "%s/%s", place, contender->name);
    if (mkdir(store->path, 0700) != 0)
        bench_die("%s: cannot be made", store->path);
    bench_config config = {.path = store->path,
                           .cache_bytes = cache_for(shape),
                           .write_buffer_bytes = WRITE_BUFFER_BYTES,
                           .data_bytes = bench_shape_bytes(shape)};
    store->store = contender->open(&config);
    bench_load(contender, store->store, shape);
    if (shape->beyond_cache == 0)
        read_once(store, shape);
}

bench_store *bench_stores_find(bench_stores *stores, const bench_contender *contender)
{
    for (size_t i = 0; i < stores->count; i++) {
        if (stores->all[i].contender == contender)
            return &stores->all[i];
    }
    return NULL;
}

bool bench_stores_agree(bench_stores *stores)
{
    const bench_store *ours = bench_stores_find(stores, &bench_varve);
    const bench_store *theirs = bench_stores_find(stores, &bench_raw);
    return ours == NULL || theirs == NULL || bench_same_options(ours->path, theirs->path);
}

void bench_stores_close(bench_stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        stores->all[i].contender->close(stores->all[i].store);
        bench_place_remove(stores->all[i].path);
    }
    stores->count = 0;
}
