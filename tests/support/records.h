/*
 * Records as text, for the tests of engine/.
 *
 * A key is written KEY for a metadata position and KEY@WALL for a version, where KEY is text in
 * which %XX stands for the byte XX: "a", "a@2", "%00%FF@1".  Records in order are "a=v a@2=w b=".
 */
#ifndef VARVE_TESTS_SUPPORT_RECORDS_H
#define VARVE_TESTS_SUPPORT_RECORDS_H

#include <varve/engine.h>

#include "tests/support/support.h"

/* The engine key of such text; it lives as long as the test.  "" is the empty slice. */
varve_slice key_of(const char *text);

/* That text for an engine key; it lives as long as the test. */
const char *key_text(varve_slice engine_key);

/* Where the iterator stands: the text of its key, "-" for nowhere, the status name for a failure.
 */
const char *position(varve_iter *it);

/* Put, clear and clear from key to key, which have to succeed; values are text. */
void put(varve_writer *writer, const char *key, const char *value);
void clear(varve_writer *writer, const char *key);
void clear_range(varve_writer *writer, const char *start, const char *end);

/* The value under `key` as text, or "-"; it lives as long as the test. */
const char *get(varve_reader *reader, const char *key);

/* An iterator, which has to open; NULL options walk over everything. */
varve_iter *iter(varve_reader *reader, const varve_iter_options *options);

/* All records of an iterator from its current position to its end, as text; in reverse with prev.
 */
const char *walk_forward(varve_iter *it);
const char *walk_backward(varve_iter *it);

/* All records of a reader in order, as text. */
const char *all_of(varve_reader *reader);

/* Of the texts of the functions above. */
#define ck_text(actual, expected) ck_assert_str_eq((actual), (expected))

#endif
