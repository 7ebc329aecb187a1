/* varve's own records. */
#include "own_records.h"

varve_span own_span(void)
{
    const varve_span span = {varve_slice_text("\x01v"), varve_slice_text("\x01w")};

    return span;
}

int own_kind_of(varve_slice key)
{
    /* The prefix itself may be a key. */
    if (key.size <= OWN_PREFIX_SIZE || memcmp(key.data, "\x01v", OWN_PREFIX_SIZE) != 0)
        return 0;
    return key.data[OWN_PREFIX_SIZE];
}

const char *own_kind_name(int kind)
{
    switch (kind) {
    case OWN_CLOCK:
        return "clock mark";
    case OWN_LABEL:
        return "commit label";
    case OWN_CURSOR:
        return "import cursor";
    case OWN_ACCOUNT:
        return "statistics account";
    case OWN_TOKEN:
        return "commit token";
    case OWN_HOLD:
        return "hold of garbage collection";
    case OWN_HORIZON:
        return "horizon of garbage collection";
    default:
        return "of a later version";
    }
}
