// SPDX-License-Identifier: Apache-2.0
#include "icmp/settings.hpp"

#include "common/settings_reader.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>

namespace ferrule::icmp {

namespace {

constexpr time_ns longest_wait = 3'600'000 * grid;

void read_options(probes::settings_reader& in, packet_options& options) {
    options.ttl = static_cast<std::uint8_t>(in.number("ttl", options.ttl, 1, 255));
    const bool both = in.find("tos") != nullptr && in.find("dscp") != nullptr;
    if (both) {
        in.refuse("dscp", "'tos' sets the same byte; leave one of them out.");
    }
    const auto tos = in.number("tos", options.tos, 0, 255);
    const auto dscp = in.number("dscp", -1, 0, 63);
    options.tos = static_cast<std::uint8_t>(dscp < 0 ? tos : dscp << 2);
    options.dont_fragment = in.flag("dont_fragment", options.dont_fragment);
}

void read_family(probes::settings_reader& in, probe_settings& to) {
    if (in.find("ip_version") != nullptr) {
        const auto version = in.number("ip_version", 0, 4, 6);
        if (version == 5) {
            in.wrong("ip_version", "4 or 6");
        }
        to.preferred = version == 4 ? family::v4 : family::v6;
    }
    to.fallback = in.flag("ip_fallback", to.fallback);
    if (const auto source = in.text("source"); !source.empty()) {
        to.source = ip_address::parse(source);
        if (!to.source || to.source->is_multicast()) {
            in.wrong("source", "an address of this host, not '" + source + "'");
        }
    }
}

void read_probe(probes::settings_reader& in, probe_settings& to) {
    to.count = static_cast<std::uint16_t>(in.number("count", to.count, 1, 1000));
    to.interval = in.duration("interval", to.interval, 0, longest_wait);
    to.timeout = in.duration("timeout", to.timeout, grid, longest_wait);
    to.size = static_cast<std::uint16_t>(in.number("size", to.size, cookie_size, largest_payload));
    read_options(in, to.options);
    read_family(in, to);
}

} // namespace

std::string ip_address::text() const {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(of == family::v4 ? AF_INET : AF_INET6, bytes.data(), buffer, sizeof(buffer));
    std::string shown = buffer;
    if (scope != 0) {
        char name[IF_NAMESIZE] = {};
        shown += '%';
        shown += if_indextoname(scope, name) != nullptr ? std::string(name) : std::to_string(scope);
    }
    return shown;
}

bool ip_address::is_multicast() const noexcept {
    return of == family::v4 ? (bytes[0] & 0xf0U) == 0xe0U : bytes[0] == 0xffU;
}

bool ip_address::is_link_local() const noexcept {
    return of == family::v6 && bytes[0] == 0xfeU && (bytes[1] & 0xc0U) == 0x80U;
}

bool ip_address::is_unspecified() const noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t each) { return each == 0; });
}

std::optional<ip_address> ip_address::parse(const std::string& text) {
    ip_address made;
    if (inet_pton(AF_INET, text.c_str(), made.bytes.data()) == 1) {
        return made;
    }
    made.of = family::v6;
    const auto mark = text.find('%');
    if (inet_pton(AF_INET6, text.substr(0, mark).c_str(), made.bytes.data()) != 1) {
        return std::nullopt;
    }
    if (mark != std::string::npos) {
        made.scope = if_nametoindex(text.c_str() + mark + 1);
        if (made.scope == 0) {
            return std::nullopt;
        }
    }
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; // ::ffff:192.0.2.1
    if (std::equal(mapped.begin(), mapped.end(), made.bytes.begin())) {
        ip_address inner;
        std::copy(made.bytes.begin() + 12, made.bytes.end(), inner.bytes.begin());
        return inner;
    }
    return made;
}

instance_settings read_config(std::string_view text) {
    const auto value = sdk::json::parse(text.empty() ? "{}" : text).value();
    instance_settings made;
    probes::settings_reader in(value, {}, "invalid_config");
    read_probe(in, made.defaults);
    const auto kind = in.choice("sockets", "auto", {"auto", "datagram", "raw"});
    if (kind != "auto") {
        made.sockets = kind == "raw" ? socket_kind::raw : socket_kind::datagram;
    }
    made.receive_buffer = static_cast<std::uint32_t>(in.number("receive_buffer", made.receive_buffer, 4096, 1 << 30));
    made.most_probes = static_cast<std::uint32_t>(in.number("max_probes", made.most_probes, 1, 1 << 20));
    in.finish();
    return made;
}

probe_settings read_target(const sdk::json& value, const probe_settings& defaults, std::string& host) {
    probe_settings made = defaults;
    probes::settings_reader in(value, {}, "invalid_target");
    host = in.text("host");
    const auto literal = ip_address::parse(host);
    if (host.empty() || host.find('\0') != std::string::npos) {
        in.wrong("host", "an address or a name");
    } else if (literal ? literal->is_link_local() && literal->scope == 0 : host.find('%') != std::string::npos) {
        // Without its interface the address may be somebody else's on any other link.
        in.wrong("host", "given with an interface of this machine, such as fe80::1%eth0, not '" + host + "'");
    }
    read_probe(in, made);
    in.finish();
    return made;
}

} // namespace ferrule::icmp
