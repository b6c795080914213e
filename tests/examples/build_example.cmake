# Installs what authors get, builds the example against it with the warnings of the project, runs its tests, and installs the plugin.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
set(flags "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror")
if(SANITIZE)
  string(APPEND flags " -fsanitize=${SANITIZE} -Wno-tsan")
endif()
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix" --component sdk)
run("${CMAKE_COMMAND}" -S "${EXAMPLE}" -B "${WORK}/build" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DCMAKE_BUILD_TYPE=Debug
  -DCMAKE_INSTALL_LIBDIR=lib64 # the daemon looks in lib/ferrule/plugins all the same
  "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_C_COMPILER_LAUNCHER=${LAUNCHER}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-DCMAKE_C_FLAGS=${flags}" "-DCMAKE_CXX_FLAGS=${flags}")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${CMAKE_CTEST_COMMAND}" --test-dir "${WORK}/build" --output-on-failure --no-tests=error)
run("${CMAKE_COMMAND}" --install "${WORK}/build" --prefix "${WORK}/prefix")
file(GLOB plugins "${WORK}/prefix/lib/ferrule/plugins/probes/*.so")
list(LENGTH plugins count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "expected one installed plugin, found: ${plugins}")
endif()
