// SPDX-License-Identifier: Apache-2.0
#include "icmp/settings.hpp"

#include "icmp/strict_object.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>

namespace ferrule::icmp {

namespace {

constexpr time_ns longest_wait = 3'600'000 * grid;

void read_options(strict_object& in, packet_options& options) {
    if (const auto ttl = in.whole("ttl", 1, 255)) {
        options.ttl = static_cast<std::uint8_t>(*ttl);
    }
    const auto tos = in.whole("tos", 0, 255);
    const auto dscp = in.whole("dscp", 0, 63);
    if (tos && dscp) {
        in.refuse("dscp", "and 'tos' set the same byte; leave one of them out.");
    }
    if (tos || dscp) {
        options.tos = static_cast<std::uint8_t>(tos ? *tos : *dscp << 2);
    }
    options.dont_fragment = in.boolean("dont_fragment").value_or(options.dont_fragment);
}

void read_family(strict_object& in, probe_settings& to) {
    const auto version = in.whole("ip_version", 4, 6);
    if (version == 5) {
        in.refuse("ip_version", "must be 4 or 6.");
    }
    if (version) {
        to.preferred = *version == 4 ? family::v4 : family::v6;
    }
    to.fallback = in.boolean("ip_fallback").value_or(to.fallback);
    if (const auto source = in.text("source")) {
        to.source = ip_address::parse(*source);
        if (!to.source || to.source->is_multicast()) {
            in.refuse("source", "must be an address of this host, not '" + *source + "'.");
        }
    }
}

void read_probe(strict_object& in, probe_settings& to) {
    if (const auto count = in.whole("count", 1, 1000)) {
        to.count = static_cast<std::uint16_t>(*count);
    }
    to.interval = in.duration("interval", 0, longest_wait).value_or(to.interval);
    to.timeout = in.duration("timeout", grid, longest_wait).value_or(to.timeout);
    if (const auto size = in.whole("size", cookie_size, largest_payload)) {
        to.size = static_cast<std::uint16_t>(*size);
    }
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
    return made;
}

instance_settings read_config(std::string_view text) {
    const auto value = sdk::json::parse(text.empty() ? "{}" : text).value();
    instance_settings made;
    strict_object in(value, "invalid_config");
    read_probe(in, made.defaults);
    if (const auto kind = in.choice("sockets", {"auto", "datagram", "raw"})) {
        made.sockets = static_cast<socket_kind>(*kind);
    }
    if (const auto size = in.whole("receive_buffer", 4096, 1 << 30)) {
        made.receive_buffer = static_cast<std::uint32_t>(*size);
    }
    if (const auto most = in.whole("max_probes", 1, 1 << 20)) {
        made.most_probes = static_cast<std::uint32_t>(*most);
    }
    in.finish();
    return made;
}

probe_settings read_target(const sdk::json& value, const probe_settings& defaults, std::string& host) {
    probe_settings made = defaults;
    strict_object in(value, "invalid_target");
    host = in.text("host").value_or("");
    if (host.empty() || host.find('\0') != std::string::npos) {
        in.refuse("host", "must name what to probe: an address or a host name.");
    }
    read_probe(in, made);
    in.finish();
    return made;
}

} // namespace ferrule::icmp
