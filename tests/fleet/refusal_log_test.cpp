#include "fleet/refusal_log.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using fleet::refusal_log;

TEST_CASE("the first refusal of a kind is news, the others are counted") {
    refusal_log log;
    base::steady_time now{};
    const refusal_log::about revoked{"edge1", "192.0.2.1", "the certificate is revoked"};
    CHECK(log.is_news(revoked, now));
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(log.is_news(revoked, now));
    CHECK(log.is_news({"edge2", "192.0.2.1", "the certificate is revoked"}, now));
    CHECK(log.is_news({"edge1", "192.0.2.1", "certificate has expired"}, now));
    now += refusal_log::window - 1s;
    CHECK(log.repeated(now).empty());
    now += 1s;
    const auto said = log.repeated(now);
    REQUIRE(said.size() == 1);
    CHECK(said.front().what == revoked);
    CHECK(said.front().times == 5);
    // It was told; what goes on is counted on, and what has ended is news the next time.
    CHECK_FALSE(log.is_news(revoked, now));
    now += refusal_log::window;
    CHECK(log.repeated(now).front().times == 1);
    now += refusal_log::window;
    CHECK(log.repeated(now).empty());
    CHECK(log.is_news(revoked, now));
}

TEST_CASE("made-up names fill neither the memory nor the log, and take nobody else's line") {
    refusal_log log;
    base::steady_time now{};
    std::size_t logged = 0;
    for (std::size_t i = 0; i < refusal_log::most * 3; ++i)
        logged += log.is_news({"name" + std::to_string(i), "192.0.2.1", "self-signed certificate"}, now) ? 1U : 0U;
    CHECK(logged == refusal_log::most_of_origin);
    CHECK(log.is_news({"edge1", "192.0.2.2", "the certificate is revoked"}, now));
    CHECK(log.is_news({"edge1", "[2001:db8::1]", "the certificate is revoked"}, now));
    auto said = log.repeated(now + refusal_log::window);
    REQUIRE(said.size() == 1);
    CHECK(said.front().what == refusal_log::about{{}, "192.0.2.1", "many others"});
    CHECK(said.front().times == refusal_log::most * 3 - refusal_log::most_of_origin);
    now += refusal_log::window * 2;
    CHECK(log.repeated(now).empty());
    CHECK(log.is_news({"name0", "192.0.2.1", "self-signed certificate"}, now));
}

TEST_CASE("refusals from everywhere are bounded too") {
    refusal_log log;
    base::steady_time now{};
    std::size_t logged = 0;
    for (std::size_t i = 0; i < refusal_log::most * 2; ++i) {
        const auto host = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
        logged += log.is_news({{}, host, "it said nothing in time"}, now) ? 1U : 0U;
    }
    CHECK(logged == refusal_log::most);
    const auto said = log.repeated(now + refusal_log::window);
    REQUIRE(said.size() == 1);
    CHECK(said.front().what == refusal_log::about{{}, {}, "many others"});
    CHECK(said.front().times == refusal_log::most);
}
