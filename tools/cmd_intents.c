/* varve intents: the intents of a span, by age and by transaction. */
#include "records.h"
#include "span_options.h"
#include "times.h"
#include "txn_prefix.h"
#include "units.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <time.h>

struct settings {
    struct txn_prefix txn; /* without a digit it means all */
    int64_t older;         /* seconds */
    bool by_txn;
};

/* What intents add up to. */
struct sums {
    uint64_t count;
    uint64_t bytes;
    double oldest; /* seconds */
};

/* Those of one transaction. */
struct txn_sums {
    unsigned char id[VARVE_TXN_ID_SIZE];
    int32_t epoch; /* the latest seen */
    struct sums sums;
};

/* A listing that is under way. */
struct intents {
    const struct cli *cli;
    const struct settings *settings;
    varve_ts now;
    struct sums all;
    void *txns; /* a tree of struct txn_sums */
    bool ended; /* by a limit */
};

/* ---- Which ones ---------------------------------------------------------------------------- */

/* How long ago it was written; not less than nothing. */
static double age_of(const struct intents *intents, const struct record *record)
{
    int64_t wall = record->meta.ts.wall;

    return wall >= intents->now.wall ? 0 : (double)(intents->now.wall - wall) / 1e9;
}

static bool is_wanted(const struct intents *intents, const struct record *record)
{
    if (record->kind != RECORD_INTENT)
        return false;
    if (age_of(intents, record) < (double)intents->settings->older)
        return false;
    return txn_prefix_matches(&intents->settings->txn, record->meta.txn.id);
}

/* ---- Sums ---------------------------------------------------------------------------------- */

static void add(struct sums *sums, uint64_t bytes, double age)
{
    sums->count++;
    sums->bytes += bytes;
    sums->oldest = age > sums->oldest ? age : sums->oldest;
}

static int compare_ids(const void *a, const void *b)
{
    const struct txn_sums *left = a;
    const struct txn_sums *right = b;

    return memcmp(left->id, right->id, sizeof left->id);
}

/* The sums of a transaction, new ones at first; NULL if memory runs out. */
static struct txn_sums *sums_of(struct intents *intents, const varve_txn_meta *txn)
{
    struct txn_sums wanted;
    memcpy(wanted.id, txn->id, sizeof wanted.id);
    struct txn_sums **found = tfind(&wanted, &intents->txns, compare_ids);

    if (found != NULL)
        return *found;
    struct txn_sums *sums = calloc(1, sizeof *sums);
    if (sums == NULL)
        return NULL;
    memcpy(sums->id, txn->id, sizeof sums->id);
    if (tsearch(sums, &intents->txns, compare_ids) == NULL) {
        free(sums);
        return NULL;
    }
    return sums;
}

static enum tool_exit add_to_txn(struct intents *intents, const struct record *record,
                                 uint64_t bytes, double age)
{
    struct txn_sums *sums = sums_of(intents, &record->meta.txn);

    if (sums == NULL)
        return cli_fail(intents->cli, TOOL_IO,
                        "out of memory for so many transactions; take a smaller span by --start "
                        "and --end");
    if (record->meta.txn.epoch > sums->epoch)
        sums->epoch = record->meta.txn.epoch;
    add(&sums->sums, bytes, age);
    return TOOL_OK;
}

/* ---- Printing ------------------------------------------------------------------------------ */

static void json_sums(struct json_line *line, const struct sums *sums)
{
    json_line_count(line, "intents", sums->count);
    json_line_count(line, "bytes", sums->bytes);
    json_line_number(line, "oldest_seconds", sums->oldest);
}

static void print_json(const struct intents *intents, const struct record *record, double age)
{
    const varve_txn_meta *txn = &record->meta.txn;
    char id[VARVE_TXN_ID_TEXT_MAX];
    struct json_line line;

    json_line_begin(&line);
    json_line_data(&line, intents->cli, "key", record->key);
    json_line_time(&line, record->meta.ts);
    json_line_text(&line, "txn", varve_txn_id_format(txn->id, id));
    json_line_add(&line, "epoch", json_integer(txn->epoch));
    json_line_add(&line, "sequence", json_integer(txn->sequence));
    json_line_number(&line, "age_seconds", age);
    json_line_count(&line, "size", (uint64_t)record->meta.value_size);
    if (record->meta.deleted)
        json_line_true(&line, "deleted");
    json_line_end(&line);
}

static void print_text(const struct intents *intents, const struct record *record, double age)
{
    const varve_txn_meta *txn = &record->meta.txn;
    char id[VARVE_TXN_ID_TEXT_MAX];
    char when[TIME_TEXT_MAX];
    char old[DURATION_TEXT_MAX];

    out_key(intents->cli, record->key);
    out_format("\t%s\t%s\tepoch %" PRId32 "\tsequence %" PRId32 "\t%s old\t%" PRId64 " bytes%s\n",
               time_format(record->meta.ts, true, when), varve_txn_id_format(txn->id, id),
               txn->epoch, txn->sequence, duration_format(age, old), record->meta.value_size,
               record->meta.deleted ? ", a deletion" : "");
}

static void print_txn(const void *node, VISIT visit, void *arg)
{
    const struct intents *intents = arg;
    const struct txn_sums *sums = *(const struct txn_sums *const *)node;
    char id[VARVE_TXN_ID_TEXT_MAX];
    char old[DURATION_TEXT_MAX];
    struct json_line line;

    if (visit != postorder && visit != leaf)
        return;
    varve_txn_id_format(sums->id, id);
    if (intents->cli->json) {
        json_line_begin(&line);
        json_line_text(&line, "txn", id);
        json_line_add(&line, "epoch", json_integer(sums->epoch));
        json_sums(&line, &sums->sums);
        json_line_end(&line);
        return;
    }
    out_format("%s\tepoch %" PRId32 "\t%" PRIu64 " intents\t%" PRIu64 " bytes\toldest %s\n", id,
               sums->epoch, sums->sums.count, sums->sums.bytes,
               duration_format(sums->sums.oldest, old));
}

static void print_sums(const struct intents *intents)
{
    char old[DURATION_TEXT_MAX];
    struct json_line line;

    if (intents->cli->json) {
        json_line_begin(&line);
        json_sums(&line, &intents->all);
        json_line_end(&line);
        return;
    }
    cli_note(intents->cli, "%" PRIu64 " intents, %" PRIu64 " bytes of values%s%s",
             intents->all.count, intents->all.bytes,
             intents->all.count == 0 ? "" : ", the oldest of them ",
             intents->all.count == 0 ? "" : duration_format(intents->all.oldest, old));
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    struct intents *intents = arg;

    if (!is_wanted(intents, record))
        return TOOL_OK;
    if ((int64_t)intents->all.count == intents->cli->limit) {
        intents->ended = true;
        walk->stop = true;
        return TOOL_OK;
    }
    double age = age_of(intents, record);
    uint64_t bytes = (uint64_t)record->meta.value_size;
    add(&intents->all, bytes, age);
    if (intents->settings->by_txn)
        return add_to_txn(intents, record, bytes, age);
    if (intents->cli->json)
        print_json(intents, record, age);
    else
        print_text(intents, record, age);
    return TOOL_OK;
}

static enum tool_exit list(struct intents *intents, const struct store *store, varve_span span)
{
    struct records walk = {.store = store,
                           .span = span,
                           .each = take_record,
                           .arg = intents,
                           .resume = intents->cli->resume,
                           .is_silent = intents->settings->by_txn};
    enum tool_exit code = records_walk(intents->cli, &walk);

    if (code != TOOL_OK)
        return code;
    twalk_r(intents->txns, print_txn, intents);
    /* Of a part of them the sums would be taken for those of all. */
    if (!intents->ended)
        print_sums(intents);
    return walk.damage;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    struct intents intents = {.cli = cli, .settings = arg};
    enum tool_exit code = span_options_read_bounds(cli, &range);

    /* What a page has of a transaction would be taken for all that it has. */
    if (code == TOOL_OK && intents.settings->by_txn && (cli->limit >= 0 || cli->resume != NULL))
        code = cli_fail(cli, TOOL_USAGE,
                        "--by-txn adds up all intents of the range, and so goes with neither "
                        "--limit nor --resume; --start and --end make the range smaller");
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = time_of_ages(cli, store.reader, &intents.now);
    if (code == TOOL_OK)
        code = list(&intents, &store, range.span);
    tdestroy(intents.txns, free);
    store_close(&store);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_TXN = 0x200, KEY_OLDER, KEY_BY_TXN };

static const struct argp_option options[] = {
    {"txn", KEY_TXN, "ID", 0, "Only of transactions whose id begins so", 0},
    {"older-than", KEY_OLDER, "TIME", 0, "Only those that are so old: 90s, 15m, 24h, 7d", 0},
    {"by-txn", KEY_BY_TXN, NULL, 0, "Add up those of each transaction, and list these", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case KEY_TXN:
        if (!txn_prefix_read(text, &settings->txn))
            return cli_usage(state, "--txn '%s' is no beginning of an id", text);
        return 0;
    case KEY_OLDER:
        if (!duration_parse(text, &settings->older))
            return cli_usage(state, "--older-than '%s' is no time such as 90s, 15m, 24h or 7d",
                             text);
        return 0;
    case KEY_BY_TXN:
        settings->by_txn = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_intents = {
    .name = "intents",
    .section = TOOL_SECTION_LOOK,
    .summary = "List the intents of transactions, by age, by transaction, in a range",
    .details = "Each line has a key, when its intent was written, the transaction, its epoch and "
               "sequence number, how old the intent is, and the size of its value, separated by "
               "tabs. How many they are in all is said on standard error. With --at, ages are "
               "those of that time.",
    .arguments = {"STORE"},
    .options = CLI_AT | CLI_SPAN | CLI_LIMIT | CLI_RESUME | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
