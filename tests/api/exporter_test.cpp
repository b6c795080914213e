#include "api/exporter.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "http/dispatcher.hpp"
#include "http/presence.hpp"
#include "http/server_fixture.hpp"
#include "probes/blackbox/exporter.hpp"
#include "probes/one_off.hpp"
#include "support/print_result.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace ferrule;
using base::json;
using Catch::Matchers::Contains;

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using config::exporter_access;

/// A probe that finds everything up but hosts whose name begins with `down`, and cannot measure `local`. That of `held`
/// goes on until it is cancelled.
class fake_probe final : public plugins::probe {
  public:
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    asio::awaitable<result<std::string>> run(std::string target, base::steady_time) override {
        if (json::parse(target).value("host", "").starts_with("down"))
            co_return std::string(R"({"success": false, "duration_ms": 2, "reason": "nobody is there", )"
                                  R"("failed_phase": "connect"})");
        if (json::parse(target).value("host", "") == "held") {
            asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            boost::system::error_code ended;
            auto token = asio::redirect_error(asio::use_awaitable, ended);
            co_await never.async_wait(std::move(token));
            co_return error("cancelled", "the probe was cancelled");
        }
        if (json::parse(target).value("host", "").starts_with("local"))
            co_return std::string(R"({"success": false, "duration_ms": 2, "reason": "no descriptors are left", )"
                                  R"("failed_phase": "local"})");
        co_return std::string(R"({"success": true, "duration_ms": 2})");
    }

    void run_batch(std::vector<std::string> targets, base::steady_time deadline, asio::any_io_executor on,
                   batch_callback done) override {
        for (std::size_t i = 0; i < targets.size(); ++i)
            asio::co_spawn(on, run(targets[i], deadline),
                           [done, i](const std::exception_ptr&, result<std::string> outcome) { done(i, outcome); });
    }

  private:
    std::string name_ = "tcp";
};

// There is one probe, tcp, the fake one.
result<std::shared_ptr<plugins::probe>> probe_named(const std::string& name) {
    if (name != "tcp")
        return error("plugin_not_found", "there is no probe plugin \"" + name + "\"");
    return std::shared_ptr<plugins::probe>(std::make_shared<fake_probe>());
}

/// A client that hangs up as soon as its request waits for something.
class leaving_client final : public http::presence {
  public:
    explicit leaving_client(const probes::blackbox::exporter_metrics& figures)
        : figures_(figures) {}

    asio::awaitable<void> while_there(asio::awaitable<void> waiting) override {
        using namespace asio::experimental::awaitable_operators;
        auto race = std::move(waiting) || leave();
        try {
            co_await std::move(race);
        } catch (const boost::system::system_error&) { // cancelled
        }
    }

    double running_before = -1; ///< Probes that ran when it left.

  private:
    asio::awaitable<void> leave() {
        running_before = figures_.running.Value();
        co_return;
    }

    const probes::blackbox::exporter_metrics& figures_;
};

struct answer {
    unsigned status = 0;
    std::string type;
    std::string body;

    [[nodiscard]] std::string detail() const {
        return std::to_string(status) + " " + json::parse(body).value("detail", "");
    }
};

/// The routes behind the dispatcher, without sockets.
class rig {
  public:
    explicit rig(exporter_access access = exporter_access::operator_, const fs::path& modules = {},
                 std::uint32_t most = 10)
        : probes_(
              "local", probe_named, [](const std::string&) -> result<std::string> { return std::string(); },
              [] { return std::vector<model::node_info>(); }, 10)
        , figures_(registry_)
        , exporter_(probes_, pool_, figures_, options(modules, most)) {
        REQUIRE(exporter_.load());
        std::vector<api::endpoint> all;
        api::add_exporter(all, {exporter_, access});
        http::router routes;
        for (const auto& each : all) {
            http::route made;
            made.verb = each.verb;
            made.pattern = each.path;
            made.needs = each.needs;
            for (const auto& one : each.query)
                made.query.push_back(one.name);
            made.run = each.run;
            routes.add(std::move(made));
        }
        app_.emplace(std::move(routes), http_test::recognise, config::rate_limit_settings(), base::system_clock());
    }

    answer ask(const std::string& role, http::method verb, const std::string& target,
               const std::string& scrape_limit = {}, http::presence* client = nullptr) {
        http::request asked;
        asked.client = client;
        asked.start(verb, verb == http::method::post ? "POST" : "GET", target, 11);
        if (!role.empty())
            asked.add_header(http::field::authorization, "Authorization", "Bearer " + role + "-token");
        if (!scrape_limit.empty())
            asked.add_header(http::field::unknown, "X-Prometheus-Scrape-Timeout-Seconds", scrape_limit);
        answer got;
        loop_.restart();
        const auto guard = asio::make_work_guard(loop_); // while the pool is at work
        asio::co_spawn(loop_, app_->handle(asked), [&](const std::exception_ptr& thrown, http::response reply) {
            loop_.stop();
            if (thrown)
                std::rethrow_exception(thrown);
            got = {reply.status(), std::string(reply.header("content-type")), std::string(reply.body())};
        });
        loop_.run();
        return got;
    }

    answer probe(const std::string& query, const std::string& scrape_limit = {}) {
        return ask("operator", http::method::get, "/probe?" + query, scrape_limit);
    }

    json modules() { return json::parse(ask("viewer", http::method::get, "/api/v1/probes/modules").body); }

    [[nodiscard]] const probes::blackbox::exporter_metrics& figures() const { return figures_; }

    answer reload(const std::string& role = "admin") {
        return ask(role, http::method::post, "/api/v1/probes/modules/reload");
    }

  private:
    static probes::blackbox::exporter_options options(const fs::path& modules, std::uint32_t most) {
        probes::blackbox::exporter_options made;
        made.modules = modules;
        made.most_running = most;
        return made;
    }

    asio::io_context loop_; // the pool may still be telling it that something is done
    runtime::blocking_pool pool_;
    probes::one_off_probes probes_;
    prometheus::Registry registry_;
    probes::blackbox::exporter_metrics figures_;
    probes::blackbox::exporter exporter_;
    std::optional<http::dispatcher> app_;
};

// A module file in a folder of its own.
class module_file {
  public:
    explicit module_file(const std::string& text)
        : folder_(fs::temp_directory_path() / ("ferrule-modules-test-" + base::make_id())) {
        fs::create_directories(folder_);
        write(text);
    }

    module_file(const module_file&) = delete;
    module_file& operator=(const module_file&) = delete;

    ~module_file() { fs::remove_all(folder_); }

    void write(const std::string& text) const { std::ofstream(path()) << text; }

    [[nodiscard]] fs::path path() const { return folder_ / "blackbox.yml"; }

  private:
    fs::path folder_;
};

} // namespace

TEST_CASE("a target that is up and one that is down are both answered with 200") {
    rig on;
    const auto up = on.probe("target=up1:80&module=tcp_connect");
    CHECK(up.status == 200);
    CHECK(up.type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK_THAT(up.body, Contains("# TYPE probe_success gauge\nprobe_success 1\n"));
    CHECK_THAT(up.body, Contains("probe_duration_seconds 0.002\n"));
    for (const auto* down : {"down1:80", "down1"}) {
        const auto got = on.probe("module=tcp_connect&target=" + std::string(down));
        CHECK(got.status == 200);
        CHECK_THAT(got.body, Contains("probe_success 0\n"));
    }
}

TEST_CASE("what no probe can be made of is refused") {
    rig on;
    CHECK(on.probe("").detail() == "400 target: is missing; say what is to be probed");
    CHECK(on.probe("target=&module=tcp_connect").detail() == "400 target: is missing; say what is to be probed");
    CHECK(on.probe("target=a:1&module=tcp_conect").detail() ==
          "400 module: there is no module \"tcp_conect\"; did you mean \"tcp_connect\"?");
    for (const auto* limit : {"soon", "-1", "0", "inf", "nan", "1s"})
        CHECK(on.probe("target=a:1&module=tcp_connect", limit).detail() ==
              "400 X-Prometheus-Scrape-Timeout-Seconds: expected a number of seconds above 0");
    // Without a plugin nothing is said about the target.
    CHECK(on.probe("target=up1").detail() == "404 there is no probe plugin \"http\"");
}

TEST_CASE("parameters that nobody knows are passed over, and of several the first counts") {
    rig on;
    const auto got = on.probe("target=up1:1&module=tcp_connect&module=nope&vhost=a", "2.5");
    CHECK_THAT(got.body, Contains("probe_success 1\n"));
}

TEST_CASE("a page needs a token of the role that the configuration says") {
    const auto status = [](exporter_access access, const std::string& role) {
        rig on(access);
        return on.ask(role, http::method::get, "/probe?target=up1:1&module=tcp_connect").status;
    };
    CHECK(status(exporter_access::operator_, "operator") == 200);
    CHECK(status(exporter_access::operator_, "viewer") == 403);
    CHECK(status(exporter_access::operator_, "") == 401);
    CHECK(status(exporter_access::viewer, "viewer") == 200);
    CHECK(status(exporter_access::viewer, "") == 401);
    CHECK(status(exporter_access::admin, "operator") == 403);
    CHECK(status(exporter_access::anonymous, "") == 200);
}

TEST_CASE("debug is for people who have shown who they are") {
    rig on;
    const auto told = on.probe("target=down1:80&module=tcp_connect&debug=true", "10");
    CHECK(told.type == "text/plain; charset=utf-8");
    CHECK_THAT(told.body, Contains("Probe of down1:80 by the module tcp_connect (tcp), which had 9s500ms: down, in "
                                   "the phase connect\nnobody is there\n"));
    CHECK_THAT(told.body, Contains("Metrics that would have been returned:\n# HELP"));
    CHECK_THAT(told.body, Contains("Module configuration"));
    rig open(exporter_access::anonymous);
    CHECK(open.ask("", http::method::get, "/probe?target=up1:1&module=tcp_connect&debug=true").status == 403);
}

TEST_CASE("beyond the probes that may run at once others are refused") {
    rig on(exporter_access::operator_, {}, 0);
    const auto got = on.probe("target=up1:1&module=tcp_connect");
    CHECK(got.status == 503);
    CHECK(json::parse(got.body)["code"] == "overloaded");
    CHECK(on.figures().refused.Value() == 1);
    CHECK(on.figures().running.Value() == 0);
}

TEST_CASE("a caller that goes away ends its probe, and makes room for the next one") {
    rig on(exporter_access::operator_, {}, 1);
    leaving_client client(on.figures());
    const auto left = on.ask("operator", http::method::get, "/probe?target=held:1&module=tcp_connect", {}, &client);
    CHECK(client.running_before == 1);
    CHECK(left.status == 503); // read by nobody
    CHECK(on.figures().running.Value() == 0);
    CHECK(on.probe("target=up1:1&module=tcp_connect").status == 200);
}

TEST_CASE("what this machine could not measure looks like a target that is down, and is counted") {
    rig on;
    const auto got = on.probe("target=local1:1&module=tcp_connect");
    CHECK(got.status == 200);
    CHECK_THAT(got.body, Contains("probe_success 0\n"));
    CHECK(on.figures().local_failures.Value() == 1);
    (void)on.probe("target=down1:1&module=tcp_connect");
    CHECK(on.figures().local_failures.Value() == 1);
}

TEST_CASE("a module file that is not valid leaves the modules as they are") {
    const module_file file("modules: {first: {prober: tcp, timeout: 3s}}");
    rig on(exporter_access::operator_, file.path());
    CHECK_THAT(on.probe("target=up1:1&module=first").body, Contains("probe_success 1"));
    CHECK_THAT(on.probe("target=up1:1&module=tcp_connect").detail(), Contains("400 module: there is no module"));
    const auto listed = on.modules();
    CHECK(listed["items"] == json::parse(R"([{"name": "first", "prober": "tcp", "timeout": "3s"}])"));
    CHECK(listed["file"] == file.path().string());

    file.write("modules:\n  second: {prober: tcp, timeot: 3s}\n");
    CHECK(on.reload("operator").status == 403);
    CHECK(on.reload().detail() ==
          "422 " + file.path().string() + ":2:25: modules.second.timeot: unknown key; did you mean \"timeout\"?");
    CHECK(on.modules() == listed);

    file.write("modules: {second: {prober: tcp}}");
    CHECK(on.reload().status == 200);
    CHECK_THAT(on.probe("target=up1:1&module=second").body, Contains("probe_success 1"));

    fs::remove(file.path());
    CHECK(on.reload().status == 422);
    CHECK_THAT(on.probe("target=up1:1&module=second").body, Contains("probe_success 1"));
}
