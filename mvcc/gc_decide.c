#include <varve/gc.h>
#include <varve/ts.h>

#include "util/fail.h"

#define NANOSECONDS 1000000000

/* The versions of one key, newest first. */
typedef struct key_versions {
    const varve_gc_version *list;
    size_t count;
} key_versions;

/* No version stands at zero: so low a threshold lets nothing go. */
static varve_ts none(void)
{
    return varve_ts_zero();
}

/*
 * Up to where versions may go that nobody needs who reads at `ts` or later: below the version that
 * is seen at `ts`, and with it if that is a tombstone, which shows nothing.
 */
static varve_ts unseen_from(const key_versions *key, varve_ts ts)
{
    for (size_t i = 0; i < key->count; i++) {
        if (varve_ts_compare(key->list[i].ts, ts) > 0)
            continue;
        if (key->list[i].deleted)
            return key->list[i].ts;
        return i + 1 < key->count ? key->list[i + 1].ts : none();
    }
    return none();
}

static varve_ts by_age(const key_versions *key, int64_t ttl_seconds, varve_ts now)
{
    int64_t ttl;
    int64_t wall;
    /* What would be before the beginning of time covers nothing. */
    if (__builtin_mul_overflow(ttl_seconds, NANOSECONDS, &ttl) ||
        __builtin_sub_overflow(now.wall, ttl, &wall))
        return none();
    return unseen_from(key, varve_ts_of(wall, 0));
}

static varve_ts by_count(const key_versions *key, int64_t keep)
{
    return (uint64_t)keep < key->count ? key->list[keep].ts : none();
}

static varve_ts smaller(varve_ts a, varve_ts b)
{
    return varve_ts_compare(a, b) < 0 ? a : b;
}

static varve_ts larger(varve_ts a, varve_ts b)
{
    return varve_ts_compare(a, b) > 0 ? a : b;
}

static varve_ts by_policy(const varve_gc_policy *policy, const key_versions *key, varve_ts now)
{
    bool has_age = policy->ttl_seconds > 0;
    bool has_count = policy->keep_versions > 0;
    varve_ts age = has_age ? by_age(key, policy->ttl_seconds, now) : none();
    varve_ts count = has_count ? by_count(key, policy->keep_versions) : none();
    return has_age && has_count && policy->intersection ? smaller(age, count) : larger(age, count);
}

/* Check the order; tell whether a metadata record stands among the versions. */
static varve_status check_versions(const key_versions *key, bool *has_metadata, varve_error *err)
{
    *has_metadata = false;
    for (size_t i = 0; i < key->count; i++)
        *has_metadata = *has_metadata || varve_ts_is_zero(key->list[i].ts);
    for (size_t i = 1; i < key->count && !*has_metadata; i++) {
        if (varve_ts_compare(key->list[i - 1].ts, key->list[i].ts) <= 0) {
            char text[VARVE_TS_TEXT_MAX];
            return varve__fail(err, VARVE_INVALID_ARGUMENT,
                               "versions must be given newest first, but that at %s is not older "
                               "than the one before",
                               varve_ts_format(key->list[i].ts, text));
        }
    }
    return VARVE_OK;
}

varve_status varve_gc_decide(const varve_gc_policy *policy, varve_ts now,
                             const varve_gc_version *versions, size_t count, varve_ts *threshold,
                             varve_error *err)
{
    varve_gc_policy known;
    key_versions key = {versions, count};
    bool has_metadata;
    varve_status status = varve__struct_copy(&known, sizeof known, policy, "varve_gc_policy", err);
    if (status == VARVE_OK)
        status = check_versions(&key, &has_metadata, err);
    if (status != VARVE_OK)
        return status;
    if (known.keep_versions < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_gc_policy.keep_versions must not be negative");
    varve_ts result = has_metadata ? none() : by_policy(&known, &key, now);
    for (size_t i = 0; i < known.hold_count; i++)
        result = smaller(result, unseen_from(&key, known.holds[i]));
    *threshold = result;
    return VARVE_OK;
}
