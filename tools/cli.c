/* Command lines: the commands' own options, those they share, and their arguments. */
#include "cli.h"

#include "help.h"
#include "output.h"
#include "quoted.h"
#include "times.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Options that commands share ----------------------------------------------------------- */

enum {
    KEY_AT = 0x100,
    KEY_JSON,
    KEY_HEX,
    KEY_LIMIT,
    KEY_PREFIX,
    KEY_START,
    KEY_END,
    KEY_SYSTEM,
    KEY_RESUME,
    KEY_REDACT,
    KEY_WRITE,
    KEY_DRY_RUN,
    KEY_PLAIN
};

struct shared_option {
    enum cli_options bit;
    struct argp_option option;
};

static const struct shared_option shared_options[] = {
    {CLI_AT, {"at", KEY_AT, "TIME", 0, "As of TIME instead of now (see `varve --help`)", 1}},
    {CLI_SPAN, {"prefix", KEY_PREFIX, "KEY", 0, "Only keys that begin with KEY", 1}},
    {CLI_SPAN, {"start", KEY_START, "KEY", 0, "Only KEY and those behind it", 1}},
    {CLI_SPAN, {"end", KEY_END, "KEY", 0, "Only those before KEY", 1}},
    {CLI_SPAN,
     {"system", KEY_SYSTEM, NULL, 0, "Varve's own records too, which lie below the key 02", 1}},
    {CLI_LIMIT, {"limit", KEY_LIMIT, "N", 0, "Stop after N, and say how to go on", 1}},
    {CLI_RESUME, {"resume", KEY_RESUME, "HEX", 0, "Go on where it stopped", 1}},
    {CLI_WRITE, {"write", KEY_WRITE, NULL, 0, "Do it: without this nothing is changed", 2}},
    {CLI_DRY_RUN, {"dry-run", KEY_DRY_RUN, NULL, 0, "Say what would be done, and do nothing", 2}},
    {CLI_PLAIN, {"plain", KEY_PLAIN, NULL, 0, "No pictures, also on a terminal", 2}},
    {CLI_JSON, {"json", KEY_JSON, NULL, 0, "Print JSON, an object on each line", 2}},
    {CLI_HEX, {"hex", KEY_HEX, NULL, 0, "Keys and values in hexadecimal, those given too", 2}},
    {CLI_REDACT,
     {"redact", KEY_REDACT, NULL, 0, "Of keys and values print how long they are, only", 2}},
};

static const struct argp_option help_option[] = {
    {"help", '?', NULL, 0, "Print this", -1},
    {0},
};

enum { SHARED_COUNT = sizeof shared_options / sizeof shared_options[0] };

/* What the parsers of one command line share. */
struct parse {
    struct cli *cli;
    void *settings;
    char name[64]; /* "varve get" */
    int argc;      /* the words as given */
    char **argv;
    bool helped;
    bool complained;
};

/* The root parser, and what it belongs to: the one thing that argp shows to every parser. */
struct root {
    struct argp argp;
    struct parse *parse;
};

static struct parse *parse_of(const struct argp_state *state)
{
    return ((const struct root *)state->root_argp)->parse;
}

error_t cli_usage(const struct argp_state *state, const char *format, ...)
{
    struct parse *parse = parse_of(state);
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* What a line says is data: of a command line it has been typed. */
    if (parse->cli->where != NULL && parse->cli->redact)
        snprintf(text, sizeof text, "an argument or option is wrong");
    cli_fail(parse->cli, TOOL_USAGE, "%s; see `%s --help`", text, parse->name);
    parse->complained = true;
    return EINVAL;
}

static error_t parse_at(const char *text, const struct argp_state *state)
{
    struct time_spec spec;
    const char *wrong = time_parse(varve_slice_text(text), &spec);

    if (wrong != NULL)
        return cli_usage(state, "--at '%s': %s", text, wrong);
    parse_of(state)->cli->at = text;
    return 0;
}

/* The member that an option of that key sets to true, or NULL. */
static bool *flag_of(struct cli *cli, int key)
{
    switch (key) {
    case KEY_JSON:
        return &cli->json;
    case KEY_HEX:
        return &cli->hex;
    case KEY_SYSTEM:
        return &cli->system;
    case KEY_REDACT:
        return &cli->redact;
    case KEY_WRITE:
        return &cli->write;
    case KEY_DRY_RUN:
        return &cli->dry_run;
    case KEY_PLAIN:
        return &cli->plain;
    default:
        return NULL;
    }
}

/* The member that takes the text of an option of that key, or NULL. */
static const char **text_of(struct cli *cli, int key)
{
    switch (key) {
    case KEY_PREFIX:
        return &cli->prefix;
    case KEY_START:
        return &cli->start;
    case KEY_END:
        return &cli->end;
    case KEY_RESUME:
        return &cli->resume;
    default:
        return NULL;
    }
}

static error_t parse_shared_option(int key, char *text, struct argp_state *state)
{
    struct cli *cli = parse_of(state)->cli;
    bool *flag = flag_of(cli, key);
    const char **place = text_of(cli, key);

    if (flag != NULL) {
        *flag = true;
    } else if (place != NULL) {
        *place = text;
    } else if (key == KEY_AT) {
        return parse_at(text, state);
    } else if (key == KEY_LIMIT) {
        if (!cli_number(text, INT64_MAX, &cli->limit))
            return cli_usage(state, "--limit '%s' is not a number from 0 on", text);
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Fill `options` with those of `command`, and a terminator. */
static void select_shared_options(const struct command *command, struct argp_option *options)
{
    size_t count = 0;

    for (size_t i = 0; i < SHARED_COUNT; i++) {
        if ((command->options & shared_options[i].bit) != 0)
            options[count++] = shared_options[i].option;
    }
    memset(&options[count], 0, sizeof *options);
}

size_t cli_list_options(const struct command *command,
                        const struct argp_option *list[CLI_OPTIONS_MAX])
{
    const struct argp_option *own = command->argp == NULL ? NULL : command->argp->options;
    size_t count = 0;

    for (; own != NULL && own->name != NULL && count < CLI_OPTIONS_MAX; own++)
        list[count++] = own;
    for (size_t i = 0; i < SHARED_COUNT && count < CLI_OPTIONS_MAX; i++) {
        if ((command->options & shared_options[i].bit) != 0)
            list[count++] = &shared_options[i].option;
    }
    return count;
}

/* ---- Arguments and help -------------------------------------------------------------------- */

static bool is_optional(const char *argument_name)
{
    return argument_name[0] == '[';
}

/* No option begins with a digit: a word like "-10" is an argument. */
static bool is_negative_number(const char *word)
{
    return word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

/* Whether the word is an option whose value is the next one. */
static bool takes_next(const struct command *command, const char *word)
{
    const struct argp_option *list[CLI_OPTIONS_MAX];
    size_t count = cli_list_options(command, list);

    if (strncmp(word, "--", 2) != 0 || strchr(word, '=') != NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(list[i]->name, word + 2, strlen(word) - 2) == 0)
            return list[i]->arg != NULL;
    }
    return false;
}

/* Take the hyphens of negative numbers from the words, so that getopt lets them be arguments. */
static void hide_hyphens(const struct command *command, int count, char **words)
{
    const char *before = "";

    for (int i = 1; i < count && strcmp(words[i], "--") != 0; i++) {
        char *word = words[i];
        if (is_negative_number(word) && !takes_next(command, before))
            words[i]++;
        before = word;
    }
}

/* The word as it was given. */
static char *with_hyphen(const struct parse *parse, char *text)
{
    for (int i = 1; i < parse->argc; i++) {
        if (parse->argv[i] + 1 == text && is_negative_number(parse->argv[i]))
            return parse->argv[i];
    }
    return text;
}

/* The rest of the words are what a list asks for: options have been taken out, or belong to it. */
static void take_list(struct cli *cli, struct argp_state *state)
{
    cli->list = state->argv + state->next - 1;
    cli->list_count = (size_t)(state->argc - state->next) + 1;
    state->next = state->argc;
}

static error_t take_argument(char *text, struct argp_state *state)
{
    struct cli *cli = parse_of(state)->cli;
    const char *name =
        state->arg_num < CLI_ARGUMENTS_MAX ? cli->command->arguments[state->arg_num] : NULL;

    text = with_hyphen(parse_of(state), text);
    /* It may be a part of a key or value that stands in no quotes. */
    if (name == NULL && cli->redact)
        return cli_usage(state, "there is one argument too many");
    if (name == NULL)
        return cli_usage(state, "'%s' is one argument too many", text);
    if (strstr(name, "...") != NULL)
        take_list(cli, state);
    else
        cli->arguments[state->arg_num] = text;
    return 0;
}

static error_t check_arguments(const struct argp_state *state)
{
    const struct cli *cli = parse_of(state)->cli;
    const char *missing =
        state->arg_num <= CLI_ARGUMENTS_MAX ? cli->command->arguments[state->arg_num] : NULL;

    if (missing == NULL || is_optional(missing))
        return 0;
    return cli_usage(state, "%s is missing", missing);
}

/* ---- Options that were refused ------------------------------------------------------------- */

/* How many of `options` a long option's name of `size` bytes may mean, and one of them. */
static int match_long(const struct argp_option *options, const char *name, size_t size,
                      const struct argp_option **match)
{
    int matches = 0;

    for (; options != NULL && options->name != NULL; options++) {
        if (strncmp(options->name, name, size) != 0)
            continue;
        *match = options;
        if (strlen(options->name) == size)
            return 1;
        matches++;
    }
    return matches;
}

/* What is wrong with `--NAME` or `--NAME=VALUE`, or NULL if nothing is. */
static const char *fault_of_long(const struct argp_state *state, const char *word)
{
    const struct argp *own = parse_of(state)->cli->command->argp;
    const struct argp_option *match = NULL;
    const char *name = word + 2;
    size_t size = strcspn(name, "=");
    int matches = match_long(state->root_argp->options, name, size, &match) +
                  match_long(state->root_argp->children[0].argp->options, name, size, &match) +
                  (own == NULL ? 0 : match_long(own->options, name, size, &match));

    if (matches == 0 && strcmp(name, "redact") == 0)
        return "is not for a command whose output is the data itself";
    if (matches > 1)
        return "may mean several options, write it out";
    if (matches == 0)
        return "is no option of this command";
    if (match->arg == NULL && name[size] == '=')
        return "takes no value";
    return match->arg != NULL && name[size] != '=' ? "wants a value" : NULL;
}

static bool is_option(const char *word)
{
    return word != NULL && word[0] == '-' && word[1] != '\0';
}

/*
 * argp calls this for whatever getopt refused, and after a parser has returned an error.  getopt
 * says that it has refused something, not what: it is the word before the next, or for a letter
 * inside of a word that one.
 */
static void complain(const struct argp_state *state)
{
    const struct parse *parse = parse_of(state);
    const char *word = state->argv[state->next - 1];
    const char *fault = NULL;

    if (parse->complained || parse->helped)
        return;
    if (is_option(word) && word[1] == '-')
        fault = fault_of_long(state, word);
    if (fault == NULL) {
        word = is_option(word) && word[1] != '-' ? word : state->argv[state->next];
        fault = "has a letter that is no option of this command";
    }
    cli_usage(state, "'%s' %s", word == NULL ? "" : word, fault);
}

/* ---- The table of commands ----------------------------------------------------------------- */

/* Whether the first `words` words, 1 or 2, are the name of a command. */
static bool is_name(const char *name, char **words, int count)
{
    size_t size = strlen(words[0]);

    /* "gc run" as one word is no name: the blank is between two. */
    if (name == NULL || strchr(words[0], ' ') != NULL)
        return false;
    if (count == 1)
        return strcmp(name, words[0]) == 0;
    return strncmp(name, words[0], size) == 0 && name[size] == ' ' &&
           strcmp(name + size + 1, words[1]) == 0;
}

/* The command that the words begin with, and of how many words its name is. */
static const struct command *find_command(char **words, int count, int *used)
{
    for (*used = count < 2 ? count : 2; *used > 0; --*used) {
        for (size_t i = 0; commands[i] != NULL; i++) {
            if (is_name(commands[i]->name, words, *used) ||
                is_name(commands[i]->alias, words, *used))
                return commands[i];
        }
    }
    return NULL;
}

/* ---- Parsing ------------------------------------------------------------------------------- */

static error_t show_help(struct argp_state *state)
{
    struct parse *parse = parse_of(state);

    if (parse->cli->where != NULL)
        return cli_usage(state, "--help is no option of a line");
    parse->helped = true;
    /* argp prints nothing at all with this flag, which keeps it from printing errors of its own. */
    state->flags &= ~(unsigned)ARGP_NO_ERRS;
    state->name = parse->name;
    argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    state->flags |= ARGP_NO_ERRS;
    if (help_is_group(parse->cli->command->name)) {
        out_text("\n");
        help_print_group(parse->cli->command->name);
    }
    return ECANCELED;
}

static void start(struct argp_state *state)
{
    struct parse *parse = parse_of(state);

    if (parse->cli->command->argp != NULL)
        state->child_inputs[1] = parse->settings;
}

static error_t parse_command(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        start(state);
        return 0;
    case '?':
        return show_help(state);
    case ARGP_KEY_ARG:
        return take_argument(text, state);
    case ARGP_KEY_END:
        return check_arguments(state);
    case ARGP_KEY_ERROR:
        complain(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "Summary.\vDetails": argp prints the one before the options and the other behind. */
static char *join_help(const struct command *command)
{
    char *text = NULL;

    if (asprintf(&text, "%s.%s%s", command->summary, command->details == NULL ? "" : "\v",
                 command->details == NULL ? "" : command->details) < 0)
        return NULL;
    return text;
}

/* The words of a list are handed on as they stand, so that these keep theirs. */
static bool has_list(const struct command *command)
{
    bool found = false;

    for (size_t i = 0; command->arguments[i] != NULL; i++)
        found = found || strstr(command->arguments[i], "...") != NULL;
    return found;
}

/* Parse words of which getopt may change the order. */
static error_t parse_words(const struct root *root, unsigned flags)
{
    const struct parse *parse = root->parse;
    const struct command *command = parse->cli->command;
    size_t size = ((size_t)parse->argc + 1) * sizeof(char *);
    char **words = has_list(command) ? NULL : malloc(size);

    if (words == NULL)
        return argp_parse(&root->argp, parse->argc, parse->argv, flags, NULL, NULL);
    memcpy(words, parse->argv, size);
    hide_hyphens(command, parse->argc, words);
    error_t error = argp_parse(&root->argp, parse->argc, words, flags, NULL, NULL);
    free(words);
    return error;
}

/* The same into a `cli` that is empty but for what it has from elsewhere. */
static bool parse_into(struct cli *cli, const struct command *command, int argc, char **argv,
                       void *settings, enum tool_exit *code)
{
    struct argp_option shared[SHARED_COUNT + 1];
    struct argp shared_argp = {.parser = parse_shared_option};
    const struct argp_child children[] = {
        {.argp = &shared_argp}, {.argp = command->argp}, {.argp = NULL}};
    char arguments[HELP_ARGUMENTS_MAX];
    char *help = join_help(command);
    struct parse parse = {.cli = cli, .settings = settings, .argc = argc, .argv = argv};
    const struct root root = {.argp = {.options = help_option,
                                       .parser = parse_command,
                                       .args_doc = help_arguments(command, arguments),
                                       .doc = help,
                                       .children = children},
                              .parse = &parse};

    cli->command = command;
    select_shared_options(command, shared);
    /* The help of argp leaks memory for a list that is there and empty. */
    shared_argp.options = shared[0].name == NULL ? NULL : shared;
    snprintf(parse.name, sizeof parse.name, "varve %s", command->name);
    unsigned flags = ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP;
    if ((command->options & CLI_PASS_ON) != 0)
        flags |= ARGP_IN_ORDER;
    error_t error = parse_words(&root, flags);
    free(help);
    *code = error == 0 || parse.helped ? TOOL_OK : TOOL_USAGE;
    return error == 0;
}

bool cli_parse(struct cli *cli, const struct command *command, int argc, char **argv,
               void *settings, enum tool_exit *code)
{
    *cli = (struct cli){.limit = -1};
    return parse_into(cli, command, argc, argv, settings, code);
}

bool cli_parse_line(struct cli *cli, const struct command *command, int argc, char **argv,
                    void *settings, enum tool_exit *code)
{
    const struct cli outer = *cli;

    *cli = (struct cli){.limit = -1,
                        .hex = outer.hex,
                        .redact = outer.redact,
                        .json = outer.json,
                        .dry_run = outer.dry_run,
                        .where = outer.where};
    return parse_into(cli, command, argc, argv, settings, code);
}

enum tool_exit cli_need_write(const struct cli *cli)
{
    if (cli->write)
        return TOOL_OK;
    return cli_fail(
        cli, TOOL_USAGE, "this changes the store; add --write to do it%s",
        (cli->command->options & CLI_DRY_RUN) == 0 ? "" : ", or --dry-run to see what it would do");
}

bool cli_number(const char *text, int64_t max, int64_t *number)
{
    int64_t sum = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        int digit = *text - '0';
        if (digit > max || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return true;
}

enum tool_exit cli_hex_key(const struct cli *cli, const char *name, const char *text,
                           struct bytes *key)
{
    bool is_hex;

    if (bytes_from_hex(key, varve_slice_text(text), &is_hex))
        return TOOL_OK;
    if (is_hex)
        return cli_fail(cli, TOOL_IO, "out of memory");
    return cli_fail(cli, TOOL_USAGE, "%s%s%s%s is not hexadecimal, two digits a byte", name,
                    cli->redact ? "" : " '", cli->redact ? "" : text, cli->redact ? "" : "'");
}

enum tool_exit cli_quoted(const struct cli *cli, const char *name, const char *text,
                          struct bytes *bytes)
{
    size_t wrong_at;

    if (quoted_read(bytes, varve_slice_text(text), &wrong_at))
        return TOOL_OK;
    if (wrong_at == SIZE_MAX)
        return cli_fail(cli, TOOL_IO, "out of memory");
    return cli_fail(cli, TOOL_USAGE,
                    "%s is no text in double quotes: byte %zu of it begins no character or escape",
                    name, wrong_at);
}

enum tool_exit cli_key(const struct cli *cli, const char *name, const char *text, struct bytes *key)
{
    if (cli->hex)
        return cli_hex_key(cli, name, text, key);
    if (quoted_is(varve_slice_text(text)))
        return cli_quoted(cli, name, text, key);
    if (bytes_copy(key, varve_slice_text(text)))
        return TOOL_OK;
    return cli_fail(cli, TOOL_IO, "out of memory");
}

/* ---- The tool ------------------------------------------------------------------------------ */

static enum tool_exit run_command(const struct command *command, int argc, char **argv)
{
    struct cli cli;
    enum tool_exit code;
    void *settings = calloc(1, command->settings_size + 1);

    if (settings == NULL)
        return cli_fail(NULL, TOOL_IO, "out of memory");
    if (cli_parse(&cli, command, argc, argv, settings, &code))
        code = command->run(&cli, settings);
    free(settings);
    return out_finish(&cli, code);
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* The first word is no command: it may be a group. */
static enum tool_exit run_group(int argc, char **argv)
{
    const struct cli none = {0};
    const char *group = argv[1];
    const char *word = argc < 3 ? NULL : argv[2];

    if (!help_is_group(group))
        return cli_fail(NULL, TOOL_USAGE, "'%s' is not a command; see `varve --help`", group);
    if (word != NULL && is_one_of(word, "--help", "-?")) {
        help_print_group(group);
        return out_finish(&none, TOOL_OK);
    }
    if (word == NULL)
        return cli_fail(NULL, TOOL_USAGE, "'%s' is a group of commands; see `varve %s --help`",
                        group, group);
    return cli_fail(NULL, TOOL_USAGE, "'%s %s' is not a command; see `varve %s --help`", group,
                    word, group);
}

/* What is asked about the tool itself.  Returns false if it is something else. */
static bool tell_about_itself(const char *word)
{
    if (is_one_of(word, "--help", "-?") || is_one_of(word, "-h", "help"))
        help_print();
    else if (is_one_of(word, "--version", "-V"))
        out_text("varve " VARVE_VERSION_STRING "\n");
    else if (strcmp(word, "--manual") == 0)
        manual_print();
    else
        return false;
    return true;
}

enum tool_exit cli_main(int argc, char **argv)
{
    const struct cli none = {0};
    int words;

    if (argc < 2)
        return cli_fail(NULL, TOOL_USAGE, "no command given; see `varve --help`");
    if (tell_about_itself(argv[1]))
        return out_finish(&none, TOOL_OK);
    const struct command *command = find_command(argv + 1, argc - 1, &words);
    if (command == NULL)
        return run_group(argc, argv);
    /* The parser takes the last word of the name for the name of a program. */
    return run_command(command, argc - words, argv + words);
}
