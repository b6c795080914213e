// Commands on the hosts of agents.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/waiting.hpp"

#include "base/id.hpp"
#include "fleet/exec/command_center.hpp"
#include "model/command_json.hpp"

#include <optional>
#include <utility>

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

error no_fleet() {
    return error("no_fleet", "this controller takes no agents: set fleet.listen in its configuration");
}

error no_such_command(std::string_view id) {
    return error("command_not_found", "\"" + shown(id) + "\" is not the id of a command");
}

namespace {

bool is_admin(const request& asked) {
    return asked.identity && asked.identity->may == model::role::admin;
}

class command_routes {
  public:
    command_routes(const services& over, base::duration most_wait)
        : center_(over.commands)
        , operators_(over.operators_may_command)
        , most_wait_(most_wait) {}

    asio::awaitable<response> submit(const request& asked);
    asio::awaitable<response> show(const request& asked);
    asio::awaitable<response> list(const request& asked);
    asio::awaitable<response> cancel(const request& asked);

  private:
    [[nodiscard]] std::optional<error> refusal(const request& asked, const model::command_spec& what) const;
    /// Brings `into` up to date when the command has ended, after `limit`, or when nobody waits any more.
    asio::awaitable<void> wait(const request& asked, base::duration limit, result<model::fleet_command>& into);
    asio::awaitable<void> wait_on(std::string id, base::duration limit, result<model::fleet_command>& into);
    [[nodiscard]] static fleet::exec::asker asker_of(const request& asked);

    fleet::exec::command_center* center_;
    const bool operators_;
    const base::duration most_wait_;
};

std::optional<error> command_routes::refusal(const request& asked, const model::command_spec& what) const {
    if (is_admin(asked))
        return std::nullopt;
    if (!what.shell.empty())
        return error("forbidden",
                     "a line of the shell needs the role admin: give the program and its arguments as argv");
    if (!operators_)
        return error("forbidden", "commands on agents' hosts need the role admin, unless commands.operators in the "
                                  "controller's configuration allows operators to run programs in argv form");
    return std::nullopt;
}

fleet::exec::asker command_routes::asker_of(const request& asked) {
    fleet::exec::asker by;
    if (asked.identity) {
        by.owner = asked.identity->id;
        by.owner_name = asked.identity->name;
    }
    by.peer = asked.peer;
    return by;
}

asio::awaitable<void> command_routes::wait(const request& asked, base::duration limit,
                                           result<model::fleet_command>& into) {
    if (!into || into->finished_at || limit <= base::duration::zero())
        co_return;
    co_await while_asked(asked, wait_on(into->id, limit, into));
}

asio::awaitable<void> command_routes::wait_on(std::string id, base::duration limit,
                                              result<model::fleet_command>& into) {
    into = co_await center_->wait(std::move(id), limit);
}

asio::awaitable<response> command_routes::submit(const request& asked) {
    if (center_ == nullptr)
        co_return problem_reply(asked, no_fleet());
    parameter_reader parameters(asked);
    const auto limit = parameters.time_span("wait", most_wait_);
    auto by = asker_of(asked);
    by.idempotency_key = parameters.idempotency_key();
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    auto wanted = model::command_request_from_json(*body);
    if (!wanted)
        co_return problem_reply(asked, wanted.error());
    if (const auto refused = refusal(asked, wanted->what))
        co_return problem_reply(asked, *refused);
    const auto accepted = co_await center_->submit(std::move(*wanted), std::move(by));
    if (!accepted)
        co_return problem_reply(asked, accepted.error());
    result<model::fleet_command> now = accepted->made;
    co_await wait(asked, limit.value_or(base::duration::zero()), now);
    if (!now)
        co_return problem_reply(asked, now.error());
    auto reply = json_reply(limit && now->finished_at ? 200 : 202, model::to_json(*now));
    reply.add("Location", "/api/v1/commands/" + now->id);
    if (accepted->repeated)
        reply.add("Idempotency-Replayed", "true");
    co_return reply;
}

asio::awaitable<response> command_routes::show(const request& asked) {
    const auto& id = asked.param("id");
    parameter_reader parameters(asked);
    const auto limit = parameters.time_span("wait", most_wait_);
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    if (center_ == nullptr)
        co_return problem_reply(asked, no_fleet());
    if (!base::is_id(id))
        co_return problem_reply(asked, no_such_command(id));
    auto now = co_await center_->get(id);
    co_await wait(asked, limit.value_or(base::duration::zero()), now);
    if (!now)
        co_return problem_reply(asked, now.error());
    co_return json_reply(200, model::to_json(*now));
}

asio::awaitable<response> command_routes::list(const request& asked) {
    parameter_reader parameters(asked);
    auto cursor = parameters.id_cursor();
    const auto limit = parameters.limit();
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    if (center_ == nullptr)
        co_return page_reply(json::array(), std::nullopt);
    const auto page = co_await center_->list(std::move(cursor), limit);
    if (!page)
        co_return problem_reply(asked, page.error());
    json items = json::array();
    for (const auto& each : page->items)
        items.push_back(model::to_json(each));
    co_return page_reply(std::move(items), page->next);
}

asio::awaitable<response> command_routes::cancel(const request& asked) {
    const auto& id = asked.param("id");
    if (center_ == nullptr)
        co_return problem_reply(asked, no_fleet());
    if (!base::is_id(id))
        co_return problem_reply(asked, no_such_command(id));
    const auto known = co_await center_->get(id);
    if (!known)
        co_return problem_reply(asked, known.error());
    if (const auto refused = refusal(asked, known->request.what))
        co_return problem_reply(asked, *refused);
    const auto now = co_await center_->cancel(id, asker_of(asked));
    if (!now)
        co_return problem_reply(asked, now.error());
    co_return json_reply(now->finished_at ? 200 : 202, model::to_json(*now));
}

} // namespace

void add_commands(endpoints& to, const services& over, const config::http_settings& wanted) {
    const auto routes = std::make_shared<command_routes>(over, wanted.max_wait);
    const auto add = [&to](endpoint made, http::handler run) {
        made.tag = "commands";
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    endpoint submit;
    submit.verb = http::method::post;
    submit.path = "/api/v1/commands";
    submit.needs = http::access::operator_;
    submit.summary = "Run a command on the hosts of agents; needs the role admin unless `commands.operators` allows "
                     "operators the argv form";
    submit.query = {wait_parameter("the end", wanted.max_wait)};
    submit.headers = {idempotency_parameter("command")};
    submit.body = "CommandRequest";
    submit.answers = {{200, "It has ended everywhere within the time of `wait`", "AgentCommand"},
                      {202, "It is durable and goes out; Location names it", "AgentCommand"}};
    submit.problems = {404, 409, 413, 415, 422, 503};
    add(std::move(submit), bind(routes, &command_routes::submit));

    endpoint list;
    list.path = "/api/v1/commands";
    list.summary = "List commands, newest first";
    list.query = {limit_parameter(), cursor_parameter()};
    list.answers = {{200, "One page", "AgentCommandPage"}};
    add(std::move(list), bind(routes, &command_routes::list));

    endpoint show;
    show.path = "/api/v1/commands/{id}";
    show.summary = "Show a command and how many agents are how far";
    show.query = {wait_parameter("the end", wanted.max_wait)};
    show.answers = {{200, "The command as it is", "AgentCommand"}};
    show.problems = {404, 409};
    add(std::move(show), bind(routes, &command_routes::show));

    endpoint cancel;
    cancel.verb = http::method::post;
    cancel.path = "/api/v1/commands/{id}/cancel";
    cancel.needs = http::access::operator_;
    cancel.summary = "Cancel a command: what has not left ends at once, agents are asked to end the rest";
    cancel.answers = {{200, "It has ended everywhere", "AgentCommand"},
                      {202, "Agents will end it soon", "AgentCommand"}};
    cancel.problems = {404, 409};
    add(std::move(cancel), bind(routes, &command_routes::cancel));
}

} // namespace ferrule::api
