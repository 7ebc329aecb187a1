/* Ids of transactions on the command line. */
#include "txn_prefix.h"

#include "records.h"

/* The value of a hexadecimal digit; -1 if it is none. */
static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    if (found == NULL)
        return -1;
    int digit = (int)(found - digits);
    return digit < 16 ? digit : digit - 6;
}

bool txn_prefix_read(const char *text, struct txn_prefix *prefix)
{
    prefix->count = 0;
    for (; *text != '\0'; text++) {
        int digit = digit_of(*text);
        if (*text == '-')
            continue;
        if (digit < 0 || prefix->count == sizeof prefix->digits)
            return false;
        prefix->digits[prefix->count++] = (unsigned char)digit;
    }
    return true;
}

bool txn_prefix_matches(const struct txn_prefix *prefix, const unsigned char id[VARVE_TXN_ID_SIZE])
{
    for (size_t i = 0; i < prefix->count; i++) {
        unsigned digit = i % 2 == 0 ? id[i / 2] >> 4 : id[i / 2] & 15U;
        if (prefix->digits[i] != digit)
            return false;
    }
    return true;
}

/* ---- Looking for it ------------------------------------------------------------------------ */

/* A search for the transactions that may be meant. */
struct search {
    const struct cli *cli;
    const struct txn_prefix *prefix;
    unsigned char *id; /* of the first that has been found */
    bool found;
};

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    struct search *search = arg;
    const unsigned char *id = record->meta.txn.id;
    char one[VARVE_TXN_ID_TEXT_MAX];
    char other[VARVE_TXN_ID_TEXT_MAX];

    (void)walk;
    if (record->kind != RECORD_INTENT || !txn_prefix_matches(search->prefix, id))
        return TOOL_OK;
    if (search->found && memcmp(search->id, id, VARVE_TXN_ID_SIZE) != 0)
        return cli_fail(search->cli, TOOL_USAGE,
                        "--txn may mean %s or %s; give more digits, `varve intents --by-txn` lists "
                        "them",
                        varve_txn_id_format(search->id, one), varve_txn_id_format(id, other));
    memcpy(search->id, id, VARVE_TXN_ID_SIZE);
    search->found = true;
    return TOOL_OK;
}

/* What cannot be read may hide another one that begins so: then the prefix is not enough. */
static enum tool_exit search_in(const struct cli *cli, const struct store *store, varve_span span,
                                struct search *search)
{
    struct records walk = {
        .store = store, .span = span, .each = take_record, .arg = search, .is_silent = true};
    enum tool_exit code = records_walk(cli, &walk);

    if (code == TOOL_OK && walk.damage != TOOL_OK)
        return cli_fail(cli, walk.damage,
                        "--txn: what is unreadable may hide other transactions that begin so; give "
                        "the whole id");
    if (code == TOOL_OK && !search->found)
        return cli_fail(cli, TOOL_NO,
                        "--txn: no transaction that begins so has intents there; `varve intents "
                        "--by-txn` lists those that have");
    return code;
}

static void take_whole(const struct txn_prefix *prefix, unsigned char id[VARVE_TXN_ID_SIZE])
{
    for (size_t i = 0; i < VARVE_TXN_ID_SIZE; i++)
        id[i] = (unsigned char)(prefix->digits[2 * i] << 4 | prefix->digits[2 * i + 1]);
}

enum tool_exit txn_prefix_find(const struct cli *cli, const struct store *store, varve_span span,
                               const struct txn_prefix *prefix, unsigned char id[VARVE_TXN_ID_SIZE])
{
    struct search search = {.cli = cli, .prefix = prefix, .id = id};

    if (prefix->count == sizeof prefix->digits) {
        take_whole(prefix, id);
        return TOOL_OK;
    }
    return search_in(cli, store, span, &search);
}
