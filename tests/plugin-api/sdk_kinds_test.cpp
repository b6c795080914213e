#include "scripted.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace scripted;
using namespace std::chrono_literals;

namespace {

class greeting final : public sdk::blocking_probe {
    sdk::probe_result run(const sdk::target& where, sdk::call& c) override {
        if (where.host() == "broken") {
            throw sdk::failure(sdk::error("no_permission", "Raw sockets are not allowed here."));
        }
        if (where.port() == 0) {
            return sdk::probe_result::down("no port", sdk::probe_phase::local, 1ms);
        }
        auto up = sdk::probe_result::up(1500us);
        up.metric("left_ms", static_cast<double>(c.remaining().count())).label("banner", "hi").phase("connect", 1ms);
        return up;
    }
};

class batching final : public sdk::probe {
    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto how = co_await sdk::sleep_until(c.deadline());
        if (how == sdk::wait_status::cancelled) {
            co_return sdk::error::cancelled();
        }
        co_return sdk::probe_result::down(where.host(), sdk::probe_phase::answer, 1ms);
    }

    void measure_batch(std::vector<item> items) override {
        host().info("batch", {{"count", items.size()}});
        sdk::probe::measure_batch(std::move(items));
    }
};

/// A store that has nothing to keep.
class empty_store : public sdk::store {
    void put(std::span<const sdk::record_view>, sdk::left_out&) override {}

    void get(std::string_view, std::string_view, const sdk::row_sink&) override {}

    void scan(const sdk::scan_view&, const sdk::row_sink&) override {}

    void flush() override {}

    std::uint32_t maintain(std::int64_t, std::uint32_t) override { return 0; }
};

class prompt_store : public empty_store {
    bool try_put(std::span<const sdk::record_view>, sdk::left_out& taken) override {
        taken.add(0);
        return true;
    }
};

class inheriting_store final : public prompt_store {};

class public_store final : public empty_store {
  public:
    bool try_put(std::span<const sdk::record_view>, sdk::left_out&) override { return false; }
};

/// Keeps its operations itself: ends the ones to "now", and the others when it is asked to.
class collecting final : public sdk::batch_probe {
    void begin(std::vector<item> items) override {
        host().info("begin", {{"count", items.size()}});
        for (auto& each : items) {
            if (each.where.host() == "now") {
                each.op.complete(R"({"success":true,"duration_ms":0})");
            } else if (each.where.host() != "dropped") {
                kept_.push_back(std::move(each.op));
            }
        }
    }

    void cancel(frl_op op) override {
        for (auto& each : kept_) {
            if (each.id() == op) {
                each.fail(sdk::error::cancelled());
            }
        }
    }

    std::vector<sdk::operation> kept_;
};

} // namespace

TEST_CASE("a batch probe keeps its operations itself and ends the one that is cancelled") {
    th::host host;
    const auto component = component_for<collecting>();
    th::probe p(host, component);
    const auto ops = p.start_batch({R"({"host":"now"})", R"({"host":"later"})", "[]", R"({"host":"dropped"})"});
    CHECK(host.result(ops[0]).ok());
    CHECK_FALSE(host.result(ops[1]).completed);
    CHECK_THAT(host.result(ops[2]).json, Catch::Contains("invalid_target"));
    CHECK_THAT(host.result(ops[3]).json, Catch::Contains("internal"));
    const auto alone = p.start(R"({"host":"later"})");
    p.cancel(alone);
    CHECK(host.result(alone).status == FRL_CANCELLED);
    CHECK_FALSE(host.result(ops[1]).completed);
    p.cancel(ops[1]);
    CHECK(host.result(ops[1]).status == FRL_CANCELLED);
    CHECK(host.logs().size() == 2);
    p.destroy();
    CHECK(host.stale_completions() == 0);
}

TEST_CASE("a blocking probe answers up with what it measured") {
    th::host host;
    const auto component = component_for<greeting>();
    th::probe p(host, component);
    CHECK(
        host.wait(p.start(R"({"host":"box","port":7})", 3s)).json ==
        R"({"success":true,"duration_ms":1.5,"metrics":{"left_ms":3000},"labels":{"banner":"hi"},"phases_ms":{"connect":1}})");
}

TEST_CASE("a blocking probe answers down with a reason and a phase") {
    th::host host;
    const auto component = component_for<greeting>();
    th::probe p(host, component);
    const auto outcome = host.wait(p.start(R"({"host":"box"})"));
    CHECK(outcome.ok());
    CHECK(outcome.json == R"({"success":false,"duration_ms":1,"reason":"no port","failed_phase":"local"})");
}

TEST_CASE("a probe that cannot be made is an error") {
    th::host host;
    const auto component = component_for<greeting>();
    th::probe p(host, component);
    CHECK_THAT(host.wait(p.start(R"({"host":"broken"})")).json, Catch::Contains("no_permission"));
    CHECK_THAT(host.wait(p.start(R"({"host":"box","port":"ssh"})")).json,
               Catch::Contains("'port': The value must be a whole number"));
    CHECK_THAT(host.wait(p.start(R"([1])")).json, Catch::Contains("invalid_target"));
    CHECK_THAT(host.wait(p.start("{")).json, Catch::Contains("invalid_json"));
}

TEST_CASE("an asynchronous probe ends by its deadline or by a cancellation") {
    th::host host;
    const auto component = component_for<batching>();
    th::probe p(host, component);
    const auto slow = p.start(R"({"host":"slow"})", 2s);
    const auto unwanted = p.start(R"({"host":"unwanted"})", 2s);
    host.loop().run_ready();
    p.cancel(unwanted);
    CHECK(host.wait(unwanted).status == FRL_CANCELLED);
    CHECK_FALSE(host.result(slow).completed);
    host.loop().advance(2s);
    CHECK_THAT(host.result(slow).json, Catch::Contains("\"slow\""));
}

TEST_CASE("an asynchronous probe says what is wrong with its target") {
    th::host host;
    const auto component = component_for<batching>();
    th::probe p(host, component);
    CHECK_THAT(host.wait(p.start("[1]")).json, Catch::Contains("invalid_target"));
    CHECK_THAT(host.wait(p.start("{")).json, Catch::Contains("invalid_json"));
}

TEST_CASE("a batch of probes completes one by one, and a bad target fails alone") {
    th::host host;
    const auto component = component_for<batching>();
    th::probe p(host, component);
    const auto ops = p.start_batch({R"({"host":"a"})", "rubbish", R"({"host":"c"})"}, 1s);
    CHECK(host.logs().at(0).fields.at(0).second == "2");
    CHECK_THAT(host.result(ops[1]).json, Catch::Contains("invalid_json"));
    host.loop().advance(1s);
    CHECK_THAT(host.result(ops[0]).json, Catch::Contains("\"a\""));
    CHECK_THAT(host.result(ops[2]).json, Catch::Contains("\"c\""));
}

TEST_CASE("a scheduler fills nodes in order and leaves out what does not fit") {
    th::host host;
    const auto plugin = th::plugin::load(fixture("first_fit"));
    th::scheduler s(host, plugin.component(FRL_KIND_SCHEDULER));
    const std::vector<th::node> nodes = {{"a", 2, 1}, {"b", 1, 0}};
    CHECK(s.select(nodes, {{"x"}, {"y"}, {"z"}}) == std::vector<std::uint32_t>{0, 1, FRL_NO_NODE});
}

TEST_CASE("labels and regions of nodes reach a scheduler") {
    class by_region final : public sdk::scheduler {
        void select(std::span<sdk::node> nodes, std::span<const sdk::schedule_target> targets,
                    std::span<sdk::node_choice> choices) const override {
            for (std::size_t t = 0; t < targets.size(); ++t) {
                for (std::size_t n = 0; n < nodes.size(); ++n) {
                    if (nodes[n].region() == targets[t].label("region") && nodes[n].label("disk") == "ssd") {
                        choices[t] = static_cast<sdk::node_choice>(n);
                    }
                }
            }
            if (targets.empty()) {
                choices = {};
                throw sdk::failure(sdk::error("nothing", "Nothing to place."));
            }
        }
    };

    th::host host;
    const auto component = component_for<by_region>();
    th::scheduler s(host, component);
    const std::vector<th::node> nodes = {{"a", 1, 0, 0, "eu", {{"disk", "hdd"}}},
                                         {"b", 1, 0, 0, "eu", {{"disk", "ssd"}}}};
    CHECK(s.select(nodes, {{"x", {{"region", "eu"}}}, {"y", {{"region", "us"}}}}) ==
          std::vector<std::uint32_t>{1, FRL_NO_NODE});
    CHECK_THROWS_WITH(s.select(nodes, {}), "nothing: Nothing to place.");
}

TEST_CASE("a store is asked to write at once when its class says how, in whatever section that stands") {
    th::host host;
    CHECK_FALSE(th::store(host, component_for<empty_store>(), "{}").tries());
    CHECK(th::store(host, component_for<prompt_store>(), "{}").try_put({{"jobs", "1", "one"}}) ==
          std::vector<std::size_t>{0});
    CHECK(th::store(host, component_for<inheriting_store>(), "{}").tries());
    th::store waiting(host, component_for<public_store>(), "{}");
    REQUIRE(waiting.tries());
    CHECK_FALSE(waiting.try_put({{"jobs", "1", "one"}}));
}

TEST_CASE("a store writes, reads, scans, filters and forgets") {
    th::host host;
    const auto plugin = th::plugin::load(fixture("memory_store"));
    th::store s(host, plugin.component(FRL_KIND_STORE),
                R"({"collections":[{"name":"jobs","attributes":["state","device"]}]})");
    CHECK(s.put({{"jobs", "1", "one", {"queued", "a"}},
                 {"jobs", "2", "two", {"running", "a"}, 50},
                 {"jobs", "3", "three", {"queued", "b"}}})
              .empty());
    CHECK(s.put({{"jobs", "4", "four", {"queued", "c"}, 20, FRL_RECORD_INSERT},
                 {"jobs", "1", "again", {}, 0, FRL_RECORD_INSERT},
                 {"jobs", "4", "again", {}, 0, FRL_RECORD_INSERT}}) == std::vector<std::size_t>{1, 2});
    CHECK(s.maintain(20) == 1); // the fourth
    REQUIRE(s.get("jobs", "1"));
    CHECK(s.get("jobs", "1")->value == "one");
    CHECK_FALSE(s.get("jobs", "9"));

    auto keys = [&](const th::scan_request& what) {
        std::string all;
        for (const auto& row : s.scan(what)) {
            all += row.key;
        }
        return all;
    };
    CHECK(keys({"jobs", "", "", false, 0, {}}) == "123");
    CHECK(keys({"jobs", "2", "", true, 0, {}}) == "32");
    CHECK(keys({"jobs", "", "3", false, 1, {}}) == "1");
    CHECK(keys({"jobs", "", "", false, 0, {{"state", "queued"}, {"device", "b"}}}) == "3");
    CHECK(keys({"jobs", "", "", false, 0, {{"state", "queued"}, {"state", "running"}}}) == "123");

    CHECK(s.maintain(50) == 1);
    CHECK(s.put({{"jobs", "3", "", {}, 0, FRL_RECORD_DELETE}}).empty());
    CHECK(keys({"jobs", "", "", false, 0, {}}) == "1");
    s.flush();
    CHECK_THROWS_WITH(s.scan({"nothing", "", "", false, 0, {}}), Catch::Contains("unknown_collection"));
    CHECK_THROWS_WITH(s.put({{"jobs", "7", "x", {}}, {"nothing", "8", "x", {}}}),
                      Catch::Contains("unknown_collection"));
    CHECK_FALSE(s.get("jobs", "7"));
}

TEST_CASE("metrics are interned by name and labels") {
    th::host host;
    const sdk::host mine(host.table());
    mine.counter("requests", "How many", {{"kind", "a"}}).add();
    mine.counter("requests", "How many", {{"kind", "a"}}).add(2);
    mine.gauge("depth", "How deep").add(4);
    mine.histogram("seconds", "How long").add(0.5);
    sdk::metric().add();
    REQUIRE(host.metrics().size() == 3);
    CHECK(host.metric("requests") == 3);
    CHECK(host.metric("depth") == 4);
    CHECK(host.metrics()[2].observed == std::vector<double>{0.5});
}
