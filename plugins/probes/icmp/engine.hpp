// SPDX-License-Identifier: Apache-2.0
// Runs the probes of an instance over its sockets and one timer.
#pragma once

#include "icmp/counters.hpp"
#include "icmp/due_heap.hpp"
#include "icmp/lanes.hpp"
#include "icmp/message_batch.hpp"
#include "icmp/probe_table.hpp"

#include <ferrule/sdk/host.hpp>
#include <ferrule/sdk/timer.hpp>

#include <optional>
#include <string>

namespace ferrule::icmp {

/// All of it belongs to the instance's strand. No call waits: what a turn does not finish goes on in the next.
class engine {
  public:
    explicit engine(sdk::strand& home);

    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    /// For probes from now on.
    void configure(const instance_settings& settings);

    [[nodiscard]] const instance_settings& settings() const noexcept { return settings_; }

    /// Takes an operation over. Its address comes later by `start` or `no_address`; until then only its deadline and
    /// `cancel` end it. An empty handle: too many are running, and the operation has failed with "overloaded".
    probe_handle add(sdk::operation op, std::string host, const probe_settings& settings, time_ns deadline);
    /// Begins to send, at the latest when `pump` is called. Nothing for a probe that has ended meanwhile.
    void start(probe_handle which, const ip_address& to);
    /// The probe ends as down, in its phase "resolve".
    void no_address(probe_handle which, std::string_view reason);
    /// Ends the operation as cancelled; one whose deadline has come ends with what it has seen.
    void cancel(frl_op op);

    /// Sends what is due, for a bounded time, and arms the timer for the rest.
    void pump();

  private:
    class reader;

    void on_ready(lane& which, std::uint32_t events);
    void on_timer();
    void arm();

    // engine_send.cpp
    bool send_batch(lane& from);
    void settle_batch(lane& from, std::span<const packet_handle> handed, std::span<const outgoing> packets,
                      const send_outcome& outcome, const departure& at);
    void refuse_packet(lane& from, packet_handle packet, std::uint16_t sequence, int error);
    void queue_again(lane& from, probe_handle which, running_probe& probe, time_ns now);

    // engine_receive.cpp
    void read(lane& from);
    void on_reply(const incoming_reply& reply);
    void on_error(lane& from, const incoming_error& error);
    void on_departure(lane& from, std::uint32_t key, stamp_ns at);

    running_probe* find(packet_handle packet) noexcept { return probes_.find(packet.probe()); }

    void free_sequence(running_probe& probe, burst::packet& packet);
    void await_due(probe_handle which, running_probe& probe);
    void end_when_finished(probe_handle which, running_probe& probe);
    void finish(probe_handle which);
    /// Forgets the probe; its operation is the caller's to complete.
    [[nodiscard]] sdk::operation release(probe_handle which, running_probe& probe);

    sdk::strand& home_;
    std::uint64_t process_; ///< In every cookie; random.
    instance_settings settings_;
    probe_table probes_;
    due_heap due_;
    lanes lanes_;
    message_batch messages_;
    counters counters_;
    sdk::timer timer_;
    time_ns armed_for_ = UINT64_MAX;
};

} // namespace ferrule::icmp
