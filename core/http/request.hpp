// One HTTP request as handlers see it.
#pragma once

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/token.hpp"

namespace ferrule::http {

using method = boost::beast::http::verb;
using field = boost::beast::http::field;

struct route;
class presence;

/// A parsed request. Its texts live in buffers that the connection uses again for the next request, so nothing in it
/// outlives the handler. The parser fills the first part, the dispatcher the second; handlers only read.
class request {
  public:
    using pair = std::pair<std::string, std::string>;

    method verb = method::unknown;
    unsigned version = 11; ///< 10 or 11.
    bool keep_alive = true;
    bool has_body = false; ///< A body was announced, even an empty chunked one.
    std::string body;
    std::string peer;           ///< `address:port`, or `unix`.
    presence* client = nullptr; ///< For long waits; null where there is no connection, as in tests.

    std::string id;                    ///< The client's X-Request-Id when it is sound, else one made here.
    std::vector<std::string> segments; ///< Of the path, percent-decoded one by one.
    std::vector<pair> query;           ///< Percent-decoded, in order.
    std::vector<pair> params;          ///< Of the route's pattern.
    const http::route* route = nullptr;
    bool admitted = false;                        ///< Its head has passed dispatcher::admit.
    std::shared_ptr<const model::token> identity; ///< Null for an anonymous request.

    [[nodiscard]] std::string_view verb_text() const noexcept { return view(verb_text_); }

    /// The request target as it came.
    [[nodiscard]] std::string_view target() const noexcept { return view(target_); }

    /// The first header of this name, or empty.
    [[nodiscard]] std::string_view header(field name) const noexcept;
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t header_count(field name) const noexcept;
    [[nodiscard]] std::size_t header_count(std::string_view name) const noexcept;

    [[nodiscard]] std::size_t header_count() const noexcept { return headers_.size(); }

    /// The decoded value of a query parameter, if it is there.
    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const noexcept;
    /// The value of `{name}` in the route's pattern; empty when the pattern has none.
    [[nodiscard]] const std::string& param(std::string_view name) const noexcept;

    /// Makes it empty again but keeps the buffers.
    void clear();
    void start(method verb_value, std::string_view verb_name, std::string_view target_text, unsigned version_value);
    void add_header(field id, std::string_view name, std::string_view value);

  private:
    struct span {
        std::uint32_t at = 0;
        std::uint32_t size = 0;
    };

    struct stored_header {
        field id;
        span name;
        span value;
    };

    [[nodiscard]] std::string_view view(span part) const noexcept {
        return std::string_view(text_).substr(part.at, part.size);
    }

    span keep(std::string_view part);

    std::string text_; ///< Request line and headers, one after the other.
    span verb_text_;
    span target_;
    std::vector<stored_header> headers_;
};

} // namespace ferrule::http
