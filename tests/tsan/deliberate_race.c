/*
 * A data race on purpose: two threads add to a plain variable without a lock.  Built under the
 * thread sanitizer only; the test passes if the race is reported.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

static int counter;

static void *add_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100000; i++)
        counter++;
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, add_many, NULL) != 0)
            return 2;
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", counter);
    return 0;
}
