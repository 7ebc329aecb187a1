#include "jobs/token.h"

#include <zlib.h>

#include "jobs/place.h"
#include "util/buf.h"
#include "util/fail.h"
#include "util/little_endian.h"

enum { NUMBER_SIZE = 8, SUM_SIZE = 4 };

static uint64_t sum_of(varve_slice bytes)
{
    return crc32_z(0, bytes.data, bytes.size);
}

static varve_status append_number(varve_buf *token, size_t size, uint64_t number, varve_error *err)
{
    unsigned char bytes[NUMBER_SIZE];
    varve__store_le(bytes, size, number);
    return varve__buf_append(token, varve_slice_of(bytes, size), err);
}

varve_status varve__token_begin(const varve__token_job *job, varve_buf *token, varve_error *err)
{
    varve_status status = varve__buf_assign(token, varve_slice_of(&job->kind, 1), err);
    if (status == VARVE_OK)
        status = varve__token_number(token, job->estimate, err);
    if (status == VARVE_OK)
        status = varve__token_bytes(token, job->lower, err);
    return status == VARVE_OK ? varve__token_bytes(token, job->upper, err) : status;
}

varve_status varve__token_number(varve_buf *token, uint64_t number, varve_error *err)
{
    return append_number(token, NUMBER_SIZE, number, err);
}

varve_status varve__token_bytes(varve_buf *token, varve_slice bytes, varve_error *err)
{
    varve_status status = varve__token_number(token, bytes.size, err);
    return status == VARVE_OK ? varve__buf_append(token, bytes, err) : status;
}

varve_status varve__token_end(varve_buf *token, varve_error *err)
{
    return append_number(token, SUM_SIZE, sum_of(varve_buf_slice(token)), err);
}

varve_status varve__token_fail(varve_error *err)
{
    return varve__fail(err, VARVE_INVALID_ARGUMENT, "these bytes are no token of such a job");
}

static varve_slice take(varve__token_reader *reader, uint64_t size)
{
    if (size > reader->left.size) {
        reader->failed = true;
        return varve_slice_of(NULL, 0);
    }
    varve_slice taken = varve_slice_of(reader->left.data, (size_t)size);
    reader->left = varve_slice_of(taken.data + taken.size, reader->left.size - taken.size);
    return taken;
}

uint64_t varve__token_take_number(varve__token_reader *reader)
{
    varve_slice bytes = take(reader, NUMBER_SIZE);
    return bytes.size == 0 ? 0 : varve__load_le(bytes.data, NUMBER_SIZE);
}

varve_slice varve__token_take_bytes(varve__token_reader *reader)
{
    return take(reader, varve__token_take_number(reader));
}

varve_slice varve__token_take_place(varve__token_reader *reader, const varve__token_job *job)
{
    varve_slice place = varve__token_take_bytes(reader);
    if (!varve__place_is_between(place, job->lower, job->upper))
        reader->failed = true;
    return place;
}

static varve_status check_job(varve__token_reader *reader, const varve__token_job *job,
                              varve_error *err)
{
    if ((varve__token_take_number(reader) != 0) != job->estimate)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           job->estimate ? "the token is of a job that is no estimate"
                                         : "the token is of an estimate, which changes nothing");
    if (!varve_slice_equal(varve__token_take_bytes(reader), job->lower) ||
        !varve_slice_equal(varve__token_take_bytes(reader), job->upper))
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "the token is of a job over another span");
    return VARVE_OK;
}

varve_status varve__token_open(varve_slice token, const varve__token_job *job,
                               varve__token_reader *reader, varve_error *err)
{
    if (token.size < 1 + SUM_SIZE || token.data[0] != job->kind)
        return varve__token_fail(err);
    varve_slice summed = varve_slice_of(token.data, token.size - SUM_SIZE);
    if (varve__load_le(token.data + summed.size, SUM_SIZE) != sum_of(summed))
        return varve__token_fail(err);
    *reader = (varve__token_reader){.left = varve_slice_of(token.data + 1, summed.size - 1)};
    return check_job(reader, job, err);
}

varve_status varve__token_close(const varve__token_reader *reader, varve_error *err)
{
    return reader->failed || reader->left.size > 0 ? varve__token_fail(err) : VARVE_OK;
}
