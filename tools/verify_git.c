/* Comparing a store with git, commit by commit, pair by pair, listing by listing. */
#include "verify_git.h"

#include "labels.h"
#include "verify_draw.h"
#include "walk.h"

#include <stdarg.h>
#include <stdlib.h>

static const int64_t ns_per_second = 1000000000;

/* ---- Differences --------------------------------------------------------------------------- */

/* Count a difference, and keep the first of them in words. */
static void differ(struct verify *verify, const char *format, ...) VARVE_PRINTF(2, 3);

static void differ(struct verify *verify, const char *format, ...)
{
    va_list arguments;

    if (verify->differences < VERIFY_DIFFERENCES_SHOWN) {
        va_start(arguments, format);
        if (vasprintf(&verify->shown[verify->differences], format, arguments) < 0)
            verify->shown[verify->differences] = NULL;
        va_end(arguments);
    }
    verify->differences++;
}

/* A difference at a path in a commit. */
static void differ_at(struct verify *verify, size_t commit, varve_slice path, const char *what)
{
    char text[CLI_KEY_TEXT_MAX];

    differ(verify, "%s in commit %s: %s", cli_key_text(verify->cli, path, text),
           verify->repository->commits[commit].id, what);
}

/* ---- Commits and their times --------------------------------------------------------------- */

/* Read the label of a commit; a missing one leaves `*found` false. */
static enum tool_exit read_label(const struct verify *verify, const char *id, struct label *label,
                                 bool *found)
{
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    unsigned char key[LABEL_KEY_MAX];
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    size_t position = 0;
    varve_row row;
    varve_status status = varve_mvcc_get(verify->store->reader, &how,
                                         label_key(varve_slice_text(id), key), &rows, &err);

    *found = status == VARVE_OK && varve_rows_next(&rows, &position, &row) &&
             label_decode(row.key, row.value, label);
    varve_rows_release(&rows);
    return status < 0 ? cli_fail_error(verify->cli, &err, "%s", id) : TOOL_OK;
}

/*
 * The time a commit has to have: its committer's, but later than that of the commit before.  A
 * proof says for itself what is right, instead of asking the import.
 */
static varve_ts expected_time(const struct repository_commit *commit, varve_ts before)
{
    varve_ts ts = before;

    /* A later one than a timestamp can say is refused by the import, so it has no time. */
    if (varve_ts_next(before, &ts, NULL) == VARVE_OK && commit->seconds > 0 &&
        commit->seconds <= INT64_MAX / ns_per_second)
        varve_ts_forward(&ts, varve_ts_of(commit->seconds * ns_per_second, 0));
    return ts;
}

static enum tool_exit compare_commits(struct verify *verify)
{
    const struct repository *repository = verify->repository;
    varve_ts expected = varve_ts_zero();
    enum tool_exit code = TOOL_OK;

    for (size_t i = 0; code == TOOL_OK && i < repository->commit_count; i++) {
        const struct repository_commit *commit = &repository->commits[i];
        struct label label;
        bool found;
        code = read_label(verify, commit->id, &label, &found);
        expected = expected_time(commit, expected);
        if (code != TOOL_OK)
            break;
        if (!found)
            differ(verify, "commit %s: not in the store", commit->id);
        else if (label.number != i || varve_ts_compare(label.ts, expected) != 0)
            differ(verify, "commit %s: at another place or time in the store", commit->id);
        verify->times[i] = found ? label.ts : varve_ts_zero();
    }
    return code;
}

/* ---- Pairs --------------------------------------------------------------------------------- */

/* Compare a file that both have. */
static enum tool_exit compare_file(struct verify *verify, size_t commit, varve_slice path,
                                   const struct repository_entry *entry, varve_slice raw)
{
    struct file_value file;
    bool same = true;
    enum tool_exit code = TOOL_OK;

    if (!file_value_decode(raw, &file)) {
        differ_at(verify, commit, path, "the value in the store is not that of a file");
        return TOOL_OK;
    }
    bool submodule = strcmp(entry->mode, FILE_MODE_SUBMODULE) == 0;
    verify->submodules += submodule;
    verify->symlinks += strcmp(entry->mode, FILE_MODE_SYMLINK) == 0;
    verify->executables += strcmp(entry->mode, FILE_MODE_EXECUTABLE) == 0;
    if (strcmp(file.mode, entry->mode) != 0)
        differ_at(verify, commit, path, "another mode in the store");
    else if (submodule)
        same = varve_slice_equal(file.content, varve_slice_text(entry->id));
    else
        code = repository_compare(verify->repository, entry->id, file.content, &same);
    if (!same && code == TOOL_OK)
        differ_at(verify, commit, path, "another content in the store");
    return code;
}

/* Compare what the store has, a value, a deletion or nothing, with what git has. */
static enum tool_exit compare_entry(struct verify *verify, size_t commit, varve_slice path,
                                    const struct repository_entry *entry, const varve_rows *rows)
{
    size_t position = 0;
    varve_row row = {.value = {NULL, 0}};
    bool known = varve_rows_next(rows, &position, &row);
    bool present = known && row.value.size > 0;

    verify->bytes += row.value.size;
    if (entry->present && present)
        return compare_file(verify, commit, path, entry, row.value);
    if (entry->present)
        differ_at(verify, commit, path, "missing in the store");
    else if (present)
        differ_at(verify, commit, path, "in the store, though not in git");
    if (!entry->present) {
        verify->absent++;
        verify->deleted += known && !present;
    }
    return TOOL_OK;
}

static enum tool_exit compare_pair(struct verify *verify, size_t commit, varve_slice path,
                                   varve_rows *rows)
{
    const varve_read how = {
        .struct_size = sizeof how, .ts = verify->times[commit], .flags = VARVE_READ_TOMBSTONES};
    varve_error err = VARVE_ERROR_INIT;
    struct repository_entry entry;
    enum tool_exit code = repository_find(verify->repository, commit, path, &entry);

    if (code != TOOL_OK)
        return code;
    verify->pairs++;
    if (varve_mvcc_get(verify->store->reader, &how, path, rows, &err) < 0)
        return cli_fail_error(verify->cli, &err, "%s", verify->store->path);
    return compare_entry(verify, commit, path, &entry, rows);
}

/* Whether the store can be read as of that commit; if not, that is a difference already. */
static bool has_time(const struct verify *verify, size_t commit)
{
    return !varve_ts_is_zero(verify->times[commit]);
}

/* The pairs, numbered commit by commit: neighbours share the trees that are read. */
static enum tool_exit compare_pairs(struct verify *verify)
{
    const struct repository *repository = verify->repository;
    uint64_t total = (uint64_t)repository->commit_count * repository->path_count;
    varve_rows rows = VARVE_ROWS_INIT;
    enum tool_exit code = TOOL_OK;
    struct draw draw;

    if (!draw_numbers(verify->seed, total, verify->pairs_wanted, &draw))
        return cli_fail(verify->cli, TOOL_IO, "out of memory");
    for (uint64_t i = 0; code == TOOL_OK && i < draw.count; i++) {
        uint64_t number = draw_at(&draw, i);
        size_t commit = (size_t)(number / repository->path_count);
        if (has_time(verify, commit))
            code = compare_pair(verify, commit,
                                bytes_slice(&repository->paths[number % repository->path_count]),
                                &rows);
        progress_update(&verify->progress, verify->pairs, verify->bytes);
    }
    varve_rows_release(&rows);
    draw_release(&draw);
    return code;
}

/* ---- Listings ------------------------------------------------------------------------------ */

/* A listing of git that is read beside a walk over the store; both are in the order of the paths.
 */
struct listing {
    struct verify *verify;
    size_t commit;
    struct child child;
    char *line; /* "MODE TYPE ID\tPATH" */
    size_t capacity;
    bool more;
    char mode[FILE_MODE_SIZE + 1];
    char id[GIT_OBJECT_ID_MAX];
    varve_slice path;
};

/* Read the next entry of git's listing. */
static enum tool_exit next_entry(struct listing *listing)
{
    size_t size;
    int path_at = 0;
    enum tool_exit code = child_read_until(&listing->child, '\0', &listing->line,
                                           &listing->capacity, &size, &listing->more);

    if (code != TOOL_OK || !listing->more)
        return code;
    if (sscanf(listing->line, "%6[0-7] %*15s %64[0-9a-f]%n", listing->mode, listing->id,
               &path_at) != 2 ||
        listing->line[path_at] != '\t')
        return child_broken(&listing->child);
    path_at++;
    listing->path = varve_slice_of(listing->line + path_at, size - (size_t)path_at);
    listing->verify->entries++;
    return TOOL_OK;
}

/* Entries of git that come before `path`, or all that are left: the store lacks them. */
static enum tool_exit report_missing(struct listing *listing, const varve_slice *path)
{
    enum tool_exit code = TOOL_OK;

    while (code == TOOL_OK && listing->more &&
           (path == NULL || varve_slice_compare(listing->path, *path) < 0)) {
        differ_at(listing->verify, listing->commit, listing->path, "missing in the listing");
        code = next_entry(listing);
    }
    return code;
}

/* Compare one key of the store with the listing. */
static enum tool_exit compare_row(void *arg, const varve_row *row)
{
    struct listing *listing = arg;
    struct verify *verify = listing->verify;
    struct file_value file;
    char id[GIT_OBJECT_ID_MAX];
    enum tool_exit code = report_missing(listing, &row->key);

    if (code != TOOL_OK)
        return code;
    if (!listing->more || !varve_slice_equal(listing->path, row->key)) {
        differ_at(verify, listing->commit, row->key, "listed by the store, though not by git");
        return TOOL_OK;
    }
    if (!file_value_decode(row->value, &file) ||
        !git_entry_id(verify->repository->hash, &file, id) || strcmp(id, listing->id) != 0 ||
        strcmp(file.mode, listing->mode) != 0)
        differ_at(verify, listing->commit, row->key, "another mode or object id in the listing");
    verify->bytes += row->value.size;
    progress_update(&verify->progress, verify->pairs, verify->bytes);
    return next_entry(listing);
}

static enum tool_exit compare_listing(struct verify *verify, size_t commit)
{
    const char *const arguments[] = {
        "ls-tree", "-r", "-z", "--full-tree", verify->repository->commits[commit].id, NULL};
    struct listing listing = {.verify = verify, .commit = commit};
    const struct walk walk = {.store = verify->store,
                              .ts = verify->times[commit],
                              .span = {varve_key_app_min(), varve_key_max()},
                              .limit = -1,
                              .each = compare_row,
                              .arg = &listing};
    enum tool_exit code =
        child_start(verify->cli, verify->repository->path, arguments, false, &listing.child);

    if (code == TOOL_OK)
        code = next_entry(&listing);
    if (code == TOOL_OK)
        code = walk_keys(verify->cli, &walk, NULL);
    if (code == TOOL_OK)
        code = report_missing(&listing, NULL);
    if (code == TOOL_OK)
        code = child_finish(&listing.child);
    child_stop(&listing.child);
    free(listing.line);
    verify->listings++;
    return code;
}

static enum tool_exit compare_listings(struct verify *verify)
{
    enum tool_exit code = TOOL_OK;
    struct draw draw;

    /* Another seed than that of the pairs, so that the two do not follow each other. */
    if (!draw_numbers(~verify->seed, verify->repository->commit_count, verify->listings_wanted,
                      &draw))
        return cli_fail(verify->cli, TOOL_IO, "out of memory");
    for (uint64_t i = 0; code == TOOL_OK && i < draw.count; i++) {
        if (has_time(verify, (size_t)draw_at(&draw, i)))
            code = compare_listing(verify, (size_t)draw_at(&draw, i));
    }
    draw_release(&draw);
    return code;
}

/* ---- The whole ----------------------------------------------------------------------------- */

enum tool_exit verify_git(struct verify *verify)
{
    verify->times = calloc(verify->repository->commit_count + 1, sizeof *verify->times);
    if (verify->times == NULL)
        return cli_fail(verify->cli, TOOL_IO, "out of memory");
    enum tool_exit code = compare_commits(verify);
    if (code == TOOL_OK)
        code = compare_pairs(verify);
    if (code == TOOL_OK)
        code = compare_listings(verify);
    return code;
}

void verify_release(struct verify *verify)
{
    for (size_t i = 0; i < VERIFY_DIFFERENCES_SHOWN; i++)
        free(verify->shown[i]);
    free(verify->times);
}
