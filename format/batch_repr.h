/*
 * Building and reading batch representations in place: what the opaque handles of
 * <varve/batch_repr.h> wrap, and what the engine layer uses directly.
 */
#ifndef VARVE_FORMAT_BATCH_REPR_H
#define VARVE_FORMAT_BATCH_REPR_H

#include <varve/batch_repr.h>

/*
 * Building: a representation is a varve_buf.  An empty varve_buf is an untouched representation
 * whose header has not been written; every append writes it when needed.  A call that fails leaves
 * the representation as it was.
 */

/* Make `repr` an empty representation: a header with count 0. */
varve_status varve__repr_begin(varve_buf *repr, varve_error *err);

/* Append a record; `record->key` and `record->value` are used as the type says. */
varve_status varve__repr_append(varve_buf *repr, const varve_record *record, varve_error *err);

/*
 * Append all records of `other`, which varve_batch_repr_validate() has accepted, and add its count.
 */
varve_status varve__repr_append_repr(varve_buf *repr, varve_slice other, varve_error *err);

/* Cut off what has been appended since it had `size` bytes (0 = no header) and `count` records. */
void varve__repr_cut(varve_buf *repr, size_t size, uint32_t count);

/* The header's count, of at least a header's bytes. */
uint32_t varve__repr_count(varve_slice repr);

/* As varve_batch_repr_validate(); tells whether there are neither merges nor single clears. */
varve_status varve__repr_validate(varve_slice repr, bool *is_plain, varve_error *err);

/*
 * Take the record at `offset` of a representation that has been built here, or validated; returns
 * where the next one begins.
 */
size_t varve__repr_take(varve_slice repr, size_t offset, varve_record *record);

/* Reading in place, without allocation. */
typedef struct varve__repr_reader {
    varve_slice repr;
    size_t offset;       /* of the next record */
    uint64_t sequence;   /* of the header */
    uint32_t count;      /* of the header */
    uint32_t found;      /* counted records read so far */
    varve_status failed; /* VARVE_OK until a record could not be read */
    varve_error error;   /* that failure; until then only its status is set */
} varve__repr_reader;

/* As varve_batch_reader_open(). */
varve_status varve__repr_reader_init(varve__repr_reader *reader, varve_slice repr, unsigned flags,
                                     varve_error *err);

/* As varve_batch_reader_next(). */
varve_status varve__repr_reader_next(varve__repr_reader *reader, varve_record *record,
                                     varve_error *err);

#endif
