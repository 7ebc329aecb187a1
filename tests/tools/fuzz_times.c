/* Any bytes as a time: what is taken for one reads back as the same once it is printed. */
#include "tests/support/fuzz.h"
#include "tools/times.h"

#include <stdlib.h>

static void check_form(const char *text, varve_ts ts)
{
    struct time_spec spec;

    if (time_parse(varve_slice_text(text), &spec) != NULL || spec.kind != TIME_AT ||
        !spec.has_logical || varve_ts_compare(spec.ts, ts) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char exact[VARVE_TS_TEXT_MAX];
    char utc[TIME_TEXT_MAX];
    struct time_spec spec;
    const char *wrong = time_parse(varve_slice_of(data, size), &spec);

    if (wrong != NULL) {
        if (*wrong == '\0')
            abort();
        return 0;
    }
    if (spec.kind == TIME_COMMIT && (spec.commit.size < 4 || spec.commit.size > 64))
        abort();
    if (spec.kind != TIME_AT)
        return 0;
    if (spec.ts.wall < 0 || spec.ts.logical < 0 || (!spec.has_logical && spec.ts.logical != 0))
        abort();
    check_form(varve_ts_format(spec.ts, exact), spec.ts);
    check_form(time_format(spec.ts, true, utc), spec.ts);
    return 0;
}
