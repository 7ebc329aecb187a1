/*
 * A key backwards: its records come oldest version first, its metadata record last, if it has one.
 * Few versions are stepped over, keeping the newest that is visible.  When they are many, or when a
 * metadata record shows up, the key is evaluated from its first record, as a forward scan does.
 */
#include "mvcc/scan.h"

/* What stepping backwards over a key has seen. */
struct passed {
    bool is_packed;        /* `row` is the newest version within reach seen so far */
    bool is_shown;         /* and the last one seen, and not above the time of the read */
    bool has_entered;      /* the previous key has been entered, all versions having been passed */
    varve__packed_row row; /* packed behind the rows, not counted */
    varve_ts ts;           /* of that version */
    unsigned char newest[VARVE__SUFFIX_SIZE]; /* of the last version seen */
};

static void drop_packed(varve__read *read, struct passed *passed)
{
    if (passed->is_packed)
        varve__rows_drop(read->rows, &passed->row);
    passed->is_packed = false;
}

/* The walk stands on a version of the key. */
static varve_status pass_version(varve__read *read, const unsigned char *suffix,
                                 struct passed *passed, varve_error *err)
{
    memcpy(passed->newest, suffix, sizeof passed->newest);
    passed->is_shown = false;
    if (!varve__view_reaches(&read->view, suffix))
        return VARVE_OK;
    drop_packed(read, passed);
    varve__found found;
    varve__find_here(&read->walk, &found);
    passed->ts = found.ts;
    varve_status status = varve__read_pack(read, &found, &passed->row, err);
    passed->is_packed = status == VARVE_OK;
    passed->is_shown = !read->view.is_uncertain;
    return status;
}

/* Most keys are done with when another one that is like it comes before the version. */
static varve_status leave_version(varve__read *read, struct passed *passed, varve_error *err)
{
    varve__walk_step_prev(&read->walk);
    passed->has_entered = passed->is_shown && varve__walk_enter_alike(&read->walk);
    return passed->has_entered ? VARVE_NOT_FOUND : varve__walk_check(&read->walk, err);
}

/*
 * Step over the versions of the key.  VARVE_NOT_FOUND when all of them have been passed and there
 * is no metadata record; the walk has then left the key.  VARVE_OK when the key is to be evaluated
 * from its first record.
 */
static varve_status pass_versions(varve__read *read, struct passed *passed, varve_error *err)
{
    varve__walk *walk = &read->walk;
    varve__iter *it = varve__iter_of(walk->it);
    unsigned left = varve__iter_steps(it, VARVE__AIM_FRONT);
    const unsigned char *suffix = varve__walk_suffix(walk);
    for (; suffix != NULL && left > 0; suffix = varve__walk_suffix(walk), left--) {
        varve_status status = pass_version(read, suffix, passed, err);
        if (status == VARVE_OK)
            status = leave_version(read, passed, err);
        if (status != VARVE_OK) {
            varve__iter_stepped(it, VARVE__AIM_FRONT);
            return status;
        }
    }
    if (suffix != NULL) {
        varve__iter_seeks(it, VARVE__AIM_FRONT);
        return varve__walk_front(walk, err);
    }
    walk->at_front = true;
    return VARVE_OK;
}

/* The newest version within the reach of an uncertain reader has to be one that it may see. */
static varve_status check_certain(const varve__read *read, const struct passed *passed,
                                  varve_error *err)
{
    if (read->view.is_uncertain && passed->is_packed &&
        varve_ts_compare(passed->ts, read->view.ts) > 0)
        return varve__fail_in_doubt(&read->view, passed->ts, err);
    return VARVE_OK;
}

/*
 * What a key without a metadata record yields, all of whose versions have been passed: those within
 * reach have left the newest of them packed.
 */
static varve_status settle(varve__read *read, struct passed *passed, varve_error *err)
{
    if (varve__view_shows(&read->view, passed->newest)) {
        varve__read_accept(read, &passed->row); /* row 1: the newest is within reach, too */
        return VARVE_OK;
    }
    varve__sight sight = varve__see_version(&read->view, passed->newest);
    if (sight.what == VARVE__SEE_TOO_NEW)
        return varve__fail_too_new(&read->view, sight.ts, err);
    varve_status status = check_certain(read, passed, err);
    if (status == VARVE_OK && passed->is_packed)
        varve__read_accept(read, &passed->row);
    return status;
}

/* Evaluate the current key, and enter the previous one. */
static inline varve_status backward_key(varve__read *read, varve_error *err)
{
    struct passed passed = {.is_packed = false};
    varve_status status = pass_versions(read, &passed, err);
    if (passed.has_entered) {
        varve__read_accept(read, &passed.row); /* row 1, as in settle() */
        return VARVE_OK;
    }
    if (status == VARVE_NOT_FOUND) {
        status = settle(read, &passed, err);
        status = status == VARVE_OK ? varve__walk_arrived(&read->walk, err) : status;
        return varve__scan_enter(read, status, err);
    }
    drop_packed(read, &passed);
    if (status == VARVE_OK)
        status = varve__read_key(read, err);
    if (status == VARVE_OK)
        status = varve__walk_prev_key(&read->walk, err);
    return varve__scan_enter(read, status, err);
}

varve_status varve__scan_backward(varve__read *read, varve_error *err)
{
    return varve__scan_keys(read, backward_key, err);
}
