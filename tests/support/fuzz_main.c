/*
 * Replays a fuzz target as an ordinary test, without libFuzzer: every file of its corpus, then
 * mutations of those files and random bytes.  The seed is that of seed.h.
 *
 *     fuzz_<name> PATH/fuzz_<name>.c      the corpus lies in PATH/corpus/fuzz_<name>/
 *     fuzz_<name> FILE...                 run these inputs only, for a crash that was found
 */
#include "tests/support/fuzz.h"

#include <dirent.h>
#include <stdbool.h>

#include "tests/support/seed.h"

enum { RANDOM_INPUTS = 20000, RANDOM_SIZE_MAX = 600, CORPUS_MAX = 4096 };

struct input {
    uint8_t *data;
    size_t size;
};

struct corpus {
    struct input list[CORPUS_MAX];
    size_t count;
};

static struct corpus corpus;

/* Splitmix64: small, and good enough to choose bytes. */
static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t random_below(uint64_t *state, size_t limit)
{
    return (size_t)(next_random(state) % limit);
}

static void *allocate(size_t size)
{
    void *data = malloc(size == 0 ? 1 : size);
    if (data == NULL) {
        fputs("fuzz_main: out of memory\n", stderr);
        exit(2);
    }
    return data;
}

/* The target gets a copy of exactly `size` bytes, so that the sanitizer sees a read past them. */
static void run_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = allocate(size);
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static struct input read_file(const char *path)
{
    struct input input = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    long size = ftell(file);
    rewind(file);
    input.size = size < 0 ? 0 : (size_t)size;
    input.data = allocate(input.size);
    if (size < 0 || fread(input.data, 1, input.size, file) != input.size) {
        fprintf(stderr, "%s: cannot read it\n", path);
        exit(2);
    }
    fclose(file);
    return input;
}

static void load_corpus(const char *dir_path)
{
    DIR *dir = opendir(dir_path);
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        if (entry->d_name[0] == '.' || corpus.count == CORPUS_MAX)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", dir_path, entry->d_name) >= (int)sizeof path) {
            fprintf(stderr, "%s/%s: path too long\n", dir_path, entry->d_name);
            exit(2);
        }
        corpus.list[corpus.count++] = read_file(path);
    }
    closedir(dir);
}

static void free_corpus(void)
{
    for (size_t i = 0; i < corpus.count; i++)
        free(corpus.list[i].data);
    corpus.count = 0;
}

/* Random bytes.  Half of them are small numbers: tags and lengths mostly are. */
static void run_random(uint64_t *state)
{
    uint8_t data[RANDOM_SIZE_MAX];
    size_t size = random_below(state, random_below(state, RANDOM_SIZE_MAX) + 1);
    for (size_t i = 0; i < size; i++) {
        uint64_t bits = next_random(state);
        data[i] = (uint8_t)((bits & 256) != 0 ? bits : bits & 15);
    }
    run_one(data, size);
}

/* A file of the corpus with some bytes changed and perhaps its end cut off. */
static void run_mutation(uint64_t *state)
{
    const struct input *origin = &corpus.list[random_below(state, corpus.count)];
    size_t size = origin->size;
    uint8_t *data = allocate(size);
    memcpy(data, origin->data, size);
    for (size_t changes = random_below(state, 4); changes > 0 && size > 0; changes--)
        data[random_below(state, size)] = (uint8_t)next_random(state);
    if (random_below(state, 3) == 0)
        size = random_below(state, size + 1);
    run_one(data, size);
    free(data);
}

/* "PATH/fuzz_x.c" becomes "PATH/corpus/fuzz_x"; false if `source` does not name a C file. */
static bool corpus_path(const char *source, char *path, size_t size)
{
    size_t length = strlen(source);
    const char *slash = strrchr(source, '/');
    if (length < 2 || strcmp(source + length - 2, ".c") != 0 || slash == NULL)
        return false;
    int stem = (int)(source + length - 2 - (slash + 1));
    snprintf(path, size, "%.*s/corpus/%.*s", (int)(slash - source), source, stem, slash + 1);
    return true;
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc != 2 || !corpus_path(argv[1], path, sizeof path)) {
        for (int i = 1; i < argc; i++) {
            struct input input = read_file(argv[i]);
            run_one(input.data, input.size);
            free(input.data);
        }
        return argc > 1 ? 0 : 2;
    }

    uint64_t seed = test_seed();
    load_corpus(path);
    run_one(NULL, 0);
    for (size_t i = 0; i < corpus.count; i++)
        run_one(corpus.list[i].data, corpus.list[i].size);
    for (int i = 0; i < RANDOM_INPUTS; i++) {
        if (corpus.count > 0 && i % 2 == 0)
            run_mutation(&seed);
        else
            run_random(&seed);
    }
    printf("%zu files of the corpus, %d other inputs\n", corpus.count, RANDOM_INPUTS);
    free_corpus();
    return 0;
}
