#include "bench/support/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void bench_die(const char *format, ...)
{
    va_list arguments;
    (void)fputs("varve-bench: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(2);
}

void bench_must(varve_status status, const varve_error *err)
{
    if (status != VARVE_OK)
        bench_die("varve: %s: %s", varve_status_name(status), err->message);
}

void *bench_alloc(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL)
        bench_die("out of memory");
    return memory;
}

char *bench_copy(const char *text)
{
    char *copy = bench_alloc(strlen(text) + 1, 1);
    memcpy(copy, text, strlen(text));
    return copy;
}
