// Holds against a plugin what it did wrong.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/metrics_sink.hpp"

namespace ferrule::plugins {

enum class fault {
    late_completion,
    unknown_completion,
    wrong_thread,
    abandoned,
    exception,
    held_strand,
    no_completion
};

inline constexpr std::array all_faults{fault::late_completion, fault::unknown_completion, fault::wrong_thread,
                                       fault::abandoned,       fault::exception,          fault::held_strand,
                                       fault::no_completion};

/// `late_completion`, …
std::string_view name_of(fault which) noexcept;

/// Counts the faults of one instance, and logs them by the plugin's name: each of the first few, then ever more rarely,
/// so that a plugin cannot fill the log. Also a counter, `ferrule_plugin_faults_total{plugin,fault}`. Thread-safe.
class misuse {
  public:
    misuse(std::string plugin, metrics_sink& metrics);

    /// `what` completes the sentence "plugin X …".
    void note(fault which, std::string_view what);
    [[nodiscard]] std::uint64_t count(fault which) const noexcept;

  private:
    const std::string plugin_;
    metrics_sink& metrics_;
    std::array<std::atomic<std::uint64_t>, all_faults.size()> counts_{};
};

} // namespace ferrule::plugins
