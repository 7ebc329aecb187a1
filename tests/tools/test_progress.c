/* The line that tells how far a long command has come, on a terminal and elsewhere. */
#include "tools/progress.h"

#include "tests/support/support.h"

#include <poll.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

static int terminal; /* the side that a person looks at */
static int old_stderr;

static void open_terminal(void)
{
    int program_side;

    fflush(stderr);
    old_stderr = dup(STDERR_FILENO);
    ck_assert_int_eq(openpty(&terminal, &program_side, NULL, NULL, NULL), 0);
    ck_assert_int_ge(dup2(program_side, STDERR_FILENO), 0);
    close(program_side);
}

static void close_terminal(void)
{
    fflush(stderr);
    dup2(old_stderr, STDERR_FILENO);
    close(old_stderr);
    close(terminal);
}

/* What has come to the terminal since the last look. */
static const char *seen_after(int milliseconds)
{
    static char text[4096];
    struct pollfd screen = {.fd = terminal, .events = POLLIN};
    size_t size = 0;

    while (size < sizeof text - 1 && poll(&screen, 1, milliseconds) > 0) {
        ssize_t more = read(terminal, text + size, sizeof text - 1 - size);
        if (more <= 0)
            break;
        size += (size_t)more;
        milliseconds = 200;
    }
    text[size] = '\0';
    return text;
}

/* Something comes, however long it takes to get there. */
static const char *seen(void)
{
    return seen_after(60000);
}

static void ck_nothing_seen(void)
{
    ck_assert_str_eq(seen_after(200), "");
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/*
 * Let what has been done have taken so long: another drawing is due then, and what the test itself
 * takes does not count beside it.
 */
static void let_it_take(struct progress *progress, double seconds)
{
    progress->start -= seconds;
    progress->next_draw -= seconds;
}

START_TEST(the_rate_and_the_time_left_are_told)
{
    struct progress progress;
    double rate;
    double minutes;
    double seconds;

    progress_start(&progress, "rows", UINT64_C(8000) << 20, true);
    progress_update(&progress, 0, 0);
    let_it_take(&progress, -1000);
    progress_update(&progress, 1, 1);
    ck_nothing_seen(); /* what is done at once needs no line */
    let_it_take(&progress, 2000);
    progress_update(&progress, 1234, UINT64_C(2000) << 20);
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K1234 rows, 2.0 GiB of 7.8 GiB, "), "%s", line);
    ck_assert_int_eq(sscanf(strstr(line, "of 7.8 GiB, "), "of 7.8 GiB, %lf MiB/s, %lf:%lf left",
                            &rate, &minutes, &seconds),
                     3);
    /* A quarter is done in 1,000 seconds: the rest takes three times as long. */
    ck_assert_double_eq_tol(rate, 2, 0.2);
    ck_assert_double_eq_tol(minutes * 60 + seconds, 3000, 300);
    progress_end(&progress);
    ck_assert_str_eq(seen(), "\r\033[K");
}
END_TEST

START_TEST(without_a_total_no_time_is_left)
{
    struct progress progress;

    progress_start(&progress, "keys", 0, true);
    progress_update(&progress, 1, 10);
    let_it_take(&progress, 1);
    progress_update(&progress, 2, 500);
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K2 keys, 500 B, "), "%s", line);
    ck_assert_ptr_null(strstr(line, "left"));
    progress_end(&progress);
}
END_TEST

START_TEST(items_alone_have_a_rate_and_an_end)
{
    struct progress progress;
    double rate;
    double minutes;
    double seconds;

    progress_start(&progress, "keys", 0, true);
    progress_expect(&progress, 4000);
    progress_update(&progress, 1000, 0);
    let_it_take(&progress, 500);
    progress_update(&progress, 2000, 0);
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K2000 of 4000 keys, "), "%s", line);
    ck_assert_int_eq(
        sscanf(strstr(line, "keys, "), "keys, %lf/s, %lf:%lf left", &rate, &minutes, &seconds), 3);
    /* What had been done before the start is no speed; twice as much again is left. */
    ck_assert_double_eq_tol(rate, 2, 0.1);
    ck_assert_double_eq_tol(minutes * 60 + seconds, 1000, 100);
    progress_end(&progress);
}
END_TEST

START_TEST(what_was_done_before_does_not_count_as_speed)
{
    struct progress progress;

    progress_start(&progress, "rows", 4 << 20, true);
    progress_update(&progress, 100, 2 << 20);
    let_it_take(&progress, 1000);
    progress_update(&progress, 110, (2 << 20) + 600000);
    const char *line = seen();
    ck_assert_msg(strstr(line, " B/s, ") != NULL, "%s", line); /* about 600 */
    progress_end(&progress);
}
END_TEST

START_TEST(items_tell_the_end_where_bytes_do_not)
{
    struct progress progress;

    progress_start(&progress, "records", 0, true);
    progress_expect(&progress, 300);
    progress_update(&progress, 0, 0);
    let_it_take(&progress, 100);
    progress_update(&progress, 100, 5000);
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K100 of 300 records, 4.9 KiB, "), "%s", line);
    ck_assert_ptr_nonnull(strstr(line, " left"));
    let_it_take(&progress, 100);
    progress_update(&progress, 301, 15000); /* more than was expected */
    line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K301 records, 14.6 KiB, "), "%s", line);
    ck_assert_ptr_null(strstr(line, "left"));
    progress_end(&progress);
}
END_TEST

START_TEST(nothing_is_shown_where_it_is_not_wanted)
{
    struct progress progress;

    progress_start(&progress, "rows", 100, false);
    progress_update(&progress, 1, 1);
    let_it_take(&progress, 1);
    progress_update(&progress, 2, 2);
    progress_end(&progress);
    progress_wipe();
    ck_nothing_seen();
}
END_TEST

START_TEST(nothing_is_shown_in_a_file)
{
    int ends[2];
    char byte;
    struct progress progress;

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    close(ends[1]);
    progress_start(&progress, "rows", 100, true);
    progress_update(&progress, 1, 1);
    let_it_take(&progress, 1);
    progress_update(&progress, 2, 2);
    progress_end(&progress);
    dup2(old_stderr, STDERR_FILENO);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* its end, and nothing before */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");
    tcase_add_checked_fixture(tcase, open_terminal, close_terminal);
    tcase_add_test(tcase, the_rate_and_the_time_left_are_told);
    tcase_add_test(tcase, without_a_total_no_time_is_left);
    tcase_add_test(tcase, items_alone_have_a_rate_and_an_end);
    tcase_add_test(tcase, items_tell_the_end_where_bytes_do_not);
    tcase_add_test(tcase, what_was_done_before_does_not_count_as_speed);
    tcase_add_test(tcase, nothing_is_shown_where_it_is_not_wanted);
    tcase_add_test(tcase, nothing_is_shown_in_a_file);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
