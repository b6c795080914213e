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

# For those who run it. The binary and the plugins install themselves (core/CMakeLists.txt, ferrule_plugin).
set(FERRULE_DATA_DIR "${CMAKE_INSTALL_DATADIR}/ferrule")
install(DIRECTORY config/platforms DESTINATION "${FERRULE_DATA_DIR}")
install(FILES config/ferrule.schema.json config/inventory.example.yaml DESTINATION "${FERRULE_DATA_DIR}")
install(FILES LICENSE README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/ferrule")
install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/ferrule")

# Paths are those of the prefix that is chosen when installing, and a configuration that is there already stays as it is.
set(FERRULE_UNIT_DIR "lib/systemd/system" CACHE STRING "Where the systemd unit goes, relative to the prefix or absolute")
set(FERRULE_SYSUSERS_DIR "lib/sysusers.d" CACHE STRING "Where the description of the system user goes")
configure_file(cmake/install_daemon.cmake.in "${CMAKE_BINARY_DIR}/install_daemon.cmake" @ONLY)
install(SCRIPT "${CMAKE_BINARY_DIR}/install_daemon.cmake")

# Completion comes from the binary itself, so that it never lags behind.
if(TARGET ferrule)
  set(completion "${CMAKE_BINARY_DIR}/completion")
  foreach(shell IN ITEMS bash zsh)
    add_custom_command(OUTPUT "${completion}/ferrule.${shell}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${completion}"
      COMMAND ferrule completion ${shell} > "${completion}/ferrule.${shell}"
      DEPENDS ferrule VERBATIM)
  endforeach()
  add_custom_target(ferrule_completion ALL DEPENDS "${completion}/ferrule.bash" "${completion}/ferrule.zsh")
  add_dependencies(product ferrule_completion)
  install(FILES "${completion}/ferrule.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME ferrule)
  install(FILES "${completion}/ferrule.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" RENAME _ferrule)
endif()
