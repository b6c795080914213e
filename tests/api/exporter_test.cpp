#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace ferrule;
using namespace ferrule::api_test;
using Catch::Matchers::Contains;

namespace {

config::exporter_settings open_to(config::exporter_access access) {
    config::exporter_settings made;
    made.access = access;
    return made;
}

std::string asked(fixture& on, const std::string& line, const std::string& headers = {}) {
    const auto got = on.ask("operator", "GET " + line, {}, headers);
    return std::to_string(got.status) + " " +
           (got.status == 200 ? got.body : json::parse(got.body)["detail"].get<std::string>());
}

// The file of a module set, in a folder of its own.
class module_file {
  public:
    explicit module_file(const std::string& text)
        : folder_(std::filesystem::temp_directory_path() / ("ferrule-modules-test-" + base::make_id())) {
        std::filesystem::create_directories(folder_);
        write(text);
    }

    ~module_file() { std::filesystem::remove_all(folder_); }

    void write(const std::string& text) const { std::ofstream(path()) << text; }

    [[nodiscard]] std::filesystem::path path() const { return folder_ / "blackbox.yml"; }

  private:
    std::filesystem::path folder_;
};

} // namespace

TEST_CASE("a target that is up and one that is down are both answered with 200") {
    fixture on;
    const auto up = on.ask("operator", "GET /probe?target=up1:80&module=tcp_connect");
    CHECK(up.status == 200);
    CHECK(up.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK_THAT(up.body, Contains("# TYPE probe_success gauge\nprobe_success 1\n"));
    CHECK_THAT(up.body, Contains("probe_duration_seconds 0.002\n"));
    CHECK_THAT(asked(on, "/probe?target=down1:80&module=tcp_connect"), Contains("probe_success 0\n"));
    CHECK_THAT(asked(on, "/probe?target=down1&module=tcp_connect"), Contains("probe_success 0\n"));
}

TEST_CASE("what no probe can be made of is refused") {
    fixture on;
    CHECK(asked(on, "/probe") == "400 target: is missing; say what is to be probed");
    CHECK(asked(on, "/probe?target=&module=tcp_connect") == "400 target: is missing; say what is to be probed");
    CHECK(asked(on, "/probe?target=a:1&module=tcp_conect") ==
          "400 module: there is no module \"tcp_conect\"; did you mean \"tcp_connect\"?");
    CHECK_THAT(asked(on, "/probe?target=a:1&module=tcp_connect", "X-Prometheus-Scrape-Timeout-Seconds: soon\r\n"),
               Contains("400 X-Prometheus-Scrape-Timeout-Seconds: expected a number of seconds above 0"));
    CHECK_THAT(asked(on, "/probe?target=a:1&module=tcp_connect", "X-Prometheus-Scrape-Timeout-Seconds: -1\r\n"),
               Contains("400 "));
    // The probe of the default module is not there in this fixture: that says nothing about the target.
    CHECK(asked(on, "/probe?target=up1") == "404 there is no probe plugin \"http\"");
}

TEST_CASE("parameters that nobody knows are passed over, and of several the first counts") {
    fixture on;
    CHECK_THAT(asked(on, "/probe?target=up1:1&module=tcp_connect&module=nope&vhost=a",
                     "X-Prometheus-Scrape-Timeout-Seconds: 2.5\r\n"),
               Contains("probe_success 1\n"));
}

TEST_CASE("a page needs a token of the role that the configuration says") {
    {
        fixture on;
        CHECK(on.ask("viewer", "GET /probe?target=up1:1&module=tcp_connect").status == 403);
        CHECK(on.ask("", "GET /probe?target=up1:1&module=tcp_connect").status == 401);
    }
    {
        fixture on({}, open_to(config::exporter_access::viewer));
        CHECK(on.ask("viewer", "GET /probe?target=up1:1&module=tcp_connect").status == 200);
        CHECK(on.ask("", "GET /probe?target=up1:1&module=tcp_connect").status == 401);
    }
    fixture on({}, open_to(config::exporter_access::anonymous));
    CHECK(on.ask("", "GET /probe?target=up1:1&module=tcp_connect").status == 200);
}

TEST_CASE("debug is for people who have shown who they are") {
    {
        fixture on;
        const auto told = asked(on, "/probe?target=down1:80&module=tcp_connect&debug=true");
        CHECK_THAT(
            told,
            Contains(
                "Probe of down1:80 by the module tcp_connect (tcp), which had 1m59s500ms: down, in the phase connect\n"
                "nobody is there\n"));
        CHECK_THAT(told, Contains("Metrics that would have been returned:\n# HELP"));
        CHECK_THAT(told, Contains("Module configuration"));
    }
    fixture on({}, open_to(config::exporter_access::anonymous));
    CHECK(on.ask("", "GET /probe?target=up1:1&module=tcp_connect&debug=true").status == 403);
}

TEST_CASE("with as many probes as there may be others are refused") {
    config::exporter_settings none;
    none.max_running = 0;
    fixture on({}, none);
    const auto got = on.ask("operator", "GET /probe?target=up1:1&module=tcp_connect");
    CHECK(got.status == 503);
    CHECK(json::parse(got.body)["code"] == "overloaded");
}

TEST_CASE("a module file that is not valid leaves the modules as they are") {
    const module_file file("modules: {first: {prober: tcp, timeout: 3s}}");
    config::exporter_settings with;
    with.modules = file.path();
    fixture on({}, with);
    CHECK_THAT(asked(on, "/probe?target=up1:1&module=first"), Contains("probe_success 1"));
    CHECK_THAT(asked(on, "/probe?target=up1:1&module=tcp_connect"), Contains("400 module: there is no module"));
    const auto listed = on.get("/api/v1/probes/modules");
    CHECK(listed["items"] == json::parse(R"([{"name": "first", "prober": "tcp", "timeout": "3s"}])"));
    CHECK(listed["file"] == file.path().string());

    file.write("modules:\n  second: {prober: tcp, timeot: 3s}\n");
    CHECK(on.ask("operator", "POST /api/v1/probes/modules/reload").status == 403);
    const auto refused = on.ask("admin", "POST /api/v1/probes/modules/reload");
    CHECK(refused.status == 422);
    CHECK(json::parse(refused.body)["detail"] ==
          file.path().string() + ":2:25: modules.second.timeot: unknown key; did you mean \"timeout\"?");
    CHECK(on.get("/api/v1/probes/modules") == listed);

    file.write("modules: {second: {prober: tcp}}");
    CHECK(on.ask("admin", "POST /api/v1/probes/modules/reload").status == 200);
    CHECK_THAT(asked(on, "/probe?target=up1:1&module=second"), Contains("probe_success 1"));

    std::filesystem::remove(file.path());
    CHECK(on.ask("admin", "POST /api/v1/probes/modules/reload").status == 422);
    CHECK_THAT(asked(on, "/probe?target=up1:1&module=second"), Contains("probe_success 1"));
}
