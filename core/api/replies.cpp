#include "api/replies.hpp"

#include "base/log.hpp"
#include "base/strings.hpp"
#include "http/problem.hpp"

namespace ferrule::api {

http::response json_reply(unsigned status, const base::json& value) {
    return http::response(status, http::json_fields, base::dump(value));
}

http::response problem_reply(const http::request& asked, const base::error& what) {
    if (http::status_of(what.code()) == 500)
        base::log::error("api", "a request failed",
                         {{"request_id", asked.id}, {"code", what.code()}, {"reason", what.message()}});
    return http::problem(what, asked.id);
}

http::response problem_reply(const http::request& asked, unsigned status, const base::error& what) {
    return http::problem(status, what, asked.id);
}

http::response page_reply(base::json items, const std::optional<std::string>& next) {
    base::json page{{"items", std::move(items)}, {"next", next ? base::json(*next) : base::json()}};
    return json_reply(200, page);
}

std::string shown(std::string_view text) {
    return base::shortened(text, 64);
}

} // namespace ferrule::api
