/*
 * Keep running: hear of the state of an engine, commit in spite of a disk that is full for a while,
 * and learn what became of a commit whose outcome was open.  Usage: keep_running DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>

#include <varve/varve.h>

static void check(varve_status status, varve_error *err)
{
    if (status >= 0)
        return;
    fprintf(stderr, "%s: %s\n", varve_status_name(status), err->message);
    varve_error_release(err);
    exit(EXIT_FAILURE);
}

static void print_state(void *arg, const varve_engine_state *state)
{
    static const char *const words[] = {"healthy", "read-only", "failed"};
    (void)arg;
    printf("%s: %s %s\n", words[state->health], varve_status_name(state->reason), state->message);
}

/* Whether the commit with this token is in the store. */
static varve_status look_up(varve_engine *engine, varve_slice token, const varve_cancel *patience,
                            varve_error *err)
{
    varve_status status = varve_engine_recover(engine, patience, err);
    return status == VARVE_OK ? varve_engine_token_lookup(engine, token, NULL, err) : status;
}

/* VARVE_OK: it is there.  VARVE_NOT_FOUND: it is not, and may be tried again with another batch. */
static varve_status commit(varve_engine *engine, varve_batch *batch, varve_slice token,
                           const varve_cancel *patience, varve_error *err)
{
    for (;;) {
        varve_status status = varve_batch_commit(batch, VARVE_SYNC, err);
        if (status == VARVE_COMMIT_UNKNOWN)
            return look_up(engine, token, patience, err);
        if (status != VARVE_NO_SPACE && status != VARVE_IO)
            return status;
        status = varve_engine_recover(engine, patience, err);
        if (status != VARVE_OK)
            return status;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine;
    varve_options options = {.struct_size = sizeof options, .path = argv[1]};
    options.on_state = print_state;
    check(varve_engine_open(&options, &engine, &err), &err);

    varve_cancel *patience;
    check(varve_cancel_open(&patience, &err), &err);
    varve_cancel_after(patience, INT64_C(60) * 1000000000);

    varve_batch *batch;
    varve_slice token = varve_slice_text("order 4711");
    check(varve_batch_open(engine, 0, &batch, &err), &err);
    check(varve_batch_set_token(batch, token, varve_ts_of(1, 0), &err), &err);
    varve_status status = commit(engine, batch, token, patience, &err);
    check(status, &err);
    printf("the commit is %s\n", status == VARVE_OK ? "there" : "not there");
    varve_batch_close(batch);

    varve_cancel_close(patience);
    check(varve_engine_close(engine, &err), &err);
    return EXIT_SUCCESS;
}
