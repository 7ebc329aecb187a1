/* The options that commands share, and opening a store for writing. */
#include "tools/output.h"
#include "tools/span_options.h"
#include "tools/store.h"

#include "tests/support/backends.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum tool_exit run_nothing(const struct cli *cli, void *settings)
{
    (void)cli;
    (void)settings;
    return TOOL_OK;
}

static const struct command command = {
    .name = "stub run",
    .summary = "Do nothing",
    .arguments = {"[STORE]"},
    .options = CLI_AT | CLI_JSON | CLI_HEX | CLI_LIMIT | CLI_SPAN | CLI_RESUME | CLI_REDACT |
               CLI_WRITE | CLI_DRY_RUN,
    .run = run_nothing,
};

enum { WORDS_MAX = 12 };

/* Parse a command line of words between blanks; they stay valid until the next one. */
static bool parse(struct cli *cli, const char *line)
{
    static char text[256];
    static char *words[WORDS_MAX + 2];
    int count = 1;
    enum tool_exit code;

    snprintf(text, sizeof text, "%s", line);
    words[0] = text + strlen(text);
    for (char *word = text; *word != '\0' && count < WORDS_MAX;) {
        words[count++] = word;
        word += strcspn(word, " ");
        if (*word != '\0')
            *word++ = '\0';
    }
    words[count] = NULL;
    return cli_parse(cli, &command, count, words, NULL, &code);
}

static void assert_parsed(struct cli *cli, const char *line)
{
    ck_assert_msg(parse(cli, line), "%s", line);
}

START_TEST(flags_and_texts)
{
    struct cli cli;

    assert_parsed(&cli, "");
    ck_assert(!cli.json && !cli.hex && !cli.redact && !cli.write && !cli.dry_run && !cli.system);
    ck_assert(cli.prefix == NULL && cli.start == NULL && cli.end == NULL && cli.resume == NULL);
    assert_parsed(&cli, "--write --dry-run --redact --system");
    ck_assert(!cli.json && !cli.hex && cli.redact && cli.write && cli.dry_run && cli.system);
    assert_parsed(&cli, "--prefix a --start b --end c --resume 64");
    ck_assert_str_eq(cli.prefix, "a");
    ck_assert_str_eq(cli.start, "b");
    ck_assert_str_eq(cli.end, "c");
    ck_assert_str_eq(cli.resume, "64");
}
END_TEST

/* ---- Spans --------------------------------------------------------------------------------- */

static void assert_span(const char *line, bool reverse, varve_slice start, varve_slice end)
{
    struct cli cli;
    struct span_options options = SPAN_OPTIONS_INIT;

    assert_parsed(&cli, line);
    ck_assert_int_eq(span_options_read(&cli, reverse, &options), TOOL_OK);
    ck_assert_msg(varve_slice_equal(options.span.start, start), "start of %s", line);
    ck_assert_msg(varve_slice_equal(options.span.end, end), "end of %s", line);
    span_options_release(&options);
}

START_TEST(negative_numbers_are_arguments)
{
    struct cli cli;

    assert_parsed(&cli, "-5");
    ck_assert_str_eq(cli.arguments[0], "-5");
    assert_parsed(&cli, "--json -0.5e3 --hex");
    ck_assert_str_eq(cli.arguments[0], "-0.5e3");
    ck_assert(cli.json && cli.hex);
    assert_parsed(&cli, "--prefix -7 -8");
    ck_assert_str_eq(cli.prefix, "-7");
    ck_assert_str_eq(cli.arguments[0], "-8");
    assert_parsed(&cli, "--prefix=a -8");
    ck_assert_str_eq(cli.arguments[0], "-8");
    assert_parsed(&cli, "-- -9");
    ck_assert_str_eq(cli.arguments[0], "-9");
    ck_assert(!parse(&cli, "--limit -1"));
    ck_assert(!parse(&cli, "-x"));
    ck_assert(!parse(&cli, "-1 -2"));
}
END_TEST

START_TEST(spans)
{
    varve_slice first = varve_key_app_min();
    varve_slice last = varve_key_max();

    assert_span("", false, first, last);
    assert_span("--system", false, varve_slice_of("", 0), last);
    assert_span("--start b --end c", false, varve_slice_text("b"), varve_slice_text("c"));
    assert_span("--prefix b", false, varve_slice_text("b"), varve_slice_text("c"));
    assert_span("--prefix b --start bb", false, varve_slice_text("bb"), varve_slice_text("c"));
    assert_span("--prefix b --end bb", false, varve_slice_text("b"), varve_slice_text("bb"));
    assert_span("--hex --prefix 61ff", false, varve_slice_text("a\xff"), varve_slice_text("b"));
    assert_span("--hex --prefix fe --start 00fe --system", false, varve_slice_text("\xfe"),
                varve_slice_text("\xff"));
    assert_span("--resume 6263", false, varve_slice_text("bc"), last);
    assert_span("--resume 6263", true, first, varve_slice_text("bc"));
    assert_span("--resume 61 --start b", false, varve_slice_text("b"), last);
}
END_TEST

START_TEST(spans_without_resume)
{
    struct cli cli;
    struct span_options options = SPAN_OPTIONS_INIT;

    assert_parsed(&cli, "--resume no-key --end b");
    ck_assert_int_eq(span_options_read_bounds(&cli, &options), TOOL_OK);
    ck_assert(varve_slice_equal(options.span.end, varve_slice_text("b")));
    span_options_release(&options);
}
END_TEST

START_TEST(spans_that_are_refused)
{
    static const char *const lines[] = {"--hex --start 01", "--hex --end 0176", "--hex --prefix 00",
                                        "--hex --start x", "--resume x"};
    struct span_options options = SPAN_OPTIONS_INIT;
    struct cli cli;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_parsed(&cli, lines[i]);
        ck_assert_msg(span_options_read(&cli, false, &options) == TOOL_USAGE, "%s", lines[i]);
    }
    span_options_release(&options);
}
END_TEST

/* ---- Writing ------------------------------------------------------------------------------- */

static const char *folder;
static char path[256];

static void make_store(void)
{
    varve_options options = {.struct_size = sizeof options, .path = path};
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine;

    folder = temp_dir_make();
    snprintf(path, sizeof path, "%s/store", folder);
    ck_ok(varve_engine_open(&options, &engine, &err), &err);
    ck_ok(varve_engine_close(engine, &err), &err);
}

static void remove_store(void)
{
    temp_dir_remove(folder);
}

START_TEST(a_store_is_written_to_with_leave_only)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    struct cli cli;

    assert_parsed(&cli, "");
    ck_assert_int_eq(cli_need_write(&cli), TOOL_USAGE);
    ck_assert_int_eq(store_open_writing(&cli, path, &store), TOOL_USAGE);
    ck_assert_ptr_null(store.engine);
    ck_assert_int_eq(store_close_writing(&cli, &store, TOOL_USAGE), TOOL_USAGE);
    assert_parsed(&cli, "--write");
    ck_assert_int_eq(cli_need_write(&cli), TOOL_OK);
    ck_assert_int_eq(store_open_writing(&cli, path, &store), TOOL_OK);
    ck_ok(varve_writer_put(store.writer, bytes("k\0\1"), bytes("v"), &err), &err);
    ck_assert_int_eq(store_close_writing(&cli, &store, TOOL_OK), TOOL_OK);
    ck_assert_ptr_null(store.engine);
}
END_TEST

START_TEST(a_dry_run_opens_for_reading)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    struct cli cli;

    assert_parsed(&cli, "--dry-run --write");
    ck_assert_int_eq(store_open_writing(&cli, path, &store), TOOL_OK);
    ck_assert_ptr_null(store.writer);
    ck_assert_ptr_nonnull(store.snapshot);
    ck_status(varve_writer_put(varve_engine_writer(store.engine), bytes("k\0\1"), bytes("v"), &err),
              VARVE_READ_ONLY, &err);
    varve_error_release(&err);
    ck_assert_int_eq(store_close_writing(&cli, &store, TOOL_NO), TOOL_NO);
}
END_TEST

START_TEST(no_store_is_made_by_writing)
{
    struct store store = STORE_INIT;
    char missing[300];
    struct cli cli;

    snprintf(missing, sizeof missing, "%s/none", folder);
    assert_parsed(&cli, "--write");
    ck_assert_int_eq(store_open_writing(&cli, missing, &store), TOOL_STORE);
    ck_assert_int_eq(store_close_writing(&cli, &store, TOOL_STORE), TOOL_STORE);
    ck_assert_int_ne(access(missing, F_OK), 0);
}
END_TEST

START_TEST(closing_a_writer_can_fail)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_snapshot *snapshot;
    struct cli cli;

    assert_parsed(&cli, "--write");
    ck_assert_int_eq(store_open_writing(&cli, path, &store), TOOL_OK);
    varve_engine *engine = store.engine;
    ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
    /* A handle that is open: what should not happen, and shows that closing is asked. */
    ck_assert_int_eq(store_close_writing(&cli, &store, TOOL_OK), TOOL_INTERNAL);
    varve_snapshot_close(snapshot);
    ck_ok(varve_engine_close(engine, &err), &err);
}
END_TEST

/* ---- What messages show -------------------------------------------------------------------- */

START_TEST(keys_in_messages)
{
    char text[CLI_KEY_TEXT_MAX];
    struct cli cli;

    assert_parsed(&cli, "");
    ck_assert_str_eq(cli_key_text(&cli, varve_slice_text("abc"), text), "\"abc\"");
    assert_parsed(&cli, "--hex");
    ck_assert_str_eq(cli_key_text(&cli, varve_slice_text("abc"), text), "616263");
    assert_parsed(&cli, "--hex --redact");
    ck_assert_str_eq(cli_key_text(&cli, varve_slice_text("abc"), text), "<3 bytes>");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_options");
    TCase *tcase = tcase_create("parsing");
    tcase_add_test(tcase, flags_and_texts);
    tcase_add_test(tcase, negative_numbers_are_arguments);
    tcase_add_test(tcase, spans);
    tcase_add_test(tcase, spans_without_resume);
    tcase_add_test(tcase, spans_that_are_refused);
    tcase_add_test(tcase, keys_in_messages);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("writing");
    tcase_add_checked_fixture(tcase, make_store, remove_store);
    tcase_add_test(tcase, a_store_is_written_to_with_leave_only);
    tcase_add_test(tcase, a_dry_run_opens_for_reading);
    tcase_add_test(tcase, no_store_is_made_by_writing);
    tcase_add_test(tcase, closing_a_writer_can_fail);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
