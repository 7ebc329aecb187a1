/* Exports as text. */
#include "record_file.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

/* The longest line: a key and a value of the largest size, and what stands around them. */
#define LINE_MAX_SIZE (2 * (size_t)VARVE_VALUE_SIZE_MAX + 2 * (size_t)VARVE_KEY_SIZE_MAX + 256)

enum { AROUND_MAX = 256 };

/* ---- Writing ------------------------------------------------------------------------------- */

static void put(struct record_writer *writer, const char *bytes, size_t size)
{
    if (writer->error != 0)
        return;
    writer->crc = (uint32_t)crc32_z(writer->crc, (const unsigned char *)bytes, size);
    writer->bytes += size;
    if (writer->file == NULL)
        out_bytes(bytes, size);
    else if (fwrite(bytes, 1, size, writer->file) != size)
        writer->error = errno == 0 ? EIO : errno;
}

static char *append_text(char *at, const char *text)
{
    size_t size = strlen(text);

    memcpy(at, text, size);
    return at + size;
}

static char *append_hex(char *at, varve_slice bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.size; i++) {
        *at++ = digits[bytes.data[i] >> 4];
        *at++ = digits[bytes.data[i] & 0xF];
    }
    return at;
}

/* Room for a line with so many bytes in hexadecimal; false if memory runs out. */
static bool reserve(struct record_writer *writer, size_t bytes)
{
    size_t wanted = 2 * bytes + AROUND_MAX;

    if (writer->error != 0 || wanted <= writer->room)
        return writer->error == 0;
    char *larger = realloc(writer->line, wanted);
    if (larger == NULL) {
        writer->error = ENOMEM;
        return false;
    }
    writer->line = larger;
    writer->room = wanted;
    return true;
}

void record_writer_begin(struct record_writer *writer, varve_span span)
{
    if (!reserve(writer, span.start.size + span.end.size))
        return;
    char *at = append_text(writer->line, "{\"varve_records\":1,\"start\":\"");
    at = append_text(append_hex(at, span.start), "\",\"end\":\"");
    at = append_text(append_hex(at, span.end), "\"}\n");
    put(writer, writer->line, (size_t)(at - writer->line));
}

void record_writer_add(struct record_writer *writer, varve_slice key, varve_ts ts,
                       varve_slice value)
{
    char time[VARVE_TS_TEXT_MAX];

    if (!reserve(writer, key.size + value.size))
        return;
    char *at = append_hex(append_text(writer->line, "{\"key\":\""), key);
    if (varve_ts_is_zero(ts)) {
        at = append_text(at, "\",\"meta\":\"");
    } else {
        at = append_text(append_text(at, "\",\"time\":\""), varve_ts_format(ts, time));
        at = append_text(at, "\",\"value\":\"");
    }
    at = append_text(append_hex(at, value), "\"}\n");
    put(writer, writer->line, (size_t)(at - writer->line));
    writer->records++;
}

void record_writer_end(struct record_writer *writer)
{
    char line[AROUND_MAX];
    int size =
        snprintf(line, sizeof line, "{\"records\":%" PRIu64 ",\"crc32\":\"%08" PRIx32 "\"}\n",
                 writer->records, writer->crc);

    put(writer, line, (size_t)size);
}

void record_writer_release(struct record_writer *writer)
{
    free(writer->line);
    writer->line = NULL;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* A line that is being taken apart. */
struct scan {
    varve_slice left;
    struct import_place place;
    struct import_fault *fault;
};

static bool wrong(const struct scan *scan, const char *what)
{
    return import_malformed(scan->fault, scan->place, "%s", what);
}

static bool begins(const struct scan *scan, const char *text)
{
    size_t size = strlen(text);

    return scan->left.size >= size && memcmp(scan->left.data, text, size) == 0;
}

static bool accept(struct scan *scan, const char *text)
{
    size_t size = strlen(text);

    if (!begins(scan, text))
        return false;
    scan->left = varve_slice_of(scan->left.data + size, scan->left.size - size);
    return true;
}

/* What stands in front of the next double quote, which is left. */
static varve_slice take_text(struct scan *scan)
{
    const unsigned char *quote = memchr(scan->left.data, '"', scan->left.size);
    size_t size = quote == NULL ? scan->left.size : (size_t)(quote - scan->left.data);
    varve_slice text = varve_slice_of(scan->left.data, size);

    scan->left = varve_slice_of(scan->left.data + size, scan->left.size - size);
    return text;
}

static bool take_hex(struct scan *scan, struct bytes *bytes)
{
    bool is_hex = false;

    if (bytes_from_hex(bytes, take_text(scan), &is_hex))
        return true;
    return is_hex ? import_no_memory(scan->fault)
                  : wrong(scan, "there are no hexadecimal digits where bytes should be");
}

static bool read_first_line(struct record_reader *reader, struct import_fault *fault)
{
    struct scan scan = {.place = reader->in.place, .fault = fault};
    enum import_step step = import_input_line(&reader->in, LINE_MAX_SIZE, &scan.left, fault);

    if (step == IMPORT_FAULT)
        return false;
    if (step == IMPORT_END || !accept(&scan, "{\"varve_records\":"))
        return wrong(&scan, "this is no export of records: `varve export` writes them");
    if (!accept(&scan, "1,\"start\":\""))
        return wrong(&scan, "the export was written by another version of varve");
    return take_hex(&scan, &reader->start) &&
           (accept(&scan, "\",\"end\":\"") || wrong(&scan, "the first line has no end")) &&
           take_hex(&scan, &reader->end) &&
           ((accept(&scan, "\"}") && scan.left.size == 0) ||
            wrong(&scan, "the first line goes on behind its end"));
}

bool record_reader_open(struct record_reader *reader, const char *path, struct import_fault *fault)
{
    bool is_stdin = strcmp(path, "-") == 0;

    reader->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0)
        return import_failed_input(fault, TOOL_IO, "%s", strerror(errno));
    if (!import_input_open(&reader->in, import_read_fd, &reader->fd))
        return import_no_memory(fault);
    return read_first_line(reader, fault);
}

static bool take_time(struct scan *scan, varve_ts *ts)
{
    if (varve_ts_parse(take_text(scan), ts, NULL) != VARVE_OK || varve_ts_is_zero(*ts))
        return wrong(scan, "there is no time above zero where one should be");
    return accept(scan, "\",\"value\":\"") || wrong(scan, "there is no value behind the time");
}

/* The engine key of what has been read, which has to lie behind the one before. */
static bool make_engine_key(struct record_reader *reader, const struct scan *scan)
{
    varve_buf other = reader->before;
    varve_slice key = bytes_slice(&reader->key);

    reader->before = reader->engine_key;
    reader->engine_key = other;
    reader->engine_key.size = 0;
    if (varve_slice_compare(key, bytes_slice(&reader->start)) < 0 ||
        varve_slice_compare(key, bytes_slice(&reader->end)) >= 0)
        return wrong(scan, "the key lies outside of the range that the first line has");
    if (varve_key_encode(key, reader->ts, &reader->engine_key, NULL) != VARVE_OK)
        return wrong(scan, "the key is none that can be stored");
    if (!reader->in_any_order && varve_slice_compare(varve_buf_slice(&reader->before),
                                                     varve_buf_slice(&reader->engine_key)) >= 0)
        return wrong(scan, "the record does not come behind the one before it");
    return true;
}

static bool read_record(struct record_reader *reader, struct scan *scan)
{
    reader->ts = varve_ts_zero();
    if (!take_hex(scan, &reader->key))
        return false;
    if (accept(scan, "\",\"time\":\"")) {
        if (!take_time(scan, &reader->ts))
            return false;
    } else if (!accept(scan, "\",\"meta\":\"")) {
        return wrong(scan, "there is neither a time nor metadata behind the key");
    }
    if (!take_hex(scan, &reader->value))
        return false;
    if (!accept(scan, "\"}") || scan->left.size != 0)
        return wrong(scan, "the line goes on behind its end");
    reader->records++;
    return make_engine_key(reader, scan);
}

/* The last line has to be of what stands in front of it, and to be the last. */
static enum import_step read_last_line(struct record_reader *reader, const struct scan *scan,
                                       uint32_t crc)
{
    char line[AROUND_MAX];
    varve_slice more;
    int size = snprintf(line, sizeof line, "{\"records\":%" PRIu64 ",\"crc32\":\"%08" PRIx32 "\"}",
                        reader->records, crc);

    reader->has_last_line = true;
    reader->has_ended = true;
    if (!reader->is_damaged && !varve_slice_equal(scan->left, varve_slice_of(line, (size_t)size))) {
        wrong(scan, "the last line does not fit what stands in front of it: the export is damaged");
        scan->fault->code = TOOL_CORRUPT;
        return IMPORT_FAULT;
    }
    enum import_step step = import_input_line(&reader->in, LINE_MAX_SIZE, &more, scan->fault);
    if (step == IMPORT_OK)
        wrong(scan, "there are lines behind the last one");
    return step == IMPORT_OK ? IMPORT_FAULT : step;
}

enum import_step record_reader_next(struct record_reader *reader, struct import_fault *fault)
{
    uint32_t crc = import_input_crc(&reader->in);
    struct scan scan = {.place = reader->in.place, .fault = fault};
    enum import_step step = import_input_line(&reader->in, LINE_MAX_SIZE, &scan.left, fault);

    if (step == IMPORT_FAULT)
        return step;
    if (step == IMPORT_END) {
        reader->has_ended = true;
        wrong(&scan, "the last line is missing: the export has been cut short");
        fault->code = TOOL_CORRUPT;
        return IMPORT_FAULT;
    }
    if (begins(&scan, "{\"records\":"))
        return read_last_line(reader, &scan, crc);
    if (!accept(&scan, "{\"key\":\"")) {
        wrong(&scan, "the line is no record");
        return IMPORT_FAULT;
    }
    return read_record(reader, &scan) ? IMPORT_OK : IMPORT_FAULT;
}

void record_reader_close(struct record_reader *reader)
{
    import_input_close(&reader->in);
    if (reader->fd > STDIN_FILENO)
        close(reader->fd);
    bytes_release(&reader->start);
    bytes_release(&reader->end);
    bytes_release(&reader->key);
    bytes_release(&reader->value);
    varve_buf_release(&reader->engine_key);
    varve_buf_release(&reader->before);
    *reader = (struct record_reader){0};
}
