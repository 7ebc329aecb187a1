/*
 * The cache of newest versions: what it keeps, in how much memory, and that it shows nothing but
 * what the engine shows at that moment, whatever befalls that.
 */
#include "engine/newest.h"

#include <pthread.h>
#include <stdio.h>

#include <varve/admin.h>
#include <varve/batch_repr.h>
#include <varve/merge.h>
#include <varve/sst.h>
#include <varve/value.h>

#include "engine/engine.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"
#include "tests/support/slow_backend.h"
#include "util/hash.h"

/* ---- Looking -----------------------------------------------------------------------------------
 */

static varve__newest *own; /* of a test without an engine */

static void open_own(uint64_t bytes)
{
    ck_ok(varve__newest_open(bytes, &own, &on.err), &on.err);
}

/* What is kept of the key: "KEY=VALUE", "none" for no record, or "-" for nothing kept. */
static const char *kept_in(varve__newest *newest, const char *key, varve__newest_look *look)
{
    static char text[8192];
    const varve__newest_entry *entry = varve__newest_find(newest, key_of(key), look);
    if (entry == NULL)
        return "-";
    ck_slice_eq(varve__newest_prefix(entry), key_of(key));
    varve_slice value = varve__newest_value(entry);
    varve_slice whole = varve_slice_of(entry->bytes, entry->key_size);
    ck_assert_uint_eq(varve__newest_suffix(entry).size, entry->key_size - entry->prefix_size);
    if (entry->exists)
        (void)snprintf(text, sizeof text, "%s=%.*s", key_text(whole), (int)value.size,
                       (const char *)value.data);
    else
        (void)snprintf(text, sizeof text, "none");
    varve__newest_release(entry);
    return text;
}

static const char *kept(const char *key)
{
    varve__newest_look look;
    return kept_in(own, key, &look);
}

/* Ask twice, and leave a record, or nothing for NULL. */
static void keep_bytes(const char *key, varve_slice engine_key, varve_slice value)
{
    varve__newest_look look;
    (void)kept_in(own, key, &look);
    (void)kept_in(own, key, &look);
    varve__newest_keep(own, &look, key_of(key), engine_key, value);
}

static void keep(const char *key, const char *record, const char *value)
{
    keep_bytes(key, key_of(record == NULL ? "" : record), varve_slice_text(value));
}

static varve__newest_numbers numbers(void)
{
    return varve__newest_numbers_of(own);
}

/* ---- The cache by itself -----------------------------------------------------------------------
 */

START_TEST(what_is_kept_is_found)
{
    open_own(65536);
    keep("a", "a@3", "x");
    keep("b", "b", "metadata");
    keep("c", NULL, "");
    keep("d", "d@1", "");
    ck_assert_str_eq(kept("a"), "a@3=x");
    ck_assert_str_eq(kept("b"), "b=metadata");
    ck_assert_str_eq(kept("c"), "none");
    ck_assert_str_eq(kept("d"), "d@1=");
    ck_assert_str_eq(kept("e"), "-");
    ck_assert_uint_eq(numbers().entries, 4);
    ck_assert_uint_eq(numbers().hits, 4);
    ck_assert_uint_eq(numbers().misses, 4 * 2 + 1);
    varve__newest_clear(own);
    ck_assert_str_eq(kept("a"), "-");
    ck_assert_uint_eq(numbers().entries, 0);
    varve__newest_close(own);
}
END_TEST

START_TEST(what_is_asked_for_once_is_not_kept)
{
    varve__newest_look look;
    open_own(65536);
    ck_assert_str_eq(kept_in(own, "a", &look), "-");
    ck_assert_uint_eq(look.epoch, VARVE__NEWEST_NO_EPOCH);
    varve__newest_keep(own, &look, key_of("a"), key_of("a@1"), bytes("x"));
    ck_assert_uint_eq(numbers().entries, 0);
    ck_assert_str_eq(kept_in(own, "a", &look), "-");
    ck_assert_uint_ne(look.epoch, VARVE__NEWEST_NO_EPOCH);
    varve__newest_keep(own, &look, key_of("a"), key_of("a@1"), bytes("x"));
    ck_assert_str_eq(kept("a"), "a@1=x");
    varve__newest_close(own);
}
END_TEST

START_TEST(an_entry_that_is_held_stays_what_it_is)
{
    varve__newest_look look;
    open_own(65536);
    keep("a", "a@1", "old");
    const varve__newest_entry *held = varve__newest_find(own, key_of("a"), &look);
    ck_assert_ptr_nonnull(held);
    varve__newest_change_begin(own);
    varve__newest_change_end(own);
    keep("a", "a@2", "new");
    ck_assert_str_eq(kept("a"), "a@2=new");
    ck_slice_eq(varve__newest_value(held), bytes("old"));
    varve__newest_clear(own);
    ck_slice_eq(varve__newest_value(held), bytes("old"));
    varve__newest_release(held);
    varve__newest_release(NULL);
    varve__newest_close(own);
    varve__newest_close(NULL);
}
END_TEST

/* However little it may take, and however much is offered. */
START_TEST(memory_is_bounded)
{
    static const uint64_t sizes[] = {1, 400, 1000, 1536, 4096, 65536, 300000, 2000000};
    char key[16], record[32];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fault_alloc_arm(0);
        open_own(sizes[i]);
        uint64_t empty = numbers().bytes;
        uint64_t most = empty > sizes[i] ? empty : sizes[i];
        for (int j = 0; j < 1000; j++) {
            (void)snprintf(key, sizeof key, "key%d", j);
            (void)snprintf(record, sizeof record, "%s@%d", key, j + 1);
            keep(key, record, j % 10 == 0 ? "a value that is longer than the others" : "v");
            if (j % 7 == 0)
                (void)kept(key);
            ck_assert_uint_le(numbers().bytes, most);
        }
        if (sizes[i] >= 1000)
            ck_assert_uint_gt(numbers().entries, 0);
        varve__newest_close(own);
        ck_assert_int_eq(fault_alloc_live(), 0);
        ck_assert(!fault_alloc_disarm());
    }
}
END_TEST

START_TEST(what_is_too_large_is_not_kept)
{
    open_own(1 << 20);
    for (size_t size = VARVE__NEWEST_RECORD_MAX - 20; size < VARVE__NEWEST_RECORD_MAX + 20;
         size++) {
        varve_slice key = key_of("a@1");
        bool fits = key.size + size <= VARVE__NEWEST_RECORD_MAX;
        varve__newest_clear(own);
        keep_bytes("a", key, repeated('v', size));
        ck_assert_uint_eq(numbers().entries, fits);
    }
    varve__newest_close(own);
    /* Nor what would take all of a small one. */
    open_own(1536);
    keep_bytes("a", key_of("a@1"), repeated('v', 1000));
    ck_assert_uint_eq(numbers().entries, 0);
    keep("b", "b@1", "small");
    ck_assert_uint_eq(numbers().entries, 1);
    varve__newest_close(own);
}
END_TEST

/* What is found between two rounds of the hand outlives what is not. */
START_TEST(what_is_found_stays)
{
    char key[16], record[32];
    unsigned lost = 0;
    open_own(16384);
    keep("hot", "hot@1", "v");
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof key, "cold%d", i);
        (void)snprintf(record, sizeof record, "%s@1", key);
        keep(key, record, "some value of some bytes");
        lost += strcmp(kept("hot"), "hot@1=v") != 0;
    }
    ck_assert_uint_eq(lost, 0);
    ck_assert_uint_gt(numbers().evictions, 500);
    varve__newest_close(own);
}
END_TEST

/* Keys that all lie in one bucket do not make it long. */
START_TEST(chains_are_short)
{
    char key[16], record[32];
    unsigned count = 0;
    open_own(65536);
    for (int i = 0; count < 50; i++) {
        int size = snprintf(key, sizeof key, "%d", i);
        key[size + 1] = 1; /* 00 01 ends a user key */
        if ((varve__hash(varve_slice_of(key, (size_t)size + 2)) & 0xFFF) != 0)
            continue;
        (void)snprintf(record, sizeof record, "%s@1", key);
        keep(key, record, "");
        ck_assert_str_ne(kept(key), "-");
        count++;
    }
    ck_assert_uint_eq(numbers().entries, 8);
    ck_assert_uint_eq(numbers().evictions, 50 - 8);
    varve__newest_close(own);
}
END_TEST

static varve_status open_and_fill(void *context, varve_error *err)
{
    (void)context;
    varve_status status = varve__newest_open(65536, &own, err);
    if (status == VARVE_OK)
        varve__newest_close(own);
    return status;
}

START_TEST(without_memory_nothing_is_kept)
{
    ck_assert_uint_eq(fault_alloc_each(open_and_fill, NULL), 2);
    open_own(65536);
    fault_alloc_arm(1);
    keep("a", "a@1", "x");
    ck_assert(fault_alloc_disarm());
    ck_assert_uint_eq(numbers().entries, 0);
    keep("a", "a@1", "x");
    ck_assert_str_eq(kept("a"), "a@1=x");
    varve__newest_close(own);
}
END_TEST

/* ---- Writes ------------------------------------------------------------------------------------
 */

/* A put of a key and a clearing of a range, each of which may be missing, and log data. */
static varve_slice repr_of(const char *put_key, const char *cleared_from, const char *cleared_to)
{
    varve_slice key = key_of(put_key);
    varve_slice start = key_of(cleared_from);
    varve_batch_builder *builder = NULL;
    ck_ok(varve_batch_builder_open(&builder, &on.err), &on.err);
    ck_ok(varve_batch_builder_log(builder, bytes("log"), &on.err), &on.err);
    if (key.size > 0)
        ck_ok(varve_batch_builder_put(builder, key, bytes("v"), &on.err), &on.err);
    if (start.size > 0)
        ck_ok(varve_batch_builder_clear_range(builder, start, key_of(cleared_to), &on.err),
              &on.err);
    varve_slice repr = copy_of(varve_batch_builder_finish(builder));
    varve_batch_builder_close(builder);
    return repr;
}

static void begin(varve_slice repr, varve__newest_write *write)
{
    varve__newest_write_begin(own, repr, write);
}

/* While a write of the key is on its way, nothing is found and nothing is left. */
START_TEST(writes_on_their_way)
{
    varve__newest_look look;
    varve__newest_write one, two;
    varve_slice first = repr_of("a@2", "", "");
    varve_slice second = repr_of("a@3", "", "");
    open_own(65536);
    keep("a", "a@1", "x");
    keep("b", "b@1", "y");
    begin(first, &one);
    ck_assert_str_eq(kept("a"), "-");
    keep("a", "a@1", "x");
    ck_assert_str_eq(kept("a"), "-");
    begin(second, &two);
    varve__newest_write_end(own, &one);
    keep("a", "a@2", "x");
    ck_assert_str_eq(kept_in(own, "a", &look), "-");
    ck_assert_uint_eq(look.epoch, VARVE__NEWEST_NO_EPOCH);
    ck_assert_str_eq(kept("b"), "b@1=y"); /* in another bucket */
    varve__newest_write_end(own, &two);
    keep("a", "a@3", "z");
    ck_assert_str_eq(kept("a"), "a@3=z");
    varve__newest_close(own);
}
END_TEST

/* A write that begins after the look in vain, and has ended or not when something is left. */
START_TEST(what_was_seen_before_a_write_is_not_shown_after_it)
{
    varve__newest_look look;
    varve__newest_write write;
    varve_slice reprs[] = {repr_of("a", "", ""), repr_of("a@9", "", ""), repr_of("", "x", "y")};
    open_own(65536);
    for (int i = 0; i < 6; i++) {
        varve__newest_clear(own);
        (void)kept_in(own, "a", &look);
        ck_assert_str_eq(kept_in(own, "a", &look), "-");
        begin(reprs[i % 3], &write);
        if (i < 3)
            varve__newest_write_end(own, &write);
        varve__newest_keep(own, &look, key_of("a"), key_of("a@1"), bytes("old"));
        ck_assert_str_eq(kept("a"), "-");
        if (i >= 3)
            varve__newest_write_end(own, &write);
        ck_assert_str_eq(kept("a"), "-");
    }
    varve__newest_close(own);
}
END_TEST

START_TEST(writes_of_all_keys)
{
    varve__newest_write write;
    varve_slice range = repr_of("", "x", "y");
    open_own(65536);
    for (int i = 0; i < 2; i++) {
        keep("a", "a@1", "x");
        keep("b", NULL, "");
        ck_assert_str_eq(kept("a"), "a@1=x");
        ck_assert_str_eq(kept("b"), "none");
        if (i == 0)
            begin(range, &write);
        else
            varve__newest_change_begin(own);
        ck_assert_str_eq(kept("a"), "-");
        ck_assert_str_eq(kept("b"), "-");
        keep("a", "a@1", "x");
        ck_assert_str_eq(kept("a"), "-");
        if (i == 0)
            varve__newest_write_end(own, &write);
        else
            varve__newest_change_end(own);
        ck_assert_str_eq(kept("a"), "-");
    }
    /* What nobody sees changes nothing. */
    keep("a", "a@1", "x");
    begin(repr_of("", "", ""), &write);
    varve__newest_write_end(own, &write);
    ck_assert_str_eq(kept("a"), "a@1=x");
    varve__newest_close(own);
}
END_TEST

/* More records than are remembered, whose last one counts as its first. */
START_TEST(writes_of_many_keys)
{
    static const unsigned sizes[] = {1, VARVE__NEWEST_REMEMBERED - 1, VARVE__NEWEST_REMEMBERED,
                                     VARVE__NEWEST_REMEMBERED + 1, 3 * VARVE__NEWEST_REMEMBERED};
    char key[16], record[32];
    varve__newest_write write;
    open_own(1 << 20);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        varve_batch_builder *builder = NULL;
        ck_ok(varve_batch_builder_open(&builder, &on.err), &on.err);
        for (unsigned j = 0; j < sizes[i]; j++) {
            (void)snprintf(key, sizeof key, "%u", j);
            (void)snprintf(record, sizeof record, "%u@7", j);
            keep(key, record, "v");
            ck_ok(varve_batch_builder_clear(builder, key_of(record), &on.err), &on.err);
        }
        varve_slice repr = varve_batch_builder_finish(builder);
        for (int state = 0; state < 3; state++) {
            if (state == 1)
                begin(repr, &write);
            else if (state == 2)
                varve__newest_write_end(own, &write);
            for (unsigned j = 0; j < sizes[i]; j++) {
                (void)snprintf(key, sizeof key, "%u", j);
                (void)snprintf(record, sizeof record, "%u@7=v", j);
                ck_assert_str_eq(kept(key), state == 0 ? record : "-");
            }
        }
        for (unsigned j = 0; j < sizes[i]; j++) {
            (void)snprintf(key, sizeof key, "%u", j);
            (void)snprintf(record, sizeof record, "%u@8", j);
            keep(key, record, "v");
            ck_assert_str_ne(kept(key), "-");
        }
        varve_batch_builder_close(builder);
        varve__newest_clear(own);
    }
    varve__newest_close(own);
}
END_TEST

/* ---- In front of engines -----------------------------------------------------------------------
 */

/* The first record of the key as a get would come to it. */
static const char *see_in(varve_engine *engine, const char *key, bool *is_hit)
{
    static char text[256];
    varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    varve__newest_look look;
    const char *found = kept_in(engine->newest, key, &look);
    *is_hit = strcmp(found, "-") != 0;
    if (*is_hit)
        return found;
    varve_iter *it = iter(varve_engine_reader(engine), &options);
    bool exists = varve_iter_seek_ge(it, key_of(key));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    (void)snprintf(text, sizeof text, "none");
    if (exists)
        (void)snprintf(text, sizeof text, "%s=%.*s", key_text(it->key),
                       (int)varve_iter_value(it).size, (const char *)varve_iter_value(it).data);
    varve__newest_keep(engine->newest, &look, key_of(key), it->key,
                       exists ? varve_iter_value(it) : bytes(""));
    varve_iter_close(it);
    return text;
}

static const char *see(const char *key)
{
    bool is_hit;
    return see_in(on.engine, key, &is_hit);
}

static bool is_kept(const char *key)
{
    varve__newest_look look;
    return strcmp(kept_in(on.engine->newest, key, &look), "-") != 0;
}

static void see_until_kept(const char *key)
{
    for (int i = 0; i < 3 && !is_kept(key); i++)
        (void)see(key);
    ck_assert(is_kept(key));
}

static const char *place;

static void do_put(void)
{
    put(on.writer, "k@2", "2");
}

static void do_overwrite(void)
{
    put(on.writer, "k@1", "2");
}

static void do_clear(void)
{
    clear(on.writer, "k@1");
}

static void do_put_metadata(void)
{
    put(on.writer, "k", "m");
}

static void do_clear_range(void)
{
    clear_range(on.writer, "k", "l");
}

static void do_merge(void)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_value_set_bytes(&raw, bytes("x"), &on.err), &on.err);
    ck_ok(varve_merge_operand(varve_buf_slice(&raw), NULL, &operand, &on.err), &on.err);
    ck_ok(varve_writer_merge(on.writer, key_of("k"), varve_buf_slice(&operand), &on.err), &on.err);
    varve_buf_release(&raw);
    varve_buf_release(&operand);
}

/* Among others, and through the bytes of another batch. */
static void do_commit(void)
{
    varve_batch *batch = NULL;
    varve_batch *other = NULL;
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &other, &on.err), &on.err);
    put(varve_batch_writer_of(other), "k@7", "7");
    put(varve_batch_writer_of(batch), "a@1", "1");
    ck_ok(varve_writer_apply(varve_batch_writer_of(batch), varve_batch_repr(other), &on.err),
          &on.err);
    put(varve_batch_writer_of(batch), "z@1", "1");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
    varve_batch_close(other);
}

static void do_apply(void)
{
    ck_ok(varve_writer_apply(on.writer, repr_of("k@5", "", ""), &on.err), &on.err);
}

static void do_ingest(void)
{
    char path[1024];
    const char *paths[] = {path};
    varve_sst_writer *writer = NULL;
    (void)snprintf(path, sizeof path, "%s/table", place);
    ck_ok(varve_sst_writer_open(path, &writer, &on.err), &on.err);
    ck_ok(varve_sst_writer_put(writer, key_of("k@9"), bytes("9"), &on.err), &on.err);
    ck_ok(varve_sst_writer_finish(writer, &on.err), &on.err);
    varve_sst_writer_close(writer);
    ck_ok(varve_engine_ingest(on.engine, paths, 1, NULL, &on.err), &on.err);
}

static void do_clear_iter_range(void)
{
    varve_iter *it = iter(on.reader, NULL);
    ck_ok(varve_writer_clear_iter_range(on.writer, it, key_of("k"), key_of("l"), NULL, &on.err),
          &on.err);
    varve_iter_close(it);
}

static const struct {
    void (*change)(void);
    const char *seen; /* NULL = not by its text */
    bool of_all;      /* other keys are not kept either */
} changes[] = {
    {do_put, "k@2=2", false},
    {do_overwrite, "k@1=2", false},
    {do_clear, "none", false},
    {do_put_metadata, "k=m", false},
    {do_clear_range, "none", true},
    {do_merge, NULL, false},
    {do_commit, "k@7=7", false},
    {do_apply, "k@5=v", false},
    {do_clear_iter_range, "none", false},
    {do_ingest, "k@9=9", true},
};
enum { CHANGES = sizeof changes / sizeof changes[0] };

START_TEST(a_change_is_seen_at_once)
{
    bool is_hit;
    bool has_tables = on.engine->ops->ingest != NULL; /* which is otherwise a commit */
    backend_keep_newest(on.engine, 1 << 20);
    place = temp_dir_make();
    for (int i = 0; i < CHANGES; i++) {
        clear_range(on.writer, "a", "zz");
        put(on.writer, "k@1", "1");
        put(on.writer, "other@1", "1");
        see_until_kept("k");
        see_until_kept("other");
        ck_assert_str_eq(see("k"), "k@1=1");
        changes[i].change();
        ck_assert_msg(!is_kept("k"), "after change %d", i);
        bool of_all = changes[i].of_all && (changes[i].change != do_ingest || has_tables);
        ck_assert_msg(is_kept("other") == !of_all, "after change %d", i);
        const char *seen = see_in(on.engine, "k", &is_hit);
        ck_assert(!is_hit);
        if (changes[i].seen != NULL)
            ck_assert_str_eq(seen, changes[i].seen);
        else
            ck_assert_str_ne(seen, "k@1=1");
        see_until_kept("k");
        if (changes[i].seen != NULL)
            ck_assert_str_eq(see("k"), changes[i].seen);
        see_until_kept("other");
        ck_assert_str_eq(see("other"), "other@1=1");
    }
    temp_dir_remove(place);
}
END_TEST

/* That nothing is there is known, too, until something is. */
START_TEST(absent_keys_are_kept)
{
    backend_keep_newest(on.engine, 65536);
    ck_assert_str_eq(see("k"), "none");
    see_until_kept("k");
    ck_assert_str_eq(see("k"), "none");
    put(on.writer, "k@3", "v");
    ck_assert_str_eq(see("k"), "k@3=v");
}
END_TEST

/* Whatever has become of it: nothing is taken for granted. */
START_TEST(a_commit_that_fails_is_a_write)
{
    static const varve_status outcomes[] = {VARVE_IO, VARVE_NO_SPACE, VARVE_COMMIT_UNKNOWN};
    backend_keep_newest(on.engine, 65536);
    backend_faults_insert(on.engine);
    put(on.writer, "k@1", "1");
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        see_until_kept("k");
        backend_faults.apply = outcomes[i];
        ck_status(varve_writer_put(on.writer, key_of("k@2"), bytes("2"), &on.err), outcomes[i],
                  &on.err);
        varve_error_release(&on.err);
        ck_assert(!is_kept("k"));
        ck_assert_str_eq(see("k"), "k@1=1");
    }
}
END_TEST

START_TEST(a_store_that_is_opened_anew_is_read_anew)
{
    backend_keep_newest(on.engine, 65536);
    if (on.backend != BACKEND_DISK)
        return;
    put(on.writer, "k@1", "1");
    backend_faults_insert(on.engine);
    see_until_kept("k");
    backend_faults.apply = VARVE_IO;
    atomic_store(&backend_faults.state, VARVE_IO);
    ck_status(varve_writer_put(on.writer, key_of("z"), bytes("2"), &on.err), VARVE_IO, &on.err);
    varve_error_release(&on.err);
    ck_assert(is_kept("k"));
    ck_ok(varve_engine_recover(on.engine, NULL, &on.err), &on.err);
    ck_assert(!is_kept("k"));
    ck_assert_str_eq(see("k"), "k@1=1");
    see_until_kept("k");
}
END_TEST

START_TEST(a_secondary_that_catches_up)
{
    char path[4096], follower_path[1024];
    varve_engine *follower = NULL;
    bool is_hit = false;
    if (on.backend != BACKEND_DISK)
        return;
    backend_path(on.engine, path, sizeof path);
    place = temp_dir_make();
    (void)snprintf(follower_path, sizeof follower_path, "%s/follower", place);
    varve_options options = {.struct_size = sizeof options,
                             .path = path,
                             .secondary_path = follower_path,
                             .newest_bytes = 65536};
    put(on.writer, "k@1", "1");
    ck_ok(varve_engine_open(&options, &follower, &on.err), &on.err);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(see_in(follower, "k", &is_hit), "k@1=1");
    ck_assert(is_hit);
    put(on.writer, "k@2", "2");
    ck_assert_str_eq(see_in(follower, "k", &is_hit), "k@1=1");
    ck_ok(varve_engine_catch_up(follower, &on.err), &on.err);
    ck_assert_str_eq(see_in(follower, "k", &is_hit), "k@2=2");
    ck_assert(!is_hit);
    ck_ok(varve_engine_close(follower, &on.err), &on.err);
    temp_dir_remove(place);
}
END_TEST

/* What happens to the backend's files is no change. */
START_TEST(upkeep_changes_nothing)
{
    backend_keep_newest(on.engine, 65536);
    put(on.writer, "k@1", "1");
    see_until_kept("k");
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_ok(varve_engine_sync(on.engine, &on.err), &on.err);
    ck_assert(is_kept("k"));
    ck_assert_str_eq(see("k"), "k@1=1");
}
END_TEST

START_TEST(the_option_and_the_numbers)
{
    varve_engine *engine =
        backend_open_with(on.backend, (varve_options){.never_sync = true, .newest_bytes = 65536});
    varve_engine_info info = {.struct_size = sizeof info};
    varve_engine_memory memory = {.struct_size = sizeof memory};
    bool is_hit;
    put(varve_engine_writer(engine), "k@1", "1");
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(see_in(engine, "k", &is_hit), "k@1=1");
    ck_ok(varve_engine_get_info(engine, &info, &on.err), &on.err);
    ck_ok(varve_engine_get_memory(engine, &memory, &on.err), &on.err);
    ck_assert_uint_eq(info.newest_entries, 1);
    ck_assert_uint_eq(info.newest_hits, 3);
    ck_assert_uint_eq(info.newest_misses, 2);
    ck_assert_uint_eq(info.newest_evictions, 0);
    ck_assert_uint_eq(info.newest_bytes, memory.newest);
    ck_assert_uint_gt(memory.newest, 0);
    ck_assert_uint_le(memory.newest, 65536);
    ck_assert_uint_eq(memory.total, memory.memtables + memory.cache + memory.table_readers +
                                        memory.batches + memory.newest);
    backend_close(engine);
    /* Without the option there is none. */
    ck_assert_ptr_null(on.engine->newest);
    ck_assert_ptr_null(on.reader->newest);
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.newest_bytes + info.newest_entries + info.newest_misses, 0);
}
END_TEST

/* Batches and snapshots show something else than the engine does. */
START_TEST(only_the_engine_has_one)
{
    varve_batch *batch = NULL;
    varve_snapshot *snapshot = NULL;
    varve_distinct *view = NULL;
    backend_keep_newest(on.engine, 65536);
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    ck_ok(varve_distinct_open(batch, &view, &on.err), &on.err);
    ck_assert_ptr_nonnull(on.reader->newest);
    ck_assert_ptr_null(varve_batch_reader_of(batch)->newest);
    ck_assert_ptr_null(varve_snapshot_reader(snapshot)->newest);
    ck_assert_ptr_null(varve_distinct_reader(view)->newest);
    varve_distinct_close(view);
    varve_batch_close(batch);
    varve_snapshot_close(snapshot);
}
END_TEST

/* ---- Time does not go back ---------------------------------------------------------------------
 */

enum { READERS = 3, WRITERS = 2, KEYS = 6, COMMITS = 120, LOOKS_MIN = 1500 };

static varve_slice prefixes[KEYS];
static atomic_uint_least64_t newest_of[KEYS]; /* that anybody has seen or committed, and told */
static atomic_int writers_left;
static atomic_uint went_back, failed, looks, hits;

static uint64_t number_of(varve_slice value)
{
    uint64_t number = 0;
    if (value.size == sizeof number)
        memcpy(&number, value.data, sizeof number);
    else
        atomic_fetch_add(&failed, 1);
    return number;
}

/* As a get does. */
static uint64_t look_at(size_t which)
{
    static const varve_iter_options one_key = {.struct_size = sizeof one_key, .prefix = true};
    varve__newest_look look_in_vain;
    varve__newest *newest = on.engine->newest;
    varve_slice prefix = prefixes[which];
    const varve__newest_entry *entry = varve__newest_find(newest, prefix, &look_in_vain);
    uint64_t number = 0;
    if (entry != NULL) {
        number = number_of(varve__newest_value(entry));
        varve__newest_release(entry);
        atomic_fetch_add(&hits, 1);
        return number;
    }
    varve_iter *it = NULL;
    if (varve_iter_open(on.reader, &one_key, &it, NULL) != VARVE_OK) {
        atomic_fetch_add(&failed, 1);
        return 0;
    }
    if (varve_iter_seek_ge(it, prefix)) {
        number = number_of(varve_iter_value(it));
        varve__newest_keep(newest, &look_in_vain, prefix, it->key, varve_iter_value(it));
    }
    varve_iter_close(it);
    return number;
}

static void tell_newest(size_t which, uint64_t now)
{
    uint64_t before = atomic_load(&newest_of[which]);
    while (before < now && !atomic_compare_exchange_weak(&newest_of[which], &before, now))
        continue;
}

/* Knowing what has been seen before, by others, too. */
static void look(size_t which)
{
    uint64_t before = atomic_load(&newest_of[which]);
    uint64_t now = look_at(which);
    if (now < before)
        atomic_fetch_add(&went_back, 1);
    tell_newest(which, now);
    atomic_fetch_add(&looks, 1);
}

static void *look_often(void *arg)
{
    test_random dice = {(uintptr_t)arg};
    while (atomic_load(&writers_left) > 0 || atomic_load(&looks) < LOOKS_MIN) {
        size_t which = test_random_below(&dice, KEYS);
        for (int i = 0; i < 4; i++)
            look(which);
    }
    return NULL;
}

static void write_number(size_t which, uint64_t number)
{
    if (varve_writer_put(on.writer, prefixes[which], varve_slice_of(&number, sizeof number),
                         NULL) != VARVE_OK)
        atomic_fetch_add(&failed, 1);
}

/* However rarely an entry is found, or makes room, while others write, it does. */
static bool has_come_to_all(void)
{
    return atomic_load(&hits) >= 100 && varve__newest_numbers_of(on.engine->newest).evictions > 0;
}

/* Each writer has keys of its own; what it has committed it sees, and all others do. */
static void *write_often(void *arg)
{
    size_t own_number = (uintptr_t)arg;
    for (uint64_t number = 2; number < COMMITS || !has_come_to_all(); number++) {
        size_t which = (number * WRITERS + own_number) % KEYS;
        write_number(which, number);
        tell_newest(which, number);
        look(which);
        if (number % 16 == 0 &&
            varve_writer_clear_range(on.writer, bytes("y\0\1"), bytes("z\0\1"), NULL) != VARVE_OK)
            atomic_fetch_add(&failed, 1);
        for (uint64_t i = 0; i < number % 8; i++)
            wait_a_little();
    }
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

/* So few entries that they come and go all the time, and keys that share buckets. */
START_TEST(a_reader_never_sees_less_than_before)
{
    static const char *const names[KEYS] = {"a", "b", "c", "d", "e", "f"};
    pthread_t threads[READERS + WRITERS];
    backend_keep_newest(on.engine, 600);
    for (size_t i = 0; i < KEYS; i++) {
        prefixes[i] = key_of(names[i]);
        write_number(i, 1);
        atomic_store(&newest_of[i], 1);
    }
    slow_backend_insert(on.engine, 1, 1);
    atomic_store(&writers_left, WRITERS);
    for (uintptr_t i = 0; i < READERS + WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, i < READERS ? look_often : write_often,
                                        (void *)(i < READERS ? i + 1 : i - READERS)),
                         0);
    for (int i = 0; i < READERS + WRITERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    slow_backend_remove(on.engine);
    ck_assert_uint_eq(atomic_load(&failed), 0);
    ck_assert_uint_eq(atomic_load(&went_back), 0);
    for (size_t i = 0; i < KEYS; i++)
        ck_assert_uint_eq(look_at(i), atomic_load(&newest_of[i]));
}
END_TEST

static const varve__backend_ops *real_ops;
static varve__backend_ops looking_ops;

/* Whoever looks right before a commit can be seen, and right behind that. */
static varve_status look_and_apply(varve__store *store, varve_slice repr, bool sync,
                                   varve_error *err)
{
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(see("k"), "k@1=1");
    varve_status status = real_ops->apply(store, repr, sync, err);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(see("k"), "k@2=2");
    ck_assert(!is_kept("k"));
    return status;
}

START_TEST(a_commit_is_counted_before_it_is_seen)
{
    backend_keep_newest(on.engine, 65536);
    put(on.writer, "k@1", "1");
    see_until_kept("k");
    real_ops = on.engine->ops;
    looking_ops = *real_ops;
    looking_ops.apply = look_and_apply;
    on.engine->ops = &looking_ops;
    put(on.writer, "k@2", "2");
    on.engine->ops = real_ops;
    see_until_kept("k");
    ck_assert_str_eq(see("k"), "k@2=2");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_change_is_seen_at_once);
    tcase_add_test(tcase, absent_keys_are_kept);
    tcase_add_test(tcase, a_commit_that_fails_is_a_write);
    tcase_add_test(tcase, a_store_that_is_opened_anew_is_read_anew);
    tcase_add_test(tcase, a_secondary_that_catches_up);
    tcase_add_test(tcase, upkeep_changes_nothing);
    tcase_add_test(tcase, the_option_and_the_numbers);
    tcase_add_test(tcase, only_the_engine_has_one);
    tcase_add_test(tcase, a_commit_is_counted_before_it_is_seen);
    tcase_add_test(tcase, a_reader_never_sees_less_than_before);
}

int main(void)
{
    Suite *suite = backend_suite("newest", fill);
    TCase *alone = tcase_create("alone");
    tcase_add_test(alone, what_is_kept_is_found);
    tcase_add_test(alone, what_is_asked_for_once_is_not_kept);
    tcase_add_test(alone, an_entry_that_is_held_stays_what_it_is);
    tcase_add_test(alone, memory_is_bounded);
    tcase_add_test(alone, what_is_too_large_is_not_kept);
    tcase_add_test(alone, what_is_found_stays);
    tcase_add_test(alone, chains_are_short);
    tcase_add_test(alone, without_memory_nothing_is_kept);
    tcase_add_test(alone, writes_on_their_way);
    tcase_add_test(alone, what_was_seen_before_a_write_is_not_shown_after_it);
    tcase_add_test(alone, writes_of_all_keys);
    tcase_add_test(alone, writes_of_many_keys);
    suite_add_tcase(suite, alone);
    return run_suite(suite);
}
