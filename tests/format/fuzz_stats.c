#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <varve/stats.h>

enum { ESTIMATES_MAX = 127 };

static void check_again(const varve_stats *stats)
{
    unsigned char record[VARVE_STATS_RECORD_SIZE];
    varve_stats again;
    varve_stats expected = *stats;
    if (expected.contains_estimates < 0)
        expected.contains_estimates = 0;
    if (expected.contains_estimates > ESTIMATES_MAX)
        expected.contains_estimates = ESTIMATES_MAX;
    varve_stats_encode(stats, record);
    require(varve_stats_decode(varve_slice_of(record, sizeof record), &again, NULL) == VARVE_OK);
    require(memcmp(&again, &expected, sizeof again) == 0);
}

/* Whatever the numbers are: there and back again is no way, and a sum can be taken apart. */
static void check_arithmetic(const varve_stats *stats)
{
    varve_stats moved = *stats;
    varve_stats_age_to(&moved, INT64_MAX);
    varve_stats_age_to(&moved, INT64_MIN);
    varve_stats_age_to(&moved, stats->last_update_nanos);
    require(memcmp(&moved, stats, sizeof moved) == 0);
    varve_stats_add(&moved, stats);
    varve_stats_subtract(&moved, stats);
    require(memcmp(&moved, stats, sizeof moved) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_stats stats;
    varve_buf text = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_stats_decode(varve_slice_of(data, size), &stats, &err);
    require(status == VARVE_OK || status == VARVE_CORRUPT);
    require(status == err.status);
    if (status == VARVE_OK) {
        check_again(&stats);
        check_arithmetic(&stats);
        require(varve_stats_print(&stats, &text, NULL) == VARVE_OK);
        require(text.size > 0);
    }
    varve_buf_release(&text);
    varve_error_release(&err);
    return 0;
}
