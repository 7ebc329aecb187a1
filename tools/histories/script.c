/* History files. */
#include "script.h"

#include <stdlib.h>

static const char separator[] = "----";

/* ---- Lines of a file ----------------------------------------------------------------------- */

void script_begin(struct script *script, varve_slice text)
{
    *script = (struct script){.text = text, .line = 1};
}

static bool at_end(const struct script *script)
{
    return script->at == script->text.size;
}

/* The line that is read next, without reading it. */
static varve_slice peek_line(const struct script *script)
{
    varve_slice rest = script->text;

    rest.data = rest.size == 0 ? NULL : rest.data + script->at;
    rest.size -= script->at;
    return text_cut(&rest, '\n');
}

static varve_slice take_line(struct script *script)
{
    varve_slice line = peek_line(script);

    script->at += line.size;
    if (!at_end(script))
        script->at++; /* its LF */
    script->line++;
    return line;
}

/* ---- Directives ---------------------------------------------------------------------------- */

/* `line` with those that it goes on in. */
static char *join_lines(struct script *script, varve_slice line)
{
    char *joined = memory_text(line.data, line.size);

    while (line.size > 0 && joined[line.size - 1] == '\\' && !at_end(script)) {
        varve_slice next = text_trim(take_line(script));

        joined = memory_resize(joined, line.size + next.size + 1);
        joined[line.size - 1] = ' ';
        if (next.size > 0)
            memcpy(joined + line.size, next.data, next.size);
        line.size += next.size;
        joined[line.size] = '\0';
    }
    return joined;
}

/* ---- Input and expectation ----------------------------------------------------------------- */

static void take_input(struct script *script, struct block *block)
{
    size_t start = script->at;
    size_t end = start;

    block->input_line = script->line;
    while (!at_end(script)) {
        if (text_is(take_line(script), separator)) {
            block->has_separator = true;
            break;
        }
        end = script->at;
    }
    varve_slice whole = varve_slice_of(script->text.data + start, end - start);
    block->input = text_trim(whole);
    for (const unsigned char *byte = whole.data; byte < block->input.data; byte++)
        block->input_line += *byte == '\n';
}

static void write_line(varve_slice line, FILE *out)
{
    if (line.size > 0)
        fwrite(line.data, 1, line.size, out);
    fputc('\n', out);
}

/* Read up to the first line that is blank, which stays. */
static void take_simple_expectation(struct script *script, FILE *expected)
{
    while (!at_end(script)) {
        varve_slice line = peek_line(script);

        if (text_trim(line).size == 0)
            return;
        take_line(script);
        write_line(line, expected);
    }
}

/* Read up to two separators in a row, which go too. */
static void take_doubled_expectation(struct script *script, FILE *expected)
{
    while (!at_end(script)) {
        varve_slice line = take_line(script);

        if (text_is(line, separator) && text_is(peek_line(script), separator)) {
            take_line(script);
            return;
        }
        write_line(line, expected);
    }
}

static void take_expectation(struct script *script, struct block *block)
{
    struct text expected;

    text_begin(&expected);
    block->start = script->at;
    block->doubled = block->has_separator && text_is(peek_line(script), separator);
    if (block->doubled) {
        take_line(script);
        take_doubled_expectation(script, expected.file);
    } else if (block->has_separator) {
        take_simple_expectation(script, expected.file);
    }
    block->end = script->at;
    text_end(&expected);
    block->expected = expected.data;
    block->expected_size = expected.size;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* What the first word of a directive is decides whether anything belongs to it. */
static bool has_input(const char *directive)
{
    varve_slice rest = varve_slice_text(directive);
    varve_slice word = text_cut(&rest, ' ');

    return !text_is(word, "skip") && !text_is(word, "subtest");
}

bool script_next(struct script *script, struct block *block)
{
    *block = (struct block){0};
    while (!at_end(script)) {
        block->line = script->line;
        varve_slice line = text_trim(take_line(script));

        if (line.size == 0 || line.data[0] == '#')
            continue;
        block->directive = join_lines(script, line);
        if (has_input(block->directive)) {
            take_input(script, block);
            take_expectation(script, block);
        }
        return true;
    }
    return false;
}

void block_release(struct block *block)
{
    free(block->directive);
    free(block->expected);
    *block = (struct block){0};
}

/* ---- Rewriting ----------------------------------------------------------------------------- */

/* Whether a simple expectation could not hold `actual`. */
static bool needs_doubling(varve_slice actual)
{
    varve_slice rest = actual;

    if (text_is(text_cut(&rest, '\n'), separator))
        return true;
    for (rest = actual; rest.size > 0;) {
        if (text_trim(text_cut(&rest, '\n')).size == 0)
            return true;
    }
    return false;
}

void block_rewrite(const struct block *block, varve_slice actual, varve_slice file,
                   struct text *out)
{
    bool doubled = needs_doubling(actual);
    bool last = block->end == file.size;

    if (!block->has_separator) {
        if (block->start > 0 && file.data[block->start - 1] != '\n')
            fputc('\n', out->file);
        fprintf(out->file, "%s\n", separator);
    }
    if (doubled)
        fprintf(out->file, "%s\n", separator);
    if (actual.size > 0)
        fwrite(actual.data, 1, actual.size, out->file);
    if (doubled)
        fprintf(out->file, "%s\n%s\n", separator, separator);
    else if (block->doubled && !last && file.data[block->end] != '\n')
        fputc('\n', out->file);
}
