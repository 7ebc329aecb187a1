/*
 * The recent: copies of what this process has just put at metadata positions.
 *
 * A transaction puts intents, and asks for their records a moment later, to resolve them.  These
 * gets need not reach the backend: a get of a record that a commit has put is answered by its copy,
 * as long as the key has not been written since.
 *
 * That is told by the epochs and marks of the pool (engine/pool.h).  A commit of number n that has
 * succeeded, and beside which there was no other write, leaves the store in the state of the first
 * n writes, in which the record is the one that it has put.  Its copy has the epoch n, and is given
 * out on the same terms as an iterator of that epoch is lent for the key.
 *
 * A copy lies where the hash of its key says, in the place of what was there.  Nobody waits for
 * anybody: who finds another at work goes without.
 */
#ifndef VARVE_ENGINE_RECENT_H
#define VARVE_ENGINE_RECENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/pool.h"

#define VARVE__RECENT_SLOTS 256

/* The largest record that is kept: bytes of its key and value. */
#define VARVE__RECENT_BYTES 240

typedef struct varve__recent {
    atomic_bool has_any; /* ever since a first one has been kept */
    pthread_mutex_t lock;
    struct varve__recent_slot {
        uint64_t epoch; /* VARVE__ITER_NO_EPOCH = it is free */
        uint32_t key_size;
        uint32_t value_size;
        unsigned char bytes[VARVE__RECENT_BYTES];
    } slots[VARVE__RECENT_SLOTS];
} varve__recent;

/* Of zeroed memory. */
void varve__recent_init(varve__recent *recent);
void varve__recent_destroy(varve__recent *recent);

/* Keep what a commit has put, which has succeeded and of which varve__pool_write_end() has told
 * that it was the only write. */
void varve__recent_keep(varve__recent *recent, const varve__pool_commit *commit);

/*
 * Append the record of `engine_key` to `value`.  Returns VARVE_OK; VARVE_NOT_FOUND, if the backend
 * has to be asked; or VARVE_NO_MEMORY.
 */
varve_status varve__recent_get(varve__recent *recent, varve__pool *pool, varve_slice engine_key,
                               varve_buf *value, varve_error *err);

#endif
