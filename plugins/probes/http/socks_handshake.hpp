// SPDX-License-Identifier: Apache-2.0
// How a SOCKS5 proxy is asked for a connection. No sockets and no clock.
#pragma once

#include "http/url.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

/// The client's side of SOCKS5 (RFC 1928), with the login of RFC 1929 when the proxy's URL has one. Names go to the
/// proxy as they are, so that it looks them up. It goes on as long as neither `done` nor `failed`: send `output`, read
/// at most `wanted` bytes, and `put` them. No text of it has the login in it.
class socks_handshake {
  public:
    socks_handshake(const url& proxy, const url& to);

    /// What is to be sent now; empty for nothing. Each text is given once.
    std::string output();

    /// How many bytes are still missing of what the proxy says now; what comes after the last belongs to the server.
    [[nodiscard]] std::size_t wanted() const noexcept { return needed_ - got_.size(); }

    /// What is missing, for a sentence.
    [[nodiscard]] std::string_view waiting_for() const noexcept;

    void put(std::string_view bytes);
    /// The proxy has ended the connection.
    void end();

    [[nodiscard]] bool done() const noexcept { return at_ == state::open; }

    [[nodiscard]] bool failed() const noexcept { return !problem_.empty(); }

    /// A sentence without its beginning, which names the proxy.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  private:
    enum class state : std::uint8_t { method, login, reply, open };

    void take_method();
    void take_login();
    void take_reply();
    void ask();
    void expect(state next, std::size_t bytes);

    [[nodiscard]] std::uint8_t byte(std::size_t at) const noexcept { return static_cast<std::uint8_t>(got_[at]); }

    std::string user_;
    std::string password_;
    url to_;
    std::string output_;
    std::string got_;
    std::string problem_;
    std::size_t needed_ = 2;
    state at_ = state::method;
};

} // namespace ferrule::probes::http
