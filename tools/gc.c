/* The policy on the command line, and what reports about garbage have in common. */
#include "gc.h"

#include "records.h"
#include "times.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* ---- Options ------------------------------------------------------------------------------- */

enum { KEY_OLDER = 0x200, KEY_KEEP, KEY_BOTH, KEY_RATE };

#define POLICY_OPTIONS                                                                             \
    {"older-than",                                                                                 \
     KEY_OLDER,                                                                                    \
     "AGE",                                                                                        \
     0,                                                                                            \
     "Versions that nobody has seen for so long: 90s, 15m, 24h, 7d",                               \
     0},                                                                                           \
        {"keep", KEY_KEEP, "N", 0, "Versions of a key beyond its N newest", 0},                    \
    {                                                                                              \
        "both", KEY_BOTH, NULL, 0, "Only what both of these let go, not what either does", 0       \
    }

static const struct argp_option policy_options[] = {POLICY_OPTIONS, {0}};

static const struct argp_option run_options[] = {
    POLICY_OPTIONS,
    {"rate", KEY_RATE, "N", 0, "Collect N versions a second at most", 0},
    {0},
};

/* Read an age; 0 if it is none. */
static int64_t parse_age(const char *text)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char digits[16];
    size_t size = strspn(text, "0123456789");
    int64_t number;

    if (size == 0 || size >= sizeof digits || strlen(text) != size + 1)
        return 0;
    memcpy(digits, text, size);
    digits[size] = '\0';
    if (!cli_number(digits, INT64_MAX / 86400 / 1000000000, &number))
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (text[size] == units[i].unit)
            return number * units[i].seconds;
    }
    return 0;
}

static error_t parse_count(const struct argp_state *state, const char *name, const char *text,
                           int64_t *number)
{
    if (!cli_number(text, INT64_MAX, number) || *number == 0)
        return cli_usage(state, "%s '%s' is not a number from 1 on", name, text);
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct gc_settings *settings = state->input;

    switch (key) {
    case KEY_OLDER:
        settings->older_than = parse_age(text);
        if (settings->older_than == 0)
            return cli_usage(state, "--older-than '%s' is not an age such as 90s, 15m, 24h or 7d",
                             text);
        return 0;
    case KEY_KEEP:
        return parse_count(state, "--keep", text, &settings->keep);
    case KEY_BOTH:
        settings->both = true;
        return 0;
    case KEY_RATE:
        return parse_count(state, "--rate", text, &settings->rate);
    case ARGP_KEY_END:
        if (settings->older_than == 0 && settings->keep == 0)
            return cli_usage(state, "what is to go? give --older-than or --keep");
        if (settings->both && (settings->older_than == 0 || settings->keep == 0))
            return cli_usage(state, "--both is of two: give --older-than and --keep");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp gc_policy_argp = {.options = policy_options, .parser = parse};
const struct argp gc_run_argp = {.options = run_options, .parser = parse};

/* ---- Jobs ---------------------------------------------------------------------------------- */

static varve_ts present(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return varve_ts_of((int64_t)now.tv_sec * 1000000000 + now.tv_nsec, 0);
}

static enum tool_exit read_now(const struct cli *cli, const struct store *store, varve_ts *now)
{
    *now = present();
    if (cli->at == NULL)
        return TOOL_OK;
    enum tool_exit code = time_resolve(cli, store->reader, cli->at, now);
    if (code == TOOL_OK && now->wall <= 0)
        return cli_fail(cli, TOOL_USAGE, "--at '%s' is not after the beginning of time", cli->at);
    return code;
}

enum tool_exit gc_job_read(const struct cli *cli, const struct store *store,
                           const struct gc_settings *settings, struct gc_job *job)
{
    enum tool_exit code = span_options_read_some(cli, &job->range);

    if (code == TOOL_OK && cli->resume != NULL)
        code = cli_hex_key(cli, "--resume", cli->resume, &job->token);
    if (code == TOOL_OK)
        code = read_now(cli, store, &job->options.now);
    job->policy.ttl_seconds = settings->older_than;
    job->policy.keep_versions = settings->keep;
    job->policy.intersection = settings->both;
    job->options.policy = &job->policy;
    job->options.span = job->range.span;
    job->options.resume = bytes_slice(&job->token);
    job->options.rate = (uint64_t)settings->rate;
    job->options.has_account = true; /* that of the whole store, without a name */
    job->damaged.cli = cli;
    job->options.damaged = damaged_keys_tell;
    job->options.damaged_arg = &job->damaged;
    return code;
}

void gc_job_release(struct gc_job *job)
{
    span_options_release(&job->range);
    bytes_release(&job->token);
}

enum tool_exit gc_fail(const struct cli *cli, const struct store *store,
                       const varve_gc_options *options, varve_gc *gc, varve_error *err)
{
    varve_job_progress done = {.struct_size = sizeof done};
    char text[CLI_KEY_TEXT_MAX];
    varve_span left = options->span;
    bool named = gc != NULL && cli_exit_of(err->status) == TOOL_CORRUPT &&
                 varve_gc_get_progress(gc, &done, NULL) == VARVE_OK && done.at.size > 0;

    if (named)
        left.start = done.at;
    records_tell_gap(cli, store, left, err, "collected");
    if (!named)
        return cli_fail_reading(cli, err, CLI_AROUND_RANGE, "%s", store->path);
    return cli_fail_reading(cli, err, CLI_AROUND_RANGE, "%s: at or behind key %s", store->path,
                            cli_key_text(cli, done.at, text));
}

/* ---- Reports ------------------------------------------------------------------------------- */

void gc_json_time(struct json_line *line, const char *name, varve_ts ts)
{
    struct json_line time;

    json_line_begin(&time);
    json_line_time(&time, ts);
    json_line_add(line, name, json_line_take(&time));
}

void gc_json_tally(struct json_line *line, const char *name, const varve_gc_tally *tally,
                   const uint64_t *keys)
{
    struct json_line object;

    json_line_begin(&object);
    json_line_count(&object, "versions", tally->versions);
    json_line_count(&object, "bytes", tally->bytes);
    if (keys != NULL)
        json_line_count(&object, "keys", *keys);
    json_line_add(line, name, json_line_take(&object));
}

void gc_json_rest(struct json_line *line, const varve_gc_report *report)
{
    json_line_count(line, "damaged_keys", report->damaged_keys);
    json_line_count(line, "keys_with_intents", report->intent_keys);
    if (report->intent_keys > 0)
        gc_json_time(line, "oldest_intent", report->oldest_intent);
    if (!varve_ts_is_zero(report->horizon))
        gc_json_time(line, "horizon", report->horizon);
}

void gc_print_rest(const varve_gc_report *report, const char *tense)
{
    char when[TIME_TEXT_MAX];

    if (report->intent_keys > 0)
        out_format("%" PRIu64 " keys have intents, the oldest from %s\n", report->intent_keys,
                   time_format(report->oldest_intent, true, when));
    if (!varve_ts_is_zero(report->horizon))
        out_format("reads below %s %s refused\n", time_format(report->horizon, true, when), tense);
}
