/*
 * What the commands about garbage collection share: the policy on the command line, and reports.
 */
#ifndef TOOLS_GC_H
#define TOOLS_GC_H

#include "damaged_keys.h"
#include "output.h"
#include "span_options.h"
#include "store.h"

#include <argp.h>

/* The policy as given, and how fast.  Start one as zero. */
struct gc_settings {
    int64_t older_than; /* seconds; 0 = not given */
    int64_t keep;       /* versions; 0 = not given */
    bool both;
    int64_t rate; /* versions a second; 0 = no limit */
};

/* The options of `gc estimate`; `gc run` has those of its own besides. */
extern const struct argp gc_policy_argp;
extern const struct argp gc_run_argp;

/* A job over what the command line asks for.  Start one as GC_JOB_INIT. */
struct gc_job {
    struct span_options range;
    struct bytes token;
    varve_gc_policy policy;
    varve_gc_options options;
    struct damaged_keys damaged;
};

#define GC_JOB_INIT                                                                                \
    {                                                                                              \
        SPAN_OPTIONS_INIT, BYTES_INIT, {.struct_size = sizeof(varve_gc_policy)},                   \
            {.struct_size = sizeof(varve_gc_options)},                                             \
        {                                                                                          \
            NULL, 0                                                                                \
        }                                                                                          \
    }

/*
 * Fill in the options of the job for a store that is open.  Prints what is wrong.  The caller
 * releases `job` whatever is returned, and may change the options before.
 */
enum tool_exit gc_job_read(const struct cli *cli, const struct store *store,
                           const struct gc_settings *settings, struct gc_job *job);
void gc_job_release(struct gc_job *job);

/*
 * Estimate and print what there is to collect, and what keeps the rest.  This is `gc estimate`, and
 * `gc run --dry-run`.
 */
enum tool_exit gc_estimate(const struct cli *cli, const struct store *store,
                           const struct gc_settings *settings);

/*
 * A step of `gc`, which may be NULL, has failed: say at which key, and the way out.  Returns the
 * code.
 */
enum tool_exit gc_fail(const struct cli *cli, const struct store *store,
                       const varve_gc_options *options, varve_gc *gc, varve_error *err);

/* Add the member `name`: an object with `time` and `utc`. */
void gc_json_time(struct json_line *line, const char *name, varve_ts ts);

/* Add the member `name`: an object with `versions` and `bytes`, to which more may be added. */
void gc_json_tally(struct json_line *line, const char *name, const varve_gc_tally *tally,
                   const uint64_t *keys);

/* Say which keys have intents, and below which time reads may be refused. */
void gc_json_rest(struct json_line *line, const varve_gc_report *report);
void gc_print_rest(const varve_gc_report *report, const char *tense);

#endif
