// SPDX-License-Identifier: Apache-2.0
// What the test host writes down about a plugin.
#pragma once

#include <ferrule/abi/host.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::testhost {

[[nodiscard]] inline std::string text(frl_str borrowed) {
    return borrowed.len == 0 ? std::string{} : std::string(borrowed.ptr, borrowed.len);
}

[[nodiscard]] inline frl_str str(std::string_view borrowed) noexcept {
    return {borrowed.data(), borrowed.size()};
}

/// One line that the plugin logged.
struct log_line {
    std::int32_t level = 0;
    std::string message = {};
    std::vector<std::pair<std::string, std::string>> fields = {};
};

/// One metric series: the sum of a counter, the last value of a gauge, all values of a histogram.
struct metric_series {
    std::uint32_t kind = 0;
    std::string name = {};
    std::string help = {};
    std::map<std::string, std::string> labels = {};
    double value = 0;
    std::vector<double> observed = {};
};

/// What became of an operation.
struct outcome {
    bool completed = false;
    frl_status status = FRL_OK;
    std::string json = {};
    std::string output;  ///< Everything that was emitted.
    int completions = 0; ///< More than 1 is a fault of the plugin.
    bool cancelled = false;

    [[nodiscard]] bool ok() const noexcept { return completed && status == FRL_OK; }
};

/// What the plugin wrote into an error that a call handed it.
struct reported_error {
    std::string code = {};
    std::string message = {};
    bool retryable = false;
    std::string details = {};
};

/// The opaque error of the ABI is a reported_error here; the type itself stays incomplete, so that another host can
/// live in the same program.
[[nodiscard]] inline frl_error* raw(reported_error& error) noexcept {
    return reinterpret_cast<frl_error*>(&error);
}

} // namespace ferrule::testhost
