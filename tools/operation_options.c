/* The options of operations that write keys. */
#include "operations.h"

#include "times.h"

enum {
    KEY_AT = 0x200,
    KEY_TYPE,
    KEY_INLINE,
    KEY_CHECKSUM,
    KEY_EXPECT,
    KEY_EXPECT_MISSING,
    KEY_ALLOW_MISSING
};

#define AT_OPTION                                                                                  \
    {                                                                                              \
        "at", KEY_AT, "TIME", 0, "Write at TIME instead of now (see `varve --help`)", 0            \
    }
#define INLINE_OPTION                                                                              \
    {                                                                                              \
        "inline", KEY_INLINE, NULL, 0, "The one value outside of time, without versions", 0        \
    }
#define CHECKSUM_OPTION                                                                            \
    {                                                                                              \
        "checksum", KEY_CHECKSUM, NULL, 0, "Store the checksum of the value with it", 0            \
    }
#define TYPE_OPTION(types)                                                                         \
    {                                                                                              \
        "type", KEY_TYPE, "TYPE", 0, "What VALUE is: " types, 0                                    \
    }

static const struct argp_option put_options[] = {
    TYPE_OPTION("bytes (as without), int or float"), AT_OPTION, INLINE_OPTION, CHECKSUM_OPTION, {0},
};

static const struct argp_option delete_options[] = {AT_OPTION, INLINE_OPTION, {0}};

static const struct argp_option put_if_options[] = {
    {"expect", KEY_EXPECT, "VALUE", 0, "Write if this is what the key has", 0},
    {"expect-missing", KEY_EXPECT_MISSING, NULL, 0, "Write if the key has no value", 0},
    {"allow-missing", KEY_ALLOW_MISSING, NULL, 0, "With --expect: or if it has none", 0},
    TYPE_OPTION("bytes (as without), int or float"),
    AT_OPTION,
    INLINE_OPTION,
    CHECKSUM_OPTION,
    {0},
};

static const struct argp_option merge_options[] = {TYPE_OPTION("bytes (as without), or int"), {0}};

static error_t take_type(const struct argp_state *state, const char *text,
                         enum operation_type *type)
{
    static const char *const names[] = {"bytes", "int", "float"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *type = (enum operation_type)i;
            return 0;
        }
    }
    return cli_usage(state, "--type '%s' is neither bytes, int nor float", text);
}

/* A time to write at: one of a version, with logical part 0 if there is none. */
static error_t take_time(const struct argp_state *state, const char *text,
                         struct operation_settings *settings)
{
    struct time_spec spec;
    const char *wrong = time_parse(varve_slice_text(text), &spec);

    if (wrong == NULL && spec.kind == TIME_COMMIT)
        wrong = "not a time that stands by itself";
    if (wrong == NULL && spec.kind == TIME_AT && varve_ts_is_zero(spec.ts))
        wrong = "time zero is not one of a version; --inline writes what has none";
    if (wrong != NULL)
        return cli_usage(state, "--at '%s': %s", text, wrong);
    settings->has_time = spec.kind == TIME_AT;
    settings->time = spec.ts;
    return 0;
}

static error_t check(const struct argp_state *state, const struct operation_settings *settings)
{
    if (settings->is_inline && settings->has_time)
        return cli_usage(state, "--inline and --at exclude each other");
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct operation_settings *settings = state->input;

    switch (key) {
    case KEY_AT:
        return take_time(state, text, settings);
    case KEY_TYPE:
        return take_type(state, text, &settings->type);
    case KEY_INLINE:
        settings->is_inline = true;
        return 0;
    case KEY_CHECKSUM:
        settings->checksum = true;
        return 0;
    case KEY_EXPECT:
        settings->expect = text;
        return 0;
    case KEY_EXPECT_MISSING:
        settings->expect_missing = true;
        return 0;
    case KEY_ALLOW_MISSING:
        settings->allow_missing = true;
        return 0;
    case ARGP_KEY_END:
        return check(state, settings);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_put_if(int key, char *text, struct argp_state *state)
{
    const struct operation_settings *settings = state->input;

    if (key == ARGP_KEY_END && (settings->expect != NULL) == settings->expect_missing)
        return cli_usage(state, "what is expected? give --expect or --expect-missing");
    if (key == ARGP_KEY_END && settings->allow_missing && settings->expect == NULL)
        return cli_usage(state, "--allow-missing goes with --expect");
    return parse(key, text, state);
}

static error_t parse_merge(int key, char *text, struct argp_state *state)
{
    const struct operation_settings *settings = state->input;

    if (key == ARGP_KEY_END && settings->type == OPERATION_FLOAT)
        return cli_usage(state, "--type float: merges add integers and join bytes");
    return parse(key, text, state);
}

const struct argp operation_put_argp = {.options = put_options, .parser = parse};
const struct argp operation_delete_argp = {.options = delete_options, .parser = parse};
const struct argp operation_put_if_argp = {.options = put_if_options, .parser = parse_put_if};
const struct argp operation_merge_argp = {.options = merge_options, .parser = parse_merge};
