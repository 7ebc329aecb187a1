/*
 * Random histories of reads and writes by transactions, held against the model: what each of them
 * comes to, and all records that are left.
 *
 * VARVE_TEST_STEPS is the number of steps at each place, VARVE_TEST_SEED repeats a run.
 */
#include <stdio.h>

#include "tests/support/acts.h"
#include "tests/support/mvcc.h"

static const char *const key_texts[] = {
    "%02", "%02%00", "a",  "a%00",  "a%00%01", "a%00%FF", "aa",     "a%FF",
    "b",   "ba",     "bb", "c%00d", "%FE%FF",  "%FF",     "%FF%00", "%FF%00%00"};
#define KEY_COUNT (sizeof key_texts / sizeof key_texts[0])

static struct model model;

static void start_model(void)
{
    varve_slice keys[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++)
        keys[i] = mvcc_bytes(key_texts[i]);
    model_start(&model, keys, KEY_COUNT);
}

static bool same_text(const varve_buf *a, const varve_buf *b)
{
    return varve_slice_equal(varve_buf_slice(a), varve_buf_slice(b));
}

static void ck_agree(unsigned long step, const char *what, const varve_buf *found,
                     const varve_buf *expected)
{
    if (!same_text(found, expected))
        ck_abort_msg("step %lu, %s:\n  varve %.*s\n  model %.*s", step, what, (int)found->size,
                     (const char *)found->data, (int)expected->size, (const char *)expected->data);
}

/* Records as they are and as they should be. */
static void ck_store(unsigned long step, const char *what)
{
    varve_buf found = VARVE_BUF_INIT;
    varve_buf expected = VARVE_BUF_INIT;
    tell_store(&found, mvcc.reader);
    model_tell(&model, &expected);
    ck_agree(step, what, &found, &expected);
    varve_buf_release(&found);
    varve_buf_release(&expected);
}

/* Returns whether it has gone well. */
static bool do_step(struct acts *acts, unsigned long step, struct act *act)
{
    static varve_stats ignored;
    varve_buf what = VARVE_BUF_INIT;
    varve_buf found = VARVE_BUF_INIT;
    varve_buf expected = VARVE_BUF_INIT;
    act_make(acts, act);
    act_tell(act, &what);
    act_do(act, mvcc.reader, mvcc.writer, &ignored, &found);
    act_do_to_model(act, &model, &expected);
    tell(&found, "%s", "");
    tell(&expected, "%s", "");
    ck_agree(step, (const char *)what.data, &found, &expected);
    if (act->kind != ACT_GET && act->kind != ACT_SCAN)
        ck_store(step, (const char *)what.data);
    bool went_well = strncmp((const char *)found.data, "OK", 2) == 0;
    varve_buf_release(&what);
    varve_buf_release(&found);
    varve_buf_release(&expected);
    return went_well;
}

enum { STEPS = 3000 };

/* Every kind of act has come to something once, however they are drawn. */
static bool have_all_been_done(unsigned long (*done)[2])
{
    for (int i = 0; i < ACT_KINDS; i++)
        if (done[i][1] == 0)
            return false;
    return true;
}

START_TEST(random_histories_agree_with_the_model)
{
    struct acts acts;
    struct act act;
    unsigned long done[ACT_KINDS][2] = {{0}};
    unsigned long wanted = test_steps(STEPS);
    mvcc_open(&mvcc_places[_i]);
    start_model();
    acts_start(&acts, test_random_start(), &model, 1);
    for (unsigned long step = 0; step < wanted || !have_all_been_done(done); step++) {
        bool went_well = do_step(&acts, step, &act);
        done[act.kind][went_well]++;
    }
    for (int i = 0; i < ACT_KINDS; i++)
        printf("%-14s %lu done, %lu failed\n", act_names[i], done[i][1], done[i][0]);
    mvcc_close();
}
END_TEST

/* Not where some records lie in a batch and others below it: clearing a range hides both there. */
static int places_wanted(void)
{
    int count = 0;
    while (count < mvcc_place_count && !mvcc_places[count].split)
        count++;
    return count;
}

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("places");
    if (getenv("VARVE_TEST_STEPS") != NULL)
        tcase_set_timeout(tcase, 60 + (double)test_steps(STEPS) / 500);
    tcase_add_loop_test(tcase, random_histories_agree_with_the_model, 0, places_wanted());
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
