/* varve put, del, cput, inc, merge, clear-range: one operation that writes. */
#include "operations.h"

static enum tool_exit write_to(const struct cli *cli, const struct store *store,
                               const struct operation_settings *settings)
{
    struct writing writing = {.store = store};
    const struct operation *operation = operation_find(cli->command->name);
    enum tool_exit code = change_begin(cli, store, &writing.change);

    if (code == TOOL_OK)
        code = operation_apply(operation, cli, cli->arguments + 1, settings, &writing);
    if (code == TOOL_OK)
        code = writing_commit(cli, &writing);
    writing_release(&writing);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    enum tool_exit code = store_open_writing(cli, cli->arguments[0], &store);

    if (code == TOOL_OK)
        code = write_to(cli, &store, settings);
    return store_close_writing(cli, &store, code);
}

#define SHARED_OPTIONS (CLI_WRITE | CLI_DRY_RUN | CLI_JSON | CLI_HEX | CLI_REDACT)

#define SHARED_DETAILS                                                                             \
    "Prints what was written and when. A key that has a version as new, an intent of a "           \
    "transaction, or an inline value where versions are written, or the other way round, is left " \
    "as it is, with exit code 7."

#define VALUE_DETAILS                                                                              \
    "VALUE is taken as it is, or with --hex as hexadecimal; of a text in double quotes, what its " \
    "escapes stand for; of - what standard input holds. "

const struct command cmd_put = {
    .name = "put",
    .section = TOOL_SECTION_WRITE,
    .summary = "Write a value of a key",
    .details = VALUE_DETAILS SHARED_DETAILS,
    .arguments = {"STORE", "KEY", "VALUE"},
    .options = SHARED_OPTIONS,
    .argp = &operation_put_argp,
    .settings_size = sizeof(struct operation_settings),
    .run = run,
};

const struct command cmd_del = {
    .name = "del",
    .alias = "delete",
    .section = TOOL_SECTION_WRITE,
    .summary = "Delete a key: write a version without a value",
    .details = "With --inline the inline value is removed. " SHARED_DETAILS,
    .arguments = {"STORE", "KEY"},
    .options = SHARED_OPTIONS,
    .argp = &operation_delete_argp,
    .settings_size = sizeof(struct operation_settings),
    .run = run,
};

const struct command cmd_cput = {
    .name = "cput",
    .section = TOOL_SECTION_WRITE,
    .summary = "Write a value of a key if it has the expected one now",
    .details = VALUE_DETAILS "The expected value is of the same type. If the key has another one, "
                             "the exit code is 7 and a line says which. " SHARED_DETAILS,
    .arguments = {"STORE", "KEY", "VALUE"},
    .options = SHARED_OPTIONS,
    .argp = &operation_put_if_argp,
    .settings_size = sizeof(struct operation_settings),
    .run = run,
};

const struct command cmd_inc = {
    .name = "inc",
    .section = TOOL_SECTION_WRITE,
    .summary = "Add to the integer that a key has, and print the sum",
    .details = "BY is 1 if it is missing, and written behind -- if it is negative; a key without a "
               "value has 0. " SHARED_DETAILS,
    .arguments = {"STORE", "KEY", "[BY]"},
    .options = SHARED_OPTIONS,
    .argp = &operation_delete_argp,
    .settings_size = sizeof(struct operation_settings),
    .run = run,
};

const struct command cmd_merge = {
    .name = "merge",
    .section = TOOL_SECTION_WRITE,
    .summary = "Merge into the inline value of a key: add integers, join bytes",
    .details = VALUE_DETAILS SHARED_DETAILS,
    .arguments = {"STORE", "KEY", "VALUE"},
    .options = SHARED_OPTIONS,
    .argp = &operation_merge_argp,
    .settings_size = sizeof(struct operation_settings),
    .run = run,
};

const struct command cmd_clear_range = {
    .name = "clear-range",
    .section = TOOL_SECTION_WRITE,
    .summary = "Remove keys with all that they have: versions, inline values, intents",
    .details = "Nothing of the keys is left, at no time. One of --prefix, --start and --end has to "
               "say which they are; varve's own records are not cleared. Prints the range, and how "
               "many keys and versions it had.",
    .arguments = {"STORE"},
    .options = SHARED_OPTIONS | CLI_SPAN,
    .settings_size = sizeof(struct operation_settings),
    .run = run,
};
