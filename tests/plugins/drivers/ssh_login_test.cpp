// SPDX-License-Identifier: Apache-2.0
// Every way to log in, host keys, and jump hosts.
#include "plugins/drivers/rig.hpp"
#include "simdevice/simulator.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

using namespace ferrule::drivers_test;
using namespace ferrule::simdevice;
using ferrule::simdevice::testing::run;
using ferrule::simdevice::testing::small_device;

namespace {

/// A fresh key pair made by ssh-keygen.
struct key_pair {
    key_pair(const scratch& where, const std::string& name, const std::string& passphrase = "",
             const std::string& type = "ed25519") {
        const auto made = run({"ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", where.path(name)});
        if (made.status != 0) {
            throw std::runtime_error(made.output);
        }
        secret = where.read(name);
        path = where.path(name);
        const auto line = where.read(name + ".pub");
        open = line.substr(0, line.find('\n'));
    }

    std::string secret;
    std::string open;
    std::string path;
};

device_spec with_user(user_spec user) {
    auto device = small_device();
    device.users = {std::move(user)};
    return device;
}

user_spec by_key(const key_pair& key) {
    user_spec user;
    user.name = "ops";
    user.authorized_keys = {key.open};
    return user;
}

/// ssh-agent for the life of the object.
class agent {
  public:
    explicit agent(const scratch& where)
        : socket_(where.path("agent")) {
        const auto started = run({"ssh-agent", "-s", "-a", socket_});
        const auto at = started.output.find("SSH_AGENT_PID=");
        pid_ = at == std::string::npos ? 0 : std::stoi(started.output.substr(at + 14));
    }

    agent(const agent&) = delete;
    agent& operator=(const agent&) = delete;

    ~agent() {
        if (pid_ > 0) {
            ::kill(pid_, SIGTERM);
        }
    }

    void add(const std::string& path) const {
        const auto added = run({"ssh-add", "-q", path}, "", {{"SSH_AUTH_SOCK", socket_}});
        if (added.status != 0) {
            throw std::runtime_error(added.output);
        }
    }

    [[nodiscard]] const std::string& socket() const { return socket_; }

  private:
    std::string socket_;
    int pid_ = 0;
};

} // namespace

TEST_CASE("a private key logs in, whatever its type") {
    const scratch place;
    const auto type = GENERATE(as<std::string>{}, "ed25519", "ecdsa", "rsa");
    const key_pair key(place, "key", "", type);
    simulator devices({with_user(by_key(key))});
    rig r;
    r.set_login({{"username", "ops"}, {"private_key", key.secret}});
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    INFO(got.message());
    CHECK(got.ok);
    CHECK(devices.sessions("core1").front().method == "publickey");
}

TEST_CASE("an encrypted key needs its passphrase") {
    const scratch place;
    const key_pair key(place, "key", "open sesame");
    simulator devices({with_user(by_key(key))});
    rig r;
    SECTION("the right one") {
        r.set_login({{"username", "ops"}, {"private_key", key.secret}, {"passphrase", "open sesame"}});
        CHECK(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
    }
    SECTION("a wrong one") {
        r.set_login({{"username", "ops"}, {"private_key", key.secret}, {"passphrase", "wr0ng word"}});
        const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
        CHECK(got.code() == "invalid_credential");
        CHECK_THAT(got.message(), Catch::Contains("passphrase") && !Catch::Contains("wr0ng"));
    }
    SECTION("none") {
        r.set_login({{"username", "ops"}, {"private_key", key.secret}});
        CHECK_THAT(r.open(1, r.target(devices.port("core1"), "cisco_ios")).message(), Catch::Contains("encrypted"));
    }
}

TEST_CASE("a key that the device does not know is auth_failed, saying what it allows") {
    const scratch place;
    const key_pair good(place, "good");
    const key_pair other(place, "other");
    simulator devices({with_user(by_key(good))});
    rig r;
    r.set_login({{"username", "ops"}, {"private_key", other.secret}});
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    CHECK(got.code() == "auth_failed");
    CHECK_THAT(got.message(), Catch::Contains("publickey") && Catch::Contains("the private key"));
}

TEST_CASE("the keys of an agent log in, an agent that hangs or is missing does not hold anything up") {
    const scratch place;
    const key_pair decoy(place, "decoy");
    const key_pair key(place, "key");
    simulator devices({with_user(by_key(key))});
    rig r;
    SECTION("a real ssh-agent, whose second key is the right one") {
        const agent keys(place);
        keys.add(decoy.path);
        keys.add(key.path);
        r.set_login({{"username", "ops"}, {"agent_socket", keys.socket()}});
        const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
        INFO(got.message());
        CHECK(got.ok);
        CHECK(r.exec(1, "show version").ok);
    }
    SECTION("no agent there") {
        r.set_login({{"username", "ops"}, {"agent_socket", place.path("nobody")}});
        CHECK(r.open(1, r.target(devices.port("core1"), "cisco_ios")).code() == "agent_unreachable");
    }
    SECTION("an agent that accepts and never answers") {
        const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = place.path("mute");
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
        REQUIRE(::listen(listener, 1) == 0);
        r.set_login({{"username", "ops"}, {"agent_socket", path}});
        auto to = r.target(devices.port("core1"), "cisco_ios");
        to["auth_timeout_ms"] = 300;
        CHECK(r.open(1, to).code() == "auth_timeout");
        ::close(listener);
    }
}

TEST_CASE("a device that wants key and password gets both") {
    const scratch place;
    const key_pair key(place, "key");
    auto user = by_key(key);
    user.password = "s3cret";
    user.require = {"publickey", "password"};
    simulator devices({with_user(user)});
    rig r;
    r.set_login({{"username", "ops"}, {"password", "s3cret"}, {"private_key", key.secret}});
    CHECK(r.open(1, r.target(devices.port("core1"), "cisco_ios")).ok);
}

TEST_CASE("strict host keys: unknown is refused with the fingerprint, listed is accepted, changed is refused") {
    const scratch place;
    simulator devices({small_device()});
    rig r;
    const auto port = devices.port("core1");
    const auto file = place.path("known_hosts");
    const json options = {{"host_key_policy", "strict"}, {"known_hosts", file}};
    const auto unknown = r.open(1, r.target(port, "cisco_ios", options));
    CHECK(unknown.code() == "host_key_unknown");
    CHECK_THAT(unknown.message(), Catch::Contains("SHA256:") && Catch::Contains(file));
    CHECK(devices.counters("core1").failed_logins == 0);

    place.write("known_hosts", unknown.reply["details"]["known_hosts_line"].get<std::string>() + "\n");
    CHECK(r.open(2, r.target(port, "cisco_ios", options)).ok);
    CHECK(r.exec(2, "show version").ok);

    devices.change_host_key("core1");
    const auto changed = r.open(3, r.target(port, "cisco_ios", options));
    CHECK(changed.code() == "host_key_mismatch");
    const auto old_print = unknown.reply["details"]["fingerprint"].get<std::string>();
    CHECK_THAT(changed.message(), Catch::Contains(old_print) && Catch::Contains("line 1"));
    CHECK(changed.reply["details"]["fingerprint"] != old_print);
}

TEST_CASE("accept_new remembers a new host and refuses a changed key") {
    const scratch place;
    simulator devices({small_device("core1"), small_device("core2")});
    const json options = {{"host_key_policy", "accept_new"}, {"known_hosts", place.path("known_hosts")}};
    rig r;
    CHECK(r.open(1, r.target(devices.port("core1"), "cisco_ios", options)).ok);
    CHECK(r.open(2, r.target(devices.port("core2"), "cisco_ios", options)).ok);
    CHECK(r.open(3, r.target(devices.port("core1"), "cisco_ios", options)).ok);
    const auto text = place.read("known_hosts");
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
    // OpenSSH's own tool finds the host in the file.
    CHECK(run({"ssh-keygen", "-F", "[127.0.0.1]:" + std::to_string(devices.port("core1")), "-f",
               place.path("known_hosts")})
              .status == 0);
    devices.change_host_key("core1");
    CHECK(r.open(4, r.target(devices.port("core1"), "cisco_ios", options)).code() == "host_key_mismatch");
}

TEST_CASE("a hashed known_hosts file made by OpenSSH is understood") {
    const scratch place;
    simulator devices({small_device()});
    const auto port = devices.port("core1");
    std::string text;
    for (const auto& key : devices.host_keys("core1")) {
        text += "[127.0.0.1]:" + std::to_string(port) + " " + key + "\n";
    }
    place.write("known_hosts", text);
    REQUIRE(run({"ssh-keygen", "-H", "-f", place.path("known_hosts")}).status == 0);
    REQUIRE(place.read("known_hosts").find("127.0.0.1") == std::string::npos);
    rig r;
    CHECK(r.open(1, r.target(port, "cisco_ios",
                             {{"host_key_policy", "strict"}, {"known_hosts", place.path("known_hosts")}}))
              .ok);
}

TEST_CASE("a host with several keys is asked for the one that is known") {
    const scratch place;
    auto device = small_device();
    device.host_key_types = {"ed25519", "ecdsa", "rsa"};
    simulator devices({device});
    const auto port = devices.port("core1");
    std::string rsa;
    for (const auto& key : devices.host_keys("core1")) {
        if (key.starts_with("ssh-rsa")) {
            rsa = key;
        }
    }
    REQUIRE(!rsa.empty());
    place.write("known_hosts", "[127.0.0.1]:" + std::to_string(port) + " " + rsa + "\n");
    rig r;
    const auto got = r.open(
        1, r.target(port, "cisco_ios", {{"host_key_policy", "strict"}, {"known_hosts", place.path("known_hosts")}}));
    INFO(got.message());
    CHECK(got.ok);
}

TEST_CASE("sessions through jump hosts share the outer connections, each hop with its own login") {
    auto first = small_device("jump1");
    first.allow_forwarding = true;
    user_spec jumper;
    jumper.name = "hop";
    jumper.password = "hop1";
    first.users = {jumper};
    auto second = small_device("jump2");
    second.allow_forwarding = true;
    simulator devices({first, second, small_device("core1")});
    rig r;
    r.set_login({{"username", "hop"}, {"password", "hop1"}}, "jump-login");
    r.set_login({{"username", "admin"}, {"password", "admin"}}, "jump2-login");
    auto to = r.target(devices.port("core1"), "cisco_ios");
    to["jump"] = {{{"host", "127.0.0.1"},
                   {"port", devices.port("jump1")},
                   {"credential", "jump-login"},
                   {"options", {{"host_key_policy", "insecure"}}}},
                  {{"host", "127.0.0.1"},
                   {"port", devices.port("jump2")},
                   {"credential", "jump2-login"},
                   {"options", {{"host_key_policy", "insecure"}}}}};
    std::vector<frl_op> opens;
    for (frl_session s = 1; s <= 20; ++s) {
        opens.push_back(r.driver.open(s, to.dump()));
    }
    for (const auto op : opens) {
        const auto got = r.finish(op);
        INFO(got.message());
        CHECK(got.ok);
    }
    for (frl_session s = 1; s <= 20; ++s) {
        CHECK(r.exec(s, "show version").output == "Simulated IOS on core1\nuptime is 1 day");
    }
    CHECK(devices.counters("jump1").logins == 1);
    CHECK(devices.counters("jump2").logins == 1);
    CHECK(devices.counters("core1").logins == 20);
    for (frl_session s = 1; s <= 20; ++s) {
        CHECK(r.close(s).ok);
    }
    CHECK(devices.wait_until("jump1", [](const device_counters& c) { return c.connections_open == 0; }));
    r.on.loop().run_ready();
    CHECK(r.on.loop().watch_count() == 0);
}

TEST_CASE("faults at and behind a jump host say where") {
    auto jump = small_device("jump1");
    jump.allow_forwarding = true;
    simulator devices({jump, small_device("core1")});
    rig r;
    auto to = r.target(devices.port("core1"), "cisco_ios");
    to["jump"] = {{{"host", "127.0.0.1"},
                   {"port", devices.port("jump1")},
                   {"credential", "login"},
                   {"options", {{"host_key_policy", "insecure"}}}}};
    SECTION("the jump host refuses") {
        devices.set_listening("jump1", false);
        const auto got = r.open(1, to);
        CHECK(got.code() == "connection_refused");
        CHECK_THAT(got.message(), Catch::Contains("Jump host"));
    }
    SECTION("the jump host drops: every session through it is lost, and a new one connects again") {
        REQUIRE(r.open(1, to).ok);
        REQUIRE(r.open(2, to).ok);
        devices.drop_all("jump1");
        REQUIRE(r.on.loop().run_until([&] { return r.on.services().lost_sessions().size() == 2; }));
        CHECK(r.close(1).ok);
        CHECK(r.close(2).ok);
        CHECK(r.open(3, to).ok);
        CHECK(r.exec(3, "show version").ok);
    }
    SECTION("the jump host does not forward") {
        auto closed = small_device("closed");
        simulator others({closed});
        to["jump"][0]["port"] = others.port("closed");
        CHECK(r.open(1, to).code() == "jump_refused");
    }
}

TEST_CASE("no more logins run at once than max_handshakes, and all come through") {
    auto device = small_device();
    device.auth_delay = std::chrono::milliseconds(5);
    simulator devices({device});
    const json settings = {{"max_handshakes", 2}};
    rig r(settings);
    const auto to = r.target(devices.port("core1"), "cisco_ios").dump();
    std::vector<frl_op> opens;
    for (frl_session s = 1; s <= 12; ++s) {
        opens.push_back(r.driver.open(s, to));
    }
    for (const auto op : opens) {
        CHECK(r.finish(op).ok);
    }
    CHECK(devices.counters("core1").logins == 12);
}
