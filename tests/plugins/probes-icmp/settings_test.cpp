#include "icmp/settings.hpp"

#include <catch2/catch.hpp>
#include <ferrule/testhost/note.hpp>
#include <nlohmann/json.hpp>

using namespace ferrule::icmp;
namespace sdk = ferrule::sdk;

namespace {

std::string refusal(const std::string& text) {
    try {
        std::string host;
        const auto value = sdk::json::parse(text).value();
        read_target(value, {}, host);
    } catch (const sdk::failure& refused) {
        CHECK(refused.error().code() == "invalid_target");
        return refused.error().message();
    }
    return "accepted";
}

} // namespace

TEST_CASE("a bad target is refused with the key and what it must be") {
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {R"({"host":"a","cuont":3})", "'cuont' is not a known setting; did you mean 'count'?"},
        {R"({"host":"a","zzzzzz":3})", "'zzzzzz' is not a known setting."},
        {R"({"count":3})", "'host' must be an address or a name."},
        {R"({"host":3})", "'host' must be a text."},
        {R"({"host":"fe80::1"})",
         "'host' must be given with an interface of this machine, such as fe80::1%eth0, not 'fe80::1'."},
        {R"({"host":"fe80::1%nosuchcard"})",
         "'host' must be given with an interface of this machine, such as fe80::1%eth0, not 'fe80::1%nosuchcard'."},
        {R"({"host":"a","count":0})", "'count' must be a whole number from 1 to 1000."},
        {R"({"host":"a","count":"3"})", "'count' must be a whole number from 1 to 1000."},
        {R"({"host":"a","size":15})", "'size' must be a whole number from 16 to 65507."},
        {R"({"host":"a","interval":100})", "'interval' must be a duration from 0 ms to 3600 s such as 100ms or 2s."},
        {R"({"host":"a","timeout":"0s"})", "'timeout' must be a duration from 1 ms to 3600 s such as 100ms or 2s."},
        {R"({"host":"a","ttl":0})", "'ttl' must be a whole number from 1 to 255."},
        {R"({"host":"a","tos":4,"dscp":1})", "'dscp': 'tos' sets the same byte; leave one of them out."},
        {R"({"host":"a","dont_fragment":1})", "'dont_fragment' must be true or false."},
        {R"({"host":"a","ip_version":5})", "'ip_version' must be 4 or 6."},
        {R"({"host":"a","source":"eth0"})", "'source' must be an address of this host, not 'eth0'."},
    }));
    CHECK(refusal(text) == message);
}

TEST_CASE("what a target leaves out comes from the configuration, then from the plugin") {
    const auto config = read_config(R"({"count":5,"interval":"20ms","dscp":46,"sockets":"raw"})");
    CHECK(config.sockets == socket_kind::raw);
    std::string host;
    const auto value = sdk::json::parse(R"({"host":"r1","count":2,"ttl":3})").value();
    const auto made = read_target(value, config.defaults, host);
    CHECK(host == "r1");
    CHECK(made.count == 2);
    CHECK(made.interval == 20 * grid);
    CHECK(made.timeout == 1000 * grid);
    CHECK(made.options == packet_options{3, 46 << 2, false});
}

TEST_CASE("a bad configuration is refused with the words that are allowed") {
    CHECK_THROWS_WITH(read_config(R"({"sockets":"tcp"})"), "'sockets' must be one of auto, datagram, raw, not 'tcp'.");
    CHECK_THROWS_WITH(read_config(R"({"target":"a"})"), "'target' is not a known setting.");
}

TEST_CASE("addresses are read with their scope, and nothing else passes for one") {
    CHECK(ip_address::parse("192.0.2.1")->text() == "192.0.2.1");
    CHECK(ip_address::parse("fe80::1%lo")->text() == "fe80::1%lo");
    CHECK(ip_address::parse("::ffff:192.0.2.1")->text() == "192.0.2.1");
    CHECK(ip_address::parse("224.0.0.1")->is_multicast());
    CHECK(ip_address::parse("::")->is_unspecified());
    for (const auto* text : {"", "r1", "192.0.2", "192.0.2.1 ", "fe80::1%nosuchcard", "%lo"}) {
        INFO(text);
        CHECK_FALSE(ip_address::parse(text));
    }
}

TEST_CASE("the schema in the note knows exactly the settings that are read") {
    const auto note = nlohmann::json::parse(ferrule::testhost::read_note(FERRULE_ICMP_PLUGIN));
    const auto& properties = note.at("components").at(0).at("config_schema").at("properties");
    for (const auto& [name, about] : properties.items()) {
        // A value of the wrong kind is refused as such; a name that is not known is refused as unknown.
        try {
            read_config("{\"" + name + "\":[]}");
            FAIL(name << " takes a list");
        } catch (const sdk::failure& refused) {
            CHECK_THAT(refused.error().message(), !Catch::Contains("is not a known setting"));
        }
    }
    CHECK(properties.size() == 14);
}
