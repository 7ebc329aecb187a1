/* varve-histories: run transcripts of the MVCC layer, and compare what comes out. */
#include "check.h"
#include "memory.h"

#include <argp.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <varve/version.h>

/* ---- The command line ---------------------------------------------------------------------- */

struct backend {
    const char *name;
    varve_backend number;
};

static const struct backend backends[] = {
    {"mem", VARVE_BACKEND_MEM},
    {"rocksdb-mem", VARVE_BACKEND_ROCKSDB_MEMORY},
    {"rocksdb", VARVE_BACKEND_ROCKSDB},
};

enum { BACKENDS = sizeof backends / sizeof backends[0] };

enum { OPTION_BACKEND = 0x100, OPTION_REWRITE };

struct settings {
    const char *backend; /* NULL = all */
    bool rewrite;
    char **paths;
    size_t count;
};

static bool is_backend(const char *name)
{
    for (size_t i = 0; i < BACKENDS; i++) {
        if (strcmp(name, backends[i].name) == 0)
            return true;
    }
    return false;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case OPTION_BACKEND:
        settings->backend = strcmp(text, "all") == 0 ? NULL : text;
        if (settings->backend != NULL && !is_backend(text))
            argp_error(state, "--backend '%s': it is mem, rocksdb-mem, rocksdb or all", text);
        return 0;
    case OPTION_REWRITE:
        settings->rewrite = true;
        return 0;
    case ARGP_KEY_ARGS:
        settings->paths = state->argv + state->next;
        settings->count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no file to check");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"backend", OPTION_BACKEND, "NAME", 0,
     "Run on this one alone: mem, rocksdb-mem or rocksdb; all, the default, runs on each", 0},
    {"rewrite", OPTION_REWRITE, NULL, 0,
     "Put what comes out of blocks into the files as what is expected of them", 0},
    {0},
};

static const struct argp parser = {
    .options = options,
    .parser = parse_option,
    .args_doc = "FILE...",
    .doc =
        "Run history files, and compare what comes out with what they expect.\v"
        "A folder stands for the files in it. The language is described in docs/histories.md.\n\n"
        "Exit codes: 0 every block of every file matches, byte for byte; 1 one does not, or "
        "cannot be run; 2 there was no block, a file could not be read, or the command line makes "
        "no sense.",
};

/* ---- Files --------------------------------------------------------------------------------- */

struct checks {
    struct check check;
    struct tally tally;
    bool done; /* all files could be read */
};

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void check_folder(struct checks *checks, const char *folder);

static void check_path(struct checks *checks, const char *path)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        check_folder(checks, path);
        return;
    }
    checks->check.path = path;
    if (!check_file(&checks->check, &checks->tally))
        checks->done = false;
}

static void check_folder(struct checks *checks, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, alphasort);

    if (count < 0) {
        perror(folder);
        checks->done = false;
    }
    for (int i = 0; i < count; i++) {
        struct text path;

        text_begin(&path);
        fprintf(path.file, "%s/%s", folder, entries[i]->d_name);
        text_end(&path);
        check_path(checks, path.data);
        free(path.data);
        free(entries[i]);
    }
    free(entries);
}

/* Check everything on one backend, and say how it went. */
static int check_all(const struct settings *settings, const struct backend *backend)
{
    struct checks checks = {.check = {.backend = backend->number,
                                      .backend_name = backend->name,
                                      .rewrite = settings->rewrite,
                                      .out = stdout},
                            .done = true};

    for (size_t i = 0; i < settings->count; i++)
        check_path(&checks, settings->paths[i]);
    printf("%s: %zu files, %zu blocks match, %zu differ\n", backend->name, checks.tally.files,
           checks.tally.matching, checks.tally.differing);
    if (!checks.done || checks.tally.matching + checks.tally.differing == 0)
        return EXIT_NOTHING;
    return checks.tally.differing > 0 ? EXIT_DIFFERENT : EXIT_MATCH;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    int code = EXIT_MATCH;

    argp_program_version = "varve-histories " VARVE_VERSION_STRING;
    argp_err_exit_status = EXIT_NOTHING;
    argp_parse(&parser, argc, argv, 0, NULL, &settings);
    for (size_t i = 0; i < BACKENDS; i++) {
        if (settings.backend != NULL && strcmp(settings.backend, backends[i].name) != 0)
            continue;
        int one = check_all(&settings, &backends[i]);
        if (one > code)
            code = one;
    }
    if (fflush(stdout) != 0) {
        perror("varve-histories: standard output");
        return EXIT_NOTHING;
    }
    return code;
}
