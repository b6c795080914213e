#include "app/cli/probe_request.hpp"
#include "app/cli/probe_table.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using app::cli::probe_request;
using base::json;

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
    asked.from = {"fra1", "region=eu"};
    asked.nodes = 2;
    asked.interval = "200ms";
    const auto body = app::cli::to_body(asked);
    REQUIRE(body);
    CHECK(*body == json::parse(R"({"probe": "tcp", "targets": [{"host": "r1", "port": 22}], "count": 1,
        "interval": "200ms", "from": {"names": ["fra1"], "labels": {"region": "eu"}, "count": 2},
        "settings": {"tls": true, "tls_config": {"verify": false}, "note": "a=b", "max_bytes": 5, "empty": ""}})"));
    asked.settings = {"tls"};
    const auto bad = app::cli::to_body(asked);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message() == "--set takes KEY=VALUE, such as --set count=5; found \"tls\"");
}

TEST_CASE("the table sums up each place, by packets where a probe counts them") {
    app::cli::probe_table rows;
    rows.begin(json::parse(R"({"count": 2, "places": [{"target": "a", "node": "n"}, {"target": "b", "node": "n"}]})"));
    CHECK(rows.add(json::parse(R"({"target": "a", "node": "n", "success": true, "duration_ms": 90,
        "metrics": {"rtt_avg_ms": 2, "packets_sent": 4, "packets_lost": 1}})")) == "a from n: ok, 2.000 ms");
    CHECK_FALSE(rows.all_answered());
    CHECK(rows.add(json::parse(R"({"target": "b", "node": "n", "success": false, "failed_phase": "connect",
        "reason": "connection\u001b[31m refused"})")) == "b from n: connect: connection?[31m refused");
    CHECK(rows.add(json::parse(R"({"target": "b", "node": "n", "success": false, "duration_ms": 0,
        "error": {"code": "no_permission", "message": "ask root"}})")) == "b from n: ask root");
    CHECK(rows.progress() == "3 of 4 measured");
    CHECK(rows.text().find("a       n     1/1  25%   2.000    2.000  2.000  2.000  -") != std::string::npos);
    CHECK(rows.text().find("0/2  100%") != std::string::npos);
    (void)rows.add(json::parse(R"({"target": "b", "node": "n", "success": true, "duration_ms": 12.25})"));
    CHECK(rows.all_answered());
}
