/* Memory of the program. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

void memory_out(void)
{
    fputs("varve-histories: out of memory\n", stderr);
    exit(EXIT_NOTHING);
}

void *memory_resize(void *memory, size_t size)
{
    void *resized = realloc(memory, size == 0 ? 1 : size);

    if (resized == NULL)
        memory_out();
    return resized;
}

char *memory_text(const void *bytes, size_t size)
{
    char *text = memory_resize(NULL, size + 1);

    if (size != 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

void text_begin(struct text *text)
{
    *text = (struct text){0};
    text->file = open_memstream(&text->data, &text->size);
    if (text->file == NULL)
        memory_out();
}

void text_end(struct text *text)
{
    int failed = ferror(text->file);

    if (fclose(text->file) != 0 || failed)
        memory_out();
    text->file = NULL;
}
