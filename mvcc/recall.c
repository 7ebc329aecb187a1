#include "mvcc/recall.h"

#include "engine/view.h"

/* Whether the metadata record holds an inline value, which becomes what is found. */
static bool find_inline(varve_slice record, varve__found *found)
{
    varve__meta meta;
    if (varve__meta_decode(record, &meta, NULL) != VARVE_OK || !meta.has_raw)
        return false;
    *found = (varve__found){.row = 5, .value = meta.raw};
    return true;
}

/* Whether the first record of a key decides what the view sees, as the decision table would. */
static bool decides(const varve__newest_entry *entry, const varve__view *view, varve__found *found)
{
    if (!entry->exists)
        return true;
    varve_slice suffix = varve__newest_suffix(entry);
    varve_slice value = varve__newest_value(entry);
    if (suffix.size == 0)
        return find_inline(value, found);
    if (!varve__view_shows(view, suffix.data))
        return false;
    *found = (varve__found){.row = 1, .ts = varve__suffix_decode(suffix.data), .value = value};
    return true;
}

/* As the walk that it spares. */
static void count(const varve__newest_entry *entry, varve__walk_tally *tally)
{
    tally->keys++;
    tally->versions += varve__newest_suffix(entry).size > 0;
    tally->bytes += entry->value_size;
}

void varve__recall_key(varve__recall *recall, varve_reader *reader, const varve__view *view,
                       varve__walk *walk)
{
    const varve__newest_entry *entry =
        varve__newest_find(reader->newest, varve__walk_prefix(walk), &recall->look);
    recall->entry = NULL;
    if (entry != NULL && decides(entry, view, &recall->found)) {
        recall->entry = entry;
        count(entry, &walk->tally);
    } else {
        varve__newest_release(entry);
    }
}

/* Intents are not worth it: they soon go, and decide little. */
static bool is_worth_keeping(varve_slice suffix, varve_slice value)
{
    varve__found found;
    return suffix.size > 0 || find_inline(value, &found);
}

void varve__recall_keep(const varve__recall *recall, varve_reader *reader, const varve__walk *walk,
                        varve_status status)
{
    varve_slice prefix = varve__walk_prefix(walk);
    varve_slice key = varve_slice_of(NULL, 0);
    varve_slice value = varve_slice_of(NULL, 0);
    if (recall->look.epoch == VARVE__NEWEST_NO_EPOCH ||
        (status != VARVE_OK && status != VARVE_NOT_FOUND))
        return;
    if (status == VARVE_OK) {
        key = walk->it->key;
        value = varve_iter_value(walk->it);
        varve_slice suffix = varve_slice_of(key.data + prefix.size, key.size - prefix.size);
        if (!is_worth_keeping(suffix, value))
            return;
    }
    varve__newest_keep(reader->newest, &recall->look, prefix, key, value);
}
