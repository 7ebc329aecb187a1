/*
 * The metadata record: what is stored at the metadata position of a user key, for an inline value
 * or for a transaction's intent.  docs/format.md has the encoding.
 */
#ifndef VARVE_FORMAT_META_H
#define VARVE_FORMAT_META_H

#include <varve/txn.h>

/* A record.  The slices of a decoded one point into the encoded bytes. */
typedef struct varve__meta {
    bool has_txn;      /* the key carries an intent of this transaction */
    bool has_raw;      /* the key carries an inline value; it may be empty */
    bool has_merge_ts; /* a merge was given a timestamp */
    bool has_conflict; /* merges of the key did not fit together; see format/conflict.h */
    bool deleted;      /* the newest version is a tombstone */
    varve_txn_meta txn;
    varve_ts ts;       /* of the newest version; zero for an inline value */
    int64_t key_bytes; /* 12 with versions, 0 for an inline value */
    int64_t val_bytes; /* length of the newest version's value */
    varve_slice raw;   /* the inline value */
    varve_ts merge_ts;
    varve_slice conflict;
    size_t history_count; /* entries of the intent history */
} varve__meta;

/* An earlier value of an intent. */
typedef struct varve__history_entry {
    int32_t sequence;
    varve_slice value; /* raw; empty for a tombstone */
} varve__history_entry;

/*
 * Decode any record, also one that says nothing: any field order, missing fields, unknown fields of
 * wire types 0, 1, 2 and 5 skipped.  Returns NULL, or what is wrong; then `meta` is left alone.
 */
const char *varve__meta_parse(varve_slice bytes, varve__meta *meta);

/*
 * Decode a record that a reader may act upon.
 *
 * Returns VARVE_OK; VARVE_MERGE_CONFLICT with the reason (`merge conflict: ...`); or VARVE_CORRUPT:
 * zero length (`zero-length mvcc metadata`), undecodable (`unable to decode MVCCMetadata: ...`),
 * neither transaction nor inline value (`intent without transaction`).
 */
varve_status varve__meta_decode(varve_slice bytes, varve__meta *meta, varve_error *err);

/*
 * The next entry of the intent history of a record that has been decoded.  `*left` is the record at
 * first, and what is left of it afterwards.  Returns false behind the last.
 */
bool varve__meta_next_history(varve_slice *left, varve__history_entry *entry);

/*
 * Append a record to `out`, byte for byte as docs/format.md says, with `meta->history_count`
 * entries of ascending sequence numbers at `history`.
 */
varve_status varve__meta_append(const varve__meta *meta, const varve__history_entry *history,
                                varve_buf *out, varve_error *err);

/* Append the record of an inline value to `out`: 20 bytes for BYTES "v". */
varve_status varve__meta_append_inline(varve_slice raw, varve_buf *out, varve_error *err);

/* The size of that record. */
size_t varve__meta_inline_size(varve_slice raw);

#endif
