/* varve find: every trace of a key, in logs, in table files, and as readers see it. */
#include "log_file.h"
#include "raw_record.h"
#include "records.h"
#include "store.h"
#include "table_file.h"
#include "table_list.h"

#include <inttypes.h>
#include <limits.h>

/* A search that is under way. */
struct find {
    const struct cli *cli;
    const char *path;  /* of the store */
    struct bytes key;  /* the user key */
    varve_buf from;    /* its first engine key, */
    varve_buf to;      /* and the one behind its last */
    const char *in;    /* where it looks now: "log", "table", "store"; */
    const char *file;  /* the name of the file, */
    int level;         /* of a table; -1 = not known, */
    uint64_t offset;   /* of a commit of a log */
    uint64_t here;     /* traces in this table */
    uint64_t traces;   /* in all */
    uint64_t tables;   /* that there are, */
    uint64_t covering; /* and that have keys from before the key to behind it, or may have */
    enum tool_exit failure;
    uint64_t unread; /* places that could not be looked into, as has been said in the output */
    bool no_memory;
};

static bool is_log(const struct find *find)
{
    return find->in[0] == 'l';
}

/* ---- Printing ------------------------------------------------------------------------------ */

/* Where something is: the first three fields. */
static void print_place(const struct find *find)
{
    out_format("%s\t%s\t", find->in, find->file == NULL ? "-" : find->file);
    if (is_log(find))
        out_format("%" PRIu64 "\t", find->offset);
    else if (find->file != NULL && find->level >= 0)
        out_format("%d\t", find->level);
    else
        out_text("-\t");
}

static void begin_json(const struct find *find, struct json_line *line)
{
    json_line_begin(line);
    json_line_text(line, "in", find->in);
    if (find->file != NULL)
        json_line_bytes(line, "file", varve_slice_text(find->file), false);
    if (is_log(find))
        json_line_count(line, "offset", find->offset);
    else if (find->file != NULL && find->level >= 0)
        json_line_count(line, "level", (uint64_t)find->level);
}

static void print_record(struct find *find, uint64_t sequence, const varve_record *record)
{
    struct json_line line;

    find->here++;
    find->traces++;
    if (find->cli->json) {
        begin_json(find, &line);
        if (sequence != NO_SEQUENCE)
            json_line_count(&line, "sequence", sequence);
        raw_record_json(find->cli, &line, record);
        json_line_end(&line);
        return;
    }
    print_place(find);
    if (sequence == NO_SEQUENCE)
        out_text("-\t");
    else
        out_format("%" PRIu64 "\t", sequence);
    raw_record_out(find->cli, record);
    out_text("\n");
}

/* What is not a record: "none", "unreadable" and so on. */
static void print_remark(const struct find *find, const char *what, const char *text)
{
    struct json_line line;

    if (find->cli->json) {
        begin_json(find, &line);
        json_line_text(&line, "remark", what);
        if (text != NULL)
            json_line_bytes(&line, "text", varve_slice_text(text), false);
        json_line_end(&line);
        return;
    }
    print_place(find);
    out_format("-\t%s%s%s\n", what, text == NULL ? "" : "\t", text == NULL ? "" : text);
}

/* ---- What concerns the key ----------------------------------------------------------------- */

static bool concerns(const struct find *find, const varve_record *record)
{
    varve_slice from = varve_buf_slice(&find->from);
    varve_slice to = varve_buf_slice(&find->to);

    if (record->type == VARVE_RECORD_LOG)
        return false;
    if (record->type == VARVE_RECORD_CLEAR_RANGE)
        return varve_slice_compare(record->key, to) < 0 &&
               varve_slice_compare(record->value, from) > 0;
    return varve_slice_compare(record->key, from) >= 0 && varve_slice_compare(record->key, to) < 0;
}

static enum tool_exit set_key(struct find *find, const char *text)
{
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = cli_key(find->cli, "KEY", text, &find->key);

    if (code != TOOL_OK)
        return code;
    varve_status status =
        varve_key_encode(bytes_slice(&find->key), varve_ts_zero(), &find->from, &err);
    if (status == VARVE_OK)
        status = varve_key_encode(bytes_slice(&find->key), varve_ts_zero(), &find->to, &err);
    if (status != VARVE_OK)
        return cli_fail_error(find->cli, &err, "KEY");
    /* It ends in 00 01, as its versions begin; no other key begins so or with 00 02. */
    find->to.data[find->to.size - 1]++;
    return TOOL_OK;
}

/* The first failure is that of the command. */
static void note_failure(struct find *find, enum tool_exit code)
{
    if (find->failure == TOOL_OK)
        find->failure = code;
}

/* A place that cannot be looked into. */
static void note_unread(struct find *find, enum tool_exit code, const char *what, const char *text)
{
    find->unread++;
    print_remark(find, what, text);
    note_failure(find, code);
}

/* ---- Logs ---------------------------------------------------------------------------------- */

static void look_into_commit(struct find *find, const struct log_commit *commit,
                             varve_batch_reader *reader)
{
    uint64_t sequence = commit->first;
    varve_error err = VARVE_ERROR_INIT;
    varve_record record;
    varve_status status;

    while ((status = varve_batch_reader_next(reader, &record, &err)) == VARVE_OK) {
        if (concerns(find, &record))
            print_record(find, sequence, &record);
        sequence += record.type != VARVE_RECORD_LOG;
    }
    if (status == VARVE_NOT_FOUND)
        return;
    note_unread(find, TOOL_CORRUPT, "unreadable", "the records of a commit do not decode");
    varve_error_release(&err);
}

static bool take_commit(void *arg, const struct log_commit *commit)
{
    struct find *find = arg;
    varve_batch_reader *reader;

    find->file = commit->file;
    find->offset = commit->offset;
    if (varve_batch_reader_open(commit->repr, VARVE_BATCH_FROM_LOG, &reader, NULL) != VARVE_OK) {
        find->no_memory = true;
        return false;
    }
    look_into_commit(find, commit, reader);
    varve_batch_reader_close(reader);
    return !out_failed();
}

static bool take_fault(void *arg, const struct log_fault *fault)
{
    struct find *find = arg;

    find->file = fault->file;
    find->offset = fault->offset;
    if (fault->is_torn)
        print_remark(find, "torn", fault->text);
    else
        note_unread(find, TOOL_CORRUPT, "unreadable", fault->text);
    return !out_failed();
}

static void look_into_logs(struct find *find)
{
    const struct log_walk walk = {take_commit, take_fault, find, NULL};

    find->in = "log";
    note_failure(find, log_files_walk(find->cli, find->path, &walk));
}

/* ---- Tables -------------------------------------------------------------------------------- */

static bool take_record(void *arg, uint64_t sequence, const varve_record *record)
{
    struct find *find = arg;

    if (concerns(find, record))
        print_record(find, sequence, record);
    return !out_failed();
}

static void look_into_table(struct find *find, const char *name, int level)
{
    char path[PATH_MAX];
    char fault[RAW_COMPLAINT_MAX];

    find->in = "table";
    find->file = name;
    find->level = level;
    find->here = 0;
    find->covering++;
    snprintf(path, sizeof path, "%s/%s", find->path, name);
    enum tool_exit code = table_file_scan(find->cli, path, varve_buf_slice(&find->from),
                                          varve_buf_slice(&find->to), take_record, find, fault);
    if (code == TOOL_UNSUPPORTED)
        note_unread(find, code, "unsupported",
                    "sst_dump is not installed; Debian has it in the "
                    "package `" ROCKSDB_TOOLS_PACKAGE "`");
    else if (code != TOOL_OK)
        note_unread(find, code, "unreadable", find->cli->redact ? "damaged" : fault);
    else if (find->here == 0)
        print_remark(find, "none", NULL);
}

/* Whether the keys of a table go from before the key to behind it. */
static bool covers(const struct find *find, const struct table_entry *table)
{
    if (table->end.size == 0)
        return true;
    return varve_slice_compare(bytes_slice(&table->start), varve_buf_slice(&find->to)) < 0 &&
           varve_slice_compare(bytes_slice(&table->end), varve_buf_slice(&find->from)) >= 0;
}

static void look_into_tables(struct find *find, const struct table_list *list)
{
    find->tables = list->count;
    for (size_t i = 0; i < list->count && !out_failed(); i++) {
        const struct table_entry *table = &list->tables[i];
        if (covers(find, table))
            look_into_table(find, table->name, table->level);
    }
}

/* ---- As readers see it --------------------------------------------------------------------- */

static enum tool_exit take_visible(void *arg, struct records *walk, const struct record *record)
{
    struct find *find = arg;
    struct json_line line;

    (void)walk;
    find->traces++;
    if (find->cli->json) {
        begin_json(find, &line);
        json_line_text(&line, "kind", record_kind_name(record->kind));
        record_json_key(find->cli, &line, record);
        json_line_count(&line, "value_bytes", record->value.size);
        json_line_end(&line);
        return TOOL_OK;
    }
    print_place(find);
    out_format("-\t%s\t", record_kind_name(record->kind));
    record_out_key(find->cli, record);
    out_format("\t%zu bytes\n", record->value.size);
    return TOOL_OK;
}

static void look_as_reader(struct find *find, const struct store *store)
{
    varve_buf next = VARVE_BUF_INIT;
    struct records walk = {.store = store, .each = take_visible, .arg = find};

    find->in = "store";
    find->file = NULL;
    if (varve_key_next(bytes_slice(&find->key), &next, NULL) != VARVE_OK) {
        find->no_memory = true;
        return;
    }
    walk.span = (varve_span){bytes_slice(&find->key), varve_buf_slice(&next)};
    note_failure(find, records_walk(find->cli, &walk));
    note_failure(find, walk.damage);
    varve_buf_release(&next);
}

/* ---- The command --------------------------------------------------------------------------- */

static void print_sum(const struct find *find)
{
    struct json_line line;

    if (find->cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "tables", find->tables);
        json_line_count(&line, "covering", find->covering);
        json_line_end(&line);
    } else {
        out_format("tables\t%" PRIu64 " of %" PRIu64 " cover the key\n", find->covering,
                   find->tables);
    }
}

static void look_everywhere(struct find *find)
{
    struct store store = STORE_INIT;
    struct table_list list = {0};
    enum tool_exit code = store_open(find->cli, find->path, &store);
    bool is_open = code == TOOL_OK;

    note_failure(find, code);
    /* Of a version that is not known here, so that what is found might mean something else. */
    if (code == TOOL_STORE)
        return;
    look_into_logs(find);
    code = is_open ? table_list_of_store(find->cli, &store, &list)
                   : table_list_of_files(find->cli, find->path, &list);
    note_failure(find, code);
    look_into_tables(find, &list);
    if (is_open)
        look_as_reader(find, &store);
    print_sum(find);
    table_list_release(&list);
    store_close(&store);
}

/* What could not be looked into has been said, but not on standard error. */
static enum tool_exit end(const struct find *find)
{
    char text[CLI_KEY_TEXT_MAX];

    if (find->no_memory)
        return cli_fail(find->cli, TOOL_IO, "out of memory");
    if (find->unread > 0)
        return cli_fail(find->cli, find->failure, "%s: %" PRIu64 " places cannot be looked into",
                        find->path, find->unread);
    if (find->failure != TOOL_OK)
        return find->failure;
    if (find->traces == 0)
        return cli_fail(find->cli, TOOL_NO, "there is no trace of key %s",
                        cli_key_text(find->cli, bytes_slice(&find->key), text));
    return TOOL_OK;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct find find = {.cli = cli, .path = cli->arguments[0], .in = "store"};
    enum tool_exit code = set_key(&find, cli->arguments[1]);

    (void)settings;
    if (code == TOOL_OK)
        code = store_is_there(cli, find.path);
    if (code == TOOL_OK) {
        look_everywhere(&find);
        code = end(&find);
    }
    bytes_release(&find.key);
    varve_buf_release(&find.from);
    varve_buf_release(&find.to);
    return code;
}

const struct command cmd_find = {
    .name = "find",
    .section = TOOL_SECTION_LOOK,
    .summary = "Print every trace of a key: in logs, in table files, and as readers see it",
    .details =
        "First the records of the log, whose last ones are in memory tables too; then those of "
        "each table file whose keys go from before the key to behind it, with its level, or that "
        "it holds none; then the versions and metadata that readers see. What cannot be read is "
        "said, and the search goes on, also in a store that does not open. Tables are read with "
        "sst_dump, of Debian's package " ROCKSDB_TOOLS_PACKAGE ".",
    .arguments = {"STORE", "KEY"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
