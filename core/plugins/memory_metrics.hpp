// Keeps plugins' figures in memory when nobody else takes them.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "plugins/metrics_sink.hpp"

namespace ferrule::plugins {

/// A sink with a limit of series; for tools and tests, and the default. A histogram keeps count and sum.
class memory_metrics final : public metrics_sink {
  public:
    explicit memory_metrics(std::size_t most = 1024)
        : most_(most) {}

    std::uint64_t intern(metric_kind which, std::string_view name, std::string_view help,
                         const metric_labels& tags) override;
    void add(std::uint64_t handle, double value) noexcept override;

    /// The present value (the sum of a histogram) of a series, or none.
    [[nodiscard]] std::optional<double> value(std::string_view name, const metric_labels& tags) const;

  private:
    struct series {
        metric_kind which;
        double value = 0;
        std::uint64_t count = 0;
    };

    static std::string key_of(std::string_view name, const metric_labels& tags);

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::map<std::string, std::uint64_t> handles_;
    std::vector<series> series_;
};

} // namespace ferrule::plugins
