// The stream over real sockets of one process.
#include "tls_ends.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <openssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <vector>

using namespace ferrule;
using namespace test;
using namespace asio::experimental::awaitable_operators;

namespace {

/// Two streams that have shaken hands.
asio::awaitable<std::pair<stream_ptr, stream_ptr>> established(const tls_parties& by) {
    auto both = co_await connect_streams(by);
    const auto failed = co_await (shake(both.first) && shake(both.second));
    CHECK_FALSE(std::get<0>(failed));
    CHECK_FALSE(std::get<1>(failed));
    co_return both;
}

asio::awaitable<error_code> read_end(stream_ptr from) {
    std::string into(100, '\0');
    const auto [failed, got] = co_await from->async_read_some(asio::buffer(into), outcome);
    CHECK(got == 0);
    co_return failed;
}

asio::awaitable<error_code> send_all(stream_ptr to, const std::string& text) {
    const auto [failed, sent] = co_await asio::async_write(*to, asio::buffer(text), outcome);
    if (!failed)
        CHECK(sent == text.size());
    co_return failed;
}

asio::awaitable<std::string> take(stream_ptr from, std::size_t size) {
    std::string into(size, '\0');
    const auto [failed, got] = co_await asio::async_read(*from, asio::buffer(into), outcome);
    CHECK_FALSE(failed);
    into.resize(got);
    co_return into;
}

std::string pattern(std::size_t size, char first) {
    std::string out(size, first);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<char>('a' + (static_cast<std::size_t>(first) + i / 7) % 26);
    return out;
}

} // namespace

TEST_CASE("bytes pass both ways at the same time, whatever the sizes of reads and writes") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto both = co_await established(known);
        const auto there = pattern(3'000'000, 'a');
        const auto back = pattern(2'000'000, 'q');
        auto everything = send_all(both.first, there) && send_all(both.second, back) &&
                          take(both.second, there.size()) && take(both.first, back.size());
        const auto done = co_await std::move(everything);
        CHECK(std::get<2>(done) == there);
        CHECK(std::get<3>(done) == back);

        // Many small buffers in one write, and an empty one first.
        std::vector<std::string> pieces{"", "one ", "", "two ", pattern(9000, 'c'), " three"};
        std::vector<asio::const_buffer> buffers;
        std::string whole;
        for (const auto& each : pieces) {
            buffers.push_back(asio::buffer(each));
            whole += each;
        }
        const auto [failed, sent] = co_await asio::async_write(*both.first, buffers, outcome);
        CHECK_FALSE(failed);
        CHECK(sent == whole.size());
        const auto came = co_await take(both.second, whole.size());
        CHECK(came == whole);

        const auto [unfit, none] = co_await both.first->async_read_some(asio::mutable_buffer(), outcome);
        CHECK_FALSE(unfit);
        CHECK(none == 0);
    }(by));
}

TEST_CASE("a peer that does not read holds the writer back, and nothing is lost") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto both = co_await established(known);
        both.first->socket().set_option(asio::socket_base::send_buffer_size(65536));
        both.second->socket().set_option(asio::socket_base::receive_buffer_size(65536));
        const auto text = pattern(8'000'000, 'x');
        bool sent = false;
        const auto on_it = co_await asio::this_coro::executor;
        asio::co_spawn(
            on_it,
            [](stream_ptr to, const std::string& what, bool& done) -> asio::awaitable<void> {
                const auto failed = co_await send_all(to, what);
                CHECK_FALSE(failed);
                done = true;
            }(both.first, text, sent),
            [](std::exception_ptr) {});
        const auto begin = co_await take(both.second, 100'000);
        CHECK_FALSE(sent); // far more than what buffers can hold has still to go
        const auto rest = co_await take(both.second, text.size() - begin.size());
        CHECK(begin + rest == text);
    }(by));
}

TEST_CASE("the end of a stream is told from its loss") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        {
            const auto both = co_await established(known);
            const auto [failed] = co_await both.first->async_shutdown(outcome);
            CHECK_FALSE(failed);
            const auto ended = co_await read_end(both.second);
            CHECK(ended == asio::error::eof);
        }
        { // half closed without a farewell: somebody may have cut it short
            const auto both = co_await established(known);
            both.first->socket().shutdown(tcp::socket::shutdown_send);
            // The other direction still stands, until the loss is seen.
            const auto sent = co_await send_all(both.second, "last words");
            CHECK_FALSE(sent);
            const auto came = co_await take(both.first, 10);
            CHECK(came == "last words");
            const auto ended = co_await read_end(both.second);
            CHECK(ended == asio::ssl::error::stream_truncated);
            const auto after = co_await send_all(both.second, "nothing more");
            CHECK(after);
        }
        { // reset
            const auto both = co_await established(known);
            both.first->socket().set_option(asio::socket_base::linger(true, 0));
            both.first->close();
            const auto ended = co_await read_end(both.second);
            CHECK(ended == asio::error::connection_reset);
        }
        { // half of a record
            auto sockets = co_await connect_sockets();
            const auto server = std::make_shared<net::tls_stream>(std::move(sockets.second), known.server,
                                                                  net::tls_stream::side::server);
            const std::string begun("\x16\x03\x01\x02\x00\x01", 6);
            co_await asio::async_write(sockets.first, asio::buffer(begun), asio::use_awaitable);
            sockets.first.shutdown(tcp::socket::shutdown_send);
            const auto ended = co_await shake(server);
            CHECK(ended == asio::ssl::error::stream_truncated);
        }
    }(by));
}

TEST_CASE("what is no TLS ends the handshake with an error") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        auto sockets = co_await connect_sockets();
        const auto server =
            std::make_shared<net::tls_stream>(std::move(sockets.second), known.server, net::tls_stream::side::server);
        const std::string request = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
        co_await asio::async_write(sockets.first, asio::buffer(request), asio::use_awaitable);
        const auto failed = co_await shake(server);
        CHECK(failed.category() == asio::error::get_ssl_category());
        CHECK(net::tls_error(failed, "it").code() == "tls_failed");
        CHECK_FALSE(server->refused());
    }(by));
}

TEST_CASE("a certificate that is in order can still be refused, and both ends know") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto both = co_await connect_streams(known);
        both.second->judge_peer([](const net::certificate_facts& shown) -> std::optional<std::string> {
            return shown.name == "client" ? std::optional<std::string>("not today") : std::nullopt;
        });
        const auto failed = co_await (shake(both.first) && shake(both.second));
        CHECK(std::get<1>(failed));
        const auto& refused = both.second->refused();
        CHECK(refused);
        if (refused) {
            CHECK(refused->reason == "not today");
            CHECK(refused->whose.name == "client");
        }
        // With TLS 1.3 the client has done its part before it hears.
        auto heard = std::get<0>(failed);
        if (!heard)
            heard = co_await read_end(both.first);
        CHECK(net::tls_error(heard, "it").code() == "certificate_revoked");
    }(by));
}

TEST_CASE("a read that waits can be cancelled, and ends when the stream is closed") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto on_it = co_await asio::this_coro::executor;
        {
            const auto both = co_await established(known);
            asio::steady_timer never(on_it, std::chrono::hours(1));
            never.expires_after(std::chrono::seconds(0));
            const auto first = co_await (read_end(both.first) || never.async_wait(outcome));
            CHECK(first.index() == 1);
        }
        {
            const auto both = co_await established(known);
            asio::post(on_it, [at = both.first] { at->close(); });
            const auto ended = co_await read_end(both.first);
            CHECK(ended == asio::error::operation_aborted);
            // The descriptor may be anybody's now.
            const auto later = co_await read_end(both.first);
            CHECK(later == asio::error::operation_aborted);
            const auto sent = co_await send_all(both.first, "nobody");
            CHECK(sent == asio::error::operation_aborted);
            const auto [shut] = co_await both.first->async_shutdown(outcome);
            CHECK(shut == asio::error::operation_aborted);
        }
    }(by));
}

TEST_CASE("an idle connection holds no buffers of records") {
    test::loop on;
    const tls_parties by;
    on.wait([](const tls_parties& known) -> asio::awaitable<void> {
        const auto both = co_await established(known);
        CHECK((SSL_get_mode(both.first->native_handle()) & SSL_MODE_RELEASE_BUFFERS) != 0);
        CHECK(both.second->peer());
        both.second->forget_handshake();
        CHECK_FALSE(both.second->refused());
        const auto sent = co_await send_all(both.first, "after it was forgotten");
        CHECK_FALSE(sent);
        const auto came = co_await take(both.second, 22);
        CHECK(came == "after it was forgotten");
    }(by));
}
