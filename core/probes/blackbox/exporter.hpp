// Measuring as Prometheus asks blackbox_exporter to.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "base/log_pace.hpp"
#include "model/sample.hpp"
#include "probes/blackbox/exporter_metrics.hpp"
#include "probes/blackbox/module.hpp"
#include "probes/blackbox/module_file.hpp"
#include "runtime/blocking_pool.hpp"

namespace ferrule::probes {
class one_off_probes;
}

namespace ferrule::probes::blackbox {

namespace asio = boost::asio;

struct exporter_options {
    std::filesystem::path modules; ///< Empty for the default modules.
    beyond_us what = beyond_us::refuse;
    std::uint32_t most_running = 500; ///< Probes at the same time; others are refused with `overloaded`.
    bool admins_only = false;         ///< Who calls may have the credentials of modules.
};

/// One request for a page.
struct page_request {
    std::string target;
    std::string module = "http_2xx";
    std::string hostname;               ///< Host header, and with it the name that TLS asks for; of http alone.
    std::optional<double> scrape_limit; ///< Seconds until Prometheus gives up.
    bool debug = false;                 ///< For people.
};

/// Serves the pages: one measurement each, by the one-off probes of this node. Thread-safe.
class exporter {
  public:
    /// What it is made over must outlive it.
    exporter(const one_off_probes& probes, runtime::blocking_pool& pool, exporter_metrics& figures,
             exporter_options how, const base::clock& time = base::system_clock());

    /// Reads the module file and tells the log of its warnings; on failure the modules stay as they are. `load` blocks.
    result<void> load();
    asio::awaitable<result<void>> reload();

    /// Those that are served now.
    [[nodiscard]] std::shared_ptr<const module_set> modules() const;

    [[nodiscard]] const std::filesystem::path& file() const noexcept { return how_.modules; }

    /// Prometheus text, whether the target is up or down; with `debug` text for people. Fails with `unknown_module`,
    /// `invalid_parameter`, `overloaded`, and when the probe could not be made for a reason of this node's. It counts
    /// as running until the plugin has told, also when it was cancelled, which the plugin is told.
    asio::awaitable<result<std::string>> page(page_request asked);

  private:
    result<probe_module> module_for(const page_request& asked) const;
    error refusal();
    asio::awaitable<model::sample> measure(const probe_module& how, const page_request& asked, base::json where,
                                           base::duration limit);
    asio::awaitable<result<void>> read_files(probe_module& how);
    void note_local(const model::sample& found);

    const one_off_probes& probes_;
    runtime::blocking_pool& pool_;
    exporter_metrics& figures_;
    const exporter_options how_;
    const base::clock& time_;
    std::atomic<std::uint32_t> running_ = 0;
    base::log_pace refusals_;
    base::log_pace local_failures_;
    std::mutex loading_; ///< Held while the file is read.
    mutable std::mutex mutex_;
    std::shared_ptr<const module_set> modules_;
};

/// How long a probe may take: as long as the scrape less half a second for the way back (120 s where nobody says), and
/// no longer than the module allows.
base::duration time_for(const probe_module& of, std::optional<double> scrape_limit);

} // namespace ferrule::probes::blackbox
