#include "tests/support/support.h"

#include <ctype.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <varve/alloc.h>

#include "tests/support/seed.h"

/* ---- Memory that lives as long as the test ------------------------------------------------------
 */

/* Reachable until the process ends, so that nobody takes it for a leak. */
static struct kept {
    struct kept *next;
    void *memory;
} * all_kept;

static unsigned char *keep(size_t size)
{
    struct kept *kept = malloc(sizeof *kept);
    unsigned char *memory = malloc(size);
    ck_assert_ptr_nonnull(kept);
    ck_assert(memory != NULL || size == 0);
    *kept = (struct kept){all_kept, memory};
    all_kept = kept;
    return memory;
}

/* ---- Bytes -------------------------------------------------------------------------------------
 */

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
    ck_assert_msg(at != NULL, "'%c' is no hexadecimal digit", c);
    return (int)(at - digits);
}

varve_slice hex(const char *text)
{
    unsigned char *data = keep(strlen(text) / 2 + 1);
    size_t size = 0;
    while (*text != '\0') {
        if (isspace((unsigned char)*text) || *text == '|') {
            text++;
            continue;
        }
        int high = digit_of(text[0]);
        data[size++] = (unsigned char)(high << 4 | digit_of(text[1]));
        text += 2;
    }
    return copy_of(varve_slice_of(data, size));
}

const char *hex_text(varve_slice bytes)
{
    char *text = (char *)keep(3 * bytes.size + 1);
    text[0] = '\0';
    for (size_t i = 0; i < bytes.size; i++)
        snprintf(text + (i == 0 ? 0 : 3 * i - 1), 4, "%s%02X", i == 0 ? "" : " ", bytes.data[i]);
    return text;
}

varve_slice repeated(unsigned char byte, size_t count)
{
    unsigned char *data = keep(count);
    if (count > 0)
        memset(data, byte, count);
    return varve_slice_of(data, count);
}

varve_slice copy_of(varve_slice bytes)
{
    unsigned char *data = keep(bytes.size);
    if (bytes.size > 0)
        memcpy(data, bytes.data, bytes.size);
    return varve_slice_of(data, bytes.size);
}

/* ---- Random numbers ----------------------------------------------------------------------------
 */

test_random test_random_start(void)
{
    return (test_random){test_seed()};
}

/* Splitmix64. */
uint64_t test_random_next(test_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

size_t test_random_below(test_random *random, size_t limit)
{
    return (size_t)(test_random_next(random) % limit);
}

#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ ||                                 \
    HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
enum { SLOWER = 4 };
#else
enum { SLOWER = 1 };
#endif

unsigned long test_rounds(unsigned long wanted)
{
    return (wanted + SLOWER - 1) / SLOWER;
}

unsigned long test_steps(unsigned long wanted)
{
    const char *given = getenv("VARVE_TEST_STEPS");
    return given != NULL ? strtoul(given, NULL, 10) : test_rounds(wanted);
}

/* ---- Time --------------------------------------------------------------------------------------
 */

int64_t test_real_time(void)
{
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- Allocation faults -------------------------------------------------------------------------
 */

static atomic_long until_fault; /* the allocation that brings it to zero fails */
static atomic_bool fired;
static atomic_long live;

static bool refuse(void)
{
    if (atomic_fetch_sub(&until_fault, 1) != 1)
        return false;
    atomic_store(&fired, true);
    return true;
}

static void *fault_allocate(size_t size)
{
    void *memory = refuse() ? NULL : malloc(size);
    if (memory != NULL)
        atomic_fetch_add(&live, 1);
    return memory;
}

static void *fault_resize(void *memory, size_t size)
{
    bool fresh = memory == NULL;
    void *resized = refuse() ? NULL : realloc(memory, size);
    if (resized != NULL && fresh)
        atomic_fetch_add(&live, 1);
    return resized;
}

static void fault_release(void *memory)
{
    if (memory != NULL)
        atomic_fetch_sub(&live, 1);
    free(memory);
}

void fault_alloc_arm(unsigned nth)
{
    static const varve_allocator allocator = {fault_allocate, fault_resize, fault_release};
    atomic_store(&until_fault, (long)nth);
    atomic_store(&fired, false);
    atomic_store(&live, 0);
    varve_allocator_set(&allocator);
}

bool fault_alloc_disarm(void)
{
    varve_allocator_set(NULL);
    return atomic_load(&fired);
}

long fault_alloc_live(void)
{
    return atomic_load(&live);
}

void (*fault_alloc_ready)(void);
void (*fault_alloc_settle)(void);

static void get_ready(void)
{
    if (fault_alloc_ready != NULL)
        fault_alloc_ready();
}

static void settle(void)
{
    if (fault_alloc_settle != NULL)
        fault_alloc_settle();
}

unsigned fault_alloc_each(varve_status (*body)(void *context, varve_error *err), void *context)
{
    for (unsigned nth = 1;; nth++) {
        varve_error err = VARVE_ERROR_INIT;
        get_ready();
        settle();
        fault_alloc_arm(nth);
        varve_status status = body(context, &err);
        settle();
        long left = fault_alloc_live();
        bool has_fired = fault_alloc_disarm();
        ck_assert_msg(left == 0, "%ld blocks are left after fault %u", left, nth);
        if (!has_fired) {
            ck_assert_msg(status >= 0, "%s without a fault: %s", varve_status_name(status),
                          err.message);
            return nth - 1;
        }
        ck_status(status, VARVE_NO_MEMORY, &err);
        varve_error_release(&err);
    }
}

/* ---- Running -----------------------------------------------------------------------------------
 */

static int remove_entry(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)what, (void)type, (void)where;
    return remove(path);
}

int run_suite(Suite *suite)
{
    /* A test that fails or takes too long does not come to remove its files; we do. */
    char folder[4096];
    const char *parent = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/varve-suite-XXXXXX",
                   parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL || setenv("TMPDIR", folder, 1) != 0) {
        perror(folder);
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
