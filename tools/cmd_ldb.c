/* varve ldb: RocksDB's ldb, as far as it only reads. */
#include "rocksdb_tools.h"
#include "store.h"

#define WRITES "it changes the store, behind varve's back"
#define BREAKS "it changes files of the store in ways that varve cannot undo"

/* How a command is told that keys and values are hexadecimal. */
enum { TAKES_HEX = 1, TAKES_INPUT_HEX = 2 };

static const struct raw_rule rules[] = {
    {"approxsize", NULL, TAKES_HEX},
    {"checkconsistency", NULL, 0},
    {"dump", NULL, TAKES_HEX},
    {"dump_live_files", NULL, 0},
    {"dump_wal", NULL, 0},
    {"file_checksum_dump", NULL, 0},
    {"get", NULL, TAKES_HEX},
    {"get_property", NULL, 0},
    {"idump", NULL, TAKES_HEX | TAKES_INPUT_HEX},
    {"list_column_families", NULL, 0},
    {"list_file_range_deletes", NULL, 0},
    {"list_live_files_metadata", NULL, 0},
    {"manifest_dump", NULL, TAKES_HEX},
    {"scan", NULL, TAKES_HEX},

    {"compact",
     "it knows no merge operator of varve's: of every merged value it would make the operands with "
     "a colon between them, for good; use `varve compact`",
     0},
    {"put", WRITES "; use `varve put`", 0},
    {"batchput", WRITES "; use `varve batch`", 0},
    {"delete", WRITES "; use `varve del`", 0},
    {"deleterange", WRITES "; use `varve clear-range`", 0},
    {"query", "it takes commands that change the store", 0},
    {"load", WRITES "; use `varve import`", 0},
    {"ingest_extern_sst", WRITES "; use `varve import`", 0},
    {"write_extern_sst", "it writes a file", 0},
    {"restore", WRITES, 0},
    {"backup", "what it makes is no store of varve's; use `varve checkpoint`", 0},
    {"checkpoint", "it opens the store for writing; use `varve checkpoint`", 0},
    {"reduce_levels", BREAKS, 0},
    {"change_compaction_style", BREAKS, 0},
    {"update_manifest", BREAKS, 0},
    {"unsafe_remove_sst_file", BREAKS, 0},
    {"repair", BREAKS "; it may bring back what was removed", 0},
    {"create_column_family", "a store with other column families is none of varve's", 0},
    {"drop_column_family", "a store has one column family", 0},
    {NULL, NULL, 0},
};

static const struct raw_rule known_options[] = {
    {"from", NULL, 0},
    {"to", NULL, 0},
    {"max_keys", NULL, 0},
    {"no_value", NULL, 0},
    {"count_only", NULL, 0},
    {"count_delim", NULL, 0},
    {"stats", NULL, 0},
    {"bucket", NULL, 0},
    {"path", NULL, 0},
    {"verbose", NULL, 0},
    {"json", NULL, 0},
    {"walfile", NULL, 0},
    {"header", NULL, 0},
    {"print_value", NULL, 0},
    {"input_key_hex", NULL, 0},
    {"sort_by_filename", NULL, 0},
    {"hex", NULL, 0},
    {"key_hex", NULL, 0},
    {"value_hex", NULL, 0},

    {"db", "varve names the store", 0},
    {"ttl", "the store has no such values: it would cut four bytes off each", 0},
    {"secondary_path", "it would write there", 0},
    {"create_if_missing", "it would make a store that is none of varve's", 0},
    {NULL, NULL, 0},
};

static enum tool_exit pass_on(const struct cli *cli, const struct raw_rule *rule)
{
    const char *fixed[6] = {"ldb", NULL, cli->list[0]};
    char *store = NULL;

    if (asprintf(&store, "--db=%s", cli->arguments[0]) < 0)
        return cli_fail(cli, TOOL_IO, "out of memory");
    fixed[1] = store;
    if ((rule->flags & TAKES_HEX) != 0)
        fixed[3] = "--hex";
    if ((rule->flags & TAKES_INPUT_HEX) != 0)
        fixed[4] = "--input_key_hex";
    enum tool_exit code = raw_pass_on(cli, fixed);
    free(store);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    const struct raw_rule *rule = raw_find_rule(cli, "ldb", rules);

    (void)settings;
    if (rule == NULL)
        return TOOL_USAGE;
    enum tool_exit code = raw_check_options(cli, "ldb", known_options);
    if (code == TOOL_OK)
        code = store_is_there(cli, cli->arguments[0]);
    return code == TOOL_OK ? pass_on(cli, rule) : code;
}

const struct command cmd_ldb = {
    .name = "ldb",
    .section = TOOL_SECTION_RAW,
    .summary = "Run RocksDB's ldb on a store, as far as it only reads",
    .details = "Of its commands these are passed on: approxsize, checkconsistency, dump, "
               "dump_live_files, dump_wal, file_checksum_dump, get, get_property, idump, "
               "list_column_families, list_file_range_deletes, list_live_files_metadata, "
               "manifest_dump and scan; all others are refused. Everything behind the command is "
               "for ldb; keys and values are in hexadecimal with 0x in front. It comes with "
               "Debian's package " ROCKSDB_TOOLS_PACKAGE ".",
    .arguments = {"STORE", "LDB-COMMAND..."},
    .options = CLI_PASS_ON,
    .run = run,
};
