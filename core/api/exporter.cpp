// GET /probe as blackbox_exporter has it, and the modules behind it.
#include "api/exporter.hpp"

#include "api/replies.hpp"
#include "api/waiting.hpp"
#include "base/json.hpp"
#include "probes/blackbox/exporter.hpp"

#include <boost/asio/awaitable.hpp>

#include <charconv>
#include <cmath>

namespace ferrule::api {

namespace asio = boost::asio;

using base::json;
using http::request;
using http::response;

namespace {

constexpr std::string_view scrape_header = "X-Prometheus-Scrape-Timeout-Seconds";
constexpr std::string_view series_fields = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                                           "X-Content-Type-Options: nosniff\r\n"
                                           "Cache-Control: no-store\r\n";
constexpr std::string_view debug_fields = "Content-Type: text/plain; charset=utf-8\r\n"
                                          "X-Content-Type-Options: nosniff\r\n"
                                          "Cache-Control: no-store\r\n";

http::access access_of(config::exporter_access wanted) {
    switch (wanted) {
    case config::exporter_access::anonymous:
        return http::access::anonymous;
    case config::exporter_access::viewer:
        return http::access::viewer;
    case config::exporter_access::operator_:
        return http::access::operator_;
    case config::exporter_access::admin:
        break;
    }
    return http::access::admin;
}

result<std::optional<double>> scrape_limit(const request& asked) {
    const auto text = asked.header(scrape_header);
    if (text.empty())
        return std::optional<double>();
    double read = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, read);
    if (failed != std::errc() || stopped != end || !std::isfinite(read) || read <= 0)
        return error("invalid_parameter", std::string(scrape_header) + ": expected a number of seconds above 0");
    return std::optional<double>(read);
}

json modules_json(const probes::blackbox::exporter& of) {
    const auto all = of.modules();
    json items = json::array();
    for (const auto& [name, each] : all->known) {
        json one{{"name", name}, {"prober", probes::blackbox::to_text(each.how)}};
        one["timeout"] = each.timeout ? json(base::to_text(*each.timeout)) : json();
        items.push_back(std::move(one));
    }
    json left_out = json::array();
    for (const auto& [name, why] : all->left_out)
        left_out.push_back({{"name", name}, {"reason", why}});
    return {{"file", of.file().empty() ? json() : json(of.file().string())},
            {"items", std::move(items)},
            {"left_out", std::move(left_out)}};
}

class exporter_routes {
  public:
    exporter_routes(probes::blackbox::exporter& over, bool anonymous)
        : over_(over)
        , anonymous_(anonymous) {}

    // Of a parameter that is given several times the first counts, and unknown ones are passed over, as with the
    // original: scrape configurations have both.
    asio::awaitable<response> probe(const request& asked) {
        const auto limit = scrape_limit(asked);
        if (!limit)
            co_return problem_reply(asked, limit.error());
        probes::blackbox::page_request wanted;
        wanted.scrape_limit = *limit;
        wanted.target = asked.query_value("target").value_or("");
        wanted.hostname = asked.query_value("hostname").value_or("");
        wanted.debug = asked.query_value("debug") == "true";
        if (const auto named = asked.query_value("module"); named && !named->empty())
            wanted.module = *named;
        if (wanted.debug && anonymous_)
            co_return problem_reply(
                asked, error("forbidden", "debug: tells what the target said, which is not for everybody; use `ferrule "
                                          "probe`, or let exporter.access ask for a token"));
        const auto fields = wanted.debug ? debug_fields : series_fields;
        // Stays so when the server stops before it has begun.
        result<std::string> page = error("shutting_down", "Ferrule is stopping", true);
        // A caller that goes away ends its probe, and another one may run.
        auto asking = while_asked(asked, measure(std::move(wanted), page));
        co_await std::move(asking);
        if (!page)
            co_return problem_reply(asked, page.error());
        co_return response(200, fields, std::move(*page));
    }

    asio::awaitable<response> list(const request&) { co_return json_reply(200, modules_json(over_)); }

    asio::awaitable<response> reload(const request& asked) {
        auto reading = over_.reload();
        const auto done = co_await std::move(reading);
        if (!done)
            co_return problem_reply(asked, done.error());
        co_return json_reply(200, modules_json(over_));
    }

  private:
    asio::awaitable<void> measure(probes::blackbox::page_request wanted, result<std::string>& into) {
        auto asking = over_.page(std::move(wanted));
        auto page = co_await std::move(asking);
        if (page || page.error().code() != "cancelled") // nobody waits any more, or the server stops
            into = std::move(page);
    }

    probes::blackbox::exporter& over_;
    const bool anonymous_;
};

endpoint page_endpoint(const std::shared_ptr<exporter_routes>& routes, http::access needs) {
    endpoint made;
    made.path = "/probe";
    made.needs = needs;
    made.tag = "probes";
    made.summary = "Measure a target once by a module of blackbox_exporter, in Prometheus' text format; a target that "
                   "is down is answered with 200 and `probe_success 0`";
    made.query = {{"target", "What is probed: a URL, `HOST:PORT` or a host, as the module's prober takes it"},
                  {"module", "The module; `http_2xx` without it"},
                  {"hostname", "Of http: the Host header, and the name that TLS asks for"},
                  {"debug", "`true` for a text for people", R"({"type":"string","enum":["true","false"]})"},
                  {"*", "Others are passed over", R"({"type":"object","additionalProperties":{"type":"string"}})"}};
    made.headers = {{std::string(scrape_header), "Seconds that the scrape has; half a second less is the probe's limit",
                     R"({"type":"number","exclusiveMinimum":0})"}};
    made.answers = {{200, "What was measured", "Metrics", "text/plain"}};
    made.problems = {403, 404, 503};
    made.run = bind(routes, &exporter_routes::probe);
    return made;
}

} // namespace

void add_exporter(std::vector<endpoint>& to, const exporter_page& page) {
    const auto needs = access_of(page.access);
    const auto routes = std::make_shared<exporter_routes>(page.over, needs == http::access::anonymous);
    to.push_back(page_endpoint(routes, needs));

    endpoint list;
    list.path = "/api/v1/probes/modules";
    list.needs = http::access::viewer;
    list.tag = "probes";
    list.summary = "The modules that /probe knows";
    list.answers = {{200, "Modules by name, and those that are left out", "ProbeModules"}};
    list.run = bind(routes, &exporter_routes::list);
    to.push_back(std::move(list));

    endpoint reload;
    reload.verb = http::method::post;
    reload.path = "/api/v1/probes/modules/reload";
    reload.needs = http::access::admin;
    reload.tag = "probes";
    reload.summary = "Read the module file again; when it is not valid the modules stay as they are";
    reload.answers = {{200, "The modules from now on", "ProbeModules"}};
    reload.problems = {422};
    reload.run = bind(routes, &exporter_routes::reload);
    to.push_back(std::move(reload));
}

} // namespace ferrule::api
