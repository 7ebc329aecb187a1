/* The commands of the tool, in the order of its help but for their sections. */
#include "cli.h"

extern const struct command cmd_get;
extern const struct command cmd_history;
extern const struct command cmd_import;
extern const struct command cmd_info;
extern const struct command cmd_lsm;
extern const struct command cmd_scan;
extern const struct command cmd_verify;

const struct command *const commands[] = {
    &cmd_get, &cmd_history, &cmd_scan, &cmd_lsm, &cmd_info, &cmd_verify, &cmd_import, NULL,
};
