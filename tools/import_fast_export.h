/*
 * Parser of the streams that `git fast-export` writes: each part of the stream is told to
 * callbacks.
 *
 * It knows the grammar of git-fast-import(1), not what the stream means: whether commits follow
 * each other and whether marks exist is for the callbacks to judge.  What cannot be part of the
 * export of one first-parent line (copies, renames, notes, deleting whole trees, ...) is refused by
 * name.
 */
#ifndef TOOLS_IMPORT_FAST_EXPORT_H
#define TOOLS_IMPORT_FAST_EXPORT_H

#include "import_input.h"

/* Digits of the longest object id, SHA-256. */
#define FAST_EXPORT_ID_MAX 64

/* How a stream refers to an object. */
struct fast_export_ref {
    enum { FAST_EXPORT_NONE = 0, FAST_EXPORT_MARK, FAST_EXPORT_ID, FAST_EXPORT_INLINE } kind;
    uint64_t mark;                   /* FAST_EXPORT_MARK */
    char id[FAST_EXPORT_ID_MAX + 1]; /* FAST_EXPORT_ID, lower case */
};

/* The head of a commit, up to its changes. */
struct fast_export_commit {
    struct import_place place;
    uint64_t mark;                   /* 0 if it has none */
    char id[FAST_EXPORT_ID_MAX + 1]; /* its original-oid, or empty */
    int64_t seconds;                 /* committer time since the Unix epoch */
    struct fast_export_ref from;     /* its first parent */
};

/* A change of one path. */
struct fast_export_change {
    struct import_place place;
    bool deleted;
    char mode[7];                /* of what is not deleted: "100644" and so on */
    struct fast_export_ref data; /* its content; FAST_EXPORT_INLINE: told just before */
    varve_slice path;            /* in canonical form; valid during the call */
};

/*
 * What receives the parts.  Each returns true, or false with the fault filled, which ends the
 * parsing.
 */
struct fast_export_events {
    /* The content of a blob or, within a commit, the inline data of the change that follows. */
    bool (*content_begin)(void *arg, struct import_fault *fault);
    bool (*content)(void *arg, varve_slice bytes, struct import_fault *fault);
    /* The content was that of a blob with this mark; 0 if it has none. */
    bool (*blob_end)(void *arg, uint64_t mark, struct import_fault *fault);
    bool (*commit_begin)(void *arg, const struct fast_export_commit *commit,
                         struct import_fault *fault);
    bool (*change)(void *arg, const struct fast_export_change *change, struct import_fault *fault);
    bool (*commit_end)(void *arg, struct import_fault *fault);
};

/*
 * Parse a whole stream.  It has to end in `done`, without which nobody could tell a stream that was
 * cut short from a complete one, and nothing may follow.  Returns false with the fault filled.
 */
bool fast_export_parse(struct import_input *in, const struct fast_export_events *events, void *arg,
                       struct import_fault *fault);

#endif
