// What a handler answers.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

/// Where a streaming response writes. Runs on the connection's executor.
class body_writer {
  public:
    virtual ~body_writer() = default;
    /// Sends a piece and returns when the kernel has taken it, so a slow client holds its producer back. Fails with
    /// `disconnected` once the client has gone or took too long to read; the producer should then return.
    virtual asio::awaitable<result<void>> write(std::string piece) = 0;
};

/// Writes the body piece by piece and returns at its end. Cancelled when the client goes or the server stops: waits
/// then throw or return early.
using stream_body = std::function<asio::awaitable<void>(body_writer&)>;

/// Header blocks as they go over the wire, made once: content type and the headers that keep browsers from guessing,
/// framing or caching.
inline constexpr std::string_view json_fields = "Content-Type: application/json\r\n"
                                                "X-Content-Type-Options: nosniff\r\n"
                                                "Cache-Control: no-store\r\n";
inline constexpr std::string_view problem_fields = "Content-Type: application/problem+json\r\n"
                                                   "X-Content-Type-Options: nosniff\r\n"
                                                   "Cache-Control: no-store\r\n";
inline constexpr std::string_view sse_fields = "Content-Type: text/event-stream\r\n"
                                               "X-Content-Type-Options: nosniff\r\n"
                                               "Cache-Control: no-store\r\n"
                                               "X-Accel-Buffering: no\r\n";
inline constexpr std::string_view plain_fields = "X-Content-Type-Options: nosniff\r\n"
                                                 "Cache-Control: no-store\r\n";

/// A response: status, headers, and a body that is owned text, shared text or a stream. Content-Length, Date,
/// Connection and the request's id are the server's business. Has user-provided constructors, so a temporary is safe in
/// an expression with co_await.
class response {
  public:
    /// `fields` must have static lifetime; see the blocks above.
    explicit response(unsigned status = 204, std::string_view fields = plain_fields, std::string body = {});
    response(unsigned status, std::string_view fields, std::shared_ptr<const std::string> body);
    response(unsigned status, std::string_view fields, stream_body body);
    response(response&&) noexcept;
    response& operator=(response&&) noexcept;
    response(const response&) = delete;
    response& operator=(const response&) = delete;
    ~response();

    /// Adds a header. Throws std::invalid_argument for a name or value that could end the header early.
    response& add(std::string_view name, std::string_view value);
    /// The connection ends after this response.
    response& close_after() noexcept;

    [[nodiscard]] unsigned status() const noexcept { return status_; }

    [[nodiscard]] bool closes() const noexcept { return close_; }

    [[nodiscard]] bool is_stream() const noexcept { return static_cast<bool>(stream_); }

    [[nodiscard]] std::string_view body() const noexcept { return shared_ ? std::string_view(*shared_) : body_; }

    [[nodiscard]] const stream_body& stream() const noexcept { return stream_; }

    /// Value of a header, for tests; empty when it is not there.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;

    /// Appends the status line and all headers to `out`. `date` is the Date header's value.
    struct framing {
        std::string_view date;
        std::string_view request_id;
        unsigned version = 11;
        bool keep_alive = true;
    };

    void write_head(std::string& out, const framing& how) const;

  private:
    unsigned status_;
    bool close_ = false;
    std::string_view fields_;
    std::string added_;
    std::string body_;
    std::shared_ptr<const std::string> shared_;
    stream_body stream_;
};

} // namespace ferrule::http
