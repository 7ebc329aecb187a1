/*
 * Random histories of writes and raw records, read at random times, against a model: a sorted array
 * of records, and the decision table written down once more, as plainly as it goes.
 *
 * VARVE_TEST_SEED repeats a run.
 */
#include <stdarg.h>
#include <stdio.h>

#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

#define HISTORIES 6
#define STEPS 300

/* ---- The model: records ------------------------------------------------------------------------
 */

enum kind { INLINE, INTENT, VERSION };

struct record {
    int key; /* index into `keys` */
    enum kind kind;
    varve_ts ts; /* of the version, or of the intent */
    unsigned char txn;
    char value[16]; /* of a version or inline value; "" = tombstone */
};

#define RECORDS_MAX 4000

struct model {
    size_t count;
    struct record records[RECORDS_MAX];
};

/* In order; what begins alike, holds zeros or is all FF is among them. */
static const char *const keys[] = {"%00", "%00%00", "%00%FF", "a",      "a%00", "a%00%01",
                                   "aa",  "a%FF",   "b",      "%FE%FF", "%FF",  "%FF%00"};
#define KEY_COUNT ((int)(sizeof keys / sizeof keys[0]))

/* The bytes of `keys`. */
static varve_slice key_bytes[KEY_COUNT];

/* Whether two records have the same place in the store. */
static bool same_place(const struct record *a, const struct record *b)
{
    if (a->key != b->key || (a->kind == VERSION) != (b->kind == VERSION))
        return false;
    return a->kind != VERSION || varve_ts_compare(a->ts, b->ts) == 0;
}

/* Keys upwards; metadata first; versions downwards. */
static bool goes_before(const struct record *a, const struct record *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    if (a->kind != VERSION || b->kind != VERSION)
        return a->kind != VERSION && b->kind == VERSION;
    return varve_ts_compare(a->ts, b->ts) > 0;
}

static void model_remove(struct model *model, const struct record *record)
{
    for (size_t i = 0; i < model->count; i++) {
        if (!same_place(&model->records[i], record))
            continue;
        memmove(&model->records[i], &model->records[i + 1],
                (model->count - i - 1) * sizeof model->records[0]);
        model->count--;
        return;
    }
}

static void model_set(struct model *model, struct record record)
{
    model_remove(model, &record);
    ck_assert_uint_lt(model->count, RECORDS_MAX);
    size_t i = model->count++;
    for (; i > 0 && goes_before(&record, &model->records[i - 1]); i--)
        model->records[i] = model->records[i - 1];
    model->records[i] = record;
}

/* The first record of a key; NULL if it has none. */
static const struct record *first_of(const struct model *model, int key)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->records[i].key == key)
            return &model->records[i];
    }
    return NULL;
}

/* The newest version of a key at or below `ts`; NULL if there is none. */
static const struct record *newest_at_or_below(const struct model *model, int key, varve_ts ts)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct record *r = &model->records[i];
        if (r->key == key && r->kind == VERSION && varve_ts_compare(r->ts, ts) <= 0)
            return r;
    }
    return NULL;
}

static varve_ts next_of(varve_ts ts)
{
    if (ts.logical < INT32_MAX)
        return varve_ts_of(ts.wall, ts.logical + 1);
    return varve_ts_of(ts.wall + 1, 0);
}

/* ---- The model: results as text ----------------------------------------------------------------
 */

struct text {
    char at[1 << 14];
    size_t size;
};

static void clear(struct text *text)
{
    text->at[0] = '\0';
    text->size = 0;
}

static void add(struct text *text, const char *format, ...) VARVE_PRINTF(2, 3);

static void add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text->at + text->size, sizeof text->at - text->size, format, args);
    va_end(args);
    ck_assert(size >= 0 && (size_t)size < sizeof text->at - text->size);
    text->size += (size_t)size;
}

static void add_ts(struct text *text, varve_ts ts)
{
    add(text, "%lld", (long long)ts.wall);
    if (ts.logical != 0)
        add(text, ",%d", ts.logical);
}

/* A read of the model in progress. */
struct reading {
    const struct model *model;
    const mvcc_query *query;
    varve_slice start; /* of the query, as bytes */
    varve_slice end;
    struct text rows;
    struct text conflicts;
    struct text error;
    int64_t row_count;
    int64_t bytes;
    size_t conflict_count;
    bool capped;
};

static void row(struct reading *reading, const struct record *record, varve_ts ts)
{
    if (record->value[0] == '\0' && (reading->query->flags & VARVE_READ_TOMBSTONES) == 0)
        return;
    add(&reading->rows, "%s%s@", reading->row_count == 0 ? "" : " ", keys[record->key]);
    add_ts(&reading->rows, ts);
    add(&reading->rows, record->value[0] == '\0' ? "-" : "=%s", record->value);
    size_t size = 8 + key_bytes[record->key].size + 1 + strlen(record->value);
    if (!varve_ts_is_zero(ts))
        size += ts.logical == 0 ? 9 : 13;
    reading->row_count++;
    reading->bytes += (int64_t)size;
}

static void conflict(struct reading *reading, const struct record *meta)
{
    add(&reading->conflicts, " %s@", keys[meta->key]);
    add_ts(&reading->conflicts, meta->ts);
    add(&reading->conflicts, "/%d", meta->txn);
    reading->conflict_count++;
    reading->capped = reading->conflict_count == reading->query->max_intents;
}

static void too_old(struct reading *reading, varve_ts newest)
{
    if (varve_ts_compare(newest, varve_ts_max()) == 0) {
        add(&reading->error, "TIMESTAMP_OVERFLOW");
        return;
    }
    add(&reading->error, "WRITE_TOO_OLD ");
    add_ts(&reading->error, reading->query->ts);
    add(&reading->error, " -> ");
    add_ts(&reading->error, next_of(newest));
}

/* A reading that has read nothing yet. */
static struct reading *begin(const struct model *model, const mvcc_query *query)
{
    static struct reading reading;
    reading.model = model;
    reading.query = query;
    reading.start = mvcc_bytes(query->start);
    reading.end = mvcc_bytes(query->end);
    clear(&reading.rows);
    clear(&reading.conflicts);
    clear(&reading.error);
    reading.row_count = 0;
    reading.bytes = 0;
    reading.conflict_count = 0;
    reading.capped = false;
    return &reading;
}

/* ---- The model: reads
 * ---------------------------------------------------------------------------- */

/* The decision table.  Returns the record a reader sees, if it sees one. */
static const struct record *judge(struct reading *reading, int key)
{
    varve_ts R = reading->query->ts;
    bool fail = (reading->query->flags & VARVE_READ_FAIL_ON_MORE_RECENT) != 0;
    const struct record *first = first_of(reading->model, key);
    if (first->kind == INLINE) /* 5 */
        return first;
    if (first->kind == INTENT) {
        if (varve_ts_compare(first->ts, R) > 0 && !fail) /* 6 */
            return newest_at_or_below(reading->model, key, R);
        conflict(reading, first); /* 8 */
        return NULL;
    }
    if (varve_ts_compare(first->ts, R) <= 0) /* 1 */
        return first;
    if (fail) { /* 2 */
        too_old(reading, first->ts);
        return NULL;
    }
    return newest_at_or_below(reading->model, key, R); /* 4 */
}

static void read_key(struct reading *reading, int key)
{
    const struct record *seen = judge(reading, key);
    if (seen != NULL)
        row(reading, seen, seen->kind == INLINE ? varve_ts_zero() : seen->ts);
}

static bool is_full(const struct reading *reading)
{
    const mvcc_query *query = reading->query;
    if (query->target_bytes > 0 && reading->bytes >= query->target_bytes)
        return true;
    return query->max > 0 && reading->row_count >= query->max;
}

/* Whether a key is in the span and has a record. */
static bool is_there(const struct reading *reading, int key)
{
    return varve_slice_compare(key_bytes[key], reading->start) >= 0 &&
           varve_slice_compare(key_bytes[key], reading->end) < 0 &&
           first_of(reading->model, key) != NULL;
}

static const char *text_of(struct reading *reading)
{
    if (reading->error.size > 0)
        return reading->error.at;
    if (reading->conflict_count == 0)
        return reading->rows.at;
    add(&reading->error, "WRITE_INTENT%s%s", reading->conflicts.at,
        reading->capped ? " and more" : "");
    return reading->error.at;
}

static const char *model_scan(struct reading *reading)
{
    const mvcc_query *query = reading->query;
    int step = query->reverse ? -1 : 1;
    for (int i = query->reverse ? KEY_COUNT - 1 : 0; i >= 0 && i < KEY_COUNT; i += step) {
        if (!is_there(reading, i))
            continue;
        if (is_full(reading)) {
            if (query->reverse)
                add(&reading->rows, " > [%s,%s%%00)", query->start, keys[i]);
            else
                add(&reading->rows, " > [%s,%s)", keys[i], query->end);
            break;
        }
        read_key(reading, i);
        if (reading->error.size > 0 || reading->capped)
            break;
    }
    return text_of(reading);
}

static const char *model_get(struct reading *reading, int key)
{
    if (first_of(reading->model, key) != NULL)
        read_key(reading, key);
    reading->capped = false;
    const char *text = text_of(reading);
    return *text == '\0' ? "none" : text;
}

static const char *model_versions(struct reading *reading, int key)
{
    if (first_of(reading->model, key) == NULL)
        return "";
    const struct record *seen = judge(reading, key);
    if (seen != NULL && seen->kind == INLINE) {
        row(reading, seen, varve_ts_zero());
    } else if (seen != NULL) {
        for (size_t i = 0; i < reading->model->count; i++) {
            const struct record *r = &reading->model->records[i];
            if (r->key != key || r->kind != VERSION || varve_ts_compare(r->ts, seen->ts) > 0)
                continue;
            if (is_full(reading)) {
                add(&reading->rows, " > ");
                add_ts(&reading->rows, r->ts);
                break;
            }
            row(reading, r, r->ts);
        }
    }
    return text_of(reading);
}

/* ---- Random choices
 * ------------------------------------------------------------------------------ */

static test_random dice;

static bool one_in(size_t n)
{
    return test_random_below(&dice, n) == 0;
}

static int some_key(void)
{
    return (int)test_random_below(&dice, (size_t)KEY_COUNT);
}

static varve_ts some_ts(void)
{
    static const int32_t logical[] = {0, 0, 0, 1, 2, INT32_MAX};
    if (one_in(60))
        return varve_ts_max();
    varve_ts ts =
        varve_ts_of((int64_t)test_random_below(&dice, 14), logical[test_random_below(&dice, 6)]);
    return varve_ts_is_zero(ts) ? varve_ts_min() : ts;
}

static const char *some_bound(void)
{
    static const char *const others[] = {"", "%00%01", "a%00%00", "ab", "z", "%FF%FE", "%FF%FF"};
    if (one_in(3))
        return others[test_random_below(&dice, sizeof others / sizeof others[0])];
    return keys[some_key()];
}

/* A new value, or now and then none. */
static struct record some_record(enum kind kind)
{
    static unsigned serial;
    struct record record = {.key = some_key(), .kind = kind, .ts = some_ts()};
    record.txn = (unsigned char)(1 + test_random_below(&dice, 3));
    if (!one_in(5) || kind == INLINE)
        snprintf(record.value, sizeof record.value, "%u", ++serial);
    return record;
}

/* ---- Writes to both
 * ------------------------------------------------------------------------------ */

/* Where a write without a transaction goes, or why it does not; applied to the model. */
static const char *model_write(struct model *model, struct record record)
{
    static struct text outcome;
    const struct record *first = first_of(model, record.key);
    clear(&outcome);
    add(&outcome, "OK");
    if (first != NULL && first->kind == INLINE)
        return "INLINE_MIX";
    if (first != NULL && first->kind == INTENT) {
        clear(&outcome);
        add(&outcome, "WRITE_INTENT %s@", keys[record.key]);
        add_ts(&outcome, first->ts);
        add(&outcome, "/%d", first->txn);
        return outcome.at;
    }
    if (first != NULL && varve_ts_compare(first->ts, record.ts) >= 0) {
        if (varve_ts_compare(first->ts, varve_ts_max()) == 0)
            return "TIMESTAMP_OVERFLOW";
        clear(&outcome);
        add(&outcome, "WRITE_TOO_OLD ");
        add_ts(&outcome, record.ts);
        add(&outcome, " -> ");
        record.ts = next_of(first->ts);
        add_ts(&outcome, record.ts);
    }
    model_set(model, record);
    return outcome.at;
}

static void write_version(struct model *model)
{
    struct record record = some_record(VERSION);
    const char *key = keys[record.key];
    /* Mostly upwards, as writers do, so that keys get many versions. */
    const struct record *first = first_of(model, record.key);
    if (first != NULL && first->kind == VERSION && first->ts.wall < 14 && !one_in(4))
        record.ts = one_in(2) ? next_of(first->ts) : varve_ts_of(first->ts.wall + 1, 0);
    const char *outcome = record.value[0] == '\0' ? mvcc_try_delete(key, record.ts)
                                                  : mvcc_try_put(key, record.ts, record.value);
    ck_assert_str_eq(outcome, model_write(model, record));
}

static void write_blind(struct model *model)
{
    struct record record = some_record(VERSION);
    varve_write how = {.struct_size = sizeof how, .writer = mvcc.writer, .ts = record.ts};
    ck_ok(varve_mvcc_put(&how, key_bytes[record.key], varve_slice_text(record.value), &mvcc.err),
          &mvcc.err);
    model_set(model, record);
}

static void write_inline(struct model *model)
{
    struct record record = some_record(INLINE);
    mvcc_put_inline(keys[record.key], record.value);
    model_set(model, record);
}

static void delete_inline(struct model *model)
{
    const struct record record = some_record(INLINE);
    const struct record *first = first_of(model, record.key);
    const char *outcome = mvcc_try_delete(keys[record.key], varve_ts_zero());
    ck_assert_str_eq(outcome, first == NULL || first->kind == INLINE ? "OK" : "INLINE_MIX");
    if (first != NULL && first->kind == INLINE)
        model_remove(model, &record);
}

static void place_intent(struct model *model)
{
    struct record record = some_record(INTENT);
    mvcc_put_intent(keys[record.key], record.ts, record.value, record.txn);
    model_set(model, record);
    record.kind = VERSION;
    model_set(model, record);
}

static void remove_metadata(struct model *model)
{
    const struct record record = some_record(INTENT);
    mvcc_clear_raw(mvcc_engine_key(keys[record.key], varve_ts_zero()));
    model_remove(model, &record);
}

static void remove_version(struct model *model)
{
    if (model->count == 0)
        return;
    const struct record record = model->records[test_random_below(&dice, model->count)];
    if (record.kind != VERSION)
        return;
    mvcc_clear_raw(mvcc_engine_key(keys[record.key], record.ts));
    model_remove(model, &record);
}

static void write_something(struct model *model)
{
    size_t choice = test_random_below(&dice, 100);
    if (choice < 70)
        write_version(model);
    else if (choice < 76)
        write_blind(model);
    else if (choice < 79)
        write_inline(model);
    else if (choice < 82)
        delete_inline(model);
    else if (choice < 86)
        place_intent(model);
    else if (choice < 94)
        remove_metadata(model);
    else
        remove_version(model);
}

/* ---- Reads of both
 * ------------------------------------------------------------------------------- */

static mvcc_query some_query(void)
{
    mvcc_query query = {.start = some_bound(), .end = "%FF%FF", .ts = some_ts()};
    if (!one_in(3))
        query.end = some_bound();
    if (*query.end == '\0')
        query.end = "%FF%FF";
    if (one_in(3))
        query.start = "";
    if (one_in(20))
        query.ts = varve_ts_zero();
    if (one_in(3))
        query.flags = VARVE_READ_TOMBSTONES;
    if (one_in(8))
        query.flags |= VARVE_READ_FAIL_ON_MORE_RECENT;
    if (one_in(2))
        query.max = 1 + (int64_t)test_random_below(&dice, 6);
    if (one_in(4))
        query.target_bytes = 1 + (int64_t)test_random_below(&dice, 150);
    if (one_in(4))
        query.max_intents = 1 + test_random_below(&dice, 3);
    query.reverse = one_in(2);
    return query;
}

static void compare_scan(const struct model *model)
{
    const mvcc_query query = some_query();
    ck_assert_str_eq(mvcc_scan_query(&query), model_scan(begin(model, &query)));
}

static void compare_get(const struct model *model)
{
    int key = some_key();
    mvcc_query query = some_query();
    query.max = 0;
    query.target_bytes = 0;
    ck_assert_str_eq(mvcc_get_flags(keys[key], query.ts, query.flags),
                     model_get(begin(model, &query), key));
}

static void compare_versions(const struct model *model)
{
    int key = some_key();
    mvcc_query query = some_query();
    query.start = keys[key];
    query.flags = 0;
    query.max_intents = 0;
    mvcc_query shown = query;
    shown.flags = VARVE_READ_TOMBSTONES;
    ck_assert_str_eq(mvcc_versions_query(&query), model_versions(begin(model, &shown), key));
}

static void read_something(const struct model *model)
{
    for (int i = 0; i < 4; i++)
        compare_scan(model);
    for (int i = 0; i < 3; i++)
        compare_get(model);
    compare_versions(model);
}

/* ---- Histories
 * ----------------------------------------------------------------------------------- */

/* A snapshot and what the model was then. */
static struct model current;
static struct model past;
static varve_snapshot *snapshot;

static void open_snapshot(void)
{
    varve_snapshot_close(snapshot);
    ck_ok(varve_snapshot_open(mvcc.engine, &snapshot, &mvcc.err), &mvcc.err);
    past = current;
}

static void read_past(void)
{
    if (snapshot == NULL)
        return;
    varve_reader *reader = mvcc.reader;
    mvcc.reader = varve_snapshot_reader(snapshot);
    read_something(&past);
    mvcc.reader = reader;
}

/* What the batch has gathered goes to the engine, and it starts anew. */
static void commit(void)
{
    ck_ok(varve_batch_commit(mvcc.batch, VARVE_NO_SYNC, &mvcc.err), &mvcc.err);
    ck_ok(varve_batch_reset(mvcc.batch, &mvcc.err), &mvcc.err);
}

START_TEST(histories)
{
    for (int i = 0; i < KEY_COUNT; i++)
        key_bytes[i] = mvcc_bytes(keys[i]);
    dice = test_random_start();
    dice.state += (uint64_t)_i;
    for (int i = 0; i < STEPS; i++) {
        write_something(&current);
        if (mvcc.batch != NULL && one_in(60))
            commit();
        if (one_in(40)) {
            /* With everything below the batch, the engine's state is the model's. */
            if (mvcc.batch != NULL)
                commit();
            open_snapshot();
        }
        if (one_in(100) && mvcc.batch == NULL)
            ck_ok(varve_engine_flush(mvcc.engine, &mvcc.err), &mvcc.err);
        read_something(&current);
        if (one_in(4))
            read_past();
    }
    ck_assert_uint_gt(current.count, 50);
    varve_snapshot_close(snapshot);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, histories, 0, (int)test_rounds(HISTORIES));
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/random", fill));
}
