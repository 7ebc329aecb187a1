/*
 * Inline values and merges as text, for the tests of engine/.
 *
 * Text is the inline record of a value of tag BYTES; or of tag INT, where it is a number that does
 * not begin with a plus.
 */
#ifndef VARVE_TESTS_SUPPORT_TEXTS_H
#define VARVE_TESTS_SUPPORT_TEXTS_H

#include "tests/support/records.h"

/* The record of `text`, also as an operand; it lives as long as the test. */
varve_slice record_of(const char *text);

/* The text of a record; "conflict", or "?" for what is no such record.  Valid until the next call.
 */
const char *text_of(varve_slice record);

/* Put and merge, which have to succeed. */
void put_text(varve_writer *to, const char *key, const char *text);
void merge_text(varve_writer *to, const char *key, const char *text);

/* The text under `key`, or "-"; valid until the next call. */
const char *get_text(varve_reader *from, const char *key);

/* What stands where an iterator is, "key=text", or "-"; valid until the next call. */
const char *text_at(varve_iter *it);

/* All of a reader in order, and the same in reverse: "a=x b=y"; valid until the next call. */
const char *texts_of(varve_reader *from);

#endif
