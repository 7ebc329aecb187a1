#include "engine/rocksdb/expert.h"

#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

#define TABLES "block_based_table_factory"
/* What RocksDB passes over, too, before and after a name. */
#define BLANKS " \t\n\v\f\r"

#define NAME_CHARACTERS                                                                            \
    "abcdefghijklmnopqrstuvwxyz"                                                                   \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                                   \
    "0123456789_"

/* An option that is refused, and why. */
struct refused {
    const char *name;
    const char *why;
};

#define VARVE_SETS_IT "varve sets it"
#define ONE_DIRECTORY "a store lies in one directory"
#define BREAKS_COMMITS "it would break what commits and snapshots promise"
#define NO_EFFECT "it has no effect"
#define NO_OBJECTS "RocksDB takes any name for it, without effect"

static const struct refused of_store[] = {
    {"write_buffer_size", "set varve_options.write_buffer_bytes"},
    {"max_open_files", "set varve_options.max_open_files"},
    {"compression", "set varve_options.compression"},
    {"compression_per_level", "set varve_options.compression"},
    {"bottommost_compression", "set varve_options.bottom_compression"},
    {"memtable_prefix_bloom_size_ratio", "set varve_options.bloom_bits"},
    {"wal_recovery_mode", "set varve_options.salvage"},
    {"WAL_ttl_seconds", "set varve_options.wal_keep_seconds"},
    {"wal_ttl_seconds", "set varve_options.wal_keep_seconds"},
    {"WAL_size_limit_MB", "set varve_options.wal_keep_bytes"},
    {"wal_size_limit_mb", "set varve_options.wal_keep_bytes"},
    {"create_if_missing", VARVE_SETS_IT},
    {"create_missing_column_families", VARVE_SETS_IT},
    {"error_if_exists", VARVE_SETS_IT},
    {"env", VARVE_SETS_IT},
    {"comparator", VARVE_SETS_IT},
    {"merge_operator", VARVE_SETS_IT},
    {"prefix_extractor", VARVE_SETS_IT},
    {"num_levels", VARVE_SETS_IT},
    {"level_compaction_dynamic_level_bytes", VARVE_SETS_IT},
    {"compaction_style", VARVE_SETS_IT},
    {"info_log_level", VARVE_SETS_IT},
    {"keep_log_file_num", VARVE_SETS_IT},
    {"stats_dump_period_sec", VARVE_SETS_IT},
    {"stats_persist_period_sec", VARVE_SETS_IT},
    {"persist_stats_to_disk", VARVE_SETS_IT},
    {"statistics", VARVE_SETS_IT},
    {"wal_dir", ONE_DIRECTORY},
    {"db_log_dir", ONE_DIRECTORY},
    {"manual_wal_flush", BREAKS_COMMITS},
    {"unordered_write", BREAKS_COMMITS},
    {"two_write_queues", BREAKS_COMMITS},
    {"allow_2pc", BREAKS_COMMITS},
    {"inplace_update_support", BREAKS_COMMITS},
    {"best_efforts_recovery", BREAKS_COMMITS},
    {"paranoid_checks", "damage would go unnoticed"},
    {"recycle_log_file_num", "the end of a log could not be told from its past"},
    {"track_and_verify_wals_in_manifest", "RocksDB 7.8 finds damage where there is none with it"},
    {"allow_ingest_behind", "varve never ingests behind"},
    {"memtable_factory", NO_OBJECTS},
    {"memtable", NO_OBJECTS},
    {"table_factory", NO_OBJECTS},
    {"plain_table_factory", NO_OBJECTS},
    {"compaction_filter", NO_OBJECTS},
    {"compaction_filter_factory", NO_OBJECTS},
    {"sst_partitioner_factory", NO_OBJECTS},
    {"memtable_insert_with_hint_prefix_extractor", NO_OBJECTS},
    {"listeners", NO_OBJECTS},
    {"rate_limiter", NO_OBJECTS},
    {"wal_filter", NO_OBJECTS},
    {"blob_cache", NO_OBJECTS},
    {"compaction_options_fifo", NO_EFFECT},
    {"compaction_options_universal", NO_EFFECT},
    {"inplace_update_num_locks", NO_EFFECT},
    {"base_background_compactions", NO_EFFECT},
    {"skip_log_error_on_recovery", NO_EFFECT},
    {"disableDataSync", NO_EFFECT},
    {"disable_data_sync", NO_EFFECT},
    {"max_mem_compaction_level", NO_EFFECT},
    {"soft_rate_limit", NO_EFFECT},
    {"hard_rate_limit", NO_EFFECT},
    {"rate_limit_delay_max_milliseconds", NO_EFFECT},
    {"max_grandparent_overlap_factor", NO_EFFECT},
    {"expanded_compaction_factor", NO_EFFECT},
    {"source_compaction_factor", NO_EFFECT},
    {"verify_checksums_in_compaction", NO_EFFECT},
    {"filter_deletes", NO_EFFECT},
    {"purge_redundant_kvs_while_flush", NO_EFFECT},
    {"new_table_reader_for_compaction_inputs", NO_EFFECT},
    {"allow_os_buffer", NO_EFFECT},
    {"preserve_deletes", NO_EFFECT},
};

static const struct refused of_tables[] = {
    {"block_size", "set varve_options.block_bytes"},
    {"block_cache", "set varve_options.cache"},
    {"no_block_cache", "set varve_options.cache_bytes"},
    {"filter_policy", "set varve_options.bloom_bits"},
    {"whole_key_filtering", VARVE_SETS_IT},
    {"format_version", VARVE_SETS_IT},
    {"block_cache_compressed", NO_OBJECTS},
    {"persistent_cache", NO_OBJECTS},
    {"flush_block_policy_factory", NO_OBJECTS},
    {"hash_index_allow_collision", NO_EFFECT},
};

static const char *why_refused(const struct refused *list, size_t count, varve_slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (varve_slice_equal(varve_slice_text(list[i].name), name))
            return list[i].why;
    }
    return NULL;
}

/* ---- Text ----------------------------------------------------------------------------------- */

struct pair {
    varve_slice name;
    varve_slice value; /* without the braces around it, if it has any */
    bool braced;
    bool mismatched; /* there are braces other than one pair around it all */
};

static varve_slice trimmed(varve_slice text)
{
    while (text.size > 0 && memchr(BLANKS, text.data[0], sizeof BLANKS - 1) != NULL)
        text = varve_slice_of(text.data + 1, text.size - 1);
    while (text.size > 0 && memchr(BLANKS, text.data[text.size - 1], sizeof BLANKS - 1) != NULL)
        text.size--;
    return text;
}

/* How much of `text` there is up to its next `;`, not counting those within braces. */
static size_t size_of_pair(varve_slice text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ';' && depth == 0)
            return i;
        if (text.data[i] == '{')
            depth++;
        else if (text.data[i] == '}' && depth > 0)
            depth--;
    }
    return text.size;
}

/* The size of what a `{` at the front of `text` begins, with its `}`; 0 if there is no such end. */
static size_t size_in_braces(varve_slice text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '{')
            depth++;
        else if (text.data[i] == '}')
            depth--;
        if (depth == 0)
            return text.data[0] == '{' ? i + 1 : 0;
    }
    return 0;
}

/*
 * Only a value that is whole ends for RocksDB where it ends here: of `1{;x=2}` it would make two
 * options.
 */
static void take_braces_off(struct pair *pair)
{
    varve_slice value = pair->value;
    bool has_any = false;
    for (size_t i = 0; i < value.size; i++)
        has_any = has_any || value.data[i] == '{' || value.data[i] == '}';
    pair->braced = has_any && size_in_braces(value) == value.size;
    pair->mismatched = has_any && !pair->braced;
    if (pair->braced)
        pair->value = varve_slice_of(value.data + 1, value.size - 2);
}

/* Take the first pair off `text`; false at its end.  Without `=` the value's data is NULL. */
static bool next_pair(varve_slice *text, struct pair *pair)
{
    varve_slice whole = {NULL, 0};
    while (whole.size == 0) {
        if (text->size == 0)
            return false;
        size_t size = size_of_pair(*text);
        whole = trimmed(varve_slice_of(text->data, size));
        size_t skip = size < text->size ? size + 1 : size;
        *text = varve_slice_of(text->data + skip, text->size - skip);
    }
    const unsigned char *equals = memchr(whole.data, '=', whole.size);
    *pair = (struct pair){.name = whole};
    if (equals == NULL)
        return true;
    size_t before = (size_t)(equals - whole.data);
    pair->name = trimmed(varve_slice_of(whole.data, before));
    pair->value = trimmed(varve_slice_of(equals + 1, whole.size - before - 1));
    take_braces_off(pair);
    return true;
}

/* ---- Applying ------------------------------------------------------------------------------- */

static varve_status fail(varve_error *err, varve_slice name, const char *why)
{
    return varve__fail(err, VARVE_INVALID_ARGUMENT, "rocksdb_options: %.*s: %s", (int)name.size,
                       (const char *)name.data, why);
}

/* Let RocksDB read the text of one option, `name` for messages, into a copy of the options. */
static varve_status parse(rocksdb_options_t **options, const char *text, varve_slice name,
                          varve_error *err)
{
    char *why = NULL;
    rocksdb_options_t *changed = rocksdb_options_create();
    rocksdb_get_options_from_string(*options, text, changed, &why);
    if (why != NULL) {
        rocksdb_options_destroy(changed);
        varve_status status = fail(err, name, why);
        rocksdb_free(why);
        return status;
    }
    rocksdb_options_destroy(*options);
    *options = changed;
    return VARVE_OK;
}

/* The pair as RocksDB reads it: one of tables within the braces of its factory. */
static varve_status apply_pair(rocksdb_options_t **options, const struct pair *pair, bool of_table,
                               varve_error *err)
{
    varve_buf text = VARVE_BUF_INIT;
    varve_status status = varve__buf_printf(
        &text, err, "%s%.*s=%s%.*s%s%s", of_table ? TABLES "={" : "", (int)pair->name.size,
        (const char *)pair->name.data, pair->braced ? "{" : "", (int)pair->value.size,
        (const char *)pair->value.data, pair->braced ? "}" : "", of_table ? "}" : "");
    if (status == VARVE_OK)
        status = varve__buf_append(&text, varve_slice_of("", 1), err);
    if (status == VARVE_OK)
        status = parse(options, (const char *)text.data, pair->name, err);
    varve_buf_release(&text);
    return status;
}

/* Whether RocksDB would read the pair as the one option that it is here. */
static varve_status check_form(const struct pair *pair, varve_error *err)
{
    /* With dots RocksDB knows names of the parts of options. */
    for (size_t i = 0; i < pair->name.size; i++) {
        if (strchr(NAME_CHARACTERS, pair->name.data[i]) == NULL)
            return fail(err, pair->name, "a name has letters, digits and underscores");
    }
    if (pair->mismatched)
        return fail(err, pair->name, "its braces do not match");
    return VARVE_OK;
}

static varve_status apply_checked(rocksdb_options_t **options, const struct pair *pair,
                                  bool of_table, varve_error *err)
{
    varve_status status = check_form(pair, err);
    if (status != VARVE_OK)
        return status;
    const char *why =
        of_table ? why_refused(of_tables, sizeof of_tables / sizeof of_tables[0], pair->name)
                 : why_refused(of_store, sizeof of_store / sizeof of_store[0], pair->name);
    if (why != NULL)
        return fail(err, pair->name, why);
    if (pair->value.data == NULL)
        return fail(err, pair->name, "a value is missing");
    /* Of all its names RocksDB knows one, and takes any other for none. */
    if (varve_slice_equal(pair->name, varve_slice_text("file_checksum_gen_factory")) &&
        !varve_slice_equal(pair->value, varve_slice_text("FileChecksumGenCrc32cFactory")))
        return fail(err, pair->name, "only FileChecksumGenCrc32cFactory has an effect");
    return apply_pair(options, pair, of_table, err);
}

static varve_status apply_tables(rocksdb_options_t **options, const struct pair *tables,
                                 varve_error *err)
{
    if (!tables->braced)
        return fail(err, tables->name, "its value must stand in braces");
    varve_slice rest = tables->value;
    struct pair pair;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && next_pair(&rest, &pair))
        status = apply_checked(options, &pair, true, err);
    return status;
}

varve_status varve__expert_apply(rocksdb_options_t **options, const char *text,
                                 enum varve__expert_part part, varve_error *err)
{
    varve_slice rest = varve_slice_text(text != NULL ? text : "");
    struct pair pair;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && next_pair(&rest, &pair)) {
        bool of_table = varve_slice_equal(pair.name, varve_slice_text(TABLES));
        if (of_table != (part == VARVE__EXPERT_TABLES))
            continue;
        status = of_table ? apply_tables(options, &pair, err)
                          : apply_checked(options, &pair, false, err);
    }
    return status;
}
