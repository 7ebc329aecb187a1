#include "engine/rocksdb/fences.h"

#include <stdlib.h>

#include "util/alloc.h"
#include "util/fail.h"
#include "util/steady.h"

/* ---- Users -------------------------------------------------------------------------------------
 */

static varve__fences *hold(varve__fences *fences)
{
    (void)atomic_fetch_add_explicit(&fences->users, 1, memory_order_relaxed);
    return fences;
}

void varve__fences_release(varve__fences *fences)
{
    if (fences != NULL && atomic_fetch_sub(&fences->users, 1) == 1)
        varve__free(fences);
}

void varve__fence_cache_init(varve__fence_cache *cache)
{
    (void)pthread_mutex_init(&cache->mutex, NULL);
    (void)pthread_mutex_init(&cache->making, NULL);
    cache->newest = NULL;
    cache->resting_until = 0;
}

void varve__fence_cache_destroy(varve__fence_cache *cache)
{
    varve__fences_release(cache->newest);
    (void)pthread_mutex_destroy(&cache->making);
    (void)pthread_mutex_destroy(&cache->mutex);
}

/* Take `fences` over, which may be NULL. */
static void replace(varve__fence_cache *cache, varve__fences *fences)
{
    (void)pthread_mutex_lock(&cache->mutex);
    varve__fences *before = cache->newest;
    cache->newest = fences;
    (void)pthread_mutex_unlock(&cache->mutex);
    varve__fences_release(before);
}

void varve__fence_cache_clear(varve__fence_cache *cache)
{
    replace(cache, NULL);
}

static varve__fences *hold_newest(varve__fence_cache *cache)
{
    (void)pthread_mutex_lock(&cache->mutex);
    varve__fences *newest = cache->newest == NULL ? NULL : hold(cache->newest);
    (void)pthread_mutex_unlock(&cache->mutex);
    return newest;
}

/* ---- Making them -------------------------------------------------------------------------------
 */

/* A new number for each flush, compaction and ingest. */
static uint64_t version_of(rocksdb_t *db)
{
    uint64_t version = 0;
    (void)rocksdb_property_int(db, "rocksdb.current-super-version-number", &version);
    return version;
}

static varve_slice start_of(const rocksdb_livefiles_t *files, int index)
{
    size_t size;
    const char *key = rocksdb_livefiles_smallestkey(files, index, &size);
    return varve_slice_of(key, size);
}

static varve_slice end_of(const rocksdb_livefiles_t *files, int index)
{
    size_t size;
    const char *key = rocksdb_livefiles_largestkey(files, index, &size);
    return varve_slice_of(key, size);
}

/* Whether another table of its level lies before it: RocksDB tells them level by level, in order.
 */
static bool is_fence(const rocksdb_livefiles_t *files, int index)
{
    int level = rocksdb_livefiles_level(files, index);
    return level > 0 && index > 0 && rocksdb_livefiles_level(files, index - 1) == level;
}

static int compare_keys(const void *left, const void *right)
{
    return varve_slice_compare(*(const varve_slice *)left, *(const varve_slice *)right);
}

static int compare_ends(const void *left, const void *right)
{
    const varve__fence_end *left_end = left;
    const varve__fence_end *right_end = right;
    return varve_slice_compare(left_end->key, right_end->key);
}

/* Put them in order, each once. */
static void order(varve__fences *fences)
{
    size_t kept = 0;
    qsort(fences->keys, fences->count, sizeof fences->keys[0], compare_keys);
    for (size_t i = 0; i < fences->count; i++) {
        if (kept == 0 || !varve_slice_equal(fences->keys[i], fences->keys[kept - 1]))
            fences->keys[kept++] = fences->keys[i];
    }
    fences->count = kept;

    kept = 0;
    qsort(fences->ends, fences->end_count, sizeof fences->ends[0], compare_ends);
    for (size_t i = 0; i < fences->end_count; i++) {
        if (kept == 0 || !varve_slice_equal(fences->ends[i].key, fences->ends[kept - 1].key))
            fences->ends[kept++] = fences->ends[i];
    }
    fences->end_count = kept;
}

static varve_slice put_bytes(unsigned char **room, varve_slice bytes)
{
    varve_slice put = varve_slice_of(*room, bytes.size);
    if (bytes.size > 0)
        memcpy(*room, bytes.data, bytes.size);
    *room += bytes.size;
    return put;
}

/* Put what is right below a key that is not empty; it is at most one byte longer. */
static varve_slice put_below(unsigned char **room, varve_slice key)
{
    unsigned char last = key.data[key.size - 1];
    varve_slice below = put_bytes(room, varve_slice_of(key.data, key.size - 1));
    if (last > 0) {
        *(*room)++ = (unsigned char)(last - 1);
        *(*room)++ = 0xFF;
        below.size += 2;
    }
    return below;
}

/*
 * The table at `index` begins at a fence, and the one before it ends at one.  If they share a key,
 * an iterator that shows its value of the table before has yet to come to this one: what it shows
 * next is above a second fence, right behind the key.
 */
static void add(varve__fences *fences, unsigned char **room, const rocksdb_livefiles_t *files,
                int index)
{
    varve_slice end = end_of(files, index - 1);
    varve_slice start = put_bytes(room, start_of(files, index));
    fences->keys[fences->count++] = start;
    if (varve_slice_equal(start, end)) {
        varve_slice behind = put_bytes(room, start);
        *(*room)++ = 0x00;
        fences->keys[fences->count++] = varve_slice_of(behind.data, behind.size + 1);
    }
    if (end.size == 0)
        return;
    varve__fence_end *fence = &fences->ends[fences->end_count++];
    fence->key = put_bytes(room, end);
    *(*room)++ = 0x00;
    fence->above = varve_slice_of(fence->key.data, end.size + 1);
    fence->below = put_below(room, end);
}

static varve__fences *make_from(const rocksdb_livefiles_t *files)
{
    int tables = rocksdb_livefiles_count(files);
    size_t count = 0;
    size_t size = sizeof(varve__fences);
    for (int i = 0; i < tables; i++) {
        if (!is_fence(files, i))
            continue;
        count++;
        size += 2 * (sizeof(varve_slice) + start_of(files, i).size) + 1;
        size += sizeof(varve__fence_end) + 2 * end_of(files, i - 1).size + 2;
    }
    varve__fences *fences = varve__malloc(size);
    if (fences == NULL)
        return NULL;
    atomic_init(&fences->users, 1);
    fences->runs = (size_t)tables - count;
    fences->count = 0;
    fences->end_count = 0;
    fences->ends = (varve__fence_end *)&fences->keys[2 * count];
    unsigned char *room = (unsigned char *)&fences->ends[count];
    for (int i = 0; i < tables; i++) {
        if (is_fence(files, i))
            add(fences, &room, files, i);
    }
    order(fences);
    return fences;
}

/*
 * Those of the tables of this moment, which become the newest.  If the tables change meanwhile,
 * their version is one that no iterator has any more.  NULL: no memory.
 */
static varve__fences *make(varve__fence_cache *cache, rocksdb_t *db)
{
    uint64_t version = version_of(db);
    const rocksdb_livefiles_t *files = rocksdb_livefiles(db);
    varve__fences *fences = make_from(files);
    rocksdb_livefiles_destroy(files);
    if (fences == NULL)
        return NULL;
    fences->version = version;
    replace(cache, hold(fences));
    return fences;
}

/* ---- Resting -----------------------------------------------------------------------------------
 */

/*
 * With a hundred thousand tables, of which several change each second, none that have been told are
 * those of an iterator opened then.  Whoever has tried so often, and for so long, takes what there
 * is; and so do others for some time, lest all that is done is to tell of tables.
 */
#define TRIES_MAX 4
#define TRYING_NS 100000000
#define REST_FACTOR 10

static bool is_resting(varve__fence_cache *cache)
{
    (void)pthread_mutex_lock(&cache->mutex);
    int64_t until = cache->resting_until;
    (void)pthread_mutex_unlock(&cache->mutex);
    return until != 0 && varve__steady_ns() < until;
}

/* Whether one who has begun to try at `began` tries once more. */
static bool tries_again(varve__fence_cache *cache, unsigned tries, int64_t began)
{
    if (is_resting(cache))
        return false;
    int64_t now = varve__steady_ns();
    if (tries < TRIES_MAX || now - began < TRYING_NS)
        return true;
    (void)pthread_mutex_lock(&cache->mutex);
    cache->resting_until = now + REST_FACTOR * (now - began);
    (void)pthread_mutex_unlock(&cache->mutex);
    return false;
}

/* ---- Iterators ---------------------------------------------------------------------------------
 */

/*
 * After a change of tables all threads that open an iterator come here.  Telling of all tables
 * takes a millisecond or two for each thousand, under RocksDB's own lock: one does it for all of
 * them.
 */
static varve__fences *renew(varve__fence_cache *cache, rocksdb_t *db)
{
    (void)pthread_mutex_lock(&cache->making);
    varve__fences *fences = hold_newest(cache);
    if (fences == NULL || (fences->version != version_of(db) && !is_resting(cache))) {
        varve__fences_release(fences);
        fences = make(cache, db);
    }
    (void)pthread_mutex_unlock(&cache->making);
    return fences;
}

static uint64_t clears_of(rocksdb_t *db)
{
    uint64_t count = 0;
    (void)rocksdb_property_int(db, "rocksdb.num-deletes-active-mem-table", &count);
    return count;
}

bool varve__fences_has_no_new_clears(const varve__fences *fences, rocksdb_t *db, uint64_t clears)
{
    /* In this order: none has gone from the memtable as long as the tables are the same. */
    return clears_of(db) == clears && version_of(db) == fences->version;
}

/*
 * The iterator is opened between two looks at the version.  The first was when the fences were
 * made, at the latest; if the second shows the same version, so does the iterator.
 */
varve_status varve__fences_iterator(varve__fence_cache *cache, rocksdb_t *db,
                                    const rocksdb_readoptions_t *how, varve__fenced *out,
                                    varve_error *err)
{
    int64_t began = 0;
    varve__fences *held = hold_newest(cache);
    for (unsigned tries = 0;; tries++) {
        if (held == NULL)
            held = renew(cache, db);
        if (held == NULL)
            return varve__fail_no_memory(err, sizeof *held);
        if (out->counts_clears)
            out->clears = clears_of(db);
        rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
        out->is_exact = version_of(db) == held->version;
        if (!out->is_exact && began == 0)
            began = varve__steady_ns();
        if (out->is_exact || !tries_again(cache, tries, began)) {
            out->raw = it;
            out->fences = held;
            return VARVE_OK;
        }
        rocksdb_iter_destroy(it);
        varve__fences_release(held);
        held = NULL;
    }
}

/* ---- Seeks --------------------------------------------------------------------------------------
 */

/* As measured: 8 steps in one level, 20 to 25 below a memtable and four tables of level 0. */
#define COST_OF_RUN 4
#define COST_BESIDE 4
#define COST_MAX 32

unsigned varve__fences_seek_cost(const varve__fences *fences, bool is_prefix)
{
    size_t runs = is_prefix || fences->runs == 0 ? 1 : fences->runs;
    if (runs >= (COST_MAX - COST_BESIDE) / COST_OF_RUN)
        return COST_MAX;
    return (unsigned)runs * COST_OF_RUN + COST_BESIDE;
}

/* ---- Finding one -------------------------------------------------------------------------------
 */

size_t varve__fences_find(const varve__fences *fences, varve_slice key)
{
    size_t low = 0;
    size_t high = fences->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (varve_slice_compare(fences->keys[middle], key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t varve__fences_ends_below(const varve__fences *fences, varve_slice key)
{
    size_t low = 0;
    size_t high = fences->end_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (varve_slice_compare(fences->ends[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
