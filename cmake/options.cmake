# Build options and the compiler flags that every target shares.

option(FERRULE_WERROR "Treat compiler warnings as errors" OFF)
option(FERRULE_FUZZ "Instrument everything for libFuzzer; needs clang" OFF)
option(FERRULE_TIDY "Run clang-tidy with the compiler" OFF)
set(FERRULE_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, such as address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
set(CMAKE_C_FLAGS_DEBUG "-Og -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(FERRULE_CCACHE ccache)
if(FERRULE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${FERRULE_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${FERRULE_CCACHE}")
endif()
find_program(FERRULE_MOLD mold)
if(FERRULE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(ferrule_flags INTERFACE)
target_compile_options(ferrule_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wformat=2
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi>
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-tsan -Wduplicated-cond -Wlogical-op>
  # With optimisation GCC 12 misjudges who allocated a coroutine's frame, and what lives in it.
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-mismatched-new-delete -Wno-free-nonheap-object>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-gnu-zero-variadic-macro-arguments>
  -fstack-protector-strong)
if(FERRULE_WERROR)
  target_compile_options(ferrule_flags INTERFACE -Werror)
endif()
if(FERRULE_SANITIZE)
  add_compile_options(-fsanitize=${FERRULE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${FERRULE_SANITIZE})
  add_compile_definitions(FERRULE_SANITIZED=1)
endif()
if(FERRULE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link -O1)
endif()
if(FERRULE_TIDY)
  find_program(FERRULE_CLANG_TIDY NAMES clang-tidy-16 REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${FERRULE_CLANG_TIDY};--quiet")
endif()
