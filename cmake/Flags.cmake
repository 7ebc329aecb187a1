# Compiler and linker flags of everything built here: the interface target varve_flags.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_library(varve_flags INTERFACE)

target_compile_options(varve_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual
    -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror)

# The C library hides POSIX functions under -std=c11 unless asked.
target_compile_definitions(varve_flags INTERFACE _GNU_SOURCE)

if(VARVE_SANITIZE)
    target_compile_options(varve_flags INTERFACE
        -fsanitize=${VARVE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(varve_flags INTERFACE -fsanitize=${VARVE_SANITIZE})
endif()

if(VARVE_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "VARVE_FUZZ needs clang: libFuzzer is part of it")
    endif()
    target_compile_options(varve_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(VARVE_COVERAGE)
    # Tests fork and run threads: count atomically, or lines seem to run a negative number of times.
    target_compile_options(varve_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(varve_flags INTERFACE --coverage)
endif()

if(CMAKE_BUILD_TYPE MATCHES "^Rel")
    # Some distributions define _FORTIFY_SOURCE already; a second definition would be a warning.
    target_compile_options(varve_flags INTERFACE
        -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    target_link_options(varve_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
