/*
 * What the tests of every layer need: bytes as hexadecimal text, statuses that explain themselves,
 * random numbers that can be repeated, and allocations that fail on demand.
 */
#ifndef VARVE_TESTS_SUPPORT_SUPPORT_H
#define VARVE_TESTS_SUPPORT_SUPPORT_H

#include <check.h>
#include <stdlib.h>

#include <varve/error.h>

/* ---- Bytes -------------------------------------------------------------------------------------
 */

/*
 * The bytes of hexadecimal text such as "61 00 01"; blanks, line ends and `|` are ignored.  They
 * live as long as the test.
 */
varve_slice hex(const char *text);

/* The same text for `bytes`, upper case, a blank between two bytes. */
const char *hex_text(varve_slice bytes);

/* The bytes of a string literal, those behind a NUL too. */
#define bytes(literal) varve_slice_of(literal, sizeof(literal) - 1)

/* `count` bytes of value `byte`, which live as long as the test. */
varve_slice repeated(unsigned char byte, size_t count);

/* An exact copy that lives as long as the test, so that a sanitizer sees a read beyond it. */
varve_slice copy_of(varve_slice bytes);

#define ck_slice_eq(actual, expected)                                                              \
    do {                                                                                           \
        varve_slice actual_ = (actual);                                                            \
        varve_slice expected_ = (expected);                                                        \
        ck_assert_msg(varve_slice_equal(actual_, expected_), "%s is\n  %s, not\n  %s", #actual,    \
                      hex_text(actual_), hex_text(expected_));                                     \
    } while (0)

/* A slice against hexadecimal text. */
#define ck_hex(actual, text) ck_slice_eq(actual, hex(text))

/* What a buffer holds against a C string. */
#define ck_buf_text(buf, text)                                                                     \
    ck_assert_msg(varve_slice_equal(varve_buf_slice(buf), varve_slice_text(text)),                 \
                  "%s is `%.*s`, not `%s`", #buf, (int)(buf)->size, (const char *)(buf)->data,     \
                  text)

/* ---- Statuses ----------------------------------------------------------------------------------
 */

/*
 * `call` returns `expected`; if that is a failure, it is recorded in `err`, a varve_error that is
 * not NULL, with a message.
 */
#define ck_status(call, expected, err)                                                             \
    do {                                                                                           \
        varve_status status_ = (call);                                                             \
        const varve_error *error_ = (err);                                                         \
        ck_assert_msg(status_ == (expected), "%s is %s, not %s: %s", #call,                        \
                      varve_status_name(status_), varve_status_name(expected), error_->message);   \
        ck_assert_msg(status_ >= 0 || (error_->status == status_ && error_->message[0] != '\0'),   \
                      "%s is %s, but its error says %s: %s", #call, varve_status_name(status_),    \
                      varve_status_name(error_->status), error_->message);                         \
    } while (0)

#define ck_ok(call, err) ck_status(call, VARVE_OK, err)

/* `call` fails with `expected` and exactly this message; the error is released. */
#define ck_fails(call, expected, err, text)                                                        \
    do {                                                                                           \
        varve_error *failed_ = (err);                                                              \
        ck_status(call, expected, failed_);                                                        \
        ck_assert_str_eq(failed_->message, text);                                                  \
        varve_error_release(failed_);                                                              \
    } while (0)

/* ---- Random numbers ----------------------------------------------------------------------------
 */

typedef struct test_random {
    uint64_t state;
} test_random;

/*
 * A generator with the seed of seed.h, which is printed, so that a failing run can be repeated.
 */
test_random test_random_start(void);

/* 64 random bits. */
uint64_t test_random_next(test_random *random);

/* A number from 0 up to, not including, `limit`. */
size_t test_random_below(test_random *random, size_t limit);

/*
 * How often something random is done: so often, or a quarter of that where a sanitizer makes it ten
 * times as slow.  Plain builds draw the same numbers and do all of it.
 */
unsigned long test_rounds(unsigned long wanted);

/* The same for a long run, whose length VARVE_TEST_STEPS can say instead. */
unsigned long test_steps(unsigned long wanted);

/* ---- Time --------------------------------------------------------------------------------------
 */

/*
 * Nanoseconds of the clock that the library reads.  time() is not that clock: it may be a few
 * milliseconds behind it, and a second at the turn of one.
 */
int64_t test_real_time(void);

/* ---- Allocation faults -------------------------------------------------------------------------
 */

/*
 * From now on the library's `nth` allocation fails, counted from 1, and only that one; 0 fails
 * none. May be called again to start over.
 */
void fault_alloc_arm(unsigned nth);

/* Back to the C library's memory.  Returns whether the fault fired. */
bool fault_alloc_disarm(void);

/* Blocks taken and not given back since fault_alloc_arm(). */
long fault_alloc_live(void);

/*
 * Call `body` with the first allocation failing, then the second, and so on until none is left to
 * fail.  `body` runs the call under test and returns its status, after having looked at what a
 * failed call left, and having given back everything: what stays behind is a leak and fails the
 * test, and so does any status but VARVE_NO_MEMORY when the fault has fired.  Returns how many
 * faults fired.
 *
 * Before each trial it calls fault_alloc_ready(), unless that is NULL: to let the library find out
 * what it remembers from then on.  Before and after, it calls fault_alloc_settle(): to let go of
 * what has been kept from one call for the next.
 */
unsigned fault_alloc_each(varve_status (*body)(void *context, varve_error *err), void *context);
extern void (*fault_alloc_ready)(void);
extern void (*fault_alloc_settle)(void);

/* ---- Running -----------------------------------------------------------------------------------
 */

/* Run the suite; what main() returns. */
int run_suite(Suite *suite);

#endif
