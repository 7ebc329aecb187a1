/*
 * What has changed in a span of keys between two times: the versions that were written then.
 */
#ifndef VARVE_CHANGES_H
#define VARVE_CHANGES_H

#include <varve/read.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_changes varve_changes;

/*
 * Open an iterator over the versions of a span with timestamps above `after` and not above `until`,
 * tombstones included: key by key in ascending order, the newest first.  It stands in front of the
 * first.
 *
 * An empty start means the first key of all, which may be one of varve's own (varve_key_app_min()
 * leaves those out), and an empty end means no end.
 *
 * It holds one iterator and thereby one consistent view; it must be closed before what it reads. It
 * is for one thread at a time.  The span is copied.  Versions that garbage collection has removed
 * are not shown, tombstones among them: that it has not come beyond `after` is to be asked once
 * this is open (varve_gc_collected() in <varve/gc_hold.h>).  Returns VARVE_OK; VARVE_NO_MEMORY; or
 * what the reader returns, such as VARVE_UNSUPPORTED from a write-only batch.  After a failure
 * `*out` is NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_changes_open(varve_reader *reader, varve_span span,
                                                          varve_ts after, varve_ts until,
                                                          varve_changes **out, varve_error *err);

/*
 * Let a token end the movements from now on, and add their cost to a bill; NULL is none.  Both must
 * stay until the close or the next call of this.  The token is looked at between keys.  Returns
 * VARVE_OK; or VARVE_INVALID_ARGUMENT for a bill without struct_size, changing nothing.
 */
VARVE_API VARVE_NODISCARD varve_status varve_changes_watch(varve_changes *changes,
                                                           const varve_cancel *cancel,
                                                           varve_bill *bill, varve_error *err);

/*
 * Go to the first version to be shown of the first key at or above `user_key`; the empty key means
 * the start of the span.
 *
 * This and the other movements return VARVE_OK, standing on a version; VARVE_NOT_FOUND at the end;
 * VARVE_WRITE_INTENT about a key with an intent that stands between the two times;
 * VARVE_UNSUPPORTED about a key with an inline value; VARVE_MERGE_CONFLICT; VARVE_CORRUPT;
 * VARVE_CORRUPT_KEY; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY; or what the reader returns,
 * such as VARVE_IO.  What has ended or failed returns the same ever after, until the next seek.
 */
VARVE_API VARVE_NODISCARD varve_status varve_changes_seek(varve_changes *changes,
                                                          varve_slice user_key, varve_error *err);

/* Go to the next version, of the same key or of the next one; at first, to the very first. */
VARVE_API VARVE_NODISCARD varve_status varve_changes_next(varve_changes *changes, varve_error *err);

/* Go to the newest version to be shown of the next key that has one; at first, to the very first.
 */
VARVE_API VARVE_NODISCARD varve_status varve_changes_next_key(varve_changes *changes,
                                                              varve_error *err);

/*
 * The version that it stands on, valid until the next movement or the close; an empty value is a
 * tombstone.  False, leaving `row` alone, if it stands on none.
 */
VARVE_API bool varve_changes_row(const varve_changes *changes, varve_row *row);

/* Close it; NULL is fine. */
VARVE_API void varve_changes_close(varve_changes *changes);

#ifdef __cplusplus
}
#endif

#endif
