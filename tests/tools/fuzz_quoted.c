/*
 * Any text is read as quoted or refused; what has been read, printed as a key and read again, is
 * the same.
 */
#include "tests/support/fuzz.h"
#include "tools/quoted.h"

#include <stdlib.h>
#include <varve/key.h>

static void read_back(varve_slice key)
{
    varve_buf text = VARVE_BUF_INIT;
    struct bytes again = BYTES_INIT;
    size_t wrong_at;

    /* The empty key and the end of all keys are printed as names. */
    if (key.size == 0 || varve_slice_equal(key, varve_key_max()))
        return;
    if (varve_key_print(key, &text, NULL) != VARVE_OK ||
        !quoted_read(&again, varve_buf_slice(&text), &wrong_at) ||
        !varve_slice_equal(bytes_slice(&again), key))
        abort();
    bytes_release(&again);
    varve_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_slice text = varve_slice_of(data, size);
    struct bytes bytes = BYTES_INIT;
    size_t wrong_at = 0;

    if (quoted_read(&bytes, text, &wrong_at))
        read_back(bytes_slice(&bytes));
    else if (wrong_at >= size && wrong_at != 0)
        abort(); /* what is wrong lies in the text; memory has not run out */
    bytes_release(&bytes);
    read_back(text);
    return 0;
}
