/*
 * A lock for many readers or one writer, first come, first served.
 *
 * Neither readers nor writers can be kept out for ever by a stream of others, as they can with the
 * locks of the C library, whichever kind these prefer.
 */
#ifndef VARVE_UTIL_FAIR_LOCK_H
#define VARVE_UTIL_FAIR_LOCK_H

#include <pthread.h>
#include <stdint.h>

typedef struct varve__fair_lock {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t next;    /* the ticket of who comes next */
    uint64_t turn;    /* the ticket of who may go in next, or is inside and writes */
    unsigned readers; /* inside */
} varve__fair_lock;

void varve__fair_lock_init(varve__fair_lock *lock);
void varve__fair_lock_destroy(varve__fair_lock *lock);

/* Go in to read.  Not by a thread that is inside: others may stand between. */
void varve__fair_lock_read(varve__fair_lock *lock);
void varve__fair_unlock_read(varve__fair_lock *lock);

/* Go in to write, alone. */
void varve__fair_lock_write(varve__fair_lock *lock);
void varve__fair_unlock_write(varve__fair_lock *lock);

#endif
