#include "bench/support/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME "varve-bench-"
#define LOCK "/lock"

enum { PATH_SIZE = 4096 };

static int remove_entry(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)what, (void)type, (void)where;
    return remove(path);
}

void bench_place_remove(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/*
 * A lock says that somebody works in a directory: this process, or one that it has started, which
 * inherits it.  It gets its name when it is held, so that nobody finds it free before that.
 */
static bool lock(const char *path)
{
    char unnamed[PATH_SIZE + sizeof LOCK "-"];
    char named[PATH_SIZE + sizeof LOCK];
    (void)snprintf(unnamed, sizeof unnamed, "%s" LOCK "-", path);
    (void)snprintf(named, sizeof named, "%s" LOCK, path);
    int file = open(unnamed, O_RDWR | O_CREAT, 0600);
    return file >= 0 && flock(file, LOCK_EX) == 0 && rename(unnamed, named) == 0;
}

/* Whether it was made by a run that was killed. */
static bool is_left_behind(const char *path)
{
    char named[PATH_SIZE + sizeof LOCK];
    (void)snprintf(named, sizeof named, "%s" LOCK, path);
    int file = open(named, O_RDWR | O_CLOEXEC);
    bool left = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
    if (file >= 0)
        (void)close(file);
    return left;
}

static void remove_left_behind(const char *root)
{
    char path[PATH_SIZE];
    DIR *dir = opendir(root);
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        int length = snprintf(path, sizeof path, "%s/%s", root, entry->d_name);
        if (strncmp(entry->d_name, NAME, strlen(NAME)) == 0 && length < (int)sizeof path &&
            is_left_behind(path))
            bench_place_remove(path);
    }
    (void)closedir(dir);
}

bool bench_place_make(const char *root, char *path, size_t size)
{
    if (root == NULL)
        root = getenv("TMPDIR");
    if (root == NULL)
        root = "/tmp";
    remove_left_behind(root);
    int length = snprintf(path, size, "%s/" NAME "XXXXXX", root);
    if (length < 0 || (size_t)length + sizeof LOCK >= size || size > PATH_SIZE ||
        mkdtemp(path) == NULL) {
        path[0] = '\0';
        return false;
    }
    return lock(path);
}

/* Open the OPTIONS file with the highest number. */
static FILE *open_options(const char *path)
{
    char newest[256] = "";
    char file[4096 + 256];
    DIR *dir = opendir(path);
    if (dir == NULL)
        return NULL;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        /* The numbers have six digits, so that the order of the names is theirs. */
        if (strncmp(entry->d_name, "OPTIONS-", 8) == 0 && strcmp(entry->d_name, newest) > 0)
            (void)snprintf(newest, sizeof newest, "%s", entry->d_name);
    }
    (void)closedir(dir);
    (void)snprintf(file, sizeof file, "%s/%s", path, newest);
    return newest[0] == '\0' ? NULL : fopen(file, "r");
}

bool bench_same_options(const char *ours, const char *theirs)
{
    char our_line[2048];
    char their_line[2048];
    unsigned lines = 0;
    bool same = true;
    FILE *our_file = open_options(ours);
    FILE *their_file = open_options(theirs);

    while (our_file != NULL && their_file != NULL) {
        const char *a = fgets(our_line, sizeof our_line, our_file);
        const char *b = fgets(their_line, sizeof their_line, their_file);
        if (a == NULL && b == NULL)
            break;
        lines++;
        if (a == NULL || b == NULL || strcmp(a, b) != 0) {
            (void)fprintf(stderr, "options differ:\n  varve:   %s  rocksdb: %s",
                          a == NULL ? "(end)\n" : a, b == NULL ? "(end)\n" : b);
            same = false;
        }
        if (a == NULL || b == NULL)
            break;
    }
    if (lines == 0)
        (void)fprintf(stderr, "there are no OPTIONS files to compare\n");
    if (our_file != NULL)
        (void)fclose(our_file);
    if (their_file != NULL)
        (void)fclose(their_file);
    return same && lines > 0;
}
