/* Lines of fields between tabs, escaped as in PostgreSQL's COPY text format. */
#include "import_record.h"
#include "import_sink.h"

/* More than any time takes. */
#define TIME_FIELD_MAX 128

/* A field as it is decoded. */
struct field {
    struct import_input *in;
    struct import_fault *fault;
    struct import_place place; /* where it began */
    const char *name;
    size_t limit;               /* bytes it may have */
    struct import_bytes *bytes; /* where they go, behind what is there already */
    size_t max;                 /* the size they may grow to */
    bool null;                  /* so far it is \N and nothing else */
    bool started;               /* something of it has been read */
    enum { TO_GO_ON = 0, AT_TAB, AT_NEWLINE, AT_END } end;
};

/* Look at the next byte; -1 is the end of the input. */
static bool look(const struct field *field, int *byte)
{
    varve_slice window;
    enum import_step step = import_input_window(field->in, &window, field->fault);

    *byte = step == IMPORT_OK ? window.data[0] : -1;
    return step != IMPORT_FAULT;
}

/* Take what still fits, so that the field can be named. */
static bool too_long(const struct field *field, const unsigned char *data)
{
    size_t fits = field->max - field->bytes->size;

    if (!import_bytes_append(field->bytes, data, fits))
        return import_no_memory(field->fault);
    return import_malformed(field->fault, field->place, "the %s is longer than %llu bytes",
                            field->name, (unsigned long long)field->limit);
}

/* Append data; what looked like a null was the letter N then. */
static bool append(struct field *field, const unsigned char *data, size_t size)
{
    if (field->null) {
        field->null = false;
        if (!append(field, (const unsigned char *)"N", 1))
            return false;
    }
    if (size > field->max - field->bytes->size)
        return too_long(field, data);
    field->started = true;
    return import_bytes_append(field->bytes, data, size) || import_no_memory(field->fault);
}

static bool append_byte(struct field *field, int byte)
{
    unsigned char data = (unsigned char)byte;
    return append(field, &data, 1);
}

/* The value of a digit of that base, or -1. */
static int digit_of(int byte, int base)
{
    int value = -1;

    if (byte >= '0' && byte <= '9')
        value = byte - '0';
    else if (byte >= 'a' && byte <= 'f')
        value = byte - 'a' + 10;
    else if (byte >= 'A' && byte <= 'F')
        value = byte - 'A' + 10;
    return value < base ? value : -1;
}

/* Up to `digits` more digits of a number that begins as `number`. */
static bool take_digits(struct field *field, int base, int digits, int number)
{
    struct import_place place = field->in->place;

    for (int i = 0; i < digits; i++) {
        int byte;
        if (!look(field, &byte))
            return false;
        int digit = digit_of(byte, base);
        if (digit < 0)
            break;
        number = number * base + digit;
        import_input_take(field->in, 1);
    }
    if (number > 255)
        return import_malformed(field->fault, place, "the octal escape is larger than \\377");
    return append_byte(field, number);
}

/* \xH, \xHH; without a digit it is an x. */
static bool take_hex(struct field *field)
{
    int byte;

    if (!look(field, &byte))
        return false;
    if (digit_of(byte, 16) < 0)
        return append_byte(field, 'x');
    return take_digits(field, 16, 2, 0);
}

/* What is behind a backslash. */
static bool take_escape(struct field *field)
{
    static const char letters[] = "bfnrtv";
    static const char bytes[] = "\b\f\n\r\t\v";
    struct import_place place = field->in->place;
    bool first = !field->started;
    int byte;

    import_input_take(field->in, 1);
    if (!look(field, &byte))
        return false;
    if (byte < 0)
        return import_malformed(field->fault, place, "the input ends behind a backslash");
    import_input_take(field->in, 1);
    const char *letter = memchr(letters, byte, sizeof letters - 1);
    if (letter != NULL)
        return append_byte(field, bytes[letter - letters]);
    if (byte == 'x')
        return take_hex(field);
    if (digit_of(byte, 8) >= 0)
        return take_digits(field, 8, 2, byte - '0');
    if (byte != 'N' || !first)
        return append_byte(field, byte);
    field->null = field->started = true;
    return true;
}

/* How many bytes at the front mean themselves. */
static size_t plain_bytes(varve_slice window)
{
    size_t size = 0;

    while (size < window.size && window.data[size] != '\t' && window.data[size] != '\n' &&
           window.data[size] != '\\')
        size++;
    return size;
}

/* Decode up to the next escape or the end of the field. */
static bool take_part(struct field *field)
{
    varve_slice window;
    enum import_step step = import_input_window(field->in, &window, field->fault);

    if (step != IMPORT_OK) {
        field->end = AT_END;
        return step == IMPORT_END;
    }
    size_t plain = plain_bytes(window);
    if (plain > 0) {
        if (!append(field, window.data, plain))
            return false;
        import_input_take(field->in, plain);
        return true;
    }
    if (window.data[0] == '\\')
        return take_escape(field);
    field->end = window.data[0] == '\t' ? AT_TAB : AT_NEWLINE;
    import_input_take(field->in, 1);
    return true;
}

/* Decode a field to the end of `bytes`, up to and including what ends it. */
static bool take_field(struct field *field, const char *name, struct import_bytes *bytes,
                       size_t limit)
{
    field->place = field->in->place;
    field->name = name;
    field->limit = limit;
    field->bytes = bytes;
    field->max = bytes->size + limit;
    field->null = field->started = false;
    field->end = TO_GO_ON;
    while (field->end == TO_GO_ON) {
        if (!take_part(field))
            return false;
    }
    return true;
}

/* The key field, which a tab has to end. */
static bool take_key(struct field *field, struct import_record *record)
{
    /* One byte more than a key can have is enough to refuse it by name. */
    static const size_t limit = VARVE_KEY_SIZE_MAX + 1;

    record->key.size = 0;
    if (!take_field(field, "key", &record->key, limit))
        return record->key.size == limit ? import_key_allowed(import_bytes_slice(&record->key),
                                                              "key", field->place, field->fault)
                                         : false;
    if (field->null)
        return import_malformed(field->fault, field->place, "the key is \\N, which is no key");
    if (field->end != AT_TAB)
        return import_malformed(field->fault, field->place,
                                "there is no tab behind the key; want KEY<TAB>VALUE[<TAB>TIME]");
    return true;
}

static bool take_value(struct field *field, struct import_record *record)
{
    if (!import_record_begin_raw(record, VARVE_TAG_BYTES))
        return import_no_memory(field->fault);
    if (!take_field(field, "value", &record->raw, VARVE_VALUE_SIZE_MAX - VARVE_VALUE_HEADER_SIZE))
        return false;
    if (field->null)
        record->raw.size = 0;
    return true;
}

/* The field behind the value. */
static bool take_time(struct field *field, struct import_record *record)
{
    struct import_bytes text = {0};
    bool good = take_field(field, "time", &text, TIME_FIELD_MAX);

    if (good && field->end == AT_TAB)
        good = import_malformed(field->fault, field->place, "a tab behind the time");
    if (good && !field->null)
        good = import_record_time(record, import_bytes_slice(&text), field->place, field->fault);
    import_bytes_release(&text);
    return good;
}

enum import_step import_tsv_next(struct import_input *in, struct import_record *record,
                                 struct import_fault *fault)
{
    struct field field = {.in = in, .fault = fault};
    varve_slice window;
    enum import_step step = import_input_window(in, &window, fault);

    if (step != IMPORT_OK)
        return step;
    record->place = in->place;
    record->has_time = false;
    if (!take_key(&field, record) || !take_value(&field, record))
        return IMPORT_FAULT;
    if (field.end == AT_TAB && !take_time(&field, record))
        return IMPORT_FAULT;
    return IMPORT_OK;
}
