// What load balancers, orchestrators and Prometheus ask.
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "state/metrics.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

constexpr std::string_view metrics_fields = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                                            "X-Content-Type-Options: nosniff\r\n"
                                            "Cache-Control: no-store\r\n";

class health_routes {
  public:
    explicit health_routes(const services& over)
        : not_ready_(over.not_ready)
        , metrics_(over.metrics)
        , alive_(std::make_shared<const std::string>(R"({"status":"ok"})"))
        , ready_(std::make_shared<const std::string>(R"({"status":"ready"})")) {}

    asio::awaitable<response> live(const request&) { co_return response(200, http::json_fields, alive_); }

    asio::awaitable<response> ready(const request& asked) {
        const auto reasons = not_ready_();
        if (reasons.empty())
            co_return response(200, http::json_fields, ready_);
        const auto details = base::dump(json{{"reasons", reasons}});
        co_return problem_reply(asked, error("not_ready", "not ready: " + base::join(reasons, "; "), true, details));
    }

    asio::awaitable<response> metrics(const request&) { co_return response(200, metrics_fields, metrics_.text()); }

  private:
    const std::function<std::vector<std::string>()> not_ready_;
    state::metrics& metrics_;
    const std::shared_ptr<const std::string> alive_;
    const std::shared_ptr<const std::string> ready_;
};

} // namespace

void add_health(endpoints& to, const services& over, const config::http_settings& wanted) {
    const auto routes = std::make_shared<health_routes>(over);
    const auto health = wanted.auth.anonymous_health ? http::access::anonymous : http::access::viewer;
    const auto figures = wanted.auth.anonymous_metrics ? http::access::anonymous : http::access::viewer;

    endpoint live;
    live.path = "/healthz";
    live.needs = health;
    live.tag = "health";
    live.summary = "Whether the process answers at all";
    live.answers = {{200, "It does", "Health"}};
    live.run = bind(routes, &health_routes::live);
    to.push_back(std::move(live));

    endpoint ready;
    ready.path = "/readyz";
    ready.needs = health;
    ready.tag = "health";
    ready.summary = "Whether jobs are taken; if not, why";
    ready.answers = {{200, "Ready", "Health"}};
    ready.problems = {503};
    ready.run = bind(routes, &health_routes::ready);
    to.push_back(std::move(ready));

    endpoint metrics;
    metrics.path = "/metrics";
    metrics.needs = figures;
    metrics.tag = "health";
    metrics.summary = "Counters in Prometheus' text format";
    metrics.answers = {{200, "The current values", "Metrics", "text/plain"}};
    metrics.run = bind(routes, &health_routes::metrics);
    to.push_back(std::move(metrics));
}

} // namespace ferrule::api
