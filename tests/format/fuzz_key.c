#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <varve/ts.h>

#include "format/key.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* A key that decodes encodes to the same bytes; one that does not is refused by everybody. */
static void check_engine_key(varve_slice engine_key)
{
    varve_buf user_key = VARVE_BUF_INIT;
    varve_buf again = VARVE_BUF_INIT;
    varve_ts ts;
    varve__key_parts parts;
    varve_status status = varve_key_decode(engine_key, &user_key, &ts, NULL);
    require(varve__key_split(engine_key, &parts, NULL) == status);
    require(varve_key_prefix_size(engine_key) <= engine_key.size);
    if (status == VARVE_OK) {
        require(varve_key_encode(varve_buf_slice(&user_key), ts, &again, NULL) == VARVE_OK);
        require(varve_slice_equal(varve_buf_slice(&again), engine_key));
        require(lies_inside(parts.prefix, engine_key) && lies_inside(parts.suffix, engine_key));
        require(varve_key_prefix_size(engine_key) == parts.prefix.size);
        require(varve__key_unescaped_size(parts.prefix) == user_key.size);
        require(varve_engine_key_print(engine_key, &again, NULL) == VARVE_OK);
        varve_status legal = varve_key_check(varve_buf_slice(&user_key), NULL);
        require(varve__engine_key_check(engine_key, NULL) ==
                (legal == VARVE_EMPTY_KEY ? VARVE_OK : legal));
    } else {
        require(status == VARVE_CORRUPT_KEY);
        require(varve_engine_key_print(engine_key, &again, NULL) == VARVE_CORRUPT_KEY);
        require(varve__engine_key_check(engine_key, NULL) == VARVE_CORRUPT_KEY);
    }
    varve_buf_release(&user_key);
    varve_buf_release(&again);
}

/* What comes behind a version is larger, and nothing fits between the two. */
static void check_engine_next(varve_slice engine_key)
{
    varve_buf next = VARVE_BUF_INIT;
    varve_status status = varve_engine_key_next(engine_key, &next, NULL);
    if (status == VARVE_OK) {
        require(varve_slice_compare(engine_key, varve_buf_slice(&next)) < 0);
        require(varve_key_decode(varve_buf_slice(&next), NULL, NULL, NULL) == VARVE_OK);
    } else {
        require(status == VARVE_CORRUPT_KEY || status == VARVE_INVALID_ARGUMENT);
    }
    varve_buf_release(&next);
}

/* Encoded keys order as the user keys do; their ends enclose just what begins with them. */
static void check_user_keys(varve_slice a, varve_slice b)
{
    varve_buf a_key = VARVE_BUF_INIT;
    varve_buf b_key = VARVE_BUF_INIT;
    varve_buf derived = VARVE_BUF_INIT;
    require(varve_key_encode(a, varve_ts_min(), &a_key, NULL) == VARVE_OK);
    require(varve_key_encode(b, varve_ts_max(), &b_key, NULL) == VARVE_OK);
    int order = varve_slice_compare(a, b);
    require(sign(varve_slice_compare(varve_buf_slice(&a_key), varve_buf_slice(&b_key))) ==
            (order == 0 ? 1 : sign(order)));
    require(varve_key_decode(varve_buf_slice(&a_key), &derived, NULL, NULL) == VARVE_OK);
    require(varve_slice_equal(varve_buf_slice(&derived), a));

    require(varve_key_next(a, &derived, NULL) == VARVE_OK);
    require(varve_slice_compare(a, varve_buf_slice(&derived)) < 0);
    require(order >= 0 || varve_slice_compare(varve_buf_slice(&derived), b) <= 0);

    require(varve_key_prefix_end(a, &derived, NULL) == VARVE_OK);
    bool has_prefix = a.size == 0 || (b.size >= a.size && memcmp(a.data, b.data, a.size) == 0);
    bool is_inside = order <= 0 && varve_slice_compare(b, varve_buf_slice(&derived)) < 0;
    bool has_end = a.size > 0 && !varve_slice_equal(a, varve_buf_slice(&derived));
    require(!has_end || has_prefix == is_inside);

    derived.size = 0;
    require(varve_key_print(a, &derived, NULL) == VARVE_OK && derived.size >= 2);
    varve_buf_release(&a_key);
    varve_buf_release(&b_key);
    varve_buf_release(&derived);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_slice input = varve_slice_of(data, size);
    check_engine_key(input);
    check_engine_next(input);
    size_t half = size / 2;
    check_user_keys(varve_slice_of(data, half),
                    half == size ? input : varve_slice_of(data + half, size - half));
    return 0;
}
