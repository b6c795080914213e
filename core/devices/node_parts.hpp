// What everything that executes jobs on this node shares.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "config/settings.hpp"
#include "devices/hold_back.hpp"
#include "devices/job_entry.hpp"
#include "devices/job_table.hpp"
#include "devices/login_groups.hpp"
#include "devices/secret_book.hpp"
#include "devices/turns.hpp"
#include "plugins/registry.hpp"
#include "runtime/io.hpp"
#include "state/event_bus.hpp"
#include "state/metrics.hpp"

namespace ferrule::devices {

/// The JSON text of a platform by name; `platform_not_found` with the nearest name. Any thread.
using platform_source = std::function<result<std::shared_ptr<const std::string>>(const std::string& name)>;

/// Writes a job's record; `done` comes once it is on disk (or failed), on the executor of the loop.
using job_writer = std::function<void(const model::job& record, std::function<void(result<void>)> done)>;

/// References to the process's parts. All outlive the node.
struct node_parts {
    std::string name;
    runtime::io& loop;
    plugins::registry& plugins;
    const base::clock& clock;
    config::jobs_settings limits;
    job_table& table;
    secret_book& secrets;
    state::event_bus& bus;
    state::metrics& figures;
    platform_source platforms;
    job_writer write{}; ///< Set by the engine, as is finish.
    hold_back refused{limits.auth_hold_back};
    login_groups logins{};
    std::atomic<std::uint32_t> sessions{0};
    turns opening{limits.max_opening};

    /// Makes a claimed job final: stores the record, then shows it. Tries again until the store takes it.
    std::function<void(entry_ptr, model::job)> finish{};
    /// Jobs wait again that had been claimed, so there are deadlines again. May be empty.
    std::function<void()> waits_again{};
};

} // namespace ferrule::devices
