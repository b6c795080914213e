// Results of measurements as people follow them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json_fwd.hpp"

namespace ferrule::app::cli {

/// Sums up the samples of each place (target and node). Text only: what is on the terminal is the caller's business.
class probe_table {
  public:
    /// The event `begin`.
    void begin(const base::json& told);
    /// The event `sample`; gives it as one line.
    std::string add(const base::json& sample);

    /// The table, with a line for each place.
    [[nodiscard]] std::string text() const;
    /// `7 of 20 measured`.
    [[nodiscard]] std::string progress() const;
    /// Whether each place has answered at least once.
    [[nodiscard]] bool all_answered() const noexcept;

  private:
    struct row {
        std::string target;
        std::string node;
        std::uint64_t sent = 0;
        std::uint64_t good = 0;
        double last = 0;
        double least = 0;
        double most = 0;
        double sum = 0;
        double packets = 0;
        double lost = 0;
        std::string reason;
    };

    row& of(const base::json& sample);

    std::vector<row> rows_;
    std::uint64_t expected_ = 0;
    std::uint64_t seen_ = 0;
};

} // namespace ferrule::app::cli
