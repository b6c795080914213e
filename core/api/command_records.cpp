// What remains of commands: results, the audit trail, and the key that they are signed with.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/id.hpp"
#include "fleet/exec/command_center.hpp"
#include "model/command_json.hpp"

#include <utility>

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

class record_routes {
  public:
    explicit record_routes(const services& over)
        : center_(over.commands) {}

    asio::awaitable<response> results(const request& asked);
    asio::awaitable<response> key(const request& asked);
    asio::awaitable<response> audit(const request& asked);

  private:
    fleet::exec::command_center* center_; ///< Null without agents.
};

asio::awaitable<response> record_routes::results(const request& asked) {
    const auto& id = asked.param("id");
    parameter_reader parameters(asked);
    fleet::exec::task_query wanted;
    wanted.command = id;
    wanted.agent = parameters.text("agent").value_or("");
    wanted.cursor = parameters.id_cursor();
    wanted.limit = parameters.limit();
    if (const auto state = parameters.text("state")) {
        wanted.state = model::task_state_from(*state);
        if (!wanted.state || !model::is_final(*wanted.state))
            parameters.complain("state", "must be one of succeeded, failed, timed_out, refused, expired, cancelled, "
                                         "unknown");
    }
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    if (center_ == nullptr)
        co_return problem_reply(asked, no_fleet());
    if (!base::is_id(id))
        co_return problem_reply(asked, no_such_command(id));
    const auto command = co_await center_->get(id);
    if (!command)
        co_return problem_reply(asked, command.error());
    const auto page = co_await center_->tasks(std::move(wanted));
    if (!page)
        co_return problem_reply(asked, page.error());
    json items = json::array();
    for (const auto& each : page->items)
        items.push_back(model::to_json(each));
    co_return page_reply(std::move(items), page->next);
}

asio::awaitable<response> record_routes::key(const request& asked) {
    if (center_ == nullptr)
        co_return problem_reply(asked, no_fleet());
    const json value{{"key_id", center_->key().id()}, {"public_key", center_->key().text()}};
    co_return json_reply(200, value);
}

asio::awaitable<response> record_routes::audit(const request& asked) {
    parameter_reader parameters(asked);
    auto cursor = parameters.id_cursor();
    const auto limit = parameters.limit();
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    if (center_ == nullptr)
        co_return page_reply(json::array(), std::nullopt);
    auto page = co_await center_->audit(std::move(cursor), limit);
    if (!page)
        co_return problem_reply(asked, page.error());
    json items = json::array();
    for (auto& each : page->items)
        items.push_back(std::move(each));
    co_return page_reply(std::move(items), page->next);
}

} // namespace

void add_command_records(endpoints& to, const services& over) {
    const auto routes = std::make_shared<record_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.tag = "commands";
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    endpoint results;
    results.path = "/api/v1/commands/{id}/results";
    results.summary = "List the results of a command, agent by agent, with their output";
    results.query = {{"agent", "Only of this agent"},
                     {"state", "Only in this final state", R"({"$ref":"#/components/schemas/FinalTaskState"})"},
                     limit_parameter(),
                     cursor_parameter()};
    results.answers = {{200, "One page", "CommandTaskPage"}};
    results.problems = {404, 409};
    add(std::move(results), bind(routes, &record_routes::results));

    endpoint key;
    key.path = "/api/v1/command-key";
    key.summary = "Show the public key that agents recognise this controller's commands by";
    key.answers = {{200, "The key", "CommandKey"}};
    key.problems = {409};
    add(std::move(key), bind(routes, &record_routes::key));

    endpoint audit;
    audit.path = "/api/v1/audit";
    audit.needs = http::access::admin;
    audit.summary = "List who gave and cancelled commands, and what agents refused, newest first";
    audit.query = {limit_parameter(), cursor_parameter()};
    audit.answers = {{200, "One page", "AuditPage"}};
    add(std::move(audit), bind(routes, &record_routes::audit));
}

} // namespace ferrule::api
