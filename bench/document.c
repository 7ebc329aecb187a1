#include "bench/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <varve/varve.h>

#include "bench/bounds.h"
#include "bench/contenders/contender.h"
#include "bench/facts.h"
#include "bench/goals.h"
#include "bench/support/die.h"

/* What stands behind the colon of a line of /proc that begins with `name`. */
static char *line_of(const char *path, const char *name)
{
    char line[512];
    char *found = NULL;
    FILE *file = fopen(path, "r");
    while (file != NULL && found == NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, name, strlen(name)) != 0)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        found = bench_copy(colon);
    }
    if (file != NULL)
        (void)fclose(file);
    return found == NULL ? bench_copy("unknown") : found;
}

static json_t *machine(void)
{
    struct utsname system;
    char *processor = line_of("/proc/cpuinfo", "model name");
    char *memory = line_of("/proc/meminfo", "MemTotal");
    if (uname(&system) != 0)
        (void)snprintf(system.release, sizeof system.release, "unknown");
    json_t *found = json_pack("{s:s,s:I,s:s,s:s}", "processor", processor, "processors",
                              (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "memory", memory, "kernel",
                              system.release);
    free(processor);
    free(memory);
    return found;
}

static json_t *contenders(void)
{
    json_t *all = json_array();
    for (size_t i = 0; bench_contenders[i] != NULL; i++)
        json_array_append_new(all, json_pack("{s:s,s:s,s:b}", "name", bench_contenders[i]->name,
                                             "what", bench_contenders[i]->what, "built", 1));
    for (size_t i = 0; bench_missing[i] != NULL; i += 2)
        json_array_append_new(all, json_pack("{s:s,s:s,s:b}", "name", bench_missing[i], "what",
                                             bench_missing[i + 1], "built", 0));
    return all;
}

/* What follows from the cases. */
static void conclude(json_t *run)
{
    json_object_set_new(run, "goals", bench_goals(run));
    json_object_set_new(run, "facts", bench_facts(run));
}

void bench_document_complete(json_t *run, const char *profile)
{
    char date[32];
    time_t now = time(NULL);
    struct tm broken;
    (void)strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &broken));
    json_object_set_new(run, "schema", json_integer(BENCH_SCHEMA));
    json_object_set_new(run, "profile", json_string(profile));
    json_object_set_new(run, "date", json_string(date));
    json_object_set_new(run, "varve", json_string(VARVE_VERSION_STRING));
    json_object_set_new(run, "machine", machine());
    json_object_set_new(run, "contenders", contenders());
    conclude(run);
}

json_t *bench_document_read(const char *path)
{
    json_error_t error;
    json_t *run = json_load_file(path, 0, &error);
    if (run == NULL)
        bench_die("%s: line %d: %s", path, error.line, error.text);
    json_int_t schema = json_integer_value(json_object_get(run, "schema"));
    if (schema < BENCH_SCHEMA_OLDEST || schema > BENCH_SCHEMA ||
        !json_is_array(json_object_get(run, "cases")))
        bench_die("%s: no document of varve-bench, schema %d", path, BENCH_SCHEMA);
    bench_bound(run);
    conclude(run);
    return run;
}

void bench_document_write(const json_t *run, const char *path)
{
    if (json_dump_file(run, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) != 0)
        bench_die("%s: cannot be written", path);
}
