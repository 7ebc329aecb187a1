/*
 * Ids of transactions on the command line: their first digits, or all of them.
 */
#ifndef TOOLS_TXN_PREFIX_H
#define TOOLS_TXN_PREFIX_H

#include "store.h"

/* The first digits of an id. */
struct txn_prefix {
    unsigned char digits[2 * VARVE_TXN_ID_SIZE]; /* 0 to 15 each */
    size_t count;
};

/* How many digits have to be given where one transaction is meant. */
#define TXN_PREFIX_MIN 8

/* Read hexadecimal digits, with hyphens anywhere or none.  Returns false if `text` is not such. */
bool txn_prefix_read(const char *text, struct txn_prefix *prefix);

/* Whether the id begins with these digits. */
bool txn_prefix_matches(const struct txn_prefix *prefix, const unsigned char id[VARVE_TXN_ID_SIZE]);

/*
 * The id of the one transaction with intents in the span whose id begins so; of a whole id, that
 * one, without looking.  If there is none or several, prints that and returns TOOL_NO or
 * TOOL_USAGE.
 */
enum tool_exit txn_prefix_find(const struct cli *cli, const struct store *store, varve_span span,
                               const struct txn_prefix *prefix,
                               unsigned char id[VARVE_TXN_ID_SIZE]);

#endif
