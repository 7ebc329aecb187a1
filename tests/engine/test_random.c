/*
 * Random work on an engine, a batch and their iterators, held against a model at every step.
 *
 * All keys come from a universe of some ninety, sorted; a state is an array with a value for each,
 * 0 for none.  On that every movement is a walk over the array.
 */
#include <stdio.h>

#include <varve/key.h>

#include "format/batch_repr.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

enum { ITERS = 4, KEYS_MAX = 128, BOUNDS_MAX = 256 };

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

/* ---- The model ----------------------------------------------------------------------------------
 */

/* A value for each key; in a batch also the word that nothing has been said about it. */
enum { ABSENT = 0, UNTOUCHED = -1 };
typedef int contents[KEYS_MAX];

static contents in_engine;
static contents in_batch;

static int seen(const int *below, const int *above, size_t i)
{
    return above != NULL && above[i] != UNTOUCHED ? above[i] : below[i];
}

enum reader_kind { OF_ENGINE, OF_BATCH, OF_SNAPSHOT, KINDS };

struct model_iter {
    varve_iter *it; /* NULL: this place is free */
    enum reader_kind kind;
    contents below;   /* the engine when it was opened */
    const int *above; /* the batch, as it is now; or NULL */
    varve_slice open_lower, open_upper, lower, upper;
    bool is_prefix;
    varve_slice prefix;    /* of the last seek */
    size_t at;             /* the key it stands on; key_count for nowhere */
    varve_status expected; /* of varve_iter_status() */
};

static struct model_iter iters[ITERS];

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
    return within(m, i) && seen(m->below, m->above, i) != ABSENT;
}

/* Stand on the first key at or above the i-th. */
static void model_forward(struct model_iter *m, size_t i)
{
    while (i < key_count && !shows(m, i))
        i++;
    m->at = i;
}

/* Stand on the last key below the i-th. */
static void model_backward(struct model_iter *m, size_t i)
{
    while (i > 0 && !shows(m, i - 1))
        i--;
    m->at = i > 0 ? i - 1 : key_count;
}

static void model_fail(struct model_iter *m, varve_status status)
{
    m->at = key_count;
    m->expected = status;
}

static void model_seek_ge(struct model_iter *m, varve_slice target)
{
    m->expected = VARVE_OK;
    m->prefix = user_part(target);
    size_t size = m->prefix.size;
    if (m->is_prefix && varve_slice_compare(m->lower, m->upper) >= 0 && m->upper.size > 0)
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
    else
        model_backward(m, is_key && !strictly ? i + 1 : i);
}

static void model_next_key(struct model_iter *m)
{
    size_t i = m->at;
    varve_slice user = user_part(keys[i]);
    while (i < key_count && varve_slice_equal(user_part(keys[i]), user))
        i++;
    model_forward(m, i);
}

static void model_prev_key(struct model_iter *m)
{
    size_t i = m->at;
    varve_slice user = user_part(keys[i]);
    while (i > 0 && varve_slice_equal(user_part(keys[i - 1]), user))
        i--;
    model_backward(m, i);
}

/* ---- What is tested -----------------------------------------------------------------------------
 */

static test_random dice;
static varve_batch *batch;
static int last_value;
static unsigned long steps;

/* Check's assertions are too slow for each of some hundred thousand steps. */
#define REQUIRE(condition, ...)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)

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
    int expected = seen(m->below, m->above, m->at);
    int value;
    REQUIRE(varve_iter_value(it).size == sizeof value, "step %lu, %s: value size", steps, what);
    memcpy(&value, varve_iter_value(it).data, sizeof value);
    REQUIRE(value == expected, "step %lu, %s on %s: value %d, not %d", steps, what,
            hex_text(it->key), value, expected);
}

static varve_slice any_key(void)
{
    return keys[test_random_below(&dice, key_count)];
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

/* A snapshot is closed at once: its iterators keep it. */
static void open_iter(struct model_iter *m)
{
    varve_snapshot *snapshot = NULL;
    varve_reader *reader = on.reader;
    *m = (struct model_iter){.kind = (enum reader_kind)test_random_below(&dice, KINDS)};
    memcpy(m->below, in_engine, sizeof in_engine);
    if (m->kind == OF_BATCH) {
        reader = varve_batch_reader_of(batch);
        m->above = in_batch;
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

static void set_range(int *state, varve_slice start, varve_slice end, int value)
{
    for (size_t i = first_ge(start); i < key_count && varve_slice_compare(keys[i], end) < 0; i++)
        state[i] = value;
}

/* One to some records, written as a representation, or one by a small form. */
static void write_some(varve_writer *writer, int *state)
{
    varve_buf repr = VARVE_BUF_INIT;
    size_t count = 1 + test_random_below(&dice, 4);
    for (size_t i = 0; i < count; i++) {
        size_t choice = test_random_below(&dice, 8);
        varve_slice key = any_key();
        varve_record record = {VARVE_RECORD_PUT, key,
                               varve_slice_of(&last_value, sizeof last_value)};
        last_value++;
        if (choice == 7) {
            varve_slice other = any_bound();
            bool forward = varve_slice_compare(key, other) <= 0;
            record = (varve_record){VARVE_RECORD_CLEAR_RANGE, forward ? key : other,
                                    forward ? other : key};
            set_range(state, record.key, record.value, ABSENT);
        } else if (choice >= 4) {
            record = (varve_record){VARVE_RECORD_CLEAR, key, varve_slice_of(NULL, 0)};
            state[first_ge(key)] = ABSENT;
        } else {
            state[first_ge(key)] = last_value;
        }
        REQUIRE(varve__repr_append(&repr, &record, NULL) == VARVE_OK, "repr");
    }
    REQUIRE(varve_writer_apply(writer, varve_buf_slice(&repr), NULL) == VARVE_OK, "apply");
    varve_buf_release(&repr);
}

static void write_small(varve_writer *writer, int *state)
{
    size_t i = test_random_below(&dice, key_count);
    bool is_empty_key = user_part(keys[i]).size == 2;
    varve_status status;
    if (test_random_below(&dice, 3) == 0) {
        status = varve_writer_clear(writer, keys[i], NULL);
        state[i] = is_empty_key ? state[i] : ABSENT;
    } else {
        last_value++;
        status =
            varve_writer_put(writer, keys[i], varve_slice_of(&last_value, sizeof last_value), NULL);
        state[i] = is_empty_key ? state[i] : last_value;
    }
    REQUIRE(status == (is_empty_key ? VARVE_EMPTY_KEY : VARVE_OK), "small: %s",
            varve_status_name(status));
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

static void read_one(varve_reader *reader, const int *above)
{
    size_t i = test_random_below(&dice, key_count);
    int expected = seen(in_engine, above, i);
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(reader, keys[i], &value, NULL);
    int found = ABSENT;
    if (status == VARVE_OK)
        memcpy(&found, value.data, sizeof found);
    if (user_part(keys[i]).size == 2)
        REQUIRE(status == VARVE_EMPTY_KEY, "get of the empty key");
    else
        REQUIRE(found == expected && status >= 0, "step %lu: get %s: %d, not %d", steps,
                hex_text(keys[i]), found, expected);
    varve_buf_release(&value);
}

static void check_all(varve_reader *reader, const int *above)
{
    struct model_iter m = {.above = above};
    memcpy(m.below, in_engine, sizeof in_engine);
    m.it = iter(reader, NULL);
    (void)varve_iter_seek_ge(m.it, varve_slice_of(NULL, 0));
    for (model_forward(&m, 0); m.at < key_count; step_on(&m, false))
        check_iter(&m, "all");
    (void)varve_iter_seek_le(m.it, varve_slice_of(NULL, 0));
    for (model_backward(&m, key_count); m.at < key_count; step_back(&m, false))
        check_iter(&m, "all, backwards");
    varve_iter_close(m.it);
}

/* ---- A round: the life of a batch ---------------------------------------------------------------
 */

static void begin_batch(void)
{
    for (size_t i = 0; i < key_count; i++)
        in_batch[i] = UNTOUCHED;
    if (batch != NULL && test_random_below(&dice, 2) == 0) {
        REQUIRE(varve_batch_reset(batch, NULL) == VARVE_OK, "reset");
        return;
    }
    varve_batch_close(batch);
    REQUIRE(varve_batch_open(on.engine, 0, &batch, NULL) == VARVE_OK, "batch_open");
}

static void end_batch(void)
{
    check_all(varve_batch_reader_of(batch), in_batch);
    if (test_random_below(&dice, 4) > 0) {
        REQUIRE(varve_batch_commit(batch, VARVE_NO_SYNC, NULL) == VARVE_OK, "commit");
        for (size_t i = 0; i < key_count; i++)
            in_engine[i] = seen(in_engine, in_batch, i);
    }
    for (int i = 0; i < ITERS; i++) {
        if (iters[i].it != NULL && iters[i].kind == OF_BATCH)
            close_one(&iters[i]);
    }
    check_all(on.reader, NULL);
}

static void one_step(void)
{
    struct model_iter *m = &iters[test_random_below(&dice, ITERS)];
    size_t choice = test_random_below(&dice, 100);
    if (choice < 12)
        write_to(varve_batch_writer_of(batch), in_batch);
    else if (choice < 14)
        write_to(on.writer, in_engine);
    else if (choice < 18)
        read_one(varve_batch_reader_of(batch), in_batch);
    else if (choice < 20)
        read_one(on.reader, NULL);
    else if (m->it == NULL)
        open_iter(m);
    else if (choice < 22)
        close_one(m);
    else
        move(m);
}

START_TEST(random_work_agrees_with_the_model)
{
    dice = test_random_start();
    make_universe();
    while (steps < 40000) {
        begin_batch();
        for (size_t left = test_random_below(&dice, 200); left > 0; left--, steps++)
            one_step();
        end_batch();
        if (test_random_below(&dice, 40) == 0)
            REQUIRE(varve_engine_flush(on.engine, NULL) == VARVE_OK, "flush");
    }
    for (int i = 0; i < ITERS; i++)
        varve_iter_close(iters[i].it);
    varve_batch_close(batch);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, random_work_agrees_with_the_model);
}

int main(void)
{
    return run_suite(backend_suite("random", fill));
}
