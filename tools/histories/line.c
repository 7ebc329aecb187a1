/* Lines of the language. */
#include "line.h"

#include "memory.h"

#include <stdlib.h>

/* ---- Text ---------------------------------------------------------------------------------- */

static bool is_white(unsigned char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

varve_slice text_trim(varve_slice text)
{
    while (text.size > 0 && is_white(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_white(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool text_is(varve_slice text, const char *word)
{
    return varve_slice_equal(text, varve_slice_text(word));
}

bool text_begins(varve_slice text, const char *start)
{
    size_t size = strlen(start);

    return text.size >= size && memcmp(text.data, start, size) == 0;
}

varve_slice text_cut(varve_slice *text, char separator)
{
    const unsigned char *found = text->size == 0 ? NULL : memchr(text->data, separator, text->size);
    size_t size = found == NULL ? text->size : (size_t)(found - text->data);
    size_t dropped = found == NULL ? size : size + 1;
    varve_slice front = varve_slice_of(text->data, size);

    *text = varve_slice_of(dropped == 0 ? text->data : text->data + dropped, text->size - dropped);
    return front;
}

bool text_int64(varve_slice text, int64_t *number)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t at = text.size > 0 && (negative || text.data[0] == '+') ? 1 : 0;
    int64_t value = 0;

    if (at == text.size)
        return false;
    for (; at < text.size; at++) {
        int digit = text.data[at] - '0';

        if (digit < 0 || digit > 9)
            return false;
        /* Downwards for negative ones: the lowest number has no positive counterpart. */
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *number = value;
    return true;
}

bool text_int32(varve_slice text, int32_t *number)
{
    int64_t wide;

    if (!text_int64(text, &wide) || wide < INT32_MIN || wide > INT32_MAX)
        return false;
    *number = (int32_t)wide;
    return true;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static bool is_word_byte(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-/_,.", byte) != NULL);
}

static bool is_value_byte(unsigned char byte)
{
    return is_word_byte(byte) || byte == '@' || byte == '=' || byte == '+';
}

/* The size of a value with the `=` in front of it; 0 if it is none. */
static size_t value_size(varve_slice text)
{
    size_t size = 1;

    if (size < text.size && text.data[size] == '(') {
        const unsigned char *end = memchr(text.data, ')', text.size);
        return end == NULL ? 0 : (size_t)(end - text.data) + 1;
    }
    while (size < text.size && is_value_byte(text.data[size]))
        size++;
    return size;
}

/*
 * The token at the front of `text`, which it is dropped from with the blanks around it.  False if
 * there is none.
 */
static bool take_token(varve_slice *text, varve_slice *token)
{
    const unsigned char *data = text->data;
    size_t start = 0;

    while (start < text->size && data[start] == ' ')
        start++;
    size_t end = start;
    while (end < text->size && is_word_byte(data[end]))
        end++;
    if (end == start)
        return false;
    if (end < text->size && data[end] == '=')
        end += value_size(varve_slice_of(data + end, text->size - end));
    if (end < text->size && data[end] != ' ')
        return false;
    *token = varve_slice_of(data + start, end - start);
    size_t taken = end < text->size ? end + 1 : end;
    *text = varve_slice_of(data + taken, text->size - taken);
    return true;
}

static size_t count_values(varve_slice list)
{
    size_t count = 1;

    for (size_t i = 0; i < list.size; i++)
        count += list.data[i] == ',';
    return count;
}

static struct argument parse_argument(varve_slice token)
{
    struct argument argument = {.key = token};
    varve_slice value = token;

    if (memchr(token.data, '=', token.size) == NULL)
        return argument;
    argument.key = text_cut(&value, '=');
    argument.value = value;
    argument.count = 1;
    /* Parentheses with nothing between them are a value as they stand. */
    if (value.size > 2 && value.data[0] == '(' && value.data[value.size - 1] == ')') {
        argument.value = varve_slice_of(value.data + 1, value.size - 2);
        argument.count = count_values(argument.value);
        if (argument.count == 1)
            argument.value = text_trim(argument.value);
    }
    return argument;
}

bool line_parse(varve_slice text, struct line *line, size_t *column)
{
    varve_slice rest = text;
    varve_slice token;

    *line = (struct line){0};
    *column = 1;
    if (!take_token(&rest, &line->command))
        return false;
    while (rest.size > 0) {
        if (!take_token(&rest, &token)) {
            *column = text.size - rest.size + 1;
            line_release(line);
            return false;
        }
        struct argument argument = parse_argument(token);
        arguments_append(&line->arguments, &(struct arguments){&argument, 1});
    }
    return true;
}

void line_release(struct line *line)
{
    arguments_release(&line->arguments);
}

const struct argument *arguments_find(const struct arguments *arguments, const char *key)
{
    for (size_t i = 0; i < arguments->count; i++) {
        if (text_is(arguments->list[i].key, key))
            return &arguments->list[i];
    }
    return NULL;
}

void arguments_append(struct arguments *arguments, const struct arguments *more)
{
    size_t count = arguments->count + more->count;

    if (more->count == 0)
        return;
    arguments->list = memory_resize(arguments->list, count * sizeof *arguments->list);
    memcpy(&arguments->list[arguments->count], more->list, more->count * sizeof *more->list);
    arguments->count = count;
}

void arguments_release(struct arguments *arguments)
{
    free(arguments->list);
    *arguments = (struct arguments){0};
}

varve_slice argument_value(const struct argument *argument, size_t index)
{
    varve_slice rest = argument->value;

    /* A single value may hold commas: it is no list. */
    if (argument->count < 2)
        return rest;
    while (index-- > 0)
        text_cut(&rest, ',');
    return text_trim(text_cut(&rest, ','));
}
