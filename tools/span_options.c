/* Which keys a command works on. */
#include "span_options.h"

#include "output.h"

static void raise_start(struct span_options *options, varve_slice start)
{
    if (varve_slice_compare(start, options->span.start) > 0)
        options->span.start = start;
}

static void lower_end(struct span_options *options, varve_slice end)
{
    if (varve_slice_compare(end, options->span.end) < 0)
        options->span.end = end;
}

/* Read a bound; it must not lie among varve's own keys unless they are asked for. */
static enum tool_exit read_bound(const struct cli *cli, const char *name, const char *text,
                                 struct bytes *bound)
{
    enum tool_exit code = cli_key(cli, name, text, bound);

    if (code == TOOL_OK && bound->size != 0 && !cli->system &&
        varve_slice_compare(bytes_slice(bound), varve_key_app_min()) < 0)
        return cli_fail(cli, TOOL_USAGE,
                        "%s lies below 02, where varve keeps its own records; add --system to "
                        "see them",
                        name);
    return code;
}

static enum tool_exit apply_prefix(const struct cli *cli, struct span_options *options)
{
    varve_slice prefix = bytes_slice(&options->prefix);
    varve_error err = VARVE_ERROR_INIT;

    if (varve_key_prefix_end(prefix, &options->prefix_end, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "--prefix");
    raise_start(options, prefix);
    /* Nothing follows a prefix of FF only but the end of all keys. */
    if (!varve_slice_equal(varve_buf_slice(&options->prefix_end), prefix))
        lower_end(options, varve_buf_slice(&options->prefix_end));
    return TOOL_OK;
}

enum tool_exit span_options_read_bounds(const struct cli *cli, struct span_options *options)
{
    enum tool_exit code = TOOL_OK;

    options->span.start = cli->system ? varve_slice_of("", 0) : varve_key_app_min();
    options->span.end = varve_key_max();
    if (cli->start != NULL) {
        code = read_bound(cli, "--start", cli->start, &options->start);
        raise_start(options, bytes_slice(&options->start));
    }
    if (code == TOOL_OK && cli->end != NULL) {
        code = read_bound(cli, "--end", cli->end, &options->end);
        if (options->end.size != 0)
            lower_end(options, bytes_slice(&options->end));
    }
    if (code == TOOL_OK && cli->prefix != NULL) {
        code = read_bound(cli, "--prefix", cli->prefix, &options->prefix);
        if (code == TOOL_OK && options->prefix.size != 0)
            code = apply_prefix(cli, options);
    }
    return code;
}

enum tool_exit span_options_read_some(const struct cli *cli, struct span_options *options)
{
    enum tool_exit code = span_options_read_bounds(cli, options);

    if (code == TOOL_OK && varve_slice_compare(options->span.start, options->span.end) >= 0)
        return cli_fail(cli, TOOL_USAGE, "there are no keys in a range that ends before it starts");
    return code;
}

enum tool_exit span_options_read(const struct cli *cli, bool reverse, struct span_options *options)
{
    enum tool_exit code = span_options_read_bounds(cli, options);

    if (code != TOOL_OK || cli->resume == NULL)
        return code;
    code = cli_hex_key(cli, "--resume", cli->resume, &options->resume);
    if (code == TOOL_OK && reverse)
        lower_end(options, bytes_slice(&options->resume));
    else if (code == TOOL_OK)
        raise_start(options, bytes_slice(&options->resume));
    return code;
}

void span_options_print_resume(const struct cli *cli, varve_slice resume)
{
    struct json_line line;

    if (cli->json) {
        json_line_begin(&line);
        if (cli->redact)
            json_line_count(&line, "resume_size", resume.size);
        else
            json_line_hex(&line, "resume", resume);
        json_line_end(&line);
        return;
    }
    if (cli->redact) {
        cli_note(cli, "there is more; without --redact it is said how to go on");
        return;
    }
    char *text = bytes_to_hex(resume);
    if (text == NULL)
        out_no_memory();
    else
        cli_note(cli, "there is more; go on with --resume %s", text);
    free(text);
}

void span_options_release(struct span_options *options)
{
    bytes_release(&options->prefix);
    bytes_release(&options->start);
    bytes_release(&options->end);
    bytes_release(&options->resume);
    varve_buf_release(&options->prefix_end);
}
