#include "engine/iter.h"

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/fail.h"

/*
 * What prefix iterators refuse, and bounds narrowed later, are the business of engine/iter.c.
 *
 * RocksDB's iterator points at its read options, and these at the bytes of the bounds: `how` and
 * the bounds in `base` live as long as `raw`.
 */
struct rocksdb_iter {
    varve__iter base;
    rocksdb_iterator_t *raw;
    rocksdb_readoptions_t *how;
    varve__generation *generation;         /* of a secondary, held */
    varve__fences *fences;                 /* of the tables it shows, held */
    enum { NOWAY, FORWARD, BACKWARD } way; /* of which what follows is */
    size_t next_fence;                     /* behind `fence` */
    varve_slice fence;                     /* the first above its key; empty if there is none */
    uint64_t fence_start;                  /* the first bytes of that: see start_of() */
    size_t ends_left;                      /* those of tables that lie before it */
    bool has_failed;                       /* since the last seek */
};

static struct rocksdb_iter *iter_of(varve_iter *head)
{
    return (struct rocksdb_iter *)head;
}

/* Off an end, unless RocksDB has failed: it shows both in the same way. */
static void stop(struct rocksdb_iter *it)
{
    char *text = NULL;
    rocksdb_iter_get_error(it->raw, &text);
    if (text == NULL)
        varve__iter_exhausted(&it->base);
    else
        (void)varve__rocksdb_fail(varve__iter_failed(&it->base), "reading", text);
    it->has_failed = it->base.error.status != VARVE_OK;
}

/*
 * RocksDB's iterators keep the failure of a block, and take it for that of the block that they had
 * read before should they come back to it.  Behind all keys there is none, and both are forgotten.
 */
static void forget_failure(struct rocksdb_iter *it)
{
    if (it->has_failed)
        rocksdb_iter_seek(it->raw, "\xFF\xFF\xFF", 3);
    it->has_failed = false;
}

/* Take over where RocksDB's iterator stands now. */
static inline void land(struct rocksdb_iter *it)
{
    size_t size;
    if (!rocksdb_iter_valid(it->raw)) {
        stop(it);
        return;
    }
    const char *key = rocksdb_iter_key(it->raw, &size);
    varve__iter_found(&it->base, varve_slice_of(key, size));
}

/* The first eight bytes of a key, as a number that is in the order of keys. */
static inline uint64_t start_of(varve_slice key)
{
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | (i < key.size ? key.data[i] : 0);
    return number;
}

static void aim_at_fence(struct rocksdb_iter *it, size_t index)
{
    bool is_there = index < it->fences->count;
    it->fence = is_there ? it->fences->keys[index] : varve_slice_of(NULL, 0);
    it->fence_start = start_of(it->fence);
    it->next_fence = index + 1;
}

/* A movement forward from `key` begins. */
static void place(struct rocksdb_iter *it, varve_slice key)
{
    it->way = FORWARD;
    if (it->fences->count == 0)
        return;
    /* RocksDB does not go below the bound. */
    if (varve_slice_compare(key, it->base.open_lower) < 0)
        key = it->base.open_lower;
    aim_at_fence(it, varve__fences_find(it->fences, key));
}

/* Most keys differ from the fence in their first bytes already. */
static inline bool is_below_fence(const struct rocksdb_iter *it, varve_slice key)
{
    if (key.size >= sizeof(uint64_t)) {
        uint64_t start = start_of(varve_slice_of(key.data, sizeof(uint64_t)));
        if (start != it->fence_start)
            return start < it->fence_start;
    }
    return varve_slice_compare(key, it->fence) < 0;
}

/* Whether the movement that has just been made, from below the fence, has come to it. */
static inline bool has_reached_fence(const struct rocksdb_iter *it)
{
    if (it->fence.size == 0)
        return false;
    if (it->base.head.valid)
        return !is_below_fence(it, it->base.head.key);
    /* At an end: that of what it may show, or of all that it has not lost. */
    return it->base.error.status == VARVE_OK && !varve__iter_is_behind_end(&it->base, it->fence);
}

/* After a movement forward: go to the fences that it has come to by a way that loses no error. */
static inline void look_at_fences(struct rocksdb_iter *it)
{
    while (has_reached_fence(it)) {
        rocksdb_iter_seek(it->raw, (const char *)it->fence.data, it->fence.size);
        aim_at_fence(it, it->next_fence);
        land(it);
    }
}

static void next(varve_iter *head)
{
    struct rocksdb_iter *it = iter_of(head);
    if (it->way != FORWARD)
        place(it, head->key);
    rocksdb_iter_next(it->raw);
    land(it);
    look_at_fences(it);
}

/* A movement backwards begins, from above so many ends of tables, or from the end of all. */
static void place_back(struct rocksdb_iter *it, size_t ends_left)
{
    varve_slice upper = it->base.open_upper;
    it->way = BACKWARD;
    it->ends_left = ends_left;
    if (ends_left == 0 || upper.size == 0)
        return;
    /* RocksDB does not look beyond the bound. */
    size_t below = varve__fences_ends_below(it->fences, upper);
    if (below < ends_left)
        it->ends_left = below;
}

/* Whether the movement that has just been made, from above the end of a table, has come to it. */
static inline bool has_reached_end(const struct rocksdb_iter *it)
{
    if (it->ends_left == 0)
        return false;
    varve_slice end = it->fences->ends[it->ends_left - 1].key;
    if (it->base.head.valid && varve_slice_compare(it->base.head.key, end) > 0)
        return false;
    if (it->base.error.status != VARVE_OK)
        return false;
    /* What lies below the bound is not shown, and may not be read. */
    return varve_slice_compare(end, it->base.lower) >= 0;
}

/* After a movement backwards: go to the ends of tables by a way that loses no error. */
static inline void look_at_ends(struct rocksdb_iter *it)
{
    while (has_reached_end(it)) {
        const varve__fence_end *end = &it->fences->ends[--it->ends_left];
        rocksdb_iter_seek(it->raw, (const char *)end->below.data, end->below.size);
        land(it);
        if (it->base.error.status != VARVE_OK)
            return;
        rocksdb_iter_seek_for_prev(it->raw, (const char *)end->key.data, end->key.size);
        land(it);
    }
}

static void prev(varve_iter *head)
{
    struct rocksdb_iter *it = iter_of(head);
    if (it->way != BACKWARD)
        place_back(it, varve__fences_ends_below(it->fences, head->key));
    rocksdb_iter_prev(it->raw);
    land(it);
    look_at_ends(it);
}

static void seek_ge(varve_iter *head, varve_slice key)
{
    struct rocksdb_iter *it = iter_of(head);
    varve__iter_restart(&it->base);
    forget_failure(it);
    place(it, key);
    if (key.size == 0)
        rocksdb_iter_seek_to_first(it->raw);
    else
        rocksdb_iter_seek(it->raw, (const char *)key.data, key.size);
    land(it);
    look_at_fences(it);
}

/* The ends of tables at or below a key; an empty one is the end of all. */
static size_t ends_up_to(const varve__fences *fences, varve_slice key)
{
    if (key.size == 0)
        return fences->end_count;
    size_t below = varve__fences_ends_below(fences, key);
    bool is_end = below < fences->end_count && varve_slice_equal(fences->ends[below].key, key);
    return below + is_end;
}

static void seek_le(varve_iter *head, varve_slice key)
{
    struct rocksdb_iter *it = iter_of(head);
    varve__iter_restart(&it->base);
    forget_failure(it);
    place_back(it, ends_up_to(it->fences, key));
    if (key.size == 0)
        rocksdb_iter_seek_to_last(it->raw);
    else
        rocksdb_iter_seek_for_prev(it->raw, (const char *)key.data, key.size);
    land(it);
    look_at_ends(it);
}

static varve_slice value(const varve_iter *head)
{
    const struct rocksdb_iter *it = (const struct rocksdb_iter *)head;
    size_t size;
    const char *data = rocksdb_iter_value(it->raw, &size);
    return varve_slice_of(data, size);
}

static void close_iter(varve_iter *head)
{
    struct rocksdb_iter *it = iter_of(head);
    if (it->raw != NULL)
        rocksdb_iter_destroy(it->raw);
    rocksdb_readoptions_destroy(it->how);
    varve__fences_release(it->fences);
    varve__generation_release(it->generation);
    varve__iter_release(&it->base);
    varve__free(it);
}

static const varve_iter_ops iter_ops = {
    .seek_ge = seek_ge,
    .seek_le = seek_le,
    .next = next,
    .prev = prev,
    .value = value,
    .close = close_iter,
};

/* ---- Opening */

static rocksdb_readoptions_t *make_read_options(const varve__iter *base,
                                                varve__store_snapshot *snapshot,
                                                const varve_iter_options *options)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    if (snapshot != NULL)
        rocksdb_readoptions_set_snapshot(how, snapshot->snapshot);
    if (options->bypass_cache)
        rocksdb_readoptions_set_fill_cache(how, 0);
    /*
     * With a prefix extractor RocksDB asks the filters for the prefix of the key sought, and misses
     * keys of other prefixes; only the total order is right for a walk.
     */
    if (options->prefix)
        rocksdb_readoptions_set_prefix_same_as_start(how, 1);
    else
        rocksdb_readoptions_set_total_order_seek(how, 1);
    if (base->open_lower.size > 0)
        rocksdb_readoptions_set_iterate_lower_bound(how, (const char *)base->open_lower.data,
                                                    base->open_lower.size);
    if (base->open_upper.size > 0)
        rocksdb_readoptions_set_iterate_upper_bound(how, (const char *)base->open_upper.data,
                                                    base->open_upper.size);
    return how;
}

varve_status varve__rocksdb_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                      const varve_iter_options *options, varve_iter **out,
                                      varve_error *err)
{
    *out = NULL;
    struct rocksdb_iter *it = varve__calloc(1, sizeof *it);
    if (it == NULL)
        return varve__fail_no_memory(err, sizeof *it);
    varve_status status = varve__iter_init(&it->base, &iter_ops, options, err);
    if (status != VARVE_OK) {
        varve__free(it);
        return status;
    }
    it->how = make_read_options(&it->base, snapshot, options);
    it->generation = varve__generation_hold(snapshot == NULL ? store->shown : snapshot->generation);
    varve__fence_cache *cache = it->generation != NULL ? &it->generation->fences : &store->fences;
    status = varve__fences_iterator(cache, varve__generation_db(store, it->generation), it->how,
                                    &it->raw, &it->fences, err);
    if (status == VARVE_OK)
        *out = &it->base.head;
    else
        close_iter(&it->base.head);
    return status;
}
