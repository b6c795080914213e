// A route together with what its documentation says.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "http/route.hpp"

namespace ferrule::api {

/// A query parameter or request header. `schema` is JSON Schema text.
struct parameter {
    std::string name;
    std::string description;
    std::string schema = R"({"type":"string"})";
    bool repeats = false; ///< May be given more than once.
};

/// One documented answer. `schema` names a component, empty for no body.
struct answer {
    unsigned status = 200;
    std::string description;
    std::string schema;
    std::string content_type = "application/json";
};

/// From one of these come both the route and its part of the OpenAPI document, so that neither can tell of something
/// that the other does not have.
struct endpoint {
    http::method verb = http::method::get;
    std::string path;
    http::access needs = http::access::viewer;
    std::string tag;
    std::string summary;
    std::vector<parameter> query;
    std::vector<parameter> headers;
    std::string body; ///< Name of the body's component, empty for none.
    std::vector<answer> answers;
    std::vector<unsigned> problems; ///< Statuses of problem documents beside those that every route may give.
    http::handler run;
};

/// An endpoint that still needs its answers and its handler.
endpoint describe(std::string tag, http::method verb, std::string path, http::access needs, std::string summary);

/// Binds a member function as a handler; the object lives as long as the route.
template <class Routes>
http::handler bind(std::shared_ptr<Routes> on,
                   http::asio::awaitable<http::response> (Routes::*run)(const http::request&)) {
    return [on = std::move(on), run](const http::request& asked) { return ((*on).*run)(asked); };
}

} // namespace ferrule::api
