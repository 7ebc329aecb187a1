/* Operations under way. */
#include "writing.h"

#include "output.h"
#include "times.h"

#include <inttypes.h>
#include <time.h>

/* ---- Times --------------------------------------------------------------------------------- */

/* What the store's clock says, above all that it has ever said. */
static enum tool_exit ask_clock(const struct cli *cli, const struct store *store, varve_ts *now)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_clock *clock = NULL;
    varve_status status = varve_clock_open(store->engine, NULL, &clock, &err);

    if (status == VARVE_OK)
        status = varve_clock_now(clock, now, &err);
    varve_clock_close(clock);
    return status == VARVE_OK ? TOOL_OK : cli_fail_error(cli, &err, "%s: its clock", store->path);
}

/* A dry run must not move the clock. */
static varve_ts look_at_the_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return varve_ts_of((int64_t)time.tv_sec * 1000000000 + time.tv_nsec, 0);
}

enum tool_exit writing_now(const struct cli *cli, struct writing *writing, varve_ts *now)
{
    enum tool_exit code = TOOL_OK;

    if (!writing->has_now && writing->store->writer != NULL)
        code = ask_clock(cli, writing->store, &writing->now);
    else if (!writing->has_now)
        writing->now = look_at_the_time();
    writing->has_now = true;
    *now = writing->now;
    return code;
}

/* ---- Outcomes ------------------------------------------------------------------------------ */

/* Room for one more, which is zero and counts once `count` is raised; NULL if memory runs out. */
static struct outcome *next_outcome(struct writing *writing)
{
    if (writing->count == writing->room) {
        size_t room = writing->room == 0 ? 1 : 2 * writing->room;
        struct outcome *larger = realloc(writing->outcomes, room * sizeof *larger);
        if (larger == NULL)
            return NULL;
        writing->outcomes = larger;
        writing->room = room;
    }
    struct outcome *outcome = &writing->outcomes[writing->count];
    *outcome = (struct outcome){0};
    return outcome;
}

enum tool_exit writing_note(const struct cli *cli, struct writing *writing, struct outcome *done)
{
    struct outcome *outcome = next_outcome(writing);

    if (outcome == NULL)
        return cli_fail(cli, TOOL_IO, "out of memory");
    *outcome = *done;
    *done = (struct outcome){0};
    writing->count++;
    return TOOL_OK;
}

static void print_json(const struct cli *cli, const struct outcome *outcome)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_text(&line, "operation", outcome->operation);
    json_line_data(&line, cli, outcome->of_range ? "start" : "key", bytes_slice(&outcome->key));
    if (outcome->of_range)
        json_line_data(&line, cli, "end", bytes_slice(&outcome->end));
    else
        json_line_time(&line, outcome->ts);
    if (outcome->has_sum && !cli->redact)
        json_line_add(&line, "sum", json_integer(outcome->sum));
    if (outcome->counted) {
        json_line_count(&line, "keys", (uint64_t)outcome->keys);
        json_line_count(&line, "versions", (uint64_t)outcome->versions);
    }
    if (cli->dry_run)
        json_line_true(&line, "dry_run");
    json_line_end(&line);
}

static void print_text(const struct cli *cli, const struct outcome *outcome)
{
    char when[TIME_TEXT_MAX];

    out_format("%s\t", outcome->operation);
    out_key(cli, bytes_slice(&outcome->key));
    out_text("\t");
    if (outcome->of_range)
        out_key(cli, bytes_slice(&outcome->end));
    else
        out_text(varve_ts_is_zero(outcome->ts) ? "inline" : time_format(outcome->ts, true, when));
    if (outcome->has_sum && cli->redact)
        out_text("\t<a number>");
    else if (outcome->has_sum)
        out_format("\t%" PRId64, outcome->sum);
    if (outcome->counted)
        out_format("\t%" PRId64 " keys\t%" PRId64 " versions", outcome->keys, outcome->versions);
    out_text("\n");
}

enum tool_exit writing_commit(const struct cli *cli, struct writing *writing)
{
    enum tool_exit code = change_commit(cli, writing->store, &writing->change);

    for (size_t i = 0; code == TOOL_OK && i < writing->count; i++) {
        if (cli->json)
            print_json(cli, &writing->outcomes[i]);
        else
            print_text(cli, &writing->outcomes[i]);
    }
    if (code == TOOL_OK && cli->dry_run)
        cli_note(cli, "dry run: nothing was written");
    return code;
}

void writing_release(struct writing *writing)
{
    change_end(&writing->change);
    for (size_t i = 0; i < writing->count; i++) {
        bytes_release(&writing->outcomes[i].key);
        bytes_release(&writing->outcomes[i].end);
    }
    free(writing->outcomes);
}
