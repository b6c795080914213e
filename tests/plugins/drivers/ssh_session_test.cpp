// SPDX-License-Identifier: Apache-2.0
// Sessions of the ssh driver against simulated devices: what a user sees of commands, echoes, pagers and questions.
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

TEST_CASE("a command's output comes without echo, prompt and blank end") {
    simulator devices({ios()});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show version");
    CHECK(got.ok);
    CHECK(got.output == "Simulated IOS on core1\nuptime is 1 day");
    CHECK(got.reply == json::object());
    CHECK(r.close(1).ok);
    CHECK(devices.wait_until("core1", [](const device_counters& c) { return c.connections_open == 0; }));
    CHECK(devices.commands("core1") ==
          std::vector<std::string>{"terminal width 511", "terminal length 0", "show version", "exit"});
    CHECK(devices.counters("core1").logins == 1);
}

TEST_CASE("a kept session runs many commands on one login") {
    simulator devices({ios()});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(r.exec(1, "show version").output == "Simulated IOS on core1\nuptime is 1 day");
    }
    CHECK(r.keepalive(1).ok);
    CHECK(devices.counters("core1").logins == 1);
}

TEST_CASE("a command that the device refuses fails while the session lives") {
    simulator devices({ios()});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show nonsense");
    CHECK(got.ok);
    CHECK(got.reply["failed"]["code"] == "command_rejected");
    CHECK_THAT(got.reply["failed"]["message"].get<std::string>(),
               Catch::Contains("'show nonsense'") && Catch::Contains("% Invalid input"));
    CHECK(r.exec(1, "show version").ok);
}

TEST_CASE("raw output is what the device sent") {
    simulator devices({ios()});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show version", {{"raw", true}});
    CHECK(got.output == "show version\r\nSimulated IOS on core1\r\nuptime is 1 day\r\ncore1#");
}

TEST_CASE("echoes of every kind are kept out of the output") {
    const auto kind =
        GENERATE(echo_kind::strict, echo_kind::none, echo_kind::wrapped, echo_kind::ansi, echo_kind::delayed);
    auto device = ios();
    device.echo = kind;
    device.width = 30;
    device.commands.push_back(says("show interfaces description | include uplink", "uplink is up\n"));
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    CHECK(r.exec(1, "show interfaces description | include uplink").output == "uplink is up");
    CHECK(r.exec(1, "show version").output == "Simulated IOS on core1\nuptime is 1 day");
}

TEST_CASE("a pager that shows up all the same is answered and leaves no trace") {
    using erase = pager_spec::erase_kind;
    auto device = ios();
    device.pager = pager_spec{};
    device.pager->lines = 5;
    device.pager->erase = GENERATE(erase::backspace, erase::carriage_return, erase::cursor_left, erase::none);
    std::string text;
    std::string expected;
    for (int i = 0; i < 23; ++i) {
        text += "line " + std::to_string(i) + "\n";
        expected += (i == 0 ? "line " : "\nline ") + std::to_string(i);
    }
    device.commands.push_back(says("show long", text));
    simulator devices({device});
    auto platform_json = platform("cisco_ios");
    platform_json["on_open"] = json::array();
    rig r;
    auto to = r.target(devices.port("core1"), "cisco_ios");
    to["platform"] = platform_json;
    REQUIRE(r.open(1, to).ok);
    CHECK(r.exec(1, "show long").output == expected);
}

TEST_CASE("a question is answered by the request's prompts, and secrets do not come back") {
    auto device = ios();
    auto copy = says("copy running-config tftp:", "1024 bytes copied\n");
    ask_spec host;
    host.prompt = "Address or name of remote host []? ";
    host.expect = "192.0.2.7";
    ask_spec key;
    key.prompt = "Key: ";
    key.expect = "t0psecret";
    copy.ask = {host, key};
    device.commands.push_back(copy);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const json prompts = {{{"pattern", "remote host"}, {"reply", "192.0.2.7"}},
                          {{"pattern", "^key:"}, {"reply", "t0psecret"}, {"secret", true}}};
    const auto got = r.exec(1, "copy running-config tftp:", {{"prompts", prompts}});
    CHECK(got.ok);
    CHECK_THAT(got.output, Catch::Contains("1024 bytes copied"));
    CHECK_THAT(got.output, !Catch::Contains("t0psecret"));
    CHECK(r.exec(1, "show version").ok);
}

TEST_CASE("a question that nobody answers ends in prompt_timeout, quoting it") {
    auto device = ios();
    auto reload = says("reload", "");
    ask_spec sure;
    sure.prompt = "Save? [yes/no]: ";
    reload.ask = {sure};
    device.commands.push_back(reload);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "reload", {{"idle_timeout_ms", 200}});
    CHECK(!got.ok);
    CHECK(got.code() == "prompt_timeout");
    CHECK_THAT(got.message(), Catch::Contains("Save? [yes/no]:") && Catch::Contains("prompts"));
    CHECK(r.exec(1, "show version").code() == "session_lost");
    CHECK(r.close(1).ok);
}

TEST_CASE("enable asks for its secret, and the mode is reached") {
    auto device = ios();
    device.start_mode = "user";
    device.enable_password = "en4ble";
    simulator devices({device});
    rig r;
    r.set_login({{"username", "admin"}, {"password", "admin"}, {"enable_password", "en4ble"}});
    const auto opened = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    CHECK(opened.ok);
    CHECK(opened.reply["prompt"] == "core1#");
}

TEST_CASE("a wrong or missing enable secret says so") {
    auto device = ios();
    device.start_mode = "user";
    device.enable_password = "en4ble";
    simulator devices({device});
    rig r;
    SECTION("wrong") {
        r.set_login({{"username", "admin"}, {"password", "admin"}, {"enable_password", "n0tright"}});
        const auto opened = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
        CHECK(opened.code() == "enable_failed");
        CHECK_THAT(opened.message(), Catch::Contains("enable_password") && !Catch::Contains("n0tright"));
    }
    SECTION("missing where the mode was asked for") {
        const auto opened = r.open(1, r.target(devices.port("core1"), "cisco_ios", {{"mode", "privileged"}}));
        CHECK(opened.code() == "enable_failed");
        CHECK_THAT(opened.message(), Catch::Contains("no enable_password"));
    }
    SECTION("missing and not asked for: the session stays where the login led") {
        const auto opened = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
        CHECK(opened.ok);
        CHECK(opened.reply["prompt"] == "core1>");
    }
}

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

TEST_CASE("a Linux shell gets a prompt of ours and gives the exit status") {
    device_spec device;
    device.name = "box";
    device.kind = flavour::linux_shell;
    device.commands.push_back(says("cat prices", "total: 5 $\nuser@box:~$ \n# "));
    simulator devices({device});
    rig r;
    const auto opened = r.open(1, r.target(devices.port("box"), "linux"));
    INFO(opened.message());
    REQUIRE(opened.ok);
    CHECK(r.exec(1, "true").reply["exit_status"] == 0);
    const auto bad = r.exec(1, "false");
    CHECK(bad.reply["exit_status"] == 1);
    CHECK(bad.reply["failed"]["code"] == "command_failed");
    CHECK(r.exec(1, "cat prices").output == "total: 5 $\nuser@box:~$ \n# ");
}

TEST_CASE("slow output in small pieces arrives whole, and the learned prompt ends it") {
    auto device = ios();
    auto slow = says("show slow", "one\ntwo\nthree\n");
    slow.chunk = 1;
    slow.chunk_delay = std::chrono::milliseconds(1);
    device.commands.push_back(slow);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    CHECK(r.exec(1, "show slow").output == "one\ntwo\nthree");
}

TEST_CASE("a big output arrives whole") {
    auto device = ios();
    auto big = says("show big", "");
    big.generate = 3'000'000;
    device.commands.push_back(big);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show big");
    CHECK(got.ok);
    CHECK(got.output.size() > 2'800'000);
    CHECK(got.output.find("core1#") == std::string::npos);
}

TEST_CASE("output beyond the host's limit is read on and dropped, and the session lives") {
    auto device = ios();
    auto big = says("show big", "");
    big.generate = 500'000;
    device.commands.push_back(big);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    r.on.limit_output(10'000);
    const auto got = r.exec(1, "show big");
    CHECK(got.ok);
    CHECK(got.output.size() <= 10'000);
    CHECK(r.exec(1, "show version").ok);
}

TEST_CASE("a command with a line feed is refused before anything is sent") {
    simulator devices({ios()});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto before = devices.commands("core1").size();
    const auto got = r.exec(1, "show version\nreload");
    CHECK(got.code() == "invalid_request");
    CHECK(devices.commands("core1").size() == before);
    CHECK(r.exec(1, "show version").ok);
}

TEST_CASE("a platform pattern masks secrets in the output unless the device says otherwise") {
    auto device = ios();
    device.commands.push_back(says("show run", "username bob password 7 0822455D0A16\n"));
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    CHECK(r.exec(1, "show run").output == "username bob password 7 ********");
    REQUIRE(r.open(2, r.target(devices.port("core1"), "cisco_ios", {{"redact", false}})).ok);
    CHECK(r.exec(2, "show run").output == "username bob password 7 0822455D0A16");
}

TEST_CASE("a device that hangs up right after its answer gives the answer, and the session is reported as lost") {
    auto device = ios();
    device.close_after_commands = 3; // the two of on_open, and one
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show version");
    CHECK(got.output == "Simulated IOS on core1\nuptime is 1 day");
    if (got.ok) { // else the end came in the same moment, and the operation told it
        REQUIRE(r.on.loop().run_until([&] { return !r.on.services().lost_sessions().empty(); }));
        CHECK(r.on.services().lost_sessions().size() == 1);
    } else {
        CHECK(got.code() == "session_lost");
    }
    CHECK(r.close(1).ok);
}
