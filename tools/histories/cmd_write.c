/* Commands that write keys. */
#include "commands.h"
#include "write.h"

/* ---- One key ------------------------------------------------------------------------------- */

/* What follows a write: its failure, or the resolution that the arguments ask for. */
static void finish(struct step *step, const varve_write *how, varve_slice key, varve_status status,
                   varve_error *err)
{
    if (status != VARVE_OK)
        write_fail(step, how, err);
    else if (step_has(step, "resolve"))
        write_resolve(step, how, key, how->txn);
}

static void write_put(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice key = step_key(step, "k");
    varve_slice raw = step_value(step, "v");

    if (!step_stopped(step))
        finish(step, how, key, varve_mvcc_put(how, key, raw, &err), &err);
}

static void put(struct step *step)
{
    write_run(step, WRITE_AS_TXN | WRITE_BATCHED | WRITE_BLIND, write_put);
}

static void write_put_if(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice key = step_key(step, "k");
    varve_slice raw = step_value(step, "v");
    varve_expect expect = {.struct_size = sizeof expect,
                           .exists = step_has(step, "cond"),
                           .allow_missing = step_has(step, "allow_missing")};

    if (expect.exists)
        expect.raw = step_value(step, "cond");
    if (!step_stopped(step))
        finish(step, how, key, varve_mvcc_put_if(how, key, raw, &expect, &err), &err);
}

static void put_if(struct step *step)
{
    write_run(step, WRITE_AS_TXN | WRITE_BATCHED | WRITE_BLIND, write_put_if);
}

static void write_init_put(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice key = step_key(step, "k");
    varve_slice raw = step_value(step, "v");
    bool fail_on_tombstones = step_has(step, "failOnTombstones");

    if (!step_stopped(step))
        finish(step, how, key, varve_mvcc_init_put(how, key, raw, fail_on_tombstones, &err), &err);
}

static void init_put(struct step *step)
{
    write_run(step, WRITE_AS_TXN | WRITE_BATCHED | WRITE_BLIND, write_init_put);
}

static void write_delete(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice key = step_key(step, "k");

    if (!step_stopped(step))
        finish(step, how, key, varve_mvcc_delete(how, key, &err), &err);
}

static void delete_key(struct step *step)
{
    write_run(step, WRITE_AS_TXN | WRITE_BATCHED, write_delete);
}

static void write_increment(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice key = step_key(step, "k");
    int64_t by = step_int64(step, "inc", 1);
    int64_t sum;

    if (step_stopped(step))
        return;
    varve_status status = varve_mvcc_increment(how, key, by, &sum, &err);
    if (status == VARVE_OK)
        fprintf(step->out, "inc: current value = %lld\n", (long long)sum);
    finish(step, how, key, status, &err);
}

static void increment(struct step *step)
{
    write_run(step, WRITE_AS_TXN | WRITE_BATCHED, write_increment);
}

static void write_merge(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice key = step_key(step, "k");
    varve_slice raw = step_value(step, "v");

    if (!step_stopped(step) && varve_mvcc_merge(how, key, raw, &err) != VARVE_OK)
        write_fail(step, how, &err);
}

static void merge(struct step *step)
{
    write_run(step, WRITE_BATCHED, write_merge);
}

/* ---- Ranges -------------------------------------------------------------------------------- */

/* `<command>: <start>-<end> -> <done> <count> key(s)` */
static void print_count(struct step *step, varve_span span, const char *done, int64_t count)
{
    fprintf(step->out, "%s: ", step->command);
    step_print_key(step, span.start);
    fputc('-', step->out);
    step_print_key(step, span.end);
    fprintf(step->out, " -> %s %lld key(s)\n", done, (long long)count);
}

static void write_delete_range(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    size_t position = 0;
    int64_t deleted = 0;
    varve_span span = step_span(step);
    int64_t max = step_int64(step, "max", -1);

    if (step_stopped(step))
        return;
    varve_status status = varve_mvcc_delete_range(how, span, max, step_has(step, "returnKeys"),
                                                  &rows, &deleted, &err);
    print_count(step, span, "deleted", deleted);
    while (varve_rows_next(&rows, &position, &row)) {
        fprintf(step->out, "%s: returned ", step->command);
        step_print_key(step, row.key);
        fputc('\n', step->out);
    }
    write_print_resume(step, &rows);
    if (status != VARVE_OK)
        write_fail(step, how, &err);
    varve_rows_release(&rows);
}

static void delete_range(struct step *step)
{
    write_run(step, WRITE_AS_TXN | WRITE_BATCHED, write_delete_range);
}

static void clear_range(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_span span = step_span(step);
    varve_writer *writer = varve_engine_writer(step->session->engine);

    if (!step_stopped(step) && varve_mvcc_clear_range(writer, span, &err) != VARVE_OK)
        step_fail(step, &err);
}

/* ---- Intents ------------------------------------------------------------------------------- */

/* The transaction whose intents are to be resolved; `notxn` says nothing here. */
static const varve_txn *owner(struct step *step)
{
    struct open_txn *txn = step_open_txn(step, "t");

    return txn == NULL ? NULL : &txn->txn;
}

static void write_resolve_key(struct step *step, const varve_write *how)
{
    varve_slice key = step_key(step, "k");
    const varve_txn *txn = owner(step);

    if (!step_stopped(step))
        write_resolve(step, how, key, txn);
}

static void resolve_intent(struct step *step)
{
    write_run(step, 0, write_resolve_key);
}

static void write_resolve_range(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    int64_t resolved = 0;
    varve_write plain = *how;
    varve_span span = step_span(step);
    int64_t max = step_int64(step, "max", -1);
    varve_resolution resolution = write_resolution(step, owner(step));

    plain.ts = varve_ts_zero();
    if (step_stopped(step))
        return;
    varve_status status =
        varve_mvcc_resolve_range(&plain, span, max, &resolution, &resolved, NULL, &rows, &err);
    print_count(step, span, "resolved", resolved);
    write_print_resume(step, &rows);
    if (status != VARVE_OK)
        step_fail(step, &err);
    varve_rows_release(&rows);
}

static void resolve_range(struct step *step)
{
    write_run(step, WRITE_BATCHED, write_resolve_range);
}

const struct command write_commands[] = {
    {"put", COMMAND_DATA, put},
    {"cput", COMMAND_DATA, put_if},
    {"initput", COMMAND_DATA, init_put},
    {"del", COMMAND_DATA, delete_key},
    {"increment", COMMAND_DATA, increment},
    {"merge", COMMAND_DATA, merge},
    {"del_range", COMMAND_DATA, delete_range},
    {"clear_range", COMMAND_DATA, clear_range},
    {"resolve_intent", COMMAND_DATA, resolve_intent},
    {"resolve_intent_range", COMMAND_DATA, resolve_range},
    {0},
};
