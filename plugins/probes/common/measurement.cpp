// SPDX-License-Identifier: Apache-2.0
#include "common/measurement.hpp"

#include "common/duration.hpp"

#include <algorithm>
#include <span>

namespace ferrule::probes {

namespace {

template <class Value>
void put(std::vector<std::pair<std::string, Value>>& list, std::string_view name, Value value) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.first == name; });
    if (found == list.end()) {
        list.emplace_back(std::string(name), std::move(value));
    } else {
        found->second = std::move(value);
    }
}

/// FNV-1a, 32 bits.
std::uint32_t hash_of(std::span<const std::uint8_t> bytes) {
    std::uint32_t hash = 2166136261u;
    for (const auto byte : bytes) {
        hash = (hash ^ byte) * 16777619u;
    }
    return hash;
}

} // namespace

std::string measurement::limit() const {
    return deadline_ == sdk::never || deadline_ <= start_ ? "the time given" : duration_text(deadline_ - start_);
}

void measurement::phase(std::string_view name) {
    put(phases_, name, since(mark_).count());
    skip();
}

void measurement::add_phase(std::string_view name) {
    const auto found =
        std::find_if(phases_.begin(), phases_.end(), [&](const auto& each) { return each.first == name; });
    put(phases_, name, since(mark_).count() + (found == phases_.end() ? 0 : found->second));
    skip();
}

void measurement::metric(std::string_view name, double value) {
    put(metrics_, name, value);
}

void measurement::label(std::string_view name, std::string_view value) {
    put(labels_, name, std::string(value));
}

void measurement::address(const sdk::address& chosen) {
    label("address", chosen.text());
    metric("ip_protocol", chosen.is_v6() ? 6 : 4);
    metric("ip_addr_hash", hash_of(std::span(chosen.raw().bytes, chosen.is_v6() ? 16u : 4u)));
}

sdk::probe_reply measurement::up() const {
    return filled(sdk::probe_result::up(since(start_)));
}

sdk::probe_reply measurement::down(const fault& why) const {
    if (why.is_cancelled()) {
        return sdk::error::cancelled();
    }
    return filled(sdk::probe_result::down(why.reason(), why.phase(), since(start_)));
}

sdk::probe_result::milliseconds measurement::since(sdk::time_ns from) const {
    return std::chrono::nanoseconds(host_->now() - from);
}

sdk::probe_result measurement::filled(sdk::probe_result made) const {
    for (const auto& [name, value] : phases_) {
        made.phase(name, sdk::probe_result::milliseconds(value));
    }
    for (const auto& [name, value] : metrics_) {
        made.metric(name, value);
    }
    for (const auto& [name, value] : labels_) {
        made.label(name, value);
    }
    return made;
}

} // namespace ferrule::probes
