// WebSockets over real TLS sockets of one process; where it matters what is on the wire, one end is written by hand.
#include "tls_ends.hpp"

#include "net/web_socket.hpp"
#include "net/web_socket_client.hpp"
#include "net/web_socket_listener.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>

#include <condition_variable>
#include <future>
#include <mutex>

using namespace ferrule;
using namespace test;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using socket_ptr = std::shared_ptr<net::web_socket>;

namespace {

net::shared_text text(std::string what) {
    return std::make_shared<const std::string>(std::move(what));
}

asio::awaitable<std::pair<socket_ptr, socket_ptr>> open_pair(const tls_parties& by, net::web_socket_limits limits) {
    auto streams = co_await connect_streams(by);
    std::string host = "here";
    auto made = co_await (net::upgrade_to_web_socket(streams.first, std::move(host), limits) &&
                          net::accept_web_socket(streams.second, limits));
    REQUIRE(std::get<0>(made));
    REQUIRE(std::get<1>(made));
    std::pair<socket_ptr, socket_ptr> both(*std::get<0>(made), *std::get<1>(made));
    co_return both;
}

asio::awaitable<std::string> read_text(socket_ptr from) {
    const auto got = co_await from->read();
    co_return got ? *got : "(" + got.error().code() + ")";
}

/// A client that puts its frames together itself.
struct by_hand {
    stream_ptr over;
    socket_ptr server;

    static asio::awaitable<by_hand> open(const tls_parties& by, net::web_socket_limits limits = {}) {
        auto streams = co_await connect_streams(by);
        auto made = co_await (upgrade(streams.first) && net::accept_web_socket(streams.second, limits));
        CHECK(std::get<0>(made).starts_with("HTTP/1.1 101"));
        by_hand out;
        out.over = streams.first;
        REQUIRE(std::get<1>(made));
        out.server = *std::get<1>(made);
        co_return out;
    }

    static asio::awaitable<std::string> upgrade(stream_ptr over) {
        const auto failed = co_await shake(over);
        CHECK_FALSE(failed);
        const std::string request = "GET /fleet HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        co_await asio::async_write(*over, asio::buffer(request), asio::use_awaitable);
        std::string answer;
        auto into = asio::dynamic_buffer(answer);
        co_await asio::async_read_until(*over, into, "\r\n\r\n", asio::use_awaitable);
        co_return answer;
    }

    enum opcode : unsigned char { more = 0, of_text = 1, of_bytes = 2, of_close = 8, of_ping = 9, of_pong = 10 };

    static std::string frame(opcode what, const std::string& payload, bool last = true, bool masked = true) {
        std::string out;
        out += static_cast<char>((last ? 0x80 : 0) | what);
        REQUIRE(payload.size() < 126);
        out += static_cast<char>((masked ? 0x80U : 0U) | payload.size());
        const std::string mask = "\x01\x02\x03\x04";
        if (masked)
            out += mask;
        for (std::size_t i = 0; i < payload.size(); ++i)
            out += static_cast<char>(masked ? payload[i] ^ mask[i % 4] : payload[i]);
        return out;
    }

    [[nodiscard]] asio::awaitable<void> say(std::string bytes) const {
        const auto to = over;
        co_await asio::async_write(*to, asio::buffer(bytes), asio::use_awaitable);
    }

    /// So many bytes of what the server sends.
    [[nodiscard]] asio::awaitable<std::string> hear(std::size_t size) const {
        const auto from = over;
        std::string into(size, '\0');
        const auto [failed, got] = co_await asio::async_read(*from, asio::buffer(into), outcome);
        into.resize(got);
        co_return into;
    }
};

} // namespace

TEST_CASE("messages of every size arrive whole and in order, both ways at once") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto both = co_await open_pair(known, {});
        CHECK(both.second->peer()->name == "client");
        CHECK(both.first->peer()->name == "server");
        std::vector<std::size_t> sizes{0, 1, 125, 126, 127, 65535, 65536, 1'000'000, 3};
        for (const auto size : sizes) {
            CHECK(both.first->send(text(std::string(size, 'a'))));
            CHECK(both.second->send(text(std::string(size, 'b'))));
        }
        for (const auto size : sizes) {
            auto each = co_await (read_text(both.first) && read_text(both.second));
            CHECK(std::get<0>(each) == std::string(size, 'b'));
            CHECK(std::get<1>(each) == std::string(size, 'a'));
        }
        CHECK(both.first->waiting() == 0);
        both.first->cut_off();
        both.second->cut_off();
    }(by));
}

TEST_CASE("a message in fragments is put together, and a ping between them is answered") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto client = co_await by_hand::open(known);
        int alive = 0;
        client.server->on_alive([&alive] { ++alive; });
        co_await client.say(by_hand::frame(by_hand::of_text, "one ", false) + by_hand::frame(by_hand::of_ping, "?") +
                            by_hand::frame(by_hand::more, "two ", false) + by_hand::frame(by_hand::more, "three"));
        const auto got = co_await read_text(client.server);
        CHECK(got == "one two three");
        CHECK(alive == 1);
        client.server->send(text("ok"));
        const auto came = co_await client.hear(7);
        const auto pong = by_hand::frame(by_hand::of_pong, "?", true, false);
        CHECK(came == pong + by_hand::frame(by_hand::of_text, "ok", true, false));
        client.server->cut_off();
    }(by));
}

TEST_CASE("a frame byte by byte is a frame") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto client = co_await by_hand::open(known);
        const auto whole = by_hand::frame(by_hand::of_text, "slowly");
        auto say = [](by_hand from, std::string all) -> asio::awaitable<void> {
            for (const char each : all)
                co_await from.say(std::string(1, each));
        };
        auto both = say(client, whole) && read_text(client.server);
        const auto got = co_await std::move(both);
        CHECK(got == "slowly");
        client.server->cut_off();
    }(by));
}

TEST_CASE("what breaks the protocol ends the connection with a reason") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const std::pair<std::string, std::string> cases[] = {
            {by_hand::frame(by_hand::of_text, "not masked", true, false), "(protocol_error)"},
            {by_hand::frame(by_hand::more, "of nothing"), "(protocol_error)"},
            {by_hand::frame(by_hand::of_text, "\xff\xfe"), "(protocol_error)"},
            {by_hand::frame(by_hand::of_bytes, "bytes"), "(protocol_error)"},
            {std::string("\xf1\x80\x01\x02\x03\x04", 6), "(protocol_error)"},         // reserved bits
            {std::string("\x89\xfe\x01\x00\x01\x02\x03\x04", 8), "(protocol_error)"}, // a long ping
            {std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14), "(message_too_large)"},
            {by_hand::frame(by_hand::of_close, ""), "(closed)"},
        };
        for (const auto& [bytes, expected] : cases) {
            const auto client = co_await by_hand::open(known);
            co_await client.say(bytes);
            const auto got = co_await read_text(client.server);
            CHECK(got == expected);
            client.server->cut_off();
        }
    }(by));
}

TEST_CASE("a message beyond the limit is not taken, and a stranger's limit is lower") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        net::web_socket_limits small;
        small.message = 1000;
        small.message_of_stranger = 100;
        {
            const auto both = co_await open_pair(known, small);
            both.first->send(text(std::string(1000, 'x')));
            both.first->send(text(std::string(1001, 'x')));
            const auto fits = co_await read_text(both.second);
            CHECK(fits.size() == 1000);
            const auto not_this = co_await read_text(both.second);
            CHECK(not_this == "(message_too_large)");
            both.first->cut_off();
            both.second->cut_off();
        }
        { // in fragments that are small enough each
            const auto client = co_await by_hand::open(known, small);
            std::string all = by_hand::frame(by_hand::of_text, std::string(100, 'x'), false);
            for (int i = 0; i < 10; ++i)
                all += by_hand::frame(by_hand::more, std::string(100, 'x'), i == 9);
            co_await client.say(all);
            const auto got = co_await read_text(client.server);
            CHECK(got == "(message_too_large)");
            client.server->cut_off();
        }
        {
            auto nameless = known;
            nameless.client = known.stranger;
            const auto both = co_await open_pair(nameless, small);
            CHECK_FALSE(both.second->peer());
            both.first->send(text(std::string(101, 'x')));
            const auto got = co_await read_text(both.second);
            CHECK(got == "(message_too_large)");
            both.first->cut_off();
            both.second->cut_off();
        }
    }(by));
}

TEST_CASE("a ping is answered by the other end alone, and is heard") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto both = co_await open_pair(known, {});
        int client = 0;
        int server = 0;
        both.first->on_alive([&client] { ++client; });
        both.second->on_alive([&server] { ++server; });
        both.second->ping();
        both.second->ping(); // one at a time
        both.second->send(text("after the ping"));
        const auto asked = co_await read_text(both.first);
        CHECK(asked == "after the ping");
        CHECK(client == 1);
        both.first->send(text("after the pong"));
        const auto answered = co_await read_text(both.second);
        CHECK(answered == "after the pong");
        CHECK(server == 1);
        both.first->cut_off();
        both.second->cut_off();
    }(by));
}

TEST_CASE("one that does not read is refused more, by bytes and by messages, and gets what was taken once it reads") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        net::web_socket_limits tight;
        tight.queue_bytes = 400'000;
        tight.queue_messages = 50;
        const auto both = co_await open_pair(known, tight);
        std::size_t taken = 0;
        const std::string each(100'000, 'z');
        while (both.second->send(text(each)))
            ++taken;
        CHECK(taken == 4);
        CHECK(both.second->waiting() == 400'000);
        for (std::size_t i = 0; i < taken; ++i) {
            const auto got = co_await read_text(both.first);
            CHECK(got == each);
        }
        both.second->send(text("room again"));
        const auto more = co_await read_text(both.first);
        CHECK(more == "room again");
        std::size_t small = 0;
        while (both.second->send(text("x")))
            ++small;
        CHECK(small == 50);
        both.second->close("enough");
        CHECK_FALSE(both.second->send(text("after the end")));
        for (std::size_t i = 0; i < small; ++i) {
            const auto got = co_await read_text(both.first);
            CHECK(got == "x");
        }
        const auto end = co_await read_text(both.first);
        CHECK(end == "(closed)");
        CHECK(both.first->closed_because() == "enough");
        both.first->cut_off();
        both.second->cut_off();
    }(by));
}

TEST_CASE("a connection that is cut short is lost, not closed") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        {
            const auto client = co_await by_hand::open(known);
            client.over->socket().shutdown(tcp::socket::shutdown_send); // no farewell of any kind
            const auto got = co_await read_text(client.server);
            CHECK(got == "(connection_lost)");
            CHECK_FALSE(client.server->closed_because() == "enough");
            client.server->cut_off();
        }
        { // in the middle of a frame, with a farewell of TLS
            const auto client = co_await by_hand::open(known);
            co_await client.say(by_hand::frame(by_hand::of_text, "half of this").substr(0, 9));
            const auto [failed] = co_await client.over->async_shutdown(outcome);
            CHECK_FALSE(failed);
            const auto got = co_await read_text(client.server);
            CHECK(got == "(connection_lost)");
            client.server->cut_off();
        }
        { // with messages under way to it
            const auto client = co_await by_hand::open(known);
            client.over->socket().set_option(asio::socket_base::linger(true, 0));
            client.over->close();
            const auto got = co_await read_text(client.server);
            CHECK(got == "(connection_lost)");
            for (int i = 0; i < 100 && client.server->send(text(std::string(1000, 'x'))); ++i) {
                const auto on_it = co_await asio::this_coro::executor;
                co_await asio::post(on_it, asio::use_awaitable);
            }
            CHECK_FALSE(client.server->send(text("more")));
        }
    }(by));
}

TEST_CASE("a read that waits ends when the connection is cut off, and can be cancelled") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        {
            const auto both = co_await open_pair(known, {});
            both.first->cut_off();
            const auto got = co_await (read_text(both.first) && read_text(both.second));
            CHECK(std::get<0>(got) == "(connection_lost)");
            CHECK(std::get<1>(got) == "(connection_lost)");
            CHECK_FALSE(both.first->send(text("nobody")));
        }
        {
            const auto both = co_await open_pair(known, {});
            const auto on_it = co_await asio::this_coro::executor;
            asio::steady_timer at_once(on_it, std::chrono::seconds(0));
            const auto first = co_await (read_text(both.second) || at_once.async_wait(outcome));
            CHECK(first.index() == 1);
            both.first->cut_off();
            both.second->cut_off();
        }
    }(by));
}

TEST_CASE("what does not ask for a WebSocket gets none") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto ask = [](stream_ptr over) -> asio::awaitable<void> {
            const auto failed = co_await shake(over);
            CHECK_FALSE(failed);
            const std::string request = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
            co_await asio::async_write(*over, asio::buffer(request), asio::use_awaitable);
        };
        const auto streams = co_await connect_streams(known);
        auto both = ask(streams.first) && net::accept_web_socket(streams.second, {});
        const auto made = co_await std::move(both);
        REQUIRE_FALSE(made);
        CHECK(made.error().code() == "upgrade_failed");
    }(by));
}
