/* Differences between two texts: the longest common subsequence of their lines. */
#include "diff.h"

#include "line.h"
#include "memory.h"

#include <stdlib.h>

struct lines {
    varve_slice *list;
    size_t count;
};

static struct lines split(varve_slice text)
{
    struct lines lines = {0};
    size_t room = 0;

    while (text.size > 0) {
        if (lines.count == room) {
            room = 2 * room + 16;
            lines.list = memory_resize(lines.list, room * sizeof *lines.list);
        }
        lines.list[lines.count++] = text_cut(&text, '\n');
    }
    return lines;
}

static void print_line(char mark, varve_slice line, FILE *out)
{
    fputc(mark, out);
    if (line.size > 0)
        fwrite(line.data, 1, line.size, out);
    fputc('\n', out);
}

/*
 * How many lines the tails from a[i] and b[j] on have in common, at [i * (b->count + 1) + j].
 */
static size_t *common_lines(const struct lines *a, const struct lines *b)
{
    size_t width = b->count + 1;
    size_t *common = memory_resize(NULL, (a->count + 1) * width * sizeof *common);

    for (size_t i = a->count + 1; i-- > 0;) {
        for (size_t j = width; j-- > 0;) {
            size_t *here = &common[i * width + j];

            if (i == a->count || j == b->count)
                *here = 0;
            else if (varve_slice_equal(a->list[i], b->list[j]))
                *here = here[width + 1] + 1;
            else
                *here = here[width] >= here[1] ? here[width] : here[1];
        }
    }
    return common;
}

/* More than these are not compared line by line: what was expected comes first, as a whole. */
enum { CELLS_MAX = 1 << 24 };

static bool is_too_much(const struct lines *a, const struct lines *b)
{
    return b->count > 0 && a->count > CELLS_MAX / b->count;
}

static void print_all(char mark, const struct lines *lines, FILE *out)
{
    for (size_t i = 0; i < lines->count; i++)
        print_line(mark, lines->list[i], out);
}

static void print_middle(const struct lines *a, const struct lines *b, FILE *out)
{
    size_t i = 0;
    size_t j = 0;

    if (is_too_much(a, b)) {
        print_all('-', a, out);
        print_all('+', b, out);
        return;
    }
    size_t *common = common_lines(a, b);
    while (i < a->count || j < b->count) {
        const size_t *here = &common[i * (b->count + 1) + j];

        if (i < a->count && j < b->count && varve_slice_equal(a->list[i], b->list[j])) {
            print_line(' ', a->list[i++], out);
            j++;
        } else if (j == b->count || (i < a->count && here[b->count + 1] >= here[1])) {
            print_line('-', a->list[i++], out);
        } else {
            print_line('+', b->list[j++], out);
        }
    }
    free(common);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many lines both begin with. */
static size_t count_head(const struct lines *a, const struct lines *b)
{
    size_t most = smaller(a->count, b->count);
    size_t count = 0;

    while (count < most && varve_slice_equal(a->list[count], b->list[count]))
        count++;
    return count;
}

/* How many lines both end in, behind the first `head`. */
static size_t count_tail(const struct lines *a, const struct lines *b, size_t head)
{
    size_t most = smaller(a->count, b->count) - head;
    size_t count = 0;

    while (count < most &&
           varve_slice_equal(a->list[a->count - 1 - count], b->list[b->count - 1 - count]))
        count++;
    return count;
}

static struct lines part(const struct lines *lines, size_t start, size_t count)
{
    return (struct lines){count > 0 ? lines->list + start : NULL, count};
}

void diff_print(varve_slice expected, varve_slice actual, FILE *out)
{
    struct lines a = split(expected);
    struct lines b = split(actual);
    size_t head = count_head(&a, &b);
    size_t tail = count_tail(&a, &b, head);
    const struct lines begin = part(&a, 0, head);
    const struct lines end = part(&a, a.count - tail, tail);
    const struct lines old = part(&a, head, a.count - head - tail);
    const struct lines new = part(&b, head, b.count - head - tail);

    print_all(' ', &begin, out);
    print_middle(&old, &new, out);
    print_all(' ', &end, out);
    free(a.list);
    free(b.list);
}
