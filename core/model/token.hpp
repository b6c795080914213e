// Who may call the API.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ferrule::model {

/// viewer: reads; operator_: also runs jobs, closes sessions, tests devices; admin: also changes inventory, credentials
/// and tokens.
enum class role { viewer, operator_, admin };

/// A bearer token at rest: only its hash is kept.
struct token {
    std::string id;
    std::string name;
    role may = role::viewer;
    std::string
        hash; ///< BLAKE2b-256 of the token's text, hex. The text is 256 random bits, so a slow hash would add nothing.
    base::wall_time created_at{};
    std::optional<base::wall_time> expires_at;
};

std::string_view to_text(role what) noexcept;
std::optional<role> role_from(std::string_view text) noexcept;

} // namespace ferrule::model
