/*
 * The directive `run`: runs the lines of a block and gathers what they print.
 */
#ifndef TOOLS_HISTORIES_RUN_H
#define TOOLS_HISTORIES_RUN_H

#include "script.h"
#include "session.h"

/* Why a block could not be run as it stands. */
struct run_problem {
    size_t line; /* in the file */
    char *text;  /* to be freed */
};

/*
 * Run the block, whose directive is `directive`, and write to `out` what there is to compare.
 * False, with the problem, if a line makes no sense, something fails that the library should never
 * fail with, or an error has come up that was not expected, or the other way round.
 */
bool run_block(struct session *session, const struct block *block, const struct line *directive,
               FILE *out, struct run_problem *problem);

#endif
