/*
 * One random history, done to stores that were opened in different ways and are looked after in
 * different ways, and to the model: everything that is read is the same everywhere.
 *
 *     VARVE_TEST_SEED=N      begin with the history of this seed; the next has N + 1
 *     VARVE_TEST_STEPS=N     go on for so many deeds
 *     VARVE_TEST_SECONDS=N   go on for so long
 *     VARVE_TEST_DEEDS=FILE  do what the file says, a deed a line, instead
 *
 * Each history runs in a child process.  One that fails, by a difference, a crash or a failed call,
 * is shrunk to a few deeds, which are printed so that they can go to a file: one of
 * tests/metamorphic/cases is run for ever after.
 */
#include <glob.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/backends.h"
#include "tests/support/variants.h"

enum {
    HISTORY = 500,       /* deeds of one */
    SUITE = 3 * HISTORY, /* deeds in the suite */
    MANY = 40 * HISTORY, /* so many that each kind must be among them */
    CONTROL = 150,       /* deeds of one with harm in it */
    DEEDS_MAX = HISTORY,
    TEXT_MAX = 4000,
    RUNS_MAX = 800, /* to shrink a history */
    MODEL = -1
};

/* ---- One run -----------------------------------------------------------------------------------
 */

/* What a child tells of its run, in shared memory, so that it is there after a crash. */
struct verdict {
    size_t at;     /* the deed that is being done */
    int variant;   /* to which this is */
    bool in_model; /* to the model: if that gives up, the history makes no sense */
    bool differs;
    char found[TEXT_MAX];
    char expected[TEXT_MAX];
    unsigned long done[DEED_KINDS];
};

/* Does harm to a variant behind each deed, for the controls. */
typedef void (*harm_fn)(struct variant *variant, const struct deed *deed);

struct run {
    const struct deed **deeds;
    size_t count;
    bool wanted[VARIANT_COUNT];
    harm_fn harm; /* to the second variant; NULL = none */
};

static struct verdict *verdict;
static struct ground ground;
static struct variant variants[VARIANT_COUNT];

static void keep_text(char *to, const varve_buf *text)
{
    (void)snprintf(to, TEXT_MAX, "%.*s", (int)text->size, (const char *)text->data);
}

static void differ(const varve_buf *found, const varve_buf *expected)
{
    verdict->differs = true;
    keep_text(verdict->found, found);
    keep_text(verdict->expected, expected);
    exit(1);
}

static void ck_same(const varve_buf *found, const varve_buf *expected)
{
    if (!varve_slice_equal(varve_buf_slice(found), varve_buf_slice(expected)))
        differ(found, expected);
}

static void tell_running(const varve_stats *stats, varve_buf *text)
{
    varve_error err = VARVE_ERROR_INIT;
    text->size = 0;
    must(varve_stats_print(stats, text, &err) == VARVE_OK, err.message);
}

/* The numbers are those of the first variant. */
static void ck_same_stats(const struct variant *variant, const struct variant *first)
{
    varve_buf found = VARVE_BUF_INIT;
    varve_buf expected = VARVE_BUF_INIT;
    if (memcmp(&variant->stats, &first->stats, sizeof first->stats) == 0)
        return;
    tell_running(&variant->stats, &found);
    tell_running(&first->stats, &expected);
    differ(&found, &expected);
}

/* What the model does not know is compared with the first variant. */
static bool is_known(int kind)
{
    return kind < ACT_KINDS || kind == DEED_DUMP || kind == DEED_AUDIT;
}

static void do_to_variant(const struct run *run, const struct deed *deed, int number,
                          varve_buf *expected)
{
    static varve_buf found;
    bool is_first = number == 0;
    found.size = 0;
    verdict->variant = number;
    if (variant_do(&variants[number], deed, &found) && (is_first || deed_is_upkeep(deed->kind)))
        verdict->done[deed->kind]++;
    if (run->harm != NULL && number == 1)
        run->harm(&variants[number], deed);
    if (is_first && !is_known(deed->kind))
        tell(expected, "%.*s", (int)found.size, (const char *)found.data);
    if (deed_is_upkeep(deed->kind))
        expected->size = 0;
    ck_same(&found, expected);
    ck_same_stats(&variants[number], &variants[0]);
}

static void do_deed(const struct run *run, const struct deed *deed)
{
    static varve_buf expected;
    expected.size = 0;
    verdict->variant = MODEL;
    verdict->in_model = true;
    bool is_allowed = ground_allows(&ground, deed);
    if (is_allowed)
        ground_do(&ground, deed, &expected);
    verdict->in_model = false;
    for (int i = 0; i < VARIANT_COUNT && is_allowed; i++) {
        if (run->wanted[i])
            do_to_variant(run, deed, i, &expected);
    }
}

static void do_all(const struct run *run)
{
    ground_start(&ground);
    for (int i = 0; i < VARIANT_COUNT; i++) {
        if (run->wanted[i])
            variant_open(&variants[i], i);
    }
    for (size_t i = 0; i < run->count; i++) {
        verdict->at = i;
        do_deed(run, run->deeds[i]);
    }
    verdict->at = run->count;
    for (int i = 0; i < VARIANT_COUNT; i++) {
        verdict->variant = i;
        if (run->wanted[i])
            variant_close(&variants[i]);
    }
}

/* Do it all in a child, whose stores lie in a folder of its own.  Returns whether all was well. */
static bool holds(const struct run *run)
{
    int status;
    const char *folder = temp_dir_make();
    memset(verdict, 0, sizeof *verdict);
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)setenv("TMPDIR", folder, 1);
        do_all(run);
        exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    temp_dir_remove(folder);
    return status == 0;
}

static void want_all(struct run *run)
{
    for (int i = 0; i < VARIANT_COUNT; i++)
        run->wanted[i] = true;
}

/* ---- Shrinking ---------------------------------------------------------------------------------
 */

static size_t runs_left;

/* Whether the deeds but for those from `from` up to `to` still fail.  If so, only they are left. */
static bool fails_without(struct run *run, size_t from, size_t to)
{
    const struct deed *rest[DEEDS_MAX];
    struct run less = *run;
    if (runs_left == 0)
        return false;
    runs_left--;
    less.deeds = rest;
    less.count = run->count - (to - from);
    memcpy(rest, run->deeds, from * sizeof rest[0]);
    memcpy(rest + from, run->deeds + to, (run->count - to) * sizeof rest[0]);
    if (holds(&less) || verdict->in_model)
        return false;
    run->count = verdict->at < less.count ? verdict->at + 1 : less.count;
    memcpy(run->deeds, rest, run->count * sizeof rest[0]);
    return true;
}

/* Take out parts of this size; returns whether any could be. */
static bool take_parts_out(struct run *run, size_t size)
{
    bool is_less = false;
    for (size_t to = run->count; to > 0;) {
        size_t from = to > size ? to - size : 0;
        if (fails_without(run, from, to))
            is_less = true;
        to = from < run->count ? from : run->count;
    }
    return is_less;
}

static void simplify(struct run *run, struct deed *copies)
{
    for (size_t i = 0; i < run->count; i++) {
        copies[i] = *run->deeds[i];
        run->deeds[i] = &copies[i];
    }
    for (size_t i = 0; i < run->count; i++) {
        struct deed before = copies[i];
        for (size_t n = 0; runs_left > 0 && deed_simplify(&copies[i], n); n++) {
            bool is_same = memcmp(&before, &copies[i], sizeof before) == 0;
            runs_left--;
            if (!is_same && (holds(run) || verdict->in_model))
                copies[i] = before;
            before = copies[i];
        }
    }
}

/*
 * Make a failing run as short as it gets: with the first variant and that which failed alone, up to
 * where it failed, and with parts taken out that are half as large each time.  `copies` becomes the
 * memory of its deeds.
 */
static void shrink(struct run *run, struct deed *copies)
{
    int suspect = verdict->variant;
    struct run less = *run;
    runs_left = RUNS_MAX;
    run->count = verdict->at < run->count ? verdict->at + 1 : run->count;
    for (int i = 0; i < VARIANT_COUNT; i++)
        less.wanted[i] = i == 0 || i == suspect;
    less.count = run->count;
    if (!holds(&less))
        *run = less;
    for (size_t size = (run->count + 1) / 2; size > 0;) {
        bool is_less = take_parts_out(run, size);
        if (!is_less || size > 1)
            size /= 2;
    }
    simplify(run, copies);
    (void)holds(run);
    printf("# shrunk by %zu runs\n", RUNS_MAX - runs_left);
}

/* ---- Telling -----------------------------------------------------------------------------------
 */

static void print_run(const struct run *run)
{
    varve_buf text = VARVE_BUF_INIT;
    printf("# in %s: found %s\n# expected %s\n",
           verdict->variant == MODEL ? "the model" : variant_name(verdict->variant),
           verdict->differs ? verdict->found : "no answer",
           verdict->differs ? verdict->expected : "one");
    for (size_t i = 0; i < run->count; i++) {
        text.size = 0;
        deed_tell(run->deeds[i], &text);
        printf("%.*s\n", (int)text.size, (const char *)text.data);
    }
    fflush(stdout);
    varve_buf_release(&text);
}

/* ---- Random histories --------------------------------------------------------------------------
 */

static struct deed made[DEEDS_MAX];
static const struct deed *list[DEEDS_MAX];
static struct deed copies[DEEDS_MAX];
static unsigned long totals[DEED_KINDS];

/* Of three in a row, one is well kept. */
static struct run make_run(uint64_t seed, size_t count)
{
    struct run run = {.deeds = list, .count = count};
    deeds_make((test_random){seed}, seed % 3 == 0, VARIANT_COUNT, made, count);
    for (size_t i = 0; i < count; i++)
        list[i] = &made[i];
    want_all(&run);
    return run;
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static time_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void count_done(void)
{
    for (int kind = 0; kind < DEED_KINDS; kind++)
        totals[kind] += verdict->done[kind];
}

static unsigned long do_history(uint64_t seed, size_t count)
{
    struct run run = make_run(seed, count);
    if (!holds(&run)) {
        printf("VARVE_TEST_SEED=%llu fails, with no more than:\n", (unsigned long long)seed);
        shrink(&run, copies);
        print_run(&run);
        ck_abort_msg("the history of VARVE_TEST_SEED=%llu fails: %zu deeds of it are printed",
                     (unsigned long long)seed, run.count);
    }
    count_done();
    return run.count;
}

static void report(bool is_all)
{
    for (int kind = 0; kind < DEED_KINDS; kind++) {
        printf("%s %lu%s", deed_name(kind), totals[kind], kind < DEED_KINDS - 1 ? ", " : "\n");
        ck_assert_msg(!is_all || totals[kind] > 0, "%s was never done", deed_name(kind));
    }
}

START_TEST(every_variant_gives_the_same_answers)
{
    uint64_t seed = test_random_start().state;
    unsigned long wanted = test_steps(SUITE);
    time_t seconds = (time_t)number_of("VARVE_TEST_SECONDS", 0);
    time_t start = seconds_now();
    unsigned long histories = 0;
    unsigned long deeds = 0;
    while (seconds > 0 ? seconds_now() - start < seconds : deeds < wanted)
        deeds += do_history(seed + histories++, HISTORY);
    printf("%lu histories, %lu deeds: ", histories, deeds);
    report(deeds >= MANY);
}
END_TEST

/* ---- Histories of files ------------------------------------------------------------------------
 */

static struct run read_run(const char *path)
{
    struct run run = {.deeds = list, .count = 0};
    char line[4096];
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        ck_assert_msg(run.count < DEEDS_MAX, "%s is too long", path);
        ck_assert_msg(deed_parse(line, &made[run.count]), "%s, behind %zu deeds", path, run.count);
        list[run.count] = &made[run.count];
        run.count++;
    }
    fclose(file);
    want_all(&run);
    return run;
}

static void do_file(const char *path)
{
    struct run run = read_run(path);
    bool is_well = holds(&run);
    count_done();
    if (is_well)
        return;
    shrink(&run, copies);
    print_run(&run);
    ck_abort_msg("%s fails", path);
}

START_TEST(histories_of_files)
{
    glob_t found = {0};
    char pattern[4096];
    const char *root = getenv("VARVE_SOURCE_DIR");
    if (getenv("VARVE_TEST_DEEDS") != NULL) {
        do_file(getenv("VARVE_TEST_DEEDS"));
        return;
    }
    (void)snprintf(pattern, sizeof pattern, "%s/tests/metamorphic/cases/*.deeds",
                   root != NULL ? root : ".");
    ck_assert_msg(glob(pattern, 0, NULL, &found) == 0, "nothing is %s", pattern);
    for (size_t i = 0; i < found.gl_pathc; i++)
        do_file(found.gl_pathv[i]);
    globfree(&found);
    report(true);
}
END_TEST

START_TEST(deeds_are_read_as_they_were_told)
{
    struct deed again;
    varve_buf told = VARVE_BUF_INIT;
    varve_buf told_again = VARVE_BUF_INIT;
    (void)make_run(test_random_start().state, HISTORY);
    for (size_t i = 0; i < HISTORY; i++) {
        told.size = told_again.size = 0;
        deed_tell(&made[i], &told);
        char *line = strdup((const char *)told.data);
        ck_assert_msg(deed_parse(line, &again), "%s", (const char *)told.data);
        deed_tell(&again, &told_again);
        ck_slice_eq(varve_buf_slice(&told_again), varve_buf_slice(&told));
        free(line);
    }
    varve_buf_release(&told);
    varve_buf_release(&told_again);
}
END_TEST

/* ---- Controls: harm that has to be found, and boiled down to what it takes ---------------------
 */

/* A compaction drops a tombstone. */
static void lose_tombstone(struct variant *variant, const struct deed *deed)
{
    varve_iter *it = NULL;
    if (deed->kind != DEED_COMPACT || deed->variant != variant->number)
        return;
    must(varve_iter_open(varve_engine_reader(variant->engine), NULL, &it, NULL) == VARVE_OK,
         "an iterator");
    varve_iter_seek_ge(it, bytes(""));
    while (it->valid && varve_iter_value(it).size > 0)
        varve_iter_next(it);
    varve_writer *writer = varve_engine_writer(variant->engine);
    must(!it->valid || varve_writer_clear(writer, it->key, NULL) == VARVE_OK, "a clear");
    varve_iter_close(it);
}

/* Statistics are not told of what a savepoint takes back. */
static void forget_statistics(struct variant *variant, const struct deed *deed)
{
    static varve_stats before;
    if (deed->kind == DEED_ROLL_BACK)
        variant->stats = before;
    before = variant->stats;
}

/* The process dies of a commit by resolution that has an effect. */
static void die_of_commit(struct variant *variant, const struct deed *deed)
{
    static varve_stats before;
    bool is_changed = memcmp(&before, &variant->stats, sizeof before) != 0;
    before = variant->stats;
    if (deed->kind == ACT_RESOLVE && deed->act.status == VARVE_TXN_COMMITTED && is_changed)
        _exit(3);
}

static bool has(const struct run *run, int kind)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->deeds[i]->kind == kind)
            return true;
    }
    return false;
}

static struct run find_harm(harm_fn harm)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct run run = make_run(seed, CONTROL);
        for (int i = 2; i < VARIANT_COUNT; i++)
            run.wanted[i] = false;
        run.harm = harm;
        if (holds(&run))
            continue;
        ck_assert_int_eq(verdict->variant, 1);
        shrink(&run, copies);
        print_run(&run);
        return run;
    }
    ck_abort_msg("no harm was found");
    return (struct run){.count = 0};
}

START_TEST(a_lost_tombstone_takes_three_deeds)
{
    struct run run = find_harm(lose_tombstone);
    ck_assert(has(&run, DEED_COMPACT));
    ck_assert_uint_le(run.count, 3);
    ck_assert(verdict->differs);
}
END_TEST

START_TEST(forgotten_statistics_take_four_deeds)
{
    struct run run = find_harm(forget_statistics);
    ck_assert(has(&run, DEED_BATCH) && has(&run, DEED_SAVE) && has(&run, DEED_ROLL_BACK));
    ck_assert_uint_le(run.count, 4);
    ck_assert(verdict->differs);
}
END_TEST

START_TEST(a_crash_takes_two_deeds)
{
    struct run run = find_harm(die_of_commit);
    ck_assert(has(&run, ACT_RESOLVE));
    ck_assert_uint_le(run.count, 2);
    ck_assert(!verdict->differs);
}
END_TEST

/* ---- Running -----------------------------------------------------------------------------------
 */

static void share_verdict(void)
{
    void *shared =
        mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    verdict = shared;
}

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, share_verdict, NULL);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("metamorphic");
    TCase *histories = add_case(suite, "histories");
    TCase *tools = add_case(suite, "tools");
    /* Run by hand, with nobody else's limit. */
    if (getenv("VARVE_TEST_SECONDS") != NULL || getenv("VARVE_TEST_STEPS") != NULL) {
        tcase_set_timeout(histories, 600 + 2 * (double)number_of("VARVE_TEST_SECONDS", 0) +
                                         (double)number_of("VARVE_TEST_STEPS", 0) / 50);
        tcase_set_timeout(tools, 600);
    }
    tcase_add_test(histories, every_variant_gives_the_same_answers);
    tcase_add_test(histories, histories_of_files);
    tcase_add_test(tools, deeds_are_read_as_they_were_told);
    tcase_add_test(tools, a_lost_tombstone_takes_three_deeds);
    tcase_add_test(tools, forgotten_statistics_take_four_deeds);
    tcase_add_test(tools, a_crash_takes_two_deeds);
    return run_suite(suite);
}
