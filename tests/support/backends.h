/*
 * Fresh engines on every backend, for tests that must hold on all of them.
 *
 * A backend is named by its number, which is also its varve_backend.  Open engines in checked
 * fixtures only: Check forks, and RocksDB's threads do not follow.
 */
#ifndef VARVE_TESTS_SUPPORT_BACKENDS_H
#define VARVE_TESTS_SUPPORT_BACKENDS_H

#include <varve/engine.h>

#include "tests/support/support.h"

enum { BACKEND_DISK, BACKEND_MEMORY, BACKEND_MAP, BACKEND_COUNT };

/* "disk", "memory" and "map". */
extern const char *const backend_names[BACKEND_COUNT];

/* An empty engine; that on the disk has a directory of its own, and does not wait for it. */
varve_engine *backend_open(int backend);

/* The same with options; `backend` and, for the disk, a missing `path` are filled in. */
varve_engine *backend_open_with(int backend, varve_options options);

/* Let an engine that has just been opened keep newest versions, in so many bytes. */
void backend_keep_newest(varve_engine *engine, uint64_t bytes);

/* Close an engine on the disk and open its directory again, with default options. */
varve_engine *backend_reopen(varve_engine *engine);

/* The same with options, of which the path is filled in. */
varve_engine *backend_reopen_with(varve_engine *engine, varve_options options);

/* Close it, which has to succeed, and remove its directory. */
void backend_close(varve_engine *engine);

/* The directory of an engine, and closing one that only reads it: the directory stays. */
void backend_path(const varve_engine *engine, char *path, size_t size);
void backend_leave(varve_engine *engine);

/* A new, empty directory, whose name lives as long as the test. */
const char *temp_dir_make(void);

/* Remove a directory with all that is in it. */
void temp_dir_remove(const char *path);

/*
 * The engine of the test in progress and its error, for suites made by backend_suite(): one test
 * case a backend, each filled by `fill`.
 */
struct backend_test {
    int backend;
    varve_engine *engine;
    varve_reader *reader;
    varve_writer *writer;
    varve_error err;
};
extern struct backend_test on;

Suite *backend_suite(const char *name, void (*fill)(TCase *tcase));

/* The fixtures of these test cases, for others. */
void backend_set_up_disk(void);
void backend_set_up_memory(void);
void backend_set_up_map(void);
void backend_tear_down(void);

#endif
