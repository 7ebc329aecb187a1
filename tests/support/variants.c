#include "tests/support/variants.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/support/backends.h"

static const struct kind {
    const char *name;
    int backend;
    bool batched; /* what the history does in a batch is done in one */
    varve_options options;
} kinds[VARIANT_COUNT] = {
    {"map", BACKEND_MAP, false, {.max_bytes = 0}},
    {"map, batched", BACKEND_MAP, true, {.max_bytes = 0}},
    {"memory, batched", BACKEND_MEMORY, true, {.max_bytes = 0}},
    {"memory, without filters",
     BACKEND_MEMORY,
     false,
     {.block_bytes = 1024,
      .write_buffer_bytes = 65536,
      .cache_bytes = 4096,
      .bloom_bits = -1,
      .compression = VARVE_COMPRESSION_NONE,
      .bottom_compression = VARVE_COMPRESSION_NONE}},
    {"disk, batched", BACKEND_DISK, true, {.max_bytes = 0}},
    {"disk, tiny",
     BACKEND_DISK,
     false,
     {.block_bytes = 1024,
      .write_buffer_bytes = 65536,
      .cache_bytes = 4096,
      .bloom_bits = 1,
      .max_open_files = 20,
      .cache_indexes = true,
      .compression = VARVE_COMPRESSION_ZSTD,
      .bottom_compression = VARVE_COMPRESSION_LZ4,
      .rocksdb_options = "level0_file_num_compaction_trigger=2;target_file_size_base=2048;"
                         "max_bytes_for_level_base=4096;max_bytes_for_level_multiplier=2;"
                         "block_based_table_factory={block_restart_interval=1}"}},
    {"disk, without log and compactions",
     BACKEND_DISK,
     true,
     {.wal = VARVE_WAL_OFF,
      .bloom_bits = -1,
      .compression = VARVE_COMPRESSION_LZ4,
      .rocksdb_options = "disable_auto_compactions=true;block_based_table_factory="
                         "{index_type=kTwoLevelIndexSearch;metadata_block_size=64;"
                         "data_block_index_type=kDataBlockBinaryAndHash}"}},
    {"disk, indexed by prefix, values beside the tables",
     BACKEND_DISK,
     false,
     {.block_bytes = 1024,
      .rocksdb_options = "enable_pipelined_write=true;wal_compression=kZSTD;"
                         "enable_blob_files=true;enable_blob_garbage_collection=true;"
                         "blob_file_size=1000;optimize_filters_for_hits=true;"
                         "block_based_table_factory="
                         "{index_type=kHashSearch;cache_index_and_filter_blocks=true}"}},
    {"disk, with a few newest versions", BACKEND_DISK, false, {.newest_bytes = 1536}},
};

const char *variant_name(int number)
{
    return kinds[number].name;
}

static void need(struct variant *variant, varve_status status)
{
    must(status == VARVE_OK, variant->err.message);
}

static varve_options options_of(int number)
{
    varve_options options = kinds[number].options;
    options.never_sync = true;
    return options;
}

/* The way that this variant takes, of so many; the first is the plain one. */
static unsigned way_of(const struct variant *variant, const struct deed *deed, unsigned count)
{
    test_random dice = {deed->fate + (uint64_t)variant->number};
    return deed->fate == 0 ? 0 : (unsigned)test_random_below(&dice, count);
}

/* ---- Records as they are -----------------------------------------------------------------------
 */

varve_reader *variant_reader(const struct variant *variant)
{
    return variant->batch != NULL ? varve_batch_reader_of(variant->batch)
                                  : varve_engine_reader(variant->engine);
}

static varve_batch *open_batch(struct variant *variant)
{
    varve_batch *batch = NULL;
    need(variant, varve_batch_open(variant->engine, 0, &batch, &variant->err));
    return batch;
}

static void tell_records(struct variant *variant, varve_buf *text)
{
    varve_iter *it = NULL;
    need(variant, varve_iter_open(variant_reader(variant), NULL, &it, &variant->err));
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it)) {
        tell(text, " ");
        tell_bytes(text, it->key);
        tell(text, "=");
        tell_bytes(text, varve_iter_value(it));
    }
    need(variant, varve_iter_status(it, &variant->err));
    varve_iter_close(it);
}

/* A batch that makes the engine's records what they are now, whatever they will be. */
static void save_records(struct variant *variant, varve_buf *out)
{
    varve_iter *it = NULL;
    varve_batch *batch = open_batch(variant);
    varve_writer *writer = varve_batch_writer_of(batch);
    varve_reader *reader = varve_engine_reader(variant->engine);
    need(variant, varve_writer_clear_range(writer, bytes(""), bytes("\xFF\xFF"), &variant->err));
    need(variant, varve_iter_open(reader, NULL, &it, &variant->err));
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        need(variant, varve_writer_put(writer, it->key, varve_iter_value(it), &variant->err));
    need(variant, varve_iter_status(it, &variant->err));
    varve_iter_close(it);
    varve_slice repr = varve_batch_repr(batch);
    tell(out, "%*s", (int)repr.size, "");
    memcpy(out->data, repr.data, repr.size);
    varve_batch_close(batch);
}

static void apply(struct variant *variant, varve_slice repr)
{
    varve_writer *writer = varve_engine_writer(variant->engine);
    need(variant, varve_writer_apply(writer, repr, &variant->err));
}

/* ---- Opening and closing -----------------------------------------------------------------------
 */

void variant_open(struct variant *variant, int number)
{
    *variant = (struct variant){.number = number, .err = VARVE_ERROR_INIT};
    variant->engine = backend_open_with(kinds[number].backend, options_of(number));
}

static void pop_mark(struct variant *variant)
{
    variant->mark_count--;
    varve_buf_release(&variant->marks[variant->mark_count].records);
}

/* The history's batch is over. */
static void leave_batch(struct variant *variant)
{
    varve_batch_close(variant->batch);
    varve_snapshot_close(variant->beneath);
    variant->batch = NULL;
    variant->beneath = NULL;
    while (variant->mark_count > 0)
        pop_mark(variant);
}

void variant_close(struct variant *variant)
{
    varve_iter_close(variant->iter);
    varve_snapshot_close(variant->past);
    leave_batch(variant);
    varve_error_release(&variant->err);
    backend_close(variant->engine);
}

/* ---- Acts --------------------------------------------------------------------------------------
 */

enum way { PLAINLY, IN_BATCH, OVER_SNAPSHOT, THROUGH_VIEW, BY_BYTES, WAYS };

/* What an act is done to when it is not done plainly. */
struct detour {
    varve_snapshot *snapshot;
    varve_batch *batch;
    varve_distinct *view;
    varve_reader *reader;
    varve_writer *writer;
    bool is_own; /* the batch is not that of the history */
};

/* A view does not see what is written through it: not for acts that come to a key twice. */
static bool may_take_view(const struct deed *deed)
{
    return deed->kind != ACT_GC;
}

static struct detour take(struct variant *variant, enum way way)
{
    struct detour detour = {.batch = variant->batch};
    if (detour.batch == NULL && way == OVER_SNAPSHOT) {
        need(variant, varve_snapshot_open(variant->engine, &detour.snapshot, &variant->err));
        need(variant, varve_batch_open_at(detour.snapshot, 0, &detour.batch, &variant->err));
    } else if (detour.batch == NULL && way != PLAINLY) {
        detour.batch = open_batch(variant);
    }
    detour.is_own = variant->batch == NULL && detour.batch != NULL;
    if (way == THROUGH_VIEW) {
        need(variant, varve_distinct_open(detour.batch, &detour.view, &variant->err));
        detour.reader = varve_distinct_reader(detour.view);
        detour.writer = varve_distinct_writer(detour.view);
    } else if (detour.batch != NULL) {
        detour.reader = varve_batch_reader_of(detour.batch);
        detour.writer = varve_batch_writer_of(detour.batch);
    } else {
        detour.reader = varve_engine_reader(variant->engine);
        detour.writer = varve_engine_writer(variant->engine);
    }
    return detour;
}

static void arrive(struct variant *variant, struct detour *detour, enum way way)
{
    varve_distinct_close(detour->view);
    if (detour->is_own && way == BY_BYTES)
        apply(variant, varve_batch_repr(detour->batch));
    else if (detour->is_own)
        need(variant, varve_batch_commit(detour->batch, VARVE_NO_SYNC, &variant->err));
    if (detour->is_own)
        varve_batch_close(detour->batch);
    varve_snapshot_close(detour->snapshot);
}

static void do_act(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    enum way way = (enum way)way_of(variant, deed, WAYS);
    if (way == THROUGH_VIEW && !may_take_view(deed))
        way = PLAINLY;
    struct detour detour = take(variant, way);
    act_do(&deed->act, detour.reader, detour.writer, &variant->stats, text);
    arrive(variant, &detour, way);
}

/* ---- Looks -------------------------------------------------------------------------------------
 */

static void tell_end(varve_buf *text, varve_status status, varve_error *err)
{
    tell(text, " ");
    tell_status(text, status, err);
    varve_error_release(err);
}

static varve_status tell_one(void *arg, const varve_row *row, varve_error *err)
{
    (void)err;
    tell_row(arg, row->key, row->ts, row->value);
    return VARVE_OK;
}

static void look_at_versions(varve_reader *reader, const struct act *act, const varve_read *how,
                             varve_buf *text)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_read only = *how;
    only.flags &= (unsigned)VARVE_READ_INCONSISTENT;
    varve_status status = varve_mvcc_versions(reader, &only, act->key, act->max, &rows, &err);
    tell_end(text, status, &err);
    if (status == VARVE_OK)
        tell_rows(text, &rows);
    if (rows.more)
        tell_ts(text, rows.resume_ts);
    varve_rows_release(&rows);
}

static void look_with_cursor(varve_reader *reader, const struct act *act, const varve_read *how,
                             varve_buf *text)
{
    varve_row row;
    varve_cursor *cursor = NULL;
    varve_error err = VARVE_ERROR_INIT;
    size_t count = 0;
    varve_status status = varve_cursor_open(reader, how, act->span,
                                            act->flag ? VARVE_CURSOR_REVERSE : 0, &cursor, &err);
    while (status == VARVE_OK) {
        status = varve_cursor_next(cursor, &row, &err);
        if (status == VARVE_OK)
            tell_row(text, row.key, row.ts, row.value);
    }
    tell_end(text, status, &err);
    const varve_intent *intents = cursor != NULL ? varve_cursor_intents(cursor, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        tell_intent(text, &intents[i]);
    varve_cursor_close(cursor);
}

static void look_with_callback(varve_reader *reader, const struct act *act, const varve_read *how,
                               varve_buf *text)
{
    varve_rows intents = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status =
        varve_mvcc_iterate(reader, how, act->span, act->flag ? VARVE_CURSOR_REVERSE : 0, tell_one,
                           text, &intents, &err);
    tell_end(text, status, &err);
    tell_rows(text, &intents);
    varve_rows_release(&intents);
}

static void look_at_changes(varve_reader *reader, const struct act *act, varve_buf *text)
{
    varve_row row;
    varve_changes *changes = NULL;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status =
        varve_changes_open(reader, act->span, act->after, act->ts, &changes, &err);
    while (status == VARVE_OK) {
        status =
            act->flag ? varve_changes_next_key(changes, &err) : varve_changes_next(changes, &err);
        if (status == VARVE_OK && varve_changes_row(changes, &row))
            tell_row(text, row.key, row.ts, row.value);
    }
    tell_end(text, status, &err);
    varve_changes_close(changes);
}

static void look_for_split(varve_reader *reader, const struct act *act, varve_buf *text)
{
    static const varve_no_split nowhere = {NULL, 0};
    varve_split split = VARVE_SPLIT_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_mvcc_find_split_key(
        reader, act->span, act->target_bytes * 4, act->flag ? &nowhere : NULL, NULL, &split, &err);
    tell_end(text, status, &err);
    tell_row(text, varve_buf_slice(&split.key), varve_ts_of(split.left_bytes, 0),
             varve_buf_slice(&split.largest_key));
    tell(text, " %lld", (long long)split.largest_bytes);
    varve_split_release(&split);
}

static void recount(varve_reader *reader, const struct act *act, varve_buf *text)
{
    varve_stats stats = {0};
    varve_buf printed = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    int64_t now = act->ts.wall < INT64_MAX ? act->ts.wall : 0;
    varve_status status = varve_stats_compute(reader, act->span, now, NULL, &stats, &err);
    tell_end(text, status, &err);
    must(varve_stats_print(&stats, &printed, &err) == VARVE_OK, err.message);
    tell(text, " %.*s", (int)printed.size, (const char *)printed.data);
    varve_buf_release(&printed);
}

/* Whether the numbers that writes have told are those of a recount. */
static void audit(varve_reader *reader, const struct act *act, const varve_stats *running,
                  varve_buf *text)
{
    varve_stats counted;
    varve_stats aged = *running;
    varve_buf printed = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    int64_t now = act->ts.wall < INT64_MAX ? act->ts.wall : 0;
    varve_status status = varve_stats_compute(reader, act->span, now, NULL, &counted, &err);
    must(status == VARVE_OK, err.message);
    varve_stats_age_to(&aged, now);
    if (memcmp(&aged, &counted, sizeof aged) == 0) {
        tell(text, "even");
        return;
    }
    must(varve_stats_print(&aged, &printed, &err) == VARVE_OK, err.message);
    tell(text, "told %.*s", (int)printed.size, (const char *)printed.data);
    varve_buf_release(&printed);
    recount(reader, act, text);
}

static void look(varve_reader *reader, const struct deed *deed, const varve_stats *running,
                 varve_buf *text)
{
    const struct act *act = &deed->act;
    varve_txn txn = act->txn;
    varve_seq_range ignored[ACT_RANGES];
    memcpy(ignored, act->ignored, sizeof ignored);
    txn.ignored = ignored;
    varve_read how = {.struct_size = sizeof how,
                      .ts = act->ts,
                      .flags = act->flags,
                      .txn = act->has_txn ? &txn : NULL};
    switch (deed->kind) {
    case DEED_VERSIONS:
        look_at_versions(reader, act, &how, text);
        break;
    case DEED_CURSOR:
        look_with_cursor(reader, act, &how, text);
        break;
    case DEED_ITERATE:
        how.max_intents = act->max_intents;
        look_with_callback(reader, act, &how, text);
        break;
    case DEED_CHANGES:
        look_at_changes(reader, act, text);
        break;
    case DEED_SPLIT:
        look_for_split(reader, act, text);
        break;
    case DEED_RECOUNT:
        recount(reader, act, text);
        break;
    case DEED_AUDIT:
        audit(reader, act, running, text);
        break;
    case DEED_DUMP:
        tell_store(text, reader);
        break;
    default:
        act_do(act, reader, NULL, NULL, text);
    }
}

/* What has been asked for twice is kept, if the variant keeps anything. */
static void look_until_kept(const struct variant *variant, varve_reader *reader,
                            const struct deed *deed)
{
    varve_buf ignored = VARVE_BUF_INIT;
    for (int i = 0; i < 2 && kinds[variant->number].options.newest_bytes > 0; i++) {
        ignored.size = 0;
        look(reader, deed, &variant->stats, &ignored);
    }
    varve_buf_release(&ignored);
}

/* What a read goes through: what shows the present or the past, or a batch with nothing in it. */
static void do_read(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    enum way way = (enum way)way_of(variant, deed, WAYS);
    if (!deed->in_past) {
        struct detour detour = take(variant, way);
        look_until_kept(variant, detour.reader, deed);
        look(detour.reader, deed, &variant->stats, text);
        arrive(variant, &detour, way);
        return;
    }
    varve_batch *batch = NULL;
    if (way == OVER_SNAPSHOT)
        need(variant, varve_batch_open_at(variant->past, 0, &batch, &variant->err));
    look(batch != NULL ? varve_batch_reader_of(batch) : varve_snapshot_reader(variant->past), deed,
         NULL, text);
    varve_batch_close(batch);
}

/* ---- Batches of the history --------------------------------------------------------------------
 */

static void push_mark(struct variant *variant)
{
    struct mark *mark = &variant->marks[variant->mark_count++];
    *mark = (struct mark){variant->stats, VARVE_BUF_INIT};
    if (!kinds[variant->number].batched)
        save_records(variant, &mark->records);
}

static void begin_batch(struct variant *variant, const struct deed *deed)
{
    push_mark(variant);
    if (!kinds[variant->number].batched)
        return;
    if (way_of(variant, deed, 2) == 0) {
        variant->batch = open_batch(variant);
        return;
    }
    need(variant, varve_snapshot_open(variant->engine, &variant->beneath, &variant->err));
    need(variant, varve_batch_open_at(variant->beneath, 0, &variant->batch, &variant->err));
}

static void commit_batch(struct variant *variant, const struct deed *deed)
{
    if (variant->batch != NULL && way_of(variant, deed, 2) == 0)
        need(variant, varve_batch_commit(variant->batch, VARVE_NO_SYNC, &variant->err));
    else if (variant->batch != NULL)
        apply(variant, varve_batch_repr(variant->batch));
    leave_batch(variant);
}

/* Go back to a mark by hand, where there is no batch. */
static void return_to(struct variant *variant, const struct mark *mark)
{
    variant->stats = mark->stats;
    if (variant->batch == NULL)
        apply(variant, varve_slice_of(mark->records.data, mark->records.size));
}

static void move_batch(struct variant *variant, const struct deed *deed)
{
    const struct mark *last =
        variant->mark_count > 0 ? &variant->marks[variant->mark_count - 1] : NULL;
    varve_batch *batch = variant->batch;
    switch (deed->kind) {
    case DEED_BATCH:
        begin_batch(variant, deed);
        break;
    case DEED_COMMIT:
        commit_batch(variant, deed);
        break;
    case DEED_DROP:
        return_to(variant, &variant->marks[0]);
        leave_batch(variant);
        break;
    case DEED_SAVE:
        if (batch != NULL)
            need(variant, varve_batch_savepoint(batch, &variant->err));
        push_mark(variant);
        break;
    case DEED_ROLL_BACK:
        if (batch != NULL)
            need(variant, varve_batch_rollback(batch, &variant->err));
        return_to(variant, last);
        pop_mark(variant);
        break;
    default:
        if (batch != NULL)
            need(variant, varve_batch_release(batch, &variant->err));
        pop_mark(variant);
    }
}

/* ---- Snapshots and iterators -------------------------------------------------------------------
 */

static void open_iter(struct variant *variant, const struct deed *deed)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_iter_options options = {.struct_size = sizeof options,
                                  .prefix = deed->is_prefix,
                                  .bypass_cache = way_of(variant, deed, 2) == 1};
    if (deed->is_bounded) {
        need(variant, varve_span_encode(deed->act.span, &lower, &upper, &variant->err));
        options.lower = varve_buf_slice(&lower);
        options.upper = varve_buf_slice(&upper);
    }
    varve_reader *reader =
        deed->in_past ? varve_snapshot_reader(variant->past) : varve_engine_reader(variant->engine);
    need(variant, varve_iter_open(reader, &options, &variant->iter, &variant->err));
    varve_buf_release(&lower);
    varve_buf_release(&upper);
}

static void move_iter(struct variant *variant, const struct deed *deed)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_iter *it = variant->iter;
    need(variant, varve_key_encode(deed->act.key, deed->act.flag ? deed->act.ts : varve_ts_zero(),
                                   &key, &variant->err));
    if (deed->kind == DEED_SEEK_GE)
        varve_iter_seek_ge(it, varve_buf_slice(&key));
    else if (deed->kind == DEED_SEEK_LT)
        varve_iter_seek_lt(it, varve_buf_slice(&key));
    else if (deed->kind == DEED_NEXT)
        varve_iter_next(it);
    else if (deed->kind == DEED_PREV)
        varve_iter_prev(it);
    else if (deed->kind == DEED_NEXT_KEY)
        varve_iter_next_key(it);
    else
        varve_iter_prev_key(it);
    varve_buf_release(&key);
}

static void tell_place(struct variant *variant, varve_buf *text)
{
    varve_iter *it = variant->iter;
    if (it->valid) {
        tell_bytes(text, it->key);
        tell(text, "=");
        tell_bytes(text, varve_iter_value(it));
    }
    tell_end(text, varve_iter_status(it, &variant->err), &variant->err);
}

static void move_handle(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    switch (deed->kind) {
    case DEED_SNAPSHOT:
        need(variant, varve_snapshot_open(variant->engine, &variant->past, &variant->err));
        break;
    case DEED_FORGET:
        varve_snapshot_close(variant->past);
        variant->past = NULL;
        break;
    case DEED_OPEN:
        open_iter(variant, deed);
        break;
    case DEED_CLOSE:
        varve_iter_close(variant->iter);
        variant->iter = NULL;
        break;
    default:
        move_iter(variant, deed);
        tell_place(variant, text);
    }
}

/* ---- Upkeep ------------------------------------------------------------------------------------
 */

static bool is_on_disk(const struct variant *variant)
{
    return kinds[variant->number].backend == BACKEND_DISK;
}

static bool is_idle(const struct variant *variant)
{
    return variant->batch == NULL && variant->past == NULL && variant->iter == NULL;
}

/* A path at which there is nothing. */
static const char *new_path(void)
{
    const char *path = temp_dir_make();
    must(rmdir(path) == 0, "cannot make room for a file");
    return path;
}

static void compact(struct variant *variant, const struct deed *deed)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_compact_options options = {.struct_size = sizeof options, .bottommost = deed->act.flag};
    need(variant, varve_span_encode(deed->act.span, &lower, &upper, &variant->err));
    options.start = varve_buf_slice(&lower);
    options.end = varve_buf_slice(&upper);
    need(variant, varve_engine_compact_range(variant->engine, &options, &variant->err));
    varve_buf_release(&lower);
    varve_buf_release(&upper);
}

static bool reopen(struct variant *variant)
{
    if (!is_on_disk(variant) || !is_idle(variant))
        return false;
    variant->engine = backend_reopen_with(variant->engine, options_of(variant->number));
    return true;
}

/* Go on with a copy. */
static bool change_to_checkpoint(struct variant *variant)
{
    varve_options options = options_of(variant->number);
    if (!is_on_disk(variant) || !is_idle(variant))
        return false;
    options.path = new_path();
    need(variant, varve_engine_checkpoint(variant->engine, options.path, &variant->err));
    backend_close(variant->engine);
    variant->engine = backend_open_with(BACKEND_DISK, options);
    return true;
}

/* Export the span [lower, upper) of the engine; NULL if there is nothing in it. */
static const char *export_span(struct variant *variant, varve_slice lower, varve_slice upper,
                               bool replaces)
{
    const char *path = new_path();
    varve_export_options options = {
        .struct_size = sizeof options, .start = lower, .end = upper, .replace = replaces};
    varve_export_result result = {.struct_size = sizeof result, .resume = VARVE_BUF_INIT};
    need(variant, varve_export_range(varve_engine_reader(variant->engine), path, &options, &result,
                                     &variant->err));
    varve_buf_release(&result.resume);
    return result.records > 0 || replaces ? path : NULL;
}

static void ingest(struct variant *variant, const char *path, bool moves)
{
    varve_ingest_options options = {.struct_size = sizeof options, .move = moves};
    if (path == NULL)
        return;
    need(variant, varve_engine_ingest(variant->engine, &path, 1, &options, &variant->err));
    (void)unlink(path);
}

/* Take everything to a new store. */
static bool move_store(struct variant *variant, const struct deed *deed)
{
    if (!is_idle(variant))
        return false;
    const char *path = export_span(variant, bytes(""), bytes(""), false);
    backend_close(variant->engine);
    variant->engine =
        backend_open_with(kinds[variant->number].backend, options_of(variant->number));
    ingest(variant, path, deed->act.flag);
    return true;
}

/* Take a span out and put it back, or put it over itself. */
static void take_out(struct variant *variant, const struct deed *deed)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    bool replaces = deed->kind == DEED_REPLACE;
    need(variant, varve_span_encode(deed->act.span, &lower, &upper, &variant->err));
    const char *path =
        export_span(variant, varve_buf_slice(&lower), varve_buf_slice(&upper), replaces);
    if (!replaces)
        need(variant,
             varve_writer_clear_range(varve_engine_writer(variant->engine), varve_buf_slice(&lower),
                                      varve_buf_slice(&upper), &variant->err));
    ingest(variant, path, deed->act.flag);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
}

/* Another engine that reads the directory shows the same. */
static bool read_aside(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    struct variant aside = *variant;
    varve_options options = {.path = NULL};
    char path[4096];
    if (!is_on_disk(variant) || variant->mark_count > 0)
        return false;
    varve_buf live = VARVE_BUF_INIT;
    varve_buf beside = VARVE_BUF_INIT;
    need(variant, varve_engine_flush(variant->engine, &variant->err));
    backend_path(variant->engine, path, sizeof path);
    options.path = path;
    options.read_only = !deed->act.flag;
    options.secondary_path = deed->act.flag ? temp_dir_make() : NULL;
    aside.engine = backend_open_with(BACKEND_DISK, options);
    tell_records(variant, &live);
    tell_records(&aside, &beside);
    backend_leave(aside.engine);
    if (!varve_slice_equal(varve_buf_slice(&live), varve_buf_slice(&beside)))
        tell(text, "beside it:%.*s", (int)beside.size, (const char *)beside.data);
    varve_buf_release(&live);
    varve_buf_release(&beside);
    return true;
}

/* Carry what a batch holds over to another one. */
static bool rebatch(struct variant *variant)
{
    if (variant->batch == NULL || variant->mark_count != 1)
        return false;
    varve_batch *next = open_batch(variant);
    need(variant, varve_writer_apply(varve_batch_writer_of(next), varve_batch_repr(variant->batch),
                                     &variant->err));
    varve_batch_close(variant->batch);
    varve_snapshot_close(variant->beneath);
    variant->beneath = NULL;
    variant->batch = next;
    return true;
}

/* Returns whether it could be done. */
static bool look_after(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    switch (deed->kind) {
    case DEED_FLUSH:
        need(variant, varve_engine_flush(variant->engine, &variant->err));
        return true;
    case DEED_COMPACT:
        need(variant, varve_engine_compact(variant->engine, &variant->err));
        return true;
    case DEED_COMPACT_RANGE:
        compact(variant, deed);
        return true;
    case DEED_REOPEN:
        return reopen(variant);
    case DEED_CHECKPOINT:
        return change_to_checkpoint(variant);
    case DEED_MOVE:
        return move_store(variant, deed);
    case DEED_REPLACE:
    case DEED_TAKE_OUT:
        take_out(variant, deed);
        return true;
    case DEED_ASIDE:
        return read_aside(variant, deed, text);
    default:
        return rebatch(variant);
    }
}

static bool do_upkeep(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    varve_buf before = VARVE_BUF_INIT;
    varve_buf after = VARVE_BUF_INIT;
    tell_records(variant, &before);
    bool is_done = look_after(variant, deed, text);
    tell_records(variant, &after);
    if (!varve_slice_equal(varve_buf_slice(&before), varve_buf_slice(&after)))
        tell(text, "before:%.*s\nafter:%.*s", (int)before.size, (const char *)before.data,
             (int)after.size, (const char *)after.data);
    varve_buf_release(&before);
    varve_buf_release(&after);
    return is_done;
}

/* ---- Everything --------------------------------------------------------------------------------
 */

bool variant_do(struct variant *variant, const struct deed *deed, varve_buf *text)
{
    if (deed_is_upkeep(deed->kind))
        return deed->variant == variant->number && do_upkeep(variant, deed, text);
    if (deed_is_read(deed->kind))
        do_read(variant, deed, text);
    else if (deed->kind < ACT_KINDS)
        do_act(variant, deed, text);
    else if (deed->kind <= DEED_KEEP)
        move_batch(variant, deed);
    else
        move_handle(variant, deed, text);
    return true;
}
