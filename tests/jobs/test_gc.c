/*
 * The garbage job against a model that asks of each version by itself whether it may go: random
 * policies, holds, intents and inline values, in steps of any size, dropped and resumed.  After
 * each step the statistics are those of a recount, and reads at the horizon and above see what they
 * did before; in the end exactly what should have gone has gone, and that is what the estimate
 * said.
 */
#include <stdio.h>
#include <varve/varve.h>

#include "format/key.h"
#include "tests/support/account.h"
#include "tests/support/backends.h"
#include "tests/support/intents.h"

#define TICK (SECOND / 4)

enum { KEYS = 6, VERSIONS_MAX = 9, HOLDS_MAX = 3, TICKS = 80, ROUNDS = 24, TEXT_MAX = 4096 };

struct version {
    varve_ts ts;
    bool deleted;
    size_t size;
};

struct key {
    char name[8];
    struct version list[VERSIONS_MAX]; /* newest first; with an intent, the first is provisional */
    size_t count;
    bool has_intent;
    bool is_inline;
};

struct hold {
    varve_ts ts;
    bool is_active;
};

static struct key keys[KEYS];
static struct hold holds[HOLDS_MAX];
static size_t hold_count;
static varve_gc_policy policy;
static varve_ts now;
static test_random dice;

static size_t below(size_t limit)
{
    return test_random_below(&dice, limit);
}

/* The tests of the store's other helpers look here. */
static void use_engine(void)
{
    mvcc.engine = on.engine;
    mvcc.reader = on.reader;
    mvcc.writer = on.writer;
}

/* ---- A random store ----------------------------------------------------------------------------
 */

static const char *text_of_size(size_t size)
{
    static const char letters[] = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";
    return letters + sizeof letters - 1 - size;
}

static void make_key(struct key *key, size_t i)
{
    snprintf(key->name, sizeof key->name, "k%u", (unsigned)i % 10);
    key->count = below(VERSIONS_MAX + 1);
    key->is_inline = key->count == 0 && below(2) == 0;
    key->has_intent = key->count > 0 && below(4) == 0;
    int64_t tick = TICKS - 20;
    for (size_t v = 0; v < key->count; v++) {
        struct version *version = &key->list[v];
        tick -= 1 + (int64_t)below(8);
        version->ts = varve_ts_of((tick > 0 ? tick : 1) * TICK, (int32_t)(VERSIONS_MAX - v));
        version->deleted = below(3) == 0;
        version->size = version->deleted ? 0 : 1 + below(20);
    }
}

static void store_key(const struct key *key)
{
    if (key->is_inline)
        mvcc_put_inline(key->name, "inline");
    for (size_t v = 0; v < key->count; v++) {
        const struct version *version = &key->list[v];
        const char *value = text_of_size(version->size);
        if (v == 0 && key->has_intent)
            intent(.key = key->name, .ts = version->ts, .value = value);
        else
            mvcc_put_raw(mvcc_engine_key(key->name, version->ts), varve_slice_text(value));
    }
}

static void make_holds(void)
{
    hold_count = below(HOLDS_MAX + 1);
    for (size_t h = 0; h < hold_count; h++) {
        char id[8];
        snprintf(id, sizeof id, "h%u", (unsigned)h % 10);
        holds[h].ts = varve_ts_of((int64_t)below(TICKS) * TICK, (int32_t)below(3));
        holds[h].is_active = below(4) > 0;
        const varve_gc_hold hold = {.struct_size = sizeof hold,
                                    .id = varve_slice_text(id),
                                    .ts = holds[h].ts,
                                    .expires = holds[h].is_active ? now.wall + 1 : now.wall};
        ck_ok(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), &on.err);
    }
}

static void make_policy(void)
{
    do {
        policy = (varve_gc_policy){.struct_size = sizeof policy,
                                   .ttl_seconds = (int64_t)below(10),
                                   .keep_versions = (int64_t)below(6),
                                   .intersection = below(2) == 0};
    } while (policy.ttl_seconds == 0 && policy.keep_versions == 0);
    now = varve_ts_of((TICKS - 20 + (int64_t)below(20)) * TICK, 0);
}

static void make_store(void)
{
    ck_ok(varve_mvcc_clear_range(on.writer, (varve_span){bytes("\x01"), varve_key_max()}, &on.err),
          &on.err);
    make_policy();
    for (size_t i = 0; i < KEYS; i++) {
        make_key(&keys[i], i);
        store_key(&keys[i]);
    }
    make_holds();
    account_open();
}

/* ---- The model ---------------------------------------------------------------------------------
 */

/* What an estimate tells of one version, or more. */
struct expected {
    varve_gc_tally collected;
    varve_gc_tally by_policy;
    varve_gc_tally by_holds;
    varve_gc_tally by_intents;
    varve_gc_tally held[HOLDS_MAX];
    uint64_t whole_keys;
    uint64_t intents;
    varve_ts oldest_intent;
    varve_ts horizon;
};

/* Whether nobody who reads at `ts` or later would miss the v-th of the versions from `first` on. */
static bool is_unseen_from(const struct key *key, size_t first, size_t v, varve_ts ts)
{
    if (key->list[v].deleted && varve_ts_compare(key->list[v].ts, ts) <= 0)
        return true;
    for (size_t newer = first; newer < v; newer++) {
        if (varve_ts_compare(key->list[newer].ts, ts) <= 0)
            return true;
    }
    return false;
}

static bool by_policy(const struct key *key, size_t first, size_t v)
{
    varve_ts age = varve_ts_of(now.wall - policy.ttl_seconds * SECOND, 0);
    bool has_age = policy.ttl_seconds > 0;
    bool has_count = policy.keep_versions > 0;
    bool old = has_age && is_unseen_from(key, first, v, age);
    bool superfluous = has_count && (int64_t)(v - first) >= policy.keep_versions;
    return has_age && has_count && policy.intersection ? old && superfluous : old || superfluous;
}

static bool is_held(const struct key *key, size_t first, size_t v)
{
    bool held = false;
    for (size_t h = 0; h < hold_count; h++)
        held = held || (holds[h].is_active && !is_unseen_from(key, first, v, holds[h].ts));
    return held;
}

static void add(varve_gc_tally *tally, uint64_t size)
{
    tally->versions++;
    tally->bytes += size;
}

/* Since when nobody sees it. */
static varve_ts since(const struct key *key, size_t v)
{
    return key->list[v].deleted ? key->list[v].ts : key->list[v - 1].ts;
}

/* A committed version; `first` is the newest one. */
static bool expect_version(struct expected *e, const struct key *key, size_t first, size_t v)
{
    bool is_dead = v == first && key->list[v].deleted && !key->has_intent;
    uint64_t size = 12 + key->list[v].size + (is_dead ? strlen(key->name) + 1 : 0);
    if (v == first && !key->list[v].deleted) {
        if (key->has_intent)
            add(&e->by_intents, size);
        return false;
    }
    if (!by_policy(key, first, v)) {
        add(&e->by_policy, size);
        return false;
    }
    for (size_t h = 0; h < hold_count; h++) {
        if (holds[h].is_active && !is_unseen_from(key, first, v, holds[h].ts))
            add(&e->held[h], size);
    }
    if (is_held(key, first, v)) {
        add(&e->by_holds, size);
        return false;
    }
    add(&e->collected, size);
    e->whole_keys += is_dead;
    if (varve_ts_compare(since(key, v), e->horizon) > 0)
        e->horizon = since(key, v);
    return true;
}

static void expect_intent(struct expected *e, const struct key *key)
{
    if (e->intents++ == 0 || varve_ts_compare(key->list[0].ts, e->oldest_intent) < 0)
        e->oldest_intent = key->list[0].ts;
    if (!key->list[0].deleted)
        return;
    varve_slice record;
    varve_buf value = VARVE_BUF_INIT;
    ck_ok(varve_reader_get(on.reader, mvcc_engine_key(key->name, varve_ts_zero()), &value, &on.err),
          &on.err);
    record = varve_buf_slice(&value);
    add(&e->by_intents, 12 + strlen(key->name) + 1 + record.size);
    varve_buf_release(&value);
}

static const char *text_of(const struct key *key, size_t v)
{
    static char text[64];
    snprintf(text, sizeof text, "%.7s@%lld,%d ", key->name, (long long)key->list[v].ts.wall,
             key->list[v].ts.logical);
    return text;
}

/* What the job should come to, and the versions that should stay. */
static struct expected expect(char *left)
{
    struct expected e = {.whole_keys = 0};
    for (size_t i = 0; i < KEYS; i++) {
        const struct key *key = &keys[i];
        if (key->has_intent)
            expect_intent(&e, key);
        for (size_t v = 0; v < key->count; v++) {
            bool provisional = v == 0 && key->has_intent;
            if (provisional || !expect_version(&e, key, key->has_intent, v))
                left = stpcpy(left, text_of(key, v));
        }
    }
    *left = '\0';
    return e;
}

/* ---- The store as it is ------------------------------------------------------------------------
 */

static varve_status add_version(void *arg, varve_slice engine_key, varve_slice value,
                                varve_error *err)
{
    char *text = arg;
    size_t used = strlen(text);
    varve__key_parts parts;
    (void)value;
    ck_ok(varve__key_split(engine_key, &parts, err), err);
    if (parts.suffix.size == 0)
        return VARVE_OK;
    varve_ts ts = varve__suffix_decode(parts.suffix.data);
    snprintf(text + used, TEXT_MAX - used, "%.*s@%lld,%d ", (int)parts.prefix.size - 2,
             (const char *)parts.prefix.data, (long long)ts.wall, ts.logical);
    return VARVE_OK;
}

static void list_versions(char *text)
{
    *text = '\0';
    ck_ok(varve_reader_iterate(on.reader, varve_key_app_min(), bytes(""), 0, add_version, text,
                               &on.err),
          &on.err);
}

/* What readers see at each tick from `from` on. */
static void ck_same_reads(char *const before[TICKS], varve_ts from)
{
    for (int tick = 0; tick < TICKS; tick++) {
        varve_ts ts = varve_ts_of(tick * TICK, 1);
        if (varve_ts_compare(ts, from) < 0)
            continue;
        const char *seen =
            mvcc_scan(.start = "k", .end = "l", .ts = ts, .flags = VARVE_READ_INCONSISTENT);
        ck_assert_str_eq(seen, before[tick]);
    }
}

static void list_reads(char *reads[TICKS])
{
    for (int tick = 0; tick < TICKS; tick++) {
        free(reads[tick]);
        reads[tick] = strdup(mvcc_scan(.start = "k", .end = "l", .ts = varve_ts_of(tick * TICK, 1),
                                       .flags = VARVE_READ_INCONSISTENT));
    }
}

/* ---- Jobs --------------------------------------------------------------------------------------
 */

static varve_gc_options options_of(bool estimate)
{
    return (varve_gc_options){.struct_size = sizeof(varve_gc_options),
                              .policy = &policy,
                              .now = now,
                              .estimate = estimate,
                              .has_account = true};
}

static varve_gc *open_job(const varve_gc_options *options)
{
    varve_gc *job;
    ck_ok(varve_gc_open(on.engine, options, &job, &on.err), &on.err);
    return job;
}

static varve_gc_report report_of(const varve_gc *job)
{
    varve_gc_report report = {.struct_size = sizeof report};
    ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
    return report;
}

/* Drop the job and open another by its token, which is taken over. */
static varve_gc *resume_job(varve_gc *job, varve_gc_options options)
{
    varve_buf token = VARVE_BUF_INIT;
    ck_ok(varve_gc_token(job, &token, &on.err), &on.err);
    varve_gc_close(job);
    options.resume = varve_buf_slice(&token);
    varve_gc *again = open_job(&options);
    varve_buf_release(&token);
    return again;
}

static bool step(varve_gc *job)
{
    bool more = true;
    ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
    return more;
}

static varve_gc_report run_job(varve_gc_options options)
{
    varve_gc *job = open_job(&options);
    while (step(job))
        ;
    varve_gc_report report = report_of(job);
    varve_gc_close(job);
    return report;
}

static void ck_tally(const char *what, varve_gc_tally told, varve_gc_tally expected)
{
    ck_assert_msg(told.versions == expected.versions && told.bytes == expected.bytes,
                  "%s: %llu versions of %llu bytes, not %llu of %llu", what,
                  (unsigned long long)told.versions, (unsigned long long)told.bytes,
                  (unsigned long long)expected.versions, (unsigned long long)expected.bytes);
}

static void ck_ts(varve_ts told, varve_ts expected)
{
    char a[VARVE_TS_TEXT_MAX];
    char e[VARVE_TS_TEXT_MAX];
    ck_assert_str_eq(varve_ts_format(told, a), varve_ts_format(expected, e));
}

struct told_holds {
    const struct expected *expected;
    size_t count;
};

static varve_status ck_hold(void *arg, const varve_gc_hold *hold, const varve_gc_tally *keeps,
                            varve_error *error)
{
    struct told_holds *told = arg;
    (void)error;
    ck_ts(hold->ts, holds[told->count].ts);
    ck_tally("a hold", *keeps, told->expected->held[told->count]);
    told->count++;
    return VARVE_OK;
}

static void ck_estimate(const varve_gc *job, const struct expected *e)
{
    varve_gc_report report = report_of(job);
    struct told_holds told = {.expected = e};
    ck_tally("collected", report.collected, e->collected);
    ck_tally("by policy", report.kept_by_policy, e->by_policy);
    ck_tally("by holds", report.kept_by_holds, e->by_holds);
    ck_tally("by intents", report.kept_by_intents, e->by_intents);
    ck_assert_uint_eq(report.collected_keys, e->whole_keys);
    ck_assert_uint_eq(report.intent_keys, e->intents);
    ck_ts(report.oldest_intent, e->oldest_intent);
    ck_ts(report.horizon, e->horizon);
    ck_ok(varve_gc_held(job, ck_hold, &told, &on.err), &on.err);
    ck_assert_uint_eq(told.count, hold_count);
    varve_stats stats = account_recount(now.wall);
    ck_assert_int_eq((int64_t)(report.collected.bytes + report.kept_by_policy.bytes +
                               report.kept_by_holds.bytes + report.kept_by_intents.bytes),
                     varve_stats_gc_bytes(&stats));
}

static void try_estimate(const struct expected *e)
{
    varve_gc_options options = options_of(true);
    varve_gc *job = open_job(&options);
    uint64_t sequence = varve_engine_sequence(on.engine);
    while (step(job))
        ;
    ck_estimate(job, e);
    job = resume_job(job, options);
    ck_assert(!step(job));
    ck_estimate(job, e);
    varve_gc_close(job);
    ck_assert_uint_eq(varve_engine_sequence(on.engine), sequence);
}

/* The key reached never goes back; with the last step it is the last one. */
static void ck_progress(varve_gc *job, char last[8], bool more)
{
    varve_job_progress progress = {.struct_size = sizeof progress};
    char at[8] = "";
    ck_ok(varve_gc_get_progress(job, &progress, &on.err), &on.err);
    ck_assert_uint_lt(progress.at.size, sizeof at);
    memcpy(at, progress.at.data, progress.at.size);
    ck_assert_int_ge(strcmp(at, last), 0);
    memcpy(last, at, sizeof at);
    unsigned left = 0;
    for (size_t i = 0; i < KEYS; i++)
        left += strcmp(keys[i].name, at) > 0 && (keys[i].count > 0 || keys[i].is_inline);
    ck_assert(more || left == 0);
}

/* Run it in small steps, now and then dropped and resumed. */
static void try_run(const struct expected *e, char *const reads[TICKS])
{
    varve_gc_options options = options_of(false);
    options.batch_versions = 1 + below(5);
    varve_gc *job = open_job(&options);
    bool more = true;
    char last[8] = "";
    for (int steps = 0; more; steps++) {
        ck_assert_int_lt(steps, 200);
        varve_ts until;
        more = step(job);
        ck_progress(job, last, more);
        ck_account();
        ck_ok(varve_gc_collected(on.reader, (varve_span){{NULL, 0}, {NULL, 0}}, &until, &on.err),
              &on.err);
        ck_same_reads(reads, until);
        ck_assert_int_ge(varve_ts_compare(until, report_of(job).horizon), 0);
        if (below(3) == 0)
            job = resume_job(job, options);
    }
    varve_gc_report report = report_of(job);
    ck_tally("collected", report.collected, e->collected);
    ck_assert_uint_eq(report.collected_keys, e->whole_keys);
    ck_assert_uint_eq(report.intent_keys, e->intents);
    ck_ts(report.oldest_intent, e->oldest_intent);
    ck_ts(report.horizon, e->horizon);
    varve_gc_close(job);
}

static void ck_held_reads(char *const reads[TICKS])
{
    for (size_t h = 0; h < hold_count; h++) {
        if (holds[h].is_active)
            ck_same_reads(reads, holds[h].ts);
    }
}

START_TEST(what_goes_is_what_the_model_says)
{
    char expected_text[TEXT_MAX];
    char text[TEXT_MAX];
    char *reads[TICKS] = {NULL};
    uint64_t gone = 0;
    uint64_t held = 0;
    uint64_t intents = 0;
    dice = test_random_start();
    use_engine();
    for (int round = 0; round < ROUNDS; round++) {
        make_store();
        struct expected e = expect(expected_text);
        list_reads(reads);
        try_estimate(&e);
        try_run(&e, reads);
        list_versions(text);
        ck_assert_str_eq(text, expected_text);
        ck_held_reads(reads);
        ck_assert_uint_eq(run_job(options_of(false)).collected.versions, 0);
        gone += e.collected.versions;
        held += e.by_holds.versions;
        intents += e.intents;
    }
    for (int tick = 0; tick < TICKS; tick++)
        free(reads[tick]);
    ck_assert_uint_gt(gone, ROUNDS);
    ck_assert_uint_gt(held, ROUNDS / 3);
    ck_assert_uint_gt(intents, ROUNDS / 3);
}
END_TEST

/* So many keys of one record that a step of an estimate ends between two of them. */
START_TEST(an_estimate_resumed_between_two_keys_counts_each_once)
{
    enum { MANY = 17000 };
    use_engine();
    for (unsigned i = 0; i < MANY; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "k%05u", i % 100000);
        mvcc_put_raw(mvcc_engine_key(name, varve_ts_of(TICK, 0)), bytes(""));
    }
    now = varve_ts_of(100 * TICK, 0);
    policy = (varve_gc_policy){.struct_size = sizeof policy, .ttl_seconds = 1};
    varve_gc_options options = options_of(true);
    varve_gc *job = open_job(&options);
    unsigned steps = 1;
    for (; step(job); steps++)
        job = resume_job(job, options);
    ck_assert_uint_gt(steps, 1);
    ck_assert_uint_eq(report_of(job).collected.versions, MANY);
    ck_assert_uint_eq(report_of(job).collected_keys, MANY);
    varve_gc_close(job);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, an_estimate_resumed_between_two_keys_counts_each_once);
    tcase_add_test(tcase, what_goes_is_what_the_model_says);
}

int main(void)
{
    return run_suite(backend_suite("gc_job", fill));
}
