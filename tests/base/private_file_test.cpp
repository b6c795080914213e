#include "base/private_file.hpp"

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <filesystem>
#include <set>
#include <thread>
#include <vector>

using namespace ferrule;

namespace {

unsigned mode_of(const std::filesystem::path& file) {
    struct stat about {};

    REQUIRE(::stat(file.c_str(), &about) == 0);
    return about.st_mode & 07777U;
}

std::size_t files_in(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

} // namespace

TEST_CASE("a private file is made once, for its owner, in a folder of its owner, with nothing beside it") {
    const test::scratch_folder scratch;
    const auto file = scratch.path() / "sub" / "key";
    REQUIRE(base::make_private(file, "geheim"));
    CHECK(mode_of(file) == 0600);
    CHECK(mode_of(file.parent_path()) == 0700);
    const auto again = base::make_private(file, "other");
    CHECK(again.error().code() == "exists");
    CHECK(again.error().message() == "the file " + file.string() + " is already there");
    CHECK(base::read_private(file)->reveal() == "geheim");
    REQUIRE(base::write_file(file, "other", 0640)); // this one replaces
    CHECK(mode_of(file) == 0640);
    CHECK(base::read_public(file).value() == "other");
    CHECK(base::read_private(file).error().message() ==
          "the file " + file.string() + " can be read by others: run chmod 600 " + file.string());
    CHECK(files_in(file.parent_path()) == 1);
}

TEST_CASE("what is not there is none, what cannot be there is a fault, in the words of the caller") {
    const test::scratch_folder scratch;
    const auto nothing = scratch.path() / "none";
    CHECK_FALSE(base::is_there(nothing));
    CHECK_FALSE(base::find_private(nothing).value().has_value());
    base::file_words words;
    words.code = "lamp";
    words.before = "the lamp ";
    words.after = ", ";
    words.remedy = "; buy one";
    const auto missing = base::read_private(nothing, words);
    CHECK(missing.error().code() == "lamp");
    CHECK(missing.error().message() ==
          "the lamp " + nothing.string() + ", cannot be opened: No such file or directory");
    const auto below = scratch.write("file", "") / "key";
    CHECK(base::find_private(below, words).error().message() ==
          "the lamp " + below.string() + ", cannot be opened: Not a directory");
    CHECK(base::make_private(below, "x", words).error().message() ==
          "the lamp " + below.string() + ", cannot be made: Not a directory; buy one");
    const auto large = scratch.path() / "large";
    REQUIRE(base::make_private(large, std::string((std::size_t{1} << 20U) + 8192, 'x')));
    CHECK(base::read_private(large).error().message() == "the file " + large.string() + " is too large");
}

TEST_CASE("those who open a key at once agree on it, and one of another size is none") {
    const test::scratch_folder scratch;
    const auto file = scratch.path() / "key";
    std::vector<std::string> seen(8);
    std::vector<std::thread> all;
    for (auto& each : seen)
        all.emplace_back([&each, &file] { each = base::open_key(file, 32, {}, "alas")->reveal(); });
    for (auto& each : all)
        each.join();
    CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 1);
    CHECK(seen.front().size() == 32);
    CHECK(files_in(scratch.path()) == 1);
    CHECK(base::open_key(file, 16, {}, "alas").error().message() ==
          "the file " + file.string() + " does not hold a key of 16 bytes: alas");
}
