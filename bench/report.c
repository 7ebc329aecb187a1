#include "bench/report.h"

#include <stdbool.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

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
    (void)snprintf(quartiles, sizeof quartiles, "%.0f-%.0f", number_of(wall, "q1"),
                   number_of(wall, "q3"));
    (void)fprintf(out, "  %-20s %9.0f %15s %9s   %6.2f (%.2f-%.2f) %7.2f %9s\n",
                  text_of(lane, "name"), number_of(wall, "median"), quartiles,
                  number_text(json_object_get(cpu, "median"), cpu_text, sizeof cpu_text),
                  number_of(ratio, "median"), number_of(ratio, "low"), number_of(ratio, "high"),
                  number_of(lane, "wall_ratio"),
                  number_text(json_object_get(lane, "known"), known, sizeof known));
    print_latency(out, json_object_get(lane, "latency"));
}

void bench_print_case(FILE *out, const json_t *one)
{
    size_t index;
    json_t *lane;
    (void)fprintf(out, "%s, ns a %s, ratios of %s time\n", text_of(one, "name"),
                  text_of(one, "unit"), text_of(one, "clock"));
    (void)fprintf(out, "  %-20s %9s %15s %9s   %-18s %7s %9s\n", "", "median", "quartiles", "CPU",
                  "ratio (95 %)", "by wall", "known ns");
    json_array_foreach(json_object_get(one, "lanes"), index, lane) print_lane(out, lane);
    (void)fflush(out);
}

/* ---- Goals */

static void goal_words(const json_t *goal, char *words, size_t size)
{
    bool at_least = json_is_true(json_object_get(goal, "at_least"));
    (void)snprintf(words, size, "%s %.2f", at_least ? ">=" : "<=", number_of(goal, "goal"));
}

void bench_print_goals(FILE *out, const json_t *run)
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
                      text_of(one, "name"), text_of(one, "state"), number_of(one, "ratio"),
                      number_of(one, "low"), number_of(one, "high"), words);
    }
    (void)fprintf(out, "%zu goals in their states, %u missed\n",
                  json_array_size(json_object_get(run, "goals")), missed);
    json_array_foreach(json_object_get(run, "not_measurable"), index, one)(void)
        fprintf(out, "not measurable yet: %s: %s\n", text_of(one, "name"), text_of(one, "reason"));
}

/* ---- Comparison */

void bench_print_comparison(FILE *out, const json_t *comparison)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(comparison, "moved"), index, one)(void) fprintf(
        out, "%s: %s: %.2f -> %.2f (%+.0f %%)\n", text_of(one, "case"), text_of(one, "lane"),
        number_of(one, "before"), number_of(one, "after"), 100 * number_of(one, "change"));
    (void)fprintf(out, "%zu of %.0f moved beyond noise; %.0f could not be compared\n",
                  json_array_size(json_object_get(comparison, "moved")),
                  number_of(comparison, "compared"), number_of(comparison, "only_in_one"));
}
