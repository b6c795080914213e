#include "api/api_fixture.hpp"

#include "api/described.hpp"
#include "api/routes.hpp"
#include "base/id.hpp"
#include "base/strings.hpp"
#include "http/request_metrics.hpp"
#include "plugins/local_options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <stdexcept>

namespace ferrule::api_test {

using namespace std::chrono_literals;

asio::awaitable<result<json>> fake_plugins::list() {
    json all = json::array();
    all.push_back({{"id", "ssh"}, {"version", "1.0.0"}, {"state", "available"}});
    co_return all;
}

std::optional<std::string> fake_plugins::local_option(const std::string& kind, const std::string& name,
                                                      const json& options) {
    if (kind == "probe")
        return plugins::find_local_option(json::parse(R"({"properties":{"ca_file":{"x-ferrule-local":true}}})"),
                                          options);
    if (kind != "driver" || name != "ssh")
        return std::nullopt;
    const auto schema =
        json::parse(R"({"properties":{"agent":{"x-ferrule-local":true},"known_hosts":{"x-ferrule-local":true}}})");
    return plugins::find_local_option(schema, options);
}

asio::awaitable<result<json>> fake_plugins::describe(std::string kind, std::string name) {
    if (kind != "driver" || name != "ssh")
        co_return error("plugin_not_found", "there is no " + kind + " named \"" + name + "\"");
    json one{{"id", "ssh"}, {"version", "1.0.0"}, {"state", "available"}, {"config_schema", nullptr}};
    co_return one;
}

asio::awaitable<result<json>> fake_tester::test(std::string name, base::duration wanted) {
    limit = wanted;
    json outcome{{"success", false},
                 {"phase", "connect"},
                 {"latency_ms", 1.0},
                 {"error", {{"code", "connection_refused"}, {"message", name}, {"retryable", true}}}};
    co_return outcome;
}

asio::awaitable<result<std::string>> fake_probe::run(std::string target, base::steady_time) {
    const auto host = json::parse(target).value("host", "");
    if (host.starts_with("down"))
        co_return std::string(R"({"success": false, "duration_ms": 2, "reason": "nobody is there", )"
                              R"("failed_phase": "connect"})");
    co_return std::string(R"({"success": true, "duration_ms": 2, "rtts_ms": [1.5, null], )"
                          R"("metrics": {"packets_sent": 2, "packets_lost": 1, "rtt_median_ms": 1.5}})");
}

void fake_probe::run_batch(std::vector<std::string> targets, base::steady_time deadline, asio::any_io_executor on,
                           batch_callback done) {
    for (std::size_t i = 0; i < targets.size(); ++i)
        asio::co_spawn(on, run(targets[i], deadline),
                       [done, i](const std::exception_ptr&, result<std::string> outcome) { done(i, outcome); });
}

namespace {

std::vector<model::node_info> local_nodes() {
    model::node_info local;
    local.name = "local";
    local.capacity = 100;
    local.tags = {{"site", "here"}};
    return {local};
}

} // namespace

fixture::fixture(config::http_settings wanted, const std::function<void(fixture&, api::services&)>& more)
    : jobs(bus)
    , folder_(std::filesystem::temp_directory_path() / ("ferrule-api-test-" + base::make_id())) {
    std::filesystem::create_directories(folder_);
    auto opened = devices::vault::open((folder_ / "key").string());
    if (!opened)
        throw std::runtime_error(opened.error().message());
    vault.emplace(std::move(*opened));
    inventory.emplace(records, *vault);
    tokens.emplace(records);
    loop.start();

    model::credential lab;
    lab.name = "lab";
    lab.username = "admin";
    lab.password = base::secret("file-password");
    model::device frr1;
    frr1.name = "frr1";
    frr1.at.host = "192.0.2.1";
    frr1.at.credential = "lab";
    frr1.tags = {{"role", "core"}};
    std::vector<model::device> devices{frr1};
    std::vector<model::credential> credentials{lab};
    const auto loaded = asio::co_spawn(loop.context(), inventory->load(devices, credentials), asio::use_future).get();
    if (!loaded)
        throw std::runtime_error(loaded.error().message());
    for (const auto may : {model::role::viewer, model::role::operator_, model::role::admin}) {
        const std::string name(model::to_text(may));
        const auto made = asio::co_spawn(loop.context(), tokens->make(name, may, std::nullopt), asio::use_future).get();
        texts_[name] = made->text.reveal();
    }

    make_checks();
    api::services over{jobs,
                       *inventory,
                       *tokens,
                       tester,
                       bus,
                       figures,
                       plugins,
                       *checks,
                       *one_off,
                       [] { return local_nodes(); },
                       [this] { return reasons; },
                       base::system_clock()};
    if (more)
        more(*this, over);
    wanted.listen = {"127.0.0.1:0"};
    app.emplace(
        api::make_router(over, wanted),
        [this](std::string_view text, base::wall_time now) { return tokens->recognise(text, now); }, wanted.rate_limit,
        base::system_clock(), http::make_request_metrics(figures.registry()));
    server.emplace(loop, *app, wanted);
    if (auto started = server->start(); !started)
        throw std::runtime_error(started.error().message());
}

void fixture::make_checks() {
    const auto schemas = [](const std::string& probe) -> result<std::string> {
        if (probe != "fake")
            return error("plugin_not_found", "there is no probe plugin \"" + probe + "\"");
        return std::string(R"({"additionalProperties": false, "properties": {"count": {"type": "integer"},
            "password": {"type": "string"}, "ca_file": {"type": "string", "x-ferrule-local": true}}})");
    };
    probes::sealing at_rest;
    at_rest.seal = [this](std::string_view text, std::string_view purpose) { return vault->seal(text, purpose); };
    at_rest.open = [this](std::string_view text, std::string_view purpose) {
        return vault->open_sealed(text, purpose);
    };
    book.emplace(records, at_rest, schemas);
    checks.emplace(loop.make_strand(), records, *book, bus, figures.registry(), probes::check_options());
    one_off.emplace(
        "local",
        [](const std::string& name) -> result<std::shared_ptr<plugins::probe>> {
            if (name != "fake")
                return error("plugin_not_found", "there is no probe plugin \"" + name + "\"");
            return std::shared_ptr<plugins::probe>(std::make_shared<fake_probe>());
        },
        schemas, [] { return local_nodes(); }, 100);
    model::check check;
    check.name = "file-check";
    check.probe = "fake";
    for (const auto* host : {"up1", "down1"}) {
        model::check_target target;
        target.host = host;
        check.targets.push_back(target);
    }
    std::vector<model::check> all{check};
    const auto loaded = asio::co_spawn(loop.context(), book->load(all), asio::use_future).get();
    const auto started = asio::co_spawn(loop.context(), checks->start(local_nodes()), asio::use_future).get();
    if (!loaded || !started)
        throw std::runtime_error("the checks did not start");
    // As this node's runner would.
    last_result_ = base::system_clock().wall_now() - 60s;
    checks->on_run([this](const std::string& node, const std::string& name, const std::string& target) {
        model::sample one;
        one.check = name;
        one.target = target;
        last_result_ += 1s; // several runs within a millisecond are several results
        one.at = last_result_;
        one.success = !target.starts_with("down");
        one.reason = one.success ? "" : "nobody is there";
        one.duration_ms = 1;
        if (one.success) {
            one.rtts_ms = {1.0, std::nullopt};
            one.metrics = {{"packets_sent", 2}, {"packets_lost", 1}};
        }
        std::vector<model::sample> found{one};
        checks->take(node, std::move(found));
    });
}

void fixture::stop_server() {
    if (!std::exchange(served_, false))
        return;
    asio::co_spawn(loop.context(), checks->stop(), asio::use_future).get();
    asio::co_spawn(loop.context(), server->stop(0s), asio::use_future).get();
}

void fixture::stop_loop() {
    loop.stop();
    loop.join();
}

fixture::~fixture() {
    stop_server();
    stop_loop();
    std::filesystem::remove_all(folder_);
}

reply fixture::ask(const std::string& role, const std::string& line, const std::string& body,
                   const std::string& headers) {
    auto lines = headers;
    if (!role.empty())
        lines += "Authorization: Bearer " + token(role) + "\r\n";
    if (!body.empty() && headers.find("Content-Type") == std::string::npos)
        lines += "Content-Type: application/json\r\n";
    return http_test::ask(server->addresses().front(), line, lines, body);
}

json fixture::get(const std::string& line, unsigned status) {
    const auto got = ask("admin", "GET " + line);
    if (got.status != status)
        throw std::runtime_error(line + " was answered with " + std::to_string(got.status) + ": " + got.body);
    auto answer = json::parse(got.body);
    if (document_.is_null())
        document_ = json::parse(ask("", "GET /api/v1/openapi.json").body);
    if (status != 200)
        return answer;
    if (const auto faults = undescribed(document_, line, answer); !faults.empty())
        throw std::runtime_error("the OpenAPI document lacks: " + base::join(faults, "; "));
    return answer;
}

http_test::client fixture::follow(const std::string& line, const std::string& headers) {
    http_test::client connection(server->addresses().front());
    connection.request("GET " + line, headers + "Authorization: Bearer " + token("viewer") + "\r\n");
    return connection;
}

void fixture::while_loop_stands(const std::function<void()>& what) {
    std::promise<void> standing;
    std::promise<void> over;
    asio::post(loop.context(), [&] {
        standing.set_value();
        over.get_future().wait();
    });
    standing.get_future().wait();
    what();
    over.set_value();
    // `over` may only go once the loop has left it.
    asio::post(loop.context(), asio::use_future).wait();
}

} // namespace ferrule::api_test
