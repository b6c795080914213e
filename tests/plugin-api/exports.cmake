# Read when all targets are known.
get_property(plugins GLOBAL PROPERTY FERRULE_HARDENED_PLUGINS)
set(files)
foreach(plugin IN LISTS plugins)
  list(APPEND files "$<TARGET_FILE:${plugin}>")
endforeach()
add_test(NAME "plugin_api: every plugin exports its entry and nothing else"
  COMMAND "${CMAKE_SOURCE_DIR}/tests/plugin-api/check_exports" "${CMAKE_NM}" ${files})
