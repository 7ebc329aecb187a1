/*
 * Statistics as the tool shows them: field by field, alone or an account's beside those counted.
 */
#ifndef TOOLS_STATS_FIELDS_H
#define TOOLS_STATS_FIELDS_H

#include "output.h"

#define STATS_FIELDS 14

/* The name of the field, and its number. */
const char *stats_field_name(size_t field);
int64_t stats_field(const varve_stats *stats, size_t field);

/* What an account is to the statistics counted. */
enum stats_account {
    STATS_NOT_COMPARED,
    STATS_NOT_KEPT,
    STATS_EQUAL,
    STATS_ESTIMATED, /* it differs, and says that it has estimates in it */
    STATS_DIFFERENT,
    STATS_DAMAGED, /* it cannot be read */
};

/* What has been found out about the account of the whole store. */
struct stats_comparison {
    enum stats_account result;
    varve_stats counted;
    varve_stats kept;                    /* of EQUAL, ESTIMATED and DIFFERENT */
    char fault[VARVE_ERROR_MESSAGE_MAX]; /* of DAMAGED */
};

/* "equal" and so on. */
const char *stats_account_name(enum stats_account result);

/*
 * Read the account of the store with the empty name, and compare it with what has been counted from
 * the same snapshot.  Prints failures that are not those of the account.
 */
enum tool_exit stats_compare(const struct cli *cli, const char *path, varve_reader *reader,
                             const varve_stats *counted, struct stats_comparison *comparison);

/* Print a line for each field. */
void stats_out(const varve_stats *stats);

/* Print a line for each field: what has been counted, the account, and what that lacks. */
void stats_out_comparison(const struct stats_comparison *comparison);

/* Print only the fields that differ, a line each. */
void stats_out_differences(const struct stats_comparison *comparison);

/* Add an object of all fields. */
void stats_json(struct json_line *line, const char *name, const varve_stats *stats);

/*
 * Add `account`, and where there is one that has been read, `kept` and `difference`: what it lacks,
 * only the fields that differ.
 */
void stats_json_comparison(struct json_line *line, const struct stats_comparison *comparison);

#endif
