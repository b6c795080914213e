// OpenSSH's ssh, an implementation that shares nothing with the simulated device, logs in every way there is.
#include "simdevice/simulator.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <thread>

using namespace ferrule::simdevice;
using namespace ferrule::simdevice::testing;

namespace {

using words = std::vector<std::string>;

/// ssh with everything of this machine's configuration left out, plus the given options and words.
words ssh_to(std::uint16_t port, const words& options, const words& rest,
             const std::string& known_hosts = "/dev/null") {
    words all{"ssh",  "-F",
              "none", "-q",
              "-p",   std::to_string(port),
              "-o",   "UserKnownHostsFile=" + known_hosts,
              "-o",   "GlobalKnownHostsFile=/dev/null"};
    if (known_hosts == "/dev/null") {
        all.insert(all.end(), {"-o", "StrictHostKeyChecking=no"});
    }
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

/// Answers ssh's questions by a script that knows the answer to each prompt.
std::map<std::string, std::string> answering(const scratch_directory& place, const std::string& cases) {
    const auto script = place.write("askpass", "#!/bin/sh\ncase \"$1\" in\n" + cases + "\n*) exit 1;;\nesac\n", true);
    return {{"SSH_ASKPASS", script}, {"SSH_ASKPASS_REQUIRE", "force"}, {"DISPLAY", ":none"}};
}

words by(const std::string& method) {
    return {"-o", "PreferredAuthentications=" + method, "-o", "IdentityAgent=none"};
}

} // namespace

TEST_CASE("OpenSSH logs in by password and gets a command's output and exit status") {
    const scratch_directory place;
    auto device = small_device();
    auto failing = says("fail", "no\n");
    failing.exit_status = 3;
    device.commands.push_back(failing);
    simulator devices({device});

    const auto environment = answering(place, "*password*) echo admin;;");
    const auto good =
        run(ssh_to(devices.port("core1"), by("password"), {"admin@127.0.0.1", "show version"}), "", environment);
    CHECK(good.status == 0);
    CHECK(good.output == "Simulated IOS on core1\nuptime is 1 day\n");
    const auto bad = run(ssh_to(devices.port("core1"), by("password"), {"admin@127.0.0.1", "fail"}), "", environment);
    CHECK(bad.status == 3);
    CHECK(devices.commands("core1") == words{"show version", "fail"});
    CHECK(devices.sessions("core1").front().method == "password");
}

TEST_CASE("OpenSSH with a wrong password is refused and counted") {
    const scratch_directory place;
    simulator devices({small_device()});
    auto options = by("password");
    options.insert(options.end(), {"-o", "NumberOfPasswordPrompts=1"});
    const auto result = run(ssh_to(devices.port("core1"), options, {"admin@127.0.0.1", "show version"}), "",
                            answering(place, "*password*) echo wrong;;"));
    CHECK(result.status == 255);
    CHECK(devices.counters("core1").failed_logins == 1);
    CHECK(devices.counters("core1").logins == 0);
    CHECK(devices.commands("core1").empty());
}

TEST_CASE("OpenSSH logs in by key, and not with another key") {
    const scratch_directory place;
    for (const auto* name : {"good", "other"}) {
        REQUIRE(run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.path(name)}).status == 0);
    }
    std::string line;
    std::ifstream file(place.path("good.pub"));
    std::getline(file, line);
    auto device = small_device();
    user_spec user;
    user.name = "ops";
    user.authorized_keys.push_back(line);
    device.users.push_back(user);
    simulator devices({device});

    const auto with = [&](const std::string& key) {
        auto options = by("publickey");
        options.insert(options.end(), {"-i", place.path(key), "-o", "IdentitiesOnly=yes"});
        return run(ssh_to(devices.port("core1"), options, {"ops@127.0.0.1", "show version"}));
    };
    CHECK(with("good").status == 0);
    CHECK(with("other").status == 255);
    CHECK(devices.counters("core1").logins == 1);
    CHECK(devices.sessions("core1").front().method == "publickey");
}

TEST_CASE("OpenSSH passes an INFO round without prompts, then a password, then a one-time code") {
    const scratch_directory place;
    auto device = small_device();
    user_spec user;
    user.name = "admin";
    user.challenges = {{"Notice", "Authorised use only", {}},
                       {"", "", {{"Password: ", false, "s3cret"}}},
                       {"", "Second factor", {{"Code: ", true, "123456"}}}};
    device.users.push_back(user);
    simulator devices({device});

    const auto login = [&](const std::string& code) {
        auto options = by("keyboard-interactive");
        options.insert(options.end(), {"-o", "NumberOfPasswordPrompts=1"});
        return run(ssh_to(devices.port("core1"), options, {"admin@127.0.0.1", "show version"}), "",
                   answering(place, "*Password*) echo s3cret;;\n*Code*) echo " + code + ";;"));
    };
    const auto good = login("123456");
    CHECK(good.status == 0);
    CHECK(good.output.find("Simulated IOS") != std::string::npos);
    CHECK(devices.sessions("core1").front().method == "keyboard-interactive");
    CHECK(login("000000").status == 255);
    CHECK(devices.counters("core1").logins == 1);
}

TEST_CASE("two factors are both needed") {
    const scratch_directory place;
    REQUIRE(run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.path("id")}).status == 0);
    std::string line;
    std::ifstream file(place.path("id.pub"));
    std::getline(file, line);
    auto device = small_device();
    user_spec user;
    user.name = "admin";
    user.password = "s3cret";
    user.authorized_keys.push_back(line);
    user.require = {"publickey", "password"};
    device.users.push_back(user);
    simulator devices({device});

    const auto login = [&](const std::string& methods) {
        auto options = by(methods);
        options.insert(options.end(), {"-i", place.path("id"), "-o", "IdentitiesOnly=yes"});
        return run(ssh_to(devices.port("core1"), options, {"admin@127.0.0.1", "show version"}), "",
                   answering(place, "*password*) echo s3cret;;"));
    };
    CHECK(login("publickey").status == 255);
    CHECK(login("publickey,password").status == 0);
    CHECK(devices.sessions("core1").back().method == "password+publickey");
}

TEST_CASE("OpenSSH refuses a device whose host key changed") {
    const scratch_directory place;
    simulator devices({small_device()});
    const auto port = devices.port("core1");
    const auto remember = [&] {
        place.write("known_hosts",
                    "[127.0.0.1]:" + std::to_string(port) + " " + devices.host_keys("core1").front() + "\n");
    };
    const auto login = [&] {
        auto options = by("password");
        options.insert(options.end(), {"-o", "StrictHostKeyChecking=yes"});
        return run(ssh_to(port, options, {"admin@127.0.0.1", "show version"}, place.path("known_hosts")), "",
                   answering(place, "*password*) echo admin;;"))
            .status;
    };
    remember();
    CHECK(login() == 0);
    devices.change_host_key("core1");
    CHECK(login() == 255);
    remember();
    CHECK(login() == 0);
}

TEST_CASE("OpenSSH works in a shell on a terminal and shows the banner and the motd") {
    const scratch_directory place;
    auto device = small_device();
    device.banner = "Authorised access only\n";
    device.motd = "Welcome\nmaintenance#\n";
    simulator devices({device});
    auto options = by("password");
    options.insert(options.end(), {"-tt", "-o", "LogLevel=INFO"});
    auto arguments = ssh_to(devices.port("core1"), options, {"admin@127.0.0.1"});
    std::erase(arguments, "-q");
    const auto result = run(arguments, "show version\nexit\n", answering(place, "*password*) echo admin;;"));
    CHECK(result.output.find("Authorised access only") != std::string::npos);
    CHECK(result.output.find("Welcome\r\nmaintenance#\r\ncore1#show version\r\nSimulated IOS on core1\r\n"
                             "uptime is 1 day\r\ncore1#exit\r\n") != std::string::npos);
    CHECK(devices.commands("core1") == words{"show version", "exit"});
}

TEST_CASE("OpenSSH reaches one device through another by its name") {
    const scratch_directory place;
    auto jump = small_device("jump");
    jump.allow_forwarding = true;
    simulator devices({jump, small_device("inner")});
    const auto environment = answering(place, "*password*) echo admin;;");
    const std::string proxy = "ssh -F none -q -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -p " +
                              std::to_string(devices.port("jump")) + " -W %h:%p admin@127.0.0.1";
    auto options = by("password");
    options.insert(options.end(), {"-o", "ProxyCommand=" + proxy});
    const auto result = run(ssh_to(22, options, {"admin@inner", "show version"}), "", environment);
    CHECK(result.status == 0);
    CHECK(result.output.find("Simulated IOS on inner") != std::string::npos);
    CHECK(devices.counters("jump").forwards == 1);
    CHECK(devices.commands("jump").empty());
}

TEST_CASE("a device that does not forward says so") {
    const scratch_directory place;
    simulator devices({small_device("jump"), small_device("inner")});
    auto options = by("password");
    options.insert(options.end(), {"-W", "inner:22"});
    const auto result = run(ssh_to(devices.port("jump"), options, {"admin@127.0.0.1"}), "",
                            answering(place, "*password*) echo admin;;"));
    CHECK(result.status == 255);
    CHECK(devices.counters("inner").connections == 0);
}

TEST_CASE("OpenSSH's keepalive requests are answered and counted") {
    const scratch_directory place;
    simulator devices({small_device()});
    auto options = by("password");
    options.insert(options.end(), {"-tt", "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"});
    std::thread ended([&] {
        // With a single unanswered request allowed, the second request is only sent if the first was answered.
        CHECK(devices.wait_until("core1", [](const device_counters& now) { return now.keepalives >= 2; }));
        devices.drop_all("core1");
    });
    words arguments{"sh", "-c", "mkfifo \"$0\" && exec 3<>\"$0\" && exec \"$@\" <&3", place.path("endless_input")};
    for (const auto& word : ssh_to(devices.port("core1"), options, {"admin@127.0.0.1"})) {
        arguments.push_back(word);
    }
    const auto result = run(arguments, "", answering(place, "*password*) echo admin;;"));
    ended.join();
    CHECK(result.status == 255);
}
