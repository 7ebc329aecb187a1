/*
 * The check job over blocks that cannot be read: it tells where they are, and goes on behind each.
 */
#include "tests/engine/rocksdb/rocks.h"

enum { KEYS = 2000 };

static char found[4096];
static unsigned findings;

static void note(void *arg, const varve_finding *finding)
{
    (void)arg;
    ck_assert_int_eq((int)finding->problem, (int)VARVE_CHECK_UNREADABLE);
    findings++;
    (void)snprintf(found, sizeof found, "%s", finding->text);
}

/* The same number of versions below each first letter. */
static void fill(varve_engine *engine, char letter)
{
    for (unsigned i = 0; i < KEYS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%c%05u", letter, i);
        ck_ok(store_put(engine, key_at(key, 1), hex("00 00 00 00 03 78 78 78 78 78 78 78 78")),
              &err);
    }
}

static varve_check_result check(varve_engine *engine)
{
    const varve_check_options options = {.struct_size = sizeof options, .each = note};
    varve_check_result result = {.struct_size = sizeof result};
    varve_check *job;
    bool more = true;
    findings = 0;
    ck_ok(varve_check_open(engine, &options, &job, &err), &err);
    while (more)
        ck_ok(varve_check_step(job, &more, &err), &err);
    ck_ok(varve_check_get_result(job, &result, &err), &err);
    varve_check_close(job);
    return result;
}

struct damaged {
    char path[1024];
    uint64_t entries;
};

/* Take the table in the middle of its level. */
static bool take_middle(void *arg, const varve_table *table)
{
    struct damaged *damaged = arg;
    varve_slice middle = key_at("b01000", 1);
    if (varve_slice_compare(table->start, middle) > 0 ||
        varve_slice_compare(table->end, middle) < 0)
        return true;
    damaged->entries = table->entries;
    (void)snprintf(damaged->path, sizeof damaged->path, "%s/%.*s", place_path("s"),
                   (int)table->name.size, (const char *)table->name.data);
    return false;
}

/* A store of many small tables and a log, of which one table loses what is at `offset`. */
static struct damaged make_damaged(bool compact, long offset)
{
    varve_options options = store_options(place_path("s"));
    struct damaged damaged = {.entries = 0};
    options.rocksdb_options = "disable_auto_compactions=true;target_file_size_base=20000";
    options.compression = VARVE_COMPRESSION_NONE;
    options.bottom_compression = VARVE_COMPRESSION_NONE;
    varve_engine *engine = store_open_with(&options);
    for (char letter = 'c'; letter >= 'a'; letter--) {
        fill(engine, letter);
        ck_ok(varve_engine_flush(engine, &err), &err);
    }
    if (compact)
        ck_ok(varve_engine_compact(engine, &err), &err);
    fill(engine, 'd');
    varve_check_result result = check(engine);
    ck_assert_uint_eq(result.findings, 0);
    ck_assert_int_eq(result.stats.key_count, 4 * KEYS);
    ck_ok(varve_engine_tables(engine, take_middle, &damaged, &err), &err);
    ck_assert_uint_gt(damaged.entries, 0);
    store_close(engine);
    file_damage(damaged.path, offset, 1);
    return damaged;
}

static varve_check_result check_damaged(const struct damaged *damaged)
{
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    varve_engine *engine = store_open_with(&options);
    varve_check_result result = check(engine);
    store_close(engine);
    ck_assert_uint_eq(findings, 1);
    const char *name = strrchr(damaged->path, '/');
    ck_assert_msg(strstr(found, name) != NULL, "\"%s\" does not name %s", found, name);
    return result;
}

/* The records of a block, of 8 KiB at most; each has a value of 13 bytes. */
enum { BLOCK_RECORDS_MAX = 8192 / 13 };

/* Its first block, or one in its middle: nothing else is lost. */
START_TEST(the_rest_of_a_damaged_table_is_checked)
{
    const struct damaged damaged = make_damaged(true, _i == 0 ? 0 : 10000);
    varve_check_result result = check_damaged(&damaged);
    int64_t lost = 4 * KEYS - result.stats.key_count;
    ck_assert_uint_eq(result.keys_left_out, 1);
    /* The key before the damage may have versions behind it, that behind it others in front: they
       are not counted either. */
    ck_assert_int_gt(lost, 2);
    ck_assert_int_lt(lost, BLOCK_RECORDS_MAX);
    ck_assert_int_lt(lost, (int64_t)damaged.entries / 2);
}
END_TEST

/* Iterators look into each table of level 0: the first block of one is in the way of all before. */
START_TEST(the_first_block_of_a_table_of_level_0_hides_what_lies_before_it)
{
    const struct damaged damaged = make_damaged(false, 0);
    varve_check_result result = check_damaged(&damaged);
    ck_assert_int_lt(result.stats.key_count, 3 * KEYS);
    ck_assert_int_gt(result.stats.key_count, 3 * KEYS - BLOCK_RECORDS_MAX);
    ck_assert_uint_eq(result.keys_left_out, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check_unreadable");
    TCase *tcase = tcase_create("disk");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_loop_test(tcase, the_rest_of_a_damaged_table_is_checked, 0, 2);
    tcase_add_test(tcase, the_first_block_of_a_table_of_level_0_hides_what_lies_before_it);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
