// Whole devices over loopback, against a libssh client.
#include "simdevice/simulator.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

using namespace ferrule::simdevice;
using namespace ferrule::simdevice::testing;

namespace {

void allow_many_descriptors() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

TEST_CASE("a libssh client works in a shell, and the transcript tells what was received") {
    simulator devices({small_device()});
    client ops(devices.port("core1"));
    ops.login().open_shell();
    CHECK(ops.read_to("core1#") == "core1#");
    CHECK(ops.command("show version", "core1#") ==
          "show version\r\nSimulated IOS on core1\r\nuptime is 1 day\r\ncore1#");
    CHECK(ops.command("", "core1#") == "\r\ncore1#");
    CHECK(devices.commands("core1") == std::vector<std::string>{"show version"});
    CHECK(devices.counters("core1").returns == 1);
    CHECK(devices.sessions_open("core1") == 1);
}

TEST_CASE("paging works over the wire") {
    auto device = small_device();
    device.pager = pager_spec{3, "--More--", pager_spec::erase_kind::cursor_left};
    device.commands.push_back(says("show rows", "1\n2\n3\n4\n5\n6\n7\n"));
    simulator devices({device});
    client ops(devices.port("core1"));
    ops.login().open_shell().read_to("core1#");
    CHECK(ops.command("show rows", "--More--") == "show rows\r\n1\r\n2\r\n3\r\n--More--");
    CHECK(ops.write(" ").read_to("--More--") == "\x1b[8D        \x1b[8D4\r\n5\r\n6\r\n--More--");
    CHECK(ops.write(" ").read_to("core1#") == "\x1b[8D        \x1b[8D7\r\ncore1#");
}

TEST_CASE("a connection dropped in the middle of the output delivers what came before") {
    auto device = small_device();
    auto cut = says("show tech", "");
    cut.generate = 1'000'000;
    cut.drop_after = 300'000;
    device.commands.push_back(cut);
    simulator devices({device});
    client ops(devices.port("core1"));
    ops.login().open_shell().read_to("core1#");
    const auto output = ops.write("show tech\n").read_to_end();
    CHECK(output.size() == std::string("show tech\r\n").size() + 300'000);
    CHECK(ssh_is_connected(ops.session()) == 0);
    REQUIRE(devices.wait_until("core1", [](const auto& now) { return now.connections_open == 0; }));
    CHECK(devices.sessions("core1").front().end == "dropped by the script");
}

TEST_CASE("a slow reader that is still typing gets all the output that preceded the drop") {
    auto device = small_device();
    auto cut = says("show tech", "");
    cut.generate = 400'000;
    cut.drop_after = 300'000;
    device.commands.push_back(cut);
    simulator devices({device});
    client ops(devices.port("core1"), "admin", 4096);
    ops.login().open_shell().read_to("core1#");
    ops.write("show tech\n");
    // Only once the device considers the connection over does the client type on, and then read.
    REQUIRE(devices.wait_until("core1", [](const auto& now) { return now.sessions_open == 0; }));
    ops.write("show version\n");
    CHECK(ops.read_to_end().size() == std::string("show tech\r\n").size() + 300'000);
}

TEST_CASE("drop_all ends every session and the device takes new ones") {
    simulator devices({small_device()}, 2);
    std::vector<client> clients;
    for (int i = 0; i < 5; ++i) {
        clients.emplace_back(devices.port("core1"));
        clients.back().login().open_shell().read_to("core1#");
    }
    CHECK(devices.sessions_open("core1") == 5);
    devices.drop_all("core1");
    CHECK(devices.sessions_open("core1") == 0);
    for (auto& ops : clients) {
        CHECK(ops.read_to_end().empty());
    }
    client again(devices.port("core1"));
    CHECK_NOTHROW(again.login().open_shell().read_to("core1#"));
}

TEST_CASE("the output of large commands arrives whole, for several sessions at once") {
    auto device = small_device();
    auto big = says("show big", "");
    big.generate = 2'000'000;
    device.commands.push_back(big);
    simulator devices({device});
    std::vector<client> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(devices.port("core1"));
        clients.back().login().open_shell().read_to("core1#");
        clients.back().write("show big\n");
    }
    for (auto& ops : clients) {
        CHECK(ops.read_to("core1#").size() == std::string("show big\r\n").size() + 2'000'000 + 6);
    }
}

TEST_CASE("endless output does not keep other sessions waiting, and ends with the connection") {
    auto device = small_device();
    auto endless = says("show endless", "");
    endless.endless = true;
    device.commands.push_back(endless);
    simulator devices({device});
    {
        client flooded(devices.port("core1"));
        flooded.login().open_shell().read_to("core1#");
        flooded.write("show endless\n");
        client other(devices.port("core1"));
        other.login().open_shell().read_to("core1#");
        CHECK(other.command("show version", "core1#").find("Simulated") != std::string::npos);
    }
    CHECK(devices.wait_until("core1", [](const auto& now) { return now.connections_open == 0; }));
}

TEST_CASE("a frozen device keeps its connections and goes on once thawed") {
    simulator devices({small_device()});
    client ops(devices.port("core1"));
    ops.login().open_shell().read_to("core1#");
    devices.set_frozen("core1", true);
    ops.write("show version\n");
    CHECK(ssh_channel_poll_timeout(ops.channel(), 50, 0) == 0);
    CHECK(devices.commands("core1").empty());
    devices.set_frozen("core1", false);
    CHECK(ops.read_to("core1#").find("Simulated") != std::string::npos);
}

TEST_CASE("a name changed in configuration mode is the device's for all its sessions") {
    simulator devices({small_device()});
    client first(devices.port("core1"));
    client second(devices.port("core1"));
    first.login().open_shell().read_to("core1#");
    second.login().open_shell().read_to("core1#");
    first.command("configure terminal", "core1(config)#");
    first.command("hostname core2", "core2(config)#");
    CHECK(second.command("", "core2#") == "\r\ncore2#");
}

TEST_CASE("a reset is seen as one") {
    auto device = small_device();
    auto crash = says("crash", "going down\n");
    crash.then = ending::reset;
    device.commands.push_back(crash);
    simulator devices({device});
    client ops(devices.port("core1"));
    ops.login().open_shell().read_to("core1#");
    ops.write("crash\n");
    REQUIRE(devices.wait_until("core1", [](const auto& now) { return now.connections_open == 0; }));
    ops.read_to_end();
    CHECK(ssh_is_connected(ops.session()) == 0);
    CHECK(devices.sessions("core1").front().end == "reset by the script");
}

TEST_CASE("a device that does not listen refuses, and comes back on its port") {
    simulator devices({small_device()});
    const auto port = devices.port("core1");
    devices.set_listening("core1", false);
    CHECK_THROWS_WITH(client(port), Catch::Contains("Connection refused"));
    devices.set_listening("core1", true);
    CHECK(devices.port("core1") == port);
    CHECK_NOTHROW(client(port).login());
}

TEST_CASE("connections that never become SSH fail in their own ways") {
    auto closing = small_device("closing");
    closing.greeting = greeting_kind::close_at_once;
    auto other = small_device("other");
    other.greeting = greeting_kind::not_ssh;
    auto full = small_device("full");
    full.max_sessions = 1;
    simulator devices({closing, other, full});
    CHECK_THROWS(client(devices.port("closing")));
    CHECK_THROWS(client(devices.port("other")));
    client first(devices.port("full"));
    CHECK_THROWS(client(devices.port("full")));
    CHECK(devices.counters("full").connections == 2);
}

TEST_CASE("shells, terminals and exec requests can be refused") {
    auto no_shell = small_device("no_shell");
    no_shell.shell = shell_kind::refuse_shell;
    auto no_pty = small_device("no_pty");
    no_pty.shell = shell_kind::refuse_pty;
    auto no_exec = small_device("no_exec");
    no_exec.allow_exec = false;
    simulator devices({no_shell, no_pty, no_exec});
    client first(devices.port("no_shell"));
    first.login();
    CHECK_THROWS_WITH(first.open_shell(), Catch::StartsWith("shell"));
    client second(devices.port("no_pty"));
    second.login();
    CHECK_THROWS_WITH(second.open_shell(), Catch::StartsWith("pty"));
    client third(devices.port("no_exec"));
    third.login();
    auto* channel = ssh_channel_new(third.session());
    CHECK(ssh_channel_open_session(channel) == SSH_OK);
    CHECK(ssh_channel_request_exec(channel, "show version") == SSH_ERROR);
    CHECK(ssh_channel_request_subsystem(channel, "netconf") == SSH_ERROR);
    CHECK(devices.commands("no_exec").empty());
}

TEST_CASE("a delayed answer to the login, a slow prompt and an idle limit") {
    auto device = small_device();
    device.connect_delay = milliseconds(5);
    device.auth_delay = milliseconds(5);
    device.prompt_delay = milliseconds(5);
    device.idle_timeout = milliseconds(200);
    simulator devices({device});
    client ops(devices.port("core1"));
    CHECK_THROWS(ops.login("wrong"));
    ops.login().open_shell();
    CHECK(ops.read_to_end() == "core1#");
    CHECK(devices.sessions("core1").front().end == "idle for too long");
}

TEST_CASE("host keys change for new connections, in every type") {
    auto device = small_device();
    device.host_key_types = {"ecdsa"};
    simulator devices({device});
    const auto before = devices.host_keys("core1").front();
    CHECK(client(devices.port("core1")).host_key() == before);
    devices.change_host_key("core1");
    const auto after = devices.host_keys("core1").front();
    CHECK(after != before);
    CHECK(client(devices.port("core1")).host_key() == after);
}

TEST_CASE("old algorithms can be all that a device knows") {
    auto device = small_device();
    device.host_key_types = {"rsa"};
    device.algorithms = {"diffie-hellman-group14-sha1", "aes128-cbc", "hmac-sha1", "ssh-rsa"};
    simulator devices({device});
    CHECK_THROWS(client(devices.port("core1")));
    const auto result = run({"ssh",
                             "-F",
                             "none",
                             "-o",
                             "StrictHostKeyChecking=no",
                             "-o",
                             "UserKnownHostsFile=/dev/null",
                             "-o",
                             "KexAlgorithms=+diffie-hellman-group14-sha1",
                             "-o",
                             "Ciphers=+aes128-cbc",
                             "-o",
                             "MACs=+hmac-sha1",
                             "-o",
                             "HostKeyAlgorithms=+ssh-rsa",
                             "-o",
                             "BatchMode=yes",
                             "-v",
                             "-p",
                             std::to_string(devices.port("core1")),
                             "admin@127.0.0.1"});
    CHECK(result.output.find("diffie-hellman-group14-sha1") != std::string::npos);
    CHECK(result.output.find("Permission denied") != std::string::npos);
}

TEST_CASE("two hundred devices with names of their own live in one process") {
    std::vector<device_spec> specs;
    for (int i = 0; i < 200; ++i) {
        specs.push_back(small_device("leaf" + std::to_string(i)));
    }
    simulator devices(specs);
    CHECK(devices.ports().size() == 200);
    for (const auto& [name, port] : devices.ports()) {
        client ops(port);
        ops.login().open_shell().read_to(name + "#");
    }
    CHECK_THROWS_AS(devices.port("leaf200"), std::out_of_range);
}

TEST_CASE("a thousand sessions at once get each its own answers, in order and none twice") {
    allow_many_descriptors();
    constexpr int sessions = 1000;
    auto device = small_device();
    auto echo = says("show (\\S+)", "answer ${1} of session ${session}\n");
    echo.match = command_spec::match_kind::regex;
    device.commands = {echo};
    simulator devices({device});
    std::vector<client> clients;
    for (int i = 0; i < sessions; ++i) {
        clients.emplace_back(devices.port("core1"));
        clients.back().login().open_shell().read_to("core1#");
    }
    CHECK(devices.sessions_open("core1") == sessions);
    for (int i = 0; i < sessions; ++i) {
        const auto number = std::to_string(i);
        clients[static_cast<std::size_t>(i)].write("show a" + number + "\nshow b" + number + "\n");
    }
    int wrong = 0;
    for (int i = 0; i < sessions; ++i) {
        auto& ops = clients[static_cast<std::size_t>(i)];
        const auto number = std::to_string(i);
        const auto end = " of session " + std::to_string(i + 1) + "\r\ncore1#";
        auto first = ops.read_to(end);
        const auto second_command = "show b" + number + "\r\nanswer b" + number + end;
        if (first.find(second_command) == std::string::npos) {
            first += ops.read_to(end);
        }
        wrong += first == "show a" + number + "\r\nanswer a" + number + end + second_command ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(devices.counters("core1").commands == 2 * sessions);
    std::map<std::uint64_t, std::vector<std::string>> received;
    for (const auto& entry : devices.transcript("core1")) {
        received[entry.session].push_back(entry.text);
    }
    for (int i = 0; i < sessions; ++i) {
        const auto number = std::to_string(i);
        wrong += received[static_cast<std::uint64_t>(i) + 1] ==
                         std::vector<std::string>{"show a" + number, "show b" + number}
                     ? 0
                     : 1;
    }
    CHECK(wrong == 0);
}
