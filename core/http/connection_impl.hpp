// The connection's coroutine, for both kinds of stream; only connection.cpp and connection_tls.cpp include it.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <optional>
#include <string>

#include "http/connection.hpp"
#include "http/deadline_timer.hpp"
#include "http/presence.hpp"
#include "http/response.hpp"

namespace ferrule::http {

/// What a connection is doing; says what a deadline or a stop means to it.
enum class phase {
    handshake,
    idle,      ///< Between requests, nothing of the next one has come.
    reading,   ///< In the middle of a request.
    handling,  ///< A handler runs.
    writing,   ///< A response is being sent.
    streaming, ///< A stream waits for something to send.
    ending     ///< Waits for the client to take the last response and hang up.
};

/// `Stream` is any_socket or an ssl::stream over it. Everything runs on the socket's executor; the coroutine holds the
/// object, and the object goes when it ends.
template <class Stream>
class connection final : public live_connection,
                         public body_writer,
                         public presence,
                         public deadline_owner,
                         public std::enable_shared_from_this<connection<Stream>> {
  public:
    connection(std::shared_ptr<server_state> shared, Stream stream, std::string peer, runtime::gate::pass pass);

    void begin_stop() override;
    void cut_off() override;
    void deadline_passed() override;
    asio::awaitable<result<void>> write(std::string piece) override;
    asio::awaitable<void> while_there(asio::awaitable<void> waiting) override;

    /// Spawns the coroutine.
    void start();

  private:
    asio::awaitable<void> run();
    asio::awaitable<bool> shake_hands();
    asio::awaitable<bool> read_request();
    asio::awaitable<void> hang_up();
    [[nodiscard]] base::steady_time reading_deadline();

    asio::awaitable<bool> serve_request();
    asio::awaitable<bool> send(const response& answer, const request& asked, bool keep);
    asio::awaitable<bool> send_stream(const response& answer, const request& asked, bool keep);
    asio::awaitable<void> produce(const stream_body& body);
    asio::awaitable<void> watch_client();
    asio::awaitable<void> refuse(error why);
    /// Sends the answer to a request that is not read any further.
    asio::awaitable<void> answer_last(const response& answer);
    /// Sends out_, then `more`.
    asio::awaitable<bool> flush(std::string_view more);
    void write_head(const response& answer, const request& asked, bool keep);

    void enter(phase now_in, base::steady_time deadline);
    void cancel();
    void cancel_reading();
    void close();
    any_socket& socket();

    static base::steady_time now() { return base::system_clock().steady_now(); }

    std::shared_ptr<server_state> shared_;
    Stream stream_;
    runtime::gate::pass pass_;
    request_reader reader_;
    deadline_timer timer_;
    asio::cancellation_signal cancel_;
    phase phase_ = phase::handshake;
    base::steady_time reading_since_{};
    std::optional<base::steady_time> body_since_;
    std::string out_;
    bool served_ = false;    ///< A request was answered on it.
    bool late_ = false;      ///< A deadline of reading or handling has passed.
    bool in_stream_ = false; ///< A stream is under way.
    bool waiting_ = false;   ///< A handler waits in while_there.
    bool chunked_ = false;   ///< It is framed in chunks.
    bool stopping_ = false;  ///< No further request.
    bool cancelled_ = false; ///< The coroutine was told to give up what it waits for.
    bool broken_ = false;    ///< Nothing can be sent any more.
};

} // namespace ferrule::http
