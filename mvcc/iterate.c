#include "mvcc/scan.h"
#include "util/fail.h"

/* A portion is read at once: so many rows, or fewer once they account for so many bytes. */
#define PORTION_ROWS 1000
#define PORTION_BYTES (4 << 20)

/* Who is called, and whether that has ended the walk. */
struct receiver {
    varve_row_fn each;
    void *arg;
    varve_status answer; /* VARVE_OK as long as the walk goes on */
};

/* Hand out the rows of a portion. */
static varve_status tell_rows(varve_rows *rows, struct receiver *receiver, varve_error *err)
{
    varve_row row;
    for (size_t position = 0; varve_rows_next(rows, &position, &row);) {
        receiver->answer = receiver->each(receiver->arg, &row, err);
        if (receiver->answer != VARVE_OK)
            break;
    }
    return receiver->answer < 0 ? receiver->answer : VARVE_OK;
}

/* Read a portion and hand it out.  VARVE_OK if there may be another, VARVE_NOT_FOUND if not. */
static varve_status portion(varve__scan *scan, struct receiver *receiver, varve_error *err)
{
    varve__read *read = &scan->read;
    varve_status left = varve__scan_run(scan, err);
    if (left < 0)
        return left;
    varve_status status = varve__read_conflicts(read, err);
    if (status == VARVE_OK)
        status = tell_rows(read->rows, receiver, err);
    if (status != VARVE_OK)
        return status;
    varve__read_bill(read);
    varve__rows_clear(read->rows);
    return receiver->answer != VARVE_OK ? VARVE_NOT_FOUND : left;
}

/* All portions; `intents` gets a resume span if there are too many. */
static varve_status portions(varve__scan *scan, struct receiver *receiver, varve_rows *intents,
                             varve_error *err)
{
    varve_status status = VARVE_OK;
    while (status == VARVE_OK) {
        status = portion(scan, receiver, err);
        if (status == VARVE_OK && varve__read_is_full(&scan->read))
            return varve__scan_resume(scan, intents, err);
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* The intents of what has been read belong to the caller, those of a failure to nobody. */
static void hand_over(varve_rows *rows, varve_status status, varve_rows *intents)
{
    if (intents == NULL)
        return;
    if (status < 0)
        varve__rows_clear(intents);
    intents->intents = rows->intents;
    intents->intent_count = rows->intent_count;
    rows->intents = NULL;
}

varve_status varve_mvcc_iterate(varve_reader *reader, const varve_read *how, varve_span span,
                                unsigned flags, varve_row_fn each, void *arg, varve_rows *intents,
                                varve_error *err)
{
    struct receiver receiver = {each, arg, VARVE_OK};
    varve_rows rows = VARVE_ROWS_INIT;
    varve__scan scan;
    varve_status status =
        varve__scan_begin_stream(&scan, reader, how, span, flags, PORTION_ROWS, &rows, err);
    if (status >= 0 && scan.read.view.inconsistent && intents == NULL)
        status = varve__fail(err, VARVE_INVALID_ARGUMENT, "an inconsistent read needs `intents`");
    if (intents != NULL)
        varve__rows_clear(intents);
    scan.read.how.target_bytes = PORTION_BYTES;
    if (status == VARVE_OK)
        status = portions(&scan, &receiver, intents, err);
    status = varve__scan_end(&scan, status == VARVE_NOT_FOUND ? VARVE_OK : status, err);
    hand_over(&rows, status, intents);
    varve_rows_release(&rows);
    return status < 0 ? status : receiver.answer;
}
