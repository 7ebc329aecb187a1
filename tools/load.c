/* What keys weigh. */
#include "load.h"

static bool is_garbage(struct load *load, const struct record *record)
{
    bool covered = load->covered;

    if (record->kind != RECORD_VALUE && record->kind != RECORD_DELETED)
        return false;
    load->covered = true;
    return covered || record->kind == RECORD_DELETED;
}

void load_add(struct load *load, const struct record *record)
{
    uint64_t bytes = record->engine_key.size + record->value.size;

    if (record->new_key)
        load->covered = false;
    load->versions += !varve_ts_is_zero(record->ts);
    load->bytes += bytes;
    load->garbage += is_garbage(load, record) ? bytes : 0;
}

void load_add_load(struct load *load, const struct load *other)
{
    load->versions += other->versions;
    load->bytes += other->bytes;
    load->garbage += other->garbage;
}

void load_json(struct json_line *line, const struct load *load)
{
    json_line_count(line, "versions", load->versions);
    json_line_count(line, "bytes", load->bytes);
    json_line_count(line, "garbage_bytes", load->garbage);
}

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    (void)walk;
    load_add(arg, record);
    return TOOL_OK;
}

enum tool_exit load_of_span(const struct cli *cli, const struct store *store, varve_span span,
                            struct load *load, enum tool_exit *damage)
{
    struct records walk = {
        .store = store, .span = span, .each = take_record, .arg = load, .is_silent = true};

    *load = (struct load){0};
    enum tool_exit code = records_walk(cli, &walk);
    *damage = walk.damage;
    return code;
}
