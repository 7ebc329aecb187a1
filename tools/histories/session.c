/* What lives from block to block of one file. */
#include "session.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The engine ---------------------------------------------------------------------------- */

static char *make_directory(void)
{
    const char *parent = getenv("TMPDIR");
    struct text path;

    text_begin(&path);
    fprintf(path.file, "%s/varve-histories-XXXXXX", parent == NULL ? "/tmp" : parent);
    text_end(&path);
    if (mkdtemp(path.data) == NULL) {
        perror(path.data);
        exit(EXIT_NOTHING);
    }
    return path.data;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_directory(char *path)
{
    if (path != NULL && nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        perror(path);
    free(path);
}

bool session_open(struct session *session, varve_backend backend, varve_error *err)
{
    /* Nobody looks at these stores after a power failure. */
    varve_options options = {.struct_size = sizeof options, .backend = backend, .never_sync = true};

    *session = (struct session){0};
    if (backend == VARVE_BACKEND_ROCKSDB)
        session->directory = make_directory();
    options.path = session->directory;
    session->next_id[VARVE_TXN_ID_SIZE - 1] = 1;
    return varve_engine_open(&options, &session->engine, err) == VARVE_OK;
}

void session_close(struct session *session)
{
    varve_error err = VARVE_ERROR_INIT;

    while (session->txns != NULL)
        session_remove_txn(session, session->txns);
    if (varve_engine_close(session->engine, &err) != VARVE_OK) {
        /* A handle has been left open: a fault of this program, which must not go unseen. */
        fprintf(stderr, "varve-histories: closing an engine: %s\n", err.message);
        exit(EXIT_NOTHING);
    }
    remove_directory(session->directory);
}

/* ---- Transactions -------------------------------------------------------------------------- */

struct open_txn *session_txn(const struct session *session, varve_slice name)
{
    for (struct open_txn *txn = session->txns; txn != NULL; txn = txn->next) {
        if (varve_slice_equal(varve_slice_text(txn->name), name))
            return txn;
    }
    return NULL;
}

struct open_txn *session_add_txn(struct session *session, varve_slice name)
{
    struct open_txn *txn = memory_resize(NULL, sizeof *txn);

    *txn = (struct open_txn){
        .next = session->txns, .name = memory_text(name.data, name.size), .txn = VARVE_TXN_INIT};
    session->txns = txn;
    return txn;
}

void session_remove_txn(struct session *session, struct open_txn *txn)
{
    struct open_txn **link = &session->txns;

    while (*link != txn)
        link = &(*link)->next;
    *link = txn->next;
    if (session->last == txn)
        session->last = NULL;
    varve_txn_release(&txn->txn);
    free(txn->name);
    free(txn);
}

void session_take_id(struct session *session, unsigned char id[VARVE_TXN_ID_SIZE])
{
    memcpy(id, session->next_id, VARVE_TXN_ID_SIZE);
    for (size_t i = VARVE_TXN_ID_SIZE; i-- > 0;) {
        if (++session->next_id[i] != 0)
            return;
    }
}

/* ---- The dump ------------------------------------------------------------------------------ */

static void write_bytes(varve_slice bytes, FILE *out)
{
    if (bytes.size > 0)
        fwrite(bytes.data, 1, bytes.size, out);
}

/* Bytes as decimal numbers: [1 2 3]. */
static void write_numbers(varve_slice bytes, FILE *out)
{
    fputc('[', out);
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(out, i == 0 ? "%d" : " %d", bytes.data[i]);
    fputc(']', out);
}

/* What stands behind the arrow of a metadata record. */
static bool write_meta(varve_slice record, varve_buf *text, FILE *out, varve_error *err)
{
    text->size = 0;
    switch (varve_meta_print(record, text, err)) {
    case VARVE_OK:
        write_bytes(varve_buf_slice(text), out);
        return true;
    case VARVE_CORRUPT:
        fputs("error decoding proto from ", out);
        write_numbers(record, out);
        fprintf(out, ": %s", err->message);
        varve_error_release(err);
        return true;
    default:
        return false;
    }
}

static bool write_value(varve_slice raw, varve_buf *text, FILE *out, varve_error *err)
{
    text->size = 0;
    if (varve_value_print(raw, text, err) != VARVE_OK)
        return false;
    write_bytes(varve_buf_slice(text), out);
    return true;
}

static bool write_record(varve_slice engine_key, varve_slice value, FILE *out, varve_error *err)
{
    varve_buf text = VARVE_BUF_INIT;
    varve_ts ts;

    bool done = varve_key_decode(engine_key, NULL, &ts, err) == VARVE_OK &&
                varve_engine_key_print(engine_key, &text, err) == VARVE_OK;
    if (done) {
        fputs(varve_ts_is_zero(ts) ? "meta: " : "data: ", out);
        write_bytes(varve_buf_slice(&text), out);
        fputs(" -> ", out);
        done = varve_ts_is_zero(ts) ? write_meta(value, &text, out, err)
                                    : write_value(value, &text, out, err);
        fputc('\n', out);
    }
    varve_buf_release(&text);
    return done;
}

/* Receives the records of a dump. */
struct dump {
    FILE *out;
    bool any;
};

static varve_status dump_record(void *arg, varve_slice engine_key, varve_slice value,
                                varve_error *err)
{
    struct dump *dump = arg;

    dump->any = true;
    return write_record(engine_key, value, dump->out, err) ? VARVE_OK : err->status;
}

bool session_dump(const struct session *session, FILE *out, varve_error *err)
{
    struct dump dump = {.out = out};
    varve_buf end = VARVE_BUF_INIT;

    bool done = varve_key_encode(varve_key_max(), varve_ts_zero(), &end, err) == VARVE_OK &&
                varve_reader_iterate(varve_engine_reader(session->engine), varve_slice_of(NULL, 0),
                                     varve_buf_slice(&end), 0, dump_record, &dump, err) == VARVE_OK;
    if (done && !dump.any)
        fputs("<no data>\n", out);
    varve_buf_release(&end);
    return done;
}
