#include "engine/rocksdb/manifest.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/steady.h"

#define PATIENCE_NS INT64_C(10000000000)

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

int64_t varve__patience_end(void)
{
    return varve__steady_ns() + PATIENCE_NS;
}

bool varve__patience_wait(int64_t end)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    if (varve__steady_ns() >= end)
        return false;
    (void)nanosleep(&pause, NULL);
    return true;
}
