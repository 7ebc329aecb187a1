#include "tests/support/support.h"

#include "util/fail.h"

static varve_error err = VARVE_ERROR_INIT;

/* ---- Statuses ----------------------------------------------------------------------------------
 */

START_TEST(every_status_has_its_name_and_text)
{
#define CHECK_ROW(name, value, text)                                                               \
    ck_assert_str_eq(varve_status_name((varve_status)(value)), "VARVE_" #name);                    \
    ck_assert_str_eq(varve_status_text(VARVE_##name), text);
    VARVE_STATUS_MAP(CHECK_ROW)
#undef CHECK_ROW
    ck_assert_str_eq(varve_status_name((varve_status)12345), "VARVE_UNKNOWN");
    ck_assert_str_eq(varve_status_text((varve_status)12345), "not a status of this library");
}
END_TEST

START_TEST(success_is_zero_answers_positive_failures_negative)
{
    ck_assert_int_eq(VARVE_OK, 0);
    ck_assert_int_gt(VARVE_NOT_FOUND, 0);
    ck_assert_int_lt(VARVE_INVALID_ARGUMENT, 0);
    ck_assert_int_lt(VARVE_INTERNAL, 0);
}
END_TEST

/* ---- Failures ----------------------------------------------------------------------------------
 */

START_TEST(a_failure_is_one_statement)
{
    ck_fails(varve__fail(&err, VARVE_IO, "cannot read %s: %d", "file", 5), VARVE_IO, &err,
             "cannot read file: 5");
    ck_assert_int_eq(err.status, VARVE_OK);
    ck_assert_str_eq(err.message, "");
    ck_assert_int_eq(varve__fail(NULL, VARVE_IO, "dropped"), VARVE_IO);
}
END_TEST

START_TEST(a_long_message_is_cut_at_its_room)
{
    ck_status(varve__fail(&err, VARVE_IO, "%1000d", 1), VARVE_IO, &err);
    ck_assert_uint_eq(strlen(err.message), VARVE_ERROR_MESSAGE_MAX - 1);
    ck_assert_str_eq(err.message + VARVE_ERROR_MESSAGE_MAX - 5, " ...");
    varve_error_release(&err);
}
END_TEST

/* Only if something is missing, and never in the middle of a character. */
START_TEST(a_message_that_is_cut_says_so)
{
    char whole[VARVE_ERROR_MESSAGE_MAX];
    memset(whole, 'k', sizeof whole - 1);
    whole[sizeof whole - 1] = '\0';
    ck_fails(varve__fail(&err, VARVE_IO, "%s", whole), VARVE_IO, &err, whole);
    ck_status(varve__fail(&err, VARVE_IO, "%sk", whole), VARVE_IO, &err);
    memcpy(whole + sizeof whole - 4, "...", 3);
    ck_assert_str_eq(err.message, whole);
    varve_error_release(&err);
    memcpy(whole + sizeof whole - 5, "\xC3\xA4kk", 4);
    ck_status(varve__fail(&err, VARVE_IO, "%sk", whole), VARVE_IO, &err);
    memcpy(whole + sizeof whole - 5, "...", 4);
    ck_assert_str_eq(err.message, whole);
    varve_error_release(&err);
}
END_TEST

START_TEST(a_message_may_be_made_from_the_one_it_replaces)
{
    ck_status(varve__fail(&err, VARVE_IO, "inner"), VARVE_IO, &err);
    ck_fails(varve__fail(&err, VARVE_CORRUPT, "outer: %s", err.message), VARVE_CORRUPT, &err,
             "outer: inner");
}
END_TEST

START_TEST(no_memory_and_too_large_say_how_much)
{
    ck_fails(varve__fail_no_memory(&err, 77), VARVE_NO_MEMORY, &err,
             "out of memory: cannot allocate 77 bytes");
    ck_status(varve__fail_too_large(&err, "value", 5000000000, 4), VARVE_TOO_LARGE, &err);
    ck_assert_uint_eq(err.detail.too_large.size, 5000000000);
    ck_assert_uint_eq(err.detail.too_large.limit, 4);
    ck_assert_str_eq(err.message, "value of 5000000000 bytes exceeds the limit of 4");
    varve_error_release(&err);
    ck_assert_int_eq(varve__fail_too_large(NULL, "value", 5, 4), VARVE_TOO_LARGE);
}
END_TEST

/* ---- Errors that own memory --------------------------------------------------------------------
 */

static varve_intent intent_at(const char *key, int64_t wall)
{
    varve_intent intent = {.key = varve_slice_text(key), .ts = {wall, 1}};
    memset(intent.txn.id, (int)wall, sizeof intent.txn.id);
    intent.txn.key = varve_slice_text(key);
    intent.txn.epoch = 7;
    intent.txn.write_ts.wall = wall + 1;
    intent.txn.sequence = -5;
    return intent;
}

static void ck_intents(const varve_error *error)
{
    ck_assert_int_eq(error->status, VARVE_WRITE_INTENT);
    ck_assert_uint_eq(error->detail.intents.count, 2);
    ck_assert(error->detail.intents.more);
    const varve_intent *list = error->detail.intents.list;
    ck_slice_eq(list[0].key, bytes("first"));
    ck_slice_eq(list[0].txn.key, bytes("first"));
    ck_assert_int_eq(list[0].ts.wall, 1);
    ck_assert_uint_eq(list[0].txn.id[15], 1);
    ck_assert_int_eq(list[0].txn.epoch, 7);
    ck_assert_int_eq(list[0].txn.write_ts.wall, 2);
    ck_assert_int_eq(list[0].txn.sequence, -5);
    ck_slice_eq(list[1].key, bytes(""));
    ck_slice_eq(list[1].txn.key, bytes(""));
    ck_assert_int_eq(list[1].ts.wall, 2);
    ck_assert_int_eq(list[1].ts.logical, 1);
}

static varve_status set_two_intents(varve_error *error)
{
    char key[] = "first";
    varve_intent list[] = {intent_at(key, 1), intent_at("", 2)};
    varve_error borrowed = {.status = VARVE_WRITE_INTENT};
    borrowed.detail.intents.list = list;
    borrowed.detail.intents.count = 2;
    borrowed.detail.intents.more = true;
    varve_status status = varve__error_copy(&borrowed, error);
    memset(key, 'X', sizeof key); /* The keys were copied. */
    return status;
}

START_TEST(intents_are_copied_with_their_keys)
{
    ck_assert_int_eq(set_two_intents(&err), VARVE_WRITE_INTENT);
    ck_intents(&err);
    varve_error_release(&err);
    ck_assert_int_eq(err.status, VARVE_OK);
    ck_assert_ptr_null(err.detail.intents.list);
}
END_TEST

START_TEST(a_new_failure_releases_the_old_one)
{
    ck_assert_int_eq(set_two_intents(&err), VARVE_WRITE_INTENT);
    ck_fails(varve__fail(&err, VARVE_IO, "later"), VARVE_IO, &err, "later");
}
END_TEST

START_TEST(a_copy_is_independent)
{
    varve_error copy = VARVE_ERROR_INIT;
    ck_assert_int_eq(set_two_intents(&err), VARVE_WRITE_INTENT);
    memcpy(err.message, "text", 5);
    ck_status(varve__error_copy(&err, &copy), VARVE_WRITE_INTENT, &copy);
    ck_assert_int_eq(varve__error_copy(&err, NULL), VARVE_WRITE_INTENT);
    ck_assert_int_eq(varve__error_copy(&err, &err), VARVE_WRITE_INTENT);
    varve_error_release(&err);
    ck_intents(&copy);
    ck_assert_str_eq(copy.message, "text");

    /* Copied over an error that owns memory. */
    ck_status(varve__fail_too_large(&err, "batch", 3, 2), VARVE_TOO_LARGE, &err);
    ck_status(varve__error_copy(&err, &copy), VARVE_TOO_LARGE, &copy);
    ck_assert_uint_eq(copy.detail.too_large.size, 3);
    ck_assert_str_eq(copy.message, err.message);
    varve_error_release(&copy);
    varve_error_release(&err);
}
END_TEST

START_TEST(other_payloads_are_copied_too)
{
    char memory[] = "memory";
    varve_observed observed[] = {{1, {2, 3}}, {4, {5, 6}}};
    varve_error borrowed = {.status = VARVE_READ_UNCERTAIN, .message = "said"};
    borrowed.detail.uncertain.observed = observed;
    borrowed.detail.uncertain.observed_count = 2;
    ck_status(varve__error_copy(&borrowed, &err), VARVE_READ_UNCERTAIN, &err);
    memset(observed, 0, sizeof observed);
    ck_assert_int_eq(err.detail.uncertain.observed[1].node, 4);
    ck_assert_int_eq(err.detail.uncertain.observed[1].ts.logical, 6);
    ck_assert_str_eq(err.message, "said");

    borrowed = (varve_error){.status = VARVE_CONDITION_FAILED, .message = "said"};
    borrowed.detail.condition.raw = varve_slice_text(memory);
    ck_status(varve__error_copy(&borrowed, &err), VARVE_CONDITION_FAILED, &err);
    varve_error overflow = {.status = VARVE_INTEGER_OVERFLOW, .message = "said"};
    varve_error other = VARVE_ERROR_INIT;
    overflow.detail.overflow.key = varve_slice_text(memory);
    ck_status(varve__error_copy(&overflow, &other), VARVE_INTEGER_OVERFLOW, &other);
    memset(memory, 'X', sizeof memory);
    ck_slice_eq(err.detail.condition.raw, bytes("memory"));
    ck_slice_eq(other.detail.overflow.key, bytes("memory"));
    varve_error_release(&other);
    varve_error_release(&err);
}
END_TEST

/* An error of each status whose payload owns memory. */
static varve_status copy_each(void *context, varve_error *error)
{
    static const varve_status owning[] = {VARVE_READ_UNCERTAIN, VARVE_CONDITION_FAILED,
                                          VARVE_INTEGER_OVERFLOW, VARVE_NOT_GARBAGE};
    varve_observed observed = {1, {2, 3}};
    (void)context;
    for (size_t i = 0; i < sizeof owning / sizeof owning[0]; i++) {
        varve_error borrowed = {.status = owning[i], .message = "said"};
        if (owning[i] == VARVE_READ_UNCERTAIN) {
            borrowed.detail.uncertain.observed = &observed;
            borrowed.detail.uncertain.observed_count = 1;
        } else if (owning[i] == VARVE_CONDITION_FAILED) {
            borrowed.detail.condition.raw = bytes("raw");
        } else if (owning[i] == VARVE_NOT_GARBAGE) {
            borrowed.detail.not_garbage.key = bytes("key");
        } else {
            borrowed.detail.overflow.key = bytes("key");
        }
        varve_status status = varve__error_copy(&borrowed, error);
        if (status != owning[i])
            return status;
        varve_error_release(error);
    }
    return VARVE_OK;
}

START_TEST(copying_payloads_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(copy_each, NULL), 4);
}
END_TEST

START_TEST(copying_intents_can_run_out_of_memory)
{
    unsigned nth = 1;
    bool fired = true;
    for (; fired; nth++) {
        varve_error from = VARVE_ERROR_INIT;
        varve_error to = VARVE_ERROR_INIT;
        fault_alloc_arm(nth);
        varve_status status = set_two_intents(&from);
        if (status == VARVE_WRITE_INTENT)
            status = varve__error_copy(&from, &to);
        varve_status reported = status == VARVE_WRITE_INTENT ? to.status : status;
        varve_error_release(&from);
        varve_error_release(&to);
        ck_assert_int_eq(fault_alloc_live(), 0);
        fired = fault_alloc_disarm();
        ck_assert_int_eq(status, fired ? VARVE_NO_MEMORY : VARVE_WRITE_INTENT);
        ck_assert_int_eq(reported, status);
    }
    ck_assert_uint_eq(nth, 8); /* A list and two keys for each of the two errors. */
}
END_TEST

/* ---- Options -----------------------------------------------------------------------------------
 */

struct options {
    size_t struct_size;
    uint64_t old;
    uint64_t added;
};

struct later_options {
    struct options known;
    uint64_t unknown;
};

static varve_status copy_options(struct options *to, const void *from)
{
    return varve__struct_copy(to, sizeof *to, from, "options", &err);
}

START_TEST(options_of_this_version_are_copied)
{
    struct options given = {sizeof given, 7, 8};
    struct options got;
    ck_ok(copy_options(&got, &given), &err);
    ck_assert_uint_eq(got.old, 7);
    ck_assert_uint_eq(got.added, 8);
}
END_TEST

START_TEST(what_an_older_caller_lacks_is_zero)
{
    struct options given = {offsetof(struct options, added), 7, 8};
    struct options got = {1, 1, 1};
    ck_ok(copy_options(&got, &given), &err);
    ck_assert_uint_eq(got.old, 7);
    ck_assert_uint_eq(got.added, 0);
    ck_assert_uint_eq(got.struct_size, sizeof got);
}
END_TEST

START_TEST(what_a_newer_caller_adds_must_be_zero)
{
    struct later_options given = {{sizeof given, 7, 8}, 0};
    struct options got;
    ck_ok(copy_options(&got, &given), &err);
    ck_assert_uint_eq(got.added, 8);
    ck_assert_uint_eq(got.struct_size, sizeof got); /* behind which there is nothing to read */
    given.unknown = 1;
    ck_fails(copy_options(&got, &given), VARVE_UNSUPPORTED, &err,
             "options has a field at byte 24 that this library does not know");
}
END_TEST

START_TEST(options_without_a_size_are_refused)
{
    const char *message = "options must be given with struct_size = sizeof(options)";
    struct options given = {0, 7, 8};
    struct options got;
    ck_fails(copy_options(&got, &given), VARVE_INVALID_ARGUMENT, &err, message);
    given.struct_size = sizeof given.struct_size - 1;
    ck_fails(copy_options(&got, &given), VARVE_INVALID_ARGUMENT, &err, message);
    ck_fails(copy_options(&got, NULL), VARVE_INVALID_ARGUMENT, &err, message);

    /* What stands in memory that nobody has set is no size either. */
    given.struct_size = SIZE_MAX;
    ck_fails(copy_options(&got, &given), VARVE_INVALID_ARGUMENT, &err, message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("error");
    TCase *tcase = tcase_create("error");
    tcase_add_test(tcase, every_status_has_its_name_and_text);
    tcase_add_test(tcase, success_is_zero_answers_positive_failures_negative);
    tcase_add_test(tcase, a_failure_is_one_statement);
    tcase_add_test(tcase, a_long_message_is_cut_at_its_room);
    tcase_add_test(tcase, a_message_that_is_cut_says_so);
    tcase_add_test(tcase, a_message_may_be_made_from_the_one_it_replaces);
    tcase_add_test(tcase, no_memory_and_too_large_say_how_much);
    tcase_add_test(tcase, intents_are_copied_with_their_keys);
    tcase_add_test(tcase, a_new_failure_releases_the_old_one);
    tcase_add_test(tcase, a_copy_is_independent);
    tcase_add_test(tcase, other_payloads_are_copied_too);
    tcase_add_test(tcase, copying_payloads_can_run_out_of_memory);
    tcase_add_test(tcase, copying_intents_can_run_out_of_memory);
    tcase_add_test(tcase, options_of_this_version_are_copied);
    tcase_add_test(tcase, what_an_older_caller_lacks_is_zero);
    tcase_add_test(tcase, what_a_newer_caller_adds_must_be_zero);
    tcase_add_test(tcase, options_without_a_size_are_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
