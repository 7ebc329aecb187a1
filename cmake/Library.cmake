# libvarve: one object library a folder, then a shared and a static library of all of them.

# From the bottom up.  tests/lint holds the rule that a folder includes only those below it.
set(varve_layers util format engine engine/mem engine/rocksdb mvcc jobs)

configure_file(cmake/version.h.in ${PROJECT_BINARY_DIR}/include/varve/version.h @ONLY)

set(varve_objects "")
foreach(layer IN LISTS varve_layers)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${layer}/*.c)
    if(NOT sources)
        continue()
    endif()
    string(REPLACE / _ name ${layer})
    add_library(varve_${name} OBJECT ${sources})
    target_include_directories(varve_${name} PRIVATE
        ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
    target_link_libraries(varve_${name} PRIVATE varve_flags varve_deps)
    list(APPEND varve_objects $<TARGET_OBJECTS:varve_${name}>)
endforeach()
if(NOT varve_objects)
    message(STATUS "varve: no sources, nothing to build")
    return()
endif()

# What a program that links a varve library sees of the sources.
add_library(varve_headers INTERFACE)
target_include_directories(varve_headers INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

# Below 1.0 a new minor version may break its callers, who must not find it under the old name.
set(varve_soversion ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION VERSION_LESS 1.0)
    set(varve_soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()

add_library(varve SHARED ${varve_objects})
set_target_properties(varve PROPERTIES
    LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION}
    SOVERSION ${varve_soversion}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/varve.map)
target_link_libraries(varve
    PUBLIC varve_headers
    PRIVATE $<BUILD_INTERFACE:varve_flags> $<BUILD_INTERFACE:varve_deps>
            $<BUILD_INTERFACE:PkgConfig::rocksdb>)
target_link_options(varve PRIVATE
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/varve.map)
if(NOT VARVE_SANITIZE)
    # A sanitizer's runtime is found in the program, so its symbols must stay undefined here.
    target_link_options(varve PRIVATE -Wl,--no-undefined)
endif()

# Without RocksDB: whoever links it chooses the shared or the static one.
add_library(varve_static STATIC ${varve_objects})
set_target_properties(varve_static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME varve)
target_link_libraries(varve_static
    PUBLIC varve_headers
    INTERFACE
        $<BUILD_INTERFACE:varve_deps>
        "$<INSTALL_INTERFACE:rocksdb;jansson;z;utf8proc;pthread>")
