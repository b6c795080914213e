// SPDX-License-Identifier: Apache-2.0
// The ssh driver on real devices: OpenSSH's sshd with FRR's vtysh or bash behind it, as scripts/lab starts them.
#include "plugins/drivers/rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

using namespace ferrule::drivers_test;

namespace {

const json& lab() {
    static const json status = [] {
        const char* text = std::getenv("FERRULE_LAB_STATUS");
        if (text == nullptr) {
            throw std::runtime_error("run this by ssh_lab.py, which starts the devices");
        }
        return json::parse(text);
    }();
    return status;
}

const json& device(const std::string& name) {
    const auto& all = lab().at("devices");
    const auto found = std::ranges::find_if(all, [&](const json& each) { return each.at("name") == name; });
    if (found == all.end()) {
        throw std::runtime_error("the lab has no " + name);
    }
    return *found;
}

std::string text_of(const json& path) {
    std::ifstream file(path.get<std::string>());
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string line_of(const json& path) {
    auto text = text_of(path);
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
}

std::string password_of(const std::string& user) {
    for (const auto& login : device("linux1").at("logins")) {
        if (login.at("username") == user) {
            return line_of(login.at("password_file"));
        }
    }
    throw std::runtime_error("the lab has no user " + user);
}

std::string key() {
    return text_of(device("frr1").at("private_key"));
}

/// A driver that knows the lab's host keys and takes no others.
struct lab_rig : rig {
    lab_rig() { set_login({{"username", "netops"}, {"private_key", key()}}); }

    json to(const std::string& name, json options = json::object()) {
        const auto& at = device(name);
        options["known_hosts"] = lab().at("known_hosts");
        options["host_key_policy"] = "strict";
        auto out = target(at.at("port"), at.at("platform"), options);
        out["host"] = at.at("host");
        for (const auto& hop : at.at("jump")) {
            const auto& via = device(hop);
            out["jump"].push_back({{"host", via.at("host")},
                                   {"port", via.at("port")},
                                   {"credential", "login"},
                                   {"options", {{"known_hosts", lab().at("known_hosts")}}}});
        }
        return out;
    }

    ended open_as(json credential, const std::string& name) {
        set_login(std::move(credential));
        return open(++last_, to(name));
    }

    frl_session last_ = 100;
};

} // namespace

TEST_CASE("a router answers on a kept session, in FRR's own words") {
    lab_rig r;
    const auto opened = r.open(1, r.to("frr1"));
    INFO(opened.message());
    REQUIRE(opened.ok);
    CHECK(opened.reply["prompt"] == "frr1#");
    CHECK_THAT(r.exec(1, "show version").output, Catch::StartsWith("FRRouting ") && Catch::Contains("(frr1)"));
    for (int i = 0; i < 50; ++i) {
        const auto shown = r.exec(1, "show interface brief");
        REQUIRE(shown.ok);
        CHECK_THAT(shown.output, Catch::StartsWith("Interface ") && Catch::Contains("198.51.100.1/30"));
        CHECK_THAT(shown.output, !Catch::Contains("frr1#") && !Catch::EndsWith("\n"));
    }
    const auto refused = r.exec(1, "show nonsense");
    CHECK(refused.reply["failed"]["code"] == "command_rejected");
    CHECK_THAT(refused.reply["failed"]["message"].get<std::string>(), Catch::Contains("% Unknown command"));
    CHECK(r.keepalive(1).ok);
    CHECK(r.close(1).ok);
}

TEST_CASE("every login that the devices offer") {
    lab_rig r;
    const auto& locked = lab().at("encrypted_key");
    CHECK(r.open_as({{"username", "netops"}, {"password", password_of("netops")}}, "frr1").ok);
    CHECK(r.open_as({{"username", "challenge"}, {"password", password_of("challenge")}}, "frr1").ok);
    CHECK(r.open_as({{"username", "keyonly"}, {"private_key", key()}}, "frr2").ok);
    CHECK(
        r.open_as({{"username", "twofactor"}, {"private_key", key()}, {"password", password_of("twofactor")}}, "linux1")
            .ok);
    CHECK(r.open_as({{"username", "netops"},
                     {"private_key", text_of(locked.at("private_key"))},
                     {"passphrase", line_of(locked.at("passphrase_file"))}},
                    "linux1")
              .ok);
    const auto wrong = r.open_as({{"username", "netops"}, {"password", "not-this-one"}}, "frr1");
    CHECK(wrong.code() == "auth_failed");
    CHECK_THAT(wrong.message(), !Catch::Contains("not-this-one"));
    CHECK(r.open_as({{"username", "twofactor"}, {"private_key", key()}}, "linux1").code() == "auth_failed");
}

TEST_CASE("an account that must change its password is left as it is, and the error says so") {
    lab_rig r;
    const auto got = r.open_as({{"username", "expired"}, {"password", password_of("expired")}}, "linux1");
    INFO(got.message());
    CHECK(got.code() == "login_dialog");
    CHECK_THAT(got.message(), Catch::Contains("new password"));
}

TEST_CASE("a router is configured line by line, and a refused line stops the block") {
    lab_rig r;
    REQUIRE(r.open(1, r.to("frr2")).ok);
    auto got = r.config(1, {"interface lo", "description by the driver"});
    INFO(got.reply.dump());
    REQUIRE(got.ok);
    CHECK(std::ranges::none_of(got.reply["lines"], [](const json& line) { return line.contains("failed"); }));
    CHECK_THAT(r.exec(1, "show running-config").output, Catch::Contains(" description by the driver"));

    got = r.config(1, {"interface lo", "bogus line", "description not by the driver"});
    REQUIRE(got.ok);
    CHECK(got.reply["lines"][1]["failed"]["code"] == "command_rejected");
    CHECK(got.reply["lines"][2]["skipped"] == true);
    CHECK_THAT(r.exec(1, "show running-config").output, Catch::Contains(" description by the driver"));

    std::vector<std::string> routes;
    for (int i = 0; i < 100; ++i) {
        routes.push_back(i % 10 == 3 ? "bogus " + std::to_string(i)
                                     : "ip route 10.9." + std::to_string(i) + ".0/24 blackhole");
    }
    got = r.config(1, routes, {{"stop_on_error", false}});
    REQUIRE(got.ok);
    for (std::size_t i = 0; i < routes.size(); ++i) {
        INFO(got.reply["lines"][i].dump());
        CHECK(got.reply["lines"][i].contains("failed") == (i % 10 == 3));
    }
    const auto running = r.exec(1, "show running-config").output;
    CHECK_THAT(running, Catch::Contains("ip route 10.9.99.0/24 blackhole") && !Catch::Contains("10.9.93.0"));
}

TEST_CASE("a router that is given another name is still understood") {
    lab_rig r;
    REQUIRE(r.open(1, r.to("frr1")).ok);
    REQUIRE(r.config(1, {"hostname a-name-that-nobody-has-seen-before"}).ok);
    CHECK_THAT(r.exec(1, "show interface brief").output, Catch::StartsWith("Interface "));
    REQUIRE(r.config(1, {"hostname frr1"}).ok);
    CHECK_THAT(r.exec(1, "show version").output, Catch::Contains("(frr1)"));
}

TEST_CASE("devices behind one and two jump hosts, and a router that is none") {
    lab_rig r;
    REQUIRE(r.open(1, r.to("linux2")).ok);
    CHECK(r.exec(1, "hostname").output == "linux2");
    const auto far = r.open(2, r.to("frr3"));
    INFO(far.message());
    REQUIRE(far.ok);
    CHECK_THAT(r.exec(2, "show interface brief").output, Catch::Contains("10.77.2.2/30"));
    auto wrong = r.to("linux2");
    wrong["jump"] = json::array({{{"host", device("frr1").at("host")},
                                  {"port", device("frr1").at("port")},
                                  {"credential", "login"},
                                  {"options", {{"known_hosts", lab().at("known_hosts")}}}}});
    CHECK(r.open(3, wrong).code() == "jump_refused");
}

TEST_CASE("a device of the old days, and one with another key than before") {
    lab_rig r;
    CHECK(r.open(1, r.to("legacy1")).code() == "kex_failed");
    REQUIRE(r.open(2, r.to("legacy1", {{"legacy_algorithms", true}})).ok);
    CHECK(r.exec(2, "hostname").output == "legacy1");

    // The keys of frr2, filed under the name of frr1.
    const auto name_of = [](const std::string& box) {
        return "[127.0.0.1]:" + std::to_string(device(box).at("port").get<int>());
    };
    auto keys = text_of(lab().at("known_hosts"));
    for (const auto& [from, to] :
         {std::pair(name_of("frr1"), std::string("gone")), std::pair(name_of("frr2"), name_of("frr1"))}) {
        for (auto at = keys.find(from); at != std::string::npos; at = keys.find(from)) {
            keys.replace(at, from.size(), to);
        }
    }
    const scratch place;
    auto to = r.to("frr1");
    to["options"]["known_hosts"] = place.write("known_hosts", keys);
    CHECK(r.open(3, to).code() == "host_key_mismatch");
}

TEST_CASE("the beginning of a line is seen while the command still runs") {
    lab_rig r;
    REQUIRE(r.open(1, r.to("linux1")).ok);
    REQUIRE(r.open(2, r.to("linux1")).ok);
    REQUIRE(r.exec(1, "rm -f /tmp/gate && mkfifo /tmp/gate").ok);
    const auto op = r.driver.exec(1, R"({"command":"printf 'working...'; read -r word </tmp/gate; echo \" $word\""})");
    REQUIRE(r.on.loop().run_until([&] { return !r.on.result(op).output.empty(); }));
    CHECK(r.on.result(op).output == "working...");
    CHECK(!r.on.result(op).completed);
    REQUIRE(r.exec(2, "echo done >/tmp/gate").ok);
    CHECK(r.finish(op).output == "working... done");
}
