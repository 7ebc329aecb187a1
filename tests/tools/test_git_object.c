/* Names that git gives to contents.  The ids are git's own: `git hash-object --stdin`. */
#include "tools/git_object.h"

#include "tests/support/support.h"

static const struct {
    const char *content;
    const char *sha1;
    const char *sha256;
} blobs[] = {
    {"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
     "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"},
    {"hello world\n", "3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
     "0bd69098bd9b9cc5934a610ab65da429b525361147faa7b5b922919e9a23143d"},
};

START_TEST(a_blob_has_the_id_that_git_gives_it)
{
    varve_slice content = varve_slice_text(blobs[_i].content);
    char id[GIT_OBJECT_ID_MAX];

    git_blob_id(GIT_SHA1, content, id);
    ck_assert_str_eq(id, blobs[_i].sha1);
    git_blob_id(GIT_SHA256, content, id);
    ck_assert_str_eq(id, blobs[_i].sha256);
}
END_TEST

START_TEST(an_entry_is_a_blob_or_a_commit)
{
    static const char commit[] = "0123456789abcdef0123456789abcdef01234567";
    struct file_value file = {.mode = FILE_MODE_SYMLINK, .content = varve_slice_text("")};
    char id[GIT_OBJECT_ID_MAX];

    ck_assert(git_entry_id(GIT_SHA1, &file, id));
    ck_assert_str_eq(id, blobs[0].sha1);
    ck_assert_str_eq(git_entry_type(&file), "blob");

    file = (struct file_value){.mode = FILE_MODE_SUBMODULE, .content = varve_slice_text(commit)};
    ck_assert(git_entry_id(GIT_SHA1, &file, id));
    ck_assert_str_eq(id, commit);
    ck_assert_str_eq(git_entry_type(&file), "commit");

    file.content.size--;
    ck_assert(!git_entry_id(GIT_SHA1, &file, id));
}
END_TEST

START_TEST(whole_ids_are_known)
{
    ck_assert(git_is_object_id(varve_slice_text(blobs[0].sha1)));
    ck_assert(git_is_object_id(varve_slice_text(blobs[0].sha256)));
    ck_assert(!git_is_object_id(varve_slice_text("e69de29")));
    ck_assert(!git_is_object_id(varve_slice_text("E69DE29BB2D1D6434B8B29AE775AD8C2E48C5391")));
    ck_assert(!git_is_object_id(varve_slice_text("g69de29bb2d1d6434b8b29ae775ad8c2e48c5391")));
    ck_assert(!git_is_object_id(varve_slice_of(NULL, 0)));
}
END_TEST

static const struct {
    unsigned char byte;
    const char *text;
} quoted[] = {
    {0x01, "\\001"}, {0x07, "\\a"},  {0x08, "\\b"},   {0x09, "\\t"},   {0x0A, "\\n"},
    {0x0B, "\\v"},   {0x0C, "\\f"},  {0x0D, "\\r"},   {0x0E, "\\016"}, {0x1F, "\\037"},
    {'"', "\\\""},   {'\\', "\\\\"}, {0x7F, "\\177"}, {0x80, "\\200"}, {0xFF, "\\377"},
};

START_TEST(these_bytes_are_quoted)
{
    char text[5];

    ck_assert(git_quote_byte(quoted[_i].byte, text));
    ck_assert_str_eq(text, quoted[_i].text);
}
END_TEST

START_TEST(the_other_bytes_stand_for_themselves)
{
    char text[5];

    for (unsigned byte = 0x20; byte < 0x7F; byte++)
        ck_assert(git_quote_byte((unsigned char)byte, text) == (byte == '"' || byte == '\\'));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("git_object");
    TCase *tcase = tcase_create("git_object");
    tcase_add_loop_test(tcase, a_blob_has_the_id_that_git_gives_it, 0,
                        sizeof blobs / sizeof blobs[0]);
    tcase_add_test(tcase, an_entry_is_a_blob_or_a_commit);
    tcase_add_test(tcase, whole_ids_are_known);
    tcase_add_loop_test(tcase, these_bytes_are_quoted, 0, sizeof quoted / sizeof quoted[0]);
    tcase_add_test(tcase, the_other_bytes_stand_for_themselves);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
