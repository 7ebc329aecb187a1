/*
 * The metadata record: what is stored at the metadata position of a user key, for an inline value
 * or for a transaction's intent.  docs/format.md has the encoding.
 */
#ifndef VARVE_FORMAT_META_H
#define VARVE_FORMAT_META_H

#include <varve/error.h>

/* A decoded record.  Slices point into the encoded bytes. */
typedef struct varve__meta {
    bool has_txn;    /* the key carries an intent of this transaction */
    bool has_raw;    /* the key carries an inline value; it may be empty */
    bool deleted;    /* the newest version is a tombstone */
    varve_slice txn; /* the encoded transaction metadata */
    unsigned char txn_id[16];
    varve_ts ts;       /* of the newest version; zero for an inline value */
    int64_t key_bytes; /* 12 with versions, 0 for an inline value */
    int64_t val_bytes; /* length of the newest version's value */
    varve_slice raw;   /* the inline value */
} varve__meta;

/*
 * Decode a record whole: any field order, missing fields, unknown fields of wire types 0, 1, 2 and
 * 5 skipped.  Transaction id, merge timestamp and intent history are checked for form as far as
 * they are met; only what varve__meta names is kept.
 *
 * Returns VARVE_OK, or VARVE_CORRUPT: zero length (`zero-length mvcc metadata`), undecodable
 * (`unable to decode MVCCMetadata: ...`), neither transaction nor inline value (`intent without
 * transaction`).
 */
varve_status varve__meta_decode(varve_slice bytes, varve__meta *meta, varve_error *err);

/* Append the record of an inline value to `out`: 20 bytes for BYTES "v". */
varve_status varve__meta_append_inline(varve_slice raw, varve_buf *out, varve_error *err);

/* The size of that record. */
size_t varve__meta_inline_size(varve_slice raw);

#endif
