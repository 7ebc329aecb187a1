/* Progress of work that is one long call. */
#include "watch.h"

#include <time.h>

static void look(struct watch *watch)
{
    uint64_t items = 0;
    uint64_t bytes = 0;

    watch->look(watch->arg, &items, &bytes);
    progress_update(&watch->progress, items, bytes);
}

static void *keep_looking(void *arg)
{
    struct watch *watch = arg;
    struct timespec until;

    pthread_mutex_lock(&watch->mutex);
    while (!watch->ended) {
        look(watch);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 200000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&watch->end, &watch->mutex, &until);
    }
    pthread_mutex_unlock(&watch->mutex);
    look(watch);
    return NULL;
}

void watch_begin(struct watch *watch, const char *items, uint64_t total_bytes, watch_fn look_fn,
                 const void *arg)
{
    *watch = (struct watch){.look = look_fn, .arg = arg};
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_cond_init(&watch->end, NULL);
    progress_start(&watch->progress, items, total_bytes, true);
    look(watch); /* the start is now, whenever the thread comes to its first look */
    if (watch->progress.shown)
        watch->begun = pthread_create(&watch->thread, NULL, keep_looking, watch) == 0;
}

void watch_end(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    watch->ended = true;
    pthread_cond_signal(&watch->end);
    pthread_mutex_unlock(&watch->mutex);
    if (watch->begun)
        pthread_join(watch->thread, NULL);
    progress_end(&watch->progress);
    pthread_cond_destroy(&watch->end);
    pthread_mutex_destroy(&watch->mutex);
}
