/* The line that tells how far a long command has come. */
#include "progress.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two drawings, and before the first: what is done at once needs no line. */
static const double draw_interval = 0.2;
static const double draw_delay = 0.5;

/* There is one terminal, and one line on it. */
static bool line_stands;

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_start(struct progress *progress, const char *items, uint64_t total_bytes, bool shown)
{
    *progress = (struct progress){
        .shown = shown && isatty(STDERR_FILENO), .items = items, .total_bytes = total_bytes};
}

enum { PART_MAX = 64 };

static void format_size(double bytes, char text[PART_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    while (bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, PART_MAX, "%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
}

static void format_time_left(double seconds, char text[PART_MAX])
{
    uint64_t left = seconds < 1e9 ? (uint64_t)(seconds + 0.5) : 1000000000;

    if (left >= 3600)
        snprintf(text, PART_MAX, ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left", left / 3600,
                 left / 60 % 60, left % 60);
    else
        snprintf(text, PART_MAX, ", %" PRIu64 ":%02" PRIu64 " left", left / 60, left % 60);
}

static void draw(const struct progress *progress, uint64_t items, uint64_t bytes, double elapsed)
{
    double rate = (double)(bytes - progress->first_bytes) / elapsed;
    char done[PART_MAX];
    char total[PART_MAX];
    char speed[PART_MAX];
    char left[PART_MAX] = "";
    char line[6 * PART_MAX];

    format_size((double)bytes, done);
    format_size((double)progress->total_bytes, total);
    format_size(rate, speed);
    if (progress->total_bytes > bytes && rate > 0)
        format_time_left((double)(progress->total_bytes - bytes) / rate, left);
    /* The cursor to the first column, the line wiped; written at once, so that nothing flickers. */
    snprintf(line, sizeof line, "\r\033[K%" PRIu64 " %s, %s%s%s, %s/s%s", items, progress->items,
             done, progress->total_bytes == 0 ? "" : " of ",
             progress->total_bytes == 0 ? "" : total, speed, left);
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
        progress->first_bytes = bytes;
        progress->next_draw = now + draw_delay;
    }
    if (now < progress->next_draw)
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
