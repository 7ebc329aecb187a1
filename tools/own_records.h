/*
 * varve's own records, which lie at user keys that begin with 01 76; docs/format.md has them all.
 */
#ifndef TOOLS_OWN_RECORDS_H
#define TOOLS_OWN_RECORDS_H

#include <varve/varve.h>

/* The byte behind the prefix. */
enum own_kind {
    OWN_CLOCK = 'c',
    OWN_LABEL = 'g',
    OWN_CURSOR = 'i',
    OWN_ACCOUNT = 's',
    OWN_TOKEN = 't',
    OWN_HOLD = 'h',
    OWN_HORIZON = 'x',
};

enum { OWN_PREFIX_SIZE = 2 };

/* The user keys that begin with the prefix. */
varve_span own_span(void);

/* The kind byte of a user key, or 0 if it is no key of varve's own. */
int own_kind_of(varve_slice key);

/* "the clock's mark" and so on; "of a later version" for a kind that is not known here. */
const char *own_kind_name(int kind);

#endif
