// TLS over TCP for connections that are mostly idle and many.
#pragma once

#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include <openssl/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/certificate_facts.hpp"
#include "net/tls_context.hpp"

namespace ferrule::net {

/// Says why a certificate that is otherwise in order is not accepted; none when it is. Called within the handshake, on
/// the stream's executor.
using certificate_judge = std::function<std::optional<std::string>(const certificate_facts&)>;

/// Lets OpenSSL read and write the socket itself, so that an idle connection holds no buffer of its own: about a third
/// of what asio::ssl::stream needs. Satisfies Asio's AsyncReadStream and AsyncWriteStream; one read and one write may
/// be under way at the same time. Everything on the socket's executor. Cancelling an operation (terminal) ends it; the
/// stream is of no use afterwards. The process must ignore SIGPIPE, which the first stream sees to when nobody has.
class tls_stream {
  public:
    using executor_type = asio::ip::tcp::socket::executor_type;
    using error_code = boost::system::error_code;
    enum class side { client, server };

    /// Takes over a connected socket, which becomes non-blocking and loses Nagle's delay. Keeps the context alive.
    tls_stream(asio::ip::tcp::socket socket, tls_context context, side as);
    tls_stream(tls_stream&&) noexcept;
    tls_stream& operator=(tls_stream&&) = delete;
    ~tls_stream();

    executor_type get_executor() { return socket_.get_executor(); }

    [[nodiscard]] asio::ip::tcp::socket& socket() noexcept { return socket_; }

    [[nodiscard]] SSL* native_handle() noexcept { return ssl_; }

    /// Judges the peer's own certificate beyond what the context demands; before the handshake.
    void judge_peer(certificate_judge judge);
    /// After the handshake: what the peer showed, if it showed a certificate.
    [[nodiscard]] std::optional<certificate_facts> peer() const;

    /// After a failed handshake: whose certificate was refused and why; none when it failed for another reason.
    struct refusal {
        certificate_facts whose;
        std::string reason;
    };

    [[nodiscard]] const std::optional<refusal>& refused() const noexcept;
    /// Gives back what only the handshake needed.
    void forget_handshake() noexcept;

    template <class Token>
    auto async_handshake(Token&& token) {
        return start<void(error_code)>([](tls_stream& of) { return of.try_handshake(); }, token);
    }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& into, Token&& token) {
        return start<void(error_code, std::size_t)>(
            [first = first_of<asio::mutable_buffer>(into)](tls_stream& of) { return of.try_read(first); }, token);
    }

    /// Small buffers in a row go out as one record.
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& from, Token&& token) {
        return start<void(error_code, std::size_t)>(
            [from](tls_stream& of) { return of.try_write(gather(from, asio::buffer_size(from))); }, token);
    }

    /// Tells the peer that nothing more comes; does not wait for its answer.
    template <class Token>
    auto async_shutdown(Token&& token) {
        return start<void(error_code)>([](tls_stream& of) { return of.try_shutdown(); }, token);
    }

    /// Ends every operation under way.
    void close() noexcept;

    friend void beast_close_socket(tls_stream& of) { of.close(); }

  private:
    enum class wait { nothing, readable, writable };

    struct progress {
        wait next = wait::nothing;
        error_code failed;
        std::size_t bytes = 0;
    };

    template <class Signature, class Try>
    struct operation;
    struct handshake_state;

    template <class Buffer, class Buffers>
    static Buffer first_of(const Buffers& all) {
        for (auto at = asio::buffer_sequence_begin(all); at != asio::buffer_sequence_end(all); ++at)
            if (Buffer each(*at); each.size() != 0)
                return each;
        return Buffer();
    }

    template <class Buffers>
    static asio::const_buffer gather(const Buffers& all, std::size_t size) {
        const auto first = first_of<asio::const_buffer>(all);
        if (first.size() == size || first.size() >= gathered_most)
            return first;
        const auto room = gathering_room();
        return {room.data(), asio::buffer_copy(room, all)};
    }

    template <class Signature, class Try, class Token>
    auto start(Try attempt, Token& token) {
        return asio::async_compose<Token, Signature>(operation<Signature, Try>{*this, std::move(attempt)}, token,
                                                     socket_);
    }

    static constexpr std::size_t gathered_most = 8192;
    /// Of this thread; what is in it counts only until the attempt has ended.
    static asio::mutable_buffer gathering_room();

    static progress closed();
    progress try_handshake();
    progress try_read(asio::mutable_buffer into);
    progress try_write(asio::const_buffer from);
    progress try_shutdown();
    progress after(int outcome);

    asio::ip::tcp::socket socket_;
    tls_context context_;
    SSL* ssl_ = nullptr;
    std::unique_ptr<handshake_state> handshake_;
};

template <class Signature, class Try>
struct tls_stream::operation {
    tls_stream& of;
    Try attempt;

    enum { fresh, done, waiting } state = fresh;

    progress made{};

    template <class Self>
    void operator()(Self& self, error_code failed = {}) {
        if (state == done)
            return finish(self);
        if (failed) {
            made = {wait::nothing, failed, 0};
            return finish(self);
        }
        made = attempt(of);
        if (made.next == wait::nothing && state == waiting)
            return finish(self);
        if (made.next == wait::nothing) { // not from within the initiating call
            state = done;
            asio::post(of.get_executor(), std::move(self));
            return;
        }
        state = waiting;
        of.socket_.async_wait(made.next == wait::readable ? asio::socket_base::wait_read
                                                          : asio::socket_base::wait_write,
                              std::move(self));
    }

    template <class Self>
    void finish(Self& self) {
        const auto end = made;
        if constexpr (std::is_same_v<Signature, void(error_code)>)
            self.complete(end.failed);
        else
            self.complete(end.failed, end.bytes);
    }
};

/// What a failed operation of a TLS stream means: `certificate_revoked`, `certificate_expired` or
/// `certificate_unknown` when the peer refused ours with an alert, else `tls_failed`. The message starts with `what`.
error tls_error(const boost::system::error_code& why, std::string_view what);

/// Beast's way to end a WebSocket's transport.
void teardown(boost::beast::role_type role, tls_stream& stream, boost::system::error_code& failed);

template <class Handler>
void async_teardown(boost::beast::role_type, tls_stream& stream, Handler&& handler) {
    stream.async_shutdown(std::forward<Handler>(handler));
}

} // namespace ferrule::net
