/* Holding records against records. */
#include "verify_records.h"

#include "gap.h"
#include "output.h"
#include "progress.h"
#include "records.h"
#include "sound_records.h"

#include <inttypes.h>

enum { DIFFERENCES_SHOWN = 10 };

/* Where records come from, in their order: an iterator, or an export. */
struct source {
    const char *name;          /* for messages */
    const struct store *store; /* that the iterator is over; NULL: a table, or an export */
    varve_iter *it;            /* NULL: the export */
    struct sound_records *file;
    bool valid;
    varve_slice key; /* the engine key of the record at hand */
    varve_slice value;
    struct bytes before; /* that of the record before it, or the start */
    bool behind_gap; /* something in front of the record at hand, or of the end, is unreadable */
    enum tool_exit damage;
};

struct comparison {
    const struct cli *cli;
    struct source ours;
    struct source theirs;
    struct progress progress;
    uint64_t records;
    uint64_t differences;
    uint64_t not_compared; /* of one side, where the other cannot be read */
};

/* ---- Sources ------------------------------------------------------------------------------- */

static enum tool_exit no_memory(const struct cli *cli)
{
    return cli_fail(cli, TOOL_IO, "out of memory");
}

/* The iterator has failed: go on behind what it cannot read. */
static enum tool_exit cross_gap(const struct cli *cli, struct source *source, varve_error *err)
{
    if (source->store != NULL &&
        gap_cross(cli, source->store, source->it, bytes_slice(&source->before), "compared", err,
                  &source->damage)) {
        source->behind_gap = true;
        return TOOL_OK;
    }
    return cli_fail_reading(cli, err,
                            "; `varve keys`, `varve check` and `varve sst check` tell what can be "
                            "read",
                            "%s", source->name);
}

/* Show the record that the iterator stands on. */
static enum tool_exit show(const struct cli *cli, struct source *source)
{
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;

    source->behind_gap = false;
    while (code == TOOL_OK && !source->it->valid && varve_iter_status(source->it, &err) != VARVE_OK)
        code = cross_gap(cli, source, &err);
    source->valid = code == TOOL_OK && source->it->valid;
    if (source->valid) {
        source->key = source->it->key;
        source->value = varve_iter_value(source->it);
    }
    return code;
}

static enum tool_exit advance(const struct cli *cli, struct source *source)
{
    if (source->it != NULL) {
        /* From there one goes on if the next record cannot be read. */
        if (!bytes_copy(&source->before, source->it->key))
            return no_memory(cli);
        varve_iter_next(source->it);
        return show(cli, source);
    }
    enum tool_exit code = sound_records_next(source->file);
    const struct sound_record *record = &source->file->at;
    source->valid = code == TOOL_OK && record->valid;
    source->key = bytes_slice(&record->key);
    source->value = bytes_slice(&record->value);
    source->behind_gap = record->behind_gap;
    source->damage = source->file->damage;
    return code;
}

static enum tool_exit open_iterator(const struct cli *cli, varve_reader *reader, varve_span span,
                                    struct source *source)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;
    varve_status status = varve_span_encode(span, &lower, &upper, &err);

    if (status == VARVE_OK) {
        const varve_iter_options options = {.struct_size = sizeof options,
                                            .lower = varve_buf_slice(&lower),
                                            .upper = varve_buf_slice(&upper),
                                            .bypass_cache = true};
        status = varve_iter_open(reader, &options, &source->it, &err);
    }
    if (status != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", source->name);
    else if (!bytes_copy(&source->before, varve_buf_slice(&lower)))
        code = no_memory(cli);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    if (code != TOOL_OK)
        return code;
    varve_iter_seek_ge(source->it, varve_slice_of("", 0));
    return show(cli, source);
}

static void close_source(struct source *source)
{
    varve_iter_close(source->it);
    bytes_release(&source->before);
}

/* ---- Comparing ----------------------------------------------------------------------------- */

static void print_difference(struct comparison *comparison, varve_slice engine_key,
                             const char *what)
{
    char text[CLI_KEY_TEXT_MAX];
    char when[VARVE_TS_TEXT_MAX];
    varve_buf key = VARVE_BUF_INIT;
    varve_ts ts;
    struct json_line line;

    if (comparison->differences++ >= DIFFERENCES_SHOWN)
        return;
    progress_wipe();
    bool decoded = varve_key_decode(engine_key, &key, &ts, NULL) == VARVE_OK;
    varve_slice shown = decoded ? varve_buf_slice(&key) : engine_key;
    if (comparison->cli->json) {
        json_line_begin(&line);
        json_line_text(&line, "difference", what);
        json_line_data(&line, comparison->cli, decoded ? "key" : "engine_key", shown);
        if (decoded)
            json_line_time(&line, ts);
        json_line_end(&line);
    } else {
        out_format("%s\t%s%s%s\n", what, cli_key_text(comparison->cli, shown, text),
                   decoded ? "/" : "", decoded ? varve_ts_format(ts, when) : "");
    }
    varve_buf_release(&key);
}

/* A record of one side only; behind a gap of the other it may have it all the same. */
static void tell_lonely(struct comparison *comparison, varve_slice key, const struct source *other,
                        const char *what)
{
    if (other->behind_gap)
        comparison->not_compared++;
    else
        print_difference(comparison, key, what);
}

static enum tool_exit compare_next(struct comparison *comparison)
{
    const struct cli *cli = comparison->cli;
    struct source *ours = &comparison->ours;
    struct source *theirs = &comparison->theirs;
    enum tool_exit code = TOOL_OK;
    int order = !theirs->valid ? -1
                : !ours->valid ? 1
                               : varve_slice_compare(ours->key, theirs->key);

    comparison->records++;
    if (order < 0)
        tell_lonely(comparison, ours->key, theirs, "only in the store");
    else if (order > 0)
        tell_lonely(comparison, theirs->key, ours, "missing in the store");
    else if (!varve_slice_equal(ours->value, theirs->value))
        print_difference(comparison, ours->key, "different");
    if (order <= 0)
        code = advance(cli, ours);
    if (code == TOOL_OK && order >= 0)
        code = advance(cli, theirs);
    return code;
}

static void print_sums(const struct comparison *comparison)
{
    struct json_line line;

    if (comparison->cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "records", comparison->records);
        json_line_count(&line, "differences", comparison->differences);
        if (comparison->not_compared > 0)
            json_line_count(&line, "not_compared", comparison->not_compared);
        json_line_end(&line);
        return;
    }
    if (comparison->differences > DIFFERENCES_SHOWN)
        out_format("and %" PRIu64 " more\n", comparison->differences - DIFFERENCES_SHOWN);
    out_format("%" PRIu64 " records, ", comparison->records);
    if (comparison->differences == 0)
        out_text("no difference");
    else
        out_format("%" PRIu64 " differences", comparison->differences);
    if (comparison->not_compared > 0)
        out_format("; %" PRIu64 " of them could not be compared", comparison->not_compared);
    out_text("\n");
}

/* About how many records there are to be looked at: those of the store. */
static uint64_t expected_records(const struct source *ours)
{
    return records_expected(ours->store, bytes_slice(&ours->before), varve_slice_of("", 0));
}

/* What cannot be read outweighs what differs. */
static enum tool_exit code_of(const struct comparison *comparison)
{
    if (comparison->ours.damage != TOOL_OK)
        return comparison->ours.damage;
    if (comparison->theirs.damage != TOOL_OK)
        return comparison->theirs.damage;
    return comparison->differences == 0 ? TOOL_OK : TOOL_NO;
}

/* Of two sources that stand on their first records. */
static enum tool_exit compare(struct comparison *comparison)
{
    enum tool_exit code = TOOL_OK;

    progress_start(&comparison->progress, "records", 0, true);
    if (comparison->progress.shown)
        progress_expect(&comparison->progress, expected_records(&comparison->ours));
    progress_update(&comparison->progress, 0, 0);
    while (code == TOOL_OK && (comparison->ours.valid || comparison->theirs.valid)) {
        code = compare_next(comparison);
        progress_update(&comparison->progress, comparison->records, 0);
    }
    progress_end(&comparison->progress);
    if (code != TOOL_OK)
        return code;
    print_sums(comparison);
    return code_of(comparison);
}

/* ---- What is compared ---------------------------------------------------------------------- */

/* Open the store of the command as one side. */
static enum tool_exit open_ours(const struct cli *cli, varve_span span, struct store *store,
                                struct comparison *comparison)
{
    enum tool_exit code = store_open(cli, cli->arguments[1], store);

    comparison->ours.name = cli->arguments[1];
    comparison->ours.store = store;
    if (code == TOOL_OK)
        code = open_iterator(cli, store->reader, span, &comparison->ours);
    return code;
}

enum tool_exit verify_records(const struct cli *cli)
{
    struct sound_records file = {.cli = cli, .name = cli->arguments[2]};
    struct store store = STORE_INIT;
    struct comparison comparison = {.cli = cli,
                                    .theirs = {.name = cli->arguments[2], .file = &file}};
    enum tool_exit code = sound_records_open(&file);

    const varve_span span = {bytes_slice(&file.reader.start), bytes_slice(&file.reader.end)};
    if (code == TOOL_OK)
        code = open_ours(cli, span, &store, &comparison);
    if (code == TOOL_OK)
        code = advance(cli, &comparison.theirs);
    if (code == TOOL_OK)
        code = compare(&comparison);
    sound_records_end(&file);
    close_source(&comparison.ours);
    store_close(&store);
    sound_records_close(&file);
    return code;
}

/* All keys of applications: a table does not say of which range it is. */
static varve_span app_span(void)
{
    const varve_span span = {varve_key_app_min(), varve_key_max()};

    return span;
}

/* Compare with what `reader` shows, which may be that of another store. */
static enum tool_exit compare_with(const struct cli *cli, varve_reader *reader,
                                   const struct store *other, varve_span span)
{
    struct store store = STORE_INIT;
    struct comparison comparison = {.cli = cli,
                                    .theirs = {.name = cli->arguments[2], .store = other}};
    enum tool_exit code = open_ours(cli, span, &store, &comparison);

    if (code == TOOL_OK)
        code = open_iterator(cli, reader, span, &comparison.theirs);
    if (code == TOOL_OK)
        code = compare(&comparison);
    close_source(&comparison.ours);
    close_source(&comparison.theirs);
    store_close(&store);
    return code;
}

enum tool_exit verify_table(const struct cli *cli)
{
    varve_sst_reader *table = NULL;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code;
    varve_status status = varve_sst_reader_open(NULL, &table, &err);

    if (status == VARVE_OK)
        status = varve_sst_reader_add(table, cli->arguments[2], &err);
    if (status == VARVE_OK)
        code = compare_with(cli, varve_sst_reader_reader(table), NULL, app_span());
    else
        code = cli_fail_error(cli, &err, "%s", cli->arguments[2]);
    if (varve_sst_reader_close(table, &err) != VARVE_OK && code == TOOL_OK)
        code = cli_fail_error(cli, &err, "%s", cli->arguments[2]);
    varve_error_release(&err);
    return code;
}

enum tool_exit verify_checkpoint(const struct cli *cli)
{
    const varve_span all = {{NULL, 0}, varve_key_max()};
    struct store copy = STORE_INIT;
    enum tool_exit code = store_open(cli, cli->arguments[2], &copy);

    if (code == TOOL_OK)
        code = compare_with(cli, copy.reader, &copy, all);
    store_close(&copy);
    return code;
}
