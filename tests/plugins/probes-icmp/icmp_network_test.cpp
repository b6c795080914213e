#include "rig.hpp"

#include <algorithm>
#include <tuple>

using namespace ferrule::tests;

namespace {

const json long_patience{{"timeout", "10m"}};

json with(json more) {
    auto all = long_patience;
    all.update(more);
    return all;
}

} // namespace

TEST_CASE("loss, duplicates and order of a burst are told packet by packet") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, with({{"count", 5}, {"interval", "100ms"}}));
    std::vector<request> seen;
    for (int i = 0; i < 5; ++i) {
        auto now = net.all();
        REQUIRE(now.size() == 1);
        seen.push_back(now.front());
        r.pass(100ms);
    }
    net.answer(seen[0]);
    net.answer(seen[2]);
    net.answer(seen[2]);
    net.answer(seen[4]);
    net.answer(seen[3]);
    CHECK(r.result(op).is_null());
    r.pass(10min);
    const auto result = r.result(op);
    CHECK(result.at("success") == true);
    CHECK(counts(result) == json{{"sent", 5}, {"received", 4}, {"lost", 1}, {"duplicate", 1}, {"reordered", 1}});
    CHECK(result.at("metrics").at("loss_ratio") == 0.2);
    CHECK(result.at("metrics").at("reply_hop_limit") == 61);
    REQUIRE(result.at("rtts_ms").size() == 5);
    CHECK(result.at("rtts_ms")[1].is_null());
    std::vector<double> answered;
    for (const auto& each : result.at("rtts_ms")) {
        if (each.is_number()) {
            answered.push_back(each.get<double>());
        }
    }
    REQUIRE(answered.size() == 4);
    std::sort(answered.begin(), answered.end());
    CHECK(result.at("metrics").at("rtt_median_ms").get<double>() == Approx((answered[1] + answered[2]) / 2));
    CHECK(result.at("metrics").at("rtt_min_ms") <= result.at("metrics").at("rtt_avg_ms"));
    CHECK(result.at("metrics").at("rtt_avg_ms") <= result.at("metrics").at("rtt_max_ms"));
}

TEST_CASE("a burst ends with its last reply and not with its timeout") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, with({{"count", 3}, {"interval", "0ms"}}));
    const auto seen = net.all();
    REQUIRE(seen.size() == 3);
    for (const auto& each : seen) {
        net.answer(each);
    }
    CHECK(counts(r.result(op)) == json{{"sent", 3}, {"received", 3}});
}

TEST_CASE("a reply with another's cookie or from another address does not count") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, long_patience);
    const auto seen = net.all();
    REQUIRE(seen.size() == 1);
    for (std::size_t byte = 0; byte < 16; ++byte) {
        net.answer_changed(seen[0], [&](auto& packet) { packet[28 + byte] ^= 0x40; });
    }
    net.answer_changed(seen[0], [](auto& packet) { packet[15] ^= 1; });
    net.answer_changed(seen[0], [](auto& packet) {
        packet.resize(packet.size() - 56);
        packet[3] = 28;
    });
    CHECK(r.result(op).is_null());
    net.answer(seen[0]);
    CHECK(counts(r.result(op)) == json{{"sent", 1}, {"received", 1}});
}

TEST_CASE("what a router says about a packet is the reason, with who said it") {
    struct told {
        int type;
        int code;
        std::uint32_t rest;
        std::string label;
        std::string part;
    };

    const auto each = GENERATE(told{3, 1, 0, "host_unreachable", "does not answer on its network"},
                               told{3, 13, 0, "prohibited", "a filter prohibits it"},
                               told{11, 0, 0, "time_exceeded", "time to live ended"},
                               told{3, 4, 1400, "fragmentation_needed", "the MTU there is 1400"});
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, with({{"ttl", 3}, {"dont_fragment", true}}));
    const auto seen = net.all();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].hop_limit() == 3);
    CHECK(seen[0].dont_fragment());
    net.refuse(seen[0], each.type, each.code, each.rest);
    const auto result = r.result(op);
    REQUIRE(!result.is_null());
    CHECK(result.at("success") == false);
    CHECK(result.at("failed_phase") == "request");
    CHECK(result.at("labels").at("packet_error") == each.label);
    CHECK(result.at("labels").at("packet_error_from") == network::router4);
    CHECK_THAT(result.at("reason").get<std::string>(), Catch::Contains(each.part));
    CHECK(counts(result) == json{{"sent", 1}, {"refused", 1}, {"lost", 1}});
}

TEST_CASE("an ICMP error that quotes eight bytes finds its packet by number and destination") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto one = r.start(network::there4, long_patience);
    const auto other = r.start(network::there4, long_patience);
    const auto seen = net.all();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].sequence() != seen[1].sequence());
    net.refuse(seen[1], 3, 1, 0, 8);
    CHECK(r.result(one).is_null());
    CHECK(r.result(other).at("labels").at("packet_error") == "host_unreachable");
    r.probe.cancel(one);
}

TEST_CASE("an ICMP error does not disturb the packets of other probes") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto refused = r.start(network::there4, long_patience);
    const auto seen = net.all();
    REQUIRE(seen.size() == 1);
    net.refuse(seen[0], 3, 1); // is pending on the socket when the next one sends
    const auto good = r.start("192.0.2.77", long_patience);
    const auto more = net.all();
    REQUIRE(more.size() == 1);
    net.answer(more[0]);
    CHECK(r.result(refused).at("success") == false);
    CHECK(counts(r.result(good)) == json{{"sent", 1}, {"received", 1}});
}

TEST_CASE("size, TTL and DSCP are on the wire as asked, also when probes differ") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const std::vector<std::string> all{
        R"({"host":"192.0.2.66","size":16,"ttl":7,"timeout":"10m"})",
        R"({"host":"192.0.2.66","size":1000,"dscp":46,"timeout":"10m"})",
        R"({"host":"2001:db8::66","size":100,"ttl":9,"tos":32,"timeout":"10m"})",
    };
    const auto ops = r.probe.start_batch(all, 1h);
    auto seen = net.all();
    REQUIRE(seen.size() == 3);
    std::sort(seen.begin(), seen.end(),
              [](const request& a, const request& b) { return a.hop_limit() < b.hop_limit(); });
    const auto look = [](const request& each) {
        return std::make_tuple(each.version, each.payload(), each.hop_limit(), each.tos(), each.dont_fragment());
    };
    CHECK(look(seen[0]) == std::make_tuple(4, 16U, 7, 0, false));
    CHECK(look(seen[1]) == std::make_tuple(6, 100U, 9, 32, false));
    CHECK(look(seen[2]) == std::make_tuple(4, 1000U, 64, 46 << 2, false));
    for (const auto& each : seen) {
        net.answer(each);
    }
    for (const auto op : ops) {
        CHECK(r.result(op).at("success") == true);
    }
}

TEST_CASE("IPv6 is probed like IPv4") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto up = r.start(network::there6, long_patience);
    const auto down = r.start("2001:db8::77", long_patience);
    const auto seen = net.all();
    REQUIRE(seen.size() == 2);
    net.answer(seen[0], 55);
    net.refuse(seen[1], 1, 3);
    const auto result = r.result(up);
    REQUIRE(!result.is_null());
    CHECK(result.at("metrics").at("ip_protocol") == 6);
    CHECK(result.at("metrics").at("reply_hop_limit") == 55);
    CHECK(result.at("labels").at("address") == network::there6);
    const auto refused = r.result(down);
    REQUIRE(!refused.is_null());
    CHECK(refused.at("labels") == json{{"address", "2001:db8::77"},
                                       {"packet_error", "host_unreachable"},
                                       {"packet_error_from", network::router6}});
}

TEST_CASE("replies that this host dropped are never loss of the network") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r(R"({"receive_buffer":4096})");
    const auto op = r.start(network::there4, with({{"count", 300}, {"interval", "0ms"}}));
    const auto seen = net.all();
    REQUIRE(seen.size() == 300);
    for (const auto& each : seen) {
        net.answer(each); // more than the buffer holds, before anyone reads
    }
    r.pass(11min);
    const auto result = r.result(op);
    REQUIRE(!result.is_null());
    const auto& metrics = result.at("metrics");
    CHECK(metrics.at("packets_received") > 0);
    CHECK(metrics.at("packets_lost_local") > 0);
    CHECK(metrics.at("packets_lost") == 0);
    CHECK(metrics.at("loss_ratio") == 0);
    CHECK(metrics.at("packets_received").get<int>() + metrics.at("packets_lost_local").get<int>() == 300);
    CHECK(r.host.metric("icmp_receive_overflows_total") == metrics.at("packets_lost_local"));
}

TEST_CASE("a packet that must not be fragmented and does not fit is not sent, and its size is told") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, {{"size", 2000}, {"dont_fragment", true}});
    CHECK(net.all().empty());
    const auto result = r.result(op);
    REQUIRE(!result.is_null());
    CHECK(result.at("failed_phase") == "local");
    CHECK(result.at("labels").at("packet_error") == "packet_too_large");
    CHECK_THAT(result.at("reason").get<std::string>(), Catch::Contains("A packet of 2028 bytes"));
    CHECK(counts(result) == json{{"not_sent", 1}});
}

TEST_CASE(
    "over IPv6 a packet that must not be fragmented is sent whole, and a router's word on its size is the reason") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there6, with({{"size", 1400}, {"dont_fragment", true}}));
    const auto seen = net.all();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].payload() == 1400);
    net.refuse(seen[0], 2, 0, 1300);
    const auto result = r.result(op);
    REQUIRE(!result.is_null());
    CHECK(result.at("failed_phase") == "request");
    CHECK(result.at("labels").at("packet_error") == "fragmentation_needed");
    CHECK(result.at("labels").at("packet_error_from") == network::router6);
    CHECK_THAT(result.at("reason").get<std::string>(), Catch::Contains("the MTU there is 1300"));
    CHECK(counts(result) == json{{"sent", 1}, {"refused", 1}, {"lost", 1}});
}

TEST_CASE("over IPv6 a packet beyond the MTU of this host's own link is not sent, unless it may be fragmented") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto whole = r.start(network::there6, with({{"size", 2000}, {"dont_fragment", true}}));
    CHECK(net.all().empty());
    const auto result = r.result(whole);
    REQUIRE(!result.is_null());
    CHECK(result.at("failed_phase") == "local");
    CHECK(result.at("labels").at("packet_error") == "packet_too_large");
    CHECK(counts(result) == json{{"not_sent", 1}});
    const auto parts = r.start(network::there6, with({{"size", 2000}}));
    CHECK(r.result(parts).is_null()); // under way, as fragments
    r.probe.cancel(parts);
}

TEST_CASE("a target without a route is down in the phase local") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto result = r.result(r.start("198.51.100.7"));
    REQUIRE(!result.is_null());
    CHECK(result.at("failed_phase") == "local");
    CHECK(result.at("labels").at("packet_error") == "no_route");
}
