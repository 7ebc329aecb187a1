/* Pictures made of characters. */
#include "picture.h"

#include "output.h"

#include <langinfo.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_MIN = 40, COLUMNS_USUAL = 80, COLUMNS_MAX = 1000 };

int picture_columns(const struct cli *cli)
{
    const char *given = getenv("COLUMNS");
    struct winsize size = {0};
    int64_t columns = 0;

    if (cli->json || cli->plain || !isatty(STDOUT_FILENO))
        return 0;
    if (given == NULL || !cli_number(given, COLUMNS_MAX, &columns) || columns == 0)
        columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (columns == 0)
        columns = COLUMNS_USUAL;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : (int)columns;
}

static bool has_blocks(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* `part` of `whole` as columns, rounded, but at least one if it is not zero. */
static int scale(int columns, uint64_t part, uint64_t whole)
{
    if (part == 0 || whole == 0)
        return 0;
    int scaled = (int)((double)part / (double)whole * columns + 0.5);
    return scaled == 0 ? 1 : scaled > columns ? columns : scaled;
}

void picture_bar(int columns, uint64_t part, uint64_t shade, uint64_t whole)
{
    int all = scale(columns, part, whole);
    int light = shade >= part ? all : scale(columns, shade, whole);
    bool blocks = has_blocks();

    /* What is not all of it is not drawn as all of it, where there is room for both. */
    if (light >= all && shade < part && all > 1)
        light = all - 1;
    for (int i = 0; i < all; i++) {
        if (i < all - light)
            out_text(blocks ? "\u2588" : "#");
        else
            out_text(blocks ? "\u2591" : "-");
    }
}

/* The character for a number of values: eight heights, the last for the largest. */
static const char *height_of(uint64_t values, uint64_t most)
{
    static const char *const heights[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                          "\u2585", "\u2586", "\u2587", "\u2588"};

    return has_blocks() ? heights[scale(8, values, most) - 1] : values == 1 ? "|" : "#";
}

void picture_timeline(const struct picture_bucket *buckets, int count)
{
    uint64_t most = 0;

    for (int i = 0; i < count; i++)
        most = buckets[i].values > most ? buckets[i].values : most;
    for (int i = 0; i < count; i++) {
        if (buckets[i].values != 0)
            out_text(height_of(buckets[i].values, most));
        else if (buckets[i].deletions != 0)
            out_text("x");
        else
            out_text(has_blocks() ? "\u00b7" : ".");
    }
    out_text("\n");
}
