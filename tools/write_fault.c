/* Why a key could not be written. */
#include "write_fault.h"

#include "times.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>

static enum tool_exit fault_of_intent(const struct cli *cli, const char *key,
                                      const varve_error *err)
{
    const varve_intent *intent = &err->detail.intents.list[0];
    char id[VARVE_TXN_ID_TEXT_MAX];
    char when[TIME_TEXT_MAX];

    return cli_fail(cli, TOOL_CONFLICT,
                    "key %s has an intent of transaction %s, written at %s; end the transaction, "
                    "or see `varve intents`; nothing was written",
                    key, varve_txn_id_format(intent->txn.id, id),
                    time_format(intent->ts, true, when));
}

static enum tool_exit fault_of_time(const struct cli *cli, const char *key, const varve_error *err)
{
    char attempted[TIME_TEXT_MAX];
    char actual[TIME_TEXT_MAX];

    return cli_fail(cli, TOOL_CONFLICT,
                    "key %s has a version that is not older than %s; the earliest time for the "
                    "next one is %s; nothing was written",
                    key, time_format(err->detail.too_old.attempted, true, attempted),
                    time_format(err->detail.too_old.actual, true, actual));
}

/* What stands there, short enough for a message. */
static const char *value_text(const struct cli *cli, varve_slice key, varve_slice raw,
                              char text[CLI_KEY_TEXT_MAX])
{
    struct value value;

    if (!value_take_apart(key, raw, &value, NULL))
        snprintf(text, CLI_KEY_TEXT_MAX, "a damaged value");
    else if (cli->redact || value.kind == VALUE_DATA || value.kind == VALUE_FILE)
        cli_key_text(cli, value.data, text);
    else if (value.kind == VALUE_INT)
        snprintf(text, CLI_KEY_TEXT_MAX, "%" PRId64, value.integer);
    else if (value.kind == VALUE_FLOAT)
        snprintf(text, CLI_KEY_TEXT_MAX, "%.17g", value.number);
    return text;
}

static enum tool_exit fault_of_condition(const struct cli *cli, varve_slice key,
                                         const char *key_text, const varve_error *err)
{
    varve_slice raw = err->detail.condition.raw;
    char when[TIME_TEXT_MAX];
    char text[CLI_KEY_TEXT_MAX];

    if (!err->detail.condition.exists || raw.size == 0)
        return cli_fail(cli, TOOL_CONFLICT,
                        "key %s has no value, which is not what is expected; nothing was written",
                        key_text);
    return cli_fail(cli, TOOL_CONFLICT,
                    "key %s has the value %s %s%s%s, which is not what is expected; nothing was "
                    "written",
                    key_text, varve_tag_name(varve_value_tag(raw)), value_text(cli, key, raw, text),
                    varve_ts_is_zero(err->detail.condition.ts) ? "" : " since ",
                    varve_ts_is_zero(err->detail.condition.ts)
                        ? ""
                        : time_format(err->detail.condition.ts, true, when));
}

enum tool_exit write_fault_of_versions(const struct cli *cli, varve_slice key)
{
    char text[CLI_KEY_TEXT_MAX];

    return cli_fail(cli, TOOL_CONFLICT,
                    "key %s has versions, and so can have no inline value, which merges make; "
                    "nothing was written",
                    cli_key_text(cli, key, text));
}

enum tool_exit write_fault(const struct cli *cli, varve_slice key, varve_error *err)
{
    char text[CLI_KEY_TEXT_MAX];
    enum tool_exit code;

    cli_key_text(cli, key, text);
    switch (err->status) {
    case VARVE_WRITE_INTENT:
        code = fault_of_intent(cli, text, err);
        break;
    case VARVE_WRITE_TOO_OLD:
        code = fault_of_time(cli, text, err);
        break;
    case VARVE_CONDITION_FAILED:
        code = fault_of_condition(cli, key, text, err);
        break;
    case VARVE_INLINE_MIX:
        code = cli_fail(cli, TOOL_CONFLICT,
                        "key %s has either an inline value or versions, and keeps what it has: "
                        "--inline is for those with an inline value; nothing was written",
                        text);
        break;
    default:
        return cli_fail_error(cli, err, "key %s", text);
    }
    varve_error_release(err);
    return code;
}
