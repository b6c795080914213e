// Server-sent events as text (WHATWG HTML, section 9.2).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/services.hpp"
#include "base/clock.hpp"
#include "model/token.hpp"

namespace ferrule::api {

/// Whose stream it is; null where no token is asked for.
using caller = std::shared_ptr<const model::token>;

/// Whether the token that began a stream still is one. Asked at each event and each heartbeat, so that a stream
/// outlives the end of its token by no more than that.
bool may_go_on(const services& over, const caller& who);

/// After so much silence a comment is sent, so that proxies and clients see that the stream lives.
inline constexpr base::duration heartbeat = std::chrono::seconds(15);
inline constexpr std::string_view heartbeat_text = ": still here\n\n";

/// Appends one event; a line break in `data` becomes a further data line.
void append_event(std::string& to, std::string_view name, std::string_view data,
                  std::optional<std::uint64_t> id = std::nullopt);

} // namespace ferrule::api
