# What varve stands on.  ./bootstrap installs all of it on Debian.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET "rocksdb>=7.8.3")
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(smartcols REQUIRED IMPORTED_TARGET smartcols)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
if(VARVE_BUILD_TESTS)
    pkg_check_modules(check REQUIRED IMPORTED_TARGET check)
    # What the records of proto/varve.proto are compared with, where it is there.
    pkg_check_modules(protobuf_c QUIET IMPORTED_TARGET libprotobuf-c)
    find_program(VARVE_PROTOC_C protoc-c)
endif()

# All that libvarve needs besides RocksDB.
add_library(varve_deps INTERFACE)
target_link_libraries(varve_deps INTERFACE
    PkgConfig::jansson PkgConfig::zlib PkgConfig::utf8proc Threads::Threads)

# RocksDB as the tools and benchmarks link it.  A static one is faster: calls inside it do not go
# through the procedure linkage table, which takes about 15 % off a read.
add_library(varve_rocksdb INTERFACE)
if(VARVE_STATIC_ROCKSDB)
    find_library(VARVE_ROCKSDB_ARCHIVE librocksdb.a HINTS ${rocksdb_LIBRARY_DIRS})
    if(NOT VARVE_ROCKSDB_ARCHIVE)
        message(FATAL_ERROR "librocksdb.a not found; configure with -DVARVE_STATIC_ROCKSDB=OFF")
    endif()
    target_link_libraries(varve_rocksdb INTERFACE
        ${VARVE_ROCKSDB_ARCHIVE} stdc++ snappy z bz2 lz4 zstd gflags m Threads::Threads)
else()
    target_link_libraries(varve_rocksdb INTERFACE PkgConfig::rocksdb)
endif()
