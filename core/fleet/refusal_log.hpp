// Keeps those that come again and again from filling the log.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::fleet {

/// Of refusals that are alike the first is news; those of the ten minutes after are counted and told in one line.
/// What is too many kinds to tell apart is counted together. Thread-safe.
class refusal_log {
  public:
    static constexpr base::duration window = std::chrono::minutes(10);
    static constexpr std::size_t most = 1024; ///< Kinds of refusals in one window.

    struct about {
        std::string agent; ///< As its certificate says; empty when it showed none.
        std::string host;
        std::string reason;

        friend auto operator<=>(const about&, const about&) = default;
    };

    /// Whether it is to be logged now.
    bool is_news(const about& what, base::steady_time now);

    struct summary {
        about what;
        std::size_t times = 0;
    };

    /// What is to be said of those whose window is over.
    std::vector<summary> repeated(base::steady_time now);

  private:
    struct counted {
        base::steady_time until{};
        std::size_t times = 0;
    };

    std::mutex mutex_;
    std::map<about, counted> all_;
};

} // namespace ferrule::fleet
