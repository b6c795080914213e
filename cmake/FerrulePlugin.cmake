# What makes a library a Ferrule plugin. Used by the project itself and, installed, by everyone's plugins.

include_guard(GLOBAL)
include(GNUInstallDirs)

# Next to this file when installed, in plugin-api/ in the source tree.
foreach(folder IN ITEMS "${CMAKE_CURRENT_LIST_DIR}" "${CMAKE_CURRENT_LIST_DIR}/../plugin-api")
  if(EXISTS "${folder}/plugin.map")
    set_property(GLOBAL PROPERTY FERRULE_PLUGIN_MAP "${folder}/plugin.map")
  endif()
endforeach()

# ferrule_harden_plugin(<target>): one exported symbol, nothing undefined, no unique symbols that pin it in memory.
function(ferrule_harden_plugin target)
  get_property(map GLOBAL PROPERTY FERRULE_PLUGIN_MAP)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".so" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  set_property(GLOBAL APPEND PROPERTY FERRULE_HARDENED_PLUGINS ${target})
  target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL "-Wl,--version-script=${map}")
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${map}")
  string(FIND "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${FERRULE_SANITIZE}" "sanitize" sanitized)
  if(sanitized EQUAL -1 AND NOT FERRULE_SANITIZE) # the sanitizers' runtimes are left undefined in shared objects
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()

# ferrule_add_plugin(<kind> <name> SOURCES … [LIBRARIES …]): the target <kind>_<name>, a file <name>.so, and its installation into the folder of its kind.
# The folder is FERRULE_PLUGIN_DIR, lib/ferrule/plugins under the prefix unless it is set.
function(ferrule_add_plugin kind name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;LIBRARIES")
  set(kinds driver probe scheduler store template webhook transport)
  if(NOT kind IN_LIST kinds)
    list(JOIN kinds ", " known)
    message(FATAL_ERROR "ferrule_add_plugin: there is no kind '${kind}'; it must be one of ${known}.")
  endif()
  if(NOT name MATCHES "^[a-z][a-z0-9_-]*$")
    message(FATAL_ERROR "ferrule_add_plugin: '${name}' is no name for a plugin; use [a-z][a-z0-9_-]*.")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "ferrule_add_plugin(${kind} ${name}): SOURCES is empty.")
  endif()
  set(target ${kind}_${name})
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE Ferrule::plugin_api ${arg_LIBRARIES})
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    target_compile_features(${target} PRIVATE cxx_std_20)
  endif()
  ferrule_harden_plugin(${target})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME "${name}")
  if(NOT FERRULE_PLUGIN_DIR)
    set(FERRULE_PLUGIN_DIR lib/ferrule/plugins) # where the daemon looks, whatever the system calls its folder of libraries
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION "${FERRULE_PLUGIN_DIR}/${kind}s")
endfunction()
