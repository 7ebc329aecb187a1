#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <varve/value.h>

/* At most one of the getters likes a value; the one that does sets the same value again. */
static void check_getters(varve_slice raw)
{
    varve_slice data;
    int64_t number;
    int64_t number_again;
    double real;
    bool truth;
    varve_buf again = VARVE_BUF_INIT;
    int liked = 0;
    if (varve_value_get_bytes(raw, &data, NULL) == VARVE_OK) {
        liked++;
        require(lies_inside(data, raw) && data.size + VARVE_VALUE_HEADER_SIZE == raw.size);
        require(varve_value_set_bytes(&again, data, NULL) == VARVE_OK);
        require(varve_value_equal_data(varve_buf_slice(&again), raw));
    }
    if (varve_value_get_tuple(raw, &data, NULL) == VARVE_OK) {
        liked++;
        require(varve_value_set_tuple(&again, data, NULL) == VARVE_OK);
        require(varve_value_equal_data(varve_buf_slice(&again), raw));
    }
    if (varve_value_get_int(raw, &number, NULL) == VARVE_OK) {
        liked++;
        require(varve_value_set_int(&again, number, NULL) == VARVE_OK);
        require(again.size <= raw.size); /* A varint may be longer than needed. */
        require(varve_value_get_int(varve_buf_slice(&again), &number_again, NULL) == VARVE_OK);
        require(number == number_again);
    }
    if (varve_value_get_bool(raw, &truth, NULL) == VARVE_OK)
        require(liked == 1 && number == (truth ? 1 : 0));
    if (varve_value_get_float(raw, &real, NULL) == VARVE_OK) {
        liked++;
        require(varve_value_set_float(&again, real, NULL) == VARVE_OK);
        require(varve_value_equal_data(varve_buf_slice(&again), raw));
    }
    require(liked <= 1);
    varve_buf_release(&again);
}

/* A value whose checksum has been set is accepted, and with one bit changed it is not. */
static void check_checksum(varve_slice raw, varve_slice user_key)
{
    varve_buf copy = VARVE_BUF_INIT;
    require(varve_value_set_bytes(&copy, raw, NULL) == VARVE_OK);
    require(varve_value_init_checksum(&copy, user_key, NULL) == VARVE_OK);
    require(varve_value_verify(varve_buf_slice(&copy), user_key, NULL) == VARVE_OK);
    require(varve_value_init_checksum(&copy, user_key, NULL) == VARVE_MISUSE);
    copy.data[copy.size - 1] ^= 0x10;
    require(varve_value_verify(varve_buf_slice(&copy), user_key, NULL) == VARVE_CHECKSUM);
    varve_buf_release(&copy);

    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_value_verify(raw, user_key, &err);
    require(status == VARVE_OK || (status == VARVE_CHECKSUM && err.message[0] != '\0'));
    varve_error_release(&err);
}

static void check_printed(varve_slice raw)
{
    varve_buf text = VARVE_BUF_INIT;
    require(varve_value_print(raw, &text, NULL) == VARVE_OK);
    require(text.size >= 5 && text.data[0] == '/');
    require(memchr(text.data, '\0', text.size) == NULL);
    require(memchr(text.data, '\n', text.size) == NULL);
    varve_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t key_size = size > 0 && data[0] < size ? data[0] : 0;
    varve_slice raw = varve_slice_of(data, size);
    check_getters(raw);
    check_checksum(raw, key_size == 0 ? varve_slice_of(NULL, 0) : varve_slice_of(data, key_size));
    check_printed(raw);
    return 0;
}
