// GET /api/v1/events: everything that happens, by topic.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/sse.hpp"

#include "base/strings.hpp"
#include "state/event_bus.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace ferrule::api {

using http::request;
using http::response;

namespace {

// Topics with the flow of single jobs, commands and results are sent only when they are asked for.
constexpr std::array<std::string_view, 13> topics{
    "job",    "job.output", "job.result", "command",     "command.task", "command.output", "session",
    "device", "plugin",     "node",       "check.state", "check.sample", "agent"};

bool is_default(std::string_view topic) {
    return !topic.starts_with("job.") && !topic.starts_with("command.") && topic != "check.sample";
}

struct listening {
    listening() = default;
    std::vector<std::string> topics; ///< Empty = those of is_default.
    std::optional<std::uint64_t> after;
};

result<listening> read_wishes(const request& asked) {
    listening wishes;
    parameter_reader parameters(asked);
    if (const auto given = parameters.text("topics"))
        for (const auto part : base::split(*given, ',')) {
            if (std::find(topics.begin(), topics.end(), part) == topics.end()) {
                const std::vector<std::string> known(topics.begin(), topics.end());
                parameters.complain("topics", "names \"" + shown(part) + "\"; known are " + base::join(known, ", "));
            }
            wishes.topics.emplace_back(part);
        }
    wishes.after = parameters.number("last_event_id");
    // The header is what a browser sends when it connects again; it knows better than the address.
    if (const auto header = asked.header("last-event-id"); !header.empty()) {
        std::uint64_t id = 0;
        const auto read = std::from_chars(header.data(), header.data() + header.size(), id);
        if (read.ec != std::errc() || read.ptr != header.data() + header.size())
            return error("invalid_parameter", "the header Last-Event-ID must be the id of an event");
        wishes.after = id;
    }
    if (parameters.fault())
        return *parameters.fault();
    return wishes;
}

std::string lost_events(std::uint64_t count) {
    std::string text;
    append_event(text, "lagged", "{\"lost\":" + std::to_string(count) + "}");
    return text;
}

asio::awaitable<void> follow_events(services over, caller who, listening wishes, http::body_writer& out) {
    const auto on = co_await asio::this_coro::executor;
    state::event_bus::filter wanted = [only = wishes.topics](const state::event& each) {
        return only.empty() ? is_default(each.topic) : std::find(only.begin(), only.end(), each.topic) != only.end();
    };
    // Ids begin anew with the process: an id from before means everything that is still known.
    auto after = wishes.after;
    const bool from_before = after && *after > over.events.last_id();
    if (from_before)
        after = 0;
    const auto events = over.events.subscribe(on, std::move(wanted), after);
    std::string text;
    append_event(text, "hello",
                 "{\"last_id\":" + std::to_string(over.events.last_id()) +
                     ",\"restarted\":" + (from_before ? "true" : "false") + "}");
    std::uint64_t lost = 0;
    for (;;) {
        const auto sent = co_await out.write(std::move(text));
        if (!sent)
            co_return;
        text.clear();
        const auto happened = co_await events->next(over.time.steady_now() + heartbeat);
        if (happened.empty() && events->closed())
            co_return;
        if (!may_go_on(over, who))
            co_return;
        // What was lost lies before the events that are left.
        const auto lagged = events->lagged();
        if (lagged != lost)
            text += lost_events(lagged - lost);
        lost = lagged;
        for (const auto& each : happened)
            append_event(text, each->topic, each->data, each->id);
        if (happened.empty())
            text += heartbeat_text;
    }
}

class event_routes {
  public:
    explicit event_routes(const services& over)
        : over_(over) {}

    asio::awaitable<response> stream(const request& asked) {
        auto wishes = read_wishes(asked);
        if (!wishes)
            co_return problem_reply(asked, wishes.error());
        http::stream_body body = [over = over_, who = asked.identity, wanted = std::move(*wishes)](
                                     http::body_writer& out) { return follow_events(over, who, wanted, out); };
        co_return response(200, http::sse_fields, std::move(body));
    }

  private:
    const services over_;
};

} // namespace

void add_events(endpoints& to, const services& over) {
    const auto routes = std::make_shared<event_routes>(over);
    endpoint made;
    made.path = "/api/v1/events";
    made.tag = "events";
    made.summary = "Follow what happens as server-sent events, by topic";
    made.query = {{"topics", "Comma-separated: job, job.output, job.result, command, command.task, command.output, "
                             "session, device, plugin, node, agent, check.state, check.sample; without it "
                             "all but job.…, command.… and check.sample"},
                  {"last_event_id", "As the header Last-Event-ID, for clients that cannot set it",
                   R"({"type":"integer","minimum":0})"}};
    made.headers = {
        {"Last-Event-ID", "Go on after this event, as far as events are kept", R"({"type":"integer","minimum":0})"}};
    made.answers = {{200, "The stream; the event is named after its topic, `lagged` tells of a loss", "Events",
                     "text/event-stream"}};
    made.problems = {503};
    made.run = bind(routes, &event_routes::stream);
    to.push_back(std::move(made));
}

} // namespace ferrule::api
