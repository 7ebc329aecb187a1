#include "engine/sst.h"

#include <fcntl.h>
#include <unistd.h>

#include <varve/value.h>

#include "engine/scratch.h"
#include "format/key.h"
#include "util/fail.h"

void varve__table_info_release(varve__table_info *info)
{
    varve_buf_release(&info->start);
    varve_buf_release(&info->end);
    varve_buf_release(&info->ranges);
}

/* Whether all of `a` lies in front of `b`. */
static bool is_before(const varve__table_info *a, const varve__table_info *b)
{
    int order = varve_slice_compare(varve_buf_slice(&a->end), varve_buf_slice(&b->start));
    return order < 0 || (order == 0 && a->end_is_free);
}

bool varve__table_infos_overlap(const varve__table_info *a, const varve__table_info *b)
{
    return !is_before(a, b) && !is_before(b, a);
}

/* What a table holds that no store has taken in. */
static const unsigned char no_number[8];

/* Make `number` the sequence number that the file holds. */
static varve_status write_sequence(const char *path, const varve__table_info *info,
                                   const unsigned char number[8], varve_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return varve__fail_path(err, "open", path);
    varve_status status = VARVE_OK;
    if (pwrite(fd, number, sizeof info->sequence, (off_t)info->sequence_at) !=
            (ssize_t)sizeof info->sequence ||
        fsync(fd) != 0)
        status = varve__fail_path(err, "write", path);
    (void)close(fd);
    return status;
}

static bool has_number(const varve__table_info *info)
{
    return memcmp(info->sequence, no_number, sizeof no_number) != 0;
}

varve_status varve__table_forget_number(const char *path, const varve__table_info *info,
                                        varve_error *err)
{
    return has_number(info) ? write_sequence(path, info, no_number, err) : VARVE_OK;
}

void varve__table_restore(const char *path, const varve__table_info *info)
{
    unsigned char now[sizeof info->sequence];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = pread(fd, now, sizeof now, (off_t)info->sequence_at);
    (void)close(fd);
    if (got == (ssize_t)sizeof now && memcmp(now, info->sequence, sizeof now) != 0)
        (void)write_sequence(path, info, info->sequence, NULL);
}

varve_status varve__table_copy(const char *path, const char *target, const varve__table_info *info,
                               varve_error *err)
{
    varve_status status = varve__file_copy(path, target, err);
    return status == VARVE_OK ? varve__table_forget_number(target, info, err) : status;
}

varve_status varve__table_bring(const char *path, const char *target, const varve__table_info *info,
                                varve_error *err)
{
    /* RocksDB syncs it, and for that opens it for writing. */
    if (!has_number(info) && access(path, W_OK) == 0 && link(path, target) == 0)
        return VARVE_OK;
    return varve__table_copy(path, target, info, err);
}

varve_status varve__table_check(void *arg, const varve_record *record, varve_error *err)
{
    varve__key_parts parts;
    (void)arg;
    varve_status status = varve__engine_key_check(record->key, err);
    if (status != VARVE_OK)
        return status;
    if (record->value.size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", record->value.size, VARVE_VALUE_SIZE_MAX);
    if (record->type != VARVE_RECORD_MERGE)
        return VARVE_OK;
    status = varve__key_split(record->key, &parts, err);
    if (status == VARVE_OK && parts.suffix.size > 0)
        return varve__fail(err, VARVE_INVALID_KEY, "invalid key: a version cannot be merged");
    return status;
}
