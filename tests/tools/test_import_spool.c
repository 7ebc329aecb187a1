/* Temporary files of an import, and its table of marks. */
#include "tools/import_spool.h"

#include "tests/support/support.h"

/* The byte at an offset; no part of the pattern looks like another. */
static unsigned char pattern(uint64_t offset)
{
    return (unsigned char)((offset * 2654435761U) >> 13);
}

static void append_pattern(struct import_spool *spool, size_t size)
{
    struct import_fault fault;
    unsigned char *data = malloc(size + 1);

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < size; i++)
        data[i] = pattern(spool->size + i);
    ck_assert(import_spool_append(spool, data, size, &fault));
    free(data);
}

static void check_pattern(struct import_spool *spool, uint64_t offset, size_t size)
{
    struct import_fault fault;
    unsigned char *data = malloc(size + 1);

    ck_assert_ptr_nonnull(data);
    ck_assert(import_spool_read(spool, offset, data, size, &fault));
    size_t equal = 0;
    while (equal < size && data[equal] == pattern(offset + equal))
        equal++;
    ck_assert_msg(equal == size, "byte %zu from %llu", equal, (unsigned long long)offset);
    free(data);
}

START_TEST(what_was_appended_is_read)
{
    /* Around the size of what is kept in memory, 256 KiB. */
    static const size_t sizes[] = {0, 1, 100, 262143, 262144, 262145, 5, 1000000, 7, 262000, 300};
    struct import_spool spool = IMPORT_SPOOL_INIT;
    struct import_fault fault;

    ck_assert(import_spool_open(&spool, &fault));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t before = spool.size;
        append_pattern(&spool, sizes[i]);
        ck_assert_uint_eq(spool.size, before + sizes[i]);
        check_pattern(&spool, before, sizes[i]);
        check_pattern(&spool, before / 2, (size_t)(spool.size - before / 2));
        check_pattern(&spool, 0, (size_t)spool.size);
    }
    import_spool_close(&spool);
}
END_TEST

START_TEST(an_empty_one_begins_anew)
{
    struct import_spool spool = IMPORT_SPOOL_INIT;
    struct import_fault fault;

    ck_assert(import_spool_open(&spool, &fault));
    for (int i = 0; i < 3; i++) {
        append_pattern(&spool, 400000);
        append_pattern(&spool, 10);
        check_pattern(&spool, 0, 400010);
        import_spool_reset(&spool);
        ck_assert_uint_eq(spool.size, 0);
    }
    import_spool_close(&spool);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_named)
{
    struct import_spool spool = IMPORT_SPOOL_INIT;
    struct import_fault fault;

    ck_assert_int_eq(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    ck_assert(!import_spool_open(&spool, &fault));
    ck_assert_int_eq(fault.code, TOOL_IO);
    ck_assert(strstr(fault.message, "/nowhere/at/all/") != NULL);
    ck_assert(strstr(fault.message, "TMPDIR") != NULL);
    import_spool_close(&spool);
}
END_TEST

START_TEST(marks_are_found)
{
    struct import_marks marks = {0};

    ck_assert_ptr_null(import_marks_find(&marks, 1));
    /* In order, as git numbers them, and far apart. */
    for (uint64_t i = 1; i <= 100000; i++) {
        if (!import_marks_set(&marks, (struct import_mark){i, 3 * i, i + 1}) ||
            !import_marks_set(&marks, (struct import_mark){i << 32, i, 7}))
            ck_abort_msg("mark %llu", (unsigned long long)i);
    }
    ck_assert_uint_eq(marks.count, 200000);
    uint64_t found = 0;
    for (uint64_t i = 1; i <= 100000; i++) {
        const struct import_mark *mark = import_marks_find(&marks, i);
        found += mark != NULL && mark->mark == i && mark->offset == 3 * i && mark->size == i + 1;
        mark = import_marks_find(&marks, i << 32);
        found += mark != NULL && mark->mark == i << 32 && mark->offset == i && mark->size == 7;
    }
    ck_assert_uint_eq(found, 200000);
    ck_assert_ptr_null(import_marks_find(&marks, 100001));
    import_marks_release(&marks);
}
END_TEST

START_TEST(a_mark_that_is_used_again_moves)
{
    struct import_marks marks = {0};

    ck_assert(import_marks_set(&marks, (struct import_mark){5, 1, 2}));
    ck_assert(import_marks_set(&marks, (struct import_mark){5, 10, 20}));
    ck_assert_uint_eq(marks.count, 1);
    ck_assert_uint_eq(import_marks_find(&marks, 5)->offset, 10);
    import_marks_release(&marks);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_spool");
    TCase *spool = tcase_create("spool");
    TCase *marks = tcase_create("marks");

    tcase_add_test(spool, what_was_appended_is_read);
    tcase_add_test(spool, an_empty_one_begins_anew);
    tcase_add_test(spool, a_folder_that_cannot_be_written_is_named);
    suite_add_tcase(suite, spool);
    tcase_add_test(marks, marks_are_found);
    tcase_add_test(marks, a_mark_that_is_used_again_moves);
    suite_add_tcase(suite, marks);
    return run_suite(suite);
}
