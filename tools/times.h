/*
 * Times as people write them.
 *
 *     now                                    the newest
 *     2024-05-01T12:00:00Z                   RFC 3339, with any fraction and zone
 *     @1714564800.5                          seconds since the Unix epoch
 *     ns:1714564800500000000                 nanoseconds since the Unix epoch
 *     1714564800.500000000,3                 a timestamp as it is printed: nine digits, logical
 * part (1714564800500000000,3)                a timestamp: wall time in nanoseconds, logical part
 *     commit:ID                              of an imported commit; four digits of its id or more
 *
 * The second to fourth may be followed by `,LOGICAL`.  Without it they mean the whole nanosecond: a
 * read sees every logical tick of it, a write takes logical part 0.
 */
#ifndef TOOLS_TIMES_H
#define TOOLS_TIMES_H

#include "cli.h"

enum time_kind { TIME_NEWEST, TIME_AT, TIME_COMMIT };

/* A time that has been read. */
struct time_spec {
    enum time_kind kind;
    varve_ts ts;        /* TIME_AT */
    bool has_logical;   /* TIME_AT: false if logical 0 is only the default */
    varve_slice commit; /* TIME_COMMIT: the digits, pointing into the text */
};

/*
 * Read a time.  Returns NULL, or what is wrong with `text`, without naming it, as a constant
 * string.
 */
const char *time_parse(varve_slice text, struct time_spec *spec);

/*
 * The timestamp at which a read sees what was there at the time `text`; NULL means the newest.
 * Looks commits up in the store.  Prints what is wrong.
 */
enum tool_exit time_resolve(const struct cli *cli, varve_reader *reader, const char *text,
                            varve_ts *ts);

/* The time to which ages are told: that of --at, or the present. */
enum tool_exit time_of_ages(const struct cli *cli, varve_reader *reader, varve_ts *now);

#define TIME_TEXT_MAX 48

/*
 * The time as RFC 3339 with nanoseconds, in UTC, and with `,LOGICAL` if `logical`: a form that
 * time_parse() reads.  Returns `text`.
 */
char *time_format(varve_ts ts, bool logical, char text[TIME_TEXT_MAX]);

#endif
