// SPDX-License-Identifier: Apache-2.0
// What a value inside a JSON body must be.
#pragma once

#include "common/regex.hpp"
#include "common/settings_reader.hpp"

#include <ferrule/sdk/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ferrule::probes::http {

/// The way to a value: a JSON pointer (RFC 6901: `/data/0/id`) or names with dots (`data[0].id`, also after `$.`).
class json_path {
  public:
    /// Fails with a sentence.
    static sdk::result<json_path> parse(std::string_view text);

    /// nullptr when there is nothing.
    [[nodiscard]] const sdk::json* find(const sdk::json& in) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
    std::vector<std::string> steps_;
};

/// One check of a value. All that it has must hold.
struct json_check {
    json_path path;
    std::optional<bool> exists;
    std::optional<sdk::json> equals;
    std::optional<sdk::json> not_equals;
    std::optional<double> at_least;
    std::optional<double> at_most;
    std::optional<regex> matches;
    std::string metric; ///< Tells a number's value under this name; empty for none.

    static json_check read(settings_reader& from);

    /// What is wrong with the value in `whole`, for a sentence; nothing when it is right.
    [[nodiscard]] std::optional<std::string> refuse(const sdk::json& whole) const;
};

} // namespace ferrule::probes::http
