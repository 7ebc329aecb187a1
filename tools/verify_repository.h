/*
 * A git repository as the truth that a store is held against: the commits of a first-parent line,
 * the paths that were ever on it, and what stood at a path in a commit, read from git's own trees.
 */
#ifndef TOOLS_VERIFY_REPOSITORY_H
#define TOOLS_VERIFY_REPOSITORY_H

#include "bytes.h"
#include "file_value.h"
#include "git_object.h"
#include "verify_child.h"

struct repository_commit {
    char id[GIT_OBJECT_ID_MAX];
    int64_t seconds; /* committer time */
};

/* A tree object that has been read. */
struct repository_tree {
    char name[GIT_OBJECT_ID_MAX + 8]; /* how it was asked for: ID or ID^{tree} */
    unsigned char *data;
    size_t size;
    size_t capacity;
};

#define REPOSITORY_TREES 1024

/* Start one as {0}. */
struct repository {
    const struct cli *cli;
    const char *path;
    enum git_hash hash;
    size_t id_bytes;                   /* of a binary object id */
    struct repository_commit *commits; /* from the first one on */
    size_t commit_count;
    struct bytes *paths; /* in ascending order */
    size_t path_count;
    struct child objects;          /* git cat-file --batch */
    struct repository_tree *trees; /* a cache of REPOSITORY_TREES */
};

/* What stands at a path in a commit. */
struct repository_entry {
    bool present; /* as a file, symbolic link or submodule; folders are not */
    char mode[FILE_MODE_SIZE + 1];
    char id[GIT_OBJECT_ID_MAX];
};

/*
 * Read the first-parent line that ends in `ref`, and its paths.  Prints the failure.  The caller
 * closes the repository whatever is returned.
 */
enum tool_exit repository_open(const struct cli *cli, const char *path, const char *ref,
                               struct repository *repository);

void repository_close(struct repository *repository);

/* Find what stands at `path` in the commit of that number.  Prints the failure. */
enum tool_exit repository_find(struct repository *repository, size_t commit, varve_slice path,
                               struct repository_entry *entry);

/* Whether the blob `id` is these bytes.  Prints the failure. */
enum tool_exit repository_compare(struct repository *repository, const char *id,
                                  varve_slice content, bool *same);

#endif
