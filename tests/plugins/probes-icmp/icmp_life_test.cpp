#include "rig.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>

using namespace ferrule::tests;

namespace {

/// Takes CAP_NET_RAW away from this thread for a while.
class without_raw_sockets {
  public:
    without_raw_sockets() {
        ::syscall(SYS_capget, &head_, before_);
        __user_cap_data_struct less[2] = {before_[0], before_[1]};
        less[0].effective &= ~(1U << CAP_NET_RAW);
        ::syscall(SYS_capset, &head_, less);
    }

    without_raw_sockets(const without_raw_sockets&) = delete;
    without_raw_sockets& operator=(const without_raw_sockets&) = delete;

    ~without_raw_sockets() { ::syscall(SYS_capset, &head_, before_); }

  private:
    __user_cap_header_struct head_{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct before_[2]{};
};

} // namespace

TEST_CASE("silence ends at the deadline, to the nanosecond") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, {{"timeout", "10m"}}, 250ms + 7ns);
    r.pass(250ms + 6ns);
    CHECK(r.result(op).is_null());
    r.pass(1ns);
    const auto result = r.result(op);
    REQUIRE(!result.is_null());
    CHECK(result.at("success") == false);
    CHECK(result.at("failed_phase") == "reply");
    CHECK(result.at("reason") == "No reply from 192.0.2.66 to 1 packet.");
    CHECK(result.at("duration_ms") == 250.000007);
}

TEST_CASE("silence ends with the timeout of the last packet where that is sooner") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto op = r.start(network::there4, {{"count", 3}, {"interval", "10ms"}, {"timeout", "50ms"}});
    r.pass(69ms);
    CHECK(r.result(op).is_null());
    r.pass(1ms);
    CHECK(counts(r.result(op)) == json{{"sent", 3}, {"lost", 3}});
}

TEST_CASE("a host that asks for an end at the deadline gets the result, and before it a cancellation") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto early = r.start(network::there4, {{"timeout", "10m"}}, 1s);
    r.probe.cancel(early);
    CHECK(r.host.result(early).status == FRL_CANCELLED);
    CHECK(r.result(early).at("code") == "cancelled");
    const auto seen = net.all();
    REQUIRE(seen.size() == 1);
    net.answer(seen[0]);
    r.host.loop().run_ready();
    CHECK(r.host.metric("icmp_stale_replies_total") == 1);
}

TEST_CASE("names are resolved, with a preference for a family and a way back") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    r.host.services().set_name("both", {"192.0.2.66", "2001:db8::66"});
    r.host.services().set_name("old", {"192.0.2.66"});
    const auto address = [&](const std::string& name, const json& settings) {
        const auto op = r.start(name, settings);
        r.host.loop().run_ready();
        for (const auto& each : net.all()) {
            net.answer(each);
        }
        return r.result(op);
    };
    CHECK(address("both", json::object()).at("labels").at("address") == "192.0.2.66");
    CHECK(address("both", {{"ip_version", 6}}).at("labels").at("address") == "2001:db8::66");
    CHECK(address("old", {{"ip_version", 6}}).at("labels").at("address") == "192.0.2.66");
    const auto none = address("old", {{"ip_version", 6}, {"ip_fallback", false}});
    CHECK(none.at("failed_phase") == "resolve");
    CHECK(none.at("reason") == "'old' has no IPv6 address.");
    CHECK(address("nobody.invalid", json::object()).at("failed_phase") == "resolve");
}

TEST_CASE("raw sockets serve where datagram sockets are not allowed") {
    network net("1 0");
    if (!can_play(net)) {
        return;
    }
    rig r;
    const auto four = r.start(network::there4, {{"count", 2}, {"interval", "0ms"}, {"timeout", "10m"}});
    const auto six = r.start(network::there6, {{"timeout", "10m"}});
    const auto refused = r.start("192.0.2.77", {{"timeout", "10m"}});
    const auto seen = net.all();
    REQUIRE(seen.size() == 4);
    for (const auto& each : seen) {
        if (each.version == 4 && each.packet[19] == 77) {
            net.refuse(each, 3, 1);
        } else {
            net.answer_changed(each, [&](auto& packet) { packet[each.header + 4] ^= 1; }); // another process's
            net.answer(each);
        }
    }
    CHECK(counts(r.result(four)) == json{{"sent", 2}, {"received", 2}});
    CHECK(r.result(four).at("metrics").at("reply_hop_limit") == 61);
    CHECK(counts(r.result(six)) == json{{"sent", 1}, {"received", 1}});
    CHECK(r.result(refused).at("labels").at("packet_error") == "host_unreachable");
}

TEST_CASE("a process that may do neither is told both remedies") {
    network net("1 0");
    if (!can_play(net)) {
        return;
    }
    const without_raw_sockets meanwhile;
    rig r;
    const auto op = r.start("127.0.0.1");
    const auto result = r.result(op);
    CHECK(r.host.result(op).status == FRL_FAILED);
    CHECK(result.at("code") == "no_permission");
    const auto message = result.at("message").get<std::string>();
    CHECK_THAT(message, Catch::Contains("sysctl -w net.ipv4.ping_group_range='"));
    CHECK_THAT(message, Catch::Contains("setcap cap_net_raw+ep /"));
}

TEST_CASE("ten thousand loopback targets at once are all up, none counted twice") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    std::vector<std::string> all;
    for (int i = 0; i < 10'000; ++i) {
        all.push_back(R"({"host":"127.0.)" + std::to_string(i / 250) + '.' + std::to_string(i % 250 + 1) +
                      R"(","timeout":"10m"})");
    }
    const auto ops = r.probe.start_batch(all, 1h);
    std::size_t up = 0;
    std::set<std::string> addresses;
    for (const auto op : ops) {
        r.host.wait(op);
        const auto result = r.result(op);
        up += counts(result) == json{{"sent", 1}, {"received", 1}} ? 1U : 0U;
        addresses.insert(result.at("labels").at("address").get<std::string>());
    }
    CHECK(up == all.size());
    CHECK(addresses.size() == all.size());
    CHECK(r.host.loop().watch_count() == 1);
    CHECK(r.host.metric("icmp_packets_sent_total") == 10'000);
    CHECK(r.host.metric("icmp_replies_received_total") == 10'000);
}

TEST_CASE("another socket is opened when one has not enough sequence numbers") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r;
    const std::vector<std::string> all(60, R"({"host":"192.0.2.66","count":1000,"interval":"10s","timeout":"10m"})");
    const auto ops = r.probe.start_batch(all, 10h);
    CHECK(r.host.loop().watch_count() == 2);
    CHECK(net.all().size() == 60);
    for (const auto op : ops) {
        r.probe.cancel(op);
        CHECK(r.host.result(op).status == FRL_CANCELLED);
    }
}

TEST_CASE("more probes than are allowed at once fail and say so, and room comes back") {
    network net;
    if (!can_play(net)) {
        return;
    }
    rig r(R"({"max_probes":2})");
    const auto first = r.start(network::there4);
    r.start(network::there4);
    CHECK(r.result(r.start(network::there4)).at("code") == "overloaded");
    r.probe.cancel(first);
    CHECK(r.result(r.start(network::there4)).is_null());
    r.pass(1h);
}
