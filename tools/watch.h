/*
 * Progress of work that is one long call of the library, which itself says nothing: a thread looks
 * a few times a second how far it is.
 */
#ifndef TOOLS_WATCH_H
#define TOOLS_WATCH_H

#include "progress.h"

#include <pthread.h>

/* Look how far it is: how many items are done, and how many bytes. */
typedef void (*watch_fn)(const void *arg, uint64_t *items, uint64_t *bytes);

struct watch {
    watch_fn look;
    const void *arg;
    struct progress progress;
    pthread_t thread;
    bool begun; /* without a thread there is nothing to be seen, which is all */
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool ended;
};

/* Begin to look on, with the items and the total of bytes that progress_start() takes. */
void watch_begin(struct watch *watch, const char *items, uint64_t total_bytes, watch_fn look,
                 const void *arg);

/* The work is done. */
void watch_end(struct watch *watch);

#endif
