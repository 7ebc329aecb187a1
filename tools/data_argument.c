/* Arguments that are bytes. */
#include "data_argument.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

/* Read to the end of a stream.  Returns false with errno set; ENOMEM if memory runs out. */
static bool read_all(FILE *file, struct bytes *data)
{
    size_t room = 1 << 16;
    unsigned char *bytes = NULL;
    size_t size = 0;

    for (;;) {
        unsigned char *larger = realloc(bytes, room);
        if (larger == NULL)
            break;
        bytes = larger;
        size += fread(bytes + size, 1, room - size, file);
        if (size < room)
            break;
        room *= 2;
    }
    if (size < room && !ferror(file)) {
        data->data = bytes;
        data->size = size;
        return true;
    }
    if (!ferror(file))
        errno = ENOMEM;
    free(bytes);
    return false;
}

static enum tool_exit read_file(const struct cli *cli, const char *path, struct bytes *data)
{
    const char *name = path == NULL ? "standard input" : path;
    FILE *file = path == NULL ? stdin : fopen(path, "rb");

    errno = file == NULL ? errno : 0;
    bool good = file != NULL && read_all(file, data);
    int error = errno;
    if (file != NULL && path != NULL)
        fclose(file);
    if (good)
        return TOOL_OK;
    return cli_fail(cli, TOOL_IO, "%s: %s", name, strerror(error == 0 ? EIO : error));
}

/* The text without blanks and newlines, in place. */
static void squeeze(struct bytes *text)
{
    size_t kept = 0;

    for (size_t i = 0; i < text->size; i++) {
        if (!isspace(text->data[i]))
            text->data[kept++] = text->data[i];
    }
    text->size = kept;
}

static enum tool_exit from_hex(const struct cli *cli, const char *name, struct bytes *data)
{
    bool is_hex;

    squeeze(data);
    if (bytes_from_hex(data, bytes_slice(data), &is_hex))
        return TOOL_OK;
    if (is_hex)
        return cli_fail(cli, TOOL_IO, "out of memory");
    return cli_fail(cli, TOOL_USAGE, "%s is not hexadecimal, two digits a byte", name);
}

enum tool_exit data_argument_read(const struct cli *cli, const char *name, const char *text,
                                  struct bytes *data)
{
    enum tool_exit code;

    if (strcmp(text, "-") == 0)
        code = read_file(cli, NULL, data);
    else if (text[0] == '@')
        code = read_file(cli, text + 1, data);
    else if (text[0] == '"')
        return cli_quoted(cli, name, text, data);
    else
        return cli_hex_key(cli, name, text, data);
    return code == TOOL_OK && cli->hex ? from_hex(cli, name, data) : code;
}
