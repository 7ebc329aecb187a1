/* Asking git what a history holds. */
#include "verify_repository.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Commits ------------------------------------------------------------------------------- */

static enum tool_exit no_memory(const struct cli *cli)
{
    return cli_fail(cli, TOOL_IO, "out of memory");
}

/* Room for one more element; doubles. */
static bool grow(void **array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity == 0 ? 256 : 2 * *capacity;
    void *moved = reallocarray(*array, larger, element);
    if (moved == NULL)
        return false;
    *array = moved;
    *capacity = larger;
    return true;
}

/* The id of the commit that a ref means. */
static enum tool_exit resolve(struct repository *repository, const char *ref,
                              char id[GIT_OBJECT_ID_MAX])
{
    char *name = NULL;
    char *line = NULL;
    size_t capacity = 0;
    size_t size = 0;
    bool more = false;
    struct child child = CHILD_INIT;

    if (asprintf(&name, "%s^{commit}", ref) < 0)
        return no_memory(repository->cli);
    const char *const arguments[] = {"rev-parse",        "--verify", "--quiet",
                                     "--end-of-options", name,       NULL};
    enum tool_exit code = child_start(repository->cli, repository->path, arguments, false, &child);
    while (code == TOOL_OK) {
        code = child_read_until(&child, '\n', &line, &capacity, &size, &more);
        if (code != TOOL_OK || !more)
            break;
        if (git_is_object_id(varve_slice_of(line, size)))
            memcpy(id, line, size + 1);
    }
    child_stop(&child);
    if (code == TOOL_OK && id[0] == '\0')
        code = cli_fail(repository->cli, TOOL_REFUSED, "%s: no repository with a commit '%s'",
                        repository->path, ref);
    free(line);
    free(name);
    return code;
}

/* A line of `git rev-list --timestamp`: SECONDS ID. */
static bool parse_commit(const char *line, struct repository_commit *commit)
{
    char *end;

    errno = 0;
    commit->seconds = strtoll(line, &end, 10);
    if (end == line || *end != ' ' || errno != 0 || !git_is_object_id(varve_slice_text(end + 1)))
        return false;
    memcpy(commit->id, end + 1, strlen(end + 1) + 1);
    return true;
}

static enum tool_exit read_commits(struct repository *repository, const char *tip)
{
    const char *const arguments[] = {"rev-list", "--first-parent", "--reverse", "--timestamp", tip,
                                     NULL};
    void *commits = NULL;
    size_t room = 0;
    char *line = NULL;
    size_t capacity = 0;
    size_t size;
    bool more = true;
    struct child child;
    enum tool_exit code = child_start(repository->cli, repository->path, arguments, false, &child);

    while (code == TOOL_OK && more) {
        code = child_read_until(&child, '\n', &line, &capacity, &size, &more);
        if (code != TOOL_OK || !more)
            break;
        if (!grow(&commits, repository->commit_count, &room, sizeof *repository->commits))
            code = no_memory(repository->cli);
        else if (parse_commit(line, (struct repository_commit *)commits + repository->commit_count))
            repository->commit_count++;
        else
            code = child_broken(&child);
        repository->commits = commits;
    }
    if (code == TOOL_OK)
        code = child_finish(&child);
    else
        child_stop(&child);
    free(line);
    return code;
}

/* ---- Paths --------------------------------------------------------------------------------- */

/* A set of paths; a slot without data is free. */
struct path_set {
    struct bytes *slots;
    size_t capacity; /* a power of two */
    size_t count;
};

static size_t hash_of(varve_slice path)
{
    uint64_t hash = 0xCBF29CE484222325U; /* FNV-1a */

    for (size_t i = 0; i < path.size; i++)
        hash = (hash ^ path.data[i]) * 0x100000001B3U;
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of a path, or the free one where it belongs.  There is always a free one. */
static struct bytes *slot_of(const struct path_set *set, varve_slice path)
{
    size_t i = hash_of(path) & (set->capacity - 1);

    while (set->slots[i].data != NULL && !varve_slice_equal(bytes_slice(&set->slots[i]), path))
        i = (i + 1) & (set->capacity - 1);
    return &set->slots[i];
}

static bool set_grow(struct path_set *set)
{
    struct path_set larger = {.capacity = set->capacity == 0 ? 1024 : 2 * set->capacity,
                              .count = set->count};

    if (set->count < set->capacity / 2)
        return true;
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i].data != NULL)
            *slot_of(&larger, bytes_slice(&set->slots[i])) = set->slots[i];
    }
    free(set->slots);
    *set = larger;
    return true;
}

/* Add a copy of a path, unless it is there. */
static bool set_add(struct path_set *set, varve_slice path)
{
    if (!set_grow(set))
        return false;
    struct bytes *slot = slot_of(set, path);
    if (slot->data != NULL)
        return true;
    if (!bytes_copy(slot, path))
        return false;
    set->count++;
    return true;
}

static int compare_paths(const void *a, const void *b)
{
    return varve_slice_compare(bytes_slice(a), bytes_slice(b));
}

/* Hand the paths over to the repository, in order. */
static void take_paths(struct repository *repository, struct path_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i].data != NULL)
            set->slots[count++] = set->slots[i];
    }
    if (count > 0)
        qsort(set->slots, count, sizeof *set->slots, compare_paths);
    repository->paths = set->slots;
    repository->path_count = count;
}

/* Every path that a commit of the line has added, changed or removed. */
static enum tool_exit read_paths(struct repository *repository, const char *tip)
{
    const char *const arguments[] = {"log",
                                     "--first-parent",
                                     "--diff-merges=first-parent",
                                     "--name-only",
                                     "-z",
                                     "--no-renames",
                                     "--no-ext-diff",
                                     "--format=",
                                     tip,
                                     "--",
                                     NULL};
    struct path_set set = {NULL, 0, 0};
    char *path = NULL;
    size_t capacity = 0;
    size_t size;
    bool more = true;
    struct child child;
    enum tool_exit code = child_start(repository->cli, repository->path, arguments, false, &child);

    while (code == TOOL_OK && more) {
        code = child_read_until(&child, '\0', &path, &capacity, &size, &more);
        if (code == TOOL_OK && size > 0 && !set_add(&set, varve_slice_of(path, size)))
            code = no_memory(repository->cli);
    }
    if (code == TOOL_OK)
        code = child_finish(&child);
    else
        child_stop(&child);
    take_paths(repository, &set);
    free(path);
    return code;
}

/* ---- Objects ------------------------------------------------------------------------------- */

/* Ask for an object; its content follows, `*size` bytes, and a newline. */
static enum tool_exit ask_object(struct repository *repository, const char *name, const char *type,
                                 size_t *size)
{
    struct child *child = &repository->objects;
    char *line = NULL;
    size_t capacity = 0;
    size_t length;
    bool more = false;
    char found[16];
    unsigned long long bytes;

    if (fprintf(child->to, "%s\n", name) < 0 || fflush(child->to) != 0)
        return child_broken(child);
    enum tool_exit code = child_read_until(child, '\n', &line, &capacity, &length, &more);
    if (code != TOOL_OK)
        return code;
    if (!more || sscanf(line, "%*64s %15s %llu", found, &bytes) != 2 || strcmp(found, type) != 0 ||
        bytes > SIZE_MAX) {
        child_stop(child);
        code = cli_fail(repository->cli, TOOL_IO, "git cat-file has no %s %s%s%s", type, name,
                        more ? ": " : "", more ? line : "");
    }
    *size = code == TOOL_OK ? (size_t)bytes : 0;
    free(line);
    return code;
}

static enum tool_exit end_object(struct repository *repository)
{
    char newline;
    enum tool_exit code = child_read(&repository->objects, &newline, 1);

    if (code == TOOL_OK && newline != '\n')
        code = child_broken(&repository->objects);
    return code;
}

/* Read a tree, ID or ID^{tree}, or find it among those read before. */
static enum tool_exit read_tree(struct repository *repository, const char *name,
                                varve_slice *content)
{
    size_t slot = hash_of(varve_slice_text(name)) % REPOSITORY_TREES;
    struct repository_tree *tree = &repository->trees[slot];
    size_t size;

    *content = varve_slice_of(tree->data, tree->size);
    if (strcmp(tree->name, name) == 0)
        return TOOL_OK;
    tree->name[0] = '\0';
    enum tool_exit code = ask_object(repository, name, "tree", &size);
    if (code != TOOL_OK)
        return code;
    if (size > tree->capacity) {
        free(tree->data);
        tree->data = malloc(size);
        tree->capacity = tree->data == NULL ? 0 : size;
        if (tree->data == NULL)
            return no_memory(repository->cli);
    }
    code = child_read(&repository->objects, tree->data, size);
    if (code == TOOL_OK)
        code = end_object(repository);
    if (code == TOOL_OK)
        memcpy(tree->name, name, strlen(name) + 1);
    tree->size = size;
    *content = varve_slice_of(tree->data, size);
    return code;
}

/* An entry of a tree object: mode, blank, name, NUL, binary id. */
struct tree_entry {
    unsigned long mode;
    varve_slice name;
    const unsigned char *id;
};

/* Cut the first entry off a tree. */
static bool cut_entry(varve_slice *tree, size_t id_bytes, struct tree_entry *entry)
{
    const unsigned char *blank = memchr(tree->data, ' ', tree->size);
    const unsigned char *nul = memchr(tree->data, '\0', tree->size);
    const unsigned char *end = tree->data + tree->size;

    if (blank == NULL || nul == NULL || blank > nul || (size_t)(end - nul) <= id_bytes)
        return false;
    entry->mode = strtoul((const char *)tree->data, NULL, 8);
    entry->name = varve_slice_of(blank + 1, (size_t)(nul - blank) - 1);
    entry->id = nul + 1;
    *tree = varve_slice_of(nul + 1 + id_bytes, (size_t)(end - nul) - 1 - id_bytes);
    return true;
}

/* The modes that git lets through; old repositories have others, which mean one of these. */
static const char *mode_text(unsigned long mode)
{
    switch (mode & 0170000) {
    case 0100000:
        return (mode & 0100) != 0 ? FILE_MODE_EXECUTABLE : FILE_MODE_REGULAR;
    case 0120000:
        return FILE_MODE_SYMLINK;
    case 0160000:
        return FILE_MODE_SUBMODULE;
    default:
        return NULL;
    }
}

static void take_entry(const struct repository *repository, const struct tree_entry *from,
                       struct repository_entry *entry)
{
    const char *mode = mode_text(from->mode);

    for (size_t i = 0; i < repository->id_bytes; i++)
        snprintf(entry->id + 2 * i, 3, "%02x", from->id[i]);
    entry->present = mode != NULL;
    if (mode != NULL)
        memcpy(entry->mode, mode, sizeof entry->mode);
}

/* Find one component of a path.  A folder is not `present`, but has an id. */
static enum tool_exit find_in_tree(struct repository *repository, const char *name,
                                   varve_slice component, struct repository_entry *entry)
{
    struct tree_entry at;
    varve_slice tree;
    enum tool_exit code = read_tree(repository, name, &tree);

    entry->present = false;
    entry->id[0] = '\0';
    while (code == TOOL_OK && tree.size > 0) {
        if (!cut_entry(&tree, repository->id_bytes, &at))
            return cli_fail(repository->cli, TOOL_IO, "git cat-file: the tree %s is damaged", name);
        if (varve_slice_equal(at.name, component)) {
            take_entry(repository, &at, entry);
            break;
        }
    }
    return code;
}

enum tool_exit repository_find(struct repository *repository, size_t commit, varve_slice path,
                               struct repository_entry *entry)
{
    char name[GIT_OBJECT_ID_MAX + 8];
    varve_slice rest = path;

    snprintf(name, sizeof name, "%s^{tree}", repository->commits[commit].id);
    for (;;) {
        const unsigned char *slash = memchr(rest.data, '/', rest.size);
        size_t size = slash == NULL ? rest.size : (size_t)(slash - rest.data);
        enum tool_exit code =
            find_in_tree(repository, name, varve_slice_of(rest.data, size), entry);
        if (code != TOOL_OK || slash == NULL)
            return code;
        bool is_folder = !entry->present && entry->id[0] != '\0';
        entry->present = false;
        if (!is_folder)
            return TOOL_OK;
        memcpy(name, entry->id, sizeof entry->id);
        rest = varve_slice_of(slash + 1, rest.size - size - 1);
    }
}

enum tool_exit repository_compare(struct repository *repository, const char *id,
                                  varve_slice content, bool *same)
{
    unsigned char chunk[65536];
    size_t size;
    enum tool_exit code = ask_object(repository, id, "blob", &size);

    *same = code == TOOL_OK && size == content.size;
    for (size_t done = 0; code == TOOL_OK && done < size;) {
        size_t part = size - done < sizeof chunk ? size - done : sizeof chunk;
        code = child_read(&repository->objects, chunk, part);
        *same = *same && code == TOOL_OK && memcmp(chunk, content.data + done, part) == 0;
        done += part;
    }
    return code == TOOL_OK ? end_object(repository) : code;
}

/* ---- The whole ----------------------------------------------------------------------------- */

enum tool_exit repository_open(const struct cli *cli, const char *path, const char *ref,
                               struct repository *repository)
{
    static const char *const batch[] = {"cat-file", "--batch", NULL};
    char tip[GIT_OBJECT_ID_MAX] = "";

    repository->cli = cli;
    repository->path = path;
    repository->trees = calloc(REPOSITORY_TREES, sizeof *repository->trees);
    if (repository->trees == NULL)
        return no_memory(cli);
    enum tool_exit code = resolve(repository, ref, tip);
    repository->hash = strlen(tip) == 64 ? GIT_SHA256 : GIT_SHA1;
    repository->id_bytes = strlen(tip) / 2;
    if (code == TOOL_OK)
        code = read_commits(repository, tip);
    if (code == TOOL_OK)
        code = read_paths(repository, tip);
    if (code == TOOL_OK)
        code = child_start(cli, path, batch, true, &repository->objects);
    return code;
}

void repository_close(struct repository *repository)
{
    child_stop(&repository->objects);
    for (size_t i = 0; i < repository->path_count; i++)
        bytes_release(&repository->paths[i]);
    for (size_t i = 0; repository->trees != NULL && i < REPOSITORY_TREES; i++)
        free(repository->trees[i].data);
    free(repository->paths);
    free(repository->commits);
    free(repository->trees);
}
