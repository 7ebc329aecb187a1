#include "bench/round.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support/clock.h"
#include "bench/support/die.h"
#include "bench/support/stats.h"

enum { THREADS_MAX = 8, CALIBRATIONS = 1001 };

static uint64_t work(const bench_round *round, const bench_job *job)
{
    return round->contender->run[round->lane->op](round->store, job);
}

static void must_thread(int failure)
{
    if (failure != 0)
        bench_die("threads do not work here: error %d", failure);
}

/* ---- All at once */

static bench_times run_whole(const bench_round *round)
{
    double cpu = bench_cpu();
    double wall = bench_wall();
    uint64_t sum = work(round, &round->job);
    wall = bench_wall() - wall;
    cpu = bench_cpu() - cpu;
    return (bench_times){wall, cpu, sum};
}

/* A part of the keys, for a thread of its own. */
typedef struct share {
    const bench_round *round;
    bench_job job;
    pthread_barrier_t *start;
    unsigned number;
    pthread_t thread;
    double begin;
    double end;
    double cpu;
    uint64_t sum;
} share;

/*
 * Threads that work for a few milliseconds are over before the system has moved them apart.  What
 * cannot be pinned is left to the system.
 */
static void pin(unsigned number)
{
    cpu_set_t allowed;
    cpu_set_t wanted;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    number %= (unsigned)CPU_COUNT(&allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, &allowed) || number-- > 0)
            continue;
        CPU_ZERO(&wanted);
        CPU_SET((size_t)cpu, &wanted);
        (void)sched_setaffinity(0, sizeof wanted, &wanted);
        return;
    }
}

static void *run_share(void *arg)
{
    share *s = arg;
    pin(s->number);
    (void)pthread_barrier_wait(s->start);
    s->begin = bench_wall();
    s->cpu = bench_cpu();
    s->sum = work(s->round, &s->job);
    s->cpu = bench_cpu() - s->cpu;
    s->end = bench_wall();
    return NULL;
}

/* From the first that began to the last that ended. */
static bench_times join(share *shares, unsigned count)
{
    bench_times times = {.wall = 0};
    double begin = 0;
    double end = 0;
    for (unsigned i = 0; i < count; i++) {
        const share *s = &shares[i];
        must_thread(pthread_join(s->thread, NULL));
        begin = i == 0 || s->begin < begin ? s->begin : begin;
        end = i == 0 || s->end > end ? s->end : end;
        times.cpu += s->cpu;
        times.sum += s->sum;
    }
    times.wall = end - begin;
    return times;
}

static bench_times run_threads(const bench_round *round)
{
    share shares[THREADS_MAX];
    pthread_barrier_t start;
    unsigned count = round->lane->threads;
    if (count == 0 || count > THREADS_MAX)
        bench_die("%u threads", count);
    must_thread(pthread_barrier_init(&start, NULL, count));
    for (unsigned i = 0; i < count; i++) {
        size_t first = round->job.count * i / count;
        shares[i] = (share){.round = round, .job = round->job, .start = &start, .number = i};
        shares[i].job.users += first;
        shares[i].job.engines += first;
        shares[i].job.count = round->job.count * (i + 1) / count - first;
        must_thread(pthread_create(&shares[i].thread, NULL, run_share, &shares[i]));
    }
    bench_times times = join(shares, count);
    (void)pthread_barrier_destroy(&start);
    return times;
}

/* ---- Key by key */

/* What it takes to look at the clock twice. */
static double clock_cost(void)
{
    static double cost = -1;
    double taken[CALIBRATIONS];
    if (cost >= 0)
        return cost;
    for (int i = 0; i < CALIBRATIONS; i++) {
        double start = bench_wall();
        taken[i] = bench_wall() - start;
    }
    cost = bench_quantile(taken, CALIBRATIONS, 0.5);
    return cost;
}

static double time_one(const bench_round *round, size_t index, bool touch, uint64_t *sum)
{
    bench_job one = round->job;
    one.users += index;
    one.engines += index;
    one.count = 1;
    if (touch && round->contender->touch != NULL)
        round->contender->touch(round->store);
    double taken = bench_wall();
    *sum += work(round, &one);
    taken = bench_wall() - taken - clock_cost();
    return taken < 1 ? 1 : taken;
}

/* As if each had taken what the median of them did: those that were interrupted do not count. */
static bench_times run_singly(const bench_round *round, bool touch)
{
    size_t count = round->job.count;
    double *taken = bench_alloc(count, sizeof *taken);
    bench_times times = {.cpu = -1};
    (void)clock_cost();
    for (size_t i = 0; i < count; i++)
        taken[i] = time_one(round, i, touch, &times.sum);
    if (round->latencies != NULL)
        memcpy(round->latencies, taken, count * sizeof *taken);
    times.wall = bench_quantile(taken, count, 0.5) * (double)count;
    free(taken);
    return times;
}

/* Who writes while others read. */
typedef struct writer {
    const bench_round *round;
    atomic_bool stop;
} writer;

static void *keep_writing(void *arg)
{
    writer *w = arg;
    const bench_round *round = w->round;
    bench_keys keys = {.count = 0};
    while (!atomic_load(&w->stop)) {
        bench_pick_keys(round->picker, BENCH_PICK_NEW, round->job.batch, 0, &keys);
        bench_job job = round->job;
        job.users = keys.users;
        job.engines = keys.engines;
        job.count = keys.count;
        job.ts = keys.ts;
        (void)round->contender->run[BENCH_PUT_BATCH](round->store, &job);
    }
    bench_keys_release(&keys);
    return NULL;
}

static bench_times run_beside(const bench_round *round)
{
    writer w = {.round = round};
    pthread_t thread;
    atomic_init(&w.stop, false);
    must_thread(pthread_create(&thread, NULL, keep_writing, &w));
    bench_times times = run_singly(round, false);
    atomic_store(&w.stop, true);
    must_thread(pthread_join(thread, NULL));
    return times;
}

bench_times bench_round_run(const bench_round *round)
{
    bench_times times = {.wall = 0};
    switch (round->operation->mode) {
    case BENCH_ROUND:
        times = run_whole(round);
        break;
    case BENCH_THREADS:
        times = run_threads(round);
        break;
    case BENCH_TOUCHED:
        times = run_singly(round, true);
        break;
    case BENCH_BESIDE:
        times = run_beside(round);
        break;
    }
    times.wall /= (double)round->units;
    times.cpu /= (double)round->units;
    return times;
}
