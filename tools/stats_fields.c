/* Statistics as the tool shows them. */
#include "stats_fields.h"

#include "table.h"

#include <inttypes.h>

/* In the order of the struct, whose layout is fixed. */
static const char *const names[STATS_FIELDS] = {
    "contains_estimates", "last_update_nanos", "intent_age", "gc_bytes_age", "live_bytes",
    "live_count",         "key_bytes",         "key_count",  "val_bytes",    "val_count",
    "intent_bytes",       "intent_count",      "sys_bytes",  "sys_count",
};

_Static_assert(sizeof(varve_stats) == STATS_FIELDS * sizeof(int64_t), "each field has a name");

const char *stats_field_name(size_t field)
{
    return names[field];
}

int64_t stats_field(const varve_stats *stats, size_t field)
{
    int64_t number;

    memcpy(&number, (const char *)stats + field * sizeof number, sizeof number);
    return number;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

const char *stats_account_name(enum stats_account result)
{
    static const char *const texts[] = {
        [STATS_NOT_COMPARED] = "not compared",
        [STATS_NOT_KEPT] = "not kept",
        [STATS_EQUAL] = "equal",
        [STATS_ESTIMATED] = "estimated",
        [STATS_DIFFERENT] = "different",
        [STATS_DAMAGED] = "damaged",
    };

    return texts[result];
}

static bool is_fault_of_account(varve_status status)
{
    return status == VARVE_VALUE_TYPE || status == VARVE_MERGE_CONFLICT ||
           status == VARVE_CORRUPT || status == VARVE_CHECKSUM || status == VARVE_INLINE_MIX;
}

static enum stats_account judge(const varve_stats *counted, const varve_stats *kept)
{
    if (memcmp(counted, kept, sizeof *kept) == 0)
        return STATS_EQUAL;
    return kept->contains_estimates > 0 ? STATS_ESTIMATED : STATS_DIFFERENT;
}

enum tool_exit stats_compare(const struct cli *cli, const char *path, varve_reader *reader,
                             const varve_stats *counted, struct stats_comparison *comparison)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_stats_account_get(
        reader, varve_slice_of(NULL, 0), counted->last_update_nanos, &comparison->kept, &err);

    comparison->counted = *counted;
    if (status == VARVE_OK) {
        comparison->result = judge(counted, &comparison->kept);
        return TOOL_OK;
    }
    if (status != VARVE_NOT_FOUND && !is_fault_of_account(status))
        return cli_fail_error(cli, &err, "%s: reading the statistics that it keeps", path);
    comparison->result = status == VARVE_NOT_FOUND ? STATS_NOT_KEPT : STATS_DAMAGED;
    memcpy(comparison->fault, err.message, sizeof comparison->fault);
    varve_error_release(&err);
    return TOOL_OK;
}

static bool has_kept(const struct stats_comparison *comparison)
{
    return comparison->result == STATS_EQUAL || comparison->result == STATS_ESTIMATED ||
           comparison->result == STATS_DIFFERENT;
}

/* What the account lacks, wrapping around as statistics do. */
static int64_t lacks(const struct stats_comparison *comparison, size_t field)
{
    return (int64_t)((uint64_t)stats_field(&comparison->counted, field) -
                     (uint64_t)stats_field(&comparison->kept, field));
}

/* ---- Text ---------------------------------------------------------------------------------- */

static void table_signed(struct libscols_line *line, size_t column, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    table_text(line, column, text);
}

void stats_out(const varve_stats *stats)
{
    static const struct table_column columns[] = {{"FIELD", false}, {"NUMBER", true}, {NULL, 0}};
    struct libscols_table *table = table_open(columns);

    for (size_t i = 0; i < STATS_FIELDS; i++) {
        struct libscols_line *line = table_line(table);
        table_text(line, 0, names[i]);
        table_signed(line, 1, stats_field(stats, i));
    }
    table_print(table);
}

static void out_fields(const struct stats_comparison *comparison, bool all)
{
    static const struct table_column columns[] = {
        {"FIELD", false}, {"COUNTED", true}, {"ACCOUNT", true}, {"DIFFERENCE", true}, {NULL, 0}};
    struct libscols_table *table = table_open(columns);

    for (size_t i = 0; i < STATS_FIELDS; i++) {
        if (!all && lacks(comparison, i) == 0)
            continue;
        struct libscols_line *line = table_line(table);
        table_text(line, 0, names[i]);
        table_signed(line, 1, stats_field(&comparison->counted, i));
        table_signed(line, 2, stats_field(&comparison->kept, i));
        table_signed(line, 3, lacks(comparison, i));
    }
    table_print(table);
}

void stats_out_comparison(const struct stats_comparison *comparison)
{
    if (has_kept(comparison))
        out_fields(comparison, true);
    else
        stats_out(&comparison->counted);
}

void stats_out_differences(const struct stats_comparison *comparison)
{
    if (has_kept(comparison) && comparison->result != STATS_EQUAL)
        out_fields(comparison, false);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

void stats_json(struct json_line *line, const char *name, const varve_stats *stats)
{
    json_t *object = json_object();

    for (size_t i = 0; i < STATS_FIELDS; i++)
        json_object_set_new(object, names[i], json_integer(stats_field(stats, i)));
    json_line_add(line, name, object);
}

void stats_json_comparison(struct json_line *line, const struct stats_comparison *comparison)
{
    json_line_text(line, "account", stats_account_name(comparison->result));
    if (!has_kept(comparison))
        return;
    json_t *difference = json_object();
    for (size_t i = 0; i < STATS_FIELDS; i++) {
        if (lacks(comparison, i) != 0)
            json_object_set_new(difference, names[i], json_integer(lacks(comparison, i)));
    }
    stats_json(line, "kept", &comparison->kept);
    json_line_add(line, "difference", difference);
}
