// SPDX-License-Identifier: Apache-2.0
#include "udp/settings.hpp"

namespace ferrule::probes::udp {

namespace {

constexpr std::size_t most_payload = 65507; // RFC 768 within an IPv4 packet

void read_payload(settings_reader& from, settings& into) {
    const bool text = from.find("send") != nullptr;
    const bool raw = from.find("send_hex") != nullptr;
    if (text && raw) {
        from.refuse("send_hex", "stands beside 'send'; give one of them.");
    }
    if (text) {
        into.send = from.text("send");
    } else if (raw) {
        into.send = from.bytes("send_hex");
    }
    if (into.send.size() > most_payload) {
        from.refuse(text ? "send" : "send_hex", "is longer than a datagram can be (65507 bytes).");
    }
}

void read_expectation(settings_reader& from, settings& into) {
    if (const auto* member = from.find("expect"); member != nullptr) {
        const auto pattern = from.text("expect");
        auto compiled = regex::compile(pattern, from.code());
        if (!compiled) {
            from.refuse("expect", compiled.error().message());
        }
        into.expect = *compiled;
    }
    into.expect_bytes = from.bytes("expect_hex", into.expect_bytes);
}

settings read(settings_reader& from, settings base) {
    base.route.read(from);
    read_payload(from, base);
    read_expectation(from, base);
    base.attempts = from.number("attempts", base.attempts, 1, 100);
    base.attempt_timeout = from.duration("attempt_timeout", base.attempt_timeout);
    base.silence_is_up = from.choice("silence", base.silence_is_up ? "up" : "down", {"down", "up"}) == "up";
    from.finish();
    if (base.silence_is_up && (base.expect || !base.expect_bytes.empty())) {
        from.refuse("silence", "cannot be 'up' while an answer is expected.");
    }
    return base;
}

} // namespace

settings read_config(std::string_view text) {
    const auto config = sdk::json::parse(text.empty() ? "{}" : text).value();
    settings_reader from(config, "", "invalid_config");
    return read(from, {});
}

settings read_target(const sdk::json& target, settings base) {
    settings_reader from(target, "", "invalid_target");
    host_of(from);
    port_of(from);
    return read(from, std::move(base));
}

} // namespace ferrule::probes::udp
