/* The directive `run`. */
#include "run.h"

#include "commands.h"

#include <stdarg.h>
#include <stdlib.h>

/* A block being run. */
struct run {
    struct session *session;
    FILE *out;
    struct run_problem *problem;
    size_t line;             /* the one being run */
    bool trace;              /* show every step */
    struct arguments shared; /* those of `with` */
    bool txn_change;
    bool data_change;
    char *error; /* what a command has failed with, type and text; NULL = nothing */
};

static bool fail(struct run *run, const char *format, ...) VARVE_PRINTF(2, 3);

/* Say why the block cannot be run; the answer is always false. */
static bool fail(struct run *run, const char *format, ...)
{
    va_list arguments;
    struct text text;

    text_begin(&text);
    va_start(arguments, format);
    vfprintf(text.file, format, arguments);
    va_end(arguments);
    text_end(&text);
    run->problem->line = run->line;
    run->problem->text = text.data;
    return false;
}

/* ---- What is shown ------------------------------------------------------------------------- */

static bool report_txn(struct run *run)
{
    varve_buf text = VARVE_BUF_INIT;

    if (run->session->last == NULL)
        return true;
    if (varve_txn_print(&run->session->last->txn, &text, NULL) != VARVE_OK)
        memory_out();
    fprintf(run->out, "txn: %.*s\n", (int)text.size, (const char *)text.data);
    varve_buf_release(&text);
    return true;
}

static bool report(struct run *run, bool txn, bool data)
{
    varve_error err = VARVE_ERROR_INIT;

    if (txn && !report_txn(run))
        return false;
    if (data && !session_dump(run->session, run->out, &err)) {
        fail(run, "reading what is stored: %s", err.message);
        varve_error_release(&err);
        return false;
    }
    return true;
}

static void trace_line(const struct run *run, const struct command *command,
                       const struct arguments *arguments)
{
    fprintf(run->out, ">> %s", command->name);
    for (size_t i = 0; i < arguments->count; i++) {
        const struct argument *argument = &arguments->list[i];

        fprintf(run->out, " %.*s", (int)argument->key.size, (const char *)argument->key.data);
        if (argument->count > 0)
            fputs(argument->count > 1 ? "=(" : "=", run->out);
        for (size_t n = 0; n < argument->count; n++) {
            varve_slice value = argument_value(argument, n);
            fprintf(run->out, "%s%.*s", n > 0 ? ", " : "", (int)value.size,
                    (const char *)value.data);
        }
        if (argument->count > 1)
            fputc(')', run->out);
    }
    fputc('\n', run->out);
}

/* ---- Commands ------------------------------------------------------------------------------ */

static const struct command *const tables[] = {txn_commands, write_commands, read_commands,
                                               upkeep_commands};

const struct command *command_find(varve_slice name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct command *command = tables[i]; command->name != NULL; command++) {
            if (text_is(name, command->name))
                return command;
        }
    }
    return NULL;
}

/* Keep what the step has failed with. */
static bool settle(struct run *run, const struct step *step)
{
    struct text text;

    if (step->fatal != NULL)
        return fail(run, "%s: %s", step->command, step->fatal);
    if (step->error_type == NULL)
        return true;
    text_begin(&text);
    fprintf(text.file, "(%s:) %s", step->error_type, step->error);
    text_end(&text);
    run->error = text.data;
    return true;
}

static bool run_command(struct run *run, varve_slice name, const struct arguments *arguments)
{
    const struct command *command = command_find(name);

    if (command == NULL)
        return fail(run, "unknown command: %.*s", (int)name.size, (const char *)name.data);
    struct step step = {
        .session = run->session, .arguments = arguments, .command = command->name, .out = run->out};
    run->txn_change |= command->class == COMMAND_TXN;
    run->data_change |= command->class == COMMAND_DATA;
    if (run->trace)
        trace_line(run, command, arguments);
    command->run(&step);
    bool done = settle(run, &step);
    step_release(&step);
    if (done && run->trace)
        done = report(run, command->class == COMMAND_TXN, command->class == COMMAND_DATA);
    return done;
}

/* ---- Lines --------------------------------------------------------------------------------- */

/* `with`: its arguments are those of the lines that are indented below it. */
static void share(struct run *run, struct arguments *arguments, bool indented)
{
    if (indented)
        arguments_append(arguments, &run->shared);
    arguments_release(&run->shared);
    run->shared = *arguments;
    *arguments = (struct arguments){0};
}

static bool run_parsed(struct run *run, struct line *line, bool indented)
{
    if (text_is(line->command, "with")) {
        share(run, &line->arguments, indented);
        return true;
    }
    if (!indented) {
        arguments_release(&run->shared);
    } else if (run->shared.count == 0) {
        return fail(run, "an indented line without a `with` above it");
    } else {
        arguments_append(&line->arguments, &run->shared);
    }
    return run_command(run, line->command, &line->arguments);
}

static bool run_line(struct run *run, varve_slice text)
{
    varve_slice trimmed = text_trim(text);
    struct line line;
    size_t column;

    if (trimmed.size == 0 || trimmed.data[0] == '#')
        return true;
    if (!line_parse(text, &line, &column))
        return fail(run, "cannot parse directive at column %zu: %.*s", column, (int)text.size,
                    (const char *)text.data);
    bool done = run_parsed(run, &line, text.data[0] == ' ');
    line_release(&line);
    return done;
}

/* Up to the end, a problem, or an error, which a script may expect. */
static bool run_lines(struct run *run, const struct block *block)
{
    varve_slice rest = block->input;

    for (run->line = block->input_line; rest.size > 0; run->line++) {
        if (!run_line(run, text_cut(&rest, '\n')))
            return false;
        if (run->error != NULL)
            return true;
    }
    return true;
}

/* ---- The block ----------------------------------------------------------------------------- */

/* What follows the lines; `line` is that of the directive. */
static bool finish(struct run *run, size_t line, bool expects_error)
{
    bool change = run->txn_change || run->data_change;

    if (!run->trace && change) {
        fputs(">> at end:\n", run->out);
        if (!report(run, run->txn_change, run->data_change))
            return false;
    }
    if (run->error != NULL && !expects_error)
        return fail(run, "error: %s", run->error);
    if (run->error == NULL && expects_error) {
        run->line = line;
        return fail(run, "no error, though one is expected");
    }
    if (run->error != NULL)
        fprintf(run->out, "error: %s\n", run->error);
    return true;
}

bool run_block(struct session *session, const struct block *block, const struct line *directive,
               FILE *out, struct run_problem *problem)
{
    struct run run = {.session = session,
                      .out = out,
                      .problem = problem,
                      .trace = arguments_find(&directive->arguments, "trace") != NULL};
    bool expects_error = arguments_find(&directive->arguments, "error") != NULL;

    bool done = run_lines(&run, block) && finish(&run, block->line, expects_error);
    arguments_release(&run.shared);
    free(run.error);
    return done;
}
