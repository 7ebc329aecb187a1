#include "tests/support/fuzz.h"
#include "tests/support/require.h"

#include <varve/meta.h>

#include "format/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    varve_buf text = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_meta_print(varve_slice_of(data, size), &text, &err);
    require(status == VARVE_OK || status == VARVE_CORRUPT);
    require(status == err.status);
    require((text.size > 0) == (status == VARVE_OK));
    require(varve__is_printable(varve_buf_slice(&text)));
    varve_buf_release(&text);
    varve_error_release(&err);
    return 0;
}
