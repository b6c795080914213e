// Where plugins' figures go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::plugins {

enum class metric_kind { counter, gauge, histogram };

using metric_labels = std::vector<std::pair<std::string, std::string>>;

/// Takes the figures of plugins and of the host's care for them. Thread-safe. Must outlive the plugins.
class metrics_sink {
  public:
    virtual ~metrics_sink() = default;
    /// The handle of a series; the same name and labels give the same one. 0 when there are too many, or when the name
    /// is in use with another kind.
    virtual std::uint64_t intern(metric_kind which, std::string_view name, std::string_view help,
                                 const metric_labels& tags) = 0;
    /// Adds to a counter, sets a gauge, observes seconds into a histogram. 0 does nothing.
    virtual void add(std::uint64_t handle, double value) noexcept = 0;
};

} // namespace ferrule::plugins
