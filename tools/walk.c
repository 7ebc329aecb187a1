/* Walks over the keys of a store. */
#include "walk.h"

#include "records.h"

/* What one page holds at most; one value may be larger. */
enum { PAGE_KEYS = 1000, PAGE_BYTES = 1 << 20 };

static varve_status read_page(const struct walk *walk, varve_span span, int64_t keys,
                              varve_rows *rows, varve_error *err)
{
    const varve_read how = {.struct_size = sizeof how,
                            .ts = walk->ts,
                            .flags = VARVE_READ_CHECK_COLLECTED,
                            .target_bytes = PAGE_BYTES};

    if (walk->reverse)
        return varve_mvcc_reverse_scan(walk->store->reader, &how, span, keys, rows, err);
    return varve_mvcc_scan(walk->store->reader, &how, span, keys, rows, err);
}

/* Where a page meets damage, smaller ones still show what lies in front of it. */
static varve_status read_largest_page(const struct walk *walk, varve_span span, int64_t *keys,
                                      varve_rows *rows, varve_error *err)
{
    varve_status status = read_page(walk, span, *keys, rows, err);

    while (cli_exit_of(status) == TOOL_CORRUPT && *keys > 1) {
        *keys /= 2;
        varve_error_release(err);
        status = read_page(walk, span, *keys, rows, err);
    }
    return status;
}

static enum tool_exit fail_behind(const struct cli *cli, const struct walk *walk,
                                  const struct bytes *last, varve_error *err)
{
    char text[CLI_KEY_TEXT_MAX];

    varve_span left = walk->span;
    if (last->data != NULL && !walk->reverse)
        left.start = bytes_slice(last);
    records_tell_gap(cli, walk->store, left, err, "shown");
    if (last->data == NULL)
        return cli_fail_reading(cli, err, CLI_AROUND_RANGE, "%s", walk->store->path);
    return cli_fail_reading(cli, err, CLI_AROUND_RANGE, "%s: %s key %s", walk->store->path,
                            walk->reverse ? "in front of" : "behind",
                            cli_key_text(cli, bytes_slice(last), text));
}

/* Show the rows; the last of their keys is kept, to say where it goes no further. */
static enum tool_exit show_page(const struct cli *cli, const struct walk *walk,
                                const varve_rows *rows, struct bytes *last)
{
    enum tool_exit code = TOOL_OK;
    size_t position = 0;
    varve_row row = {.key = {NULL, 0}};

    while (code == TOOL_OK && varve_rows_next(rows, &position, &row))
        code = walk->each(walk->arg, &row);
    if (code == TOOL_OK && rows->count > 0 && !bytes_copy(last, row.key))
        code = cli_fail(cli, TOOL_IO, "out of memory");
    return code;
}

/* A walk that is under way.  A span to go on with lies in the page before: two take turns. */
struct pages {
    varve_rows rows[2];
    struct bytes last;
    int64_t keys; /* of a page, at most */
    int64_t left; /* of the limit; negative = none */
};

static enum tool_exit take_pages(const struct cli *cli, const struct walk *walk,
                                 struct pages *pages, struct bytes *resume)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_span span = walk->span;

    for (unsigned turn = 0;; turn ^= 1) {
        varve_rows *page = &pages->rows[turn];
        if (pages->left >= 0 && pages->left < pages->keys)
            pages->keys = pages->left;
        if (read_largest_page(walk, span, &pages->keys, page, &err) != VARVE_OK)
            return fail_behind(cli, walk, &pages->last, &err);
        enum tool_exit code = show_page(cli, walk, page, &pages->last);
        if (pages->left >= 0)
            pages->left -= (int64_t)page->count;
        if (code != TOOL_OK || !page->more)
            return code;
        span.start = varve_buf_slice(&page->resume_start);
        span.end = varve_buf_slice(&page->resume_end);
        if (pages->left == 0 && resume != NULL &&
            !bytes_copy(resume, walk->reverse ? span.end : span.start))
            return cli_fail(cli, TOOL_IO, "out of memory");
        if (pages->left == 0)
            return TOOL_OK;
    }
}

enum tool_exit walk_keys(const struct cli *cli, const struct walk *walk, struct bytes *resume)
{
    struct pages pages = {.rows = {VARVE_ROWS_INIT, VARVE_ROWS_INIT},
                          .last = BYTES_INIT,
                          .keys = PAGE_KEYS,
                          .left = walk->limit};

    if (varve_slice_compare(walk->span.start, walk->span.end) >= 0)
        return TOOL_OK;
    enum tool_exit code = take_pages(cli, walk, &pages, resume);
    varve_rows_release(&pages.rows[0]);
    varve_rows_release(&pages.rows[1]);
    bytes_release(&pages.last);
    return code;
}
