// Probe plugins as the floors above use them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace ferrule::plugins {

namespace asio = boost::asio;

/// The probe of one name, whatever its execution. Loaded on first use; a newer build is used by the next probe.
/// Thread-safe.
class probe {
  public:
    virtual ~probe() = default;
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;

    /// Probes `target` once (JSON as in probe.h) and gives the plugin's result as JSON text. A target that is down is a
    /// success here; an error means that the probe could not be made.
    virtual asio::awaitable<result<std::string>> run(std::string target, base::steady_time deadline) = 0;

    /// Probes many at once. `done(i, outcome)` comes once for each on `on`, in any order.
    using batch_callback = std::function<void(std::size_t, result<std::string>)>;
    virtual void run_batch(std::vector<std::string> targets, base::steady_time deadline, asio::any_io_executor on,
                           batch_callback done) = 0;
};

} // namespace ferrule::plugins
