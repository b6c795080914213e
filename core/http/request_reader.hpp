// Bytes to requests, without a socket.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "http/request.hpp"
#include "http/request_parser.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

/// Splits a connection's bytes into requests (RFC 9112) and refuses whatever two parties could read differently:
/// Content-Length beside Transfer-Encoding, codings other than `chunked`, more or less than one Host, malformed
/// headers. Sans-I/O: give it bytes by prepare and commit, ask it by advance. Several requests may wait in its buffer
/// (pipelining); one is parsed at a time. After `refused` the connection has to end, since nobody knows where the next
/// request begins.
class request_reader {
  public:
    struct limits {
        std::uint32_t header = 16 * 1024; ///< Request line and headers, in bytes.
        std::uint64_t body = 4 * 1024 * 1024;
        std::size_t headers = 100;
    };

    enum class step {
        need_input,
        send_continue, ///< The client waits for `100 Continue`; said once, then advance again.
        complete,      ///< current() is a whole request; `next` goes on.
        refused        ///< refusal() says why.
    };

    explicit request_reader(const limits& wanted);
    request_reader(const request_reader&) = delete;
    request_reader& operator=(const request_reader&) = delete;

    /// Space for the next read; commit says how much of it was filled.
    [[nodiscard]] asio::mutable_buffer prepare();
    void commit(std::size_t size);

    [[nodiscard]] step advance();

    [[nodiscard]] request& current() noexcept { return current_; }

    [[nodiscard]] const base::error& refusal() const noexcept { return refusal_; }

    /// Whether a byte of the current request has come, and whether its header is complete.
    [[nodiscard]] bool started() const noexcept { return parser_->got_some() || input_.size() > 0; }

    [[nodiscard]] bool header_complete() const noexcept { return parser_->is_header_done(); }

    /// For a request whose head was looked at before its body has come: more than `most` bytes of it are refused with
    /// `why`. False when there are more already.
    [[nodiscard]] bool cap_body(std::size_t most, const base::error& why);

    /// Bytes that wait behind the current request.
    [[nodiscard]] std::size_t buffered() const noexcept { return input_.size(); }

    /// Forgets the current request.
    void next();

  private:
    [[nodiscard]] bool skip_empty_lines();
    [[nodiscard]] std::size_t least_input() const;
    step refuse(base::error why);
    [[nodiscard]] base::error explain(const boost::system::error_code& fault) const;

    const limits limits_;
    boost::beast::flat_buffer input_;
    request current_;
    std::optional<request_parser> parser_;
    base::error refusal_;
    bool refused_ = false;
    bool continue_said_ = false;
};

} // namespace ferrule::http
