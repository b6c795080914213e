// SPDX-License-Identifier: Apache-2.0
// One ICMP socket: sends echo requests and reads replies, ICMP errors and the kernel's time stamps, in batches.
#pragma once

#include "icmp/message_batch.hpp"
#include "icmp/settings.hpp"

#include <ferrule/sdk/error.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace ferrule::icmp {

/// A reply, or a reply's look-alike: who sent it is for the caller to judge.
struct incoming_reply {
    echo packet;
    ip_address from;
    arrival at;
    int hop_limit; ///< -1 when unknown.
};

/// An ICMP error about a packet of ours, or of another process where the socket is raw.
struct incoming_error {
    echo packet;
    ip_address to; ///< Where the packet was going.
    std::uint8_t type;
    std::uint8_t code;
    std::uint32_t info;
    ip_address reported_by;
};

/// Takes what a socket reads. Must not send on that socket.
class echo_sink {
  public:
    virtual void on_reply(const incoming_reply& reply) = 0;
    virtual void on_error(const incoming_error& error) = 0;
    /// The packet that was the `key`-th since the keys began again left at that time.
    virtual void on_departure(std::uint32_t key, stamp_ns at) = 0;

  protected:
    ~echo_sink() = default;
};

struct outgoing {
    ip_address to;
    cookie mark;
    std::uint16_t sequence;
    std::uint16_t payload;
};

/// What became of a batch: so many were sent, in order; if not all, the errno for the next one.
struct send_outcome {
    std::size_t sent = 0;
    int error = 0;
    bool disturbed = false; ///< Something failed on the way, so that the kernel's keys may have moved on.
};

class echo_socket {
  public:
    /// A datagram socket where the kernel allows one, else a raw one. Errors: "no_permission" with what to do about it,
    /// "unsupported" without IPv6, "invalid_target" for a source that is not this host's.
    static sdk::result<std::unique_ptr<echo_socket>> open(family of, const instance_settings& settings,
                                                          const std::optional<ip_address>& source);

    echo_socket(const echo_socket&) = delete;
    echo_socket& operator=(const echo_socket&) = delete;
    ~echo_socket();

    [[nodiscard]] int fd() const noexcept { return fd_; }

    [[nodiscard]] family of() const noexcept { return family_; }

    [[nodiscard]] bool raw() const noexcept { return raw_; }

    /// Sends packets that share their options; at most message_batch::capacity.
    send_outcome send(std::span<const outgoing> packets, const packet_options& options);

    /// Keys of departures count from 0 again; for when a send failed, where kernels differ in counting.
    void restart_keys();

    /// Reads one batch of errors and departures, or of replies; true when there may be more.
    bool read_errors(message_batch& into, echo_sink& sink);
    bool read_replies(message_batch& into, echo_sink& sink);

    /// Packets that the kernel dropped because the receive buffer was full, since the socket was opened.
    std::uint32_t overflows();

    /// The path MTU that the last refused send ran into, 0 when unknown.
    [[nodiscard]] std::uint32_t refused_mtu() const noexcept { return refused_mtu_; }

  private:
    echo_socket(int fd, family of, bool raw);
    sdk::result<void> prepare(const instance_settings& settings, const std::optional<ip_address>& source);
    void prepare_raw();
    void apply(const packet_options& options);
    void read_reply_message(message_batch& from, std::size_t at, stamp_ns steady, echo_sink& sink);
    void read_error_message(message_batch& from, std::size_t at, echo_sink& sink);

    int fd_;
    family family_;
    bool raw_;
    std::uint16_t id_ = 0;
    packet_options options_{0, 0, false}; ///< As set on the socket; a TTL of 0 is none yet.
    std::uint32_t overflows_ = 0;
    std::uint32_t refused_mtu_ = 0;
};

/// The clocks of the kernel's stamps and of its timers, now.
departure read_clocks() noexcept;

} // namespace ferrule::icmp
