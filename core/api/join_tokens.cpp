// The tokens with which agents join the fleet.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/json_time.hpp"
#include "fleet/controller_fleet.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

constexpr base::duration default_lifetime = std::chrono::hours(1);
constexpr base::duration longest_lifetime = std::chrono::hours(24 * 365);

json to_json(const fleet::join_token& shown) {
    return json{{"id", shown.id},
                {"name", shown.name.empty() ? json() : json(shown.name)},
                {"labels", shown.tags},
                {"region", shown.region},
                {"created_at", base::to_rfc3339(shown.created_at)},
                {"expires_at", base::to_rfc3339(shown.expires_at)},
                {"used_at", base::time_json(shown.used_at)},
                {"used_by", shown.used_by.empty() ? json() : json(shown.used_by)}};
}

struct token_wish {
    fleet::join_token token;
    base::duration lifetime = default_lifetime;
};

result<token_wish> read_wish(const json& body) {
    token_wish out;
    base::object_reader reader(body);
    out.token.name = reader.text_or("name", "");
    if (!out.token.name.empty() && !model::is_name(out.token.name))
        reader.complain("name", "must be 1 to 128 letters, digits, dots, dashes and underscores");
    out.token.region = reader.text_or("region", "");
    out.token.tags = model::read_labels(reader);
    out.lifetime = reader.time_span_or("lifetime", default_lifetime);
    if (out.lifetime <= base::duration::zero() || out.lifetime > longest_lifetime)
        reader.complain("lifetime", "must be longer than 0 and at most 365d");
    if (auto bad = reader.finish())
        return *bad;
    return out;
}

class join_token_routes {
  public:
    explicit join_token_routes(const services& over)
        : fleet_(*over.agents) {}

    asio::awaitable<response> list(const request&) {
        json items = json::array();
        for (const auto& each : fleet_.tokens().list())
            items.push_back(to_json(each));
        co_return page_reply(std::move(items), std::nullopt);
    }

    asio::awaitable<response> make(const request& asked) {
        const auto body = read_body(asked);
        if (!body)
            co_return problem_reply(asked, body.error());
        auto wanted = read_wish(*body);
        if (!wanted)
            co_return problem_reply(asked, wanted.error());
        const auto made = co_await fleet_.make_token(std::move(wanted->token), wanted->lifetime);
        if (!made)
            co_return problem_reply(asked, made.error());
        auto shown = to_json(made->entry);
        shown["token"] = made->text.reveal();
        auto reply = json_reply(201, shown);
        reply.add("Location", "/api/v1/join-tokens/" + made->entry.id);
        co_return reply;
    }

    asio::awaitable<response> remove(const request& asked) {
        const auto done = co_await fleet_.tokens().remove(std::string(asked.param("id")));
        if (!done)
            co_return problem_reply(asked, done.error());
        co_return response(204);
    }

  private:
    fleet::controller_fleet& fleet_;
};

} // namespace

void add_join_tokens(endpoints& to, const services& over) {
    if (over.agents == nullptr)
        return;
    const auto routes = std::make_shared<join_token_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    const std::string all = "/api/v1/join-tokens";

    auto list = describe("agents", http::method::get, all, http::access::admin, "List join tokens; never their texts");
    list.answers = {{200, "Those that have not expired", "JoinTokenPage"}};
    add(std::move(list), bind(routes, &join_token_routes::list));

    auto make = describe("agents", http::method::post, all, http::access::admin,
                         "Make a token that lets one agent join; its text is in this answer and nowhere else");
    make.body = "JoinTokenRequest";
    make.answers = {{201, "The token with its text", "NewJoinToken"}};
    make.problems = {409, 413, 415};
    add(std::move(make), bind(routes, &join_token_routes::make));

    auto remove =
        describe("agents", http::method::delete_, all + "/{id}", http::access::admin, "Remove a join token at once");
    remove.answers = {{204, "It is gone", ""}};
    remove.problems = {404};
    add(std::move(remove), bind(routes, &join_token_routes::remove));
}

} // namespace ferrule::api
