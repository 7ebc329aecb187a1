#include "bench/markdown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/cases.h"
#include "bench/facts.h"
#include "bench/goals.h"
#include "bench/support/die.h"
#include "bench/support/json.h"

#define BEGIN_LINE "<!-- varve-bench: results begin -->"
#define END_LINE "<!-- varve-bench: results end -->"

enum { PATH_SIZE = 4096 };

/* The next case of an operation from `*index` on; moves the index behind it. */
static const json_t *next_of(const json_t *run, const char *operation, size_t *index)
{
    const json_t *cases = json_object_get(run, "cases");
    while (*index < json_array_size(cases)) {
        const json_t *one = json_array_get(cases, (*index)++);
        if (strcmp(bench_text(one, "operation"), operation) == 0)
            return one;
    }
    return NULL;
}

/* Whether a lane of an operation was measured in any state. */
static bool is_measured(const json_t *run, const char *operation, const bench_lane *lane)
{
    size_t at = 0;
    for (const json_t *one; (one = next_of(run, operation, &at)) != NULL;) {
        if (bench_lane_in(one, lane->name) != NULL)
            return true;
    }
    return false;
}

/* The lanes of an operation that were measured anywhere; returns how many. */
static size_t measured_lanes(const json_t *run, const bench_operation *operation,
                             const bench_lane *lanes[BENCH_LANES_MAX])
{
    size_t count = 0;
    for (const bench_lane *lane = operation->lanes; lane->name != NULL; lane++) {
        if (count < BENCH_LANES_MAX && is_measured(run, operation->name, lane))
            lanes[count++] = lane;
    }
    return count;
}

/* ---- Markdown */

static void print_head(FILE *out, const json_t *run)
{
    const json_t *machine = json_object_get(run, "machine");
    size_t index;
    json_t *one;
    (void)fprintf(out,
                  "Profile `%s`, %.0f starts of %.0f rounds, %s, varve %s; %s, %.0f processors, %s "
                  "of memory, "
                  "Linux %s.\n",
                  bench_text(run, "profile"), bench_number(run, "starts"),
                  bench_number(run, "rounds"), bench_text(run, "date"), bench_text(run, "varve"),
                  bench_text(machine, "processor"), bench_number(machine, "processors"),
                  bench_text(machine, "memory"), bench_text(machine, "kernel"));
    json_array_foreach(json_object_get(run, "contenders"), index, one)
    {
        if (json_is_false(json_object_get(one, "built")))
            (void)fprintf(out, "Not built in: %s, which needs %s.\n", bench_text(one, "name"),
                          bench_text(one, "what"));
    }
}

static void print_goals(FILE *out, const json_t *run)
{
    size_t index;
    json_t *one;
    (void)fputs("\n### Goals\n\n| goal | state | ratio (95 %) | to be | |\n"
                "|---|---|--:|--:|---|\n",
                out);
    json_array_foreach(json_object_get(run, "goals"), index, one)(void)
        fprintf(out, "| %s | `%s` | %.2f (%.2f-%.2f) | %s %.2f | %s |\n", bench_text(one, "name"),
                bench_text(one, "state"), bench_number(one, "ratio"), bench_number(one, "low"),
                bench_number(one, "high"),
                json_is_true(json_object_get(one, "at_least")) ? "at least" : "at most",
                bench_number(one, "goal"),
                json_is_true(json_object_get(one, "met")) ? "met" : "**missed**");
}

/* Nanoseconds, and behind them how much that is of what the case's base takes. */
static void print_cell(FILE *out, const json_t *lane)
{
    double median = bench_number_in(lane, "wall", "median");
    if (lane == NULL)
        (void)fputs(" |", out);
    else
        (void)fprintf(out, " %.*f (%.2f) |", median < 100 ? 1 : 0, median,
                      bench_number_in(lane, "ratio", "median"));
}

static void print_latencies(FILE *out, const json_t *run, const char *operation)
{
    size_t at = 0;
    for (const json_t *one; (one = next_of(run, operation, &at)) != NULL;) {
        size_t index;
        json_t *lane;
        json_array_foreach(json_object_get(one, "lanes"), index, lane)
        {
            const char *name;
            json_t *value;
            json_t *latency = json_object_get(lane, "latency");
            if (latency == NULL)
                continue;
            (void)fprintf(out, "%s- `%s`, %s, ns:", index == 0 ? "\n" : "",
                          bench_text(one, "state"), bench_text(lane, "name"));
            json_object_foreach(latency, name, value)(void)
                fprintf(out, " %s %.0f", name, json_number_value(value));
            (void)fputc('\n', out);
        }
    }
}

/* Where the pictures of a page lie, from there. */
#define PICTURES "pictures"

static void print_operation(FILE *out, const json_t *run, const bench_operation *operation,
                            const char *pictures)
{
    size_t at = 0;
    char picture[PATH_SIZE];
    const bench_lane *lanes[BENCH_LANES_MAX];
    size_t count = measured_lanes(run, operation, lanes);
    const json_t *one = next_of(run, operation->name, &at);
    if (one == NULL)
        return;
    (void)fprintf(out, "\n### %s\n\n", operation->name);
    (void)snprintf(picture, sizeof picture, "%s/bench-%s.svg", pictures == NULL ? "" : pictures,
                   operation->name);
    if (pictures != NULL && access(picture, R_OK) == 0)
        (void)fprintf(out, "![%s](" PICTURES "/bench-%s.svg)\n\n", operation->name,
                      operation->name);
    (void)fprintf(out, "| ns a %s |", operation->unit);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, " %s |", lanes[i]->name);
    (void)fputs("\n|---|", out);
    for (size_t i = 0; i < count; i++)
        (void)fputs("--:|", out);
    (void)fputc('\n', out);
    for (; one != NULL; one = next_of(run, operation->name, &at)) {
        (void)fprintf(out, "| `%s` |", bench_text(one, "state"));
        for (size_t i = 0; i < count; i++)
            print_cell(out, bench_lane_in(one, lanes[i]->name));
        (void)fputc('\n', out);
    }
    print_latencies(out, run, operation->name);
}

/* A contender whose ratio is far from the known one is not what it is meant to be, or explained. */
static void print_facts(FILE *out, const json_t *run)
{
    size_t index;
    json_t *one;
    (void)fprintf(
        out,
        "\n### Contenders against what is known of them\n\n"
        "The known figures are those of a million records, with RocksDB as Debian's shared "
        "library. Ratios are to\na plain get of the same state, those of writes to a put; "
        "more than %.0f %% between them stands out.\n\n"
        "| case | | ns | known ns | ratio | known ratio | apart | why |\n"
        "|---|---|--:|--:|--:|--:|--:|---|\n",
        100 * BENCH_FACTS_AGREE);
    json_array_foreach(json_object_get(run, "facts"), index, one)
    {
        const char *strong = json_is_true(json_object_get(one, "agrees")) ? "" : "**";
        (void)fprintf(out, "| `%s` | %s | %.0f | %.0f | %.2f | %.2f | %s%+.0f %%%s | %s |\n",
                      bench_text(one, "case"), bench_text(one, "lane"), bench_number(one, "ns"),
                      bench_number(one, "known_ns"), bench_number(one, "ratio"),
                      bench_number(one, "known_ratio"), strong, 100 * bench_number(one, "apart"),
                      strong, bench_text(one, "why"));
    }
}

void bench_print_markdown(FILE *out, const json_t *run, const char *pictures)
{
    print_head(out, run);
    print_goals(out, run);
    for (const bench_operation *o = bench_operations; o->name != NULL; o++)
        print_operation(out, run, o, pictures);
    print_facts(out, run);
}

/* ---- Pictures */

static void plot_data(FILE *gnuplot, const json_t *run, const bench_operation *operation,
                      const bench_lane *const *lanes, size_t count)
{
    size_t at = 0;
    (void)fputs("$data << END\nstate", gnuplot);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(gnuplot, "\t%s", lanes[i]->name);
    (void)fputc('\n', gnuplot);
    for (const json_t *one; (one = next_of(run, operation->name, &at)) != NULL;) {
        (void)fputs(bench_text(one, "state"), gnuplot);
        for (size_t i = 0; i < count; i++) {
            const json_t *found = bench_lane_in(one, lanes[i]->name);
            if (found == NULL)
                (void)fputs("\t?", gnuplot);
            else
                (void)fprintf(gnuplot, "\t%g", bench_number_in(found, "wall", "median"));
        }
        (void)fputc('\n', gnuplot);
    }
    (void)fputs("END\n", gnuplot);
}

static void plot(FILE *gnuplot, const json_t *run, const bench_operation *operation,
                 const char *folder)
{
    static const char more_colours[] = "set linetype 9 lc rgb '#7f7f7f'\n"
                                       "set linetype 10 lc rgb '#8c564b'\n"
                                       "set linetype 11 lc rgb '#17becf'\n"
                                       "set linetype 12 lc rgb '#bcbd22'\n";
    const bench_lane *lanes[BENCH_LANES_MAX];
    size_t count = measured_lanes(run, operation, lanes);
    (void)fprintf(gnuplot,
                  "reset\nset terminal svg size 900,420 font 'sans-serif,12' background '#ffffff'\n"
                  "set output '%s/bench-%s.svg'\nset datafile separator '\\t'\n"
                  "set datafile missing '?'\nset style data histogram\n"
                  "set style histogram clustered gap 1\nset style fill solid 0.8 noborder\n"
                  "set key outside noenhanced\nset xtics noenhanced rotate by -20\n"
                  "set title '%s' noenhanced\nset ylabel 'ns a %s'\nset logscale y\nset grid y\n",
                  folder, operation->name, operation->name, operation->unit);
    (void)fputs(more_colours, gnuplot);
    plot_data(gnuplot, run, operation, lanes, count);
    (void)fprintf(gnuplot,
                  "plot for [column=2:%zu] $data using column:xtic(1) title columnheader(column)\n",
                  count + 1);
}

unsigned bench_draw(const json_t *run, const char *folder)
{
    unsigned drawn = 0;
    if (strchr(folder, '\'') != NULL)
        bench_die("%s: a folder whose name gnuplot cannot take", folder);
    if (system("command -v gnuplot >/dev/null") != 0) {
        (void)fprintf(stderr, "varve-bench: no pictures: gnuplot is not installed\n");
        return 0;
    }
    FILE *gnuplot = popen("gnuplot", "w");
    if (gnuplot == NULL)
        bench_die("gnuplot cannot be run");
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        size_t at = 0;
        if (next_of(run, o->name, &at) == NULL)
            continue;
        plot(gnuplot, run, o, folder);
        drawn++;
    }
    if (pclose(gnuplot) != 0)
        bench_die("gnuplot failed");
    return drawn;
}

/* ---- Into a page */

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size < 0)
        bench_die("%s: cannot be read", path);
    char *text = bench_alloc((size_t)size + 1, 1);
    rewind(file);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        bench_die("%s: cannot be read", path);
    (void)fclose(file);
    return text;
}

/* The folder for the pictures of a page, which is made. */
static void make_folder(const char *page, char *folder, size_t size)
{
    const char *slash = strrchr(page, '/');
    int beside = slash == NULL ? 0 : (int)(slash - page) + 1;
    if (snprintf(folder, size, "%.*s" PICTURES, beside, page) >= (int)size ||
        (mkdir(folder, 0777) != 0 && errno != EEXIST))
        bench_die("%s: no folder can be made for its pictures", page);
}

void bench_write_into(const json_t *run, const char *path)
{
    char folder[PATH_SIZE];
    char *text = read_all(path);
    char *begin = strstr(text, BEGIN_LINE "\n");
    char *end = begin == NULL ? NULL : strstr(begin, END_LINE);
    if (end == NULL)
        bench_die("%s: no lines %s and %s", path, BEGIN_LINE, END_LINE);
    make_folder(path, folder, sizeof folder);
    (void)bench_draw(run, folder);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        bench_die("%s: cannot be written", path);
    (void)fwrite(text, 1, (size_t)(begin - text) + strlen(BEGIN_LINE "\n"), file);
    bench_print_markdown(file, run, folder);
    (void)fputs(end, file);
    if (fclose(file) != 0)
        bench_die("%s: cannot be written", path);
    free(text);
}
