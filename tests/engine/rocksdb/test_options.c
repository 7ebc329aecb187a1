/*
 * What of the options arrives at RocksDB, read from the file in which RocksDB records its own.
 */
#include "tests/engine/rocksdb/rocks.h"

/* The OPTIONS file of a store that has just been opened and closed with `options`. */
static char *options_file(const varve_options *options)
{
    size_t size;
    store_close(store_open_with(options));
    char pattern[512];
    (void)snprintf(pattern, sizeof pattern, "ls -t '%s'/OPTIONS-* | head -1", options->path);
    FILE *list = popen(pattern, "r");
    char path[512];
    ck_assert_ptr_nonnull(list);
    ck_assert_ptr_nonnull(fgets(path, sizeof path, list));
    (void)pclose(list);
    path[strcspn(path, "\n")] = '\0';
    unsigned char *data = file_read(path, &size);
    data[size] = '\0';
    return (char *)data;
}

static void expect_line(const char *file, const char *line)
{
    char whole[256];
    (void)snprintf(whole, sizeof whole, "  %s\n", line);
    ck_assert_msg(strstr(file, whole) != NULL, "no line `%s`", line);
}

#define COMPRESSION                                                                                \
    "compression_per_level=kNoCompression:kNoCompression:kLZ4Compression:kLZ4Compression:"         \
    "kLZ4Compression:kLZ4Compression:kLZ4Compression"

START_TEST(the_defaults_are_ours)
{
    static const char *const lines[] = {
        "comparator=leveldb.BytewiseComparator",
        "prefix_extractor=varve.userkey.v1",
        "whole_key_filtering=false",
        "filter_policy=bloomfilter",
        "memtable_prefix_bloom_size_ratio=0.020000",
        "level_compaction_dynamic_level_bytes=true",
        COMPRESSION,
        "bottommost_compression=kZSTD",
        "block_size=8192",
        "format_version=5",
        "write_buffer_size=67108864",
        "max_open_files=-1",
        "wal_recovery_mode=kTolerateCorruptedTailRecords",
        "info_log_level=FATAL_LEVEL",
        "enable_pipelined_write=false",
        "unordered_write=false",
        "manual_wal_flush=false",
        "optimize_filters_for_hits=false",
        "max_manifest_file_size=67108864",
        "cache_index_and_filter_blocks=false",
        "merge_operator=varve.merge.v1",
    };
    varve_options options = store_options(place_path("s"));
    char *file = options_file(&options);

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect_line(file, lines[i]);
    free(file);
}
END_TEST

START_TEST(what_is_set_arrives)
{
    varve_options options = store_options(place_path("s"));
    options.write_buffer_bytes = 1 << 20;
    options.block_bytes = 16384;
    options.max_open_files = 500;
    options.salvage = true;
    options.cache_indexes = true;
    char *file = options_file(&options);

    expect_line(file, "write_buffer_size=1048576");
    expect_line(file, "block_size=16384");
    expect_line(file, "max_open_files=500");
    expect_line(file, "wal_recovery_mode=kPointInTimeRecovery");
    expect_line(file, "cache_index_and_filter_blocks=true");
    expect_line(file, "index_type=kTwoLevelIndexSearch");
    expect_line(file, "partition_filters=true");
    expect_line(file, "pin_top_level_index_and_filter=true");
    expect_line(file, "pin_l0_filter_and_index_blocks_in_cache=true");
    free(file);
}
END_TEST

/* Memory for indexes and filters of a table of 10,000 user keys with that many bits for each. */
static uint64_t filter_memory(const char *path, int bits)
{
    varve_options options = store_options(path);
    varve_engine_info info = {.struct_size = sizeof info};
    options.bloom_bits = bits;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 10000);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    store_close(engine);
    return info.table_reader_bytes;
}

/* RocksDB does not record the bits, but they take their room: 10,000 times 10 more of them. */
START_TEST(filters_have_their_size)
{
    uint64_t small = filter_memory(place_path("a"), 4);
    uint64_t large = filter_memory(place_path("b"), 14);
    uint64_t none = filter_memory(place_path("c"), -1);

    ck_assert_uint_gt(large - small, 10000);
    ck_assert_uint_lt(large - small, 16000);
    ck_assert_uint_lt(none, small);
}
END_TEST

/* A store is found again with and without filters, whichever it was written with. */
START_TEST(filters_may_come_and_go)
{
    varve_options with = store_options(place_path("s"));
    varve_options without = with;
    without.bloom_bits = -1;
    char *file = options_file(&without);
    expect_line(file, "filter_policy=nullptr");
    expect_line(file, "memtable_prefix_bloom_size_ratio=0.000000");
    free(file);

    for (int round = 0; round < 4; round++) {
        varve_engine *engine = store_open_with(round % 2 == 0 ? &with : &without);
        ck_ok(store_put(engine, key_number((unsigned)round), bytes("v")), &err);
        ck_ok(varve_engine_flush(engine, &err), &err);
        for (int before = 0; before <= round; before++)
            ck_ok(store_has(engine, key_number((unsigned)before)), &err);
        ck_status(store_has(engine, key_number(1000)), VARVE_NOT_FOUND, &err);
        store_close(engine);
    }
}
END_TEST

/* What the indexes and filters of a table of 40,000 keys take beside the cache. */
static uint64_t index_memory(const char *path, bool cached)
{
    varve_options options = store_options(path);
    varve_engine_info info = {.struct_size = sizeof info};
    options.cache_indexes = cached;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 40000);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_ok(store_has(engine, key_number(20000)), &err);
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    store_close(engine);
    return info.table_reader_bytes;
}

/* Filters of 10 bits alone take 50,000 bytes. */
START_TEST(indexes_in_the_cache_take_hardly_any_memory_beside_it)
{
    ck_assert_uint_gt(index_memory(place_path("a"), false), 50000);
    ck_assert_uint_lt(index_memory(place_path("b"), true), 5000);
}
END_TEST

/* A store is found again with indexes here and there, whichever it was written with. */
START_TEST(cached_indexes_may_come_and_go)
{
    varve_options options = store_options(place_path("s"));
    varve_status status;
    options.cache_bytes = 1 << 16;
    for (unsigned round = 0; round < 4; round++) {
        options.cache_indexes = round % 2 == 0;
        options.read_only = false;
        varve_engine *engine = store_open_with(&options);
        ck_assert_uint_eq(store_count(engine, &status), round == 0 ? 0 : 5000 + round);
        ck_ok(status, &err);
        store_fill(engine, 5000);
        ck_ok(store_put(engine, key_number(10000 + round), bytes("v")), &err);
        ck_ok(varve_engine_flush(engine, &err), &err);
        for (unsigned key = 0; key < 5000; key += 7)
            ck_ok(store_has(engine, key_number(key)), &err);
        ck_status(store_has(engine, key_number(9999)), VARVE_NOT_FOUND, &err);
        store_close(engine);

        options.cache_indexes = !options.cache_indexes;
        options.read_only = true;
        engine = store_open_with(&options);
        ck_assert_uint_eq(store_count(engine, &status), 5000 + round + 1);
        store_close(engine);
    }
}
END_TEST

/* The block cache holds what it may, and no more. */
START_TEST(the_cache_has_its_size)
{
    varve_options options = store_options(place_path("s"));
    options.cache_bytes = 1 << 20;
    varve_engine *engine = store_open_with(&options);
    varve_slice value = repeated('v', 16384);
    varve_status status;
    for (unsigned i = 0; i < 512; i++)
        ck_ok(store_put(engine, key_number(i), value), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_uint_eq(store_count(engine, &status), 512);

    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    ck_assert_uint_gt(info.cache_bytes, 1 << 18);
    /* A shard of the cache may hold one block too many while it is being read. */
    ck_assert_uint_le(info.cache_bytes, (1 << 20) + (1 << 18));
    store_close(engine);
}
END_TEST

/* ---- Compression */

START_TEST(compression_is_a_choice)
{
    varve_options options = store_options(place_path("s"));
    options.compression = VARVE_COMPRESSION_ZSTD;
    options.bottom_compression = VARVE_COMPRESSION_LZ4;
    char *file = options_file(&options);
    expect_line(file, "compression_per_level=kZSTD:kZSTD:kZSTD:kZSTD:kZSTD:kZSTD:kZSTD");
    expect_line(file, "bottommost_compression=kLZ4Compression");
    free(file);
    options.compression = VARVE_COMPRESSION_NONE;
    options.bottom_compression = VARVE_COMPRESSION_NONE;
    file = options_file(&options);
    expect_line(file, "compression_per_level=kNoCompression:kNoCompression:kNoCompression:"
                      "kNoCompression:kNoCompression:kNoCompression:kNoCompression");
    expect_line(file, "bottommost_compression=kNoCompression");
    free(file);
}
END_TEST

/* ---- Options for experts */

START_TEST(expert_options_arrive_under_ours)
{
    varve_options options = store_options(place_path("s"));
    options.rocksdb_options =
        " max_background_jobs = 3 ;; ttl=3600;\n"
        "block_based_table_factory={checksum=kXXH3; index_type=kBinarySearch;"
        "metadata_cache_options={top_level_index_pinning=kAll}};"
        "file_checksum_gen_factory=FileChecksumGenCrc32cFactory;compression_opts=4:5:6:7;";
    char *file = options_file(&options);
    expect_line(file, "max_background_jobs=3");
    expect_line(file, "ttl=3600");
    expect_line(file, "checksum=kXXH3");
    expect_line(file, "file_checksum_gen_factory=FileChecksumGenCrc32cFactory");
    ck_assert_ptr_nonnull(strstr(file, "top_level_index_pinning=kAll;"));
    ck_assert_ptr_nonnull(strstr(file, "window_bits=4;"));
    /* What varve needs has stayed. */
    expect_line(file, "prefix_extractor=varve.userkey.v1");
    expect_line(file, "write_buffer_size=67108864");
    expect_line(file, "block_size=8192");
    expect_line(file, "whole_key_filtering=false");
    expect_line(file, "filter_policy=bloomfilter");
    expect_line(file, "info_log_level=FATAL_LEVEL");
    expect_line(file, COMPRESSION);
    free(file);
}
END_TEST

START_TEST(expert_options_work_in_memory)
{
    varve_options options = {.struct_size = sizeof options,
                             .backend = VARVE_BACKEND_ROCKSDB_MEMORY};
    options.rocksdb_options = "ttl=3600;block_based_table_factory={checksum=kXXH3}";
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 10);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_ok(store_has(engine, key_number(7)), &err);
    store_close(engine);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {"write_buffer_size=1", "write_buffer_size: set varve_options.write_buffer_bytes"},
    {"ttl=1;compression=kZSTD", "compression: set varve_options.compression"},
    {" comparator = x ", "comparator: varve sets it"},
    {"merge_operator=x", "merge_operator: varve sets it"},
    {"wal_dir=/elsewhere", "wal_dir: a store lies in one directory"},
    {"unordered_write=true", "unordered_write: it would break what commits and snapshots promise"},
    {"rate_limiter={rate_bytes_per_sec=1}",
     "rate_limiter: RocksDB takes any name for it, without effect"},
    {"compaction_filter_factory=x",
     "compaction_filter_factory: RocksDB takes any name for it, without effect"},
    {"recycle_log_file_num=1",
     "recycle_log_file_num: the end of a log could not be told from its past"},
    {"soft_rate_limit=1", "soft_rate_limit: it has no effect"},
    {"file_checksum_gen_factory=x",
     "file_checksum_gen_factory: only FileChecksumGenCrc32cFactory has an effect"},
    {"ttl", "ttl: a value is missing"},
    {"block_based_table_factory=x", "block_based_table_factory: its value must stand in braces"},
    {"block_based_table_factory={checksum=kXXH3;block_size=1}",
     "block_size: set varve_options.block_bytes"},
    {"block_based_table_factory={block_cache=1M}", "block_cache: set varve_options.cache"},
    {"no_such_option=1", "no_such_option: Invalid argument: Could not find option: "},
    {"ttl=1;no_such_option", "no_such_option: a value is missing"},
    {"=1", ": "},
    {"ttl=soon", "ttl: Invalid argument: "},
    {"block_based_table_factory={no_such_option=1}", "no_such_option: Invalid argument: "},
    {"ttl={", "ttl: its braces do not match"},
    /* What RocksDB would read as several options, or as one of another name. */
    {"ttl=1{;manual_wal_flush=true;max_background_jobs=2}", "ttl: its braces do not match"},
    {"ttl={}1;x={}", "ttl: its braces do not match"},
    {"ttl={1}{;manual_wal_flush=true;x=}", "ttl: its braces do not match"},
    {"block_based_table_factory={checksum=kXXH3{;no_block_cache=true;x={}}}",
     "checksum: its braces do not match"},
    {"\fmanual_wal_flush=true", "manual_wal_flush: it would break what commits"},
    {"\rmanual_wal_flush\v=true", "manual_wal_flush: it would break what commits"},
    {"block_based_table_factory.no_block_cache=true",
     "block_based_table_factory.no_block_cache: a name has letters, digits and underscores"},
};

START_TEST(expert_options_are_refused_by_name)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine;
    char message[256];
    (void)snprintf(message, sizeof message, "rocksdb_options: %s", refused[_i].message);
    options.rocksdb_options = refused[_i].text;
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_assert_msg(strncmp(err.message, message, strlen(message)) == 0, "%s", err.message);
    ck_assert_ptr_null(engine);
}
END_TEST

static varve_status open_with_text(void *context, varve_error *failure)
{
    varve_options options = {.struct_size = sizeof options,
                             .backend = VARVE_BACKEND_ROCKSDB_MEMORY};
    varve_engine *engine;
    options.rocksdb_options = context;
    varve_status status = varve_engine_open(&options, &engine, failure);
    ck_assert((engine == NULL) == (status != VARVE_OK));
    ck_assert_int_eq(varve_engine_close(engine, NULL), VARVE_OK);
    return status;
}

START_TEST(each_allocation_may_fail)
{
    char text[] = "ttl=3600;block_based_table_factory={checksum=kXXH3};max_background_jobs=3";
    ck_assert_uint_gt(fault_alloc_each(open_with_text, text), 5);
}
END_TEST

START_TEST(no_text_is_no_option)
{
    static const char *const texts[] = {"", " ", ";", " ; ;", "block_based_table_factory={}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        varve_options options = store_options(place_path("s"));
        options.rocksdb_options = texts[i];
        store_close(store_open_with(&options));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb options");
    TCase *cases = tcase_create("options");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, the_defaults_are_ours);
    tcase_add_test(cases, what_is_set_arrives);
    tcase_add_test(cases, filters_have_their_size);
    tcase_add_test(cases, filters_may_come_and_go);
    tcase_add_test(cases, indexes_in_the_cache_take_hardly_any_memory_beside_it);
    tcase_add_test(cases, cached_indexes_may_come_and_go);
    tcase_add_test(cases, the_cache_has_its_size);
    tcase_add_test(cases, compression_is_a_choice);
    tcase_add_test(cases, expert_options_arrive_under_ours);
    tcase_add_test(cases, expert_options_work_in_memory);
    tcase_add_loop_test(cases, expert_options_are_refused_by_name, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(cases, each_allocation_may_fail);
    tcase_add_test(cases, no_text_is_no_option);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
