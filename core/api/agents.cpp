// The agents of the fleet.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/json_time.hpp"
#include "fleet/controller_fleet.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

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
             {"connected_at", base::time_json(shown.connected_at)},
             {"last_seen_at", base::time_json(shown.last_seen_at)},
             {"certificate",
              {{"serial", shown.certificate_serial}, {"expires_at", base::time_json(shown.certificate_expires_at)}}},
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
        traffic[each.name] = {{"received", each.passed.rx_bytes},
                              {"received_packets", each.passed.rx_packets},
                              {"received_errors", each.passed.rx_errors},
                              {"received_dropped", each.passed.rx_dropped},
                              {"sent", each.passed.tx_bytes},
                              {"sent_packets", each.passed.tx_packets},
                              {"sent_errors", each.passed.tx_errors},
                              {"sent_dropped", each.passed.tx_dropped},
                              {"received_per_second", each.received_per_second},
                              {"sent_per_second", each.sent_per_second},
                              {"present", each.present}};
    out["traffic"] = std::move(traffic);
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
        if (forget && unknown)
            co_return problem_reply(asked, error("invalid_request", "forget and unknown exclude each other: one that "
                                                                    "is to be refused must not be forgotten"));
        std::string name(asked.param("name"));
        auto ending = forget ? fleet_.agents().forget(std::move(name)) : fleet_.revoke(std::move(name), unknown);
        const auto done = co_await std::move(ending);
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

} // namespace

void add_agents(endpoints& to, const services& over) {
    if (over.agents == nullptr)
        return;
    const auto routes = std::make_shared<agent_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    const std::string one = "/api/v1/agents/{name}";

    auto list = describe("agents", http::method::get, "/api/v1/agents", http::access::viewer, "List the agents");
    list.query = {limit_parameter(),
                  cursor_parameter(),
                  {"state", "Only those in it", R"({"type":"string","enum":["online","late","offline","revoked"]})"},
                  {"label", "`key=value`; only those that carry it", R"({"type":"string"})", true}};
    list.answers = {{200, "A page of agents", "AgentPage"}};
    add(std::move(list), bind(routes, &agent_routes::list));

    auto show = describe("agents", http::method::get, one, http::access::viewer,
                         "One agent with the metrics of its last heartbeat");
    show.answers = {{200, "The agent", "Agent"}};
    show.problems = {404};
    add(std::move(show), bind(routes, &agent_routes::show));

    auto revoke = describe("agents", http::method::delete_, one, http::access::admin,
                           "Revoke an agent at once; it may come back with a new join token only");
    revoke.query = {{"forget", "Remove the record of one that is revoked and whose certificate has expired",
                     R"({"type":"boolean","default":false})"},
                    {"unknown",
                     "Refuse it even though it never came here: another controller admitted it; not with forget",
                     R"({"type":"boolean","default":false})"}};
    revoke.answers = {{204, "It is revoked, or forgotten", ""}};
    revoke.problems = {400, 404, 409};
    add(std::move(revoke), bind(routes, &agent_routes::revoke));
}

} // namespace ferrule::api
