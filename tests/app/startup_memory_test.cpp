#include "app/startup_memory.hpp"

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

namespace {

constexpr std::size_t page = 4096;
constexpr unsigned char original = 0x5a;

constexpr auto fill() {
    std::array<unsigned char, 4 * page> bytes{};
    bytes.fill(original);
    return bytes;
}

// In a segment that is read-only, as code is.
alignas(page) constexpr volatile auto constants = fill();

const volatile unsigned char& byte_of(std::size_t index) {
    return *(reinterpret_cast<const volatile unsigned char*>(&constants) + index * page);
}

long resident_file_kb() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "RssFile:") {
    }
    long kilobytes = 0;
    status >> kilobytes;
    return kilobytes;
}

} // namespace

TEST_CASE("constants are as before, also those that a debugger changed in memory") {
    REQUIRE(::sysconf(_SC_PAGESIZE) == static_cast<long>(page));
    auto* const second = const_cast<unsigned char*>(&byte_of(1));
    REQUIRE(::mprotect(second, page, PROT_READ | PROT_WRITE) == 0);
    *second = 0xcc;
    REQUIRE(::mprotect(second, page, PROT_READ) == 0);

    ferrule::app::give_back_startup_memory();

    CHECK(byte_of(0) == original);
    CHECK(byte_of(1) == 0xcc);
    CHECK(byte_of(2) == original);
}

TEST_CASE("pages of files that nobody needs are no longer resident") {
    const auto before = resident_file_kb();
    ferrule::app::give_back_startup_memory();
    CHECK(resident_file_kb() < before);
}
