/* Going on behind what cannot be read. */
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
static bool cross(varve_iter *it, varve_slice from, const struct bytes *last)
{
    unsigned char *end = calloc(1, last->size + 1);

    if (end == NULL)
        return false;
    memcpy(end, last->data, last->size);
    bool crossed = varve_iter_seek_past(it, from, varve_slice_of(end, last->size + 1)) ||
                   varve_iter_status(it, NULL) == VARVE_OK;
    free(end);
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
    /* From a key that the table ends before, it is not the one that stands in the way. */
    if (culprit.end.data != NULL && varve_slice_compare(from, bytes_slice(&culprit.end)) <= 0)
        crossed = cross(it, from, &culprit.end);
    if (crossed) {
        *code = cli_exit_of(err->status);
        tell(cli, store, culprit.name, from, it, done, *code);
        varve_error_release(err);
    }
    bytes_release(&culprit.end);
    return crossed;
}
