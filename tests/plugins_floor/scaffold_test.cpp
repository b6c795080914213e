#include "rig.hpp"

#include "plugins/check.hpp"
#include "plugins/scaffold.hpp"

#include <cstdlib>
#include <fstream>

using ferrule::plugins::all_kinds;
using ferrule::plugins::kind;
using ferrule::plugins::scaffold;

namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("a new plugin has a source, a build, a test and a README, without a gap") {
    for (const auto which : all_kinds) {
        const test::scratch_folder folder;
        const auto into = folder.path() / "new";
        const auto files = scaffold(which, "my-own_1", into);
        REQUIRE(files);
        CHECK(*files == std::vector<std::filesystem::path>{into / "my-own_1.cpp", into / "my-own_1_test.cpp",
                                                           into / "CMakeLists.txt", into / "README.md"});
        for (const auto& each : *files) {
            const auto text = text_of(each);
            CHECK(text.find('@') == std::string::npos);
            CHECK(text.find("my-own_1") != std::string::npos);
        }
        CHECK(text_of(into / "my-own_1.cpp").find("class my_own_1_" + std::string(name_of(which))) !=
              std::string::npos);
    }
}

TEST_CASE("a new plugin compiles, passes the check and does what it should") {
    const auto which = GENERATE(kind::driver, kind::probe, kind::scheduler, kind::store);
    const test::scratch_folder folder;
    const auto into = folder.path() / "new";
    REQUIRE(scaffold(which, "fresh", into));
    const std::string common = std::string(FERRULE_CXX_COMPILER) + " -std=c++20 -Wall -Wextra -Werror -I" +
                               FERRULE_ABI_HEADERS + " -I" + FERRULE_TESTHOST_HEADERS + " ";
    const auto plugin = into / "fresh.so";
    const auto program = into / "fresh_test";
    REQUIRE(
        std::system((common +
                     "-shared -fPIC -fvisibility=hidden -fno-gnu-unique -Wl,--exclude-libs,ALL -Wl,--version-script=" +
                     FERRULE_PLUGIN_MAP + " -o " + plugin.string() + " " + (into / "fresh.cpp").string())
                        .c_str()) == 0);
    REQUIRE(
        std::system((common + "-pthread -o " + program.string() + " " + (into / "fresh_test.cpp").string() + " -ldl")
                        .c_str()) == 0);
    CHECK(std::system((program.string() + " " + plugin.string()).c_str()) == 0);
    const auto all = ferrule::plugins::check_plugin(plugin);
    REQUIRE_FALSE(all.empty());
    for (const auto& each : all) {
        INFO(each.check << ": " << each.message);
        CHECK(each.ok);
    }
}

TEST_CASE("a new plugin needs a name and an empty folder") {
    const test::scratch_folder folder;
    const auto bad = scaffold(kind::probe, "No Name", folder.path() / "x");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message() == "'No Name' is no name for a plugin; use a-z, 0-9, _ and -, begin with a letter and "
                                   "take at most 64 characters");
    folder.write("there", "x");
    const auto full = scaffold(kind::probe, "fine", folder.path());
    REQUIRE_FALSE(full);
    CHECK(full.error().code() == "folder_not_empty");
}
