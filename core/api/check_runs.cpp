// POST /api/v1/checks/{name}/run: measures a check now.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"
#include "api/waiting.hpp"

#include "probes/check_service.hpp"
#include "state/event_bus.hpp"

#include <boost/asio/this_coro.hpp>

#include <set>

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

class run_routes {
  public:
    run_routes(const services& over, base::duration most_wait)
        : over_(over)
        , most_wait_(most_wait) {}

    // Listens first and asks then, so that no result falls between.
    asio::awaitable<response> run(const request& asked) {
        parameter_reader parameters(asked);
        const auto target = parameters.text("target").value_or("");
        const auto wait = parameters.time_span("wait", most_wait_);
        if (parameters.fault())
            co_return problem_reply(asked, *parameters.fault());
        const auto& name = asked.param("name");
        const auto on = co_await asio::this_coro::executor;
        std::unique_ptr<state::subscription> events;
        if (wait)
            events = over_.events.subscribe(
                on, [name](const state::event& each) { return each.topic == "check.sample" && each.key == name; });
        const auto places = over_.checks.run_now(name, target);
        if (!places)
            co_return problem_reply(asked, places.error());
        place_set open(places->begin(), places->end());
        json samples = json::array();
        if (wait)
            co_await while_asked(asked, gather(*events, *wait, open, samples));
        const bool complete = open.empty();
        json answer{
            {"check", name}, {"places", places->size()}, {"complete", complete}, {"samples", std::move(samples)}};
        co_return json_reply(complete ? 200 : 202, answer);
    }

  private:
    using place_set = std::set<std::pair<std::string, std::string>>; ///< Target and node.

    asio::awaitable<void> gather(state::subscription& events, base::duration wait, place_set& open, json& samples) {
        const auto deadline = over_.time.steady_now() + wait;
        while (!open.empty()) {
            const auto happened = co_await events.next(deadline);
            if (happened.empty())
                break;
            for (const auto& each : happened) {
                auto value = json::parse(each->data, nullptr, false);
                if (open.erase({value.value("target", ""), value.value("node", "")}) != 0)
                    samples.push_back(std::move(value));
            }
        }
    }

    const services over_;
    const base::duration most_wait_;
};

} // namespace

void add_check_runs(endpoints& to, const services& over, const config::http_settings& wanted) {
    const auto routes = std::make_shared<run_routes>(over, wanted.max_wait);
    endpoint made;
    made.verb = http::method::post;
    made.path = "/api/v1/checks/{name}/run";
    made.needs = http::access::operator_;
    made.tag = "checks";
    made.summary = "Have a check measured now, beside its schedule";
    made.query = {{"target", "Only this target"}, wait_parameter("the results", wanted.max_wait)};
    made.answers = {{200, "All results have come within the time of `wait`", "CheckRun"},
                    {202, "It is being measured; the results so far", "CheckRun"}};
    made.problems = {404, 409};
    made.run = bind(routes, &run_routes::run);
    to.push_back(std::move(made));
}

} // namespace ferrule::api
