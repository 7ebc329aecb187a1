#include <varve/value.h>

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "format/print.h"
#include "format/varint.h"
#include "util/buf.h"
#include "util/fail.h"
#include "util/little_endian.h"

#define CHECKSUM_SIZE 4
#define FLOAT_SIZE 8
#define COUNTER_SIZE 8

/* ---- Tags --------------------------------------------------------------------------------------
 */

varve_tag varve_value_tag(varve_slice raw)
{
    return raw.size < VARVE_VALUE_HEADER_SIZE ? VARVE_TAG_UNKNOWN
                                              : (varve_tag)raw.data[CHECKSUM_SIZE];
}

const char *varve_tag_name(varve_tag tag)
{
    switch (tag) {
    case VARVE_TAG_INT:
        return "INT";
    case VARVE_TAG_FLOAT:
        return "FLOAT";
    case VARVE_TAG_BYTES:
        return "BYTES";
    case VARVE_TAG_TIME:
        return "TIME";
    case VARVE_TAG_DECIMAL:
        return "DECIMAL";
    case VARVE_TAG_DURATION:
        return "DURATION";
    case VARVE_TAG_DELIMITED_BYTES:
        return "DELIMITED_BYTES";
    case VARVE_TAG_DELIMITED_DECIMAL:
        return "DELIMITED_DECIMAL";
    case VARVE_TAG_TUPLE:
        return "TUPLE";
    case VARVE_TAG_BITARRAY:
        return "BITARRAY";
    case VARVE_TAG_TIMETZ:
        return "TIMETZ";
    case VARVE_TAG_TIMESERIES:
        return "TIMESERIES";
    case VARVE_TAG_COUNTERS:
        return "COUNTERS";
    case VARVE_TAG_UNKNOWN:
        break;
    }
    return "UNKNOWN";
}

/* ---- Setters -----------------------------------------------------------------------------------
 */

/* Make `raw` a header, with room for `size` bytes of data. */
static varve_status start_value(varve_buf *raw, varve_tag tag, size_t size, varve_error *err)
{
    if (size > VARVE_VALUE_SIZE_MAX - VARVE_VALUE_HEADER_SIZE)
        return varve__fail_too_large(err, "value", (uint64_t)size + VARVE_VALUE_HEADER_SIZE,
                                     VARVE_VALUE_SIZE_MAX);
    varve_status status = varve__buf_restart(raw, VARVE_VALUE_HEADER_SIZE + size, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(raw, varve_slice_of("\0\0\0", CHECKSUM_SIZE));
    varve__buf_push(raw, (unsigned char)tag);
    return VARVE_OK;
}

static varve_status set_value(varve_buf *raw, varve_tag tag, varve_slice data, varve_error *err)
{
    varve_status status = start_value(raw, tag, data.size, err);
    if (status == VARVE_OK)
        varve__buf_push_bytes(raw, data);
    return status;
}

varve_status varve_value_set_bytes(varve_buf *raw, varve_slice data, varve_error *err)
{
    return set_value(raw, VARVE_TAG_BYTES, data, err);
}

varve_status varve_value_set_tuple(varve_buf *raw, varve_slice data, varve_error *err)
{
    return set_value(raw, VARVE_TAG_TUPLE, data, err);
}

varve_status varve_value_set_int(varve_buf *raw, int64_t number, varve_error *err)
{
    /* Zigzag: the sign goes to the lowest bit, so that small negative numbers stay short. */
    uint64_t zigzag = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
    unsigned char data[VARVE__VARINT64_MAX];
    size_t size = varve__varint_encode(zigzag, data);
    return set_value(raw, VARVE_TAG_INT, varve_slice_of(data, size), err);
}

varve_status varve_value_set_bool(varve_buf *raw, bool truth, varve_error *err)
{
    return varve_value_set_int(raw, truth ? 1 : 0, err);
}

varve_status varve_value_set_float(varve_buf *raw, double number, varve_error *err)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    unsigned char data[FLOAT_SIZE];
    for (size_t i = FLOAT_SIZE; i-- > 0; bits >>= 8)
        data[i] = (unsigned char)bits;
    return set_value(raw, VARVE_TAG_FLOAT, varve_slice_of(data, sizeof data), err);
}

varve_status varve_value_set_counters(varve_buf *raw, const int64_t *counters, size_t count,
                                      varve_error *err)
{
    size_t size = count > VARVE_VALUE_SIZE_MAX ? SIZE_MAX : count * COUNTER_SIZE;
    varve_status status = start_value(raw, VARVE_TAG_COUNTERS, size, err);
    for (size_t i = 0; i < count && status == VARVE_OK; i++) {
        unsigned char data[COUNTER_SIZE];
        varve__store_le(data, sizeof data, (uint64_t)counters[i]);
        varve__buf_push_bytes(raw, varve_slice_of(data, sizeof data));
    }
    return status;
}

/* ---- Getters -----------------------------------------------------------------------------------
 */

static varve_slice data_of(varve_slice raw)
{
    return varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, raw.size - VARVE_VALUE_HEADER_SIZE);
}

/* The data of a value that must have the tag `wanted`. */
static varve_status get_data(varve_slice raw, varve_tag wanted, varve_slice *data, varve_error *err)
{
    varve_tag tag = varve_value_tag(raw);
    if (tag != wanted)
        return varve__fail(err, VARVE_VALUE_TYPE, "value type is not %s: %s",
                           varve_tag_name(wanted), varve_tag_name(tag));
    *data = data_of(raw);
    return VARVE_OK;
}

varve_status varve_value_get_bytes(varve_slice raw, varve_slice *data, varve_error *err)
{
    return get_data(raw, VARVE_TAG_BYTES, data, err);
}

varve_status varve_value_get_tuple(varve_slice raw, varve_slice *data, varve_error *err)
{
    return get_data(raw, VARVE_TAG_TUPLE, data, err);
}

varve_status varve_value_get_int(varve_slice raw, int64_t *number, varve_error *err)
{
    varve_slice data = {NULL, 0};
    varve_status status = get_data(raw, VARVE_TAG_INT, &data, err);
    if (status != VARVE_OK)
        return status;
    uint64_t zigzag;
    size_t size = varve__varint_decode(data, 64, &zigzag);
    if (size == 0 || size < data.size)
        return varve__fail(err, VARVE_VALUE_TYPE, "int64 varint decoding failed");
    *number = (int64_t)(zigzag >> 1 ^ ((zigzag & 1) != 0 ? UINT64_MAX : 0));
    return VARVE_OK;
}

varve_status varve_value_get_bool(varve_slice raw, bool *truth, varve_error *err)
{
    int64_t number;
    varve_status status = varve_value_get_int(raw, &number, err);
    if (status != VARVE_OK)
        return status;
    if (number != 0 && number != 1)
        return varve__fail(err, VARVE_VALUE_TYPE, "invalid bool: %" PRId64, number);
    *truth = number == 1;
    return VARVE_OK;
}

varve_status varve_value_get_float(varve_slice raw, double *number, varve_error *err)
{
    varve_slice data = {NULL, 0};
    varve_status status = get_data(raw, VARVE_TAG_FLOAT, &data, err);
    if (status != VARVE_OK)
        return status;
    if (data.size != FLOAT_SIZE)
        return varve__fail(err, VARVE_VALUE_TYPE, "float64 value should be exactly 8 bytes: %zu",
                           data.size);
    uint64_t bits = 0;
    for (size_t i = 0; i < FLOAT_SIZE; i++)
        bits = bits << 8 | data.data[i];
    memcpy(number, &bits, sizeof bits);
    return VARVE_OK;
}

varve_status varve_value_get_counters(varve_slice raw, int64_t *counters, size_t room,
                                      size_t *count, varve_error *err)
{
    varve_slice data = {NULL, 0};
    varve_status status = get_data(raw, VARVE_TAG_COUNTERS, &data, err);
    if (status != VARVE_OK)
        return status;
    if (data.size % COUNTER_SIZE != 0)
        return varve__fail(err, VARVE_VALUE_TYPE,
                           "the size of counters should be a multiple of 8 bytes: %zu", data.size);
    *count = data.size / COUNTER_SIZE;
    for (size_t i = 0; i < room; i++)
        counters[i] =
            i < *count ? (int64_t)varve__load_le(data.data + i * COUNTER_SIZE, COUNTER_SIZE) : 0;
    return VARVE_OK;
}

/* ---- Checksum ----------------------------------------------------------------------------------
 */

/*
 * zlib takes aligned runs of 40 bytes at a time, of 47 and more; what is left over it takes byte by
 * byte, which is slower than a copy that has no such rest.
 */
#define CRC_RUN 40
#define CRC_JOINED_MIN 47
#define CRC_JOINED_MAX 480

/*
 * Of two pieces that together are not too short or long, as one with zeros in front: a CRC that is
 * 0 inside, 0xFFFFFFFF to zlib, stays so over zeros.  It should begin with all bits set instead,
 * which is the same as having the first four bytes inverted.
 */
static uLong crc_joined(varve_slice front, varve_slice back)
{
    _Alignas(8) unsigned char bytes[CRC_RUN + CRC_JOINED_MAX];
    size_t size = front.size + back.size;
    size_t zeros = (CRC_RUN - size % CRC_RUN) % CRC_RUN;
    unsigned char *at = bytes + zeros;
    memset(bytes, 0, CRC_RUN); /* of a fixed size: cheaper than as many as there are */
    if (front.size > 0)
        memcpy(at, front.data, front.size);
    memcpy(at + front.size, back.data, back.size);
    for (size_t i = 0; i < sizeof(uint32_t); i++)
        at[i] ^= 0xFF;
    return crc32_z(UINT32_MAX, bytes, zeros + size);
}

static uLong crc_of(varve_slice front, varve_slice back)
{
    size_t size = front.size + back.size; /* of bytes in memory: no overflow */
    if (size >= CRC_JOINED_MIN && size <= CRC_JOINED_MAX)
        return crc_joined(front, back);
    uLong sum = crc32_z(0, NULL, 0);
    if (front.size > 0)
        sum = crc32_z(sum, front.data, front.size);
    return crc32_z(sum, back.data, back.size);
}

/* Of a value that is at least a header long.  Never 0, which means "not set". */
static uint32_t compute_checksum(varve_slice raw, varve_slice user_key)
{
    varve_slice summed = varve_slice_of(raw.data + CHECKSUM_SIZE, raw.size - CHECKSUM_SIZE);
    uLong sum = crc_of(user_key, summed);
    return sum == 0 ? 1 : (uint32_t)sum;
}

static uint32_t stored_checksum(varve_slice raw)
{
    return (uint32_t)raw.data[0] << 24 | (uint32_t)raw.data[1] << 16 | (uint32_t)raw.data[2] << 8 |
           raw.data[3];
}

varve_status varve_value_init_checksum(varve_buf *raw, varve_slice user_key, varve_error *err)
{
    if (raw->size < VARVE_VALUE_HEADER_SIZE)
        return VARVE_OK;
    if (stored_checksum(varve_buf_slice(raw)) != 0)
        return varve__fail(err, VARVE_MISUSE, "the checksum of the value is set already");
    uint32_t sum = compute_checksum(varve_buf_slice(raw), user_key);
    for (size_t i = CHECKSUM_SIZE; i-- > 0; sum >>= 8)
        raw->data[i] = (unsigned char)sum;
    return VARVE_OK;
}

/* "key: invalid checksum (sum) value [bytes]", as far as the message has room. */
static varve_status fail_checksum(varve_error *err, varve_slice raw, varve_slice user_key,
                                  uint32_t sum)
{
    char key[100];
    char bytes[VARVE_ERROR_MESSAGE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < raw.size && size + 4 < sizeof bytes; i++)
        size += (size_t)snprintf(bytes + size, sizeof bytes - size, "%s%02x", i == 0 ? "" : " ",
                                 raw.data[i]);
    return varve__fail(err, VARVE_CHECKSUM, "%s: invalid checksum (%" PRIx32 ") value [%s]",
                       varve__key_brief(user_key, key, sizeof key), sum, bytes);
}

varve_status varve_value_verify(varve_slice raw, varve_slice user_key, varve_error *err)
{
    if (raw.size == 0)
        return VARVE_OK;
    if (raw.size < VARVE_VALUE_HEADER_SIZE) {
        char key[100];
        return varve__fail(err, VARVE_CHECKSUM, "%s: invalid header size: %zu",
                           varve__key_brief(user_key, key, sizeof key), raw.size);
    }
    uint32_t stored = stored_checksum(raw);
    if (stored == 0)
        return VARVE_OK;
    uint32_t computed = compute_checksum(raw, user_key);
    return stored == computed ? VARVE_OK : fail_checksum(err, raw, user_key, computed);
}

bool varve_value_equal_data(varve_slice a, varve_slice b)
{
    if (a.size >= VARVE_VALUE_HEADER_SIZE && b.size >= VARVE_VALUE_HEADER_SIZE) {
        a = varve_slice_of(a.data + CHECKSUM_SIZE, a.size - CHECKSUM_SIZE);
        b = varve_slice_of(b.data + CHECKSUM_SIZE, b.size - CHECKSUM_SIZE);
    }
    return varve_slice_equal(a, b);
}

/* ---- Printing ----------------------------------------------------------------------------------
 */

/* Room for a double of 17 digits in every notation. */
#define FLOAT_TEXT_MAX 40

/* A decimal number: 0.d1d2d3... * 10^point. */
struct decimal {
    char digits[DBL_DECIMAL_DIG + 1];
    int count;
    int point;
};

/*
 * The fewest digits that read back as `number`, which is finite and not negative.  The C library
 * writes and reads them with the decimal point of the host's locale: only digits are looked at.
 */
static struct decimal shortest_decimal(double number)
{
    struct decimal decimal = {.count = 0};
    char text[FLOAT_TEXT_MAX];
    int count = 1;
    do
        (void)snprintf(text, sizeof text, "%.*e", count - 1, number);
    while (strtod(text, NULL) != number && count++ < DBL_DECIMAL_DIG);

    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9')
            decimal.digits[decimal.count++] = *at;
    }
    decimal.point = (int)strtol(at + 1, NULL, 10) + 1;
    return decimal;
}

/* As %g with six digits decides between its two notations, but with all digits. */
static void format_finite(double number, char text[FLOAT_TEXT_MAX])
{
    struct decimal decimal = shortest_decimal(fabs(number));
    const char *sign = signbit(number) ? "-" : "";
    const char *digits = decimal.digits;
    int count = decimal.count;
    int point = decimal.point;
    if (point < -3 || point > 6)
        (void)snprintf(text, FLOAT_TEXT_MAX, "%s%c%s%.*se%+03d", sign, digits[0],
                       count > 1 ? "." : "", count - 1, digits + 1, point - 1);
    else if (point <= 0)
        (void)snprintf(text, FLOAT_TEXT_MAX, "%s0.%.*s%.*s", sign, -point, "000", count, digits);
    else if (point >= count)
        (void)snprintf(text, FLOAT_TEXT_MAX, "%s%.*s%.*s", sign, count, digits, point - count,
                       "00000");
    else
        (void)snprintf(text, FLOAT_TEXT_MAX, "%s%.*s.%.*s", sign, point, digits, count - point,
                       digits + point);
}

static void format_float(double number, char text[FLOAT_TEXT_MAX])
{
    if (isnan(number))
        (void)snprintf(text, FLOAT_TEXT_MAX, "NaN");
    else if (isinf(number))
        (void)snprintf(text, FLOAT_TEXT_MAX, number < 0 ? "-Inf" : "+Inf");
    else if (number == 0)
        (void)snprintf(text, FLOAT_TEXT_MAX, signbit(number) ? "-0" : "0");
    else
        format_finite(number, text);
}

static varve_status print_bytes(varve_slice data, varve_buf *text, varve_error *err)
{
    static const char hex[] = "0123456789abcdef";
    bool printable = varve__is_printable(data);
    varve_status status = varve__buf_reserve(text, sizeof "/BYTES/0x" + 2 * data.size, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(text, varve_slice_text(printable ? "/BYTES/" : "/BYTES/0x"));
    if (printable)
        varve__buf_push_bytes(text, data);
    for (size_t i = 0; !printable && i < data.size; i++) {
        varve__buf_push(text, (unsigned char)hex[data.data[i] >> 4]);
        varve__buf_push(text, (unsigned char)hex[data.data[i] & 0x0F]);
    }
    return VARVE_OK;
}

static varve_status print_int(varve_slice raw, varve_buf *text, varve_error *err)
{
    varve_error problem = VARVE_ERROR_INIT;
    int64_t number;
    if (varve_value_get_int(raw, &number, &problem) != VARVE_OK)
        return varve__buf_printf(text, err, "/<err: %s>", problem.message);
    return varve__buf_printf(text, err, "/INT/%" PRId64, number);
}

static varve_status print_float(varve_slice raw, varve_buf *text, varve_error *err)
{
    varve_error problem = VARVE_ERROR_INIT;
    double number;
    if (varve_value_get_float(raw, &number, &problem) != VARVE_OK)
        return varve__buf_printf(text, err, "/<err: %s>", problem.message);
    char float_text[FLOAT_TEXT_MAX];
    format_float(number, float_text);
    return varve__buf_printf(text, err, "/FLOAT/%s", float_text);
}

/* `/COUNTERS/1,-2,3` */
static varve_status print_counters(varve_slice raw, varve_buf *text, varve_error *err)
{
    varve_error problem = VARVE_ERROR_INIT;
    size_t count;
    if (varve_value_get_counters(raw, NULL, 0, &count, &problem) != VARVE_OK)
        return varve__buf_printf(text, err, "/<err: %s>", problem.message);
    varve_status status = varve__buf_printf(text, err, "/COUNTERS/");
    const unsigned char *data = raw.data + VARVE_VALUE_HEADER_SIZE;
    for (size_t i = 0; i < count && status == VARVE_OK; i++, data += COUNTER_SIZE)
        status = varve__buf_printf(text, err, "%s%" PRId64, i == 0 ? "" : ",",
                                   (int64_t)varve__load_le(data, COUNTER_SIZE));
    return status;
}

varve_status varve_value_print(varve_slice raw, varve_buf *text, varve_error *err)
{
    if (raw.size == 0)
        return varve__buf_printf(text, err, "/<empty>");
    varve_tag tag = varve_value_tag(raw);
    if (tag == VARVE_TAG_BYTES)
        return print_bytes(data_of(raw), text, err);
    if (tag == VARVE_TAG_INT)
        return print_int(raw, text, err);
    if (tag == VARVE_TAG_FLOAT)
        return print_float(raw, text, err);
    if (tag == VARVE_TAG_COUNTERS)
        return print_counters(raw, text, err);
    return varve__buf_printf(text, err, "/<err: unknown tag: %s>", varve_tag_name(tag));
}
