/* All commit labels of a store, to be found by time. */
#include "label_index.h"

#include "walk.h"

#include <stdio.h>
#include <stdlib.h>

struct loading {
    const struct cli *cli;
    struct label_index *index;
};

static bool grow(struct label_index *index)
{
    size_t capacity = index->capacity == 0 ? 256 : 2 * index->capacity;
    struct label_entry *entries = realloc(index->entries, capacity * sizeof *entries);

    if (entries == NULL)
        return false;
    index->entries = entries;
    index->capacity = capacity;
    return true;
}

static unsigned digit_value(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static enum tool_exit add_label(void *arg, const varve_row *row)
{
    const struct loading *loading = arg;
    struct label_index *index = loading->index;
    char text[CLI_KEY_TEXT_MAX];
    struct label label;

    if (!label_decode(row->key, row->value, &label))
        return cli_fail(loading->cli, TOOL_CORRUPT,
                        "the commit label %s is damaged; import the history again",
                        cli_key_text(loading->cli, row->key, text));
    if (index->count == index->capacity && !grow(index))
        return cli_fail(loading->cli, TOOL_IO, "out of memory");
    struct label_entry *entry = &index->entries[index->count++];
    size_t digits = strlen(label.id);
    entry->ts = label.ts;
    for (size_t i = 0; i + 1 < digits; i += 2)
        entry->id[i / 2] =
            (unsigned char)(digit_value(label.id[i]) << 4 | digit_value(label.id[i + 1]));
    if (digits > index->digits)
        index->digits = digits;
    return TOOL_OK;
}

static int compare_entries(const void *a, const void *b)
{
    return varve_ts_compare(((const struct label_entry *)a)->ts,
                            ((const struct label_entry *)b)->ts);
}

varve_span label_span(void)
{
    varve_span span = {varve_slice_text("\x01vg"), varve_slice_text("\x01vh")};

    return span;
}

enum tool_exit label_index_load(const struct cli *cli, const struct store *store,
                                struct label_index *index)
{
    struct loading loading = {cli, index};
    const struct walk walk = {.store = store,
                              .ts = varve_ts_max(),
                              .span = label_span(),
                              .limit = -1,
                              .each = add_label,
                              .arg = &loading};
    enum tool_exit code = walk_keys(cli, &walk, NULL);

    if (code == TOOL_OK && index->count > 1)
        qsort(index->entries, index->count, sizeof *index->entries, compare_entries);
    return code;
}

bool label_index_find(const struct label_index *index, varve_ts ts, char id[LABEL_ID_MAX + 1])
{
    const struct label_entry sought = {.ts = ts};
    const struct label_entry *entry =
        index->count == 0
            ? NULL
            : bsearch(&sought, index->entries, index->count, sizeof sought, compare_entries);

    if (entry == NULL)
        return false;
    for (size_t i = 0; i < index->digits / 2; i++)
        snprintf(id + 2 * i, 3, "%02x", entry->id[i]);
    return true;
}

void label_index_release(struct label_index *index)
{
    free(index->entries);
    *index = (struct label_index){0};
}
