/*
 * Trap: RocksDB writes a batch to its log before it looks into it.  One bad batch stops the store,
 * and it cannot be opened again.
 */
#include "tests/engine/rocksdb/rocks.h"

#define HEADER(count) "00 00 00 00 00 00 00 00 " count " 00 00 00 | "
#define PUT_A "01 03 61 00 01 01 76 | " /* "a" at its metadata position: "v" */

static const struct {
    const char *what;
    const char *repr;
    varve_status status;
    bool harms; /* a RocksDB that is handed it */
} bad[] = {
    {"an unknown tag", HEADER("02") PUT_A "63 03 62 00 01", VARVE_BAD_BATCH, true},
    {"a count that is too high", HEADER("03") PUT_A, VARVE_BAD_BATCH, true},
    {"a count that is too low", HEADER("00") PUT_A, VARVE_BAD_BATCH, true},
    {"a record cut short", HEADER("02") PUT_A "01 03 62 00", VARVE_BAD_BATCH, true},
    {"a length that never ends", HEADER("02") PUT_A "01 FF FF FF FF FF FF", VARVE_BAD_BATCH, true},
    {"another column family", HEADER("01") "05 07 03 61 00 01 01 76", VARVE_BAD_BATCH, true},
    {"less than a header", "00 00 00", VARVE_BAD_BATCH, true},
    {"a range that ends before it starts", HEADER("01") "0F 03 62 00 01 03 61 00 01",
     VARVE_BAD_BATCH, true},
    {"a key without its terminator", HEADER("01") "01 01 61 01 76", VARVE_CORRUPT_KEY, false},
};

/* Hand the bytes to RocksDB as they are; returns its text. */
static char *raw_apply(rocksdb_t *db, varve_slice repr)
{
    char *text = NULL;
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    rocksdb_writebatch_t *batch =
        rocksdb_writebatch_create_from((const char *)repr.data, repr.size);
    rocksdb_write(db, how, batch, &text);
    rocksdb_writebatch_destroy(batch);
    rocksdb_writeoptions_destroy(how);
    return text;
}

enum { REFUSED = 1, STOPPED = 2, BRICKED = 4 };

/* What a bad batch does to a raw store. */
static int current;

static void raw_take_bad_batch(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    int harm = 0;
    char *text = NULL;

    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    if (raw_apply(db, hex(bad[current].repr)) != NULL)
        harm |= REFUSED;
    if (raw_put(db, "k", "v") != NULL)
        harm |= STOPPED;
    rocksdb_close(db);
    db = rocksdb_open(options, place_path("raw"), &text);
    if (text != NULL)
        harm |= BRICKED;
    child_tell(harm);
}

START_TEST(control_a_bad_batch_stops_the_store)
{
    current = _i;
    int status = in_child(raw_take_bad_batch);
    int harm = child_told;
    printf("control: %s: %s%s%s%s\n", bad[_i].what, harm < 0 ? "the process died" : "",
           harm > 0 && (harm & REFUSED) ? "refused, " : "taken, ",
           harm > 0 && (harm & STOPPED) ? "store stopped, " : "store goes on, ",
           harm > 0 && (harm & BRICKED) ? "cannot be opened again" : "opens again");
    ck_assert_msg(harm >= 0 || WIFSIGNALED(status), "the control came to no end");
    if (bad[_i].harms)
        ck_assert(harm < 0 || (harm & (STOPPED | BRICKED)) != 0);
}
END_TEST

static void expect_healthy(varve_engine *engine, unsigned round)
{
    ck_ok(store_put(engine, key_number(round), bytes("v")), &err);
    ck_ok(store_has(engine, key_number(round)), &err);
    ck_status(store_has(engine, key_at("a", 0)), VARVE_NOT_FOUND, &err);
}

START_TEST(a_bad_batch_does_no_harm)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_slice repr = hex(bad[_i].repr);
    varve_batch *batch = NULL;

    expect_healthy(engine, 0);
    ck_status(varve_writer_apply(varve_engine_writer(engine), repr, &err), bad[_i].status, &err);
    varve_error_release(&err);
    expect_healthy(engine, 1);

    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_status(varve_writer_apply(varve_batch_writer_of(batch), repr, &err), bad[_i].status, &err);
    varve_error_release(&err);
    ck_assert(varve_batch_is_empty(batch));
    ck_ok(varve_batch_commit(batch, VARVE_SYNC, &err), &err);
    varve_batch_close(batch);
    expect_healthy(engine, 2);
    store_close(engine);

    engine = store_open(place_path("s"));
    ck_ok(store_has(engine, key_number(1)), &err);
    expect_healthy(engine, 3);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: bad batches");
    TCase *cases = tcase_create("batches");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_loop_test(cases, control_a_bad_batch_stops_the_store, 0, sizeof bad / sizeof bad[0]);
    tcase_add_loop_test(cases, a_bad_batch_does_no_harm, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
