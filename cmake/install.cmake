# Supports cmake --install, find_package(ws) from an install prefix or the build tree, and pkg-config.
include(CMakePackageConfigHelpers)
set(WS_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ws)

install(TARGETS ws EXPORT wsTargets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ws DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT wsTargets NAMESPACE ws:: DESTINATION ${WS_CONFIG_DIR})

# ws_BROWSER_DIR is the folder of the browser client: in the source tree, seen from the build tree, and in an install prefix.
set(ws_BROWSER_DIR ${PROJECT_SOURCE_DIR}/src/browser CACHE INTERNAL "The browser client")
set(WS_BROWSER_DIR ${ws_BROWSER_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/wsConfig.cmake.in ${PROJECT_BINARY_DIR}/wsConfig.cmake
                              INSTALL_PREFIX ${PROJECT_BINARY_DIR} INSTALL_DESTINATION . PATH_VARS WS_BROWSER_DIR)
set(WS_BROWSER_DIR ${CMAKE_INSTALL_DATADIR}/ws/browser)
install(DIRECTORY ${ws_BROWSER_DIR}/ DESTINATION ${WS_BROWSER_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/wsConfig.cmake.in ${PROJECT_BINARY_DIR}/installed/wsConfig.cmake
                              INSTALL_DESTINATION ${WS_CONFIG_DIR} PATH_VARS WS_BROWSER_DIR)

write_basic_package_version_file(${PROJECT_BINARY_DIR}/wsConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/installed/wsConfig.cmake ${PROJECT_BINARY_DIR}/wsConfigVersion.cmake DESTINATION ${WS_CONFIG_DIR})
export(EXPORT wsTargets NAMESPACE ws:: FILE ${PROJECT_BINARY_DIR}/wsTargets.cmake)

# pkg-config: the prefix is computed from the location of ws.pc, so that an installation can be moved.
file(RELATIVE_PATH WS_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" WS_PC_PREFIX "${WS_PC_PREFIX}")
cmake_path(APPEND WS_PC_LIBDIR "\${prefix}" "${CMAKE_INSTALL_LIBDIR}") # handles an absolute path too
cmake_path(APPEND WS_PC_INCLUDEDIR "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
set(WS_PC_TLS "")
if(WS_WITH_TLS AND BUILD_SHARED_LIBS)
  set(WS_PC_TLS "Requires.private: openssl")
elseif(WS_WITH_TLS)
  set(WS_PC_TLS "Requires: openssl") # users of the static library link OpenSSL too
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/ws.pc.in ${PROJECT_BINARY_DIR}/ws.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ws.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
