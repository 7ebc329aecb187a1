#include "format/series.h"

#include <stdlib.h>
#include <varve/value.h>

#include "format/wire.h"
#include "util/alloc.h"
#include "util/fail.h"

/* Fields of a series, and of a row.  Those from OFFSET on are columns. */
enum { START = 1, DURATION, ROW, OFFSET, LAST, COUNT, SUM, MAX, MIN, FIRST, VARIANCE };
enum { ROW_OFFSET = 1, ROW_COUNT = 6, ROW_SUM, ROW_MAX, ROW_MIN };
enum { FIELDS = VARIANCE + 1 };

#define DOUBLE_SIZE 8

void varve__series_release(varve__series *series)
{
    varve__free(series->points);
    *series = (varve__series){.points = NULL};
}

varve_status varve__series_reserve(varve__series *series, size_t extra, varve_error *err)
{
    if (extra <= series->capacity - series->count)
        return VARVE_OK;
    size_t capacity = 2 * series->capacity;
    if (capacity < series->count + extra)
        capacity = series->count + extra;
    if (capacity > SIZE_MAX / 2 / sizeof *series->points)
        return varve__fail_no_memory(err, SIZE_MAX);
    size_t size = capacity * sizeof *series->points;
    varve__point *points = varve__realloc(series->points, size);
    if (points == NULL)
        return varve__fail_no_memory(err, size);
    series->points = points;
    series->capacity = capacity;
    return VARVE_OK;
}

/* ---- Decoding ----------------------------------------------------------------------------------
 */

/* A series in the course of being decoded. */
struct parse {
    varve__series *series;
    size_t rows;
    size_t filled[FIELDS]; /* so many points have the column of this field */
    varve_error *err;
    bool no_memory;
};

static const char no_memory[] = "no memory";

static double double_at(const unsigned char *bytes)
{
    uint64_t bits = 0;
    double number;
    for (size_t i = DOUBLE_SIZE; i-- > 0;)
        bits = bits << 8 | bytes[i];
    memcpy(&number, &bits, sizeof number);
    return number;
}

static const char *get_double(const varve__wire_field *field, double *number)
{
    if (field->type != VARVE__WIRE_FIXED64)
        return "wrong wire type of a known field";
    *number = double_at(field->bytes.data);
    return NULL;
}

/* The point of this number, which may be the next that there is none of yet. */
static varve__point *point_of(struct parse *parse, size_t number)
{
    varve__series *series = parse->series;
    if (number < series->count)
        return &series->points[number];
    if (varve__series_reserve(series, 1, parse->err) != VARVE_OK) {
        parse->no_memory = true;
        return NULL;
    }
    series->count++;
    memset(&series->points[number], 0, sizeof *series->points);
    return &series->points[number];
}

static const char *take_row_field(const varve__wire_field *field, void *message)
{
    varve__point *point = message;
    switch (field->number) {
    case ROW_OFFSET:
        return varve__wire_int32(field, &point->offset);
    case ROW_COUNT:
        return varve__wire_uint32(field, &point->count);
    case ROW_SUM:
        return get_double(field, &point->sum);
    case ROW_MAX:
        point->has_max = true;
        return get_double(field, &point->max);
    case ROW_MIN:
        point->has_min = true;
        return get_double(field, &point->min);
    default:
        return NULL;
    }
}

static const char *get_row(const varve__wire_field *field, struct parse *parse)
{
    varve__point *point = point_of(parse, parse->rows);
    if (point == NULL)
        return no_memory;
    parse->rows++;
    return varve__wire_message(field, take_row_field, point);
}

static double *number_in(varve__point *point, uint32_t column)
{
    switch (column) {
    case LAST:
        return &point->last;
    case SUM:
        return &point->sum;
    case MAX:
        return &point->max;
    case MIN:
        return &point->min;
    case FIRST:
        return &point->first;
    default:
        return &point->variance;
    }
}

static const char *add_to_column(const varve__wire_field *field, struct parse *parse)
{
    uint32_t column = field->number;
    varve__point *point = point_of(parse, parse->filled[column]);
    if (point == NULL)
        return no_memory;
    parse->filled[column]++;
    if (column == OFFSET)
        return varve__wire_int32(field, &point->offset);
    if (column == COUNT)
        return varve__wire_uint32(field, &point->count);
    return get_double(field, number_in(point, column));
}

/* Take the next number off the front of a packed column, as if it stood there alone. */
static const char *next_packed(varve_slice *left, varve__wire_field *field)
{
    size_t size = DOUBLE_SIZE;
    if (field->type == VARVE__WIRE_VARINT)
        size = varve__varint_decode(*left, 64, &field->varint);
    if (size == 0)
        return "bad varint";
    if (size > left->size)
        return "column is cut short";
    field->bytes = varve_slice_of(left->data, size);
    *left = varve_slice_of(left->data + size, left->size - size);
    return NULL;
}

/* The numbers of a column stand packed in one field, or in a field each. */
static const char *get_column(const varve__wire_field *field, struct parse *parse)
{
    if (field->type != VARVE__WIRE_BYTES)
        return add_to_column(field, parse);
    bool is_integer = field->number == OFFSET || field->number == COUNT;
    varve__wire_field one = {.number = field->number,
                             .type = is_integer ? VARVE__WIRE_VARINT : VARVE__WIRE_FIXED64};
    varve_slice left = field->bytes;
    const char *problem = NULL;
    while (problem == NULL && left.size > 0) {
        problem = next_packed(&left, &one);
        if (problem == NULL)
            problem = add_to_column(&one, parse);
    }
    return problem;
}

static const char *take_field(const varve__wire_field *field, void *message)
{
    struct parse *parse = message;
    switch (field->number) {
    case START:
        return varve__wire_int64(field, &parse->series->start);
    case DURATION:
        return varve__wire_int64(field, &parse->series->sample_duration);
    case ROW:
        return get_row(field, parse);
    default:
        return field->number < FIELDS ? get_column(field, parse) : NULL;
    }
}

/* All columns are as long as that of the offsets; those that may be lacking may. */
static const char *check_columns(struct parse *parse)
{
    varve__series *series = parse->series;
    for (uint32_t column = OFFSET; column <= VARIANCE; column++)
        series->is_columnar = series->is_columnar || parse->filled[column] > 0;
    if (!series->is_columnar)
        return NULL;
    if (parse->rows > 0)
        return "rows and columns";
    if (parse->filled[OFFSET] < series->count || parse->filled[LAST] < series->count)
        return "columns of different lengths";
    for (uint32_t column = COUNT; column <= VARIANCE; column++) {
        if (parse->filled[column] != 0 && parse->filled[column] < series->count)
            return "columns of different lengths";
        if (parse->filled[column] != 0)
            series->columns |= 1U << (column - COUNT);
    }
    return NULL;
}

varve_status varve__series_decode_data(varve_slice data, varve__series *series, varve_error *err)
{
    struct parse parse = {.series = series, .err = err};
    const char *problem = varve__wire_read(data, take_field, &parse);
    if (problem == NULL)
        problem = check_columns(&parse);
    if (problem == NULL)
        return VARVE_OK;
    varve__series_release(series);
    if (parse.no_memory)
        return VARVE_NO_MEMORY;
    return varve__fail(err, VARVE_VALUE_TYPE, "time series does not decode: %s", problem);
}

/* ---- Encoding ----------------------------------------------------------------------------------
 */

/* A row takes at most: tag and length, offset, count, and three numbers. */
#define ROW_SIZE_MAX (2 + 11 + 6 + 3 * (1 + DOUBLE_SIZE))
/* A point in columns: offset, count, and six numbers. */
#define POINT_SIZE_MAX (10 + 5 + 6 * DOUBLE_SIZE)
/* The header of a value, start and duration, and the tags and lengths of eight columns. */
#define HEAD_SIZE_MAX (VARVE_VALUE_HEADER_SIZE + 2 * 11 + 8 * 11)

static uint64_t wide(int64_t number)
{
    return (uint64_t)number;
}

static void push_double(varve_buf *out, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    for (size_t i = 0; i < DOUBLE_SIZE; i++, bits >>= 8)
        varve__buf_push(out, (unsigned char)bits);
}

static void push_double_field(varve_buf *out, uint32_t number, double value)
{
    varve__wire_push_tag(out, number, VARVE__WIRE_FIXED64);
    push_double(out, value);
}

static void push_row(varve_buf *out, const varve__point *row)
{
    size_t doubles = 1U + row->has_max + row->has_min;
    varve__wire_push_length(out, ROW,
                            varve__wire_varint_size(ROW_OFFSET, wide(row->offset)) +
                                varve__wire_varint_size(ROW_COUNT, row->count) +
                                doubles * (1 + DOUBLE_SIZE));
    varve__wire_push_varint(out, ROW_OFFSET, wide(row->offset));
    varve__wire_push_varint(out, ROW_COUNT, row->count);
    push_double_field(out, ROW_SUM, row->sum);
    if (row->has_max)
        push_double_field(out, ROW_MAX, row->max);
    if (row->has_min)
        push_double_field(out, ROW_MIN, row->min);
}

static uint64_t integer_in(const varve__point *point, uint32_t column)
{
    return column == OFFSET ? wide(point->offset) : point->count;
}

static void push_integers(varve_buf *out, const varve__series *series, uint32_t column)
{
    size_t size = 0;
    for (size_t i = 0; i < series->count; i++)
        size += varve__varint_size(integer_in(&series->points[i], column));
    varve__wire_push_length(out, column, size);
    for (size_t i = 0; i < series->count; i++)
        varve__wire_push_raw_varint(out, integer_in(&series->points[i], column));
}

static void push_doubles(varve_buf *out, const varve__series *series, uint32_t column)
{
    varve__wire_push_length(out, column, series->count * DOUBLE_SIZE);
    for (size_t i = 0; i < series->count; i++)
        push_double(out, *number_in(&series->points[i], column));
}

static void push_columns(varve_buf *out, const varve__series *series)
{
    push_integers(out, series, OFFSET);
    push_doubles(out, series, LAST);
    for (uint32_t column = COUNT; column <= VARIANCE; column++) {
        if ((series->columns & 1U << (column - COUNT)) == 0)
            continue;
        if (column == COUNT)
            push_integers(out, series, column);
        else
            push_doubles(out, series, column);
    }
}

varve_status varve__series_append_raw(const varve__series *series, varve_buf *raw, varve_error *err)
{
    static const unsigned char head[VARVE_VALUE_HEADER_SIZE] = {0, 0, 0, 0, VARVE_TAG_TIMESERIES};
    size_t one = series->is_columnar ? POINT_SIZE_MAX : ROW_SIZE_MAX;
    if (series->count > (SIZE_MAX / 2 - HEAD_SIZE_MAX) / one)
        return varve__fail_no_memory(err, SIZE_MAX);
    varve_status status = varve__buf_reserve(raw, HEAD_SIZE_MAX + series->count * one, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(raw, varve_slice_of(head, sizeof head));
    varve__wire_push_varint(raw, START, wide(series->start));
    varve__wire_push_varint(raw, DURATION, wide(series->sample_duration));
    if (series->is_columnar && series->count > 0)
        push_columns(raw, series);
    for (size_t i = 0; !series->is_columnar && i < series->count; i++)
        push_row(raw, &series->points[i]);
    return VARVE_OK;
}

/* ---- Combining ---------------------------------------------------------------------------------
 */

void varve__series_make_columnar(varve__series *series)
{
    if (series->is_columnar)
        return;
    for (size_t i = 0; i < series->count; i++) {
        const varve__point row = series->points[i];
        series->points[i] = (varve__point){.offset = row.offset, .last = row.sum};
    }
    series->is_columnar = true;
}

void varve__series_make_rows(varve__series *series)
{
    if (!series->is_columnar)
        return;
    for (size_t i = 0; i < series->count; i++) {
        const varve__point point = series->points[i];
        series->points[i] = (varve__point){
            .offset = point.offset,
            .count = (series->columns & VARVE__SERIES_COUNT) != 0 ? point.count : 1,
            .sum = (series->columns & VARVE__SERIES_SUM) != 0 ? point.sum : point.last,
            .max = point.max,
            .min = point.min,
            .has_max = (series->columns & VARVE__SERIES_MAX) != 0,
            .has_min = (series->columns & VARVE__SERIES_MIN) != 0,
        };
    }
    series->is_columnar = false;
    series->columns = 0;
}

bool varve__series_fits_columns(const varve__series *a, const varve__series *b)
{
    return a->columns == b->columns || a->count == 0 || b->count == 0;
}

varve_status varve__series_append(varve__series *to, varve__series *from, varve_error *err)
{
    varve_status status = varve__series_reserve(to, from->count, err);
    if (status != VARVE_OK)
        return status;
    if (to->is_columnar || from->is_columnar) {
        varve__series_make_columnar(to);
        varve__series_make_columnar(from);
    }
    to->columns |= from->columns;
    if (from->count > 0)
        memcpy(to->points + to->count, from->points, from->count * sizeof *from->points);
    to->count += from->count;
    return VARVE_OK;
}

static int compare_points(const void *a, const void *b)
{
    const varve__point *left = a;
    const varve__point *right = b;
    if (left->offset != right->offset)
        return left->offset < right->offset ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static void sort(varve__series *series)
{
    bool is_sorted = true;
    for (size_t i = 0; i < series->count; i++) {
        series->points[i].order = i;
        is_sorted =
            is_sorted && (i == 0 || series->points[i - 1].offset <= series->points[i].offset);
    }
    if (!is_sorted)
        qsort(series->points, series->count, sizeof *series->points, compare_points);
}

void varve__series_consolidate(varve__series *series)
{
    size_t kept = 0;
    sort(series);
    for (size_t i = 0; i < series->count; i++) {
        const varve__point *point = &series->points[i];
        bool is_last = i + 1 == series->count || series->points[i + 1].offset != point->offset;
        if (is_last)
            series->points[kept++] = *point;
    }
    series->count = kept;
}
