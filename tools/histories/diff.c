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

    while (text.size > 0) {
        lines.list = memory_resize(lines.list, (lines.count + 1) * sizeof *lines.list);
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

void diff_print(varve_slice expected, varve_slice actual, FILE *out)
{
    struct lines a = split(expected);
    struct lines b = split(actual);
    size_t *common = common_lines(&a, &b);
    size_t i = 0;
    size_t j = 0;

    while (i < a.count || j < b.count) {
        const size_t *here = &common[i * (b.count + 1) + j];

        if (i < a.count && j < b.count && varve_slice_equal(a.list[i], b.list[j])) {
            print_line(' ', a.list[i++], out);
            j++;
        } else if (j == b.count || (i < a.count && here[b.count + 1] >= here[1])) {
            print_line('-', a.list[i++], out);
        } else {
            print_line('+', b.list[j++], out);
        }
    }
    free(common);
    free(a.list);
    free(b.list);
}
