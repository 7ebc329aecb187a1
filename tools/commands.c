/* The commands of the tool, in the order of its help. */
#include "cli.h"

const struct command *const commands[] = {
    NULL,
};
