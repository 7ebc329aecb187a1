/*
 * Reading JSON documents, of which every part may be missing.
 */
#ifndef VARVE_BENCH_SUPPORT_JSON_H
#define VARVE_BENCH_SUPPORT_JSON_H

#include <jansson.h>

/* The text under `key`, "" if there is none. */
static inline const char *bench_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* The number under `key`, 0 if there is none. */
static inline double bench_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* The number under `part` of the object under `key`, 0 if there is none. */
static inline double bench_number_in(const json_t *object, const char *key, const char *part)
{
    return bench_number(json_object_get(object, key), part);
}

#endif
