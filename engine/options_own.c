#include "engine/engine.h"
#include "util/alloc.h"
#include "util/fail.h"

/* The members that point at text. */
static const size_t texts[] = {
    offsetof(varve_options, path),
    offsetof(varve_options, secondary_path),
    offsetof(varve_options, attributes),
    offsetof(varve_options, temp_dir),
    offsetof(varve_options, rocksdb_options),
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

static const char **text_of(varve_options *options, size_t index)
{
    return (const char **)(void *)((char *)options + texts[index]);
}

static varve_status copy_text(const char **text, varve_error *err)
{
    size_t size = strlen(*text) + 1;
    char *copy = varve__malloc(size);
    if (copy != NULL)
        memcpy(copy, *text, size);
    *text = copy;
    return copy != NULL ? VARVE_OK : varve__fail_no_memory(err, size);
}

varve_status varve__options_own(const varve_options *given, varve_options *options,
                                varve_error *err)
{
    *options = *given;
    for (size_t i = 0; i < TEXTS; i++)
        *text_of(options, i) = NULL;
    if (options->cache != NULL)
        (void)varve_cache_hold(options->cache);
    varve_status status = VARVE_OK;
    varve_options borrowed = *given;
    for (size_t i = 0; i < TEXTS && status == VARVE_OK; i++) {
        *text_of(options, i) = *text_of(&borrowed, i);
        if (*text_of(options, i) != NULL)
            status = copy_text(text_of(options, i), err);
    }
    return status;
}

void varve__options_disown(varve_options *options)
{
    for (size_t i = 0; i < TEXTS; i++)
        varve__free((void *)(uintptr_t)*text_of(options, i));
    varve_cache_release(options->cache);
}
