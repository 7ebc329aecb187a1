/* Commands that only read. */
#include "commands.h"
#include "write.h"

/* ---- What reads have in common ------------------------------------------------------------- */

static varve_read describe(struct step *step)
{
    varve_read how = {.struct_size = sizeof how};
    const varve_txn *txn = step_txn(step);

    how.ts = step_ts(step, "ts", txn == NULL ? varve_ts_zero() : txn->read_ts);
    if (step_has(step, "tombstones"))
        how.flags |= VARVE_READ_TOMBSTONES;
    if (step_has(step, "failOnMoreRecent"))
        how.flags |= VARVE_READ_FAIL_ON_MORE_RECENT;
    if (step_has(step, "inconsistent"))
        how.flags |= VARVE_READ_INCONSISTENT;
    else
        how.txn = txn;
    return how;
}

/* `<command>: <key> -> ` */
static void begin_line(struct step *step, varve_slice key)
{
    fprintf(step->out, "%s: ", step->command);
    step_print_key(step, key);
    fputs(" -> ", step->out);
}

static void print_intents(struct step *step, varve_slice key, const varve_rows *rows)
{
    for (size_t i = 0; i < rows->intent_count; i++) {
        begin_line(step, key);
        fputs("intent {", step->out);
        step_print_meta(step, &rows->intents[i].txn);
        fputs("}\n", step->out);
    }
}

static void print_rows(struct step *step, const varve_rows *rows)
{
    char ts[VARVE_TS_TEXT_MAX];
    size_t position = 0;
    varve_row row;

    while (varve_rows_next(rows, &position, &row)) {
        begin_line(step, row.key);
        step_print_value(step, row.value);
        fprintf(step->out, " @%s\n", varve_ts_format(row.ts, ts));
    }
}

/* ---- The commands -------------------------------------------------------------------------- */

static void get(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = describe(step);
    varve_slice key = step_key(step, "k");

    if (step_stopped(step))
        return;
    varve_status status =
        varve_mvcc_get(varve_engine_reader(step->session->engine), &how, key, &rows, &err);
    print_intents(step, key, &rows);
    print_rows(step, &rows);
    if (rows.count == 0) {
        begin_line(step, key);
        fputs("<no data>\n", step->out);
    }
    if (status < 0)
        step_fail(step, &err);
    varve_rows_release(&rows);
}

static void print_scan(struct step *step, varve_span span, const varve_read *how,
                       const varve_rows *rows)
{
    print_intents(step, span.start, rows);
    print_rows(step, rows);
    write_print_resume(step, rows);
    if (how->target_bytes > 0)
        fprintf(step->out, "%s: %lld bytes (target %lld)\n", step->command, (long long)rows->bytes,
                (long long)how->target_bytes);
    if (rows->count > 0)
        return;
    fprintf(step->out, "%s: ", step->command);
    step_print_key(step, span.start);
    fputc('-', step->out);
    step_print_key(step, span.end);
    fputs(" -> <no data>\n", step->out);
}

static void scan(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_reader *reader = varve_engine_reader(step->session->engine);
    varve_read how = describe(step);
    varve_span span = step_span(step);
    int64_t max = step_int64(step, "max", -1);

    how.target_bytes = step_int64(step, "targetbytes", 0);
    if (step_stopped(step))
        return;
    varve_status status = step_has(step, "reverse")
                              ? varve_mvcc_reverse_scan(reader, &how, span, max, &rows, &err)
                              : varve_mvcc_scan(reader, &how, span, max, &rows, &err);
    print_scan(step, span, &how, &rows);
    if (status != VARVE_OK)
        step_fail(step, &err);
    varve_rows_release(&rows);
}

/* The metadata record of `k`, or no value if there is none. */
static bool read_meta(struct step *step, varve_slice key, varve_buf *record)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf engine_key = VARVE_BUF_INIT;

    if (varve_key_encode(key, varve_ts_zero(), &engine_key, &err) != VARVE_OK)
        memory_out();
    varve_status status = varve_reader_get(varve_engine_reader(step->session->engine),
                                           varve_buf_slice(&engine_key), record, &err);
    varve_buf_release(&engine_key);
    if (status < 0)
        step_fail(step, &err);
    return status == VARVE_OK;
}

static void print_record(struct step *step, varve_slice key, varve_slice record)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf *text = step_buf(step);

    if (varve_meta_print(record, text, &err) != VARVE_OK) {
        step_fail(step, &err);
        return;
    }
    fputs("meta: ", step->out);
    step_print_key(step, key);
    fprintf(step->out, " -> %.*s\n", (int)text->size, (const char *)text->data);
}

static void check_intent(struct step *step)
{
    varve_slice key = step_key(step, "k");
    bool none = step_has(step, "none");
    varve_buf *record = step_buf(step);
    varve_buf *name = step_buf(step);

    if (step_stopped(step))
        return;
    bool found = read_meta(step, key, record);
    if (found)
        print_record(step, key, varve_buf_slice(record));
    if (varve_key_print(key, name, NULL) != VARVE_OK)
        memory_out();
    if (found == none)
        step_error(step, "meta: %.*s -> expected %s", (int)name->size, (const char *)name->data,
                   none ? "no intent, found one" : "intent, found none");
}

const struct command read_commands[] = {
    {"get", COMMAND_READ, get},
    {"scan", COMMAND_READ, scan},
    {"check_intent", COMMAND_READ, check_intent},
    {0},
};
