/*
 * What the tool tells about itself: `varve --help`, the lists of groups, and the manual page.  All
 * of it comes from the table of commands.
 */
#ifndef TOOLS_HELP_H
#define TOOLS_HELP_H

#include "cli.h"

/* The titles of the sections, by enum tool_section. */
extern const char *const section_titles[];
extern const size_t section_count;

/* A way to write a time. */
struct time_form {
    const char *form;
    const char *meaning;
};

/* All of them, without a form behind the last, which has what is to be said of all. */
extern const struct time_form time_forms[];

/* One exit code; text NULL behind the last. */
struct exit_row {
    int value;
    const char *text;
};

extern const struct exit_row exit_rows[];

/* Room for the arguments of a command, "STORE KEY". */
#define HELP_ARGUMENTS_MAX 128

const char *help_arguments(const struct command *command, char text[HELP_ARGUMENTS_MAX]);

/* Whether some commands have a name of two words of which this is the first. */
bool help_is_group(const char *word);

/* Print the commands of a group. */
void help_print_group(const char *group);

/* Print `varve --help`. */
void help_print(void);

/* Print the manual page, in the language of man(7). */
void manual_print(void);

#endif
