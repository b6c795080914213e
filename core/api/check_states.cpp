// What checks have found: states, results, figures.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/strings.hpp"
#include "probes/check_service.hpp"

namespace ferrule::api {

using namespace std::chrono_literals;
using base::json;
using http::request;
using http::response;

namespace {

constexpr base::duration usual_window = 24h;
constexpr base::duration longest_window = 24h * 400;

class state_routes {
  public:
    explicit state_routes(const services& over)
        : service_(over.checks) {}

    asio::awaitable<response> state(const request& asked);
    asio::awaitable<response> results(const request& asked);
    asio::awaitable<response> figures(const request& asked);

  private:
    probes::check_service& service_;
};

asio::awaitable<response> state_routes::state(const request& asked) {
    const auto now = service_.state(asked.param("name"));
    if (!now)
        co_return problem_reply(asked, now.error());
    co_return json_reply(200, *now);
}

asio::awaitable<response> state_routes::results(const request& asked) {
    parameter_reader parameters(asked);
    probes::result_query wanted;
    wanted.check = asked.param("name");
    wanted.target = parameters.text("target").value_or("");
    wanted.location = parameters.text("location").value_or("");
    wanted.limit = parameters.limit();
    wanted.cursor = parameters.text("cursor").value_or("");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto page = co_await service_.results(std::move(wanted));
    if (!page)
        co_return problem_reply(asked, page.error());
    json items = json::array();
    for (const auto& each : page->items)
        items.push_back(each);
    co_return page_reply(std::move(items), page->next);
}

asio::awaitable<response> state_routes::figures(const request& asked) {
    parameter_reader parameters(asked);
    probes::figures_query wanted;
    wanted.check = asked.param("name");
    wanted.window = parameters.time_span("window", longest_window).value_or(usual_window);
    if (const auto by = parameters.text("by"))
        for (const auto part : base::split(*by, ',')) {
            wanted.by_target = wanted.by_target || part == "target";
            wanted.by_location = wanted.by_location || part == "location";
            if (part != "target" && part != "location" && part != "check")
                parameters.complain("by", "must be check, target, location or target,location");
        }
    if (wanted.window < 1min)
        parameters.complain("window", "must be at least 1m");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto found = co_await service_.figures(std::move(wanted));
    if (!found)
        co_return problem_reply(asked, found.error());
    co_return json_reply(200, *found);
}

} // namespace

void add_check_states(endpoints& to, const services& over) {
    const auto routes = std::make_shared<state_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    auto state = describe("checks", http::method::get, "/api/v1/checks/{name}/state", http::access::viewer,
                          "How a check's targets are, from each location, and the votes");
    state.answers = {{200, "The state now", "CheckState"}};
    state.problems = {404};
    add(std::move(state), bind(routes, &state_routes::state));

    auto results = describe("checks", http::method::get, "/api/v1/checks/{name}/results", http::access::viewer,
                            "List a check's results, the newest first");
    results.query = {
        {"target", "Only of this target"}, {"location", "Only from this node"}, limit_parameter(), cursor_parameter()};
    results.answers = {{200, "One page", "SamplePage"}};
    results.problems = {404, 503};
    add(std::move(results), bind(routes, &state_routes::results));

    auto figures = describe("checks", http::method::get, "/api/v1/checks/{name}/figures", http::access::viewer,
                            "Availability and percentiles of latency over a window up to now");
    figures.query = {
        {"window", "Its length, `24h` if not given; at most 9600h", R"({"type":"string","examples":["24h"]})"},
        {"by", "What is told apart: check (the default), target, location, or target,location"}};
    figures.answers = {{200, "The figures, and which stretch they cover", "CheckFigures"}};
    figures.problems = {404, 503};
    add(std::move(figures), bind(routes, &state_routes::figures));
}

} // namespace ferrule::api
