/* Reading the input of an import in chunks, with its place and its checksum. */
#include "import_input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_SIZE ((size_t)256 << 10)

/* ---- Faults -------------------------------------------------------------------------------- */

static void note(struct import_fault *fault, enum tool_exit code, const char *format,
                 va_list arguments) VARVE_PRINTF(3, 0);

static void note(struct import_fault *fault, enum tool_exit code, const char *format,
                 va_list arguments)
{
    fault->code = code;
    fault->placed = false;
    fault->of_input = false;
    /* Failures of files and stores name paths; else what is formatted comes from the data. */
    fault->quotes = code != TOOL_IO && code != TOOL_STORE && strchr(format, '%') != NULL;
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
}

bool import_malformed(struct import_fault *fault, struct import_place place, const char *format,
                      ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(fault, TOOL_REFUSED, format, arguments);
    va_end(arguments);
    fault->placed = true;
    fault->place = place;
    return false;
}

bool import_failed_input(struct import_fault *fault, enum tool_exit code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(fault, code, format, arguments);
    va_end(arguments);
    fault->of_input = true;
    fault->quotes = false; /* numbers */
    return false;
}

bool import_failed(struct import_fault *fault, enum tool_exit code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(fault, code, format, arguments);
    va_end(arguments);
    return false;
}

bool import_failed_error(struct import_fault *fault, varve_error *err, const char *what)
{
    import_failed(fault, cli_exit_of(err->status), "%s: %s%s", what, err->message,
                  cli_way_out(err->status));
    varve_error_release(err);
    return false;
}

bool import_no_memory(struct import_fault *fault)
{
    return import_failed(fault, TOOL_IO, "memory ran out");
}

enum tool_exit import_fail(const struct cli *cli, const char *name,
                           const struct import_fault *fault, const char *rest)
{
    const char *text = cli->redact && fault->quotes
                           ? "what is there is refused; without --redact it is said why"
                           : fault->message;

    if (fault->of_input)
        return cli_fail(cli, fault->code, "%s: %s%s", name, text, rest);
    if (!fault->placed)
        return cli_fail(cli, fault->code, "%s%s", text, rest);
    return cli_fail(cli, fault->code, "%s: line %" PRIu64 ", byte %" PRIu64 ": %s%s", name,
                    fault->place.line, fault->place.offset, text, rest);
}

/* ---- Growing bytes ------------------------------------------------------------------------- */

void import_bytes_release(struct import_bytes *bytes)
{
    free(bytes->data);
    memset(bytes, 0, sizeof *bytes);
}

bool import_bytes_reserve(struct import_bytes *bytes, size_t extra)
{
    if (extra <= bytes->capacity - bytes->size)
        return true;
    if (extra > SIZE_MAX / 2 - bytes->size)
        return false;
    size_t capacity = bytes->capacity + bytes->capacity / 2;
    if (capacity < bytes->size + extra)
        capacity = bytes->size + extra;
    if (capacity < 64)
        capacity = 64;
    unsigned char *data = realloc(bytes->data, capacity);
    if (data == NULL)
        return false;
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

bool import_bytes_append(struct import_bytes *bytes, const void *data, size_t size)
{
    if (!import_bytes_reserve(bytes, size))
        return false;
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return true;
}

/* ---- The stream ---------------------------------------------------------------------------- */

bool import_input_open(struct import_input *in, import_read_fn read, void *arg)
{
    memset(in, 0, sizeof *in);
    in->read = read;
    in->arg = arg;
    in->place.line = 1;
    in->crc = (uint32_t)crc32(0, NULL, 0);
    in->chunk = malloc(CHUNK_SIZE);
    return in->chunk != NULL;
}

void import_input_close(struct import_input *in)
{
    free(in->chunk);
    in->chunk = NULL;
    import_bytes_release(&in->line);
}

uint64_t import_size_of(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    return (uint64_t)status.st_size;
}

ssize_t import_read_fd(void *arg, void *buffer, size_t size)
{
    const int *fd = arg;
    ssize_t got;
    do
        got = read(*fd, buffer, size);
    while (got < 0 && errno == EINTR);
    return got;
}

uint32_t import_input_crc(struct import_input *in)
{
    in->crc = (uint32_t)crc32(in->crc, in->chunk + in->summed, (uInt)(in->start - in->summed));
    in->summed = in->start;
    return in->crc;
}

/* Read the next chunk; the one before has been taken. */
static enum import_step refill(struct import_input *in, struct import_fault *fault)
{
    import_input_crc(in);
    in->start = in->end = in->summed = 0;
    ssize_t got = in->at_end ? 0 : in->read(in->arg, in->chunk, CHUNK_SIZE);
    if (got < 0) {
        import_failed_input(fault, TOOL_IO, "reading failed at byte %llu: %s",
                            (unsigned long long)in->place.offset, strerror(errno));
        return IMPORT_FAULT;
    }
    in->end = (size_t)got;
    in->at_end = got == 0;
    return got == 0 ? IMPORT_END : IMPORT_OK;
}

enum import_step import_input_window(struct import_input *in, varve_slice *window,
                                     struct import_fault *fault)
{
    if (in->start == in->end) {
        enum import_step step = refill(in, fault);
        if (step != IMPORT_OK)
            return step;
    }
    *window = varve_slice_of(in->chunk + in->start, in->end - in->start);
    return IMPORT_OK;
}

void import_input_take(struct import_input *in, size_t size)
{
    const unsigned char *from = in->chunk + in->start;
    const unsigned char *end = from + size;
    in->start += size;
    in->place.offset += size;
    while (from < end && (from = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        in->place.line++;
        from++;
    }
}

enum import_step import_input_chunk(struct import_input *in, size_t max, varve_slice *chunk,
                                    struct import_fault *fault)
{
    enum import_step step = import_input_window(in, chunk, fault);
    if (step != IMPORT_OK)
        return step;
    if (chunk->size > max)
        chunk->size = max;
    import_input_take(in, chunk->size);
    return IMPORT_OK;
}

/* The part of a line that this window holds. */
static size_t line_part(varve_slice window, bool *ends)
{
    const unsigned char *newline = memchr(window.data, '\n', window.size);
    *ends = newline != NULL;
    return newline == NULL ? window.size : (size_t)(newline - window.data);
}

enum import_step import_input_line(struct import_input *in, size_t max, varve_slice *line,
                                   struct import_fault *fault)
{
    struct import_place place = in->place;
    in->line.size = 0;
    for (bool first = true;; first = false) {
        varve_slice window;
        enum import_step step = import_input_window(in, &window, fault);
        if (step == IMPORT_FAULT || (step == IMPORT_END && first))
            return step;
        if (step == IMPORT_END)
            break;
        bool ends;
        size_t size = line_part(window, &ends);
        if (size > max - in->line.size) {
            import_malformed(fault, place, "the line is longer than %zu bytes", max);
            return IMPORT_FAULT;
        }
        bool whole = first && ends; /* then it can be lent as it lies */
        if (!whole && !import_bytes_append(&in->line, window.data, size)) {
            import_no_memory(fault);
            return IMPORT_FAULT;
        }
        import_input_take(in, size + (ends ? 1 : 0));
        if (whole)
            *line = varve_slice_of(window.data, size);
        if (whole)
            return IMPORT_OK;
        if (ends)
            break;
    }
    *line = import_bytes_slice(&in->line);
    return IMPORT_OK;
}
