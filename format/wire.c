#include "format/wire.h"

const char varve__wire_wrong_type[] = "wrong wire type of a known field";
const char varve__wire_too_wide[] = "number has more than 32 bits";
