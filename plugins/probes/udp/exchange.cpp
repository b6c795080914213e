// SPDX-License-Identifier: Apache-2.0
#include "udp/exchange.hpp"

#include <ferrule/sdk/watch.hpp>

#include <algorithm>
#include <cerrno>

namespace ferrule::probes::udp {

sdk::task<maybe_fault> exchange::run() {
    auto opened = datagram_socket::open(to_, how_->route);
    if (!opened) {
        co_return opened.why();
    }
    const datagram_socket socket = std::move(*opened);
    sdk::watch watch(*home_, socket.fd());
    const auto start = home_->host().now();
    for (std::int64_t attempt = 1; attempt <= how_->attempts; ++attempt) {
        const auto until = end_of(attempt, start);
        sent_ns_ = real_time_ns();
        sent_at_ = home_->host().now();
        const int error = socket.send(how_->send);
        if (error != 0 && !said(socket)) {
            co_return peer_fault(error, sdk::probe_phase::request, to_.text());
        }
        sent_ = attempt;
        found_->metric("attempts", static_cast<double>(sent_));
        const auto status = co_await wait(socket, watch, until);
        if (status == sdk::wait_status::cancelled) {
            co_return fault::cancelled();
        }
        if (status == sdk::wait_status::ready) {
            co_return verdict_;
        }
        if (home_->host().now() >= found_->deadline()) {
            break;
        }
    }
    co_return silence();
}

/// When the next attempt is due, or the end after the last one.
sdk::time_ns exchange::end_of(std::int64_t attempt, sdk::time_ns start) const {
    const auto deadline = found_->deadline();
    if (how_->attempt_timeout != 0) {
        return std::min(home_->host().now() + how_->attempt_timeout, deadline);
    }
    if (attempt == how_->attempts || deadline == sdk::never) {
        return deadline;
    }
    const auto span = deadline - std::min(start, deadline);
    return start + span / static_cast<sdk::time_ns>(how_->attempts) * static_cast<sdk::time_ns>(attempt);
}

/// `ready` when the verdict is there.
sdk::task<sdk::wait_status> exchange::wait(const datagram_socket& socket, sdk::watch& watch, sdk::time_ns until) {
    while (!verdict_is_there_) {
        const auto waited = co_await watch.readable(until);
        if (!waited.ready()) {
            co_return waited.status;
        }
        if (!said(socket)) {
            int error = 0;
            const auto answer = socket.receive(error);
            if (answer) {
                judge(*answer);
            } else if (error != 0 && !said(socket)) {
                decide(peer_fault(error, sdk::probe_phase::answer, to_.text()));
            }
        }
    }
    co_return sdk::wait_status::ready;
}

void exchange::decide(maybe_fault verdict) {
    verdict_ = std::move(verdict);
    verdict_is_there_ = true;
}

/// Takes a report from the error queue; true when there was one.
bool exchange::said(const datagram_socket& socket) {
    const auto report = socket.report();
    if (!report) {
        return false;
    }
    const auto by = report->reporter.empty() ? std::string() : " from " + report->reporter;
    if (report->port_closed) {
        found_->label("state", "closed");
        decide(fault(sdk::probe_phase::connect, to_.text() + ": port closed (ICMP port unreachable" + by + ")."));
    } else if (report->prohibited) {
        found_->label("state", "filtered");
        decide(fault(sdk::probe_phase::connect,
                     to_.text() + ": filtered; a firewall forbids it (ICMP administratively prohibited" + by + ")."));
    } else if (report->from_network) {
        found_->label("state", "unreachable");
        auto reason = peer_fault(report->error, sdk::probe_phase::connect, to_.text()).reason();
        reason += by.empty() ? "" : " The report came" + by + ".";
        decide(fault(sdk::probe_phase::connect, reason));
    } else if (report->error == EHOSTUNREACH) { // nobody on the link has the address
        found_->label("state", "unreachable");
        decide(peer_fault(report->error, sdk::probe_phase::connect, to_.text()));
    } else {
        decide(local_fault(report->error, "The datagram for " + to_.text() + " was not sent"));
    }
    return true;
}

void exchange::judge(const datagram& answer) {
    found_->label("state", "open");
    found_->metric("answer_bytes", static_cast<double>(answer.bytes.size()));
    if (sent_ == 1) { // later on nobody knows which attempt is answered (RFC 6298, 3)
        found_->metric("rtt_ms", rtt_ms(answer));
    }
    const bool begins = answer.bytes.starts_with(how_->expect_bytes);
    const auto matches = how_->expect ? how_->expect->search(answer.bytes) : match_status::yes;
    found_->metric("failed_due_to_regex", matches == match_status::yes ? 0 : 1);
    if (matches == match_status::costly) {
        decide(fault(sdk::probe_phase::answer, to_.text() + ": " + how_->expect->too_costly("the answer.")));
    } else if (matches == match_status::no) {
        decide(fault(sdk::probe_phase::answer, to_.text() + ": the answer (" + std::to_string(answer.bytes.size()) +
                                                   " bytes) does not match '" + how_->expect->pattern() + "'."));
    } else if (!begins) {
        decide(fault(sdk::probe_phase::answer,
                     to_.text() + ": the answer does not begin with the bytes of 'expect_hex'."));
    } else {
        decide(std::nullopt);
    }
}

/// By the kernel's stamp of the answer; by the strand's clock where that cannot be, as when the real-time clock was set
/// meanwhile.
double exchange::rtt_ms(const datagram& answer) const {
    const auto seen = static_cast<std::int64_t>(home_->host().now() - sent_at_);
    const auto exact = answer.received_ns - sent_ns_;
    const bool sane = answer.received_ns != 0 && exact >= 0 && (seen == 0 || exact <= seen);
    return static_cast<double>(sane ? exact : seen) / 1e6;
}

maybe_fault exchange::silence() const {
    found_->label("state", "silent");
    if (how_->silence_is_up) {
        return std::nullopt;
    }
    return fault(sdk::probe_phase::answer, to_.text() + ": no answer to " + std::to_string(sent_) +
                                               (sent_ == 1 ? " datagram" : " datagrams") + " within " +
                                               found_->limit() +
                                               "; the port is filtered, or open and says nothing to what was sent.");
}

} // namespace ferrule::probes::udp
