/* varve batch: operations that write, a line each, all of them or none. */
#include "operations.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* How many words a line has at most. */
enum { WORDS_MAX = 32, PLACE_MAX = 512 };

/* A script that is being read. */
struct script {
    const struct cli *cli;
    struct writing *writing;
    const char *name;
    FILE *file;
    uint64_t line;
};

/* ---- Words --------------------------------------------------------------------------------- */

/* Behind the text in double quotes that begins at `at`, or NULL if it does not end. */
static char *skip_quoted(char *at)
{
    for (at++; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return NULL;
}

/* Behind the word that begins at `at`, or NULL if a quotation in it does not end. */
static char *skip_word(char *at)
{
    while (at != NULL && *at != '\0' && *at != ' ' && *at != '\t')
        at = *at == '"' ? skip_quoted(at) : at + 1;
    return at;
}

/* Cut a line into words, in place.  Returns NULL, or what is wrong with it. */
static const char *cut(char *line, char *words[WORDS_MAX + 1], int *count)
{
    *count = 0;
    for (char *at = line + strspn(line, " \t"); *at != '\0'; at += strspn(at, " \t")) {
        char *end = skip_word(at);
        if (end == NULL)
            return "a text in double quotes does not end";
        if (*count == WORDS_MAX)
            return "there are too many words";
        words[(*count)++] = at;
        at = end;
        if (*end != '\0') {
            *end = '\0';
            at++;
        }
    }
    words[*count] = NULL;
    return NULL;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static enum tool_exit apply_words(const struct script *script, const char *place, char **words,
                                  int count)
{
    const struct operation *operation = operation_find(words[0]);
    struct operation_settings settings = {0};
    struct cli cli = *script->cli;
    enum tool_exit code;

    cli.where = place;
    if (operation == NULL)
        return cli_fail(&cli, TOOL_USAGE,
                        "the line begins with neither put, del, cput, inc, merge nor clear-range");
    if (cli_parse_line(&cli, operation->line, count, words, &settings, &code))
        return operation_apply(operation, &cli, cli.arguments, &settings, script->writing);
    return code;
}

static enum tool_exit apply_line(const struct script *script, char *line, size_t size)
{
    char place[PLACE_MAX];
    char *words[WORDS_MAX + 1];
    struct cli cli = *script->cli;
    int count = 0;

    snprintf(place, sizeof place, "%s: %s: line %" PRIu64, script->cli->command->name, script->name,
             script->line);
    cli.where = place;
    if (line[size - 1] == '\n')
        line[--size] = '\0';
    if (strlen(line) != size)
        return cli_fail(&cli, TOOL_USAGE, "a NUL is in the line; write it as \\x00 in quotes");
    if (line[strspn(line, " \t")] == '#')
        return TOOL_OK;
    const char *wrong = cut(line, words, &count);
    if (wrong != NULL)
        return cli_fail(&cli, TOOL_USAGE, "%s", wrong);
    return count == 0 ? TOOL_OK : apply_words(script, place, words, count);
}

static enum tool_exit apply_lines(struct script *script)
{
    enum tool_exit code = TOOL_OK;
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    errno = 0;
    while (code == TOOL_OK && (size = getline(&line, &room, script->file)) > 0) {
        script->line++;
        code = apply_line(script, line, (size_t)size);
        errno = 0;
    }
    if (code == TOOL_OK && !feof(script->file))
        code = cli_fail(script->cli, TOOL_IO, "%s: %s", script->name,
                        strerror(errno == 0 ? EIO : errno));
    free(line);
    return code;
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit open_script(struct script *script, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;

    script->name = is_stdin ? "standard input" : path;
    script->file = is_stdin ? stdin : fopen(path, "r");
    if (script->file == NULL)
        return cli_fail(script->cli, TOOL_IO, "%s: %s", path, strerror(errno));
    return TOOL_OK;
}

static enum tool_exit write_all(struct script *script, const struct store *store)
{
    struct writing writing = {.store = store};
    enum tool_exit code = change_begin(script->cli, store, &writing.change);

    script->writing = &writing;
    if (code == TOOL_OK)
        code = apply_lines(script);
    if (code == TOOL_OK)
        code = writing_commit(script->cli, &writing);
    writing_release(&writing);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    struct script script = {.cli = cli};
    enum tool_exit code = open_script(&script, cli->arguments[1]);

    (void)settings;
    if (code == TOOL_OK)
        code = store_open_writing(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = write_all(&script, &store);
    if (script.file != NULL && script.file != stdin)
        fclose(script.file);
    return store_close_writing(cli, &store, code);
}

const struct command cmd_batch = {
    .name = "batch",
    .section = TOOL_SECTION_WRITE,
    .summary = "Do the operations of a script, all of them at once or none",
    .details =
        "FILE, or - for standard input, has an operation on each line: put, del, cput, inc, merge "
        "or clear-range with the arguments and options of the command of that name, without STORE. "
        "Words are separated by blanks; those with blanks in them stand in double quotes, and have "
        "escapes like keys that varve prints. Empty lines and those that begin with # are passed "
        "over.\n\n"
        "Each line sees what the lines before it have written. All that is given no time is "
        "written "
        "at one: a key can be written once at it. When a line fails, it is named and nothing is "
        "written.",
    .arguments = {"STORE", "FILE"},
    .options = CLI_WRITE | CLI_DRY_RUN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
