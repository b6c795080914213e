// SPDX-License-Identifier: Apache-2.0
// Sending: what waits in a lane goes out in batches of packets that look alike.
#include "icmp/engine.hpp"

#include <cerrno>

namespace ferrule::icmp {

bool engine::send_batch(lane& from) {
    std::array<outgoing, message_batch::capacity> packets;
    std::array<packet_handle, message_batch::capacity> handles;
    std::size_t count = 0;
    const packet_options* options = nullptr;
    const auto now = home_.host().now();
    while (count < packets.size() && !from.waiting.empty()) {
        const auto which = from.waiting.front();
        auto* const probe = probes_.find(which);
        if (probe == nullptr) { // has ended while it waited
            from.waiting.pop_front();
            continue;
        }
        if (!probe->run.wants_to_send(now)) {
            from.waiting.pop_front();
            probe->waiting = false;
            await_due(which, *probe);
            continue;
        }
        if (options != nullptr && *options != probe->settings.options) {
            break;
        }
        options = &probe->settings.options;
        from.waiting.pop_front();
        const auto index = probe->run.next_index();
        handles[count] = packet_handle(which, index);
        packets[count] = {
            probe->to, {process_, which.value(), index}, from.sequences.take(handles[count]), probe->settings.size};
        ++count;
    }
    if (count == 0) {
        return false;
    }
    const auto all = std::span(packets).first(count);
    const auto at = read_clocks();
    const auto outcome = from.socket->send(all, *options);
    settle_batch(from, std::span(handles).first(count), all, outcome, at);
    read(from);
    if (outcome.disturbed) {
        from.socket->restart_keys();
        from.departed.restart();
    }
    return true;
}

void engine::settle_batch(lane& from, std::span<const packet_handle> handed, std::span<const outgoing> packets,
                          const send_outcome& outcome, const departure& at) {
    const auto now = home_.host().now();
    for (std::size_t i = 0; i < outcome.sent; ++i) {
        auto& probe = *find(handed[i]);
        probe.run.sent(packets[i].sequence, at, now);
        probe.first_sent = probe.first_sent == 0 ? now : probe.first_sent;
        from.departed.handed_over(handed[i]);
        queue_again(from, handed[i].probe(), probe, now);
    }
    counters_.sent.add(static_cast<std::uint32_t>(outcome.sent));
    if (outcome.sent == handed.size()) {
        return;
    }
    auto untouched = outcome.sent;
    if (outcome.error == EAGAIN) {
        from.full = true;
        from.watch->await_room(true);
    } else if (outcome.error == ENOBUFS || outcome.error == ENOMEM) {
        from.resting_until = (now / grid + 1) * grid;
    } else {
        refuse_packet(from, handed[untouched], packets[untouched].sequence, outcome.error);
        ++untouched;
    }
    for (auto i = handed.size(); i-- > untouched;) {
        from.sequences.free(packets[i].sequence);
        from.waiting.push_front(handed[i].probe());
    }
}

void engine::queue_again(lane& from, probe_handle which, running_probe& probe, time_ns now) {
    probe.waiting = probe.run.wants_to_send(now);
    if (probe.waiting) {
        from.waiting.push_back(which);
    }
    await_due(which, probe);
}

void engine::refuse_packet(lane& from, packet_handle packet, std::uint16_t sequence, int error) {
    from.sequences.free(sequence);
    read(from); // the kernel leaves the path's MTU beside the error
    auto* const found = find(packet);
    if (found == nullptr) { // its deadline came while that was read
        return;
    }
    auto& probe = *found;
    const auto now = home_.host().now();
    const std::size_t headers = (probe.to.of == family::v4 ? 20U : 40U) + echo_header_size;
    probe.run.not_sent(describe_send(error, headers + probe.settings.size, from.socket->refused_mtu()), now);
    if (probe.run.finished(now)) {
        finish(packet.probe());
    } else {
        queue_again(from, packet.probe(), probe, now);
    }
}

} // namespace ferrule::icmp
