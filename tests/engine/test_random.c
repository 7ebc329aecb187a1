/*
 * Random work on an engine, a batch, its savepoints, distinct views and iterators, held against a
 * model at every step.  The batch is read as it is, from another one that its bytes were applied
 * to, and after its commit, on this backend and on the memory map.
 *
 * All keys come from a universe of some ninety, sorted; a state is an array with what happened to
 * each.  On that every movement is a walk over the array.  Values are made and merged here without
 * the library.
 *
 * VARVE_TEST_STEPS is the number of steps, VARVE_TEST_SEED the seed of a run to be repeated.
 */
#include <stdio.h>

#include <varve/key.h>
#include <varve/value.h>

#include "engine/batch.h"
#include "format/batch_repr.h"
#include "format/meta.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"
#include "util/buf.h"

enum { ITERS = 4, KEYS_MAX = 128, BOUNDS_MAX = 256, MARKS_MAX = 5 };

/* ---- The universe -------------------------------------------------------------------------------
 */

static varve_slice keys[KEYS_MAX];
static size_t key_count;

/* Where ranges begin and end, and what is sought: the keys, and bytes that are none. */
static varve_slice bounds[BOUNDS_MAX];
static size_t bound_count;

static int compare_slices(const void *a, const void *b)
{
    return varve_slice_compare(*(const varve_slice *)a, *(const varve_slice *)b);
}

static void make_universe(void)
{
    static const char *const users[] = {
        "",     "%00",  "%00%00",  "%00%01", "%00%FF", "%01",   "a",   "a%00", "a%00%00", "a%00%FF",
        "a%01", "a%FF", "a%FF%FF", "aa",     "b",      "b%00b", "%FE", "%FF",  "%FF%00",  "%FF%FE"};
    static const char *const times[] = {"", "@1", "@2", "@9000000000000000000"};
    static const char *const others[] = {"00", "61", "61 00", "61 00 02", "62 00 01 80", "FF FF"};
    char text[64];
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        for (size_t j = 0; j < sizeof times / sizeof times[0]; j++) {
            (void)snprintf(text, sizeof text, "%s%s", users[i], times[j]);
            keys[key_count++] = text[0] == '\0' ? hex("00 01") : key_of(text);
        }
    }
    qsort(keys, key_count, sizeof keys[0], compare_slices);
    memcpy(bounds, keys, key_count * sizeof keys[0]);
    bound_count = key_count;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        bounds[bound_count++] = hex(others[i]);
    for (size_t i = 0; i < 10; i++)
        bounds[bound_count++] = varve_slice_of(NULL, 0);
}

/* The first key of the universe at or above `bytes`. */
static size_t first_ge(varve_slice bytes)
{
    size_t i = 0;
    while (i < key_count && varve_slice_compare(keys[i], bytes) < 0)
        i++;
    return i;
}

static varve_slice user_part(varve_slice key)
{
    return varve_slice_of(key.data, varve_key_prefix_size(key));
}

static bool is_version(varve_slice key)
{
    return user_part(key).size < key.size;
}

/* Check's assertions are too slow for each of so many steps. */
#define REQUIRE(condition, ...)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)

/* ---- Values -------------------------------------------------------------------------------------
 */

/*
 * What happened to a key: a number of an event in this table.  A merge stands on another event, the
 * others decide.  Of the batch's keys the lowest event is UNTOUCHED, where the engine's go on.
 */
enum { UNTOUCHED = -1, ABSENT = 0 };

/* A version holds plain bytes; a metadata position the inline record of a text or a number. */
enum kind { NOTHING, PLAIN, TEXT, NUMBER, CONFLICT };

struct event {
    bool is_merge;
    int on; /* of a merge: the event before */
    enum kind kind;
    int64_t number; /* also of the text: these digits and a dot */
};

static struct event *events;
static int event_count;
static int event_room;

static int new_event(bool is_merge, int before, enum kind kind, int64_t number)
{
    if (event_count == event_room) {
        event_room = event_room > 0 ? 2 * event_room : 1024;
        events = realloc(events, (size_t)event_room * sizeof *events);
        REQUIRE(events != NULL, "events");
    }
    events[event_count] = (struct event){is_merge, before, kind, number};
    return event_count++;
}

/* What a key holds in the end. */
struct outcome {
    enum kind kind;
    int64_t number;
    char text[2048];
    size_t size;
};

static void add_text(struct outcome *to, int64_t number)
{
    int size =
        snprintf(to->text + to->size, sizeof to->text - to->size, "%lld.", (long long)number);
    to->size += (size_t)size;
    REQUIRE(to->size < sizeof to->text, "a text grows too long");
}

/* Behaviour of merges: texts are put together, numbers summed, one of each is a conflict. */
static void happen(struct outcome *to, const struct event *event)
{
    if (!event->is_merge || to->kind == NOTHING) {
        to->kind = event->kind;
        to->number = event->number;
        to->size = 0;
        if (event->kind == TEXT)
            add_text(to, event->number);
    } else if (to->kind != event->kind) {
        to->kind = CONFLICT;
    } else if (event->kind == TEXT) {
        add_text(to, event->number);
    } else {
        to->number = (int64_t)((uint64_t)to->number + (uint64_t)event->number);
    }
}

/* Let happen what leads up to `event`, on what `below` says. */
static void unfold(struct outcome *to, int event, int below)
{
    if (event == UNTOUCHED)
        event = below;
    REQUIRE(event != UNTOUCHED, "the engine knows all keys");
    if (event != ABSENT && events[event].is_merge)
        unfold(to, events[event].on, below);
    if (event == ABSENT)
        *to = (struct outcome){.kind = NOTHING};
    else
        happen(to, &events[event]);
}

/* The stored bytes of a text or a number, as docs/format.md describes them. */
static size_t inline_record(const struct outcome *of, unsigned char *out)
{
    static const unsigned char head[] = {0x12, 0x04, 0x08, 0x00, 0x10, 0x00, 0x18,
                                         0x00, 0x20, 0x00, 0x28, 0x00, 0x32};
    unsigned char data[2048];
    size_t size = of->size;
    memcpy(data, of->text, of->size);
    if (of->kind == NUMBER) {
        uint64_t zigzag = (uint64_t)of->number << 1 ^ (of->number < 0 ? UINT64_MAX : 0);
        for (size = 0; zigzag >= 0x80; zigzag >>= 7)
            data[size++] = (unsigned char)(zigzag | 0x80);
        data[size++] = (unsigned char)zigzag;
    }
    size_t at = sizeof head;
    memcpy(out, head, at);
    size_t raw_size = 5 + size;
    for (; raw_size >= 0x80; raw_size >>= 7)
        out[at++] = (unsigned char)(raw_size | 0x80);
    out[at++] = (unsigned char)raw_size;
    memset(out + at, 0, 4);
    out[at + 4] = of->kind == TEXT ? VARVE_TAG_BYTES : VARVE_TAG_INT;
    memcpy(out + at + 5, data, size);
    return at + 5 + size;
}

/* The bytes of a value that is put, or of an operand. */
static varve_slice bytes_of(const struct event *event)
{
    static unsigned char bytes[4096];
    struct outcome outcome = {.kind = NOTHING};
    happen(&outcome, event);
    if (event->kind != PLAIN)
        return varve_slice_of(bytes, inline_record(&outcome, bytes));
    memcpy(bytes, &event->number, sizeof event->number);
    return varve_slice_of(bytes, sizeof event->number);
}

/* Whether `value` is what happened to a key has left. */
static bool is_value(varve_slice value, int event, int below)
{
    static struct outcome expected;
    static unsigned char bytes[4096];
    varve__meta meta;
    expected.kind = NOTHING;
    unfold(&expected, event, below);
    switch (expected.kind) {
    case NOTHING:
        return false;
    case PLAIN:
        return varve_slice_equal(value, varve_slice_of(&expected.number, sizeof expected.number));
    case CONFLICT:
        return varve__meta_decode(value, &meta, NULL) == VARVE_MERGE_CONFLICT;
    case TEXT:
    case NUMBER:
        break;
    }
    return varve_slice_equal(value, varve_slice_of(bytes, inline_record(&expected, bytes)));
}

/* ---- The model ----------------------------------------------------------------------------------
 */

typedef int contents[KEYS_MAX];

static contents in_engine;
static contents in_snapshot; /* that the batch is over */
static contents in_batch;
static contents in_frozen; /* the batch, when the distinct view was opened */

/* The events that lead up to what is seen: those of the batch, then those below. */
static bool is_there(const int *below, const int *above, size_t i)
{
    if (above == NULL || above[i] == UNTOUCHED)
        return below[i] != ABSENT;
    return above[i] != ABSENT;
}

enum reader_kind { OF_ENGINE, OF_BATCH, OF_SNAPSHOT, KINDS };

struct model_iter {
    varve_iter *it; /* NULL: this place is free */
    enum reader_kind kind;
    unsigned user;    /* of the batch: 0, or the number of a distinct view */
    contents below;   /* the engine when it was opened */
    const int *above; /* the batch, as it is now; or NULL */
    varve_slice open_lower, open_upper, lower, upper;
    bool is_prefix;
    varve_slice prefix;    /* of the last seek */
    size_t at;             /* the key it stands on; key_count for nowhere */
    varve_status expected; /* of varve_iter_status() */
};

static struct model_iter iters[ITERS];

/* Who may use the batch, and how many distinct views there have been. */
static unsigned user;
static unsigned last_user;

static bool within(const struct model_iter *m, size_t i)
{
    if (varve_slice_compare(keys[i], m->lower) < 0)
        return false;
    if (m->upper.size > 0 && varve_slice_compare(keys[i], m->upper) >= 0)
        return false;
    return !m->is_prefix || varve_slice_equal(user_part(keys[i]), m->prefix);
}

static bool shows(const struct model_iter *m, size_t i)
{
    return within(m, i) && is_there(m->below, m->above, i);
}

static void model_fail(struct model_iter *m, varve_status status)
{
    m->at = key_count;
    m->expected = status;
}

/* Whether the iterator is one of somebody who may not use the batch now: any movement fails. */
static bool model_misuse(struct model_iter *m)
{
    if (m->kind != OF_BATCH || m->user == user)
        return false;
    model_fail(m, VARVE_MISUSE);
    return true;
}

/* Stand on the first key at or above the i-th. */
static void model_forward(struct model_iter *m, size_t i)
{
    if (model_misuse(m))
        return;
    while (i < key_count && !shows(m, i))
        i++;
    m->at = i;
}

/* Stand on the last key below the i-th. */
static void model_backward(struct model_iter *m, size_t i)
{
    if (model_misuse(m))
        return;
    while (i > 0 && !shows(m, i - 1))
        i--;
    m->at = i > 0 ? i - 1 : key_count;
}

static bool is_void(const struct model_iter *m)
{
    return m->upper.size > 0 && varve_slice_compare(m->lower, m->upper) >= 0;
}

static void model_seek_ge(struct model_iter *m, varve_slice target)
{
    m->expected = VARVE_OK;
    m->prefix = user_part(target);
    size_t size = m->prefix.size;
    if (is_void(m))
        m->at = key_count;
    else if (m->is_prefix && (size < 2 || memcmp(m->prefix.data + size - 2, "\0\1", 2) != 0))
        model_fail(m, VARVE_INVALID_ARGUMENT);
    else
        model_forward(m, first_ge(target));
}

/* To the last key at or below the target, or, if `strictly`, below it. */
static void model_seek_down(struct model_iter *m, varve_slice target, bool strictly)
{
    m->expected = VARVE_OK;
    size_t i = target.size == 0 ? key_count : first_ge(target);
    bool is_key = i < key_count && varve_slice_equal(keys[i], target);
    if (m->is_prefix)
        model_fail(m, VARVE_UNSUPPORTED);
    else if (is_void(m))
        m->at = key_count;
    else
        model_backward(m, is_key && !strictly ? i + 1 : i);
}

static void model_next_key(struct model_iter *m)
{
    size_t i = m->at;
    varve_slice user_key = user_part(keys[i]);
    while (i < key_count && varve_slice_equal(user_part(keys[i]), user_key))
        i++;
    if (m->is_prefix)
        m->at = key_count;
    else
        model_forward(m, i);
}

static void model_prev_key(struct model_iter *m)
{
    size_t i = m->at;
    varve_slice user_key = user_part(keys[i]);
    while (i > 0 && varve_slice_equal(user_part(keys[i - 1]), user_key))
        i--;
    model_backward(m, i);
}

/* ---- What is tested -----------------------------------------------------------------------------
 */

static test_random dice;
static varve_engine *twin; /* the memory map, which gets every commit as well */
static varve_batch *batch;
static varve_distinct *distinct; /* its view; NULL = none is open */
static bool over_snapshot;       /* so is the batch */
static contents marks[MARKS_MAX];
static size_t mark_count;
static int64_t last_value;
static unsigned long steps;

/* What the batch is over. */
static const int *below_batch(void)
{
    return over_snapshot ? in_snapshot : in_engine;
}

/* The batch as it may be used: itself, or its distinct view. */
static varve_reader *batch_reader(void)
{
    return distinct != NULL ? varve_distinct_reader(distinct) : varve_batch_reader_of(batch);
}

static varve_writer *batch_writer(void)
{
    return distinct != NULL ? varve_distinct_writer(distinct) : varve_batch_writer_of(batch);
}

static const int *seen_in_batch(void)
{
    return distinct != NULL ? in_frozen : in_batch;
}

static void check_iter(const struct model_iter *m, const char *what)
{
    varve_iter *it = m->it;
    varve_status status = varve_iter_status(it, NULL);
    REQUIRE(status == m->expected, "step %lu, %s: %s, not %s", steps, what,
            varve_status_name(status), varve_status_name(m->expected));
    if (m->at == key_count) {
        REQUIRE(!it->valid, "step %lu, %s: on %s, not nowhere", steps, what, hex_text(it->key));
        return;
    }
    REQUIRE(it->valid, "step %lu, %s: nowhere, not on %s", steps, what, hex_text(keys[m->at]));
    REQUIRE(varve_slice_equal(it->key, keys[m->at]), "step %lu, %s: on %s, not %s", steps, what,
            hex_text(it->key), hex_text(keys[m->at]));
    int event = m->above != NULL ? m->above[m->at] : UNTOUCHED;
    REQUIRE(is_value(varve_iter_value(it), event, m->below[m->at]), "step %lu, %s on %s: value %s",
            steps, what, hex_text(it->key), hex_text(varve_iter_value(it)));
}

static varve_slice any_bound(void)
{
    return bounds[test_random_below(&dice, bound_count)];
}

/* ---- Movements ----------------------------------------------------------------------------------
 */

static void seek_somewhere(struct model_iter *m)
{
    varve_slice target = any_bound();
    switch (test_random_below(&dice, 4)) {
    case 0:
        (void)varve_iter_seek_le(m->it, target);
        model_seek_down(m, target, false);
        check_iter(m, "seek_le");
        break;
    case 1:
        (void)varve_iter_seek_lt(m->it, target);
        model_seek_down(m, target, true);
        check_iter(m, "seek_lt");
        break;
    default:
        (void)varve_iter_seek_ge(m->it, target);
        model_seek_ge(m, target);
        check_iter(m, "seek_ge");
    }
}

static void step_back(struct model_iter *m, bool by_key)
{
    (void)(by_key ? varve_iter_prev_key(m->it) : varve_iter_prev(m->it));
    if (m->at < key_count) {
        if (m->is_prefix)
            model_fail(m, VARVE_UNSUPPORTED);
        else if (by_key)
            model_prev_key(m);
        else
            model_backward(m, m->at);
    }
    check_iter(m, by_key ? "prev_key" : "prev");
}

static void step_on(struct model_iter *m, bool by_key)
{
    (void)(by_key ? varve_iter_next_key(m->it) : varve_iter_next(m->it));
    if (m->at < key_count) {
        if (by_key)
            model_next_key(m);
        else
            model_forward(m, m->at + 1);
    }
    check_iter(m, by_key ? "next_key" : "next");
}

static void narrow(struct model_iter *m)
{
    varve_slice lower = any_bound();
    varve_slice upper = any_bound();
    varve_slice real_lower = lower.size > 0 ? lower : m->open_lower;
    varve_slice real_upper = upper.size > 0 ? upper : m->open_upper;
    bool wider = varve_slice_compare(real_lower, m->open_lower) < 0 ||
                 (m->open_upper.size > 0 && varve_slice_compare(real_upper, m->open_upper) > 0);
    varve_status status = varve_iter_set_bounds(m->it, lower, upper, NULL);
    REQUIRE(status == (wider ? VARVE_INVALID_ARGUMENT : VARVE_OK), "step %lu: set_bounds: %s",
            steps, varve_status_name(status));
    if (wider)
        return;
    m->lower = real_lower;
    m->upper = real_upper;
    m->at = key_count;
    m->expected = VARVE_OK;
    check_iter(m, "set_bounds");
}

static void move(struct model_iter *m)
{
    size_t choice = test_random_below(&dice, 40);
    if (choice == 0)
        narrow(m);
    else if (choice < 8 || m->at == key_count)
        seek_somewhere(m);
    else if (choice < 20)
        step_on(m, choice == 8);
    else if (choice < 30)
        step_back(m, choice == 20);
    else /* a run in one direction */
        for (size_t i = 0; i < choice - 28; i++)
            (void)(choice % 2 == 0 ? step_on(m, false) : step_back(m, false));
}

/* ---- Opening and closing iterators --------------------------------------------------------------
 */

static void close_one(struct model_iter *m)
{
    varve_iter_close(m->it);
    m->it = NULL;
}

static bool batch_has_iterators(void)
{
    for (int i = 0; i < ITERS; i++) {
        if (iters[i].it != NULL && iters[i].kind == OF_BATCH)
            return true;
    }
    return false;
}

/* A snapshot is closed at once: its iterators keep it. */
static void open_iter(struct model_iter *m)
{
    varve_snapshot *snapshot = NULL;
    varve_reader *reader = on.reader;
    *m = (struct model_iter){.kind = (enum reader_kind)test_random_below(&dice, KINDS)};
    memcpy(m->below, in_engine, sizeof in_engine);
    if (m->kind == OF_BATCH) {
        reader = batch_reader();
        memcpy(m->below, below_batch(), sizeof m->below);
        m->above = seen_in_batch();
        m->user = user;
    } else if (m->kind == OF_SNAPSHOT) {
        REQUIRE(varve_snapshot_open(on.engine, &snapshot, NULL) == VARVE_OK, "snapshot");
        reader = varve_snapshot_reader(snapshot);
    }
    varve_iter_options options = {.struct_size = sizeof options};
    if (test_random_below(&dice, 2) == 0)
        options.lower = any_bound();
    if (test_random_below(&dice, 2) == 0)
        options.upper = any_bound();
    options.prefix = test_random_below(&dice, 4) == 0;
    options.bypass_cache = test_random_below(&dice, 2) == 0;
    REQUIRE(varve_iter_open(reader, &options, &m->it, NULL) == VARVE_OK, "iter_open");
    varve_snapshot_close(snapshot);
    m->open_lower = m->lower = options.lower;
    m->open_upper = m->upper = options.upper;
    m->is_prefix = options.prefix;
    m->at = key_count;
}

/* ---- Writes -------------------------------------------------------------------------------------
 */

static void set_range(int *state, varve_slice start, varve_slice end)
{
    for (size_t i = first_ge(start); i < key_count && varve_slice_compare(keys[i], end) < 0; i++)
        state[i] = ABSENT;
}

static enum kind any_kind(size_t i)
{
    if (is_version(keys[i]))
        return PLAIN;
    /* Mostly of one kind for a key, so that conflicts are not all there is. */
    bool is_odd = test_random_below(&dice, 12) == 0;
    return (i / 4 % 2 == 0) == is_odd ? TEXT : NUMBER;
}

/* A put, or a merge, which is only for metadata positions, of the i-th key. */
static void happens_to(int *state, size_t i, bool is_merge)
{
    last_value += is_merge && last_value % 3 == 0 ? 1000000007 : 1;
    state[i] = new_event(is_merge, is_merge ? state[i] : ABSENT, any_kind(i), last_value);
}

static varve_record any_record(int *state)
{
    size_t choice = test_random_below(&dice, 10);
    size_t i = test_random_below(&dice, key_count);
    const varve_slice none = varve_slice_of(NULL, 0);
    if (choice == 9) {
        varve_slice other = any_bound();
        bool forward = varve_slice_compare(keys[i], other) <= 0;
        varve_record record = {VARVE_RECORD_CLEAR_RANGE, forward ? keys[i] : other,
                               forward ? other : keys[i]};
        set_range(state, record.key, record.value);
        return record;
    }
    if (choice >= 7) {
        state[i] = ABSENT;
        return (varve_record){VARVE_RECORD_CLEAR, keys[i], none};
    }
    bool is_merge = choice >= 3 && !is_version(keys[i]);
    happens_to(state, i, is_merge);
    return (varve_record){is_merge ? VARVE_RECORD_MERGE : VARVE_RECORD_PUT, keys[i],
                          bytes_of(&events[state[i]])};
}

/* What is written to the engine is written to the twin too. */
static void apply(varve_writer *writer, varve_slice repr)
{
    REQUIRE(varve_writer_apply(writer, repr, NULL) == VARVE_OK, "step %lu: apply", steps);
    if (writer == on.writer)
        REQUIRE(varve_writer_apply(varve_engine_writer(twin), repr, NULL) == VARVE_OK, "twin");
}

/* One to some records, written as a representation. */
static void write_some(varve_writer *writer, int *state)
{
    varve_buf repr = VARVE_BUF_INIT;
    for (size_t left = 1 + test_random_below(&dice, 4); left > 0; left--) {
        varve_record record = any_record(state);
        REQUIRE(varve__repr_append(&repr, &record, NULL) == VARVE_OK, "repr");
    }
    apply(writer, varve_buf_slice(&repr));
    varve_buf_release(&repr);
}

static varve_status write_record(varve_writer *writer, const varve_record *record)
{
    switch (record->type) {
    case VARVE_RECORD_PUT:
        return varve_writer_put(writer, record->key, record->value, NULL);
    case VARVE_RECORD_MERGE:
        return varve_writer_merge(writer, record->key, record->value, NULL);
    case VARVE_RECORD_CLEAR_RANGE:
        return varve_writer_clear_range(writer, record->key, record->value, NULL);
    default:
        return varve_writer_clear(writer, record->key, NULL);
    }
}

/* One record by a small form; those refuse the empty key. */
static void write_small(varve_writer *writer, int *state)
{
    contents before;
    memcpy(before, state, sizeof before);
    varve_record record = any_record(state);
    bool is_refused = record.type != VARVE_RECORD_CLEAR_RANGE && user_part(record.key).size == 2;
    varve_status expected = is_refused ? VARVE_EMPTY_KEY : VARVE_OK;
    varve_status status = write_record(writer, &record);
    REQUIRE(status == expected, "small: %s", varve_status_name(status));
    if (writer == on.writer)
        REQUIRE(write_record(varve_engine_writer(twin), &record) == expected, "twin");
    if (is_refused)
        memcpy(state, before, sizeof before);
}

/* Clear, one by one, what a fresh iterator shows of a range. */
static void clear_shown(void)
{
    varve_iter *it = iter(batch_reader(), NULL);
    varve_slice start = any_bound();
    varve_slice end = any_bound();
    const int *above = seen_in_batch();
    contents to_clear;
    uint64_t expected = 0;
    for (size_t i = 0; i < key_count; i++) {
        to_clear[i] = is_there(below_batch(), above, i) &&
                      varve_slice_compare(keys[i], start) >= 0 &&
                      (end.size == 0 || varve_slice_compare(keys[i], end) < 0);
        expected += to_clear[i] != 0;
    }
    uint64_t cleared;
    varve_status status =
        varve_writer_clear_iter_range(batch_writer(), it, start, end, &cleared, NULL);
    REQUIRE(status == VARVE_OK && cleared == expected, "step %lu: clear_iter_range: %d", steps,
            (int)cleared);
    for (size_t i = 0; i < key_count; i++)
        in_batch[i] = to_clear[i] != 0 ? ABSENT : in_batch[i];
    varve_iter_close(it);
}

static void write_to(varve_writer *writer, int *state)
{
    if (test_random_below(&dice, 2) == 0)
        write_some(writer, state);
    else
        write_small(writer, state);
}

/* ---- Reads --------------------------------------------------------------------------------------
 */

static void read_one(varve_reader *reader, const int *below, const int *above)
{
    size_t i = test_random_below(&dice, key_count);
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(reader, keys[i], &value, NULL);
    bool expected = is_there(below, above, i);
    if (user_part(keys[i]).size == 2) {
        REQUIRE(status == VARVE_EMPTY_KEY, "get of the empty key");
    } else {
        REQUIRE(status == (expected ? VARVE_OK : VARVE_NOT_FOUND), "step %lu: get %s: %s", steps,
                hex_text(keys[i]), varve_status_name(status));
        REQUIRE(!expected || is_value(varve_buf_slice(&value), above != NULL ? above[i] : UNTOUCHED,
                                      below[i]),
                "step %lu: get %s: %s", steps, hex_text(keys[i]),
                hex_text(varve_buf_slice(&value)));
    }
    varve_buf_release(&value);
}

static void check_all(varve_reader *reader, const int *below, const int *above)
{
    struct model_iter m = {.above = above};
    memcpy(m.below, below, sizeof m.below);
    m.it = iter(reader, NULL);
    (void)varve_iter_seek_ge(m.it, varve_slice_of(NULL, 0));
    for (model_forward(&m, 0); m.at < key_count; step_on(&m, false))
        check_iter(&m, "all");
    check_iter(&m, "all");
    (void)varve_iter_seek_le(m.it, varve_slice_of(NULL, 0));
    for (model_backward(&m, key_count); m.at < key_count; step_back(&m, false))
        check_iter(&m, "all, backwards");
    check_iter(&m, "all, backwards");
    varve_iter_close(m.it);
}

/* Another batch that gets the bytes of this one has the same bytes, and reads the same. */
static void check_copy(void)
{
    varve_batch *copy;
    varve_slice repr = varve_batch_repr(batch);
    REQUIRE(!over_snapshot, "the copy is over the engine");
    REQUIRE(varve_batch_open(on.engine, 0, &copy, NULL) == VARVE_OK, "copy");
    REQUIRE(varve_writer_apply(varve_batch_writer_of(copy), repr, NULL) == VARVE_OK, "copy");
    REQUIRE(varve_slice_equal(varve_batch_repr(copy), repr), "step %lu: copied bytes", steps);
    check_all(varve_batch_reader_of(copy), in_engine, in_batch);
    varve_batch_close(copy);
}

/* ---- Savepoints and distinct views --------------------------------------------------------------
 */

static void mark(void)
{
    bool has_room = mark_count < MARKS_MAX;
    if (user == 0 && !has_room)
        return;
    varve_status status = varve_batch_savepoint(batch, NULL);
    REQUIRE(status == (user != 0 ? VARVE_MISUSE : VARVE_OK), "savepoint");
    if (status == VARVE_OK)
        memcpy(marks[mark_count++], in_batch, sizeof in_batch);
}

static void roll_back(void)
{
    varve_status expected = mark_count > 0 ? VARVE_OK : VARVE_NOT_FOUND;
    if (user != 0 || batch_has_iterators())
        expected = VARVE_MISUSE;
    varve_status status = varve_batch_rollback(batch, NULL);
    REQUIRE(status == expected, "step %lu: rollback: %s", steps, varve_status_name(status));
    if (status == VARVE_OK)
        memcpy(in_batch, marks[--mark_count], sizeof in_batch);
}

static void release_mark(void)
{
    varve_status expected = mark_count > 0 ? VARVE_OK : VARVE_NOT_FOUND;
    varve_status status = varve_batch_release(batch, NULL);
    REQUIRE(status == (user != 0 ? VARVE_MISUSE : expected), "release");
    mark_count -= status == VARVE_OK;
}

static void toggle_distinct(void)
{
    if (distinct != NULL) {
        varve_distinct_close(distinct);
        distinct = NULL;
        user = 0;
        return;
    }
    REQUIRE(varve_distinct_open(batch, &distinct, NULL) == VARVE_OK, "distinct");
    memcpy(in_frozen, in_batch, sizeof in_batch);
    user = ++last_user;
}

static void change_view(void)
{
    switch (test_random_below(&dice, 6)) {
    case 0:
    case 1:
        mark();
        break;
    case 2:
        roll_back();
        break;
    case 3:
        release_mark();
        break;
    default:
        toggle_distinct();
    }
}

/* ---- A round: the life of a batch ---------------------------------------------------------------
 */

static void open_batch(void)
{
    varve_snapshot *snapshot;
    over_snapshot = test_random_below(&dice, 3) == 0;
    if (!over_snapshot) {
        REQUIRE(varve_batch_open(on.engine, 0, &batch, NULL) == VARVE_OK, "batch_open");
        return;
    }
    REQUIRE(varve_snapshot_open(on.engine, &snapshot, NULL) == VARVE_OK, "snapshot");
    memcpy(in_snapshot, in_engine, sizeof in_engine);
    REQUIRE(varve_batch_open_at(snapshot, 0, &batch, NULL) == VARVE_OK, "batch_open_at");
    varve_snapshot_close(snapshot);
}

static void begin_batch(void)
{
    for (size_t i = 0; i < key_count; i++)
        in_batch[i] = UNTOUCHED;
    mark_count = 0;
    if (batch != NULL && test_random_below(&dice, 2) == 0) {
        REQUIRE(varve_batch_reset(batch, NULL) == VARVE_OK, "reset");
        return;
    }
    varve_batch_close(batch);
    open_batch();
}

/* What happened in the batch goes on top of what happened in the engine. */
static int on_top_of(int above, int below)
{
    if (above == UNTOUCHED)
        return below;
    if (above == ABSENT || !events[above].is_merge)
        return above;
    int before = on_top_of(events[above].on, below);
    return new_event(true, before, events[above].kind, events[above].number);
}

static varve_status gather(void *arg, varve_slice engine_key, varve_slice value, varve_error *err)
{
    varve_buf *all = arg;
    const varve_slice size = varve_slice_of(&engine_key.size, sizeof engine_key.size);
    varve_status status = varve__buf_append(all, size, err);
    if (status == VARVE_OK)
        status = varve__buf_append(all, engine_key, err);
    return status == VARVE_OK ? varve__buf_append(all, value, err) : status;
}

/* All bytes of a reader, conflicts too. */
static void gather_all(varve_reader *reader, varve_buf *all)
{
    const varve_slice end = varve_slice_of(NULL, 0);
    all->size = 0;
    REQUIRE(varve_reader_iterate(reader, end, end, 0, gather, all, NULL) == VARVE_OK, "iterate");
}

/* What the batch shows of a state, and what the commit leaves of it, are the same bytes. */
static void check_commit(const varve_buf *before)
{
    varve_reader *readers[] = {on.reader, varve_engine_reader(twin)};
    varve_buf after = VARVE_BUF_INIT;
    for (int i = 0; i < 2; i++) {
        gather_all(readers[i], &after);
        REQUIRE(varve_slice_equal(varve_buf_slice(before), varve_buf_slice(&after)),
                "step %lu: the commit left other bytes, %d", steps, i);
    }
    varve_buf_release(&after);
}

static void commit(void)
{
    varve_slice repr = varve_batch_repr(batch);
    varve_buf before = VARVE_BUF_INIT;
    bool is_complete = !over_snapshot && distinct == NULL;
    if (is_complete)
        gather_all(batch_reader(), &before);
    REQUIRE(varve_writer_apply(varve_engine_writer(twin), repr, NULL) == VARVE_OK, "twin");
    REQUIRE(varve_batch_commit(batch, VARVE_NO_SYNC, NULL) == VARVE_OK, "commit");
    for (size_t i = 0; i < key_count; i++)
        in_engine[i] = on_top_of(in_batch[i], in_engine[i]);
    if (is_complete)
        check_commit(&before);
    varve_buf_release(&before);
}

/* Iterators over a batch that is done can only be closed, and so can its view. */
static void end_batch(void)
{
    check_all(batch_reader(), below_batch(), seen_in_batch());
    if (!over_snapshot)
        check_copy();
    if (test_random_below(&dice, 4) > 0)
        commit();
    for (int i = 0; i < ITERS; i++) {
        if (iters[i].it != NULL && iters[i].kind == OF_BATCH)
            close_one(&iters[i]);
    }
    if (distinct != NULL)
        toggle_distinct();
    check_all(on.reader, in_engine, NULL);
    check_all(varve_engine_reader(twin), in_engine, NULL);
}

static void one_step(void)
{
    struct model_iter *m = &iters[test_random_below(&dice, ITERS)];
    size_t choice = test_random_below(&dice, 100);
    if (choice < 12)
        write_to(batch_writer(), in_batch);
    else if (choice < 14)
        write_to(on.writer, in_engine);
    else if (choice < 18)
        read_one(batch_reader(), below_batch(), seen_in_batch());
    else if (choice < 20)
        read_one(on.reader, in_engine, NULL);
    else if (choice < 23)
        change_view();
    else if (choice == 23)
        clear_shown();
    else if (m->it == NULL)
        open_iter(m);
    else if (choice < 26)
        close_one(m);
    else
        move(m);
}

/* The event, and those it stands on, from another table. */
static int keep(const struct event *past, int event)
{
    if (event == ABSENT)
        return ABSENT;
    int before = past[event].is_merge ? keep(past, past[event].on) : ABSENT;
    return new_event(past[event].is_merge, before, past[event].kind, past[event].number);
}

/* Keep of the table only what the engine's and the snapshot's keys are made of. */
static void forget_the_past(void)
{
    struct event *past = events;
    for (int i = 0; i < ITERS; i++) {
        if (iters[i].it != NULL)
            close_one(&iters[i]);
    }
    events = NULL;
    event_count = event_room = 0;
    (void)new_event(false, ABSENT, NOTHING, 0);
    for (size_t i = 0; i < key_count; i++) {
        in_engine[i] = keep(past, in_engine[i]);
        in_snapshot[i] = keep(past, over_snapshot ? in_snapshot[i] : ABSENT);
    }
    free(past);
}

enum { STEPS = 20000 };

START_TEST(random_work_agrees_with_the_model)
{
    unsigned long wanted = test_steps(STEPS);
    dice = test_random_start();
    make_universe();
    forget_the_past();
    twin = backend_open(BACKEND_MAP);
    for (unsigned long rounds = 1; steps < wanted; rounds++) {
        begin_batch();
        for (size_t left = test_random_below(&dice, 200); left > 0; left--, steps++)
            one_step();
        end_batch();
        if (test_random_below(&dice, 40) == 0)
            REQUIRE(varve_engine_flush(on.engine, NULL) == VARVE_OK, "flush");
        if (rounds % 500 == 0)
            forget_the_past();
    }
    for (int i = 0; i < ITERS; i++)
        varve_iter_close(iters[i].it);
    varve_batch_close(batch);
    backend_close(twin);
    free(events);
}
END_TEST

static void fill(TCase *tcase)
{
    if (getenv("VARVE_TEST_STEPS") != NULL)
        tcase_set_timeout(tcase, 60 + (double)test_steps(STEPS) / 1000);
    tcase_add_test(tcase, random_work_agrees_with_the_model);
}

int main(void)
{
    return run_suite(backend_suite("random", fill));
}
