// GET /api/v1/jobs/{id}/stream.
#include "api/job_follower.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/sse.hpp"

#include "base/id.hpp"
#include "devices/job_service.hpp"

#include <boost/asio/this_coro.hpp>

namespace ferrule::api {

using http::request;
using http::response;

namespace {

// Listens first and looks then, so that nothing falls between; the follower drops what comes twice.
asio::awaitable<void> follow_job(services over, caller who, std::string id, http::body_writer& out) {
    const auto on = co_await asio::this_coro::executor;
    state::event_bus::filter wanted = [id](const state::event& each) {
        return each.key == id && each.topic.starts_with("job");
    };
    const auto events = over.events.subscribe(on, std::move(wanted));
    job_follower follower;
    std::uint64_t lost = 0;
    bool look = true;
    while (!follower.ended()) {
        std::string text;
        if (look) {
            const auto job = co_await over.jobs.get(id);
            if (!job)
                co_return;
            text = follower.snapshot(**job);
            look = false;
        } else {
            const auto happened = co_await events->next(over.time.steady_now() + heartbeat);
            if (happened.empty() && events->closed())
                co_return;
            if (!may_go_on(over, who))
                co_return;
            for (const auto& each : happened)
                text += follower.event(*each);
            if (happened.empty())
                text = heartbeat_text;
            const auto lagged = events->lagged();
            look = follower.wants_snapshot() || lagged != lost; // after a loss the snapshot has what was missed
            lost = lagged;
        }
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
        if (!base::is_id(id))
            co_return problem_reply(asked, error("job_not_found", "\"" + shown(id) + "\" is not the id of a job"));
        const auto job = co_await over_.jobs.get(id);
        if (!job)
            co_return problem_reply(asked, job.error());
        http::stream_body body = [over = over_, who = asked.identity, id](http::body_writer& out) {
            return follow_job(over, who, id, out);
        };
        co_return response(200, http::sse_fields, std::move(body));
    }

  private:
    const services over_;
};

} // namespace

void add_job_stream(endpoints& to, const services& over) {
    const auto routes = std::make_shared<stream_routes>(over);
    endpoint made;
    made.path = "/api/v1/jobs/{id}/stream";
    made.tag = "jobs";
    made.summary = "Follow a job as server-sent events: state, output, result, end; what has been so far comes first";
    made.answers = {{200, "The stream; it ends after the event `end`", "JobEvents", "text/event-stream"}};
    made.problems = {404, 503};
    made.run = bind(routes, &stream_routes::stream);
    to.push_back(std::move(made));
}

} // namespace ferrule::api
