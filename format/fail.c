#include "format/fail.h"

#include <varve/ts.h>

#include "format/print.h"
#include "util/buf.h"

varve_status varve__fail_too_old(varve_error *err, varve_ts attempted, varve_ts actual)
{
    char attempted_text[VARVE_TS_TEXT_MAX];
    char actual_text[VARVE_TS_TEXT_MAX];
    (void)varve__fail(
        err, VARVE_WRITE_TOO_OLD, "WriteTooOldError: write at timestamp %s too old; wrote at %s",
        varve_ts_format(attempted, attempted_text), varve_ts_format(actual, actual_text));
    if (err != NULL) {
        err->detail.too_old.attempted = attempted;
        err->detail.too_old.actual = actual;
    }
    return VARVE_WRITE_TOO_OLD;
}

varve_status varve__fail_key(varve_error *err, varve_status status, varve_slice user_key,
                             const char *format)
{
    /* The key leaves room for the text around it. */
    char key[VARVE_ERROR_MESSAGE_MAX];
    size_t around = strlen(format);
    size_t room = around < sizeof key / 2 ? sizeof key - around : sizeof key / 2;
    return varve__fail(err, status, format, varve__key_brief(user_key, key, room));
}

/* ---- Intents -----------------------------------------------------------------------------------
 */

/* Of more keys than this, only some at both ends are named. */
#define INTENTS_NAMED_MAX 10
#define INTENTS_AT_EACH_END 5

static void add_intents(varve__text *text, const varve_intent *list, size_t count)
{
    varve__text_add(text, varve_slice_text("conflicting intents on "));
    size_t i = 0;
    while (i < count) {
        varve__text_add_key(text, list[i].key);
        i++;
        if (count > INTENTS_NAMED_MAX && i == INTENTS_AT_EACH_END) {
            varve__text_add(text, varve_slice_text(" ... "));
            i = count - INTENTS_AT_EACH_END;
        } else if (i < count) {
            varve__text_add(text, varve_slice_text(", "));
        }
    }
}

varve_status varve__fail_intents(varve_error *err, const varve_intent *list, size_t count,
                                 bool more)
{
    if (err == NULL)
        return VARVE_WRITE_INTENT;

    /* The list may be what the error holds: copy it before letting go. */
    varve_error fresh = VARVE_ERROR_INIT;
    varve_status status = varve__error_set_intents(&fresh, list, count, more);
    if (status == VARVE_WRITE_INTENT) {
        varve__text text = {fresh.message, sizeof fresh.message - 1, 0, 0};
        add_intents(&text, list, count);
        fresh.message[text.written] = '\0';
    }
    varve_error_release(err);
    *err = fresh;
    return status;
}

/* ---- The full text -----------------------------------------------------------------------------
 */

static void add_error(varve__text *text, const varve_error *err)
{
    if (err->status == VARVE_WRITE_INTENT)
        add_intents(text, err->detail.intents.list, err->detail.intents.count);
    else if (err->message[0] != '\0')
        varve__text_add(text, varve_slice_text(err->message));
    else
        varve__text_add(text, varve_slice_text(varve_status_text(err->status)));
}

varve_status varve_error_text(const varve_error *err, varve_buf *text)
{
    varve__text measure = {NULL, 0, 0, 0};
    add_error(&measure, err);
    varve_status status = varve__buf_restart(text, measure.size + 1, NULL);
    if (status != VARVE_OK)
        return status;
    varve__text out = {(char *)text->data, measure.size, 0, 0};
    add_error(&out, err);
    text->size = out.written;
    text->data[text->size] = '\0';
    return VARVE_OK;
}
