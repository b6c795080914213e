// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

json local(std::uint16_t port) {
    return {{"host", "127.0.0.1"}, {"port", port}};
}

/// A listener that takes no connection, and whose queue is full, so that nobody gets an answer.
class full_listener {
  public:
    full_listener()
        : socket_(SOCK_STREAM) {
        ::listen(socket_.fd(), 0);
        for (auto& fd : waiting_) {
            fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_port = htons(socket_.port());
            to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
        }
    }

    full_listener(const full_listener&) = delete;
    full_listener& operator=(const full_listener&) = delete;

    ~full_listener() {
        for (const int fd : waiting_) {
            ::close(fd);
        }
    }

    [[nodiscard]] std::uint16_t port() const { return socket_.port(); }

  private:
    bound_socket socket_;
    int waiting_[4]{};
};

/// This process may open no further descriptor.
class no_descriptors {
  public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }

    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;

    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

} // namespace

TEST_CASE("a port that accepts is up, with its phases and address") {
    tcp_server server([](peer& client) { client.end(); });
    rig tcp("tcp");
    tcp.on.services().set_name("www.test", {"127.0.0.1"});
    auto to = local(server.port());
    to["host"] = "www.test";
    const auto seen = tcp.measure(to);
    CHECK(seen["success"] == true);
    CHECK(seen["phases_ms"].contains("resolve"));
    CHECK(seen["phases_ms"].contains("connect"));
    CHECK_FALSE(seen["phases_ms"].contains("tls"));
    CHECK(seen["labels"]["address"] == "127.0.0.1");
    CHECK(seen["metrics"]["ip_protocol"] == 4);
    CHECK(seen["metrics"]["ip_addr_hash"] == 3668918509);
    CHECK(seen["metrics"]["rtt_ms"].get<double>() > 0);
    CHECK_FALSE(seen.contains("reason"));
}

TEST_CASE("a mere connection is reset, so that no port waits afterwards, unless it shall end orderly") {
    std::atomic<int> how = -1;
    tcp_server server([&](peer& client) { how = client.end(); });
    rig tcp("tcp");
    auto to = local(server.port());
    int expected = ECONNRESET;
    SECTION("by default") {}
    SECTION("as set") {
        to["close"] = "orderly";
        expected = 0;
    }
    CHECK(tcp.measure(to)["success"] == true);
    server.stop();
    CHECK(how == expected);
}

TEST_CASE("a closed port is refused in the phase connect") {
    const bound_socket closed(SOCK_STREAM);
    rig tcp("tcp");
    const auto seen = tcp.measure(local(closed.port()));
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "connect");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("connection refused") && Contains("127.0.0.1:"));
}

TEST_CASE("a port that does not answer is down when the deadline comes, and not before") {
    const full_listener silent;
    rig tcp("tcp");
    const auto op = tcp.start(local(silent.port()), std::chrono::seconds(3));
    tcp.on.loop().advance(std::chrono::milliseconds(2999));
    CHECK_FALSE(tcp.on.result(op).completed);
    tcp.on.loop().advance(std::chrono::milliseconds(1));
    REQUIRE(tcp.on.result(op).completed);
    const auto seen = tcp.finish(op);
    CHECK(seen["failed_phase"] == "connect");
    CHECK(seen["duration_ms"] == 3000);
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("timed out") && Contains("within 3 s"));
}

TEST_CASE("a measurement that is cancelled ends at once, in each of its waits") {
    tcp_server server([](peer& client) { client.end(); });
    const full_listener silent;
    rig tcp("tcp");
    auto to = local(server.port());
    SECTION("for the resolver") {
        to["host"] = "www.test";
        tcp.on.services().hold();
    }
    SECTION("for the connection") {
        to["port"] = silent.port();
    }
    SECTION("for TLS") {
        to["tls"] = true;
    }
    SECTION("for text") {
        to["steps"] = {{{"expect", "ready"}}};
    }
    const auto op = tcp.start(to);
    tcp.on.loop().run_ready();
    REQUIRE_FALSE(tcp.on.result(op).completed);
    tcp.probe.cancel(op);
    const auto seen = tcp.on.wait(op);
    CHECK(seen.status == FRL_CANCELLED);
    tcp.on.services().release();
    tcp.on.loop().run_ready();
}

TEST_CASE("a name that does not exist or does not resolve in time is down in the phase resolve") {
    rig tcp("tcp");
    SECTION("unknown") {
        const auto seen = tcp.measure({{"host", "nobody.test"}, {"port", 1}});
        CHECK(seen["failed_phase"] == "resolve");
        CHECK_THAT(seen["reason"].get<std::string>(), Contains("nobody.test"));
    }
    SECTION("too late") {
        tcp.on.services().hold();
        const auto op = tcp.start({{"host", "slow.test"}, {"port", 1}}, std::chrono::seconds(1));
        tcp.on.loop().advance(std::chrono::seconds(1));
        const auto seen = tcp.finish(op);
        CHECK(seen["failed_phase"] == "resolve");
        tcp.on.services().release();
        tcp.on.loop().run_ready();
    }
}

TEST_CASE("the family of the address follows the setting") {
    tcp_server v4([](peer& client) { client.end(); });
    tcp_server v6([](peer& client) { client.end(); }, "::1", v4.port());
    rig tcp("tcp");
    tcp.on.services().set_name("both.test", {"127.0.0.1", "::1"});
    const auto [settings, expected] =
        GENERATE(table<std::string, std::string>({{"{}", "127.0.0.1"},
                                                  {R"({"ip_version":4})", "127.0.0.1"},
                                                  {R"({"ip_version":6})", "::1"},
                                                  {R"({"ip_version":6,"ip_fallback":false})", "::1"}}));
    auto to = json::parse(settings);
    to["host"] = "both.test";
    to["port"] = v4.port();
    const auto seen = tcp.measure(to);
    CHECK(seen["success"] == true);
    CHECK(seen["labels"]["address"] == expected);
}

TEST_CASE("a name without an address of the only family that may be used is down in the phase resolve") {
    rig tcp("tcp");
    tcp.on.services().set_name("old.test", {"127.0.0.1"});
    const auto seen = tcp.measure({{"host", "old.test"}, {"port", 1}, {"ip_version", 6}, {"ip_fallback", false}});
    CHECK(seen["failed_phase"] == "resolve");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("'old.test' has no IPv6 address"));
}

TEST_CASE("an address that this machine cannot use gives way to the other family, or is this machine's own fault") {
    tcp_server server([](peer& client) { client.end(); });
    rig tcp("tcp");
    tcp.on.services().set_name("both.test", {"ff0e::1", "127.0.0.1"}); // no connection goes to a group
    const json to{{"host", "both.test"}, {"port", server.port()}, {"ip_version", 6}};
    const auto other = tcp.measure(to);
    CHECK(other["success"] == true);
    CHECK(other["labels"]["address"] == "127.0.0.1");
    auto only = to;
    only["ip_fallback"] = false;
    const auto seen = tcp.measure(only);
    CHECK(seen["failed_phase"] == "local");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("ff0e::1") && Contains("no route"));
}

TEST_CASE("an address that is somebody's on one link only is this machine's own fault, and says what to do") {
    rig tcp("tcp");
    const auto seen = tcp.measure({{"host", "fe80::1"}, {"port", 22}});
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "local");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("link-local") && Contains("fe80::1%eth0"));
}

TEST_CASE("a measurement comes from the source address that is set") {
    std::string from;
    tcp_server server([&](peer& client) {
        from = client.address();
        client.end();
    });
    rig tcp("tcp");
    auto to = local(server.port());
    to["source"] = "127.0.0.77";
    CHECK(tcp.measure(to)["success"] == true);
    server.stop();
    CHECK(from == "127.0.0.77");
    to["source"] = "192.0.2.1";
    const auto seen = tcp.measure(to);
    CHECK(seen["failed_phase"] == "local");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("192.0.2.1 is none of this machine"));
}

#ifndef __SANITIZE_ADDRESS__ // which needs descriptors itself to look at objects
TEST_CASE("a process without descriptors blames itself and not the network") {
    tcp_server server([](peer& client) { client.end(); });
    const auto which = GENERATE(as<std::string>{}, "tcp", "udp", "dns");
    rig probe(which);
    auto to = local(server.port());
    if (which == "dns") {
        to["query_name"] = "example.test";
    }
    frl_op op = 0;
    {
        const no_descriptors now;
        op = probe.start(to);
    }
    const auto seen = probe.finish(op);
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "local");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("no free file descriptors"));
}
#endif
