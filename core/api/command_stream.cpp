// GET /api/v1/commands/{id}/stream.
#include "api/command_follower.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/sse.hpp"

#include "base/id.hpp"
#include "fleet/exec/command_center.hpp"

#include <boost/asio/this_coro.hpp>

namespace ferrule::api {

using http::request;
using http::response;

namespace {

constexpr std::uint32_t tasks_at_once = 50;

// All tasks, page by page; false when the listener has gone.
asio::awaitable<bool> tell_all(fleet::exec::command_center& center, std::string id, command_follower& follower,
                               http::body_writer& out) {
    fleet::exec::task_query wanted;
    wanted.command = std::move(id);
    wanted.limit = tasks_at_once;
    for (bool more = true; more;) {
        const auto page = co_await center.tasks(wanted);
        if (!page)
            co_return false;
        std::string text;
        for (const auto& each : page->items)
            text += follower.task(each);
        if (!text.empty()) {
            const auto sent = co_await out.write(std::move(text));
            if (!sent)
                co_return false;
        }
        more = page->next.has_value();
        wanted.cursor = page->next.value_or("");
    }
    co_return true;
}

// Listens first and looks then, so that nothing falls between; the follower drops what comes twice.
asio::awaitable<void> follow_command(services over, caller who, std::string id, http::body_writer& out) {
    const auto on = co_await asio::this_coro::executor;
    state::event_bus::filter wanted = [id](const state::event& each) {
        return each.key == id && each.topic.starts_with("command");
    };
    const auto events = over.events.subscribe(on, std::move(wanted));
    command_follower follower;
    std::uint64_t lost = 0;
    bool look = true;
    while (!follower.ended()) {
        std::string text;
        if (look) {
            look = false;
            const auto first = co_await over.commands->get(id);
            if (!first)
                co_return;
            auto begin = follower.command(*first);
            const auto begun = co_await out.write(std::move(begin));
            if (!begun)
                co_return;
            const bool there = co_await tell_all(*over.commands, id, follower, out);
            if (!there)
                co_return;
        } else {
            const auto happened = co_await events->next(over.time.steady_now() + heartbeat);
            if ((happened.empty() && events->closed()) || !may_go_on(over, who))
                co_return;
            for (const auto& each : happened)
                text += follower.event(*each);
            for (const auto& each : follower.take_wanted()) {
                const auto task = co_await over.commands->task(each);
                if (task)
                    text += follower.task(*task);
            }
            if (happened.empty())
                text = heartbeat_text;
            const auto lagged = events->lagged();
            look = lagged != lost;
            lost = lagged;
        }
        if (follower.wants_command()) {
            const auto now = co_await over.commands->get(id);
            if (!now)
                co_return;
            text += follower.command(*now);
        }
        if (text.empty())
            continue;
        const auto sent = co_await out.write(std::move(text));
        if (!sent)
            co_return;
    }
}

class stream_routes {
  public:
    explicit stream_routes(const services& over)
        : over_(over) {}

    asio::awaitable<response> stream(const request& asked) {
        const auto& id = asked.param("id");
        if (over_.commands == nullptr)
            co_return problem_reply(asked, no_fleet());
        if (!base::is_id(id))
            co_return problem_reply(asked, no_such_command(id));
        const auto command = co_await over_.commands->get(id);
        if (!command)
            co_return problem_reply(asked, command.error());
        http::stream_body body = [over = over_, who = asked.identity, id](http::body_writer& out) {
            return follow_command(over, who, id, out);
        };
        co_return response(200, http::sse_fields, std::move(body));
    }

  private:
    const services over_;
};

} // namespace

void add_command_stream(endpoints& to, const services& over) {
    const auto routes = std::make_shared<stream_routes>(over);
    endpoint made;
    made.path = "/api/v1/commands/{id}/stream";
    made.tag = "commands";
    made.summary = "Follow a command as server-sent events: state, task, output, result, end; what has been so far "
                   "comes first";
    made.answers = {{200, "The stream; it ends after the event `end`", "CommandEvents", "text/event-stream"}};
    made.problems = {404, 409, 503};
    made.run = bind(routes, &stream_routes::stream);
    to.push_back(std::move(made));
}

} // namespace ferrule::api
