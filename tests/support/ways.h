/*
 * The same read by other ways, which have to come to the same: for random histories, where what a
 * scan or a get comes to is held against the model.
 */
#ifndef VARVE_TESTS_SUPPORT_WAYS_H
#define VARVE_TESTS_SUPPORT_WAYS_H

#include "tests/support/model.h"

/*
 * What a cursor and iterate come to is `scanned`, which a scan without limits of rows and bytes has
 * come to, as tell_status() and tell_rows() have told it.
 */
void ways_agree_on_span(varve_reader *reader, const varve_read *how, varve_span span, bool reverse,
                        const varve_buf *scanned);

/* The versions of a key are what gets find from one to the next older one. */
void ways_agree_on_versions(varve_reader *reader, const varve_read *how, varve_slice key);

#endif
