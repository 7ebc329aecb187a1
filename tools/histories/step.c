/* One command being run. */
#include "step.h"

#include <stdarg.h>
#include <stdlib.h>

/* ---- How it has gone ----------------------------------------------------------------------- */

/* The type of errors that have none of their own. */
static const char plain_type[] = "*withstack.withStack";

bool step_stopped(const struct step *step)
{
    return step->fatal != NULL || step->error_type != NULL;
}

static char *format_text(const char *format, va_list arguments)
{
    struct text text;

    text_begin(&text);
    vfprintf(text.file, format, arguments);
    text_end(&text);
    return text.data;
}

void step_fatal(struct step *step, const char *format, ...)
{
    va_list arguments;

    if (step_stopped(step))
        return;
    va_start(arguments, format);
    step->fatal = format_text(format, arguments);
    va_end(arguments);
}

void step_error(struct step *step, const char *format, ...)
{
    va_list arguments;

    if (step_stopped(step))
        return;
    va_start(arguments, format);
    step->error = format_text(format, arguments);
    va_end(arguments);
    step->error_type = plain_type;
}

/* NULL for what a script cannot expect: it says nothing about what the library should do. */
static const char *type_of(varve_status status)
{
    switch (status) {
    case VARVE_EMPTY_KEY:
        return "*errors.fundamental";
    case VARVE_WRITE_INTENT:
        return "*roachpb.WriteIntentError";
    case VARVE_WRITE_TOO_OLD:
        return "*roachpb.WriteTooOldError";
    case VARVE_READ_UNCERTAIN:
        return "*roachpb.ReadWithinUncertaintyIntervalError";
    case VARVE_CONDITION_FAILED:
        return "*roachpb.ConditionFailedError";
    case VARVE_INTEGER_OVERFLOW:
        return "*roachpb.IntegerOverflowError";
    case VARVE_NO_MEMORY:
    case VARVE_IO:
    case VARVE_NO_SPACE:
    case VARVE_COMMIT_UNKNOWN:
    case VARVE_MISUSE:
    case VARVE_UNSUPPORTED:
    case VARVE_INTERNAL:
        return NULL;
    default:
        return plain_type;
    }
}

void step_fail(struct step *step, varve_error *err)
{
    varve_buf text = VARVE_BUF_INIT;
    const char *type = type_of(err->status);

    if (varve_error_text(err, &text) != VARVE_OK)
        memory_out();
    if (type == NULL) {
        step_fatal(step, "%s: %s", varve_status_name(err->status), (const char *)text.data);
    } else if (!step_stopped(step)) {
        step->error = memory_text(text.data, text.size);
        step->error_type = type;
    }
    varve_buf_release(&text);
    varve_error_release(err);
}

void step_release(struct step *step)
{
    free(step->fatal);
    free(step->error);
    for (size_t i = 0; i < step->buf_count; i++)
        varve_buf_release(&step->bufs[i]);
    *step = (struct step){0};
}

/* ---- Arguments ----------------------------------------------------------------------------- */

bool step_has(const struct step *step, const char *key)
{
    return arguments_find(step->arguments, key) != NULL;
}

varve_slice step_scalar(struct step *step, const char *key)
{
    const struct argument *argument = arguments_find(step->arguments, key);

    if (argument == NULL) {
        step_fatal(step, "missing argument: %s", key);
        return varve_slice_of(NULL, 0);
    }
    if (argument->count != 1) {
        step_fatal(step, "argument %s has %zu values, not one", key, argument->count);
        return varve_slice_of(NULL, 0);
    }
    return argument_value(argument, 0);
}

int64_t step_int64(struct step *step, const char *key, int64_t otherwise)
{
    int64_t number = otherwise;

    if (!step_has(step, key))
        return otherwise;
    varve_slice text = step_scalar(step, key);
    if (!text_int64(text, &number))
        step_fatal(step, "%s=%.*s: not a number", key, (int)text.size, (const char *)text.data);
    return number;
}

int32_t step_int32(struct step *step, const char *key, int32_t otherwise)
{
    int64_t number = step_int64(step, key, otherwise);

    if (number < INT32_MIN || number > INT32_MAX) {
        step_fatal(step, "%s: not a number of 32 bits", key);
        return otherwise;
    }
    return (int32_t)number;
}

varve_ts step_ts(struct step *step, const char *key, varve_ts otherwise)
{
    varve_ts ts = varve_ts_zero();

    if (!step_has(step, key))
        return otherwise;
    varve_slice text = step_scalar(step, key);
    varve_slice rest = text;
    varve_slice wall = text_cut(&rest, ',');
    bool has_logical = wall.size < text.size;
    if (!text_int64(wall, &ts.wall) || (has_logical && !text_int32(rest, &ts.logical)))
        step_fatal(step, "%s=%.*s: not a timestamp", key, (int)text.size, (const char *)text.data);
    return ts;
}

/* ---- Keys and values ----------------------------------------------------------------------- */

varve_buf *step_buf(struct step *step)
{
    if (step->buf_count == STEP_BUFS) {
        fputs("varve-histories: a command uses too many buffers\n", stderr);
        abort();
    }
    return &step->bufs[step->buf_count++];
}

static varve_slice made(varve_status status, const varve_buf *buf)
{
    if (status != VARVE_OK)
        memory_out();
    return varve_buf_slice(buf);
}

/* The bytes that hexadecimal digits mean, two each. */
static varve_slice parse_hex(struct step *step, varve_slice text)
{
    static const char digits[] = "0123456789abcdef";
    varve_buf *buf = step_buf(step);

    /* Any key of that size makes the room. */
    if (text.size % 2 != 0)
        step_fatal(step, "a hexadecimal key has two digits a byte");
    made(varve_key_next(text, buf, NULL), buf);
    buf->size = text.size / 2;
    for (size_t i = 0; i < buf->size; i++) {
        const char *high = memchr(digits, text.data[2 * i], 16);
        const char *low = memchr(digits, text.data[2 * i + 1], 16);

        if (high == NULL || low == NULL)
            step_fatal(step, "a hexadecimal key has digits 0 to 9 and a to f");
        else
            buf->data[i] = (unsigned char)((high - digits) << 4 | (low - digits));
    }
    return varve_buf_slice(buf);
}

varve_slice step_key(struct step *step, const char *key)
{
    varve_slice text = step_scalar(step, key);
    varve_slice rest = text;

    if (text.size == 0)
        return text;
    if (step_has(step, "hex"))
        return parse_hex(step, text);
    rest.data++;
    rest.size--;
    varve_buf *buf = step_buf(step);
    switch (text.data[0]) {
    case '+':
        return made(varve_key_next(rest, buf, NULL), buf);
    case '-':
        return made(varve_key_prefix_end(rest, buf, NULL), buf);
    case '=':
        return rest;
    default:
        return text;
    }
}

varve_span step_span(struct step *step)
{
    varve_span span = {.start = step_key(step, "k")};

    if (step_has(step, "end")) {
        span.end = step_key(step, "end");
    } else {
        varve_buf *buf = step_buf(step);
        span.end = made(varve_key_next(span.start, buf, NULL), buf);
    }
    return span;
}

varve_slice step_value(struct step *step, const char *key)
{
    varve_slice text = step_scalar(step, key);

    if (step_has(step, "raw"))
        return text;
    varve_buf *buf = step_buf(step);
    return made(varve_value_set_bytes(buf, text, NULL), buf);
}

/* ---- Transactions -------------------------------------------------------------------------- */

struct open_txn *step_open_txn(struct step *step, const char *key)
{
    varve_slice name = step_scalar(step, key);
    struct open_txn *txn = session_txn(step->session, name);

    if (txn == NULL)
        step_fatal(step, "txn \"%.*s\" not open", (int)name.size, (const char *)name.data);
    return txn;
}

const varve_txn *step_txn(struct step *step)
{
    if (step_has(step, "notxn") || !step_has(step, "t"))
        return NULL;
    struct open_txn *txn = step_open_txn(step, "t");
    return txn == NULL ? NULL : &txn->txn;
}

varve_txn_status step_status(struct step *step)
{
    static const varve_txn_status all[] = {VARVE_TXN_PENDING, VARVE_TXN_STAGING,
                                           VARVE_TXN_COMMITTED, VARVE_TXN_ABORTED};

    if (!step_has(step, "status"))
        return VARVE_TXN_COMMITTED;
    varve_slice name = step_scalar(step, "status");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (text_is(name, varve_txn_status_name(all[i])))
            return all[i];
    }
    step_fatal(step, "status=%.*s: no such status", (int)name.size, (const char *)name.data);
    return VARVE_TXN_COMMITTED;
}

/* ---- Output -------------------------------------------------------------------------------- */

static void print_buf(struct step *step, varve_status status, varve_buf *text)
{
    varve_slice bytes = made(status, text);

    if (bytes.size > 0)
        fwrite(bytes.data, 1, bytes.size, step->out);
    varve_buf_release(text);
}

void step_print_key(struct step *step, varve_slice user_key)
{
    varve_buf text = VARVE_BUF_INIT;

    print_buf(step, varve_key_print(user_key, &text, NULL), &text);
}

void step_print_value(struct step *step, varve_slice raw)
{
    varve_buf text = VARVE_BUF_INIT;

    print_buf(step, varve_value_print(raw, &text, NULL), &text);
}

void step_print_meta(struct step *step, const varve_txn_meta *meta)
{
    varve_buf text = VARVE_BUF_INIT;

    print_buf(step, varve_txn_meta_print(meta, &text, NULL), &text);
}
