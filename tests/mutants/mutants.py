#!/usr/bin/env python3
"""Apply small faults to the library, one at a time, and expect the tests to notice each.

    mutants.py WORK [NUMBER...]

copies the source tree to the folder WORK, builds it there, and for each mutant, or for those of
the given numbers, replaces one text of one file, builds again and runs tests.  A mutant that no
test notices, one that does not compile, and one whose text is not in its file exactly once, are
failures.
"""
import filecmp
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
TESTS = ["mvcc_test_model", "mvcc_test_stats_writes", "mvcc_test_decisions", "mvcc_test_resolve"]
LIMIT = 300  # seconds for one test program, on a machine that has other things to do
MEMORY = 4 << 30  # bytes that it may take: what runs for ever may take all there is

# What notices faults in other files than those that these tests are about.
DECIDE = "mvcc/gc_decide.c"
CHANGES = "mvcc/changes.c"
SPLIT = "mvcc/split.c"
REVERT = "mvcc/clear_time_range.c"
RUNS = "mvcc/change.c"
LATCHES = "mvcc/latches.c"
COLLECT = "jobs/gc_collect.c"
GATHER = "jobs/gc_gather.c"
ESTIMATE = "jobs/gc_estimate.c"
GARBAGE = "jobs/gc.c"
END_INTENTS = "jobs/resolve.c"
RECOUNT = "jobs/recount.c"
CHECK = "jobs/check.c"
TOKENS = "jobs/token.c"
PLACES = "jobs/place.c"
NAMES = "jobs/names.c"
ACCOUNTS = "jobs/account.c"
RECALL = "mvcc/recall.c"
NEWEST = "engine/newest.c"
POOL = "engine/pool.c"
POOL_INLINE = "engine/pool.h"
ITER_INLINE = "engine/iter.h"
ENGINE = "engine/engine.c"
RECENT = "engine/recent.c"
VIEW = "engine/batch_view.c"
ITER = "engine/iter.c"
TOUCHED = "engine/touched.c"
SAVEPOINTS = "engine/savepoint.c"
FENCES = "engine/rocksdb/fences.c"
STEPS = "engine/rocksdb/iter.c"
COPY = "engine/rocksdb/copy.c"
STATE = "engine/state.c"
ADMIN = "engine/admin.c"
OTHER_TESTS = {
    DECIDE: ["mvcc_test_gc_decide"],
    CHANGES: ["mvcc_test_changes"],
    SPLIT: ["mvcc_test_split"],
    REVERT: ["mvcc_test_clear_time_range"],
    RUNS: ["mvcc_test_clear_time_range"],
    LATCHES: ["mvcc_test_latches"],
    COLLECT: ["jobs_test_gc_steps", "jobs_test_gc_threads"],
    GATHER: ["jobs_test_damage", "jobs_test_gc_rules", "jobs_test_gc_steps"],
    ESTIMATE: ["jobs_test_damage", "jobs_test_gc"],
    GARBAGE: ["jobs_fuzz_token"],
    END_INTENTS: ["jobs_test_resolve", "jobs_test_damage"],
    RECOUNT: ["jobs_test_recount"],
    CHECK: ["jobs_test_check"],
    TOKENS: ["jobs_test_resolve", "jobs_test_recount", "jobs_fuzz_token"],
    PLACES: ["jobs_test_damage", "jobs_fuzz_token"],
    NAMES: ["jobs_test_gc_threads"],
    ACCOUNTS: ["jobs_test_resolve"],
    RECALL: ["mvcc_test_recall"],
    NEWEST: ["engine_test_newest"],
    STATE: ["engine_test_newest"],
    ADMIN: ["engine_test_newest"],
    POOL: ["engine_test_pool", "engine_test_recent"],
    ENGINE: ["engine_test_pool", "engine_test_newest", "engine_test_recent"],
    RECENT: ["engine_test_recent"],
    VIEW: ["engine_test_savepoint"],
    POOL_INLINE: ["engine_test_pool"],
    ITER: ["engine_test_pool", "engine_test_iter"],
    ITER_INLINE: ["engine_test_pool", "engine_test_iter"],
    TOUCHED: ["engine_test_touched"],
    SAVEPOINTS: ["engine_test_savepoint"],
    FENCES: ["engine_rocksdb_test_fences"],
    STEPS: ["engine_rocksdb_test_fences", "engine_rocksdb_test_traps_tables"],
    COPY: ["engine_rocksdb_test_checkpoint"],
}

SEE = "mvcc/visible.c"
WRITE = "mvcc/write.c"
OVER = "mvcc/rewrite.c"
RESOLVE = "mvcc/resolve_key.c"
STATS = "mvcc/stats_delta.c"

# What it is a fault in; file; text; replacement.
MUTANTS = [
    ("read, row 2", SEE, "    if (view->fail_on_more_recent)\n        return see_from(2",
     "    if (false)\n        return see_from(2"),
    ("read, row 3a", SEE, "if (varve_ts_compare(newest, view->reach_ts) <= 0)",
     "if (varve_ts_compare(newest, view->reach_ts) < 0 && false)"),
    ("read, row 3b", SEE, "return see_within_reach(view, 3);",
     "return see_at_or_below(3, view->seek_ts);"),
    ("read, row 4", SEE, "return see_at_or_below(4, view->seek_ts);",
     "return see_at_or_below(4, newest);"),
    ("read, row 5", SEE, "    if (meta->has_raw)\n",
     "    if (meta->has_raw && view->txn == NULL)\n"),
    ("read, row 6: when", SEE, "view->is_uncertain ? view->txn->max_ts : view->ts) > 0",
     "view->ts) > 0"),
    ("read, row 6: what", SEE, "return see_within_reach(view, 6);",
     "return see_at_or_below(6, view->seek_ts);"),
    ("read, row 7", SEE, "    if (view->inconsistent)\n", "    if (false)\n"),
    ("read, row 8", SEE, "        !view->fail_on_more_recent)\n        return see_within",
     "        true)\n        return see_within"),
    ("read, row 9: sequence", SEE, "if (txn->meta.sequence >= meta->txn.sequence &&",
     "if (txn->meta.sequence > meta->txn.sequence &&"),
    ("read, row 9: ignored", SEE, " && !varve_txn_is_ignored(txn, meta->txn.sequence))", ")"),
    ("read, row 10: sequence", SEE, "if (entry.sequence > txn->meta.sequence ||",
     "if (entry.sequence >= txn->meta.sequence ||"),
    ("read, row 10: ignored", SEE, " || varve_txn_is_ignored(txn, entry.sequence))", ")"),
    ("read, row 12", SEE, "if (txn->meta.epoch < meta->txn.epoch)", "if (false)"),
    ("read, row 13", SEE, "if (txn->meta.epoch > meta->txn.epoch)", "if (false)"),
    ("read, below an intent", SEE, "if (varve_ts_compare(meta->ts, view->ts) <= 0 &&",
     "if (varve_ts_compare(meta->ts, view->ts) < 0 &&"),
    ("write, step 3", WRITE, "if (write->has_from && write->is_inline != write->meta.has_raw)",
     "if (false)"),
    ("write, step 8: ties", WRITE, "if (varve_ts_compare(write->read_ts, write->from_ts) > 0)",
     "if (varve_ts_compare(write->read_ts, write->from_ts) >= 0)"),
    ("write, step 8: what is compared", WRITE,
     "if (varve_ts_compare(write->read_ts, write->from_ts) > 0)",
     "if (varve_ts_compare(write->ts, write->from_ts) > 0)"),
    ("write, step 8: value", WRITE, "txn != NULL ? write->read_ts : write->ts, txn, err",
     "write->ts, txn, err"),
    ("write, step 7c", OVER, "if (write->how.txn->meta.sequence <= write->meta.txn.sequence)",
     "if (write->how.txn->meta.sequence < write->meta.txn.sequence)"),
    ("write, step 7f", OVER, "        write->ts = write->from_ts;\n        return VARVE_OK;",
     "        return VARVE_OK;"),
    ("write, step 7g", OVER, "if (status == VARVE_OK && had_value)\n",
     "if (status == VARVE_OK)\n"),
    ("write, replay of what was written", OVER, "if (entry.sequence == txn->sequence)",
     "if (entry.sequence >= txn->sequence)"),
    ("write, replay of a function", OVER, "        before.meta.sequence--;", "        ;"),
    ("put if: missing", "mvcc/put_if.c", "return !expect->exists || expect->allow_missing;",
     "return !expect->exists;"),
    ("init put: tombstones", "mvcc/put_if.c", "existing->exists && *fails_on_tombstone ?",
     "existing->exists || *fails_on_tombstone ?"),
    ("increment: overflow", "mvcc/increment.c", "a > INT64_MAX - b", "a >= INT64_MAX - b"),
    ("delete range: sequence", "mvcc/delete_range.c",
     "before = varve__write_txn_before(how->txn);", "before = *how->txn;"),
    ("resolve: epochs of a commit", RESOLVE, "VARVE_TXN_COMMITTED && epochs_match &&",
     "VARVE_TXN_COMMITTED &&"),
    ("resolve: time of a commit", RESOLVE, "varve_ts_compare(meta->ts, txn->write_ts) <= 0;",
     "varve_ts_compare(meta->ts, txn->write_ts) < 0;"),
    ("resolve: epochs of a push", RESOLVE, " && meta->txn.epoch >= txn->epoch;",
     " && meta->txn.epoch == txn->epoch;"),
    ("resolve: rollback of another epoch", RESOLVE,
     "if (epochs_match && is_ignored(update, meta->txn.sequence)",
     "if (is_ignored(update, meta->txn.sequence)"),
    ("resolve: rollback in place", RESOLVE, "decision.is_rolled_back ? KEEP : LEAVE",
     "LEAVE"),
    ("resolve: history of a rollback", RESOLVE,
     "    meta.history_count = decision->entries;\n", ""),
    ("collect: threshold", "mvcc/gc.c", "garbage->entry->threshold) <= 0;",
     "garbage->entry->threshold) < 0;"),
    ("collect: age of a tombstone", "mvcc/gc.c", "size == 0 ? wall : garbage->since",
     "size != 0 ? wall : garbage->since"),
    ("statistics of what is below an intent", STATS, "    plus(&d->live_bytes, size_below);\n", ""),
    ("statistics of a deleted key", STATS,
     "    if (from->deleted)\n        minus_replaced(d, from);\n", ""),
    ("statistics of inline values", STATS, "    if (old_record > 0)\n", "    if (false)\n"),
    ("statistics of a removed intent", STATS, "    if (gone->has_txn)\n", "    if (false)\n"),
    ("garbage: a tombstone is garbage itself", DECIDE,
     "varve_ts since = deleted ? ts : decider->newer;", "varve_ts since = decider->newer;"),
    ("garbage: the newest value is none", DECIDE, "decider->passed == 0 && !deleted;",
     "decider->passed > 1 && !deleted;"),
    ("garbage: at the age", DECIDE, "varve_ts_compare(since, decider->age) <= 0;",
     "varve_ts_compare(since, decider->age) < 0;"),
    ("garbage: count", DECIDE,
     "bool superfluous = decider->has_count && decider->passed >= decider->keep;",
     "bool superfluous = decider->has_count && decider->passed > decider->keep;"),
    ("garbage: by both", DECIDE,
     "return decider->intersection ? old && superfluous : old || superfluous;",
     "return old || superfluous;"),
    ("garbage: at a hold", DECIDE, "varve_ts_compare(since, decider->hold) > 0)",
     "varve_ts_compare(since, decider->hold) >= 0)"),
    ("garbage: many holds", DECIDE, "varve_ts_compare(ts, decider->hold) < 0)",
     "varve_ts_compare(ts, decider->hold) > 0)"),
    ("garbage: a metadata record among versions", DECIDE,
     "*has_metadata = *has_metadata || varve_ts_is_zero(versions[i].ts);",
     "*has_metadata = false;"),
    ("changes: start of a version", CHANGES,
     "if (varve_ts_compare(found->ts, changes->after) <= 0)",
     "if (varve_ts_compare(found->ts, changes->after) < 0)"),
    ("changes: start of an intent", CHANGES, "varve_ts_compare(ts, changes->after) > 0 &&",
     "varve_ts_compare(ts, changes->after) >= 0 &&"),
    ("changes: end of an intent", CHANGES, "varve_ts_compare(ts, changes->until) <= 0;",
     "varve_ts_compare(ts, changes->until) < 0;"),
    ("changes: inline values", CHANGES, "    if (meta.has_raw)\n        return varve__fail_key",
     "    if (false)\n        return varve__fail_key"),
    ("changes: from key to key", CHANGES,
     "    return status == VARVE_NOT_FOUND ? next_key(changes, err) : status;\n",
     "    return status;\n"),
    ("split: the first key", SPLIT, "!is_first && varve", "(is_first || !is_first) && varve"),
    ("split: start of a span", SPLIT,
     "varve_slice_compare(key, list.spans[i].start) >= 0 &&",
     "varve_slice_compare(key, list.spans[i].start) > 0 &&"),
    ("split: end of a span", SPLIT, "varve_slice_compare(key, end) < 0))",
     "varve_slice_compare(key, end) <= 0))"),
    ("split: the first of two that are as good", SPLIT,
     "if (!search->may_split || off == search->best)", "if (!search->may_split)"),
    ("split: size of a version", SPLIT, "(is_version ? VARVE_VERSION_TS_SIZE : 0)",
     "(is_version ? 0 : VARVE_VERSION_TS_SIZE)"),
    ("split: keys of the system", SPLIT,
     "if (varve_slice_compare(span.start, varve_key_app_min()) < 0)", "if (false)"),
    ("clear time range: start", REVERT, "varve_ts_compare(ts, revert->after) > 0 &&",
     "varve_ts_compare(ts, revert->after) >= 0 &&"),
    ("clear time range: end", REVERT, "varve_ts_compare(ts, revert->until) <= 0;",
     "varve_ts_compare(ts, revert->until) < 0;"),
    ("clear time range: limit", REVERT, "if (revert->clearings >= revert->max) {",
     "if (revert->clearings > revert->max) {"),
    ("clear time range: intents outside", REVERT,
     "if (meta.has_txn && is_inside(revert, meta.ts))", "if (meta.has_txn)"),
    ("clear time range: statistics of what lives again", REVERT, "    account(revert, &version);\n",
     "    account(revert, NULL);\n"),
    ("clear time range: 64 in a row", RUNS, "bool is_long = run->length > VARVE__RUN_OF_CLEARS;",
     "bool is_long = run->length >= VARVE__RUN_OF_CLEARS;"),
    ("clear time range: count of a long row", RUNS, "*steps += is_long ? 1 : run->length;",
     "*steps += run->length;"),
    ("latches: equal keys", LATCHES, "return varve_slice_equal(a->start, b->start);",
     "return false;"),
    ("latches: the start of a span", LATCHES, "varve_slice_compare(span->start, key) <= 0",
     "varve_slice_compare(span->start, key) < 0"),
    ("latches: the end of a span", LATCHES, "varve_slice_compare(key, span->end) < 0;",
     "varve_slice_compare(key, span->end) <= 0;"),
    ("latches: two spans", LATCHES, "is_below_end(a->start, b) && is_below_end(b->start, a);",
     "is_below_end(a->start, b);"),
    ("gc job: holds", COLLECT, "    if (varve_gc_hold_is_active(hold, job->now.wall))\n",
     "    if (!varve_gc_hold_is_active(hold, job->now.wall))\n"),
    ("gc job: how far it will collect is told first", COLLECT,
     "*told ? varve_batch_commit(job->batch, job->durability, err)", "*told ? VARVE_OK"),
    ("gc job: how far it has collected is told", COLLECT,
     "stage_horizon(job, batch->collected, &raised, err);",
     "stage_horizon(job, varve_ts_zero(), &raised, err);"),
    ("gc job: what is written meanwhile", COLLECT,
     "varve_engine_sequence(job->engine) != sequence)",
     "varve_engine_sequence(job->engine) < sequence)"),
    ("gc job: the statistics of a batch", COLLECT,
     "if (status == VARVE_OK && job->has_account)", "if (false)"),
    ("gc job: the latch of holds", COLLECT,
     "varve__names_acquire(&batch->names, varve__gc_holds_latch(),",
     "varve__names_acquire(&batch->names, varve_slice_of(NULL, 0),"),
    ("gc job: one key after the other", GATHER, "    varve__gc_decider_key(decider);\n", ""),
    ("gc job: a key with an intent is not dead", GATHER,
     "*is_whole = is_newest && !batch->has_intent;", "*is_whole = is_newest;"),
    ("gc job: the provisional version", GATHER,
     "varve_ts_compare(first, meta.ts) == 0 ? varve__walk_older(walk, err)",
     "varve_ts_compare(first, meta.ts) == 0 ? VARVE_OK"),
    ("gc job: inline values", GATHER,
     "    if (!meta.has_txn)\n        return VARVE_NOT_FOUND;\n", ""),
    ("gc job: since when the oldest part is garbage", GATHER,
     "    batch->since = varve__suffix_decode(varve__walk_suffix(part));\n", ""),
    ("gc job: history that is brought in meanwhile", GATHER, "    if (found)\n",
     "    if (false)\n"),
    ("gc job: nothing of a damaged key", GATHER,
     "    if (status == VARVE_OK && *outcome == DAMAGED)\n        take_back(batch, &before);\n",
     ""),
    ("gc job: many damaged keys", GATHER,
     "(!batch->is_again && varve__damage_is_full(&batch->job->damage))", "false"),
    ("gc estimate: an intent without its version", ESTIMATE,
     "is_provisional && varve_ts_compare(ts, estimate->intent_ts) != 0", "false"),
    ("gc estimate: from key to key", ESTIMATE, "    varve__gc_decider_key(&job->decider);\n", ""),
    ("gc estimate: what an intent covers", ESTIMATE, "        if (estimate->has_intent)\n",
     "        if (!estimate->has_intent)\n"),
    ("gc job: a bound of another key", GARBAGE,
     "varve_slice_equal(parts.prefix, varve_buf_slice(&from->key))", "true"),
    ("resolution job: up to which time", END_INTENTS,
     "varve_ts_compare(meta->ts, options->not_above) <= 0",
     "varve_ts_compare(meta->ts, options->not_above) < 0"),
    ("resolution job: of which transaction", END_INTENTS,
     "memcmp(meta->txn.id, job->txn_id, sizeof job->txn_id) != 0)", "false)"),
    ("resolution job: epoch", END_INTENTS, "    if (options->has_epoch)\n", "    if (false)\n"),
    ("resolution job: the names of a damaged key", END_INTENTS,
     "        step->keys.count = names.count;\n", ""),
    ("resolution job: tokens of another outcome", END_INTENTS,
     "varve__token_take_number(&reader) != (uint64_t)job->options.status)",
     "varve__token_take_number(&reader) == UINT64_MAX)"),
    ("recount: a store that has changed", RECOUNT,
     "if (varve__token_take_number(&reader) != job->sequence)",
     "if (varve__token_take_number(&reader) == UINT64_MAX)"),
    ("recount: a key is counted once", RECOUNT,
     "    job->from.stats = job->count.stats;\n", ""),
    ("check: an intent without its version", CHECK,
     "    if (key->awaits_version)\n", "    if (false)\n"),
    ("check: a damaged key is not counted", CHECK,
     "    job->count.stats = job->key.before;\n", ""),
    ("tokens: the checksum", TOKENS, "SUM_SIZE) != sum_of(summed))",
     "SUM_SIZE) == sum_of(summed) + 1)"),
    ("tokens: estimates", TOKENS,
     "if ((varve__token_take_number(reader) != 0) != job->estimate)",
     "if (varve__token_take_number(reader) == UINT64_MAX)"),
    ("tokens: places", TOKENS,
     "if (!varve__place_is_between(place, job->lower, job->upper))", "if (job == NULL)"),
    ("places: inside of a key", PLACES, "varve_key_prefix_size(bytes) != bytes.size ||",
     "false ||"),
    ("latches of a step", NAMES, "    if (latches == NULL)\n", "    if (true)\n"),
    ("statistics of a step", ACCOUNTS, "    if (status == VARVE_NOT_FOUND)\n",
     "    if (status >= VARVE_OK)\n"),
    ("newest: shown whatever has been written", NEWEST,
     "if (found != NULL && found->epoch == started(newest, bucket))", "if (found != NULL)"),
    ("newest: kept during a write", NEWEST,
     "return now == finished ? now : VARVE__NEWEST_NO_EPOCH;",
     "return now >= finished ? now : VARVE__NEWEST_NO_EPOCH;"),
    ("newest: ranges that are cleared", NEWEST,
     "if (record->type == VARVE_RECORD_CLEAR_RANGE)\n", "if (false)\n"),
    ("newest: writes of many keys", NEWEST,
     "(counts = next_counts(newest, repr, &rest)) != NULL;)",
     "rest == 0 && (counts = next_counts(newest, repr, &rest)) != NULL;)"),
    ("newest: a store opened anew", STATE, "        varve__engine_change_begin(engine);\n",
     "        varve__pool_write_begin(&engine->pool);\n"),
    ("newest: a secondary that catches up", ADMIN, "    varve__engine_change_begin(engine);\n",
     "    varve__pool_write_begin(&engine->pool);\n"),
    ("newest: readers of earlier times", RECALL, "if (!varve__view_shows(view, suffix.data))",
     "if (!varve__view_shows(view, suffix.data) && false)"),
    ("newest: writes of all keys", NEWEST,
     "atomic_load(&bucket->writes.started) + atomic_load(&newest->all.started);",
     "atomic_load(&bucket->writes.started) + (newest == NULL);"),
    ("newest: kept at the first miss", NEWEST,
     "bool is_again = was_kept || bucket->missed == part;",
     "bool is_again = was_kept || bucket->missed != part;"),
    ("newest: memory", NEWEST, "    while (shard->bytes + size > newest->bytes_max)\n",
     "    if (shard->bytes + size > newest->bytes_max)\n"),
    ("newest: a commit counts before it is seen", ENGINE,
     "    varve__newest_write_begin(engine->newest, repr, &write);\n"
     "    varve_status status = apply(engine, store, repr, sync, told);\n",
     "    varve_status status = apply(engine, store, repr, sync, told);\n"
     "    varve__newest_write_begin(engine->newest, repr, &write);\n"),
    ("pool: a commit counts before it is seen", ENGINE,
     "    varve__pool_commit_begin(&engine->pool, repr, &commit);\n"
     "    varve_status status = engine->ops->apply(store, repr, sync, told);\n",
     "    varve_status status = engine->ops->apply(store, repr, sync, told);\n"
     "    varve__pool_commit_begin(&engine->pool, repr, &commit);\n"),
    ("pool: the epoch of an opening that takes long", ENGINE,
     "varve__iter_of(*out)->epoch = epoch;",
     "varve__iter_of(*out)->epoch = epoch < 1 ? 0 : varve__pool_epoch(&engine->pool);"),
    ("pool: a gate that is closed to walks", ENGINE,
     "    if (!varve__gate_is_closed(&engine->gate))\n        it = varve__pool_take(",
     "    if (true)\n        it = varve__pool_take("),
    ("pool: a gate that is closed to reads of a key", ENGINE,
     "    if (!varve__gate_is_closed(&engine->gate))\n        it = varve__pool_take_for_key(",
     "    if (true)\n        it = varve__pool_take_for_key("),
    ("pool: what is written while it is out", POOL,
     "snapshot != 0 || varve__pool_is_current(pool, it->epoch)", "true"),
    ("pool: the mark of a key", POOL,
     "memory_order_acquire) <= epoch &&\n           atomic_load(&pool->swept) <= epoch;",
     "memory_order_acquire) <= epoch + 1 &&\n           atomic_load(&pool->swept) <= epoch;"),
    ("pool: writes of all keys", POOL,
     "<= epoch &&\n           atomic_load(&pool->swept) <= epoch;",
     "<= epoch;"),
    ("pool: ranges that are cleared", POOL,
     "    if (record->type == VARVE_RECORD_CLEAR_RANGE)\n        return false;\n", ""),
    ("pool: marks of keys that begin alike", POOL,
     "if (marking->prefix.size == 0 || !varve__key_has_prefix(key, marking->prefix)) {",
     "if (marking->prefix.size == 0) {"),
    ("pool: marks of the first record alone", POOL,
     "for (size_t offset = VARVE_BATCH_HEADER_SIZE; offset < repr.size;) {",
     "for (size_t offset = VARVE_BATCH_HEADER_SIZE; offset < VARVE_BATCH_HEADER_SIZE + 1;) {"),
    ("pool: records that are not marked", POOL, "if (count > VARVE__POOL_MARKED_RECORDS ||",
     "if ("),
    ("pool: how many marks are made", POOL,
     "    atomic_store_explicit(&pool->marked, 0, memory_order_relaxed);\n", ""),
    ("pool: bytes that are kept", POOL,
     "count + (unsigned)(repr.size / VARVE__POOL_BYTES_PER_MARK)",
     "count + (repr.size == 0)"),
    ("pool: two writes at once", POOL,
     "if (atomic_fetch_add(&pool->started, 0) != finished)", "if (finished == 0)"),
    ("pool: walks beside a write", POOL, "        clear(pool, VARVE__POOL_WALKS);\n",
     "        ;\n"),
    ("pool: a write that passes by one that is put in", POOL,
     "    if (!is_of_use(pool, kind, epoch))\n", "    if (epoch == UINT64_MAX)\n"),
    ("pool: iterators of snapshots that are closed", POOL,
     "    if (it->snapshot != snapshot)\n        return lend(it, false);",
     "    if (it->snapshot != snapshot) {\n        put(pool, lane, kind, it);\n"
     "        return NULL;\n    }"),
    ("pool: iterators of other snapshots", POOL,
     "    if (it->snapshot != snapshot)\n        return lend(it, false);\n", ""),
    ("pool: iterators of other options", POOL, "    if (was_opened_with(it, options))\n",
     "    if (was_opened_with(it, options) || true)\n"),
    ("pool: iterators with bounds for reads of a key", POOL_INLINE,
     "it->open_lower.size + it->open_upper.size == 0 && !it->bypasses_cache;",
     "!it->bypasses_cache;"),
    ("pool: one that has failed", POOL, "if (it->error.status != VARVE_OK || it->uses",
     "if (it->uses"),
    ("recent: writes beside a commit", POOL,
     "commit->epoch = is_alone ? number : VARVE__ITER_NO_EPOCH;",
     "commit->epoch = is_alone || number > 0 ? number : VARVE__ITER_NO_EPOCH;"),
    ("recent: a commit that does something else", POOL,
     "    else\n        forget_puts(commit);\n", ""),
    ("recent: a commit that failed", ENGINE, "if (status == VARVE_OK && commit.count > 0",
     "if (commit.count > 0"),
    ("recent: what has been written since", RECENT,
     "!varve__pool_shows(pool, slot->epoch, hash))", "pool == NULL)"),
    ("recent: a put that is too long", RECENT,
     "    slot->epoch = VARVE__ITER_NO_EPOCH;\n    if (key.size >", "    if (key.size >"),
    ("recent: keys of one hash", RECENT,
     "memcmp(slot->bytes, engine_key.data, engine_key.size) != 0", "false"),
    ("savepoints: ranges that are cleared", VIEW,
     "return record->type != VARVE_RECORD_CLEAR_RANGE &&\n           varve",
     "return record->type == VARVE_RECORD_CLEAR_RANGE ||\n           varve"),
    ("savepoints: what is taken in", VIEW, "    view->offset = size;\n    view->records = count;\n",
     "    view->records = count;\n"),
    ("pool: bounds that were narrowed", ITER_INLINE,
     "    if (it->is_narrowed)\n        varve__iter_widen(it);\n", ""),
    ("steps: what has been in vain is not tried again", ITER, "    if (habit->misses >= 2)\n",
     "    if (habit->misses > 4)\n"),
    ("steps: they are tried again", ITER, "        habit->seeks--;\n", ""),
    ("touched: ranges that are cleared", TOUCHED,
     "        touched->is_range = touched->is_everything = true;\n    if (!has_key",
     "        touched->is_everything = false;\n    if (!has_key"),
    ("touched: keys that begin alike", TOUCHED,
     "(last->size > 0 && varve__key_has_prefix(record->key, *last))", "last->size > 0"),
    ("touched: what is cut off", TOUCHED,
     "    touched->offset = size;\n    if (touched->is_range)", "    if (touched->is_range)"),
    ("touched: a range that is cut off", TOUCHED,
     "touched->is_range = touched->is_everything = false;", "touched->is_range = false;"),
    ("touched: records that are missing", TOUCHED, "if (touched->offset != before || ",
     "if (before > size || "),
    ("touched: hashes that are not spread", TOUCHED,
     "    if (slot == NULL) {\n        touched->is_everything = true;",
     "    if (slot == NULL) {\n        touched->is_everything = false;"),
    ("touched: a table that grows", TOUCHED, "        if (touched->slots[i] != 0)\n",
     "        if (touched->slots[i] % 2 != 0)\n"),
    ("touched: a batch that is rolled back", SAVEPOINTS,
     "    varve__touched_cut(&batch->touched, mark->size, mark->count);\n", ""),
    ("fences: level 0", FENCES, "return level > 0 && index > 0 &&", "return index > 0 &&"),
    ("fences: a key in two tables", FENCES, "    if (varve_slice_equal(start, end)) {",
     "    if (false) {"),
    ("fences: others than those of the tables", FENCES,
     "out->is_exact = version_of(db) == held->version;", "out->is_exact = held->version > 0;"),
    ("fences: order", FENCES,
     "    qsort(fences->ends, fences->end_count, sizeof fences->ends[0], compare_ends);\n",
     "    (void)compare_ends;\n"),
    ("probes: what has been cleared since", STEPS,
     "set_ignore_range_deletions(probe->how, 1);", "set_ignore_range_deletions(probe->how, 0);"),
    ("probes: over a snapshot", STEPS,
     "    if (it->snapshot != NULL)\n"
     "        rocksdb_readoptions_set_snapshot(how, it->snapshot);\n",
     ""),
    ("probes: failures", STEPS,
     "    if (text != NULL)\n"
     "        (void)varve__rocksdb_fail(varve__iter_failed(&it->base), \"reading\", text);\n"
     "    return",
     "    rocksdb_free(text);\n    return"),
    ("probes: what has been cleared one by one since", STEPS,
     "varve__fences_has_no_new_clears(it->fences, it->db, it->clears)", "it->clears < UINT64_MAX"),
    ("probes: what has left the memtable since", FENCES,
     "clears_of(db) == clears && version_of(db) == fences->version;",
     "clears_of(db) == clears && fences->version > 0;"),
    ("probes: bare tables forward", STEPS, "    while (index < last && is_bare_above(it, index))\n",
     "    while (index < last && (true || is_bare_above(it, index)))\n"),
    ("probes: bare tables backwards", STEPS,
     "    while (index > first && is_bare_below(it, index))\n",
     "    while (index > first && (true || is_bare_below(it, index)))\n"),
    ("probes: are made", STEPS, "    while (index < last && is_bare_above(it, index))\n",
     "    while (index < last && false && is_bare_above(it, index))\n"),
    ("fences: at the end of all", STEPS,
     "    /* At an end: that of what it may show, or of all that it has not lost. */\n"
     "    return it->base.error.status == VARVE_OK;",
     "    return false;"),
    ("fences: the failure of a block that is come to again", STEPS,
     "    if (it->has_failed)\n", "    if (false)\n"),
    ("checkpoint of a reader: a writer that changes files", COPY,
     "    *changed = !varve__manifest_is_same(&before, &after);\n",
     "    *changed = false; (void)after;\n"),
    ("checkpoint of a reader: the log", COPY, "        status = copy_logs(store, place, err);\n",
     "        status = place == NULL ? copy_logs(store, place, err) : VARVE_OK;\n"),
    ("checkpoint of a reader: logs that begin meanwhile", COPY,
     "list_numbers(store, \".log\", last, &numbers, err);",
     "list_numbers(store, \".log\", last > 0 ? UINT64_MAX : 0, &numbers, err);"),
    ("checkpoint of a reader: values beside the tables", COPY,
     "        status = copy_values(store, place, err);\n",
     "        status = place == NULL ? copy_values(store, place, err) : VARVE_OK;\n"),
    ("checkpoint of a reader: a log that has gone", COPY, "== ENOENT)\n        status = VARVE_OK;",
     "== ENOENT)\n        status = VARVE_IO;"),
    ("checkpoint of a reader: syncs", COPY,
     "return status == VARVE_OK ? varve__file_sync(to, err) : status;",
     "return status;"),
]


def run(command, folder, **options):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)


def build(work, tests):
    command = ["cmake", "--build", "build", "--parallel", "2", "--target", *tests]
    return run(command, work)


def limit_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def run_test(command, work, environment):
    """The exit status, or None of one that had to be ended.  A test of Check's that is told to end
    ends the child that it has forked; in a session of its own, nobody else."""
    process = subprocess.Popen(command, cwd=work, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True,
                               preexec_fn=limit_memory)
    try:
        return process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return None


def noticed_by(work, tests):
    """The first test that fails, or None."""
    environment = {**os.environ, "VARVE_TEST_SEED": "7", "CK_DEFAULT_TIMEOUT": str(LIMIT)}
    for test in tests:
        # A fuzz target is replayed with the inputs that belong to its source.
        layer, _, name = test.partition("_")
        source = [work / "tests" / layer / (name + ".c")] if name.startswith("fuzz_") else []
        status = run_test([work / "build" / "tests" / test, *source], work, environment)
        if status is None:
            return test + " (timeout)"
        if status != 0:
            return test
    return None


def verdict(work, mutant):
    """What becomes of a mutant: who notices it, or None and why that is a failure."""
    _, name, text, replacement = mutant
    path = work / name
    tests = OTHER_TESTS.get(name, TESTS)
    original = path.read_text()
    if original.count(text) != 1:
        return None, f"its text is in {name} {original.count(text)} times"
    path.write_text(original.replace(text, replacement))
    try:
        built = build(work, tests)
        if built.returncode != 0:
            return None, "it does not compile:\n" + built.stdout[-2000:]
        return noticed_by(work, tests), "no test notices it"
    finally:
        path.write_text(original)


def copy_what_differs(source, target):
    """A file that is as it was stays: if a mutant has been undone in it, it is newer than what has
    been built of the mutant."""
    if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
        shutil.copy(source, target)


def prepare(work):
    """A copy of the tree, built; every test has to pass there."""
    tests = TESTS + sorted({test for others in OTHER_TESTS.values() for test in others})
    ignore = shutil.ignore_patterns("build", ".git")
    shutil.copytree(TREE, work, ignore=ignore, copy_function=copy_what_differs,
                    dirs_exist_ok=True)
    configured = run(["cmake", "-S", ".", "-B", "build", "-G", "Ninja",
                      "-DCMAKE_C_FLAGS=-O1"], work)
    built = build(work, tests) if configured.returncode == 0 else configured
    if built.returncode != 0:
        sys.exit(built.stdout)
    failing = noticed_by(work, tests)
    if failing is not None:
        sys.exit(f"{failing} fails without any fault")


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    work = pathlib.Path(arguments[0]).resolve()
    prepare(work)
    failures = 0
    for number, mutant in enumerate(MUTANTS, 1):
        if arguments[1:] and str(number) not in arguments[1:]:
            continue
        test, reason = verdict(work, mutant)
        failures += test is None
        print(f"{number:2} {mutant[0]}: {test or 'SURVIVES: ' + reason}", flush=True)
    print(f"{failures} not noticed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
