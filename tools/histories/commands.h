/*
 * The commands of the language.  docs/histories.md says what they do.
 */
#ifndef TOOLS_HISTORIES_COMMANDS_H
#define TOOLS_HISTORIES_COMMANDS_H

#include "step.h"

/* What a command works on decides what is shown after it. */
enum command_class {
    COMMAND_TXN,  /* transactions */
    COMMAND_DATA, /* what is stored */
    COMMAND_READ  /* nothing */
};

struct command {
    const char *name;
    enum command_class class;
    void (*run)(struct step *step);
};

/* Tables that end with a command without a name. */
extern const struct command txn_commands[];
extern const struct command write_commands[];
extern const struct command read_commands[];
extern const struct command upkeep_commands[];

/* The command of that name, or NULL. */
const struct command *command_find(varve_slice name);

#endif
