// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

json local(std::uint16_t port) {
    return {{"host", "127.0.0.1"}, {"port", port}};
}

} // namespace

TEST_CASE("a UDP service that answers as expected is up, with the round trip by the kernel's clock") {
    const udp_server echo([](const std::string& got) { return std::vector{got + " and back"}; });
    rig udp("udp");
    auto to = local(echo.port());
    to["send"] = "there";
    SECTION("by a regular expression") {
        to["expect"] = "^there and (back|forth)$";
    }
    SECTION("by its first bytes") {
        to["expect_hex"] = "74:68 65";
    }
    SECTION("whatever it is") {}
    const auto seen = udp.measure(to);
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["state"] == "open");
    CHECK(seen["metrics"]["attempts"] == 1);
    CHECK(seen["metrics"]["answer_bytes"] == 14);
    CHECK(seen["metrics"]["rtt_ms"].get<double>() > 0); // the host's clock stands still: only the kernel's can tell
}

TEST_CASE("bytes are sent as their hex digits say") {
    std::string heard;
    {
        const udp_server server([&](const std::string& got) {
            heard = got;
            return std::vector<std::string>{""};
        });
        rig udp("udp");
        auto to = local(server.port());
        to["send_hex"] = "00 0aFF";
        CHECK(udp.measure(to)["success"] == true);
    }
    CHECK(heard == std::string("\0\n\xff", 3));
}

TEST_CASE("an answer that is not what is expected is down in the phase reply") {
    const udp_server echo([](const std::string& got) { return std::vector{got}; });
    rig udp("udp");
    auto to = local(echo.port());
    to["send"] = "words";
    SECTION("by a regular expression") {
        to["expect"] = "^other";
    }
    SECTION("by its first bytes") {
        to["expect_hex"] = "00";
    }
    const auto seen = udp.measure(to);
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "reply");
    CHECK(seen["labels"]["state"] == "open");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("does not"));
}

TEST_CASE("a closed UDP port is told from a silent one") {
    rig udp("udp");
    SECTION("closed: ICMP says so") {
        std::uint16_t port = 0;
        {
            const bound_socket gone(SOCK_DGRAM);
            port = gone.port();
        }
        const auto host = GENERATE(as<std::string>{}, "127.0.0.1", "::1");
        auto to = local(port);
        to["host"] = host;
        const auto seen = udp.measure(to);
        CHECK(seen["success"] == false);
        CHECK(seen["failed_phase"] == "connect");
        CHECK(seen["labels"]["state"] == "closed");
        CHECK_THAT(seen["reason"].get<std::string>(),
                   Contains("port closed (ICMP port unreachable from " + host + ")"));
    }
    SECTION("silent: nobody says anything until the deadline") {
        const bound_socket silent(SOCK_DGRAM);
        const auto op = udp.start(local(silent.port()), std::chrono::seconds(3));
        udp.on.loop().advance(std::chrono::milliseconds(2999));
        CHECK_FALSE(udp.on.result(op).completed);
        udp.on.loop().advance(std::chrono::milliseconds(1));
        const auto seen = udp.finish(op);
        CHECK(seen["success"] == false);
        CHECK(seen["failed_phase"] == "reply");
        CHECK(seen["labels"]["state"] == "silent");
        CHECK(seen["metrics"]["attempts"] == 3);
        CHECK(seen["duration_ms"] == 3000);
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("no answer to 3 datagrams within 3 s"));
    }
}

TEST_CASE("silence is up for a service that never answers, once all attempts are over") {
    const bound_socket silent(SOCK_DGRAM);
    rig udp("udp");
    auto to = local(silent.port());
    to["silence"] = "up";
    to["attempts"] = 2;
    to["attempt_timeout"] = "250ms";
    const auto op = udp.start(to);
    udp.on.loop().advance(std::chrono::milliseconds(499));
    CHECK_FALSE(udp.on.result(op).completed);
    udp.on.loop().advance(std::chrono::milliseconds(1));
    const auto seen = udp.finish(op);
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["state"] == "silent");
}

TEST_CASE("a datagram that is lost is sent again, and no round trip is claimed for it") {
    std::atomic<int> count = 0;
    const udp_server server([&](const std::string& got) {
        return ++count == 1 ? std::vector<std::string>{} : std::vector<std::string>{got};
    });
    rig udp("udp");
    auto to = local(server.port());
    to["attempt_timeout"] = "1s";
    const auto op = udp.start(to);
    udp.on.loop().advance(std::chrono::seconds(1));
    const auto seen = udp.finish(op);
    CHECK(seen["success"] == true);
    CHECK(seen["metrics"]["attempts"] == 2);
    CHECK_FALSE(seen["metrics"].contains("rtt_ms"));
}

TEST_CASE("a UDP measurement that is cancelled ends at once") {
    const bound_socket silent(SOCK_DGRAM);
    rig udp("udp");
    const auto op = udp.start(local(silent.port()));
    udp.on.loop().run_ready();
    udp.probe.cancel(op);
    CHECK(udp.on.wait(op).status == FRL_CANCELLED);
}
