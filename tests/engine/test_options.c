#include <stdio.h>

#include "engine/engine.h"
#include "tests/support/support.h"

static varve_error err = VARVE_ERROR_INIT;

/* Options that are good for a store in a directory. */
static varve_options on_disk(void)
{
    return (varve_options){.struct_size = sizeof(varve_options), .path = "store"};
}

static varve_options in_memory(void)
{
    varve_options options = {.struct_size = sizeof options, .backend = VARVE_BACKEND_MEM};
    return options;
}

static void check_refused(varve_options options, const char *message)
{
    varve_options complete;
    ck_fails(varve__options_complete(&options, &complete, &err), VARVE_INVALID_ARGUMENT, &err,
             message);
}

START_TEST(zero_means_the_defaults)
{
    varve_options options = on_disk();
    varve_options complete;
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    ck_assert_uint_eq(complete.struct_size, sizeof complete);
    ck_assert_str_eq(complete.path, "store");
    ck_assert_int_eq(complete.backend, VARVE_BACKEND_ROCKSDB);
    ck_assert_int_eq(complete.wal, VARVE_WAL_ON);
    ck_assert_int_eq(complete.writer_durability, VARVE_SYNC);
    ck_assert(!complete.read_only && !complete.must_exist && !complete.salvage);
    ck_assert_uint_eq(complete.cache_bytes, 32u << 20);
    ck_assert_uint_eq(complete.write_buffer_bytes, 64u << 20);
    ck_assert_uint_eq(complete.block_bytes, 8u << 10);
    ck_assert_int_eq(complete.bloom_bits, 10);
    ck_assert_int_eq(complete.max_open_files, 0);
    ck_assert_uint_eq(complete.newest_bytes, 0);
    ck_assert(complete.log == NULL);
    ck_assert(complete.cache == NULL && complete.rocksdb_options == NULL);
    ck_assert_int_eq(complete.compression, VARVE_COMPRESSION_DEFAULT);
    ck_assert_int_eq(complete.bottom_compression, VARVE_COMPRESSION_DEFAULT);
}
END_TEST

START_TEST(what_is_given_is_kept)
{
    varve_options options = on_disk();
    varve_options complete;
    options.read_only = true;
    options.must_exist = true;
    options.salvage = true;
    options.wal = VARVE_WAL_OFF;
    options.writer_durability = VARVE_NO_SYNC;
    options.never_sync = true;
    options.cache_bytes = 1;
    options.write_buffer_bytes = 2;
    options.block_bytes = 3;
    options.bloom_bits = -1;
    options.max_open_files = 4;
    options.max_bytes = 5;
    options.newest_bytes = 6;
    options.attributes = "ssd,rack7";
    options.temp_dir = "scratch";
    options.rocksdb_options = "ttl=1";
    options.cache_indexes = true;
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    ck_assert_mem_eq(&complete, &options, sizeof complete);
    options.bloom_bits = 100;
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    ck_assert_int_eq(complete.bloom_bits, 100);
}
END_TEST

START_TEST(the_message_names_the_field)
{
    varve_options options = on_disk();
    options.backend = (varve_backend)3;
    check_refused(options, "backend: 3 is none");
    options = on_disk();
    options.wal = (varve_wal_mode)2;
    check_refused(options, "wal: 2 is no mode");
    options = on_disk();
    options.writer_durability = (varve_durability)-1;
    check_refused(options, "writer_durability: -1 is none");
    options = on_disk();
    options.block_bytes = (1u << 30) + 1;
    check_refused(options, "block_bytes: 1073741825 is above 1073741824");
    options = on_disk();
    options.bloom_bits = -2;
    check_refused(options, "bloom_bits: -2 is not in -1 to 100");
    options.bloom_bits = 101;
    check_refused(options, "bloom_bits: 101 is not in -1 to 100");
    options = on_disk();
    options.max_open_files = -1;
    check_refused(options, "max_open_files: -1 is negative");
    options = on_disk();
    options.path = NULL;
    check_refused(options, "path: a store needs a directory");
    options.path = "";
    check_refused(options, "path: a store needs a directory");
    options = on_disk();
    options.compression = (varve_compression)4;
    check_refused(options, "compression: 4 is none");
    options = on_disk();
    options.bottom_compression = (varve_compression)-1;
    check_refused(options, "bottom_compression: -1 is none");
    options = on_disk();
    options.temp_dir = "";
    check_refused(options, "temp_dir: the name is empty");
}
END_TEST

START_TEST(attributes_are_words)
{
    static const char *const good[] = {"ssd", "ssd,rack7", "a=b,c:d,\xc3\xa9"};
    static const char *const bad[] = {"", ",", "a,", ",a", "a,,b", "a b", "a,b\tc", "[a]", "a]"};
    varve_options complete;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        varve_options options = on_disk();
        options.attributes = good[i];
        ck_ok(varve__options_complete(&options, &complete, &err), &err);
        ck_assert_str_eq(complete.attributes, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[128];
        varve_options options = on_disk();
        options.attributes = bad[i];
        (void)snprintf(message, sizeof message,
                       "attributes: \"%s\" is no list of words with commas between them", bad[i]);
        check_refused(options, message);
    }
}
END_TEST

START_TEST(a_secondary_reads_only)
{
    varve_options complete;
    varve_options good = on_disk();
    good.secondary_path = "follower";
    ck_ok(varve__options_complete(&good, &complete, &err), &err);
    ck_assert(complete.read_only);
    ck_assert_str_eq(complete.secondary_path, "follower");

    varve_options options = good;
    options.secondary_path = "";
    check_refused(options, "secondary_path: a secondary needs a directory of its own");
    options.secondary_path = "store";
    check_refused(options, "secondary_path: a secondary needs a directory of its own");
    options = good;
    options.read_only = true;
    check_refused(options, "read_only: not for a secondary");
    options = good;
    options.salvage = true;
    check_refused(options, "salvage: not for a secondary");
    options = good;
    options.max_open_files = 100;
    check_refused(options, "max_open_files: not for a secondary");
    options = good;
    options.compression = VARVE_COMPRESSION_ZSTD;
    check_refused(options, "compression: not for reading only");
    options = in_memory();
    options.secondary_path = "follower";
    check_refused(options, "secondary_path: not for a store in memory");
}
END_TEST

START_TEST(what_would_have_no_effect_is_refused)
{
    varve_options complete;
    varve_cache *cache;
    ck_ok(varve_cache_open(1 << 20, &cache, &err), &err);
    varve_options options = on_disk();
    options.cache = cache;
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    ck_assert_ptr_eq(complete.cache, cache);
    ck_assert_uint_eq(complete.cache_bytes, 0);
    options.cache_bytes = 1;
    check_refused(options, "cache_bytes: the shared cache has a size of its own");

    options = in_memory();
    options.cache = cache;
    check_refused(options, "cache: not for the memory map");
    options = in_memory();
    options.rocksdb_options = "ttl=1";
    check_refused(options, "rocksdb_options: not for the memory map");
    options = in_memory();
    options.cache_indexes = true;
    check_refused(options, "cache_indexes: not for the memory map");
    options = in_memory();
    options.compression = VARVE_COMPRESSION_NONE;
    check_refused(options, "compression: not for the memory map");
    options = in_memory();
    options.bottom_compression = VARVE_COMPRESSION_NONE;
    check_refused(options, "bottom_compression: not for the memory map");
    options.backend = VARVE_BACKEND_ROCKSDB_MEMORY;
    options.cache = cache;
    options.rocksdb_options = "ttl=1";
    ck_ok(varve__options_complete(&options, &complete, &err), &err);

    options = on_disk();
    options.read_only = true;
    options.compression = VARVE_COMPRESSION_LZ4;
    check_refused(options, "compression: not for reading only");
    options.compression = VARVE_COMPRESSION_DEFAULT;
    options.bottom_compression = VARVE_COMPRESSION_LZ4;
    check_refused(options, "bottom_compression: not for reading only");
    varve_cache_release(cache);
}
END_TEST

static varve_status own_and_disown(void *context, varve_error *failure)
{
    varve_options options = on_disk();
    varve_options owned;
    char attributes[] = "ssd";
    options.cache = context;
    options.attributes = attributes;
    options.temp_dir = "scratch";
    options.secondary_path = "follower";
    options.rocksdb_options = "ttl=1";
    varve_status status = varve__options_own(&options, &owned, failure);
    attributes[0] = 'x';
    if (status == VARVE_OK) {
        ck_assert_str_eq(owned.path, "store");
        ck_assert_str_eq(owned.attributes, "ssd");
        ck_assert_str_eq(owned.temp_dir, "scratch");
        ck_assert_str_eq(owned.secondary_path, "follower");
        ck_assert_str_eq(owned.rocksdb_options, "ttl=1");
        ck_assert_uint_eq(owned.struct_size, sizeof owned);
    }
    varve__options_disown(&owned);
    return status;
}

START_TEST(an_owned_copy_is_independent)
{
    varve_cache *cache;
    ck_ok(varve_cache_open(1 << 20, &cache, &err), &err);
    ck_assert_uint_ge(fault_alloc_each(own_and_disown, cache), 4);
    ck_assert_uint_eq(varve_cache_capacity(cache), 1 << 20);
    varve_cache_release(cache);
}
END_TEST

START_TEST(a_store_in_memory_is_new_and_writable)
{
    varve_options complete;
    varve_options options = in_memory();
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    options.backend = VARVE_BACKEND_ROCKSDB_MEMORY;
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    options = in_memory();
    options.path = "store";
    check_refused(options, "path: not for a store in memory");
    options = in_memory();
    options.read_only = true;
    check_refused(options, "read_only: not for a store in memory");
    options = in_memory();
    options.must_exist = true;
    check_refused(options, "must_exist: not for a store in memory");
    options = in_memory();
    options.salvage = true;
    check_refused(options, "salvage: not for a store in memory");
}
END_TEST

START_TEST(the_size_of_the_struct_tells_its_version)
{
    varve_options complete;
    varve_options options = in_memory();
    options.struct_size = 0;
    check_refused(options, "varve_options must be given with struct_size = sizeof(varve_options)");
    ck_status(varve__options_complete(NULL, &complete, &err), VARVE_INVALID_ARGUMENT, &err);

    /* An older caller's ends after `backend`; what lies behind is not his. */
    options = in_memory();
    options.struct_size = offsetof(varve_options, backend) + sizeof options.backend;
    options.bloom_bits = 1000;
    ck_ok(varve__options_complete(&options, &complete, &err), &err);
    ck_assert_int_eq(complete.bloom_bits, 10);
    ck_assert_uint_eq(complete.struct_size, sizeof complete);

    struct {
        varve_options known;
        uint64_t later;
    } newer = {.known = in_memory(), .later = 0};
    newer.known.struct_size = sizeof newer;
    ck_ok(varve__options_complete(&newer.known, &complete, &err), &err);
    newer.later = 1;
    ck_status(varve__options_complete(&newer.known, &complete, &err), VARVE_UNSUPPORTED, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_add_test(tcase, zero_means_the_defaults);
    tcase_add_test(tcase, what_is_given_is_kept);
    tcase_add_test(tcase, the_message_names_the_field);
    tcase_add_test(tcase, attributes_are_words);
    tcase_add_test(tcase, a_secondary_reads_only);
    tcase_add_test(tcase, what_would_have_no_effect_is_refused);
    tcase_add_test(tcase, an_owned_copy_is_independent);
    tcase_add_test(tcase, a_store_in_memory_is_new_and_writable);
    tcase_add_test(tcase, the_size_of_the_struct_tells_its_version);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
