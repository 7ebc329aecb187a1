/* Times as people write them. */
#include "times.h"

#include "labels.h"

#include <stdio.h>
#include <time.h>

static const int64_t ns_per_second = 1000000000;

static const char forms[] = "not a time: write 2024-05-01T12:00:00Z, @SECONDS, ns:N, "
                            "SECONDS.NNNNNNNNN,LOGICAL, (WALL,LOGICAL), commit:ID or now";
static const char out_of_range[] = "outside of 1970-01-01 to 2262-04-11, which varve can store";

/* ---- Reading ------------------------------------------------------------------------------- */

/* A text, and how far it has been read. */
struct scanner {
    const unsigned char *at;
    const unsigned char *end;
};

static bool at_end(const struct scanner *in)
{
    return in->at == in->end;
}

static bool accept(struct scanner *in, char c)
{
    if (at_end(in) || *in->at != (unsigned char)c)
        return false;
    in->at++;
    return true;
}

/* As accept(), whatever the case of the letter. */
static bool accept_letter(struct scanner *in, char lower)
{
    return accept(in, lower) || accept(in, (char)(lower - 'a' + 'A'));
}

static bool accept_word(struct scanner *in, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

static bool at_digit(const struct scanner *in)
{
    return !at_end(in) && *in->at >= '0' && *in->at <= '9';
}

/* One to `digits_max` digits, of a number of at most `max`.  Returns how many, 0 if there are none
 * or the number is larger. */
static int scan_number(struct scanner *in, int digits_max, int64_t max, int64_t *number)
{
    int digits = 0;

    *number = 0;
    for (; digits < digits_max && at_digit(in); digits++, in->at++) {
        int digit = *in->at - '0';
        if (*number > (max - digit) / 10)
            return 0;
        *number = *number * 10 + digit;
    }
    return digits;
}

/* Exactly `digits` digits. */
static bool scan_field(struct scanner *in, int digits, int64_t *number)
{
    return scan_number(in, digits, INT64_MAX, number) == digits && !at_digit(in);
}

/*
 * The digits behind a decimal point as nanoseconds; those beyond the ninth have to be zeros, for
 * varve could not tell the time from another one.
 */
static bool scan_fraction(struct scanner *in, int64_t *ns)
{
    int digits = scan_number(in, 9, INT64_MAX, ns);

    if (digits == 0)
        return false;
    for (; digits < 9; digits++)
        *ns *= 10;
    while (accept(in, '0'))
        continue;
    return !at_digit(in);
}

static bool join_wall(int64_t seconds, int64_t ns, int64_t *wall)
{
    return !__builtin_mul_overflow(seconds, ns_per_second, wall) &&
           !__builtin_add_overflow(*wall, ns, wall) && *wall >= 0;
}

/* ---- RFC 3339 ------------------------------------------------------------------------------ */

struct civil {
    int64_t year, month, day, hour, minute, second, ns, offset_minutes;
};

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_real(const struct civil *when)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (when->month < 1 || when->month > 12 || when->day < 1)
        return false;
    int last = days[when->month - 1] + (when->month == 2 && is_leap(when->year) ? 1 : 0);
    /* A leap second is the first second of the next minute, as Unix time has it. */
    return when->day <= last && when->hour <= 23 && when->minute <= 59 && when->second <= 60;
}

/* Days from 1970-01-01, by the rules of the Gregorian calendar, with years that begin in March. */
static int64_t days_from_epoch(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static bool scan_zone(struct scanner *in, int64_t *offset_minutes)
{
    int64_t hours;
    int64_t minutes;

    *offset_minutes = 0;
    if (accept_letter(in, 'z'))
        return true;
    bool west = accept(in, '-');
    if (!west && !accept(in, '+'))
        return false;
    if (scan_number(in, 2, 23, &hours) != 2 || !accept(in, ':') ||
        scan_number(in, 2, 59, &minutes) != 2)
        return false;
    *offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool scan_civil(struct scanner *in, struct civil *when)
{
    if (!scan_field(in, 4, &when->year) || !accept(in, '-') || !scan_field(in, 2, &when->month) ||
        !accept(in, '-') || !scan_field(in, 2, &when->day))
        return false;
    if (!accept_letter(in, 't') && !accept(in, ' '))
        return false;
    if (!scan_field(in, 2, &when->hour) || !accept(in, ':') || !scan_field(in, 2, &when->minute) ||
        !accept(in, ':') || !scan_field(in, 2, &when->second))
        return false;
    when->ns = 0;
    if (accept(in, '.') && !scan_fraction(in, &when->ns))
        return false;
    return scan_zone(in, &when->offset_minutes);
}

static const char *scan_rfc3339(struct scanner *in, int64_t *wall)
{
    struct civil when;

    if (!scan_civil(in, &when))
        return "not an RFC 3339 time with a zone and at most nine digits behind its point: write "
               "2024-05-01T12:00:00Z or 2024-05-01T14:00:00.5+02:00";
    if (!is_real(&when))
        return "no such day or time of day";
    int64_t days = days_from_epoch(when.year, when.month, when.day);
    int64_t seconds =
        days * 86400 + when.hour * 3600 + (when.minute - when.offset_minutes) * 60 + when.second;
    return join_wall(seconds, when.ns, wall) ? NULL : out_of_range;
}

/* ---- The other forms ----------------------------------------------------------------------- */

/* SECONDS[.FRACTION] */
static const char *scan_seconds(struct scanner *in, int64_t *wall)
{
    int64_t seconds;
    int64_t ns = 0;

    if (!at_digit(in))
        return "@ wants seconds since 1970: @1714564800 or @1714564800.5";
    if (scan_number(in, 19, INT64_MAX, &seconds) == 0)
        return out_of_range;
    if (accept(in, '.') && !scan_fraction(in, &ns))
        return "a fraction of a second has one to nine digits";
    return join_wall(seconds, ns, wall) ? NULL : out_of_range;
}

static const char *scan_ns(struct scanner *in, int64_t *wall)
{
    if (!at_digit(in))
        return "ns: wants nanoseconds since 1970: ns:1714564800500000000";
    return scan_number(in, 19, INT64_MAX, wall) != 0 ? NULL : out_of_range;
}

/* `,LOGICAL` */
static bool scan_logical(struct scanner *in, varve_ts *ts)
{
    int64_t logical;

    if (!accept(in, ',') || scan_number(in, 10, INT32_MAX, &logical) == 0)
        return false;
    ts->logical = (int32_t)logical;
    return true;
}

/* WALL,LOGICAL) behind the opening parenthesis */
static const char *scan_pair(struct scanner *in, varve_ts *ts)
{
    if (scan_number(in, 19, INT64_MAX, &ts->wall) == 0 || !scan_logical(in, ts) ||
        !accept(in, ')') || !at_end(in))
        return "not (WALL,LOGICAL): nanoseconds up to 9223372036854775807 and a logical part up to "
               "2147483647";
    return NULL;
}

/* SECONDS.NNNNNNNNN,LOGICAL or 0,LOGICAL: as timestamps are printed. */
static const char *scan_printed(struct scanner *in, varve_ts *ts)
{
    int64_t seconds;
    int64_t ns = 0;

    if (scan_number(in, 19, INT64_MAX, &seconds) == 0)
        return forms;
    bool whole = !accept(in, '.');
    if (!whole && !scan_field(in, 9, &ns))
        return "a printed timestamp has nine digits behind its point; @SECONDS.FRACTION takes "
               "fewer";
    if (whole && seconds != 0)
        return forms;
    if (!join_wall(seconds, ns, &ts->wall))
        return out_of_range;
    return scan_logical(in, ts) && at_end(in) ? NULL : forms;
}

static const char *scan_commit(struct scanner *in, varve_slice *digits)
{
    *digits = varve_slice_of(in->at, (size_t)(in->end - in->at));
    for (; !at_end(in); in->at++) {
        bool letter = (*in->at >= 'a' && *in->at <= 'f') || (*in->at >= 'A' && *in->at <= 'F');
        if (!at_digit(in) && !letter)
            return "a commit is named by hexadecimal digits of its id";
    }
    if (digits->size < LABEL_ID_MIN)
        return "a commit is named by at least four digits of its id";
    return digits->size <= LABEL_ID_MAX ? NULL : "longer than any commit id";
}

static bool looks_printed(const struct scanner *in)
{
    const unsigned char *c = in->at;

    while (c < in->end && *c >= '0' && *c <= '9')
        c++;
    return c > in->at && c < in->end && (*c == '.' || *c == ',');
}

/* The forms that name a nanosecond, with or without a logical part behind. */
static const char *scan_instant(struct scanner *in, struct time_spec *spec)
{
    const char *wrong;

    if (accept(in, '@'))
        wrong = scan_seconds(in, &spec->ts.wall);
    else if (accept_word(in, "ns:"))
        wrong = scan_ns(in, &spec->ts.wall);
    else if (at_digit(in))
        wrong = scan_rfc3339(in, &spec->ts.wall);
    else
        wrong = forms;
    if (wrong != NULL || at_end(in))
        return wrong;
    spec->has_logical = true;
    return scan_logical(in, &spec->ts) && at_end(in) ? NULL : forms;
}

const char *time_parse(varve_slice text, struct time_spec *spec)
{
    /* NULL is not for arithmetic, and an empty text may be NULL. */
    const unsigned char *start = text.size > 0 ? text.data : (const unsigned char *)"";
    struct scanner in = {start, start + text.size};

    *spec = (struct time_spec){.kind = TIME_AT};
    if (accept_word(&in, "now")) {
        spec->kind = TIME_NEWEST;
        return at_end(&in) ? NULL : forms;
    }
    if (accept_word(&in, "commit:")) {
        spec->kind = TIME_COMMIT;
        return scan_commit(&in, &spec->commit);
    }
    if (accept(&in, '(')) {
        spec->has_logical = true;
        return scan_pair(&in, &spec->ts);
    }
    if (looks_printed(&in)) {
        spec->has_logical = true;
        return scan_printed(&in, &spec->ts);
    }
    return scan_instant(&in, spec);
}

/* ---- Looking up ---------------------------------------------------------------------------- */

enum { CANDIDATES_MAX = 5 };

/* "1234abcd..., 1234ef01..., and more": the ids of the rows. */
static void list_candidates(const varve_rows *rows, char *text, size_t size)
{
    size_t position = 0;
    size_t used = 0;
    varve_row row;

    text[0] = '\0';
    while (varve_rows_next(rows, &position, &row) && used < size)
        used += (size_t)snprintf(text + used, size - used, "%s%.*s", used == 0 ? "" : ", ",
                                 (int)(row.key.size - LABEL_PREFIX_SIZE),
                                 (const char *)row.key.data + LABEL_PREFIX_SIZE);
    if (rows->more && used < size)
        snprintf(text + used, size - used, ", and more");
}

/* Decide what the labels in `rows`, all that begin with the digits given, mean. */
static enum tool_exit take_label(const struct cli *cli, const char *text, const varve_rows *rows,
                                 varve_ts *ts)
{
    char candidates[(CANDIDATES_MAX + 1) * (LABEL_ID_MAX + 2)];
    size_t position = 0;
    struct label label;
    varve_row row;

    if (!varve_rows_next(rows, &position, &row))
        return cli_fail(cli, TOOL_USAGE,
                        "%s: no such commit on the imported line; commits that came in by a merge "
                        "are not on it, `git log --first-parent` lists those that are",
                        text);
    if (rows->count > 1) {
        list_candidates(rows, candidates, sizeof candidates);
        return cli_fail(cli, TOOL_USAGE, "%s: ambiguous, give more digits: %s", text, candidates);
    }
    if (!label_decode(row.key, row.value, &label))
        return cli_fail(cli, TOOL_CORRUPT, "%s: its label is damaged; import the history again",
                        text);
    *ts = label.ts;
    return TOOL_OK;
}

static enum tool_exit resolve_commit(const struct cli *cli, varve_reader *reader, const char *text,
                                     varve_slice digits, varve_ts *ts)
{
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    unsigned char lower[LABEL_ID_MAX];
    unsigned char key[LABEL_KEY_MAX];
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf end = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code;

    for (size_t i = 0; i < digits.size; i++)
        lower[i] = digits.data[i] | 0x20; /* a digit has that bit anyway */
    varve_span span = {.start = label_key(varve_slice_of(lower, digits.size), key)};
    if (varve_key_prefix_end(span.start, &end, &err) != VARVE_OK) {
        code = cli_fail_error(cli, &err, "%s", text);
        goto out;
    }
    span.end = varve_buf_slice(&end);
    if (varve_mvcc_scan(reader, &how, span, CANDIDATES_MAX, &rows, &err) != VARVE_OK) {
        code = cli_fail_error(cli, &err, "%s", text);
        goto out;
    }
    code = take_label(cli, text, &rows, ts);

out:
    varve_rows_release(&rows);
    varve_buf_release(&end);
    return code;
}

enum tool_exit time_resolve(const struct cli *cli, varve_reader *reader, const char *text,
                            varve_ts *ts)
{
    struct time_spec spec = {.kind = TIME_NEWEST};
    const char *wrong = text == NULL ? NULL : time_parse(varve_slice_text(text), &spec);

    if (wrong != NULL)
        return cli_fail(cli, TOOL_USAGE, "'%s': %s", text, wrong);
    switch (spec.kind) {
    case TIME_NEWEST:
        *ts = varve_ts_max();
        return TOOL_OK;
    case TIME_AT:
        *ts = varve_ts_of(spec.ts.wall, spec.has_logical ? spec.ts.logical : INT32_MAX);
        return TOOL_OK;
    case TIME_COMMIT:
        break;
    }
    return resolve_commit(cli, reader, text, spec.commit, ts);
}

enum tool_exit time_of_ages(const struct cli *cli, varve_reader *reader, varve_ts *now)
{
    struct timespec time;

    if (cli->at != NULL)
        return time_resolve(cli, reader, cli->at, now);
    clock_gettime(CLOCK_REALTIME, &time);
    *now = varve_ts_of((int64_t)time.tv_sec * ns_per_second + time.tv_nsec, 0);
    return TOOL_OK;
}

/* ---- Printing ------------------------------------------------------------------------------ */

char *time_format(varve_ts ts, bool logical, char text[TIME_TEXT_MAX])
{
    time_t seconds = (time_t)(ts.wall / ns_per_second);
    struct tm utc;
    char date[24];

    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    if (logical)
        snprintf(text, TIME_TEXT_MAX, "%s.%09dZ,%d", date, (int)(ts.wall % ns_per_second),
                 (int)ts.logical);
    else
        snprintf(text, TIME_TEXT_MAX, "%s.%09dZ", date, (int)(ts.wall % ns_per_second));
    return text;
}
