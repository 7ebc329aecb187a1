#include "engine/rocksdb/intake.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "engine/rocksdb/files.h"
#include "engine/rocksdb/manifest.h"
#include "format/varint.h"
#include "util/buf.h"
#include "util/little_endian.h"

/* A manifest is a row of blocks, as a log is; a record lies in one piece or in several. */
#define BLOCK_SIZE 32768
#define HEADER_SIZE 7 /* checksum (4), length (2), kind */
#define LENGTH_AT 4
#define KIND_AT 6

enum { PIECE_NONE = 0, PIECE_WHOLE = 1, PIECE_FIRST = 2, PIECE_MIDDLE = 3, PIECE_LAST = 4 };

/* What a record may say besides new tables, if it is one of an ingest: each has a number. */
enum { SAYS_NEXT_FILE = 3, SAYS_LAST_SEQUENCE = 4, SAYS_PREVIOUS_LOG = 9 };

/* A new table; what is known of it besides is a row of kinds and texts, up to one kind. */
#define SAYS_TABLE 103
#define TABLE_ENDS 1

/* ---- The mark ------------------------------------------------------------------------------- */

/* A path that is too long is none that a store is open at. */
struct file {
    char path[PATH_MAX];
};

static struct file file_of(const char *path, const char *name)
{
    struct file file;
    (void)snprintf(file.path, sizeof file.path, "%s/%s", path, name);
    return file;
}

bool varve__intake_is_marked(const char *path)
{
    return access(file_of(path, VARVE__INTAKE_MARK).path, F_OK) == 0;
}

varve_status varve__intake_mark(const char *path, varve_error *err)
{
    const struct file mark = file_of(path, VARVE__INTAKE_MARK);
    int fd = open(mark.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return varve__fail_file(err, "create", path, VARVE__INTAKE_MARK);
    (void)close(fd);
    return VARVE_OK;
}

void varve__intake_unmark(const char *path)
{
    (void)unlink(file_of(path, VARVE__INTAKE_MARK).path);
}

/* ---- The last record ------------------------------------------------------------------------ */

/* A piece of a record, at `at`; its kind is PIECE_NONE where none begins that is whole. */
struct piece {
    size_t at;
    unsigned kind;
    varve_slice bytes;
};

static struct piece piece_at(varve_slice manifest, size_t at)
{
    if (BLOCK_SIZE - at % BLOCK_SIZE < HEADER_SIZE)
        at += BLOCK_SIZE - at % BLOCK_SIZE;
    struct piece piece = {.at = at, .kind = PIECE_NONE};
    if (at > manifest.size || manifest.size - at < HEADER_SIZE)
        return piece;
    const unsigned char *header = manifest.data + at;
    size_t size = varve__load_le(header + LENGTH_AT, 2);
    if (size > manifest.size - at - HEADER_SIZE || header[KIND_AT] > PIECE_LAST)
        return piece;
    piece.kind = header[KIND_AT];
    piece.bytes = varve_slice_of(header + HEADER_SIZE, size);
    return piece;
}

static size_t end_of(const struct piece *piece)
{
    return piece->at + HEADER_SIZE + piece->bytes.size;
}

/* Where the last whole record begins; the size of the manifest if it has none. */
static size_t find_last(varve_slice manifest)
{
    size_t begins = 0;
    size_t last = manifest.size;
    struct piece piece = piece_at(manifest, 0);
    while (piece.kind != PIECE_NONE) {
        if (piece.kind == PIECE_WHOLE || piece.kind == PIECE_FIRST)
            begins = piece.at;
        if (piece.kind == PIECE_WHOLE || piece.kind == PIECE_LAST)
            last = begins;
        piece = piece_at(manifest, end_of(&piece));
    }
    return last;
}

/* Put the pieces of the record together that begins at `at`. */
static varve_status gather(varve_slice manifest, size_t at, varve_buf *record, varve_error *err)
{
    varve_status status = varve__buf_restart(record, manifest.size, err);
    struct piece piece = piece_at(manifest, at);
    while (status == VARVE_OK && piece.kind != PIECE_NONE) {
        varve__buf_push_bytes(record, piece.bytes);
        if (piece.kind == PIECE_WHOLE || piece.kind == PIECE_LAST)
            break;
        piece = piece_at(manifest, end_of(&piece));
    }
    return status;
}

/* ---- What it says --------------------------------------------------------------------------- */

static bool take_number(varve_slice *left, uint64_t *number)
{
    size_t size = varve__varint_decode(*left, 64, number);
    *left = varve_slice_of(left->data + size, left->size - size);
    return size > 0;
}

static bool pass_number(varve_slice *left)
{
    uint64_t number;
    return take_number(left, &number);
}

static bool pass_text(varve_slice *left)
{
    uint64_t size;
    if (!take_number(left, &size) || size > left->size)
        return false;
    *left = varve_slice_of(left->data + size, left->size - (size_t)size);
    return true;
}

/* Level, number, size, the first and the last key, the lowest and the highest sequence number. */
static bool take_table(varve_slice *left, uint64_t *number)
{
    uint64_t kind = 0;
    bool is_sound = pass_number(left) && take_number(left, number) && pass_number(left) &&
                    pass_text(left) && pass_text(left) && pass_number(left) && pass_number(left);
    while (is_sound && kind != TABLE_ENDS) {
        is_sound = take_number(left, &kind);
        if (is_sound && kind != TABLE_ENDS)
            is_sound = pass_text(left);
    }
    return is_sound;
}

static bool is_lost(const char *path, uint64_t table)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%06" PRIu64 ".sst", table);
    return access(file_of(path, name).path, F_OK) != 0 && errno == ENOENT;
}

/* Whether a record names new tables, of which none is there, and does nothing else. */
static bool is_of_lost_tables(const char *path, varve_slice record)
{
    size_t tables = 0;
    while (record.size > 0) {
        uint64_t what;
        uint64_t number;
        if (!take_number(&record, &what))
            return false;
        if (what == SAYS_TABLE) {
            if (!take_table(&record, &number) || !is_lost(path, number))
                return false;
            tables++;
        } else if ((what != SAYS_NEXT_FILE && what != SAYS_LAST_SEQUENCE &&
                    what != SAYS_PREVIOUS_LOG) ||
                   !pass_number(&record)) {
            return false;
        }
    }
    return tables > 0;
}

/* ---- Together ------------------------------------------------------------------------------- */

static varve_status read_manifest(int fd, const char *path, const char *name, varve_buf *bytes,
                                  varve_error *err)
{
    struct stat what;
    if (fstat(fd, &what) != 0)
        return varve__fail_file(err, "look at", path, name);
    varve_status status = varve__buf_restart(bytes, (size_t)what.st_size, err);
    if (status != VARVE_OK)
        return status;
    ssize_t size = varve__read_at(fd, 0, bytes->data, (size_t)what.st_size);
    if (size < 0)
        return varve__fail_file(err, "read", path, name);
    bytes->size = (size_t)size;
    return VARVE_OK;
}

static varve_status take_back(int fd, const char *path, const char *name, varve_error *err)
{
    varve_buf bytes = VARVE_BUF_INIT;
    varve_buf record = VARVE_BUF_INIT;
    size_t last = 0;
    varve_status status = read_manifest(fd, path, name, &bytes, err);
    if (status == VARVE_OK) {
        last = find_last(varve_buf_slice(&bytes));
        status = gather(varve_buf_slice(&bytes), last, &record, err);
    }
    if (status == VARVE_OK && !is_of_lost_tables(path, varve_buf_slice(&record)))
        status = VARVE_NOT_FOUND;
    if (status == VARVE_OK && (ftruncate(fd, (off_t)last) != 0 || fsync(fd) != 0))
        status = varve__fail_file(err, "shorten", path, name);
    varve_buf_release(&record);
    varve_buf_release(&bytes);
    return status;
}

varve_status varve__intake_take_back(const char *path, varve_error *err)
{
    const varve__manifest manifest = varve__manifest_look(path);
    if (manifest.size < 0)
        return VARVE_NOT_FOUND;
    int fd = open(file_of(path, manifest.name).path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return varve__fail_file(err, "open", path, manifest.name);
    varve_status status = take_back(fd, path, manifest.name, err);
    (void)close(fd);
    return status;
}
