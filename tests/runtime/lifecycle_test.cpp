#include "runtime/lifecycle.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

#include "support/print_result.hpp"
#include "support/run.hpp"

using namespace ferrule;
using runtime::lifecycle;
namespace asio = boost::asio;

namespace {

using journal = std::vector<std::string>;

asio::awaitable<result<void>> start_well(journal& seen, std::string name) {
    seen.push_back("start " + name);
    co_return ok();
}

asio::awaitable<result<void>> start_badly(journal& seen, std::string name) {
    seen.push_back("start " + name);
    co_return error("port_taken", "the port is taken", true);
}

asio::awaitable<result<void>> start_throwing() {
    throw std::runtime_error("broken");
    co_return ok(); // makes it a coroutine
}

asio::awaitable<void> stop_well(journal& seen, std::string name) {
    seen.push_back("stop " + name);
    co_return;
}

asio::awaitable<void> stop_throwing(journal& seen, std::string name) {
    seen.push_back("stop " + name);
    throw std::runtime_error("broken");
    co_return; // makes it a coroutine
}

void add_good(lifecycle& parts, journal& seen, const std::string& name) {
    parts.add(
        name, [&seen, name] { return start_well(seen, name); }, [&seen, name] { return stop_well(seen, name); });
}

} // namespace

TEST_CASE("parts start in order and stop in the reverse one, once") {
    asio::io_context loop;
    lifecycle parts;
    journal seen;
    for (const auto* name : {"store", "devices", "http"})
        add_good(parts, seen, name);
    CHECK(test::run(loop, parts.start()));
    test::run(loop, parts.stop());
    test::run(loop, parts.stop());
    CHECK(seen == journal{"start store", "start devices", "start http", "stop http", "stop devices", "stop store"});
}

TEST_CASE("a failure in the middle stops what was started and names the part") {
    asio::io_context loop;
    lifecycle parts;
    journal seen;
    add_good(parts, seen, "store");
    add_good(parts, seen, "devices");
    parts.add(
        "http", [&seen] { return start_badly(seen, "http"); }, [&seen] { return stop_well(seen, "http"); });
    add_good(parts, seen, "never");
    const auto started = test::run(loop, parts.start());
    REQUIRE_FALSE(started);
    CHECK(started.error() == error("port_taken", "http: the port is taken", true));
    CHECK(seen == journal{"start store", "start devices", "start http", "stop devices", "stop store"});
}

TEST_CASE("an exception at start is a failure like any other") {
    asio::io_context loop;
    lifecycle parts;
    journal seen;
    add_good(parts, seen, "store");
    parts.add(
        "plugins", [] { return start_throwing(); }, [&seen] { return stop_well(seen, "plugins"); });
    const auto started = test::run(loop, parts.start());
    REQUIRE_FALSE(started);
    CHECK(started.error() == error("internal", "plugins: broken"));
    CHECK(seen == journal{"start store", "stop store"});
}

TEST_CASE("a part that fails to stop does not keep the others from stopping") {
    asio::io_context loop;
    lifecycle parts;
    journal seen;
    add_good(parts, seen, "store");
    parts.add(
        "bad", [&seen] { return start_well(seen, "bad"); }, [&seen] { return stop_throwing(seen, "bad"); });
    parts.add("without functions", nullptr, nullptr);
    add_good(parts, seen, "http");
    CHECK(test::run(loop, parts.start()));
    test::run(loop, parts.stop());
    CHECK(seen == journal{"start store", "start bad", "start http", "stop http", "stop bad", "stop store"});
}
