/*
 * What stands behind a varve_reader and a varve_writer: one pointer to a constant table each.
 *
 * Engines, batches and snapshots embed these and find themselves again with
 * VARVE__CONTAINER_OF().  Arguments have been checked when a function of a table is called; the
 * checks live in engine/reader.c and engine/writer.c.
 */
#ifndef VARVE_ENGINE_VIEW_H
#define VARVE_ENGINE_VIEW_H

#include <varve/batch_repr.h>
#include <varve/engine.h>

/* The object of `type` whose `member` is at `pointer`. */
#define VARVE__CONTAINER_OF(pointer, type, member)                                                 \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

typedef struct varve__reader_ops {
    /* As varve_reader_get(); `value` is empty. */
    varve_status (*get)(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                        varve_error *err);
    /*
     * As varve_iter_open(), or varve__iter_open_key() if there is a `prefix`; `options` is complete
     * and `*out` NULL.
     */
    varve_status (*iter_open)(varve_reader *reader, const varve_iter_options *options,
                              varve_slice prefix, varve_iter **out, varve_error *err);
} varve__reader_ops;

struct varve_reader {
    const varve__reader_ops *ops;
    struct varve__newest *newest; /* of what its iterators show first; NULL = nothing is kept */
};

/*
 * Open a prefix iterator for a read of one user key, that of the encoded `prefix`, and seek no
 * other one with it: of those it may show an earlier state, or not what a batch has done to them.
 * Nor need it show what is written to the batch while it is open.  Otherwise as varve_iter_open().
 */
varve_status varve__iter_open_key(varve_reader *reader, varve_slice prefix, varve_iter **out,
                                  varve_error *err);

typedef struct varve__writer_ops {
    /* As varve_writer_apply(). */
    varve_status (*apply)(varve_writer *writer, varve_slice repr, varve_error *err);
    /* The same for one put, clear, range clear or merge; only its size has not been looked at. */
    varve_status (*write)(varve_writer *writer, const varve_record *record, varve_error *err);
} varve__writer_ops;

struct varve_writer {
    const varve__writer_ops *ops;
};

/*
 * For records that varve has made itself, under keys that have been checked: varve_writer_put() and
 * varve_writer_apply() without looking at them once more, but for their sizes.
 */
varve_status varve__writer_write(varve_writer *writer, const varve_record *record,
                                 varve_error *err);
varve_status varve__writer_apply(varve_writer *writer, varve_slice repr, varve_error *err);

#endif
