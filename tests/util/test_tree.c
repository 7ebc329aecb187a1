#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/backends.h"
#include "util/tree.h"

static varve_error err = VARVE_ERROR_INIT;

/* What a walk has met, as text: names in their order, directories with a slash. */
struct seen {
    char text[256];
    const char *stop_at; /* end the walk there; NULL = nowhere */
};

static varve_status note(void *arg, int directory, const char *name, const struct stat *what,
                         varve_error *failure)
{
    struct seen *seen = arg;
    struct stat again;
    size_t size = strlen(seen->text);
    (void)failure;
    ck_assert_int_eq(fstatat(directory, name, &again, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert_uint_eq(again.st_ino, what->st_ino);
    (void)snprintf(seen->text + size, sizeof seen->text - size, "%s%s ", name,
                   S_ISDIR(what->st_mode) ? "/" : "");
    return seen->stop_at != NULL && strcmp(name, seen->stop_at) == 0 ? VARVE_NOT_FOUND : VARVE_OK;
}

static const char *in(const char *dir, const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

START_TEST(what_is_inside_comes_first)
{
    struct seen seen = {"", NULL};
    const char *dir = temp_dir_make();
    ck_ok(varve__tree_walk(AT_FDCWD, dir, note, &seen, &err), &err);
    ck_assert_str_eq(seen.text, "");
    ck_assert_int_eq(mkdir(in(dir, "a"), 0700), 0);
    ck_assert_int_eq(mkdir(in(dir, "a/b"), 0700), 0);
    ck_assert_int_eq(symlink("..", in(dir, "a/b/up")), 0);
    ck_ok(varve__tree_walk(AT_FDCWD, dir, note, &seen, &err), &err);
    ck_assert_str_eq(seen.text, "up b/ a/ ");

    /* A walk that is ended ends at all levels. */
    seen = (struct seen){"", "up"};
    ck_status(varve__tree_walk(AT_FDCWD, dir, note, &seen, &err), VARVE_NOT_FOUND, &err);
    ck_assert_str_eq(seen.text, "up ");
    temp_dir_remove(dir);
}
END_TEST

START_TEST(a_root_may_be_a_link)
{
    struct seen seen = {"", NULL};
    const char *dir = temp_dir_make();
    ck_assert_int_eq(mkdir(in(dir, "a"), 0700), 0);
    ck_assert_int_eq(mkdir(in(dir, "a/b"), 0700), 0);
    ck_assert_int_eq(symlink("a", in(dir, "link")), 0);
    ck_ok(varve__tree_walk(AT_FDCWD, in(dir, "link"), note, &seen, &err), &err);
    ck_assert_str_eq(seen.text, "b/ ");
    /* One below an open directory may not, and may be missing. */
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    ck_status(varve__tree_walk(fd, "link", note, &seen, &err), VARVE_IO, &err);
    ck_ok(varve__tree_walk(fd, "missing", note, &seen, &err), &err);
    (void)close(fd);
    ck_status(varve__tree_walk(AT_FDCWD, in(dir, "missing"), note, &seen, &err), VARVE_IO, &err);
    temp_dir_remove(dir);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tree");
    TCase *tcase = tcase_create("tree");
    tcase_add_test(tcase, what_is_inside_comes_first);
    tcase_add_test(tcase, a_root_may_be_a_link);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
