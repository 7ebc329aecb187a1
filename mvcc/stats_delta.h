/*
 * How much each kind of operation moves the statistics: pure functions of what the key's metadata
 * was and what it has become.
 *
 * `stats` may be NULL: then nothing is accounted.  Each function builds its difference on its own,
 * moving it through time as it adds and subtracts, and adds it at the end; so an operation may be
 * accounted at a time before the latest that the statistics have seen.
 *
 * What becomes garbage ages from the moment that made it so.  A value ages from the timestamp of
 * the next newer version; a tombstone from its own, and with it the key and the metadata record
 * when the tombstone is the newest version; an intent, as an intent, from its own.
 */
#ifndef VARVE_MVCC_STATS_DELTA_H
#define VARVE_MVCC_STATS_DELTA_H

#include <varve/stats.h>

/* What statistics want to know of a key's metadata, stored or implied by its newest version. */
typedef struct varve__stats_meta {
    int64_t meta_key_size; /* length of the user key + 1 */
    int64_t meta_val_size; /* length of the stored record; 0 if the metadata is implied */
    int64_t key_bytes;     /* of the metadata: 12 with versions */
    int64_t val_bytes;     /* of the metadata: length of the newest version's value */
    int64_t wall;          /* of the metadata's timestamp */
    bool deleted;          /* the newest version is a tombstone */
    bool has_txn;          /* and provisional */
} varve__stats_meta;

/*
 * Whether the statistics of `user_key` go to the numbers of system-local keys.  The escaped form of
 * the key gives the same answer.
 */
bool varve__stats_is_system(varve_slice user_key);

/* The metadata that a newest version implies, of a key whose metadata key has that size. */
varve__stats_meta varve__stats_implied(int64_t meta_key_size, varve_ts ts, size_t value_size);

/*
 * A put, a delete, or the resolution of an intent that keeps its value: the metadata `from`, NULL
 * if the key had no records, has become `to`.  `below` is the length of the value right below an
 * own intent that has moved to another timestamp; 0 if nothing has moved, nothing is there, or it
 * is a tombstone.
 */
void varve__stats_put(varve_stats *stats, bool is_system, const varve__stats_meta *from,
                      const varve__stats_meta *to, int64_t below);

/*
 * The newest version is gone, with its metadata record if it had one; that below it has become the
 * newest, with the implied metadata `restored`, which is NULL if there is none.
 */
void varve__stats_remove(varve_stats *stats, bool is_system, const varve__stats_meta *gone,
                         const varve__stats_meta *restored);

/*
 * An inline value has been put, replaced or deleted; sizes of records are 0 for those that are not
 * there.  Nothing ages.
 */
void varve__stats_inline(varve_stats *stats, bool is_system, int64_t meta_key_size,
                         int64_t old_record, int64_t new_record);

/* Garbage has been collected: the metadata of a key, whose newest version is `meta`. */
void varve__stats_gc_meta(varve_stats *stats, bool is_system, const varve__stats_meta *meta);

/* Likewise a version, garbage since the wall time `since`. */
void varve__stats_gc_version(varve_stats *stats, bool is_system, int64_t val_bytes, int64_t since);

/* An operand has been merged, at a wall time: an estimate. */
void varve__stats_merge(varve_stats *stats, bool is_system, int64_t operand_size, int64_t wall);

#endif
