/*
 * Prints every record of a store, for tests of the tool: engine key, blank, value, both in
 * hexadecimal, a line each.  Usage: helper_dump STORE
 */
#include <varve/varve.h>

#include <stdio.h>
#include <stdlib.h>

static void check(varve_status status, varve_error *err)
{
    if (status >= 0)
        return;
    fprintf(stderr, "helper_dump: %s\n", err->message);
    varve_error_release(err);
    exit(EXIT_FAILURE);
}

static void print_hex(varve_slice bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.size; i++) {
        putchar(digits[bytes.data[i] >> 4]);
        putchar(digits[bytes.data[i] & 15]);
    }
}

int main(int argc, char **argv)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine = NULL;
    varve_iter *it = NULL;

    if (argc != 2)
        return EXIT_FAILURE;
    const varve_options options = {
        .struct_size = sizeof options, .path = argv[1], .read_only = true, .must_exist = true};
    check(varve_engine_open(&options, &engine, &err), &err);
    check(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_ge(it, varve_slice_of(NULL, 0)); it->valid; varve_iter_next(it)) {
        print_hex(it->key);
        putchar(' ');
        print_hex(varve_iter_value(it));
        putchar('\n');
    }
    check(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    check(varve_engine_close(engine, &err), &err);
    return EXIT_SUCCESS;
}
