// SPDX-License-Identifier: Apache-2.0
// Receiving: replies, ICMP errors and departures find their packet.
#include "icmp/engine.hpp"

namespace ferrule::icmp {

namespace {

/// A socket that is read in one turn gives way after so many batches; the host calls again.
constexpr int most_batches = 256;

} // namespace

class engine::reader final : public echo_sink {
  public:
    reader(engine& to, lane& from)
        : to_(to)
        , from_(from) {}

    void on_reply(const incoming_reply& reply) override { to_.on_reply(reply); }

    void on_error(const incoming_error& error) override { to_.on_error(from_, error); }

    void on_departure(std::uint32_t key, stamp_ns at) override { to_.on_departure(from_, key, at); }

  private:
    engine& to_;
    lane& from_;
};

void engine::on_ready(lane& which, std::uint32_t events) {
    if ((events & FRL_FD_WRITE) != 0 && which.full) {
        which.full = false;
        which.watch->await_room(false);
    }
    read(which);
    pump();
}

void engine::read(lane& from) {
    reader sink(*this, from);
    // Departures first: a reply wants to know when its request left.
    for (int i = 0; i < most_batches && from.socket->read_errors(messages_, sink); ++i) {
    }
    for (int i = 0; i < most_batches && from.socket->read_replies(messages_, sink); ++i) {
    }
}

void engine::on_reply(const incoming_reply& reply) {
    const auto& mark = reply.packet.mark;
    if (!mark || mark->process != process_) {
        counters_.foreign.add();
        return;
    }
    const probe_handle which(mark->probe);
    auto* const probe = probes_.find(which);
    if (probe == nullptr) {
        counters_.stale.add();
        return;
    }
    if (probe->on == nullptr || !reply.from.same_host(probe->to)) {
        counters_.foreign.add();
        return;
    }
    const auto verdict = probe->run.answered(mark->index, reply.at, reply.hop_limit);
    if (verdict == burst::verdict::unknown) {
        counters_.foreign.add();
        return;
    }
    if (verdict == burst::verdict::counted) {
        counters_.received.add();
    }
    free_sequence(*probe, probe->run.packets()[mark->index]);
    end_when_finished(which, *probe);
}

void engine::on_error(lane& from, const incoming_error& error) {
    const auto& mark = error.packet.mark;
    if (mark && mark->process != process_) {
        return; // a raw socket hears of other processes' packets too
    }
    // A router need not quote the cookie (RFC 792); then number and destination together have to do.
    const auto packet =
        mark ? packet_handle(probe_handle(mark->probe), mark->index) : from.sequences.owner(error.packet.sequence);
    auto* const probe = find(packet);
    if (probe == nullptr || probe->on != &from || !error.to.same_host(probe->to)) {
        return;
    }
    if (probe->run.refused(packet.index(),
                           describe_icmp(probe->to.of, error.type, error.code, error.info, error.reported_by.text()))) {
        free_sequence(*probe, probe->run.packets()[packet.index()]);
        end_when_finished(packet.probe(), *probe);
    }
}

void engine::on_departure(lane& from, std::uint32_t key, stamp_ns at) {
    const auto packet = from.departed.find(key);
    if (auto* const probe = find(packet); probe != nullptr && probe->on != nullptr) {
        probe->run.stamped(packet.index(), at);
    }
}

} // namespace ferrule::icmp
