#include "api/routes.hpp"

#include "api/openapi.hpp"
#include "api/resources.hpp"

namespace ferrule::api {

namespace {

http::route to_route(const endpoint& from) {
    http::route made;
    made.verb = from.verb;
    made.pattern = from.path;
    made.needs = from.needs;
    made.body = from.body.empty() ? http::body_kind::none : http::body_kind::json;
    for (const auto& each : from.query)
        made.query.push_back(each.name);
    made.run = from.run;
    return made;
}

// The document describes itself too, so it is made after its own endpoint.
void add_openapi(endpoints& to) {
    const auto document = std::make_shared<std::shared_ptr<const std::string>>();
    endpoint made;
    made.path = "/api/v1/openapi.json";
    made.needs = http::access::anonymous;
    made.tag = "meta";
    made.summary = "This document";
    made.answers = {{200, "OpenAPI 3.1", "OpenApi"}};
    made.run = [document](const http::request&) -> http::asio::awaitable<http::response> {
        co_return http::response(200, http::json_fields, *document);
    };
    to.push_back(std::move(made));
    *document = std::make_shared<const std::string>(base::dump(make_openapi(to)));
}

} // namespace

http::router make_router(const services& over, const config::http_settings& wanted,
                         const std::optional<exporter_page>& page) {
    endpoints all;
    add_jobs(all, over, wanted);
    add_job_stream(all, over);
    add_commands(all, over, wanted);
    add_command_records(all, over);
    add_command_stream(all, over);
    add_events(all, over);
    add_devices(all, over);
    add_credentials(all, over);
    add_tokens(all, over);
    add_sessions(all, over);
    add_plugins(all, over);
    add_nodes(all, over);
    add_checks(all, over);
    add_check_states(all, over);
    add_check_notes(all, over);
    add_check_runs(all, over, wanted);
    add_probe_runs(all, over, wanted);
    if (page)
        add_exporter(all, *page);
    add_agents(all, over);
    add_join_tokens(all, over);
    add_health(all, over, wanted);
    add_openapi(all);
    http::router routes;
    for (const auto& each : all)
        routes.add(to_route(each));
    return routes;
}

} // namespace ferrule::api
