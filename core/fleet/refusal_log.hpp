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
/// What is too many kinds to tell apart is counted together, for an origin and in all. Thread-safe.
class refusal_log {
  public:
    static constexpr base::duration window = std::chrono::minutes(10);
    static constexpr std::size_t most = 1024;         ///< Kinds of refusals in one window.
    static constexpr std::size_t most_of_origin = 64; ///< Of them.

    struct about {
        std::string agent; ///< As its certificate says; empty when it showed none.
        std::string host;  ///< An address; or what addresses have in common of which there are too many kinds.
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
    void forget(std::map<about, counted>::iterator which);

    std::map<about, counted> all_;
    std::map<std::string, std::size_t> kinds_; ///< By origin.
};

} // namespace ferrule::fleet
