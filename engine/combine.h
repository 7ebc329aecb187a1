/*
 * Combining raw values by the rules of merges: integers and counters are summed, time series
 * united, other values concatenated.
 */
#ifndef VARVE_ENGINE_COMBINE_H
#define VARVE_ENGINE_COMBINE_H

#include <varve/value.h>

#include "format/conflict.h"
#include "format/series.h"

/* Why a value does not fit. */
typedef struct varve__misfit {
    varve__conflict_code code;
    char text[160];
} varve__misfit;

/* Describe a misfit; returns VARVE_MERGE_CONFLICT. */
varve_status varve__misfit_set(varve__misfit *misfit, varve__conflict_code code, const char *format,
                               ...) VARVE_PRINTF(3, 4);

/* How a value is held while others are added to it. */
typedef enum varve__combined_form {
    VARVE__COMBINED_NOTHING,
    VARVE__COMBINED_RAW,   /* one value, as it was given */
    VARVE__COMBINED_BYTES, /* concatenated, or counters summed */
    VARVE__COMBINED_SUM,   /* of integers */
    VARVE__COMBINED_SERIES /* taken apart */
} varve__combined_form;

/* What has been combined so far; zeroed, it is nothing. */
typedef struct varve__combined {
    varve__combined_form form;
    varve_tag tag;
    varve_slice raw; /* of RAW; its bytes have to stay */
    varve_buf bytes; /* of BYTES; otherwise room for the result */
    int64_t sum;
    varve__series series;
} varve__combined;

void varve__combined_release(varve__combined *value);

/* Begin with what is stored, which is not looked into before something is added. */
void varve__combined_begin(varve__combined *value, varve_slice raw);

/*
 * Add a value.  Returns VARVE_OK; VARVE_MERGE_CONFLICT, telling `misfit` why it does not fit, and
 * leaving what has been combined as it was; VARVE_NO_MEMORY.
 */
varve_status varve__combined_add(varve__combined *value, varve_slice raw, varve__misfit *misfit,
                                 varve_error *err);

/*
 * The raw value, which points into `value` or is one that was added; nothing can be added
 * afterwards.  A time series is put in order first if `consolidate` says so.
 */
varve_status varve__combined_raw(varve__combined *value, bool consolidate, varve_slice *raw,
                                 varve_error *err);

#endif
