// SPDX-License-Identifier: Apache-2.0
// What a TCP measurement is told to do.
#pragma once

#include "common/endpoint.hpp"
#include "common/regex.hpp"
#include "common/schema.hpp"
#include "common/stream.hpp"
#include "common/tls_settings.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::probes::tcp {

/// One step of the conversation: expects, then sends, then may begin TLS.
struct step {
    std::optional<regex> expect;
    bool whole_stream = false; ///< Matches across lines, against everything that is not used yet.
    std::string send;
    bool is_template = true; ///< Whether `send` has places for captures.
    bool starttls = false;
    std::vector<std::pair<std::string, std::string>> labels; ///< Templates, filled by what `expect` caught.
};

enum class closing_choice { automatic, reset, orderly };

struct settings {
    route_settings route;
    bool tls = false;
    tls_settings tls_config;
    std::vector<step> steps;
    std::size_t max_bytes = 65536; ///< A step reads no more than this.
    closing_choice close = closing_choice::automatic;

    /// Of a connection that did what it should.
    [[nodiscard]] closing closing_of_success() const noexcept {
        const bool plain = !tls && steps.empty();
        const bool reset = close == closing_choice::reset || (close == closing_choice::automatic && plain);
        return reset ? closing::reset : closing::orderly;
    }
};

/// Reads the settings of a plugin's configuration (code invalid_config) or of a target (invalid_target), which
/// overwrite `base`. Throws sdk::failure.
settings read_config(std::string_view text);
settings read_target(const sdk::json& target, settings base);

/// The JSON schema of the settings.
inline constexpr auto schema = fill_schema(R"({"type": "object", "additionalProperties": false, "properties": {@,
    "tls": {"type": "boolean", "default": false, "description": "Begin TLS at once."},@,
    "steps": {"type": "array", "description": "A conversation after connecting; each step expects, then sends, then may begin TLS.", "items": {"type": "object", "additionalProperties": false, "properties": {
      "expect": {"type": "string", "description": "Regular expression (PCRE2) that a line must match; lines that do not are passed over."},
      "match": {"enum": ["line", "stream"], "default": "line", "description": "Whether expect is held against each line or against all that came."},
      "send": {"type": "string", "description": "Text to send; $1, ${1} and ${name} are what the last expect caught, $$ is a dollar sign."},
      "send_hex": {"type": "string", "description": "Bytes to send, as hex digits."},
      "starttls": {"type": "boolean", "default": false, "description": "Begin TLS after this step."},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Labels of the result, with places for what expect caught."}}}},
    "max_bytes": {"type": "integer", "minimum": 1, "maximum": 16777216, "default": 65536, "description": "What a step reads at most while it looks for its match."},
    "close": {"enum": ["auto", "reset", "orderly"], "default": "auto", "description": "How a connection is closed; auto resets after a mere connection, so that no port is left waiting."}}})",
                                           route_schema, tls_schema);

} // namespace ferrule::probes::tcp
