/* Spans of time and sizes as people write and read them. */
#include "units.h"

#include "cli.h"

#include <stdio.h>

/* How many seconds a unit has; 0 = it is none. */
static int64_t unit_of(char letter)
{
    switch (letter) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return 0;
    }
}

bool duration_parse(const char *text, int64_t *seconds)
{
    char digits[24];
    size_t size = strlen(text);
    int64_t unit = 1;

    if (size != 0 && unit_of(text[size - 1]) != 0)
        unit = unit_of(text[--size]);
    if (size >= sizeof digits)
        return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    if (!cli_number(digits, INT64_MAX / unit, seconds))
        return false;
    *seconds *= unit;
    return true;
}

const char *duration_format(double seconds, char text[DURATION_TEXT_MAX])
{
    if (seconds < 120)
        snprintf(text, DURATION_TEXT_MAX, "%.1f s", seconds);
    else if (seconds < 7200)
        snprintf(text, DURATION_TEXT_MAX, "%.1f min", seconds / 60);
    else if (seconds < 172800)
        snprintf(text, DURATION_TEXT_MAX, "%.1f h", seconds / 3600);
    else
        snprintf(text, DURATION_TEXT_MAX, "%.1f d", seconds / 86400);
    return text;
}

const char *size_format(double bytes, char text[SIZE_TEXT_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    while (bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, SIZE_TEXT_MAX, "%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
    return text;
}
