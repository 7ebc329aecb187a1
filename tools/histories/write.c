/* What commands that write have in common. */
#include "write.h"

/* ---- Failures ------------------------------------------------------------------------------ */

/* Whether the arguments contradict each other in a way that has an error type of its own. */
static bool is_assertion(const varve_write *how, const varve_error *err)
{
    return err->status == VARVE_INVALID_ARGUMENT && how->txn != NULL &&
           !varve_ts_is_zero(how->ts) && how->ts.wall >= 0 && how->ts.logical >= 0 &&
           varve_ts_compare(how->ts, how->txn->read_ts) != 0;
}

void write_fail(struct step *step, const varve_write *how, varve_error *err)
{
    bool assertion = is_assertion(how, err);

    step_fail(step, err);
    if (assertion && step->error_type != NULL)
        step->error_type = "*assert.withAssertionFailure";
}

/* ---- Resolving ----------------------------------------------------------------------------- */

varve_resolution write_resolution(struct step *step, const varve_txn *txn)
{
    varve_resolution resolution = {.struct_size = sizeof resolution, .status = step_status(step)};

    if (txn == NULL) {
        step_fatal(step, "nothing to resolve without a transaction");
        return resolution;
    }
    resolution.txn = &txn->meta;
    resolution.ignored = txn->ignored;
    resolution.ignored_count = txn->ignored_count;
    return resolution;
}

void write_resolve(struct step *step, const varve_write *how, varve_slice key, const varve_txn *txn)
{
    varve_resolution resolution = write_resolution(step, txn);
    varve_write plain = *how;
    varve_error err = VARVE_ERROR_INIT;

    plain.ts = varve_ts_zero();
    plain.txn = NULL;
    if (step_stopped(step))
        return;
    if (varve_mvcc_resolve(&plain, key, &resolution, NULL, &err) != VARVE_OK)
        step_fail(step, &err);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static void open_batch(struct step *step, varve_write *how, varve_batch **batch)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_batch_open(step->session->engine, 0, batch, &err) != VARVE_OK) {
        step_fail(step, &err);
        return;
    }
    how->reader = varve_batch_reader_of(*batch);
    how->writer = varve_batch_writer_of(*batch);
}

/*
 * Tell whether anything has been written, and keep it if nothing has gone wrong; what is not kept
 * does not count: the statistics are those `before` again.
 */
static void commit(struct step *step, varve_batch *batch, const varve_stats *before)
{
    varve_error err = VARVE_ERROR_INIT;

    fprintf(step->out, "%s: batch after write is %s\n", step->command,
            varve_batch_is_empty(batch) ? "empty" : "non-empty");
    if (!step_stopped(step) && varve_batch_commit(batch, VARVE_NO_SYNC, &err) != VARVE_OK)
        step_fail(step, &err);
    if (step_stopped(step))
        step->session->stats = *before;
}

static varve_write describe(struct step *step, unsigned flags)
{
    varve_write how = {.struct_size = sizeof how,
                       .reader = varve_engine_reader(step->session->engine),
                       .writer = varve_engine_writer(step->session->engine)};

    if ((flags & WRITE_AS_TXN) != 0)
        how.txn = step_txn(step);
    how.ts = step_ts(step, "ts", how.txn == NULL ? varve_ts_zero() : how.txn->read_ts);
    if (step_has(step, "stats"))
        how.stats = &step->session->stats;
    return how;
}

void write_run(struct step *step, unsigned flags, write_fn write)
{
    const varve_stats before = step->session->stats;
    varve_batch *batch = NULL;
    varve_write how = describe(step, flags);

    if ((flags & WRITE_BATCHED) != 0 && step_has(step, "batched"))
        open_batch(step, &how, &batch);
    if ((flags & WRITE_BLIND) != 0 && step_has(step, "blind"))
        how.reader = NULL;
    if (!step_stopped(step))
        write(step, &how);
    if (batch != NULL && step->fatal == NULL)
        commit(step, batch, &before);
    varve_batch_close(batch);
}

void write_print_resume(struct step *step, const varve_rows *rows)
{
    if (!rows->more)
        return;
    fprintf(step->out, "%s: resume span [", step->command);
    step_print_key(step, varve_buf_slice(&rows->resume_start));
    fputc(',', step->out);
    step_print_key(step, varve_buf_slice(&rows->resume_end));
    fputs(")\n", step->out);
}
