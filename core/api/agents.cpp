// The agents of the fleet, and the tokens with which they join.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "fleet/controller_fleet.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

constexpr base::duration default_lifetime = std::chrono::hours(1);
constexpr base::duration longest_lifetime = std::chrono::hours(24 * 365);

json time_or_null(const std::optional<base::wall_time>& when) {
    return when ? json(base::to_rfc3339(*when)) : json();
}

json to_json(const model::agent& shown) {
    json out{{"name", shown.name},
             {"state", model::to_text(shown.state)},
             {"connected", shown.connected},
             {"labels", shown.tags},
             {"region", shown.region},
             {"version", shown.version},
             {"host", shown.host},
             {"address", shown.address},
             {"features", shown.features},
             {"joined_at", base::to_rfc3339(shown.joined_at)},
             {"connected_at", time_or_null(shown.connected_at)},
             {"last_seen_at", time_or_null(shown.last_seen_at)},
             {"certificate",
              {{"serial", shown.certificate_serial}, {"expires_at", time_or_null(shown.certificate_expires_at)}}},
             {"lost_deliveries", shown.lost_deliveries},
             {"spooled_deliveries", shown.spooled},
             {"load", shown.load}};
    return out;
}

json in_full(const model::agent& shown) {
    auto out = to_json(shown);
    out["metrics"] = shown.metrics.empty() ? json() : json::parse(shown.metrics, nullptr, false);
    auto traffic = json::object();
    for (const auto& each : shown.traffic)
        traffic[each.name] = {{"received", each.received},
                              {"sent", each.sent},
                              {"received_per_second", each.received_per_second},
                              {"sent_per_second", each.sent_per_second}};
    out["traffic"] = std::move(traffic);
    return out;
}

json to_json(const fleet::join_token& shown) {
    return json{{"id", shown.id},
                {"name", shown.name.empty() ? json() : json(shown.name)},
                {"labels", shown.tags},
                {"region", shown.region},
                {"created_at", base::to_rfc3339(shown.created_at)},
                {"expires_at", base::to_rfc3339(shown.expires_at)},
                {"used_at", time_or_null(shown.used_at)},
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

class agent_routes {
  public:
    explicit agent_routes(const services& over)
        : fleet_(*over.agents) {}

    asio::awaitable<response> list(const request& asked) {
        parameter_reader parameters(asked);
        const auto limit = parameters.limit();
        const auto cursor = parameters.text("cursor").value_or("");
        const auto labels = parameters.labels("label");
        const auto state = parameters.text("state");
        const auto wanted = model::agent_state_from(state.value_or(""));
        if (state && !wanted)
            parameters.complain("state", "must be online, late, offline or revoked");
        if (parameters.fault())
            co_return problem_reply(asked, *parameters.fault());
        json items = json::array();
        std::string last;
        bool more = false;
        for (const auto& each : fleet_.agents().list()) {
            if (each->name <= cursor || (wanted && each->state != *wanted) || !carries(*each, labels))
                continue;
            more = items.size() == limit;
            if (more)
                break;
            last = each->name;
            items.push_back(to_json(*each));
        }
        const auto next = more ? std::optional(last) : std::nullopt;
        co_return page_reply(std::move(items), next);
    }

    asio::awaitable<response> show(const request& asked) {
        const auto& name = asked.param("name");
        const auto found = fleet_.agents().find(std::string(name));
        if (!found)
            co_return problem_reply(asked, error("agent_not_found", "there is no agent named \"" + shown(name) + "\""));
        co_return json_reply(200, in_full(*found));
    }

    asio::awaitable<response> revoke(const request& asked) {
        parameter_reader parameters(asked);
        const bool forget = parameters.boolean("forget");
        const bool unknown = parameters.boolean("unknown");
        if (parameters.fault())
            co_return problem_reply(asked, *parameters.fault());
        std::string name(asked.param("name"));
        auto ending = forget ? fleet_.agents().forget(std::move(name)) : fleet_.revoke(std::move(name), unknown);
        const auto done = co_await std::move(ending);
        if (!done)
            co_return problem_reply(asked, done.error());
        co_return response(204);
    }

    asio::awaitable<response> tokens(const request&) {
        json items = json::array();
        for (const auto& each : fleet_.tokens().list())
            items.push_back(to_json(each));
        co_return page_reply(std::move(items), std::nullopt);
    }

    asio::awaitable<response> make_token(const request& asked) {
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

    asio::awaitable<response> remove_token(const request& asked) {
        const auto done = co_await fleet_.tokens().remove(std::string(asked.param("id")));
        if (!done)
            co_return problem_reply(asked, done.error());
        co_return response(204);
    }

  private:
    static bool carries(const model::agent& of, const model::labels& wanted) {
        for (const auto& [key, value] : wanted) {
            const auto at = of.tags.find(key);
            if (at == of.tags.end() || at->second != value)
                return false;
        }
        return true;
    }

    fleet::controller_fleet& fleet_;
};

void add(endpoints& to, endpoint made, const char* tag, http::handler run) {
    made.tag = tag;
    made.run = std::move(run);
    to.push_back(std::move(made));
}

} // namespace

void add_agents(endpoints& to, const services& over) {
    if (over.agents == nullptr)
        return;
    const auto routes = std::make_shared<agent_routes>(over);
    endpoint list;
    list.path = "/api/v1/agents";
    list.summary = "List the agents";
    list.query = {{"limit", "1 to 1000", R"({"type":"integer","minimum":1,"maximum":1000,"default":50})"},
                  {"cursor", "`next` of the page before"},
                  {"state", "Only those in it", R"({"type":"string","enum":["online","late","offline","revoked"]})"},
                  {"label", "`key=value`; only those that carry it", R"({"type":"string"})", true}};
    list.answers = {{200, "A page of agents", "AgentPage"}};
    add(to, std::move(list), "agents", bind(routes, &agent_routes::list));

    endpoint show;
    show.path = "/api/v1/agents/{name}";
    show.summary = "One agent with the metrics of its last heartbeat";
    show.answers = {{200, "The agent", "Agent"}};
    show.problems = {404};
    add(to, std::move(show), "agents", bind(routes, &agent_routes::show));

    endpoint revoke;
    revoke.verb = http::method::delete_;
    revoke.path = "/api/v1/agents/{name}";
    revoke.needs = http::access::admin;
    revoke.summary = "Revoke an agent at once; it may come back with a new join token only";
    revoke.query = {{"forget", "Remove the record of one that is revoked and whose certificate has expired",
                     R"({"type":"boolean","default":false})"},
                    {"unknown", "Refuse it even though it never came here: another controller admitted it",
                     R"({"type":"boolean","default":false})"}};
    revoke.answers = {{204, "It is revoked, or forgotten", ""}};
    revoke.problems = {400, 404, 409};
    add(to, std::move(revoke), "agents", bind(routes, &agent_routes::revoke));

    endpoint tokens;
    tokens.path = "/api/v1/join-tokens";
    tokens.needs = http::access::admin;
    tokens.summary = "List join tokens; never their texts";
    tokens.answers = {{200, "Those that have not expired", "JoinTokenPage"}};
    add(to, std::move(tokens), "agents", bind(routes, &agent_routes::tokens));

    endpoint make;
    make.verb = http::method::post;
    make.path = "/api/v1/join-tokens";
    make.needs = http::access::admin;
    make.summary = "Make a token that lets one agent join; its text is in this answer and nowhere else";
    make.body = "JoinTokenRequest";
    make.answers = {{201, "The token with its text", "NewJoinToken"}};
    make.problems = {409, 413, 415};
    add(to, std::move(make), "agents", bind(routes, &agent_routes::make_token));

    endpoint remove;
    remove.verb = http::method::delete_;
    remove.path = "/api/v1/join-tokens/{id}";
    remove.needs = http::access::admin;
    remove.summary = "Remove a join token at once";
    remove.answers = {{204, "It is gone", ""}};
    remove.problems = {404};
    add(to, std::move(remove), "agents", bind(routes, &agent_routes::remove_token));
}

} // namespace ferrule::api
