// POST, GET and cancel of jobs.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/waiting.hpp"

#include "base/id.hpp"
#include "devices/job_service.hpp"
#include "model/job_json.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

using job_ptr = std::shared_ptr<const model::job>;

/// Most jobs end sooner; only for one that does not is it worth looking whether the client is still there.
constexpr base::duration unwatched = std::chrono::milliseconds(500);

error no_such_job(std::string_view id) {
    return error("job_not_found", "\"" + shown(id) + "\" is not the id of a job");
}

// With such an option a client could append to any file that the daemon can write, or log in with the keys of its
// agent.
std::optional<std::string> local_option(plugin_listing& known, const model::inline_target& given) {
    const auto look = [&](const std::string& options, const std::string& place) -> std::optional<std::string> {
        if (options.empty())
            return std::nullopt;
        const auto found = known.local_option("driver", given.at.driver, json::parse(options, nullptr, false));
        return found ? std::optional(place + "." + *found) : std::nullopt;
    };
    if (given.login && !given.login->agent_socket.empty())
        return "target.agent_socket";
    if (auto found = look(given.at.options, "target.options"))
        return found;
    for (std::size_t i = 0; i < given.at.jump.size(); ++i)
        if (auto found = look(given.at.jump[i].options, "target.jump[" + std::to_string(i) + "].options"))
            return found;
    return std::nullopt;
}

std::optional<error> borrowed(plugin_listing& known, const request& asked, const model::job_request& wanted) {
    if (!wanted.inline_at || !asked.identity || asked.identity->may == model::role::admin)
        return std::nullopt;
    const auto& at = wanted.inline_at->at;
    // Whoever chooses the host would be sent the password.
    const bool by_hop =
        std::any_of(at.jump.begin(), at.jump.end(), [](const auto& hop) { return !hop.credential.empty(); });
    if (!at.credential.empty() || by_hop)
        return error("forbidden", "target: a stored credential for a host that the inventory does not know needs the "
                                  "role admin: name a device of the inventory, or give username and password");
    if (const auto found = local_option(known, *wanted.inline_at))
        return error("forbidden", *found + ": names something of the server's machine, which needs the role admin: "
                                           "name a device of the inventory, or leave it out");
    return std::nullopt;
}

response job_reply(unsigned status, const model::job& job) {
    return response(status, http::json_fields, model::to_json_text(job));
}

class job_routes {
  public:
    job_routes(const services& over, base::duration most_wait)
        : jobs_(over.jobs)
        , plugins_(over.plugins)
        , most_wait_(most_wait) {}

    asio::awaitable<response> submit(const request& asked);
    asio::awaitable<response> show(const request& asked);
    asio::awaitable<response> list(const request& asked);
    asio::awaitable<response> cancel(const request& asked);

  private:
    /// The job when it has ended, or as it is after `limit` or when its client has gone.
    asio::awaitable<result<job_ptr>> wait(const request& asked, std::string id, base::duration limit);
    asio::awaitable<void> wait_on(std::string id, base::duration limit, result<job_ptr>& into);

    devices::job_service& jobs_;
    plugin_listing& plugins_;
    const base::duration most_wait_;
};

asio::awaitable<result<job_ptr>> job_routes::wait(const request& asked, std::string id, base::duration limit) {
    const auto at_first = std::min(unwatched, limit);
    auto found = co_await jobs_.wait(id, at_first);
    if (limit <= unwatched || !found || model::is_final((*found)->state))
        co_return found;
    auto rest = wait_on(std::move(id), limit - unwatched, found);
    co_await while_asked(asked, std::move(rest));
    co_return found;
}

asio::awaitable<void> job_routes::wait_on(std::string id, base::duration limit, result<job_ptr>& into) {
    into = co_await jobs_.wait(std::move(id), limit);
}

asio::awaitable<response> job_routes::submit(const request& asked) {
    parameter_reader parameters(asked);
    const auto wait = parameters.time_span("wait", most_wait_);
    devices::submission by;
    by.owner = asked.identity ? asked.identity->id : std::string();
    by.idempotency_key = parameters.idempotency_key();
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    auto wanted = model::job_request_from_json(*body);
    if (!wanted)
        co_return problem_reply(asked, wanted.error());
    if (const auto refused = borrowed(plugins_, asked, *wanted))
        co_return problem_reply(asked, *refused);
    const auto accepted = co_await jobs_.submit(std::move(*wanted), std::move(by));
    if (!accepted)
        co_return problem_reply(asked, accepted.error());
    auto job = accepted->job;
    if (wait && wait->count() > 0 && !model::is_final(job->state)) {
        auto waited = co_await this->wait(asked, job->id, *wait);
        if (waited)
            job = std::move(*waited);
    }
    const bool done = wait && model::is_final(job->state);
    auto reply = job_reply(done ? 200 : 202, *job);
    reply.add("Location", "/api/v1/jobs/" + job->id);
    if (accepted->repeated)
        reply.add("Idempotency-Replayed", "true");
    co_return reply;
}

asio::awaitable<response> job_routes::show(const request& asked) {
    const auto& id = asked.param("id");
    parameter_reader parameters(asked);
    const auto wait = parameters.time_span("wait", most_wait_);
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    if (!base::is_id(id))
        co_return problem_reply(asked, no_such_job(id));
    auto found = wait ? this->wait(asked, id, *wait) : jobs_.get(id);
    const auto job = co_await std::move(found);
    if (!job)
        co_return problem_reply(asked, job.error());
    co_return job_reply(200, **job);
}

asio::awaitable<response> job_routes::list(const request& asked) {
    parameter_reader parameters(asked);
    devices::job_query wanted;
    wanted.device = parameters.text("device").value_or("");
    wanted.cursor = parameters.id_cursor();
    wanted.limit = parameters.limit();
    if (const auto state = parameters.text("state")) {
        wanted.state = model::job_state_from(*state);
        if (!wanted.state)
            parameters.complain("state",
                                "must be one of queued, running, succeeded, failed, cancelled, expired, unknown");
    }
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto page = co_await jobs_.list(std::move(wanted));
    if (!page)
        co_return problem_reply(asked, page.error());
    json items = json::array();
    for (const auto& each : page->items)
        items.push_back(model::to_json(*each, false));
    co_return page_reply(std::move(items), page->next);
}

asio::awaitable<response> job_routes::cancel(const request& asked) {
    const auto& id = asked.param("id");
    if (!base::is_id(id))
        co_return problem_reply(asked, no_such_job(id));
    const auto job = co_await jobs_.cancel(id);
    if (!job)
        co_return problem_reply(asked, job.error());
    co_return job_reply(model::is_final((*job)->state) ? 200 : 202, **job);
}

endpoint submitting(const config::http_settings& wanted) {
    endpoint made;
    made.verb = http::method::post;
    made.path = "/api/v1/jobs";
    made.needs = http::access::operator_;
    made.summary = "Submit a job";
    made.query = {wait_parameter("the job's end", wanted.max_wait)};
    made.headers = {idempotency_parameter("job")};
    made.body = "JobRequest";
    made.answers = {{200, "The job has ended within the time of `wait`", "Job"},
                    {202, "The job is durable and will run; Location names it", "Job"}};
    made.problems = {404, 409, 413, 415, 422, 503};
    return made;
}

} // namespace

void add_jobs(endpoints& to, const services& over, const config::http_settings& wanted) {
    const auto routes = std::make_shared<job_routes>(over, wanted.max_wait);
    const auto add = [&to](endpoint made, http::handler run) {
        made.tag = "jobs";
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    add(submitting(wanted), bind(routes, &job_routes::submit));

    endpoint list;
    list.path = "/api/v1/jobs";
    list.summary = "List jobs, newest first, without their results";
    list.query = {{"device", "Only jobs of this device"},
                  {"state", "Only jobs in this state", R"({"$ref":"#/components/schemas/JobState"})"},
                  limit_parameter(),
                  cursor_parameter()};
    list.answers = {{200, "One page", "JobPage"}};
    add(std::move(list), bind(routes, &job_routes::list));

    endpoint show;
    show.path = "/api/v1/jobs/{id}";
    show.summary = "Show a job with its results";
    show.query = {wait_parameter("the job's end", wanted.max_wait)};
    show.answers = {{200, "The job as it is", "Job"}};
    show.problems = {404};
    add(std::move(show), bind(routes, &job_routes::show));

    endpoint cancel;
    cancel.verb = http::method::post;
    cancel.path = "/api/v1/jobs/{id}/cancel";
    cancel.needs = http::access::operator_;
    cancel.summary = "Cancel a job";
    cancel.answers = {{200, "It was still queued and is cancelled", "Job"}, {202, "It runs and will end soon", "Job"}};
    cancel.problems = {404, 409};
    auto removal = cancel;
    add(std::move(cancel), bind(routes, &job_routes::cancel));

    removal.verb = http::method::delete_;
    removal.path = "/api/v1/jobs/{id}";
    removal.summary = "Cancel a job; the same as POST …/cancel";
    add(std::move(removal), bind(routes, &job_routes::cancel));
}

} // namespace ferrule::api
