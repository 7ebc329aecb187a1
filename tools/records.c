/* Walks over the raw records of a store. */
#include "records.h"

#include "gap.h"
#include "span_options.h"

#include <unistd.h>

const char *record_kind_name(enum record_kind kind)
{
    static const char *const names[] = {
#define RECORD_KIND_NAME(name, text) text,
        RECORD_KIND_MAP(RECORD_KIND_NAME)
#undef RECORD_KIND_NAME
    };

    return names[kind];
}

/* What a walk keeps from one record to the next. */
struct place {
    varve_buf key;      /* the user key of the record, */
    varve_ts ts;        /* and its timestamp */
    varve_buf last;     /* the user key of the record before */
    bool any;           /* there was one */
    bool has_intent;    /* the key has one, */
    varve_ts intent_ts; /* whose value stands here */
};

/* ---- One record ---------------------------------------------------------------------------- */

static enum record_kind kind_of_metadata(struct record *record)
{
    record->meta.struct_size = sizeof record->meta;
    if (varve_meta_decode(record->value, &record->meta, NULL) != VARVE_OK) {
        record->fault = "the metadata record does not decode";
        return RECORD_DAMAGED;
    }
    if (record->meta.has_conflict)
        return RECORD_CONFLICT;
    if (record->meta.has_txn)
        return RECORD_INTENT;
    if (record->meta.has_value)
        return RECORD_INLINE;
    record->fault = "the metadata record is neither an intent nor an inline value";
    return RECORD_DAMAGED;
}

static enum record_kind kind_of(struct record *record, struct place *place)
{
    if (varve_ts_is_zero(record->ts)) {
        enum record_kind kind = kind_of_metadata(record);
        place->has_intent = kind == RECORD_INTENT;
        place->intent_ts = record->meta.ts;
        return kind;
    }
    if (place->has_intent && varve_ts_compare(place->intent_ts, record->ts) == 0)
        return RECORD_PROVISIONAL;
    return record->value.size == 0 ? RECORD_DELETED : RECORD_VALUE;
}

/* Tell whether the key is another than that of the record before, and remember it. */
static bool take_key(struct place *place, varve_slice key)
{
    bool is_new = !place->any || !varve_slice_equal(varve_buf_slice(&place->last), key);

    if (is_new)
        place->has_intent = false;
    place->any = true;
    return is_new;
}

static enum tool_exit read_record(const struct cli *cli, varve_iter *it, struct place *place,
                                  struct record *record)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf other = place->last;

    place->last = place->key;
    place->key = other;
    *record = (struct record){.engine_key = it->key, .value = varve_iter_value(it)};
    varve_status status = varve_key_decode(it->key, &place->key, &record->ts, &err);
    varve_error_release(&err);
    if (status == VARVE_NO_MEMORY)
        return cli_fail(cli, TOOL_IO, "out of memory");
    if (status != VARVE_OK) {
        place->key.size = 0;
        record->kind = RECORD_DAMAGED;
        record->fault = "the key does not decode";
        record->new_key = true;
        return TOOL_OK;
    }
    place->ts = record->ts;
    record->key = varve_buf_slice(&place->key);
    record->new_key = take_key(place, record->key);
    record->kind = kind_of(record, place);
    return TOOL_OK;
}

/* ---- The walk ------------------------------------------------------------------------------ */

/* Hand on the records from where the iterator stands. */
static enum tool_exit walk_records(const struct cli *cli, struct records *walk, varve_iter *it,
                                   struct place *place)
{
    enum tool_exit code = TOOL_OK;
    struct record record;

    while (code == TOOL_OK && it->valid) {
        code = read_record(cli, it, place, &record);
        if (code == TOOL_OK)
            code = walk->each(walk->arg, walk, &record);
        if (code == TOOL_OK && walk->stop) {
            span_options_print_resume(cli, record.engine_key);
            return TOOL_OK;
        }
        walk->count++;
        walk->bytes += record.engine_key.size + record.value.size;
        progress_update(&walk->progress, walk->count, walk->bytes);
        if (code == TOOL_OK && out_failed())
            code = TOOL_IO;
        varve_iter_next(it);
    }
    return code;
}

/* The iterator has failed: go on behind what it cannot read.  Returns false if that is not known.
 */
static bool cross_gap(const struct cli *cli, struct records *walk, varve_iter *it,
                      const struct place *place, varve_slice start, varve_error *err)
{
    varve_buf last = VARVE_BUF_INIT;
    const char *done = walk->done != NULL ? walk->done : "shown";
    bool crossed = false;

    if (!place->any)
        crossed = gap_cross(cli, walk->store, it, start, done, err, &walk->damage);
    else if (place->key.size != 0 &&
             varve_key_encode(varve_buf_slice(&place->key), place->ts, &last, NULL) == VARVE_OK)
        crossed = gap_cross(cli, walk->store, it, varve_buf_slice(&last), done, err, &walk->damage);
    varve_buf_release(&last);
    return crossed;
}

uint64_t records_expected(const struct store *store, varve_slice lower, varve_slice upper)
{
    varve_engine_info info = {.struct_size = sizeof info};
    uint64_t all = 0;
    uint64_t part = 0;

    if (varve_engine_get_info(store->engine, &info, NULL) != VARVE_OK ||
        varve_engine_approximate_bytes(store->engine, varve_slice_of("", 0), varve_slice_of("", 0),
                                       &all, NULL) != VARVE_OK ||
        varve_engine_approximate_bytes(store->engine, lower, upper, &part, NULL) != VARVE_OK ||
        all == 0)
        return 0;
    return (uint64_t)((double)info.estimated_keys * (double)part / (double)all);
}

/* Walk from an engine key to the end, over what cannot be read. */
static enum tool_exit walk_iterator(const struct cli *cli, struct records *walk, varve_iter *it,
                                    varve_slice start, varve_slice upper)
{
    struct place place = {.any = false};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;

    /* On one terminal the output itself tells how far it is. */
    progress_start(&walk->progress, "records", 0, walk->is_silent || !isatty(STDOUT_FILENO));
    if (walk->progress.shown)
        progress_expect(&walk->progress, records_expected(walk->store, start, upper));
    progress_update(&walk->progress, 0, 0);
    varve_iter_seek_ge(it, start);
    for (;;) {
        code = walk_records(cli, walk, it, &place);
        if (code != TOOL_OK || walk->stop || varve_iter_status(it, &err) == VARVE_OK)
            break;
        if (!cross_gap(cli, walk, it, &place, start, &err)) {
            code = cli_fail_reading(cli, &err, CLI_AROUND_RANGE, "%s", walk->store->path);
            break;
        }
    }
    progress_end(&walk->progress);
    varve_buf_release(&place.key);
    varve_buf_release(&place.last);
    return code;
}

/* Walk from where --resume says. */
static enum tool_exit walk_from(const struct cli *cli, struct records *walk, varve_iter *it,
                                varve_slice lower, varve_slice upper)
{
    struct bytes resume = BYTES_INIT;
    enum tool_exit code = TOOL_OK;

    if (walk->resume != NULL)
        code = cli_hex_key(cli, "--resume", walk->resume, &resume);
    varve_slice start = bytes_slice(&resume);
    if (varve_slice_compare(start, lower) < 0)
        start = lower;
    if (code == TOOL_OK)
        code = walk_iterator(cli, walk, it, start, upper);
    bytes_release(&resume);
    return code;
}

/* The engine key in front of all records of a user key; of the end of all keys, and of none, none.
 */
static varve_status bound_of(varve_slice key, varve_buf *bound, varve_error *err)
{
    if (key.size == 0 || varve_slice_equal(key, varve_key_max()))
        return VARVE_OK;
    return varve_key_encode(key, varve_ts_zero(), bound, err);
}

enum tool_exit records_walk(const struct cli *cli, struct records *walk)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_iter *it = NULL;
    enum tool_exit code = TOOL_OK;

    if (varve_slice_compare(walk->span.start, walk->span.end) >= 0)
        return TOOL_OK;
    varve_status status = bound_of(walk->span.start, &lower, &err);
    if (status == VARVE_OK)
        status = bound_of(walk->span.end, &upper, &err);
    if (status == VARVE_OK) {
        const varve_iter_options options = {.struct_size = sizeof options,
                                            .lower = varve_buf_slice(&lower),
                                            .upper = varve_buf_slice(&upper),
                                            .bypass_cache = true};
        status = varve_iter_open(walk->store->reader, &options, &it, &err);
    }
    if (status == VARVE_OK)
        code = walk_from(cli, walk, it, varve_buf_slice(&lower), varve_buf_slice(&upper));
    else
        code = cli_fail_error(cli, &err, "%s", walk->store->path);
    varve_iter_close(it);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return code;
}

enum tool_exit records_run(const struct cli *cli, record_fn each, void *arg)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    enum tool_exit code = span_options_read_bounds(cli, &range);

    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK) {
        struct records walk = {
            .store = &store, .span = range.span, .each = each, .arg = arg, .resume = cli->resume};
        code = records_walk(cli, &walk);
        if (code == TOOL_OK)
            code = walk.damage;
    }
    store_close(&store);
    span_options_release(&range);
    return code;
}

/* Ends the walk behind the first gap, in silence. */
static enum tool_exit end_behind_gap(void *arg, struct records *walk, const struct record *record)
{
    (void)arg;
    (void)record;
    return walk->damage;
}

void records_tell_gap(const struct cli *cli, const struct store *store, varve_span span,
                      const varve_error *err, const char *done)
{
    struct records walk = {
        .store = store, .span = span, .each = end_behind_gap, .done = done, .is_silent = true};

    if (cli_exit_of(err->status) == TOOL_CORRUPT && cli_table_in(err->message).size > 0)
        (void)records_walk(cli, &walk);
}

/* ---- Printing ------------------------------------------------------------------------------ */

void record_out_key(const struct cli *cli, const struct record *record)
{
    char when[VARVE_TS_TEXT_MAX];

    if (record->key.size == 0) {
        if (cli->redact)
            out_redacted(record->engine_key.size);
        else
            out_hex(record->engine_key);
        return;
    }
    out_key(cli, record->key);
    out_format("/%s", varve_ts_format(record->ts, when));
}

void record_json_key(const struct cli *cli, struct json_line *line, const struct record *record)
{
    if (record->key.size != 0) {
        json_line_data(line, cli, "key", record->key);
        json_line_time(line, record->ts);
    } else if (cli->redact) {
        json_line_count(line, "engine_key_size", record->engine_key.size);
    } else {
        json_line_hex(line, "engine_key", record->engine_key);
    }
}
