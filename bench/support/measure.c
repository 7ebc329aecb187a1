#include "bench/support/measure.h"

#include <stdlib.h>
#include <time.h>

typedef struct times {
    double wall;
    double cpu;
} times;

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nanoseconds for one operation of one round. */
static times measure(const bench_duel *duel, bench_work work, uint64_t *sum)
{
    if (duel->prepare != NULL)
        duel->prepare(duel->state);
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    *sum = work(duel->state);
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    double scale = 1e9 / (double)duel->operations;
    return (times){wall * scale, cpu * scale};
}

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The number below which `part` of `numbers` lie; sorts them. */
static double quantile(double *numbers, unsigned count, double part)
{
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    double place = part * (double)(count - 1);
    unsigned below = (unsigned)place;
    unsigned above = below + 1 < count ? below + 1 : below;
    return numbers[below] + (place - (double)below) * (numbers[above] - numbers[below]);
}

static double median(const times *rounds, unsigned count, bool cpu, double *scratch)
{
    for (unsigned i = 0; i < count; i++)
        scratch[i] = cpu ? rounds[i].cpu : rounds[i].wall;
    return quantile(scratch, count, 0.5);
}

static double best_cpu(const times *rounds, unsigned count)
{
    double best = rounds[0].cpu;
    for (unsigned i = 1; i < count; i++) {
        if (rounds[i].cpu < best)
            best = rounds[i].cpu;
    }
    return best;
}

static void summarise(bench_result *result, const times *ours, const times *theirs, unsigned rounds,
                      double *scratch)
{
    result->ours_wall = median(ours, rounds, false, scratch);
    result->ours_cpu = median(ours, rounds, true, scratch);
    result->theirs_wall = median(theirs, rounds, false, scratch);
    result->theirs_cpu = median(theirs, rounds, true, scratch);
    for (unsigned i = 0; i < rounds; i++)
        scratch[i] = ours[i].cpu / theirs[i].cpu;
    result->cpu_ratio = quantile(scratch, rounds, 0.5);
    result->best_ratio = best_cpu(ours, rounds) / best_cpu(theirs, rounds);
    for (unsigned i = 0; i < rounds; i++)
        scratch[i] = ours[i].wall / theirs[i].wall;
    result->ratio = quantile(scratch, rounds, 0.5);
    result->ratio_low = quantile(scratch, rounds, 0.25);
    result->ratio_high = quantile(scratch, rounds, 0.75);
}

bench_result bench_run(const bench_duel *duel, unsigned rounds)
{
    bench_result result = {.name = duel->name, .goal = duel->goal, .same = true};
    times *ours = calloc(rounds, sizeof *ours);
    times *theirs = calloc(rounds, sizeof *theirs);
    double *scratch = calloc(rounds, sizeof *scratch);
    uint64_t our_sum = 0;
    uint64_t their_sum = 0;

    if (ours == NULL || theirs == NULL || scratch == NULL) {
        (void)fprintf(stderr, "out of memory\n");
        exit(1);
    }
    (void)measure(duel, duel->theirs, &their_sum);
    (void)measure(duel, duel->ours, &our_sum);
    for (unsigned i = 0; i < rounds; i++) {
        /* Who begins changes, for the second finds the processor's caches otherwise. */
        if (i % 2 == 0)
            ours[i] = measure(duel, duel->ours, &our_sum);
        theirs[i] = measure(duel, duel->theirs, &their_sum);
        if (i % 2 != 0)
            ours[i] = measure(duel, duel->ours, &our_sum);
        result.same = result.same && our_sum == their_sum;
    }
    summarise(&result, ours, theirs, rounds, scratch);
    free(ours);
    free(theirs);
    free(scratch);
    return result;
}

bool bench_is_good(const bench_result *result)
{
    return result->same && (result->goal == 0 || result->cpu_ratio <= result->goal);
}

static const char *verdict(const bench_result *result)
{
    if (!result->same)
        return "NOT THE SAME WORK";
    if (result->goal == 0)
        return "";
    return bench_is_good(result) ? "reached" : "MISSED";
}

void bench_print_text(FILE *out, const bench_result *results, size_t count)
{
    (void)fprintf(out, "%-42s %8s %8s  %-21s %6s %6s %5s\n", "ns an operation, medians", "varve",
                  "rocksdb", "ratio (quartiles)", "CPU", "best", "goal");
    for (size_t i = 0; i < count; i++) {
        const bench_result *r = &results[i];
        char goal[16] = "-";
        if (r->goal != 0)
            (void)snprintf(goal, sizeof goal, "%.2f", r->goal);
        (void)fprintf(out, "%-42s %8.1f %8.1f  %.3f (%.3f - %.3f) %6.3f %6.3f %5s %s\n", r->name,
                      r->ours_wall, r->theirs_wall, r->ratio, r->ratio_low, r->ratio_high,
                      r->cpu_ratio, r->best_ratio, goal, verdict(r));
    }
}

void bench_print_json(FILE *out, const bench_result *results, size_t count, unsigned rounds)
{
    (void)fprintf(out, "{\"rounds\":%u,\"results\":[", rounds);
    for (size_t i = 0; i < count; i++) {
        const bench_result *r = &results[i];
        (void)fprintf(out,
                      "%s\n{\"name\":\"%s\",\"varve_ns\":%.2f,\"varve_cpu_ns\":%.2f,"
                      "\"rocksdb_ns\":%.2f,\"rocksdb_cpu_ns\":%.2f,\"ratio\":%.4f,"
                      "\"ratio_quartiles\":[%.4f,%.4f],\"cpu_ratio\":%.4f,"
                      "\"best_cpu_ratio\":%.4f,\"goal\":",
                      i == 0 ? "" : ",", r->name, r->ours_wall, r->ours_cpu, r->theirs_wall,
                      r->theirs_cpu, r->ratio, r->ratio_low, r->ratio_high, r->cpu_ratio,
                      r->best_ratio);
        if (r->goal != 0)
            (void)fprintf(out, "%.2f", r->goal);
        else
            (void)fprintf(out, "null");
        (void)fprintf(out, ",\"same_work\":%s,\"good\":%s}", r->same ? "true" : "false",
                      bench_is_good(r) ? "true" : "false");
    }
    (void)fprintf(out, "\n]}\n");
}
