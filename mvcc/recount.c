#include "mvcc/recount.h"

#include <inttypes.h>

#include "format/stats.h"
#include "util/fail.h"

static int64_t bytes_age(const varve__recount *r, int64_t bytes, int64_t since)
{
    return varve__times(bytes, varve__seconds_between(since, r->stats.last_update_nanos));
}

static void add_garbage(varve__recount *r, int64_t bytes, int64_t since)
{
    r->stats.gc_bytes_age = varve__plus(r->stats.gc_bytes_age, bytes_age(r, bytes, since));
}

/* Account the metadata, of which a record of `record_size` bytes is stored, or 0. */
static void add_meta(varve__recount *r, int64_t record_size)
{
    varve_stats *s = &r->stats;
    int64_t size = r->key_size + record_size;
    r->is_first = true;
    if (r->is_system) {
        s->sys_bytes += size;
        s->sys_count++;
        return;
    }
    if (r->meta.deleted) {
        add_garbage(r, size, r->meta.ts.wall);
    } else {
        s->live_bytes += size;
        s->live_count++;
    }
    s->key_bytes += r->key_size;
    s->val_bytes += record_size;
    s->key_count++;
    if (r->meta.has_raw)
        s->val_count++;
}

/* The metadata has to be that of the newest version. */
static varve_status check_newest(const varve__recount *r, int64_t value_size, varve_error *err)
{
    if (r->meta.key_bytes != VARVE_VERSION_TS_SIZE)
        return varve__fail(err, VARVE_CORRUPT,
                           "expected mvcc metadata key bytes to equal %d; got %" PRId64,
                           VARVE_VERSION_TS_SIZE, r->meta.key_bytes);
    if (r->meta.val_bytes != value_size)
        return varve__fail(err, VARVE_CORRUPT,
                           "expected mvcc metadata val bytes to equal %" PRId64 "; got %" PRId64,
                           value_size, r->meta.val_bytes);
    return VARVE_OK;
}

static void add_newest(varve__recount *r, int64_t size)
{
    varve_stats *s = &r->stats;
    if (r->meta.deleted)
        add_garbage(r, size, r->meta.ts.wall);
    else
        s->live_bytes += size;
    if (!r->meta.has_txn)
        return;
    s->intent_bytes += size;
    s->intent_count++;
    s->intent_age = varve__plus(s->intent_age, bytes_age(r, 1, r->meta.ts.wall));
}

static varve_status add_version(varve__recount *r, int64_t wall, int64_t value_size,
                                varve_error *err)
{
    int64_t size = VARVE_VERSION_TS_SIZE + value_size;
    if (r->is_system) {
        r->stats.sys_bytes += size;
        return VARVE_OK;
    }
    if (r->is_first) {
        add_newest(r, size);
        varve_status status = check_newest(r, value_size, err);
        if (status != VARVE_OK)
            return status;
        r->shadow = r->meta.ts.wall;
        r->is_first = false;
    } else {
        add_garbage(r, size, value_size == 0 ? wall : r->shadow);
        r->shadow = wall;
    }
    r->stats.key_bytes += VARVE_VERSION_TS_SIZE;
    r->stats.val_bytes += value_size;
    r->stats.val_count++;
    return VARVE_OK;
}

varve_status varve__recount_first(varve__recount *r, const varve__walk *walk, varve_slice value,
                                  varve_error *err)
{
    const unsigned char *suffix = varve__walk_suffix(walk);
    varve_slice prefix = varve__walk_prefix(walk);
    size_t user_size =
        walk->is_plain ? prefix.size - VARVE__TERMINATOR_SIZE : varve__key_unescaped_size(prefix);
    r->key_size = (int64_t)user_size + 1;
    r->is_system = prefix.data[0] < varve_key_app_min().data[0]; /* escaping keeps the order */
    if (suffix == NULL) {
        varve_status status = varve__walk_meta(walk, &r->meta, err);
        if (status == VARVE_OK)
            add_meta(r, (int64_t)value.size);
        return status;
    }
    r->meta.has_txn = false; /* to clear all of it would take as long as the rest */
    r->meta.has_raw = false;
    r->meta.ts = varve__suffix_decode(suffix);
    r->meta.key_bytes = VARVE_VERSION_TS_SIZE;
    r->meta.val_bytes = (int64_t)value.size;
    r->meta.deleted = value.size == 0;
    add_meta(r, 0);
    return add_version(r, r->meta.ts.wall, r->meta.val_bytes, err);
}

varve_status varve__recount_older(varve__recount *r, const varve__walk *walk, varve_slice value,
                                  varve_error *err)
{
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(walk));
    return add_version(r, ts.wall, (int64_t)value.size, err);
}
