// How a connection begins, reads, and ends. Part of connection<Stream>; see connection_impl.hpp.
#pragma once

#include "http/connection_impl.hpp"

#include "base/log.hpp"
#include "http/early_answer.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace ferrule::http {

using namespace std::chrono_literals;

inline constexpr base::duration hang_up_limit = 1s;

template <class Stream>
connection<Stream>::connection(std::shared_ptr<server_state> shared, Stream stream, std::string peer,
                               runtime::gate::pass pass)
    : shared_(std::move(shared))
    , stream_(std::move(stream))
    , pass_(std::move(pass))
    , reader_(shared_->reader_limits())
    , timer_(stream_.get_executor(), *this) {
    reader_.current().peer = std::move(peer);
    reader_.current().client = this;
}

template <class Stream>
void connection<Stream>::start() {
    auto self = this->shared_from_this();
    shared_->add(self);
    auto ended = [self](const std::exception_ptr& what) {
        // Only cancellation leaves run(): the daemon stops or the connection was cut off.
        static_cast<void>(what);
        self->timer_.stop();
        self->close();
        self->shared_->remove(self.get());
    };
    if (shared_->stopping) // it came while the server took leave of the others
        begin_stop();
    asio::co_spawn(stream_.get_executor(), run(), asio::bind_cancellation_slot(cancel_.slot(), std::move(ended)));
}

template <class Stream>
asio::awaitable<void> connection<Stream>::run() {
    // Conditions are named first: in a template GCC 12 lays the temporary of `if (co_await …)` over the frame's own
    // resume pointer.
    bool going_on = co_await shake_hands();
    if (!going_on)
        co_return;
    do {
        going_on = co_await read_request();
        if (going_on)
            going_on = co_await serve_request();
    } while (going_on);
    if (!broken_)
        co_await hang_up();
}

template <class Stream>
asio::awaitable<bool> connection<Stream>::shake_hands() {
    reading_since_ = now();
    if constexpr (!std::is_same_v<Stream, any_socket>) {
        enter(phase::handshake, reading_since_ + shared_->wanted.header_timeout);
        boost::system::error_code failed;
        co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                         asio::redirect_error(asio::use_awaitable, failed));
        if (failed)
            base::log::debug("http", "a TLS handshake failed",
                             {{"peer", reader_.current().peer}, {"reason", failed.message()}});
        co_return !failed;
    }
    co_return true;
}

// Deadlines of reading are absolute, so a client that drips bytes gains nothing: the first request is due from the
// moment of connecting, a later one from its first byte, the body from the end of the header.
template <class Stream>
base::steady_time connection<Stream>::reading_deadline() {
    const auto& wanted = shared_->wanted;
    if (reader_.header_complete()) {
        if (!body_since_)
            body_since_ = now();
        return *body_since_ + wanted.body_timeout;
    }
    return reading_since_ + (served_ && !reader_.started() ? wanted.idle_timeout : wanted.header_timeout);
}

template <class Stream>
asio::awaitable<bool> connection<Stream>::read_request() {
    body_since_.reset();
    for (;;) {
        const auto next = reader_.advance();
        if (next == request_reader::step::complete)
            co_return true;
        if (next == request_reader::step::refused) {
            co_await refuse(reader_.refusal());
            co_return false;
        }
        const auto answer = answer_early(shared_->app, reader_);
        if (answer) {
            co_await answer_last(*answer);
            co_return false;
        }
        if (next == request_reader::step::send_continue) {
            out_ = "HTTP/1.1 100 Continue\r\n\r\n";
            const bool said = co_await flush({});
            if (!said)
                co_return false;
        }
        const bool started = reader_.started();
        if (stopping_ && !started)
            co_return false;
        enter(started ? phase::reading : phase::idle, reading_deadline());
        boost::system::error_code failed;
        const auto size =
            co_await stream_.async_read_some(reader_.prepare(), asio::redirect_error(asio::use_awaitable, failed));
        if (late_) {
            if (!started) // nothing was asked, so there is nothing to answer
                co_return false;
            co_await refuse(error("request_timeout", "the request did not arrive in time", true));
            co_return false;
        }
        if (failed) {
            broken_ = true;
            co_return false;
        }
        reader_.commit(size);
        if (!started && served_)
            reading_since_ = now();
    }
}

// A close with unread bytes would send a reset, which can overtake the response; so the client is given a moment to
// read it and hang up first (RFC 9112, section 9.6).
template <class Stream>
asio::awaitable<void> connection<Stream>::hang_up() {
    constexpr std::size_t most = 1024 * 1024;
    enter(phase::ending, now() + hang_up_limit);
    boost::system::error_code failed;
    if constexpr (!std::is_same_v<Stream, any_socket>) {
        co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, failed));
    } else {
        socket().shutdown(any_socket::shutdown_send, failed);
        std::array<char, 4096> ignored;
        for (std::size_t total = 0; !failed && total < most;) {
            const auto size = co_await stream_.async_read_some(asio::buffer(ignored),
                                                               asio::redirect_error(asio::use_awaitable, failed));
            total += size;
        }
    }
}

template <class Stream>
void connection<Stream>::begin_stop() {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
        self->stopping_ = true;
        if (self->in_stream_ || self->waiting_)
            return self->cancel();
        const bool nothing_runs =
            self->phase_ == phase::idle || self->phase_ == phase::handshake || self->phase_ == phase::ending;
        if (nothing_runs)
            self->close();
    });
}

template <class Stream>
void connection<Stream>::cut_off() {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
        self->stopping_ = true;
        self->close();
        self->cancel();
    });
}

template <class Stream>
void connection<Stream>::deadline_passed() {
    switch (phase_) {
    case phase::reading:
        late_ = true;
        cancel_reading();
        break;
    case phase::handling:
        late_ = true;
        cancel();
        break;
    case phase::streaming:
        break;
    case phase::handshake:
    case phase::idle:
    case phase::writing:
    case phase::ending:
        close();
        break;
    }
}

template <class Stream>
void connection<Stream>::enter(phase now_in, base::steady_time deadline) {
    phase_ = now_in;
    if (deadline == base::steady_time::max())
        timer_.clear();
    else
        timer_.set(deadline, this->shared_from_this());
}

template <class Stream>
void connection<Stream>::cancel() {
    cancelled_ = true;
    cancel_.emit(asio::cancellation_type::terminal);
}

template <class Stream>
void connection<Stream>::cancel_reading() {
    boost::system::error_code ignored;
    socket().cancel(ignored);
}

template <class Stream>
void connection<Stream>::close() {
    broken_ = true;
    boost::system::error_code ignored;
    socket().close(ignored);
}

template <class Stream>
any_socket& connection<Stream>::socket() {
    if constexpr (std::is_same_v<Stream, any_socket>)
        return stream_;
    else
        return stream_.next_layer();
}

} // namespace ferrule::http
