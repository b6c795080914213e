// SPDX-License-Identifier: Apache-2.0
#include "icmp/burst.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::icmp {

namespace {

constexpr time_ns to_grid(time_ns at) noexcept {
    return (at + grid - 1) / grid * grid;
}

/// The kernel's stamps lie between our own two readings, so their difference can only be the smaller one. Where it is
/// not, the wall clock was set in between, and the monotonic clock has to do.
std::int64_t round_trip(const departure& left, const arrival& came) noexcept {
    const auto outer = std::max<std::int64_t>(came.steady - left.steady, 0);
    const auto inner = came.stamp - left.stamp;
    return came.stamp != 0 && left.stamp != 0 && inner >= 0 && inner <= outer ? inner : outer;
}

} // namespace

void burst::start(const plan& wanted) {
    plan_ = wanted;
    counts_ = {};
    packets_.assign(wanted.count, packet{});
    error_.reset();
    last_sent_ = wanted.begin;
    settled_ = 0;
    next_ = 0;
    highest_answered_ = 0;
    hop_limit_ = -1;
}

time_ns burst::send_time(std::uint32_t index) const noexcept {
    return index == 0 || plan_.interval == 0 ? plan_.begin : to_grid(plan_.begin + index * plan_.interval);
}

bool burst::wants_to_send(time_ns now) const noexcept {
    return next_ < plan_.count && now < plan_.deadline && now >= send_time(next_);
}

burst::packet& burst::sent(std::uint16_t sequence, const departure& at, time_ns now) {
    auto& each = packets_[next_++];
    each.sequence = sequence;
    each.holds_sequence = true;
    each.left = at;
    each.how = state::out;
    last_sent_ = now;
    ++counts_.sent;
    return each;
}

void burst::not_sent(packet_error why, time_ns now) {
    packets_[next_++].how = state::not_sent;
    last_sent_ = now;
    ++counts_.not_sent;
    ++settled_;
    keep(std::move(why));
}

void burst::stamped(std::uint16_t index, stamp_ns at) {
    if (index >= next_) {
        return;
    }
    auto& each = packets_[index];
    if (each.how == state::out && !each.stamped && at >= each.left.stamp) {
        each.left.stamp = at;
        each.stamped = true;
    }
}

burst::verdict burst::answered(std::uint16_t index, const arrival& at, int hop_limit) {
    if (index >= next_) {
        return verdict::unknown;
    }
    auto& each = packets_[index];
    if (each.how == state::unsent || each.how == state::not_sent) {
        return verdict::unknown;
    }
    if (each.how == state::answered || each.how == state::late) {
        ++counts_.duplicates;
        return verdict::duplicate;
    }
    const auto rtt = round_trip(each.left, at);
    if (each.how == state::refused) { // the error was about one of several ways
        --counts_.refused;
    } else {
        ++settled_;
    }
    if (rtt > static_cast<std::int64_t>(plan_.timeout)) {
        each.how = state::late;
        ++counts_.late;
        return verdict::late;
    }
    each.how = state::answered;
    each.rtt = rtt;
    if (counts_.received != 0 && index < highest_answered_) {
        ++counts_.reordered;
    }
    highest_answered_ = std::max(highest_answered_, index);
    ++counts_.received;
    if (hop_limit >= 0) {
        hop_limit_ = hop_limit;
    }
    return verdict::counted;
}

bool burst::refused(std::uint16_t index, packet_error why) {
    if (index >= next_ || packets_[index].how != state::out) {
        return false;
    }
    packets_[index].how = state::refused;
    ++counts_.refused;
    ++settled_;
    keep(std::move(why));
    return true;
}

time_ns burst::due() const noexcept {
    const auto next = next_ < plan_.count ? send_time(next_) : to_grid(last_sent_ + plan_.timeout);
    return std::min(next, plan_.deadline);
}

bool burst::finished(time_ns now) const noexcept {
    return now >= plan_.deadline || settled_ == plan_.count ||
           (next_ == plan_.count && now >= to_grid(last_sent_ + plan_.timeout));
}

void burst::keep(packet_error why) {
    if (error_ == nullptr) {
        error_ = std::make_unique<packet_error>(std::move(why));
    } else {
        *error_ = std::move(why);
    }
}

} // namespace ferrule::icmp
