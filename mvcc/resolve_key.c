#include "mvcc/resolve_key.h"

#include <inttypes.h>

#include <varve/ts.h>

#include "format/fail.h"
#include "mvcc/stats_delta.h"
#include "util/buf.h"

/* ---- Arguments ---------------------------------------------------------------------------------
 */

static varve_status check_ignored(const varve_resolution *update, varve_error *err)
{
    const varve_seq_range *ranges = update->ignored;
    for (size_t i = 0; i < update->ignored_count; i++) {
        if (ranges[i].end < ranges[i].start || (i > 0 && ranges[i].start <= ranges[i - 1].end))
            return varve__fail(err, VARVE_INVALID_ARGUMENT,
                               "ignored ranges must ascend, but %" PRId32 "-%" PRId32 " does not",
                               ranges[i].start, ranges[i].end);
    }
    return VARVE_OK;
}

static varve_status check_update(const varve_resolution *update, varve_error *err)
{
    if (update->txn == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_resolution.txn is NULL");
    if (update->status != VARVE_TXN_PENDING && update->status != VARVE_TXN_COMMITTED &&
        update->status != VARVE_TXN_ABORTED && update->status != VARVE_TXN_STAGING)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "%d is no status of a transaction",
                           (int)update->status);
    varve_ts ts = update->txn->write_ts;
    if (ts.wall < 0 || ts.logical < 0) {
        char text[VARVE_TS_TEXT_MAX];
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a transaction cannot write at %s",
                           varve_ts_format(ts, text));
    }
    return check_ignored(update, err);
}

varve_status varve__resolver_begin(varve__resolver *resolver, const varve_write *how,
                                   const varve_resolution *resolution, varve_error *err)
{
    *resolver = (varve__resolver){.is_damaged = false};
    varve_status status = varve__struct_copy(&resolver->update, sizeof resolver->update, resolution,
                                             "varve_resolution", err);
    if (status == VARVE_OK)
        status = check_update(&resolver->update, err);
    if (status == VARVE_OK)
        status = varve__change_begin(&resolver->change, how, err);
    return status;
}

void varve__resolver_release(varve__resolver *resolver)
{
    varve__change_release(&resolver->change);
    varve_buf_release(&resolver->record);
    varve_buf_release(&resolver->history);
    varve_buf_release(&resolver->rewritten);
}

/* ---- The decision ------------------------------------------------------------------------------
 */

struct decision {
    enum { LEAVE, KEEP, REMOVE } outcome;
    bool is_commit;
    varve_ts ts;         /* where a value that is kept will stand */
    bool is_rolled_back; /* to a value of the history, with `entries` others in front of it */
    varve__history_entry entry;
    size_t entries;
};

static bool is_ignored(const varve_resolution *update, int32_t sequence)
{
    return varve_seq_is_ignored(update->ignored, update->ignored_count, sequence);
}

/* To the last entry of the history that is not ignored; false if there is none. */
static bool roll_back(const varve_resolution *update, varve_slice record, struct decision *decision)
{
    varve__history_entry entry;
    for (size_t i = 0; varve__meta_next_history(&record, &entry); i++) {
        if (is_ignored(update, entry.sequence))
            continue;
        decision->is_rolled_back = true;
        decision->entry = entry;
        decision->entries = i;
    }
    return decision->is_rolled_back;
}

static struct decision decide(const varve_resolution *update, const varve__meta *meta,
                              varve_slice record)
{
    const varve_txn_meta *txn = update->txn;
    bool epochs_match = meta->txn.epoch == txn->epoch;
    bool is_pending = !varve_txn_status_is_final(update->status) && meta->txn.epoch >= txn->epoch;
    bool is_pushed = is_pending && varve_ts_compare(meta->ts, txn->write_ts) < 0;
    bool is_commit = update->status == VARVE_TXN_COMMITTED && epochs_match &&
                     varve_ts_compare(meta->ts, txn->write_ts) <= 0;
    struct decision decision = {.outcome = KEEP, .is_commit = is_commit, .ts = txn->write_ts};

    if (!is_commit && !is_pending) {
        decision.outcome = REMOVE;
        return decision;
    }
    if (epochs_match && is_ignored(update, meta->txn.sequence) &&
        !roll_back(update, record, &decision)) {
        decision.outcome = REMOVE;
        return decision;
    }
    if (is_pending && !is_pushed) {
        decision.ts = meta->ts;
        decision.outcome = decision.is_rolled_back ? KEEP : LEAVE;
    }
    return decision;
}

/* ---- The intent --------------------------------------------------------------------------------
 */

/* An intent, and what becomes of it. */
struct intent {
    varve__walk *walk;
    varve_slice prefix;
    int64_t key_size; /* of the metadata key */
    bool is_system;
    varve_slice record; /* the metadata record, of which `meta` was made */
    varve__meta meta;
    struct decision decision;
};

static varve__stats_meta stats_of(const struct intent *intent, const varve__meta *meta,
                                  size_t record_size)
{
    return (varve__stats_meta){.meta_key_size = intent->key_size,
                               .meta_val_size = (int64_t)record_size,
                               .key_bytes = meta->key_bytes,
                               .val_bytes = meta->val_bytes,
                               .wall = meta->ts.wall,
                               .deleted = meta->deleted,
                               .has_txn = meta->has_txn};
}

static varve_status fail_damaged(varve__resolver *resolver, const struct intent *intent,
                                 const char *format, varve_error *err)
{
    varve_buf user_key = VARVE_BUF_INIT;
    varve_status status = varve__key_unescape(intent->prefix, &user_key, err);
    if (status == VARVE_OK) {
        resolver->is_damaged = true;
        status = varve__fail_key(err, VARVE_CORRUPT, varve_buf_slice(&user_key), format);
    }
    varve_buf_release(&user_key);
    return status;
}

/*
 * From the metadata record to the newest version at or below the intent's timestamp.  `*is_value`
 * tells whether that is the provisional value.
 */
static varve_status go_to_value(const struct intent *intent, bool *is_value, varve_error *err)
{
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    varve__suffix_encode(intent->meta.ts, suffix);
    varve_status status = varve__walk_descend(intent->walk, suffix, err);
    *is_value = status == VARVE_OK &&
                memcmp(varve__walk_suffix(intent->walk), suffix, VARVE__SUFFIX_SIZE) == 0;
    return status;
}

/* ---- Keeping its value -------------------------------------------------------------------------
 */

/* The metadata as it will be. */
static varve__meta meta_after(const struct intent *intent)
{
    const struct decision *decision = &intent->decision;
    varve__meta meta = intent->meta;
    meta.ts = decision->ts;
    meta.has_txn = !decision->is_commit;
    if (!decision->is_rolled_back)
        return meta;
    meta.txn.sequence = decision->entry.sequence;
    meta.val_bytes = (int64_t)decision->entry.value.size;
    meta.deleted = decision->entry.value.size == 0;
    meta.history_count = decision->entries;
    return meta;
}

/* Put the value where it will stand.  `*below` becomes the length of the value below. */
static varve_status move_value(varve__resolver *resolver, const struct intent *intent,
                               int64_t *below, varve_error *err)
{
    const struct decision *decision = &intent->decision;
    varve__walk *walk = intent->walk;
    bool is_value;
    varve_status status = go_to_value(intent, &is_value, err);
    if (status < 0)
        return status;
    if (!is_value)
        return fail_damaged(resolver, intent, "existing intent value missing: %s", err);
    varve_slice value = decision->is_rolled_back ? decision->entry.value : varve__walk_value(walk);
    status = varve__change_put_version(&resolver->change, intent->prefix, decision->ts, value, err);
    if (status == VARVE_OK)
        status =
            varve__change_clear_version(&resolver->change, intent->prefix, intent->meta.ts, err);
    if (status == VARVE_OK)
        status = varve__walk_older(walk, err);
    if (status == VARVE_OK)
        *below = (int64_t)varve__walk_value(walk).size;
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

static varve_status keep_value(varve__resolver *resolver, const struct intent *intent,
                               int64_t *below, varve_error *err)
{
    const struct decision *decision = &intent->decision;
    *below = 0;
    if (varve_ts_compare(decision->ts, intent->meta.ts) != 0)
        return move_value(resolver, intent, below, err);
    if (!decision->is_rolled_back)
        return VARVE_OK;
    return varve__change_put_version(&resolver->change, intent->prefix, decision->ts,
                                     decision->entry.value, err);
}

/* Make an array of the first `count` entries of the history. */
static varve_status list_history(varve__resolver *resolver, varve_slice record, size_t count,
                                 varve_error *err)
{
    varve_buf *list = &resolver->history;
    varve__history_entry entry;
    varve_status status = varve__buf_restart(list, count * sizeof entry, err);
    if (status != VARVE_OK)
        return status;
    for (size_t i = 0; i < count && varve__meta_next_history(&record, &entry); i++)
        varve__buf_push_bytes(list, varve_slice_of(&entry, sizeof entry));
    return VARVE_OK;
}

/* Write the metadata record back as `meta` says. */
static varve_status rewrite_meta(varve__resolver *resolver, const struct intent *intent,
                                 const varve__meta *meta, varve_error *err)
{
    varve_status status = list_history(resolver, intent->record, meta->history_count, err);
    if (status == VARVE_OK)
        status = varve__meta_append(meta, (const void *)resolver->history.data,
                                    &resolver->rewritten, err);
    if (status == VARVE_OK)
        status = varve__change_put_meta(&resolver->change, intent->prefix,
                                        varve_buf_slice(&resolver->rewritten), err);
    return status;
}

static varve_status keep(varve__resolver *resolver, const struct intent *intent, varve_error *err)
{
    int64_t below;
    varve__change *change = &resolver->change;
    varve__meta meta = meta_after(intent);
    resolver->rewritten.size = 0;
    varve_status status = keep_value(resolver, intent, &below, err);
    if (status == VARVE_OK)
        status = intent->decision.is_commit ? varve__change_clear_meta(change, intent->prefix, err)
                                            : rewrite_meta(resolver, intent, &meta, err);
    if (status != VARVE_OK)
        return status;
    varve__stats_meta from = stats_of(intent, &intent->meta, intent->record.size);
    varve__stats_meta to = stats_of(intent, &meta, resolver->rewritten.size);
    varve__stats_put(varve__change_stats(change), intent->is_system, &from, &to, below);
    return VARVE_OK;
}

/* ---- Removing it -------------------------------------------------------------------------------
 */

/* Go to the version that will be the newest again, if there is one. */
static varve_status go_below(const struct intent *intent, varve_error *err)
{
    bool is_value;
    varve_status status = go_to_value(intent, &is_value, err);
    return is_value ? varve__walk_older(intent->walk, err) : status;
}

static varve_status remove_intent(varve__resolver *resolver, const struct intent *intent,
                                  varve_error *err)
{
    varve__change *change = &resolver->change;
    varve__walk *walk = intent->walk;
    varve__stats_meta restored;
    varve_status status = go_below(intent, err);
    if (status < 0)
        return status;
    bool is_restored = status == VARVE_OK;
    if (is_restored)
        restored =
            varve__stats_implied(intent->key_size, varve__suffix_decode(varve__walk_suffix(walk)),
                                 varve__walk_value(walk).size);
    status = varve__change_clear_meta(change, intent->prefix, err);
    if (status == VARVE_OK)
        status = varve__change_clear_version(change, intent->prefix, intent->meta.ts, err);
    if (status != VARVE_OK)
        return status;
    varve__stats_meta gone = stats_of(intent, &intent->meta, intent->record.size);
    varve__stats_remove(varve__change_stats(change), intent->is_system, &gone,
                        is_restored ? &restored : NULL);
    return VARVE_OK;
}

/* ---- Both --------------------------------------------------------------------------------------
 */

static void count(varve__resolver *resolver, const varve__meta *meta)
{
    resolver->change.intents += meta->has_txn;
    resolver->change.tombstones += meta->deleted;
}

static bool is_own(const varve__resolver *resolver, const varve__meta *meta)
{
    return meta->has_txn && memcmp(meta->txn.id, resolver->update.txn->id, VARVE_TXN_ID_SIZE) == 0;
}

/* Decode the metadata record; VARVE_NOT_FOUND if it is no intent of the transaction. */
static varve_status look(varve__resolver *resolver, varve__walk *walk, varve__meta *meta,
                         varve_error *err)
{
    varve_status status = varve__walk_meta(walk, meta, err);
    resolver->is_damaged = status == VARVE_CORRUPT || status == VARVE_MERGE_CONFLICT;
    if (status != VARVE_OK)
        return status;
    count(resolver, meta);
    return is_own(resolver, meta) ? VARVE_OK : VARVE_NOT_FOUND;
}

/* Whether all that changes is that the metadata record goes, for which no other is asked. */
static bool is_simple(const struct intent *intent)
{
    const struct decision *decision = &intent->decision;
    return decision->outcome == KEEP && decision->is_commit && !decision->is_rolled_back &&
           varve_ts_compare(decision->ts, intent->meta.ts) == 0;
}

/* Keep the record where movements of the walk do not reach it, and decide once more. */
static varve_status keep_record(varve__resolver *resolver, struct intent *intent, varve_error *err)
{
    varve_status status = varve__buf_assign(&resolver->record, intent->record, err);
    if (status != VARVE_OK)
        return status;
    intent->record = varve_buf_slice(&resolver->record);
    (void)varve__meta_parse(intent->record, &intent->meta); /* it has been before */
    intent->decision = decide(&resolver->update, &intent->meta, intent->record);
    return VARVE_OK;
}

/* Of the record, which has been decoded. */
static varve_status prepare(varve__resolver *resolver, struct intent *intent, varve_error *err)
{
    intent->key_size = (int64_t)varve__key_unescaped_size(intent->prefix) + 1;
    intent->is_system = varve__stats_is_system(intent->prefix);
    if (!varve__ts_is_of_version(intent->meta.ts))
        return fail_damaged(resolver, intent, "the intent on %s stands at no timestamp", err);
    intent->decision = decide(&resolver->update, &intent->meta, intent->record);
    return VARVE_OK;
}

varve_status varve__resolve_key(varve__resolver *resolver, varve__walk *walk, varve_error *err)
{
    struct intent intent = {.walk = walk, .prefix = varve__walk_prefix(walk)};
    varve_status status = look(resolver, walk, &intent.meta, err);
    if (status != VARVE_OK)
        return status;
    intent.record = varve__walk_value(walk);
    status = prepare(resolver, &intent, err);
    if (status == VARVE_OK && !is_simple(&intent))
        status = keep_record(resolver, &intent, err);
    if (status != VARVE_OK)
        return status;
    switch (intent.decision.outcome) {
    case LEAVE:
        break;
    case KEEP:
        return keep(resolver, &intent, err);
    case REMOVE:
        return remove_intent(resolver, &intent, err);
    }
    return VARVE_NOT_FOUND;
}

varve_status varve__resolve_record(varve__resolver *resolver, varve_slice prefix,
                                   varve_slice record, varve_error *err)
{
    struct intent intent = {.prefix = prefix, .record = record};
    bool is_known = varve__meta_decode(record, &intent.meta, NULL) == VARVE_OK &&
                    is_own(resolver, &intent.meta) && prepare(resolver, &intent, NULL) == VARVE_OK;
    if (!is_known || !is_simple(&intent))
        return VARVE_NOT_FOUND;
    count(resolver, &intent.meta);
    return keep(resolver, &intent, err);
}
