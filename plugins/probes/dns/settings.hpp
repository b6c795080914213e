// SPDX-License-Identifier: Apache-2.0
// What a DNS measurement is told to do.
#pragma once

#include "common/endpoint.hpp"
#include "common/schema.hpp"
#include "common/tls_settings.hpp"
#include "dns/checks.hpp"
#include "dns/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes::dns {

enum class transport {
    automatic, ///< UDP, and TCP when the answer is truncated.
    udp,
    tcp,
    tls
};

struct settings {
    route_settings route;
    question query;
    transport over = transport::automatic;
    tls_settings tls_config;
    std::vector<std::uint16_t> valid_rcodes{0};
    section_check answer;
    section_check authority;
    section_check additional;
    std::int64_t attempts = 3; ///< Over UDP; they share the time evenly.

    [[nodiscard]] std::uint16_t default_port() const noexcept { return over == transport::tls ? 853 : 53; }
};

/// As for tcp: of a configuration or of a target, which overwrites `base`. Throws sdk::failure.
settings read_config(std::string_view text);
settings read_target(const sdk::json& target, settings base);

/// The JSON schema of the settings.
inline constexpr auto schema = fill_schema(
    R"({"type": "object", "additionalProperties": false,
    "definitions": {"patterns": {"type": "array", "items": {"type": "string"}}},
    "properties": {@,
    "query_name": {"type": "string", "minLength": 1, "description": "Name that is asked for."},
    "query_type": {"type": "string", "default": "A", "description": "Type of record, such as A, AAAA, MX, SOA, ANY or TYPE65280."},
    "query_class": {"type": "string", "default": "IN", "description": "Class of the question, such as IN or CH."},
    "recursion_desired": {"type": "boolean", "default": true, "description": "Whether the server shall ask others."},
    "transport": {"enum": ["auto", "udp", "tcp", "tls"], "default": "auto", "description": "How the server is asked; auto is UDP, and TCP after an answer that was truncated."},@,
    "valid_rcodes": {"type": "array", "items": {"type": "string"}, "default": ["NOERROR"], "description": "Response codes that are right."},
    "validate_answer_rrs": @,
    "validate_authority_rrs": @,
    "validate_additional_rrs": @,
    "attempts": {"type": "integer", "minimum": 1, "maximum": 100, "default": 3, "description": "How many datagrams are sent at most over UDP; they share the time evenly."}}})",
    route_schema, tls_schema, section_schema, section_schema, section_schema);

} // namespace ferrule::probes::dns
