/*
 * Going on behind what cannot be read.
 *
 * A block of a table that is damaged makes every iterator fail that comes to it, and nothing tells
 * where it ends.  But seeking far enough beyond it succeeds, and the largest key of the table is
 * known: the place is found by halving what lies between.
 */
#include "gap.h"

#include <stdio.h>

/* The table that a failure names. */
struct culprit {
    const char *message;
    char name[64];
    struct bytes end; /* its largest key; empty if memory has run out */
};

static bool take_table(void *arg, const varve_table *table)
{
    struct culprit *culprit = arg;
    char name[sizeof culprit->name];

    snprintf(name, sizeof name, "%.*s", (int)table->name.size, (const char *)table->name.data);
    const char *base = strrchr(name, '/');
    base = base == NULL ? name : base + 1;
    if (*base == '\0' || strstr(culprit->message, base) == NULL)
        return true;
    snprintf(culprit->name, sizeof culprit->name, "%s", base);
    /* Without memory the failure stays what it was. */
    (void)bytes_copy(&culprit->end, table->end);
    return false;
}

/* ---- Halving ------------------------------------------------------------------------------- */

/* So many bytes behind what two keys have in common are told apart; the rest is left out. */
enum { DEPTH = 12 };

static size_t common_size(varve_slice a, varve_slice b)
{
    size_t size = 0;

    while (size < a.size && size < b.size && a.data[size] == b.data[size])
        size++;
    return size;
}

/* The bytes of a key from `from` on, as many as are told apart, those beyond its end being zero. */
static void take_digits(varve_slice key, size_t from, unsigned char digits[DEPTH])
{
    for (size_t i = 0; i < DEPTH; i++)
        digits[i] = from + i < key.size ? key.data[from + i] : 0;
}

/* The middle of two numbers of DEPTH bytes, of which the second is larger. */
static void halve(const unsigned char low[DEPTH], const unsigned char high[DEPTH],
                  unsigned char middle[DEPTH])
{
    unsigned sums[DEPTH];
    unsigned carry = 0;

    for (size_t i = DEPTH; i-- > 0;) {
        sums[i] = low[i] + high[i] + carry;
        carry = sums[i] >> 8;
        sums[i] &= 255;
    }
    for (size_t i = 0; i < DEPTH; i++) {
        unsigned whole = carry << 8 | sums[i];
        middle[i] = (unsigned char)(whole / 2);
        carry = whole % 2;
    }
}

/* Where the search goes on: keys, the common part of which is that of `end`. */
struct search {
    varve_iter *it;
    unsigned char *key; /* room for the keys */
    size_t shared;
    varve_slice end; /* the first place behind the table */
};

static bool seek(varve_iter *it, varve_slice key)
{
    return varve_iter_seek_ge(it, key) || varve_iter_status(it, NULL) == VARVE_OK;
}

/* Whether reading from there on succeeds, also if nothing is there. */
static bool can_seek(const struct search *search, const unsigned char digits[DEPTH])
{
    memcpy(search->key + search->shared, digits, DEPTH);
    return seek(search->it, varve_slice_of(search->key, search->shared + DEPTH));
}

/* Move to the first place between `from` and the end of the table that can be read. */
static bool find_end(const struct search *search, varve_slice from)
{
    unsigned char low[DEPTH];
    unsigned char high[DEPTH];
    unsigned char middle[DEPTH];

    take_digits(from, search->shared, low);
    take_digits(search->end, search->shared, high);
    for (;;) {
        halve(low, high, middle);
        if (memcmp(middle, low, DEPTH) == 0)
            break;
        memcpy(can_seek(search, middle) ? high : low, middle, DEPTH);
    }
    /* The end itself has not been tried; behind it nothing of the table is in the way. */
    return can_seek(search, high) || seek(search->it, search->end);
}

/* ---- Telling ------------------------------------------------------------------------------- */

/* The engine key as messages show it; what does not decode as hexadecimal. */
static const char *show_key(const struct cli *cli, varve_slice engine_key,
                            char text[CLI_KEY_TEXT_MAX])
{
    varve_buf key = VARVE_BUF_INIT;
    bool good = varve_key_decode(engine_key, &key, NULL, NULL) == VARVE_OK;

    cli_key_text(cli, good ? varve_buf_slice(&key) : engine_key, text);
    varve_buf_release(&key);
    return text;
}

static void tell(const struct cli *cli, const struct store *store, const char *name,
                 varve_slice from, const varve_iter *it, const char *done, enum tool_exit code)
{
    char start[CLI_KEY_TEXT_MAX] = "the start";
    char end[CLI_KEY_TEXT_MAX] = "the end";

    if (from.size != 0)
        show_key(cli, from, start);
    if (it->valid)
        show_key(cli, it->key, end);
    cli_fail(cli, code, "%s: %s cannot be read: nothing is %s between %s and %s", store->path, name,
             done, start, end);
}

/* Move behind the damage of the table that ends with the key `last`. */
static bool cross(varve_iter *it, varve_slice from, varve_slice last)
{
    unsigned char *end = calloc(1, last.size + 1);
    unsigned char *key = malloc(last.size + DEPTH);
    bool crossed = false;

    if (end != NULL && key != NULL) {
        memcpy(end, last.data, last.size);
        memcpy(key, last.data, last.size);
        const struct search search = {.it = it,
                                      .key = key,
                                      .shared = common_size(from, last),
                                      .end = varve_slice_of(end, last.size + 1)};
        crossed = find_end(&search, from);
    }
    free(end);
    free(key);
    return crossed;
}

bool gap_cross(const struct cli *cli, const struct store *store, varve_iter *it, varve_slice from,
               const char *done, varve_error *err, enum tool_exit *code)
{
    struct culprit culprit = {.message = err->message};
    bool crossed = false;

    if (err->status == VARVE_NO_MEMORY ||
        varve_engine_tables(store->engine, take_table, &culprit, NULL) != VARVE_OK)
        return false;
    varve_slice last = bytes_slice(&culprit.end);
    /* From a key that the table ends before, it is not the one that stands in the way. */
    if (culprit.end.data != NULL && varve_slice_compare(from, last) <= 0)
        crossed = cross(it, from, last);
    if (crossed) {
        *code = cli_exit_of(err->status);
        tell(cli, store, culprit.name, from, it, done, *code);
        varve_error_release(err);
    }
    bytes_release(&culprit.end);
    return crossed;
}
