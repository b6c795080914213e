#include "base/id.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

using namespace ferrule::base;

TEST_CASE("an id is a UUIDv7") {
    const auto id = make_id();
    CHECK(is_id(id));
    CHECK(id[14] == '7');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
}

TEST_CASE("ids ascend within a thread and never repeat between threads") {
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 20'000;
    std::vector<std::vector<std::string>> made(threads);
    {
        std::vector<std::jthread> workers;
        for (auto& own : made)
            workers.emplace_back([&own] {
                for (std::size_t i = 0; i < each; ++i)
                    own.push_back(make_id());
            });
    }
    std::set<std::string> all;
    for (const auto& own : made) {
        CHECK(std::is_sorted(own.begin(), own.end()));
        all.insert(own.begin(), own.end());
    }
    CHECK(all.size() == threads * each);
    // One made afterwards is above all of them.
    CHECK(make_id() > *all.rbegin());
}

TEST_CASE("the form of an id is told from other texts") {
    CHECK(is_id("01890a5d-ac96-774b-bcce-b302099a8057"));
    for (const auto* text : {"", "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a80577",
                             "01890A5D-ac96-774b-bcce-b302099a8057", "01890a5dxac96-774b-bcce-b302099a8057",
                             "01890a5d-ac96-774b-bcce-b302099a805g", "../../../../../../../../etc/passwd0"}) {
        INFO(text);
        CHECK_FALSE(is_id(text));
    }
}

TEST_CASE("random tokens are base64url, of their length, and differ") {
    const auto token = random_token(32);
    CHECK(token.size() == 43);
    CHECK(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
          std::string::npos);
    CHECK(random_token(32) != token);
    CHECK(random_token(0).empty());
}

TEST_CASE("ids come after one of an earlier process, also when the clock was set back since") {
    make_ids_after("00000000-0000-7000-8000-000000000000");
    make_ids_after("no id");
    const std::string ahead = "7fffffff-ffff-7fff-bfff-ffffffffffff";
    CHECK(make_id() < ahead);
    make_ids_after(ahead);
    const auto next = make_id();
    CHECK(is_id(next));
    CHECK(next > ahead);
    make_ids_after("01890a5d-ac96-774b-bcce-b302099a8057");
    CHECK(make_id() > next);
}
