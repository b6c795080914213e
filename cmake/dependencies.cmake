# Everything from Debian 12's packages (scripts/packages.txt); nothing is downloaded or vendored.

set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Catch2 2 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBSSH REQUIRED IMPORTED_TARGET libssh)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
find_package(prometheus-cpp REQUIRED COMPONENTS core)

# Asio and Beast are compiled once, here; every other translation unit sees declarations only.
add_library(ferrule_asio STATIC "${CMAKE_SOURCE_DIR}/cmake/asio.cpp")
target_compile_definitions(ferrule_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_ALL_NO_LIB)
if(FERRULE_SANITIZE) # so that the sanitizers see every frame and handler end, instead of its memory being kept for the next
  target_compile_definitions(ferrule_asio PUBLIC BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
endif()
target_include_directories(ferrule_asio SYSTEM PUBLIC ${Boost_INCLUDE_DIRS})
target_link_libraries(ferrule_asio PUBLIC Threads::Threads OpenSSL::SSL OpenSSL::Crypto)

add_library(ferrule_catch STATIC "${CMAKE_SOURCE_DIR}/cmake/catch_main.cpp")
target_link_libraries(ferrule_catch PUBLIC Catch2::Catch2)
