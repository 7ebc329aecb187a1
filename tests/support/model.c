#include "tests/support/model.h"

/* ---- Keys and values ---------------------------------------------------------------------------
 */

static struct model_value value_of(varve_slice raw)
{
    struct model_value value = {.size = raw.size};
    must(raw.size <= MODEL_VALUE_MAX, "the model has room");
    if (raw.size > 0)
        memcpy(value.at, raw.data, raw.size);
    return value;
}

static varve_slice slice_of(const struct model_value *value)
{
    return varve_slice_of(value->at, value->size);
}

static bool same(const struct model_value *a, const struct model_value *b)
{
    return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* Equal but for the checksum. */
static bool same_data(const struct model_value *a, const struct model_value *b)
{
    return a->size == b->size && memcmp(a->at + 4, b->at + 4, a->size - 4) == 0;
}

void model_start(struct model *model, const varve_slice *keys, size_t count)
{
    must(count <= MODEL_KEYS_MAX, "the model has room");
    memset(model, 0, sizeof *model);
    model->key_count = count;
    for (size_t i = 0; i < count; i++)
        model->keys[i].key = keys[i];
}

struct model_key *model_find(struct model *model, varve_slice key)
{
    for (size_t i = 0; i < model->key_count; i++) {
        if (varve_slice_equal(model->keys[i].key, key))
            return &model->keys[i];
    }
    ck_abort_msg("not a key of the model");
    return NULL;
}

bool model_has_records(const struct model_key *key)
{
    return key->meta != MODEL_IMPLICIT || key->version_count > 0;
}

static bool is_in(const struct model_key *key, varve_span span)
{
    return varve_slice_compare(key->key, span.start) >= 0 &&
           varve_slice_compare(key->key, span.end) < 0;
}

static void remove_version(struct model_key *key, size_t at)
{
    must(at < key->version_count, "the model has room");
    memmove(&key->versions[at], &key->versions[at + 1],
            (key->version_count - at - 1) * sizeof key->versions[0]);
    key->version_count--;
}

static void set_version(struct model_key *key, varve_ts ts, struct model_value value)
{
    size_t at = 0;
    while (at < key->version_count && varve_ts_compare(key->versions[at].ts, ts) > 0)
        at++;
    if (at == key->version_count || varve_ts_compare(key->versions[at].ts, ts) != 0) {
        must(key->version_count < MODEL_VERSIONS_MAX, "the model has room");
        memmove(&key->versions[at + 1], &key->versions[at],
                (key->version_count - at) * sizeof key->versions[0]);
        key->version_count++;
    }
    key->versions[at] = (struct model_version){ts, value};
}

/* The place of the version at exactly `ts`, which has to be there. */
static size_t version_at(const struct model_key *key, varve_ts ts)
{
    size_t at = 0;
    while (at < key->version_count && varve_ts_compare(key->versions[at].ts, ts) != 0)
        at++;
    must(at < key->version_count, "the model has room");
    return at;
}

static varve_ts next_of(varve_ts ts)
{
    return ts.logical < INT32_MAX ? varve_ts_of(ts.wall, ts.logical + 1)
                                  : varve_ts_of(ts.wall + 1, 0);
}

static varve_ts prev_of(varve_ts ts)
{
    return ts.logical > 0 ? varve_ts_of(ts.wall, ts.logical - 1)
                          : varve_ts_of(ts.wall - 1, INT32_MAX);
}

static varve_ts later_of(varve_ts a, varve_ts b)
{
    return varve_ts_compare(a, b) >= 0 ? a : b;
}

static bool is_ignored(const varve_seq_range *ranges, size_t count, int32_t sequence)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].start <= sequence && sequence <= ranges[i].end)
            return true;
    }
    return false;
}

static bool txn_ignores(const varve_txn *txn, int32_t sequence)
{
    return is_ignored(txn->ignored, txn->ignored_count, sequence);
}

static bool is_own(const struct model_key *key, const unsigned char *id)
{
    return key->meta == MODEL_INTENT && memcmp(key->txn.id, id, VARVE_TXN_ID_SIZE) == 0;
}

/* The last earlier value at or below a sequence number that is not ignored. */
static const struct model_earlier *earlier_of(const struct model_key *key, const varve_txn *txn,
                                              int32_t up_to)
{
    for (size_t i = key->earlier_count; i > 0; i--) {
        const struct model_earlier *earlier = &key->earlier[i - 1];
        if (earlier->sequence <= up_to && !txn_ignores(txn, earlier->sequence))
            return earlier;
    }
    return NULL;
}

/* Strictly below the intent and not above `read`. */
static varve_ts below_of(const struct model_key *key, varve_ts read)
{
    return varve_ts_compare(key->ts, read) <= 0 ? prev_of(key->ts) : read;
}

/* ---- What one key yields -----------------------------------------------------------------------
 */

enum verdict { SEES, CONFLICTS, FAILS };

struct sight {
    const struct model_value *value; /* NULL = nothing */
    varve_ts ts;
    bool tells;      /* of the intent, in an inconsistent read */
    varve_error err; /* of FAILS, with nothing to release */
};

static enum verdict seek(const struct model_key *key, varve_ts ts, struct sight *sight)
{
    for (size_t i = 0; i < key->version_count && !varve_ts_is_zero(ts); i++) {
        if (varve_ts_compare(key->versions[i].ts, ts) > 0)
            continue;
        sight->value = &key->versions[i].value;
        sight->ts = key->versions[i].ts;
        break;
    }
    return SEES;
}

static enum verdict uncertain_of(const varve_read *how, varve_ts existing, struct sight *sight)
{
    sight->err.status = VARVE_READ_UNCERTAIN;
    sight->err.detail.uncertain.read = how->ts;
    sight->err.detail.uncertain.existing = existing;
    sight->err.detail.uncertain.max = how->txn->max_ts;
    return FAILS;
}

static bool is_uncertain(const varve_read *how)
{
    return how->txn != NULL && varve_ts_compare(how->ts, how->txn->max_ts) < 0;
}

static enum verdict seek_checked(const struct model_key *key, const varve_read *how,
                                 struct sight *sight)
{
    if (!is_uncertain(how))
        return seek(key, how->ts, sight);
    (void)seek(key, how->txn->max_ts, sight);
    if (sight->value != NULL && varve_ts_compare(sight->ts, how->ts) > 0)
        return uncertain_of(how, sight->ts, sight);
    return SEES;
}

/* Rows 1 to 4. */
static enum verdict see_versions(const struct model_key *key, const varve_read *how,
                                 struct sight *sight)
{
    if (key->version_count == 0)
        return SEES;
    varve_ts newest = key->versions[0].ts;
    if (varve_ts_compare(newest, how->ts) <= 0) /* 1 */
        return seek(key, newest, sight);
    if ((how->flags & VARVE_READ_FAIL_ON_MORE_RECENT) != 0) { /* 2 */
        sight->err.status = VARVE_WRITE_TOO_OLD;
        sight->err.detail.too_old.attempted = how->ts;
        sight->err.detail.too_old.actual = next_of(newest);
        return FAILS;
    }
    if (is_uncertain(how) && varve_ts_compare(newest, how->txn->max_ts) <= 0) /* 3a */
        return uncertain_of(how, newest, sight);
    return seek_checked(key, how, sight); /* 3b, 4 */
}

/* Rows 9 to 13. */
static enum verdict see_own(const struct model_key *key, const varve_read *how, struct sight *sight)
{
    const varve_txn *txn = how->txn;
    if (txn->meta.epoch < key->txn.epoch) { /* 12 */
        sight->err.status = VARVE_TXN_EPOCH;
        return FAILS;
    }
    if (txn->meta.epoch > key->txn.epoch) /* 13 */
        return seek(key, below_of(key, how->ts), sight);
    if (txn->meta.sequence >= key->txn.sequence && !txn_ignores(txn, key->txn.sequence)) /* 9 */
        return seek(key, key->ts, sight);
    const struct model_earlier *earlier = earlier_of(key, txn, txn->meta.sequence);
    if (earlier == NULL) /* 11 */
        return seek(key, below_of(key, how->ts), sight);
    sight->value = &earlier->value; /* 10 */
    sight->ts = varve_ts_zero();
    return SEES;
}

/* Rows 6 to 8. */
static enum verdict see_foreign(const struct model_key *key, const varve_read *how,
                                struct sight *sight)
{
    varve_ts visible_to = is_uncertain(how) ? how->txn->max_ts : how->ts;
    bool fails = (how->flags & VARVE_READ_FAIL_ON_MORE_RECENT) != 0;
    if (varve_ts_compare(key->ts, visible_to) > 0 && !fails) /* 6 */
        return seek_checked(key, how, sight);
    if ((how->flags & VARVE_READ_INCONSISTENT) == 0) /* 8 */
        return CONFLICTS;
    sight->tells = true; /* 7 */
    return seek(key, below_of(key, how->ts), sight);
}

static enum verdict see(const struct model_key *key, const varve_read *how, struct sight *sight)
{
    *sight = (struct sight){.err = VARVE_ERROR_INIT};
    if (key->meta == MODEL_IMPLICIT)
        return see_versions(key, how, sight);
    if (key->meta == MODEL_INLINE) { /* 5 */
        sight->value = &key->raw;
        return SEES;
    }
    if (how->txn != NULL && is_own(key, how->txn->meta.id))
        return see_own(key, how, sight);
    return see_foreign(key, how, sight);
}

/* ---- Reads -------------------------------------------------------------------------------------
 */

struct reading {
    const varve_read *how;
    varve_buf rows;
    varve_buf told;
    varve_intent conflicts[MODEL_KEYS_MAX];
    size_t intent_count; /* conflicts, or told ones */
    int64_t count;
    int64_t bytes;
    bool capped;
    varve_error err;
};

static struct reading reading_of(const varve_read *how)
{
    return (struct reading){
        .how = how, .rows = VARVE_BUF_INIT, .told = VARVE_BUF_INIT, .err = VARVE_ERROR_INIT};
}

static void add_row(struct reading *reading, const struct model_key *key, const struct sight *sight)
{
    if (sight->value == NULL ||
        (sight->value->size == 0 && (reading->how->flags & VARVE_READ_TOMBSTONES) == 0))
        return;
    tell_row(&reading->rows, key->key, sight->ts, slice_of(sight->value));
    reading->count++;
    reading->bytes += 8 + (int64_t)key->key.size + 1 + (int64_t)sight->value->size;
    if (!varve_ts_is_zero(sight->ts))
        reading->bytes += sight->ts.logical == 0 ? 9 : 13;
}

static void add_intent(struct reading *reading, const struct model_key *key, bool is_told)
{
    varve_intent intent = {key->key, key->txn, key->ts};
    if (is_told) {
        tell(&reading->told, " +");
        tell_intent(&reading->told, &intent);
    } else {
        reading->conflicts[reading->intent_count] = intent;
    }
    reading->intent_count++;
    if (reading->intent_count == reading->how->max_intents)
        reading->capped = true;
}

/* Returns whether the read goes on. */
static bool read_key(struct reading *reading, const struct model_key *key)
{
    struct sight sight;
    enum verdict verdict = see(key, reading->how, &sight);
    if (verdict == FAILS) {
        reading->err = sight.err;
        return false;
    }
    if (verdict == CONFLICTS || sight.tells)
        add_intent(reading, key, sight.tells);
    if (verdict == SEES)
        add_row(reading, key, &sight);
    return verdict == SEES || !reading->capped;
}

/* Turn the conflicts that have been met into a failure. */
static void settle(struct reading *reading)
{
    bool is_inconsistent = (reading->how->flags & VARVE_READ_INCONSISTENT) != 0;
    if (reading->err.status != VARVE_OK || is_inconsistent || reading->intent_count == 0)
        return;
    reading->err.status = VARVE_WRITE_INTENT;
    reading->err.detail.intents.list = reading->conflicts;
    reading->err.detail.intents.count = reading->intent_count;
    reading->err.detail.intents.more = reading->capped;
}

static void release(struct reading *reading)
{
    varve_buf_release(&reading->rows);
    varve_buf_release(&reading->told);
}

static bool has_reached_a_limit(const struct reading *reading, int64_t max)
{
    bool is_inconsistent = (reading->how->flags & VARVE_READ_INCONSISTENT) != 0;
    return reading->count == max || (is_inconsistent && reading->capped) ||
           (reading->how->target_bytes > 0 && reading->bytes >= reading->how->target_bytes);
}

/* Read the span; what is left goes to `resume`.  Returns whether there is such a thing. */
static bool read_span(struct reading *reading, const struct model *model, varve_span span,
                      int64_t max, bool reverse, const struct model_key **resume)
{
    for (size_t i = 0; i < model->key_count; i++) {
        const struct model_key *key = &model->keys[reverse ? model->key_count - 1 - i : i];
        if (!is_in(key, span) || !model_has_records(key))
            continue;
        if (has_reached_a_limit(reading, max)) {
            *resume = key;
            return true;
        }
        if (!read_key(reading, key))
            return false;
    }
    return false;
}

static void tell_read(struct reading *reading, varve_buf *text)
{
    settle(reading);
    tell_status(text, reading->err.status, &reading->err);
    if (reading->err.status != VARVE_OK)
        return;
    tell(text, "%.*s %lldB", (int)reading->rows.size, (const char *)reading->rows.data,
         (long long)reading->bytes);
}

static void tell_rest(varve_buf *text, varve_span span, bool reverse, const struct model_key *next)
{
    unsigned char behind[64] = {0};
    if (!reverse) {
        tell_resume(text, next->key, span.end);
        return;
    }
    must(next->key.size < sizeof behind, "the model has room");
    memcpy(behind, next->key.data, next->key.size);
    tell_resume(text, span.start, varve_slice_of(behind, next->key.size + 1));
}

void model_scan(const struct model *model, const varve_read *how, varve_span span, int64_t max,
                bool reverse, varve_buf *text)
{
    struct reading reading = reading_of(how);
    const struct model_key *resume = NULL;
    bool is_flawed = (how->flags & VARVE_READ_INCONSISTENT) != 0 &&
                     (how->txn != NULL || (how->flags & VARVE_READ_FAIL_ON_MORE_RECENT) != 0);
    if (is_flawed)
        reading.err.status = VARVE_INVALID_ARGUMENT;
    else if (max != 0)
        (void)read_span(&reading, model, span, max, reverse, &resume);
    tell_read(&reading, text);
    if (reading.err.status == VARVE_OK && max == 0)
        tell_resume(text, span.start, span.end);
    else if (reading.err.status == VARVE_OK && resume != NULL)
        tell_rest(text, span, reverse, resume);
    if (reading.err.status == VARVE_OK)
        tell(text, "%.*s", (int)reading.told.size, (const char *)reading.told.data);
    release(&reading);
}

void model_get(const struct model *model, const varve_read *how, varve_slice key, varve_buf *text)
{
    static struct model one;
    unsigned char behind[64] = {0};
    varve_read only = *how;
    size_t at = 0;
    while (!varve_slice_equal(model->keys[at].key, key))
        at++;
    must(key.size < sizeof behind, "the model has room");
    memcpy(behind, key.data, key.size);
    one.key_count = 1;
    one.keys[0] = model->keys[at];
    only.target_bytes = 0;
    only.max_intents = 0;
    model_scan(&one, &only, (varve_span){key, varve_slice_of(behind, key.size + 1)}, -1, false,
               text);
}

/* ---- New values --------------------------------------------------------------------------------
 */

struct writing {
    struct model_key *key;
    const varve_write *how;
    const struct model_put *put;
    varve_ts read_at;
    varve_ts write_at;
    struct model_value value; /* the new one */
    bool has_sum;
    int64_t sum;
    varve_error err;
    struct model_value payload[2]; /* that the error points at */
};

static bool refuse(struct writing *writing, varve_status status)
{
    writing->err = (varve_error)VARVE_ERROR_INIT;
    writing->err.status = status;
    return false;
}

static bool condition_failed(struct writing *writing, const struct model_value *old, varve_ts ts)
{
    (void)refuse(writing, VARVE_CONDITION_FAILED);
    writing->err.detail.condition.exists = old != NULL;
    if (old != NULL) {
        writing->payload[0] = *old;
        writing->err.detail.condition.raw = slice_of(&writing->payload[0]);
        writing->err.detail.condition.ts = ts;
    }
    return false;
}

static bool put_if(struct writing *writing, const struct model_value *old, varve_ts ts)
{
    const varve_expect *expect = &writing->put->expect;
    bool is_there = old != NULL && old->size > 0;
    struct model_value expected = value_of(expect->exists ? expect->raw : bytes(""));
    if (!expect->exists)
        return is_there ? condition_failed(writing, old, ts) : true;
    if (!is_there)
        return expect->allow_missing ? true : condition_failed(writing, old, ts);
    return same_data(old, &expected) ? true : condition_failed(writing, old, ts);
}

static bool init_put(struct writing *writing, const struct model_value *old, varve_ts ts)
{
    bool is_tombstone = old != NULL && old->size == 0;
    if (is_tombstone && writing->put->fail_on_tombstone)
        return condition_failed(writing, old, ts);
    if (old != NULL && !is_tombstone && !same_data(old, &writing->value))
        return condition_failed(writing, old, ts);
    return true;
}

static bool increment(struct writing *writing, const struct model_value *old)
{
    int64_t by = writing->put->by;
    int64_t number = 0;
    varve_buf raw = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    if (old != NULL && old->size > 0 &&
        varve_value_get_int(slice_of(old), &number, NULL) != VARVE_OK)
        return refuse(writing, VARVE_VALUE_TYPE);
    writing->has_sum = true;
    writing->sum = number;
    if ((by > 0 && number > INT64_MAX - by) || (by < 0 && number < INT64_MIN - by)) {
        (void)refuse(writing, VARVE_INTEGER_OVERFLOW);
        writing->err.detail.overflow.key = writing->key->key;
        writing->err.detail.overflow.value = number;
        writing->err.detail.overflow.increment = by;
        return false;
    }
    writing->sum = number + by;
    must(varve_value_set_int(&raw, writing->sum, &err) == VARVE_OK, err.message);
    must(varve_value_init_checksum(&raw, writing->key->key, &err) == VARVE_OK, err.message);
    writing->value = value_of(varve_buf_slice(&raw));
    varve_buf_release(&raw);
    return true;
}

/* Make the new value of the old one, NULL = absent.  Returns false on failure. */
static bool make_value(struct writing *writing, const struct model_value *old, varve_ts ts)
{
    writing->value = value_of(writing->put->raw);
    if (writing->put->kind == MODEL_PUT_IF)
        return put_if(writing, old, ts);
    if (writing->put->kind == MODEL_INIT_PUT)
        return init_put(writing, old, ts);
    if (writing->put->kind == MODEL_INCREMENT)
        return increment(writing, old);
    return true;
}

/* ---- Writes ------------------------------------------------------------------------------------
 */

static bool too_old(struct writing *writing)
{
    (void)refuse(writing, VARVE_WRITE_TOO_OLD);
    writing->err.detail.too_old.attempted = writing->read_at;
    writing->err.detail.too_old.actual = writing->write_at;
    return false;
}

/* Store the new value; a transaction's with this history. */
static void store(struct writing *writing, const struct model_earlier *earlier, size_t count)
{
    struct model_key *key = writing->key;
    set_version(key, writing->write_at, writing->value);
    if (writing->how->txn == NULL)
        return;
    must(count <= MODEL_EARLIER_MAX, "the model has room");
    key->meta = MODEL_INTENT;
    key->txn = writing->how->txn->meta;
    key->ts = writing->write_at;
    key->earlier_count = count;
    if (count > 0)
        memmove(key->earlier, earlier, count * sizeof *earlier);
}

static void write_inline(struct writing *writing)
{
    struct model_key *key = writing->key;
    if (writing->how->txn != NULL) {
        (void)refuse(writing, VARVE_INVALID_ARGUMENT);
        return;
    }
    bool has_value = key->meta == MODEL_INLINE;
    if (!make_value(writing, has_value ? &key->raw : NULL, varve_ts_zero()))
        return;
    key->meta = writing->value.size > 0 ? MODEL_INLINE : MODEL_IMPLICIT;
    key->raw = writing->value;
}

static bool replay_differs(struct writing *writing, const struct model_value *written)
{
    const varve_txn_meta *meta = &writing->how->txn->meta;
    struct model_value value = writing->value;
    (void)refuse(writing, VARVE_TXN_REPLAY);
    memcpy(writing->err.detail.replay.id, meta->id, VARVE_TXN_ID_SIZE);
    writing->err.detail.replay.sequence = meta->sequence;
    writing->err.detail.replay.intent_sequence = writing->key->txn.sequence;
    writing->err.detail.replay.missing = written == NULL;
    if (written == NULL)
        return false;
    writing->payload[0] = value;
    writing->payload[1] = *written;
    writing->err.detail.replay.value = slice_of(&writing->payload[0]);
    writing->err.detail.replay.written = slice_of(&writing->payload[1]);
    return false;
}

/* The newest committed version that the transaction of the intent sees. */
static const struct model_value *committed(const struct writing *writing, struct sight *sight)
{
    *sight = (struct sight){.err = VARVE_ERROR_INIT};
    (void)seek(writing->key, below_of(writing->key, writing->read_at), sight);
    return sight->value;
}

static void replay(struct writing *writing)
{
    const struct model_key *key = writing->key;
    const varve_txn *txn = writing->how->txn;
    const struct model_value *written = NULL;
    struct sight sight;
    if (txn->meta.sequence == key->txn.sequence)
        written = &key->versions[version_at(key, key->ts)].value;
    for (size_t i = 0; i < key->earlier_count; i++) {
        if (key->earlier[i].sequence == txn->meta.sequence)
            written = &key->earlier[i].value;
    }
    if (written == NULL) {
        (void)replay_differs(writing, NULL);
        return;
    }
    const struct model_earlier *before = earlier_of(key, txn, txn->meta.sequence - 1);
    const struct model_value *old = before != NULL ? &before->value : committed(writing, &sight);
    if (make_value(writing, old, before != NULL ? varve_ts_zero() : sight.ts) &&
        !same(&writing->value, written))
        (void)replay_differs(writing, written);
}

/* Step 7 from d on. */
static void rewrite_own(struct writing *writing)
{
    struct model_key *key = writing->key;
    const varve_txn *txn = writing->how->txn;
    struct sight sight = {.err = VARVE_ERROR_INIT};
    struct model_earlier history[MODEL_EARLIER_MAX + 1];
    size_t count = key->earlier_count;
    bool is_same_epoch = txn->meta.epoch == key->txn.epoch;
    struct model_value provisional = key->versions[version_at(key, key->ts)].value;
    bool keeps = is_same_epoch && !txn_ignores(txn, key->txn.sequence);
    const struct model_earlier *earlier =
        is_same_epoch && !keeps ? earlier_of(key, txn, txn->meta.sequence - 1) : NULL;
    if (keeps) {
        sight.value = &provisional;
        sight.ts = key->ts;
    } else if (earlier != NULL) {
        sight.value = &earlier->value;
    } else {
        (void)committed(writing, &sight);
    }
    bool has_old = sight.value != NULL;
    if (!make_value(writing, sight.value, sight.ts))
        return;
    if (varve_ts_compare(key->ts, writing->write_at) < 0)
        remove_version(key, version_at(key, key->ts));
    writing->write_at = later_of(writing->write_at, key->ts);
    memcpy(history, key->earlier, count * sizeof history[0]);
    if (keeps)
        history[count++] = (struct model_earlier){key->txn.sequence, provisional};
    store(writing, history, is_same_epoch && has_old ? count : 0);
}

/* Step 7. */
static void write_over_intent(struct writing *writing)
{
    struct model_key *key = writing->key;
    const varve_txn *txn = writing->how->txn;
    static varve_intent intent;
    if (txn == NULL || !is_own(key, txn->meta.id)) {
        intent = (varve_intent){key->key, key->txn, key->ts};
        (void)refuse(writing, VARVE_WRITE_INTENT);
        writing->err.detail.intents.list = &intent;
        writing->err.detail.intents.count = 1;
    } else if (txn->meta.epoch < key->txn.epoch) {
        (void)refuse(writing, VARVE_TXN_EPOCH);
    } else if (txn->meta.epoch == key->txn.epoch && txn->meta.sequence <= key->txn.sequence) {
        replay(writing);
    } else {
        rewrite_own(writing);
    }
}

/* Steps 8 and 9. */
static void write_over_version(struct writing *writing)
{
    const varve_txn *txn = writing->how->txn;
    varve_ts newest = writing->key->versions[0].ts;
    bool is_late = varve_ts_compare(writing->read_at, newest) <= 0;
    struct sight sight;
    if (is_late)
        writing->write_at = later_of(writing->write_at, next_of(newest));
    varve_read how = {.struct_size = sizeof how,
                      .ts = txn != NULL ? writing->read_at : later_of(writing->write_at, newest),
                      .txn = txn};
    if (see(writing->key, &how, &sight) == FAILS && writing->put->kind != MODEL_PUT) {
        writing->err = sight.err;
        return;
    }
    if (!make_value(writing, sight.value, sight.ts))
        return;
    store(writing, NULL, 0);
    if (is_late)
        (void)too_old(writing);
}

static void write_key(struct writing *writing)
{
    const varve_write *how = writing->how;
    bool is_inline = varve_ts_is_zero(how->ts);
    bool is_put = writing->put->kind == MODEL_PUT && writing->put->raw.size > 0;
    bool is_blind = how->reader == NULL || (is_put && is_inline && how->stats == NULL);
    bool is_found = !is_blind && model_has_records(writing->key);
    if (is_found && is_inline != (writing->key->meta == MODEL_INLINE)) {
        (void)refuse(writing, VARVE_INLINE_MIX);
    } else if (is_inline) {
        write_inline(writing);
    } else if (!is_found) {
        if (make_value(writing, NULL, varve_ts_zero()))
            store(writing, NULL, 0);
    } else if (writing->key->meta == MODEL_INTENT) {
        write_over_intent(writing);
    } else {
        write_over_version(writing);
    }
}

static struct writing write_one(struct model_key *key, const varve_write *how,
                                const struct model_put *put)
{
    struct writing writing = {.key = key,
                              .how = how,
                              .put = put,
                              .read_at = how->ts,
                              .write_at = how->txn != NULL ? how->txn->meta.write_ts : how->ts,
                              .err = VARVE_ERROR_INIT};
    write_key(&writing);
    return writing;
}

static bool is_done(const varve_error *err)
{
    return err->status == VARVE_OK || err->status == VARVE_WRITE_TOO_OLD;
}

/* An error whose payload lies in the copy that has been returned. */
static void tell_written(varve_buf *text, struct writing *writing)
{
    varve_error *err = &writing->err;
    if (err->status == VARVE_CONDITION_FAILED && err->detail.condition.exists) {
        err->detail.condition.raw = slice_of(&writing->payload[0]);
    } else if (err->status == VARVE_TXN_REPLAY && !err->detail.replay.missing) {
        err->detail.replay.value = slice_of(&writing->payload[0]);
        err->detail.replay.written = slice_of(&writing->payload[1]);
    }
    tell_status(text, err->status, err);
}

void model_write(struct model *model, const varve_write *how, varve_slice key,
                 const struct model_put *put, varve_buf *text)
{
    struct writing writing = write_one(model_find(model, key), how, put);
    tell_written(text, &writing);
    if (writing.has_sum && (is_done(&writing.err) || writing.err.status == VARVE_INTEGER_OVERFLOW))
        tell(text, " sum %lld", (long long)writing.sum);
}

/* ---- Spans -------------------------------------------------------------------------------------
 */

/* The keys that a deletion of the span finds, each with what the reader sees of it. */
static int64_t delete_found(struct model *model, const varve_write *how, varve_span span,
                            int64_t count, const varve_read *reads, struct writing *last)
{
    const struct model_put deletion = {.kind = MODEL_PUT};
    int64_t found = 0;
    for (size_t i = 0; i < model->key_count && found < count; i++) {
        struct sight sight;
        if (!is_in(&model->keys[i], span) || !model_has_records(&model->keys[i]))
            continue;
        if (see(&model->keys[i], reads, &sight) != SEES || sight.value == NULL ||
            sight.value->size == 0)
            continue;
        found++;
        *last = write_one(&model->keys[i], how, &deletion);
        if (last->err.status != VARVE_OK)
            break;
    }
    return found;
}

void model_delete_range(struct model *model, const varve_write *how, varve_span span, int64_t max,
                        bool return_keys, varve_buf *text)
{
    varve_txn before = how->txn != NULL ? *how->txn : (varve_txn)VARVE_TXN_INIT;
    before.meta.sequence--;
    varve_read reads = {.struct_size = sizeof reads,
                        .ts = varve_ts_max(),
                        .txn = how->txn != NULL ? &before : NULL};
    struct reading reading = reading_of(&reads);
    struct writing last = {.err = VARVE_ERROR_INIT};
    const struct model_key *resume = NULL;
    if (max != 0)
        (void)read_span(&reading, model, span, max, false, &resume);
    settle(&reading);
    if (reading.err.status != VARVE_OK) {
        tell_status(text, reading.err.status, &reading.err);
        release(&reading);
        return;
    }
    (void)delete_found(model, how, span, reading.count, &reads, &last);
    tell_written(text, &last);
    tell(text, " %lld deleted", (long long)reading.count);
    if (return_keys && last.err.status == VARVE_OK)
        tell(text, "%.*s", (int)reading.rows.size, (const char *)reading.rows.data);
    if (max == 0)
        tell_resume(text, span.start, span.end);
    else if (resume != NULL)
        tell_rest(text, span, false, resume);
    release(&reading);
}

static bool merges_as_sum(const struct model_value *value, varve_slice raw)
{
    return value->size >= 5 && value->at[4] == VARVE_TAG_INT && raw.size >= 5 &&
           raw.data[4] == VARVE_TAG_INT;
}

void model_merge(struct model *model, varve_slice key, varve_slice raw, varve_buf *text)
{
    struct model_key *k = model_find(model, key);
    int64_t a = 0;
    int64_t b = 0;
    varve_error err = VARVE_ERROR_INIT;
    varve_buf sum = VARVE_BUF_INIT;
    must(k->meta != MODEL_INTENT, "no merge onto an intent");
    if (k->meta == MODEL_IMPLICIT) {
        k->raw = value_of(raw);
    } else if (merges_as_sum(&k->raw, raw)) {
        must(varve_value_get_int(slice_of(&k->raw), &a, &err) == VARVE_OK, err.message);
        must(varve_value_get_int(raw, &b, &err) == VARVE_OK, err.message);
        must(varve_value_set_int(&sum, (int64_t)((uint64_t)a + (uint64_t)b), &err) == VARVE_OK,
             err.message);
        k->raw = value_of(varve_buf_slice(&sum));
        varve_buf_release(&sum);
    } else {
        must(k->raw.size + raw.size - 5 <= MODEL_VALUE_MAX, "the model has room");
        memcpy(k->raw.at + k->raw.size, raw.data + 5, raw.size - 5);
        k->raw.size += raw.size - 5;
        memset(k->raw.at, 0, 4);
    }
    k->meta = MODEL_INLINE;
    tell(text, "OK");
}

void model_clear_range(struct model *model, varve_span span, varve_buf *text)
{
    for (size_t i = 0; i < model->key_count; i++) {
        if (!is_in(&model->keys[i], span))
            continue;
        model->keys[i].meta = MODEL_IMPLICIT;
        model->keys[i].version_count = 0;
    }
    tell(text, "OK");
}

/* ---- Taking back -------------------------------------------------------------------------------
 */

/* Neighbours that are to be cleared: the last of them belongs to `key`. */
struct run {
    struct model_key *keys[MODEL_KEYS_MAX * 8];
    varve_ts times[MODEL_KEYS_MAX * 8];
    size_t count;
    int64_t clearings;
};

static void flush(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        remove_version(run->keys[i], version_at(run->keys[i], run->times[i]));
    run->clearings += run->count <= 64 ? (int64_t)run->count : 1;
    run->count = 0;
}

static bool is_between(varve_ts ts, varve_ts after, varve_ts until)
{
    return varve_ts_compare(ts, after) > 0 && varve_ts_compare(ts, until) <= 0;
}

/* Returns false at the limit. */
static bool revert_key(struct run *run, struct model_key *key, varve_ts after, varve_ts until,
                       int64_t max)
{
    const struct model_key was = *key;
    if (was.meta != MODEL_IMPLICIT)
        flush(run);
    for (size_t i = 0; i < was.version_count; i++) {
        if (!is_between(was.versions[i].ts, after, until)) {
            flush(run);
            continue;
        }
        if (max >= 0 && run->clearings >= max)
            return false;
        must(run->count < sizeof run->keys / sizeof run->keys[0], "the model has room");
        run->keys[run->count] = key;
        run->times[run->count++] = was.versions[i].ts;
    }
    return true;
}

void model_clear_time_range(struct model *model, varve_span span, varve_ts after, varve_ts until,
                            int64_t max_batch, varve_buf *text)
{
    struct run run = {.count = 0};
    varve_error err = VARVE_ERROR_INIT;
    varve_intent intent;
    for (size_t i = 0; i < model->key_count; i++) {
        struct model_key *key = &model->keys[i];
        if (!is_in(key, span))
            continue;
        if (key->meta == MODEL_INTENT && is_between(key->ts, after, until)) {
            intent = (varve_intent){key->key, key->txn, key->ts};
            err.status = VARVE_WRITE_INTENT;
            err.detail.intents.list = &intent;
            err.detail.intents.count = 1;
            break;
        }
        if (!revert_key(&run, key, after, until, max_batch)) {
            tell(text, "OK");
            tell_resume(text, key->key, span.end);
            flush(&run);
            return;
        }
    }
    flush(&run);
    tell_status(text, err.status, &err);
}

/* ---- Resolving ---------------------------------------------------------------------------------
 */

static void remove_intent(struct model_key *key)
{
    remove_version(key, version_at(key, key->ts));
    key->meta = MODEL_IMPLICIT;
}

/* Keep the value, at `to`, as a version or still as an intent. */
static void keep_intent(struct model_key *key, varve_ts to, bool commits)
{
    size_t at = version_at(key, key->ts);
    struct model_value value = key->versions[at].value;
    remove_version(key, at);
    set_version(key, to, value);
    key->ts = to;
    if (commits)
        key->meta = MODEL_IMPLICIT;
}

/* Go back to the last value that is not ignored.  Returns false if there is none. */
static bool roll_back(struct model_key *key, const varve_resolution *update)
{
    size_t i = key->earlier_count;
    while (i > 0 &&
           is_ignored(update->ignored, update->ignored_count, key->earlier[i - 1].sequence))
        i--;
    if (i == 0)
        return false;
    key->versions[version_at(key, key->ts)].value = key->earlier[i - 1].value;
    key->txn.sequence = key->earlier[i - 1].sequence;
    key->earlier_count = i - 1;
    return true;
}

/* Returns whether anything was done. */
static bool resolve_key(struct model_key *key, const varve_resolution *update)
{
    const varve_txn_meta *txn = update->txn;
    if (!is_own(key, txn->id))
        return false;
    bool is_final = update->status == VARVE_TXN_COMMITTED || update->status == VARVE_TXN_ABORTED;
    bool is_same_epoch = key->txn.epoch == txn->epoch;
    bool commits = update->status == VARVE_TXN_COMMITTED && is_same_epoch &&
                   varve_ts_compare(key->ts, txn->write_ts) <= 0;
    bool stays = !is_final && key->txn.epoch >= txn->epoch;
    bool is_pushed = stays && varve_ts_compare(key->ts, txn->write_ts) < 0;
    bool rolls_back = is_same_epoch && (commits || stays) &&
                      is_ignored(update->ignored, update->ignored_count, key->txn.sequence);
    if (rolls_back && !roll_back(key, update)) {
        remove_intent(key);
        return true;
    }
    if (stays && !is_pushed && !rolls_back)
        return false;
    if (commits)
        keep_intent(key, txn->write_ts, true);
    else if (is_pushed || rolls_back)
        keep_intent(key, later_of(key->ts, txn->write_ts), false);
    else
        remove_intent(key);
    return true;
}

void model_resolve(struct model *model, varve_slice key, const varve_resolution *resolution,
                   varve_buf *text)
{
    tell(text, "OK %d", resolve_key(model_find(model, key), resolution));
}

void model_resolve_range(struct model *model, varve_span span, int64_t max,
                         const varve_resolution *resolution, varve_buf *text)
{
    int64_t count = 0;
    const struct model_key *last = NULL;
    unsigned char behind[64] = {0};
    size_t i = 0;
    for (; i < model->key_count && count != max; i++) {
        if (!is_in(&model->keys[i], span) || !resolve_key(&model->keys[i], resolution))
            continue;
        count++;
        last = &model->keys[i];
    }
    tell(text, "OK %lld", (long long)count);
    if (count != max)
        return;
    if (last == NULL) {
        tell_resume(text, span.start, span.end);
        return;
    }
    memcpy(behind, last->key.data, last->key.size);
    varve_slice next = varve_slice_of(behind, last->key.size + 1);
    if (varve_slice_compare(next, span.end) < 0)
        tell_resume(text, next, span.end);
}

/* ---- Collecting --------------------------------------------------------------------------------
 */

/* Returns false if the newest version is no garbage. */
static bool collect_key(struct model_key *key, varve_ts threshold, varve_error *err)
{
    bool is_inline = key->meta == MODEL_INLINE;
    bool is_deleted = !is_inline && key->version_count > 0 && key->versions[0].value.size == 0;
    bool takes_newest = is_inline || (key->version_count > 0 &&
                                      varve_ts_compare(key->versions[0].ts, threshold) <= 0);
    if (takes_newest && !is_inline && (!is_deleted || key->meta == MODEL_INTENT)) {
        err->status = VARVE_NOT_GARBAGE;
        err->detail.not_garbage.key = key->key;
        err->detail.not_garbage.has_intent = is_deleted;
        return false;
    }
    if (takes_newest)
        key->meta = MODEL_IMPLICIT;
    for (size_t i = key->version_count; i > 0; i--) {
        if (varve_ts_compare(key->versions[i - 1].ts, threshold) <= 0)
            remove_version(key, i - 1);
    }
    return true;
}

void model_gc(struct model *model, const varve_gc_key *keys, size_t count, varve_buf *text)
{
    varve_error err = VARVE_ERROR_INIT;
    for (size_t i = 0; i < count; i++) {
        if (!collect_key(model_find(model, keys[i].key), keys[i].threshold, &err))
            break;
    }
    tell_status(text, err.status, &err);
}

/* ---- Everything --------------------------------------------------------------------------------
 */

static void tell_key(const struct model_key *key, varve_buf *text)
{
    varve_intent intent = {key->key, key->txn, key->ts};
    if (key->meta == MODEL_INLINE)
        tell_row(text, key->key, varve_ts_zero(), slice_of(&key->raw));
    if (key->meta == MODEL_INTENT) {
        tell(text, " !");
        tell_intent(text, &intent);
        tell(text, " %zu", key->versions[version_at(key, key->ts)].value.size);
        for (size_t i = 0; i < key->earlier_count; i++) {
            tell(text, " %d:", key->earlier[i].sequence);
            tell_bytes(text, slice_of(&key->earlier[i].value));
        }
    }
    for (size_t i = 0; i < key->version_count; i++)
        tell_row(text, key->key, key->versions[i].ts, slice_of(&key->versions[i].value));
}

void model_tell(const struct model *model, varve_buf *text)
{
    for (size_t i = 0; i < model->key_count; i++)
        tell_key(&model->keys[i], text);
}
