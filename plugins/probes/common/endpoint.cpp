// SPDX-License-Identifier: Apache-2.0
#include "common/endpoint.hpp"

#include <algorithm>

namespace ferrule::probes {

namespace {

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

bool is_link_local(const sdk::address& which) {
    const auto& bytes = which.raw().bytes;
    return which.is_v6() && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

} // namespace

void route_settings::read(settings_reader& from) {
    const bool v4 = ip == ip_choice::ip4 || ip == ip_choice::prefer_ip4;
    const auto version = from.number("ip_version", ip == ip_choice::any ? 0 : v4 ? 4 : 6, 0, 6);
    if (version != 0 && version != 4 && version != 6) {
        from.wrong("ip_version", "4 or 6");
    }
    const bool fallback = from.flag("ip_fallback", ip != ip_choice::ip4 && ip != ip_choice::ip6);
    if (version == 0) {
        ip = ip_choice::any;
    } else if (version == 4) {
        ip = fallback ? ip_choice::prefer_ip4 : ip_choice::ip4;
    } else {
        ip = fallback ? ip_choice::prefer_ip6 : ip_choice::ip6;
    }
    if (const auto text = from.text("source"); !text.empty()) {
        source = parse_address(text);
        if (!source) {
            from.wrong("source", "an IPv4 or IPv6 address of this machine, not '" + text + "'");
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
        if (is_link_local(*literal)) {
            co_return fault(sdk::probe_phase::local, "'" + host +
                                                         "' is a link-local address: it needs an interface, which only "
                                                         "the probe icmp takes (" +
                                                         host + "%eth0).");
        }
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
