// SPDX-License-Identifier: Apache-2.0
// What a UDP measurement is told to do.
#pragma once

#include "common/duration.hpp"
#include "common/endpoint.hpp"
#include "common/regex.hpp"
#include "common/schema.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes::udp {

struct settings {
    route_settings route;
    std::string send; ///< May be empty: an empty datagram.
    std::optional<regex> expect;
    std::string expect_bytes; ///< What the answer must begin with.
    std::int64_t attempts = 3;
    std::uint64_t attempt_timeout = 0; ///< Nanoseconds between attempts; 0 shares the time evenly.
    bool silence_is_up = false;
};

/// As for tcp: of a configuration or of a target, which overwrites `base`. Throws sdk::failure.
settings read_config(std::string_view text);
settings read_target(const sdk::json& target, settings base);

/// The JSON schema of the settings.
inline constexpr auto schema = fill_schema(R"({"type": "object", "additionalProperties": false, "properties": {@,
    "send": {"type": "string", "default": "", "description": "Text to send in one datagram."},
    "send_hex": {"type": "string", "description": "Bytes to send instead, as hex digits."},
    "expect": {"type": "string", "description": "Regular expression (PCRE2) that the answer must match."},
    "expect_hex": {"type": "string", "description": "Bytes that the answer must begin with, as hex digits."},
    "attempts": {"type": "integer", "minimum": 1, "maximum": 100, "default": 3, "description": "How many datagrams are sent at most, within the time of the measurement."},
    "attempt_timeout": {"type": "string", "description": "How long an answer is waited for before the next attempt, such as 500ms; unless set the attempts share the time evenly."},
    "silence": {"enum": ["down", "up"], "default": "down", "description": "What no answer means: down, since an open port that says nothing cannot be told from a filtered one, or up for services that never answer."}}})",
                                           route_schema);

} // namespace ferrule::probes::udp
