// SPDX-License-Identifier: Apache-2.0
// The life of a probe: taken over, started, ended.
#include "icmp/engine.hpp"

#include "icmp/report.hpp"

#include <sys/random.h>

#include <algorithm>

namespace ferrule::icmp {

namespace {

/// After so much time in one turn others have theirs.
constexpr time_ns turn = 2 * grid;

std::uint64_t random_word() {
    std::uint64_t word = 0;
    while (::getrandom(&word, sizeof(word), 0) != sizeof(word)) {
    }
    return word;
}

} // namespace

engine::engine(sdk::strand& home)
    : home_(home)
    , process_(random_word())
    , lanes_(home, [this](lane& which, std::uint32_t events) { on_ready(which, events); })
    , counters_(home.host())
    , timer_(home, [this] { on_timer(); }) {}

void engine::configure(const instance_settings& settings) {
    if (settings.sockets != settings_.sockets || settings.receive_buffer != settings_.receive_buffer) {
        lanes_.retire_all();
    }
    settings_ = settings;
    lanes_.sweep();
}

probe_handle engine::add(sdk::operation op, std::string host, const probe_settings& settings, time_ns deadline) {
    const auto most = std::min(settings_.most_probes, probe_handle::most_slots);
    const auto made = probes_.take(op, most);
    if (made == probe_handle()) {
        op.fail(
            sdk::error("overloaded", std::to_string(most) + " ICMP probes are running already ('max_probes').", true));
        return made;
    }
    auto& probe = probes_.at(made.slot());
    probe.host = std::move(host);
    probe.settings = settings;
    probe.asked = home_.host().now();
    probe.deadline = deadline;
    due_.set(made.slot(), deadline);
    return made;
}

void engine::start(probe_handle which, const ip_address& to) {
    auto* const probe = probes_.find(which);
    if (probe == nullptr) {
        return;
    }
    if (to.is_multicast() || to.is_unspecified()) {
        release(which, *probe)
            .fail(
                sdk::error("invalid_target", "'" + to.text() + "' is no address of one host, so it cannot be probed."));
        return;
    }
    auto on = lanes_.reserve(to.of, probe->settings.source, probe->settings.count, settings_);
    if (!on) {
        auto op = release(which, *probe);
        op.fail(on.error());
        return;
    }
    probe->to = to;
    probe->on = *on;
    probe->resolved = home_.host().now();
    probe->overflows_before = probe->on->socket->overflows();
    const auto& wanted = probe->settings;
    probe->run.start({wanted.count, wanted.interval, wanted.timeout, probe->resolved, probe->deadline});
    probe->waiting = true;
    probe->on->waiting.push_back(which);
}

void engine::no_address(probe_handle which, std::string_view reason) {
    if (auto* const probe = probes_.find(which); probe != nullptr) {
        const auto json = report_no_address(*probe, home_.host().now(), reason);
        release(which, *probe).complete(json);
    }
}

void engine::cancel(frl_op op) {
    const auto which = probes_.find_op(op);
    auto* const probe = probes_.find(which);
    if (probe == nullptr) {
        return;
    }
    if (home_.host().now() >= probe->deadline) { // the host's own timer was first
        finish(which);
    } else {
        release(which, *probe).fail(sdk::error::cancelled());
    }
}

void engine::pump() {
    const auto& host = home_.host();
    auto now = host.now();
    const auto until = now + turn;
    for (bool more = true; more && now < until; now = host.now()) {
        more = false;
        for (std::size_t i = 0; i < lanes_.all().size(); ++i) {
            if (auto& each = *lanes_.all()[i]; each.may_send(now)) {
                more = send_batch(each) || more;
            }
        }
    }
    counters_.tell();
    arm();
}

void engine::arm() {
    auto next = due_.next();
    for (const auto& each : lanes_.all()) {
        if (!each->waiting.empty() && !each->full) {
            next = std::min(next, std::max(each->resting_until, home_.host().now()));
        }
    }
    if (next != UINT64_MAX && (!timer_.pending() || next < armed_for_)) {
        armed_for_ = next;
        timer_.start(next);
    }
}

void engine::on_timer() {
    // What has arrived counts, even when its time is over before it is read.
    for (const auto& each : lanes_.all()) {
        if (each->sequences.reserved() != 0) {
            read(*each);
        }
    }
    const auto now = home_.host().now();
    while (due_.next() <= now) {
        const auto slot = due_.top();
        auto& probe = probes_.at(slot);
        const probe_handle which(slot, probe.generation);
        if (now >= probe.deadline || probe.run.finished(now)) {
            finish(which);
            continue;
        }
        if (probe.run.wants_to_send(now)) {
            probe.waiting = true;
            probe.on->waiting.push_back(which);
        }
        await_due(which, probe);
    }
    lanes_.sweep();
    pump();
}

void engine::await_due(probe_handle which, running_probe& probe) {
    // One that waits to send needs no other reminder than its deadline.
    due_.set(which.slot(), probe.waiting ? probe.deadline : probe.run.due());
}

void engine::end_when_finished(probe_handle which, running_probe& probe) {
    if (probe.run.finished(home_.host().now())) {
        finish(which);
    }
}

void engine::finish(probe_handle which) {
    auto& probe = *probes_.find(which);
    const auto now = home_.host().now();
    if (probe.on == nullptr) {
        no_address(which, "No answer from DNS for '" + probe.host + "' in time.");
        return;
    }
    std::uint32_t lost_here = 0;
    if (const auto unanswered = probe.run.unanswered(); unanswered != 0) {
        auto& on = *probe.on;
        const auto dropped = on.socket->overflows();
        lost_here = std::min(unanswered, dropped - probe.overflows_before);
        counters_.overflows.add(dropped - std::exchange(on.overflows_told, dropped));
    }
    const auto json = report(probe, now, lost_here);
    release(which, probe).complete(json);
}

sdk::operation engine::release(probe_handle which, running_probe& probe) {
    if (probe.on != nullptr) {
        for (auto& each : probe.run.packets()) {
            free_sequence(probe, each);
        }
        probe.on->sequences.release(probe.settings.count);
    }
    due_.remove(which.slot());
    return probes_.give_back(which);
}

void engine::free_sequence(running_probe& probe, burst::packet& packet) {
    if (packet.holds_sequence) {
        probe.on->sequences.free(packet.sequence);
        packet.holds_sequence = false;
    }
}

} // namespace ferrule::icmp
