#include "util/fair_lock.h"

void varve__fair_lock_init(varve__fair_lock *lock)
{
    *lock = (varve__fair_lock){.next = 0};
    (void)pthread_mutex_init(&lock->mutex, NULL);
    (void)pthread_cond_init(&lock->changed, NULL);
}

void varve__fair_lock_destroy(varve__fair_lock *lock)
{
    (void)pthread_cond_destroy(&lock->changed);
    (void)pthread_mutex_destroy(&lock->mutex);
}

/* Wait for the turn of this thread, with at most `readers_max` readers inside. */
static void await_turn(varve__fair_lock *lock, unsigned readers_max)
{
    uint64_t ticket = lock->next++;
    while (lock->turn != ticket || lock->readers > readers_max)
        (void)pthread_cond_wait(&lock->changed, &lock->mutex);
}

/* The next one's turn. */
static void pass_turn(varve__fair_lock *lock)
{
    lock->turn++;
    if (lock->turn != lock->next)
        (void)pthread_cond_broadcast(&lock->changed);
}

void varve__fair_lock_read(varve__fair_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    await_turn(lock, UINT32_MAX);
    lock->readers++;
    pass_turn(lock);
    (void)pthread_mutex_unlock(&lock->mutex);
}

void varve__fair_unlock_read(varve__fair_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    if (--lock->readers == 0)
        (void)pthread_cond_broadcast(&lock->changed);
    (void)pthread_mutex_unlock(&lock->mutex);
}

void varve__fair_lock_write(varve__fair_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    await_turn(lock, 0);
    (void)pthread_mutex_unlock(&lock->mutex);
}

void varve__fair_unlock_write(varve__fair_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    pass_turn(lock);
    (void)pthread_mutex_unlock(&lock->mutex);
}
