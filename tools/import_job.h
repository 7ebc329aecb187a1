/*
 * One import: from an input into a sink, going on where an earlier one of the same input ended.
 */
#ifndef TOOLS_IMPORT_JOB_H
#define TOOLS_IMPORT_JOB_H

#include "import_input.h"
#include "import_sink.h"
#include "progress.h"

struct import_job {
    struct import_input in;
    struct import_sink sink;
    struct progress progress;
    bool dry_run;
    bool has_time; /* --time */
    varve_ts time;
    /* What has been done, for the summary. */
    uint64_t passed_over; /* records or commits, imported before */
    uint64_t records;     /* records or commits, imported now */
};

/*
 * Import lines of records, one of the formats of import_record.h.
 *
 * Returns true when all of the input is in the store, else false with the fault filled; then all
 * that came before the fault is in the store.
 */
bool import_tsv(struct import_job *job, struct import_fault *fault);
bool import_jsonl(struct import_job *job, struct import_fault *fault);

/* Import a stream of `git fast-export --first-parent`.  Returns as import_tsv(). */
bool import_git(struct import_job *job, struct import_fault *fault);

#endif
