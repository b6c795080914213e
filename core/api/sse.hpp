// Server-sent events as text (WHATWG HTML, section 9.2).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ferrule::api {

/// After so much silence a comment is sent, so that proxies and clients see that the stream lives.
inline constexpr base::duration heartbeat = std::chrono::seconds(15);
inline constexpr std::string_view heartbeat_text = ": still here\n\n";

/// Appends one event; a line break in `data` becomes a further data line.
void append_event(std::string& to, std::string_view name, std::string_view data,
                  std::optional<std::uint64_t> id = std::nullopt);

} // namespace ferrule::api
