/* Running ldb and sst_dump. */
#include "rocksdb_tools.h"

#include "run_program.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Running ------------------------------------------------------------------------------- */

enum tool_exit raw_missing(const struct cli *cli, const char *name)
{
    return cli_fail(cli, TOOL_UNSUPPORTED,
                    "unsupported: %s is not installed; Debian has it in the package "
                    "`" ROCKSDB_TOOLS_PACKAGE "`",
                    name);
}

static enum tool_exit fail_start(const struct raw *raw, int error)
{
    return cli_fail(raw->cli, TOOL_IO, "%s cannot be run: %s", raw->name, strerror(error));
}

enum tool_exit raw_start(const struct cli *cli, const char *const *argv, bool read, bool quiet,
                         struct raw *raw)
{
    struct pipe_ends out = {-1, -1};
    enum tool_exit code = TOOL_OK;

    *raw = (struct raw){.cli = cli, .name = argv[0], .errors = tmpfile()};
    if (raw->errors == NULL || (read && !pipe_open(&out))) {
        code = fail_start(raw, errno);
        goto out;
    }
    const struct spawn_streams streams = {-1, out.write, fileno(raw->errors)};
    int error = spawn_program(argv, &streams, &raw->pid);
    if (error != 0) {
        raw->pid = 0;
        code = error != ENOENT ? fail_start(raw, error)
               : quiet         ? TOOL_UNSUPPORTED
                               : raw_missing(cli, raw->name);
        goto out;
    }
    if (!read)
        goto out;
    raw->out = fdopen(out.read, "r");
    if (raw->out == NULL)
        code = fail_start(raw, errno);
    else
        out.read = -1;
out:
    pipe_close(&out);
    if (code != TOOL_OK)
        raw_stop(raw);
    return code;
}

static void close_streams(struct raw *raw)
{
    if (raw->out != NULL)
        fclose(raw->out);
    if (raw->errors != NULL)
        fclose(raw->errors);
    raw->out = raw->errors = NULL;
}

/* What stands in the file, as one line. */
static void read_complaint(FILE *errors, char text[RAW_COMPLAINT_MAX])
{
    size_t size = 0;

    if (errors != NULL && fseek(errors, 0, SEEK_SET) == 0)
        size = fread(text, 1, RAW_COMPLAINT_MAX - 1, errors);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    text[size] = '\0';
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            *c = ' ';
    }
}

void raw_finish(struct raw *raw, struct raw_end *end)
{
    *end = (struct raw_end){0};
    if (raw->pid != 0) {
        int status = spawn_collect(raw->pid);
        end->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        read_complaint(raw->errors, end->complaint);
    }
    close_streams(raw);
    raw->pid = 0;
}

void raw_stop(struct raw *raw)
{
    close_streams(raw);
    if (raw->pid == 0)
        return;
    kill(raw->pid, SIGTERM);
    spawn_collect(raw->pid);
    raw->pid = 0;
}

/* ---- How it ended -------------------------------------------------------------------------- */

static bool says(const struct raw_end *end, const char *words)
{
    return strstr(end->complaint, words) != NULL;
}

enum tool_exit raw_exit_of(const struct raw_end *end)
{
    if (end->signal == SIGPIPE)
        return TOOL_CLOSED;
    if (end->code == 0 && end->complaint[0] == '\0')
        return TOOL_OK;
    if (says(end, "No such file") || says(end, "IO error"))
        return TOOL_IO;
    /* An assertion of RocksDB's fails where what it has read makes no sense. */
    if (says(end, "orruption") || says(end, "not a valid SST") || says(end, "Empty file") ||
        end->signal == SIGABRT)
        return TOOL_CORRUPT;
    if (says(end, "NotFound"))
        return TOOL_NO;
    return end->signal != 0 ? TOOL_IO : end->code != 0 ? TOOL_REFUSED : TOOL_OK;
}

enum tool_exit raw_report(const struct cli *cli, const char *name, const char *subject,
                          const struct raw_end *end)
{
    enum tool_exit code = raw_exit_of(end);
    const char *complaint = end->complaint[0] != '\0' ? end->complaint : "it does not say why";

    if (code == TOOL_OK && end->complaint[0] != '\0')
        cli_note(cli, "%s: %s says: %s", subject, name, complaint);
    if (code == TOOL_OK || code == TOOL_CLOSED)
        return code;
    if (end->signal != 0)
        return cli_fail(cli, code, "%s: %s was ended by signal %d: %s", subject, name, end->signal,
                        complaint);
    return cli_fail(cli, code, "%s: %s says: %s", subject, name, complaint);
}

/* ---- What may be passed on ----------------------------------------------------------------- */

static const struct raw_rule *find(const struct raw_rule *rules, const char *name, size_t size)
{
    for (; rules->name != NULL; rules++) {
        if (strncmp(rules->name, name, size) == 0 && rules->name[size] == '\0')
            return rules;
    }
    return NULL;
}

const struct raw_rule *raw_find_rule(const struct cli *cli, const char *name,
                                     const struct raw_rule *rules)
{
    const char *word = cli->list[0];
    const struct raw_rule *rule = find(rules, word, strlen(word));

    if (rule == NULL)
        cli_fail(cli, TOOL_USAGE, "'%s' is not passed on: it is no command of %s that only reads",
                 word, name);
    else if (rule->why != NULL)
        cli_fail(cli, TOOL_USAGE, "'%s' is not passed on: %s", word, rule->why);
    return rule == NULL || rule->why != NULL ? NULL : rule;
}

enum tool_exit raw_check_options(const struct cli *cli, const char *name,
                                 const struct raw_rule *rules)
{
    for (size_t i = 1; i < cli->list_count; i++) {
        const char *word = cli->list[i];
        if (word[0] != '-')
            continue;
        size_t dashes = strspn(word, "-");
        const struct raw_rule *rule = find(rules, word + dashes, strcspn(word + dashes, "="));
        if (rule == NULL || dashes != 2)
            return cli_fail(cli, TOOL_USAGE,
                            "'%s' is not passed on: it is no option of %s that is known to "
                            "only read",
                            word, name);
        if (rule->why != NULL)
            return cli_fail(cli, TOOL_USAGE, "'%s' is not passed on: %s", word, rule->why);
    }
    return TOOL_OK;
}

enum tool_exit raw_pass_on(const struct cli *cli, const char *const *fixed)
{
    struct raw raw = RAW_INIT;
    struct raw_end end;
    size_t count = 0;

    while (fixed[count] != NULL)
        count++;
    const char **argv = calloc(count + cli->list_count + 1, sizeof *argv);
    if (argv == NULL)
        return cli_fail(cli, TOOL_IO, "out of memory");
    memcpy(argv, fixed, count * sizeof *argv);
    for (size_t i = 1; i < cli->list_count; i++)
        argv[count + i - 1] = cli->list[i];
    enum tool_exit code = raw_start(cli, argv, false, false, &raw);
    if (code == TOOL_OK) {
        raw_finish(&raw, &end);
        code = raw_report(cli, fixed[0], cli->arguments[0], &end);
    }
    free(argv);
    return code;
}
