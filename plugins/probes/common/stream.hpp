// SPDX-License-Identifier: Apache-2.0
// A connection to a target, with or without TLS.
#pragma once

#include "common/descriptor.hpp"
#include "common/endpoint.hpp"
#include "common/fault.hpp"
#include "common/tls_session.hpp"

#include <ferrule/sdk/watch.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes {

/// How a connection is closed.
enum class closing {
    orderly, ///< With FIN, after which the port waits for a minute.
    reset,   ///< With RST: nothing is left behind on either side.
};

/// A TCP connection whose operations end at the deadline. Strand only. It closes when it goes, with RST unless
/// `close` did it before.
class stream {
  public:
    stream(sdk::strand& home, sdk::time_ns deadline, std::string limit);
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream();

    /// Tries the addresses in turn; the next only when this machine cannot use the family of the one before. The one
    /// that was tried last is `peer`.
    sdk::task<maybe_fault> connect(std::vector<sdk::address> candidates, std::uint16_t port, route_settings route);

    [[nodiscard]] const endpoint& peer() const { return *peer_; }

    /// Speaks TLS from now on. What was read before and not used must be nothing.
    sdk::task<maybe_fault> start_tls(tls_context context, const tls_settings& how, std::string host);

    /// The TLS session, also of a handshake that failed; nullptr without one.
    [[nodiscard]] const tls_session* tls() const noexcept { return tls_.get(); }

    /// Sends all of it. The text must live until it is done.
    sdk::task<maybe_fault> write(std::string_view data);

    /// Waits for more and appends up to `most` bytes; true when the peer has ended instead. `waiting_for` is for the
    /// sentence when nothing comes.
    sdk::task<outcome<bool>> read(std::string& into, std::size_t most, std::string_view waiting_for);

    /// The kernel's own measure of the round trip in milliseconds, which no load of this process distorts.
    [[nodiscard]] std::optional<double> kernel_rtt_ms() const;

    void close(closing how);

  private:
    sdk::task<maybe_fault> connect_one();
    [[nodiscard]] std::string late(std::string_view waiting_for) const;
    sdk::task<maybe_fault> take_turn(sdk::probe_phase phase, std::string_view waiting_for);
    sdk::task<maybe_fault> wait_for(tls_need need, sdk::probe_phase phase, std::string_view waiting_for);

    sdk::strand* home_;
    sdk::time_ns deadline_;
    std::string limit_;
    std::optional<endpoint> peer_;
    descriptor socket_;
    std::optional<sdk::watch> watch_; // ends before the socket
    std::unique_ptr<tls_session> tls_;
    std::size_t moved_ = 0; ///< Bytes since the others had their turn.
};

} // namespace ferrule::probes
