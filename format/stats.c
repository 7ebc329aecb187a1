#include <varve/stats.h>
#include <varve/value.h>

#include <inttypes.h>

#include "format/meta.h"
#include "format/stats.h"
#include "format/wire.h"
#include "util/buf.h"
#include "util/fail.h"
#include "util/little_endian.h"

#define NANOSECONDS 1000000000

/* ---- The fields --------------------------------------------------------------------------------
 */

/* In the order of the struct, of which nothing but int64_t fields is left to name. */
static const struct field {
    const char *name;
    size_t offset;
} fields[] = {
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(varve_stats, name)                                                         \
    }
    FIELD(contains_estimates), FIELD(last_update_nanos), FIELD(intent_age),   FIELD(gc_bytes_age),
    FIELD(live_bytes),         FIELD(live_count),        FIELD(key_bytes),    FIELD(key_count),
    FIELD(val_bytes),          FIELD(val_count),         FIELD(intent_bytes), FIELD(intent_count),
    FIELD(sys_bytes),          FIELD(sys_count),
#undef FIELD
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

_Static_assert(sizeof(varve_stats) == FIELD_COUNT * sizeof(int64_t), "every field has its row");

static int64_t get(const varve_stats *stats, size_t field)
{
    int64_t number;
    memcpy(&number, (const unsigned char *)stats + fields[field].offset, sizeof number);
    return number;
}

static void set(varve_stats *stats, size_t field, int64_t number)
{
    memcpy((unsigned char *)stats + fields[field].offset, &number, sizeof number);
}

/* ---- Arithmetic --------------------------------------------------------------------------------
 */

int64_t varve_stats_gc_bytes(const varve_stats *stats)
{
    return varve__minus(varve_stats_total_bytes(stats), stats->live_bytes);
}

int64_t varve_stats_total_bytes(const varve_stats *stats)
{
    return varve__plus(stats->key_bytes, stats->val_bytes);
}

int64_t varve__seconds_between(int64_t from_nanos, int64_t to_nanos)
{
    return to_nanos / NANOSECONDS - from_nanos / NANOSECONDS;
}

void varve_stats_age_to(varve_stats *stats, int64_t nanos)
{
    int64_t seconds = varve__seconds_between(stats->last_update_nanos, nanos);
    stats->gc_bytes_age =
        varve__plus(stats->gc_bytes_age, varve__times(varve_stats_gc_bytes(stats), seconds));
    stats->intent_age = varve__plus(stats->intent_age, varve__times(stats->intent_count, seconds));
    stats->last_update_nanos = nanos;
}

void varve_stats_forward(varve_stats *stats, int64_t nanos)
{
    if (nanos > stats->last_update_nanos)
        varve_stats_age_to(stats, nanos);
}

/* `stats` plus so many times `other`, of which the one at the earlier time is aged first. */
static void combine(varve_stats *stats, const varve_stats *other, int64_t times)
{
    int64_t sums[FIELD_COUNT];
    int64_t parts[FIELD_COUNT];
    varve_stats aged = *other;
    varve_stats_forward(stats, aged.last_update_nanos);
    varve_stats_forward(&aged, stats->last_update_nanos);
    aged.last_update_nanos = 0;
    memcpy(sums, stats, sizeof sums);
    memcpy(parts, &aged, sizeof parts);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        sums[i] = varve__plus(sums[i], varve__times(times, parts[i]));
    memcpy(stats, sums, sizeof sums);
}

void varve_stats_add(varve_stats *stats, const varve_stats *more)
{
    combine(stats, more, 1);
}

void varve_stats_subtract(varve_stats *stats, const varve_stats *less)
{
    combine(stats, less, -1);
}

double varve_stats_avg_intent_age(const varve_stats *stats, int64_t nanos)
{
    if (stats->intent_count == 0)
        return 0;
    varve_stats aged = *stats;
    varve_stats_age_to(&aged, nanos);
    return (double)aged.intent_age / (double)aged.intent_count;
}

int64_t varve_stats_gc_byte_age(const varve_stats *stats, int64_t nanos)
{
    varve_stats aged = *stats;
    varve_stats_age_to(&aged, nanos);
    return aged.gc_bytes_age;
}

/* ---- The record --------------------------------------------------------------------------------
 */

/* Fields 1 to 13 have fixed size, for the record must not change its own size. */
enum { NUMBER_SIZE = 8, RECORD_ESTIMATES = FIELD_COUNT, ESTIMATES_MAX = 127 };

static unsigned char estimates_kept(int64_t estimates)
{
    if (estimates < 0)
        return 0;
    return (unsigned char)(estimates < ESTIMATES_MAX ? estimates : ESTIMATES_MAX);
}

void varve_stats_encode(const varve_stats *stats, unsigned char record[VARVE_STATS_RECORD_SIZE])
{
    unsigned char *out = record;
    for (unsigned i = 1; i < FIELD_COUNT; i++) {
        *out++ = (unsigned char)(i << 3 | VARVE__WIRE_FIXED64);
        varve__store_le(out, NUMBER_SIZE, (uint64_t)get(stats, i));
        out += NUMBER_SIZE;
    }
    *out++ = RECORD_ESTIMATES << 3 | VARVE__WIRE_VARINT;
    *out = estimates_kept(stats->contains_estimates);
}

static const char *take_field(const varve__wire_field *field, varve_stats *stats)
{
    if (field->number > RECORD_ESTIMATES)
        return NULL;
    bool is_estimates = field->number == RECORD_ESTIMATES;
    if (field->type != (is_estimates ? VARVE__WIRE_VARINT : VARVE__WIRE_FIXED64))
        return "wrong wire type of a known field";
    if (is_estimates) {
        stats->contains_estimates = (int64_t)field->varint;
        return NULL;
    }
    set(stats, field->number, (int64_t)varve__load_le(field->bytes.data, NUMBER_SIZE));
    return NULL;
}

varve_status varve_stats_decode(varve_slice record, varve_stats *stats, varve_error *err)
{
    varve_stats result = {0};
    while (record.size > 0) {
        varve__wire_field field;
        const char *problem = varve__wire_next(&record, &field);
        if (problem == NULL)
            problem = take_field(&field, &result);
        if (problem != NULL)
            return varve__fail(err, VARVE_CORRUPT, "unable to decode MVCCStats: %s", problem);
    }
    *stats = result;
    return VARVE_OK;
}

/* ---- The key of a range's record ---------------------------------------------------------------
 */

/* A small number is one byte, from this one on; a large one that of its size, and its bytes. */
enum { SMALL_FIRST = 0x88, SMALL_MAX = 109, LARGE_BASE = 0xF5 };

static size_t id_size(uint64_t id)
{
    if (id <= SMALL_MAX)
        return 1;
    size_t size = 1;
    for (; id > 0; id >>= 8)
        size++;
    return size;
}

static void push_id(varve_buf *key, uint64_t id)
{
    size_t size = id_size(id);
    if (size == 1) {
        varve__buf_push(key, (unsigned char)(SMALL_FIRST + id));
        return;
    }
    varve__buf_push(key, (unsigned char)(LARGE_BASE + size - 1));
    for (size_t i = size - 1; i-- > 0;)
        varve__buf_push(key, (unsigned char)(id >> (8 * i)));
}

static const unsigned char key_front[] = {0x01, 'i'};
static const unsigned char key_end[] = {'r', 's', 't', 'a', 't'};

static size_t key_size(uint64_t range_id)
{
    return sizeof key_front + id_size(range_id) + sizeof key_end;
}

varve_status varve_range_stats_key(uint64_t range_id, varve_buf *user_key, varve_error *err)
{
    varve_status status = varve__buf_restart(user_key, key_size(range_id), err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(user_key, varve_slice_of(key_front, sizeof key_front));
    push_id(user_key, range_id);
    varve__buf_push_bytes(user_key, varve_slice_of(key_end, sizeof key_end));
    return VARVE_OK;
}

void varve_stats_account_for_self(varve_stats *stats, uint64_t range_id)
{
    varve_slice raw = varve_slice_of(NULL, VARVE_VALUE_HEADER_SIZE + VARVE_STATS_RECORD_SIZE);
    int64_t size = (int64_t)(key_size(range_id) + 1 + varve__meta_inline_size(raw));
    stats->sys_bytes = varve__plus(stats->sys_bytes, size);
    stats->sys_count = varve__plus(stats->sys_count, 1);
}

/* ---- Printing ----------------------------------------------------------------------------------
 */

varve_status varve_stats_print(const varve_stats *stats, varve_buf *text, varve_error *err)
{
    size_t before = text->size;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (get(stats, i) == 0)
            continue;
        const char *blank = text->size > before ? " " : "";
        varve_status status =
            varve__buf_printf(text, err, "%s%s=%" PRId64, blank, fields[i].name, get(stats, i));
        if (status != VARVE_OK) {
            text->size = before;
            return status;
        }
    }
    return text->size > before ? VARVE_OK : varve__buf_append(text, varve_slice_text("empty"), err);
}
