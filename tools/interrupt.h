/*
 * Ending long work at SIGINT in good order.
 */
#ifndef TOOLS_INTERRUPT_H
#define TOOLS_INTERRUPT_H

#include "cli.h"

/*
 * Let SIGINT cancel `*cancel` from now on, instead of ending the process.  Prints the failure.  The
 * caller closes the token by interrupt_end() whatever is returned.
 */
enum tool_exit interrupt_begin(const struct cli *cli, varve_cancel **cancel);

/* Wait between two steps; SIGINT ends the wait. */
void interrupt_pause(int64_t nanoseconds);

/* Let SIGINT end the process again. */
void interrupt_end(varve_cancel *cancel);

#endif
