// SPDX-License-Identifier: Apache-2.0
#include "common/endpoint.hpp"

#include <algorithm>
#include <array>

namespace ferrule::probes {

namespace {

constexpr std::array<std::pair<std::string_view, ip_choice>, 5> choices{{
    {"any", ip_choice::any},
    {"ip4", ip_choice::ip4},
    {"ip6", ip_choice::ip6},
    {"prefer_ip4", ip_choice::prefer_ip4},
    {"prefer_ip6", ip_choice::prefer_ip6},
}};

std::string_view name_of(ip_choice choice) {
    return choices[static_cast<std::size_t>(choice)].first;
}

ip_choice choice_of(std::string_view name) {
    const auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.first == name; });
    return found == choices.end() ? ip_choice::any : found->second;
}

/// What is left of the addresses: at most one of each family, best first.
std::vector<sdk::address> in_order(const std::vector<sdk::address>& all, const route_settings& route) {
    std::vector<sdk::address> kept;
    for (const auto& each : all) {
        const bool unwanted = (route.ip == ip_choice::ip4 && each.is_v6()) ||
                              (route.ip == ip_choice::ip6 && !each.is_v6()) ||
                              (route.source && route.source->is_v6() != each.is_v6());
        const bool there =
            std::any_of(kept.begin(), kept.end(), [&](const auto& k) { return k.is_v6() == each.is_v6(); });
        if (!unwanted && !there) {
            kept.push_back(each);
        }
    }
    const bool wrong_way = kept.size() == 2 && ((route.ip == ip_choice::prefer_ip4 && kept.front().is_v6()) ||
                                                (route.ip == ip_choice::prefer_ip6 && !kept.front().is_v6()));
    if (wrong_way) {
        std::swap(kept.front(), kept.back());
    }
    return kept;
}

} // namespace

void route_settings::read(settings_reader& from) {
    ip = choice_of(from.choice("ip", name_of(ip), {"any", "ip4", "ip6", "prefer_ip4", "prefer_ip6"}));
    if (const auto text = from.text("source_address"); !text.empty()) {
        source = parse_address(text);
        if (!source) {
            from.wrong("source_address", "an IPv4 or IPv6 address of this machine, not '" + text + "'");
        }
    }
}

std::optional<sdk::address> parse_address(const std::string& text) {
    frl_address raw{};
    raw.family = text.find(':') == std::string::npos ? 4 : 6;
    if (inet_pton(raw.family == 4 ? AF_INET : AF_INET6, text.c_str(), raw.bytes) != 1) {
        return std::nullopt;
    }
    return sdk::address(raw);
}

std::string host_of(settings_reader& target) {
    auto host = target.text("host");
    if (host.empty()) {
        throw sdk::failure(sdk::error(target.code(), "'host' is missing: the name or address that is to be measured."));
    }
    return host;
}

std::uint16_t port_of(settings_reader& target, std::uint16_t fallback) {
    if (fallback == 0 && target.find("port") == nullptr) {
        target.wrong("port", "given, from 1 to 65535");
    }
    return static_cast<std::uint16_t>(target.number("port", fallback, 1, 65535));
}

sdk::task<outcome<std::vector<sdk::address>>> locate(std::string host, route_settings route, sdk::time_ns deadline) {
    std::vector<sdk::address> all;
    if (const auto literal = parse_address(host)) {
        all.push_back(*literal);
    } else {
        const auto found = co_await sdk::resolve(host, deadline);
        if (!found) {
            if (found.error().code() == "cancelled") {
                co_return fault::cancelled();
            }
            co_return fault(found.error().code() == "internal" ? sdk::probe_phase::local : sdk::probe_phase::resolve,
                            found.error().message());
        }
        all = *found;
    }
    auto kept = in_order(all, route);
    if (kept.empty()) {
        const bool wants_v6 = route.source ? route.source->is_v6() : route.ip == ip_choice::ip6;
        co_return fault(sdk::probe_phase::resolve, "'" + host + "' has no " + (wants_v6 ? "IPv6" : "IPv4") +
                                                       " address, and no other may be used.");
    }
    co_return kept;
}

} // namespace ferrule::probes
