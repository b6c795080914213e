// Checks: definitions, states, figures.
#include "api/check_bodies.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/strings.hpp"
#include "model/check_json.hpp"
#include "model/health.hpp"
#include "probes/check_service.hpp"

namespace ferrule::api {

using namespace std::chrono_literals;
using base::json;
using http::request;
using http::response;

namespace {

constexpr base::duration usual_window = 24h;
constexpr base::duration longest_window = 24h * 400;

class check_routes {
  public:
    explicit check_routes(const services& over)
        : service_(over.checks)
        , time_(over.time) {}

    asio::awaitable<response> list(const request& asked);
    asio::awaitable<response> show(const request& asked);
    asio::awaitable<response> make(const request& asked);
    asio::awaitable<response> put(const request& asked);
    asio::awaitable<response> remove(const request& asked);
    asio::awaitable<response> state(const request& asked);
    asio::awaitable<response> results(const request& asked);
    asio::awaitable<response> figures(const request& asked);
    asio::awaitable<response> announce(const request& asked);
    asio::awaitable<response> withdraw(const request& asked);
    asio::awaitable<response> acknowledge(const request& asked);
    asio::awaitable<response> take_back(const request& asked);

  private:
    [[nodiscard]] json shown(const model::check& of) const;
    asio::awaitable<response> keep(const request& asked, model::check wanted, bool only_new);

    probes::check_service& service_;
    const base::clock& time_;
};

json check_routes::shown(const model::check& of) const {
    auto value = shown_check(of);
    value["state"] = model::to_text(service_.summary(of.name));
    return value;
}

asio::awaitable<response> check_routes::list(const request& asked) {
    parameter_reader parameters(asked);
    const auto limit = parameters.limit();
    const auto cursor = parameters.text("cursor").value_or("");
    const auto labels = parameters.labels("label");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto page = service_.book().page(cursor, limit, labels);
    json items = json::array();
    for (const auto& each : page.items)
        items.push_back(shown(*each));
    co_return page_reply(std::move(items), page.next);
}

asio::awaitable<response> check_routes::show(const request& asked) {
    const auto& name = asked.param("name");
    const auto found = service_.book().find(name);
    if (!found.definition)
        co_return problem_reply(asked, service_.book().unknown(name));
    co_return json_reply(200, shown(*found.definition));
}

asio::awaitable<response> check_routes::make(const request& asked) {
    auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    auto wanted = read_check(std::move(*body), {}, nullptr);
    if (!wanted)
        co_return problem_reply(asked, wanted.error());
    co_return co_await keep(asked, std::move(*wanted), true);
}

asio::awaitable<response> check_routes::put(const request& asked) {
    const auto& name = asked.param("name");
    auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    const auto before = service_.book().find(name);
    auto wanted = read_check(std::move(*body), name, before.definition.get());
    if (!wanted)
        co_return problem_reply(asked, wanted.error());
    co_return co_await keep(asked, std::move(*wanted), false);
}

asio::awaitable<response> check_routes::keep(const request& asked, model::check wanted, bool only_new) {
    const auto name = wanted.name;
    const auto made = co_await service_.book().put(std::move(wanted), only_new);
    if (!made)
        co_return problem_reply(asked, made.error());
    const auto now = service_.book().find(name);
    if (!now.definition) // removed by someone else in the meantime
        co_return problem_reply(asked, service_.book().unknown(name));
    auto reply = json_reply(*made ? 201 : 200, shown(*now.definition));
    if (*made)
        reply.add("Location", "/api/v1/checks/" + name);
    co_return reply;
}

asio::awaitable<response> check_routes::remove(const request& asked) {
    const auto& name = asked.param("name");
    if (!service_.book().find(name).definition)
        co_return problem_reply(asked, service_.book().unknown(name));
    const auto done = co_await service_.book().remove(name);
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

asio::awaitable<response> check_routes::state(const request& asked) {
    const auto now = service_.state(asked.param("name"));
    if (!now)
        co_return problem_reply(asked, now.error());
    co_return json_reply(200, *now);
}

asio::awaitable<response> check_routes::results(const request& asked) {
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

asio::awaitable<response> check_routes::figures(const request& asked) {
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

asio::awaitable<response> check_routes::announce(const request& asked) {
    const auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    auto window = model::window_from_json(*body);
    if (!window)
        co_return problem_reply(asked, window.error());
    const auto shown_window = model::to_json(*window);
    const auto done = co_await service_.announce(asked.param("name"), std::move(*window));
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return json_reply(200, shown_window);
}

asio::awaitable<response> check_routes::withdraw(const request& asked) {
    const auto done = co_await service_.withdraw(asked.param("name"), asked.param("window"));
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

asio::awaitable<response> check_routes::acknowledge(const request& asked) {
    const auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    base::object_reader reader(*body);
    probes::acknowledgement said;
    const auto target = reader.text_or("target", "");
    said.comment = reader.text_or("comment", "");
    said.by = asked.identity ? asked.identity->name : std::string();
    said.at = time_.wall_now();
    if (const auto until = reader.text("until")) {
        const auto time = base::parse_rfc3339(*until);
        if (!time)
            reader.complain("until", time.error().message());
        else if (*time <= said.at)
            reader.complain("until", "is over already");
        else
            said.until = *time;
    }
    if (said.comment.size() > 1024)
        reader.complain("comment", "must have at most 1024 bytes");
    if (const auto bad = reader.finish())
        co_return problem_reply(asked, *bad);
    const auto& name = asked.param("name");
    const auto done = co_await service_.acknowledge(name, target, std::move(said));
    if (!done)
        co_return problem_reply(asked, done.error());
    const auto now = service_.state(name);
    if (!now)
        co_return problem_reply(asked, now.error());
    co_return json_reply(200, *now);
}

asio::awaitable<response> check_routes::take_back(const request& asked) {
    parameter_reader parameters(asked);
    const auto target = parameters.text("target").value_or("");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto done = co_await service_.take_back(asked.param("name"), target);
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

endpoint described(http::method verb, std::string path, http::access needs, std::string summary) {
    endpoint made;
    made.verb = verb;
    made.path = "/api/v1/checks" + path;
    made.needs = needs;
    made.tag = "checks";
    made.summary = std::move(summary);
    return made;
}

const parameter limit_parameter{"limit", "Items a page",
                                R"({"type":"integer","minimum":1,"maximum":1000,"default":50})"};
const parameter cursor_parameter{"cursor", "`next` of the page before"};

} // namespace

void add_checks(endpoints& to, const services& over) {
    const auto routes = std::make_shared<check_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    auto list = described(http::method::get, "", http::access::viewer, "List checks by name, with their states");
    list.query = {{"label", "Only checks with this label, as `key=value`", R"({"type":"string"})", true},
                  limit_parameter,
                  cursor_parameter};
    list.answers = {{200, "One page", "CheckPage"}};
    add(std::move(list), bind(routes, &check_routes::list));

    auto make = described(http::method::post, "", http::access::admin, "Add a check");
    make.body = "Check";
    make.answers = {{201, "It was added, and is measured from now on", "Check"}};
    make.problems = {409, 413, 415};
    add(std::move(make), bind(routes, &check_routes::make));

    auto show = described(http::method::get, "/{name}", http::access::viewer, "Show a check; secrets are masked");
    show.answers = {{200, "The check", "Check"}};
    show.problems = {404};
    add(std::move(show), bind(routes, &check_routes::show));

    auto put = described(http::method::put, "/{name}", http::access::admin,
                         "Add or replace a check; a secret that is still masked stays as it is");
    put.body = "Check";
    put.answers = {{200, "It was replaced", "Check"}, {201, "It was added", "Check"}};
    put.problems = {409, 413, 415};
    add(std::move(put), bind(routes, &check_routes::put));

    auto remove = described(http::method::delete_, "/{name}", http::access::admin, "Remove a check");
    remove.answers = {{204, "It is gone", ""}};
    remove.problems = {404, 409};
    add(std::move(remove), bind(routes, &check_routes::remove));

    auto state = described(http::method::get, "/{name}/state", http::access::viewer,
                           "How a check's targets are, from each location, and the votes");
    state.answers = {{200, "The state now", "CheckState"}};
    state.problems = {404};
    add(std::move(state), bind(routes, &check_routes::state));

    auto results = described(http::method::get, "/{name}/results", http::access::viewer,
                             "List a check's results, the newest first");
    results.query = {
        {"target", "Only of this target"}, {"location", "Only from this node"}, limit_parameter, cursor_parameter};
    results.answers = {{200, "One page", "SamplePage"}};
    results.problems = {404, 503};
    add(std::move(results), bind(routes, &check_routes::results));

    auto figures = described(http::method::get, "/{name}/figures", http::access::viewer,
                             "Availability and percentiles of latency over a window up to now");
    figures.query = {
        {"window", "Its length, `24h` if not given; at most 9600h", R"({"type":"string","examples":["24h"]})"},
        {"by", "What is told apart: check (the default), target, location, or target,location"}};
    figures.answers = {{200, "The figures, and which stretch they cover", "CheckFigures"}};
    figures.problems = {404, 503};
    add(std::move(figures), bind(routes, &check_routes::figures));

    auto announce = described(http::method::post, "/{name}/maintenance", http::access::operator_,
                              "Announce work, beside the windows of the definition; one of the same name is replaced");
    announce.body = "MaintenanceWindow";
    announce.answers = {{200, "It is announced", "MaintenanceWindow"}};
    announce.problems = {404, 413, 415, 503};
    add(std::move(announce), bind(routes, &check_routes::announce));

    auto withdraw = described(http::method::delete_, "/{name}/maintenance/{window}", http::access::operator_,
                              "Take back an announcement");
    withdraw.answers = {{204, "It is gone", ""}};
    withdraw.problems = {404, 503};
    add(std::move(withdraw), bind(routes, &check_routes::withdraw));

    auto acknowledge = described(http::method::post, "/{name}/acknowledgement", http::access::operator_,
                                 "Say that somebody sees to a problem; ends with the problem");
    acknowledge.body = "Acknowledgement";
    acknowledge.answers = {{200, "It is noted", "CheckState"}};
    acknowledge.problems = {404, 409, 413, 415, 503};
    add(std::move(acknowledge), bind(routes, &check_routes::acknowledge));

    auto back = described(http::method::delete_, "/{name}/acknowledgement", http::access::operator_,
                          "Take back an acknowledgement");
    back.query = {{"target", "Only of this target"}};
    back.answers = {{204, "It is gone", ""}};
    back.problems = {404, 503};
    add(std::move(back), bind(routes, &check_routes::take_back));
}

} // namespace ferrule::api
