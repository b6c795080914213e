// Checks in a process that serves the API: the service, and this node's own measuring.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "model/node.hpp"
#include "store/record.hpp"

namespace ferrule::devices {
class vault;
}

namespace ferrule::fleet {
class agents_link;
}

namespace ferrule::plugins {
class registry;
}

namespace ferrule::probes {
class check_service;
class one_off_probes;
} // namespace ferrule::probes

namespace ferrule::probes::blackbox {
class exporter;
}

namespace ferrule::runtime {
class blocking_pool;
class io;
} // namespace ferrule::runtime

namespace ferrule::state {
class event_bus;
class metrics;
} // namespace ferrule::state

namespace ferrule::store {
class store;
}

namespace ferrule::app {

namespace asio = boost::asio;

/// What checks are made over; all must outlive them.
struct check_surroundings {
    runtime::io& loop;
    runtime::blocking_pool& pool;
    store::store& records;
    const devices::vault& vault;
    plugins::registry& plugins;
    state::event_bus& events;
    state::metrics& figures;
    std::function<std::vector<model::node_info>()> nodes;
};

/// Definitions, service, runner and measurements at once, wired together. The runner of this node gets its assignments
/// from the service as any other node does.
class check_parts {
  public:
    static std::vector<store::collection> collections();

    check_parts(const check_surroundings& around, const config::settings& settings);
    check_parts(const check_parts&) = delete;
    check_parts& operator=(const check_parts&) = delete;
    ~check_parts();

    /// Has agents measure too. Before start, and before the link starts; the link must outlive this.
    void reach_agents(fleet::agents_link& link);
    /// Takes up what is on disk and begins to measure.
    asio::awaitable<result<void>> start();
    /// Measures no more, and writes what is in memory.
    asio::awaitable<void> stop();

    [[nodiscard]] probes::check_service& service() noexcept;
    [[nodiscard]] probes::one_off_probes& one_off() noexcept;
    [[nodiscard]] probes::blackbox::exporter& exporter() noexcept;

  private:
    class parts;
    std::unique_ptr<parts> parts_;
};

} // namespace ferrule::app
