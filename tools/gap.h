/*
 * Going on behind what cannot be read.
 */
#ifndef TOOLS_GAP_H
#define TOOLS_GAP_H

#include "store.h"

/*
 * An iterator over the store has failed with `err` when it went on from the engine key `from`, or
 * was to go there.  If a table file is at fault, move the iterator to the first record behind the
 * damage that can be found, or to the end, print which file it is and between which keys nothing is
 * `done` ("shown"), and return true; `*code` becomes the code of the failure.  Otherwise return
 * false and leave `err` alone.
 */
bool gap_cross(const struct cli *cli, const struct store *store, varve_iter *it, varve_slice from,
               const char *done, varve_error *err, enum tool_exit *code);

#endif
