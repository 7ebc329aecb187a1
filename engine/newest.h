/*
 * The newest: what an engine shows first of a user key, kept in memory for gets of the present.
 *
 * For each of the keys that have been asked for more than once there is an entry: a copy of the
 * first record that a prefix iterator over the engine shows, or that there is none.  Who finds it
 * runs no code of the backend.  Nothing here knows what records mean.
 *
 * As for the pool of iterators (engine/pool.h), writes are counted: when one starts, before anybody
 * can see anything of it, and when it has finished.  Here they are counted key by key: keys lie in
 * buckets, and each counts the writes of its keys.  What is no matter of single keys, such as a
 * range that is cleared, tables taken in, a secondary that catches up or a store opened anew, is a
 * write of all keys, counted once.  The counts of a bucket are those of both.
 *
 *  - Who finds nothing looks at the counts before he opens an iterator.  If they are the same, e,
 *    it shows the first e writes of the bucket whole; and what he leaves behind has the epoch e. If
 *    they are not, he leaves nothing.
 *  - If later, at any moment, the count of those started still is e, none have started since: the
 *    entry is what the engine shows of the key at that moment.
 *
 * So an entry is given out only if the count of those started, looked at then, is its epoch.  A
 * writer counts, and touches no entry; who leaves one behind need not care what has happened
 * meanwhile; and it does not matter how a write ends, of which only the backend knows for sure.
 * Nobody sees time go back: whoever has seen anything of a write, by whatever way, has seen it
 * after it was counted as started, and from then on finds a count that is above the epoch of every
 * entry that lacks it.
 *
 * Memory is bounded.  A hand goes round the buckets and makes room by letting go of what has not
 * been found since it came by.  A key is kept if it is missed twice, with no other key of its
 * bucket missed in between: those that are asked for once cost little and displace nothing.
 */
#ifndef VARVE_ENGINE_NEWEST_H
#define VARVE_ENGINE_NEWEST_H

#include <stdatomic.h>

#include <varve/error.h>

typedef struct varve__newest varve__newest;

/* What has this epoch is never shown. */
#define VARVE__NEWEST_NO_EPOCH 0

/* The largest record that is kept: bytes of its key and value. */
#define VARVE__NEWEST_RECORD_MAX 4096

/* The first record of a key, or that there is none.  Does not change while it is held. */
typedef struct varve__newest_entry {
    struct varve__newest_entry *next; /* in its bucket */
    uint64_t epoch;
    atomic_uint holders; /* who read it, and the cache */
    bool was_found;      /* since the hand has come by */
    bool exists;         /* or else `bytes` are the prefix alone */
    uint32_t prefix_size;
    uint32_t key_size;
    uint32_t value_size;
    unsigned char bytes[]; /* the engine key, which begins with the prefix, and the value */
} varve__newest_entry;

static inline varve_slice varve__newest_prefix(const varve__newest_entry *entry)
{
    return varve_slice_of(entry->bytes, entry->prefix_size);
}

/* What follows the prefix in the record's key. */
static inline varve_slice varve__newest_suffix(const varve__newest_entry *entry)
{
    return varve_slice_of(entry->bytes + entry->prefix_size, entry->key_size - entry->prefix_size);
}

static inline varve_slice varve__newest_value(const varve__newest_entry *entry)
{
    return varve_slice_of(entry->bytes + entry->key_size, entry->value_size);
}

/* Make one that takes at most `bytes`.  Returns VARVE_OK or VARVE_NO_MEMORY. */
varve_status varve__newest_open(uint64_t bytes, varve__newest **out, varve_error *err);

/* Nothing is held any more.  NULL is fine. */
void varve__newest_close(varve__newest *newest);

/* ---- Writes --------------------------------------------------------------------------------- */

/* Counts of writes: those that have started, and those that have finished. */
typedef struct varve__newest_counts {
    atomic_uint_least64_t started;
    atomic_uint_least64_t finished;
} varve__newest_counts;

/* So many records of a write are not looked at again when it has finished. */
enum { VARVE__NEWEST_REMEMBERED = 128 };

/* A write on its way: in what its first records were counted, and those behind them. */
typedef struct varve__newest_write {
    size_t count;
    varve__newest_counts *counts[VARVE__NEWEST_REMEMBERED];
    varve_slice repr;
    size_t offset; /* of those */
} varve__newest_write;

/*
 * Around each write, whether it succeeds or not: of the records of a valid representation, or of
 * anything.  Several may be on their way at once.
 */
void varve__newest_write_begin(varve__newest *newest, varve_slice repr, varve__newest_write *write);
void varve__newest_write_end(varve__newest *newest, const varve__newest_write *write);
void varve__newest_change_begin(varve__newest *newest);
void varve__newest_change_end(varve__newest *newest);

/* ---- Reads ---------------------------------------------------------------------------------- */

/* What a look in vain leaves for varve__newest_keep(). */
typedef struct varve__newest_look {
    uint64_t hash;
    uint64_t epoch; /* VARVE__NEWEST_NO_EPOCH: nothing is to be kept */
} varve__newest_look;

/*
 * The entry of the key whose escaped form with terminator is `prefix`, to be given back with
 * varve__newest_release(); or NULL, and `look` is set.
 */
const varve__newest_entry *varve__newest_find(varve__newest *newest, varve_slice prefix,
                                              varve__newest_look *look);

/* NULL is fine. */
void varve__newest_release(const varve__newest_entry *entry);

/*
 * Keep what an iterator, opened after the look in vain, shows first of the key: the record of
 * `engine_key`, or with an empty key, nothing.  It need not be there afterwards.
 */
void varve__newest_keep(varve__newest *newest, const varve__newest_look *look, varve_slice prefix,
                        varve_slice engine_key, varve_slice value);

/* ---- What it holds -------------------------------------------------------------------------- */

typedef struct varve__newest_numbers {
    uint64_t bytes; /* with what it takes empty */
    uint64_t entries;
    uint64_t hits;
    uint64_t misses;
    uint64_t evictions; /* of entries that made room for others */
} varve__newest_numbers;

/* All zero for NULL. */
varve__newest_numbers varve__newest_numbers_of(varve__newest *newest);

/* Let go of all entries, and of what has been missed. */
void varve__newest_clear(varve__newest *newest);

#endif
