#include "engine/rocksdb/errors.h"

#include <rocksdb/c.h>
#include <stdlib.h>

#include "util/fail.h"

struct rule {
    const char *prefix;
    const char *contains; /* further condition; NULL = none */
    varve_status status;
};

/*
 * The first rule that fits decides, and only the front of a text is the error: a missing table file
 * is "Corruption: IO error: No such file or directory: ...", a lock "IO error: ... No locks
 * available".
 */
static const struct rule rules[] = {
    {"IO error: lock hold by current process", NULL, VARVE_LOCKED},
    {"IO error: While lock file: ", NULL, VARVE_LOCKED},
    {"IO error: No space left on device", NULL, VARVE_NO_SPACE},
    {"IO error: Space limit reached", NULL, VARVE_NO_SPACE},
    {"IO error: ", "Disk quota exceeded", VARVE_NO_SPACE},
    /* A file of the store has been lost, which is damage as with tables. */
    {"IO error: No such file or directory: While opening a file for sequentially reading: ",
     "/MANIFEST-", VARVE_CORRUPT},
    {"IO error: ", NULL, VARVE_IO},
    /* Our operator refuses for nothing else. */
    {"Corruption: Error: Could not perform merge", NULL, VARVE_NO_MEMORY},
    {"Corruption: ", NULL, VARVE_CORRUPT},
    {"Operation aborted: Memory limit reached", NULL, VARVE_NO_MEMORY},
    {"Not implemented: Not supported operation in read only mode", NULL, VARVE_READ_ONLY},
    {"Not implemented: ", NULL, VARVE_UNSUPPORTED},
    /* Stores that something other than varve, or a later varve, has worked on. */
    {"Invalid argument: Column families not opened: ", NULL, VARVE_INCOMPATIBLE},
    {"Invalid argument: ", "does not match existing comparator", VARVE_INCOMPATIBLE},
    {"Invalid argument: ", NULL, VARVE_INVALID_ARGUMENT},
    /* Answers to requests that varve does not make. */
    {"NotFound: ", NULL, VARVE_INTERNAL},
    {"Merge in progress: ", NULL, VARVE_INTERNAL},
    {"Result incomplete: ", NULL, VARVE_INTERNAL},
    {"Shutdown in progress: ", NULL, VARVE_INTERNAL},
    {"Operation timed out: ", NULL, VARVE_INTERNAL},
    {"Operation aborted: ", NULL, VARVE_INTERNAL},
    {"Resource busy: ", NULL, VARVE_INTERNAL},
    {"Operation expired: ", NULL, VARVE_INTERNAL},
    {"Operation failed. Try again.: ", NULL, VARVE_INTERNAL},
    {"Compaction too large: ", NULL, VARVE_INTERNAL},
    {"Column family dropped", NULL, VARVE_INTERNAL},
};

varve_status varve__rocksdb_status_of(const char *text)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strncmp(text, rules[i].prefix, strlen(rules[i].prefix)) == 0 &&
            (rules[i].contains == NULL || strstr(text, rules[i].contains) != NULL))
            return rules[i].status;
    }
    return VARVE_INTERNAL;
}

/*
 * Whether the text names a table file, a manifest or what becomes the file CURRENT; a folder of
 * that kind of name is none.
 */
static bool names_other_file(const char *text)
{
    const char *manifest = strstr(text, "/MANIFEST-");
    if (manifest != NULL) {
        manifest += strlen("/MANIFEST-");
        manifest += strspn(manifest, "0123456789");
    }
    return (manifest != NULL && *manifest == ':') || strstr(text, ".sst: ") != NULL ||
           strstr(text, ".dbtmp: ") != NULL;
}

bool varve__rocksdb_is_log_sync_failure(const char *text)
{
    static const char *const calls[] = {"While fdatasync", "While fsync", "While sync",
                                        "While msync"};

    /* Failures about other files come from the background; the commit was refused for them. */
    if (strncmp(text, "IO error: ", strlen("IO error: ")) != 0 || names_other_file(text))
        return false;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strstr(text, calls[i]) != NULL)
            return true;
    }
    return false;
}

bool varve__rocksdb_is_log_gap(const char *text)
{
    return strstr(text, "Gap in sequence number") != NULL ||
           strstr(text, "Start sequence was not found") != NULL;
}

bool varve__rocksdb_is_log_write_failure(const char *text)
{
    return strncmp(text, "IO error: ", strlen("IO error: ")) == 0 && !names_other_file(text) &&
           strstr(text, "While append") != NULL && varve__rocksdb_log_named(text) != 0;
}

uint64_t varve__rocksdb_log_named(const char *text)
{
    const char *end = strstr(text, ".log: ");
    const char *start = end;
    while (start != NULL && start > text && start[-1] >= '0' && start[-1] <= '9')
        start--;
    return start == NULL ? 0 : strtoull(start, NULL, 10);
}

/* A table that is missing is looked for under the ending of old ones last, and named by that. */
static void name_table(char *text)
{
    char *ending = strstr(text, ".ldb: ");
    if (ending != NULL && ending > text && ending[-1] >= '0' && ending[-1] <= '9')
        memcpy(ending, ".sst", 4);
}

static varve_status fail_as(varve_error *err, varve_status status, const char *what, char *text)
{
    name_table(text);
    (void)varve__fail(err, status, "%s: %s", what, text);
    rocksdb_free(text);
    return status;
}

varve_status varve__rocksdb_fail(varve_error *err, const char *what, char *text)
{
    return fail_as(err, varve__rocksdb_status_of(text), what, text);
}

varve_status varve__rocksdb_fail_commit(varve_error *err, const char *what, char *text)
{
    varve_status status = varve__rocksdb_is_log_sync_failure(text) ? VARVE_COMMIT_UNKNOWN
                                                                   : varve__rocksdb_status_of(text);
    return fail_as(err, status, what, text);
}
