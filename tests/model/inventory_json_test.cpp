#include "model/inventory_json.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using base::json;

namespace {

std::string problems(const error& why) {
    const auto details = base::parse_json(why.details()).value();
    std::string text;
    for (const auto& each : details["problems"])
        text +=
            (text.empty() ? "" : " | ") + each["path"].get<std::string>() + ": " + each["message"].get<std::string>();
    return text;
}

} // namespace

TEST_CASE("a device comes back from its JSON as it was") {
    const auto body = base::parse_json(R"({"name":"d-1","driver":"ssh","platform":"frr","host":"fe80::1%eth0",
        "port":2222,"credential":"c","options":{"b":1,"a":[true]},"labels":{"site":"x"},"enabled":false,
        "session_ttl":"90s","jump":[{"host":"j","credential":"k","port":2200,"options":{"x":1}}]})")
                          .value();
    const auto read = model::device_from_json(body).value();
    CHECK(read.at.jump.at(0).port == 2200);
    CHECK(read.session_ttl == base::duration(std::chrono::seconds(90)));
    auto shown = model::to_json(read);
    CHECK(shown["origin"] == "api");
    shown.erase("origin");
    const auto again = model::device_from_json(shown).value();
    CHECK(again.at == read.at);
    CHECK(again.tags == read.tags);
    CHECK(again.session_ttl == read.session_ttl);
    CHECK_FALSE(again.enabled);
}

TEST_CASE("bad devices and credentials are refused with every fault and its place") {
    const auto device = [](const char* body) {
        return problems(model::device_from_json(base::parse_json(body).value()).error());
    };
    CHECK(device("{}") == "name: is required | host: is required");
    CHECK(device(R"({"name":"-x","host":"h"})") ==
          "name: must be 1 to 128 letters, digits, dots, dashes and underscores");
    CHECK(device(R"({"name":"d","host":"h","driver":"../x"})") == "driver: is not a plugin's name");
    CHECK(device(R"({"name":"d","host":"h","jump":[{"host":"a/b"}]})") ==
          "jump[0].host: is not a host name or address | jump[0].credential: is required");
    CHECK(device(R"({"name":"d","host":"h","session_ttl":"106751d"})") == "session_ttl: must be at most 365d");
    const auto credential = [](const char* body) {
        return problems(model::credential_from_json(base::parse_json(body).value()).error());
    };
    CHECK(credential("{}") == "name: is required | username: is required");
    CHECK(credential(R"({"name":"c","username":"u","pasword":"p"})") ==
          "pasword: unknown key; did you mean \"password\"?");
}

TEST_CASE("a credential shows which parts it has, never what they are, and its secret form reads back") {
    const auto read = model::credential_from_json(base::parse_json(R"({"name":"c","username":"u","password":"p-secret",
        "private_key":"k-secret","passphrase":"f-secret","enable_password":"e-secret","agent_socket":"/run/a",
        "answers":[{"pattern":"x","reply":"a-secret"}]})")
                                                      .value())
                          .value();
    const auto shown = model::to_json(read);
    CHECK(base::dump(shown).find("-secret") == std::string::npos);
    CHECK(shown["has"] == json{"password", "private_key", "passphrase", "enable_password", "agent_socket", "answers"});
    const auto again = model::credential_from_secret_json(model::to_secret_json(read)).value();
    CHECK(again.password == read.password);
    CHECK(again.answers.at(0).reply == read.answers.at(0).reply);
    CHECK(again.agent_socket == "/run/a");
}

TEST_CASE("wiping a value leaves no text in it, however deep") {
    auto value = base::parse_json(R"({"a":"x","b":[{"c":"y"},"z",1]})").value();
    model::wipe(value);
    CHECK(value == base::parse_json(R"({"a":"","b":[{"c":""},"",1]})").value());
}

TEST_CASE("order is kept by driver, host and port") {
    model::target at;
    at.host = "h";
    CHECK(model::device_key(at) == "ssh://h:22");
}
