/* Commands that change transactions. */
#include "commands.h"

#include <stdlib.h>

/* The transaction to change, which becomes the last one; NULL if the step has stopped. */
static varve_txn *changed(struct step *step)
{
    struct open_txn *txn = step_open_txn(step, "t");

    if (txn == NULL || step_stopped(step))
        return NULL;
    step->session->last = txn;
    return &txn->txn;
}

/* Nothing that a script could expect goes wrong here. */
static void check(struct step *step, varve_status status, varve_error *err)
{
    if (status == VARVE_OK)
        return;
    step_fatal(step, "%s", err->message);
    varve_error_release(err);
}

/* What the transaction has met: `node@wall`, each. */
static void observe(struct step *step, varve_txn *txn)
{
    const struct argument *observed = arguments_find(step->arguments, "observed");
    varve_error err = VARVE_ERROR_INIT;
    int32_t node;
    varve_ts ts = varve_ts_zero();

    for (size_t i = 0; observed != NULL && i < observed->count && !step_stopped(step); i++) {
        varve_slice wall = argument_value(observed, i);
        varve_slice number = text_cut(&wall, '@');

        if (!text_int32(number, &node) || !text_int64(wall, &ts.wall))
            step_fatal(step, "observed: write it as (NODE@WALL, ...)");
        else
            check(step, varve_txn_observe(txn, node, ts, &err), &err);
    }
}

/* A transaction of that name, which becomes the last one; NULL if the step has stopped. */
static struct open_txn *add(struct step *step, varve_slice name)
{
    if (session_txn(step->session, name) != NULL)
        step_fatal(step, "txn \"%.*s\" already open", (int)name.size, (const char *)name.data);
    if (step_stopped(step))
        return NULL;
    step->session->last = session_add_txn(step->session, name);
    return step->session->last;
}

static void begin(struct step *step)
{
    unsigned char id[VARVE_TXN_ID_SIZE];
    varve_error err = VARVE_ERROR_INIT;
    varve_slice name = step_scalar(step, "t");
    varve_ts ts = step_ts(step, "ts", varve_ts_zero());
    varve_slice key = step_has(step, "k") ? step_key(step, "k") : varve_slice_of(NULL, 0);
    varve_ts limit = step_ts(step, "globalUncertaintyLimit", varve_ts_zero());

    struct open_txn *txn = add(step, name);
    if (txn == NULL)
        return;
    session_take_id(step->session, id);
    check(step, varve_txn_begin(&txn->txn, id, name, &key, ts, &err), &err);
    txn->txn.max_ts = limit;
    observe(step, &txn->txn);
}

static void copy(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice name = step_scalar(step, "t");
    const struct open_txn *other = step_open_txn(step, "t2");
    struct open_txn *txn = add(step, name);

    if (txn != NULL)
        check(step, varve_txn_clone(&other->txn, &txn->txn, &err), &err);
}

static void forget(struct step *step)
{
    struct open_txn *txn = step_open_txn(step, "t");

    if (step_stopped(step))
        return;
    session_remove_txn(step->session, txn);
    step->session->last = NULL;
}

static void restart(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_txn *txn = changed(step);

    if (txn == NULL)
        return;
    varve_ts ts = step_ts(step, "ts", txn->read_ts);
    if (!step_stopped(step))
        check(step, varve_txn_restart(txn, ts, 0, &err), &err);
}

static void update(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    const struct open_txn *other = step_open_txn(step, "t2");
    varve_txn *txn = changed(step);

    if (txn != NULL)
        check(step, varve_txn_update(txn, &other->txn, &err), &err);
}

static void move(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    bool absolute = step_has(step, "seq");
    int32_t sequence = absolute ? step_int32(step, "seq", 0) : 0;
    int64_t steps = absolute ? 0 : step_int64(step, "n", 1);
    varve_txn *txn = changed(step);

    if (txn == NULL)
        return;
    if (absolute)
        txn->meta.sequence = sequence;
    else
        check(step, varve_txn_step(txn, steps, &err), &err);
}

static void advance(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_txn *txn = changed(step);

    if (txn == NULL)
        return;
    varve_ts ts = step_ts(step, "ts", txn->read_ts);
    if (!step_stopped(step))
        check(step, varve_txn_advance(txn, ts, &err), &err);
}

static void set_status(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_txn_status status = step_status(step);
    varve_txn *txn = changed(step);

    if (txn != NULL)
        check(step, varve_txn_set_status(txn, status, &err), &err);
}

static void ignore(struct step *step)
{
    const struct argument *argument = arguments_find(step->arguments, "seqs");
    varve_error err = VARVE_ERROR_INIT;
    size_t count = argument == NULL ? 0 : argument->count;
    varve_txn *txn = changed(step);

    if (count == 0)
        step_fatal(step, "missing argument: seqs");
    varve_seq_range *ranges = memory_resize(NULL, count * sizeof *ranges);
    for (size_t i = 0; i < count; i++) {
        varve_slice end = argument_value(argument, i);
        varve_slice start = text_cut(&end, '-');

        if (!text_int32(start, &ranges[i].start) || !text_int32(end, &ranges[i].end))
            step_fatal(step, "seqs: write it as (START-END, ...)");
    }
    if (txn != NULL && !step_stopped(step))
        check(step, varve_txn_ignore(txn, ranges, count, &err), &err);
    free(ranges);
}

const struct command txn_commands[] = {
    {"txn_begin", COMMAND_TXN, begin},        {"txn_copy", COMMAND_TXN, copy},
    {"txn_remove", COMMAND_TXN, forget},      {"txn_restart", COMMAND_TXN, restart},
    {"txn_update", COMMAND_TXN, update},      {"txn_step", COMMAND_TXN, move},
    {"txn_advance", COMMAND_TXN, advance},    {"txn_status", COMMAND_TXN, set_status},
    {"txn_ignore_seqs", COMMAND_TXN, ignore}, {0},
};
