/*
 * Walks over the raw records of a store: what stands under the engine keys of a span.
 */
#ifndef TOOLS_RECORDS_H
#define TOOLS_RECORDS_H

#include "output.h"
#include "progress.h"
#include "store.h"

/* What a record is. */
#define RECORD_KIND_MAP(X)                                                                         \
    X(VALUE, "value")             /* a version with a value */                                     \
    X(DELETED, "deleted")         /* a version that is a tombstone */                              \
    X(PROVISIONAL, "provisional") /* the version of the intent in front of it */                   \
    X(INTENT, "intent")           /* metadata: a transaction's intent */                           \
    X(INLINE, "inline")           /* metadata: an inline value */                                  \
    X(CONFLICT, "conflict")       /* metadata: merges that do not fit together */                  \
    X(DAMAGED, "damaged")         /* a key or metadata that does not decode */

enum record_kind {
#define RECORD_KIND_ENUM(name, text) RECORD_##name,
    RECORD_KIND_MAP(RECORD_KIND_ENUM)
#undef RECORD_KIND_ENUM
        RECORD_KINDS
};

/* "value" and so on. */
const char *record_kind_name(enum record_kind kind);

/* One record.  Slices are valid until the walk goes on. */
struct record {
    varve_slice engine_key;
    varve_slice key; /* the user key; empty if the engine key does not decode */
    varve_ts ts;     /* zero at the metadata position */
    varve_slice value;
    enum record_kind kind;
    bool new_key;         /* the first record of its user key in this walk */
    varve_meta_info meta; /* of INTENT, INLINE and CONFLICT */
    const char *fault;    /* of DAMAGED */
};

struct records;

/* Receives one record; anything but TOOL_OK ends the walk. */
typedef enum tool_exit (*record_fn)(void *arg, struct records *walk, const struct record *record);

/* A walk.  Set the first four, and what is wanted of `resume` and `is_silent`; zero elsewhere. */
struct records {
    const struct store *store;
    varve_span span; /* of user keys */
    record_fn each;
    void *arg;
    const char *resume; /* the hexadecimal engine key to begin at, as --resume has it, or NULL */
    const char *done;   /* what is not done with what cannot be read; NULL: "shown" */
    bool is_silent;     /* `each` prints nothing: progress is shown beside standard output, too */
    bool stop;          /* set by `each` to end the walk before the record that it has been given */
    enum tool_exit damage; /* the code to end with, where something could not be read */
    struct progress progress;
    uint64_t count;
    uint64_t bytes;
};

/*
 * Walk.  Where `each` stops it, says how to go on (see span_options_print_resume()).  What a table
 * file is unreadable in is left out, which is printed, and told by `walk->damage`: the command
 * ends with that code.  Returns what `each` does, or prints a failure and returns its code.
 */
enum tool_exit records_walk(const struct cli *cli, struct records *walk);

/*
 * The whole of a command that walks over the range its options name, in the store that its first
 * argument is, from --resume on: returns what it ends with.
 */
enum tool_exit records_run(const struct cli *cli, record_fn each, void *arg);

/*
 * Something that reads the span has failed with `err`, which is left alone: if a table is at fault,
 * say which it is and between which keys nothing is `done` for it, so that one can go around it.
 */
void records_tell_gap(const struct cli *cli, const struct store *store, varve_span span,
                      const varve_error *err, const char *done);

/*
 * About how many records lie between two engine keys, as far as that can be known; 0 = it cannot.
 */
uint64_t records_expected(const struct store *store, varve_slice lower, varve_slice upper);

/* Print the engine key: the user key, a slash, the time; as --hex and --redact want it. */
void record_out_key(const struct cli *cli, const struct record *record);

/* Add the user key and its time; of one that does not decode the engine key. */
void record_json_key(const struct cli *cli, struct json_line *line, const struct record *record);

#endif
