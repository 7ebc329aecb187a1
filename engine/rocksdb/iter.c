#include "engine/iter.h"

#include <varve/key.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/big_endian.h"
#include "util/fail.h"

/*
 * What prefix iterators refuse, and bounds narrowed later, are the business of engine/iter.c.
 *
 * RocksDB's iterator points at its read options, and these at the bytes of the bounds: both, `how`
 * and the bounds in `base`, live as long as `raw`.
 */
struct rocksdb_iter {
    varve__iter base;
    rocksdb_iterator_t *raw;
    rocksdb_readoptions_t *how;    /* its own; NULL if it is one of those that go by the store's */
    varve__generation *generation; /* of a secondary, held */
    rocksdb_t *db;                 /* and its fences; both outlive it */
    varve__fence_cache *cache;     /* where iterators over the same tables find these */
    const rocksdb_snapshot_t *snapshot;    /* whose state it shows; NULL = that of its opening */
    uint64_t sequence;                     /* of the last write before that */
    varve__fences *fences;                 /* of the tables it shows, held */
    bool has_probes;                       /* they are just those: others may be opened over them */
    uint64_t clears;                       /* of single keys in the memtable, at its opening */
    enum { NOWAY, FORWARD, BACKWARD } way; /* of which what follows is */
    size_t next_fence;                     /* forward: behind the mark */
    size_t ends_left;                      /* backward: that of the mark, and those below */
    varve_slice mark;                      /* the fence above its key, or the end below; or empty */
    uint64_t mark_start;                   /* the first bytes of that: see start_of() */
    bool has_failed;                       /* since the last seek */
    bool has_untold_upper;                 /* of which RocksDB does not know */
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

/*
 * Behind all keys that may be written there is nothing to be kept from showing, mostly; RocksDB
 * would look at a bound there with every record.
 */
static bool is_above_all(varve_slice upper)
{
    return upper.size > 0 && varve_slice_compare(upper, varve_key_max()) >= 0;
}

/* Whether a key lies beyond such a bound all the same: hardly any begins like that. */
static inline bool is_hidden(const struct rocksdb_iter *it, varve_slice key)
{
    return key.size > 0 && key.data[0] == 0xFF && it->has_untold_upper &&
           varve__iter_is_behind_end(&it->base, key);
}

/* Take over where RocksDB's iterator stands now. */
static inline void land(struct rocksdb_iter *it)
{
    if (!rocksdb_iter_valid(it->raw)) {
        stop(it);
        return;
    }
    varve_slice *key = &it->base.head.key; /* in place: a step has nothing on the stack to guard */
    key->data = (const unsigned char *)rocksdb_iter_key(it->raw, &key->size);
    varve__iter_found(&it->base, *key);
    if (is_hidden(it, *key))
        varve__iter_exhausted(&it->base);
}

/* The first eight bytes of a key, as a number that is in the order of keys. */
static inline uint64_t start_of(varve_slice key)
{
    unsigned char bytes[sizeof(uint64_t)] = {0};
    if (key.size >= sizeof bytes)
        return varve__load_be64(key.data);
    if (key.size > 0)
        memcpy(bytes, key.data, key.size);
    return varve__load_be64(bytes);
}

static void set_mark(struct rocksdb_iter *it, varve_slice mark)
{
    it->mark = mark;
    it->mark_start = start_of(mark);
}

/*
 * Whether the record it stands on lies on this side of the mark by its first bytes already, as most
 * do; or there is no mark.
 */
static inline bool is_clearly_below_mark(const struct rocksdb_iter *it)
{
    varve_slice key = it->base.head.key;
    return it->mark.size == 0 || (it->base.head.valid && key.size >= sizeof(uint64_t) &&
                                  varve__load_be64(key.data) < it->mark_start);
}

static inline bool is_clearly_above_mark(const struct rocksdb_iter *it)
{
    varve_slice key = it->base.head.key;
    return it->mark.size == 0 || (it->base.head.valid && key.size >= sizeof(uint64_t) &&
                                  varve__load_be64(key.data) > it->mark_start);
}

/* ---- Probes: iterators over what lies between two fences, over the same tables */

struct probe {
    rocksdb_readoptions_t *how;
    rocksdb_iterator_t *raw;
    bool is_present; /* it shows the same as the iterator that it is for */
};

static void close_probe(struct probe *probe)
{
    if (probe->raw != NULL)
        rocksdb_iter_destroy(probe->raw);
    rocksdb_readoptions_destroy(probe->how);
}

/* Whether an iterator that is opened now shows the same as this one. */
static bool shows_the_present(const struct rocksdb_iter *it)
{
    return it->snapshot == NULL && rocksdb_get_latest_sequence_number(it->db) == it->sequence;
}

static rocksdb_readoptions_t *make_probe_options(const struct rocksdb_iter *it, varve_slice lower,
                                                 varve_slice upper)
{
    rocksdb_readoptions_t *how = varve__rocksdb_read_options(false);
    rocksdb_readoptions_set_fill_cache(how, !it->base.bypasses_cache);
    rocksdb_readoptions_set_iterate_lower_bound(how, (const char *)lower.data, lower.size);
    rocksdb_readoptions_set_iterate_upper_bound(how, (const char *)upper.data, upper.size);
    if (it->snapshot != NULL)
        rocksdb_readoptions_set_snapshot(how, it->snapshot);
    return how;
}

/*
 * Without a snapshot it shows what has been written since, too.  Records that have been put harm
 * nothing: it is the tables that are looked at, and they are read for it.  Those in a range that
 * has been cleared are not, so it has to show them all the same.  False if the tables are others by
 * now, if somebody has just written, or without memory.
 */
static bool open_probe(const struct rocksdb_iter *it, varve_slice lower, varve_slice upper,
                       struct probe *probe)
{
    varve__fenced opened = {.raw = NULL};
    *probe = (struct probe){make_probe_options(it, lower, upper), NULL,
                            it->snapshot != NULL || shows_the_present(it)};
    if (!probe->is_present)
        rocksdb_readoptions_set_ignore_range_deletions(probe->how, 1);
    bool is_open =
        it->has_probes &&
        varve__fences_iterator(it->cache, it->db, probe->how, &opened, NULL) == VARVE_OK &&
        opened.is_exact && opened.fences->version == it->fences->version &&
        probe->is_present == (it->snapshot != NULL || shows_the_present(it));
    varve__fences_release(opened.fences);
    probe->raw = opened.raw;
    if (!is_open)
        close_probe(probe);
    return is_open;
}

/* Whether it has found no record.  A failure is recorded, and is a no. */
static bool found_none(struct rocksdb_iter *it, const struct probe *probe)
{
    char *text = NULL;
    if (rocksdb_iter_valid(probe->raw))
        return false;
    rocksdb_iter_get_error(probe->raw, &text);
    if (text != NULL)
        (void)varve__rocksdb_fail(varve__iter_failed(&it->base), "reading", text);
    return it->base.error.status == VARVE_OK;
}

/*
 * Whether there is none that the iterator itself would show.  A failure of its own may have passed
 * by now, over records that have been cleared one by one since it was opened.
 */
static bool shows_none(struct rocksdb_iter *it, const struct probe *probe)
{
    return found_none(it, probe) &&
           (probe->is_present || varve__fences_has_no_new_clears(it->fences, it->db, it->clears));
}

/* ---- Forward */

/* One behind the end of what may be shown is as good as none. */
static void aim_at_fence(struct rocksdb_iter *it, size_t index)
{
    bool is_there =
        index < it->fences->count && !varve__iter_is_behind_end(&it->base, it->fences->keys[index]);
    set_mark(it, is_there ? it->fences->keys[index] : varve_slice_of(NULL, 0));
    it->next_fence = index + 1;
}

/* A movement forward from `key` begins. */
static void place(struct rocksdb_iter *it, varve_slice key)
{
    it->way = FORWARD;
    if (it->fences->count == 0) {
        it->mark.size = 0;
        return;
    }
    /* RocksDB does not go below the bound. */
    if (varve_slice_compare(key, it->base.open_lower) < 0)
        key = it->base.open_lower;
    aim_at_fence(it, varve__fences_find(it->fences, key));
}

/* Whether the movement that has just been made, from below the fence, has come to it. */
static bool has_reached_fence(const struct rocksdb_iter *it)
{
    if (it->mark.size == 0)
        return false;
    if (it->base.head.valid)
        return varve_slice_compare(it->base.head.key, it->mark) >= 0;
    /* At an end: that of what it may show, or of all that it has not lost. */
    return it->base.error.status == VARVE_OK;
}

/* How many fences there are up to where it stands, having come to one. */
static size_t fences_reached(const struct rocksdb_iter *it)
{
    const varve__fences *fences = it->fences;
    if (it->base.head.valid)
        return varve__fences_find(fences, it->base.head.key);
    varve_slice upper = it->base.upper;
    if (upper.size == 0)
        return fences->count;
    size_t count = varve__fences_find(fences, upper);
    return varve_slice_equal(fences->keys[count - 1], upper) ? count - 1 : count;
}

/*
 * Whether all can be read from the fence at `index` up to the next one, and shows nothing, as where
 * all has been cleared.  A failure is recorded, and is a no.
 */
static bool is_bare_above(struct rocksdb_iter *it, size_t index)
{
    const varve_slice *keys = &it->fences->keys[index];
    struct probe probe;
    if (!open_probe(it, keys[0], keys[1], &probe))
        return false;
    rocksdb_iter_seek(probe.raw, (const char *)keys[0].data, keys[0].size);
    bool is_bare = shows_none(it, &probe);
    close_probe(&probe);
    return is_bare;
}

/*
 * The fence to go to, of those that it has come to.  Where much has been cleared there are many at
 * once, and a seek to each of them would pass over all that lies behind it: those with nothing in
 * front of the next one are looked at by themselves.
 */
static size_t pass_bare_tables(struct rocksdb_iter *it, size_t index)
{
    if (it->base.is_prefix)
        return index;
    size_t last = fences_reached(it) - 1;
    while (index < last && is_bare_above(it, index))
        index++;
    return index;
}

/* Go to the fences that it has come to by a way that loses no error. */
static void go_to_fences(struct rocksdb_iter *it)
{
    while (has_reached_fence(it)) {
        size_t index = pass_bare_tables(it, it->next_fence - 1);
        if (it->base.error.status != VARVE_OK)
            return;
        varve_slice fence = it->fences->keys[index];
        rocksdb_iter_seek(it->raw, (const char *)fence.data, fence.size);
        aim_at_fence(it, index + 1);
        land(it);
    }
}

/* What comes after a movement forward. */
static inline void look_at_fences(struct rocksdb_iter *it)
{
    if (!is_clearly_below_mark(it))
        go_to_fences(it);
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

/* ---- Backwards */

static void aim_at_end(struct rocksdb_iter *it, size_t ends_left)
{
    it->ends_left = ends_left;
    set_mark(it, ends_left > 0 ? it->fences->ends[ends_left - 1].key : varve_slice_of(NULL, 0));
}

/* A movement backwards begins, from above so many ends of tables, or from the end of all. */
static void place_back(struct rocksdb_iter *it, size_t ends_left)
{
    varve_slice upper = it->base.open_upper;
    it->way = BACKWARD;
    if (ends_left > 0 && upper.size > 0) {
        /* RocksDB does not look beyond the bound. */
        size_t below = varve__fences_ends_below(it->fences, upper);
        ends_left = below < ends_left ? below : ends_left;
    }
    aim_at_end(it, ends_left);
}

/* Whether the movement that has just been made, from above the end of a table, has come to it. */
static bool has_reached_end(const struct rocksdb_iter *it)
{
    if (it->mark.size == 0)
        return false;
    if (it->base.head.valid && varve_slice_compare(it->base.head.key, it->mark) > 0)
        return false;
    /* What lies below the bound is not shown, and may not be read. */
    return it->base.error.status == VARVE_OK && varve_slice_compare(it->mark, it->base.lower) >= 0;
}

/* Whether the block that `end` is in can be read; if not, the failure is recorded. */
static bool can_read(struct rocksdb_iter *it, const varve__fence_end *end)
{
    struct probe probe;
    if (open_probe(it, end->below, end->above, &probe)) {
        rocksdb_iter_seek(probe.raw, (const char *)end->below.data, end->below.size);
        (void)found_none(it, &probe);
        close_probe(&probe);
    } else {
        rocksdb_iter_seek(it->raw, (const char *)end->below.data, end->below.size);
        land(it);
    }
    return it->base.error.status == VARVE_OK;
}

/* As is_bare_above(): from the end at `index` down to the one before. */
static bool is_bare_below(struct rocksdb_iter *it, size_t index)
{
    const varve__fence_end *end = &it->fences->ends[index];
    struct probe probe;
    if (!open_probe(it, end[-1].above, end->above, &probe))
        return false;
    rocksdb_iter_seek(probe.raw, (const char *)end->below.data, end->below.size);
    bool is_bare = found_none(it, &probe);
    if (is_bare) {
        rocksdb_iter_seek_for_prev(probe.raw, (const char *)end->key.data, end->key.size);
        is_bare = shows_none(it, &probe);
    }
    close_probe(&probe);
    return is_bare;
}

/* As pass_bare_tables(): the end to go to, of those that it has come to. */
static size_t pass_bare_ends(struct rocksdb_iter *it, size_t index)
{
    varve_slice lowest = it->base.head.valid ? it->base.head.key : it->base.lower;
    size_t first = varve__fences_ends_below(it->fences, lowest);
    while (index > first && is_bare_below(it, index))
        index--;
    return index;
}

/* Go to the ends of tables that it has come to by a way that loses no error. */
static void go_to_ends(struct rocksdb_iter *it)
{
    while (has_reached_end(it)) {
        size_t index = pass_bare_ends(it, it->ends_left - 1);
        const varve__fence_end *end = &it->fences->ends[index];
        if (it->base.error.status != VARVE_OK || !can_read(it, end))
            return;
        rocksdb_iter_seek_for_prev(it->raw, (const char *)end->key.data, end->key.size);
        aim_at_end(it, index);
        land(it);
    }
}

/* What comes after a movement backwards. */
static inline void look_at_ends(struct rocksdb_iter *it)
{
    if (!is_clearly_above_mark(it))
        go_to_ends(it);
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
    if (it->has_untold_upper &&
        (key.size == 0 || varve_slice_compare(key, it->base.open_upper) > 0))
        key = it->base.open_upper;
    place_back(it, ends_up_to(it->fences, key));
    if (key.size == 0)
        rocksdb_iter_seek_to_last(it->raw);
    else
        rocksdb_iter_seek_for_prev(it->raw, (const char *)key.data, key.size);
    land(it);
    if (!it->base.head.valid && it->has_untold_upper && rocksdb_iter_valid(it->raw)) {
        rocksdb_iter_prev(it->raw); /* from the bound itself */
        land(it);
    }
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
    if (it->how != NULL)
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

rocksdb_readoptions_t *varve__rocksdb_read_options(bool prefix)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    /*
     * With a prefix extractor RocksDB asks the filters for the prefix of the key sought, and misses
     * keys of other prefixes; only the total order is right for a walk.
     */
    if (prefix)
        rocksdb_readoptions_set_prefix_same_as_start(how, 1);
    else
        rocksdb_readoptions_set_total_order_seek(how, 1);
    return how;
}

static rocksdb_readoptions_t *make_read_options(const struct rocksdb_iter *it,
                                                varve__store_snapshot *snapshot)
{
    const varve__iter *base = &it->base;
    rocksdb_readoptions_t *how = varve__rocksdb_read_options(base->is_prefix);
    if (snapshot != NULL)
        rocksdb_readoptions_set_snapshot(how, snapshot->snapshot);
    if (base->bypasses_cache)
        rocksdb_readoptions_set_fill_cache(how, 0);
    if (base->open_lower.size > 0)
        rocksdb_readoptions_set_iterate_lower_bound(how, (const char *)base->open_lower.data,
                                                    base->open_lower.size);
    if (base->open_upper.size > 0 && !it->has_untold_upper)
        rocksdb_readoptions_set_iterate_upper_bound(how, (const char *)base->open_upper.data,
                                                    base->open_upper.size);
    return how;
}

/* Those of the store, as for nearly all point reads; or ones of its own. */
static const rocksdb_readoptions_t *choose_read_options(const varve__store *store,
                                                        struct rocksdb_iter *it,
                                                        varve__store_snapshot *snapshot)
{
    const varve__iter *base = &it->base;
    it->has_untold_upper = is_above_all(base->open_upper);
    if (snapshot == NULL && !base->bypasses_cache && base->open_lower.size == 0 &&
        (base->open_upper.size == 0 || it->has_untold_upper))
        return base->is_prefix ? store->point_options : store->walk_options;
    it->how = make_read_options(it, snapshot);
    return it->how;
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
    const rocksdb_readoptions_t *how = choose_read_options(store, it, snapshot);
    it->generation = varve__generation_hold(snapshot == NULL ? store->shown : snapshot->generation);
    it->db = varve__generation_db(store, it->generation);
    it->cache = it->generation != NULL ? &it->generation->fences : &store->fences;
    it->snapshot = snapshot == NULL ? NULL : snapshot->snapshot;
    it->sequence = rocksdb_get_latest_sequence_number(it->db);
    varve__fenced opened = {.counts_clears = snapshot == NULL && !it->base.is_prefix};
    status = varve__fences_iterator(it->cache, it->db, how, &opened, err);
    if (status != VARVE_OK) {
        close_iter(&it->base.head);
        return status;
    }
    it->raw = opened.raw;
    it->fences = opened.fences;
    it->has_probes = opened.is_exact;
    it->clears = opened.clears;
    it->base.steps_before_seek = varve__fences_seek_cost(it->fences, options->prefix);
    *out = &it->base.head;
    return VARVE_OK;
}
