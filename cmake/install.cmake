# Layout of an installed prefix: bin, lib/ferrule/plugins, include/ferrule, share/ferrule/platforms, etc/ferrule, a systemd unit, a CMake package.

# For authors of plugins: headers, test host and the CMake package. `cmake --install BUILD --component sdk` needs nothing to be built.
include(CMakePackageConfigHelpers)
set(FERRULE_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Ferrule")
install(DIRECTORY plugin-api/include/ferrule plugin-api/testhost/include/ferrule DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT sdk)
set_target_properties(ferrule_plugin_api PROPERTIES EXPORT_NAME plugin_api)
set_target_properties(ferrule_testhost PROPERTIES EXPORT_NAME testhost)
install(TARGETS ferrule_plugin_api ferrule_testhost EXPORT FerruleTargets COMPONENT sdk)
install(EXPORT FerruleTargets NAMESPACE Ferrule:: DESTINATION "${FERRULE_PACKAGE_DIR}" COMPONENT sdk)
configure_package_config_file(cmake/FerruleConfig.cmake.in "${CMAKE_BINARY_DIR}/FerruleConfig.cmake" INSTALL_DESTINATION "${FERRULE_PACKAGE_DIR}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/FerruleConfigVersion.cmake" VERSION ${PROJECT_VERSION} COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(FILES "${CMAKE_BINARY_DIR}/FerruleConfig.cmake" "${CMAKE_BINARY_DIR}/FerruleConfigVersion.cmake" cmake/FerrulePlugin.cmake plugin-api/plugin.map
  DESTINATION "${FERRULE_PACKAGE_DIR}" COMPONENT sdk)
