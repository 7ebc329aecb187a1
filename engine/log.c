#include <stdarg.h>
#include <stdio.h>

#include "engine/backend.h"

#define LINE_SIZE_MAX 1024

void varve__log(const varve__logger *logger, varve_log_level level, const char *format, ...)
{
    if (logger->fn == NULL)
        return;
    char line[LINE_SIZE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    logger->fn(logger->arg, level, line);
}
