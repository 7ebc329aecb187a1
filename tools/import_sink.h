/*
 * Where an import writes: writes gathered in batches of a bounded size.
 *
 * Where the store keeps statistics, each batch adds its share to them, and that is why it looks at
 * the keys that it writes to; otherwise its writes are blind.  A store without keys, as an import
 * creates them, keeps statistics from the first batch on: there it looks at none that is new to the
 * import.
 *
 * A batch is committed whole, with the cursor that says how far the import has come in it, and not
 * synced: what survives the death of the process is always a state from which the import can go on.
 */
#ifndef TOOLS_IMPORT_SINK_H
#define TOOLS_IMPORT_SINK_H

#include "import_input.h"
#include "new_keys.h"

#include <jansson.h>

struct import_sink {
    const char *path;
    varve_engine *engine;     /* NULL in a dry run without a store */
    varve_batch *batch;       /* NULL in a dry run */
    bool failed;              /* a write went wrong: nothing more can be committed */
    bool counts;              /* the store keeps statistics, */
    bool begins;              /* or will from the next batch on */
    varve_stats share;        /* of the batch */
    struct new_keys new_keys; /* of all that are in the store */
    varve_buf scratch;
    uint64_t versions; /* written, deletions included */
    uint64_t deletions;
    uint64_t value_bytes; /* of keys and values */
};

#define IMPORT_SINK_INIT                                                                           \
    {                                                                                              \
        .scratch = VARVE_BUF_INIT                                                                  \
    }

/*
 * Open the store at `path`, which is created if it is missing; a dry run reads it if it is there.
 * The caller closes the sink whatever is returned.
 */
bool import_sink_open(struct import_sink *sink, const char *path, bool dry_run,
                      struct import_fault *fault);

/* Drop what has not been committed and close the store. */
bool import_sink_close(struct import_sink *sink, struct import_fault *fault);

/* Add a version of a key; an empty `raw` is a deletion. */
bool import_sink_put(struct import_sink *sink, varve_slice key, varve_ts ts, varve_slice raw,
                     struct import_fault *fault);

/* Add one of varve's own records: an inline value of tag BYTES. */
bool import_sink_put_own(struct import_sink *sink, varve_slice key, varve_slice data,
                         struct import_fault *fault);

/* Whether the batch is large enough to be committed. */
bool import_sink_is_full(const struct import_sink *sink);

/* Whether all that has been put has been committed. */
bool import_sink_is_empty(const struct import_sink *sink);

/* Commit the batch and begin the next. */
bool import_sink_commit(struct import_sink *sink, struct import_fault *fault);

/* Make everything that has been committed durable, and quick to open. */
bool import_sink_settle(struct import_sink *sink, struct import_fault *fault);

/* Record that a cursor is none that an import has written; returns false. */
bool import_cursor_damaged(struct import_fault *fault);

/*
 * The cursor of the format of that name, an object; NULL if there is none.  The caller releases it.
 */
bool import_get_cursor(varve_reader *reader, const char *format, json_t **cursor,
                       struct import_fault *fault);

/* The same from what has been committed. */
bool import_sink_get_cursor(struct import_sink *sink, const char *format, json_t **cursor,
                            struct import_fault *fault);

/* Add the cursor to the batch; takes over `cursor`, and NULL means that memory ran out. */
bool import_sink_put_cursor(struct import_sink *sink, const char *format, json_t *cursor,
                            struct import_fault *fault);

/*
 * Whether an application may own that key: from 02 up to, not including, FF FF, and at most 65,536
 * bytes.  A key that is refused is named, as `what`, with its place.
 */
bool import_key_allowed(varve_slice key, const char *what, struct import_place place,
                        struct import_fault *fault);

#endif
