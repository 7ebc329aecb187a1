# Installation: headers, both libraries, the tool and its manual page, a pkg-config file and a CMake
# package.

if(NOT TARGET varve)
    return()
endif()

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/varve)

install(TARGETS varve varve_static varve_headers EXPORT varve-targets)
if(TARGET varve_tool)
    install(TARGETS varve_tool)
endif()
if(TARGET varve_manual)
    install(FILES ${PROJECT_BINARY_DIR}/varve.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(DIRECTORY include/varve ${PROJECT_BINARY_DIR}/include/varve
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(EXPORT varve-targets NAMESPACE varve:: DESTINATION ${package_dir})

configure_package_config_file(cmake/varve-config.cmake.in
    ${PROJECT_BINARY_DIR}/varve-config.cmake INSTALL_DESTINATION ${package_dir})
# Below 1.0 a new minor version may break its callers.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/varve-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/varve-config.cmake ${PROJECT_BINARY_DIR}/varve-config-version.cmake
    DESTINATION ${package_dir})

# Relative to itself: `cmake --install --prefix` may choose another place than was configured.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" prefix_from_pc ${prefix_from_pc})
configure_file(cmake/varve.pc.in ${PROJECT_BINARY_DIR}/varve.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/varve.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
