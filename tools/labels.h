/*
 * Commit labels: which commit stands at which time.
 *
 * A label is an inline value at the key 01 76 67 ID, ID being the commit's id in lower-case
 * hexadecimal.  The value has tag BYTES and 20 bytes of data, all integers big-endian: wall time
 * (8), logical part (4), number of the commit on its line, from 0 (8).
 */
#ifndef TOOLS_LABELS_H
#define TOOLS_LABELS_H

#include "cli.h"

/* Digits of the longest id, SHA-256. */
#define LABEL_ID_MAX 64
/* Fewer digits than this do not name a commit. */
#define LABEL_ID_MIN 4
#define LABEL_PREFIX "\x01vg"
#define LABEL_PREFIX_SIZE 3
#define LABEL_KEY_MAX (LABEL_PREFIX_SIZE + LABEL_ID_MAX)
#define LABEL_DATA_SIZE 20

struct label {
    char id[LABEL_ID_MAX + 1];
    varve_ts ts;
    uint64_t number;
};

/*
 * The user key of the label of `id`, or of all labels whose ids begin with it, in `key`, which the
 * result points into.  `id` has at most LABEL_ID_MAX digits.
 */
varve_slice label_key(varve_slice id, unsigned char key[LABEL_KEY_MAX]);

/* The data of a label's value. */
void label_encode(const struct label *label, unsigned char data[LABEL_DATA_SIZE]);

/* Read a label from its user key and raw value.  Returns false if they are none. */
bool label_decode(varve_slice key, varve_slice raw, struct label *label);

#endif
