// How a connection answers: plain responses and streams. Part of connection<Stream>; see connection_impl.hpp.
#pragma once

#include "http/connection_impl.hpp"

#include "http/http_date.hpp"
#include "http/problem.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <charconv>

namespace ferrule::http {

/// Up to this size a body is copied behind its header, so that both leave as one piece.
inline constexpr std::size_t small_body = 16 * 1024;

template <class Stream>
asio::awaitable<bool> connection<Stream>::serve_request() {
    auto& asked = reader_.current();
    const auto began = now();
    enter(phase::handling, began + shared_->handler_limit());
    auto answer = co_await shared_->app.handle(asked);
    if (cancelled_)
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    cancelled_ = false;
    if (answer.is_stream() && shared_->streams.load() >= shared_->wanted.max_event_streams) {
        auto refused = problem(error("too_many_streams",
                                     "too many event streams are open; close one or raise "
                                     "http.max_event_streams",
                                     true),
                               asked.id);
        answer = std::move(refused);
    }
    const bool framed = !answer.is_stream() || asked.version >= 11;
    const bool keep = asked.keep_alive && framed && !answer.closes() && !stopping_ && !late_;
    bool sent = false;
    if (answer.is_stream()) {
        sent = co_await send_stream(answer, asked, keep);
        shared_->app.finished(asked, answer.status(), began);
    } else {
        // Counted first, so that a client that has its answer finds it counted.
        shared_->app.finished(asked, answer.status(), began);
        sent = co_await send(answer, asked, keep);
    }
    served_ = true;
    reader_.next();
    reading_since_ = now();
    co_return sent&& keep;
}

template <class Stream>
asio::awaitable<bool> connection<Stream>::send(const response& answer, const request& asked, bool keep) {
    write_head(answer, asked, keep);
    auto body = asked.verb == method::head ? std::string_view() : answer.body();
    if (body.size() <= small_body) {
        out_.append(body);
        body = {};
    }
    co_return co_await flush(body);
}

template <class Stream>
void connection<Stream>::write_head(const response& answer, const request& asked, bool keep) {
    response::framing how;
    how.date = http_date();
    how.request_id = asked.id;
    how.version = asked.version;
    how.keep_alive = keep;
    out_.clear();
    answer.write_head(out_, how);
}

template <class Stream>
asio::awaitable<bool> connection<Stream>::flush(std::string_view more) {
    std::array<asio::const_buffer, 2> parts{asio::buffer(out_), asio::const_buffer(more.data(), more.size())};
    while (parts[0].size() + parts[1].size() > 0) {
        // Anew for each piece: a large answer may take its time over a slow line as long as it moves.
        enter(phase::writing, now() + shared_->wanted.write_timeout);
        boost::system::error_code failed;
        const auto size = co_await stream_.async_write_some(parts, asio::redirect_error(asio::use_awaitable, failed));
        if (failed || broken_) {
            broken_ = true;
            co_return false;
        }
        const auto of_first = std::min(size, parts[0].size());
        parts[0] += of_first;
        parts[1] += size - of_first;
    }
    co_return true;
}

// The producer runs against a reader that only waits for the client to go; whichever ends first ends the other.
template <class Stream>
asio::awaitable<bool> connection<Stream>::send_stream(const response& answer, const request& asked, bool keep) {
    using namespace asio::experimental::awaitable_operators;
    write_head(answer, asked, keep);
    const bool head_sent = co_await flush({});
    if (!head_sent)
        co_return false;
    if (asked.verb == method::head)
        co_return true;
    chunked_ = asked.version >= 11;
    in_stream_ = true;
    ++shared_->streams;
    if (!stopping_) {
        enter(phase::streaming, base::steady_time::max());
        auto race = produce(answer.stream()) || watch_client();
        co_await std::move(race);
    }
    --shared_->streams;
    in_stream_ = false;
    if (cancelled_)
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    cancelled_ = false;
    if (broken_)
        co_return false;
    out_ = chunked_ ? "0\r\n\r\n" : "";
    co_return co_await flush({});
}

template <class Stream>
asio::awaitable<void> connection<Stream>::produce(const stream_body& body) {
    try {
        co_await body(*this);
    } catch (const std::exception&) {
        // Cancelled, or the source failed in the middle: without its last chunk the client sees that it is cut short.
        broken_ = broken_ || !cancelled_;
    }
}

/// Without it a failure would have the race wait for the other side.
inline asio::awaitable<void> keep_failure(asio::awaitable<void> of, std::exception_ptr& failed) {
    try {
        co_await std::move(of);
    } catch (...) {
        failed = std::current_exception();
    }
}

template <class Stream>
asio::awaitable<void> connection<Stream>::while_there(asio::awaitable<void> waiting) {
    using namespace asio::experimental::awaitable_operators;
    std::exception_ptr failed;
    if (!stopping_ && !broken_) {
        waiting_ = true;
        auto race = keep_failure(std::move(waiting), failed) || watch_client();
        co_await std::move(race);
        waiting_ = false;
    }
    if (cancelled_)
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    const bool ended_early = std::exchange(cancelled_, false) || broken_;
    if (failed && !ended_early)
        std::rethrow_exception(failed);
}

template <class Stream>
asio::awaitable<void> connection<Stream>::watch_client() {
    constexpr std::size_t most_ahead = 64 * 1024;
    boost::system::error_code failed;
    while (reader_.buffered() < most_ahead) {
        const auto size =
            co_await stream_.async_read_some(reader_.prepare(), asio::redirect_error(asio::use_awaitable, failed));
        reader_.commit(size);
        if (!failed)
            continue;
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() == asio::cancellation_type::none)
            broken_ = true;
        co_return;
    }
    asio::steady_timer never(stream_.get_executor(), asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::redirect_error(asio::use_awaitable, failed));
}

template <class Stream>
asio::awaitable<result<void>> connection<Stream>::write(std::string piece) {
    if (broken_)
        co_return error("disconnected", "the client has gone");
    if (piece.empty())
        co_return ok();
    out_.clear();
    if (chunked_) {
        std::array<char, 20> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
        out_.append(digits.data(), end).append("\r\n");
        out_.append(piece).append("\r\n");
    } else {
        out_ = std::move(piece);
    }
    const bool sent = co_await flush({});
    enter(phase::streaming, base::steady_time::max());
    if (!sent)
        co_return error("disconnected", "the client has gone or does not read");
    co_return ok();
}

template <class Stream>
asio::awaitable<void> connection<Stream>::refuse(error why) {
    auto& asked = reader_.current();
    if (asked.id.empty())
        asked.id = shared_->app.next_request_id();
    const auto answer = problem(why, asked.id);
    co_await answer_last(answer);
}

template <class Stream>
asio::awaitable<void> connection<Stream>::answer_last(const response& answer) {
    auto& asked = reader_.current();
    shared_->app.finished(asked, answer.status(), now());
    co_await send(answer, asked, false);
}

} // namespace ferrule::http
