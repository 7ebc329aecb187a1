/* Bytes that the tool owns. */
#include "bytes.h"

static void take(struct bytes *bytes, unsigned char *data, size_t size)
{
    bytes_release(bytes);
    bytes->data = data;
    bytes->size = size;
}

bool bytes_copy(struct bytes *bytes, varve_slice source)
{
    unsigned char *data = malloc(source.size + 1);

    if (data == NULL)
        return false;
    if (source.size != 0)
        memcpy(data, source.data, source.size);
    take(bytes, data, source.size);
    return true;
}

static int digit_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_hex_text(varve_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (digit_value(text.data[i]) < 0)
            return false;
    }
    return text.size % 2 == 0;
}

bool bytes_from_hex(struct bytes *bytes, varve_slice text, bool *is_hex)
{
    *is_hex = is_hex_text(text);
    if (!*is_hex)
        return false;
    unsigned char *data = malloc(text.size / 2 + 1);
    if (data == NULL)
        return false;
    for (size_t i = 0; i < text.size; i += 2)
        data[i / 2] =
            (unsigned char)(digit_value(text.data[i]) * 16 + digit_value(text.data[i + 1]));
    take(bytes, data, text.size / 2);
    return true;
}

char *bytes_to_hex(varve_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * bytes.size + 1);

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    text[2 * bytes.size] = '\0';
    return text;
}
