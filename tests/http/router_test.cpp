#include "http/router.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace ferrule::http;
namespace asio = boost::asio;

namespace {

route entry(method verb, std::string pattern) {
    route made;
    made.verb = verb;
    made.pattern = std::move(pattern);
    made.run = [](const request&) -> asio::awaitable<response> { co_return response(); };
    return made;
}

router table() {
    router made;
    made.add(entry(method::get, "/jobs"));
    made.add(entry(method::post, "/jobs"));
    made.add(entry(method::get, "/jobs/{id}"));
    made.add(entry(method::get, "/jobs/{id}/stream"));
    made.add(entry(method::get, "/jobs/stats/stream"));
    made.add(entry(method::delete_, "/plugins/{kind}/{name}"));
    return made;
}

request asked(method verb, std::vector<std::string> segments) {
    request made;
    made.verb = verb;
    made.segments = std::move(segments);
    return made;
}

} // namespace

TEST_CASE("a route is found by method and path, with its parameters") {
    const auto routes = table();
    auto get = asked(method::get, {"jobs", "42"});
    REQUIRE(routes.find(get).route != nullptr);
    CHECK(get.param("id") == "42");
    CHECK(get.param("other").empty());

    auto two = asked(method::delete_, {"plugins", "driver", "ssh"});
    REQUIRE(routes.find(two).route != nullptr);
    CHECK(two.param("kind") == "driver");
    CHECK(two.param("name") == "ssh");
}

TEST_CASE("a literal segment is preferred to a parameter, whichever was added first") {
    const auto routes = table();
    auto literal = asked(method::get, {"jobs", "stats", "stream"});
    CHECK(routes.find(literal).route->pattern == "/jobs/stats/stream");
    auto any = asked(method::get, {"jobs", "1", "stream"});
    CHECK(routes.find(any).route->pattern == "/jobs/{id}/stream");
}

TEST_CASE("HEAD is served by GET") {
    const auto routes = table();
    auto head = asked(method::head, {"jobs"});
    CHECK(routes.find(head).route->verb == method::get);
}

TEST_CASE("another method at a known path gives what is allowed") {
    const auto routes = table();
    auto put = asked(method::put, {"jobs"});
    const auto found = routes.find(put);
    CHECK(found.route == nullptr);
    CHECK(found.allow == "GET, HEAD, POST, OPTIONS");
}

TEST_CASE("an unknown path gives nothing") {
    const auto routes = table();
    for (const auto& segments : std::vector<std::vector<std::string>>{
             {""}, {"job"}, {"jobs", ""}, {"jobs", "1", "stream", "x"}, {"", "jobs"}, {"a", "b", "c", "d", "e", "f"}}) {
        auto get = asked(method::get, segments);
        const auto found = routes.find(get);
        CHECK(found.route == nullptr);
        CHECK(found.allow.empty());
    }
}

TEST_CASE("faulty tables are refused at once") {
    auto routes = table();
    CHECK_THROWS_AS(routes.add(entry(method::get, "/jobs")), std::invalid_argument);
    CHECK_THROWS_AS(routes.add(entry(method::get, "jobs")), std::invalid_argument);
    CHECK_THROWS_AS(routes.add(entry(method::get, "/jobs/")), std::invalid_argument);
    CHECK_THROWS_AS(routes.add(entry(method::get, "/a//b")), std::invalid_argument);
    CHECK_THROWS_AS(routes.add(entry(method::get, "/a/{id")), std::invalid_argument);
    CHECK_THROWS_AS(routes.add(entry(method::get, "/a/x{id}")), std::invalid_argument);
    auto without = entry(method::get, "/handlerless");
    without.run = nullptr;
    CHECK_THROWS_AS(routes.add(std::move(without)), std::invalid_argument);
}
