#include "engine/rocksdb/manifest.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 10

varve__manifest varve__manifest_look(const char *path)
{
    varve__manifest manifest = {"", -1};
    char file[PATH_MAX];
    struct stat what;

    (void)snprintf(file, sizeof file, "%s/CURRENT", path);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return manifest;
    ssize_t size = read(fd, manifest.name, sizeof manifest.name - 1);
    (void)close(fd);
    if (size < 0)
        return manifest;
    manifest.name[strcspn(manifest.name, "\n")] = '\0';
    (void)snprintf(file, sizeof file, "%s/%s", path, manifest.name);
    if (stat(file, &what) == 0)
        manifest.size = what.st_size;
    return manifest;
}

bool varve__manifest_is_same(const varve__manifest *a, const varve__manifest *b)
{
    return a->size == b->size && strcmp(a->name, b->name) == 0;
}

static int64_t seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

int64_t varve__patience_end(void)
{
    return seconds_now() + PATIENCE_SECONDS;
}

bool varve__patience_wait(int64_t end)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    if (seconds_now() >= end)
        return false;
    (void)nanosleep(&pause, NULL);
    return true;
}
