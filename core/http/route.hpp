// What stands at one method and path.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

#include "http/request.hpp"
#include "http/response.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

/// The least that a caller must be; each role includes those before it.
enum class access { anonymous, viewer, operator_, admin };

enum class body_kind {
    none, ///< A body is refused, but for the empty object in a POST.
    json  ///< `application/json` only; anything else is answered with 415.
};

/// Answers one request, which stays valid until the handler has finished. An exception becomes a 500 without its text.
using handler = std::function<asio::awaitable<response>(const request&)>;

/// One route. `pattern` is a path whose segments may be `{name}`, which matches one non-empty segment. Query parameters
/// that are not named in `query` are refused, unless `*` is among the names.
struct route {
    method verb = method::get;
    std::string pattern;
    access needs = access::admin;
    body_kind body = body_kind::none;
    std::vector<std::string> query;
    handler run;
};

} // namespace ferrule::http
