/* What the tool tells about itself on a terminal. */
#include "help.h"

#include "output.h"

#include <stdio.h>

const char *const section_titles[] = {
#define SECTION_TITLE(name, title) title,
    TOOL_SECTION_MAP(SECTION_TITLE)
#undef SECTION_TITLE
};

const size_t section_count = sizeof section_titles / sizeof section_titles[0];

const struct time_form time_forms[] = {
    {"now", "the newest, which is also the default"},
    {"2024-05-01T12:00:00.5Z", "RFC 3339, with any fraction and zone"},
    {"@1714564800.5", "seconds since the Unix epoch"},
    {"ns:1714564800500000000", "nanoseconds since the Unix epoch"},
    {"1714564800.500000000,3", "a timestamp as varve prints it"},
    {"(1714564800500000000,3)", "a timestamp: wall time in nanoseconds, logical part"},
    {"commit:ID", "an imported commit, by four digits of its id or more"},
    {NULL,
     "The second to fourth may end in `,LOGICAL`; without it they mean all of the nanosecond."},
};

const struct exit_row exit_rows[] = {
#define EXIT_ROW(name, value, text) {value, text},
    TOOL_EXIT_MAP(EXIT_ROW)
#undef EXIT_ROW
        {0, NULL},
};

/* ---- Commands and their groups ------------------------------------------------------------- */

const char *help_arguments(const struct command *command, char text[HELP_ARGUMENTS_MAX])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; command->arguments[i] != NULL && used < HELP_ARGUMENTS_MAX; i++)
        used += (size_t)snprintf(text + used, HELP_ARGUMENTS_MAX - used, "%s%s", i == 0 ? "" : " ",
                                 command->arguments[i]);
    return text;
}

/* Whether it is the name of one of a group. */
static bool is_of_group(const char *name, const char *group)
{
    size_t size = strlen(group);

    return strncmp(name, group, size) == 0 && name[size] == ' ';
}

bool help_is_group(const char *word)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (is_of_group(commands[i]->name, word))
            return true;
    }
    return false;
}

static void print_summary(const struct command *command)
{
    char names[64];

    snprintf(names, sizeof names, "%s%s%s", command->name, command->alias == NULL ? "" : ", ",
             command->alias == NULL ? "" : command->alias);
    out_format("  %-18s  %s\n", names, command->summary);
}

void help_print_group(const char *group)
{
    out_format("Commands of `varve %s`:\n", group);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (is_of_group(commands[i]->name, group))
            print_summary(commands[i]);
    }
}

/* ---- The whole help ------------------------------------------------------------------------ */

/* The commands of a section, if it has any. */
static void print_section(enum tool_section section)
{
    bool titled = false;

    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->section != section)
            continue;
        if (!titled)
            out_format("\n%s:\n", section_titles[section]);
        titled = true;
        print_summary(commands[i]);
    }
}

static void print_times(void)
{
    const struct time_form *row = time_forms;

    out_text("\nTimes:\n");
    for (; row->form != NULL; row++)
        out_format("  %-26s  %s\n", row->form, row->meaning);
    out_format("  %s\n", row->meaning);
}

void help_print(void)
{
    out_text("Usage: varve COMMAND [ARGUMENT...] [OPTION...]\n"
             "       varve COMMAND --help\n"
             "       varve --help | --version | --manual\n"
             "Work on the stores of varve, an embeddable multi-version storage engine.\n");
    for (size_t i = 0; i < section_count; i++)
        print_section((enum tool_section)i);
    print_times();
    out_text("\nExit codes:\n");
    for (const struct exit_row *row = exit_rows; row->text != NULL; row++)
        out_format("  %3d  %s\n", row->value, row->text);
}
