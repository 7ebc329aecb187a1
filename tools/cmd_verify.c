/* varve verify: prove an import against what it came from. */
#include "import_sink.h"
#include "verify_draw.h"
#include "verify_git.h"
#include "verify_records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define PAIRS_DEFAULT 20000
#define LISTINGS_DEFAULT 20

struct settings {
    const char *ref;
    uint64_t pairs;
    uint64_t listings;
    uint64_t seed;
    bool has_pairs;
    bool has_listings;
    bool has_seed;
};

/* ---- What is compared ---------------------------------------------------------------------- */

static uint64_t some_seed(void)
{
    uint32_t seed;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint32_t)time(NULL);
    return seed;
}

/* The commit that the import has reached, to be freed by the caller. */
static enum tool_exit imported_tip(const struct cli *cli, const struct store *store, char **tip)
{
    struct import_fault fault = {0};
    json_t *cursor = NULL;

    if (!import_get_cursor(store->reader, "git", &cursor, &fault))
        return cli_fail(cli, fault.code, "%s: %s", store->path, fault.message);
    const char *id = json_string_value(json_object_get(cursor, "commit"));
    *tip = id == NULL || *id == '\0' ? NULL : strdup(id);
    json_decref(cursor);
    if (*tip == NULL)
        return cli_fail(cli, TOOL_REFUSED, "%s: no git history has been imported into it",
                        store->path);
    return TOOL_OK;
}

/* ---- What came of it ----------------------------------------------------------------------- */

static void print_json(const struct verify *verify, const char *ref)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"seed", verify->seed},
        {"commits", verify->repository->commit_count},
        {"paths", verify->repository->path_count},
        {"pairs", verify->pairs},
        {"absent", verify->absent},
        {"deleted", verify->deleted},
        {"executables", verify->executables},
        {"symlinks", verify->symlinks},
        {"submodules", verify->submodules},
        {"listings", verify->listings},
        {"entries", verify->entries},
        {"differences", verify->differences},
    };
    json_t *shown = json_array();
    struct json_line line;

    for (size_t i = 0; i < VERIFY_DIFFERENCES_SHOWN && verify->shown[i] != NULL; i++)
        json_array_append_new(shown, json_string(verify->shown[i]));
    json_line_begin(&line);
    json_line_text(&line, "ref", ref);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        json_line_count(&line, counts[i].name, counts[i].count);
    json_line_add(&line, "first_differences", shown);
    json_line_end(&line);
}

static void print_text(const struct verify *verify, const char *ref)
{
    out_format("%s: %zu commits, %zu paths, seed %" PRIu64 "\n", ref,
               verify->repository->commit_count, verify->repository->path_count, verify->seed);
    out_format("%" PRIu64 " pairs of path and commit compared: %" PRIu64
               " absent, of which %" PRIu64 " deleted; %" PRIu64 " executables, %" PRIu64
               " symbolic links, %" PRIu64 " submodules\n",
               verify->pairs, verify->absent, verify->deleted, verify->executables,
               verify->symlinks, verify->submodules);
    out_format("%" PRIu64 " listings compared, with %" PRIu64 " entries\n", verify->listings,
               verify->entries);
    for (size_t i = 0; i < VERIFY_DIFFERENCES_SHOWN && verify->shown[i] != NULL; i++)
        out_format("  %s\n", verify->shown[i]);
    if (verify->differences > VERIFY_DIFFERENCES_SHOWN)
        out_format("  and %" PRIu64 " more\n", verify->differences - VERIFY_DIFFERENCES_SHOWN);
    if (verify->differences == 0)
        out_text("no difference\n");
    else
        out_format("%" PRIu64 " differences\n", verify->differences);
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit verify_against(const struct cli *cli, const struct settings *settings,
                                     const struct store *store, const char *ref)
{
    struct repository repository = {0};
    struct verify verify = {.cli = cli,
                            .store = store,
                            .repository = &repository,
                            .seed = settings->has_seed ? settings->seed : some_seed(),
                            .pairs_wanted = settings->has_pairs ? settings->pairs : PAIRS_DEFAULT,
                            .listings_wanted =
                                settings->has_listings ? settings->listings : LISTINGS_DEFAULT};

    progress_start(&verify.progress, "pairs", 0, true);
    enum tool_exit code = repository_open(cli, cli->arguments[2], ref, &repository);
    if (code == TOOL_OK)
        code = verify_git(&verify);
    progress_end(&verify.progress);
    if (code == TOOL_OK && cli->json)
        print_json(&verify, ref);
    else if (code == TOOL_OK)
        print_text(&verify, ref);
    if (code == TOOL_OK && verify.differences > 0)
        code = TOOL_NO;
    verify_release(&verify);
    repository_close(&repository);
    return code;
}

static enum tool_exit verify_history(const struct cli *cli, const struct settings *settings)
{
    struct store store = STORE_INIT;
    char *tip = NULL;

    enum tool_exit code = store_open(cli, cli->arguments[1], &store);
    if (code == TOOL_OK && settings->ref == NULL)
        code = imported_tip(cli, &store, &tip);
    if (code == TOOL_OK)
        code = verify_against(cli, settings, &store, tip != NULL ? tip : settings->ref);
    free(tip);
    store_close(&store);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    const struct {
        const char *name;
        enum tool_exit (*verify)(const struct cli *cli);
    } formats[] = {
        {"checkpoint", verify_checkpoint}, {"records", verify_records}, {"sst", verify_table}};

    if (strcmp(cli->arguments[0], "git") == 0)
        return verify_history(cli, settings);
    if (settings->ref != NULL || settings->has_pairs || settings->has_listings ||
        settings->has_seed)
        return cli_fail(cli, TOOL_USAGE, "--ref, --samples, --listings and --seed are for git");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(cli->arguments[0], formats[i].name) == 0)
            return formats[i].verify(cli);
    }
    return cli_fail(cli, TOOL_USAGE, "'%s' cannot be verified: git, checkpoint, records or sst",
                    cli->arguments[0]);
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_REF = 0x200, KEY_SAMPLES, KEY_SEED, KEY_LISTINGS };

static const struct argp_option options[] = {
    {"ref", KEY_REF, "REF", 0, "The end of the line, instead of the last imported commit", 0},
    {"samples", KEY_SAMPLES, "N", 0, "Pairs of path and commit (20000), or all", 0},
    {"listings", KEY_LISTINGS, "N", 0, "Commits whose whole listing is compared (20), or all", 0},
    {"seed", KEY_SEED, "N", 0, "Draw the pairs and commits by this number", 0},
    {0},
};

static error_t take_number(const struct argp_state *state, const char *name, const char *text,
                           bool all, uint64_t *number)
{
    int64_t parsed;

    if (all && strcmp(text, "all") == 0) {
        *number = DRAW_ALL;
        return 0;
    }
    if (!cli_number(text, INT64_MAX, &parsed))
        return cli_usage(state, "%s '%s' is not a number from 0 on", name, text);
    *number = (uint64_t)parsed;
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case KEY_REF:
        settings->ref = text;
        return 0;
    case KEY_SAMPLES:
        settings->has_pairs = true;
        return take_number(state, "--samples", text, true, &settings->pairs);
    case KEY_LISTINGS:
        settings->has_listings = true;
        return take_number(state, "--listings", text, true, &settings->listings);
    case KEY_SEED:
        settings->has_seed = true;
        return take_number(state, "--seed", text, false, &settings->seed);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_verify = {
    .name = "verify",
    .section = TOOL_SECTION_CHECK,
    .summary = "Compare a store with a checkpoint or export, or an import with its repository",
    .details =
        "FORMAT is checkpoint, records, sst or git, and OTHER a store, an export, or a repository. "
        "Of the first three, all records are compared: those of an export of records over the "
        "range that it is of, those of a table over all keys of applications.\n\n"
        "Of git, every commit of the first-parent line has to be in the store, at its time. For "
        "pairs of "
        "path and commit, all or as many as --samples says, the file read as of the commit has to "
        "have git's mode and content, or to be absent as in git. For --listings commits the whole "
        "listing, modes, object ids and paths, has to equal git's.\n\n"
        "Differences end in exit code 1.",
    .arguments = {"FORMAT", "STORE", "OTHER"},
    .options = CLI_JSON | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
