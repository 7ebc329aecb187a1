/* Table files by themselves. */
#include "table_file.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/* ---- sst_dump ------------------------------------------------------------------------------ */

/* What sst_dump is run with, apart from its name. */
enum { DUMP_ARGUMENTS = 8 };

struct dump {
    struct raw raw;
    char *arguments[DUMP_ARGUMENTS]; /* allocated; NULL behind the last */
    size_t count;
    bool no_memory;
};

static void add_argument(struct dump *dump, const char *option, const char *text)
{
    char **place = &dump->arguments[dump->count];

    if (asprintf(place, "%s%s", option, text) < 0) {
        *place = NULL;
        dump->no_memory = true;
    } else {
        dump->count++;
    }
}

/* An engine key in hexadecimal, if there is one. */
static void add_key(struct dump *dump, const char *option, varve_slice key)
{
    if (key.size == 0)
        return;
    char *hex = bytes_to_hex(key);
    if (hex == NULL)
        dump->no_memory = true;
    else
        add_argument(dump, option, hex);
    free(hex);
}

static enum tool_exit start(const struct cli *cli, struct dump *dump, const char *path,
                            const char *command)
{
    const char *argv[DUMP_ARGUMENTS + 6] = {"sst_dump", "--verify_checksum", "--output_hex",
                                            "--input_key_hex"};

    add_argument(dump, "--file=", path);
    add_argument(dump, "--command=", command);
    if (dump->no_memory)
        return cli_fail(cli, TOOL_IO, "out of memory");
    memcpy(argv + 4, dump->arguments, sizeof dump->arguments);
    return raw_start(cli, argv, true, true, &dump->raw);
}

/* Wait for the end if it ran, and tell what it complained of. */
static enum tool_exit finish(struct dump *dump, bool stopped, char fault[RAW_COMPLAINT_MAX])
{
    struct raw_end end = {0};

    if (stopped)
        raw_stop(&dump->raw);
    else
        raw_finish(&dump->raw, &end);
    memcpy(fault, end.complaint, sizeof end.complaint);
    enum tool_exit code = raw_exit_of(&end);
    if (code != TOOL_OK && fault[0] == '\0')
        snprintf(fault, RAW_COMPLAINT_MAX, "sst_dump failed with exit code %d", end.code);
    /* Whatever it says of the contents is a fault of the file. */
    return code == TOOL_OK || code == TOOL_IO ? code : TOOL_CORRUPT;
}

static void release(struct dump *dump)
{
    raw_stop(&dump->raw);
    for (size_t i = 0; i < dump->count; i++)
        free(dump->arguments[i]);
}

/* ---- Records ------------------------------------------------------------------------------- */

/* A scan that is under way. */
struct scan {
    table_record_fn each;
    void *arg;
    struct bytes key;
    struct bytes value;
    bool stopped;
    bool no_memory;
};

static void release_scan(struct scan *scan)
{
    bytes_release(&scan->key);
    bytes_release(&scan->value);
}

/* Returns false if the text is no hexadecimal or memory runs out. */
static bool take_hex(struct scan *scan, struct bytes *bytes, const char *text, size_t size)
{
    bool is_hex;
    bool good = bytes_from_hex(bytes, varve_slice_of(text, size), &is_hex);

    scan->no_memory = scan->no_memory || (!good && is_hex);
    return good;
}

/* "'KEY' seq:N, type:T => VALUE"; other lines are none of a record. */
static void take_line(struct scan *scan, const char *line)
{
    const char *quote = line[0] == '\'' ? strchr(line + 1, '\'') : NULL;
    unsigned long long sequence;
    int type;
    int size = -1;

    if (quote == NULL || sscanf(quote, "' seq:%llu, type:%d => %n", &sequence, &type, &size) < 2 ||
        size < 0)
        return;
    const char *value = quote + size;
    if (!take_hex(scan, &scan->key, line + 1, (size_t)(quote - line) - 1) ||
        !take_hex(scan, &scan->value, value, strcspn(value, "\n")))
        return;
    const varve_record record = {(varve_record_type)type, bytes_slice(&scan->key),
                                 bytes_slice(&scan->value)};
    scan->stopped = !scan->each(scan->arg, sequence, &record);
}

static enum tool_exit read_records(const struct cli *cli, struct dump *dump, struct scan *scan,
                                   char fault[RAW_COMPLAINT_MAX])
{
    char *line = NULL;
    size_t capacity = 0;

    while (!scan->stopped && !scan->no_memory && getline(&line, &capacity, dump->raw.out) > 0)
        take_line(scan, line);
    free(line);
    enum tool_exit code = finish(dump, scan->stopped || scan->no_memory, fault);
    return scan->no_memory ? cli_fail(cli, TOOL_IO, "out of memory") : code;
}

/* ---- Removals of ranges -------------------------------------------------------------------- */

/* sst_dump tells of these only in a text file that it writes beside the table: here, beside a link
 * to it in a folder of its own. */
struct beside {
    char folder[PATH_MAX];
    char link[PATH_MAX + 16];
    char text[PATH_MAX + 16];
};

static bool make_beside(struct beside *beside, const char *path)
{
    const char *temp = getenv("TMPDIR");
    char *whole = realpath(path, NULL);
    bool good = false;

    snprintf(beside->folder, sizeof beside->folder, "%s/varve-XXXXXX",
             temp == NULL || temp[0] == '\0' ? "/tmp" : temp);
    if (whole != NULL && mkdtemp(beside->folder) != NULL) {
        snprintf(beside->link, sizeof beside->link, "%s/table.sst", beside->folder);
        snprintf(beside->text, sizeof beside->text, "%s/table_dump.txt", beside->folder);
        good = symlink(whole, beside->link) == 0;
        if (!good)
            (void)rmdir(beside->folder);
    }
    free(whole);
    return good;
}

static void remove_beside(const struct beside *beside)
{
    (void)unlink(beside->link);
    (void)unlink(beside->text);
    (void)rmdir(beside->folder);
}

/* "  HEX    START: END" */
static void take_range(struct scan *scan, const char *line)
{
    const char *start = line + strlen("  HEX    ");
    const char *colon = strchr(line, ':');

    if (strncmp(line, "  HEX    ", strlen("  HEX    ")) != 0 || colon == NULL)
        return;
    const char *end = colon + strspn(colon, ": ");
    if (!take_hex(scan, &scan->key, start, (size_t)(colon - start)) ||
        !take_hex(scan, &scan->value, end, strcspn(end, "\n")))
        return;
    const varve_record record = {VARVE_RECORD_CLEAR_RANGE, bytes_slice(&scan->key),
                                 bytes_slice(&scan->value)};
    scan->stopped = !scan->each(scan->arg, NO_SEQUENCE, &record);
}

static void read_ranges(struct scan *scan, FILE *file)
{
    bool inside = false;
    char *line = NULL;
    size_t capacity = 0;

    while (!scan->stopped && !scan->no_memory && getline(&line, &capacity, file) > 0) {
        if (strncmp(line, "Data Block", strlen("Data Block")) == 0)
            break;
        if (inside)
            take_range(scan, line);
        inside = inside || strcmp(line, "Range deletions:\n") == 0;
    }
    free(line);
}

static enum tool_exit scan_ranges(const struct cli *cli, const char *path, struct scan *scan,
                                  char fault[RAW_COMPLAINT_MAX])
{
    struct dump dump = {.raw = RAW_INIT};
    struct beside beside;
    FILE *file = NULL;

    if (!make_beside(&beside, path)) {
        snprintf(fault, RAW_COMPLAINT_MAX, "no scratch folder can be made: %s", strerror(errno));
        return TOOL_IO;
    }
    enum tool_exit code = start(cli, &dump, beside.link, "raw");
    if (code == TOOL_OK)
        code = finish(&dump, false, fault);
    if (code == TOOL_OK)
        file = fopen(beside.text, "r");
    if (file != NULL) {
        read_ranges(scan, file);
        fclose(file);
    }
    remove_beside(&beside);
    release(&dump);
    return code;
}

/* ---- Properties ---------------------------------------------------------------------------- */

/* "  # data blocks: 1", "  comparator name: x": the name without the blanks and the sign. */
static bool split_property(char *line, char **name, char **text)
{
    char *colon = strstr(line, ": ");

    if (strncmp(line, "  ", 2) != 0 || colon == NULL)
        return false;
    *colon = '\0';
    *name = line + strspn(line, " #");
    *text = colon + 2;
    (*text)[strcspn(*text, "\n")] = '\0';
    return true;
}

static enum tool_exit read_properties(const struct cli *cli, const char *path,
                                      table_property_fn each, void *arg,
                                      char fault[RAW_COMPLAINT_MAX])
{
    struct dump dump = {.raw = RAW_INIT};
    char *line = NULL;
    size_t capacity = 0;
    char *name;
    char *text;
    bool go_on = true;

    add_argument(&dump, "--show_properties", "");
    enum tool_exit code = start(cli, &dump, path, "identify");
    if (code == TOOL_OK) {
        while (go_on && getline(&line, &capacity, dump.raw.out) > 0) {
            if (split_property(line, &name, &text))
                go_on = each(arg, name, text);
        }
        free(line);
        code = finish(&dump, !go_on, fault);
    }
    release(&dump);
    return code;
}

enum tool_exit table_file_properties(const struct cli *cli, const char *path,
                                     table_property_fn each, void *arg,
                                     char fault[RAW_COMPLAINT_MAX])
{
    fault[0] = '\0';
    return read_properties(cli, path, each, arg, fault);
}

static bool find_ranges(void *arg, const char *name, const char *text)
{
    int64_t *ranges = arg;

    if (strcmp(name, "range deletions") != 0)
        return true;
    if (!cli_number(text, INT64_MAX, ranges))
        *ranges = 0;
    return false;
}

/* ---- Without sst_dump ---------------------------------------------------------------------- */

static void add_fault(varve_error *err, char fault[RAW_COMPLAINT_MAX])
{
    snprintf(fault, RAW_COMPLAINT_MAX, "%s", err->message);
    varve_error_release(err);
}

/* What the library's reader cannot read is not known to be damaged: tables of stores are such. */
static enum tool_exit open_alone(const char *path, varve_sst_reader **sst,
                                 char fault[RAW_COMPLAINT_MAX])
{
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve_sst_reader_open(NULL, sst, &err);

    if (status == VARVE_OK)
        status = varve_sst_reader_add(*sst, path, &err);
    if (status == VARVE_OK)
        return TOOL_OK;
    add_fault(&err, fault);
    return status == VARVE_IO || status == VARVE_NO_MEMORY || status == VARVE_NO_SPACE
               ? TOOL_IO
               : TOOL_UNSUPPORTED;
}

static void close_alone(varve_sst_reader *sst)
{
    varve_error err = VARVE_ERROR_INIT;

    if (sst != NULL && varve_sst_reader_close(sst, &err) != VARVE_OK)
        varve_error_release(&err);
}

static enum tool_exit walk_alone(varve_sst_reader *sst, varve_slice from, varve_slice to,
                                 struct scan *scan, char fault[RAW_COMPLAINT_MAX])
{
    const varve_iter_options options = {.struct_size = sizeof options, .lower = from, .upper = to};
    varve_error err = VARVE_ERROR_INIT;
    varve_iter *it;

    if (varve_iter_open(varve_sst_reader_reader(sst), &options, &it, &err) != VARVE_OK) {
        add_fault(&err, fault);
        return TOOL_CORRUPT;
    }
    for (varve_iter_seek_ge(it, from); it->valid && !scan->stopped; varve_iter_next(it)) {
        const varve_record record = {VARVE_RECORD_PUT, it->key, varve_iter_value(it)};
        scan->stopped = !scan->each(scan->arg, NO_SEQUENCE, &record);
    }
    varve_status status = varve_iter_status(it, &err);
    varve_iter_close(it);
    if (status == VARVE_OK)
        return TOOL_OK;
    add_fault(&err, fault);
    return TOOL_CORRUPT;
}

/* ---- The whole ----------------------------------------------------------------------------- */

enum tool_exit table_file_scan(const struct cli *cli, const char *path, varve_slice from,
                               varve_slice to, table_record_fn each, void *arg,
                               char fault[RAW_COMPLAINT_MAX])
{
    struct scan scan = {.each = each, .arg = arg};
    struct dump dump = {.raw = RAW_INIT};
    varve_sst_reader *sst = NULL;
    int64_t ranges = 0;

    fault[0] = '\0';
    enum tool_exit code = read_properties(cli, path, find_ranges, &ranges, fault);
    if (code == TOOL_UNSUPPORTED) {
        code = open_alone(path, &sst, fault);
        if (code == TOOL_OK)
            code = walk_alone(sst, from, to, &scan, fault);
        goto out;
    }
    if (code == TOOL_OK && ranges > 0)
        code = scan_ranges(cli, path, &scan, fault);
    if (code != TOOL_OK || scan.stopped)
        goto out;
    add_key(&dump, "--from=0x", from);
    add_key(&dump, "--to=0x", to);
    code = start(cli, &dump, path, "scan");
    if (code == TOOL_OK)
        code = read_records(cli, &dump, &scan, fault);
out:
    close_alone(sst);
    release(&dump);
    release_scan(&scan);
    return code;
}

enum tool_exit table_file_check(const struct cli *cli, const char *path,
                                char fault[RAW_COMPLAINT_MAX])
{
    struct dump dump = {.raw = RAW_INIT};
    varve_sst_reader *sst = NULL;
    char line[256];

    fault[0] = '\0';
    enum tool_exit code = start(cli, &dump, path, "verify");
    if (code == TOOL_OK) {
        while (fgets(line, sizeof line, dump.raw.out) != NULL)
            ;
        code = finish(&dump, false, fault);
    } else if (code == TOOL_UNSUPPORTED) {
        code = open_alone(path, &sst, fault);
    }
    close_alone(sst);
    release(&dump);
    return code;
}
