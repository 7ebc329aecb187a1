/*
 * Text in double quotes with escapes, as the tool prints keys and values.
 */
#ifndef TOOLS_QUOTED_H
#define TOOLS_QUOTED_H

#include "bytes.h"

/* Whether the text begins and ends with a double quote. */
bool quoted_is(varve_slice text);

/*
 * Hold the bytes that a quoted text means instead: what stands between the quotes, and `\"`, `\\`,
 * `\a \b \t \n \v \f \r`, `\x` with two hexadecimal digits for a byte, `\u` with four and `\U` with
 * eight for a character, which becomes UTF-8.  Returns false, changing nothing, if the text is none
 * of that or memory runs out; `*wrong_at` is then the offset of what is wrong, or SIZE_MAX.
 */
bool quoted_read(struct bytes *bytes, varve_slice text, size_t *wrong_at);

#endif
