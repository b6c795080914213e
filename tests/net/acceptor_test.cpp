#include "net/acceptor.hpp"

#include "net/listen_address.hpp"

#include "support/print_result.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

using namespace ferrule;
using boost::asio::ip::make_address;

TEST_CASE("a host is one origin, also with a network of addresses, and seen through a dual-stack listener") {
    CHECK(net::origin_of(make_address("192.0.2.1")) == net::origin_of(make_address("::ffff:192.0.2.1")));
    CHECK(net::origin_of(make_address("192.0.2.1")) != net::origin_of(make_address("192.0.2.2")));
    CHECK(net::origin_of(make_address("2001:db8:0:1::1")) == net::origin_of(make_address("2001:db8:0:1:ffff::2")));
    CHECK(net::origin_of(make_address("2001:db8:0:1::1")) != net::origin_of(make_address("2001:db8:0:101::1")));
    CHECK(net::origin_of_peer("192.0.2.1:4000") == "192.0.2.1");
    CHECK(net::origin_of_peer("[::ffff:192.0.2.1]:4000") == "192.0.2.1");
    CHECK(net::origin_of_peer("[2001:db8:0:1::1]:4000") == "2001:db8::/56");
    CHECK(net::origin_of_peer("nowhere") == "nowhere");
}

TEST_CASE("an address that is taken cannot be listened on, and the complaint names it") {
    boost::asio::io_context loop;
    const auto first = net::open_acceptor(loop.get_executor(), "127.0.0.1:0", "fleet.listen");
    REQUIRE(first);
    const auto address = net::to_text(first->local_endpoint());
    const auto second = net::open_acceptor(loop.get_executor(), address, "fleet.listen");
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == "listen_failed");
    CHECK(second.error().message().find(address) != std::string::npos);
    CHECK(net::open_acceptor(loop.get_executor(), "not an address", "fleet.listen").error().code() == "listen_failed");
}
