/* What every tests/<layer>/fuzz_<name>.c defines. */
#ifndef VARVE_TESTS_SUPPORT_FUZZ_H
#define VARVE_TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Run the code under test on any bytes and abort() when one of its promises is broken.  Returns 0.
 * `data` is anything, of exactly `size` bytes.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
