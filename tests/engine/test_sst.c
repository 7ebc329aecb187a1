/*
 * Writing tables and reading them alone.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <varve/key.h>
#include <varve/merge.h>
#include <varve/sst.h>
#include <varve/value.h>

#include "engine/sst.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve_error err = VARVE_ERROR_INIT;
static const char *place;

static void set_up(void)
{
    place = temp_dir_make();
}

static void tear_down(void)
{
    varve_error_release(&err);
    temp_dir_remove(place);
}

/* ---- Helpers ------------------------------------------------------------------------------------
 */

static const char *path_of(const char *name)
{
    char path[1024];
    int size = snprintf(path, sizeof path, "%s/%s", place, name);
    return (const char *)copy_of(varve_slice_of(path, (size_t)size + 1)).data;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static varve_sst_writer *writer_of(const char *name)
{
    varve_sst_writer *writer = NULL;
    ck_ok(varve_sst_writer_open(path_of(name), &writer, &err), &err);
    return writer;
}

static void finish(varve_sst_writer *writer)
{
    ck_ok(varve_sst_writer_finish(writer, &err), &err);
    varve_sst_writer_close(writer);
}

/* Add puts, as "a=1 b@2=3". */
static void add_puts(varve_sst_writer *writer, const char *records)
{
    char text[1024];
    char *rest = text;
    (void)snprintf(text, sizeof text, "%s", records);
    for (char *one = strsep(&rest, " "); one != NULL; one = strsep(&rest, " ")) {
        char *value = strchr(one, '=');
        *value++ = '\0';
        ck_ok(varve_sst_writer_put(writer, key_of(one), varve_slice_text(value), &err), &err);
    }
}

static const char *table_of(const char *name, const char *records)
{
    varve_sst_writer *writer = writer_of(name);
    add_puts(writer, records);
    finish(writer);
    return path_of(name);
}

static varve_sst_reader *reader_open(void)
{
    varve_sst_reader *sst = NULL;
    ck_ok(varve_sst_reader_open(path_of("scratch"), &sst, &err), &err);
    return sst;
}

static void reader_close(varve_sst_reader *sst)
{
    ck_ok(varve_sst_reader_close(sst, &err), &err);
}

static unsigned entries;

static int count_entry(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)path, (void)what, (void)type;
    entries += where->level > 0;
    return 0;
}

/* How much there is below the scratch directory. */
static unsigned scratch_entries(void)
{
    entries = 0;
    ck_assert_int_eq(nftw(path_of("scratch"), count_entry, 16, FTW_PHYS), 0);
    return entries;
}

static void set_up_reader(void)
{
    set_up();
    ck_assert_int_eq(mkdir(path_of("scratch"), 0755), 0);
}

static void file_bytes(const char *path, varve_buf *data)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    data->data = malloc(1 << 22);
    data->size = fread(data->data, 1, 1 << 22, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_file(const char *path, const unsigned char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* ---- Writing ------------------------------------------------------------------------------------
 */

START_TEST(what_is_written_reads_back)
{
    const char *records = "a= a@9=tomb a@1=1 b=inline c%00@3=zero d%FF=x";
    const char *path = table_of("t.sst", records);
    varve_sst_reader *sst = reader_open();
    ck_ok(varve_sst_reader_add(sst, path, &err), &err);
    varve_reader *reader = varve_sst_reader_reader(sst);
    ck_text(all_of(reader), records);
    ck_text(get(reader, "a@1"), "1");
    ck_text(get(reader, "a@2"), "-");
    varve_iter *it = iter(reader, NULL);
    (void)varve_iter_seek_le(it, key_of(""));
    ck_text(walk_backward(it), "d%FF=x c%00@3=zero b=inline a@1=1 a@9=tomb a=");
    varve_iter_close(it);
    reader_close(sst);
    ck_assert_uint_eq(scratch_entries(), 0);
    ck_assert(exists(path));
}
END_TEST

/* User keys and values, without timestamps: behaviour of DataSize. */
START_TEST(data_bytes_are_user_keys_and_values)
{
    varve_sst_writer *writer = writer_of("t.sst");
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 0);
    add_puts(writer, "a=123");
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 4);
    add_puts(writer, "ab@7=45");
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 8);
    add_puts(writer, "b%00%00@7="); /* three bytes of user key, five stored */
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 11);
    ck_ok(varve_sst_writer_clear(writer, key_of("cc"), &err), &err);
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 13);
    ck_ok(varve_sst_writer_clear_range(writer, key_of("d"), key_of("e"), &err), &err);
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 13);
    finish(writer);
}
END_TEST

START_TEST(keys_come_in_order)
{
    static const char *const wrong[] = {"b@2", "b@3", "b", "a"};
    varve_sst_writer *writer = writer_of("t.sst");
    add_puts(writer, "b@2=x");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_fails(varve_sst_writer_put(writer, key_of(wrong[i]), bytes("y"), &err),
                 VARVE_INVALID_ARGUMENT, &err, "engine_key: keys come in strictly ascending order");
        ck_status(varve_sst_writer_clear(writer, key_of(wrong[i]), &err), VARVE_INVALID_ARGUMENT,
                  &err);
    }
    /* A refusal does no harm. */
    add_puts(writer, "b@1=z c=w");
    finish(writer);
    varve_sst_reader *sst = reader_open();
    ck_ok(varve_sst_reader_add(sst, path_of("t.sst"), &err), &err);
    ck_text(all_of(varve_sst_reader_reader(sst)), "b@2=x b@1=z c=w");
    reader_close(sst);
}
END_TEST

START_TEST(keys_have_to_be_engine_keys)
{
    varve_sst_writer *writer = writer_of("t.sst");
    varve_slice nothing = varve_slice_of(NULL, 0);
    varve_slice empty_key = bytes("\0\1");
    ck_status(varve_sst_writer_put(writer, bytes("a"), nothing, &err), VARVE_CORRUPT_KEY, &err);
    ck_status(varve_sst_writer_put(writer, nothing, nothing, &err), VARVE_CORRUPT_KEY, &err);
    ck_status(varve_sst_writer_put(writer, bytes("\xFF\xFF\0\1"), nothing, &err), VARVE_INVALID_KEY,
              &err);
    ck_status(varve_sst_writer_put(writer, empty_key, nothing, &err), VARVE_EMPTY_KEY, &err);
    ck_status(varve_sst_writer_clear(writer, empty_key, &err), VARVE_EMPTY_KEY, &err);
    ck_status(varve_sst_writer_merge(writer, empty_key, nothing, &err), VARVE_EMPTY_KEY, &err);
    ck_status(varve_sst_writer_merge(writer, key_of("a@1"), nothing, &err), VARVE_INVALID_KEY,
              &err);
    ck_status(varve_sst_writer_put(writer, key_of("a"),
                                   varve_slice_of("", (size_t)VARVE_VALUE_SIZE_MAX + 1), &err),
              VARVE_TOO_LARGE, &err);
    ck_assert_uint_eq(err.detail.too_large.limit, VARVE_VALUE_SIZE_MAX);
    ck_status(varve_sst_writer_clear_range(writer, key_of("b"), key_of("a"), &err),
              VARVE_INVALID_ARGUMENT, &err);
    ck_status(varve_sst_writer_clear_range(writer, nothing,
                                           repeated('x', VARVE_ENGINE_KEY_SIZE_MAX + 1), &err),
              VARVE_INVALID_KEY, &err);
    ck_ok(varve_sst_writer_clear_range(writer, key_of("a"), key_of("a"), &err), &err);
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 0);
    varve_error_release(&err);
    ck_fails(varve_sst_writer_finish(writer, &err), VARVE_INVALID_ARGUMENT, &err,
             "a table needs at least one record");
    varve_sst_writer_close(writer);
    ck_assert(!exists(path_of("t.sst")));
}
END_TEST

START_TEST(a_finished_writer_takes_no_more)
{
    varve_sst_writer *writer = writer_of("t.sst");
    add_puts(writer, "a=1");
    ck_ok(varve_sst_writer_finish(writer, &err), &err);
    ck_ok(varve_sst_writer_finish(writer, &err), &err);
    ck_fails(varve_sst_writer_put(writer, key_of("b"), bytes(""), &err), VARVE_MISUSE, &err,
             "cannot call Put on a closed writer");
    ck_fails(varve_sst_writer_merge(writer, key_of("b"), bytes(""), &err), VARVE_MISUSE, &err,
             "cannot call Merge on a closed writer");
    ck_fails(varve_sst_writer_clear(writer, key_of("b"), &err), VARVE_MISUSE, &err,
             "cannot call Clear on a closed writer");
    ck_fails(varve_sst_writer_clear_range(writer, key_of("b"), key_of("c"), &err), VARVE_MISUSE,
             &err, "cannot call ClearRange on a closed writer");
    ck_assert_uint_eq(varve_sst_writer_data_bytes(writer), 2);
    varve_sst_writer_close(writer);
    ck_assert(exists(path_of("t.sst")));
    varve_sst_writer_close(NULL);
}
END_TEST

START_TEST(a_writer_writes_over_nothing)
{
    varve_sst_writer *writer = NULL;
    write_file(path_of("t.sst"), (const unsigned char *)"mine", 4);
    ck_status(varve_sst_writer_open(path_of("t.sst"), &writer, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_assert_ptr_null(writer);
    varve_buf data = VARVE_BUF_INIT;
    file_bytes(path_of("t.sst"), &data);
    ck_buf_text(&data, "mine");
    free(data.data);
    ck_status(varve_sst_writer_open(path_of("no/t.sst"), &writer, &err), VARVE_IO, &err);
    ck_status(varve_sst_writer_open("", &writer, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_status(varve_sst_writer_open(NULL, &writer, &err), VARVE_INVALID_ARGUMENT, &err);
}
END_TEST

START_TEST(what_is_not_finished_is_removed)
{
    varve_sst_writer *writer = writer_of("t.sst");
    ck_assert(exists(path_of("t.sst")));
    varve_sst_writer_close(writer);
    ck_assert(!exists(path_of("t.sst")));
    writer = writer_of("t.sst");
    add_puts(writer, "a=1 b=2");
    varve_sst_writer_close(writer);
    ck_assert(!exists(path_of("t.sst")));
}
END_TEST

/* ---- Reading ------------------------------------------------------------------------------------
 */

START_TEST(several_tables_are_one_view)
{
    varve_sst_reader *sst = reader_open();
    varve_reader *reader = varve_sst_reader_reader(sst);
    ck_text(all_of(reader), "");
    ck_ok(varve_sst_reader_add(sst, table_of("m.sst", "m@2=1 m@1=2 n=3"), &err), &err);
    ck_text(all_of(reader), "m@2=1 m@1=2 n=3");
    ck_ok(varve_sst_reader_add(sst, table_of("a.sst", "a=1 b=2"), &err), &err);
    ck_ok(varve_sst_reader_add(sst, table_of("z.sst", "z=9"), &err), &err);
    ck_text(all_of(reader), "a=1 b=2 m@2=1 m@1=2 n=3 z=9");
    reader_close(sst);
    ck_assert_uint_eq(scratch_entries(), 0);
}
END_TEST

START_TEST(tables_that_overlap_are_refused)
{
    static const char *const overlapping[] = {"d=1", "f=1", "a=1 d=1", "e=1", "a=1 z=1", "f=1 g=1"};
    varve_sst_reader *sst = reader_open();
    varve_reader *reader = varve_sst_reader_reader(sst);
    ck_ok(varve_sst_reader_add(sst, table_of("t.sst", "d=x f=y"), &err), &err);
    for (size_t i = 0; i < sizeof overlapping / sizeof overlapping[0]; i++) {
        const char *path = table_of("o.sst", overlapping[i]);
        ck_status(varve_sst_reader_add(sst, path, &err), VARVE_INVALID_ARGUMENT, &err);
        ck_assert_ptr_nonnull(strstr(err.message, "overlap"));
        ck_assert_int_eq(unlink(path), 0);
        ck_text(all_of(reader), "d=x f=y");
    }
    /* Between the user keys there is room. */
    ck_ok(varve_sst_reader_add(sst, table_of("c.sst", "c=1"), &err), &err);
    ck_ok(varve_sst_reader_add(sst, table_of("g.sst", "g=1"), &err), &err);
    ck_text(all_of(reader), "c=1 d=x f=y g=1");
    reader_close(sst);
}
END_TEST

/* A range clear ends in front of its end, where another table may begin. */
START_TEST(range_clears_take_room_too)
{
    varve_sst_reader *sst = reader_open();
    varve_sst_writer *writer = writer_of("r.sst");
    ck_ok(varve_sst_writer_clear_range(writer, key_of("c"), key_of("f"), &err), &err);
    add_puts(writer, "d=1");
    finish(writer);
    ck_ok(varve_sst_reader_add(sst, path_of("r.sst"), &err), &err);
    ck_status(varve_sst_reader_add(sst, table_of("e.sst", "e=1"), &err), VARVE_INVALID_ARGUMENT,
              &err);
    const char *next = table_of("f.sst", "f=2");
    varve_buf before = VARVE_BUF_INIT;
    varve_buf after = VARVE_BUF_INIT;
    file_bytes(next, &before);
    ck_ok(varve_sst_reader_add(sst, next, &err), &err);
    file_bytes(next, &after);
    ck_slice_eq(varve_buf_slice(&after), varve_buf_slice(&before));
    free(before.data);
    free(after.data);
    ck_text(all_of(varve_sst_reader_reader(sst)), "d=1 f=2");
    reader_close(sst);
}
END_TEST

START_TEST(merges_are_shown_merged)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_value_set_bytes(&raw, bytes("x"), &err), &err);
    ck_ok(varve_merge_operand(varve_buf_slice(&raw), NULL, &operand, &err), &err);
    varve_sst_writer *writer = writer_of("t.sst");
    ck_ok(varve_sst_writer_merge(writer, key_of("a"), varve_buf_slice(&operand), &err), &err);
    finish(writer);
    varve_sst_reader *sst = reader_open();
    ck_ok(varve_sst_reader_add(sst, path_of("t.sst"), &err), &err);
    varve_engine *model = backend_open(BACKEND_MAP);
    ck_ok(varve_writer_merge(varve_engine_writer(model), key_of("a"), varve_buf_slice(&operand),
                             &err),
          &err);
    varve_buf expected = VARVE_BUF_INIT;
    ck_ok(varve_reader_get(varve_engine_reader(model), key_of("a"), &expected, &err), &err);
    ck_ok(varve_reader_get(varve_sst_reader_reader(sst), key_of("a"), &raw, &err), &err);
    ck_slice_eq(varve_buf_slice(&raw), varve_buf_slice(&expected));
    varve_buf_release(&expected);
    varve_buf_release(&raw);
    varve_buf_release(&operand);
    backend_close(model);
    reader_close(sst);
}
END_TEST

START_TEST(open_iterators_keep_a_reader_open)
{
    varve_sst_reader *sst = reader_open();
    ck_ok(varve_sst_reader_add(sst, table_of("t.sst", "a=1"), &err), &err);
    varve_iter *it = iter(varve_sst_reader_reader(sst), NULL);
    ck_status(varve_sst_reader_close(sst, &err), VARVE_BUSY, &err);
    ck_assert_uint_eq(err.detail.busy.iterators, 1);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    varve_iter_close(it);
    reader_close(sst);
    ck_assert_uint_eq(scratch_entries(), 0);
    ck_ok(varve_sst_reader_close(NULL, &err), &err);
}
END_TEST

/* A file that may not be written is read all the same, from a copy. */
START_TEST(files_are_never_changed)
{
    const char *path = table_of("t.sst", "a=1 b=2");
    struct stat what;
    varve_buf before = VARVE_BUF_INIT;
    varve_buf after = VARVE_BUF_INIT;
    ck_assert_int_eq(chmod(path, 0444), 0);
    file_bytes(path, &before);
    varve_sst_reader *sst = reader_open();
    ck_ok(varve_sst_reader_add(sst, path, &err), &err);
    ck_text(all_of(varve_sst_reader_reader(sst)), "a=1 b=2");
    reader_close(sst);
    file_bytes(path, &after);
    ck_slice_eq(varve_buf_slice(&after), varve_buf_slice(&before));
    ck_assert_int_eq(stat(path, &what), 0);
    ck_assert_uint_eq(what.st_nlink, 1);
    free(before.data);
    free(after.data);
}
END_TEST

START_TEST(a_reader_needs_its_place)
{
    varve_sst_reader *sst = NULL;
    ck_status(varve_sst_reader_open(path_of("nowhere"), &sst, &err), VARVE_IO, &err);
    ck_assert_ptr_null(sst);
    sst = reader_open();
    ck_status(varve_sst_reader_add(sst, path_of("nothing.sst"), &err), VARVE_IO, &err);
    reader_close(sst);
    ck_ok(varve_sst_reader_open(NULL, &sst, &err), &err);
    reader_close(sst);
}
END_TEST

/* ---- Damage -------------------------------------------------------------------------------------
 */

/* A table of which a byte differs is refused, and the reader is as before; or reads as it was. */
static varve_sst_reader *check_damaged(varve_sst_reader *sst, const char *path, const char *records)
{
    varve_error_release(&err);
    varve_status status = varve_sst_reader_add(sst, path, &err);
    if (status == VARVE_OK) {
        ck_text(all_of(varve_sst_reader_reader(sst)), records);
        reader_close(sst);
        return reader_open();
    }
    ck_assert_msg(status == VARVE_CORRUPT || status == VARVE_CORRUPT_KEY ||
                      status == VARVE_INCOMPATIBLE,
                  "%s: %s", varve_status_name(status), err.message);
    ck_text(all_of(varve_sst_reader_reader(sst)), "");
    return sst;
}

START_TEST(what_is_no_table_is_refused)
{
    static const struct {
        const char *data;
        size_t size;
    } files[] = {
        {"", 0}, {"x", 1}, {"no table, but longer than the end of one would be......", 53}};
    varve_sst_reader *sst = reader_open();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_file(path_of("t.sst"), (const unsigned char *)files[i].data, files[i].size);
        ck_status(varve_sst_reader_add(sst, path_of("t.sst"), &err), VARVE_CORRUPT, &err);
    }
    ck_status(varve_sst_reader_add(sst, place, &err), VARVE_CORRUPT, &err);
    reader_close(sst);
}
END_TEST

/* Cut at every length: the end of a table has no checksum. */
START_TEST(cut_tables_are_refused)
{
    varve_buf data = VARVE_BUF_INIT;
    file_bytes(table_of("t.sst", "a=1 b@2=2 c=3"), &data);
    varve_sst_reader *sst = reader_open();
    for (size_t size = 0; size < data.size; size += 1 + size / 16) {
        write_file(path_of("cut.sst"), data.data, size);
        ck_status(varve_sst_reader_add(sst, path_of("cut.sst"), &err), VARVE_CORRUPT, &err);
    }
    free(data.data);
    reader_close(sst);
}
END_TEST

/* Every byte of the end, which RocksDB trusts, and others at random. */
START_TEST(damaged_tables_are_refused_or_read_as_they_were)
{
    enum { END_SIZE = 53, RANDOM_BYTES = 60 };
    const char *records = "a=1 b@2=2 b@1=3 c=4";
    test_random random = test_random_start();
    varve_buf data = VARVE_BUF_INIT;
    varve_sst_writer *writer = writer_of("t.sst");
    add_puts(writer, records);
    ck_ok(varve_sst_writer_clear_range(writer, key_of("d"), key_of("e"), &err), &err);
    finish(writer);
    file_bytes(path_of("t.sst"), &data);
    varve_sst_reader *sst = reader_open();
    for (size_t i = 0; i < END_SIZE + RANDOM_BYTES; i++) {
        size_t at = i < END_SIZE ? data.size - 1 - i : test_random_below(&random, data.size);
        unsigned char was = data.data[at];
        data.data[at] = (unsigned char)(was ^ (1 + test_random_below(&random, 255)));
        write_file(path_of("damaged.sst"), data.data, data.size);
        sst = check_damaged(sst, path_of("damaged.sst"), records);
        data.data[at] = was;
    }
    reader_close(sst);
    ck_assert_uint_eq(scratch_entries(), 0);
    free(data.data);
}
END_TEST

/* ---- Memory -------------------------------------------------------------------------------------
 */

static varve_status write_table(void *context, varve_error *error)
{
    varve_sst_writer *writer = NULL;
    (void)context;
    varve_status status = varve_sst_writer_open(path_of("t.sst"), &writer, error);
    ck_assert_int_eq(status == VARVE_OK, writer != NULL);
    for (int i = 0; i < 3 && status == VARVE_OK; i++) {
        static const char *const keys[] = {"a", "b", "c"};
        status = varve_sst_writer_put(writer, key_of(keys[i]), bytes("v"), error);
    }
    if (status == VARVE_OK)
        status = varve_sst_writer_clear_range(writer, key_of("d"), key_of("e"), error);
    if (status == VARVE_OK)
        status = varve_sst_writer_finish(writer, error);
    varve_sst_writer_close(writer);
    ck_assert_int_eq(exists(path_of("t.sst")), status == VARVE_OK);
    (void)unlink(path_of("t.sst"));
    return status;
}

START_TEST(writing_without_memory_leaves_nothing)
{
    ck_assert_uint_gt(fault_alloc_each(write_table, NULL), 3);
}
END_TEST

static varve_status read_table(void *context, varve_error *error)
{
    varve_sst_reader *sst = NULL;
    varve_status status = varve_sst_reader_open(path_of("scratch"), &sst, error);
    ck_assert_int_eq(status == VARVE_OK, sst != NULL);
    if (status == VARVE_OK)
        status = varve_sst_reader_add(sst, context, error);
    ck_assert_int_eq(varve_sst_reader_close(sst, NULL), VARVE_OK);
    ck_assert_uint_eq(scratch_entries(), 0);
    return status;
}

START_TEST(reading_without_memory_leaves_nothing)
{
    varve_sst_writer *writer = writer_of("r.sst");
    ck_ok(varve_sst_writer_clear_range(writer, key_of("c"), key_of("f"), &err), &err);
    add_puts(writer, "d=1");
    finish(writer);
    const char *path = path_of("r.sst");
    ck_assert_uint_gt(fault_alloc_each(read_table, (void *)(uintptr_t)path), 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sst");
    TCase *tcase = tcase_create("writer");
    tcase_add_checked_fixture(tcase, set_up_reader, tear_down);
    tcase_add_test(tcase, what_is_written_reads_back);
    tcase_add_test(tcase, data_bytes_are_user_keys_and_values);
    tcase_add_test(tcase, keys_come_in_order);
    tcase_add_test(tcase, keys_have_to_be_engine_keys);
    tcase_add_test(tcase, a_finished_writer_takes_no_more);
    tcase_add_test(tcase, a_writer_writes_over_nothing);
    tcase_add_test(tcase, what_is_not_finished_is_removed);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("reader");
    tcase_add_checked_fixture(tcase, set_up_reader, tear_down);
    tcase_add_test(tcase, several_tables_are_one_view);
    tcase_add_test(tcase, tables_that_overlap_are_refused);
    tcase_add_test(tcase, range_clears_take_room_too);
    tcase_add_test(tcase, merges_are_shown_merged);
    tcase_add_test(tcase, open_iterators_keep_a_reader_open);
    tcase_add_test(tcase, files_are_never_changed);
    tcase_add_test(tcase, a_reader_needs_its_place);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("damage");
    tcase_add_checked_fixture(tcase, set_up_reader, tear_down);
    tcase_add_test(tcase, what_is_no_table_is_refused);
    tcase_add_test(tcase, cut_tables_are_refused);
    tcase_add_test(tcase, damaged_tables_are_refused_or_read_as_they_were);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("memory");
    tcase_add_checked_fixture(tcase, set_up_reader, tear_down);
    tcase_add_test(tcase, writing_without_memory_leaves_nothing);
    tcase_add_test(tcase, reading_without_memory_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
