/* The manual page, in the language of man(7). */
#include "help.h"
#include "output.h"

#include <ctype.h>
#include <stdio.h>

/*
 * Text as it is meant: what troff would take for a command of its own is escaped, and what stands
 * between backquotes is bold.
 */
static void print_text(const char *text)
{
    bool bold = false;
    char last = ' ';

    /* A line that begins with one of these would be a request. */
    if (*text == '.' || *text == '\'')
        out_text("\\&");
    for (; *text != '\0'; last = *text++) {
        switch (*text) {
        case '\\':
            out_text("\\e");
            break;
        case '-':
            /* Of an option, which is to be copied as it is, or of a word. */
            out_text(bold || last == ' ' || last == '-' ? "\\-" : "-");
            break;
        case '\'':
            out_text("\\(aq");
            break;
        case '^':
            out_text("\\(ha");
            break;
        case '~':
            out_text("\\(ti");
            break;
        case '`':
            bold = !bold;
            out_text(bold ? "\\fB" : "\\fR");
            break;
        case '\n':
            out_text(text[1] == '\n' ? "\n.PP" : "\n.br\n");
            break;
        default:
            out_bytes(text, 1);
            break;
        }
    }
}

static void print_line(const char *text)
{
    print_text(text);
    out_text("\n");
}

static void print_section(const char *title)
{
    out_text(".SH ");
    for (; *title != '\0'; title++)
        out_bytes(&(const char){(char)toupper((unsigned char)*title)}, 1);
    out_text("\n");
}

/* ---- Commands ------------------------------------------------------------------------------ */

/* "-z, --null", "--at=TIME" */
static void print_option_name(const struct argp_option *option)
{
    if (option->key > ' ' && option->key < 127) {
        out_text("\\fB\\-");
        out_bytes(&(const char){(char)option->key}, 1);
        out_text("\\fR, ");
    }
    out_text("\\fB\\-\\-");
    print_text(option->name);
    out_text("\\fR");
    if (option->arg != NULL) {
        out_text("=\\fI");
        print_text(option->arg);
        out_text("\\fR");
    }
    out_text("\n");
}

static void print_option(const struct argp_option *option)
{
    out_text(".TP\n");
    print_option_name(option);
    print_text(option->doc);
    out_text(".\n");
}

/* "varve scan STORE [OPTION...]" */
static void print_usage(const struct command *command)
{
    char arguments[HELP_ARGUMENTS_MAX];

    out_text("\\fBvarve ");
    print_text(command->name);
    out_text("\\fR \\fI");
    print_text(help_arguments(command, arguments));
    out_text("\\fR [\\fIOPTION\\fR...]\n");
}

static void print_command(const struct command *command)
{
    const struct argp_option *options[CLI_OPTIONS_MAX];
    size_t count = cli_list_options(command, options);

    out_text(".SS ");
    print_usage(command);
    print_text(command->summary);
    out_text(".\n");
    if (command->alias != NULL) {
        out_text("Also called\n.BR ");
        print_text(command->alias);
        out_text(" .\n");
    }
    if (command->details != NULL) {
        out_text(".PP\n");
        print_line(command->details);
    }
    for (size_t i = 0; i < count; i++)
        print_option(options[i]);
}

static void print_commands(void)
{
    for (size_t section = 0; section < section_count; section++) {
        bool titled = false;
        for (size_t i = 0; commands[i] != NULL; i++) {
            if (commands[i]->section != (enum tool_section)section)
                continue;
            if (!titled)
                print_section(section_titles[section]);
            titled = true;
            print_command(commands[i]);
        }
    }
}

/* ---- What stands around them --------------------------------------------------------------- */

static void print_beginning(void)
{
    out_text(".\\\" Made by `varve --manual`.\n"
             ".TH VARVE 1 \"\" \"varve " VARVE_VERSION_STRING "\" \"User commands\"\n"
             ".nh\n"
             ".ad l\n");
    print_section("Name");
    print_line("varve - work on stores of an embeddable multi-version storage engine");
    print_section("Synopsis");
    out_text("\\fBvarve\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n.br\n"
             "\\fBvarve\\fR \\fICOMMAND\\fR \\fB\\-\\-help\\fR\n.br\n"
             "\\fBvarve \\-\\-help\\fR | \\fB\\-\\-version\\fR | \\fB\\-\\-manual\\fR\n");
    print_section("Description");
    print_line("Looks into stores, imports and checks data, and does what their upkeep needs. "
               "Commands open a store for reading, also beside a process that writes to it; those "
               "that change what it holds want `--write`.");
    out_text(".PP\n");
    print_line(
        "Results go to standard output, everything else to standard error; a failure is one "
        "line. Options may stand before, between and behind the arguments, and may be cut "
        "short; behind `--` nothing is an option. All commands have `--help`. `--manual` prints "
        "this page.");
}

static void print_times(void)
{
    const struct time_form *row = time_forms;

    print_section("Times");
    print_line("Where a TIME is asked for, it may be written as");
    for (; row->form != NULL; row++) {
        out_text(".TP\n.B ");
        print_line(row->form);
        print_line(row->meaning);
    }
    out_text(".PP\n");
    print_line(row->meaning);
}

void manual_print(void)
{
    print_beginning();
    print_commands();
    print_times();
    print_section("Exit status");
    for (const struct exit_row *row = exit_rows; row->text != NULL; row++) {
        out_format(".TP\n.B %d\n", row->value);
        print_line(row->text);
    }
    print_section("See also");
    print_line("The documents that come with varve: tool.md has a chapter on each command, with "
               "examples; schema/ what `--json` prints.");
}
