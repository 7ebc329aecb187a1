/*
 * varve-bench: measures varve against RocksDB and its peers.
 *
 * Exit status: 0 if all contenders saw the same, or nothing has moved; 1 if not; 2 if there was
 * nothing to compare or something failed.  A missed goal is a result, not a failure.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <varve/varve.h>

#include "bench/cases.h"
#include "bench/compare.h"
#include "bench/document.h"
#include "bench/markdown.h"
#include "bench/report.h"
#include "bench/run.h"
#include "bench/starts.h"
#include "bench/summary.h"
#include "bench/support/die.h"
#include "bench/support/program.h"
#include "bench/support/stop.h"

enum { ARGUMENTS_MAX = 64, TIMES_MAX = 1000 };

enum key {
    KEY_QUICK = 256,
    KEY_FULL,
    KEY_GRID,
    KEY_SMOKE,
    KEY_PRESET,
    KEY_ROUNDS,
    KEY_STARTS,
    KEY_START,
    KEY_LANE,
    KEY_INTO
};

typedef struct arguments {
    bench_profile profile;
    bool list;
    const char *json;
    const char *dir;
    const char *into;
    const char *start; /* where to work, started by another process; or NULL */
    unsigned rounds;   /* 0: those of the profile */
    unsigned starts;   /* the same */
    char *words[ARGUMENTS_MAX];
    size_t words_count;
    char *lanes[ARGUMENTS_MAX];
    size_t lanes_count;
} arguments;

static const struct argp_option options[] = {
    {"quick", KEY_QUICK, NULL, 0, "The goals' states, small: about a minute (the default)", 1},
    {"full", KEY_FULL, NULL, 0,
     "The goals' states, and one axis at a time around a centre: about twenty minutes", 1},
    {"grid", KEY_GRID, NULL, 0, "All states: hours", 1},
    {"smoke", KEY_SMOKE, NULL, 0, "Every operation, too small to mean anything: seconds", 1},
    {"preset", KEY_PRESET, "NAME", 0, "cockroach: the states of CockroachDB's own benchmarks", 1},
    {"list", 'l', NULL, 0, "List the cases instead of running them", 2},
    {"json", 'j', "FILE", 0, "Write what was measured to a file", 2},
    {"dir", 'd', "DIR", 0, "Where to keep data, which is removed again (default $TMPDIR or /tmp)",
     2},
    {"starts", KEY_STARTS, "N", 0, "Measure in so many processes, one after the other", 2},
    {"rounds", KEY_ROUNDS, "N", 0, "Measure so many rounds in each process", 2},
    {"lane", KEY_LANE, "GLOB", 0,
     "Measure these lanes only, and what they are held against; may be given several times", 2},
    {BENCH_START_OPTION, KEY_START, "DIR", OPTION_HIDDEN, "", 2},
    {"into", KEY_INTO, "FILE", 0, "With report: between the markers of a Markdown file", 2},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void parse_preset(arguments *a, const char *name, struct argp_state *state)
{
    if (strcmp(name, "cockroach") != 0)
        argp_error(state, "no preset is called %s", name);
    a->profile = BENCH_COCKROACH;
}

static unsigned parse_times(const char *text, struct argp_state *state)
{
    char *end;
    unsigned long times = strtoul(text, &end, 10);
    if (*end != '\0' || times == 0 || times > TIMES_MAX)
        argp_error(state, "not a number from 1 to %d: %s", TIMES_MAX, text);
    return (unsigned)times;
}

static void add_word(char **words, size_t *count, char *word, struct argp_state *state)
{
    if (*count == ARGUMENTS_MAX)
        argp_error(state, "too many arguments");
    words[(*count)++] = word;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    if (key >= KEY_QUICK && key <= KEY_SMOKE) {
        static const bench_profile profiles[] = {BENCH_QUICK, BENCH_FULL, BENCH_GRID, BENCH_SMOKE};
        a->profile = profiles[key - KEY_QUICK];
    } else if (key == KEY_PRESET) {
        parse_preset(a, text, state);
    } else if (key == KEY_ROUNDS) {
        a->rounds = parse_times(text, state);
    } else if (key == KEY_STARTS) {
        a->starts = parse_times(text, state);
    } else if (key == KEY_START) {
        a->start = text;
    } else if (key == KEY_INTO) {
        a->into = text;
    } else if (key == 'l') {
        a->list = true;
    } else if (key == 'j') {
        a->json = text;
    } else if (key == 'd') {
        a->dir = text;
    } else if (key == KEY_LANE) {
        add_word(a->lanes, &a->lanes_count, text, state);
    } else if (key == ARGP_KEY_ARG) {
        add_word(a->words, &a->words_count, text, state);
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- Running */

static void list(const bench_plan *plan, const arguments *a)
{
    for (size_t i = 0; i < plan->states_count; i++) {
        char name[96];
        bench_shape_name(&plan->states[i].shape, name, sizeof name);
        for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
            if (bench_operation_fits(o, &plan->states[i]) &&
                bench_wanted(a->words, a->words_count, name, o->name))
                (void)printf("%s/%s\n", name, o->name);
        }
    }
}

static void name_missing(void)
{
    for (size_t i = 0; bench_missing[i] != NULL; i += 2)
        (void)fprintf(stderr, "varve-bench: built without %s, which needs %s\n", bench_missing[i],
                      bench_missing[i + 1]);
}

static json_t *measure(const bench_plan *plan, const arguments *a, const char *place)
{
    bench_run_options how = {.plan = plan,
                             .globs = a->words,
                             .globs_count = a->words_count,
                             .lanes = a->lanes,
                             .lanes_count = a->lanes_count,
                             .place = place};
    return bench_run(&how);
}

/* This process is one of several: what it has measured goes to the one that has started it. */
static int run_part(const bench_plan *plan, const arguments *a)
{
    json_t *measured = measure(plan, a, bench_program_share_place(a->start));
    if (json_dumpf(measured, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0)
        bench_die("what was measured cannot be written");
    json_decref(measured);
    return 0;
}

/* All parts of a run, one after the other, each by a process of its own. */
static json_t *run_parts(const bench_plan *plan, char *const *argv, const char *place)
{
    json_t **starts = bench_alloc(plan->starts, sizeof *starts);
    for (unsigned i = 0; i < plan->starts; i++)
        starts[i] = bench_start(argv, place);
    if (json_array_size(json_object_get(starts[0], "cases")) == 0)
        bench_die("no case is called so; --list lists them");
    json_t *run = bench_summary(starts, plan->starts);
    if (run == NULL)
        bench_die("the parts of the run have measured different things");
    for (unsigned i = 0; i < plan->starts; i++)
        json_decref(starts[i]);
    free(starts);
    return run;
}

static int run(const bench_plan *plan, const arguments *a, char *const *argv)
{
    const char *place = bench_program_place(a->dir);
    name_missing();
    json_t *document = run_parts(plan, argv, place);
    bench_document_complete(document, plan->name);
    bench_print_run(stdout, document);
    bench_end_if_stopped();
    if (a->json != NULL)
        bench_document_write(document, a->json);
    bool agree = json_is_true(json_object_get(document, "agree"));
    json_decref(document);
    return agree ? 0 : 1;
}

/* ---- Commands on runs that were kept */

static int compare(const arguments *a)
{
    if (a->words_count != 3)
        bench_die("compare takes two files");
    json_t *before = bench_document_read(a->words[1]);
    json_t *after = bench_document_read(a->words[2]);
    json_t *found = bench_compare(before, after);
    bench_print_comparison(stdout, found);
    bool moved = json_array_size(json_object_get(found, "moved")) > 0;
    bool empty = json_integer_value(json_object_get(found, "compared")) == 0;
    json_decref(found);
    json_decref(before);
    json_decref(after);
    return empty ? 2 : moved ? 1 : 0;
}

static int report(const arguments *a)
{
    if (a->words_count != 2)
        bench_die("report takes one file");
    json_t *document = bench_document_read(a->words[1]);
    if (a->into != NULL)
        bench_write_into(document, a->into);
    else
        bench_print_markdown(stdout, document, NULL);
    json_decref(document);
    return 0;
}

static int draw(const arguments *a)
{
    if (a->words_count != 3)
        bench_die("draw takes a file and a folder");
    json_t *document = bench_document_read(a->words[1]);
    unsigned drawn = bench_draw(document, a->words[2]);
    json_decref(document);
    return drawn == 0 ? 2 : 0;
}

int main(int argc, char **argv)
{
    static const struct argp parser = {
        options,
        parse,
        "[GLOB...]\ncompare BEFORE.json AFTER.json\nreport RUN.json\ndraw RUN.json FOLDER",
        "Measure varve against RocksDB and its peers: cases are called STATE/OPERATION, and a GLOB "
        "picks some of them, such as 'scan-*' or 'l0-*/get-newest'.\v"
        "compare says what moved beyond noise from one run to another; report turns a run into "
        "Markdown; draw draws pictures with gnuplot.",
        NULL,
        NULL,
        NULL};
    arguments a = {.profile = BENCH_QUICK};
    bench_plan plan;
    argp_program_version = "varve-bench " VARVE_VERSION_STRING;
    (void)argp_parse(&parser, argc, argv, 0, NULL, &a);
    const char *command = a.words_count == 0 ? "" : a.words[0];
    if (strcmp(command, "compare") == 0)
        return compare(&a);
    if (strcmp(command, "report") == 0)
        return report(&a);
    if (strcmp(command, "draw") == 0)
        return draw(&a);
    bench_plan_init(&plan, a.profile);
    if (a.rounds != 0)
        plan.rounds = a.rounds;
    if (a.starts != 0)
        plan.starts = a.starts;
    if (a.list)
        list(&plan, &a);
    else if (a.start != NULL)
        return run_part(&plan, &a);
    else
        return run(&plan, &a, argv);
    return 0;
}
