#include "mvcc/gc_decide.h"

#include "util/fail.h"

#define NANOSECONDS 1000000000

/* ---- Setting up --------------------------------------------------------------------------------
 */

/* What would be before the beginning of time covers nothing. */
static varve_ts age_limit(int64_t ttl_seconds, varve_ts now)
{
    int64_t ttl;
    int64_t wall;
    if (__builtin_mul_overflow(ttl_seconds, NANOSECONDS, &ttl) ||
        __builtin_sub_overflow(now.wall, ttl, &wall))
        return varve_ts_of(-1, 0);
    return varve_ts_of(wall, 0);
}

varve_status varve__gc_decider_init(varve__gc_decider *decider, const varve_gc_policy *policy,
                                    varve_ts now, varve_error *err)
{
    varve_gc_policy known;
    varve_status status = varve__struct_copy(&known, sizeof known, policy, "varve_gc_policy", err);
    if (status != VARVE_OK)
        return status;
    if (known.keep_versions < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_gc_policy.keep_versions must not be negative");
    *decider = (varve__gc_decider){
        .has_age = known.ttl_seconds > 0,
        .has_count = known.keep_versions > 0,
        .age = age_limit(known.ttl_seconds, now),
        .keep = known.keep_versions,
    };
    decider->intersection = known.intersection && decider->has_age && decider->has_count;
    for (size_t i = 0; i < known.hold_count; i++)
        varve__gc_decider_hold(decider, known.holds[i]);
    return VARVE_OK;
}

void varve__gc_decider_hold(varve__gc_decider *decider, varve_ts ts)
{
    if (!decider->has_hold || varve_ts_compare(ts, decider->hold) < 0)
        decider->hold = ts;
    decider->has_hold = true;
}

/* ---- Versions ----------------------------------------------------------------------------------
 */

/* Whether the policy lets go a version in front of which `passed` newer ones are. */
static bool policy_lets_go(const varve__gc_decider *decider, varve_ts since)
{
    bool old = decider->has_age && varve_ts_compare(since, decider->age) <= 0;
    bool superfluous = decider->has_count && decider->passed >= decider->keep;
    return decider->intersection ? old && superfluous : old || superfluous;
}

static varve__gc_verdict judge(const varve__gc_decider *decider, varve_ts since)
{
    if (!policy_lets_go(decider, since))
        return VARVE__GC_KEPT;
    if (decider->has_hold && varve_ts_compare(since, decider->hold) > 0)
        return VARVE__GC_HELD;
    return VARVE__GC_GOES;
}

varve__gc_verdict varve__gc_decider_next(varve__gc_decider *decider, varve_ts ts, bool deleted)
{
    bool is_seen = decider->passed == 0 && !deleted;
    varve_ts since = deleted ? ts : decider->newer;
    varve__gc_verdict verdict = is_seen ? VARVE__GC_NEWEST : judge(decider, since);
    decider->since = since;
    decider->newer = ts;
    decider->passed++;
    return verdict;
}

/* ---- What need not be looked at ----------------------------------------------------------------
 */

static varve_ts smaller(varve_ts a, varve_ts b)
{
    return varve_ts_compare(a, b) < 0 ? a : b;
}

/* Whether what is still to come goes by its time alone, up to which. */
static bool time_limit(const varve__gc_decider *decider, varve_ts *limit)
{
    bool by_count = decider->has_count && decider->passed >= decider->keep;
    if (decider->has_count && !by_count)
        return false; /* the number of those to come matters */
    bool by_age = decider->has_age && (decider->intersection || !by_count);
    if (by_age)
        *limit = decider->has_hold ? smaller(decider->age, decider->hold) : decider->age;
    else if (decider->has_hold)
        *limit = decider->hold;
    else
        return false;
    return true;
}

bool varve__gc_decider_limit(const varve__gc_decider *decider, varve_ts *limit)
{
    /* A version that is not above the limit covers the next one: that has to be judged. */
    return time_limit(decider, limit) && decider->passed > 0 &&
           varve_ts_compare(decider->newer, *limit) > 0;
}

void varve__gc_decider_skip(varve__gc_decider *decider)
{
    /* Whatever stands right in front is above the limit, so that a value behind it is seen there.
     */
    decider->newer = varve_ts_max();
    decider->passed++;
}

bool varve__gc_decider_horizon(const varve__gc_decider *decider, varve_ts *horizon)
{
    if (!decider->has_age || (decider->has_count && !decider->intersection))
        return false;
    *horizon = decider->has_hold ? smaller(decider->age, decider->hold) : decider->age;
    return true;
}

/* ---- All versions at once ----------------------------------------------------------------------
 */

/* Check the order; tell whether a metadata record stands among the versions. */
static varve_status check_versions(const varve_gc_version *versions, size_t count,
                                   bool *has_metadata, varve_error *err)
{
    *has_metadata = false;
    for (size_t i = 0; i < count; i++)
        *has_metadata = *has_metadata || varve_ts_is_zero(versions[i].ts);
    for (size_t i = 1; i < count && !*has_metadata; i++) {
        if (varve_ts_compare(versions[i - 1].ts, versions[i].ts) <= 0) {
            char text[VARVE_TS_TEXT_MAX];
            return varve__fail(err, VARVE_INVALID_ARGUMENT,
                               "versions must be given newest first, but that at %s is not older "
                               "than the one before",
                               varve_ts_format(versions[i].ts, text));
        }
    }
    return VARVE_OK;
}

varve_status varve_gc_decide(const varve_gc_policy *policy, varve_ts now,
                             const varve_gc_version *versions, size_t count, varve_ts *threshold,
                             varve_error *err)
{
    varve__gc_decider decider;
    bool has_metadata;
    varve_status status = varve__gc_decider_init(&decider, policy, now, err);
    if (status == VARVE_OK)
        status = check_versions(versions, count, &has_metadata, err);
    if (status != VARVE_OK)
        return status;
    *threshold = varve_ts_zero(); /* no version stands there */
    for (size_t i = 0; i < count && !has_metadata; i++) {
        if (varve__gc_decider_next(&decider, versions[i].ts, versions[i].deleted) ==
            VARVE__GC_GOES) {
            *threshold = versions[i].ts;
            break;
        }
    }
    return VARVE_OK;
}
