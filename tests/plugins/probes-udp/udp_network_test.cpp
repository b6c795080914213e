// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/rig.hpp"
#include "support/cable_network.hpp"

#include <catch2/catch.hpp>

#include <ostream>

using namespace ferrule::probes_test;
using Catch::Contains;
using ferrule::tests::can_play;
using ferrule::tests::network;

namespace {

constexpr std::uint16_t port = 4500;

/// What a router says, and what it means.
struct told {
    const char* to;
    int type;
    int code;
    std::string state;
    std::string part;
};

std::ostream& operator<<(std::ostream& out, const told& shown) {
    return out << shown.to << " type " << shown.type << " code " << shown.code;
}

} // namespace

TEST_CASE("a router that refuses a datagram makes a UDP port filtered or unreachable, with who said it") {
    const auto each = GENERATE(told{network::there4, 3, 13, "filtered", "a firewall forbids it"},
                               told{network::there4, 3, 9, "filtered", "a firewall forbids it"},
                               told{network::there4, 3, 10, "filtered", "a firewall forbids it"},
                               told{network::there4, 3, 1, "unreachable", "host unreachable"},
                               told{network::there4, 3, 0, "unreachable", "network unreachable"},
                               told{network::there4, 3, 3, "closed", "port closed"},
                               told{network::there6, 1, 1, "filtered", "a firewall forbids it"},
                               told{network::there6, 1, 3, "unreachable", "host unreachable"},
                               told{network::there6, 1, 0, "unreachable", "network unreachable"},
                               told{network::there6, 1, 4, "closed", "port closed"});
    CAPTURE(each);
    network net;
    if (!can_play(net)) {
        return;
    }
    rig udp("udp");
    const auto op = udp.start({{"host", each.to}, {"port", port}, {"send", "there"}}, std::chrono::minutes(10));
    udp.on.loop().run_ready();
    const auto sent = net.next_datagram(port);
    REQUIRE(sent);
    CHECK(sent->payload() == 5);
    CHECK_FALSE(udp.on.result(op).completed);
    net.refuse(*sent, each.type, each.code);
    const auto seen = udp.finish(op);
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "connect");
    CHECK(seen["labels"]["state"] == each.state);
    CHECK(seen["metrics"]["attempts"] == 1);
    const std::string router = sent->version == 4 ? network::router4 : network::router6;
    CHECK_THAT(seen["reason"].get<std::string>(), Contains(each.part) && Contains("from " + router));
    CHECK_FALSE(net.next_datagram(port));
}

TEST_CASE("a refusal of another's datagram decides nothing") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig udp("udp");
    const auto op = udp.start({{"host", network::there4}, {"port", port}, {"attempts", 1}}, std::chrono::seconds(2));
    udp.on.loop().run_ready();
    auto sent = net.next_datagram(port);
    REQUIRE(sent);
    sent->packet[sent->header + 1] ^= 1; // of another port
    net.refuse(*sent, 3, 13);
    udp.on.loop().run_ready();
    CHECK_FALSE(udp.on.result(op).completed);
    udp.on.loop().advance(std::chrono::seconds(2));
    CHECK(udp.finish(op)["labels"]["state"] == "silent");
}
