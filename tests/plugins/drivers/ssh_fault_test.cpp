// SPDX-License-Identifier: Apache-2.0
// Every fault of a device has its code and its advice, and nothing hangs.
#include "plugins/drivers/rig.hpp"
#include "simdevice/simulator.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::drivers_test;
using namespace ferrule::simdevice;
using ferrule::simdevice::testing::says;
using ferrule::simdevice::testing::small_device;

namespace {

json quick(json to, int connect_ms = 500, int auth_ms = 1000) {
    to["connect_timeout_ms"] = connect_ms;
    to["auth_timeout_ms"] = auth_ms;
    return to;
}

} // namespace

TEST_CASE("a closed port is connection_refused") {
    simulator devices({small_device()});
    devices.set_listening("core1", false);
    rig r;
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    CHECK(got.code() == "connection_refused");
    CHECK(got.reply["retryable"] == true);
}

TEST_CASE("a name without address is resolve_failed") {
    rig r;
    auto to = r.target(22, "cisco_ios");
    to["host"] = "no-such-host.invalid";
    const auto got = r.open(1, to);
    CHECK(got.code() == "resolve_failed");
    CHECK_THAT(got.message(), Catch::Contains("no-such-host.invalid"));
}

TEST_CASE("the second address is tried when the first refuses") {
    simulator devices({small_device()});
    rig r;
    r.on.services().set_name("dual", {"::1", "127.0.0.1"});
    auto to = r.target(devices.port("core1"), "cisco_ios");
    to["host"] = "dual";
    CHECK(r.open(1, to).ok);
}

TEST_CASE("greetings that are no SSH") {
    auto device = small_device();
    rig r;
    SECTION("another protocol") {
        device.greeting = greeting_kind::not_ssh;
        simulator devices({device});
        const auto got = r.open(1, quick(r.target(devices.port("core1"), "cisco_ios")));
        CHECK(got.code() == "kex_failed");
        CHECK_THAT(got.message(), Catch::Contains("port"));
    }
    SECTION("closed at once") {
        device.greeting = greeting_kind::close_at_once;
        simulator devices({device});
        CHECK(r.open(1, quick(r.target(devices.port("core1"), "cisco_ios"))).code() == "kex_failed");
    }
    SECTION("silence") {
        device.greeting = greeting_kind::silent;
        simulator devices({device});
        const auto got = r.open(1, quick(r.target(devices.port("core1"), "cisco_ios"), 200));
        CHECK(got.code() == "connect_timeout");
        CHECK_THAT(got.message(), Catch::Contains("greeting"));
    }
}

TEST_CASE("no common algorithm: the message names an option that helps, and it does") {
    auto device = small_device();
    device.algorithms.key_exchange = "diffie-hellman-group14-sha1";
    simulator devices({device});
    rig r;
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    CHECK(got.code() == "kex_failed");
    // The device may end the connection before its list is read; OpenSSH, which does not, is in ssh_openssh_test.cpp.
    CHECK_THAT(got.message(), Catch::Contains("legacy_algorithms"));
    const json list = {{"kex", {"+diffie-hellman-group14-sha1"}}};
    const auto with_list = r.open(2, r.target(devices.port("core1"), "cisco_ios", {{"algorithms", list}}));
    CHECK(with_list.message() == "");
    const auto with_legacy = r.open(3, r.target(devices.port("core1"), "cisco_ios", {{"legacy_algorithms", true}}));
    CHECK(with_legacy.message() == "");
}

TEST_CASE("a wrong password is auth_failed, offered once, and never shown") {
    simulator devices({small_device()});
    rig r;
    r.set_login({{"username", "admin"}, {"password", "wr0ngpass"}});
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    CHECK(got.code() == "auth_failed");
    CHECK(got.reply["retryable"] == false);
    CHECK_THAT(got.message(), Catch::Contains("password") && !Catch::Contains("wr0ngpass"));
    CHECK(devices.counters("core1").failed_logins == 1);
}

TEST_CASE("a login that does not come to an end is auth_timeout") {
    auto device = small_device();
    device.auth_delay = std::chrono::seconds(60);
    simulator devices({device});
    rig r;
    CHECK(r.open(1, quick(r.target(devices.port("core1"), "cisco_ios"), 2000, 200)).code() == "auth_timeout");
}

TEST_CASE("shells that do not come") {
    auto device = small_device();
    rig r;
    SECTION("refused") {
        device.shell = shell_kind::refuse_shell;
        simulator devices({device});
        CHECK(r.open(1, quick(r.target(devices.port("core1"), "cisco_ios"))).code() == "shell_refused");
    }
    SECTION("no terminal") {
        device.shell = shell_kind::refuse_pty;
        simulator devices({device});
        CHECK(r.open(1, quick(r.target(devices.port("core1"), "cisco_ios"))).code() == "shell_refused");
    }
    SECTION("hung") {
        device.shell = shell_kind::hung;
        simulator devices({device});
        CHECK(r.open(1, quick(r.target(devices.port("core1"), "cisco_ios"), 2000, 300)).code() == "prompt_timeout");
    }
}

TEST_CASE("a demand for a new password at login is login_dialog and says what to do") {
    auto device = small_device();
    ask_spec change;
    change.prompt = "New password: ";
    change.secret = true;
    device.login_dialog = {change};
    simulator devices({device});
    rig r;
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    CHECK(got.code() == "login_dialog");
    CHECK_THAT(got.message(), Catch::Contains("new password"));
}

TEST_CASE("a device that hangs in a command is prompt_timeout") {
    auto device = small_device();
    auto hang = says("show hang", "some text\n");
    hang.then = ending::hang;
    device.commands.push_back(hang);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show hang", {{"idle_timeout_ms", 200}});
    CHECK(got.code() == "prompt_timeout");
    CHECK(got.output == "some text");
    CHECK(r.close(1).ok);
}

TEST_CASE("time in which this process did not run is no silence of the device") {
    auto device = small_device();
    auto late = says("show late", "it came\n");
    late.delay = std::chrono::milliseconds(30);
    auto later = says("show later", "it came too\n");
    later.delay = std::chrono::milliseconds(60);
    device.commands = {late, later};
    simulator devices({device});
    rig stopped;
    REQUIRE(stopped.open(1, stopped.target(devices.port("core1"), "cisco_ios")).ok);
    rig running;
    REQUIRE(running.open(1, running.target(devices.port("core1"), "cisco_ios")).ok);
    const auto op = stopped.driver.exec(1, R"({"command":"show late","idle_timeout_ms":25})");
    stopped.on.loop().run_ready();
    // While the other one runs, the answer to the stopped one arrives, and its patience ends.
    REQUIRE(running.exec(1, "show later").ok);
    const auto got = stopped.finish(op);
    CHECK(got.ok);
    CHECK(got.output == "it came");
}

TEST_CASE("a connection dropped in mid-output is session_lost with the output so far") {
    auto device = small_device();
    auto drop = says("show drop", "first line\nsecond line\n");
    drop.then = GENERATE(ending::drop, ending::reset, ending::close);
    device.commands.push_back(drop);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto got = r.exec(1, "show drop");
    CHECK(got.code() == "session_lost");
    CHECK(got.reply["retryable"] == true);
    CHECK(r.exec(1, "show version").code() == "session_lost");
    CHECK(r.close(1).ok);
    CHECK(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
}

TEST_CASE("an idle session that ends is reported as lost") {
    simulator devices({small_device()});
    rig r;
    REQUIRE(r.open(7, r.target(devices.port("core1"), "cisco_ios")).ok);
    devices.drop_all("core1");
    REQUIRE(r.on.loop().run_until([&] { return !r.on.services().lost_sessions().empty(); }));
    REQUIRE(r.on.services().lost_sessions().size() == 1);
    CHECK(r.on.services().lost_sessions()[0].session == 7);
    CHECK(json::parse(r.on.services().lost_sessions()[0].error)["code"] == "session_lost");
    CHECK(r.close(7).ok);
}

TEST_CASE("a frozen device fails the keepalive") {
    simulator devices({small_device()});
    rig r;
    auto to = r.target(devices.port("core1"), "cisco_ios");
    to["platform"]["keepalive"]["timeout"] = "200ms";
    REQUIRE(r.open(1, to).ok);
    devices.set_frozen("core1", true);
    const auto got = r.keepalive(1);
    CHECK(got.code() == "prompt_timeout");
    devices.set_frozen("core1", false);
    CHECK(r.close(1).ok);
}

TEST_CASE("endless output ends with the host's cancellation") {
    auto device = small_device();
    auto endless = says("show endless", "");
    endless.endless = true;
    device.commands.push_back(endless);
    simulator devices({device});
    rig r;
    REQUIRE(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    const auto op = r.driver.exec(1, R"({"command":"show endless","idle_timeout_ms":5000})");
    r.on.loop().run_until([&] { return r.on.result(op).output.size() > 50'000; });
    r.driver.cancel(op);
    const auto got = r.finish(op);
    CHECK(got.code() == "cancelled");
    CHECK(r.close(1).ok);
}

TEST_CASE("an open that is cancelled after any number of steps completes at once and leaves nothing behind") {
    auto device = small_device();
    device.connect_delay = device.auth_delay = device.prompt_delay = std::chrono::milliseconds(3); // more steps
    simulator devices({device});
    rig r;
    const auto to = r.target(devices.port("core1"), "cisco_ios").dump();
    int steps = 0;
    for (frl_session session = 1; session < 100; ++session, ++steps) {
        const auto op = r.driver.open(session, to);
        int turn = 0;
        r.on.loop().run_until([&] { return turn++ >= steps || r.on.result(op).completed; });
        if (r.on.result(op).completed) {
            CHECK(r.on.result(op).ok());
            CHECK(r.close(session).ok);
            break;
        }
        r.driver.cancel(op);
        CHECK(r.finish(op).code() == "cancelled");
    }
    CHECK(steps >= 4);
    r.on.loop().run_ready();
    CHECK(r.on.loop().watch_count() == 0);
    CHECK(r.on.loop().timer_count() == 0);
    CHECK(r.on.wrong_thread_calls().empty());
}
