#include "support/print_result.hpp"

#include "loop.hpp"

#include "net/libraries.hpp"
#include "net/resolver.hpp"
#include "runtime/within.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <vector>

namespace asio = boost::asio;
using asio::ip::udp;
using ferrule::net::addresses;
using ferrule::net::resolver;
using ferrule::net::resolver_settings;
using namespace std::chrono_literals;

namespace {

/// A name server on loopback that answers every A question with 192.0.2.1 and 192.0.2.2 and has nothing else; or that
/// never answers.
class name_server {
  public:
    name_server(ferrule::runtime::io& on, bool answers)
        : socket_(on.make_strand(), udp::endpoint(asio::ip::address_v4::loopback(), 0))
        , answers_(answers) {
        receive();
    }

    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;

    /// Where it listens, because that may be going on right now.
    ~name_server() {
        std::promise<void> closed;
        asio::post(socket_.get_executor(), [this, &closed] {
            socket_.close();
            closed.set_value();
        });
        closed.get_future().wait();
    }

    [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }

    [[nodiscard]] int questions() const { return questions_.load(); }

  private:
    void receive() {
        socket_.async_receive_from(asio::buffer(buffer_), from_,
                                   [this](const boost::system::error_code& failed, std::size_t size) {
                                       if (failed)
                                           return;
                                       ++questions_;
                                       if (answers_ && size > 16)
                                           answer(size);
                                       receive();
                                   });
    }

    void answer(std::size_t size) {
        std::vector<unsigned char> out(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
        // Behind the name stand type and class; an OPT record may follow, which is left out.
        std::size_t end = 12;
        while (out.at(end) != 0)
            end += out.at(end) + 1U;
        const bool ipv4 = out.at(end + 2) == 1;
        out.resize(end + 5);
        out[2] = 0x81;
        out[3] = 0x80;
        const unsigned char count = ipv4 ? 2 : 0;
        out[6] = 0;
        out[7] = count;
        for (const std::size_t each : {8U, 9U, 10U, 11U})
            out[each] = 0;
        for (unsigned char i = 1; i <= count; ++i) {
            const std::array<unsigned char, 16> record{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, i};
            out.insert(out.end(), record.begin(), record.end());
        }
        socket_.send_to(asio::buffer(out), from_);
    }

    udp::socket socket_;
    udp::endpoint from_;
    std::array<unsigned char, 1024> buffer_{};
    bool answers_;
    std::atomic<int> questions_{0};
};

resolver_settings asking(const name_server& where) {
    resolver_settings out;
    out.servers = {where.place()};
    return out;
}

asio::ip::address address(const char* text) {
    return asio::ip::make_address(text);
}

} // namespace

TEST_CASE("address literals are answered without asking anyone") {
    test::loop on;
    resolver names(on.io());
    const auto four = on.wait(names.resolve("192.0.2.9"));
    REQUIRE(four);
    CHECK(*four == addresses{address("192.0.2.9")});
    const auto six = on.wait(names.resolve("2001:db8::1"));
    REQUIRE(six);
    CHECK(*six == addresses{address("2001:db8::1")});
}

TEST_CASE("the hosts file is used") {
    ferrule::net::init_libraries();
    test::loop on;
    name_server server(on.io(), true);
    resolver names(on.io(), asking(server));
    const auto found = on.wait(names.resolve("localhost"));
    REQUIRE(found);
    CHECK(std::ranges::all_of(*found, [](const auto& each) { return each.is_loopback(); }));
    CHECK(server.questions() == 0);
}

TEST_CASE("a name server is asked, also many times at once") {
    ferrule::net::init_libraries();
    test::loop on(4);
    name_server server(on.io(), true);
    resolver names(on.io(), asking(server));
    std::vector<std::future<ferrule::result<addresses>>> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(asio::co_spawn(on.io().make_strand(), names.resolve("host" + std::to_string(i) + ".example.test"),
                                     asio::use_future));
    for (auto& each : all) {
        auto found = each.get();
        REQUIRE(found);
        std::ranges::sort(*found);
        CHECK(*found == addresses{address("192.0.2.1"), address("192.0.2.2")});
    }
    CHECK(server.questions() >= 100);
}

TEST_CASE("a server that does not answer ends in resolve_timeout") {
    ferrule::net::init_libraries();
    test::loop on;
    name_server server(on.io(), false);
    auto wanted = asking(server);
    wanted.try_timeout = 50ms;
    wanted.tries = 2;
    resolver names(on.io(), wanted);
    const auto found = on.wait(names.resolve("silent.example.test"));
    REQUIRE_FALSE(found);
    CHECK(found.error() ==
          ferrule::error("resolve_timeout", "no name server answered for 'silent.example.test' in time", true));
    CHECK(server.questions() >= 2);
}

TEST_CASE("the total limit holds whatever the tries are") {
    ferrule::net::init_libraries();
    test::loop on;
    name_server server(on.io(), false);
    auto wanted = asking(server);
    wanted.try_timeout = 600s;
    wanted.total_timeout = 30ms;
    resolver names(on.io(), wanted);
    const auto found = on.wait(names.resolve("silent.example.test"));
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == "resolve_timeout");
}

TEST_CASE("a look-up that is cancelled ends at once") {
    ferrule::net::init_libraries();
    test::loop on;
    name_server server(on.io(), false);
    auto wanted = asking(server);
    wanted.try_timeout = 600s;
    wanted.total_timeout = 600s;
    resolver names(on.io(), wanted);
    auto limited = [](resolver& with) -> asio::awaitable<ferrule::result<addresses>> {
        auto asked = with.resolve("silent.example.test");
        auto limit = ferrule::runtime::within(20ms, std::move(asked));
        co_return co_await std::move(limit);
    };
    const auto found = on.wait(limited(names));
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == "deadline");
}

TEST_CASE("what cannot be a name is refused") {
    test::loop on;
    resolver names(on.io());
    for (const auto& each : {std::string(), std::string(300, 'a'), std::string("a\0b", 3)}) {
        const auto found = on.wait(names.resolve(each));
        REQUIRE_FALSE(found);
        CHECK(found.error().code() == "invalid_host_name");
    }
}

TEST_CASE("an address on an interface that is not there is refused, and not sought elsewhere") {
    test::loop on;
    resolver names(on.io());
    const auto found = on.wait(names.resolve("fe80::1%nosuchcard"));
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == "invalid_host_name");
    CHECK(found.error().message() == "'fe80::1%nosuchcard': this machine has no interface 'nosuchcard'");
    const auto there = on.wait(names.resolve("fe80::1%lo"));
    REQUIRE(there);
    CHECK(there->front().to_v6().scope_id() != 0);
}

TEST_CASE("a resolver that goes ends its look-ups with cancelled") {
    ferrule::net::init_libraries();
    test::loop on;
    name_server server(on.io(), false);
    std::promise<ferrule::result<addresses>> outcome;
    {
        resolver names(on.io(), asking(server));
        names.start("silent.example.test", on.io().get_executor(),
                    [&outcome](ferrule::result<addresses> got) { outcome.set_value(std::move(got)); });
    }
    auto told = outcome.get_future();
    REQUIRE(told.wait_for(30s) == std::future_status::ready);
    const auto got = told.get();
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == "cancelled");
}
