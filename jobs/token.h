/*
 * Tokens of jobs: bytes that a job gives out and that a later one takes in.  They are held against
 * a checksum, because people copy them by hand.
 */
#ifndef VARVE_JOBS_TOKEN_H
#define VARVE_JOBS_TOKEN_H

#include <varve/error.h>

/* What a token is of: only a job of the same goes on with it. */
typedef struct varve__token_job {
    unsigned char kind; /* a letter for each job */
    bool estimate;      /* it changes nothing */
    varve_slice lower;  /* the encoded bounds of its span */
    varve_slice upper;
} varve__token_job;

/* Replace the contents of `token` by what it is of. */
varve_status varve__token_begin(const varve__token_job *job, varve_buf *token, varve_error *err);
varve_status varve__token_number(varve_buf *token, uint64_t number, varve_error *err);
varve_status varve__token_bytes(varve_buf *token, varve_slice bytes, varve_error *err);
varve_status varve__token_end(varve_buf *token, varve_error *err);

/* A token that is taken apart. */
typedef struct varve__token_reader {
    varve_slice left;
    bool failed; /* something was missing */
} varve__token_reader;

/* Begin to read a token of such a job.  Returns VARVE_OK or VARVE_INVALID_ARGUMENT. */
varve_status varve__token_open(varve_slice token, const varve__token_job *job,
                               varve__token_reader *reader, varve_error *err);

/* What comes next; zero and nothing behind the end, which varve__token_close() tells. */
uint64_t varve__token_take_number(varve__token_reader *reader);
varve_slice varve__token_take_bytes(varve__token_reader *reader);

/* The same of a place of the job (jobs/place.h): whatever is none of that counts as missing. */
varve_slice varve__token_take_place(varve__token_reader *reader, const varve__token_job *job);

/* What is said of bytes that are no token: VARVE_INVALID_ARGUMENT. */
varve_status varve__token_fail(varve_error *err);

/* VARVE_OK if all of the token has been read, and nothing more; or varve__token_fail(). */
varve_status varve__token_close(const varve__token_reader *reader, varve_error *err);

#endif
