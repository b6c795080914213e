// SPDX-License-Identifier: Apache-2.0
// The settings of a scheduler, read strictly.
#pragma once

#include <ferrule/sdk/error.hpp>
#include <ferrule/sdk/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace ferrule::schedulers {

/// The object that `text` holds; throws `failure` with invalid_config for anything else.
inline sdk::json read_config(std::string_view scheduler, std::string_view text) {
    auto config = sdk::json::parse(text.empty() ? "{}" : text);
    if (!config || !config->is_object())
        throw sdk::failure(sdk::error("invalid_config",
                                      "scheduler " + std::string(scheduler) + ": the settings must be a JSON object"));
    return std::move(*config);
}

[[noreturn]] inline void refuse_setting(std::string_view scheduler, std::string_view key, std::string_view known) {
    throw sdk::failure(sdk::error("invalid_config", "scheduler " + std::string(scheduler) + ": unknown setting '" +
                                                        std::string(key) + "'; known are: " + std::string(known)));
}

/// For schedulers that have nothing to set.
inline void expect_no_settings(std::string_view scheduler, std::string_view text) {
    const auto config = read_config(scheduler, text);
    for (const auto& key : config.keys())
        refuse_setting(scheduler, key, "none");
}

/// The optional member `seed`, for schedulers that draw lots.
inline std::optional<std::uint64_t> read_seed(std::string_view scheduler, std::string_view text) {
    const auto config = read_config(scheduler, text);
    for (const auto& key : config.keys())
        if (key != "seed")
            refuse_setting(scheduler, key, "seed");
    const auto* seed = config.find("seed");
    if (seed == nullptr)
        return std::nullopt;
    if (!seed->is_integer())
        throw sdk::failure(
            sdk::error("invalid_config", "scheduler " + std::string(scheduler) + ": seed must be a whole number"));
    return static_cast<std::uint64_t>(seed->as_integer());
}

} // namespace ferrule::schedulers
