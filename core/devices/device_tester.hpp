// Tells whether a device can be reached and logged in to, without running anything on it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// Opens a session of its own to a device and closes it again. Calls may come from any strand and resume on the
/// caller's.
class device_tester {
  public:
    virtual ~device_tester() = default;

    /// A device that cannot be reached is an answer, not a failure: {"success", "latency_ms", "banner", "prompt",
    /// "phase", "error"}, where `phase` is the last one reached (`resolve`, `connect`, `authenticate`, `prompt`,
    /// `ready`) and `error` an error object or null. Fails with `device_not_found`, `device_disabled`, `overloaded`,
    /// `shutting_down`.
    virtual asio::awaitable<result<base::json>> test(std::string name, base::duration limit) = 0;
};

} // namespace ferrule::devices
