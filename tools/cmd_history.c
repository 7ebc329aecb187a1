/* varve history: the versions of one key, newest first. */
#include "label_index.h"
#include "picture.h"
#include "times.h"
#include "values.h"

#include <stdio.h>

/* Versions in memory at a time, and their bytes; one value may be larger. */
enum { PAGE_VERSIONS = 1000, PAGE_BYTES = 1 << 20 };

struct history {
    const struct cli *cli;
    const struct store *store;
    varve_slice key;
    struct label_index labels;
};

static void print_json(const struct history *history, const varve_row *row,
                       const struct value *value, const char *commit)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_data(&line, history->cli, "key", row->key);
    json_line_time(&line, row->ts);
    if (commit != NULL)
        json_line_text(&line, "commit", commit);
    value_json_kind(&line, value);
    if (value->kind != VALUE_DELETED)
        json_line_count(&line, "size", value->data.size);
    json_line_end(&line);
}

static void print_header(const struct history *history)
{
    out_format("%-41s %-8s %-8s %12s%s\n", "TIME", "KIND", "TYPE", "SIZE",
               history->labels.count == 0 ? "" : "  COMMIT");
}

static void print_text(const struct history *history, const varve_row *row,
                       const struct value *value, const char *commit)
{
    bool deleted = value->kind == VALUE_DELETED;
    char when[TIME_TEXT_MAX];
    char size[24];

    snprintf(size, sizeof size, "%zu", value->data.size);
    out_format("%-41s %-8s %-8s %12s",
               varve_ts_is_zero(row->ts) ? "-" : time_format(row->ts, true, when),
               deleted                     ? "deleted"
               : varve_ts_is_zero(row->ts) ? "inline"
                                           : "value",
               deleted ? "-" : value_kind_name(value), deleted ? "-" : size);
    if (history->labels.count != 0)
        out_format("  %s", commit == NULL ? "-" : commit);
    out_text("\n");
}

static enum tool_exit print_version(const struct history *history, const varve_row *row)
{
    char id[LABEL_ID_MAX + 1];
    struct value value;
    enum tool_exit code = value_decode(history->cli, row->key, row->value, &value);

    if (code != TOOL_OK)
        return code;
    const char *commit = label_index_find(&history->labels, row->ts, id) ? id : NULL;
    if (history->cli->json)
        print_json(history, row, &value, commit);
    else
        print_text(history, row, &value, commit);
    return out_failed() ? TOOL_IO : TOOL_OK;
}

static enum tool_exit print_page(const struct history *history, const varve_rows *rows)
{
    enum tool_exit code = TOOL_OK;
    size_t position = 0;
    varve_row row;

    while (code == TOOL_OK && varve_rows_next(rows, &position, &row))
        code = print_version(history, &row);
    return code;
}

static void print_resume(const struct cli *cli, varve_ts ts)
{
    char text[VARVE_TS_TEXT_MAX];
    struct json_line line;

    varve_ts_format(ts, text);
    if (!cli->json) {
        cli_note(cli, "there are older versions; go on with --at %s", text);
        return;
    }
    json_line_begin(&line);
    json_line_text(&line, "resume_at", text);
    json_line_end(&line);
}

static enum tool_exit explain_absence(const struct history *history)
{
    char text[CLI_KEY_TEXT_MAX];
    const char *at = history->cli->at;

    cli_key_text(history->cli, history->key, text);
    return cli_fail(history->cli, TOOL_NO, "key %s has no versions%s%s", text,
                    at == NULL ? "; `varve scan --keys` lists those that have" : " at or before ",
                    at == NULL ? "" : at);
}

/* ---- The timeline -------------------------------------------------------------------------- */

/* So many versions are drawn at most, the newest; what --limit leaves out of the list, too. */
enum { DRAWN_MAX = 100000 };

/* A version as the timeline knows it. */
struct moment {
    varve_ts ts;
    bool deleted;
};

struct timeline {
    struct moment *moments;
    size_t count;
    bool more; /* older ones, that are not drawn */
};

static bool add_moments(struct timeline *timeline, const varve_rows *rows)
{
    struct moment *moments =
        realloc(timeline->moments, (timeline->count + rows->count + 1) * sizeof *moments);
    size_t position = 0;
    varve_row row;

    if (moments == NULL)
        return false;
    timeline->moments = moments;
    while (varve_rows_next(rows, &position, &row)) {
        const struct moment moment = {row.ts, row.value.size == 0};
        if (!varve_ts_is_zero(row.ts))
            moments[timeline->count++] = moment;
    }
    return true;
}

/* Read what is to be drawn; a failure is left to the listing, which meets it too. */
static void read_moments(const struct history *history, varve_ts ts, varve_rows *rows,
                         struct timeline *timeline)
{
    varve_read how = {.struct_size = sizeof how, .ts = ts, .target_bytes = PAGE_BYTES};
    int64_t left = DRAWN_MAX;

    for (timeline->more = true; left > 0 && timeline->more;) {
        int64_t count = left < PAGE_VERSIONS ? left : PAGE_VERSIONS;
        if (varve_mvcc_versions(history->store->reader, &how, history->key, count, rows, NULL) !=
                VARVE_OK ||
            !add_moments(timeline, rows))
            return;
        left -= (int64_t)rows->count;
        timeline->more = rows->more;
        how.ts = rows->resume_ts;
    }
}

/* Which of `columns` buckets a moment between the oldest and the newest falls into. */
static int bucket_of(const struct timeline *timeline, varve_ts ts, int columns)
{
    int64_t newest = timeline->moments[0].ts.wall;
    int64_t oldest = timeline->moments[timeline->count - 1].ts.wall;

    if (newest <= oldest)
        return columns - 1;
    return (int)((double)(ts.wall - oldest) / (double)(newest - oldest) * (columns - 1) + 0.5);
}

/* The line, and below it its two ends. */
static void draw_timeline(const struct timeline *timeline, int columns)
{
    struct picture_bucket *buckets = calloc((size_t)columns, sizeof *buckets);
    char oldest[TIME_TEXT_MAX];
    char newest[TIME_TEXT_MAX];

    if (buckets == NULL) {
        out_no_memory();
        return;
    }
    for (size_t i = 0; i < timeline->count; i++) {
        const struct moment *moment = &timeline->moments[i];
        struct picture_bucket *bucket = &buckets[bucket_of(timeline, moment->ts, columns)];
        bucket->values += !moment->deleted;
        bucket->deletions += moment->deleted;
    }
    picture_timeline(buckets, columns);
    time_format(timeline->moments[timeline->count - 1].ts, false, oldest);
    time_format(timeline->moments[0].ts, false, newest);
    int gap = columns - (int)strlen(oldest) - (int)strlen(newest);
    out_format("%s%*s%s\n%s\n", oldest, gap < 1 ? 1 : gap, "", newest,
               timeline->more ? "(older versions are not drawn)\n" : "");
    free(buckets);
}

/* On a terminal, and where there are several versions to be seen in their order. */
static void print_timeline(const struct history *history, varve_ts ts, varve_rows *rows)
{
    struct timeline timeline = {0};
    int columns = picture_columns(history->cli);

    if (columns == 0)
        return;
    read_moments(history, ts, rows, &timeline);
    if (timeline.count > 1)
        draw_timeline(&timeline, columns);
    free(timeline.moments);
}

/* ---- The list ------------------------------------------------------------------------------ */

/* Read and print pages until the versions or the limit are at an end. */
static enum tool_exit print_pages(const struct history *history, varve_ts ts, varve_rows *rows)
{
    varve_read how = {.struct_size = sizeof how,
                      .ts = ts,
                      .flags = VARVE_READ_CHECK_COLLECTED,
                      .target_bytes = PAGE_BYTES};
    varve_error err = VARVE_ERROR_INIT;
    char text[CLI_KEY_TEXT_MAX];
    int64_t left = history->cli->limit;

    for (bool first = true;; first = false) {
        int64_t count = left >= 0 && left < PAGE_VERSIONS ? left : PAGE_VERSIONS;
        if (varve_mvcc_versions(history->store->reader, &how, history->key, count, rows, &err) !=
            VARVE_OK)
            return cli_fail_reading(history->cli, &err, CLI_AROUND_KEY, "%s: key %s",
                                    history->store->path,
                                    cli_key_text(history->cli, history->key, text));
        if (first && rows->count == 0 && !rows->more)
            return explain_absence(history);
        if (first && !history->cli->json)
            print_header(history);
        enum tool_exit code = print_page(history, rows);
        if (code != TOOL_OK || !rows->more)
            return code;
        if (left >= 0)
            left -= (int64_t)rows->count;
        how.ts = rows->resume_ts;
        how.flags = 0; /* the first page has answered for all: what is older may be missing */
        if (left == 0) {
            print_resume(history->cli, how.ts);
            return TOOL_OK;
        }
    }
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    struct history history = {.cli = cli, .store = &store};
    struct bytes key = BYTES_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_ts ts;

    (void)settings;
    enum tool_exit code = cli_key(cli, "KEY", cli->arguments[1], &key);
    history.key = bytes_slice(&key);
    if (code == TOOL_OK)
        code = store_open_at(cli, &store, &ts);
    if (code == TOOL_OK)
        code = label_index_load(cli, &store, &history.labels);
    if (code == TOOL_OK) {
        print_timeline(&history, ts, &rows);
        code = print_pages(&history, ts, &rows);
    }
    varve_rows_release(&rows);
    label_index_release(&history.labels);
    store_close(&store);
    bytes_release(&key);
    return code;
}

const struct command cmd_history = {
    .name = "history",
    .alias = "log",
    .section = TOOL_SECTION_LOOK,
    .summary = "List the versions of a key, newest first",
    .details = "Each version with its time, its type (of a file its mode), its size in bytes, and "
               "the commit that made it, if it was imported. With --at, the versions from that "
               "time back. On a terminal a timeline comes first: the higher a mark, the more "
               "versions; x is a deletion.",
    .arguments = {"STORE", "KEY"},
    .options = CLI_AT | CLI_LIMIT | CLI_PLAIN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
