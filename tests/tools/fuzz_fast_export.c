/*
 * Any bytes as a fast-export stream: they are refused with a place within them, or told in order.
 * How the bytes are cut into pieces must not matter.
 */
#include "tests/support/fuzz.h"
#include "tools/import_fast_export.h"

#include <stdlib.h>

/* What has been told, as a checksum, and the order that it has to come in. */
struct told {
    uint64_t sum;
    bool in_content;
    bool in_commit;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void add(struct told *told, const void *data, size_t size)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < size; i++)
        told->sum = (told->sum ^ at[i]) * 0x100000001B3U;
}

static bool on_content_begin(void *arg, struct import_fault *fault)
{
    struct told *told = arg;

    (void)fault;
    add(told, "<", 1);
    told->in_content = true;
    return true;
}

static bool on_content(void *arg, varve_slice bytes, struct import_fault *fault)
{
    struct told *told = arg;

    (void)fault;
    require(told->in_content);
    add(told, bytes.data, bytes.size);
    return true;
}

static bool on_blob_end(void *arg, uint64_t mark, struct import_fault *fault)
{
    struct told *told = arg;

    (void)fault;
    require(told->in_content && !told->in_commit);
    told->in_content = false;
    add(told, &mark, sizeof mark);
    return true;
}

static void add_ref(struct told *told, const struct fast_export_ref *ref)
{
    add(told, &ref->kind, sizeof ref->kind);
    add(told, &ref->mark, sizeof ref->mark);
    add(told, ref->id, strlen(ref->id));
    require(ref->kind != FAST_EXPORT_MARK || ref->mark != 0);
    require(ref->kind != FAST_EXPORT_ID || strlen(ref->id) == 40 || strlen(ref->id) == 64);
}

static bool on_commit_begin(void *arg, const struct fast_export_commit *commit,
                            struct import_fault *fault)
{
    struct told *told = arg;

    (void)fault;
    require(!told->in_commit && !told->in_content);
    told->in_commit = true;
    add(told, &commit->seconds, sizeof commit->seconds);
    add(told, commit->id, strlen(commit->id));
    add_ref(told, &commit->from);
    return true;
}

static bool on_change(void *arg, const struct fast_export_change *change,
                      struct import_fault *fault)
{
    struct told *told = arg;
    varve_slice path = change->path;

    (void)fault;
    require(told->in_commit);
    require(told->in_content == (change->data.kind == FAST_EXPORT_INLINE));
    require(change->deleted == (change->data.kind == FAST_EXPORT_NONE));
    require(path.size > 0 && path.data[0] != '/' && path.data[path.size - 1] != '/');
    require(memchr(path.data, 0, path.size) == NULL);
    told->in_content = false;
    add(told, change->mode, strlen(change->mode));
    add(told, path.data, path.size);
    add_ref(told, &change->data);
    return true;
}

static bool on_commit_end(void *arg, struct import_fault *fault)
{
    struct told *told = arg;

    (void)fault;
    require(told->in_commit && !told->in_content);
    told->in_commit = false;
    add(told, ">", 1);
    return true;
}

static const struct fast_export_events events = {
    .content_begin = on_content_begin,
    .content = on_content,
    .blob_end = on_blob_end,
    .commit_begin = on_commit_begin,
    .change = on_change,
    .commit_end = on_commit_end,
};

struct source {
    const uint8_t *data;
    size_t left;
    size_t step;
};

static ssize_t read_source(void *arg, void *buffer, size_t size)
{
    struct source *source = arg;
    size_t part = source->left < source->step ? source->left : source->step;

    require(part <= size);
    if (part > 0)
        memcpy(buffer, source->data, part);
    source->data += part;
    source->left -= part;
    return (ssize_t)part;
}

static bool parse(const uint8_t *data, size_t size, size_t step, struct told *told,
                  struct import_fault *fault)
{
    struct source source = {data, size, step};
    struct import_input in;

    memset(told, 0, sizeof *told);
    memset(fault, 0, sizeof *fault);
    require(import_input_open(&in, read_source, &source));
    bool good = fast_export_parse(&in, &events, told, fault);
    import_input_close(&in);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told whole;
    struct told pieces;
    struct import_fault fault;
    struct import_fault other;
    bool good = parse(data, size, 1 << 18, &whole, &fault);

    require(good || (fault.code == TOOL_REFUSED && fault.placed && fault.message[0] != '\0'));
    require(good || (fault.place.offset <= size && fault.place.line >= 1));
    require(!good || (!whole.in_commit && !whole.in_content));
    require(parse(data, size, 1, &pieces, &other) == good);
    require(whole.sum == pieces.sum);
    require(good || (fault.place.offset == other.place.offset &&
                     strcmp(fault.message, other.message) == 0));
    return 0;
}
