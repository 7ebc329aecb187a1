#include "tests/support/mvcc.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/batch.h"
#include "engine/view.h"
#include "format/batch_repr.h"
#include "format/meta.h"
#include "tests/support/backends.h"

struct mvcc_test mvcc;

/* ---- Places ------------------------------------------------------------------------------------
 */

const mvcc_place mvcc_places[] = {
    {"disk", BACKEND_DISK, false, false, 0},
    {"memory", BACKEND_MEMORY, false, false, 0},
    {"map", BACKEND_MAP, false, false, 0},
    {"batch over memory", BACKEND_MEMORY, true, false, 0},
    {"batch over map", BACKEND_MAP, true, false, 0},
    {"memory with newest", BACKEND_MEMORY, false, false, 2048},
    {"split over memory", BACKEND_MEMORY, true, true, 0},
    {"split over map", BACKEND_MAP, true, true, 0},
};
const int mvcc_place_count = (int)(sizeof mvcc_places / sizeof mvcc_places[0]);

/* Sends each engine key either to the batch or to the engine below it, always to the same. */
static varve_writer *route(varve_slice engine_key)
{
    unsigned sum = 0;
    for (size_t i = 0; i < engine_key.size; i++)
        sum = sum * 31 + engine_key.data[i];
    return sum / 7 % 2 == 0 ? varve_batch_writer_of(mvcc.batch) : varve_engine_writer(mvcc.engine);
}

/*
 * Of a range, both have a part.  That of the batch is cleared record by record: a cleared range
 * would hide what goes to the engine later.
 */
static varve_status split_range(const varve_record *record, varve_error *err)
{
    varve_iter *it = NULL;
    varve_writer *engine = varve_engine_writer(mvcc.engine);
    varve_status status = engine->ops->write(engine, record, err);
    if (status == VARVE_OK)
        status = varve_iter_open(mvcc.reader, NULL, &it, err);
    if (status == VARVE_OK)
        status = varve_writer_clear_iter_range(varve_batch_writer_of(mvcc.batch), it, record->key,
                                               record->value, NULL, err);
    varve_iter_close(it);
    return status;
}

static varve_status split_write(varve_writer *writer, const varve_record *record, varve_error *err)
{
    (void)writer;
    if (record->type == VARVE_RECORD_CLEAR_RANGE)
        return split_range(record, err);
    varve_writer *to = route(record->key);
    return to->ops->write(to, record, err);
}

static varve_status split_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    varve__repr_reader reader;
    varve_record record;
    varve_status status = varve__repr_reader_init(&reader, repr, 0, err);
    while (status == VARVE_OK) {
        status = varve__repr_reader_next(&reader, &record, err);
        if (status == VARVE_OK)
            status = split_write(writer, &record, err);
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

static const varve__writer_ops split_ops = {split_apply, split_write};
static varve_writer split_writer = {&split_ops};

/* What the batch keeps from one read for the next. */
static void (*settle_backends)(void);

static void settle(void)
{
    if (mvcc.batch != NULL) {
        varve__overlay_free_spare(mvcc.batch);
        varve__touched_release(&mvcc.batch->touched);
        varve__batch_view_release(&mvcc.batch->view);
    }
    settle_backends();
}

void mvcc_open(const mvcc_place *place)
{
    mvcc = (struct mvcc_test){.err = VARVE_ERROR_INIT};
    mvcc.engine = backend_open(place->backend);
    settle_backends = fault_alloc_settle;
    fault_alloc_settle = settle;
    mvcc.reader = varve_engine_reader(mvcc.engine);
    mvcc.writer = varve_engine_writer(mvcc.engine);
    if (place->newest_bytes > 0)
        backend_keep_newest(mvcc.engine, place->newest_bytes);
    if (!place->in_batch)
        return;
    ck_ok(varve_batch_open(mvcc.engine, 0, &mvcc.batch, &mvcc.err), &mvcc.err);
    mvcc.reader = varve_batch_reader_of(mvcc.batch);
    mvcc.writer = place->split ? &split_writer : varve_batch_writer_of(mvcc.batch);
}

void mvcc_close(void)
{
    varve_error_release(&mvcc.err);
    varve_batch_close(mvcc.batch);
    backend_close(mvcc.engine);
}

/* Check tells a fixture nothing, so that there is one for each place. */
#define SETUP(n)                                                                                   \
    static void setup_##n(void)                                                                    \
    {                                                                                              \
        mvcc_open(&mvcc_places[n]);                                                                \
    }
SETUP(0)
SETUP(1)
SETUP(2)
SETUP(3)
SETUP(4)
SETUP(5)
SETUP(6)
SETUP(7)
static void (*const setups[])(void) = {setup_0, setup_1, setup_2, setup_3,
                                       setup_4, setup_5, setup_6, setup_7};
_Static_assert(sizeof setups / sizeof setups[0] == sizeof mvcc_places / sizeof mvcc_places[0],
               "a setup for each place");

/* A reader of which each read, and each iterator, sees a snapshot that is made for it. */

static varve_snapshot *snapshot_now(void)
{
    varve_snapshot *snapshot = NULL;
    ck_ok(varve_snapshot_open(mvcc.engine, &snapshot, &mvcc.err), &mvcc.err);
    return snapshot;
}

static varve_status snapshot_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                                 varve_error *err)
{
    (void)reader;
    varve_snapshot *snapshot = snapshot_now();
    varve_status status = varve_reader_get(varve_snapshot_reader(snapshot), engine_key, value, err);
    varve_snapshot_close(snapshot);
    return status;
}

static varve_status snapshot_iter_open(varve_reader *reader, const varve_iter_options *options,
                                       varve_slice prefix, varve_iter **out, varve_error *err)
{
    (void)reader;
    varve_snapshot *snapshot = snapshot_now();
    varve_reader *reads = varve_snapshot_reader(snapshot);
    varve_status status = reads->ops->iter_open(reads, options, prefix, out, err);
    varve_snapshot_close(snapshot); /* lives as long as the iterator */
    return status;
}

static const varve__reader_ops snapshot_ops = {snapshot_get, snapshot_iter_open};
static varve_reader snapshot_reader = {.ops = &snapshot_ops};

static void open_snapshots(int backend)
{
    mvcc_open(&mvcc_places[backend]);
    mvcc.reader = &snapshot_reader;
}

#define SETUP_SNAPSHOTS(backend)                                                                   \
    static void setup_snapshots_##backend(void)                                                    \
    {                                                                                              \
        open_snapshots(backend);                                                                   \
    }
SETUP_SNAPSHOTS(BACKEND_DISK)
SETUP_SNAPSHOTS(BACKEND_MEMORY)
SETUP_SNAPSHOTS(BACKEND_MAP)

static void add_place(Suite *suite, const char *name, void (*setup)(void),
                      void (*fill)(TCase *tcase))
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, mvcc_close);
    fill(tcase);
    suite_add_tcase(suite, tcase);
}

Suite *mvcc_read_suite(const char *name, void (*fill)(TCase *tcase))
{
    Suite *suite = mvcc_suite(name, fill);
    add_place(suite, "snapshots of disk", setup_snapshots_BACKEND_DISK, fill);
    add_place(suite, "snapshots of memory", setup_snapshots_BACKEND_MEMORY, fill);
    add_place(suite, "snapshots of map", setup_snapshots_BACKEND_MAP, fill);
    return suite;
}

Suite *mvcc_suite(const char *name, void (*fill)(TCase *tcase))
{
    Suite *suite = suite_create(name);
    for (int i = 0; i < mvcc_place_count; i++)
        add_place(suite, mvcc_places[i].name, setups[i], fill);
    return suite;
}

Suite *mvcc_engine_suite(const char *name, void (*fill)(TCase *tcase))
{
    Suite *suite = suite_create(name);
    for (int i = 0; i < mvcc_place_count; i++) {
        if (!mvcc_places[i].in_batch)
            add_place(suite, mvcc_places[i].name, setups[i], fill);
    }
    return suite;
}

int mvcc_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

/* ---- Text that lives as long as the test -------------------------------------------------------
 */

struct text {
    char *start;
    size_t size;
};

static struct text text_begin(void)
{
    return (struct text){calloc(1, 1), 0};
}

static void text_add(struct text *text, const char *format, ...) VARVE_PRINTF(2, 3);

static void text_add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ck_assert_int_ge(size, 0);
    text->start = realloc(text->start, text->size + (size_t)size + 1);
    ck_assert_ptr_nonnull(text->start);
    va_start(args, format);
    vsnprintf(text->start + text->size, (size_t)size + 1, format, args);
    va_end(args);
    text->size += (size_t)size;
}

static void text_add_bytes(struct text *text, varve_slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = bytes.data[i];
        if (byte > ' ' && byte < 0x7F && byte != '%')
            text_add(text, "%c", byte);
        else
            text_add(text, "%%%02X", byte);
    }
}

static void text_add_ts(struct text *text, varve_ts ts)
{
    text_add(text, "%lld", (long long)ts.wall);
    if (ts.logical != 0)
        text_add(text, ",%d", ts.logical);
}

/* Give the text away to live as long as the test. */
static const char *text_end(struct text *text)
{
    varve_slice kept = copy_of(varve_slice_of(text->start, text->size + 1));
    free(text->start);
    return (const char *)kept.data;
}

varve_slice mvcc_bytes(const char *text)
{
    if (strchr(text, '%') == NULL)
        return copy_of(varve_slice_text(text));
    unsigned char *data = malloc(strlen(text));
    ck_assert_ptr_nonnull(data);
    size_t size = 0;
    while (*text != '\0') {
        unsigned byte = (unsigned char)*text++;
        if (byte == '%') {
            ck_assert_int_eq(sscanf(text, "%2x", &byte), 1);
            text += 2;
        }
        data[size++] = (unsigned char)byte;
    }
    varve_slice kept = copy_of(varve_slice_of(data, size));
    free(data);
    return kept;
}

const char *mvcc_text(varve_slice bytes)
{
    struct text text = text_begin();
    text_add_bytes(&text, bytes);
    return text_end(&text);
}

/* ---- Results -----------------------------------------------------------------------------------
 */

static void add_intent(struct text *text, const char *between, const varve_intent *intent)
{
    text_add(text, "%s", between);
    text_add_bytes(text, intent->key);
    text_add(text, "@");
    text_add_ts(text, intent->ts);
    text_add(text, "/%d", intent->txn.id[15]);
}

static void add_told(struct text *text, const varve_intent *intents, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_intent(text, text->size == 0 ? "+ " : " + ", &intents[i]);
}

static void add_uncertain(struct text *text, const varve_error *err)
{
    text_add(text, " ");
    text_add_ts(text, err->detail.uncertain.read);
    text_add(text, " < ");
    text_add_ts(text, err->detail.uncertain.existing);
    text_add(text, " <= ");
    text_add_ts(text, err->detail.uncertain.max);
}

static void add_failure(struct text *text, const varve_error *err)
{
    text_add(text, "%s", varve_status_name(err->status) + strlen("VARVE_"));
    if (err->status == VARVE_WRITE_TOO_OLD) {
        text_add(text, " ");
        text_add_ts(text, err->detail.too_old.attempted);
        text_add(text, " -> ");
        text_add_ts(text, err->detail.too_old.actual);
    }
    if (err->status == VARVE_READ_UNCERTAIN)
        add_uncertain(text, err);
    if (err->status != VARVE_WRITE_INTENT)
        return;
    for (size_t i = 0; i < err->detail.intents.count; i++)
        add_intent(text, " ", &err->detail.intents.list[i]);
    if (err->detail.intents.more)
        text_add(text, " and more");
}

/* Accounted bytes by the formula of the specification. */
static int64_t accounted(const varve_row *row)
{
    size_t size = 8 + row->key.size + 1 + row->value.size;
    if (row->ts.wall != 0 || row->ts.logical != 0)
        size += 9;
    if (row->ts.logical != 0)
        size += 4;
    return (int64_t)size;
}

static void add_row(struct text *text, const varve_row *row)
{
    text_add(text, text->size == 0 ? "" : " ");
    text_add_bytes(text, row->key);
    text_add(text, "@");
    text_add_ts(text, row->ts);
    text_add(text, row->value.size == 0 ? "-" : "=");
    text_add_bytes(text, row->value);
}

static void add_rows(struct text *text, const varve_rows *rows)
{
    varve_row row;
    size_t count = 0;
    int64_t bytes = 0;
    struct text all = text_begin();
    for (size_t position = 0; varve_rows_next(rows, &position, &row); count++) {
        add_row(&all, &row);
        bytes += accounted(&row);
    }
    text_add(text, "%s", all.start);
    free(all.start);
    ck_assert_uint_eq(rows->count, count);
    ck_assert_int_eq(rows->bytes, bytes);
}

static void add_rest(struct text *text, const varve_rows *rows)
{
    if (!rows->more) {
        ck_assert_uint_eq(rows->resume_start.size, 0);
        ck_assert_uint_eq(rows->resume_end.size, 0);
        ck_assert(varve_ts_is_zero(rows->resume_ts));
        return;
    }
    text_add(text, text->size == 0 ? "> " : " > ");
    if (!varve_ts_is_zero(rows->resume_ts)) {
        text_add_ts(text, rows->resume_ts);
        return;
    }
    text_add(text, "[");
    text_add_bytes(text, varve_buf_slice(&rows->resume_start));
    text_add(text, ",");
    text_add_bytes(text, varve_buf_slice(&rows->resume_end));
    text_add(text, ")");
}

const char *mvcc_result(varve_status status, const varve_rows *rows, varve_error *err)
{
    struct text text = text_begin();
    if (status < 0) {
        ck_assert_int_eq(err->status, status);
        ck_assert_str_ne(err->message, "");
        ck_assert_uint_eq(rows->count, 0);
        ck_assert(!rows->more);
        add_failure(&text, err);
        varve_error_release(err);
    } else {
        ck_assert_int_eq(err->status, VARVE_OK);
    }
    add_rows(&text, rows);
    add_rest(&text, rows);
    if (status == VARVE_NOT_FOUND) {
        ck_assert_uint_eq(text.size, 0);
        text_add(&text, "none");
    }
    ck_assert(status >= 0 || rows->intent_count == 0);
    add_told(&text, rows->intents, rows->intent_count);
    return text_end(&text);
}

/* ---- Writes ------------------------------------------------------------------------------------
 */

static varve_write write_at(varve_ts ts)
{
    return (varve_write){
        .struct_size = sizeof(varve_write), .reader = mvcc.reader, .writer = mvcc.writer, .ts = ts};
}

void mvcc_put(const char *key, varve_ts ts, const char *value)
{
    varve_write how = write_at(ts);
    ck_ok(varve_mvcc_put(&how, mvcc_bytes(key), mvcc_bytes(value), &mvcc.err), &mvcc.err);
}

void mvcc_delete(const char *key, varve_ts ts)
{
    varve_write how = write_at(ts);
    ck_ok(varve_mvcc_delete(&how, mvcc_bytes(key), &mvcc.err), &mvcc.err);
}

static const char *outcome(varve_status status)
{
    struct text text = text_begin();
    if (status == VARVE_OK) {
        text_add(&text, "OK");
    } else {
        ck_assert_int_eq(mvcc.err.status, status);
        add_failure(&text, &mvcc.err);
        varve_error_release(&mvcc.err);
    }
    return text_end(&text);
}

const char *mvcc_try_put(const char *key, varve_ts ts, const char *value)
{
    varve_write how = write_at(ts);
    return outcome(varve_mvcc_put(&how, mvcc_bytes(key), mvcc_bytes(value), &mvcc.err));
}

const char *mvcc_try_delete(const char *key, varve_ts ts)
{
    varve_write how = write_at(ts);
    return outcome(varve_mvcc_delete(&how, mvcc_bytes(key), &mvcc.err));
}

void mvcc_put_inline(const char *key, const char *value)
{
    mvcc_put(key, varve_ts_zero(), value);
}

varve_slice mvcc_engine_key(const char *key, varve_ts ts)
{
    varve_buf encoded = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(mvcc_bytes(key), ts, &encoded, &mvcc.err), &mvcc.err);
    varve_slice kept = copy_of(varve_buf_slice(&encoded));
    varve_buf_release(&encoded);
    return kept;
}

void mvcc_put_raw(varve_slice engine_key, varve_slice value)
{
    const varve_record record = {VARVE_RECORD_PUT, engine_key, value};
    ck_ok(mvcc.writer->ops->write(mvcc.writer, &record, &mvcc.err), &mvcc.err);
}

void mvcc_clear_raw(varve_slice engine_key)
{
    const varve_record record = {VARVE_RECORD_CLEAR, engine_key, varve_slice_of(NULL, 0)};
    ck_ok(mvcc.writer->ops->write(mvcc.writer, &record, &mvcc.err), &mvcc.err);
}

/* A varint; the numbers of the tests are not negative. */
static size_t put_number(unsigned char *out, uint64_t number)
{
    size_t size = 0;
    for (; number >= 0x80; number >>= 7)
        out[size++] = (unsigned char)(number | 0x80);
    out[size++] = (unsigned char)number;
    return size;
}

/*
 * Field by field as the format describes it: the transaction {id, write timestamp, minimum
 * timestamp zero}, the timestamp, deleted, 12 bytes of key, the value's size.
 */
varve_slice mvcc_intent_record(varve_ts ts, size_t value_size, unsigned char txn)
{
    unsigned char time[32], short_time[32], record[128];
    size_t time_size = 0, short_size = 0, size = 0;
    time[time_size++] = 0x08;
    time_size += put_number(time + time_size, (uint64_t)ts.wall);
    time[time_size++] = 0x10;
    time_size += put_number(time + time_size, (uint64_t)ts.logical);
    if (ts.wall != 0) {
        short_time[short_size++] = 0x08;
        short_size += put_number(short_time + short_size, (uint64_t)ts.wall);
    }
    if (ts.logical != 0) {
        short_time[short_size++] = 0x10;
        short_size += put_number(short_time + short_size, (uint64_t)ts.logical);
    }

    record[size++] = 0x0A;
    record[size++] = (unsigned char)(18 + 2 + short_size + 2);
    record[size++] = 0x0A;
    record[size++] = 16;
    memset(record + size, 0, 15);
    record[size + 15] = txn;
    size += 16;
    record[size++] = 0x2A;
    record[size++] = (unsigned char)short_size;
    memcpy(record + size, short_time, short_size);
    size += short_size;
    record[size++] = 0x4A;
    record[size++] = 0;
    record[size++] = 0x12;
    record[size++] = (unsigned char)time_size;
    memcpy(record + size, time, time_size);
    size += time_size;
    record[size++] = 0x18;
    record[size++] = value_size == 0;
    record[size++] = 0x20;
    record[size++] = 12;
    record[size++] = 0x28;
    size += put_number(record + size, value_size);
    return copy_of(varve_slice_of(record, size));
}

void mvcc_put_intent(const char *key, varve_ts ts, const char *value, unsigned char txn)
{
    varve_slice raw = mvcc_bytes(value);
    mvcc_put_raw(mvcc_engine_key(key, varve_ts_zero()), mvcc_intent_record(ts, raw.size, txn));
    mvcc_put_raw(mvcc_engine_key(key, ts), raw);
}

varve_txn mvcc_txn(unsigned char id, int32_t epoch, int32_t sequence, varve_ts read_ts,
                   varve_ts max_ts)
{
    varve_txn txn = VARVE_TXN_INIT;
    txn.meta.id[VARVE_TXN_ID_SIZE - 1] = id;
    txn.meta.epoch = epoch;
    txn.meta.sequence = sequence;
    txn.meta.write_ts = read_ts;
    txn.read_ts = read_ts;
    txn.max_ts = max_ts;
    return txn;
}

void mvcc_put_intent_of(const char *key, varve_ts ts, const char *value, const varve_txn *txn,
                        const mvcc_earlier *earlier)
{
    varve__history_entry history[8];
    varve_slice raw = mvcc_bytes(value);
    varve__meta meta = {.has_txn = true,
                        .deleted = raw.size == 0,
                        .txn = txn->meta,
                        .ts = ts,
                        .key_bytes = 12,
                        .val_bytes = (int64_t)raw.size};
    for (; earlier != NULL && earlier->value != NULL; earlier++) {
        ck_assert_uint_lt(meta.history_count, sizeof history / sizeof history[0]);
        history[meta.history_count++] =
            (varve__history_entry){earlier->sequence, mvcc_bytes(earlier->value)};
    }
    varve_buf record = VARVE_BUF_INIT;
    ck_ok(varve__meta_append(&meta, history, &record, &mvcc.err), &mvcc.err);
    mvcc_put_raw(mvcc_engine_key(key, varve_ts_zero()), varve_buf_slice(&record));
    mvcc_put_raw(mvcc_engine_key(key, ts), raw);
    varve_buf_release(&record);
}

/* ---- Reads -------------------------------------------------------------------------------------
 */

static varve_read read_of(const mvcc_query *query)
{
    return (varve_read){.struct_size = sizeof(varve_read),
                        .ts = query->ts,
                        .flags = query->flags,
                        .txn = query->txn,
                        .target_bytes = query->target_bytes,
                        .max_intents = query->max_intents,
                        .cancel = query->cancel,
                        .bill = query->bill};
}

const char *mvcc_scan_query(const mvcc_query *query)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = read_of(query);
    varve_span span = {mvcc_bytes(query->start), mvcc_bytes(query->end)};
    int64_t max = query->max == 0 ? -1 : query->max;
    varve_status status =
        query->reverse ? varve_mvcc_reverse_scan(mvcc.reader, &how, span, max, &rows, &mvcc.err)
                       : varve_mvcc_scan(mvcc.reader, &how, span, max, &rows, &mvcc.err);
    const char *result = mvcc_result(status, &rows, &mvcc.err);
    varve_rows_release(&rows);
    return result;
}

const char *mvcc_versions_query(const mvcc_query *query)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = read_of(query);
    int64_t max = query->max == 0 ? -1 : query->max;
    varve_status status =
        varve_mvcc_versions(mvcc.reader, &how, mvcc_bytes(query->start), max, &rows, &mvcc.err);
    const char *result = mvcc_result(status, &rows, &mvcc.err);
    varve_rows_release(&rows);
    return result;
}

const char *mvcc_get_query(const mvcc_query *query)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = read_of(query);
    varve_status status =
        varve_mvcc_get(mvcc.reader, &how, mvcc_bytes(query->start), &rows, &mvcc.err);
    const char *result = mvcc_result(status, &rows, &mvcc.err);
    varve_rows_release(&rows);
    return result;
}

const char *mvcc_get_flags(const char *key, varve_ts ts, unsigned flags)
{
    return mvcc_get_as(.start = key, .ts = ts, .flags = flags);
}

const char *mvcc_get(const char *key, varve_ts ts)
{
    return mvcc_get_flags(key, ts, 0);
}

static unsigned direction_of(const mvcc_query *query)
{
    return query->reverse ? VARVE_CURSOR_REVERSE : 0;
}

static void add_end(struct text *text, varve_status status)
{
    if (status >= 0)
        return;
    ck_assert_int_eq(mvcc.err.status, status);
    text_add(text, text->size == 0 ? "" : " ! ");
    add_failure(text, &mvcc.err);
    varve_error_release(&mvcc.err);
}

/* The rows and, behind all of them, the intents. */
static varve_status run_cursor(varve_cursor *cursor, struct text *rows, struct text *intents)
{
    for (;;) {
        varve_row row;
        size_t count;
        varve_status status = varve_cursor_next(cursor, &row, &mvcc.err);
        const varve_intent *list = varve_cursor_intents(cursor, &count);
        if (status >= 0)
            add_told(intents, list, count);
        if (status != VARVE_OK)
            return status;
        add_row(rows, &row);
    }
}

const char *mvcc_cursor_query(const mvcc_query *query)
{
    struct text rows = text_begin();
    struct text intents = text_begin();
    varve_read how = read_of(query);
    varve_span span = {mvcc_bytes(query->start), mvcc_bytes(query->end)};
    varve_cursor *cursor;
    varve_status status =
        varve_cursor_open(mvcc.reader, &how, span, direction_of(query), &cursor, &mvcc.err);
    ck_assert((cursor != NULL) == (status == VARVE_OK));
    if (status == VARVE_OK)
        status = run_cursor(cursor, &rows, &intents);
    add_end(&rows, status);
    if (intents.size > 0)
        text_add(&rows, "%s%s", rows.size == 0 ? "" : " ", intents.start);
    free(intents.start);
    varve_cursor_close(cursor);
    return text_end(&rows);
}

static varve_status take_row(void *arg, const varve_row *row, varve_error *err)
{
    (void)err;
    add_row(arg, row);
    return VARVE_OK;
}

const char *mvcc_iterate_query(const mvcc_query *query)
{
    struct text text = text_begin();
    varve_rows intents = VARVE_ROWS_INIT;
    varve_read how = read_of(query);
    varve_span span = {mvcc_bytes(query->start), mvcc_bytes(query->end)};
    varve_status status = varve_mvcc_iterate(mvcc.reader, &how, span, direction_of(query), take_row,
                                             &text, &intents, &mvcc.err);
    add_end(&text, status);
    ck_assert_uint_eq(intents.count, 0);
    add_rest(&text, &intents);
    add_told(&text, intents.intents, intents.intent_count);
    varve_rows_release(&intents);
    return text_end(&text);
}

const char *mvcc_see_query(const mvcc_query *query)
{
    const char *seen = mvcc_get_query(query);
    if (strncmp(seen, "none", 4) == 0)
        seen += seen[4] == ' ' ? 5 : 4;
    struct text end = text_begin();
    text_add(&end, "%s%%00", query->start);
    mvcc_query span = *query;
    span.end = text_end(&end);
    for (int backwards = 0; backwards < 2; backwards++) {
        span.reverse = backwards != 0;
        ck_assert_str_eq(mvcc_scan_query(&span), seen);
        ck_assert_str_eq(mvcc_cursor_query(&span), seen);
        ck_assert_str_eq(mvcc_iterate_query(&span), seen);
    }
    return seen;
}
