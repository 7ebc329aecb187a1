#include "bench/support/place.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bench_place_make(const char *root, char *path, size_t size)
{
    if (root == NULL)
        root = getenv("TMPDIR");
    int length = snprintf(path, size, "%s/varve-bench-XXXXXX", root == NULL ? "/tmp" : root);
    return length > 0 && (size_t)length < size && mkdtemp(path) != NULL;
}

static int remove_entry(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)what, (void)type, (void)where;
    return remove(path);
}

void bench_place_remove(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
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
