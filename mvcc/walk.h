/*
 * Walking over a reader's records user key by user key.
 *
 * A walk holds one iterator, hence one consistent view, and the encoded prefix of its current user
 * key.  It compares encoded bytes and copies nothing but that prefix.  Every malformed key it meets
 * is VARVE_CORRUPT_KEY.
 */
#ifndef VARVE_MVCC_WALK_H
#define VARVE_MVCC_WALK_H

#include "engine/iter.h"
#include "format/key.h"
#include "format/meta.h"
#include "util/buf.h"

/* What a walk has cost so far. */
typedef struct varve__walk_tally {
    uint64_t keys;     /* that became the current one */
    uint64_t versions; /* that the walk has come to, again each time */
    uint64_t intents;  /* that have been judged */
    uint64_t steps;
    uint64_t seeks;
    uint64_t bytes; /* of the values looked at */
} varve__walk_tally;

/* Room for the prefix of most keys, so that a walk over one of them allocates nothing. */
#define VARVE__WALK_ROOM 128

/* Start one as zero, or by varve__walk_init(); it must stay where it is. */
typedef struct varve__walk {
    varve_iter *it;
    varve_slice prefix; /* of the current key: escaped, with terminator; in `room` or `kept`,
                           or somebody else's */
    varve_buf kept;
    varve_buf target; /* reused for keys to seek */
    bool is_plain;    /* nothing is escaped in the prefix; false if that is not known */
    bool at_front;    /* the iterator stands on the current key's first record */
    varve__walk_tally tally;
    unsigned char room[VARVE__WALK_ROOM];
} varve__walk;

/* Make it a zeroed one, as far as that matters. */
static inline void varve__walk_init(varve__walk *walk)
{
    walk->it = NULL;
    walk->prefix = varve_slice_of(NULL, 0);
    walk->kept = (varve_buf)VARVE_BUF_INIT;
    walk->target = (varve_buf)VARVE_BUF_INIT;
    walk->is_plain = false;
    walk->at_front = false;
    walk->tally = (varve__walk_tally){.keys = 0};
}

static inline void varve__walk_release(varve__walk *walk)
{
    varve_iter_close(walk->it);
    varve__buf_let_go(&walk->kept);
    varve__buf_let_go(&walk->target);
}

/*
 * The movements below return VARVE_OK, standing on a record; VARVE_NOT_FOUND, if what was sought
 * does not exist; or the failure of the iterator, VARVE_CORRUPT_KEY or VARVE_NO_MEMORY.
 */

/* Open a zeroed walk over one key and go to its first record. */
varve_status varve__walk_open_key(varve__walk *walk, varve_reader *reader, varve_slice user_key,
                                  varve_error *err);

/* The same for the key behind an encoded prefix, which the walk borrows. */
varve_status varve__walk_open_prefix(varve__walk *walk, varve_reader *reader, varve_slice prefix,
                                     varve_error *err);

/* Make the prefix of a zeroed walk, and nothing else: varve__walk_open_prefix() does the rest. */
varve_status varve__walk_name_key(varve__walk *walk, varve_slice user_key, varve_error *err);

/*
 * Open a zeroed walk over the keys between two encoded bounds, of which the lower may be empty, and
 * go to the first record of the first key, or to the last record of the last.
 */
varve_status varve__walk_open_first(varve__walk *walk, varve_reader *reader, varve_slice lower,
                                    varve_slice upper, varve_error *err);
varve_status varve__walk_open_last(varve__walk *walk, varve_reader *reader, varve_slice lower,
                                   varve_slice upper, varve_error *err);

/* From anywhere to the first record at or above an encoded key, which begins a key. */
varve_status varve__walk_seek(varve__walk *walk, varve_slice engine_key, varve_error *err);

/* Whether the walk stands on a record, of whatever key. */
varve_status varve__walk_arrived(const varve__walk *walk, varve_error *err);

/* Make the key of the record that the walk stands on the current one. */
varve_status varve__walk_enter(varve__walk *walk, varve_error *err);

/* Whether the walk, which has moved, still stands on a well-formed record of the current key. */
varve_status varve__walk_check(varve__walk *walk, varve_error *err);

/* One record towards older versions, or newer ones, of the current key. */
varve_status varve__walk_older(varve__walk *walk, varve_error *err);
varve_status varve__walk_newer(varve__walk *walk, varve_error *err);

/* From anywhere in the current key to its first record. */
varve_status varve__walk_front(varve__walk *walk, varve_error *err);

/* From a newer version, or the metadata record, to the newest version at or below `suffix`. */
varve_status varve__walk_descend(varve__walk *walk, const unsigned char *suffix, varve_error *err);

/* From anywhere in the current key, or right behind it, to the first record of the next key. */
varve_status varve__walk_next_key(varve__walk *walk, varve_error *err);

/* From anywhere in the current key to the last record of the previous key. */
varve_status varve__walk_prev_key(varve__walk *walk, varve_error *err);

/* One record towards the next key, or the previous one, wherever that leads. */
static inline void varve__walk_step_next(varve__walk *walk)
{
    (void)varve_iter_next(walk->it);
    walk->tally.steps++;
}

static inline void varve__walk_step_prev(varve__walk *walk)
{
    (void)varve_iter_prev(walk->it);
    walk->tally.steps++;
}

/*
 * Where varve__walk_enter() has made the current key: make that of the record that the walk has
 * come to the current one, if it is another key and looks as most do (varve__key_follow_plain()).
 * False, with nothing changed, if not.
 */
static inline bool varve__walk_enter_alike(varve__walk *walk)
{
    if (!walk->is_plain || !walk->it->valid ||
        !varve__key_follow_plain(walk->it->key, walk->kept.data, walk->prefix.size))
        return false;
    walk->tally.keys++;
    walk->tally.versions++;
    return true;
}

/* The rest of varve__walk_enter_next(): it may make so many `steps`, or has made the first. */
varve_status varve__walk_enter_next_further(varve__walk *walk, unsigned steps, varve_error *err);

/*
 * varve__walk_next_key() and, if there is one, varve__walk_enter(), which has made the current key,
 * too.
 */
static inline varve_status varve__walk_enter_next(varve__walk *walk, varve_error *err)
{
    varve__iter *it = varve__iter_of(walk->it);
    unsigned steps = walk->at_front ? varve__iter_steps(it, VARVE__AIM_NEXT_KEY) : 0;
    if (steps > 0) {
        varve__walk_step_next(walk);
        if (varve__walk_enter_alike(walk)) {
            varve__iter_stepped(it, VARVE__AIM_NEXT_KEY);
            return VARVE_OK;
        }
    }
    return varve__walk_enter_next_further(walk, steps, err);
}

/*
 * Whether what the walk reads, a batch, has been written to since the walk moved.  The records that
 * it comes to from here on need not go together with the one that it stands on.
 */
static inline bool varve__walk_is_outdated(const varve__walk *walk)
{
    return varve__iter_is_outdated(varve__iter_of(walk->it));
}

/*
 * From anywhere to the first record of the current key, or of the next one if it is gone; or to the
 * last record of the current key, or of the previous one.
 */
varve_status varve__walk_again_first(varve__walk *walk, varve_error *err);
varve_status varve__walk_again_last(varve__walk *walk, varve_error *err);

/*
 * Decode the metadata record that the walk stands on, which belongs to the current key, as
 * varve__meta_decode(): the message of a merge conflict names the key.
 */
varve_status varve__walk_meta(const varve__walk *walk, varve__meta *meta, varve_error *err);

/* The value of the record that the walk stands on; valid until the walk moves. */
static inline varve_slice varve__walk_value(varve__walk *walk)
{
    varve_slice value = varve_iter_value(walk->it);
    walk->tally.bytes += value.size;
    return value;
}

/* The current key's prefix. */
static inline varve_slice varve__walk_prefix(const varve__walk *walk)
{
    return walk->prefix;
}

/*
 * The version suffix of the record that the walk stands on, which belongs to the current key; NULL
 * on the metadata record.
 */
static inline const unsigned char *varve__walk_suffix(const varve__walk *walk)
{
    varve_slice key = walk->it->key;
    return key.size == walk->prefix.size ? NULL : key.data + walk->prefix.size;
}

#endif
