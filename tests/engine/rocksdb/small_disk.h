/*
 * A small disk for the directory of a test, and ways to fill it.
 */
#ifndef VARVE_TESTS_ENGINE_ROCKSDB_SMALL_DISK_H
#define VARVE_TESTS_ENGINE_ROCKSDB_SMALL_DISK_H

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/rocksdb/store.h"
#include "tests/engine/rocksdb/rocks.h"

#define DISK_BYTES (24 << 20)
#define BALLAST_BYTES (8 << 20)

/*
 * RocksDB looks for space at once and then every five seconds, and goes on when it finds some.
 * Nothing here depends on how soon: where it must not go on, it is kept from it.
 */
#define HEALING_SECONDS_MAX 60

/* Let the directory of the test be a disk of its own, seen by nobody else; false without the right.
 */
static inline bool mount_small_disk(void)
{
    char size[32];
    (void)snprintf(size, sizeof size, "size=%d", DISK_BYTES);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "", MS_REC | MS_PRIVATE, "") != 0 ||
        mount("tmpfs", place, "tmpfs", 0, size) != 0) {
        printf("skipped: a disk cannot be mounted here: %s\n", strerror(errno));
        return false;
    }
    return true;
}

static inline void teardown(void)
{
    (void)umount2(place, MNT_DETACH); /* fails where nothing was mounted */
    place_teardown();
}

static inline void place_ballast(void)
{
    char *ballast = calloc(1, BALLAST_BYTES);
    file_write(place_path("ballast"), ballast, BALLAST_BYTES);
    free(ballast);
}

/* A value that does not compress, so that the tables fill the disk as the log does. */
static inline varve_slice noise(void)
{
    static unsigned char data[4000];
    uint64_t state = 88172645463325252;
    for (size_t i = 0; i < sizeof data; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data[i] = (unsigned char)state;
    }
    return varve_slice_of(data, sizeof data);
}

/* Put numbered keys until it fails; returns the first that did not go in. */
static inline unsigned fill_up(varve_engine *engine, unsigned first, varve_status *status)
{
    unsigned number = first;
    do
        *status = store_put(engine, key_number(number++), noise());
    while (*status == VARVE_OK && number < 100000);
    return number - 1;
}

static inline void pause_briefly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Until nothing is under way in the background that could give space back. */
static inline void wait_until_quiet(varve_engine *engine)
{
    time_t end = time(NULL) + HEALING_SECONDS_MAX;
    while (varve__rocksdb_property(engine->store, "rocksdb.num-running-flushes") +
               varve__rocksdb_property(engine->store, "rocksdb.num-running-compactions") >
           0) {
        ck_assert_int_lt(time(NULL), end);
        pause_briefly();
    }
}

/* Let a file take all the space that is left; returns how much there was. */
static inline size_t take_the_rest(void)
{
    char *data = calloc(1, BALLAST_BYTES);
    int file = open(place_path("rest"), O_CREAT | O_WRONLY | O_APPEND, 0644);
    size_t taken = 0;
    ck_assert_int_ge(file, 0);
    for (ssize_t got = 0; got >= 0; got = write(file, data, BALLAST_BYTES))
        taken += (size_t)got;
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(close(file), 0);
    free(data);
    return taken;
}

/*
 * Put numbered keys until the disk is full for good.  A log that has become a table gives its space
 * back, also after a put has failed, and RocksDB goes on with that; so all of it has to be taken.
 */
static inline unsigned fill_up_for_good(varve_engine *engine)
{
    unsigned count = 0;
    varve_status status;
    do {
        count = fill_up(engine, count, &status);
        ck_status(status, VARVE_NO_SPACE, &err);
        wait_until_quiet(engine);
    } while (take_the_rest() > 0);
    return count;
}

#endif
