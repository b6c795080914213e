// Checks: their definitions.
#include "api/check_bodies.hpp"
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "model/check_json.hpp"
#include "model/health.hpp"
#include "probes/check_service.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

class check_routes {
  public:
    explicit check_routes(const services& over)
        : service_(over.checks) {}

    asio::awaitable<response> list(const request& asked);
    asio::awaitable<response> show(const request& asked);
    asio::awaitable<response> make(const request& asked);
    asio::awaitable<response> put(const request& asked);
    asio::awaitable<response> remove(const request& asked);

  private:
    [[nodiscard]] json shown(const model::check& of) const;
    asio::awaitable<response> keep(const request& asked, model::check wanted, bool only_new);

    probes::check_service& service_;
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

} // namespace

void add_checks(endpoints& to, const services& over) {
    const auto routes = std::make_shared<check_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    auto list = describe("checks", http::method::get, "/api/v1/checks", http::access::viewer,
                         "List checks by name, with their states");
    list.query = {{"label", "Only checks with this label, as `key=value`", R"({"type":"string"})", true},
                  limit_parameter(),
                  cursor_parameter()};
    list.answers = {{200, "One page", "CheckPage"}};
    add(std::move(list), bind(routes, &check_routes::list));

    auto make = describe("checks", http::method::post, "/api/v1/checks", http::access::admin, "Add a check");
    make.body = "Check";
    make.answers = {{201, "It was added, and is measured from now on", "Check"}};
    make.problems = {409, 413, 415};
    add(std::move(make), bind(routes, &check_routes::make));

    auto show = describe("checks", http::method::get, "/api/v1/checks/{name}", http::access::viewer,
                         "Show a check; secrets are masked");
    show.answers = {{200, "The check", "Check"}};
    show.problems = {404};
    add(std::move(show), bind(routes, &check_routes::show));

    auto put = describe("checks", http::method::put, "/api/v1/checks/{name}", http::access::admin,
                        "Add or replace a check; a secret that is still masked stays as it is");
    put.body = "Check";
    put.answers = {{200, "It was replaced", "Check"}, {201, "It was added", "Check"}};
    put.problems = {409, 413, 415};
    add(std::move(put), bind(routes, &check_routes::put));

    auto remove =
        describe("checks", http::method::delete_, "/api/v1/checks/{name}", http::access::admin, "Remove a check");
    remove.answers = {{204, "It is gone", ""}};
    remove.problems = {404, 409};
    add(std::move(remove), bind(routes, &check_routes::remove));
}

} // namespace ferrule::api
