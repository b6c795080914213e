#include "api/common_parameters.hpp"

#include "api/parameters.hpp"

namespace ferrule::api {

parameter limit_parameter() {
    const base::json schema{{"type", "integer"}, {"minimum", 1}, {"maximum", most_limit}, {"default", default_limit}};
    return {"limit", "Items a page", base::dump(schema)};
}

parameter cursor_parameter() {
    return {"cursor", "`next` of the page before"};
}

parameter wait_parameter(std::string_view what, base::duration most) {
    return {"wait", "How long to wait for " + std::string(what) + ", such as `10s`; at most " + base::to_text(most),
            R"({"type":"string","examples":["10s"]})"};
}

parameter idempotency_parameter(std::string_view what) {
    return {"Idempotency-Key",
            "Makes a repeated request safe: it gets the " + std::string(what) +
                " of the first one, with Idempotency-Replayed: true",
            R"({"type":"string","minLength":1,"maxLength":255})"};
}

} // namespace ferrule::api
