/*
 * Importing a git history: the events of a fast-export stream, written commit by commit.
 *
 * The contents of blobs wait in one temporary file until commits name them, and the changes of a
 * commit in another until it is complete: so nothing of a commit is written before all of it has
 * been found good, and memory holds only the table of marks.
 *
 * The cursor is how many commits have been imported, and the id of the last.  An import that goes
 * on reads the stream from its start, holds each commit against its label, and writes those that
 * follow.
 */
#include "file_value.h"
#include "import_fast_export.h"
#include "import_job.h"
#include "import_spool.h"
#include "labels.h"

#include <stdlib.h>

#define FORMAT "git"

static const int64_t ns_per_second = 1000000000;

/* The content of a file, mode in front, has to fit into a value. */
static const uint64_t content_max =
    VARVE_VALUE_SIZE_MAX - VARVE_VALUE_HEADER_SIZE - FILE_HEADER_SIZE;

/* How far the import has come, as it is stored. */
struct cursor {
    uint64_t commits;
    char last[LABEL_ID_MAX + 1];    /* the id of the last of them */
    char pending[LABEL_ID_MAX + 1]; /* the commit that has been written in part, or empty */
    varve_ts ts;                    /* of the last */
};

/* A change as it waits for the end of its commit; the path follows, and the id of a submodule. */
struct waiting {
    char mode[FILE_MODE_SIZE];
    bool deleted;
    uint32_t path_size;
    uint32_t id_size; /* of a submodule; 0 for others, whose content is in the spool */
    uint64_t offset;
    uint64_t size;
};

struct git {
    struct import_job *job;
    struct import_spool contents;
    struct import_marks marks;
    struct import_mark last_content; /* what the content events have told of */
    struct import_spool changes;
    struct cursor done;    /* when the import began */
    struct cursor cursor;  /* what has been put into the batch */
    struct label label;    /* of the commit that the stream is in */
    struct label previous; /* of the one before it; an empty id if there is none */
    uint64_t previous_mark;
    uint64_t commit_mark;
    struct import_bytes path;
    struct import_bytes raw;
};

/* ---- The cursor ---------------------------------------------------------------------------- */

static bool put_cursor(struct git *git, struct import_fault *fault)
{
    char time[VARVE_TS_TEXT_MAX];
    json_t *json =
        json_pack("{s:I, s:s, s:s}", "commits", (json_int_t)git->cursor.commits, "commit",
                  git->cursor.last, "time", varve_ts_format(git->cursor.ts, time));

    if (git->cursor.pending[0] != '\0' &&
        json_object_set_new(json, "pending", json_string(git->cursor.pending)) != 0) {
        json_decref(json);
        json = NULL;
    }
    return import_sink_put_cursor(&git->job->sink, FORMAT, json, fault);
}

static bool copy_id(char to[LABEL_ID_MAX + 1], const char *from)
{
    size_t size = strlen(from);

    if (size > LABEL_ID_MAX)
        return false;
    memcpy(to, from, size + 1);
    return true;
}

static bool decode_cursor(json_t *json, struct cursor *cursor)
{
    json_int_t commits;
    const char *last;
    const char *time;
    const char *pending = "";
    int version;

    if (json_unpack(json, "{s:i, s:I, s:s, s:s, s?:s !}", "version", &version, "commits", &commits,
                    "commit", &last, "time", &time, "pending", &pending) != 0 ||
        commits < 0)
        return false;
    cursor->commits = (uint64_t)commits;
    return copy_id(cursor->last, last) && copy_id(cursor->pending, pending) &&
           varve_ts_parse(varve_slice_text(time), &cursor->ts, NULL) == VARVE_OK;
}

static bool read_cursor(struct git *git, struct import_fault *fault)
{
    json_t *json;

    if (!import_sink_get_cursor(&git->job->sink, FORMAT, &json, fault))
        return false;
    bool decoded = json == NULL || decode_cursor(json, &git->done);
    json_decref(json);
    git->cursor = git->done;
    return decoded || import_cursor_damaged(fault);
}

/* Commit the batch.  What it holds of `pending`, if that is a commit, is only a part. */
static bool commit_batch(struct git *git, const char *pending, struct import_fault *fault)
{
    memmove(git->cursor.pending, pending, strlen(pending) + 1);
    return put_cursor(git, fault) && import_sink_commit(&git->job->sink, fault);
}

/* ---- Contents ------------------------------------------------------------------------------ */

static bool on_content_begin(void *arg, struct import_fault *fault)
{
    struct git *git = arg;

    (void)fault;
    git->last_content.offset = git->contents.size;
    git->last_content.size = 0;
    return true;
}

static bool on_content(void *arg, varve_slice bytes, struct import_fault *fault)
{
    struct git *git = arg;

    git->last_content.size += bytes.size;
    progress_update(&git->job->progress, git->job->records, git->job->in.place.offset);
    return import_spool_append(&git->contents, bytes.data, bytes.size, fault);
}

static bool on_blob_end(void *arg, uint64_t mark, struct import_fault *fault)
{
    struct git *git = arg;

    if (mark == 0)
        return true;
    git->last_content.mark = mark;
    return import_marks_set(&git->marks, git->last_content) || import_no_memory(fault);
}

/* ---- The line of commits ------------------------------------------------------------------- */

/* A commit has to be the child of the one before it. */
static bool check_parent(const struct git *git, const struct fast_export_commit *commit,
                         struct import_fault *fault)
{
    const struct fast_export_ref *from = &commit->from;

    if (git->previous.id[0] == '\0') {
        if (from->kind == FAST_EXPORT_NONE)
            return true;
        return import_malformed(fault, commit->place,
                                "the first commit, %s, has a parent that is not in the stream: "
                                "export the whole line, not a range",
                                commit->id);
    }
    if (from->kind == FAST_EXPORT_MARK && from->mark == git->previous_mark)
        return true;
    if (from->kind == FAST_EXPORT_ID && strcmp(from->id, git->previous.id) == 0)
        return true;
    return import_malformed(fault, commit->place,
                            "commit %s does not follow %s: the stream is not one line of "
                            "commits; export one ref with git fast-export --first-parent",
                            commit->id, git->previous.id);
}

/* The time of a commit: its committer's, but later than the commit before it. */
static bool find_time(struct git *git, const struct fast_export_commit *commit,
                      struct import_fault *fault)
{
    varve_error err = VARVE_ERROR_INIT;

    if (commit->seconds > INT64_MAX / ns_per_second)
        return import_malformed(fault, commit->place,
                                "commit %s: its committer time, %lld, is after the year 2262",
                                commit->id, (long long)commit->seconds);
    if (varve_ts_next(git->previous.ts, &git->label.ts, &err) != VARVE_OK)
        return import_failed_error(fault, &err, commit->id);
    if (commit->seconds > 0)
        varve_ts_forward(&git->label.ts, varve_ts_of(commit->seconds * ns_per_second, 0));
    return true;
}

static bool other_history(const struct git *git, const struct fast_export_commit *commit,
                          struct import_fault *fault)
{
    return import_malformed(fault, commit->place,
                            "commit %llu of the stream, %s, is not the one that has been "
                            "imported: this is another history, or it has been rewritten; import "
                            "it into another store",
                            (unsigned long long)git->label.number + 1, commit->id);
}

/* A commit that has been imported needs its label. */
static bool check_label(const struct git *git, const struct fast_export_commit *commit,
                        struct import_fault *fault)
{
    unsigned char key[LABEL_KEY_MAX];
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_slice label_at = label_key(varve_slice_text(commit->id), key);
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    struct label label = {0};
    size_t position = 0;
    varve_row row;
    bool same = false;

    varve_status status =
        varve_mvcc_get(varve_engine_reader(git->job->sink.engine), &how, label_at, &rows, &err);
    if (status == VARVE_OK)
        same = varve_rows_next(&rows, &position, &row) &&
               label_decode(row.key, row.value, &label) && label.number == git->label.number &&
               varve_ts_compare(label.ts, git->label.ts) == 0;
    varve_rows_release(&rows);
    if (status < 0)
        return import_failed_error(fault, &err, commit->id);
    return same || other_history(git, commit, fault);
}

/* Whether the stream is still in what has been imported before. */
static bool is_old(const struct git *git)
{
    return git->label.number < git->done.commits;
}

/* The commit has to be the one that the store has, or has a part of, at this place. */
static bool check_history(const struct git *git, const struct fast_export_commit *commit,
                          struct import_fault *fault)
{
    uint64_t number = git->label.number;

    if (is_old(git)) {
        if (number + 1 == git->done.commits && strcmp(commit->id, git->done.last) != 0)
            return other_history(git, commit, fault);
        return check_label(git, commit, fault);
    }
    if (number == git->done.commits && git->done.pending[0] != '\0' &&
        strcmp(commit->id, git->done.pending) != 0)
        return other_history(git, commit, fault);
    return true;
}

static bool on_commit_begin(void *arg, const struct fast_export_commit *commit,
                            struct import_fault *fault)
{
    struct git *git = arg;

    if (commit->id[0] == '\0')
        return import_malformed(fault, commit->place,
                                "the commit has no original-oid: export with "
                                "--show-original-ids");
    memcpy(git->label.id, commit->id, sizeof git->label.id);
    git->commit_mark = commit->mark;
    import_spool_reset(&git->changes);
    return check_parent(git, commit, fault) && find_time(git, commit, fault) &&
           check_history(git, commit, fault);
}

/* ---- Changes ------------------------------------------------------------------------------- */

/* A bound of keys: the path and one byte more. */
static bool set_bound(struct import_bytes *bound, varve_slice path, unsigned char byte)
{
    bound->size = 0;
    return import_bytes_append(bound, path.data, path.size) && import_bytes_append(bound, &byte, 1);
}

/* Whether there was a value between two bounds at the time of the commit before. */
static bool was_between(const struct git *git, varve_slice start, varve_slice end, bool *was,
                        struct import_fault *fault)
{
    const varve_read how = {.struct_size = sizeof how, .ts = git->previous.ts};
    const varve_span span = {start, end};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status =
        varve_mvcc_scan(varve_engine_reader(git->job->sink.engine), &how, span, 1, &rows, &err);

    *was = rows.count > 0;
    varve_rows_release(&rows);
    return status == VARVE_OK || import_failed_error(fault, &err, git->job->sink.path);
}

/* Whether the path was a folder, and no file, at the time of the commit before. */
static bool was_folder(const struct git *git, varve_slice path, bool *folder,
                       struct import_fault *fault)
{
    struct import_bytes start = {0};
    struct import_bytes end = {0};
    bool file = false;
    bool good = set_bound(&end, path, '\0') || import_no_memory(fault);

    *folder = false;
    good = good && was_between(git, path, import_bytes_slice(&end), &file, fault);
    if (good && !file) {
        /* All that is below the folder. */
        good = (set_bound(&start, path, '/') && set_bound(&end, path, '/' + 1)) ||
               import_no_memory(fault);
        good = good && was_between(git, import_bytes_slice(&start), import_bytes_slice(&end),
                                   folder, fault);
    }
    import_bytes_release(&start);
    import_bytes_release(&end);
    return good;
}

/*
 * Refuse the deletion of a folder.  The store has to show all commits before this one for that.
 *
 * git fast-export deletes files, one by one; other programs may delete a folder by its name, which
 * would leave its files in the store.  (And where a folder takes the place of a file, the deletion
 * of the file comes after the folder's files and must not touch them.)
 */
static bool check_deletion(struct git *git, const struct fast_export_change *change,
                           struct import_fault *fault)
{
    bool folder;

    if (!import_sink_is_empty(&git->job->sink) && !commit_batch(git, git->cursor.pending, fault))
        return false;
    if (!was_folder(git, change->path, &folder, fault))
        return false;
    if (!folder)
        return true;
    return import_malformed(fault, change->place,
                            "\"%.*s\" is a folder, and only files can be deleted: export with git "
                            "fast-export",
                            (int)(change->path.size > 60 ? 60 : change->path.size),
                            (const char *)change->path.data);
}

/* Where the content of a change lies. */
static bool find_content(const struct git *git, const struct fast_export_change *change,
                         struct waiting *waiting, struct import_fault *fault)
{
    const struct import_mark *content = &git->last_content;

    if (change->data.kind == FAST_EXPORT_ID) {
        waiting->id_size = (uint32_t)strlen(change->data.id);
        return true;
    }
    if (change->data.kind == FAST_EXPORT_MARK)
        content = import_marks_find(&git->marks, change->data.mark);
    if (content == NULL)
        return import_malformed(fault, change->place, "mark :%llu has not been defined",
                                (unsigned long long)change->data.mark);
    if (content->size > content_max)
        return import_malformed(
            fault, change->place, "the file \"%.*s\" has %llu bytes, more than %llu",
            (int)(change->path.size > 60 ? 60 : change->path.size), (const char *)change->path.data,
            (unsigned long long)content->size, (unsigned long long)content_max);
    waiting->offset = content->offset;
    waiting->size = content->size;
    return true;
}

static bool on_change(void *arg, const struct fast_export_change *change,
                      struct import_fault *fault)
{
    struct git *git = arg;
    struct waiting waiting;

    if (is_old(git))
        return true;
    memset(&waiting, 0, sizeof waiting);
    waiting.deleted = change->deleted;
    waiting.path_size = (uint32_t)change->path.size;
    memcpy(waiting.mode, change->mode, FILE_MODE_SIZE);
    if (!import_key_allowed(change->path, "path", change->place, fault))
        return false;
    if (change->deleted && !git->job->dry_run && !check_deletion(git, change, fault))
        return false;
    if (!change->deleted && !find_content(git, change, &waiting, fault))
        return false;
    return import_spool_append(&git->changes, &waiting, sizeof waiting, fault) &&
           import_spool_append(&git->changes, change->path.data, change->path.size, fault) &&
           import_spool_append(&git->changes, change->data.id, waiting.id_size, fault);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static bool read_bytes(struct import_spool *spool, uint64_t offset, size_t size,
                       struct import_bytes *bytes, struct import_fault *fault)
{
    if (!import_bytes_reserve(bytes, size))
        return import_no_memory(fault);
    bytes->size += size;
    return import_spool_read(spool, offset, bytes->data + bytes->size - size, size, fault);
}

/* The raw value of a change: header, mode, blank, content. */
static bool make_raw(struct git *git, const struct waiting *waiting, uint64_t id_offset,
                     struct import_fault *fault)
{
    const unsigned char header[VARVE_VALUE_HEADER_SIZE] = {0, 0, 0, 0, VARVE_TAG_TUPLE};
    struct import_bytes *raw = &git->raw;

    raw->size = 0;
    if (waiting->deleted)
        return true;
    if (!import_bytes_append(raw, header, sizeof header) ||
        !import_bytes_append(raw, waiting->mode, FILE_MODE_SIZE) ||
        !import_bytes_append(raw, " ", 1))
        return import_no_memory(fault);
    if (waiting->id_size > 0)
        return read_bytes(&git->changes, id_offset, waiting->id_size, raw, fault);
    return read_bytes(&git->contents, waiting->offset, (size_t)waiting->size, raw, fault);
}

/* Write the change that waits at `*offset`, and move that behind it. */
static bool write_change(struct git *git, uint64_t *offset, struct import_fault *fault)
{
    struct waiting waiting;

    if (!import_spool_read(&git->changes, *offset, &waiting, sizeof waiting, fault))
        return false;
    uint64_t path_offset = *offset + sizeof waiting;
    uint64_t id_offset = path_offset + waiting.path_size;
    git->path.size = 0;
    if (!read_bytes(&git->changes, path_offset, waiting.path_size, &git->path, fault) ||
        !make_raw(git, &waiting, id_offset, fault))
        return false;
    *offset = id_offset + waiting.id_size;
    return import_sink_put(&git->job->sink, import_bytes_slice(&git->path), git->label.ts,
                           import_bytes_slice(&git->raw), fault);
}

static bool write_label(struct git *git, struct import_fault *fault)
{
    unsigned char key[LABEL_KEY_MAX];
    unsigned char data[LABEL_DATA_SIZE];

    label_encode(&git->label, data);
    return import_sink_put_own(&git->job->sink, label_key(varve_slice_text(git->label.id), key),
                               varve_slice_of(data, sizeof data), fault);
}

/* Write all that waits.  A batch that is full before the last change leaves the commit pending. */
static bool write_commit(struct git *git, struct import_fault *fault)
{
    for (uint64_t offset = 0; offset < git->changes.size;) {
        if (import_sink_is_full(&git->job->sink) && !commit_batch(git, git->label.id, fault))
            return false;
        if (!write_change(git, &offset, fault))
            return false;
    }
    if (!write_label(git, fault))
        return false;
    git->cursor.commits++;
    git->cursor.ts = git->label.ts;
    memcpy(git->cursor.last, git->label.id, sizeof git->cursor.last);
    git->cursor.pending[0] = '\0';
    git->job->records++;
    return true;
}

static bool on_commit_end(void *arg, struct import_fault *fault)
{
    struct git *git = arg;

    if (is_old(git)) {
        git->job->passed_over++;
    } else if (!write_commit(git, fault)) {
        /* The batch holds a part of the commit: it must not be committed with this cursor. */
        git->job->sink.failed = true;
        return false;
    }
    git->previous = git->label;
    git->previous_mark = git->commit_mark;
    git->label.number++;
    progress_update(&git->job->progress, git->job->records, git->job->in.place.offset);
    return true;
}

/* ---- The whole ----------------------------------------------------------------------------- */

/* Everything that has been imported has to be in the stream. */
static bool check_length(const struct git *git, struct import_fault *fault)
{
    if (!is_old(git))
        return true;
    return import_failed_input(
        fault, TOOL_REFUSED,
        "the stream has %llu commits, but %llu have been imported from it: it "
        "is another history, or not all of it",
        (unsigned long long)git->label.number, (unsigned long long)git->done.commits);
}

static bool import_stream(struct git *git, struct import_fault *fault)
{
    static const struct fast_export_events events = {
        .content_begin = on_content_begin,
        .content = on_content,
        .blob_end = on_blob_end,
        .commit_begin = on_commit_begin,
        .change = on_change,
        .commit_end = on_commit_end,
    };

    return fast_export_parse(&git->job->in, &events, git, fault) && check_length(git, fault);
}

/* The commits before a fault are good: keep them.  The fault is worth more than another one here.
 */
static void keep_good_part(struct git *git)
{
    struct import_fault ignored = {0};

    if (!git->job->sink.failed && git->job->records > 0 &&
        commit_batch(git, git->cursor.pending, &ignored))
        (void)import_sink_settle(&git->job->sink, &ignored);
}

bool import_git(struct import_job *job, struct import_fault *fault)
{
    struct git git = {.job = job, .contents = IMPORT_SPOOL_INIT, .changes = IMPORT_SPOOL_INIT};
    bool started = import_spool_open(&git.contents, fault) &&
                   import_spool_open(&git.changes, fault) && read_cursor(&git, fault);
    bool good = started && import_stream(&git, fault);

    if (good)
        good = (job->records == 0 || commit_batch(&git, "", fault)) &&
               import_sink_settle(&job->sink, fault);
    else if (started)
        keep_good_part(&git);
    import_spool_close(&git.contents);
    import_spool_close(&git.changes);
    import_marks_release(&git.marks);
    import_bytes_release(&git.path);
    import_bytes_release(&git.raw);
    return good;
}
