/*
 * Logs: rows of blocks, in which fragments make up the commits.
 *
 * A fragment has a checksum (CRC-32C of all behind the length, masked), a length, a type, and the
 * data; it does not cross the end of its block.  A commit is one fragment, or a first one, those in
 * the middle and a last one.
 */
#include "log_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

enum { BLOCK_SIZE = 32768, HEADER_SIZE = 7, LENGTH_AT = 4, TYPE_AT = 6 };

enum fragment { FRAGMENT_ZERO, FRAGMENT_FULL, FRAGMENT_FIRST, FRAGMENT_MIDDLE, FRAGMENT_LAST };

/* Sequence number and count, in front of the records. */
enum { COMMIT_HEADER_SIZE = 12 };

/* A log that is being read. */
struct reader {
    const struct log_walk *walk;
    const char *name;
    FILE *file;
    unsigned char block[BLOCK_SIZE];
    uint64_t start; /* of the block in the file */
    size_t size;    /* bytes of the block */
    size_t at;
    unsigned char *commit; /* what has been put together of one */
    size_t commit_size;
    size_t commit_room;
    uint64_t commit_at;
    bool is_open; /* there is a first fragment */
    bool is_lost; /* behind damage: what goes on from before it is not told of again */
    bool stopped;
    bool no_memory;
    uint64_t commits; /* of all logs so far */
    uint64_t bytes;
};

/* ---- Bytes --------------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;

    while (size > 0)
        number = number << 8 | bytes[--size];
    return number;
}

/* Castagnoli's polynomial, reflected. */
static uint32_t crc32c(const unsigned char *data, size_t size)
{
    static uint32_t table[256];
    uint32_t crc = UINT32_MAX;

    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t row = i;
            for (int bit = 0; bit < 8; bit++)
                row = row >> 1 ^ ((row & 1) != 0 ? 0x82F63B78U : 0);
            table[i] = row;
        }
    }
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xFF];
    return ~crc;
}

/* As it is stored, so that a checksum of data with checksums is a good one too. */
static uint32_t masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

static bool is_zero(const unsigned char *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

/* ---- Commits ------------------------------------------------------------------------------- */

static void tell(struct reader *reader, uint64_t offset, bool is_torn, const char *text)
{
    const struct log_fault fault = {reader->name, offset, is_torn, text};

    reader->is_open = false;
    reader->is_lost = true;
    reader->stopped = !reader->walk->fault(reader->walk->arg, &fault);
}

static void append(struct reader *reader, const unsigned char *data, size_t size)
{
    size_t wanted = reader->commit_size + size;

    if (wanted > reader->commit_room) {
        unsigned char *commit = realloc(reader->commit, 2 * wanted);
        reader->no_memory = commit == NULL;
        if (commit == NULL)
            return;
        reader->commit = commit;
        reader->commit_room = 2 * wanted;
    }
    memcpy(reader->commit + reader->commit_size, data, size);
    reader->commit_size = wanted;
}

static void hand_over(struct reader *reader)
{
    reader->is_open = false;
    if (reader->commit_size < COMMIT_HEADER_SIZE) {
        tell(reader, reader->commit_at, false, "a commit is too short to be one");
        return;
    }
    const struct log_commit commit = {reader->name, reader->commit_at, little(reader->commit, 8),
                                      varve_slice_of(reader->commit, reader->commit_size)};
    reader->commits++;
    reader->stopped = !reader->walk->commit(reader->walk->arg, &commit);
}

static void begin_commit(struct reader *reader, uint64_t offset)
{
    if (reader->is_open)
        tell(reader, reader->commit_at, false, "a commit has no end");
    reader->is_open = true;
    reader->is_lost = false;
    reader->commit_at = offset;
    reader->commit_size = 0;
}

static void take_fragment(struct reader *reader, unsigned type, const unsigned char *data,
                          size_t size)
{
    uint64_t offset = reader->start + reader->at;

    if (type == FRAGMENT_FULL || type == FRAGMENT_FIRST) {
        begin_commit(reader, offset);
    } else if (type != FRAGMENT_MIDDLE && type != FRAGMENT_LAST) {
        tell(reader, offset, false, "a part of a type that is not known");
        return;
    } else if (!reader->is_open) {
        if (!reader->is_lost)
            tell(reader, offset, false, "a commit has no beginning");
        return;
    }
    append(reader, data, size);
    if ((type == FRAGMENT_FULL || type == FRAGMENT_LAST) && !reader->no_memory)
        hand_over(reader);
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* Whether this is the last block; a file that grows while it is read ends where it ended. */
static bool is_last(const struct reader *reader)
{
    return reader->size < BLOCK_SIZE;
}

/* Where a file ends that does not end with a commit. */
static void tell_torn(struct reader *reader)
{
    tell(reader, reader->is_open ? reader->commit_at : reader->start + reader->at, true,
         "the log ends in the midst of a commit, which is not part of the store");
}

/* One part of the block at `at`, or what is wrong there; returns false behind the last. */
static bool read_fragment(struct reader *reader)
{
    const unsigned char *header = reader->block + reader->at;
    size_t left = reader->size - reader->at;

    if (left < HEADER_SIZE) {
        if (is_last(reader) && left > 0 && !is_zero(header, left))
            tell_torn(reader);
        return false;
    }
    size_t size = (size_t)little(header + LENGTH_AT, 2);
    unsigned type = header[TYPE_AT];
    if (type == FRAGMENT_ZERO && size == 0) {
        if (!is_zero(header, left) || !is_last(reader))
            tell(reader, reader->start + reader->at, false, "zeros stand for a commit");
        else if (left > 0)
            tell_torn(reader);
        return false;
    }
    if (size > left - HEADER_SIZE) {
        if (is_last(reader))
            tell_torn(reader);
        else
            tell(reader, reader->start + reader->at, false, "a length is too large");
        return false;
    }
    if (masked(crc32c(header + TYPE_AT, size + 1)) != (uint32_t)little(header, 4)) {
        /* The length may be wrong, too: the next block is the next place that is known. */
        tell(reader, reader->start + reader->at, false, "a checksum does not match");
        return false;
    }
    take_fragment(reader, type, header + HEADER_SIZE, size);
    reader->at += HEADER_SIZE + size;
    return true;
}

static void tell_progress(const struct reader *reader)
{
    if (reader->walk->progress != NULL)
        progress_update(reader->walk->progress, reader->commits, reader->bytes);
}

static void read_blocks(struct reader *reader)
{
    do {
        reader->start += reader->size;
        reader->size = fread(reader->block, 1, BLOCK_SIZE, reader->file);
        reader->at = 0;
        reader->bytes += reader->size;
        tell_progress(reader);
        while (!reader->stopped && !reader->no_memory && read_fragment(reader))
            ;
    } while (!is_last(reader) && !reader->stopped && !reader->no_memory);
    if (reader->is_open && !reader->stopped && !reader->no_memory)
        tell_torn(reader);
}

/* ---- Files --------------------------------------------------------------------------------- */

static int is_log(const struct dirent *entry)
{
    size_t digits = strspn(entry->d_name, "0123456789");

    return digits > 0 && strcmp(entry->d_name + digits, ".log") == 0;
}

/* The logs of a folder and of that which RocksDB keeps old ones in, which come first. */
struct folder {
    const char *name; /* below the store */
    struct dirent **logs;
    int count;
};

static enum tool_exit list_logs(const struct cli *cli, const char *path, struct folder *folder)
{
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%s/%s", path, folder->name);
    folder->count = scandir(whole, &folder->logs, is_log, versionsort);
    if (folder->count >= 0)
        return TOOL_OK;
    folder->count = 0;
    return errno == ENOENT && folder->name[0] != '\0'
               ? TOOL_OK
               : cli_fail(cli, TOOL_IO, "%s: %s", whole, strerror(errno));
}

static enum tool_exit walk_log(const struct cli *cli, const char *path, const struct folder *folder,
                               const char *name, struct reader *reader)
{
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%s/%s%s", path, folder->name, name);
    reader->file = fopen(whole, "rb");
    /* A writer has done with it meanwhile. */
    if (reader->file == NULL && errno == ENOENT)
        return TOOL_OK;
    if (reader->file == NULL)
        return cli_fail(cli, TOOL_IO, "%s: %s", whole, strerror(errno));
    reader->name = name;
    reader->start = reader->size = 0;
    reader->is_open = reader->is_lost = false;
    read_blocks(reader);
    bool failed = ferror(reader->file) != 0;
    fclose(reader->file);
    if (reader->no_memory)
        return cli_fail(cli, TOOL_IO, "out of memory");
    return failed ? cli_fail(cli, TOOL_IO, "%s cannot be read", whole) : TOOL_OK;
}

/* The bytes of all logs, as far as that can be known. */
static uint64_t bytes_of(const char *path, const struct folder *folder)
{
    char whole[PATH_MAX];
    struct stat file;
    uint64_t bytes = 0;

    for (int i = 0; i < folder->count; i++) {
        snprintf(whole, sizeof whole, "%s/%s%s", path, folder->name, folder->logs[i]->d_name);
        if (stat(whole, &file) == 0)
            bytes += (uint64_t)file.st_size;
    }
    return bytes;
}

static void release(struct folder *folder)
{
    for (int i = 0; i < folder->count; i++)
        free(folder->logs[i]);
    free(folder->logs);
}

enum tool_exit log_files_walk(const struct cli *cli, const char *path, const struct log_walk *walk)
{
    struct folder folders[] = {{.name = "archive/"}, {.name = ""}};
    struct reader *reader = calloc(1, sizeof *reader);
    enum tool_exit code = reader == NULL ? cli_fail(cli, TOOL_IO, "out of memory")
                                         : list_logs(cli, path, &folders[1]);

    /* Listed last, for logs only go from the other to this one: none is missed. */
    if (code == TOOL_OK)
        code = list_logs(cli, path, &folders[0]);
    if (code == TOOL_OK && walk->progress != NULL)
        walk->progress->total_bytes = bytes_of(path, &folders[0]) + bytes_of(path, &folders[1]);
    for (size_t i = 0; i < 2 && code == TOOL_OK; i++) {
        reader->walk = walk;
        for (int j = 0; j < folders[i].count && code == TOOL_OK && !reader->stopped; j++)
            code = walk_log(cli, path, &folders[i], folders[i].logs[j]->d_name, reader);
    }
    release(&folders[0]);
    release(&folders[1]);
    if (reader != NULL)
        free(reader->commit);
    free(reader);
    return code;
}
