# Programs on top of the library: the tool, the benchmarks, the examples.

if(NOT TARGET varve_static)
    return()
endif()

# The tool sees public headers and its own folder, so that it cannot include an internal one.
file(GLOB tool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/*.c)
set(tool_main ${PROJECT_SOURCE_DIR}/tools/main.c)
list(REMOVE_ITEM tool_sources ${tool_main})
if(tool_sources)
    # Apart from main(), so that tests under tests/tools can link the rest.
    add_library(varve_tool_objects OBJECT ${tool_sources})
    target_include_directories(varve_tool_objects PRIVATE ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(varve_tool_objects
        PRIVATE varve_flags
        PUBLIC varve_headers PkgConfig::smartcols PkgConfig::jansson PkgConfig::nettle
            PkgConfig::zlib)
endif()
if(tool_sources AND EXISTS ${tool_main})
    add_executable(varve_tool ${tool_main})
    set_target_properties(varve_tool PROPERTIES OUTPUT_NAME varve)
    target_include_directories(varve_tool PRIVATE ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(varve_tool PRIVATE
        varve_flags varve_tool_objects varve_static varve_rocksdb)
endif()

# The manual page, which the tool prints itself.
if(TARGET varve_tool AND NOT CMAKE_CROSSCOMPILING)
    add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/varve.1
        COMMAND varve_tool --manual > ${PROJECT_BINARY_DIR}/varve.1
        DEPENDS varve_tool VERBATIM)
    add_custom_target(varve_manual ALL DEPENDS ${PROJECT_BINARY_DIR}/varve.1)
endif()

# varve-histories, apart from main() for the tests under tests/histories.
file(GLOB histories_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/histories/*.c)
set(histories_main ${PROJECT_SOURCE_DIR}/tools/histories/main.c)
list(REMOVE_ITEM histories_sources ${histories_main})
add_library(varve_histories_objects OBJECT ${histories_sources})
target_link_libraries(varve_histories_objects PRIVATE varve_flags PUBLIC varve_headers)
add_executable(varve_histories ${histories_main})
set_target_properties(varve_histories PROPERTIES OUTPUT_NAME varve-histories)
target_link_libraries(varve_histories PRIVATE
    varve_flags varve_histories_objects varve_static varve_rocksdb)

# varve-bench, whose contenders besides RocksDB are built in where their libraries are found.
pkg_check_modules(wiredtiger QUIET IMPORTED_TARGET wiredtiger)
pkg_check_modules(lmdb QUIET IMPORTED_TARGET lmdb)
pkg_check_modules(sqlite QUIET IMPORTED_TARGET sqlite3)

file(GLOB bench_sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/bench/*.c ${PROJECT_SOURCE_DIR}/bench/support/*.c
    ${PROJECT_SOURCE_DIR}/bench/contenders/*.c)
list(FILTER bench_sources EXCLUDE REGEX "bench/main\\.c$")
foreach(contender IN ITEMS wiredtiger lmdb sqlite)
    if(NOT ${contender}_FOUND)
        message(STATUS "varve-bench is built without ${contender}: its library was not found")
        list(FILTER bench_sources EXCLUDE REGEX "contenders/${contender}\\.c$")
    endif()
endforeach()
# Apart from main(), so that tests under tests/bench can link the rest.
add_library(varve_bench_objects OBJECT ${bench_sources})
target_include_directories(varve_bench_objects PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(varve_bench_objects
    PRIVATE varve_flags
    PUBLIC varve_headers PkgConfig::jansson Threads::Threads m)
foreach(contender IN ITEMS wiredtiger lmdb sqlite)
    if(${contender}_FOUND)
        string(TOUPPER ${contender} upper)
        target_compile_definitions(varve_bench_objects PRIVATE BENCH_HAVE_${upper})
        target_link_libraries(varve_bench_objects PUBLIC PkgConfig::${contender})
    endif()
endforeach()
add_executable(varve_bench bench/main.c)
set_target_properties(varve_bench PROPERTIES OUTPUT_NAME varve-bench)
target_link_libraries(varve_bench PRIVATE
    varve_flags varve_bench_objects varve_static varve_rocksdb)

# What grows with a store, and what options cost; each is run and made tables of by a script.
foreach(program IN ITEMS growth tuning)
    file(GLOB program_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/${program}/*.c)
    add_executable(varve_${program} ${program_sources})
    set_target_properties(varve_${program} PROPERTIES OUTPUT_NAME varve-${program})
    target_link_libraries(varve_${program} PRIVATE
        varve_flags varve_bench_objects varve_static varve_rocksdb)
endforeach()

# What callgrind counts the instructions of; its requests are part of valgrind.
include(CheckIncludeFile)
check_include_file(valgrind/callgrind.h VARVE_HAVE_CALLGRIND)
if(VARVE_HAVE_CALLGRIND)
    add_executable(varve_instructions bench/instructions/instructions.c)
    set_target_properties(varve_instructions PROPERTIES OUTPUT_NAME varve-instructions)
    target_link_libraries(varve_instructions PRIVATE
        varve_flags varve_bench_objects varve_static varve_rocksdb)
else()
    message(STATUS "varve-instructions is not built: valgrind's headers were not found")
endif()

# Examples are what a user would write: public headers, and the shared library with its exports.
file(GLOB example_mains CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(main IN LISTS example_mains)
    cmake_path(GET main STEM name)
    add_executable(example_${name} ${main})
    target_link_libraries(example_${name} PRIVATE varve_flags varve)
endforeach()
