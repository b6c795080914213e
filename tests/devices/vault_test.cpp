#include "devices/vault.hpp"

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <barrier>
#include <optional>
#include <thread>

using namespace ferrule;
using devices::vault;

TEST_CASE("what is sealed opens again, and never looks the same twice") {
    const test::scratch_folder scratch;
    const auto file = (scratch.path() / "sub" / "key").string();
    const auto made = vault::open(file);
    REQUIRE(made);
    const auto sealed = made->seal("swordfish", "credential a");
    CHECK(sealed.find("swordfish") == std::string::npos);
    CHECK(made->seal("swordfish", "credential a") != sealed);
    const auto again = vault::open(file);
    REQUIRE(again);
    const auto opened = again->open_sealed(sealed, "credential a");
    REQUIRE(opened);
    CHECK(opened->reveal() == "swordfish");
    CHECK(again->open_sealed(again->seal("", "p"), "p").value().reveal().empty());

    struct stat about {};

    REQUIRE(::stat(file.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777U) == 0600U);
}

TEST_CASE("another key, another purpose and a changed text do not open") {
    const test::scratch_folder scratch;
    const auto mine = vault::open((scratch.path() / "mine").string()).value();
    const auto other = vault::open((scratch.path() / "other").string()).value();
    const auto sealed = mine.seal("swordfish", "credential a");
    const auto expected = "a stored secret for credential a cannot be read: the key file is another one than it was "
                          "sealed with, so restore "
                          "that, or the record was changed";
    const auto wrong_key = other.open_sealed(sealed, "credential a");
    REQUIRE_FALSE(wrong_key);
    CHECK(wrong_key.error().code() == "secret_unreadable");
    CHECK(wrong_key.error().message() == expected);
    CHECK_FALSE(mine.open_sealed(sealed, "credential b"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(mine.open_sealed(changed, "credential a"));
    }
    for (const auto* text : {"", "!", "AAAA"})
        CHECK_FALSE(mine.open_sealed(text, "credential a"));
}

TEST_CASE("a key file that others can read, or that is no key, is refused with what to do") {
    const test::scratch_folder scratch;
    const auto refused = [](const std::filesystem::path& file) {
        const auto opened = vault::open(file.string());
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code() == "secret_key");
        return opened.error().message();
    };
    const auto open_file = scratch.write("open", std::string(32, 'k'), 0644);
    CHECK(refused(open_file) ==
          "the key file " + open_file.string() + " can be read by others: run chmod 600 " + open_file.string());
    for (const auto size : {0U, 31U, 33U}) {
        const auto file = scratch.write("size", std::string(size, 'k'));
        CHECK(refused(file) == "the key file " + file.string() +
                                   " does not hold a key of 32 bytes: restore it from a backup; without it stored "
                                   "credentials cannot be read");
    }
    const auto blocked = scratch.write("file", "") / "key";
    CHECK(refused(blocked) == "the key file " + blocked.string() + " cannot be opened: Not a directory");
}

TEST_CASE("those who open a key for the first time at once agree on it, and leave nothing beside it") {
    const test::scratch_folder scratch;
    const auto file = (scratch.path() / "key").string();
    constexpr int count = 8;
    std::vector<std::optional<vault>> all(count);
    {
        std::barrier begin(count);
        std::vector<std::jthread> threads;
        for (int i = 0; i < count; ++i)
            threads.emplace_back([&, i] {
                begin.arrive_and_wait();
                if (auto opened = vault::open(file))
                    all[static_cast<std::size_t>(i)].emplace(std::move(*opened));
            });
    }
    REQUIRE(all[0]);
    const auto sealed = all[0]->seal("swordfish", "p");
    for (const auto& each : all) {
        REQUIRE(each);
        CHECK(each->open_sealed(sealed, "p"));
    }
    CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 1);
}
