/* The line that tells how far a long command has come, on a terminal and elsewhere. */
#include "tools/progress.h"

#include "tests/support/support.h"

#include <poll.h>
#include <pty.h>
#include <string.h>
#include <time.h>
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

/* What has come to the terminal since the last look; it takes a moment to get there. */
static const char *seen(void)
{
    static char text[4096];
    struct pollfd screen = {.fd = terminal, .events = POLLIN};
    size_t size = 0;

    while (size < sizeof text - 1 && poll(&screen, 1, 200) > 0) {
        ssize_t more = read(terminal, text + size, sizeof text - 1 - size);
        if (more <= 0)
            break;
        size += (size_t)more;
    }
    text[size] = '\0';
    return text;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void wait_for_a_drawing(void)
{
    usleep(600000);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

START_TEST(the_rate_and_the_time_left_are_told)
{
    struct progress progress;
    double start = now();
    double rate;
    double minutes;
    double seconds;

    progress_start(&progress, "rows", 4 << 20, true);
    progress_update(&progress, 0, 0);
    ck_assert_str_eq(seen(), ""); /* what is done at once needs no line */
    wait_for_a_drawing();
    progress_update(&progress, 1234, 1 << 20);
    double elapsed = now() - start;
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K1234 rows, 1.0 MiB of 4.0 MiB, "), "%s", line);
    ck_assert_int_eq(sscanf(strstr(line, "of 4.0 MiB, "), "of 4.0 MiB, %lf MiB/s, %lf:%lf left",
                            &rate, &minutes, &seconds),
                     3);
    /* A quarter is done: the rest takes three times as long. */
    ck_assert_double_le_tol(rate * elapsed, 1.2, 0);
    ck_assert_double_ge_tol(rate * elapsed, 0.8, 0);
    ck_assert_double_le_tol(minutes * 60 + seconds, 3 * elapsed + 1, 0);
    ck_assert_double_ge_tol(minutes * 60 + seconds, 3 * elapsed - 1, 0);
    progress_end(&progress);
    ck_assert_str_eq(seen(), "\r\033[K");
}
END_TEST

START_TEST(without_a_total_no_time_is_left)
{
    struct progress progress;

    progress_start(&progress, "keys", 0, true);
    progress_update(&progress, 1, 10);
    wait_for_a_drawing();
    progress_update(&progress, 2, 500);
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K2 keys, 500 B, "), "%s", line);
    ck_assert_ptr_null(strstr(line, "left"));
    progress_end(&progress);
}
END_TEST

START_TEST(what_was_done_before_does_not_count_as_speed)
{
    struct progress progress;

    progress_start(&progress, "rows", 4 << 20, true);
    progress_update(&progress, 100, 2 << 20);
    wait_for_a_drawing();
    progress_update(&progress, 110, (2 << 20) + 600);
    const char *line = seen();
    ck_assert_msg(strstr(line, " B/s, ") != NULL, "%s", line); /* about 1000 */
    progress_end(&progress);
}
END_TEST

START_TEST(items_alone_have_a_rate_and_an_end)
{
    struct progress progress;
    double start = now();
    double rate;
    double minutes;
    double seconds;

    progress_start(&progress, "keys", 0, true);
    progress_expect(&progress, 4000);
    progress_update(&progress, 1000, 0);
    wait_for_a_drawing();
    progress_update(&progress, 2000, 0);
    double elapsed = now() - start;
    const char *line = seen();
    ck_assert_msg(starts_with(line, "\r\033[K2000 of 4000 keys, "), "%s", line);
    ck_assert_int_eq(
        sscanf(strstr(line, "keys, "), "keys, %lf/s, %lf:%lf left", &rate, &minutes, &seconds), 3);
    /* What had been done before the start is no speed; as much again as since then, twice. */
    ck_assert_double_le_tol(rate * elapsed, 1200, 0);
    ck_assert_double_ge_tol(rate * elapsed, 800, 0);
    ck_assert_double_le_tol(minutes * 60 + seconds, 2 * elapsed + 1, 0);
    ck_assert_double_ge_tol(minutes * 60 + seconds, 2 * elapsed - 1, 0);
    progress_end(&progress);
}
END_TEST

START_TEST(nothing_is_shown_where_it_is_not_wanted)
{
    struct progress progress;

    progress_start(&progress, "rows", 100, false);
    progress_update(&progress, 1, 1);
    wait_for_a_drawing();
    progress_update(&progress, 2, 2);
    progress_end(&progress);
    progress_wipe();
    ck_assert_str_eq(seen(), "");
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
    wait_for_a_drawing();
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
    tcase_add_test(tcase, what_was_done_before_does_not_count_as_speed);
    tcase_add_test(tcase, nothing_is_shown_where_it_is_not_wanted);
    tcase_add_test(tcase, nothing_is_shown_in_a_file);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
