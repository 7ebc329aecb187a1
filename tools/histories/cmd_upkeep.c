/* Commands that look after what is stored: garbage, time ranges, splits, statistics. */
#include "commands.h"
#include "write.h"

#include <stdlib.h>

/* ---- Garbage and time ranges --------------------------------------------------------------- */

/* The keys of an argument, each up to the same timestamp, for the caller to free. */
static varve_gc_key *list_keys(struct step *step, const struct argument *keys, varve_ts threshold)
{
    varve_gc_key *list = memory_resize(NULL, keys->count * sizeof *list);

    if (keys->count == 0)
        step_fatal(step, "%s: no key", step->command);
    for (size_t i = 0; i < keys->count; i++)
        list[i] = (varve_gc_key){argument_value(keys, i), threshold};
    return list;
}

static void write_gc(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    const struct argument *keys = arguments_find(step->arguments, "keys");
    const varve_ts now = varve_ts_of(step_int64(step, "now", 0), 0);
    varve_gc_key one = {.threshold = how->ts};
    varve_write plain = *how;

    plain.ts = varve_ts_zero();
    if (keys == NULL)
        one.key = step_key(step, "k");
    varve_gc_key *list = keys == NULL ? NULL : list_keys(step, keys, how->ts);
    if (!step_stopped(step) && varve_mvcc_gc(&plain, list == NULL ? &one : list,
                                             list == NULL ? 1 : keys->count, now, &err) != VARVE_OK)
        step_fail(step, &err);
    free(list);
}

static void collect_garbage(struct step *step)
{
    write_run(step, WRITE_BATCHED, write_gc);
}

static void write_clear_time_range(struct step *step, const varve_write *how)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write plain = *how;
    varve_span span = step_span(step);
    varve_ts after = step_ts(step, "targetTs", varve_ts_zero());
    int64_t max = step_int64(step, "maxBatchSize", -1);

    plain.ts = varve_ts_zero();
    if (step_stopped(step))
        return;
    varve_status status =
        varve_mvcc_clear_time_range(&plain, span, after, how->ts, max, &rows, &err);
    write_print_resume(step, &rows);
    if (status != VARVE_OK)
        step_fail(step, &err);
    varve_rows_release(&rows);
}

static void clear_time_range(struct step *step)
{
    write_run(step, WRITE_BATCHED, write_clear_time_range);
}

/* ---- Splits -------------------------------------------------------------------------------- */

static void split_key(struct step *step)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_split split = VARVE_SPLIT_INIT;
    varve_span span = step_span(step);
    int64_t target = step_int64(step, "target", 0);

    if (step_stopped(step))
        return;
    varve_status status = varve_mvcc_find_split_key(varve_engine_reader(step->session->engine),
                                                    span, target, NULL, NULL, &split, &err);
    if (status < 0) {
        step_fail(step, &err);
    } else if (status == VARVE_NOT_FOUND) {
        fprintf(step->out, "%s: <no key>\n", step->command);
    } else {
        fprintf(step->out, "%s: ", step->command);
        step_print_key(step, varve_buf_slice(&split.key));
        fprintf(step->out, " (%lld bytes in front)\n", (long long)split.left_bytes);
    }
    varve_split_release(&split);
}

/* ---- Statistics ---------------------------------------------------------------------------- */

static void print_stats(struct step *step, const char *what, const varve_stats *stats)
{
    varve_buf text = VARVE_BUF_INIT;

    if (varve_stats_print(stats, &text, NULL) != VARVE_OK)
        memory_out();
    fprintf(step->out, "%s: %s%.*s\n", step->command, what, (int)text.size,
            (const char *)text.data);
    varve_buf_release(&text);
}

/* The numbers of writes that were counted; a recount has to come to the same. */
static void show_stats(struct step *step)
{
    const varve_span all = {varve_slice_of(NULL, 0), varve_slice_of(NULL, 0)};
    varve_error err = VARVE_ERROR_INIT;
    varve_stats *running = &step->session->stats;
    varve_stats recount;

    if (step_has(step, "reset"))
        *running = (varve_stats){0};
    int64_t now = step_int64(step, "now", running->last_update_nanos);
    if (step_stopped(step))
        return;
    varve_stats_age_to(running, now);
    print_stats(step, "", running);
    if (varve_stats_compute(varve_engine_reader(step->session->engine), all, now, NULL, &recount,
                            &err) != VARVE_OK) {
        step_fail(step, &err);
    } else if (memcmp(running, &recount, sizeof recount) != 0) {
        print_stats(step, "recount ", &recount);
        step_error(step, "the statistics differ from a recount");
    }
}

const struct command upkeep_commands[] = {
    {"gc", COMMAND_DATA, collect_garbage},
    {"clear_time_range", COMMAND_DATA, clear_time_range},
    {"split_key", COMMAND_READ, split_key},
    {"stats", COMMAND_READ, show_stats},
    {0},
};
