#include "tests/support/acts.h"
#include "tests/support/ways.h"

const char *const act_names[ACT_KINDS] = {
#define ACT_NAME(name) #name,
    ACT_MAP(ACT_NAME)
#undef ACT_NAME
};

/* ---- Making ------------------------------------------------------------------------------------
 */

static size_t below(struct acts *acts, size_t limit)
{
    return test_random_below(&acts->dice, limit);
}

static bool once_in(struct acts *acts, size_t times)
{
    return below(acts, times) == 0;
}

static varve_ts random_ts(struct acts *acts)
{
    int32_t logical = once_in(acts, 4) ? (int32_t)below(acts, 3) : 0;
    return varve_ts_of((1 + (int64_t)below(acts, 24)) * acts->unit, logical);
}

static void begin_txn(struct acts *acts, size_t at)
{
    varve_txn txn = VARVE_TXN_INIT;
    txn.meta.id[14] = ++acts->generation;
    txn.meta.id[15] = (unsigned char)(at + 1);
    txn.read_ts = random_ts(acts);
    txn.meta.write_ts = txn.read_ts;
    txn.meta.sequence = 1;
    if (once_in(acts, 2))
        txn.max_ts = random_ts(acts);
    acts->txns[at] = txn;
}

void acts_start(struct acts *acts, test_random dice, const struct model *model, int64_t unit)
{
    *acts = (struct acts){.dice = dice, .model = model, .unit = unit};
    for (size_t i = 0; i < ACT_TXNS; i++)
        begin_txn(acts, i);
}

static void restart_txn(struct acts *acts, varve_txn *txn)
{
    varve_ts_forward(&txn->meta.write_ts, random_ts(acts));
    txn->read_ts = txn->meta.write_ts;
    txn->meta.epoch++;
    txn->meta.sequence = 1;
    txn->ignored_count = 0;
}

static void ignore_some(struct acts *acts, size_t at)
{
    varve_txn *txn = &acts->txns[at];
    int32_t start = (int32_t)below(acts, (size_t)txn->meta.sequence);
    int32_t end = start + (int32_t)below(acts, 4);
    if (once_in(acts, 3)) { /* all that it has written */
        start = 0;
        end = txn->meta.sequence;
    }
    acts->ignored[at][0] = (varve_seq_range){start, end};
    acts->ignored[at][1] = (varve_seq_range){end + 2, end + 3};
    txn->ignored_count = 1 + below(acts, 2);
}

/* Something befalls a transaction between its operations. */
static void move_txn(struct acts *acts, size_t at)
{
    varve_txn *txn = &acts->txns[at];
    txn->meta.sequence += once_in(acts, 4) ? 2 : 1;
    if (txn->meta.sequence > 24 || once_in(acts, 25))
        restart_txn(acts, txn);
    if (once_in(acts, 10))
        ignore_some(acts, at);
    if (once_in(acts, 6)) {
        varve_ts to = random_ts(acts);
        if (varve_ts_compare(to, txn->read_ts) >= 0)
            txn->meta.write_ts = to;
    }
}

static void set_txn(struct acts *acts, struct act *act, size_t at)
{
    act->has_txn = true;
    act->txn = acts->txns[at];
    memcpy(act->ignored, acts->ignored[at], sizeof act->ignored);
    if (once_in(acts, 8))
        act->txn.meta.sequence -= (int32_t)below(acts, 3);
    if (once_in(acts, 30) && act->txn.meta.epoch > 0)
        act->txn.meta.epoch--;
    act->ts = act->txn.read_ts;
}

static const struct model_key *random_key(struct acts *acts)
{
    return &acts->model->keys[below(acts, acts->model->key_count)];
}

static varve_span random_span(struct acts *acts)
{
    size_t count = acts->model->key_count;
    size_t start = below(acts, count);
    size_t size = 1 + below(acts, once_in(acts, 3) ? count : 4);
    varve_span span = {acts->model->keys[start].key, bytes("\xFF\xFF")};
    if (start + size < count)
        span.end = acts->model->keys[start + size].key;
    if (once_in(acts, 4))
        span.start = acts->well_kept ? acts->model->keys[0].key : bytes("");
    return span;
}

static struct model_value kept(varve_buf *raw)
{
    struct model_value value = {.size = raw->size};
    must(raw->size <= sizeof value.at, "the model has room");
    memcpy(value.at, raw->data, raw->size);
    varve_buf_release(raw);
    return value;
}

static struct model_value random_value(struct acts *acts, varve_slice key)
{
    static const char *const texts[] = {"", "a", "b", "cc", "longer by some"};
    varve_buf raw = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    if (once_in(acts, 3)) {
        int64_t number = (int64_t)below(acts, 3);
        if (once_in(acts, 5))
            number = INT64_MAX - number;
        must(varve_value_set_int(&raw, number, &err) == VARVE_OK, err.message);
    } else {
        const char *text = texts[below(acts, sizeof texts / sizeof texts[0])];
        must(varve_value_set_bytes(&raw, varve_slice_text(text), &err) == VARVE_OK, err.message);
    }
    if (once_in(acts, 3))
        must(varve_value_init_checksum(&raw, key, &err) == VARVE_OK, err.message);
    return kept(&raw);
}

static varve_slice slice_of(const struct model_value *value)
{
    return varve_slice_of(value->at, value->size);
}

/* What the key has, most of the time, so that conditions hold. */
static struct model_value random_expected(struct acts *acts, const struct model_key *key)
{
    if (key->meta == MODEL_INLINE && !once_in(acts, 4))
        return key->raw;
    if (key->version_count > 0 && !once_in(acts, 3)) {
        const struct model_value *newest = &key->versions[0].value;
        if (newest->size > 0)
            return *newest;
    }
    return random_value(acts, key->key);
}

/* One key in four has inline values. */
static bool is_for_inline(struct acts *acts, const struct model_key *key)
{
    bool is_inline = (key - acts->model->keys) % 4 == 3;
    return acts->well_kept || !once_in(acts, 20) ? is_inline : !is_inline;
}

/* When and as whom to write. */
static void make_write(struct acts *acts, struct act *act, const struct model_key *key)
{
    act->key = key->key;
    act->is_counted = acts->well_kept || once_in(acts, 2);
    act->is_blind = !acts->well_kept && !model_has_records(key) && once_in(acts, 4);
    act->value = random_value(acts, key->key);
    act->expected = random_expected(acts, key);
    act->expects = !once_in(acts, 3);
    act->allow_missing = once_in(acts, 2);
    act->flag = once_in(acts, 2);
    act->by = once_in(acts, 6) ? INT64_MIN + 1 : (int64_t)below(acts, 5) - 1;
    act->ts = random_ts(acts);
    if (is_for_inline(acts, key) && !once_in(acts, 10)) {
        act->ts = varve_ts_zero();
        return;
    }
    if (once_in(acts, 3))
        return;
    size_t at = below(acts, ACT_TXNS);
    move_txn(acts, at);
    set_txn(acts, act, at);
}

static void make_read(struct acts *acts, struct act *act)
{
    static const unsigned flags[] = {0,
                                     0,
                                     VARVE_READ_TOMBSTONES,
                                     VARVE_READ_FAIL_ON_MORE_RECENT,
                                     VARVE_READ_FAIL_ON_MORE_RECENT | VARVE_READ_TOMBSTONES,
                                     VARVE_READ_INCONSISTENT,
                                     VARVE_READ_INCONSISTENT | VARVE_READ_TOMBSTONES};
    act->key = random_key(acts)->key;
    act->span = random_span(acts);
    act->flag = once_in(acts, 2);
    act->ts = once_in(acts, 12) ? varve_ts_max() : random_ts(acts);
    act->flags = flags[below(acts, sizeof flags / sizeof flags[0])];
    act->max = once_in(acts, 2) ? -1 : (int64_t)below(acts, 5);
    act->target_bytes = once_in(acts, 3) ? 1 + (int64_t)below(acts, 120) : 0;
    act->max_intents = once_in(acts, 3) ? 1 + below(acts, 3) : 0;
    if (once_in(acts, 2))
        return;
    bool is_flawed = once_in(acts, 40);
    set_txn(acts, act, below(acts, ACT_TXNS));
    if (once_in(acts, 2))
        act->ts = random_ts(acts);
    if (!is_flawed)
        act->flags &= ~(unsigned)VARVE_READ_INCONSISTENT;
}

static void make_resolution(struct acts *acts, struct act *act)
{
    static const varve_txn_status statuses[] = {VARVE_TXN_PENDING, VARVE_TXN_STAGING,
                                                VARVE_TXN_COMMITTED, VARVE_TXN_ABORTED};
    size_t at = below(acts, ACT_TXNS);
    set_txn(acts, act, at);
    act->key = random_key(acts)->key;
    act->span = random_span(acts);
    act->is_counted = acts->well_kept || once_in(acts, 2);
    act->status = statuses[below(acts, 4)];
    act->max = once_in(acts, 2) ? -1 : (int64_t)below(acts, 3);
    if (once_in(acts, 3))
        act->txn.meta.write_ts = random_ts(acts);
    if (once_in(acts, 12))
        act->txn.meta.epoch++;
    if (act->kind != ACT_RESOLVE_RANGE || !once_in(acts, 2))
        return;
    act->span = (varve_span){acts->model->keys[0].key, bytes("\xFF\xFF")};
    act->max = -1;
    act->status = once_in(acts, 3) ? VARVE_TXN_ABORTED : VARVE_TXN_COMMITTED;
    begin_txn(acts, at);
}

/* A time that one of the versions of the key may have. */
static varve_ts time_of(struct acts *acts, const struct model_key *key)
{
    if (key->version_count == 0 || once_in(acts, 3))
        return random_ts(acts);
    return key->versions[below(acts, key->version_count)].ts;
}

static void make_gc(struct acts *acts, struct act *act)
{
    act->is_counted = acts->well_kept || once_in(acts, 2);
    act->ts = varve_ts_of(30 * acts->unit, 0);
    act->gc_count = 1 + below(acts, ACT_GC_KEYS);
    for (size_t i = 0; i < act->gc_count; i++) {
        const struct model_key *key = random_key(acts);
        act->gc[i] = (varve_gc_key){key->key, time_of(acts, key)};
    }
}

static void make_clearing(struct acts *acts, struct act *act)
{
    act->is_counted = acts->well_kept;
    act->span = random_span(acts);
    act->ts = acts->well_kept || once_in(acts, 2) ? varve_ts_max() : random_ts(acts);
    act->after = random_ts(acts);
    act->max = once_in(acts, 2) ? -1 : (int64_t)below(acts, 6);
}

/* Merges go to keys that have no intent, and whose value can take them. */
static bool can_merge(const struct act *act, const struct model_key *key)
{
    if (key->meta != MODEL_INLINE)
        return key->meta == MODEL_IMPLICIT;
    return key->raw.at[4] == act->value.at[4] &&
           key->raw.size + act->value.size - 5 <= MODEL_VALUE_MAX;
}

static void make_merge(struct acts *acts, struct act *act)
{
    const struct model_key *key = &acts->model->keys[below(acts, acts->model->key_count) | 3];
    if (acts->well_kept || key >= acts->model->keys + acts->model->key_count)
        key = random_key(acts);
    act->key = key->key;
    act->value = random_value(acts, key->key);
    act->ts = random_ts(acts);
    if (acts->well_kept || !can_merge(act, key))
        act->kind = ACT_GET;
}

static enum act_kind random_kind(struct acts *acts)
{
    static const enum act_kind kinds[] = {
        ACT_GET,         ACT_GET,        ACT_SCAN,          ACT_SCAN,      ACT_SCAN,
        ACT_PUT,         ACT_PUT,        ACT_PUT,           ACT_PUT,       ACT_DELETE,
        ACT_DELETE,      ACT_PUT_RECORD, ACT_PUT_IF,        ACT_PUT_IF,    ACT_PUT_IF,
        ACT_INIT_PUT,    ACT_INIT_PUT,   ACT_INCREMENT,     ACT_INCREMENT, ACT_MERGE,
        ACT_RESOLVE,     ACT_RESOLVE,    ACT_RESOLVE_RANGE, ACT_GC,        ACT_CLEAR_TIME,
        ACT_DELETE_RANGE};
    if (!acts->well_kept && once_in(acts, 60))
        return ACT_CLEAR_RANGE;
    return kinds[below(acts, sizeof kinds / sizeof kinds[0])];
}

/* A key that is about to have too many versions loses old ones. */
static bool make_room(struct acts *acts, struct act *act)
{
    for (size_t i = 0; i < acts->model->key_count; i++) {
        const struct model_key *key = &acts->model->keys[i];
        if (key->version_count < MODEL_VERSIONS_MAX / 2)
            continue;
        act->kind = ACT_GC;
        act->is_counted = acts->well_kept;
        act->ts = varve_ts_of(30 * acts->unit, 0);
        act->gc_count = 1;
        act->gc[0] = (varve_gc_key){key->key, key->versions[2].ts};
        return true;
    }
    return false;
}

void act_make(struct acts *acts, struct act *act)
{
    *act = (struct act){.kind = ACT_GET, .txn = VARVE_TXN_INIT};
    if (make_room(acts, act))
        return;
    act->kind = random_kind(acts);
    switch (act->kind) {
    case ACT_MERGE:
        make_merge(acts, act);
        break;
    case ACT_CLEAR_RANGE:
    case ACT_CLEAR_TIME:
        make_clearing(acts, act);
        break;
    case ACT_RESOLVE:
    case ACT_RESOLVE_RANGE:
        make_resolution(acts, act);
        break;
    case ACT_GC:
        make_gc(acts, act);
        break;
    case ACT_GET:
    case ACT_SCAN:
        make_read(acts, act);
        break;
    default:
        act->span = random_span(acts);
        act->max = once_in(acts, 2) ? -1 : (int64_t)below(acts, 4);
        make_write(acts, act, random_key(acts));
        act->is_blind = act->is_blind && act->kind != ACT_DELETE_RANGE;
    }
    if (act->kind == ACT_GET && act->key.size == 0)
        make_read(acts, act);
}

void act_make_read(struct acts *acts, struct act *act)
{
    *act = (struct act){.kind = once_in(acts, 3) ? ACT_GET : ACT_SCAN, .txn = VARVE_TXN_INIT};
    make_read(acts, act);
}

static bool has_room(const struct model *model)
{
    for (size_t i = 0; i < model->key_count; i++) {
        if (model->keys[i].version_count >= MODEL_VERSIONS_MAX - 1 ||
            model->keys[i].earlier_count >= MODEL_EARLIER_MAX)
            return false;
    }
    return true;
}

static const struct model_key *key_of(const struct model *model, varve_slice key)
{
    for (size_t i = 0; i < model->key_count; i++) {
        if (varve_slice_equal(model->keys[i].key, key))
            return &model->keys[i];
    }
    return NULL;
}

static bool knows_keys(const struct act *act, const struct model *model)
{
    for (size_t i = 0; i < act->gc_count; i++) {
        if (key_of(model, act->gc[i].key) == NULL)
            return false;
    }
    return true;
}

bool act_fits(const struct act *act, const struct model *model)
{
    const struct model_key *key = key_of(model, act->key);
    switch (act->kind) {
    case ACT_SCAN:
        return true;
    case ACT_GET:
        return key != NULL;
    case ACT_DELETE_RANGE:
    case ACT_CLEAR_RANGE:
    case ACT_CLEAR_TIME:
    case ACT_RESOLVE_RANGE:
        return has_room(model);
    case ACT_GC:
        return knows_keys(act, model) && has_room(model);
    case ACT_MERGE:
        return key != NULL && can_merge(act, key) && has_room(model);
    default:
        return key != NULL && has_room(model) && !(act->is_blind && model_has_records(key));
    }
}

/* ---- Doing -------------------------------------------------------------------------------------
 */

/* The descriptions of an act; those of its parts that point into the act need it to stay. */
struct descriptions {
    varve_txn txn;
    varve_read read;
    varve_write write;
    varve_resolution resolution;
    struct model_put put;
};

static void describe(const struct act *act, varve_reader *reader, varve_writer *writer,
                     varve_stats *stats, struct descriptions *out)
{
    static varve_seq_range ignored[ACT_RANGES];
    memcpy(ignored, act->ignored, sizeof ignored);
    *out = (struct descriptions){.txn = act->txn};
    out->txn.ignored = ignored;
    const varve_txn *txn = act->has_txn ? &out->txn : NULL;
    out->read = (varve_read){.struct_size = sizeof(varve_read),
                             .ts = act->ts,
                             .flags = act->flags,
                             .txn = txn,
                             .target_bytes = act->kind == ACT_GET ? 0 : act->target_bytes,
                             .max_intents = act->kind == ACT_GET ? 0 : act->max_intents};
    out->write = (varve_write){.struct_size = sizeof(varve_write),
                               .reader = act->is_blind ? NULL : reader,
                               .writer = writer,
                               .ts = act->ts,
                               .txn = txn,
                               .stats = act->is_counted ? stats : NULL};
    out->resolution = (varve_resolution){.struct_size = sizeof(varve_resolution),
                                         .txn = &out->txn.meta,
                                         .status = act->status,
                                         .ignored = ignored,
                                         .ignored_count = act->txn.ignored_count};
    out->put = (struct model_put){.kind = MODEL_PUT,
                                  .raw = slice_of(&act->value),
                                  .expect = {.struct_size = sizeof(varve_expect),
                                             .exists = act->expects,
                                             .raw = slice_of(&act->expected),
                                             .allow_missing = act->allow_missing},
                                  .fail_on_tombstone = act->flag,
                                  .by = act->by};
    if (act->kind >= ACT_CLEAR_RANGE) {
        out->write.ts = varve_ts_zero();
        out->write.txn = NULL;
    }
}

/* The result of a call that may leave rows, with a number behind the status. */
static void tell_result(varve_buf *text, varve_status status, varve_error *err, const char *number)
{
    tell_status(text, status, err);
    if (status == VARVE_OK)
        tell(text, "%s", number);
    varve_error_release(err);
}

static void do_read(const struct act *act, varve_reader *reader, const varve_read *how,
                    varve_buf *text)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status;
    if (act->kind == ACT_GET)
        status = varve_mvcc_get(reader, how, act->key, &rows, &err);
    else if (act->flag)
        status = varve_mvcc_reverse_scan(reader, how, act->span, act->max, &rows, &err);
    else
        status = varve_mvcc_scan(reader, how, act->span, act->max, &rows, &err);
    if (status == VARVE_NOT_FOUND)
        status = VARVE_OK;
    tell_result(text, status, &err, "");
    if (status == VARVE_OK)
        tell_rows(text, &rows);
    varve_rows_release(&rows);
    if (act->kind == ACT_GET)
        ways_agree_on_versions(reader, how, act->key);
    else if (act->max < 0 && act->target_bytes == 0)
        ways_agree_on_span(reader, how, act->span, act->flag, text);
}

static varve_slice data_of(const struct model_value *value)
{
    return varve_slice_of(value->at + 5, value->size - 5);
}

static void do_put(const struct act *act, const struct descriptions *with, varve_buf *text)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_status status;
    int64_t sum = 0;
    varve_slice raw = with->put.raw;
    if (act->kind == ACT_PUT)
        status = varve_mvcc_put(&with->write, act->key, raw, &err);
    else if (act->kind == ACT_DELETE)
        status = varve_mvcc_delete(&with->write, act->key, &err);
    else if (act->kind == ACT_PUT_RECORD)
        status = varve_mvcc_put_record(&with->write, act->key, data_of(&act->value), &err);
    else if (act->kind == ACT_PUT_IF)
        status = varve_mvcc_put_if(&with->write, act->key, raw, &with->put.expect, &err);
    else if (act->kind == ACT_INIT_PUT)
        status = varve_mvcc_init_put(&with->write, act->key, raw, act->flag, &err);
    else
        status = varve_mvcc_increment(&with->write, act->key, act->by, &sum, &err);
    tell_result(text, status, &err, "");
    if (act->kind == ACT_INCREMENT &&
        (status == VARVE_OK || status == VARVE_WRITE_TOO_OLD || status == VARVE_INTEGER_OVERFLOW))
        tell(text, " sum %lld", (long long)sum);
}

static void tell_keys_and_rest(varve_buf *text, const varve_rows *rows)
{
    size_t position = 0;
    for (varve_row row; varve_rows_next(rows, &position, &row);)
        tell_row(text, row.key, row.ts, row.value);
    if (rows->more)
        tell_resume(text, varve_buf_slice(&rows->resume_start), varve_buf_slice(&rows->resume_end));
}

static void do_delete_range(const struct act *act, const varve_write *how, varve_buf *text)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    int64_t deleted = -1;
    varve_status status =
        varve_mvcc_delete_range(how, act->span, act->max, act->flag, &rows, &deleted, &err);
    tell_result(text, status, &err, "");
    if (deleted > 0 || status == VARVE_OK)
        tell(text, " %lld deleted", (long long)deleted);
    tell_keys_and_rest(text, &rows);
    varve_rows_release(&rows);
}

static void do_clearing(const struct act *act, const varve_write *how, varve_buf *text)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status;
    if (act->kind == ACT_CLEAR_RANGE)
        status = varve_mvcc_clear_range(how->writer, act->span, &err);
    else
        status =
            varve_mvcc_clear_time_range(how, act->span, act->after, act->ts, act->max, &rows, &err);
    tell_result(text, status, &err, "");
    tell_keys_and_rest(text, &rows);
    varve_rows_release(&rows);
}

static void do_resolve(const struct act *act, const struct descriptions *with, varve_buf *text)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    bool resolved = false;
    int64_t count = 0;
    int64_t skipped = 0;
    varve_status status;
    if (act->kind == ACT_RESOLVE) {
        status = varve_mvcc_resolve(&with->write, act->key, &with->resolution, &resolved, &err);
        count = resolved;
    } else {
        status = varve_mvcc_resolve_range(&with->write, act->span, act->max, &with->resolution,
                                          &count, &skipped, &rows, &err);
    }
    must(skipped == 0, "nothing is skipped");
    tell_result(text, status, &err, "");
    tell(text, " %lld", (long long)count);
    tell_keys_and_rest(text, &rows);
    varve_rows_release(&rows);
}

void act_do(const struct act *act, varve_reader *reader, varve_writer *writer, varve_stats *stats,
            varve_buf *text)
{
    struct descriptions with;
    varve_error err = VARVE_ERROR_INIT;
    describe(act, reader, writer, stats, &with);
    switch (act->kind) {
    case ACT_GET:
    case ACT_SCAN:
        do_read(act, reader, &with.read, text);
        break;
    case ACT_DELETE_RANGE:
        do_delete_range(act, &with.write, text);
        break;
    case ACT_CLEAR_RANGE:
    case ACT_CLEAR_TIME:
        do_clearing(act, &with.write, text);
        break;
    case ACT_RESOLVE:
    case ACT_RESOLVE_RANGE:
        do_resolve(act, &with, text);
        break;
    case ACT_GC:
        tell_result(text, varve_mvcc_gc(&with.write, act->gc, act->gc_count, act->ts, &err), &err,
                    "");
        break;
    case ACT_MERGE:
        tell_result(text, varve_mvcc_merge(&with.write, act->key, with.put.raw, &err), &err, "");
        break;
    default:
        do_put(act, &with, text);
    }
}

/* ---- Doing to the model ------------------------------------------------------------------------
 */

/* The value that a structured record of the same data is. */
static struct model_value record_of(const struct act *act)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    must(varve_value_set_bytes(&raw, data_of(&act->value), &err) == VARVE_OK, err.message);
    must(varve_value_init_checksum(&raw, act->key, &err) == VARVE_OK, err.message);
    return kept(&raw);
}

static void put_to_model(const struct act *act, struct model *model, struct descriptions *with,
                         varve_buf *text)
{
    struct model_value record;
    if (act->kind == ACT_DELETE)
        with->put.raw = bytes("");
    if (act->kind == ACT_PUT_RECORD) {
        record = record_of(act);
        with->put.raw = slice_of(&record);
    }
    if (act->kind == ACT_PUT_IF)
        with->put.kind = MODEL_PUT_IF;
    if (act->kind == ACT_INIT_PUT)
        with->put.kind = MODEL_INIT_PUT;
    if (act->kind == ACT_INCREMENT)
        with->put.kind = MODEL_INCREMENT;
    model_write(model, &with->write, act->key, &with->put, text);
}

void act_do_to_model(const struct act *act, struct model *model, varve_buf *text)
{
    struct descriptions with;
    varve_stats stats;
    void *some = &stats; /* that there is a reader is all that matters */
    describe(act, some, NULL, &stats, &with);
    switch (act->kind) {
    case ACT_GET:
        model_get(model, &with.read, act->key, text);
        break;
    case ACT_SCAN:
        model_scan(model, &with.read, act->span, act->max, act->flag, text);
        break;
    case ACT_DELETE_RANGE:
        model_delete_range(model, &with.write, act->span, act->max, act->flag, text);
        break;
    case ACT_CLEAR_RANGE:
        model_clear_range(model, act->span, text);
        break;
    case ACT_CLEAR_TIME:
        model_clear_time_range(model, act->span, act->after, act->ts, act->max, text);
        break;
    case ACT_RESOLVE:
        model_resolve(model, act->key, &with.resolution, text);
        break;
    case ACT_RESOLVE_RANGE:
        model_resolve_range(model, act->span, act->max, &with.resolution, text);
        break;
    case ACT_GC:
        model_gc(model, act->gc, act->gc_count, text);
        break;
    case ACT_MERGE:
        model_merge(model, act->key, with.put.raw, text);
        break;
    default:
        put_to_model(act, model, &with, text);
    }
}

/* ---- Telling -----------------------------------------------------------------------------------
 */

static void tell_txn(const struct act *act, varve_buf *text)
{
    const varve_txn *txn = &act->txn;
    tell(text, " txn %d.%d.%d.%d write ", txn->meta.id[14], txn->meta.id[15], txn->meta.epoch,
         txn->meta.sequence);
    tell_ts(text, txn->meta.write_ts);
    tell(text, " max ");
    tell_ts(text, txn->max_ts);
    for (size_t i = 0; i < txn->ignored_count; i++)
        tell(text, " without %d-%d", act->ignored[i].start, act->ignored[i].end);
}

void act_tell(const struct act *act, varve_buf *text)
{
    tell(text, "%s ", act_names[act->kind]);
    tell_bytes(text, act->key);
    tell_resume(text, act->span.start, act->span.end);
    tell(text, " at ");
    tell_ts(text, act->ts);
    tell(text, " after ");
    tell_ts(text, act->after);
    if (act->has_txn)
        tell_txn(act, text);
    tell(text, " value ");
    tell_bytes(text, slice_of(&act->value));
    tell(text, act->expects ? " expect " : " expect no ");
    tell_bytes(text, slice_of(&act->expected));
    tell(text, " blind %d counted %d allow %d flag %d flags %u max %lld by %lld target %lld",
         act->is_blind, act->is_counted, act->allow_missing, act->flag, act->flags,
         (long long)act->max, (long long)act->by, (long long)act->target_bytes);
    tell(text, " intents %zu status %d", act->max_intents, act->status);
    for (size_t i = 0; i < act->gc_count; i++) {
        tell(text, " gc ");
        tell_bytes(text, act->gc[i].key);
        tell(text, "@");
        tell_ts(text, act->gc[i].threshold);
    }
}
