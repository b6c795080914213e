// Ends a request whose head is enough to.
#pragma once

#include <optional>

#include "http/dispatcher.hpp"
#include "http/request_reader.hpp"

namespace ferrule::http {

/// So much of a body is read where none belongs, for the sake of clients that send an empty object.
inline constexpr std::size_t most_unexpected_body = 1024;

/// Keeps bodies from being read for nothing. To be called whenever `reader` needs input or the client waits for `100
/// Continue`; does nothing while the head is not there, nor a second time for the same request. With an answer the
/// connection has to end after it, since the rest of the request stays unread.
[[nodiscard]] std::optional<response> answer_early(dispatcher& app, request_reader& reader);

} // namespace ferrule::http
