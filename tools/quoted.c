/* Text in double quotes with escapes. */
#include "quoted.h"

bool quoted_is(varve_slice text)
{
    return text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"';
}

/* The byte that a single letter behind a backslash means, or -1. */
static int simple_escape(unsigned char letter)
{
    static const char letters[] = "\"\\abtnvfr";
    static const char bytes[] = "\"\\\a\b\t\n\v\f\r";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);

    return found == NULL ? -1 : bytes[found - letters];
}

static int digit_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Read `count` hexadecimal digits.  Returns false if there are fewer. */
static bool read_digits(varve_slice text, size_t count, uint32_t *number)
{
    *number = 0;
    if (text.size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int value = digit_value(text.data[i]);
        if (value < 0)
            return false;
        *number = *number << 4 | (uint32_t)value;
    }
    return true;
}

/* Write a character as UTF-8.  Returns how many bytes that takes; 0 for a number that is none. */
static size_t write_character(uint32_t code, unsigned char *out)
{
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (unsigned char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (unsigned char)(marks[size] | code);
    return size;
}

/*
 * Read the escape behind a backslash.  Returns how many characters of the text it takes, 0 if it is
 * none; `*written` is how many bytes it has become.
 */
static size_t read_escape(varve_slice text, unsigned char *out, size_t *written)
{
    unsigned char letter = text.size == 0 ? 0 : text.data[0];
    size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    uint32_t number;
    int byte = simple_escape(letter);

    *written = 1;
    if (digits == 0) {
        *out = (unsigned char)byte;
        return byte < 0 ? 0 : 1;
    }
    if (!read_digits(varve_slice_of(text.data + 1, text.size - 1), digits, &number))
        return 0;
    if (letter == 'x')
        *out = (unsigned char)number;
    else
        *written = write_character(number, out);
    return *written == 0 ? 0 : digits + 1;
}

bool quoted_read(struct bytes *bytes, varve_slice text, size_t *wrong_at)
{
    size_t end = text.size - 1;
    size_t size = 0;

    *wrong_at = 0;
    if (!quoted_is(text))
        return false;
    /* No escape becomes longer than it is. */
    unsigned char *out = malloc(text.size);
    *wrong_at = SIZE_MAX;
    if (out == NULL)
        return false;
    for (size_t at = 1; at < end;) {
        size_t written = 1;
        size_t taken = 1;
        if (text.data[at] == '"') {
            taken = 0;
        } else if (text.data[at] == '\\') {
            size_t rest = end - at - 1;
            taken = read_escape(varve_slice_of(text.data + at + 1, rest), out + size, &written);
            taken += taken != 0;
        } else {
            out[size] = text.data[at];
        }
        if (taken == 0) {
            *wrong_at = at;
            free(out);
            return false;
        }
        at += taken;
        size += written;
    }
    bytes_release(bytes);
    bytes->data = out;
    bytes->size = size;
    return true;
}
