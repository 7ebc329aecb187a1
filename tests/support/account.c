#include "tests/support/account.h"

#include <varve/varve.h>

#include "tests/support/mvcc.h"

#define SECOND INT64_C(1000000000)

static const varve_slice without_name = {NULL, 0};

varve_stats account_recount(int64_t nanos)
{
    const varve_span keys_of_applications = {varve_key_app_min(), {NULL, 0}};
    varve_stats stats;
    ck_ok(varve_stats_compute(mvcc.reader, keys_of_applications, nanos, NULL, &stats, &mvcc.err),
          &mvcc.err);
    return stats;
}

void account_open(void)
{
    const varve_stats stats = account_recount(0);
    ck_ok(varve_stats_account_set(mvcc.writer, without_name, &stats, &mvcc.err), &mvcc.err);
}

static void ck_same(const varve_stats *kept, const varve_stats *counted)
{
    varve_buf a = VARVE_BUF_INIT;
    varve_buf b = VARVE_BUF_INIT;
    if (memcmp(kept, counted, sizeof *kept) == 0)
        return;
    ck_ok(varve_stats_print(kept, &a, &mvcc.err), &mvcc.err);
    ck_ok(varve_stats_print(counted, &b, &mvcc.err), &mvcc.err);
    ck_assert_msg(false, "the account is `%.*s`, and a recount comes to `%.*s`", (int)a.size,
                  (const char *)a.data, (int)b.size, (const char *)b.data);
}

void ck_account(void)
{
    static const int64_t times[] = {0, SECOND, 20 * SECOND, 700 * SECOND, 5000 * SECOND};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_stats kept;
        const varve_stats counted = account_recount(times[i]);
        ck_ok(varve_stats_account_get(mvcc.reader, without_name, times[i], &kept, &mvcc.err),
              &mvcc.err);
        ck_same(&kept, &counted);
    }
}
