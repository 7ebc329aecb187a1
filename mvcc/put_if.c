/*
 * Writes on condition.
 */
#include <varve/value.h>

#include "format/fail.h"
#include "mvcc/write.h"

/* A tombstone counts as missing. */
static bool has_value(const varve__existing *existing)
{
    return existing->exists && existing->raw.size > 0;
}

static varve_status fail_condition(const varve__existing *existing, varve_error *err)
{
    return varve__fail_condition(err, existing->exists ? &existing->raw : NULL, existing->ts);
}

static varve_status run(const varve_write *how, varve_slice key, varve_slice raw,
                        varve__value_fn check, void *context, varve_error *err)
{
    varve__write write;
    write.key = key;
    write.raw = raw;
    write.make = check;
    write.context = context;
    return varve__write_run(&write, how, err);
}

static bool is_met(const varve_expect *expect, const varve__existing *existing)
{
    if (!has_value(existing))
        return !expect->exists || expect->allow_missing;
    return expect->exists && varve_value_equal_data(expect->raw, existing->raw);
}

static varve_status check_expectation(void *context, varve_slice key,
                                      const varve__existing *existing, varve_slice *raw,
                                      varve_error *err)
{
    (void)key;
    (void)raw;
    return is_met(context, existing) ? VARVE_OK : fail_condition(existing, err);
}

varve_status varve_mvcc_put_if(const varve_write *how, varve_slice key, varve_slice raw,
                               const varve_expect *expect, varve_error *err)
{
    varve_expect known;
    varve_status status = varve__struct_copy(&known, sizeof known, expect, "varve_expect", err);
    return status == VARVE_OK ? run(how, key, raw, check_expectation, &known, err) : status;
}

static varve_status check_initial(void *context, varve_slice key, const varve__existing *existing,
                                  varve_slice *raw, varve_error *err)
{
    const bool *fails_on_tombstone = context;
    (void)key;
    if (!has_value(existing))
        return existing->exists && *fails_on_tombstone ? fail_condition(existing, err) : VARVE_OK;
    return varve_value_equal_data(*raw, existing->raw) ? VARVE_OK : fail_condition(existing, err);
}

varve_status varve_mvcc_init_put(const varve_write *how, varve_slice key, varve_slice raw,
                                 bool fail_on_tombstone, varve_error *err)
{
    return run(how, key, raw, check_initial, &fail_on_tombstone, err);
}
