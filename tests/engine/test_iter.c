#include <stdio.h>

#include <varve/key.h>

#include "engine/engine.h"
#include "format/batch_repr.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/fault.h"
#include "tests/support/records.h"

/* ---- Places: five ways to come by the same records ----------------------------------------------
 */

#define EXAMPLE "a=1 a@2=2 a@1=3 b@3=4 c=5"

static struct {
    varve_reader *reader;
    varve_batch *batch;
    varve_snapshot *snapshot;
} at;

static void open_batch(void)
{
    ck_ok(varve_batch_open(on.engine, 0, &at.batch, &on.err), &on.err);
    at.reader = varve_batch_reader_of(at.batch);
}

static void put_example(varve_writer *first, varve_writer *second)
{
    put(first, "a", "1");
    put(second, "a@2", "2");
    put(first, "a@1", "3");
    put(second, "b@3", "4");
    put(first, "c", "5");
}

static void in_engine(void)
{
    put_example(on.writer, on.writer);
    at.reader = on.reader;
}

static void in_snapshot(void)
{
    put_example(on.writer, on.writer);
    ck_ok(varve_snapshot_open(on.engine, &at.snapshot, &on.err), &on.err);
    at.reader = varve_snapshot_reader(at.snapshot);
    clear_range(on.writer, "", "b");
    put(on.writer, "b@4", "later");
}

static void in_batch(void)
{
    open_batch();
    put_example(varve_batch_writer_of(at.batch), varve_batch_writer_of(at.batch));
}

static void in_both(void)
{
    open_batch();
    put_example(on.writer, varve_batch_writer_of(at.batch));
}

/* The batch hides, in all the ways there are, what the engine has too much. */
static void in_batch_over_noise(void)
{
    static const char *const noise[] = {"A", "a@3", "a@2", "a%00", "a%00@7", "b", "b@2", "cc", "d"};
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++)
        put(on.writer, noise[i], "noise");
    put(on.writer, "a", "1");
    open_batch();
    varve_writer *writer = varve_batch_writer_of(at.batch);
    clear(writer, "A");
    clear(writer, "a@3");
    clear_range(writer, "a%00", "b@3");
    put(writer, "b@3", "overwritten");
    put(writer, "b@1", "passing");
    clear_range(writer, "b@2", "zz");
    put(writer, "a@2", "2");
    put(writer, "a@1", "3");
    put(writer, "b@3", "4");
    put(writer, "c", "5");
}

static void (*const places[])(void) = {in_engine, in_snapshot, in_batch, in_both,
                                       in_batch_over_noise};
enum { PLACE_COUNT = sizeof places / sizeof places[0] };

static void enter(int place)
{
    at.batch = NULL;
    at.snapshot = NULL;
    places[place]();
}

static void leave(void)
{
    varve_batch_close(at.batch);
    varve_snapshot_close(at.snapshot);
}

/* ---- Every move on the example of the specification ---------------------------------------------
 */

struct move {
    const char *from;
    const char *to;
};

/* Hold a way to move to a table: from a key sought to the record it leads to. */
static void check_moves(bool (*move)(varve_iter *it, varve_slice key), const struct move *moves,
                        size_t count)
{
    varve_iter *it = iter(at.reader, NULL);
    for (size_t i = 0; i < count; i++) {
        bool valid = move(it, key_of(moves[i].from));
        ck_assert_msg(strcmp(position(it), moves[i].to) == 0, "from \"%s\": %s, not %s",
                      moves[i].from, position(it), moves[i].to);
        ck_assert_int_eq(valid, it->valid);
    }
    varve_iter_close(it);
}

#define CHECK_MOVES(move, moves) check_moves(move, moves, sizeof(moves) / sizeof(moves)[0])

START_TEST(seek_ge_finds_the_first_at_or_above)
{
    static const struct move moves[] = {
        {"", "a"},      {"%00", "a"},    {"a", "a"},   {"a@3", "a@2"}, {"a@2", "a@2"},
        {"a@1", "a@1"}, {"a%00", "b@3"}, {"b", "b@3"}, {"b@4", "b@3"}, {"b@3", "b@3"},
        {"b@2", "c"},   {"c", "c"},      {"c@9", "-"}, {"%FE", "-"},
    };
    enter(_i);
    CHECK_MOVES(varve_iter_seek_ge, moves);
    leave();
}
END_TEST

START_TEST(seek_le_finds_the_last_at_or_below)
{
    static const struct move moves[] = {
        {"", "c"},      {"%00", "-"},    {"a", "a"},   {"a@3", "a"},   {"a@2", "a@2"},
        {"a@1", "a@1"}, {"a%00", "a@1"}, {"b", "a@1"}, {"b@4", "a@1"}, {"b@3", "b@3"},
        {"b@1", "b@3"}, {"c", "c"},      {"c@9", "c"}, {"zz", "c"},
    };
    enter(_i);
    CHECK_MOVES(varve_iter_seek_le, moves);
    leave();
}
END_TEST

START_TEST(seek_lt_finds_the_last_below)
{
    static const struct move moves[] = {
        {"", "c"},      {"%00", "-"},    {"a", "-"},   {"a@3", "a"},   {"a@2", "a"},
        {"a@1", "a@2"}, {"a%00", "a@1"}, {"b", "a@1"}, {"b@3", "a@1"}, {"b@1", "b@3"},
        {"c", "b@3"},   {"c@9", "c"},    {"zz", "c"},
    };
    enter(_i);
    CHECK_MOVES(varve_iter_seek_lt, moves);
    leave();
}
END_TEST

static bool next_key_from(varve_iter *it, varve_slice key)
{
    (void)varve_iter_seek_ge(it, key);
    return varve_iter_next_key(it);
}

static bool prev_key_from(varve_iter *it, varve_slice key)
{
    (void)varve_iter_seek_ge(it, key);
    return varve_iter_prev_key(it);
}

START_TEST(next_key_passes_the_versions)
{
    static const struct move moves[] = {
        {"a", "b@3"}, {"a@2", "b@3"}, {"a@1", "b@3"}, {"b@3", "c"}, {"c", "-"}, {"zz", "-"},
    };
    enter(_i);
    CHECK_MOVES(next_key_from, moves);
    leave();
}
END_TEST

START_TEST(prev_key_leads_to_the_oldest_version)
{
    static const struct move moves[] = {
        {"a", "-"}, {"a@2", "-"}, {"a@1", "-"}, {"b@3", "a@1"}, {"c", "b@3"}, {"zz", "-"},
    };
    enter(_i);
    CHECK_MOVES(prev_key_from, moves);
    leave();
}
END_TEST

START_TEST(walks_show_keys_and_values)
{
    enter(_i);
    varve_iter *it = iter(at.reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), EXAMPLE);
    ck_assert(varve_iter_seek_le(it, key_of("")));
    ck_text(walk_backward(it), "c=5 b@3=4 a@1=3 a@2=2 a=1");
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(the_direction_may_change_anywhere)
{
    static const char *const keys[] = {"a", "a@2", "a@1", "b@3", "c"};
    enter(_i);
    varve_iter *it = iter(at.reader, NULL);
    for (int i = 0; i < 5; i++) {
        for (int back = 0; back <= i; back++) {
            ck_assert(varve_iter_seek_ge(it, key_of(keys[i])));
            for (int step = 0; step < back; step++)
                ck_assert(varve_iter_prev(it));
            ck_text(position(it), keys[i - back]);
            for (int step = 0; step < back; step++)
                ck_assert(varve_iter_next(it));
            ck_text(position(it), keys[i]);
            ck_assert_int_eq(varve_iter_prev(it), i > 0);
            ck_text(position(it), i > 0 ? keys[i - 1] : "-");
        }
    }
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(nowhere_is_left_only_by_a_seek)
{
    enter(_i);
    varve_iter *it = iter(at.reader, NULL);
    for (int round = 0; round < 2; round++) {
        ck_assert(!varve_iter_next(it));
        ck_assert(!varve_iter_prev(it));
        ck_assert(!varve_iter_next_key(it));
        ck_assert(!varve_iter_prev_key(it));
        ck_assert(!varve_iter_less(it, key_of("zz")));
        ck_text(position(it), "-");
        ck_assert(varve_iter_seek_ge(it, key_of("c")));
        ck_assert(!varve_iter_next(it));
    }
    ck_assert(varve_iter_seek_le(it, key_of("b")));
    ck_assert(varve_iter_less(it, key_of("b")));
    ck_assert(!varve_iter_less(it, key_of("a@1")));
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(many_versions_are_passed_by_a_seek)
{
    enter(_i);
    varve_writer *writer = at.batch != NULL ? varve_batch_writer_of(at.batch) : on.writer;
    char key[32];
    for (int i = 1; i <= 40; i++) {
        (void)snprintf(key, sizeof key, "b%%00@%d", i);
        put(writer, key, "v");
    }
    varve_iter *it = iter(at.reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("b%00")));
    ck_text(position(it), "b%00@40");
    ck_assert(varve_iter_next_key(it));
    ck_text(position(it), "c");
    ck_assert(varve_iter_prev_key(it));
    ck_text(position(it), "b%00@1");
    ck_assert(varve_iter_prev_key(it));
    ck_text(position(it), "b@3");
    varve_iter_close(it);
    leave();
}
END_TEST

/* After two keys in vain, steps are tried at the 16th behind them, and at the 32nd behind that. */
START_TEST(deep_keys_are_sought_at_once)
{
    enum { DEEP_KEYS = 60, VERSIONS = 20, TRIES = 4 };
    fault_view view;
    char key[32];
    for (int i = 0; i < DEEP_KEYS * VERSIONS; i++) {
        (void)snprintf(key, sizeof key, "k%02d@%d", i / VERSIONS, 1 + i % VERSIONS);
        put(on.writer, key, "v");
    }
    fault_view_init(&view, on.reader, on.writer);
    varve_iter *it = iter(&view.reader, NULL);
    fault_view_arm(&view, 0);
    (void)varve_iter_seek_ge(it, key_of(""));
    for (int i = 0; i < DEEP_KEYS; i++) {
        (void)snprintf(key, sizeof key, "k%02d@%d", i, VERSIONS);
        ck_text(position(it), key);
        (void)varve_iter_next_key(it);
    }
    ck_text(position(it), "-");
    ck_assert_uint_eq(view.seeks, 1 + DEEP_KEYS);
    ck_assert_uint_eq(view.steps, TRIES * VARVE__STEPS_BEFORE_SEEK);
    fault_view_arm(&view, 0);
    (void)varve_iter_seek_le(it, key_of(""));
    for (int i = DEEP_KEYS; i-- > 0;) {
        (void)snprintf(key, sizeof key, "k%02d@1", i);
        ck_text(position(it), key);
        (void)varve_iter_prev_key(it);
    }
    ck_text(position(it), "-");
    ck_assert_uint_eq(view.seeks, 1 + DEEP_KEYS);
    ck_assert_uint_eq(view.steps, TRIES * VARVE__STEPS_BEFORE_SEEK);
    varve_iter_close(it);
}
END_TEST

/* ---- Bounds -------------------------------------------------------------------------------------
 */

static varve_iter *iter_between(const char *lower, const char *upper)
{
    varve_iter_options options = {.struct_size = sizeof options};
    options.lower = key_of(lower);
    options.upper = key_of(upper);
    return iter(at.reader, &options);
}

/* That `it` shows exactly these, from either end, and for keys sought beyond them. */
static void check_shown(varve_iter *it, const char *forward, const char *backward)
{
    static const char *const below[] = {"", "%00", "a"};
    static const char *const above[] = {"", "c@1", "zz"};
    for (int i = 0; i < 3; i++) {
        (void)varve_iter_seek_ge(it, key_of(below[i]));
        ck_text(walk_forward(it), forward);
        (void)varve_iter_seek_le(it, key_of(above[i]));
        ck_text(walk_backward(it), backward);
        (void)varve_iter_seek_lt(it, key_of(above[i]));
        ck_text(walk_backward(it), backward);
    }
}

struct bounds {
    const char *lower;
    const char *upper;
    const char *forward;
    const char *backward;
};

static const struct bounds bounds[] = {
    {"a", "", EXAMPLE, "c=5 b@3=4 a@1=3 a@2=2 a=1"},
    {"a@2", "c", "a@2=2 a@1=3 b@3=4", "b@3=4 a@1=3 a@2=2"},
    {"b", "", "b@3=4 c=5", "c=5 b@3=4"},
    {"", "b", "a=1 a@2=2 a@1=3", "a@1=3 a@2=2 a=1"},
    {"", "b@3", "a=1 a@2=2 a@1=3", "a@1=3 a@2=2 a=1"},
    {"a@1", "b@1", "a@1=3 b@3=4", "b@3=4 a@1=3"},
    {"a%00", "b@3", "", ""},
    {"b@3", "b@3", "", ""},
    {"c", "a", "", ""},
    {"d", "", "", ""},
};
enum { BOUNDS_COUNT = sizeof bounds / sizeof bounds[0] };

START_TEST(bounds_of_the_opening_hide_what_is_outside)
{
    enter(_i);
    for (int i = 0; i < BOUNDS_COUNT; i++) {
        varve_iter *it = iter_between(bounds[i].lower, bounds[i].upper);
        check_shown(it, bounds[i].forward, bounds[i].backward);
        varve_iter_close(it);
    }
    leave();
}
END_TEST

START_TEST(narrowed_bounds_do_the_same)
{
    enter(_i);
    varve_iter *it = iter_between("%00", "%FE");
    for (int i = 0; i < BOUNDS_COUNT; i++) {
        ck_ok(varve_iter_set_bounds(it, key_of(""), key_of(""), &on.err), &on.err);
        ck_assert(varve_iter_seek_ge(it, key_of("")));
        ck_ok(varve_iter_set_bounds(it, key_of(bounds[i].lower), key_of(bounds[i].upper), &on.err),
              &on.err);
        ck_text(position(it), "-");
        check_shown(it, bounds[i].forward, bounds[i].backward);
    }
    ck_ok(varve_iter_set_bounds(it, key_of(""), key_of(""), &on.err), &on.err);
    check_shown(it, bounds[0].forward, bounds[0].backward);
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(a_step_stops_at_narrowed_bounds)
{
    enter(_i);
    varve_iter *it = iter(at.reader, NULL);
    ck_ok(varve_iter_set_bounds(it, key_of("a@2"), key_of("b@3"), &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("a@1")));
    ck_assert(varve_iter_prev(it));
    ck_text(position(it), "a@2");
    ck_assert(!varve_iter_prev(it));
    ck_assert(varve_iter_seek_le(it, key_of("a@1")));
    ck_assert(!varve_iter_next(it));
    ck_assert(varve_iter_seek_ge(it, key_of("a@2")));
    ck_assert(!varve_iter_next_key(it));
    ck_assert(varve_iter_seek_ge(it, key_of("a@1")));
    ck_assert(!varve_iter_prev_key(it));
    ck_text(position(it), "-");
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(bounds_cannot_be_widened)
{
    enter(_i);
    varve_iter *it = iter_between("a@2", "c");
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_fails(varve_iter_set_bounds(it, key_of("a"), key_of("b"), &on.err), VARVE_INVALID_ARGUMENT,
             &on.err, "lower: below the bound of the opening");
    ck_fails(varve_iter_set_bounds(it, key_of("b"), key_of("c@1"), &on.err), VARVE_INVALID_ARGUMENT,
             &on.err, "upper: above the bound of the opening");
    ck_text(position(it), "a@2");
    check_shown(it, "a@2=2 a@1=3 b@3=4", "b@3=4 a@1=3 a@2=2");
    varve_iter_close(it);
    leave();
}
END_TEST

/* The iterator has copies of its own. */
START_TEST(bounds_may_be_freed_after_opening)
{
    enter(_i);
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_span span = {varve_slice_text("b"), varve_slice_text("c")};
    ck_ok(varve_span_encode(span, &lower, &upper, &on.err), &on.err);
    varve_iter_options options = {.struct_size = sizeof options};
    options.lower = varve_buf_slice(&lower);
    options.upper = varve_buf_slice(&upper);
    varve_iter *it = iter(at.reader, &options);
    memset(lower.data, 0xEE, lower.size);
    memset(upper.data, 0xEE, upper.size);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    check_shown(it, "b@3=4", "b@3=4");
    varve_iter_close(it);
    leave();
}
END_TEST

/* ---- Prefix iterators ---------------------------------------------------------------------------
 */

static varve_iter *prefix_iter(varve_reader *reader, const char *lower, const char *upper)
{
    varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    options.lower = key_of(lower);
    options.upper = key_of(upper);
    return iter(reader, &options);
}

START_TEST(a_prefix_iterator_shows_one_user_key)
{
    enter(_i);
    varve_iter *it = prefix_iter(at.reader, "", "");
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(walk_forward(it), "a=1 a@2=2 a@1=3");
    (void)varve_iter_seek_ge(it, key_of("a@1"));
    ck_text(walk_forward(it), "a@1=3");
    (void)varve_iter_seek_ge(it, key_of("b"));
    ck_text(walk_forward(it), "b@3=4");
    (void)varve_iter_seek_ge(it, key_of("b@2"));
    ck_text(walk_forward(it), "");
    (void)varve_iter_seek_ge(it, key_of("aa"));
    ck_text(walk_forward(it), "");
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_assert(!varve_iter_next_key(it));
    ck_text(position(it), "-");
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(a_prefix_iterator_keeps_its_bounds)
{
    enter(_i);
    varve_iter *it = prefix_iter(at.reader, "a@2", "b");
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(walk_forward(it), "a@2=2 a@1=3");
    (void)varve_iter_seek_ge(it, key_of("b"));
    ck_text(position(it), "-");
    ck_ok(varve_iter_set_bounds(it, key_of("a@1"), key_of(""), &on.err), &on.err);
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(walk_forward(it), "a@1=3");
    ck_ok(varve_iter_set_bounds(it, hex("61 00 02"), key_of(""), &on.err), &on.err);
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(position(it), "-");
    ck_ok(varve_iter_set_bounds(it, key_of(""), key_of("a@1"), &on.err), &on.err);
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(walk_forward(it), "a@2=2");
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(a_prefix_iterator_does_not_go_back)
{
    static const char message[] = "unsupported reverse prefix iteration";
    enter(_i);
    varve_iter *it = prefix_iter(at.reader, "", "");
    ck_assert(!varve_iter_seek_le(it, key_of("a@1")));
    ck_fails(varve_iter_status(it, &on.err), VARVE_UNSUPPORTED, &on.err, message);
    ck_assert(!varve_iter_seek_lt(it, key_of("a@1")));
    ck_fails(varve_iter_status(it, &on.err), VARVE_UNSUPPORTED, &on.err, message);
    ck_assert(!varve_iter_next(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_UNSUPPORTED, &on.err, message);
    ck_assert(varve_iter_seek_ge(it, key_of("a@1")));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    ck_assert(!varve_iter_prev(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_UNSUPPORTED, &on.err, message);
    ck_assert(varve_iter_seek_ge(it, key_of("a@1")));
    ck_assert(!varve_iter_prev_key(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_UNSUPPORTED, &on.err, message);
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(a_prefix_iterator_seeks_whole_user_keys)
{
    static const char *const parts[] = {"", "61", "61 00", "61 00 FF", "00"};
    enter(_i);
    varve_iter *it = prefix_iter(at.reader, "", "");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert(!varve_iter_seek_ge(it, hex(parts[i])));
        ck_fails(varve_iter_status(it, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
                 "a prefix iterator seeks engine keys: these bytes hold no user key");
    }
    varve_iter_close(it);
    leave();
}
END_TEST

/* 12.2: on a batch {clear a, put b}, b is there and a is not, in whatever order they are sought. */
START_TEST(each_seek_begins_a_new_prefix)
{
    put(on.writer, "a", "old");
    put(on.writer, "a@1", "old");
    at.snapshot = NULL;
    open_batch();
    clear(varve_batch_writer_of(at.batch), "a");
    clear(varve_batch_writer_of(at.batch), "a@1");
    put(varve_batch_writer_of(at.batch), "b", "new");
    varve_iter *it = prefix_iter(at.reader, "", "");
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_assert(!varve_iter_next(it));
    varve_iter_close(it);
    leave();
}
END_TEST

/* The engine's part of the user key is cleared beyond its end, and a later put stands above that.
 */
START_TEST(a_prefix_survives_a_range_clear)
{
    put(on.writer, "a@5", "old");
    put(on.writer, "a@4", "old");
    put(on.writer, "b@1", "old");
    at.snapshot = NULL;
    open_batch();
    varve_writer *writer = varve_batch_writer_of(at.batch);
    varve_iter *it = prefix_iter(at.reader, "", "");
    clear_range(writer, "a@4", "b");
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(walk_forward(it), "a@5=old");
    clear_range(writer, "", "b@9");
    put(writer, "a@3", "new");
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(walk_forward(it), "a@3=new");
    (void)varve_iter_seek_ge(it, key_of("b"));
    ck_text(walk_forward(it), "b@1=old");
    varve_iter_close(it);
    leave();
}
END_TEST

/* ---- What a batch has removed outside of what is sought -----------------------------------------
 */

/* Records of three user keys, all of which a batch removes, one way or the other. */
static void in_batch_that_removes(bool ranges)
{
    static const char *const users[] = {"b", "d", "f"};
    for (size_t i = 0; i < 3; i++)
        put(on.writer, users[i], "old");
    backend_faults_insert(on.engine);
    at.snapshot = NULL;
    open_batch();
    varve_writer *writer = varve_batch_writer_of(at.batch);
    clear_range(writer, "b", ranges ? "d" : "b");
    clear_range(writer, "d", ranges ? "zz" : "d");
    for (size_t i = 0; i < 3 && !ranges; i++)
        clear(writer, users[i]);
}

/*
 * However much a batch removes, a seek that has left the user key sought or the bounds behind does
 * not go on looking for something that is still there.
 */
START_TEST(removed_records_outside_are_not_walked_over)
{
    in_batch_that_removes(_i != 0);
    varve_iter *it = prefix_iter(at.reader, "", "");
    backend_faults.moved = 0;
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    ck_assert_uint_eq(backend_faults.moved, 1);
    ck_assert(!varve_iter_seek_ge(it, key_of("c")));
    ck_assert_uint_eq(backend_faults.moved, 2);
    varve_iter_close(it);

    it = iter(at.reader, NULL);
    ck_ok(varve_iter_set_bounds(it, key_of("c"), key_of("d"), &on.err), &on.err);
    backend_faults.moved = 0;
    ck_assert(!varve_iter_seek_ge(it, key_of("")));
    ck_assert_uint_eq(backend_faults.moved, 1);
    ck_assert(!varve_iter_seek_le(it, key_of("c@1")));
    ck_assert_uint_eq(backend_faults.moved, 2);
    varve_iter_close(it);
    leave();
}
END_TEST

/* ---- Opening, failing, closing ------------------------------------------------------------------
 */

START_TEST(options_are_checked)
{
    enter(_i);
    varve_iter *it = (varve_iter *)&at;
    varve_iter_options options = {.struct_size = 0};
    ck_fails(varve_iter_open(at.reader, &options, &it, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "varve_iter_options must be given with struct_size = sizeof(varve_iter_options)");
    ck_assert_ptr_null(it);
    struct {
        varve_iter_options known;
        size_t later;
    } more = {.known = {.struct_size = sizeof more}, .later = 1};
    ck_status(varve_iter_open(at.reader, &more.known, &it, &on.err), VARVE_UNSUPPORTED, &on.err);
    more.later = 0;
    ck_ok(varve_iter_open(at.reader, &more.known, &it, &on.err), &on.err);
    varve_iter_close(it);
    varve_iter_close(NULL);
    leave();
}
END_TEST

/* Put a record past all checks, as damage would. */
static void put_raw(varve_slice key)
{
    varve_buf repr = VARVE_BUF_INIT;
    const varve_record record = {VARVE_RECORD_PUT, key, varve_slice_text("x")};
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
    ck_ok(on.engine->ops->apply(on.engine->store, varve_buf_slice(&repr), false, &on.err), &on.err);
    varve_buf_release(&repr);
}

START_TEST(moves_by_user_key_report_a_malformed_key)
{
    put(on.writer, "a", "1");
    put_raw(hex("62 00 05"));
    put(on.writer, "c", "3");
    varve_iter *it = iter(on.reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_assert(varve_iter_next(it));
    ck_hex(it->key, "62 00 05");
    ck_assert(!varve_iter_next_key(it));
    ck_status(varve_iter_status(it, &on.err), VARVE_CORRUPT_KEY, &on.err);
    ck_assert(!varve_iter_next(it));
    ck_status(varve_iter_status(it, &on.err), VARVE_CORRUPT_KEY, &on.err);
    ck_assert(varve_iter_seek_ge(it, hex("62 00")));
    ck_ok(varve_iter_status(it, NULL), &on.err);
    ck_assert(!varve_iter_prev_key(it));
    ck_status(varve_iter_status(it, &on.err), VARVE_CORRUPT_KEY, &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("c")));
    varve_iter_close(it);
}
END_TEST

START_TEST(an_iterator_shows_the_state_of_its_opening)
{
    put_example(on.writer, on.writer);
    varve_iter *it = iter(on.reader, NULL);
    clear(on.writer, "a@2");
    clear_range(on.writer, "b", "d");
    put(on.writer, "a", "changed");
    put(on.writer, "aa@1", "new");
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), EXAMPLE);
    varve_iter_close(it);
    ck_text(all_of(on.reader), "a=changed a@1=3 aa@1=new");
}
END_TEST

/* What is lent stays as it is until the iterator moves, whatever is written meanwhile. */
START_TEST(what_is_lent_outlives_later_writes)
{
    put(on.writer, "k", "value");
    varve_iter *it = iter(on.reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("k")));
    varve_slice key = it->key;
    varve_slice value = varve_iter_value(it);
    for (int i = 0; i < 200; i++)
        put(on.writer, i % 2 == 0 ? "k" : "l", "another value, and a longer one");
    ck_slice_eq(key, key_of("k"));
    ck_slice_eq(value, bytes("value"));
    varve_iter_close(it);
}
END_TEST

/* ---- The suite ----------------------------------------------------------------------------------
 */

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, seek_ge_finds_the_first_at_or_above, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, seek_le_finds_the_last_at_or_below, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, seek_lt_finds_the_last_below, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, next_key_passes_the_versions, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, prev_key_leads_to_the_oldest_version, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, walks_show_keys_and_values, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, the_direction_may_change_anywhere, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, nowhere_is_left_only_by_a_seek, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, many_versions_are_passed_by_a_seek, 0, 1);
    tcase_add_loop_test(tcase, many_versions_are_passed_by_a_seek, 2, PLACE_COUNT);
    tcase_add_test(tcase, deep_keys_are_sought_at_once);
    tcase_add_loop_test(tcase, bounds_of_the_opening_hide_what_is_outside, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, narrowed_bounds_do_the_same, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, a_step_stops_at_narrowed_bounds, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, bounds_cannot_be_widened, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, bounds_may_be_freed_after_opening, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, a_prefix_iterator_shows_one_user_key, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, a_prefix_iterator_keeps_its_bounds, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, a_prefix_iterator_does_not_go_back, 0, PLACE_COUNT);
    tcase_add_loop_test(tcase, a_prefix_iterator_seeks_whole_user_keys, 0, PLACE_COUNT);
    tcase_add_test(tcase, each_seek_begins_a_new_prefix);
    tcase_add_test(tcase, a_prefix_survives_a_range_clear);
    tcase_add_loop_test(tcase, removed_records_outside_are_not_walked_over, 0, 2);
    tcase_add_loop_test(tcase, options_are_checked, 0, PLACE_COUNT);
    tcase_add_test(tcase, moves_by_user_key_report_a_malformed_key);
    tcase_add_test(tcase, an_iterator_shows_the_state_of_its_opening);
    tcase_add_test(tcase, what_is_lent_outlives_later_writes);
}

int main(void)
{
    return run_suite(backend_suite("iter", fill));
}
