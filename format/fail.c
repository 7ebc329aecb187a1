#include "format/fail.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <varve/ts.h>

#include "format/print.h"
#include "util/buf.h"

varve_status varve__fail_empty_key(varve_error *err)
{
    return varve__fail(err, VARVE_EMPTY_KEY, "attempted access to empty key");
}

varve_status varve__fail_too_old(varve_error *err, varve_ts attempted, varve_ts actual)
{
    char attempted_text[VARVE_TS_TEXT_MAX];
    char actual_text[VARVE_TS_TEXT_MAX];
    (void)varve__fail(
        err, VARVE_WRITE_TOO_OLD, "WriteTooOldError: write at timestamp %s too old; wrote at %s",
        varve_ts_format(attempted, attempted_text), varve_ts_format(actual, actual_text));
    if (err != NULL) {
        err->detail.too_old.attempted = attempted;
        err->detail.too_old.actual = actual;
    }
    return VARVE_WRITE_TOO_OLD;
}

varve_status varve__fail_key(varve_error *err, varve_status status, varve_slice user_key,
                             const char *format)
{
    /* The key leaves room for the text around it. */
    char key[VARVE_ERROR_MESSAGE_MAX];
    size_t around = strlen(format);
    size_t room = around < sizeof key / 2 ? sizeof key - around : sizeof key / 2;
    return varve__fail(err, status, format, varve__key_brief(user_key, key, room));
}

/* ---- Intents -----------------------------------------------------------------------------------
 */

/* Of more keys than this, only some at both ends are named. */
#define INTENTS_NAMED_MAX 10
#define INTENTS_AT_EACH_END 5

static void add_intents(varve__text *text, const varve_intent *list, size_t count)
{
    varve__text_add(text, varve_slice_text("conflicting intents on "));
    size_t i = 0;
    while (i < count) {
        varve__text_add_key(text, list[i].key);
        i++;
        if (count > INTENTS_NAMED_MAX && i == INTENTS_AT_EACH_END) {
            varve__text_add(text, varve_slice_text(" ... "));
            i = count - INTENTS_AT_EACH_END;
        } else if (i < count) {
            varve__text_add(text, varve_slice_text(", "));
        }
    }
}

/* ---- Other texts made from payloads ------------------------------------------------------------
 */

/* The longest piece that is added at once: two timestamps and words around them. */
#define PIECE_MAX 160

static void add_format(varve__text *text, const char *format, ...) VARVE_PRINTF(2, 3);

static void add_format(varve__text *text, const char *format, ...)
{
    char piece[PIECE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    varve__text_add(text, varve_slice_text(piece));
}

static void add_uncertain(varve__text *text, const varve_error *err)
{
    char ts[VARVE_TS_TEXT_MAX];
    add_format(text, "ReadWithinUncertaintyIntervalError: read at time %s ",
               varve_ts_format(err->detail.uncertain.read, ts));
    add_format(text, "encountered previous write with future timestamp %s ",
               varve_ts_format(err->detail.uncertain.existing, ts));
    add_format(text, "within uncertainty interval `t <= %s`; observed timestamps: [",
               varve_ts_format(err->detail.uncertain.max, ts));
    for (size_t i = 0; i < err->detail.uncertain.observed_count; i++) {
        const varve_observed *observed = &err->detail.uncertain.observed[i];
        add_format(text, "%s{%" PRId32 " %s}", i > 0 ? " " : "", observed->node,
                   varve_ts_format(observed->ts, ts));
    }
    varve__text_add(text, varve_slice_text("]"));
}

static void add_escaped(varve__text *text, varve_slice bytes)
{
    static const char letters[] = "\n\r\t\"\\";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = bytes.data[i];
        const char *letter = byte == 0 ? NULL : strchr(letters, byte);
        if (letter != NULL)
            add_format(text, "\\%c", "nrt\"\\"[letter - letters]);
        else if (byte >= 0x20 && byte < 0x7F)
            varve__text_add(text, varve_slice_of(&bytes.data[i], 1));
        else
            add_format(text, "\\%03o", byte);
    }
}

static void add_condition(varve__text *text, const varve_error *err)
{
    varve_slice raw = err->detail.condition.raw;
    varve_ts ts = err->detail.condition.ts;
    varve__text_add(text, varve_slice_text("unexpected value: "));
    if (!err->detail.condition.exists) {
        varve__text_add(text, varve_slice_text("<nil>"));
        return;
    }
    if (raw.size > 0) {
        varve__text_add(text, varve_slice_text("raw_bytes:\""));
        add_escaped(text, raw);
        varve__text_add(text, varve_slice_text("\" "));
    }
    varve__text_add(text, varve_slice_text("timestamp:<"));
    if (ts.wall != 0)
        add_format(text, "wall_time:%" PRId64 " ", ts.wall);
    if (ts.logical != 0)
        add_format(text, "logical:%" PRId32 " ", ts.logical);
    varve__text_add(text, varve_slice_text("> "));
}

static void add_overflow(varve__text *text, const varve_error *err)
{
    varve__text_add(text, varve_slice_text("key "));
    varve__text_add_key(text, err->detail.overflow.key);
    add_format(text, " with value %" PRId64 " incremented by %" PRId64 " results in overflow",
               err->detail.overflow.value, err->detail.overflow.increment);
}

/* Bytes as decimal numbers: `[0 0 0 0 3 118]`. */
static void add_numbers(varve__text *text, varve_slice bytes)
{
    varve__text_add(text, varve_slice_text("["));
    for (size_t i = 0; i < bytes.size; i++)
        add_format(text, "%s%u", i > 0 ? " " : "", bytes.data[i]);
    varve__text_add(text, varve_slice_text("]"));
}

static void add_replay(varve__text *text, const varve_error *err)
{
    char id[VARVE_TXN_ID_TEXT_MAX];
    add_format(text, "transaction %s with sequence ",
               varve_txn_id_format(err->detail.replay.id, id));
    if (err->detail.replay.missing) {
        add_format(text, "%" PRId32 " missing an intent with lower sequence %" PRId32,
                   err->detail.replay.intent_sequence, err->detail.replay.sequence);
        return;
    }
    add_format(text, "%" PRId32 " has a different value ", err->detail.replay.sequence);
    add_numbers(text, err->detail.replay.value);
    varve__text_add(text, varve_slice_text(" after recomputing from what was written: "));
    add_numbers(text, err->detail.replay.written);
}

static void add_not_garbage(varve__text *text, const varve_error *err)
{
    bool has_intent = err->detail.not_garbage.has_intent;
    add_format(text, "request to GC %s ",
               has_intent ? "intent at" : "non-deleted, latest value of");
    varve__text_add_key(text, err->detail.not_garbage.key);
}

/* The text of a failure that is all in its payload; false for others. */
static bool add_payload(varve__text *text, const varve_error *err)
{
    switch (err->status) {
    case VARVE_WRITE_INTENT:
        add_intents(text, err->detail.intents.list, err->detail.intents.count);
        return true;
    case VARVE_READ_UNCERTAIN:
        add_uncertain(text, err);
        return true;
    case VARVE_CONDITION_FAILED:
        add_condition(text, err);
        return true;
    case VARVE_INTEGER_OVERFLOW:
        add_overflow(text, err);
        return true;
    case VARVE_TXN_REPLAY:
        add_replay(text, err);
        return true;
    case VARVE_NOT_GARBAGE:
        add_not_garbage(text, err);
        return true;
    default:
        return false;
    }
}

/* ---- Failures with such payloads ---------------------------------------------------------------
 */

/* Record an error that is put together from borrowed parts, maybe from those of `err` itself. */
static varve_status fail_with(varve_error *err, const varve_error *borrowed)
{
    if (err == NULL)
        return borrowed->status;

    varve_error fresh = VARVE_ERROR_INIT;
    varve_status status = varve__error_copy(borrowed, &fresh);
    if (status == borrowed->status) {
        varve__text text = {fresh.message, sizeof fresh.message - 1, 0, 0};
        (void)add_payload(&text, &fresh);
        fresh.message[text.written] = '\0';
        if (text.size > text.written)
            varve__message_cut(fresh.message);
    }
    varve_error_release(err);
    *err = fresh;
    return status;
}

varve_status varve__fail_intents(varve_error *err, const varve_intent *list, size_t count,
                                 bool more)
{
    varve_error borrowed = {.status = VARVE_WRITE_INTENT};
    borrowed.detail.intents.list = (varve_intent *)(uintptr_t)list;
    borrowed.detail.intents.count = count;
    borrowed.detail.intents.more = more;
    return fail_with(err, &borrowed);
}

varve_status varve__fail_uncertain(varve_error *err, const varve_txn *txn, varve_ts existing)
{
    varve_error borrowed = {.status = VARVE_READ_UNCERTAIN};
    borrowed.detail.uncertain.read = txn->read_ts;
    borrowed.detail.uncertain.existing = existing;
    borrowed.detail.uncertain.max = txn->max_ts;
    borrowed.detail.uncertain.observed = txn->observed;
    borrowed.detail.uncertain.observed_count = txn->observed_count;
    return fail_with(err, &borrowed);
}

varve_status varve__fail_condition(varve_error *err, const varve_slice *actual, varve_ts ts)
{
    varve_error borrowed = {.status = VARVE_CONDITION_FAILED};
    if (actual != NULL) {
        borrowed.detail.condition.exists = true;
        borrowed.detail.condition.raw = *actual;
        borrowed.detail.condition.ts = ts;
    }
    return fail_with(err, &borrowed);
}

varve_status varve__fail_overflow(varve_error *err, varve_slice user_key, int64_t value,
                                  int64_t increment)
{
    varve_error borrowed = {.status = VARVE_INTEGER_OVERFLOW};
    borrowed.detail.overflow.key = user_key;
    borrowed.detail.overflow.value = value;
    borrowed.detail.overflow.increment = increment;
    return fail_with(err, &borrowed);
}

static varve_error replay_of(const varve_txn_meta *txn, const varve_txn_meta *intent)
{
    varve_error borrowed = {.status = VARVE_TXN_REPLAY};
    memcpy(borrowed.detail.replay.id, txn->id, sizeof txn->id);
    borrowed.detail.replay.sequence = txn->sequence;
    borrowed.detail.replay.intent_sequence = intent->sequence;
    return borrowed;
}

varve_status varve__fail_missing(varve_error *err, const varve_txn_meta *txn,
                                 const varve_txn_meta *intent)
{
    varve_error borrowed = replay_of(txn, intent);
    borrowed.detail.replay.missing = true;
    return fail_with(err, &borrowed);
}

varve_status varve__fail_replay(varve_error *err, const varve_txn_meta *txn,
                                const varve_txn_meta *intent, varve_slice value,
                                varve_slice written)
{
    varve_error borrowed = replay_of(txn, intent);
    borrowed.detail.replay.value = value;
    borrowed.detail.replay.written = written;
    return fail_with(err, &borrowed);
}

varve_status varve__fail_not_garbage(varve_error *err, varve_slice user_key, bool has_intent)
{
    varve_error borrowed = {.status = VARVE_NOT_GARBAGE};
    borrowed.detail.not_garbage.key = user_key;
    borrowed.detail.not_garbage.has_intent = has_intent;
    return fail_with(err, &borrowed);
}

varve_status varve__fail_below_threshold(varve_error *err, varve_ts read, varve_ts threshold)
{
    char read_text[VARVE_TS_TEXT_MAX];
    char threshold_text[VARVE_TS_TEXT_MAX];
    (void)varve__fail(err, VARVE_BELOW_THRESHOLD,
                      "read at %s is not above the threshold %s of garbage collection",
                      varve_ts_format(read, read_text), varve_ts_format(threshold, threshold_text));
    if (err != NULL) {
        err->detail.below_threshold.read = read;
        err->detail.below_threshold.threshold = threshold;
    }
    return VARVE_BELOW_THRESHOLD;
}

/* ---- The full text -----------------------------------------------------------------------------
 */

static void add_error(varve__text *text, const varve_error *err)
{
    if (add_payload(text, err))
        return;
    const char *said = err->message[0] != '\0' ? err->message : varve_status_text(err->status);
    varve__text_add(text, varve_slice_text(said));
}

varve_status varve_error_text(const varve_error *err, varve_buf *text)
{
    varve__text measure = {NULL, 0, 0, 0};
    add_error(&measure, err);
    varve_status status = varve__buf_restart(text, measure.size + 1, NULL);
    if (status != VARVE_OK)
        return status;
    varve__text out = {(char *)text->data, measure.size, 0, 0};
    add_error(&out, err);
    text->size = out.written;
    text->data[text->size] = '\0';
    return VARVE_OK;
}
