/*
 * Writes a store as its standard input says, for tests of the tool:
 *
 *     put KEY WALL LOGICAL RAW     a version, or at 0 0 an inline value; RAW may be empty
 *     record ENGINE_KEY VALUE      a record as it is; VALUE may be empty
 *     merge ENGINE_KEY OPERAND     an operand of a merge
 *     clear ENGINE_KEY             the removal of a record
 *     clear_range START END        and of all from one engine key up to another
 *     table PATH ENGINE_KEY VALUE  a table file by itself, of one record
 *     apply REPR                   a batch representation
 *     flush                        memory tables to table files
 *     compact                      and these to the last level
 *     account                      open the account of statistics, with what there is
 *     exact                        fail if the account is not what there is
 *
 * Keys and values are hexadecimal.  The opening and each line are answered by "ok" once they are
 * done; the store is open until the input ends.
 */
#include <varve/varve.h>

#include <stdio.h>
#include <stdlib.h>

enum { FIELD_MAX = 1 << 20 };

static char field[4][FIELD_MAX];
static unsigned char key_bytes[FIELD_MAX / 2];
static unsigned char value_bytes[FIELD_MAX / 2];

static varve_slice decode(const char *hex, unsigned char *bytes)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return varve_slice_of(bytes, size);
}

static varve_status put(varve_engine *engine, varve_error *err)
{
    const varve_write how = {
        .struct_size = sizeof how,
        .reader = varve_engine_reader(engine),
        .writer = varve_engine_writer(engine),
        .ts = varve_ts_of(strtoll(field[1], NULL, 10), (int32_t)strtol(field[2], NULL, 10))};

    return varve_mvcc_put(&how, decode(field[0], key_bytes), decode(field[3], value_bytes), err);
}

/* Statistics of all keys of applications, with ages as of the time 0. */
static varve_status count(varve_engine *engine, varve_stats *stats, varve_error *err)
{
    const varve_span span = {varve_key_app_min(), {NULL, 0}};

    return varve_stats_compute(varve_engine_reader(engine), span, 0, NULL, stats, err);
}

static varve_status open_account(varve_engine *engine, varve_error *err)
{
    varve_stats stats;
    varve_status status = count(engine, &stats, err);

    if (status == VARVE_OK)
        status = varve_stats_account_set(varve_engine_writer(engine), varve_slice_of("", 0), &stats,
                                         err);
    return status;
}

static void print_stats(const char *what, const varve_stats *stats)
{
    varve_buf text = VARVE_BUF_INIT;

    if (varve_stats_print(stats, &text, NULL) == VARVE_OK)
        fprintf(stderr, "helper_store: %s: %.*s\n", what, (int)text.size, (const char *)text.data);
    varve_buf_release(&text);
}

static varve_status compare_account(varve_engine *engine, varve_error *err)
{
    varve_stats kept;
    varve_stats stats;
    varve_status status = count(engine, &stats, err);

    if (status == VARVE_OK)
        status = varve_stats_account_get(varve_engine_reader(engine), varve_slice_of("", 0), 0,
                                         &kept, err);
    if (status != VARVE_OK || memcmp(&kept, &stats, sizeof kept) == 0)
        return status;
    print_stats("counted", &stats);
    print_stats("kept", &kept);
    return VARVE_INTERNAL;
}

/* The path is not hexadecimal. */
static varve_status write_table(const char *path, varve_error *err)
{
    varve_sst_writer *writer;

    if (varve_sst_writer_open(path, &writer, err) != VARVE_OK)
        return err->status;
    varve_status status = varve_sst_writer_put(writer, decode(field[1], key_bytes),
                                               decode(field[2], value_bytes), err);
    if (status == VARVE_OK)
        status = varve_sst_writer_finish(writer, err);
    varve_sst_writer_close(writer);
    return status;
}

static varve_status execute(varve_engine *engine, const char *line, varve_error *err)
{
    for (size_t i = 0; i < 4; i++)
        field[i][0] = '\0';
    if (sscanf(line, "put %s %s %s %s", field[0], field[1], field[2], field[3]) >= 3)
        return put(engine, err);
    if (sscanf(line, "record %s %s", field[0], field[1]) >= 1)
        return varve_writer_put(varve_engine_writer(engine), decode(field[0], key_bytes),
                                decode(field[1], value_bytes), err);
    if (sscanf(line, "merge %s %s", field[0], field[1]) == 2)
        return varve_writer_merge(varve_engine_writer(engine), decode(field[0], key_bytes),
                                  decode(field[1], value_bytes), err);
    if (sscanf(line, "clear_range %s %s", field[0], field[1]) == 2)
        return varve_writer_clear_range(varve_engine_writer(engine), decode(field[0], key_bytes),
                                        decode(field[1], value_bytes), err);
    if (sscanf(line, "clear %s", field[0]) == 1)
        return varve_writer_clear(varve_engine_writer(engine), decode(field[0], key_bytes), err);
    if (sscanf(line, "apply %s", field[0]) == 1)
        return varve_writer_apply(varve_engine_writer(engine), decode(field[0], key_bytes), err);
    if (sscanf(line, "table %s %s %s", field[0], field[1], field[2]) == 3)
        return write_table(field[0], err);
    if (strcmp(line, "flush\n") == 0)
        return varve_engine_flush(engine, err);
    if (strcmp(line, "compact\n") == 0)
        return varve_engine_compact(engine, err);
    if (strcmp(line, "account\n") == 0)
        return open_account(engine, err);
    if (strcmp(line, "exact\n") == 0)
        return compare_account(engine, err);
    fprintf(stderr, "helper_store: what is: %s", line);
    return VARVE_INVALID_ARGUMENT;
}

static int complain(const varve_error *err)
{
    fprintf(stderr, "helper_store: %s\n", err->message);
    return 1;
}

static void acknowledge(void)
{
    puts("ok");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    varve_options options = {.struct_size = sizeof options, .writer_durability = VARVE_NO_SYNC};
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine;
    char *line = NULL;
    size_t capacity = 0;

    if (argc != 2)
        return 2;
    options.path = argv[1];
    if (varve_engine_open(&options, &engine, &err) != VARVE_OK)
        return complain(&err);
    acknowledge();
    while (getline(&line, &capacity, stdin) > 0) {
        if (strlen(line) > FIELD_MAX || execute(engine, line, &err) != VARVE_OK)
            return complain(&err);
        acknowledge();
    }
    free(line);
    return varve_engine_close(engine, &err) == VARVE_OK ? 0 : complain(&err);
}
