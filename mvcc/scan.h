/*
 * The two directions of a scan, one key at a time.
 */
#ifndef VARVE_MVCC_SCAN_H
#define VARVE_MVCC_SCAN_H

#include "mvcc/read.h"

/*
 * Evaluate the current key, on whose first record (forward) or last record (backward) the walk
 * stands, and go on to the next key in the direction.  Returns as the movements of a walk.
 */
varve_status varve__scan_forward_key(varve__read *read, varve_error *err);
varve_status varve__scan_backward_key(varve__read *read, varve_error *err);

#endif
