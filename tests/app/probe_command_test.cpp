#include "app/cli/probe_request.hpp"
#include "app/cli/probe_table.hpp"
#include "app/cli/table.hpp"

#include "app/cli/yaml_file.hpp"
#include "base/json.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace ferrule;
using app::cli::probe_request;
using base::json;
using Catch::Contains;

TEST_CASE("a target is a host, a host with a port, or a URL") {
    const auto read = [](const char* word) { return app::cli::target_json(word).dump(); };
    CHECK(read("192.0.2.1") == R"({"host":"192.0.2.1"})");
    CHECK(read("r1.example:22") == R"({"host":"r1.example","port":22})");
    CHECK(read("2001:db8::1") == R"({"host":"2001:db8::1"})");
    CHECK(read("[2001:db8::1]:443") == R"({"host":"2001:db8::1","port":443})");
    CHECK(read("[2001:db8::1]") == R"({"host":"2001:db8::1"})");
    CHECK(read("https://a.example:8443/x") == R"({"url":"https://a.example:8443/x"})");
    CHECK(read("r1:ssh") == R"({"host":"r1:ssh"})"); // the server says what is wrong with it
}

TEST_CASE("settings and nodes become the body that the server reads") {
    probe_request asked;
    asked.probe = "tcp";
    asked.targets = {"r1:22"};
    asked.settings = {"tls=true", "tls_config.verify=false", "note=a=b", "max_bytes=5", "empty="};
    asked.from = {"fra1", "site=north"};
    asked.region = "eu";
    asked.nodes = 2;
    asked.interval = "200ms";
    const auto body = app::cli::to_body(asked);
    REQUIRE(body);
    CHECK(*body == json::parse(R"({"probe": "tcp", "targets": [{"host": "r1", "port": 22}], "count": 1,
        "interval": "200ms", "from": {"names": ["fra1"], "region": "eu", "labels": {"site": "north"}, "count": 2},
        "settings": {"tls": true, "tls_config": {"verify": false}, "note": "a=b", "max_bytes": 5, "empty": ""}})"));
    asked.settings = {"tls"};
    const auto bad = app::cli::to_body(asked);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message() == "--set takes KEY=VALUE, such as --set count=5; found \"tls\"");
}

TEST_CASE("a file of settings names its secrets, and words of the command line win") {
    const test::scratch_folder folder;
    (void)folder.write("token", "hush\n");
    const auto file =
        folder.write("login.yaml", "bearer_token: !file token\nbody: 'a$${b}'\nmethod: ${PROBE_METHOD:-PUT}\n"
                                   "headers: {X-Key: !file token}\n");
    probe_request asked;
    asked.probe = "http";
    asked.targets = {"https://a.example"};
    asked.settings_file = file;
    asked.settings = {"headers.X-More=1", "method=HEAD"};
    const auto body = app::cli::to_body(asked);
    REQUIRE(body);
    CHECK((*body)["settings"] == json::parse(R"({"bearer_token": "hush", "body": "a${b}", "method": "HEAD",
        "headers": {"X-Key": "hush", "X-More": 1}})"));
}

TEST_CASE("a reference that names nothing is told with its place, and no secret is") {
    const test::scratch_folder folder;
    (void)folder.write("there", "hush");
    const auto file =
        folder.write("checks.yaml", "checks:\n  - name: web\n    settings:\n      bearer_token: !file gone\n"
                                    "      basic_auth: {username: u, password: \"${FERRULE_NO_SUCH_NAME}\"}\n"
                                    "      body: !file there\n");
    std::vector<std::string> warnings;
    const auto read = app::cli::read_yaml_file(file, warnings);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == "usage");
    CHECK_THAT(read.error().message(),
               Contains(file.string() + ":4:21: checks[0].settings.bearer_token: cannot read " +
                        (folder.path() / "gone").string()) &&
                   Contains(":5:43: checks[0].settings.basic_auth.password: the environment variable "
                            "FERRULE_NO_SUCH_NAME is not set") &&
                   !Contains("hush"));
    CHECK_FALSE(app::cli::read_yaml_file((folder.path() / "none.yaml").string(), warnings));

    const auto open = folder.write("open.yaml", "a: !file open\n");
    (void)folder.write("open", "hush", 0644);
    REQUIRE(app::cli::read_yaml_file(open, warnings));
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings.front(), Contains("open can be read by everybody") && !Contains("hush"));
}

TEST_CASE("the table sums up each place, by packets where a probe counts them") {
    app::cli::probe_table rows;
    rows.begin(json::parse(R"({"count": 2, "places": [{"target": "a", "node": "n"}, {"target": "b", "node": "n"}]})"));
    CHECK(rows.add(json::parse(R"({"target": "a", "node": "n", "success": true, "duration_ms": 90,
        "metrics": {"rtt_avg_ms": 2, "packets_sent": 4, "packets_lost": 1}})")) == "a from n: ok, 2.000 ms");
    CHECK_FALSE(rows.all_answered());
    CHECK(rows.add(json::parse(R"({"target": "b", "node": "n", "success": false, "failed_phase": "connect",
        "reason": "connection\u001b[31m refused"})")) == "b from n: connect: connection\xEF\xBF\xBD[31m refused");
    CHECK(rows.add(json::parse(R"({"target": "b", "node": "n", "success": false, "duration_ms": 0,
        "error": {"code": "no_permission", "message": "ask root"}})")) == "b from n: ask root");
    CHECK(rows.progress() == "3 of 4 measured");
    CHECK(rows.text().find("a       n     1/1  25%   2.000    2.000  2.000  2.000  -") != std::string::npos);
    CHECK(rows.text().find("0/2  100%") != std::string::npos);
    (void)rows.add(json::parse(R"({"target": "b", "node": "n", "success": true, "duration_ms": 12.25})"));
    CHECK(rows.all_answered());
}

TEST_CASE("a line is cut at a character") {
    CHECK(app::cli::fitted("caf\xc3\xa9s", 4) == "caf\xc3\xa9");
    CHECK(app::cli::fitted("caf\xc3\xa9", 4) == "caf\xc3\xa9");
    CHECK(app::cli::fitted("caf\xc3\xa9", 3) == "caf");
    CHECK(app::cli::fitted("", 0).empty());
}
