#include "scheduler_fixture.hpp"

#include <atomic>
#include <cmath>
#include <thread>

using namespace ferrule::tests;
using choices = std::vector<std::uint32_t>;
constexpr std::uint32_t none = FRL_NO_NODE;

TEST_CASE("greedy gives one target the first node with room") {
    chooser greedy("greedy");
    CHECK(greedy.choose({a_node("a", 2, 2), a_node("b", 9, 0), a_node("c", 9, 8)}, 1) == choices{1});
    CHECK(greedy.choose({a_node("a", 2, 2)}, 1) == choices{none});
    CHECK(greedy.choose({}, 1) == choices{none});
}

TEST_CASE("greedy fills the fullest node first for a batch and then the next") {
    chooser greedy("greedy");
    CHECK(greedy.choose({a_node("a", 4, 0), a_node("b", 4, 2), a_node("c", 4, 3)}, 8) ==
          choices{2, 1, 1, 0, 0, 0, 0, none});
    CHECK(greedy.choose({a_node("big", 100, 50), a_node("small", 4, 2)}, 3) == choices{1, 1, 0});
}

TEST_CASE("a node that holds more than its capacity has no room") {
    for (const auto* name : {"greedy", "least_load", "least_load_random", "load_weighted_random"}) {
        INFO(name);
        chooser any(name);
        CHECK(any.choose({a_node("a", 2, 5), a_node("b", 0, 0), a_node("c", 1, 0)}, 3) == choices{2, none, none});
    }
}

TEST_CASE("least_load takes the least count, then the most room, then the least loaded host, then the name") {
    chooser least("least_load");
    CHECK(least.choose({a_node("a", 9, 3), a_node("b", 9, 1), a_node("c", 9, 2)}, 1) == choices{1});
    CHECK(least.choose({a_node("a", 5, 1), a_node("b", 9, 1)}, 1) == choices{1});
    CHECK(least.choose({a_node("b", 9, 1), a_node("a", 9, 1)}, 1) == choices{1});
    auto busy = a_node("a", 9, 1);
    busy.load = 0.8;
    CHECK(least.choose({busy, a_node("b", 9, 1)}, 1) == choices{1});
    CHECK(least.choose({busy, a_node("b", 9, 2)}, 1) == choices{0});
}

TEST_CASE("least_load counts what it has placed in the same batch") {
    chooser least("least_load");
    CHECK(least.choose({a_node("a", 3, 0), a_node("b", 9, 2)}, 6) == choices{0, 0, 1, 0, 1, 1});
}

TEST_CASE("least_load_random takes each of the least loaded nodes now and then, and no other") {
    chooser least("least_load_random", R"({"seed":7})");
    const std::vector<ferrule::testhost::node> nodes{a_node("a", 9, 1), a_node("b", 9, 1), a_node("c", 9, 1),
                                                     a_node("d", 9, 2)};
    std::vector<int> counts(5);
    for (int i = 0; i < 3000; ++i)
        ++counts[least.choose(nodes, 1).front()];
    for (const auto at : {0U, 1U, 2U}) {
        CHECK(counts[at] > 850);
        CHECK(counts[at] < 1150);
    }
    CHECK(counts[3] == 0);
}

TEST_CASE("least_load_random levels the nodes within a batch") {
    chooser least("least_load_random", R"({"seed":1})");
    const auto got = tally(least.choose({a_node("a", 100, 5), a_node("b", 100, 0), a_node("c", 100, 2)}, 23), 3);
    CHECK(got == std::vector<int>{5, 10, 8, 0});
}

TEST_CASE("load_weighted_random draws one target's node in proportion to its room") {
    chooser weighted("load_weighted_random", R"({"seed":3})");
    const std::vector<ferrule::testhost::node> nodes{a_node("a", 40, 30), a_node("b", 40, 10), a_node("c", 5, 5)};
    std::vector<int> counts(3);
    constexpr int draws = 20000;
    for (int i = 0; i < draws; ++i)
        ++counts[weighted.choose(nodes, 1).front()];
    CHECK(counts[2] == 0);
    // 10 : 30, each give or take 5 %: a quarter, between 23.2 % and 26.9 %, and some room for chance
    CHECK(counts[0] > draws * 0.22);
    CHECK(counts[0] < draws * 0.28);
}

TEST_CASE("load_weighted_random leans towards empty nodes for a batch and never overfills one") {
    chooser weighted("load_weighted_random", R"({"seed":3})");
    const std::vector<ferrule::testhost::node> nodes{a_node("a", 1000, 900), a_node("b", 1000, 0)};
    const auto some = tally(weighted.choose(nodes, 400), 2);
    CHECK(some[0] < 400 / 11); // by room alone it would be an eleventh
    const auto all = tally(weighted.choose(nodes, 1200), 2);
    CHECK(all == std::vector<int>{100, 1000, 100});
}

TEST_CASE("the same seed gives the same sequence of choices, another seed another") {
    for (const auto* name : {"least_load_random", "load_weighted_random"}) {
        INFO(name);
        std::vector<ferrule::testhost::node> nodes;
        for (int i = 0; i < 50; ++i)
            nodes.push_back(a_node("node-" + std::to_string(i), 10, 0));
        chooser first(name, R"({"seed":11})");
        chooser second(name, R"({"seed":11})");
        chooser third(name, R"({"seed":12})");
        const auto once = first.choose(nodes, 40);
        CHECK(second.choose(nodes, 40) == once);
        CHECK(third.choose(nodes, 40) != once);
        const auto next = first.choose(nodes, 40);
        CHECK(next != once);
        CHECK(second.choose(nodes, 40) == next);
    }
}

TEST_CASE("a scheduler may be asked from several threads at the same time") {
    for (const auto* name : {"greedy", "least_load", "least_load_random", "load_weighted_random"}) {
        INFO(name);
        chooser any(name);
        std::atomic<int> wrong{0};
        std::vector<std::thread> asking;
        for (int t = 0; t < 4; ++t)
            asking.emplace_back([&] {
                for (int i = 0; i < 200; ++i)
                    if (tally(any.choose({a_node("a", 3, 0), a_node("b", 3, 0)}, 7), 2) != std::vector<int>{3, 3, 1})
                        ++wrong;
            });
        for (auto& each : asking)
            each.join();
        CHECK(wrong == 0);
    }
}

TEST_CASE("settings that a scheduler does not know are refused") {
    CHECK(refusal("greedy", R"({"seed":1})") ==
          "invalid_config: scheduler greedy: unknown setting 'seed'; known are: none");
    CHECK(refusal("least_load", R"([])") == "invalid_config: scheduler least_load: the settings must be a JSON object");
    CHECK(refusal("least_load_random", R"({"sed":1})") ==
          "invalid_config: scheduler least_load_random: unknown setting 'sed'; known are: seed");
    CHECK(refusal("load_weighted_random", R"({"seed":"x"})") ==
          "invalid_config: scheduler load_weighted_random: seed must be a whole number");
    CHECK(refusal("greedy", "") == "no failure");
}
