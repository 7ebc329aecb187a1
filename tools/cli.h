/*
 * The frame of the tool: its commands, their command lines, how they fail, and what they return.
 */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

#include "bytes.h"

#include <argp.h>
#include <varve/varve.h>

/*
 * One row per exit code: name, value, text.  `varve --help` prints it, docs/tool.md repeats it and
 * a test compares them.  Scripts depend on the values: add rows, never renumber.
 */
#define TOOL_EXIT_MAP(X)                                                                           \
    X(OK, 0, "done; of a question, the answer is yes")                                             \
    X(NO, 1, "the answer is no: the key has no value, the contents differ")                        \
    X(USAGE, 2, "the command line is wrong")                                                       \
    X(REFUSED, 3, "the data given, or found, is not what the command works with")                  \
    X(STORE, 4, "the store cannot be opened: missing, no store, locked, of another format")        \
    X(CORRUPT, 5, "stored bytes are damaged")                                                      \
    X(IO, 6, "a file could not be read or written, the disk is full, or memory ran out")           \
    X(CONFLICT, 7, "a transaction's intent or a newer version is in the way")                      \
    X(INTERNAL, 8, "varve did what it never should; please report it")                             \
    X(UNSUPPORTED, 9, "it takes a program that is not installed")                                  \
    X(EXISTS, 10, "what is to be made is there already; nothing was touched")                      \
    X(INTERRUPTED, 130, "SIGINT has ended it; where it can, a line says what is done")             \
    X(CLOSED, 141, "whoever read the output went away; said without a message")

enum tool_exit {
#define TOOL_EXIT_ENUM(name, value, text) TOOL_##name = (value),
    TOOL_EXIT_MAP(TOOL_EXIT_ENUM)
#undef TOOL_EXIT_ENUM
};

/* ---- Commands ------------------------------------------------------------------------------ */

struct cli;

/* What commands are for: the parts of `varve --help`, in its order. */
#define TOOL_SECTION_MAP(X)                                                                        \
    X(LOOK, "Look at a store")                                                                     \
    X(FILES, "Look at files, and at keys and records by themselves")                               \
    X(CHECK, "Check a store")                                                                      \
    X(JOBS, "Work on a store as a whole")                                                          \
    X(WRITE, "Write")                                                                              \
    X(RAW, "Run RocksDB's own tools")

enum tool_section {
#define TOOL_SECTION_ENUM(name, title) TOOL_SECTION_##name,
    TOOL_SECTION_MAP(TOOL_SECTION_ENUM)
#undef TOOL_SECTION_ENUM
};

/* Options that several commands take, and mean the same by. */
enum cli_options {
    CLI_AT = 1,      /* --at TIME */
    CLI_JSON = 2,    /* --json */
    CLI_HEX = 4,     /* --hex */
    CLI_LIMIT = 8,   /* --limit N */
    CLI_SPAN = 16,   /* --prefix, --start, --end, --system: see span_options.h */
    CLI_RESUME = 32, /* --resume HEX: what the command printed when it stopped */
    CLI_REDACT = 64, /* --redact: for all but those whose output is the data itself */
    CLI_WRITE = 128, /* --write: for all that change what a store holds; see store_open_writing() */
    CLI_DRY_RUN = 256, /* --dry-run */
    CLI_PLAIN = 512,   /* --plain: for all that draw pictures, see picture.h */
    CLI_PASS_ON = 1024 /* no option: the last argument and all behind it are for another program */
};

#define CLI_ARGUMENTS_MAX 4

/*
 * One command.  commands.c has the table of them all.  A name of two words, "gc run", makes it one
 * of a group, "gc"; where both "gc" and "gc run" are commands, the one of more words is meant.
 */
struct command {
    const char *name;
    const char *alias; /* another name for it, or NULL */
    enum tool_section section;
    const char *summary; /* one line for `varve --help`, without a full stop */
    const char *details; /* what `varve NAME --help` says below the options, or NULL */
    const char *arguments[CLI_ARGUMENTS_MAX + 1]; /* names of its arguments, NULL behind the last;
                                                     those in [BRACKETS] may be missing; the last
                                                     may be a list, "FILE..." */
    unsigned options;                             /* of cli_options */
    const struct argp *argp; /* its own options, or NULL; state->input is the settings */
    size_t settings_size;    /* what they are parsed into: zeroed before, 0 if there are none */
    enum tool_exit (*run)(const struct cli *cli, void *settings);
};

/* All commands, in the order of the help, NULL behind the last. */
extern const struct command *const commands[];

/* A parsed command line. */
struct cli {
    const struct command *command;
    const char *arguments[CLI_ARGUMENTS_MAX + 1]; /* as given, NULL behind the last */
    char *const *list;                            /* what was given for a list, */
    size_t list_count;                            /* and how many these are */
    const char *at;                               /* as given, or NULL */
    int64_t limit;                                /* or -1: none */
    const char *prefix;                           /* these four as given, or NULL */
    const char *start;
    const char *end;
    const char *resume;
    bool system;
    bool json;
    bool hex;
    bool redact;
    bool write;
    bool dry_run;
    bool plain;
    const char *where; /* what messages begin with instead of the command, or NULL: of a line */
};

/* Find the command that argv[1], or argv[1] and argv[2], name and run it: the whole tool. */
enum tool_exit cli_main(int argc, char **argv);

/*
 * Parse the command line of `command`, argv[0] being its name.  Returns true if it is to be run.
 * Otherwise what had to be printed has been, and `*code` says how to end.
 */
bool cli_parse(struct cli *cli, const struct command *command, int argc, char **argv,
               void *settings, enum tool_exit *code);

/*
 * The same of a line of a script.  `cli` is that of the command that reads the script, with `where`
 * set: of it --hex, --redact, --json and --dry-run hold for the line too.  `--help` is refused.
 */
bool cli_parse_line(struct cli *cli, const struct command *command, int argc, char **argv,
                    void *settings, enum tool_exit *code);

#define CLI_OPTIONS_MAX 40

/* The options of a command: its own, then those it shares; not --help.  Returns their number. */
size_t cli_list_options(const struct command *command,
                        const struct argp_option *list[CLI_OPTIONS_MAX]);

/* ---- Failing ------------------------------------------------------------------------------- */

/*
 * Print `varve: COMMAND: ...` as one line on standard error and return `code`, so that a failing
 * site is one statement.  The text names the key, file or argument that is at fault, and the way
 * out.  Control characters, and bytes that are not UTF-8, are shown as `?`.
 */
enum tool_exit cli_fail(const struct cli *cli, enum tool_exit code, const char *format, ...)
    VARVE_PRINTF(3, 4);

/*
 * The same for a failure of the library: the formatted text says what was being worked on, the rest
 * of the line and the exit code come from `err`, which is released.
 */
enum tool_exit cli_fail_error(const struct cli *cli, varve_error *err, const char *format, ...)
    VARVE_PRINTF(3, 4);

/*
 * The same for a failure to read a store.  Where that is for damaged bytes, `way` is the way out,
 * as `; ...`.
 */
enum tool_exit cli_fail_reading(const struct cli *cli, varve_error *err, const char *way,
                                const char *format, ...) VARVE_PRINTF(4, 5);

/* Ways around damage: of one key, and of a range. */
#define CLI_AROUND_KEY                                                                             \
    "; `varve find` shows every trace of the key, `varve check` what else is damaged"
#define CLI_AROUND_RANGE                                                                           \
    "; --start and --end go around it, `varve check` tells of all that is damaged"

/* The table file that a text of the engine is about, "000012.sst"; empty if there is none. */
varve_slice cli_table_in(const char *text);

/* A line on standard error that is no failure: `varve: COMMAND: ...`. */
void cli_note(const struct cli *cli, const char *format, ...) VARVE_PRINTF(2, 3);

/* For option parsers: print what is wrong with the command line and return EINVAL. */
error_t cli_usage(const struct argp_state *state, const char *format, ...) VARVE_PRINTF(2, 3);

/*
 * For commands that change what a store holds: refuse to, unless --write is given.  To be asked
 * before anything is done; store_open_writing() asks it too.
 */
enum tool_exit cli_need_write(const struct cli *cli);

/* What can be done about a failure that the library cannot know, as `; ...` behind its text, or "".
 */
const char *cli_way_out(varve_status status);

/* The exit code that a status ends the tool with. */
enum tool_exit cli_exit_of(varve_status status);

/* ---- Arguments ----------------------------------------------------------------------------- */

/*
 * The bytes that a key argument means: from hexadecimal with --hex; of a text in double quotes, as
 * the tool prints keys, what its escapes stand for; otherwise as they are.  `name` is what messages
 * call the argument.  The caller releases `key`.
 */
enum tool_exit cli_key(const struct cli *cli, const char *name, const char *text,
                       struct bytes *key);

/* The same for a key that is given in hexadecimal always. */
enum tool_exit cli_hex_key(const struct cli *cli, const char *name, const char *text,
                           struct bytes *key);

/* The bytes that a text in double quotes means, see quoted.h. */
enum tool_exit cli_quoted(const struct cli *cli, const char *name, const char *text,
                          struct bytes *bytes);

/* Room for a key in a message. */
#define CLI_KEY_TEXT_MAX 256

/*
 * The key as messages show it: in quotes, in hexadecimal with --hex, its size only with --redact;
 * cut if it is long.
 */
const char *cli_key_text(const struct cli *cli, varve_slice key, char text[CLI_KEY_TEXT_MAX]);

/*
 * Put `?` in place of control characters and of bytes that are not UTF-8: on a terminal they would
 * make several lines of one, or move the cursor.
 */
void cli_make_harmless(char *text);

/* How many bytes of a longer text are at most `size` and end between two characters. */
int cli_cut_text(const char *text, int size);

/* Read an unsigned decimal number of at most `max`.  Returns false if `text` is none. */
bool cli_number(const char *text, int64_t max, int64_t *number);

#endif
