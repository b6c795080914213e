// Old plugins on today's host, and today's plugins on an old host.
#include "scripted.hpp"

#include <layout.h>

#include <catch2/catch.hpp>

using namespace scripted;
using namespace std::chrono_literals;

namespace {

th::plugin old_plugin() {
    return th::plugin::load(FERRULE_FROZEN_DIR "/plugin_1_0.so");
}

} // namespace

TEST_CASE("a driver built on the headers of 1.0 makes every call of today's host") {
    th::host host;
    host.services().set_secret("cred", R"({"password":"x"})");
    const auto plugin = old_plugin();
    plugin.init(host);
    th::driver d(host, plugin.component(FRL_KIND_DRIVER));
    REQUIRE(host.wait(d.open(1, "{}")).ok());
    const auto op = d.exec(1, "{}");
    host.loop().run_until([&] { return host.result(op).output == "f"; });
    CHECK(host.wait(op).output == "ftrwdsph");
    CHECK(host.metric("commands_total") == 1);
    CHECK(host.logged("init"));
    CHECK(host.logged("walking"));
    CHECK(host.wait(d.close(1)).ok());
    CHECK(host.services().lost_sessions().size() == 1);
    CHECK(host.loop().watch_count() == 0);
    CHECK_THROWS_WITH(th::driver(host, plugin.component(FRL_KIND_DRIVER), ""),
                      "no_config: The configuration is empty.");
}

TEST_CASE("a probe, a scheduler and a store of 1.0 run on today's host") {
    th::host host;
    const auto plugin = old_plugin();
    th::probe probe(host, plugin.component(FRL_KIND_PROBE));
    CHECK_THAT(host.wait(probe.start("{}")).json, Catch::Contains("true"));
    for (const auto op : probe.start_batch({"{}", "{}"})) {
        CHECK(host.wait(op).ok());
    }
    th::scheduler scheduler(host, plugin.component(FRL_KIND_SCHEDULER));
    CHECK(scheduler.select({{"a", 1, 0, 0, "", {{"ok", "yes"}}}, {"b"}}, {{"x"}}) == std::vector<std::uint32_t>{0});
    th::store store(host, plugin.component(FRL_KIND_STORE), R"({"collections":[]})");
    CHECK(store.put({{"jobs", "1", "one"}}).empty());
    CHECK(store.put({{"jobs", "1", "two", {}, 0, FRL_RECORD_INSERT}}).size() == 1);
    CHECK(store.get("jobs", "1")->value == "one");
    CHECK(store.scan({"jobs"}).size() == 1);
    store.flush();
    CHECK(store.maintain(1) == 1);
}

TEST_CASE("today's plugins run on a host whose table ends where that of 1.0 ended") {
    th::host host;
    host.cut_table(FRL_1_0_SIZE_frl_host);
    host.services().set_secret("cred", R"({"password":"x"})");
    const auto echo = th::plugin::load(fixture("echo"));
    th::driver d(host, echo.component(FRL_KIND_DRIVER));
    REQUIRE(host.wait(d.open(1, "{}")).ok());
    const auto outcome =
        host.wait(d.exec(1, R"({"command":"print a; sleep 1ms; resolve ::1; secret cred; block 1us; print z"})"));
    CHECK(outcome.output == "a\n::1\n16\nz\n");
    CHECK(host.wait(d.close(1)).ok());
    th::probe p(host, echo.component(FRL_KIND_PROBE));
    CHECK(host.wait(p.start(R"({"host":"a"})")).ok());
    th::scheduler s(host, th::plugin::load(fixture("first_fit")).component(FRL_KIND_SCHEDULER));
    CHECK(s.select({{"a"}}, {{"x"}}) == std::vector<std::uint32_t>{0});
}

TEST_CASE("a host that is newer than the plugin knows is read as far as the plugin knows it") {
    struct newer_host {
        frl_host known;
        void* appended[4];
    };

    th::host host;
    newer_host newer{*host.table(), {}};
    newer.known.struct_size = sizeof(newer);
    newer.known.abi_minor = FRL_ABI_MINOR + 1;
    const sdk::host seen(&newer.known);
    CHECK(seen.table().abi_minor == FRL_ABI_MINOR + 1);
    seen.info("hello");
    CHECK(host.logged("hello"));
}
