// Live sessions of devices.
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "devices/job_service.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

json to_json(const model::session_info& shown) {
    return json{{"id", shown.id},
                {"device", shown.device},
                {"driver", shown.driver},
                {"host", shown.host},
                {"port", shown.port},
                {"username", shown.username},
                {"node", shown.node},
                {"state", shown.state},
                {"opened_at", base::to_rfc3339(shown.opened_at)},
                {"last_used_at", base::to_rfc3339(shown.last_used_at)},
                {"commands", shown.commands}};
}

class session_routes {
  public:
    explicit session_routes(const services& over)
        : jobs_(over.jobs) {}

    asio::awaitable<response> list(const request&) {
        json items = json::array();
        for (const auto& each : jobs_.sessions())
            items.push_back(to_json(each));
        co_return page_reply(std::move(items), std::nullopt);
    }

    asio::awaitable<response> close(const request& asked) {
        parameter_reader parameters(asked);
        const bool force = parameters.boolean("force");
        if (parameters.fault())
            co_return problem_reply(asked, *parameters.fault());
        const auto done = co_await jobs_.close_session(asked.param("id"), force);
        if (!done)
            co_return problem_reply(asked, done.error());
        co_return response(204);
    }

  private:
    devices::job_service& jobs_;
};

} // namespace

void add_sessions(endpoints& to, const services& over) {
    const auto routes = std::make_shared<session_routes>(over);
    endpoint list;
    list.path = "/api/v1/sessions";
    list.tag = "sessions";
    list.summary = "List the open sessions";
    list.answers = {{200, "All sessions", "SessionPage"}};
    list.run = bind(routes, &session_routes::list);
    to.push_back(std::move(list));

    endpoint close;
    close.verb = http::method::delete_;
    close.path = "/api/v1/sessions/{id}";
    close.needs = http::access::operator_;
    close.tag = "sessions";
    close.summary = "Close a session once its running job has ended, or at once with `force`";
    close.query = {{"force", "Cut off the job that runs on it", R"({"type":"boolean","default":false})"}};
    close.answers = {{204, "It is closed, or will be when its job ends", ""}};
    close.problems = {404, 503};
    close.run = bind(routes, &session_routes::close);
    to.push_back(std::move(close));
}

} // namespace ferrule::api
