#include "plugins/scaffold_templates.hpp"

namespace ferrule::plugins {

namespace {

constexpr std::string_view cmake_text = R"text(cmake_minimum_required(VERSION 3.25)
project(@NAME@ VERSION 0.1.0 LANGUAGES CXX)

find_package(Ferrule REQUIRED)

ferrule_add_plugin(@KIND@ @NAME@ SOURCES @NAME@.cpp)

enable_testing()
add_executable(@NAME@_test @NAME@_test.cpp)
target_compile_features(@NAME@_test PRIVATE cxx_std_20)
target_link_libraries(@NAME@_test PRIVATE Ferrule::testhost)
add_test(NAME @NAME@ COMMAND @NAME@_test $<TARGET_FILE:@KIND@_@NAME@>)
)text";

constexpr std::string_view readme_text = R"text(# @NAME@

A @KIND@ plugin for Ferrule.

```sh
cmake -S . -B build          # -DCMAKE_PREFIX_PATH=… when Ferrule is not installed in a usual place
cmake --build build
ctest --test-dir build --output-on-failure
ferrule plugin check build/@NAME@.so
cmake --install build        # into the folder where Ferrule looks for plugins
```
)text";

constexpr std::string_view driver_source = R"text(// What @NAME@ drives, in one sentence.
#include <ferrule/sdk/driver.hpp>
#include <ferrule/sdk/json.hpp>

#include <memory>
#include <string>

namespace {

namespace sdk = ferrule::sdk;

// One session to one device. Everything runs on the host's event loop: wait with co_await, never block.
class @CLASS@_session final : public sdk::driver_session {
    // `target` is JSON: {"host", "port", "credential", "options", ...}; sdk::secret fetches the credential.
    sdk::task<sdk::reply> open(std::string_view target, sdk::call&) override {
        host_name_ = sdk::json::parse(target).value().text("host");
        co_return sdk::done();
    }

    // `request` is JSON: {"command"} or {"config": [line, ...]}. Output goes out as it comes.
    sdk::task<sdk::reply> exec(std::string_view request, sdk::call& c) override {
        const auto parsed = sdk::json::parse(request).value();
        c.emit(host_name_ + ": " + parsed.text("command") + "\n");
        co_return sdk::done();
    }

    sdk::task<sdk::reply> keepalive(sdk::call&) override { co_return sdk::done(); }

    sdk::task<sdk::reply> close(sdk::call&) override { co_return sdk::done(); }

    std::string host_name_;
};

class @CLASS@ final : public sdk::driver {
    std::unique_ptr<sdk::driver_session> make_session() override { return std::make_unique<@CLASS@_session>(); }
};

} // namespace

FERRULE_DRIVER(@CLASS@, "@NAME@", "0.1.0", "What @NAME@ drives, in one sentence");
)text";

constexpr std::string_view driver_test = R"text(// Loads the driver as Ferrule does and runs a command.
#include <ferrule/testhost.hpp>

#include <cstdio>

namespace th = ferrule::testhost;

int main(int, char** argv) {
    th::host host;
    const auto plugin = th::plugin::load(argv[1]);
    th::driver driver(host, plugin.component(FRL_KIND_DRIVER, "@NAME@"));

    const auto opened = host.wait(driver.open(1, R"({"host":"router1","port":22})"));
    const auto ran = host.wait(driver.exec(1, R"({"command":"show version"})"));
    const auto closed = host.wait(driver.close(1));
    const bool good = opened.ok() && ran.ok() && ran.output == "router1: show version\n" && closed.ok();
    std::printf("%s: %s\n", good ? "ok" : "FAILED", ran.json.c_str());
    return good ? 0 : 1;
}
)text";

constexpr std::string_view probe_source = R"text(// What @NAME@ measures, in one sentence.
#include <ferrule/sdk/probe.hpp>

namespace {

namespace sdk = ferrule::sdk;

// Runs on the host's event loop: wait with co_await and the call's deadline, never block.
class @CLASS@ final : public sdk::probe {
    // The target holds "host", "port" and the settings that you describe.
    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto start = host().now();
        const auto found = co_await sdk::resolve(where.host(), c.deadline());
        const auto took = std::chrono::nanoseconds(host().now() - start);
        if (!found) {
            co_return sdk::probe_result::down(found.error().message(), sdk::probe_phase::resolve, took);
        }
        auto up = sdk::probe_result::up(took);
        up.label("address", found->front().text());
        co_return up;
    }
};

} // namespace

FERRULE_PROBE(@CLASS@, "@NAME@", "0.1.0", "What @NAME@ measures, in one sentence");
)text";

constexpr std::string_view probe_test = R"text(// Loads the probe as Ferrule does and measures.
#include <ferrule/testhost.hpp>

#include <cstdio>

namespace th = ferrule::testhost;

int main(int, char** argv) {
    th::host host;
    host.services().set_name("router1", {"192.0.2.1"});
    const auto plugin = th::plugin::load(argv[1]);
    th::probe probe(host, plugin.component(FRL_KIND_PROBE, "@NAME@"));

    const auto up = host.wait(probe.start(R"({"host":"router1"})"));
    const auto down = host.wait(probe.start(R"({"host":"nobody.invalid"})"));
    const bool good = up.ok() && up.json.find("192.0.2.1") != std::string::npos && down.ok() &&
                      down.json.find("\"success\":false") != std::string::npos;
    std::printf("%s: %s %s\n", good ? "ok" : "FAILED", up.json.c_str(), down.json.c_str());
    return good ? 0 : 1;
}
)text";

constexpr std::string_view scheduler_source = R"text(// How @NAME@ chooses a node, in one sentence.
#include <ferrule/sdk/scheduler.hpp>

namespace {

namespace sdk = ferrule::sdk;

// A pure function: the same input gives the same choice, from any thread at the same time.
class @CLASS@ final : public sdk::scheduler {
    void select(std::span<sdk::node> nodes, std::span<const sdk::schedule_target> targets,
                std::span<sdk::node_choice> choices) const override {
        for (std::size_t t = 0; t < targets.size(); ++t) {
            for (std::size_t n = 0; n < nodes.size(); ++n) {
                if (nodes[n].room() > 0) {
                    nodes[n].place_one();
                    choices[t] = static_cast<sdk::node_choice>(n);
                    break;
                }
            }
        }
    }
};

} // namespace

FERRULE_SCHEDULER(@CLASS@, "@NAME@", "0.1.0", "How @NAME@ chooses a node, in one sentence");
)text";

constexpr std::string_view scheduler_test = R"text(// Loads the scheduler as Ferrule does and lets it choose.
#include <ferrule/testhost.hpp>

#include <cstdio>

namespace th = ferrule::testhost;

int main(int, char** argv) {
    th::host host;
    const auto plugin = th::plugin::load(argv[1]);
    th::scheduler scheduler(host, plugin.component(FRL_KIND_SCHEDULER, "@NAME@"));

    const std::vector<th::node> nodes{{"a", 1}, {"b", 1}};
    const std::vector<th::schedule_target> targets(3);
    const auto chosen = scheduler.select(nodes, targets);
    const bool good = chosen.size() == 3 && chosen[0] == 0 && chosen[1] == 1 && chosen[2] == FRL_NO_NODE;
    std::printf("%s\n", good ? "ok" : "FAILED");
    return good ? 0 : 1;
}
)text";

} // namespace

// In scaffold_store.cpp.
extern const std::string_view scaffold_store_source;
extern const std::string_view scaffold_store_test;

scaffold_texts scaffold_texts_of(kind which) noexcept {
    switch (which) {
    case kind::driver:
        return {driver_source, driver_test};
    case kind::probe:
        return {probe_source, probe_test};
    case kind::scheduler:
        return {scheduler_source, scheduler_test};
    case kind::store:
        return {scaffold_store_source, scaffold_store_test};
    }
    return {};
}

std::string_view scaffold_cmake() noexcept {
    return cmake_text;
}

std::string_view scaffold_readme() noexcept {
    return readme_text;
}

} // namespace ferrule::plugins
