/*
 * Metadata records: what stands at the metadata position of a key that has an inline value or an
 * intent.  docs/format.md has the encoding.
 */
#ifndef VARVE_META_H
#define VARVE_META_H

#include <varve/txn.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Append the printed form of an encoded record to `text`; the transaction as varve_txn_meta_print()
 * shows it, or `<nil>`, and values as varve_value_print() does:
 *
 *     txn={id=...} ts=0.000000011,0 del=false klen=12 vlen=6 ih={{10 /BYTES/a}{20 /BYTES/b}}
 *     txn={<nil>} ts=0,0 del=false klen=0 vlen=0 raw=/BYTES/def
 *
 * `raw`, the inline value, is there when it is not empty, `ih`, the earlier values of the intent,
 * when there are any.  A record of merges that do not fit together ends with the reason in quotes:
 * ` conflict="..."`.  The timestamp of a merge is not shown.  A record need not be complete for
 * this: what it does not say is zero.
 *
 * Returns VARVE_OK; VARVE_CORRUPT for bytes that do not decode; or VARVE_NO_MEMORY.  After a
 * failure the text is as it was.
 */
VARVE_API VARVE_NODISCARD varve_status varve_meta_print(varve_slice record, varve_buf *text,
                                                        varve_error *err);

/*
 * Whether the record is an intent of this transaction, which is so if their ids are equal: `*is`.
 * None is, of a NULL `txn`.  What the record stands for is not looked at.
 *
 * Returns VARVE_OK or VARVE_CORRUPT for bytes that do not decode; then `*is` is false.
 */
VARVE_API VARVE_NODISCARD varve_status varve_meta_is_intent_of(varve_slice record,
                                                               const varve_txn *txn, bool *is,
                                                               varve_error *err);

/*
 * The inline value in a record: `*raw` points into it, and may be empty.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND if it has none; or VARVE_CORRUPT for bytes that do not decode.
 * Without a value `*raw` is empty.
 */
VARVE_API VARVE_NODISCARD varve_status varve_meta_value(varve_slice record, varve_slice *raw,
                                                        varve_error *err);

/* What a record says.  Set `struct_size`; the slices point into the record. */
typedef struct varve_meta_info {
    size_t struct_size;
    bool has_txn;       /* it is an intent, of `txn` */
    bool has_value;     /* it is an inline value, `value`, which may be empty */
    bool has_conflict;  /* merges did not fit together */
    bool deleted;       /* of an intent: its value is a tombstone */
    varve_txn_meta txn; /* as the intent stores it */
    varve_ts ts;        /* where the intent's value stands; zero without an intent */
    int64_t value_size; /* of the intent's value, in bytes */
    varve_slice value;
    size_t history_count; /* earlier values of the intent */
} varve_meta_info;

/*
 * Take a record apart, whatever it says: one that is read as a whole may still make no sense, as an
 * intent that is an inline value too.
 *
 * Returns VARVE_OK; VARVE_CORRUPT for bytes that do not decode; VARVE_INVALID_ARGUMENT for a wrong
 * `struct_size`.  After a failure `info` is as it was.
 */
VARVE_API VARVE_NODISCARD varve_status varve_meta_decode(varve_slice record, varve_meta_info *info,
                                                         varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
