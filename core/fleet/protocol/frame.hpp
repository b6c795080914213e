// One message of the link.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "model/target.hpp"

namespace ferrule::fleet::protocol {

/// {"kind": "heartbeat", "seq": 7, "body": {…}}. `seq` is there when the sender keeps the message until it is
/// acknowledged. Other members are ignored, so that later versions may add some.
struct frame {
    std::string kind;
    std::optional<std::uint64_t> seq;
    base::json body;
};

/// Reads one; fails with `invalid_message`.
result<frame> read_frame(std::string_view text);

/// Writes one; `body` is JSON text.
std::string make_frame(std::string_view kind, std::string_view body, std::optional<std::uint64_t> seq = std::nullopt);

/// What the link itself says; everything else belongs to the services above it.
namespace kinds {
inline constexpr std::string_view hello = "hello";
inline constexpr std::string_view welcome = "welcome";
inline constexpr std::string_view refused = "refused";
inline constexpr std::string_view busy = "busy";
inline constexpr std::string_view goodbye = "goodbye";
inline constexpr std::string_view heartbeat = "heartbeat";
inline constexpr std::string_view ack = "ack";
inline constexpr std::string_view unsupported = "unsupported";
inline constexpr std::string_view enrol = "enrol";
inline constexpr std::string_view enrolled = "enrolled";
inline constexpr std::string_view renew = "renew";
inline constexpr std::string_view renewed = "renewed";
} // namespace kinds

/// Whether a service may not use this kind.
bool is_reserved(std::string_view kind) noexcept;

// Members of what came from the other end, which may be older or newer: what is missing or of another type counts as
// not there, and nothing is longer than it may be.
std::string text_of(const base::json& from, std::string_view key, std::size_t most = 256);
std::uint64_t number_of(const base::json& from, std::string_view key, std::uint64_t fallback = 0);

std::vector<std::string> texts_of(const base::json& from, std::string_view key);
model::labels labels_of(const base::json& from, std::string_view key);

} // namespace ferrule::fleet::protocol
