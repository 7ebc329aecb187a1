/*
 * What the version file may say.
 */
#include <stdio.h>

#include "engine/rocksdb/version.h"
#include "tests/support/support.h"

static varve_error err = VARVE_ERROR_INIT;

static varve_status parse(const char *text, int64_t *version)
{
    varve_error_release(&err);
    return varve__version_parse(copy_of(varve_slice_text(text)), "/s/VARVE_VERSION", version, &err);
}

static const char *const good[] = {
    "{\"Version\":1,\"Features\":[]}",
    "{\"Version\":1}", /* no features: none is used */
    " { \"Features\" : [ ] ,\n\"Version\" : 1 } \n",
    "{\"Version\":1,\"Features\":[],\"CreatedBy\":\"a later varve\"}",
    VARVE__VERSION_TEXT,
};

START_TEST(this_version_opens)
{
    int64_t version = 0;

    ck_ok(parse(good[_i], &version), &err);
    ck_assert_int_eq(version, 1);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} malformed[] = {
    {"", "version file /s/VARVE_VERSION is not formatted correctly; "},
    {"cockroach", "version file /s/VARVE_VERSION is not formatted correctly; "},
    {"{\"Version\":1", "version file /s/VARVE_VERSION is not formatted correctly; "},
    {"{\"Version\":1}}", "version file /s/VARVE_VERSION is not formatted correctly; "},
    {"{\"Version\":1,\"Version\":1}", "version file /s/VARVE_VERSION is not formatted correctly; "},
    {"{\"Version\":99999999999999999999}",
     "version file /s/VARVE_VERSION is not formatted correctly; "},
    {"[1]", "version file /s/VARVE_VERSION is not formatted correctly; it is not a JSON object"},
    {"{}",
     "version file /s/VARVE_VERSION is not formatted correctly; \"Version\" must be an integer"},
    {"{\"Version\":\"1\"}",
     "version file /s/VARVE_VERSION is not formatted correctly; \"Version\" must be an integer"},
    {"{\"Version\":1.0}",
     "version file /s/VARVE_VERSION is not formatted correctly; \"Version\" must be an integer"},
    {"{\"Version\":1,\"Features\":\"x\"}",
     "version file /s/VARVE_VERSION is not formatted correctly; \"Features\" must be an array"},
    {"{\"Version\":1,\"Features\":[7]}",
     "version file /s/VARVE_VERSION is not formatted correctly; \"Features\" must hold strings"},
};

START_TEST(a_malformed_file_is_damage)
{
    int64_t version;
    const char *message = malformed[_i].message;

    ck_status(parse(malformed[_i].text, &version), VARVE_CORRUPT, &err);
    ck_assert_msg(strncmp(err.message, message, strlen(message)) == 0, "%s", err.message);
    ck_assert_uint_gt(strlen(err.message), strlen("version file /s/VARVE_VERSION is not "));
}
END_TEST

static const struct {
    const char *text;
    int64_t found;
    const char *message;
} unknown[] = {
    {"{\"Version\":2}", 2, "incompatible rocksdb data version, current:1, on disk:2, minimum:1"},
    {"{\"Version\":9223372036854775807}", INT64_MAX,
     "incompatible rocksdb data version, current:1, on disk:9223372036854775807, minimum:1"},
    {"{\"Version\":0}", 0, "incompatible rocksdb data version, current:1, on disk:0, minimum:1"},
    {"{\"Version\":-1}", -1, "incompatible rocksdb data version, current:1, on disk:-1, minimum:1"},
    /* What a later version means by its features is not for this one to judge. */
    {"{\"Version\":2,\"Features\":[\"x\"]}", 2,
     "incompatible rocksdb data version, current:1, on disk:2, minimum:1"},
    {"{\"Version\":1,\"Features\":[\"holds\"]}", 1,
     "the store of version 1 uses features that this library of version 1 does not know: holds"},
    {"{\"Version\":1,\"Features\":[\"holds\",\"blobs\"]}", 1,
     "the store of version 1 uses features that this library of version 1 does not know: holds, "
     "blobs"},
};

START_TEST(an_unknown_version_or_feature_is_named)
{
    int64_t version;

    ck_status(parse(unknown[_i].text, &version), VARVE_INCOMPATIBLE, &err);
    ck_assert_str_eq(err.message, unknown[_i].message);
    ck_assert_int_eq(err.detail.version.found, unknown[_i].found);
    ck_assert_int_eq(err.detail.version.supported, 1);
}
END_TEST

/* More names than a message has room for: cut, not overrun. */
START_TEST(many_features_are_cut)
{
    char text[4096] = "{\"Version\":1,\"Features\":[\"first\"";
    int64_t version;

    for (int i = 0; i < 100; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), ",\"feature-%d\"", i);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "]}");
    ck_status(parse(text, &version), VARVE_INCOMPATIBLE, &err);
    ck_assert_ptr_nonnull(strstr(err.message, ": first, feature-0, "));
    ck_assert_uint_eq(strlen(err.message), VARVE_ERROR_MESSAGE_MAX - 1);
}
END_TEST

START_TEST(details_may_be_dropped)
{
    int64_t version;

    ck_assert_int_eq(varve__version_parse(bytes("{\"Version\":2}"), "p", &version, NULL),
                     VARVE_INCOMPATIBLE);
    ck_assert_int_eq(varve__version_parse(varve_slice_of(NULL, 0), "p", &version, NULL),
                     VARVE_CORRUPT);
}
END_TEST

/* ---- Other versions ----------------------------------------------------------------------------
 */

START_TEST(a_later_library_opens_more)
{
    const varve__version_range later = {1, 3};
    int64_t version;
    for (int64_t found = 0; found <= 4; found++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{\"Version\":%d,\"Features\":[]}", (int)found);
        varve_status status =
            varve__version_parse_as(later, varve_slice_text(text), "p", &version, &err);
        ck_assert_int_eq(status, found >= 1 && found <= 3 ? VARVE_OK : VARVE_INCOMPATIBLE);
        ck_assert_int_eq(version, found);
        varve_error_release(&err);
    }
    ck_fails(varve__version_parse_as(later, bytes("{\"Version\":4}"), "p", &version, &err),
             VARVE_INCOMPATIBLE, &err,
             "incompatible rocksdb data version, current:3, on disk:4, minimum:1");
    ck_status(varve__version_parse_as(later, bytes("{\"Version\":2,\"Features\":[\"x\"]}"), "p",
                                      &version, &err),
              VARVE_INCOMPATIBLE, &err);
    ck_assert_str_eq(err.message, "the store of version 2 uses features that this library of "
                                  "version 3 does not know: x");
    ck_assert_int_eq(err.detail.version.found, 2);
    ck_assert_int_eq(err.detail.version.supported, 3);
}
END_TEST

START_TEST(a_version_is_replaced)
{
    varve_buf changed = VARVE_BUF_INIT;
    ck_ok(varve__version_set(bytes("{\"Version\":1,\"Features\":[]}"), "p", 2, &changed, &err),
          &err);
    ck_buf_text(&changed, "{\"Version\":2,\"Features\":[]}");
    ck_ok(varve__version_set(bytes(" { \"By\":\"us\" , \"Version\" : 7 }"), "p", 8, &changed, &err),
          &err);
    ck_buf_text(&changed, "{\"By\":\"us\",\"Version\":8}");
    ck_status(varve__version_set(bytes("{}"), "p", 2, &changed, &err), VARVE_CORRUPT, &err);
    varve_buf_release(&changed);
}
END_TEST

/* ---- The reference's rules ---------------------------------------------------------------------
 */

static varve_status reference(const char *contents, const char *failure, bool *rewrite)
{
    varve_slice text = varve_slice_text(contents == NULL ? "" : contents);
    varve_error_release(&err);
    return varve__version_reference(contents == NULL ? NULL : &text, "/s/VERSION", failure, rewrite,
                                    &err);
}

/* The cases of the reference: no file, the current version, the oldest, and beyond both ends. */
START_TEST(TestRocksDBOpenWithVersions)
{
    bool rewrite;
    ck_ok(reference(NULL, NULL, &rewrite), &err);
    ck_assert(rewrite);
    ck_ok(reference("{\"Version\":1}", NULL, &rewrite), &err);
    ck_assert(!rewrite);
    ck_ok(reference("{\"Version\":0}", NULL, &rewrite), &err);
    ck_assert(rewrite);
    ck_fails(reference("{\"Version\":-1}", NULL, &rewrite), VARVE_INCOMPATIBLE, &err,
             "incompatible rocksdb data version, current:1, on disk:-1, minimum:0");
    ck_assert(!rewrite);
    ck_fails(reference("{\"Version\":2}", NULL, &rewrite), VARVE_INCOMPATIBLE, &err,
             "incompatible rocksdb data version, current:1, on disk:2, minimum:0");
    ck_fails(reference("{\"Version\":99}", NULL, &rewrite), VARVE_INCOMPATIBLE, &err,
             "incompatible rocksdb data version, current:1, on disk:99, minimum:0");
    ck_assert(!rewrite);
}
END_TEST

START_TEST(TestVersions)
{
    bool rewrite;
    static const char *const malformed_ones[] = {"", "cockroach", "{\"Version\":\"1\"}", "[]"};
    for (size_t i = 0; i < sizeof malformed_ones / sizeof malformed_ones[0]; i++) {
        ck_status(reference(malformed_ones[i], NULL, &rewrite), VARVE_CORRUPT, &err);
        ck_assert_ptr_nonnull(
            strstr(err.message, "version file /s/VERSION is not formatted correctly; "));
        ck_assert(!rewrite);
    }
    /* The file is looked at first; a store that does not open is not written to. */
    ck_fails(reference("{\"Version\":0}", "no such luck", &rewrite), VARVE_IO, &err,
             "could not open rocksdb instance: no such luck");
    ck_assert(!rewrite);
    ck_status(reference("{\"Version\":99}", "no such luck", &rewrite), VARVE_INCOMPATIBLE, &err);
    /* What it does not know of, it does not look at. */
    ck_ok(reference("{\"Version\":1,\"Features\":[\"x\"]}", NULL, &rewrite), &err);
    ck_assert_int_eq(varve__version_reference(NULL, "p", NULL, &rewrite, NULL), VARVE_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb version file");
    TCase *cases = tcase_create("contents");

    tcase_add_loop_test(cases, this_version_opens, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(cases, a_malformed_file_is_damage, 0,
                        sizeof malformed / sizeof malformed[0]);
    tcase_add_loop_test(cases, an_unknown_version_or_feature_is_named, 0,
                        sizeof unknown / sizeof unknown[0]);
    tcase_add_test(cases, many_features_are_cut);
    tcase_add_test(cases, details_may_be_dropped);
    tcase_add_test(cases, a_later_library_opens_more);
    tcase_add_test(cases, a_version_is_replaced);
    tcase_add_test(cases, TestRocksDBOpenWithVersions);
    tcase_add_test(cases, TestVersions);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
