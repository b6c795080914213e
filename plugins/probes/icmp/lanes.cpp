// SPDX-License-Identifier: Apache-2.0
#include "icmp/lanes.hpp"

#include <utility>

namespace ferrule::icmp {

sdk::result<lane*> lanes::reserve(family of, const std::optional<ip_address>& source, std::uint32_t count,
                                  const instance_settings& settings) {
    for (const auto& each : all_) {
        if (!each->retired && each->socket->of() == of && each->source == source && each->sequences.reserve(count)) {
            return each.get();
        }
    }
    if (all_.size() >= most) {
        return sdk::error("overloaded",
                          "More packets are out at once than " + std::to_string(most) + " sockets can number.", true);
    }
    auto opened = echo_socket::open(of, settings, source);
    if (!opened) {
        return opened.error();
    }
    auto made = std::make_unique<lane>(std::move(*opened), source);
    auto* raw = made.get();
    made->watch = std::make_unique<fd_watch>(*home_, raw->socket->fd(),
                                             [this, raw](std::uint32_t events) { ready_(*raw, events); });
    made->sequences.reserve(count);
    all_.push_back(std::move(made));
    return raw;
}

void lanes::retire_all() noexcept {
    for (const auto& each : all_) {
        each->retired = true;
    }
}

void lanes::sweep() {
    std::erase_if(all_, [](const auto& each) { return each->retired && each->sequences.reserved() == 0; });
}

} // namespace ferrule::icmp
