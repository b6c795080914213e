// The plugin icmp in a network that the test plays.
#pragma once

#include "support/cable_network.hpp"

#include <catch2/catch.hpp>
#include <ferrule/testhost.hpp>
#include <ferrule/testhost/probe.hpp>
#include <nlohmann/json.hpp>

#include <string>

namespace ferrule::tests {

using nlohmann::json;
using namespace std::chrono_literals;

class rig {
  public:
    explicit rig(const std::string& config = "{}")
        : probe(host, plugin().component(FRL_KIND_PROBE, "icmp"), config) {}

    ~rig() {
        probe.destroy();
        CHECK(host.stale_completions() == 0);
        CHECK(host.wrong_thread_calls().empty());
        CHECK(host.loop().watch_count() == 0);
        CHECK(host.loop().timer_count() == 0);
    }

    rig(const rig&) = delete;
    rig& operator=(const rig&) = delete;

    frl_op start(const std::string& to, json settings = json::object(), std::chrono::nanoseconds limit = 1h) {
        settings["host"] = to;
        const auto op = probe.start(settings.dump(), limit);
        host.loop().run_ready();
        return op;
    }

    /// What the operation completed with; null while it runs.
    json result(frl_op op) {
        host.loop().run_ready();
        const auto seen = host.result(op);
        return seen.completed ? json::parse(seen.json) : json();
    }

    void pass(std::chrono::nanoseconds span) { host.loop().advance(span); }

    testhost::host host;
    testhost::probe probe;

  private:
    static const testhost::plugin& plugin() {
        static const auto loaded = testhost::plugin::load(FERRULE_ICMP_PLUGIN);
        return loaded;
    }
};

/// The counts that are not zero.
inline json counts(const json& result) {
    json some = json::object();
    for (const auto& [name, value] : result.at("metrics").items()) {
        if (name.rfind("packets_", 0) == 0 && value != 0) {
            some[name.substr(8)] = value;
        }
    }
    return some;
}

} // namespace ferrule::tests
