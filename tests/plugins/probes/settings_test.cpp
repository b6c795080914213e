// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include "common/duration.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::probes_test;
using Catch::Contains;

TEST_CASE("a setting that is wrong is refused by its name, and measures nothing") {
    struct wrong {
        std::string probe;
        std::string target;
        std::string message;
    };

    const auto now = GENERATE(values<wrong>({
        {"tcp", R"({"port":1})", "'host' is missing"},
        {"tcp", R"({"host":"h"})", "'port' must be given, from 1 to 65535."},
        {"tcp", R"({"host":"h","port":70000})", "'port' must be a whole number from 1 to 65535."},
        {"tcp", R"({"host":"h","port":"80"})", "'port' must be a whole number"},
        {"tcp", R"({"host":"h","port":1,"tsl":true})", "'tsl' is not a known setting; did you mean 'tls'?"},
        {"tcp", R"({"host":"h","port":1,"entirely_else":1})", "'entirely_else' is not a known setting."},
        {"tcp", R"({"host":"h","port":1,"tls":"yes"})", "'tls' must be true or false."},
        {"tcp", R"({"host":"h","port":1,"ip_version":5})", "'ip_version' must be 4 or 6."},
        {"tcp", R"({"host":"h","port":1,"close":"reste"})",
         "'close' must be one of auto, reset, orderly, not 'reste'; did you mean 'reset'?"},
        {"tcp", R"({"host":"h","port":1,"source":"eth0"})",
         "'source' must be an IPv4 or IPv6 address of this machine, not 'eth0'."},
        {"tcp", R"({"host":"h","port":1,"tls_config":{"servername":"x"}})",
         "'tls_config.servername' is not a known setting; did you mean 'server_name'?"},
        {"tcp", R"({"host":"h","port":1,"tls_config":{"min_version":"1.3","max_version":"1.2"}})",
         "'tls_config.max_version': is older than 'min_version'"},
        {"tcp", R"({"host":"h","port":1,"tls_config":{"client_cert":"c.pem"}})", "belong together"},
        {"tcp", R"({"host":"h","port":1,"steps":[{"expect":"a("}]})",
         "'steps[0].expect': the pattern 'a(' is not a regular expression: "},
        {"tcp", R"({"host":"h","port":1,"steps":[{"send":"a"},{}]})", "'steps[1].expect': the step does nothing"},
        {"tcp", R"({"host":"h","port":1,"steps":[{"send_hex":"0"}]})",
         "'steps[0].send_hex' must be pairs of hex digits"},
        {"tcp", R"({"host":"h","port":1,"tls":true,"steps":[{"starttls":true}]})", "TLS can begin once only"},
        {"udp", R"({"host":"h","port":1,"send":"a","send_hex":"00"})", "'send_hex': stands beside 'send'"},
        {"udp", R"({"host":"h","port":1,"attempt_timeout":"1 s"})",
         "'attempt_timeout' must be a duration above zero such as 500ms, 10s or 1m30s."},
        {"udp", R"({"host":"h","port":1,"expect":"a","silence":"up"})",
         "'silence': cannot be 'up' while an answer is expected."},
        {"udp", R"({"host":"h","port":1,"attempts":0})", "'attempts' must be a whole number from 1 to 100."},
        {"dns", R"({"host":"h"})", "'query_name' must be given"},
        {"dns", R"({"host":"h","query_name":"a..b"})", "'query_name' must be a domain name"},
        {"dns", R"({"host":"h","query_name":"a","query_type":"AAAAA"})",
         "'query_type' must be a type of record such as"},
        {"dns", R"({"host":"h","query_name":"a","valid_rcodes":["NOEROR"]})", "'NOEROR' is none"},
        {"dns", R"({"host":"h","query_name":"a","validate_answer_rrs":{"fail_if_match_regexp":[]}})",
         "did you mean 'fail_if_matches_regexp'?"},
        {"dns", R"({"host":"h","query_name":"a","validate_answer_rrs":{"fail_if_matches_regexp":["*"]}})",
         "'validate_answer_rrs.fail_if_matches_regexp': the pattern '*'"},
    }));
    rig probe(now.probe);
    const auto seen = probe.measure(json::parse(now.target));
    INFO(now.target);
    REQUIRE(seen.contains("error"));
    CHECK(seen["error"]["code"] == "invalid_target");
    CHECK(seen["error"]["retryable"] == false);
    CHECK_THAT(seen["error"]["message"].get<std::string>(), Contains(now.message));
}

TEST_CASE("the configuration gives what targets do not say, and is as strict") {
    CHECK_THAT(refusal("tcp", {{"clos", "reset"}}), Contains("'clos' is not a known setting; did you mean 'close'?"));
    CHECK_THAT(refusal("udp", {{"attempts", "3"}}), Contains("'attempts' must be a whole number from 1 to 100."));
    CHECK_THAT(refusal("dns", {{"transport", "quic"}}), Contains("'transport' must be one of auto, udp, tcp, tls"));
    const udp_server server([](const std::string& got) { return std::vector{got}; });
    rig udp("udp", {{"send", "from the configuration"}, {"expect", "^from the conf"}});
    CHECK(udp.measure({{"host", "127.0.0.1"}, {"port", server.port()}})["success"] == true);
    CHECK(udp.measure({{"host", "127.0.0.1"}, {"port", server.port()}, {"send", "else"}})["success"] == false);
    CHECK(udp.measure({{"host", "127.0.0.1"}, {"port", server.port()}})["success"] == true);
}

TEST_CASE("the note of each probe describes its settings") {
    const auto which = GENERATE(as<std::string>{}, "tcp", "udp", "dns", "http");
    const auto note =
        json::parse(ferrule::testhost::read_note(std::string(FERRULE_PROBE_FOLDER) + "/" + which + ".so"));
    const auto& component = note["components"][0];
    CHECK(component["name"] == which);
    CHECK(component["execution"] == "async");
    const auto& schema = component["config_schema"];
    CHECK(schema["additionalProperties"] == false);
    CHECK(schema["properties"].contains("ip_version"));
    CHECK(schema["properties"].contains("source"));
    for (const auto& [name, rules] : schema["properties"].items()) { // each is a setting that the probe knows
        INFO(which << ": " << name);
        CHECK_THAT(refusal(which, {{name, json::array({json::array()})}}), !Contains("not a known setting"));
    }
}

TEST_CASE("durations are read and written as people do") {
    using namespace ferrule::probes;
    CHECK(parse_duration("1m30s") == 90 * second);
    CHECK(parse_duration("250ms") == 250 * millisecond);
    CHECK_FALSE(parse_duration(""));
    CHECK_FALSE(parse_duration("5"));
    CHECK_FALSE(parse_duration("5 s"));
    CHECK_FALSE(parse_duration("99999999999999999999s"));
    CHECK_FALSE(parse_duration("31d"));
    CHECK(duration_text(1500 * millisecond) == "1.5 s");
    CHECK(duration_text(250 * millisecond) == "250 ms");
    CHECK(duration_text(10 * second) == "10 s");
}
