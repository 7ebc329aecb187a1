/*
 * A second model of multi-version reads and writes, for random histories to be held against: a
 * sorted array of keys, each with its metadata and its versions, and the decision tables written
 * down as plainly as it goes.  It shares no code with mvcc/.
 *
 * What an operation comes to is told as text, by the same functions for the model and for the
 * library: rows as KEY@WALL,LOGICAL=VALUE, what is left as > [START,END), intents behind +, and
 * failures by the name of their status with what they carry.
 */
#ifndef VARVE_TESTS_SUPPORT_MODEL_H
#define VARVE_TESTS_SUPPORT_MODEL_H

#include <varve/varve.h>

#include "tests/support/support.h"

enum { MODEL_VALUE_MAX = 40, MODEL_EARLIER_MAX = 40, MODEL_VERSIONS_MAX = 80, MODEL_KEYS_MAX = 40 };

struct model_value { /* raw; no bytes are a tombstone */
    size_t size;
    unsigned char at[MODEL_VALUE_MAX];
};

struct model_version {
    varve_ts ts;
    struct model_value value;
};

struct model_earlier { /* value of an intent, before it got another one */
    int32_t sequence;
    struct model_value value;
};

enum model_meta { MODEL_IMPLICIT, MODEL_INTENT, MODEL_INLINE };

struct model_key {
    varve_slice key;
    enum model_meta meta;
    varve_txn_meta txn; /* of the intent, whose value is the version at `ts` */
    varve_ts ts;
    struct model_earlier earlier[MODEL_EARLIER_MAX];
    size_t earlier_count;
    struct model_value raw; /* the inline value */
    struct model_version versions[MODEL_VERSIONS_MAX];
    size_t version_count;
};

struct model {
    size_t key_count; /* all there may ever be, ascending, with records or without */
    struct model_key keys[MODEL_KEYS_MAX];
};

/* A model without records, of these keys, which ascend and stay where they are. */
void model_start(struct model *model, const varve_slice *keys, size_t count);

/* The place of a key; it has to be one of the model's. */
struct model_key *model_find(struct model *model, varve_slice key);

bool model_has_records(const struct model_key *key);

/* ---- Reads -------------------------------------------------------------------------------------
 */

void model_get(const struct model *model, const varve_read *how, varve_slice key, varve_buf *text);
void model_scan(const struct model *model, const varve_read *how, varve_span span, int64_t max,
                bool reverse, varve_buf *text);

/* ---- Writes ------------------------------------------------------------------------------------
 */

enum model_put_kind { MODEL_PUT, MODEL_PUT_IF, MODEL_INIT_PUT, MODEL_INCREMENT };

struct model_put { /* no `raw` is a deletion */
    enum model_put_kind kind;
    varve_slice raw;
    varve_expect expect;
    bool fail_on_tombstone;
    int64_t by;
};

/* Of `how`, whether it has statistics matters, its reader, its timestamp and its transaction. */
void model_write(struct model *model, const varve_write *how, varve_slice key,
                 const struct model_put *put, varve_buf *text);
void model_delete_range(struct model *model, const varve_write *how, varve_span span, int64_t max,
                        bool return_keys, varve_buf *text);
void model_merge(struct model *model, varve_slice key, varve_slice raw, varve_buf *text);
void model_clear_range(struct model *model, varve_span span, varve_buf *text);
void model_clear_time_range(struct model *model, varve_span span, varve_ts after, varve_ts until,
                            int64_t max_batch, varve_buf *text);

void model_resolve(struct model *model, varve_slice key, const varve_resolution *resolution,
                   varve_buf *text);
void model_resolve_range(struct model *model, varve_span span, int64_t max,
                         const varve_resolution *resolution, varve_buf *text);
void model_gc(struct model *model, const varve_gc_key *keys, size_t count, varve_buf *text);

/* All records, as tell_store() tells them of a reader. */
void model_tell(const struct model *model, varve_buf *text);

/* ---- Telling -----------------------------------------------------------------------------------
 */

/* An assertion that costs nothing while it holds: those of Check tell the runner of each. */
static inline void must(bool holds, const char *what)
{
    if (!holds)
        ck_abort_msg("%s", what);
}

void tell(varve_buf *text, const char *format, ...) VARVE_PRINTF(2, 3);
void tell_ts(varve_buf *text, varve_ts ts);
void tell_bytes(varve_buf *text, varve_slice bytes);
void tell_row(varve_buf *text, varve_slice key, varve_ts ts, varve_slice value);
void tell_resume(varve_buf *text, varve_slice start, varve_slice end);
void tell_intent(varve_buf *text, const varve_intent *intent);

/* "OK", or the failure of `err`, whose payload is looked at only. */
void tell_status(varve_buf *text, varve_status status, const varve_error *err);

/* The rows, told intents and resume span of a read. */
void tell_rows(varve_buf *text, const varve_rows *rows);

/* Every record that the reader shows. */
void tell_store(varve_buf *text, varve_reader *reader);

#endif
