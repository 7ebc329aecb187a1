/*
 * RocksDB's error texts: each one that has been seen, and one for each code it has.
 */
#include <stdlib.h>

#include "engine/rocksdb/errors.h"
#include "tests/support/support.h"

static const struct {
    varve_status status;
    const char *text;
} texts[] = {
    /* Seen: locks. */
    {VARVE_LOCKED,
     "IO error: lock hold by current process, acquire time 1700000000 acquiring thread "
     "140187: /d/LOCK: No locks available"},
    {VARVE_LOCKED, "IO error: While lock file: /d/LOCK: Resource temporarily unavailable"},
    /* Seen: full disks.  The front decides, not what follows. */
    {VARVE_NO_SPACE,
     "IO error: No space left on device: While appending to file: /d/000004.log: No "
     "space left on device"},
    {VARVE_NO_SPACE, "IO error: Space limit reached: Max allowed space was reached"},
    {VARVE_NO_SPACE, "IO error: While appending to file: /d/000009.sst: Disk quota exceeded"},
    /* Seen: disks that fail. */
    {VARVE_IO, "IO error: While appending to file: /d/000004.log: Input/output error"},
    {VARVE_IO, "IO error: While fdatasync: /d/000004.log: Input/output error"},
    {VARVE_IO, "IO error: No such file or directory: While mkdir if missing: /a/b: No such file or "
               "directory"},
    {VARVE_IO, "IO error: While open a file for lock: /d/LOCK: Permission denied"},
    {VARVE_IO, "IO error: Writer has previous error."},
    {VARVE_IO, "IO error: Stale file handle: While pread: /d/000009.sst: Stale file handle"},
    /* Seen: damage; a missing table is damage, though an I/O error is named behind. */
    {VARVE_CORRUPT, "Corruption: checksum mismatch"},
    {VARVE_CORRUPT,
     "Corruption: Corruption: IO error: No such file or directory: While open a file "
     "for random read: /d/000009.sst: No such file or directory in file "
     "/d/MANIFEST-000005"},
    {VARVE_CORRUPT, "IO error: No such file or directory: While opening a file for sequentially "
                    "reading: /d/MANIFEST-000005: No such file or directory"},
    {VARVE_IO, "IO error: No such file or directory: While opening a file for sequentially "
               "reading: /d/000004.log: No such file or directory"},
    {VARVE_CORRUPT, "Corruption: truncated record body"},
    {VARVE_CORRUPT, "Corruption: unknown WriteBatch tag: 99"},
    {VARVE_NO_MEMORY, "Corruption: Error: Could not perform merge."},
    /* Seen: requests that RocksDB does not grant. */
    {VARVE_UNSUPPORTED, "Not implemented: Provide a merge_operator when opening DB"},
    {VARVE_READ_ONLY, "Not implemented: Not supported operation in read only mode."},
    {VARVE_NO_MEMORY,
     "Operation aborted: Memory limit reached: Insert failed due to LRU cache being "
     "full."},
    {VARVE_INCOMPATIBLE, "Invalid argument: Column families not opened: two"},
    {VARVE_INCOMPATIBLE, "Invalid argument: leveldb.BytewiseComparator: does not match existing "
                         "comparator reverse"},
    {VARVE_INVALID_ARGUMENT, "Invalid argument: Sync writes has to enable WAL."},
    {VARVE_INVALID_ARGUMENT,
     "Invalid argument: Compression type Xpress is not linked with the binary."},
    /* The other codes: varve asks for nothing that is answered so. */
    {VARVE_INTERNAL, "NotFound: Requested sequence not yet written in the db"},
    {VARVE_INTERNAL, "Merge in progress: "},
    {VARVE_INTERNAL, "Result incomplete: Too many internal keys skipped."},
    {VARVE_INTERNAL, "Shutdown in progress: "},
    {VARVE_INTERNAL, "Operation timed out: Timeout waiting to lock key"},
    {VARVE_INTERNAL, "Operation aborted: "},
    {VARVE_INTERNAL, "Resource busy: "},
    {VARVE_INTERNAL, "Operation expired: "},
    {VARVE_INTERNAL, "Operation failed. Try again.: "},
    {VARVE_INTERNAL, "Compaction too large: "},
    {VARVE_INTERNAL, "Column family dropped"},
    /* Unknown ones. */
    {VARVE_INTERNAL, ""},
    {VARVE_INTERNAL, "Something new: IO error: in a later RocksDB"},
    {VARVE_INTERNAL, "io error: in other letters"},
};

START_TEST(every_text_has_a_status)
{
    const char *text = texts[_i].text;

    ck_assert_msg(varve__rocksdb_status_of(text) == texts[_i].status, "%s is %s, not %s", text,
                  varve_status_name(varve__rocksdb_status_of(text)),
                  varve_status_name(texts[_i].status));
}
END_TEST

static const struct {
    bool unknown; /* whether a commit that is told this may be there all the same */
    varve_status else_status;
    const char *text;
} commits[] = {
    {true, VARVE_IO, "IO error: While fdatasync: /d/000004.log: Input/output error"},
    {true, VARVE_IO, "IO error: While fsync: /d/000004.log: Input/output error"},
    {true, VARVE_IO, "IO error: While msync: /d/000004.log: Input/output error"},
    {true, VARVE_IO, "IO error: While fsync: a directory: /d: Input/output error"},
    {true, VARVE_NO_SPACE,
     "IO error: No space left on device: While fdatasync: /d/000004.log: No "
     "space left on device"},
    {true, VARVE_IO, "IO error: While fdatasync: /MANIFEST-1/x.sst/000004.log: Input/output error"},
    /* Not written, so not there. */
    {false, VARVE_IO, "IO error: While appending to file: /d/000004.log: Input/output error"},
    {false, VARVE_NO_SPACE,
     "IO error: No space left on device: While appending to file: "
     "/d/000004.log: No space left on device"},
    /* Refused, for something that failed in the background. */
    {false, VARVE_IO, "IO error: While fdatasync: /d/000009.sst: Input/output error"},
    {false, VARVE_IO, "IO error: While fdatasync: /d/MANIFEST-000005: Input/output error"},
    {false, VARVE_IO, "IO error: While fdatasync: /d/000013.dbtmp: Input/output error"},
    {false, VARVE_CORRUPT, "Corruption: While fsync"},
};

/* A text as RocksDB hands it out: the caller's, to be freed. */
static char *handed_out(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    memcpy(copy, text, strlen(text) + 1);
    return copy;
}

START_TEST(a_failed_sync_of_the_log_leaves_a_commit_unknown)
{
    varve_error err = VARVE_ERROR_INIT;
    const char *text = commits[_i].text;
    varve_status expected = commits[_i].unknown ? VARVE_COMMIT_UNKNOWN : commits[_i].else_status;

    ck_assert(varve__rocksdb_is_log_sync_failure(text) == commits[_i].unknown);
    ck_status(varve__rocksdb_fail_commit(&err, "committing", handed_out(text)), expected, &err);
    ck_status(varve__rocksdb_fail(&err, "reading", handed_out(text)), commits[_i].else_status,
              &err);
    varve_error_release(&err);
}
END_TEST

START_TEST(a_log_is_known_by_its_number)
{
    ck_assert_uint_eq(varve__rocksdb_log_named("IO error: No space left on device: While appending "
                                               "to file: /d/000004.log: No space left on device"),
                      4);
    ck_assert_uint_eq(varve__rocksdb_log_named("IO error: While fsync: /d.log/123456.log: x"),
                      123456);
    ck_assert_uint_eq(varve__rocksdb_log_named("IO error: While fsync: /d/000009.sst: x"), 0);
    ck_assert_uint_eq(varve__rocksdb_log_named("IO error: While fsync: /d/notes.log: x"), 0);
    ck_assert_uint_eq(varve__rocksdb_log_named("12.log: "), 12);
    ck_assert_uint_eq(varve__rocksdb_log_named(""), 0);
}
END_TEST

START_TEST(the_text_is_kept)
{
    varve_error err = VARVE_ERROR_INIT;

    ck_fails(varve__rocksdb_fail(&err, "reading", handed_out("Something new: 7")), VARVE_INTERNAL,
             &err, "reading: Something new: 7");
    ck_assert_int_eq(varve__rocksdb_fail(NULL, "reading", handed_out("Corruption: x")),
                     VARVE_CORRUPT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb errors");
    TCase *cases = tcase_create("texts");

    tcase_add_loop_test(cases, every_text_has_a_status, 0, sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(cases, a_failed_sync_of_the_log_leaves_a_commit_unknown, 0,
                        sizeof commits / sizeof commits[0]);
    tcase_add_test(cases, a_log_is_known_by_its_number);
    tcase_add_test(cases, the_text_is_kept);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
