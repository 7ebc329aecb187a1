/*
 * Reading tables: RocksDB's C interface has nothing for that but a store that takes them in.
 */
#include <unistd.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/options.h"
#include "engine/rocksdb/store.h"
#include "engine/rocksdb/table_file.h"
#include "engine/scratch.h"
#include "engine/sst.h"
#include "format/batch_repr.h"
#include "util/buf.h"
#include "util/fail.h"

/* A store for one table. */
struct holder {
    rocksdb_options_t *options;
    rocksdb_t *db;
    bool has_merged; /* where an iterator stands now there is an operand */
};

/* ---- A merge operator that shows operands --------------------------------------------------- */

/* A table has one operand for a key, and nothing for it to be merged with. */
static char *show_operand(void *state, const char *key, size_t key_size, const char *existing,
                          size_t existing_size, const char *const *operands, const size_t *sizes,
                          int count, unsigned char *success, size_t *size)
{
    struct holder *holder = state;
    (void)key, (void)key_size, (void)existing, (void)existing_size;
    holder->has_merged = true;
    *success = 1;
    *size = sizes[count - 1];
    return (char *)(uintptr_t)operands[count - 1]; /* copied by the caller */
}

static char *merge_nothing(void *state, const char *key, size_t key_size,
                           const char *const *operands, const size_t *sizes, int count,
                           unsigned char *success, size_t *size)
{
    (void)state, (void)key, (void)key_size, (void)operands, (void)sizes, (void)count;
    *success = 0;
    *size = 0;
    return NULL;
}

static void keep_value(void *state, const char *value, size_t size)
{
    (void)state, (void)value, (void)size;
}

static void no_destructor(void *state)
{
    (void)state;
}

static const char *operator_name(void *state)
{
    (void)state;
    return "varve.show";
}

/* ---- The store ------------------------------------------------------------------------------ */

static void close_holder(struct holder *holder)
{
    if (holder->db != NULL)
        rocksdb_close(holder->db);
    rocksdb_options_destroy(holder->options);
}

static varve_status open_holder(struct holder *holder, const char *path, varve_error *err)
{
    char *text = NULL;
    holder->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(holder->options, 1);
    rocksdb_options_set_disable_auto_compactions(holder->options, 1);
    rocksdb_options_set_merge_operator(
        holder->options, rocksdb_mergeoperator_create(holder, no_destructor, show_operand,
                                                      merge_nothing, keep_value, operator_name));
    varve__rocksdb_quiet_log(holder->options);
    holder->db = rocksdb_open(holder->options, path, &text);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "opening a scratch store", text);
}

/*
 * Move a table into a database that has no snapshots.  It gets the sequence number zero if nothing
 * lies in its range, and RocksDB writes to the file only if it does not have it.
 */
static varve_status adopt(rocksdb_t *db, const char *path, varve_error *err)
{
    char *text = NULL;
    rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
    rocksdb_ingestexternalfileoptions_set_move_files(how, 1);
    rocksdb_ingest_external_file(db, &path, 1, how, &text);
    rocksdb_ingestexternalfileoptions_destroy(how);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "reading a table", text);
}

varve_status varve__table_adopt(varve__store *store, const char *path, varve_error *err)
{
    return adopt(store->db, path, err);
}

/* ---- Walking -------------------------------------------------------------------------------- */

static varve_record record_at(const struct holder *holder, const rocksdb_iterator_t *it)
{
    size_t key_size;
    size_t value_size;
    const char *key = rocksdb_iter_key(it, &key_size);
    const char *value = rocksdb_iter_value(it, &value_size);
    return (varve_record){holder->has_merged ? VARVE_RECORD_MERGE : VARVE_RECORD_PUT,
                          varve_slice_of(key, key_size), varve_slice_of(value, value_size)};
}

/* Call `each`, if not NULL, for all records; `last` gets the largest key. */
static varve_status walk(struct holder *holder, varve__table_fn each, void *arg, varve_buf *last,
                         varve_error *err)
{
    char *text = NULL;
    varve_status status = VARVE_OK;
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_readoptions_set_fill_cache(how, 0);
    rocksdb_iterator_t *it = rocksdb_create_iterator(holder->db, how);
    holder->has_merged = false;
    if (each != NULL)
        rocksdb_iter_seek_to_first(it);
    else
        rocksdb_iter_seek_to_last(it);
    while (status == VARVE_OK && rocksdb_iter_valid(it)) {
        varve_record record = record_at(holder, it);
        if (each != NULL)
            status = each(arg, &record, err);
        if (status == VARVE_OK)
            status = varve__buf_assign(last, record.key, err);
        holder->has_merged = false;
        rocksdb_iter_next(it);
    }
    if (status == VARVE_OK)
        rocksdb_iter_get_error(it, &text);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    return text == NULL ? status : varve__rocksdb_fail(err, "reading a table", text);
}

/* ---- What is known without walking ---------------------------------------------------------- */

static varve_status take_bounds(const struct holder *holder, varve__table_info *info,
                                varve_error *err)
{
    size_t size;
    const rocksdb_livefiles_t *files = rocksdb_livefiles(holder->db);
    varve_status status = VARVE_OK;
    if (rocksdb_livefiles_count(files) != 1)
        status = varve__fail(err, VARVE_INTERNAL, "a scratch store has %d tables, not 1",
                             rocksdb_livefiles_count(files));
    if (status == VARVE_OK) {
        const char *key = rocksdb_livefiles_smallestkey(files, 0, &size);
        status = varve__buf_assign(&info->start, varve_slice_of(key, size), err);
    }
    if (status == VARVE_OK) {
        const char *key = rocksdb_livefiles_largestkey(files, 0, &size);
        status = varve__buf_assign(&info->end, varve_slice_of(key, size), err);
    }
    rocksdb_livefiles_destroy(files);
    return status;
}

/* Whether `end` is that of a range clear. */
static varve_status ends_a_range(varve_slice ranges, varve_slice end, bool *ends, varve_error *err)
{
    varve__repr_reader reader;
    varve_record record;
    varve_status status = VARVE_NOT_FOUND;
    *ends = false;
    if (ranges.size > 0)
        status = varve__repr_reader_init(&reader, ranges, 0, err);
    while (status == VARVE_OK) {
        status = varve__repr_reader_next(&reader, &record, err);
        if (status == VARVE_OK && varve_slice_equal(record.value, end))
            *ends = true;
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

static varve_status read_held(struct holder *holder, varve__table_info *info, varve__table_fn each,
                              void *arg, varve_error *err)
{
    varve_buf last = VARVE_BUF_INIT;
    bool ends = false;
    varve_status status = take_bounds(holder, info, err);
    if (status == VARVE_OK)
        status = walk(holder, each, arg, &last, err);
    if (status == VARVE_OK)
        status =
            ends_a_range(varve_buf_slice(&info->ranges), varve_buf_slice(&info->end), &ends, err);
    info->end_is_free =
        ends && varve_slice_compare(varve_buf_slice(&last), varve_buf_slice(&info->end)) < 0;
    varve_buf_release(&last);
    return status;
}

/* ---- Together ------------------------------------------------------------------------------- */

/* Hold a copy or a link of the table in a store, both in `scratch`. */
static varve_status read_in(const char *path, const char *scratch, varve__table_info *info,
                            varve__table_fn each, void *arg, varve_error *err)
{
    struct holder holder = {.db = NULL};
    varve_buf table = VARVE_BUF_INIT;
    varve_buf store = VARVE_BUF_INIT;
    varve_status status = varve__path_join(&table, scratch, "table", err);
    if (status == VARVE_OK)
        status = varve__path_join(&store, scratch, "store", err);
    if (status == VARVE_OK)
        status = varve__table_bring(path, varve__path_text(&table), info, err);
    if (status == VARVE_OK) {
        status = open_holder(&holder, varve__path_text(&store), err);
        if (status == VARVE_OK)
            status = adopt(holder.db, varve__path_text(&table), err);
        if (status == VARVE_OK)
            status = read_held(&holder, info, each, arg, err);
        close_holder(&holder);
    }
    varve_buf_release(&table);
    varve_buf_release(&store);
    return status;
}

varve_status varve__table_read(const char *path, const char *scratch, varve__table_info *info,
                               varve__table_fn each, void *arg, varve_error *err)
{
    varve__table_file file;
    varve_status status = varve__table_file_read(path, &file, err);
    if (status != VARVE_OK)
        return status;
    *info = (varve__table_info){
        .ranges = file.ranges, .clears = file.clears, .sequence_at = file.sequence_at};
    memcpy(info->sequence, file.sequence, sizeof info->sequence);
    status = read_in(path, scratch, info, each, arg, err);
    if (status != VARVE_OK)
        varve__table_info_release(info);
    return status;
}
