/* The parser of fast-export streams: what it tells of good ones, and where it finds fault. */
#include "tools/import_fast_export.h"

#include "tests/support/support.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- A listener that writes down what it is told -----------------------------------------------
 */

struct listener {
    char text[1 << 16];
    size_t size;
    struct import_bytes content;
    const char *refuse; /* fail at the first event of that name */
};

static void note(struct listener *listener, const char *format, ...) VARVE_PRINTF(2, 3);

static void note(struct listener *listener, const char *format, ...)
{
    size_t room = sizeof listener->text - listener->size;
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(listener->text + listener->size, room, format, arguments);
    va_end(arguments);
    ck_assert(size >= 0 && (size_t)size < room);
    listener->size += (size_t)size;
}

static bool allow(struct listener *listener, const char *event, struct import_fault *fault)
{
    if (listener->refuse == NULL || strcmp(listener->refuse, event) != 0)
        return true;
    return import_failed(fault, TOOL_CORRUPT, "refused: %s", event);
}

static bool on_content_begin(void *arg, struct import_fault *fault)
{
    struct listener *listener = arg;

    listener->content.size = 0;
    return allow(listener, "content_begin", fault);
}

static bool on_content(void *arg, varve_slice content, struct import_fault *fault)
{
    struct listener *listener = arg;

    ck_assert(import_bytes_append(&listener->content, content.data, content.size));
    return allow(listener, "content", fault);
}

static void note_content(struct listener *listener)
{
    note(listener, " [%.*s]\n", (int)listener->content.size,
         listener->content.size == 0 ? "" : (const char *)listener->content.data);
}

static bool on_blob_end(void *arg, uint64_t mark, struct import_fault *fault)
{
    struct listener *listener = arg;

    note(listener, "blob %llu", (unsigned long long)mark);
    note_content(listener);
    return allow(listener, "blob_end", fault);
}

static void note_ref(struct listener *listener, const struct fast_export_ref *ref)
{
    switch (ref->kind) {
    case FAST_EXPORT_NONE:
        note(listener, " -");
        break;
    case FAST_EXPORT_MARK:
        note(listener, " :%llu", (unsigned long long)ref->mark);
        break;
    case FAST_EXPORT_ID:
        note(listener, " %s", ref->id);
        break;
    case FAST_EXPORT_INLINE:
        note(listener, " inline");
        break;
    }
}

static bool on_commit_begin(void *arg, const struct fast_export_commit *commit,
                            struct import_fault *fault)
{
    struct listener *listener = arg;

    note(listener, "commit %llu line %llu byte %llu id [%s] seconds %lld from",
         (unsigned long long)commit->mark, (unsigned long long)commit->place.line,
         (unsigned long long)commit->place.offset, commit->id, (long long)commit->seconds);
    note_ref(listener, &commit->from);
    note(listener, "\n");
    return allow(listener, "commit_begin", fault);
}

static bool on_change(void *arg, const struct fast_export_change *change,
                      struct import_fault *fault)
{
    struct listener *listener = arg;

    note(listener, "%s", change->deleted ? "D" : "M ");
    if (!change->deleted) {
        note(listener, "%s", change->mode);
        note_ref(listener, &change->data);
    }
    note(listener, " line %llu [%.*s]", (unsigned long long)change->place.line,
         (int)change->path.size, (const char *)change->path.data);
    if (change->data.kind == FAST_EXPORT_INLINE)
        note_content(listener);
    else
        note(listener, "\n");
    return allow(listener, "change", fault);
}

static bool on_commit_end(void *arg, struct import_fault *fault)
{
    note(arg, "end\n");
    return allow(arg, "commit_end", fault);
}

static const struct fast_export_events events = {
    .content_begin = on_content_begin,
    .content = on_content,
    .blob_end = on_blob_end,
    .commit_begin = on_commit_begin,
    .change = on_change,
    .commit_end = on_commit_end,
};

/* ---- Input from memory, a few bytes at a time --------------------------------------------------
 */

struct source {
    varve_slice left;
    size_t step;
};

static ssize_t read_source(void *arg, void *buffer, size_t size)
{
    struct source *source = arg;
    size_t part = source->left.size < source->step ? source->left.size : source->step;

    ck_assert_uint_ge(size, part);
    if (part > 0)
        memcpy(buffer, source->left.data, part);
    source->left.data += part;
    source->left.size -= part;
    return (ssize_t)part;
}

static bool parse(struct listener *listener, varve_slice stream, size_t step,
                  struct import_fault *fault)
{
    struct source source = {copy_of(stream), step};
    struct import_input in;

    memset(fault, 0, sizeof *fault);
    listener->size = 0;
    listener->text[0] = '\0';
    ck_assert(import_input_open(&in, read_source, &source));
    bool good = fast_export_parse(&in, &events, listener, fault);
    import_input_close(&in);
    return good;
}

static struct listener listener;

/* The stream tells `expected`, however it is cut into pieces. */
static void check_told(varve_slice stream, const char *expected)
{
    static const size_t steps[] = {1, 2, 7, 64, 1 << 16};
    struct import_fault fault;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        bool good = parse(&listener, stream, steps[i], &fault);
        ck_assert_msg(good, "pieces of %zu: line %llu, byte %llu: %s", steps[i],
                      (unsigned long long)fault.place.line, (unsigned long long)fault.place.offset,
                      fault.message);
        ck_assert_str_eq(listener.text, expected);
    }
}

#define ID "0123456789abcdef0123456789abcdef01234567"
#define ID64 ID "0123456789abcdef01234567"
#define WHO "A <a@b> 5 +0000\n"

/* ---- Good streams ------------------------------------------------------------------------------
 */

START_TEST(a_stream_of_git_is_told)
{
    check_told(bytes("feature done\n"
                     "blob\nmark :1\noriginal-oid " ID "\ndata 2\n1\n\n"
                     "reset refs/heads/main\n"
                     "commit refs/heads/main\nmark :2\noriginal-oid " ID "\n"
                     "author A <a@b> 1 +0000\ncommitter C O <c@d> 1795154594 -0730\n"
                     "data 4\none\nM 100644 :1 d\nM 160000 " ID " sub\n\n"
                     "commit refs/heads/main\nmark :3\noriginal-oid " ID64 "\n"
                     "author A <a@b> 1 +0000\ncommitter C <c@d> 5 +0000\nencoding ISO-8859-1\n"
                     "data 0\nfrom :2\nmerge :1\nmerge " ID "\nD d\nM 120000 :1 l\n\n"
                     "tag v1\nfrom :3\noriginal-oid " ID "\ntagger T <t@u> 6 +0000\ndata 2\nt\n\n"
                     "done\n"),
               "blob 1 [1\n]\n"
               "commit 2 line 9 byte 112 id [" ID "] seconds 1795154594 from -\n"
               "M 100644 :1 line 16 [d]\n"
               "M 160000 " ID " line 17 [sub]\n"
               "end\n"
               "commit 3 line 19 byte 337 id [" ID64 "] seconds 5 from :2\n"
               "D line 29 [d]\n"
               "M 120000 :1 line 30 [l]\n"
               "end\n");
}
END_TEST

START_TEST(what_is_optional_may_be_missing)
{
    check_told(bytes("done"), "");
    check_told(bytes("blob\ndata 0\ndone\n"), "blob 0 []\n");
    check_told(bytes("commit x\ncommitter <> 0 +0\ndata 0\ndone\n"),
               "commit 0 line 1 byte 0 id [] seconds 0 from -\nend\n");
    /* No newline behind the data, none behind the commit. */
    check_told(bytes("blob\nmark :7\ndata 3\nabccommit x\ncommitter " WHO
                     "data 1\nmM 644 :7 p\nM 755 :7 q\ndone\n"),
               "blob 7 [abc]\n"
               "commit 0 line 4 byte 23 id [] seconds 5 from -\n"
               "M 100644 :7 line 7 [p]\nM 100755 :7 line 8 [q]\nend\n");
}
END_TEST

START_TEST(what_has_no_meaning_is_passed_over)
{
    check_told(bytes("# a comment\noption git quiet\nfeature date-format=raw\nprogress 1 objects\n"
                     "checkpoint\n\nreset refs/heads/x\nfrom :9\n\nblob\n# within\nmark :1\n"
                     "data 10\n# not one\n\ndone\n"),
               "blob 1 [# not one\n]\n");
}
END_TEST

START_TEST(data_may_be_delimited)
{
    check_told(bytes("blob\nmark :1\ndata <<END\na\nEND \n END\nEND\n\n"
                     "commit x\ncommitter " WHO "data <<E\nmessage\nE\n"
                     "M 100644 inline p\ndata <<END OF\ntext\nEND OF\n"
                     "M 100755 inline q r\ndata 3\na\nb\nM 120000 inline s\ndata 0\ndone\n"),
               "blob 1 [a\nEND \n END\n]\n"
               "commit 0 line 9 byte 41 id [] seconds 5 from -\n"
               "M 100644 inline line 14 [p] [text\n]\n"
               "M 100755 inline line 18 [q r] [a\nb]\n"
               "M 120000 inline line 22 [s] []\nend\n");
}
END_TEST

START_TEST(paths_are_unquoted)
{
    check_told(
        bytes("commit x\ncommitter " WHO "data 0\n"
              "D with blank\nD  leading\nD trailing \nD mid\"quote\nD \"quo\\\"ted\"\n"
              "D \"all \\a\\b\\f\\n\\r\\t\\v\\\\\"\nD \"\\303\\274\\001\\377\"\nD \xC3\xBC\xFF\n"
              "D a\tb\\n\nD \"blank only\"\nD -x\nD ...\nD a/b../.c\ndone\n"),
        "commit 0 line 1 byte 0 id [] seconds 5 from -\n"
        "D line 4 [with blank]\nD line 5 [ leading]\nD line 6 [trailing ]\nD line 7 [mid\"quote]\n"
        "D line 8 [quo\"ted]\nD line 9 [all \a\b\f\n\r\t\v\\]\nD line 10 [\xC3\xBC\x01\xFF]\n"
        "D line 11 [\xC3\xBC\xFF]\nD line 12 [a\tb\\n]\nD line 13 [blank only]\nD line 14 [-x]\n"
        "D line 15 [...]\nD line 16 [a/b../.c]\nend\n");
}
END_TEST

START_TEST(times_before_1970_are_read)
{
    check_told(bytes("commit x\ncommitter A > B <a> <b> -7 +0000\ndata 0\ndone\n"),
               "commit 0 line 1 byte 0 id [] seconds -7 from -\nend\n");
}
END_TEST

/* ---- Bad streams -------------------------------------------------------------------------------
 */

struct bad {
    const char *stream;
    unsigned line;
    unsigned offset;
    const char *message; /* a part of it */
};

#define COMMIT "commit x\ncommitter " WHO "data 0\n" /* 3 lines, 42 bytes */

static const struct bad bads[] = {
    {"", 1, 0, "ends without \"done\""},
    {"feature done\n", 2, 13, "ends without \"done\""},
    {"feature done\nblob\nmark :1\ndata 2\nab\n", 6, 36, "ends without \"done\""},
    {"do", 1, 0, "unknown command \"do\""},
    {"\ndone\n", 1, 0, "unknown command \"\""},
    {"hello\n", 1, 0, "unknown command \"hello\""},
    {"done\nx", 2, 5, "goes on after \"done\""},
    {"done again\n", 1, 4, "nothing is expected here"},
    {"feature notes\n", 1, 8, "feature \"notes\" is not supported"},
    {"feature date-format=now\n", 1, 8, "is not supported"},
    {"alias\nmark :1\nto :2\n", 1, 0, "unknown command \"alias\""},
    {"checkpoints\n", 1, 10, "nothing is expected here"},

    {"blobs\n", 1, 4, "nothing is expected here"},
    {"blob\nmark 1\n", 2, 10, "a mark, a colon and a number"},
    {"blob\nmark :\n", 2, 11, "a number is expected"},
    {"blob\nmark :x\n", 2, 11, "a number is expected"},
    {"blob\nmark :0\n", 2, 10, "mark 0 is not allowed"},
    {"blob\nmark :1 \n", 2, 12, "nothing is expected here"},
    {"blob\nmark :1234567890123456789\n", 2, 11, "the number is too large"},
    {"blob\noriginal-oid 123\n", 2, 18, "an object id of 40 or 64"},
    {"blob\noriginal-oid " ID "0\n", 2, 18, "an object id of 40 or 64"},
    {"blob\noriginal-oid 0123456789ABCDEF0123456789ABCDEF01234567\n", 2, 18, "an object id"},
    {"blob\nmark :1\nmark :2\n", 3, 13, "\"data \" is missing in a blob"},
    {"blob\n", 2, 5, "the input ends within a blob"},
    {"blob\ndata\n", 2, 5, "\"data \" is missing in a blob"},
    {"blob\ndata x\n", 2, 10, "a number is expected"},
    {"blob\ndata -1\n", 2, 10, "a number is expected"},
    {"blob\ndata 5x\n", 2, 11, "nothing is expected here"},
    {"blob\ndata 999999999999999999999\n", 2, 10, "the number is too large"},
    {"blob\ndata 5\nabc\n", 4, 16, "ends within data, 1 bytes early"},
    {"blob\ndata 5\n", 3, 12, "ends within data, 5 bytes early"},
    {"blob\ndata <<\n", 2, 12, "the delimiter is missing"},
    {"blob\ndata <<E\nabc\nEE\n", 5, 21, "before the line that ends the data"},

    {"commit \n", 1, 7, "the name of the branch is missing"},
    {"commit x\n", 2, 9, "the input ends within a commit"},
    {"commit x\ndata 0\n", 2, 9, "\"committer \" is missing in a commit"},
    {"commit x\ncommitter A 5 +0000\n", 2, 19, "the e-mail address in <> is missing"},
    {"commit x\ncommitter A <a>5 +0000\n", 2, 24, "the time is missing"},
    {"commit x\ncommitter A <a>\n", 2, 24, "the time is missing"},
    {"commit x\ncommitter A <a> \n", 2, 25, "a number is expected"},
    {"commit x\ncommitter A <a> now\n", 2, 25, "a number is expected"},
    {"commit x\ncommitter A <a> 5\n", 2, 26, "a blank and the time zone"},
    {"commit x\ncommitter A <a> 5 \n", 2, 26, "a blank and the time zone"},
    {"commit x\ncommitter A <a> --5 +0000\n", 2, 26, "a number is expected"},
    {"commit x\ncommitter " WHO "M 100644 :1 p\n", 3, 35, "\"data \" is missing in a commit"},
    {"commit x\ncommitter " WHO "author A <a> 5 +0000\n", 3, 35, "\"data \" is missing"},
    {COMMIT, 4, 42, "ends without \"done\""},
    {COMMIT "D a", 4, 45, "ends without \"done\""},
    {COMMIT "D a\n", 5, 46, "ends without \"done\""},
    {COMMIT "D a\n\n", 6, 47, "ends without \"done\""},
    {COMMIT "from x\n", 4, 47, "an object id"},
    {COMMIT "from :1\nfrom :2\n", 5, 50, "unknown command \"from :2\""},
    {COMMIT "D a\nfrom :1\n", 5, 46, "unknown command \"from :1\""},

    {COMMIT "M 100600 :1 p\n", 4, 44, "the mode is none of"},
    {COMMIT "M 040000 " ID " p\n", 4, 44, "the mode is none of"},
    {COMMIT "M 100644\n", 4, 44, "the mode is none of"},
    {COMMIT "M 100644 p\n", 4, 51, "an object id of 40 or 64"},
    {COMMIT "M 100644 :1\n", 4, 53, "a blank and the path"},
    {COMMIT "M 100644 :1p\n", 4, 53, "a blank and the path"},
    {COMMIT "M 100644 inlinep\n", 4, 51, "an object id of 40 or 64"},
    {COMMIT "M 100644 " ID " p\n", 4, 51, "export without --no-data"},
    {COMMIT "M 160000 :1 p\n", 4, 51, "a submodule needs the id"},
    {COMMIT "M 160000 inline p\ndata 0\n", 4, 51, "a submodule needs the id"},
    {COMMIT "M 100644 inline p\nD q\n", 5, 60, "\"data \" is missing in a commit"},

    {COMMIT "D \n", 4, 44, "not in canonical form"},
    {COMMIT "D \"\"\n", 4, 44, "not in canonical form"},
    {COMMIT "D /a\n", 4, 44, "not in canonical form"},
    {COMMIT "D a/\n", 4, 44, "not in canonical form"},
    {COMMIT "D a//b\n", 4, 44, "not in canonical form"},
    {COMMIT "D .\n", 4, 44, "not in canonical form"},
    {COMMIT "D a/../b\n", 4, 44, "not in canonical form"},
    {COMMIT "D \"a\\057.\"\n", 4, 44, "not in canonical form"},
    {COMMIT "D \"a\n", 4, 44, "no closing quote"},
    {COMMIT "D \"a\\\"\n", 4, 44, "no closing quote"},
    {COMMIT "D \"a\"b\n", 4, 47, "nothing is expected here"},
    {COMMIT "D \"a\\q\"\n", 4, 47, "unknown escape"},
    {COMMIT "D \"a\\400\"\n", 4, 47, "unknown escape"},
    {COMMIT "D \"a\\38\"\n", 4, 47, "unknown escape"},
    {COMMIT "D \"a\\\n", 4, 47, "unknown escape"},
    {COMMIT "D \"a\\000\"\n", 4, 44, "a NUL byte"},

    {COMMIT "deleteall\n", 4, 42, "deleteall (of --full-tree) is not supported: export it with"},
    {COMMIT "R a b\n", 4, 42, "a rename (of -M) is not supported"},
    {COMMIT "C a b\n", 4, 42, "a copy (of -C) is not supported"},
    {COMMIT "N :1 " ID "\n", 4, 42, "a note is not supported"},
    {COMMIT "ls a\n", 4, 42, "ls is not supported"},

    {"reset x\nfrom\n", 2, 8, "unknown command \"from\""},
    {"reset x\nfrom y\n", 2, 13, "an object id"},
    {"tag v\ntagger T <t> 1 +0\ndata 0\n", 2, 6, "\"from \" is missing in a tag"},
    {"tag v\nfrom :1\n", 3, 14, "the input ends within a tag"},
};

START_TEST(a_bad_stream_is_refused_with_its_place)
{
    const struct bad *bad = &bads[_i];
    static const size_t steps[] = {1, 1 << 16};
    struct import_fault fault;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        bool good = parse(&listener, varve_slice_text(bad->stream), steps[i], &fault);
        ck_assert_msg(!good, "accepted: %s", bad->stream);
        ck_assert_msg(strstr(fault.message, bad->message) != NULL, "%s\nis refused as: %s",
                      bad->stream, fault.message);
        ck_assert_int_eq(fault.code, TOOL_REFUSED);
        ck_assert(fault.placed);
        ck_assert_msg(fault.place.line == bad->line && fault.place.offset == bad->offset,
                      "%s\nline %llu, byte %llu: %s", bad->stream,
                      (unsigned long long)fault.place.line, (unsigned long long)fault.place.offset,
                      fault.message);
    }
}
END_TEST

START_TEST(a_nul_byte_in_a_plain_path_is_refused)
{
    struct import_fault fault;

    ck_assert(!parse(&listener, bytes(COMMIT "D a\0b\ndone\n"), 1, &fault));
    ck_assert_str_eq(fault.message, "the path has a NUL byte in it");
}
END_TEST

START_TEST(a_line_without_an_end_is_refused)
{
    varve_slice blanks = repeated('x', 600 << 10);
    struct import_fault fault;

    ck_assert(!parse(&listener, blanks, 4096, &fault));
    ck_assert_str_eq(fault.message, "the line is longer than 524288 bytes");
    ck_assert_uint_eq(fault.place.offset, 0);
}
END_TEST

/* A commit is complete only when something follows: wherever a stream ends early, none is told. */
START_TEST(a_stream_that_is_cut_short_has_no_half_commit)
{
    static const char stream[] = COMMIT "M 100644 inline p\ndata 4\nd\nD \nD a\n\ndone\n";
    struct import_fault fault;

    /* "done" may do without its newline. */
    for (size_t size = 1; size < sizeof stream - 2; size++) {
        ck_assert(!parse(&listener, varve_slice_of(stream, size), 1 << 16, &fault));
        ck_assert_msg(strstr(listener.text, "end\n") == NULL, "after %zu bytes", size);
    }
    ck_assert(parse(&listener, bytes(stream), 1 << 16, &fault));
    ck_assert(strstr(listener.text, "end\n") != NULL);
}
END_TEST

START_TEST(a_listener_that_fails_ends_it)
{
    static const char *const names[] = {"content_begin", "content",    "blob_end",
                                        "commit_begin",  "commit_end", "change"};
    varve_slice stream = bytes("blob\nmark :1\ndata 1\nx\n" COMMIT "D a\ndone\n");
    struct import_fault fault;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        listener.refuse = names[i];
        ck_assert(!parse(&listener, stream, 1 << 16, &fault));
        ck_assert_int_eq(fault.code, TOOL_CORRUPT);
        ck_assert(strstr(fault.message, names[i]) != NULL);
    }
    listener.refuse = NULL;
}
END_TEST

static ssize_t broken_read(void *arg, void *buffer, size_t size)
{
    int *left = arg;

    if ((*left)-- > 0) {
        ck_assert_uint_ge(size, 5);
        memcpy(buffer, "blob\n", 5);
        return 5;
    }
    errno = EIO;
    return -1;
}

START_TEST(a_failure_to_read_is_told)
{
    struct import_fault fault = {0};
    struct import_input in;
    int reads = 1;

    ck_assert(import_input_open(&in, broken_read, &reads));
    ck_assert(!fast_export_parse(&in, &events, &listener, &fault));
    ck_assert_int_eq(fault.code, TOOL_IO);
    ck_assert(!fault.placed);
    ck_assert_str_eq(fault.message, "reading failed at byte 5: Input/output error");
    import_input_close(&in);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_fast_export");
    TCase *good = tcase_create("good streams");
    TCase *bad = tcase_create("bad streams");

    tcase_add_test(good, a_stream_of_git_is_told);
    tcase_add_test(good, what_is_optional_may_be_missing);
    tcase_add_test(good, what_has_no_meaning_is_passed_over);
    tcase_add_test(good, data_may_be_delimited);
    tcase_add_test(good, paths_are_unquoted);
    tcase_add_test(good, times_before_1970_are_read);
    suite_add_tcase(suite, good);
    tcase_add_loop_test(bad, a_bad_stream_is_refused_with_its_place, 0,
                        (int)(sizeof bads / sizeof bads[0]));
    tcase_add_test(bad, a_nul_byte_in_a_plain_path_is_refused);
    tcase_add_test(bad, a_line_without_an_end_is_refused);
    tcase_add_test(bad, a_stream_that_is_cut_short_has_no_half_commit);
    tcase_add_test(bad, a_listener_that_fails_ends_it);
    tcase_add_test(bad, a_failure_to_read_is_told);
    suite_add_tcase(suite, bad);

    return run_suite(suite);
}
