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
