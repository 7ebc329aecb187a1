/* Checking history files. */
#include "check.h"

#include "diff.h"
#include "run.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Files --------------------------------------------------------------------------------- */

static void complain(const char *path)
{
    fprintf(stderr, "varve-histories: %s: %s\n", path, strerror(errno));
}

static bool read_file(const char *path, struct text *text)
{
    char piece[4096];
    size_t size;
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        complain(path);
        return false;
    }
    text_begin(text);
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        fwrite(piece, 1, size, text->file);
    bool done = ferror(file) == 0;
    if (!done)
        complain(path);
    fclose(file);
    text_end(text);
    if (!done)
        free(text->data);
    return done;
}

static bool write_file(const char *path, const struct text *text)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL) {
        complain(path);
        return false;
    }
    bool done = fwrite(text->data, 1, text->size, file) == text->size;
    done = fclose(file) == 0 && done;
    if (!done)
        complain(path);
    return done;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* A file being checked. */
struct state {
    const struct check *check;
    struct session session;
    struct text file;
    size_t copied;         /* of the file, into what it becomes */
    struct text rewritten; /* what it becomes */
    char *group;           /* the names of the subtests that are open, or NULL */
    bool ended;            /* by `skip`, or by a block that differs */
    struct tally *tally;
};

/* Tell of a block that cannot be run, or does not match, which ends the file. */
static void differ(struct state *state, size_t line, const char *text)
{
    const struct check *check = state->check;

    fprintf(check->out, "%s:%zu: %s: %s\n", check->path, line, check->backend_name, text);
    state->tally->differing++;
    state->ended = true;
}

static void replace(struct state *state, const struct block *block, varve_slice actual)
{
    const char *data = state->file.data;

    fwrite(data + state->copied, 1, block->start - state->copied, state->rewritten.file);
    block_rewrite(block, actual, varve_slice_of(data, state->file.size), &state->rewritten);
    state->copied = block->end;
}

static void compare(struct state *state, const struct block *block, varve_slice actual)
{
    varve_slice expected = varve_slice_of(block->expected, block->expected_size);

    if (varve_slice_equal(expected, actual)) {
        state->tally->matching++;
    } else if (state->check->rewrite) {
        replace(state, block, actual);
        state->tally->matching++;
    } else {
        differ(state, block->line, "the output is not as expected (- expected, + actual)");
        diff_print(expected, actual, state->check->out);
    }
}

static void run(struct state *state, const struct block *block, const struct line *directive)
{
    struct run_problem problem;
    struct text actual;

    text_begin(&actual);
    bool done = run_block(&state->session, block, directive, actual.file, &problem);
    text_end(&actual);
    if (done) {
        compare(state, block, varve_slice_of(actual.data, actual.size));
    } else {
        differ(state, problem.line, problem.text);
        free(problem.text);
    }
    free(actual.data);
}

/* ---- Directives ---------------------------------------------------------------------------- */

static void begin_group(struct state *state, const struct block *block, varve_slice name)
{
    size_t outer = state->group == NULL ? 0 : strlen(state->group);

    if (state->group != NULL &&
        !(text_begins(name, state->group) && name.size > outer && name.data[outer] == '/')) {
        differ(state, block->line, "the name of a subtest has to begin with that of the outer one");
        return;
    }
    free(state->group);
    state->group = memory_text(name.data, name.size);
}

static void end_group(struct state *state, const struct block *block, varve_slice name)
{
    if (state->group == NULL || (name.size > 0 && !text_is(name, state->group))) {
        differ(state, block->line, "there is no such subtest to end");
        return;
    }
    char *slash = strrchr(state->group, '/');
    if (slash != NULL) {
        *slash = '\0';
        return;
    }
    free(state->group);
    state->group = NULL;
}

static void take_subtest(struct state *state, const struct block *block, const struct line *line)
{
    const struct arguments *words = &line->arguments;
    varve_slice second = words->count > 1 ? words->list[1].key : varve_slice_of(NULL, 0);

    if (words->count > 0 && text_is(words->list[0].key, "end") && words->count < 3)
        end_group(state, block, second);
    else if (words->count == 1)
        begin_group(state, block, words->list[0].key);
    else
        differ(state, block->line, "write `subtest NAME` or `subtest end [NAME]`");
}

static void take_block(struct state *state, const struct block *block)
{
    struct line line;
    size_t column;
    char text[64];

    if (!line_parse(varve_slice_text(block->directive), &line, &column)) {
        snprintf(text, sizeof text, "cannot parse directive at column %zu", column);
        differ(state, block->line, text);
        return;
    }
    if (text_is(line.command, "run"))
        run(state, block, &line);
    else if (text_is(line.command, "skip"))
        state->ended = true;
    else if (text_is(line.command, "subtest"))
        take_subtest(state, block, &line);
    else
        differ(state, block->line, "unknown directive; the only ones are run, skip and subtest");
    line_release(&line);
}

/* ---- The file ------------------------------------------------------------------------------ */

static void take_blocks(struct state *state)
{
    struct script script;
    struct block block;

    script_begin(&script, varve_slice_of(state->file.data, state->file.size));
    while (!state->ended && script_next(&script, &block)) {
        take_block(state, &block);
        block_release(&block);
    }
}

static bool open_session(struct state *state)
{
    varve_error err = VARVE_ERROR_INIT;

    if (session_open(&state->session, state->check->backend, &err))
        return true;
    fprintf(stderr, "varve-histories: opening an engine: %s\n", err.message);
    varve_error_release(&err);
    return false;
}

bool check_file(const struct check *check, struct tally *tally)
{
    struct state state = {.check = check, .tally = tally};

    if (!read_file(check->path, &state.file))
        return false;
    tally->files++;
    text_begin(&state.rewritten);
    bool done = open_session(&state);
    if (done)
        take_blocks(&state);
    session_close(&state.session);
    fwrite(state.file.data + state.copied, 1, state.file.size - state.copied, state.rewritten.file);
    text_end(&state.rewritten);
    if (done && state.copied > 0)
        done = write_file(check->path, &state.rewritten);
    free(state.rewritten.data);
    free(state.file.data);
    free(state.group);
    return done;
}
