/* The line that tells how far a long command has come. */
#include "progress.h"

#include "units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two drawings. */
static const double draw_interval = 0.2;

/* There is one terminal, and one line on it. */
static bool line_stands;

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What is done at once needs no line. */
static double draw_delay(void)
{
    const char *text = getenv("VARVE_PROGRESS_SECONDS");
    char *end;

    if (text == NULL || *text == '\0')
        return 0.5;
    double seconds = strtod(text, &end);
    return *end == '\0' && seconds >= 0 ? seconds : 0.5;
}

void progress_start(struct progress *progress, const char *items, uint64_t total_bytes, bool shown)
{
    *progress = (struct progress){.shown = shown && isatty(STDERR_FILENO),
                                  .items = items,
                                  .total_bytes = total_bytes,
                                  .delay = draw_delay()};
}

bool progress_is_due(const struct progress *progress)
{
    return progress->shown && (progress->next_draw <= 0 || seconds_now() >= progress->next_draw);
}

void progress_expect(struct progress *progress, uint64_t total_items)
{
    progress->total_items = total_items;
}

enum { PART_MAX = 64 };

static void format_time_left(double seconds, char text[PART_MAX])
{
    uint64_t left = seconds < 1e9 ? (uint64_t)(seconds + 0.5) : 1000000000;

    if (left >= 3600)
        snprintf(text, PART_MAX, ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left", left / 3600,
                 left / 60 % 60, left % 60);
    else
        snprintf(text, PART_MAX, ", %" PRIu64 ":%02" PRIu64 " left", left / 60, left % 60);
}

/* The time left for what is not done yet, if its end is known. */
static void format_left(uint64_t done, uint64_t total, double rate, char text[PART_MAX])
{
    text[0] = '\0';
    if (total > done && rate > 0)
        format_time_left((double)(total - done) / rate, text);
}

static double item_rate(const struct progress *progress, uint64_t items, double elapsed)
{
    return (double)(items - progress->first_items) / elapsed;
}

/* ", 12.0 MiB of 40.0 MiB, 3.1 MiB/s, 0:09 left" */
static void format_bytes_part(const struct progress *progress, uint64_t items, uint64_t bytes,
                              double elapsed, char text[5 * PART_MAX])
{
    double rate = (double)(bytes - progress->first_bytes) / elapsed;
    bool known = progress->total_bytes != 0;
    char done[SIZE_TEXT_MAX];
    char total[SIZE_TEXT_MAX];
    char speed[SIZE_TEXT_MAX];
    char left[PART_MAX];

    size_format((double)bytes, done);
    size_format((double)progress->total_bytes, total);
    size_format(rate, speed);
    if (known)
        format_left(bytes, progress->total_bytes, rate, left);
    else
        format_left(items, progress->total_items, item_rate(progress, items, elapsed), left);
    snprintf(text, 5 * PART_MAX, ", %s%s%s, %s/s%s", done, known ? " of " : "", known ? total : "",
             speed, left);
}

/* ", 1200/s, 0:09 left" */
static void format_items_part(const struct progress *progress, uint64_t items, double elapsed,
                              char text[5 * PART_MAX])
{
    double rate = item_rate(progress, items, elapsed);
    char left[PART_MAX];

    format_left(items, progress->total_items, rate, left);
    snprintf(text, 5 * PART_MAX, ", %.0f/s%s", rate, left);
}

static void draw(const struct progress *progress, uint64_t items, uint64_t bytes, double elapsed)
{
    char total[PART_MAX] = "";
    char rest[5 * PART_MAX];
    char line[8 * PART_MAX];

    /* An estimate that has turned out too low says nothing. */
    if (progress->total_items > 0 && progress->total_items >= items)
        snprintf(total, sizeof total, " of %" PRIu64, progress->total_items);
    if (bytes != 0 || progress->total_bytes != 0)
        format_bytes_part(progress, items, bytes, elapsed, rest);
    else
        format_items_part(progress, items, elapsed, rest);
    /* The cursor to the first column, the line wiped; written at once, so that nothing flickers. */
    snprintf(line, sizeof line, "\r\033[K%" PRIu64 "%s %s%s", items, total, progress->items, rest);
    fputs(line, stderr);
    fflush(stderr);
    line_stands = true;
}

void progress_update(struct progress *progress, uint64_t items, uint64_t bytes)
{
    if (!progress->shown)
        return;
    double now = seconds_now();
    if (progress->next_draw <= 0) {
        progress->start = now;
        progress->first_items = items;
        progress->first_bytes = bytes;
        progress->next_draw = now + progress->delay;
        return;
    }
    if (now < progress->next_draw || now <= progress->start)
        return;
    draw(progress, items, bytes, now - progress->start);
    progress->next_draw = now + draw_interval;
}

void progress_wipe(void)
{
    if (!line_stands)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    line_stands = false;
}

void progress_end(struct progress *progress)
{
    progress_wipe();
    progress->shown = false;
}
