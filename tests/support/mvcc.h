/*
 * Reads and writes of keys, and their results as text, for the tests of mvcc/.
 *
 * Keys and values are written as text in which %XX stands for the byte XX.  A result is its rows,
 * KEY@TIME=VALUE, or KEY@TIME- for a tombstone, and behind them what is left to read:
 *
 *     a@10=x b@7,1- > [c,z)
 *
 * with the intents that an inconsistent read tells behind it, KEY@TIME/TRANSACTION:
 *
 *     a@10=x + a@12/1 + b@13/2
 *
 * A read that fails gives the name of its status, and what its error carries:
 *
 *     WRITE_INTENT a@12/1 b@13/2 and more
 *     WRITE_TOO_OLD 9 -> 10,1
 *     READ_UNCERTAIN 7 < 10 <= 12
 */
#ifndef VARVE_TESTS_SUPPORT_MVCC_H
#define VARVE_TESTS_SUPPORT_MVCC_H

#include <varve/varve.h>

#include "tests/support/support.h"

/* ---- Places: what lends the reader and the writer ----------------------------------------------
 */

typedef struct mvcc_place {
    const char *name;
    int backend;
    bool in_batch;         /* read through a batch */
    bool split;            /* with half of the records in the batch and half below it */
    uint64_t newest_bytes; /* of the engine, for newest versions; a few entries */
} mvcc_place;

extern const mvcc_place mvcc_places[];
extern const int mvcc_place_count;

/* The place of the test in progress. */
struct mvcc_test {
    varve_engine *engine;
    varve_batch *batch; /* or NULL */
    varve_reader *reader;
    varve_writer *writer;
    varve_error err;
};
extern struct mvcc_test mvcc;

void mvcc_open(const mvcc_place *place);
void mvcc_close(void);

/* A suite of which `fill` adds the tests, once for each place. */
Suite *mvcc_suite(const char *name, void (*fill)(TCase *tcase));

/* The same, and also once for each snapshot of these engines; the writer remains the engine's. */
Suite *mvcc_read_suite(const char *name, void (*fill)(TCase *tcase));

/* Once for each place that is an engine. */
Suite *mvcc_engine_suite(const char *name, void (*fill)(TCase *tcase));

/* Run a suite; returns what main() does. */
int mvcc_run(Suite *suite);

/* ---- Bytes and times ---------------------------------------------------------------------------
 */

/* The bytes of text with %XX in it; they live as long as the test. */
varve_slice mvcc_bytes(const char *text);

/* The inverse. */
const char *mvcc_text(varve_slice bytes);

static inline varve_ts at(int64_t wall)
{
    return varve_ts_of(wall, 0);
}

/* ---- Writes, which have to succeed -------------------------------------------------------------
 */

void mvcc_put(const char *key, varve_ts ts, const char *value);
void mvcc_delete(const char *key, varve_ts ts);

/* Writes whose outcome is told: "OK", or as reads tell it. */
const char *mvcc_try_put(const char *key, varve_ts ts, const char *value);
const char *mvcc_try_delete(const char *key, varve_ts ts);

/* An inline value, whatever else the key has. */
void mvcc_put_inline(const char *key, const char *value);

/* A provisional value of transaction `txn` with its metadata record, past all checks. */
void mvcc_put_intent(const char *key, varve_ts ts, const char *value, unsigned char txn);

/* A transaction that reads at `read_ts` and is uncertain up to `max_ts`, with nothing to free. */
varve_txn mvcc_txn(unsigned char id, int32_t epoch, int32_t sequence, varve_ts read_ts,
                   varve_ts max_ts);

/* A value that an intent had before. */
typedef struct mvcc_earlier {
    int32_t sequence;
    const char *value; /* NULL ends a list */
} mvcc_earlier;

/* A provisional value of this transaction as it is, with earlier ones, or NULL for none. */
void mvcc_put_intent_of(const char *key, varve_ts ts, const char *value, const varve_txn *txn,
                        const mvcc_earlier *earlier);

/* The encoded metadata record of such an intent. */
varve_slice mvcc_intent_record(varve_ts ts, size_t value_size, unsigned char txn);

/* Records past all checks, malformed ones too.  A clear leaves no trace. */
void mvcc_put_raw(varve_slice engine_key, varve_slice value);
void mvcc_clear_raw(varve_slice engine_key);

/* The engine key of a key at a time. */
varve_slice mvcc_engine_key(const char *key, varve_ts ts);

/* ---- Reads -------------------------------------------------------------------------------------
 */

typedef struct mvcc_query {
    const char *start; /* or the key */
    const char *end;
    varve_ts ts;
    int64_t max; /* 0 = all, which the functions call -1 */
    unsigned flags;
    int64_t target_bytes;
    size_t max_intents;
    bool reverse;
    const varve_txn *txn;
    varve_bill *bill;
    const varve_cancel *cancel;
} mvcc_query;

const char *mvcc_scan_query(const mvcc_query *query);
const char *mvcc_versions_query(const mvcc_query *query);
const char *mvcc_get_query(const mvcc_query *query);

/* Rows of a cursor, or of iterate, up to the end or a failure, which is told behind `!`. */
const char *mvcc_cursor_query(const mvcc_query *query);
const char *mvcc_iterate_query(const mvcc_query *query);

/*
 * What get tells of the key `start`, without "none"; scans, cursors and iterate, in both
 * directions, have to tell the same of the span that is this key.
 */
const char *mvcc_see_query(const mvcc_query *query);

/* mvcc_scan(.start = "a", .end = "c", .ts = at(5)) and so on. */
#define mvcc_scan(...) mvcc_scan_query(&(mvcc_query){__VA_ARGS__})
#define mvcc_reverse(...) mvcc_scan_query(&(mvcc_query){.reverse = true, __VA_ARGS__})
#define mvcc_versions(...) mvcc_versions_query(&(mvcc_query){__VA_ARGS__})
#define mvcc_get_as(...) mvcc_get_query(&(mvcc_query){__VA_ARGS__})
#define mvcc_cursor(...) mvcc_cursor_query(&(mvcc_query){__VA_ARGS__})
#define mvcc_iterate(...) mvcc_iterate_query(&(mvcc_query){__VA_ARGS__})
#define mvcc_see(...) mvcc_see_query(&(mvcc_query){__VA_ARGS__})

/* One row, "none", or a failure. */
const char *mvcc_get(const char *key, varve_ts ts);
const char *mvcc_get_flags(const char *key, varve_ts ts, unsigned flags);

/* What a read that returned `status` has come to; checks that counts and sums are right. */
const char *mvcc_result(varve_status status, const varve_rows *rows, varve_error *err);

#endif
