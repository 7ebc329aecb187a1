/* JSON objects, one on each line, as the tool itself prints them. */
#include "bytes.h"
#include "file_value.h"
#include "import_record.h"

#include <jansson.h>
#include <math.h>

/* A line as it is taken apart.  Members that are missing are NULL. */
struct members {
    const json_t *key;
    const json_t *key_hex;
    const json_t *value;
    const json_t *value_hex;
    const json_t *tag;
    const json_t *mode;
    const json_t *deleted;
    const json_t *time;
    const json_t *utc; /* the time once more, for people */
};

struct line {
    struct import_place place;
    struct members members;
    struct import_record *record;
    struct import_fault *fault;
};

static varve_slice text_of(const json_t *string)
{
    return varve_slice_of(json_string_value(string), json_string_length(string));
}

static bool wrong(const struct line *line, const char *what)
{
    return import_malformed(line->fault, line->place, "%s", what);
}

/* Where the member of that name goes, or NULL if there is no such member. */
static const json_t **member_named(struct members *members, const char *name)
{
    const struct {
        const char *name;
        const json_t **member;
    } table[] = {
        {"key", &members->key},         {"key_hex", &members->key_hex},
        {"value", &members->value},     {"value_hex", &members->value_hex},
        {"tag", &members->tag},         {"mode", &members->mode},
        {"deleted", &members->deleted}, {"time", &members->time},
        {"utc", &members->utc},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].member;
    }
    return NULL;
}

static bool sort_members(struct line *line, json_t *object)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return wrong(line, "the line is not a JSON object");
    json_object_foreach(object, name, value)
    {
        const json_t **member = member_named(&line->members, name);
        if (member == NULL)
            return import_malformed(line->fault, line->place, "unknown member \"%.60s\"", name);
        *member = value;
    }
    return true;
}

/* Append the bytes that a text in hexadecimal means. */
static bool append_hex(const struct line *line, const json_t *text, const char *name,
                       struct import_bytes *to)
{
    struct bytes bytes = BYTES_INIT;
    bool is_hex = false;
    bool good = json_is_string(text) && bytes_from_hex(&bytes, text_of(text), &is_hex);

    if (good && !import_bytes_append(to, bytes.data, bytes.size))
        good = import_no_memory(line->fault);
    else if (!good && is_hex)
        import_no_memory(line->fault);
    else if (!good)
        import_malformed(line->fault, line->place,
                         "\"%s\" is not a string of pairs of hexadecimal digits", name);
    bytes_release(&bytes);
    return good;
}

static bool append_text(const struct line *line, const json_t *text, const char *name,
                        struct import_bytes *bytes)
{
    if (!json_is_string(text))
        return import_malformed(line->fault, line->place, "\"%s\" is not a string", name);
    return import_bytes_append(bytes, json_string_value(text), json_string_length(text)) ||
           import_no_memory(line->fault);
}

static bool take_key(const struct line *line)
{
    const struct members *members = &line->members;
    struct import_bytes *key = &line->record->key;

    key->size = 0;
    if ((members->key == NULL) == (members->key_hex == NULL))
        return wrong(line, "one of \"key\" and \"key_hex\" is needed");
    return members->key != NULL ? append_text(line, members->key, "key", key)
                                : append_hex(line, members->key_hex, "key_hex", key);
}

/* ---- Values -------------------------------------------------------------------------------- */

static bool find_tag(const struct line *line, varve_tag *tag)
{
    const char *name = json_string_value(line->members.tag);

    *tag = line->members.mode != NULL ? VARVE_TAG_TUPLE : VARVE_TAG_BYTES;
    if (line->members.tag == NULL)
        return true;
    for (int i = 1; name != NULL && i <= VARVE_TAG_COUNTERS; i++) {
        *tag = (varve_tag)i;
        /* Numbers that are no tag have the name of tag 0. */
        if (strcmp(varve_tag_name(*tag), varve_tag_name(VARVE_TAG_UNKNOWN)) != 0 &&
            strcmp(varve_tag_name(*tag), name) == 0)
            return true;
    }
    return wrong(line, "\"tag\" is not the name of a tag");
}

/* A number as a raw value, from the library's own encoder. */
static bool take_number(const struct line *line, varve_tag tag, double real)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status =
        tag == VARVE_TAG_INT
            ? varve_value_set_int(&raw, json_integer_value(line->members.value), &err)
            : varve_value_set_float(&raw, real, &err);
    bool good = status == VARVE_OK || import_failed_error(line->fault, &err, "a number");

    line->record->raw.size = 0;
    if (good && !import_bytes_append(&line->record->raw, raw.data, raw.size))
        good = import_no_memory(line->fault);
    varve_buf_release(&raw);
    return good;
}

static bool take_int(const struct line *line)
{
    if (!json_is_integer(line->members.value))
        return wrong(line, "\"value\" is not an integer, as the tag INT wants");
    return take_number(line, VARVE_TAG_INT, 0);
}

/* A number, or the name of one that JSON has no number for. */
static bool take_float(const struct line *line)
{
    const json_t *value = line->members.value;
    const char *name = json_string_value(value);

    if (json_is_number(value))
        return take_number(line, VARVE_TAG_FLOAT, json_number_value(value));
    if (name != NULL && strcmp(name, "NaN") == 0)
        return take_number(line, VARVE_TAG_FLOAT, (double)NAN);
    if (name != NULL && strcmp(name, "Infinity") == 0)
        return take_number(line, VARVE_TAG_FLOAT, (double)INFINITY);
    if (name != NULL && strcmp(name, "-Infinity") == 0)
        return take_number(line, VARVE_TAG_FLOAT, -(double)INFINITY);
    return wrong(line, "\"value\" is not a number, as the tag FLOAT wants");
}

/* The mode of a file of a git repository stands in front of its content. */
static bool take_mode(const struct line *line, varve_tag tag)
{
    const json_t *mode = line->members.mode;
    struct import_bytes *raw = &line->record->raw;

    if (mode == NULL)
        return true;
    if (tag != VARVE_TAG_TUPLE)
        return wrong(line, "\"mode\" belongs to values of tag TUPLE");
    const char *digits = json_string_value(mode);
    if (digits == NULL || strlen(digits) != FILE_MODE_SIZE ||
        strspn(digits, "01234567") != FILE_MODE_SIZE)
        return wrong(line, "\"mode\" is not a string of six octal digits");
    if (!import_bytes_append(raw, digits, FILE_MODE_SIZE) || !import_bytes_append(raw, " ", 1))
        return import_no_memory(line->fault);
    return true;
}

/* What was given in hexadecimal has to be what the tag says, or nobody could read it. */
static bool check_number(const struct line *line, varve_tag tag)
{
    varve_slice raw = import_bytes_slice(&line->record->raw);
    int64_t integer;
    double real;

    if ((tag != VARVE_TAG_INT || varve_value_get_int(raw, &integer, NULL) == VARVE_OK) &&
        (tag != VARVE_TAG_FLOAT || varve_value_get_float(raw, &real, NULL) == VARVE_OK))
        return true;
    return import_malformed(line->fault, line->place, "\"value_hex\" is no value of the tag %s",
                            varve_tag_name(tag));
}

static bool take_value(const struct line *line)
{
    const struct members *members = &line->members;
    struct import_bytes *raw = &line->record->raw;
    varve_tag tag;

    if (!find_tag(line, &tag))
        return false;
    if (tag == VARVE_TAG_INT && members->value != NULL)
        return take_int(line);
    if (tag == VARVE_TAG_FLOAT && members->value != NULL)
        return take_float(line);
    if (!import_record_begin_raw(line->record, tag))
        return import_no_memory(line->fault);
    if (!take_mode(line, tag))
        return false;
    if (members->value != NULL)
        return append_text(line, members->value, "value", raw);
    return append_hex(line, members->value_hex, "value_hex", raw) && check_number(line, tag);
}

static bool take_value_or_deletion(const struct line *line)
{
    const struct members *members = &line->members;
    int count = (members->value != NULL) + (members->value_hex != NULL);

    if (members->deleted == NULL) {
        if (count != 1)
            return wrong(line, "one of \"value\", \"value_hex\" and \"deleted\" is needed");
        return take_value(line);
    }
    if (!json_is_true(members->deleted))
        return wrong(line, "\"deleted\" can only be true");
    if (count != 0 || members->tag != NULL || members->mode != NULL)
        return wrong(line, "\"deleted\" goes with no value, tag or mode");
    line->record->raw.size = 0;
    return true;
}

static bool take_time(const struct line *line)
{
    const json_t *time = line->members.time;

    line->record->has_time = false;
    if (time == NULL)
        return true;
    if (!json_is_string(time))
        return wrong(line, "\"time\" is not a string");
    return import_record_time(line->record, text_of(time), line->place, line->fault);
}

/* ---- Lines --------------------------------------------------------------------------------- */

static bool take_line(struct line *line, varve_slice text)
{
    json_error_t error;
    json_t *object = json_loadb((const char *)text.data, text.size,
                                JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (object == NULL) {
        size_t position = error.position > 0 ? (size_t)error.position : 0;
        return import_malformed(line->fault, import_place_within(line->place, position),
                                "not JSON: %s", error.text);
    }
    bool good = sort_members(line, object) && take_key(line) && take_value_or_deletion(line) &&
                take_time(line);
    json_decref(object);
    return good;
}

static bool is_blank(varve_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t' && text.data[i] != '\r')
            return false;
    }
    return true;
}

enum import_step import_jsonl_next(struct import_input *in, struct import_record *record,
                                   struct import_fault *fault)
{
    struct line line;
    varve_slice text;

    do {
        memset(&line, 0, sizeof line);
        line.place = in->place;
        enum import_step step = import_input_line(in, IMPORT_JSONL_LINE_MAX, &text, fault);
        if (step != IMPORT_OK)
            return step;
    } while (is_blank(text));
    line.record = record;
    line.fault = fault;
    record->place = line.place;
    return take_line(&line, text) ? IMPORT_OK : IMPORT_FAULT;
}
