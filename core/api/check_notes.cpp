// What people say about checks: announced work and acknowledged problems.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "model/check_json.hpp"
#include "probes/check_service.hpp"

namespace ferrule::api {

using http::request;
using http::response;

namespace {

class note_routes {
  public:
    explicit note_routes(const services& over)
        : service_(over.checks)
        , time_(over.time) {}

    asio::awaitable<response> announce(const request& asked);
    asio::awaitable<response> withdraw(const request& asked);
    asio::awaitable<response> acknowledge(const request& asked);
    asio::awaitable<response> take_back(const request& asked);

  private:
    probes::check_service& service_;
    const base::clock& time_;
};

asio::awaitable<response> note_routes::announce(const request& asked) {
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

asio::awaitable<response> note_routes::withdraw(const request& asked) {
    const auto done = co_await service_.withdraw(asked.param("name"), asked.param("window"));
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

asio::awaitable<response> note_routes::acknowledge(const request& asked) {
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

asio::awaitable<response> note_routes::take_back(const request& asked) {
    parameter_reader parameters(asked);
    const auto target = parameters.text("target").value_or("");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto done = co_await service_.take_back(asked.param("name"), target);
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

} // namespace

void add_check_notes(endpoints& to, const services& over) {
    const auto routes = std::make_shared<note_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    auto announce = describe("checks", http::method::post, "/api/v1/checks/{name}/maintenance", http::access::operator_,
                             "Announce work, beside the windows of the definition; one of the same name is replaced");
    announce.body = "MaintenanceWindow";
    announce.answers = {{200, "It is announced", "MaintenanceWindow"}};
    announce.problems = {404, 413, 415, 503};
    add(std::move(announce), bind(routes, &note_routes::announce));

    auto withdraw = describe("checks", http::method::delete_, "/api/v1/checks/{name}/maintenance/{window}",
                             http::access::operator_, "Take back an announcement");
    withdraw.answers = {{204, "It is gone", ""}};
    withdraw.problems = {404, 503};
    add(std::move(withdraw), bind(routes, &note_routes::withdraw));

    auto acknowledge = describe("checks", http::method::post, "/api/v1/checks/{name}/acknowledgement",
                                http::access::operator_, "Say that somebody sees to a problem; ends with the problem");
    acknowledge.body = "Acknowledgement";
    acknowledge.answers = {{200, "It is noted", "CheckState"}};
    acknowledge.problems = {404, 409, 413, 415, 503};
    add(std::move(acknowledge), bind(routes, &note_routes::acknowledge));

    auto back = describe("checks", http::method::delete_, "/api/v1/checks/{name}/acknowledgement",
                         http::access::operator_, "Take back an acknowledgement");
    back.query = {{"target", "Only of this target"}};
    back.answers = {{204, "It is gone", ""}};
    back.problems = {404, 503};
    add(std::move(back), bind(routes, &note_routes::take_back));
}

} // namespace ferrule::api
