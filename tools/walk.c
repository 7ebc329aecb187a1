/* Walks over the keys of a store. */
#include "walk.h"

/* What one page holds at most; one value may be larger. */
enum { PAGE_KEYS = 1000, PAGE_BYTES = 1 << 20 };

static varve_status read_page(const struct walk *walk, varve_span span, int64_t left,
                              varve_rows *rows, varve_error *err)
{
    const varve_read how = {.struct_size = sizeof how,
                            .ts = walk->ts,
                            .flags = VARVE_READ_CHECK_COLLECTED,
                            .target_bytes = PAGE_BYTES};
    int64_t keys = left >= 0 && left < PAGE_KEYS ? left : PAGE_KEYS;

    if (walk->reverse)
        return varve_mvcc_reverse_scan(walk->store->reader, &how, span, keys, rows, err);
    return varve_mvcc_scan(walk->store->reader, &how, span, keys, rows, err);
}

static enum tool_exit show_page(const struct walk *walk, const varve_rows *rows)
{
    enum tool_exit code = TOOL_OK;
    size_t position = 0;
    varve_row row;

    while (code == TOOL_OK && varve_rows_next(rows, &position, &row))
        code = walk->each(walk->arg, &row);
    return code;
}

enum tool_exit walk_keys(const struct cli *cli, const struct walk *walk, struct bytes *resume)
{
    /* A span to go on with lies in the page before: two pages take turns. */
    varve_rows pages[2] = {VARVE_ROWS_INIT, VARVE_ROWS_INIT};
    varve_error err = VARVE_ERROR_INIT;
    varve_span span = walk->span;
    int64_t left = walk->limit;
    enum tool_exit code = TOOL_OK;

    if (varve_slice_compare(span.start, span.end) >= 0)
        return TOOL_OK;
    for (unsigned turn = 0; code == TOOL_OK; turn ^= 1) {
        varve_rows *page = &pages[turn];
        if (read_page(walk, span, left, page, &err) != VARVE_OK) {
            code = cli_fail_error(cli, &err, "%s", walk->store->path);
            break;
        }
        code = show_page(walk, page);
        if (left >= 0)
            left -= (int64_t)page->count;
        if (code != TOOL_OK || !page->more)
            break;
        span.start = varve_buf_slice(&page->resume_start);
        span.end = varve_buf_slice(&page->resume_end);
        if (left == 0) {
            if (resume != NULL && !bytes_copy(resume, walk->reverse ? span.end : span.start))
                code = cli_fail(cli, TOOL_IO, "out of memory");
            break;
        }
    }
    varve_rows_release(&pages[0]);
    varve_rows_release(&pages[1]);
    return code;
}
