# Helpers that define the project's kinds of target.

# One floor of core/: ferrule_floor(<name> <libraries…>). Sources are those of core/<name>/.
function(ferrule_floor name)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/core/${name}/*.cpp" "${CMAKE_SOURCE_DIR}/core/${name}/*/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(ferrule_${name} STATIC ${sources})
    target_include_directories(ferrule_${name} PUBLIC "${CMAKE_SOURCE_DIR}/core")
    target_link_libraries(ferrule_${name} PUBLIC ${ARGN} PRIVATE ferrule_flags)
  else()
    add_library(ferrule_${name} INTERFACE)
    target_include_directories(ferrule_${name} INTERFACE "${CMAKE_SOURCE_DIR}/core")
    target_link_libraries(ferrule_${name} INTERFACE ${ARGN})
  endif()
endfunction()

# One plugin: ferrule_plugin(<kind> <name> SOURCES … LIBRARIES …) gives lib/ferrule/plugins/<kind>s/<name>.so.
function(ferrule_plugin kind name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${kind}_${name} MODULE ${arg_SOURCES})
  ferrule_harden_plugin(${kind}_${name})
  target_link_libraries(${kind}_${name} PRIVATE ferrule_plugin_api ferrule_flags ${arg_LIBRARIES})
  set_target_properties(${kind}_${name} PROPERTIES
    OUTPUT_NAME "${name}" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/ferrule/plugins/${kind}s")
  install(TARGETS ${kind}_${name} LIBRARY DESTINATION "lib/ferrule/plugins/${kind}s")
  set_property(GLOBAL APPEND PROPERTY FERRULE_PLUGINS ${kind}_${name})
endfunction()

include(FerrulePlugin) # ferrule_harden_plugin: what every plugin's library must be

# One test program a folder of tests/: ferrule_tests(<name> <libraries…>).
include(Catch)
# A hang's bound, not a measure: code under a sanitizer takes up to fifteen times as long.
set(ferrule_test_limit 120)
if(FERRULE_SANITIZE)
  set(ferrule_test_limit 600)
endif()
function(ferrule_tests name)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_include_directories(${name}_tests PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${name}_tests PRIVATE ferrule_catch ferrule_flags ${ARGN})
  set_target_properties(${name}_tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  catch_discover_tests(${name}_tests TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${ferrule_test_limit} SKIP_REGULAR_EXPRESSION "test-not-run:") # see tests/support/not_run.hpp
endfunction()
