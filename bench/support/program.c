#include "bench/support/program.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <varve/varve.h>

#include "bench/starts.h"
#include "bench/support/die.h"
#include "bench/support/place.h"
#include "bench/support/stop.h"

enum { NAME_SIZE = 64, PLACE_SIZE = 4000 };

/* ---- Options */

enum key { KEY_SMOKE = 256, KEY_START };

static const struct argp_option options[] = {
    {"dir", 'd', "DIR", 0, "Where to keep data, which is removed again (default $TMPDIR or /tmp)",
     0},
    {"smoke", KEY_SMOKE, NULL, 0, "Everything, too small to mean anything: seconds", 0},
    {BENCH_START_OPTION, KEY_START, "DIR", OPTION_HIDDEN, "", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    bench_arguments *a = state->input;
    if (key == 'd')
        a->dir = text;
    else if (key == KEY_SMOKE)
        a->smoke = true;
    else if (key == KEY_START)
        a->start = text;
    else if (key == ARGP_KEY_ARG && a->words_count < BENCH_WORDS_MAX)
        a->words[a->words_count++] = text;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "too many arguments");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

bench_arguments bench_arguments_parse(int argc, char **argv, const char *name, const char *words,
                                      const char *what)
{
    static char version[NAME_SIZE];
    const struct argp parser = {options, parse, words, what, NULL, NULL, NULL};
    bench_arguments a = {.smoke = false};
    (void)snprintf(version, sizeof version, "%s " VARVE_VERSION_STRING, name);
    argp_program_version = version;
    (void)argp_parse(&parser, argc, argv, 0, NULL, &a);
    return a;
}

/* ---- The directory */

static char place[PLACE_SIZE];
static pid_t parent; /* who has started this process; or 0 */

static void remove_place(void)
{
    if (place[0] != '\0' && (parent == 0 || parent != getppid()))
        bench_place_remove(place);
}

const char *bench_program_place(const char *root)
{
    if (!bench_place_make(root, place, sizeof place))
        bench_die("%s: no directory can be made there", root == NULL ? "/tmp" : root);
    (void)atexit(remove_place);
    bench_stop_on_signals();
    return place;
}

const char *bench_program_share_place(const char *start)
{
    parent = getppid();
    (void)snprintf(place, sizeof place, "%s", start);
    (void)atexit(remove_place);
    bench_start_follow();
    bench_stop_on_signals();
    return place;
}

/* ---- The document */

void bench_program_write(json_t *document)
{
    if (json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) != 0)
        bench_die("what was measured cannot be written");
    json_decref(document);
}
