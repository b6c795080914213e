// The bearer tokens of the API itself.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/json_time.hpp"
#include "devices/tokens.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

json to_json(const model::token& shown) {
    return json{{"id", shown.id},
                {"name", shown.name},
                {"role", model::to_text(shown.may)},
                {"created_at", base::to_rfc3339(shown.created_at)},
                {"expires_at", base::time_json(shown.expires_at)}};
}

struct token_request {
    token_request() = default;
    std::string name;
    model::role may = model::role::viewer;
    std::optional<base::wall_time> expires_at;
};

result<token_request> read_request(const json& body, base::wall_time now) {
    token_request wanted;
    base::object_reader reader(body);
    wanted.name = reader.required_text("name");
    if (!wanted.name.empty() && !model::is_name(wanted.name))
        reader.complain("name", "must be 1 to 128 letters, digits, dots, dashes and underscores");
    const auto role = reader.one_of("role", {"viewer", "operator", "admin"});
    wanted.may = model::role_from(role.value_or("viewer")).value_or(model::role::viewer);
    const auto lifetime = reader.time_span("lifetime");
    const auto expires = reader.text("expires_at");
    if (lifetime && expires)
        reader.complain("lifetime", "excludes expires_at");
    if (lifetime && lifetime->count() <= 0)
        reader.complain("lifetime", "must be longer than 0");
    if (lifetime)
        wanted.expires_at = now + std::chrono::floor<std::chrono::milliseconds>(*lifetime);
    if (expires) {
        const auto at = base::parse_rfc3339(*expires);
        if (!at)
            reader.complain("expires_at", at.error().message());
        else if (*at <= now)
            reader.complain("expires_at", "is in the past");
        else
            wanted.expires_at = *at;
    }
    if (auto bad = reader.finish())
        return *bad;
    return wanted;
}

class token_routes {
  public:
    explicit token_routes(const services& over)
        : tokens_(over.tokens)
        , time_(over.time) {}

    asio::awaitable<response> list(const request&) {
        json items = json::array();
        for (const auto& each : tokens_.list())
            items.push_back(to_json(*each));
        co_return page_reply(std::move(items), std::nullopt);
    }

    asio::awaitable<response> make(const request& asked) {
        const auto body = read_body(asked);
        if (!body)
            co_return problem_reply(asked, body.error());
        auto wanted = read_request(*body, time_.wall_now());
        if (!wanted)
            co_return problem_reply(asked, wanted.error());
        const auto made = co_await tokens_.make(std::move(wanted->name), wanted->may, wanted->expires_at);
        if (!made)
            co_return problem_reply(asked, made.error());
        auto shown = to_json(*made->entry);
        shown["token"] = made->text.reveal();
        auto reply = json_reply(201, shown);
        reply.add("Location", "/api/v1/tokens/" + made->entry->id);
        co_return reply;
    }

    asio::awaitable<response> revoke(const request& asked) {
        const auto done = co_await tokens_.revoke(asked.param("id"));
        if (!done)
            co_return problem_reply(asked, done.error());
        co_return response(204);
    }

  private:
    devices::tokens& tokens_;
    const base::clock& time_;
};

} // namespace

void add_tokens(endpoints& to, const services& over) {
    const auto routes = std::make_shared<token_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.needs = http::access::admin;
        made.tag = "tokens";
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    endpoint list;
    list.path = "/api/v1/tokens";
    list.summary = "List tokens; never their texts";
    list.answers = {{200, "All tokens", "TokenPage"}};
    add(std::move(list), bind(routes, &token_routes::list));

    endpoint make;
    make.verb = http::method::post;
    make.path = "/api/v1/tokens";
    make.summary = "Make a token; its text is in this answer and nowhere else";
    make.body = "TokenRequest";
    make.answers = {{201, "The token with its text", "NewToken"}};
    make.problems = {413, 415};
    add(std::move(make), bind(routes, &token_routes::make));

    endpoint revoke;
    revoke.verb = http::method::delete_;
    revoke.path = "/api/v1/tokens/{id}";
    revoke.summary = "End a token at once";
    revoke.answers = {{204, "It is gone", ""}};
    revoke.problems = {404, 409};
    add(std::move(revoke), bind(routes, &token_routes::revoke));
}

} // namespace ferrule::api
