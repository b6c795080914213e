// SPDX-License-Identifier: Apache-2.0
// Configuration through the ssh driver on simulated devices: line by line, committed, taken back, broken off.
#include "plugins/drivers/rig.hpp"
#include "simdevice/simulator.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::drivers_test;
using namespace ferrule::simdevice;
using ferrule::simdevice::testing::says;
using ferrule::simdevice::testing::small_device;

namespace {

device_spec ios(const std::string& name = "core1") {
    return small_device(name);
}

} // namespace

TEST_CASE("configuration goes line by line and stops at the first refused line") {
    auto device = ios();
    device.config_reject = {"bogus.*"};
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.config(1, {"interface lo0", "bogus line", "shutdown"});
    REQUIRE(got.ok);
    const auto& lines = got.reply["lines"];
    REQUIRE(lines.size() == 3);
    CHECK(!lines[0].contains("failed"));
    CHECK(lines[1]["failed"]["code"] == "command_rejected");
    CHECK(lines[2]["skipped"] == true);
    const auto sent = devices.commands("core1");
    CHECK(std::find(sent.begin(), sent.end(), "shutdown") == sent.end());
    CHECK(r.exec(1, "show version").ok);
}

TEST_CASE("configuration with lines in flight attributes each error to its line") {
    auto device = ios();
    device.config_reject = {"bogus.*"};
    device.echo = GENERATE(echo_kind::strict, echo_kind::delayed);
    device.echo_delay = std::chrono::milliseconds(1);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    std::vector<std::string> lines;
    for (int i = 0; i < 60; ++i) {
        lines.push_back(i % 7 == 3 ? "bogus " + std::to_string(i)
                                   : "ip route 10.0." + std::to_string(i) + ".0/24 null0");
    }
    const auto got = r.config(1, lines, {{"stop_on_error", false}});
    REQUIRE(got.ok);
    REQUIRE(got.reply["lines"].size() == lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        INFO("line " << i << " " << got.reply["lines"][i].dump());
        CHECK(got.reply["lines"][i]["command"] == lines[i]);
        CHECK(got.reply["lines"][i].contains("failed") == (i % 7 == 3));
        CHECK(got.reply["lines"][i]["output"].get<std::string>().find("ip route") == std::string::npos);
    }
    CHECK(r.exec(1, "show version").output == "Simulated IOS on core1\nuptime is 1 day");
}

TEST_CASE("configuration that breaks off tells what came of each line") {
    auto device = ios();
    command_spec last;
    last.text = "ip route 10.0.2.0/24 null0";
    last.then = GENERATE(ending::hang, ending::drop);
    device.commands.push_back(last);
    device.config_reject = {"bogus.*"};
    const bool stop = GENERATE(true, false);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    std::vector<std::string> lines{stop ? "interface lo0" : "bogus line"};
    for (int i = 0; i < 40; ++i) {
        lines.push_back("ip route 10.0." + std::to_string(i) + ".0/24 null0");
    }
    const auto got = r.config(1, lines, {{"stop_on_error", stop}, {"idle_timeout_ms", 300}});
    INFO(got.reply.dump());
    const auto code = last.then == ending::hang ? "prompt_timeout" : "session_lost";
    CHECK(got.code() == code);
    const auto told = got.reply["details"]["lines"];
    REQUIRE(told.size() == lines.size());
    CHECK(told[0].contains("failed") == !stop);
    CHECK(!told[2].contains("failed"));
    CHECK(told[3]["command"] == last.text);
    CHECK(told[3]["failed"]["code"] == code);
    CHECK(told[40]["skipped"] == true);
    // A line that went out is never called skipped.
    const auto sent = devices.commands("core1");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (told[i].contains("skipped")) {
            CHECK(std::find(sent.begin(), sent.end(), lines[i]) == sent.end());
        }
    }
}

TEST_CASE("a secret that answers a question in configuration does not come back") {
    auto device = ios();
    command_spec import = says("crypto import", "the passphrase is s3cretphrase\n");
    ask_spec passphrase;
    passphrase.prompt = "Passphrase: ";
    passphrase.secret = true;
    import.ask.push_back(passphrase);
    device.commands.push_back(import);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const json prompts = {{{"pattern", "^Passphrase:"}, {"reply", "s3cretphrase"}, {"secret", true}}};
    const auto got = r.config(1, {"crypto import"}, {{"prompts", prompts}});
    REQUIRE(got.ok);
    CHECK(got.reply["lines"][0]["output"] == "Passphrase:\nthe passphrase is ********");
}

TEST_CASE("a new hostname is noticed, also where the device cuts it short") {
    simulator devices({ios()});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const std::string name = "a-rather-long-name-of-a-router-in-the-basement";
    REQUIRE(r.config(1, {"hostname " + name, "interface lo0"}).ok);
    CHECK(r.exec(1, "show version").output == "Simulated IOS on " + name + "\nuptime is 1 day");
    CHECK(r.exec(1, "show version").ok);
}

TEST_CASE("Junos: prompts of two lines, configuration is committed, or rolled back when a line is refused") {
    device_spec device;
    device.name = "mx";
    device.kind = flavour::junos;
    device.config_reject = {"set bogus.*"};
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("mx"), "juniper_junos")).ok);
    auto got = r.config(1, {"set system services ssh", "set interfaces lo0 unit 0"});
    REQUIRE(got.ok);
    REQUIRE(got.reply["lines"].size() == 3);
    for (const auto& line : got.reply["lines"]) {
        INFO(line.dump());
        CHECK(!line.contains("failed"));
        CHECK(line["output"].get<std::string>().find("[edit]") == std::string::npos);
    }
    CHECK(got.reply["lines"][2]["command"] == "commit");
    CHECK(got.reply["lines"][2]["output"] == "commit complete");

    got = r.config(1, {"set system services ssh", "nonsense", "set system services netconf"});
    REQUIRE(got.ok);
    CHECK(got.reply["lines"][1]["failed"]["code"] == "command_rejected");
    CHECK(got.reply["lines"].back()["command"] == "rollback 0");
    const auto sent = devices.commands("mx");
    CHECK(std::count(sent.begin(), sent.end(), "commit") == 1);
}

TEST_CASE("Junos: whoever goes on after refused lines gets the others committed, and a refused commit is rolled back") {
    device_spec device;
    device.name = "mx";
    device.kind = flavour::junos;
    auto refused = says("commit", "error: configuration check-out failed\n");
    refused.times = 1;
    device.commands = {refused};
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("mx"), "juniper_junos")).ok);
    const auto told = [&](bool stop) {
        const auto got = r.config(1, {"nonsense", "set system services ssh"}, {{"stop_on_error", stop}});
        std::string out;
        for (const auto& line : got.reply.at("lines")) {
            out += line["command"].get<std::string>() + (line.contains("failed") ? " -" : " +") + "; ";
        }
        return out;
    };
    CHECK(told(false) == "nonsense -; set system services ssh +; commit -; rollback 0 +; ");
    CHECK(told(false) == "nonsense -; set system services ssh +; commit +; ");
    CHECK(r.exec(1, "show version").reply["failed"]["code"] == "command_rejected"); // it is back in its old mode
    CHECK(devices.commands("mx").back() == "show version");
}

TEST_CASE("Huawei: system view and back") {
    device_spec device;
    device.name = "ne40";
    device.kind = flavour::huawei_vrp;
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("ne40"), "huawei_vrp")).ok);
    const auto got = r.config(1, {"sysname edge", "interface GE0/0/1"});
    REQUIRE(got.ok);
    CHECK(!got.reply["lines"][0].contains("failed"));
    const auto bad = r.exec(1, "display nonsense");
    CHECK(bad.reply["failed"]["code"] == "command_rejected");
}

TEST_CASE("Huawei with two stages: lines are committed before the view is left, or cleared when one is refused") {
    device_spec device;
    device.name = "ce12800";
    device.kind = flavour::huawei_vrp;
    const std::string unknown = "Error: Unrecognized command found at '^' position.\n";
    device.modes = {{"system", "[~${hostname}]", true, unknown}, {"changed", "[*${hostname}]", true, unknown}};
    device.config_reject = {"bogus.*"};
    auto route = says("ip route-static", "");
    route.match = command_spec::match_kind::prefix;
    route.to_mode = "changed";
    auto commit = says("commit", "");
    commit.modes = {"changed"};
    commit.to_mode = "system";
    auto clear = says("clear configuration candidate", "");
    clear.to_mode = "system";
    auto leave = says("return", "");
    leave.modes = {"changed"};
    ask_spec sure;
    sure.prompt = "Warning: Uncommitted configurations found. Are you sure to commit them? [Y(yes)/N(no)/C(cancel)]:";
    leave.ask = {sure};
    leave.to_mode = "user";
    device.commands = {route, commit, clear, leave};
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("ce12800"), "huawei_vrp")).ok);
    auto got = r.config(1, {"ip route-static 10.0.0.0 8 null0", "ip route-static 172.16.0.0 12 null0"});
    INFO(got.reply.dump());
    REQUIRE(got.ok);
    REQUIRE(got.reply["lines"].size() == 3);
    CHECK(got.reply["lines"][2]["command"] == "commit");
    got = r.config(1, {"ip route-static 10.0.0.0 8 null0", "bogus"});
    REQUIRE(got.ok);
    CHECK(got.reply["lines"].back()["command"] == "clear configuration candidate");
    const auto sent = devices.commands("ce12800");
    CHECK(std::count(sent.begin(), sent.end(), "commit") == 1);
    CHECK(sent.back() == "return");
}

TEST_CASE("Huawei without commit is sent none") {
    device_spec device;
    device.name = "ne40";
    device.kind = flavour::huawei_vrp;
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("ne40"), "huawei_vrp")).ok);
    const auto got = r.config(1, {"ip route-static 10.0.0.0 8 null0"});
    CHECK(got.reply["lines"].size() == 1);
    CHECK(devices.commands("ne40").back() == "return");
}

TEST_CASE("a line of configuration on a shell fails by its exit status") {
    device_spec device;
    device.name = "box";
    device.kind = flavour::linux_shell;
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("box"), "linux")).ok);
    const auto got = r.config(1, {"true", "false", "true"});
    REQUIRE(got.ok);
    CHECK(!got.reply["lines"][0].contains("failed"));
    CHECK(got.reply["lines"][1]["failed"]["code"] == "command_failed");
    CHECK(got.reply["lines"][2]["skipped"] == true);
}
