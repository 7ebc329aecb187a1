#include "bench/report.h"

#include <stdbool.h>
#include <string.h>

#include "bench/facts.h"
#include "bench/support/json.h"

/* A number, or a dash if there is none. */
static const char *number_text(const json_t *number, char *out, size_t size)
{
    if (!json_is_number(number))
        return "-";
    (void)snprintf(out, size, "%.0f", json_number_value(number));
    return out;
}

static void print_latency(FILE *out, json_t *latency)
{
    const char *name;
    json_t *value;
    if (latency == NULL)
        return;
    (void)fprintf(out, "%22s", "");
    json_object_foreach(latency, name, value)(void)
        fprintf(out, "  %s %.0f", name, json_number_value(value));
    (void)fputc('\n', out);
}

static void print_lane(FILE *out, const json_t *lane)
{
    const json_t *wall = json_object_get(lane, "wall");
    const json_t *cpu = json_object_get(lane, "cpu");
    const json_t *ratio = json_object_get(lane, "ratio");
    char quartiles[48];
    char cpu_text[32];
    char known[32];
    (void)snprintf(quartiles, sizeof quartiles, "%.0f-%.0f", bench_number(wall, "q1"),
                   bench_number(wall, "q3"));
    (void)fprintf(out, "  %-20s %9.0f %15s %9s   %6.2f (%.2f-%.2f) %7.2f %9s\n",
                  bench_text(lane, "name"), bench_number(wall, "median"), quartiles,
                  number_text(json_object_get(cpu, "median"), cpu_text, sizeof cpu_text),
                  bench_number(ratio, "median"), bench_number(ratio, "low"),
                  bench_number(ratio, "high"), bench_number(lane, "wall_ratio"),
                  number_text(json_object_get(lane, "known"), known, sizeof known));
    print_latency(out, json_object_get(lane, "latency"));
}

static void print_case(FILE *out, const json_t *one)
{
    size_t index;
    json_t *lane;
    (void)fprintf(out, "%s, ns a %s, ratios of %s time\n", bench_text(one, "name"),
                  bench_text(one, "unit"), bench_text(one, "clock"));
    (void)fprintf(out, "  %-20s %9s %15s %9s   %-18s %7s %9s\n", "", "median", "quartiles", "CPU",
                  "ratio (95 %)", "by wall", "known ns");
    json_array_foreach(json_object_get(one, "lanes"), index, lane) print_lane(out, lane);
}

/* ---- Goals */

static void goal_words(const json_t *goal, char *words, size_t size)
{
    bool at_least = json_is_true(json_object_get(goal, "at_least"));
    (void)snprintf(words, size, "%s %.2f", at_least ? ">=" : "<=", bench_number(goal, "goal"));
}

static void print_goals(FILE *out, const json_t *run)
{
    size_t index;
    json_t *one;
    unsigned missed = 0;
    json_array_foreach(json_object_get(run, "goals"), index, one)
    {
        char words[32];
        bool met = json_is_true(json_object_get(one, "met"));
        missed += !met;
        goal_words(one, words, sizeof words);
        (void)fprintf(out, "%-6s %-52s %-22s %5.2f (%.2f-%.2f)  goal %s\n", met ? "met" : "MISSED",
                      bench_text(one, "name"), bench_text(one, "state"), bench_number(one, "ratio"),
                      bench_number(one, "low"), bench_number(one, "high"), words);
    }
    (void)fprintf(out, "%zu goals in their states, %u missed\n",
                  json_array_size(json_object_get(run, "goals")), missed);
}

/* ---- Known figures */

static void print_facts(FILE *out, const json_t *run)
{
    size_t index;
    json_t *one;
    unsigned apart = 0;
    json_array_foreach(json_object_get(run, "facts"), index, one)
    {
        if (json_is_true(json_object_get(one, "agrees")))
            continue;
        apart++;
        (void)fprintf(out, "apart  %-40s %-20s %6.2f, known %6.2f (%+.0f %%)\n",
                      bench_text(one, "case"), bench_text(one, "lane"), bench_number(one, "ratio"),
                      bench_number(one, "known_ratio"), 100 * bench_number(one, "apart"));
    }
    (void)fprintf(out, "%zu known figures, %u apart by more than %.0f %%\n",
                  json_array_size(json_object_get(run, "facts")), apart, 100 * BENCH_FACTS_AGREE);
}

static void print_states(FILE *out, const json_t *run)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(run, "states"), index, one)(void)
        fprintf(out, "%-32s %4.0f s of loading, %4.0f s of measuring\n", bench_text(one, "name"),
                bench_number(one, "loading"), bench_number(one, "measuring"));
}

void bench_print_run(FILE *out, const json_t *run)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(run, "cases"), index, one) print_case(out, one);
    print_facts(out, run);
    print_goals(out, run);
    print_states(out, run);
    (void)fflush(out);
}

/* ---- Comparison */

void bench_print_comparison(FILE *out, const json_t *comparison)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(comparison, "moved"), index, one)(void) fprintf(
        out, "%s: %s: %.2f -> %.2f (%+.0f %%)\n", bench_text(one, "case"), bench_text(one, "lane"),
        bench_number(one, "before"), bench_number(one, "after"), 100 * bench_number(one, "change"));
    (void)fprintf(out, "%zu of %.0f moved beyond noise; %.0f could not be compared\n",
                  json_array_size(json_object_get(comparison, "moved")),
                  bench_number(comparison, "compared"), bench_number(comparison, "only_in_one"));
}
