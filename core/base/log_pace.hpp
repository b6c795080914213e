// Keeps what comes again and again from filling the log.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.hpp"

namespace ferrule::base {

/// The first is news, and so is one in each `every` after it, which says how many came in between. Thread-safe.
class log_pace {
  public:
    explicit log_pace(duration every)
        : every_(every) {}

    /// One more; the number of those since the last that was said, this one included, when it is to be said now.
    std::optional<std::uint64_t> take(steady_time now);

  private:
    const duration every_;
    std::mutex mutex_;
    std::optional<steady_time> said_;
    std::uint64_t since_ = 0;
};

} // namespace ferrule::base
