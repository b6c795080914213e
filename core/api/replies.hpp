// The responses that most handlers give.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace ferrule::api {

http::response json_reply(unsigned status, const base::json& value);
/// A problem document with the request's id.
http::response problem_reply(const http::request& asked, const base::error& what);
/// As above with a status other than the code's own.
http::response problem_reply(const http::request& asked, unsigned status, const base::error& what);
/// {"items": […], "next": "…" or null}.
http::response page_reply(base::json items, const std::optional<std::string>& next);
/// Text that came from a client, cut so that it can stand in a message.
std::string shown(std::string_view text);

} // namespace ferrule::api
