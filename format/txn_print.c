#include <varve/txn.h>

#include <inttypes.h>
#include <stdio.h>

#include <varve/key.h>
#include <varve/ts.h>

#include "format/print.h"
#include "util/buf.h"

const char *varve_txn_status_name(varve_txn_status status)
{
    static const char *const names[] = {"PENDING", "COMMITTED", "ABORTED", "STAGING"};
    size_t number = (size_t)status;
    return number < sizeof names / sizeof names[0] ? names[number] : "UNKNOWN";
}

const char *varve_txn_id_format(const unsigned char id[VARVE_TXN_ID_SIZE],
                                char text[VARVE_TXN_ID_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;
    for (size_t i = 0; i < VARVE_TXN_ID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[id[i] >> 4];
        *out++ = digits[id[i] & 15];
    }
    *out = '\0';
    return text;
}

/* Room for a priority: of a hundred, with so many digits behind the point. */
enum { PRIORITY_TEXT_MAX = 40, PRIORITY_DIGITS = 8 };

/* The C library writes the decimal point of the host's locale: only digits are taken from it. */
static const char *format_priority(int32_t priority, char out[PRIORITY_TEXT_MAX])
{
    char text[PRIORITY_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%.*f", PRIORITY_DIGITS,
                   100 * (double)priority / (double)INT32_MAX);
    (void)snprintf(out, PRIORITY_TEXT_MAX, "%.*s.%s", (int)strspn(text, "-0123456789"), text,
                   text + strlen(text) - PRIORITY_DIGITS);
    return out;
}

/* How many digits of the id are shown. */
enum { SHORT_ID = 8 };

static varve_status print_meta(const varve_txn_meta *meta, varve_buf *text, varve_error *err)
{
    char id[VARVE_TXN_ID_TEXT_MAX];
    char priority[PRIORITY_TEXT_MAX];
    char write_ts[VARVE_TS_TEXT_MAX];
    char min_ts[VARVE_TS_TEXT_MAX];
    varve_status status =
        varve__buf_printf(text, err, "id=%.*s key=", SHORT_ID, varve_txn_id_format(meta->id, id));
    if (status == VARVE_OK)
        status = varve_key_print(meta->key, text, err);
    if (status != VARVE_OK)
        return status;
    return varve__buf_printf(text, err, " pri=%s epo=%" PRId32 " ts=%s min=%s seq=%" PRId32,
                             format_priority(meta->priority, priority), meta->epoch,
                             varve_ts_format(meta->write_ts, write_ts),
                             varve_ts_format(meta->min_ts, min_ts), meta->sequence);
}

varve_status varve_txn_meta_print(const varve_txn_meta *meta, varve_buf *text, varve_error *err)
{
    size_t before = text->size;
    varve_status status = print_meta(meta, text, err);
    if (status != VARVE_OK)
        text->size = before;
    return status;
}

static varve_status print_name(varve_slice name, varve_buf *text, varve_error *err)
{
    if (name.size == 0)
        return VARVE_OK;
    varve_status status = varve__quote_print(name, text, err);
    return status == VARVE_OK ? varve__buf_append(text, varve_slice_text(" "), err) : status;
}

static varve_status print_txn(const varve_txn *txn, varve_buf *text, varve_error *err)
{
    char read_ts[VARVE_TS_TEXT_MAX];
    char max_ts[VARVE_TS_TEXT_MAX];
    varve_status status = print_name(txn->name, text, err);
    if (status == VARVE_OK)
        status = varve__buf_append(text, varve_slice_text("meta={"), err);
    if (status == VARVE_OK)
        status = print_meta(&txn->meta, text, err);
    if (status == VARVE_OK)
        status = varve__buf_printf(
            text, err, "} rw=%s stat=%s rts=%s wto=%s max=%s", txn->has_key ? "true" : "false",
            varve_txn_status_name(txn->status), varve_ts_format(txn->read_ts, read_ts),
            txn->write_too_old ? "true" : "false", varve_ts_format(txn->max_ts, max_ts));
    if (status == VARVE_OK && txn->ignored_count > 0)
        status = varve__buf_printf(text, err, " isn=%zu", txn->ignored_count);
    return status;
}

varve_status varve_txn_print(const varve_txn *txn, varve_buf *text, varve_error *err)
{
    size_t before = text->size;
    varve_status status = print_txn(txn, text, err);
    if (status != VARVE_OK)
        text->size = before;
    return status;
}
